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
from ...solvers.routing.shared.vehicles import vehicles_of
from ..fields import Column
from ..roads.route_geometry import arcs_geometries, lines_in
from .case import OUTLET, RoutingCase

Row = tuple[Optional[QgsGeometry], list[Any]]

ROUTES = [
    Column("origin_id", "text", "where the trips start"),
    Column("destination_id", "text", "where they go"),
    Column("people", "int", "people on this route"),
    Column("vehicles", "int", "vehicles on this route"),
    Column("length_m", "float", "length, m"),
    Column("free_flow_s", "float", "travel time of this route on empty roads, s"),
    Column("travel_time_s", "float", "mean travel time of the vehicles, s"),
    Column("detour", "float", "mean travel time over the least possible time from origin to destination"),
    Column("first_departure", "datetime", "first departure"),
    Column("last_arrival", "datetime", "last arrival"),
    Column("first_departure_s", "float", "first departure, s from t = 0"),
    Column("last_arrival_s", "float", "last arrival, s from t = 0"),
    Column("door", "int", "door of the destination, from 1; empty for those who start at one"),
    Column("access_m", "float", "straight way between places and road, both ends together, m; not in length_m"),
    Column("access_minutes", "float", "the same in minutes, at ACCESS_SPEED; not in travel_time_s"),
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
]
CLEARANCE = [
    Column("time", "datetime", "date and time"),
    Column("seconds", "float", "s from t = 0"),
    Column("departed", "int", "people who have left"),
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
    )


def route_rows(
    case: RoutingCase, result: RoutingResult, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[Row]:
    """Yield each distinct route between two places with its vehicles; within one place the line has no length."""
    routes, network, row_of = route_figures(case, result), case.read.network, case.routed_row(result)
    order = np.argsort(-routes.vehicles, kind="stable")
    first = routes.first[order]
    drawn = (network.path_xy(result.routes.route(r)) for r in result.routes.of_trip[first].tolist())
    at = network.node_xy[result.problem.source[first]]
    vertices = (xy if len(xy) else np.array([here, here]) for xy, here in zip(drawn, at))
    for k, shape in zip(order.tolist(), lines_in(case.read, vertices, target, context)):
        row = int(row_of[routes.first[k]])
        travel, fastest = float(routes.travel[k]), float(routes.fastest[k])
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
                max(travel / fastest, 1.0) if fastest > 0 else 1.0,
                case.start.value(leave),
                case.start.value(there),
                leave,
                there,
                int(case.doors.number[routes.door[k]]) if routes.door[k] >= 0 else None,
                float(routes.access[k]),
                float(routes.access[k]) / case.access_speed / 60.0,
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
            ],
        )


def clearance_rows(case: RoutingCase, curve: Clearance) -> Iterator[Row]:
    """Yield the clearance curve, a row for each moment."""
    for k, second in enumerate(curve.seconds.tolist()):
        inside = None if curve.in_hazard is None else int(curve.in_hazard[k])
        counts = [int(values[k]) for values in (curve.departed, curve.arrived, curve.on_road)]
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
