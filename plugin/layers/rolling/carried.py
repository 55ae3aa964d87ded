"""The plan as it was carried out, as a case of routing, so that its layers are those of ``routeevacuation``."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingContext

from ...solvers.control import Control
from ...solvers.roads.starts import Junctions
from ...solvers.rolling.game import Played
from ...solvers.rolling.result import carried_out
from ...solvers.routing.capacity_floor import capacity_floor
from ...solvers.routing.clearance import clearance
from ...solvers.routing.road_use import road_use
from ...solvers.routing.shared.problem import NodeSets, RoutingProblem
from ..closing.hazard import read_hazard
from ..closing.hazard_layers import HazardLayers
from ..moments import MomentColumn
from ..positions import box_around
from ..routing.case import Departures, RoutingCase
from ..routing.ends import JoinedEnds
from ..routing.inside import inside_of
from ..routing.mode_rows import mode_figures
from ..routing.outputs import RoutedCase
from ..routing.trips import TripRows
from ..transforming import transform_vertices
from .case import RunningCase

WALK = 1.1  # m/s: the way to the road, which a plan does not tell


class Ends(NamedTuple):
    """Rows of the plan: where each begins and goes, when it is told, how it travels; the row (t,) of each vehicle."""

    origin: list[str]
    destination: list[str]
    order: list[float]
    mode: list[str]
    first: np.ndarray
    row: np.ndarray


def routed_case(
    case: RunningCase,
    played: Played,
    hazard: HazardLayers | None,
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
    control: Control,
) -> RoutedCase:
    """Return what was carried out as ``routeevacuation`` gives a plan, with its places in ``target``."""
    problem = shown_problem(case, played)
    routes = _routing_case(case, problem, played, hazard, target, context)
    result = carried_out(case.game, played, control)
    if result.drove is not None:
        result = replace(result, drove=result.drove._replace(problem=problem))
    inside = None
    if routes.hazard is not None:
        inside = inside_of(routes.hazard, routes, result, context, control.unseen())
    network = routes.read.network
    return RoutedCase(
        routes, result, road_use(result, network.is_road, control.unseen()), clearance(result, inside),
        capacity_floor(result, network.capacity, control.unseen()), tuple(mode_figures(routes, result, inside)),
    )  # fmt: skip


def shown_problem(case: RunningCase, played: Played) -> RoutingProblem:
    """Return the trips with where they went; who has no way in the plan begins where another of his origin does.

    Nothing tells where he is; he is drawn and counted there.
    """
    problem, origin = case.game.problem.bound_for(played.goal), case.on_roads.vehicles.origin
    nodes = case.on_roads.read.network.node_count
    known: dict[str, int] = {}
    for name, node in zip(origin, problem.source.tolist()):
        if node < nodes:
            known.setdefault(name, node)
    goal = np.where(problem.destination < nodes, problem.destination, 0)
    source = [
        node if node < nodes else known.get(name, there)
        for name, node, there in zip(origin, problem.source.tolist(), goal.tolist())
    ]
    return replace(problem, source=np.array(source, dtype=np.int32), destination=goal.astype(np.int32))


def _rows(case: RunningCase, played: Played) -> Ends:
    """Return a row for each origin, destination, order and mode."""
    vehicles, number = case.on_roads.vehicles, dict[tuple[str, str, float, str], int]()
    told = np.where(np.isfinite(vehicles.order), vehicles.order, -1.0).tolist()
    keys = [
        (vehicles.origin[k], case.destination(k, played.goal), told[k], vehicles.mode[k])
        for k in range(case.game.problem.trips)
    ]
    row = np.array([number.setdefault(key, len(number)) for key in keys], dtype=np.int64)
    _, first = np.unique(row, return_index=True)
    origin, destination, order, mode = ([key[column] for key in number] for column in range(4))
    return Ends(origin, destination, order, mode, first, row)  # type: ignore[arg-type]


def _routing_case(
    case: RunningCase,
    problem: RoutingProblem,
    played: Played,
    hazard: HazardLayers | None,
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> RoutingCase:
    on_roads, ends = case.on_roads, _rows(case, played)
    read, count = on_roads.read, len(ends.origin)
    source, goal = problem.source[ends.first], problem.destination[ends.first]
    transforms, xy = context.transformContext(), read.network.node_xy
    begin, end = (transform_vertices(xy[node], read.crs, target, transforms) for node in (source, goal))
    told = [None if order < 0 else order for order in ends.order]
    features = [f"row {k + 1}" for k in range(count)]
    order = MomentColumn("PLAN", "PLAN", "order_s", 1.0, features, list(told), list(told))
    people = np.bincount(ends.row, problem.people, count)
    rows = TripRows(
        "PLAN", target, features, ends.origin, ends.destination, np.rint(people).astype(np.int64), np.ones(count),
        begin.reshape(-1, 2), end.reshape(-1, 2), None, order, modes=ends.mode,
    )  # fmt: skip
    site = {name: k for k, name in enumerate(on_roads.doors.ids)}
    joined = JoinedEnds(
        read,
        np.full(count, -1, dtype=np.int64),
        Junctions.none(0),
        [],
        [],
        NodeSets.none(0),
        source.astype(np.int64),
        goal.astype(np.int64),
        np.array([site.get(name, -1) for name in ends.destination], dtype=np.int64),
        on_roads.doors,
        np.full(len(on_roads.doors.ids), np.inf),
        np.zeros(count),
        np.zeros(count),
        [],
    )
    area = None
    if hazard is not None:
        near = box_around(read.network.node_xy)
        area = read_hazard(hazard, read.crs, context, case.quiet, near=near).area
    return RoutingCase(read, rows, case.start, problem, ends.row, joined, area, WALK, Departures(0.0, 0, 0))
