"""Table 3: the static system optimum in whole vehicles with its certified gap, on a county, a city and at scale.

Run by itself (``python benchmarks/cumulative.py``), it prints the figures of a million trips as JSON; a process of its
own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "build" / "plugins")) if path not in sys.path]

from benchmarks import cases
from benchmarks.measuring import Timed, timed
from benchmarks.table import Table, outcome, seconds
from evacuation_planner.plugin.solvers.routing.cumulative.cost import ArcCost
from evacuation_planner.plugin.solvers.routing.cumulative.problem import AssignmentProblem
from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve

HEADER = (
    "case", "draw", "gap asked %", "gap %", "of which rounding %", "wall s", "CPU s", "reduction %", "its ceiling %",
    "target", "",
)  # fmt: skip
THREADS = 2
COUNTY_TARGETS = ((3.0, 4.0), (1.0, 8.0), (0.1, None))  # gap in percent, seconds


def assign(roads: Any, trips: Any, alpha: float, gap: float, repeats: int = 1) -> Timed:
    """Measure the assignment of whole vehicles down to a gap in percent."""
    cost = ArcCost.linear(roads.free_flow, alpha)
    problem = AssignmentProblem(roads.tail, roads.head, cost, trips.source, trips.destination, nodes=len(roads.xy))
    return timed(solve, problem, target_gap=gap, threads=THREADS, repeats=repeats)


def individual_time(roads: Any, trips: Any, alpha: float) -> float:
    """Return the total time when every trip takes its free-flow fastest way."""
    alone = assign(roads, trips, 0.0, 100.0).result
    return float((alone.flow * roads.free_flow * (1.0 + alpha * alone.flow)).sum())


def gap_rows(table: Table, label: str, draw: int, case: tuple, targets: tuple, alpha: float = cases.ALPHA) -> None:
    """Add a row for every gap asked for; ``targets`` holds (gap, seconds or None) pairs."""
    roads, trips = case
    individual = individual_time(roads, trips, alpha)
    for gap, limit in targets:
        run = assign(roads, trips, alpha, gap)
        result = run.result
        rounding = 100 * (result.value - result.fractional_value) / result.lower_bound
        table.add(
            label, draw, gap, f"{result.gap:.3f}", f"{rounding:.3f}", seconds(run.wall), seconds(run.cpu),
            f"{100 * (1 - result.value / individual):.2f}", f"{100 * (1 - result.lower_bound / individual):.2f}",
            "-" if limit is None else f"{gap:g} % in {limit:g} s",
            "-" if limit is None else outcome(result.gap <= gap, run.wall, run.cpu, limit),
        )  # fmt: skip


def figures_of(run: Timed) -> dict[str, float]:
    """Return the figures of a run, and let go of its routes: they would be in the way of the next one's memory."""
    return {"gap": run.result.gap, "wall": run.wall, "cpu": run.cpu}


def million() -> dict[str, float]:
    """Return the figures of 10,000 and of 1,000,000 trips, both to a gap of 2 %, and the peak memory in GB."""
    import resource

    from benchmarks.kernels import warm_up

    warm_up()
    roads = cases.network("TG")
    draw_trips = cases.shared_cases().county
    figures = {}
    for name, count in (("few", 10_000), ("many", 1_000_000)):
        alpha = cases.ALPHA * 10_000 / count
        trips = draw_trips(roads, 0, count)
        runs = [figures_of(assign(roads, trips, alpha, 2.0)) for _ in range(3)]
        figures |= {f"{name}_{key}": value for key, value in min(runs, key=lambda run: run["wall"]).items()}
    scale = 2**30 if sys.platform == "darwin" else 2**20
    return {**figures, "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale}


def million_table() -> Table:
    """Return the table of a million trips beside ten thousand."""
    header = ("trips", "gap %", "wall s", "CPU s", "times as long", "peak memory GB", "target", "")
    table = Table("A million trips on TG, system optimal under `cumulative`", header)
    table.notes.append(
        "Same roads and destinations, alpha = 0.0002 for the million; both to a gap of 2 %; the "
        "quickest of three runs each."
    )
    run = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True, timeout=600, cwd=ROOT)
    figures = json.loads(run.stdout.splitlines()[-1])
    wall, cpu = (figures[f"many_{kind}"] / figures[f"few_{kind}"] for kind in ("wall", "cpu"))
    reached = figures["many_gap"] <= 2.0 and figures["gigabytes"] < 4.0
    table.add(
        "10,000", f"{figures['few_gap']:.3f}", seconds(figures["few_wall"]), seconds(figures["few_cpu"]), "1", "-",
        "-", "-",
    )  # fmt: skip
    table.add(
        "1,000,000", f"{figures['many_gap']:.3f}", seconds(figures["many_wall"]), seconds(figures["many_cpu"]),
        f"{wall:.1f} (CPU {cpu:.1f})", f"{figures['gigabytes']:.2f}", "2 %, 3 times, 4 GB",
        outcome(reached, wall, cpu, 3.0),
    )  # fmt: skip
    return table


def tables(draws: range = cases.DRAWS) -> list[Table]:
    """Return all tables of this module."""
    table = Table("System optimal under `cumulative`: whole vehicles, certified", HEADER)
    table.notes.append(
        "Linear cost, alpha = 0.02, 10,000 trips. The gap is that of the whole-vehicle routes to the lower bound of "
        "the convex relaxation: no plan of any kind can be better by more. The ceiling is the reduction against the "
        "individual shortest paths that the bound leaves possible. The paper gives 54 % (TG) and 56 % (its New York, "
        "20,000 trips), with no certificate. Each gap is a run of its own from the start, in two threads."
    )
    if cases.shared_cases() is None:
        table.notes.append(cases.ABSENT)
        roads = cases.sample_city()
        trips = connected(roads, cases.city_trips(roads, 0))
        gap_rows(table, "sample city", 0, (roads, trips), ((3.0, None), (1.0, None)))
        return [table]
    draw_trips = cases.shared_cases().county
    county = cases.network("TG")
    for draw in draws:
        gap_rows(table, "TG county, 60 destinations", draw, (county, draw_trips(county, draw)), COUNTY_TARGETS)
    city = cases.network("NYC")
    gap_rows(table, "NYC, 61 destinations", 0, (city, draw_trips(city, 0, destinations=61)), ((2.0, 45.0),))
    return [table, million_table()]


def connected(roads: cases.Roads, trips: cases.Trips) -> cases.Trips:
    """Return the trips whose destination can be reached."""
    lost = assign(roads, trips, 0.0, 100.0).result.unreachable
    keep = [trip for trip in range(len(trips.source)) if trip not in set(lost.tolist())]
    return cases.Trips(trips.source[keep], trips.destination[keep], trips.departure[keep])


if __name__ == "__main__":
    print(json.dumps(million()))
