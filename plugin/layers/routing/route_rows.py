"""Routes as rows of a layer, the ways of each origin to each destination, and their paths as rows of tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingContext

from ...solvers.roads.starts import from_border
from ...solvers.routing.result import RoutingResult
from ...solvers.routing.shared.routes import distinct, rows_at
from ...solvers.routing.shared.ways import NO_WAY
from ..fields import Column
from ..roads.route_geometry import lines_in
from .case import RoutingCase
from .plan_rows import NO_PATH, Paths
from .streets import streets_of

Row = tuple[Optional[QgsGeometry], list[Any]]

ROUTES = [
    Column("origin_id", "text", "where the trips start"),
    Column("destination_id", "text", "where they go"),
    Column("people", "int", "people on this route"),
    Column("vehicles", "int", "vehicles on this route"),
    Column("length_m", "float", "length, m; mean of the vehicles, from where each starts"),
    Column("free_flow_s", "float", "travel time of this route on empty roads, s; mean of the vehicles"),
    Column("travel_time_s", "float", "mean travel time of the vehicles, s"),
    Column("detour", "float", "mean travel time (queue: free_flow_s) over the least possible time"),
    Column("first_departure", "datetime", "first departure"),
    Column("last_arrival", "datetime", "last arrival"),
    Column("first_departure_s", "float", "first departure, s from t = 0"),
    Column("last_arrival_s", "float", "last arrival, s from t = 0"),
    Column("door", "int", "door of the destination, from 1; empty for those who start at one"),
    Column("access_m", "float", "straight way between places and road, both ends together, m; not in length_m"),
    Column("access_minutes", "float", "the same in minutes, at ACCESS_SPEED; not in travel_time_s"),
    Column("route_id", "int", "number of the route, as in OUTPUT_VEHICLES and OUTPUT_PATHS"),
    Column("starts", "int", "junctions at which its vehicles start"),
    Column("wait_s", "float", "mean wait at the origin, s, in travel_time_s; flow model queue only"),
    Column("margin_s", "float", "s: least time between leaving a place and the hazard's arrival there; empty: never"),
    Column("streets", "text", "names of the streets in order; the longest stretches where there are many"),
    Column("origin_name", "text", "what people call the origin"),
    Column("destination_name", "text", "what people call the destination"),
]


class RouteGroups(NamedTuple):
    """The vehicles of one origin and destination by their way; r vehicles, g groups.

    Attributes
    ----------
    of_vehicle : (r,) int64
        Group of each vehicle.
    first : (g,) int64
        First vehicle of each group.
    shown : (g,) int64
        The first vehicle on the route that most of the group drive.
    way : (g,) int64
        As in :meth:`.RoutingResult.ways`, NO_WAY for who starts at a door.
    id : (g,) int64
        The ``route_id``, from 1, most vehicles first.
    """

    of_vehicle: np.ndarray
    first: np.ndarray
    shown: np.ndarray
    way: np.ndarray
    id: np.ndarray


def route_groups(case: RoutingCase, result: RoutingResult) -> RouteGroups:
    """Return the vehicles by origin, destination, mode and way."""
    rows, ways = case.rows, result.ways()
    ends: dict[tuple[str, str, str], int] = {}
    keys = zip(rows.origin, rows.destination, (rows.mode_of(k) for k in range(len(rows))))
    pair = np.array([ends.setdefault(key, len(ends)) for key in keys], dtype=np.int64)
    key = pair[case.routed_row(result)] * (len(ways.pair) + 1) + ways.of_trip + 1
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    group = group.ravel()
    vehicles = np.bincount(group, minlength=len(first))
    ids = np.empty(len(first), dtype=np.int64)
    ids[np.argsort(-vehicles, kind="stable")] = np.arange(1, len(first) + 1)
    return RouteGroups(group, first, _most_driven(group, result.routes.of_trip, len(first)), ways.of_trip[first], ids)


def _most_driven(group: np.ndarray, route: np.ndarray, groups: int) -> np.ndarray:
    """Return a vehicle (g,) of each group on the route that most of its vehicles drive."""
    key = group * (np.int64(route.max(initial=0)) + 1) + route
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    shown = np.empty(groups, dtype=np.int64)
    order = np.lexsort((-first, count))  # the last one of a group stays
    shown[group[first[order]]] = first[order]
    return shown


class RouteFigures(NamedTuple):
    """What is said of each group (g,) of one origin, destination and way.

    Attributes
    ----------
    vehicles, people : int64, float64
        How many.
    starts : int64
        Nodes at which they start.
    length, free_flow : float64
        Mean metres of their routes, and seconds on empty roads.
    travel, fastest : float64
        Mean travel time of the vehicles, and least possible one, in seconds.
    departure, arrival : float64
        Of the first and of the last vehicle, in seconds from t = 0.
    door : int64
        The door at which the way ends, -1 for who starts at one.
    access : float64
        Mean straight way of the vehicles between places and road, both ends together, m.
    wait : float64
        Mean wait at the origin, s.
    """

    vehicles: np.ndarray
    people: np.ndarray
    starts: np.ndarray
    length: np.ndarray
    free_flow: np.ndarray
    travel: np.ndarray
    fastest: np.ndarray
    departure: np.ndarray
    arrival: np.ndarray
    door: np.ndarray
    access: np.ndarray
    wait: np.ndarray


def route_figures(case: RoutingCase, result: RoutingResult, groups: RouteGroups) -> RouteFigures:
    """Return the figures of each group."""
    group, count, problem = groups.of_vehicle, len(groups.first), result.problem
    vehicles = np.bincount(group, minlength=count)
    leave, there = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(leave, group, problem.departure)
    np.maximum.at(there, group, result.arrival)
    places = np.unique(np.column_stack([group, problem.source]), axis=0)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, weights=values, minlength=count) / np.maximum(vehicles, 1)

    return RouteFigures(
        vehicles=vehicles,
        people=np.bincount(group, weights=problem.people, minlength=count),
        starts=np.bincount(places[:, 0], minlength=count),
        length=mean(result.routes.sums(problem.length)[result.routes.of_trip]),
        free_flow=mean(result.routes.sums(problem.cost.free_flow)[result.routes.of_trip]),
        travel=mean(result.travel),
        fastest=mean(result.fastest),
        departure=leave,
        arrival=there,
        door=case.door_of_routes(result)[groups.first],
        access=mean(case.access(result)),
        wait=mean(result.entered() - problem.departure),
    )


def least_margins(result: RoutingResult, groups: RouteGroups) -> np.ndarray:
    """Return the least margin (g,) of the vehicles of each group, s; infinite where the hazard reaches no place."""
    least = np.full(len(groups.first), np.inf)
    np.minimum.at(least, groups.of_vehicle, result.margin())
    return least


def output_paths(case: RoutingCase, result: RoutingResult) -> Paths:
    """Return the path of each row of OUTPUT that drives any road, under its ``route_id``, and those before it."""
    groups, ways, routes = route_groups(case, result), result.ways(), result.routes
    driven = np.flatnonzero(groups.way != NO_WAY)
    driven = driven[np.argsort(groups.id[driven])]
    common = groups.way[driven]
    before = np.where(ways.of_trip == NO_WAY, 0, ways.cut)
    first = routes.indptr[:-1][routes.of_trip]
    approach = distinct(np.r_[0, np.cumsum(before)].astype(np.int64), rows_at(first, before, routes.arcs))
    parts = [
        _on_roads(case, ways.indptr[common], np.diff(ways.indptr)[common], ways.arcs),
        _on_roads(case, approach.indptr[:-1], np.diff(approach.indptr), approach.arcs),
    ]
    empty = np.diff(parts[1][0]) == 0
    number = np.where(empty, NO_PATH, np.cumsum(~empty) - 1 + len(driven))
    route = np.full(len(groups.first), NO_PATH)
    route[driven] = np.arange(len(driven))
    size = np.concatenate([np.diff(parts[0][0]), np.diff(parts[1][0])[~empty]])
    last = int(groups.id.max(initial=0))
    return Paths(
        np.concatenate([groups.id[driven], last + 1 + np.arange(len(size) - len(driven))]),
        np.r_[0, np.cumsum(size)].astype(np.int64), np.concatenate([parts[0][1], parts[1][1]]),
        number[approach.of_trip] if len(number) else np.full(len(route), NO_PATH), route[groups.of_vehicle],
    )  # fmt: skip


def _on_roads(
    case: RoutingCase, start: np.ndarray, size: np.ndarray, arcs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return offsets and arcs of the rows ``arcs[start:start + size]`` without connectors."""
    rows = rows_at(start, size, arcs)
    real = case.read.network.is_road[rows]
    return np.r_[0, np.cumsum(real)][np.r_[0, np.cumsum(size)]], rows[real]


