"""Plans under `queue` on the sample city's arrays: drivers with navigation, system optimal with and without a limit."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "build" / "plugins")) if path not in sys.path]

import numpy as np

from benchmarks import cases
from benchmarks.measuring import FULL, timed
from benchmarks.queues import sample_arrays
from benchmarks.table import Table, outcome, seconds
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import NORMAL, THOROUGH, Effort
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND
from evacuation_planner.plugin.solvers.routing.result import RoutingResult
from evacuation_planner.plugin.solvers.routing.shared.choices import MAX_ROUTES
from evacuation_planner.plugin.solvers.routing.solve import solve

HEADER = (
    "capacity of a lane", "effort", "limit on ways", "vehicle-hours", "without the limit", "ways", "navigation",
    "shortest ways", "bound", "gap %", "all arrived min", "target", "wall s", "CPU s", "outcome",
)  # fmt: skip
LIMIT = 60.0  # CPU s at EFFORT 1, without certificate
TARGETS = {("900", NORMAL): 15_700, ("class", NORMAL): 22_500, ("900", THOROUGH): 15_500, ("class", THOROUGH): 22_250}
COST_OF_LIMIT = 1.02  # of the plan without one
FEW = 200  # vehicles with which kernels are loaded


def planned(capacity: str, most: int, level: int, certify: bool) -> tuple[RoutingResult, float, float]:
    """Return the plan at a capacity, and wall and CPU seconds, kernels loaded before."""
    problem, roads = sample_arrays(capacity)
    problem = replace(
        problem, capacity=3600.0 * SECOND / np.maximum(roads.headway, 1), storage=roads.room.astype(float)
    )
    with np.load(cases.SHARED / "cases" / "sample_city.npz") as city:
        problem = replace(problem, length=city["length"].astype(float))
    solve(problem.only(np.arange(FEW)), max_routes=most, certify=certify, control=Control(effort=Effort(0)))
    found = timed(solve, problem, max_routes=most, certify=certify, control=Control(effort=Effort(level)), repeats=1)
    return found.result, found.wall, found.cpu


def tables() -> list[Table]:
    """Return the table of this module."""
    table = Table("Plans under `queue`, sample arrays", HEADER)
    if cases.shared_cases() is None:
        table.notes.append("The cases of `../shared` are not here.")
        return [table]
    for level in (NORMAL, THOROUGH) if FULL else (NORMAL,):
        for capacity in ("900", "class"):
            free = None
            for most in (0, MAX_ROUTES):
                certify = level == THOROUGH and not most
                result, wall, cpu = planned(capacity, most, level, certify)
                free = result.total_time if free is None else min(free, result.total_time)
                asked = TARGETS[capacity, level] if not most else COST_OF_LIMIT * free / 3600.0
                limit = LIMIT if level == NORMAL and not most else None
                table.add(*_row(capacity, level, most, result), f"{asked:,.0f}", seconds(wall), seconds(cpu),
                          outcome(result.total_time / 3600.0 <= asked, cpu, cpu, limit))  # fmt: skip
    table.notes.append(
        "With the certificate at EFFORT 2 and no limit only (FULL=1), its time included. *Navigation*: drivers with it "
        "and no plan. Targets: vehicle-hours, with a limit 2 % above the plan without; at EFFORT 1 without a limit "
        f"{LIMIT:g} CPU s, everything included but the certificate. The best plans known take 15,478 and 22,196."
    )
    return [table]


def _row(capacity: str, level: int, most: int, result: RoutingResult) -> list[str]:
    queue = result.queue
    if queue is None or result.unlimited_time is None:
        raise RuntimeError("the plan was not made under queue")
    bound = result.lower_bound
    return [
        capacity, str(level), str(most or "none"), f"{result.total_time / 3600:,.0f}",
        f"{result.unlimited_time / 3600:,.0f}", f"{len(result.ways().pair):,}", f"{queue.informed_time / 3600:,.0f}",
        f"{result.individual_time / 3600:,.0f}", "-" if bound is None else f"{bound / 3600:,.0f}",
        "-" if result.gap is None else f"{result.gap:.1f}", f"{result.arrival.max() / 60:.1f}",
    ]  # fmt: skip
