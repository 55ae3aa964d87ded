"""A plan of which some drive and some walk, on the roads of both side by side (:mod:`...solvers.roads.united`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...solvers.roads.united import Offsets, shifted, united_doors
from ...solvers.routing.shared.problem import RoutingProblem
from ...solvers.routing.shared.routes import Routes
from ...solvers.routing.together import united_problems
from ..roads.united import united_reads, with_free_lanes
from .plan import PlanOnRoads
from .plan_rows import NO_PATH, Paths, vehicles_together
from .plan_sites import PlanSites


@dataclass(frozen=True)
class MixedPlan(PlanOnRoads):
    """Vehicles and walkers of one plan, in the order of both; destinations of walkers come behind those of vehicles.

    Attributes
    ----------
    halves : pair of PlanOnRoads
        That of vehicles and that of walkers.
    number : pair of (t,), (u,) int64
        Of the vehicles of either half among all.
    """

    halves: tuple[PlanOnRoads, PlanOnRoads]
    number: tuple[np.ndarray, np.ndarray]

    def problem(
        self,
        background: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
        inside: Mapping[str, np.ndarray] | None = None,
    ) -> RoutingProblem:
        """Return everybody as trips, as :meth:`.plan.PlanOnRoads.problem` does; the background is that of vehicles.

        Arcs are those of ``read``; nodes are not, as either half has two of its own that lie on no road.
        """
        nodes = self.halves[0].read.network.node_count
        own: tuple[Mapping[str, np.ndarray] | None, ...] = (None, None)
        if inside is not None:
            own = (
                {name: among[among < nodes] for name, among in inside.items()},
                {name: among[among >= nodes] - nodes for name, among in inside.items()},
            )
        cars, walkers = self.halves[0].problem(background, own[0]), self.halves[1].problem(None, own[1])
        return united_problems(cars, walkers, np.concatenate(self.number))[0]


def mixed_plan(cars: PlanOnRoads, walkers: PlanOnRoads, on_foot: np.ndarray, walk_on_lanes: bool = False) -> MixedPlan:
    """Return both halves of a plan as one.

    Parameters
    ----------
    on_foot : (n,) bool
        Who of everybody, in the plan's order, walks.
    walk_on_lanes : bool
        Whether walkers have the lanes of roads that no car of the plan drives.
    """
    if walk_on_lanes:
        walkers = replace(walkers, read=with_free_lanes(cars.read, walkers.read, np.unique(cars.routes.arcs))[0])
    by = Offsets.of(cars.read.network)
    number = np.flatnonzero(~on_foot), np.flatnonzero(on_foot)

    def everybody(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
        out = np.empty(len(on_foot), dtype=np.result_type(mine, theirs))
        out[number[0]], out[number[1]] = mine, theirs
        return out

    own, their = cars.paths, walkers.paths
    paths = Paths(
        np.concatenate([own.ids, their.ids]),
        np.concatenate([own.indptr, their.indptr[1:] + own.indptr[-1]]),
        np.concatenate([own.arcs, their.arcs + by.arcs]),
        everybody(own.start, shifted(their.start, len(own.ids), NO_PATH)),
        everybody(own.route, shifted(their.route, len(own.ids), NO_PATH)),
    )
    driven, walked = cars.routes, walkers.routes
    routes = Routes(
        np.concatenate([driven.indptr, walked.indptr[1:] + driven.indptr[-1]]),
        np.concatenate([driven.arcs, walked.arcs + np.int32(by.arcs)]),
        everybody(driven.of_trip, walked.of_trip + np.int32(driven.count)),
    )
    sites = PlanSites(
        [*cars.sites.groups, *walkers.sites.groups], [*cars.sites.safe, *walkers.sites.safe],
        np.concatenate([cars.sites.node, shifted(walkers.sites.node, by.nodes)]),
    )  # fmt: skip
    vehicles = vehicles_together(cars.vehicles, walkers.vehicles, np.argsort(np.concatenate(number)))
    return MixedPlan(
        united_reads(cars.read, walkers.read), vehicles, paths, routes,
        united_doors(cars.doors, walkers.doors, by),
        everybody(cars.start, shifted(walkers.start, by.nodes)), everybody(cars.goal, shifted(walkers.goal, by.nodes)),
        everybody(cars.reached, walkers.reached), sites,
        everybody(cars.site, shifted(walkers.site, len(cars.sites.node))), (cars, walkers), number,
    )  # fmt: skip
