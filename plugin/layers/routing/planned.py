"""A routed case as the plan that its two tables hold: everybody who has a way, whether he arrives or is caught.

Who is caught stays on his road and blocks it, so a plan without him would not have the same moments. His row has no
arrival; without a path he has none that arrives in time and stays where he is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...solvers.routing.result import RoutingResult
from . import plan_rows
from .case import RoutingCase
from .plan_rows import NO_PATH, Paths, PlannedVehicles, Row, vehicles_together
from .route_rows import output_paths
from .trips import order_seconds


def planned(case: RoutingCase, result: RoutingResult) -> tuple[PlannedVehicles, Paths]:
    """Return the vehicles, numbered from 0 in the order in which ties are broken, and what they drive."""
    told = order_seconds(case.rows, case.start)
    vehicles, paths, lost = plan_rows.vehicles_of(case, result, told), output_paths(case, result), result.caught
    if not len(lost.trip):
        return vehicles, paths
    number = np.argsort(np.r_[result.routed, lost.trip], kind="stable")
    routes, real = lost.routes, case.read.network.is_road[lost.routes.arcs]
    size = np.diff(np.r_[0, np.cumsum(real)][routes.indptr])
    drives = size > 0
    own = np.where(drives, len(paths.ids) + np.cumsum(drives) - 1, NO_PATH)[routes.of_trip]
    first = int(paths.ids.max(initial=0)) + 1
    both = Paths(
        np.r_[paths.ids, first + np.arange(int(drives.sum()))],
        np.r_[paths.indptr, paths.indptr[-1] + np.cumsum(size[drives])],
        np.r_[paths.arcs, routes.arcs[real]],
        np.r_[paths.start, np.full(len(own), NO_PATH)][number],
        np.r_[paths.route, own][number],
    )
    everybody = vehicles_together(vehicles, _lost_vehicles(case, result, told), number)
    return everybody._replace(vehicle=np.arange(len(number))), both


def _lost_vehicles(case: RoutingCase, result: RoutingResult, told: np.ndarray) -> PlannedVehicles:
    """Return the caught as vehicles."""
    lost, never = result.caught, np.full(len(result.caught.trip), np.nan)
    row = case.row[lost.trip]
    entered = never.copy()
    moved = np.diff(lost.schedule.indptr) > 0
    entered[moved] = lost.schedule.entry[lost.schedule.indptr[:-1][moved]]
    few = row.tolist()
    return PlannedVehicles(
        np.arange(len(row)), [case.rows.origin[k] for k in few], [case.rows.destination[k] for k in few],
        np.r_[case.doors.number, 0][case.doors_by(lost.routes, row)], [case.rows.mode_of(k) for k in few], lost.people,
        told[row], case.problem.departure[lost.trip], entered, never,
    )  # fmt: skip


def planned_vehicle_rows(case: RoutingCase, result: RoutingResult) -> Iterator[Row]:
    """Yield the vehicles of the plan (OUTPUT_VEHICLES)."""
    yield from plan_rows.vehicle_rows(*planned(case, result))


def planned_path_rows(case: RoutingCase, result: RoutingResult) -> Iterator[Row]:
    """Yield what they drive (OUTPUT_PATHS)."""
    yield from plan_rows.path_rows(case.read.network, planned(case, result)[1])
