"""A plan as two tables, vehicles (OUTPUT_VEHICLES) and the paths they drive (OUTPUT_PATHS); :mod:`.plan` reads them.

A vehicle drives the path ``start_path``, where it has one, then the path ``route_id``; one that starts at a door of its
destination has neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.stretches import BACKWARD, FORWARD, stretches_of
from ...solvers.routing.queue.network import SECOND, microseconds
from ...solvers.routing.result import RoutingResult
from ..fields import Column
from .case import RoutingCase

NO_PATH = -1

VEHICLES = [
    Column("vehicle", "int", "number of the vehicle; of equal claims the lower number goes first"),
    Column("origin_id", "text", "where it starts"),
    Column("destination_id", "text", "where it goes"),
    Column("door", "int", "door of the destination, from 1; empty for one that starts at a door"),
    Column("mode", "text", "how its people travel"),
    Column("people", "int", "people in it"),
    Column("order_s", "float", "when their order to leave comes, s from t = 0; empty where the departure is given"),
    Column("departure_s", "float", "departure, s from t = 0"),
    Column("entered_s", "float", "when it enters its first road, s from t = 0"),
    Column("arrival_s", "float", "arrival, s from t = 0; empty for who is caught"),
    Column("start_path", "int", "route_id in OUTPUT_PATHS of what it drives before its route; empty for nothing"),
    Column(
        "route_id",
        "int",
        "its route in OUTPUT_PATHS; empty for one that starts at a door, or has no way that arrives in time and stays",
    ),
]
PATHS = [
    Column("route_id", "int", "the path"),
    Column("sequence", "int", "place of the stretch on the path, from 1"),
    Column("road_id", "text", "road"),
    Column("direction", "text", "forward: as the road is drawn; backward: against it"),
    Column("from_m", "float", "where the stretch begins: metres along the road as drawn"),
    Column("to_m", "float", "where it ends, likewise; less than from_m where the road is driven backward"),
]

Row = tuple[None, list[Any]]


class Paths(NamedTuple):
    """The paths of a plan, and who drives which.

    Attributes
    ----------
    ids : (p,) int64
        The ``route_id`` of each path.
    indptr : (p + 1,) int64, arcs : (k,) int
        Path j drives ``arcs[indptr[j]:indptr[j + 1]]``, connectors included or not.
    start, route : (t,) int64
        Number (not id) of the path that each vehicle drives first, and of its route; NO_PATH for none.
    """

    ids: np.ndarray
    indptr: np.ndarray
    arcs: np.ndarray
    start: np.ndarray
    route: np.ndarray


class PlannedVehicles(NamedTuple):
    """The vehicles of a plan, (t,) each; columns as in VEHICLES, seconds not a number where they are not known."""

    vehicle: np.ndarray
    origin: list[str]
    destination: list[str]
    door: np.ndarray  # from 1, 0 for none
    mode: list[str]
    people: np.ndarray
    order: np.ndarray
    departure: np.ndarray
    entered: np.ndarray
    arrival: np.ndarray


def vehicles_together(one: PlannedVehicles, other: PlannedVehicles, order: np.ndarray) -> PlannedVehicles:
    """Return the vehicles of both, one after the other, in the ``order`` (t,)."""
    columns = []
    for mine, theirs in zip(one, other):
        if isinstance(mine, list):
            both = [*mine, *theirs]
            columns.append([both[k] for k in order.tolist()])
        else:
            columns.append(np.concatenate([mine, theirs])[order])
    return PlannedVehicles(*columns)


def vehicles_of(case: RoutingCase, result: RoutingResult, order: np.ndarray | None = None) -> PlannedVehicles:
    """Return the vehicles that arrive, numbered from 0 by departure.

    Parameters
    ----------
    order : (rows,) float64, optional
        Seconds at which the order of each row comes, not a number for one whose departure is given.
    """
    row, count = case.routed_row(result), result.problem.trips
    door = case.door_of_routes(result)
    own = np.r_[case.doors.number, 0][door]  # the last, 0, for door -1
    told = np.full(count, np.nan) if order is None else order[row]
    few = row.tolist()
    return PlannedVehicles(
        np.arange(count), [case.rows.origin[k] for k in few], [case.rows.destination[k] for k in few], own,
        [case.rows.mode_of(k) for k in few], result.problem.people, told, result.problem.departure, result.entered(),
        result.arrival,
    )  # fmt: skip


def vehicle_rows(vehicles: PlannedVehicles, paths: Paths) -> Iterator[Row]:
    """Yield a row for each vehicle. Times are whole microseconds, which every format keeps."""
    columns = [_seconds(values) for values in vehicles[6:]]
    start, route = _ids(paths, paths.start), _ids(paths, paths.route)
    rows = zip(
        vehicles.vehicle.tolist(), vehicles.origin, vehicles.destination,
        [d or None for d in vehicles.door.tolist()], vehicles.mode, np.rint(vehicles.people).astype(int).tolist(),
        *columns, start, route,
    )  # fmt: skip
    for row in rows:
        yield None, list(row)


def path_rows(network: RoadNetwork, paths: Paths) -> Iterator[Row]:
    """Yield a row for each piece of road of each path."""
    real = network.is_road[paths.arcs]
    path = np.repeat(np.arange(len(paths.ids)), np.diff(paths.indptr))[real]
    stretches = stretches_of(network, paths.arcs[real])
    first = np.searchsorted(path, path)
    for route, place, road, forward, start, stop in zip(
        paths.ids[path].tolist(), (np.arange(len(path)) - first + 1).tolist(), stretches.road,
        stretches.forward.tolist(), stretches.start.tolist(), stretches.stop.tolist(),
    ):  # fmt: skip
        yield None, [route, place, road, FORWARD if forward else BACKWARD, start, stop]


def _seconds(values: np.ndarray) -> list[float | None]:
    known = np.isfinite(values)
    whole = microseconds(np.where(known, values, 0.0)) / SECOND
    return [value if there else None for value, there in zip(whole.tolist(), known.tolist())]


def _ids(paths: Paths, number: np.ndarray) -> list[int | None]:
    ids = paths.ids.tolist()
    return [None if k == NO_PATH else ids[k] for k in number.tolist()]
