"""Roads, clearance and what could not be routed as rows of layers; :mod:`.route_rows` has the routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsProcessingContext

from ...solvers.roads.network import RoadNetwork
from ...solvers.routing.capacity_floor import CapacityFloor
from ...solvers.routing.clearance import Clearance
from ...solvers.routing.result import RoutingResult
from ...solvers.routing.road_use import RoadUse
from ...solvers.routing.shared.vehicles import vehicles_of
from ..fields import Column
from ..roads.route_geometry import arcs_geometries
from .case import RoutingCase
from .mode_rows import ALL, ModeFigures, arc_modes

Row = tuple[Optional[QgsGeometry], list[Any]]

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
    Column("inbound_free", "int", "1 where the other direction is open and no evacuee uses it: a way in, else 0"),
    Column("first_entry", "datetime", "when the first vehicle enters"),
    Column("last_exit", "datetime", "when the last vehicle leaves; empty where one stays"),
]
CLEARANCE = [
    Column("time", "datetime", "date and time"),
    Column("seconds", "float", "s from t = 0"),
    Column("waiting", "int", "people whose departure has come but who are not yet on the road"),
    Column("departed", "int", "people who have entered their first road"),
    Column("arrived", "int", "people who have arrived"),
    Column("on_road", "int", "people on the road"),
    Column("caught", "int", "people who have been caught; they count in none of the others from then on but departed"),
    Column(
        "in_hazard",
        "int",
        "people inside the area that the hazard ever reaches, or its buffer, not caught, those "
        "without a route counted; empty without a hazard",
    ),
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
    modes: tuple[ModeFigures, ...] = ()


def road_rows(found: RoutedCase, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> Iterator[Row]:
    """Yield each used arc, drawn in the direction of travel."""
    case, use = found.case, found.use
    network, free = case.read.network, found.result.problem.cost.free_flow
    used = use.arc.tolist()
    free_in = _inbound_free(network, use.arc)
    shapes = arcs_geometries(case.read, ([arc] for arc in used), target, context)
    modes = arc_modes(case, found.result, use.arc)
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
                int(free_in[k]),
                case.start.value(float(use.first[k])),
                case.start.value(float(use.last[k])),
                *case.told(modes[k]),
            ],
        )


def _inbound_free(network: RoadNetwork, used: np.ndarray) -> np.ndarray:
    """Return where (u,) the other direction of a used arc exists and is not used."""
    key = network.piece * 2 + network.forward
    opposite = network.piece[used] * 2 + ~network.forward[used]
    there = np.isin(opposite, key[network.is_road])
    return there & ~np.isin(opposite, key[used])


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


def _curves(curve: Clearance) -> tuple[np.ndarray, ...]:
    return curve.waiting, curve.departed, curve.arrived, curve.on_road, curve.caught


def clearance_rows(found: RoutedCase) -> Iterator[Row]:
    """Yield the clearance curve, a row for each moment; then that of each mode, where several occur."""
    case = found.case
    by_mode = [(each.mode, each.curve) for each in found.modes if each.curve is not None]
    for mode, curve in [(ALL, found.curve), *by_mode]:
        for k, second in enumerate(curve.seconds.tolist()):
            inside = None if curve.in_hazard is None else int(curve.in_hazard[k])
            counts = [int(values[k]) for values in _curves(curve)]
            yield None, [case.start.value(second), second, *counts, inside, curve.staying, *case.told(mode)]


def unrouted_rows(case: RoutingCase, result: RoutingResult) -> Iterator[Row]:
    """Yield each row of the trips that has no route, as a straight line, with the reason."""
    rows = case.rows
    reasons = dict(case.unjoined)
    for k, why in case.cut_off(result).items():
        reasons[k] = f"{rows.destination[k] or 'the destination'} {why}"
    for k in sorted(reasons):
        people = int(rows.people[k])
        vehicles = int(vehicles_of(rows.people[k], rows.occupancy[k]))
        shape = None
        if np.isfinite(rows.first[k]).all() and np.isfinite(rows.last[k]).all():
            shape = QgsGeometry.fromPolylineXY([QgsPointXY(*rows.first[k]), QgsPointXY(*rows.last[k])])
        yield shape, [rows.origin[k], rows.destination[k], people, vehicles, reasons[k], *case.told(rows.mode_of(k))]


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