def drawn_routes(case: RoutingCase, result: RoutingResult, shown: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the vertices of the ways of the vehicles ``shown`` (k,), from the border of their origin's area on.

    The line of one that starts at a door has no length.
    """
    network, begin, zone = case.read.network, result.ways().begin, case.ends.zone[case.routed_row(result)]
    for trip in shown.tolist():
        xy = network.path_xy(result.routes.of(trip)[begin[trip] :])
        if not len(xy):
            here = network.node_xy[result.problem.source[trip]]
            yield np.array([here, here])
        elif zone[trip] >= 0:
            yield from_border(case.ends.areas[zone[trip]], xy)
        else:
            yield xy


def route_rows(
    case: RoutingCase, result: RoutingResult, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[Row]:
    """Yield each way between two places with its vehicles, drawn as most of them drive it."""
    groups, row_of = route_groups(case, result), case.routed_row(result)
    routes, begin, margin = route_figures(case, result, groups), result.ways().begin, least_margins(result, groups)
    order = np.argsort(groups.id)
    queue = result.queue is not None
    vertices = drawn_routes(case, result, groups.shown[order])
    for k, shape in zip(order.tolist(), lines_in(case.read, vertices, target, context)):
        row, shown = int(row_of[groups.first[k]]), int(groups.shown[k])
        travel, fastest = float(routes.travel[k]), float(routes.fastest[k])
        around = float(routes.free_flow[k]) if queue else travel
        leave, there = float(routes.departure[k]), float(routes.arrival[k])
        yield (
            shape,
            [
                case.rows.origin[row],
                case.rows.destination[row],
                int(round(routes.people[k])),
                int(routes.vehicles[k]),
                float(routes.length[k]),
                float(routes.free_flow[k]),
                travel,
                max(around / fastest, 1.0) if fastest > 0 else 1.0,
                case.start.value(leave),
                case.start.value(there),
                leave,
                there,
                int(case.doors.number[routes.door[k]]) if routes.door[k] >= 0 else None,
                float(routes.access[k]),
                float(routes.access[k]) / case.access_speed / 60.0,
                int(groups.id[k]),
                int(routes.starts[k]),
                float(routes.wait[k]) if queue else None,
                float(margin[k]) if margin[k] < np.inf else None,
                streets_of(case.read, result.routes.of(shown)[begin[shown] :]),
                *case.rows.names(row),
                *case.told(case.rows.mode_of(row)),
            ],
        )
