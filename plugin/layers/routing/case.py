"""Layers as a routing problem: trips joined to the roads, vehicles, volume-delay functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.modes import in_order
from ...solvers.naming import first_of
from ...solvers.roads.connectors import meeting_points
from ...solvers.roads.doors import Doors
from ...solvers.roads.foot import sharing_arcs
from ...solvers.roads.network import RoadNetwork
from ...solvers.routing.queue.network import SECOND, microseconds, standing_room
from ...solvers.routing.result import RoutingResult
from ...solvers.routing.shared.choices import (
    BPR,
    CUMULATIVE,
    DENSITY,
    LINEAR,
    QUEUE,
    REROUTE_MINUTES,
    STUCK_SECONDS,
)
from ...solvers.routing.shared.problem import SIZES, Arcs, RoutingProblem, TripTable, routing_problem
from ...solvers.routing.shared.routes import Routes
from ...solvers.routing.shared.vehicles import PROFILE_NAMES, fill_vehicles, last_departure, spread_departures
from ...solvers.routing.shared.volume_delay import LEAST_SPEED_SHARE, RoadCost, road_cost, storage
from ...solvers.routing.shared.widths import ALONE
from ..moments import Start
from ..roads.options import ReadNetwork
from .background import BackgroundRows, background_on
from .end_layers import EndLayers
from .ends import JoinedEnds, join_ends
from .trips import TripRows, row_times

LEAST_TIME = 1e-3  # s: roads of no length or with absurd speeds still take some time, so that every hop gets nearer
CONNECTOR_TIME = 1e-8  # s: enough to get nearer, too little to be seen in any result
OUTLET = "cannot be reached from the origin: the roads between are not connected, or one-way the other way"


@dataclass(frozen=True)
class Departures:
    """How departures are spread: the window in seconds, its profile, and the seed of the draw."""

    window: float
    profile: int
    seed: int

    @property
    def text(self) -> str:
        """How departures are spread, in words, and until when after the order."""
        minutes = last_departure(self.window, self.profile) / 60.0
        return f"{PROFILE_NAMES[self.profile]} within {minutes:g} minutes"

    def places(self, vehicles: int, feedback: QgsProcessingFeedback, spread: int) -> np.ndarray:
        """Return the seconds (v,) after their order at which vehicles leave, drawn by the seed whatever the orders.

        The log says how the ``spread`` among them that have no departure of their own leave.
        """
        if spread:
            feedback.pushInfo(f"{spread} vehicles leave {self.text} of their order (SEED {self.seed}).")
        return spread_departures(vehicles, self.window, self.profile, np.random.default_rng(self.seed))


@dataclass(frozen=True)
class CostChoice:
    """Flow model, cost function and its parameters as the user gives them; ``period`` in seconds.

    ``stuck_seconds`` and ``reroute_minutes`` are those of the queue model.
    """

    flow_model: int
    kind: int
    alpha: float
    bpr_a: float
    bpr_b: float
    period: float
    stuck_seconds: float = STUCK_SECONDS
    reroute_minutes: float = REROUTE_MINUTES


@dataclass(frozen=True)
class RoutingRows:
    """What was read besides the roads: trips, the date and time of t = 0, traffic that is there anyway, ends."""

    trips: TripRows
    start: Start
    background: BackgroundRows | None
    ends: EndLayers = field(default_factory=EndLayers)


@dataclass(frozen=True)
class RoutingCase:
    """What is routed, and where it comes from.

    Attributes
    ----------
    read : ReadNetwork
        The roads, with a node for each joined end of a trip.
    rows : TripRows
    start : Start
        Date and time of t = 0.
    problem : RoutingProblem
        The vehicles as trips, sorted by departure, on the arcs of the roads.
    row : (v,) int64
        Row of each vehicle of the problem.
    ends : JoinedEnds
        Junctions at which vehicles start, doors of the destinations, rows that could not be joined.
    hazard : QgsGeometry or None
        Hazard and buffer in the working CRS, None without one.
    access_speed : float
        m/s.
    departures : Departures
    staying : str
        A sentence on people who refuse to leave, "" where nobody is known to.
    """

    read: ReadNetwork
    rows: TripRows
    start: Start
    problem: RoutingProblem
    row: np.ndarray
    ends: JoinedEnds
    hazard: QgsGeometry | None
    access_speed: float
    departures: Departures
    staying: str = ""

    @property
    def unjoined(self) -> list[tuple[int, str]]:
        """The rows that could not be joined to the roads, each with the reason."""
        return self.ends.unjoined

    @property
    def doors(self) -> Doors:
        """The doors of the destinations; :attr:`JoinedEnds.site` tells which of them a row goes to."""
        return self.ends.doors

    def door_of_routes(self, result: RoutingResult) -> np.ndarray:
        """Return the door (r,) by which each vehicle that arrives comes in, -1 for one that starts at a door."""
        return self.doors_by(result.routes, self.routed_row(result))

    def doors_by(self, routes: Routes, row: np.ndarray) -> np.ndarray:
        """Return the door (k,) to which the routes of vehicles of the rows (k,) lead, -1 for one without a road."""
        network = self.read.network
        places = np.where(network.is_road[routes.arcs], np.arange(len(routes.arcs)), -1)
        last = np.r_[-1, np.maximum.accumulate(places)][routes.indptr[1:]]  # of the road before each route's end
        own = last >= routes.indptr[:-1]
        node = np.full(routes.count, -1, dtype=np.int64)
        node[own] = network.head[routes.arcs[last[own]]]
        node = node[routes.of_trip]
        return self.doors.door_at(self.ends.site[row], node)

    def access(self, result: RoutingResult) -> np.ndarray:
        """Return the straight metres (r,) between places and road, both ends together, of each vehicle with a route."""
        row, door = self.routed_row(result), self.door_of_routes(result)
        at_door = self.doors.access[door] if len(self.doors) else np.zeros(len(row))
        return self.ends.origin_access[row] + np.where(door >= 0, at_door, self.ends.site_access[row])

    @cached_property
    def modes(self) -> list[str]:
        """The modes of travel that occur among the rows, each once."""
        return in_order(self.rows.mode_of(k) for k in range(len(self.rows)))

    def told(self, mode: str) -> list[str]:
        """Return what a row says of a mode of travel: nothing where only one occurs (:func:`.mode_rows.with_mode`)."""
        return [mode] if len(self.modes) > 1 else []

    def modes_of(self, trips: np.ndarray) -> list[str]:
        """Return how the people of ``trips`` (k,) of the problem travel."""
        return [self.rows.mode_of(k) for k in self.row[trips].tolist()]

    def routed_row(self, result: RoutingResult) -> np.ndarray:
        """Return the row (r,) of each vehicle that has a route."""
        return self.row[result.routed]

    def unreachable_rows(self, result: RoutingResult) -> set[int]:
        """Return the joined rows whose destination cannot be reached."""
        return set(self.row[result.unreachable].tolist())

    def cut_off(self, result: RoutingResult) -> dict[int, str]:
        """Return why the destination of each joined row cannot be reached that cannot."""
        lost, first = np.unique(self.row[result.unreachable], return_index=True)
        trip = np.asarray(result.unreachable)[first]
        ends = self.problem.source[trip], self.problem.destination[trip]
        closers = self.read.danger.taken.closers(self.read.network, *(nodes.astype(np.int64) for nodes in ends))
        return {
            row: f"cannot be reached: the way is closed by {first_of(names)}" if names else OUTLET
            for row, names in zip(lost.tolist(), closers)
        }

    def without_route(self, result: RoutingResult) -> np.ndarray:
        """Return the rows that have no route, ascending."""
        lost = self.unreachable_rows(result) | {k for k, _ in self.unjoined}
        return np.array(sorted(lost), dtype=np.int64)


def cost_of(
    network: RoadNetwork, choice: CostChoice, background: tuple[np.ndarray, np.ndarray, np.ndarray] | None
) -> RoadCost:
    """Return the volume-delay function of every arc; under ``queue`` its time on an empty road, whatever is on it."""
    free_flow = np.maximum(network.free_flow, LEAST_TIME)
    if choice.flow_model == QUEUE:  # as its roads have them
        free_flow = microseconds(free_flow) / SECOND
    free_flow = np.where(network.is_road, free_flow, CONNECTOR_TIME)
    if choice.kind == LINEAR:
        room = np.where(network.is_road, 1.0, np.inf)
        a = 0.0 if choice.flow_model == QUEUE else choice.alpha
        return road_cost(LINEAR, free_flow, room, a=a, background=background)
    if choice.kind == DENSITY:
        room = storage(network.length, network.lanes)
        return road_cost(DENSITY, free_flow, room, LEAST_SPEED_SHARE, background=background)
    room = network.capacity * (choice.period / 3600.0)
    return road_cost(BPR, free_flow, room, choice.bpr_a, choice.bpr_b, background)


def limit_of(network: RoadNetwork, choice: CostChoice) -> np.ndarray:
    """Return the vehicles (m,) above which a road is over capacity: its storage, or what passes in the period.

    Infinite under ``queue``, where a road is over capacity when vehicles queue on it.
    """
    if choice.flow_model == QUEUE:
        return np.full(len(network.length), np.inf)
    if choice.flow_model == CUMULATIVE:
        return network.capacity * (choice.period / 3600.0)
    return storage(network.length, network.lanes)


def arcs_of(
    network: RoadNetwork,
    choice: CostChoice,
    background: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    on_foot: np.ndarray | bool = False,
) -> Arcs:
    """Return a network as the arcs of a routing problem; ``on_foot``: which are those of walkers, who share widths."""
    return Arcs(
        network.node_count,
        network.tail,
        network.head,
        cost_of(network, choice, background),
        network.length,
        limit_of(network, choice),
        network.capacity,
        standing_room(network.length, np.where(network.is_road, network.lanes, 0.0)),
        opposite=np.where(on_foot, sharing_arcs(network), ALONE) if np.any(on_foot) else None,
    )


def routing_case(
    read: ReadNetwork,
    given: RoutingRows,
    departures: Departures,
    choice: CostChoice,
    max_snap_distance: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> RoutingCase:
    """Join the trips to the roads and make vehicles of them, on roads that slow down as ``choice`` says.

    Raises
    ------
    LayerError
        A departure before t = 0.
    """
    rows = given.trips
    at, order = row_times(rows, given.start, feedback)
    first = np.where(np.isnan(at), order, at)
    ends, walk = join_ends(read, rows, given.ends, max_snap_distance, first, context, feedback)
    read = ends.read
    usable = np.ones(len(rows), dtype=bool)
    usable[[k for k, _ in ends.unjoined]] = False
    row, people = fill_vehicles(rows.people, rows.occupancy)
    source = ends.sources(np.bincount(row, minlength=len(rows)), departures.seed)
    # A place in the window for every vehicle, whether it needs one or not: nobody's changes with another's order.
    place = departures.places(len(row), feedback, int((np.isnan(at[row]) & usable[row]).sum()))
    departure = np.where(np.isnan(at[row]), order[row] + place, at[row]) + walk[row]
    if choice.flow_model == QUEUE:
        departure = microseconds(departure) / SECOND
    chosen = np.flatnonzero(usable[row])
    chosen = chosen[np.argsort(departure[chosen], kind="stable")]
    row, network = row[chosen], read.network
    begin, end = meeting_points(network, source[chosen], ends.destination[row])
    flow = None
    if given.background is not None and not read.on_foot:
        flow = background_on(given.background, network, given.start, feedback)
    origin, inside = ends.origins(rows.origin)
    reached = ends.reached[ends.site[row]]
    _warn_of_shared(rows, row, end, reached, feedback)
    closings = read.danger.closings_on(network, end, reached)
    size = np.array([SIZES[rows.mode_of(k)] for k in range(len(rows))], dtype=np.int64)[row]
    trips = TripTable(begin, end, departure[chosen], people[chosen], origin[row], inside, size)
    problem = routing_problem(arcs_of(network, choice, flow, read.on_foot)._replace(closings=closings), trips)
    return RoutingCase(
        read, rows, given.start, problem, row, ends, given.ends.hazard, given.ends.access_speed, departures
    )


def _warn_of_shared(
    rows: TripRows, row: np.ndarray, end: np.ndarray, reached: np.ndarray, feedback: QgsProcessingFeedback
) -> None:
    """Warn of destinations that join the roads at one point, of which the hazard reaches one before another."""
    if not np.isfinite(reached).any():
        return
    first, last = (np.full(int(end.max()) + 1, value) for value in (np.inf, -np.inf))
    np.minimum.at(first, end, reached)
    np.maximum.at(last, end, reached)
    named = sorted({rows.destination[k] for k in row[first[end] != last[end]].tolist()})
    if named:
        feedback.pushWarning(
            f"DESTINATIONS: {first_of(named)} join the roads at the same point, but the hazard reaches one before "
            "another; for all of them the first moment counts. Give them ENTRANCES at different places."
        )
