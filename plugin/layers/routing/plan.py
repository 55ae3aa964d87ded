"""A plan on a network, from its two tables (:mod:`.plan_tables`).

The network is cut where the paths begin and end, so that it has the pieces on which the plan was made, and limits of
entrances and delays at junctions are in its capacities as they were: simulated again, every vehicle has the same
moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.errors import SolverError
from ...solvers.roads.doors import Doors
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.stretches import arcs_of_stretches, cut_at_stretches
from ...solvers.routing.queue.network import SECOND, microseconds, roads_of
from ...solvers.routing.queue.places import places_of
from ...solvers.routing.queue.simulation import QueueRun, plan_of, simulate_queues
from ...solvers.routing.shared.choices import LINEAR, QUEUE
from ...solvers.routing.shared.problem import SIZES, NodeSets, RoutingProblem, TripTable, routing_problem
from ...solvers.routing.shared.routes import Routes, distinct, rows_at
from ...solvers.routing.shared.widths import narrowed
from ..errors import LayerError
from ..roads.options import ReadNetwork
from .case import CostChoice, arcs_of
from .plan_rows import NO_PATH, Paths, PlannedVehicles
from .plan_sites import PlanEnds, PlanSites, reached_goals, with_doors
from .plan_tables import PLAN, PLAN_PATHS, PlanTables

QUEUES = CostChoice(QUEUE, LINEAR, 0.0, 0.0, 0.0, 3600.0)  # no cost function


@dataclass(frozen=True)
class PlanOnRoads:
    """A plan on a network.

    Attributes
    ----------
    read : ReadNetwork
        Cut where the plan's stretches begin and end.
    vehicles : PlannedVehicles
        In the order of departures, of equal ones by number: the order in which ties are broken.
    paths : Paths
        Each path in arcs.
    routes : Routes
        What each vehicle drives, its start and its route together; empty for one that starts at a door.
    doors : Doors
        Of the destinations that have a feature or entrances.
    start, goal : (t,) int64
        Node at which each vehicle begins and that of its destination, -1 where nothing tells.
    reached : (t,) float64
        When the hazard reaches its destination, s from t = 0; infinite for never.
    sites : PlanSites
    site : (t,) int64
        Number of its destination among them, -1 for none.
    """

    read: ReadNetwork
    vehicles: PlannedVehicles
    paths: Paths
    routes: Routes
    doors: Doors
    start: np.ndarray
    goal: np.ndarray
    reached: np.ndarray
    sites: PlanSites
    site: np.ndarray

    @property
    def departure(self) -> np.ndarray:
        """Departures (t,) in whole microseconds."""
        return microseconds(self.vehicles.departure)

    @property
    def stays(self) -> np.ndarray:
        """Who (t,) has no way in the plan and does not arrive, so that he starts nowhere that is known."""
        return (self.routes.hops() == 0) & ~np.isfinite(self.vehicles.arrival)

    def problem(
        self,
        background: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
        inside: Mapping[str, np.ndarray] | None = None,
    ) -> RoutingProblem:
        """Return the vehicles as trips on the roads as they close, in the order of the plan.

        Parameters
        ----------
        background : tuple, optional
            As :func:`.background.background_on` gives it.
        inside : mapping, optional
            Nodes inside the polygon of each origin, by its id: who stays gets a place from which a way can be looked
            for. Without it he is nowhere.
        """
        # Two nodes apart from the roads, so that who stays is not at his destination where both are unknown.
        network, nowhere, unknown = self.read.network, self.read.network.node_count, self.read.network.node_count + 1
        closings = self.read.danger.closings_on(network, self.goal, self.reached)
        never = np.full(2, np.inf)
        closings = closings._replace(
            start_reached=np.r_[closings.start_reached, never], goal_reached=np.r_[closings.goal_reached, never]
        )
        arcs = arcs_of(network, QUEUES, background, self.read.on_foot)._replace(nodes=nowhere + 2, closings=closings)
        goal = np.where(self.goal < 0, unknown, self.goal)
        start = np.where(self.start >= 0, self.start, np.where(self.stays, nowhere, goal))
        if inside is not None:
            self._place_those_who_stay(start, goal, inside)
        number: dict[str, int] = {}
        origin = np.array([number.setdefault(name, len(number)) for name in self.vehicles.origin], dtype=np.int64)
        sets = [np.asarray((inside or {}).get(name, []), dtype=np.int64) for name in number]
        nodes = NodeSets(
            np.r_[0, np.cumsum([len(each) for each in sets])].astype(np.int64),
            np.concatenate([np.empty(0, dtype=np.int64), *sets]),
        )
        size = np.array([SIZES[mode] for mode in self.vehicles.mode], dtype=np.int64)
        trips = TripTable(start, goal, self.departure / SECOND, self.vehicles.people, origin, nodes, size)
        return routing_problem(arcs, trips)

    def _place_those_who_stay(self, start: np.ndarray, goal: np.ndarray, inside: Mapping[str, np.ndarray]) -> None:
        """Put into ``start`` (t,) a node for who stays, since nothing tells where he is.

        It is one where another of his origin starts, by choice one to the same destination, else a junction inside the
        origin; never a door of his destination. Where all that fails he is left.
        """
        origin, destination = self.vehicles.origin, self.vehicles.destination
        known: dict[tuple[str, str], int] = {}
        for k in np.flatnonzero(self.start >= 0).tolist():
            for place in ((origin[k], destination[k]), (origin[k], "")):
                known.setdefault(place, int(self.start[k]))
        network = self.read.network
        doors = set(zip(network.tail[~network.is_road].tolist(), network.head[~network.is_road].tolist()))
        for k in np.flatnonzero(self.stays).tolist():
            tried = [known.get((origin[k], destination[k])), known.get((origin[k], "")), *inside.get(origin[k], [])[:1]]
            end = int(goal[k])
            fit = [node for node in tried if node not in (None, end) and (node, end) not in doors]
            start[k] = fit[0] if fit else start[k]

    def simulate(self, problem: RoutingProblem, stuck_seconds: float, control: Control | None = None) -> QueueRun:
        """Return when everybody is where under the flow model ``queue``; ``problem`` as :meth:`problem` gives it."""
        roads = roads_of(narrowed(problem, self.routes))
        plan = plan_of(roads, self.departure, self.routes, places_of(problem))
        return simulate_queues(roads, plan, stuck_seconds=stuck_seconds, control=control)


def told_apart(problem: RoutingProblem) -> RoutingProblem:
    """Return the problem with a part of a road that never closes where nothing does.

    What never closes tells apart who has no way and who is at his destination.
    """
    if problem.closings:
        return problem
    row = np.zeros(1)
    closings = problem.closings._replace(
        arc=row.astype(np.int32), begin=row, end=row + 1.0, since=row + np.inf, until=row + np.inf,
        catches=row.astype(bool),
    )  # fmt: skip
    return replace(problem, closings=closings)


def plan_on_roads(
    read: ReadNetwork,
    tables: PlanTables,
    ends: PlanEnds,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> PlanOnRoads:
    """Put a plan on a network.

    Raises
    ------
    LayerError
        When the network lacks a road of the plan, or one cannot be driven as the plan has it; when no id of
        DESTINATIONS or ENTRANCES is one of the plan's.
    """
    stretches = tables.paths.stretches
    try:
        cut = replace(read, network=cut_at_stretches(read.network, stretches))
        there = _arcs_of_paths(cut.network, tables)
        joined, doors, sites, site = with_doors(cut, tables, there, ends, context, feedback, read)
        indptr, arcs = _arcs_of_paths(joined.network, tables)
    except SolverError as error:
        raise LayerError(
            f"{PLAN_PATHS}: {error} Give the network, and all of its parameters, with which the plan was made."
        ) from error
    if len(arcs) > len(stretches.road):
        feedback.pushWarning(
            f"{PLAN_PATHS}: {len(stretches.road)} stretches are {len(arcs)} pieces of the roads here, so that the plan "
            f"takes other times than when it was made. Give the destinations and entrances of that run."
        )
    paths = Paths(np.array(tables.paths.ids, dtype=np.int64), indptr, arcs, tables.start, tables.route)
    routes = _driven(joined.network, tables, paths)
    start, goal = _places(joined.network, tables, routes, np.r_[sites.node, -1][site])
    reached = reached_goals(joined, sites, site, routes, joined.danger.arrivals, feedback)
    return PlanOnRoads(joined, tables.vehicles, paths, routes, doors, start, goal, reached, sites, site)


def _places(
    network: RoadNetwork, tables: PlanTables, routes: Routes, site: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where each vehicle (t,) begins, and its destination's node: ``site`` (t,), else where others arrive."""
    size = np.diff(routes.indptr)
    first, last = (np.full(routes.count, -1, dtype=np.int64) for _ in range(2))
    some = size > 0
    first[some] = network.tail[routes.arcs[routes.indptr[:-1][some]]]
    last[some] = network.head[routes.arcs[routes.indptr[1:][some] - 1]]
    goal = np.where(site >= 0, site, last[routes.of_trip])
    known = {name: int(node) for name, node in zip(tables.vehicles.destination, goal.tolist()) if node >= 0}
    for k in np.flatnonzero(goal < 0).tolist():
        goal[k] = known.get(tables.vehicles.destination[k], -1)
    return first[routes.of_trip], goal


