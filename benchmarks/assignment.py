"""Time the static assignment: certified gap against wall and CPU time, and published user equilibria.

Run with the project's Python: ``.venv/bin/python benchmarks/assignment.py [--draws N] [--threads K] [CASE ...]`` with
cases among county, newyork, million and equilibrium (all by default). Times follow a warm-up on a small network, the
compile time of which is stated apart. Rows whose data (``../shared``) is missing are left out, and that is said.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins"), str(SHARED / "cases")]

import numpy as np

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import NORMAL, Effort
from evacuation_planner.plugin.solvers.routing.cumulative.cost import ArcCost
from evacuation_planner.plugin.solvers.routing.cumulative.problem import AssignmentProblem
from evacuation_planner.plugin.solvers.routing.cumulative.result import AssignmentResult
from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve
from tests.solvers import tntp
from tests.solvers.assignment_cases import grid

ALPHA = 0.02
HEADER = ("case", "draw", "target gap %", "gap %", "of which rounding %", "reduction %", "wall s", "CPU s", "sweeps")


def timed(function, *arguments, **options) -> tuple[AssignmentResult, float, float]:
    """Return the result with the wall and the CPU seconds that it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = function(*arguments, **options)
    return result, time.perf_counter() - wall, time.process_time() - cpu


def linear_problem(net, trips, alpha: float) -> AssignmentProblem:
    """Return the problem of a road network with linear cost."""
    cost = ArcCost.linear(net.free_flow, alpha)
    return AssignmentProblem(net.tail, net.head, cost, trips.source, trips.destination, nodes=len(net.xy))


def individual_time(net, trips, alpha: float) -> float:
    """Return the total time when every trip takes its free-flow fastest way."""
    alone = solve(linear_problem(net, trips, 0.0))
    return float((alone.flow * net.free_flow * (1.0 + alpha * alone.flow)).sum())


def road_rows(
    name: str, label: str, draws: range, trips: int, places: int, alpha: float, gaps: list[float], threads: int
) -> Iterator[tuple]:
    """Yield a row for each draw and target gap of a road network with linear cost."""
    import routing_cases

    net = routing_cases.network(name)
    for draw in draws:
        case = routing_cases.county(net, draw, trips, places)
        individual = individual_time(net, case, alpha)
        for gap in gaps:
            result, wall, cpu = timed(
                solve, linear_problem(net, case, alpha), target_gap=gap, control=Control(effort=Effort(NORMAL, 120.0)),
                threads=threads,
            )  # fmt: skip
            rounding = 100.0 * (result.value - result.fractional_value) / result.lower_bound
            reduction = 100.0 * (1.0 - result.value / individual)
            yield (
                label, draw, gap, f"{result.gap:.3f}", f"{rounding:.3f}", f"{reduction:.1f}", f"{wall:.2f}",
                f"{cpu:.2f}", result.iterations,
            )  # fmt: skip


def equilibrium_rows(threads: int) -> Iterator[tuple]:
    """Yield a row for each published user equilibrium; the reduction column holds the excess over the best known."""
    for name, best in tntp.BEST_KNOWN.items():
        case = tntp.read(name)
        cost = ArcCost.bpr(case.free_flow, case.capacity, case.b, case.power)
        problem = AssignmentProblem(
            case.tail, case.head, cost, case.source, case.destination, demand=case.demand, nodes=case.nodes
        )
        for gap in (1e-2, 1e-4):
            result, wall, cpu = timed(solve, problem, objective="user", integer=False, target_gap=gap, threads=threads)
            excess = result.value / best - 1.0
            yield (
                name,
                "",
                gap,
                f"{result.gap:.5f}",
                f"above best known: {excess:.1e}",
                "",
                f"{wall:.3f}",
                f"{cpu:.3f}",
                (result.iterations),
            )


def warm_up() -> float:
    """Compile or load every kernel on a small network; return the seconds."""
    start = time.perf_counter()
    for bpr in (False, True):
        case = grid(6, 40, 3, seed=0, bpr=bpr)
        solve(case.problem(background=None), target_gap=0.1)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=["county", "newyork", "million", "equilibrium"])
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}")
    print(f"{options.threads} threads; loading and compiling took {warm_up():.1f} s\n")
    if not (SHARED / "cases" / "routing_cases.py").is_file():
        print("The cases of ../shared are not here: nothing to measure.")
        return
    draws, threads = range(options.draws), options.threads
    sources = {
        "county": lambda: road_rows("TG", "TG county 10,000", draws, 10_000, 60, ALPHA, [3.0, 2.0, 1.0, 0.1], threads),
        "newyork": lambda: road_rows("NYC", "NYC 10,000", range(1), 10_000, 61, ALPHA, [2.0], threads),
        "million": lambda: road_rows("TG", "TG 1,000,000", range(1), 1_000_000, 60, ALPHA / 100, [2.0], threads),
        "equilibrium": lambda: equilibrium_rows(threads),
    }
    print("| " + " | ".join(HEADER) + " |\n|" + "---|" * len(HEADER))
    for case in options.cases:
        for row in sources[case]():
            print("| " + " | ".join(str(value) for value in row) + " |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"\nPeak memory {peak:.2f} GB.")


if __name__ == "__main__":
    main()
