"""Routes, roads, clearance and what could not be routed as rows of layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsProcessingContext

from ...solvers.routing.capacity_floor import CapacityFloor
from ...solvers.routing.clearance import Clearance
from ...solvers.routing.result import RoutingResult
from ...solvers.routing.road_use import RoadUse
from ...solvers.routing.shared.routes import rows_at
from ...solvers.routing.shared.vehicles import vehicles_of
from ..fields import Column
from ..roads.route_geometry import arcs_geometries, lines_in
from . import plan_rows
from .case import OUTLET, RoutingCase
from .plan_rows import NO_PATH, Paths, paths_of
from .streets import streets_of
from .trips import order_seconds

Row = tuple[Optional[QgsGeometry], list[Any]]

ROUTES = [
    Column("origin_id", "text", "where the trips start"),
    Column("destination_id", "text", "where they go"),
    Column("people", "int", "people on this route"),
    Column("vehicles", "int", "vehicles on this route"),
    Column("length_m", "float", "length, m"),
    Column("free_flow_s", "float", "travel time of this route on empty roads, s"),
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
    Column("wait_s", "float", "mean wait at the origin, s, in travel_time_s; flow model queue only"),
    Column("streets", "text", "names of the streets in order; the longest stretches where there are many"),
]
ROADS = [
    Column("road_id", "text", "road"),
    Column("direction", "text", "forward: as the road is drawn; backward: against it"),
    Column("vehicles", "int", "vehicles that use this piece in this direction"),
    Column("peak_vehicles", "int", "most vehicles on it at once"),
    Column("peak_time", "datetime", "when that is first reached"),
    Column("free_flow_s", "float", "travel time on the empty road, s"),
    Column("mean_s", "float", "mean travel time, s"),
    Column("delay_s", "float", "time lost to congestion by all vehicles together, vehicle-seconds"),
    Column("capacity", "float", "vehicles/h that may leave it; this and the following for flow model queue only"),
    Column("peak_flow", "int", "vehicles/h: most exits in any 900 s, times 4"),
    Column("longest_queue", "int", "most vehicles that queue at once"),
    Column("queue_minutes", "float", "minutes in which at least 3 queue"),
    Column("blocked_minutes", "float", "minutes in which the first was ready but the next road was full"),
]
CLEARANCE = [
    Column("time", "datetime", "date and time"),
    Column("seconds", "float", "s from t = 0"),
    Column("waiting", "int", "people whose departure has come but who are not yet on the road"),
    Column("departed", "int", "people who have entered their first road"),
    Column("arrived", "int", "people who have arrived"),
    Column("on_road", "int", "people on the road"),
    Column("in_hazard", "int", "people inside the hazard, those without a route counted; empty without a hazard"),
    Column("staying", "int", "of these, people without a route, who stay; empty without a hazard"),
]
UNROUTED = [
    Column("origin_id", "text", "where the trip starts"),
    Column("destination_id", "text", "where it should go"),
    Column("people", "int", "people without a route"),
    Column("vehicles", "int", "vehicles without a route"),
    Column("reason", "text", "why"),
]


class RoutedCase(NamedTuple):
    """What a run found, as its layers, numbers and report show it."""

    case: RoutingCase
    result: RoutingResult
    use: RoadUse
    curve: Clearance
    floor: CapacityFloor | None


def route_groups(case: RoutingCase, result: RoutingResult) -> tuple[np.ndarray, np.ndarray]:
    """Return the first vehicle of each group of one origin, destination and route, and the group (r,) of each."""
    rows = case.rows
    ends: dict[tuple[str, str], int] = {}
    pair = np.array([ends.setdefault(key, len(ends)) for key in zip(rows.origin, rows.destination)], dtype=np.int64)
    key = pair[case.routed_row(result)] * max(result.routes.count, 1) + result.routes.of_trip
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    return first, group.ravel()


class RouteFigures(NamedTuple):
    """What is said of each group (g,) of one origin, destination and route.

    Attributes
    ----------
    first : int64
        The group's first vehicle.
    vehicles, people : int64, float64
        How many.
    length, free_flow : float64
        Metres of the route, seconds on empty roads.
    travel, fastest : float64
        Mean travel time of the vehicles, and least possible one, in seconds.
    departure, arrival : float64
        Of the first and of the last vehicle, in seconds from t = 0.
    door : int64
        The door at which the route ends, -1 for who starts at one.
    access : float64
        Mean straight way of the vehicles between places and road, both ends together, m.
    wait : float64
        Mean wait at the origin, s.
    id : int64
        The ``route_id``, from 1, most vehicles first.
    """

    first: np.ndarray
    vehicles: np.ndarray
    people: np.ndarray
    length: np.ndarray
    free_flow: np.ndarray
    travel: np.ndarray
    fastest: np.ndarray
    departure: np.ndarray
    arrival: np.ndarray
    door: np.ndarray
    access: np.ndarray
    wait: np.ndarray
    id: np.ndarray

    def in_order(self) -> np.ndarray:
        """Return the groups in the order of their ids."""
        return np.argsort(self.id)


def route_figures(case: RoutingCase, result: RoutingResult) -> RouteFigures:
    """Return the figures of each distinct route between two places."""
    first, group = route_groups(case, result)
    count, problem = len(first), result.problem
    vehicles = np.bincount(group, minlength=count)
    leave, there = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(leave, group, problem.departure)
    np.maximum.at(there, group, result.arrival)
    route = result.routes.of_trip[first]
    return RouteFigures(
        first=first,
        vehicles=vehicles,
        people=np.bincount(group, weights=problem.people, minlength=count),
        length=result.routes.sums(problem.length)[route],
        free_flow=result.routes.sums(problem.cost.free_flow)[route],
        travel=np.bincount(group, weights=result.travel, minlength=count) / np.maximum(vehicles, 1),
        fastest=np.bincount(group, weights=result.fastest, minlength=count) / np.maximum(vehicles, 1),
        departure=leave,
        arrival=there,
        door=case.door_of_routes(result)[first],
        access=np.bincount(group, weights=case.access(result), minlength=count) / np.maximum(vehicles, 1),
        wait=np.bincount(group, weights=result.entered() - problem.departure, minlength=count)
        / np.maximum(vehicles, 1),
        id=route_ids(vehicles),
    )


def route_ids(vehicles: np.ndarray) -> np.ndarray:
    """Return the ids of groups (g,) of so many vehicles: from 1, most vehicles first."""
    ids = np.empty(len(vehicles), dtype=np.int64)
    ids[np.argsort(-vehicles, kind="stable")] = np.arange(1, len(vehicles) + 1)
    return ids


def output_paths(case: RoutingCase, result: RoutingResult) -> Paths:
    """Return a path for each row of OUTPUT that drives any road, under its ``route_id``."""
    first, group = route_groups(case, result)
    whole = paths_of(case.read.network, result)
    path = whole.route[first]
    driven = path != NO_PATH
    path = path[driven]
    sizes = np.diff(whole.indptr)[path]
    arcs = rows_at(whole.indptr[path], sizes, whole.arcs)
    number = np.where(driven, np.cumsum(driven) - 1, NO_PATH)[group]
    ids = route_ids(np.bincount(group, minlength=len(first)))[driven]
    return Paths(ids, np.r_[0, np.cumsum(sizes)].astype(np.int64), arcs, np.full(len(group), NO_PATH), number)


def planned_vehicle_rows(case: RoutingCase, result: RoutingResult) -> Iterator[Row]:
    """Yield the vehicles of the plan (OUTPUT_VEHICLES)."""
    vehicles = plan_rows.vehicles_of(case, result, order_seconds(case.rows, case.start))
    yield from plan_rows.vehicle_rows(vehicles, output_paths(case, result))


def planned_path_rows(case: RoutingCase, result: RoutingResult) -> Iterator[Row]:
    """Yield what they drive (OUTPUT_PATHS)."""
    yield from plan_rows.path_rows(case.read.network, output_paths(case, result))


def route_rows(
    case: RoutingCase, result: RoutingResult, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[Row]:
    """Yield each distinct route between two places with its vehicles; within one place the line has no length."""
    routes, network, row_of = route_figures(case, result), case.read.network, case.routed_row(result)
    order = routes.in_order()
    first = routes.first[order]
    queue = result.queue is not None
    drawn = (network.path_xy(result.routes.route(r)) for r in result.routes.of_trip[first].tolist())
    at = network.node_xy[result.problem.source[first]]
    vertices = (xy if len(xy) else np.array([here, here]) for xy, here in zip(drawn, at))
    for k, shape in zip(order.tolist(), lines_in(case.read, vertices, target, context)):
        row = int(row_of[routes.first[k]])
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
                int(routes.id[k]),
                float(routes.wait[k]) if queue else None,
                streets_of(case.read, result.routes.route(int(result.routes.of_trip[routes.first[k]]))),
            ],
        )


def road_rows(found: RoutedCase, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> Iterator[Row]:
    """Yield each used arc, drawn in the direction of travel."""
    case, use = found.case, found.use
    network, free = case.read.network, found.result.problem.cost.free_flow
    used = use.arc.tolist()
    shapes = arcs_geometries(case.read, ([arc] for arc in used), target, context)
    for k, (arc, shape) in enumerate(zip(used, shapes)):
        yield (
            shape,
            [
                network.arc_road(arc),
                "forward" if network.forward[arc] else "backward",
                int(use.vehicles[k]),
                int(use.peak[k]),
                case.start.value(float(use.peak_time[k])),
                float(free[arc]),
                float(use.mean[k]),
                float(use.delay[k]),
                *_queued(found, k),
            ],
        )


def _queued(found: RoutedCase, k: int) -> list[Any]:
    """Return what the k-th used arc passes and holds up; nothing where the flow model knows no queues."""
    traffic = found.use.traffic
    if traffic is None:
        return [None] * 5
    return [
        float(found.result.problem.capacity[traffic.arc[k]]),
        int(traffic.peak_flow[k]),
        int(traffic.longest_queue[k]),
        float(traffic.queue_minutes[k]),
        float(traffic.blocked_minutes[k]),
    ]


def clearance_rows(case: RoutingCase, curve: Clearance) -> Iterator[Row]:
    """Yield the clearance curve, a row for each moment."""
    for k, second in enumerate(curve.seconds.tolist()):
        inside = None if curve.in_hazard is None else int(curve.in_hazard[k])
        counts = [int(values[k]) for values in (curve.waiting, curve.departed, curve.arrived, curve.on_road)]
        yield None, [case.start.value(second), second, *counts, inside, curve.staying]


def unrouted_rows(case: RoutingCase, result: RoutingResult) -> Iterator[Row]:
    """Yield each row of the trips that has no route, as a straight line, with the reason."""
    rows = case.rows
    reasons = dict(case.unjoined)
    for k in case.unreachable_rows(result):
        reasons[k] = f"{rows.destination[k] or 'the destination'} {OUTLET}"
    for k in sorted(reasons):
        people = int(rows.people[k])
        vehicles = int(vehicles_of(rows.people[k], rows.occupancy[k]))
        shape = None
        if np.isfinite(rows.first[k]).all() and np.isfinite(rows.last[k]).all():
            shape = QgsGeometry.fromPolylineXY([QgsPointXY(*rows.first[k]), QgsPointXY(*rows.last[k])])
        yield shape, [rows.origin[k], rows.destination[k], people, vehicles, reasons[k]]


def unrouted_people(case: RoutingCase, result: RoutingResult) -> int:
    """Return the people of all rows without a route."""
    return int(case.rows.people[case.without_route(result)].sum())


def access_minutes(case: RoutingCase, result: RoutingResult, share: float) -> float | None:
    """Return the minutes of access within which this share of the people is; None for nobody."""
    people = result.problem.people
    if not len(people):
        return None
    minutes = case.access(result) / case.access_speed / 60.0
    order = np.argsort(minutes, kind="stable")
    reached = np.cumsum(people[order])
    return float(minutes[order][min(np.searchsorted(reached, share * reached[-1] - 1e-9), len(order) - 1)])