def _arcs_of_paths(network: RoadNetwork, tables: PlanTables) -> tuple[np.ndarray, np.ndarray]:
    """Return offsets (p + 1,) and arcs of the paths.

    Raises
    ------
    SolverError
        When a stretch is not on the network, or does not begin where the one before ends.
    """
    paths = tables.paths
    arcs, row = arcs_of_stretches(network, paths.stretches)
    indptr = np.searchsorted(row, paths.indptr).astype(np.int64)
    apart = np.flatnonzero(network.head[arcs[:-1]] != network.tail[arcs[1:]]) + 1
    broken = apart[~np.isin(apart, indptr)]
    if len(broken):
        k = int(broken[0])
        path = paths.ids[int(np.searchsorted(indptr, k, side="right")) - 1]
        before, here = (paths.stretches.road[row[j]] for j in (k - 1, k))
        raise SolverError(f"path {path} goes from road “{before}” to road “{here}”, which do not meet there.")
    return indptr, arcs


def _driven(network: RoadNetwork, tables: PlanTables, paths: Paths) -> Routes:
    """Return what each vehicle drives: its start and its route."""
    size = np.r_[np.diff(paths.indptr), 0]  # the last, 0, for NO_PATH
    first = np.r_[paths.indptr[:-1], 0]
    both = np.column_stack([tables.start, tables.route])
    linked = np.flatnonzero((both != NO_PATH).all(axis=1))
    last = paths.arcs[paths.indptr[both[linked, 0] + 1] - 1]
    apart = linked[network.head[last] != network.tail[paths.arcs[paths.indptr[both[linked, 1]]]]]
    if len(apart):
        k = int(apart[0])
        raise LayerError(
            f"{PLAN}: vehicle {tables.vehicles.vehicle[k]} of “{tables.name}” drives path {paths.ids[both[k, 0]]}, "
            f"which does not end where its route {paths.ids[both[k, 1]]} begins. Give the two tables of one run."
        )
    hops = size[both]
    arcs = rows_at(first[both].ravel(), hops.ravel(), paths.arcs.astype(np.int32))
    return distinct(np.r_[0, np.cumsum(hops.sum(axis=1))].astype(np.int64), arcs)
