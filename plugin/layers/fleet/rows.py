"""Tours, stops, who was not served, and periods, as layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsProcessingContext, QgsWkbTypes

from ...solvers.fleet.arrays import CERTAIN, MILLISECONDS
from ...solvers.fleet.carrying_out import REQUEST, Stop, Tour
from ..fields import Column
from ..roads.route_geometry import lines_in, points_in
from ..transforming import transform_vertices
from ..writing import OutputLayer
from .dispatched import MINUTE, Dispatched, fetched

DEPOT, SHELTER = "start", "shelter"
TOURS = [
    Column("vehicle", "text", "vehicle"),
    Column("fleet_id", "text", "depot of the vehicle"),
    Column("tour", "int", "tours of the vehicle, counted from 1"),
    Column("period", "int", "period in which it starts, counted from 1"),
    Column("start", "datetime", "when it starts"),
    Column("end", "datetime", "when it reaches the shelter"),
    Column("start_minute", "float", "when it starts, minutes after the start time"),
    Column("end_minute", "float", "when it reaches the shelter, minutes after the start time"),
    Column("requests", "int", "requests at which it stops"),
    Column("people", "int", "people brought to the shelter"),
    Column("wheelchairs", "int", "wheelchairs of these"),
    Column("shelter_id", "text", "shelter"),
    Column("planned_shelter_id", "text", "shelter of the plan, where the way to that was cut off; else empty"),
    Column("driving", "float", "minutes of driving, on empty roads"),
    Column("length_m", "float", "metres along the road"),
    Column("waiting", "float", "person-minutes until aboard, of those whom it fetches"),
    Column("idle", "float", "minutes that the vehicle had stood after its last tour until the next period began"),
]
STOPS = [
    Column("vehicle", "text", "vehicle"),
    Column("tour", "int", "tours of the vehicle, counted from 1"),
    Column("sequence", "int", "stops of the tour, counted from 0, where it starts"),
    Column("kind", "text", "start, request or shelter"),
    Column("place", "text", "id of the request or shelter; where a tour starts, of the depot or of the last shelter"),
    Column("arrival", "datetime", "when the vehicle comes; empty where the tour starts"),
    Column("departure", "datetime", "when everybody is in or out"),
    Column("on", "int", "people who get in"),
    Column("off", "int", "people who get out"),
    Column("load", "int", "people aboard afterwards"),
    Column("wheelchairs", "int", "wheelchairs of those who get in or out"),
    Column("arrival_minute", "float", "when the vehicle comes, minutes after the start time"),
    Column("departure_minute", "float", "when everybody is in or out, minutes after the start time"),
    Column("waiting", "float", "person-minutes that those who get in have waited"),
]
UNSERVED = [
    Column("request_id", "text", "request"),
    Column("people", "int", "people who were not served"),
    Column("reason", "text", "why"),
]
PERIODS = [
    Column("period", "int", "period, counted from 1"),
    Column("begin", "datetime", "when it begins and its plan is made"),
    Column("begin_minute", "float", "the same in minutes after the start time"),
    Column("news", "int", "people who have become known since the plan before"),
    Column("known", "int", "people of the plan: known, not fetched yet, ready within the periods looked ahead"),
    Column("expected", "int", "people of the plan who are expected only"),
    Column("left_out", "int", "people for whom the plan has no tour"),
    Column(
        "planned_waiting", "float", "person-minutes of waiting in the plan, of expected people by their probability"
    ),
    Column("tours", "int", "tours that start in the period"),
    Column("fetched", "int", "people whom these bring to shelters"),
    Column("best", "int", "1 where no better plan exists for what was known (all plans tried), else 0"),
]


def tours_layer(found: Dispatched, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> OutputLayer:
    """Return each tour as a line along its roads."""
    rows = _tour_rows(found, target, context)
    return OutputLayer(TOURS, rows, QgsWkbTypes.Type.LineString, target, "dispatchfleet_output")


def _tour_rows(
    found: Dispatched, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    case, tours = found.case, found.rolling.tours
    vertices = (_line(found, k) for k in range(len(tours)))
    for k, shape in enumerate(lines_in(case.read, vertices, target, context)):
        tour = tours[k]
        last = tour.stops[-1]
        requests, wheels, waiting = fetched(tour)
        planned = None if tour.planned_shelter == last.shelter else case.shelter_ids[tour.planned_shelter]
        yield (
            shape,
            [
                *_named(found, k), found.number[k], tour.period + 1, _clock(found, tour.start),
                _clock(found, last.arrival), _minute(tour.start), _minute(last.arrival), requests, tour.people, wheels,
                case.shelter_ids[last.shelter], planned, _minute(tour.driven), round(found.metres(k), 1),
                round(waiting, 3), _minute(tour.idle),
            ],
        )  # fmt: skip


def _line(found: Dispatched, k: int) -> np.ndarray:
    """Return the vertices of a tour; one that never leaves its place is a line without length there."""
    network = found.case.read.network
    xy = network.path_xy(np.concatenate(found.ways[k]))
    at = found.case.xy[found.rolling.tours[k].origin]
    return xy if len(xy) else np.array([at, at])


def _named(found: Dispatched, k: int) -> list[str]:
    case, v = found.case, found.rolling.tours[k].vehicle
    return [case.vehicles[v], case.sources.depots.places.ids[int(case.depot[v])]]


def _minute(milliseconds: int) -> float:
    return round(milliseconds / MINUTE, 4)


def _clock(found: Dispatched, milliseconds: int) -> Any:
    return found.case.start.value(milliseconds / MILLISECONDS)


def stops_layer(found: Dispatched, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> OutputLayer:
    """Return where each tour starts and stops, each at its place on the road."""
    case, rows = found.case, list(_stop_rows(found))
    xy = [tuple(case.xy[place].tolist()) for place, _ in rows]
    shapes = points_in(case.read, xy, target, context)
    pairs = ((shape, values) for shape, (_, values) in zip(shapes, rows))
    return OutputLayer(STOPS, pairs, QgsWkbTypes.Type.Point, target, "dispatchfleet_output_stops")


def _stop_rows(found: Dispatched) -> Iterator[tuple[int, list[Any]]]:
    case, before = found.case, dict[int, str]()
    for k, tour in enumerate(found.rolling.tours):
        vehicle, depot = _named(found, k)
        head = [vehicle, found.number[k]]
        place = before.get(tour.vehicle, depot)
        yield (
            tour.origin,
            [*head, 0, DEPOT, place, None, _clock(found, tour.start), 0, 0, 0, 0, None, _minute(tour.start), 0.0],
        )
        for number, stop in enumerate(tour.stops, 1):
            yield stop.place, [*head, number, *_stop_values(found, tour, stop)]
        before[tour.vehicle] = case.shelter_ids[tour.stops[-1].shelter]


def _stop_values(found: Dispatched, tour: Tour, stop: Stop) -> list[Any]:
    picks = stop.kind == REQUEST
    case = found.case
    name = case.sources.requests.places.ids[stop.request] if picks else case.shelter_ids[stop.shelter]
    return [
        REQUEST if picks else SHELTER, name, _clock(found, stop.arrival), _clock(found, stop.departure), stop.on,
        stop.off, stop.load, stop.wheels, _minute(stop.arrival), _minute(stop.departure),
        round(stop.waited / MINUTE, 3),
    ]  # fmt: skip


def unserved_layer(
    found: Dispatched, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> OutputLayer:
    """Return who was not served, each at the request's own place."""
    places = found.case.sources.requests.places
    xy = transform_vertices(places.xy, places.crs, target, context.transformContext())
    rows = []
    for row in found.unserved:
        shape = None
        if row.request >= 0 and np.isfinite(xy[row.request]).all():
            x, y = xy[row.request].tolist()
            shape = QgsGeometry.fromPointXY(QgsPointXY(x, y))
        rows.append((shape, [row.key, row.people, row.why]))
    return OutputLayer(UNSERVED, rows, QgsWkbTypes.Type.Point, target, "dispatchfleet_output_unserved")


def periods_layer(found: Dispatched) -> OutputLayer:
    """Return the periods in which a plan was made, as a table."""
    rows: list[tuple[None, list[Any]]] = [
        (
            None,
            [
                each.number + 1, _clock(found, each.begin), _minute(each.begin), each.news, each.waiting, each.expected,
                each.left_out, round(each.planned.waiting / CERTAIN / MINUTE, 3), each.tours, each.fetched,
                int(each.proved),
            ],
        )
        for each in found.rolling.periods
    ]  # fmt: skip
    return OutputLayer(PERIODS, rows)
