"""Measure choosing shelters and allocating people: the paper's tables, published instances, size, shortage, the city.

Run with the project's Python: ``.venv/bin/python benchmarks/allocation.py [paper,published,large,shortage,city]``.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]
    sys.path = [path for path in sys.path if Path(path or ".").resolve() != ROOT / "benchmarks"]

import numpy as np

from benchmarks import allocation_cases as cases
from benchmarks.measuring import FULL, alone, timed
from benchmarks.table import MET, MET_BY_CPU, NOT_MET, Table, outcome, seconds
from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.model import COST, build
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import Effort

PEER_LIMIT = 60.0 if FULL else 10.0  # seconds for a plain solver on it
LARGE_GAP, LARGE_SECONDS, LARGE_MEMORY = 0.5, 60.0, 1.5  # percent, seconds, GB
PAPER = (("4", (1.0, 1.0), (3.05, 2.80)), ("5", (0.75, 0.25), (2.65, 3.50)))  # table, weights, Z1 and Z2


def paper() -> Table:
    """Return [E] Tables 4 and 5 by the solver module."""
    header = ("table", "solver", "Z1", "Z2", "Z", "published Z1, Z2", "seconds", "")
    table = Table("Allocation: Tables 4 and 5 of Xu et al.", header)
    for name, weights, expected in PAPER:
        for solver in ("HiGHS", "CBC"):
            problem, objective = cases.paper(*weights)
            run = timed(solve, problem, control=Control(effort=Effort(mip_gap=0.0)), solver=solver)
            z = objective.parts(run.result.people)
            exact = np.allclose(z, expected, atol=1e-9) and run.result.gap is not None and run.result.gap < 1e-6
            table.add(
                f"[E] Table {name}", solver, f"{z[0]:.2f}", f"{z[1]:.2f}", f"{run.result.objective:.4g}",
                f"{expected[0]:.2f}, {expected[1]:.2f}", seconds(run.wall), MET if exact else NOT_MET,
            )  # fmt: skip
    table.notes.append("The same through `qgis_process` is a test: tests/headless/test_tables_4_and_5.py.")
    return table


def _processor() -> float:
    """Return the CPU seconds of this process and of those it started and saw end."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def plain(problem: AllocationProblem, solver: str) -> tuple[float | None, float, float]:
    """Return (objective or None, wall and CPU seconds) of a solver called through PuLP on the same model as ours."""
    import pulp

    begun, cpu = time.perf_counter(), _processor()
    program = build(problem, problem.usable(), COST).program
    if solver == "HiGHS":
        program.solve(pulp.HiGHS(msg=False, gapRel=0.0, timeLimit=PEER_LIMIT))
    else:
        program.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=0.0, timeLimit=PEER_LIMIT))
    spent, cpu = time.perf_counter() - begun, _processor() - cpu
    value = pulp.value(program.objective) if program.sol_status in (1, 2) else None
    return value, spent, cpu


def published(names: tuple[str, ...] = (*cases.GAP, *cases.SSCFLP)) -> Table:
    """Return the published instances beside plain CBC and plain HiGHS on the same model."""
    header = ("instance", "optimum", "ours", "gap %", "ours s", "HiGHS", "HiGHS s", "CBC", "CBC s", "")
    table = Table("Allocation: published instances, generalised assignment and facility location", header)
    if not cases.DATA.is_dir():
        table.notes.append("The instances of `../shared/data/allocation` are not here.")
        return table
    total = {"ours": 0.0, "HiGHS": 0.0, "CBC": 0.0}
    processor = dict(total)
    proved = True
    for name in names:
        problem, optimum = cases.published(name)
        run = timed(solve, problem, control=Control(effort=Effort(2, mip_gap=0.0)))
        peers = {solver: plain(problem, solver) for solver in ("HiGHS", "CBC")}
        total["ours"], processor["ours"] = total["ours"] + run.wall, processor["ours"] + run.cpu
        for solver, (_, spent, cpu) in peers.items():
            total[solver], processor[solver] = total[solver] + spent, processor[solver] + cpu
        exact = abs(run.result.objective - optimum) < 1e-6 * optimum and (run.result.gap or 0.0) < 1e-6
        exact = exact and run.result.gap is not None
        proved = proved and exact
        cells = [cell for value, spent, _ in peers.values() for cell in (_number(value), seconds(spent))]
        gap = "unknown" if run.result.gap is None else f"{run.result.gap:.3g}"
        table.add(name, _number(optimum), _number(run.result.objective), gap, seconds(run.wall), *cells,
                  MET if exact else NOT_MET)  # fmt: skip
    quicker = "HiGHS" if total["HiGHS"] <= total["CBC"] else "CBC"
    verdict = MET if total["ours"] <= total[quicker] else MET_BY_CPU
    verdict = verdict if proved and (verdict == MET or processor["ours"] <= processor[quicker]) else NOT_MET
    sums = [cell for solver in ("ours", "HiGHS", "CBC") for cell in (seconds(total[solver]), "")][:-1]
    table.add("all", "", "", "", *sums, verdict)
    cpu = ", ".join(f"{solver} {seconds(spent)}" for solver, spent in processor.items())
    table.notes.append(
        f"CPU seconds in all: {cpu}. Building the model is in all times. Ours searches with EFFORT 2 to a gap "
        f"of 0; a plain solver is stopped after {PEER_LIMIT:.0f} s (60 s with FULL=1), so its sum may be too small."
    )
    return table


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def large_case() -> dict[str, Any]:
    """Solve the large case in this process and return what it took."""
    problem = cases.city(1000, 164, 1.1)
    run = timed(solve, problem, control=Control(effort=Effort(mip_gap=1e-3)))
    return {**_figures(problem, run), "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}


def shortage_case(zones: str, shelters: str, room: str) -> dict[str, Any]:
    """Solve a case with too little room in this process and return what it took."""
    problem = cases.city(int(zones), int(shelters), float(room))
    run = timed(solve, problem, control=Control(effort=Effort(mip_gap=1e-3)))
    return _figures(problem, run)


def _figures(problem: AllocationProblem, run: Any) -> dict[str, Any]:
    found = run.result
    return {
        "people": int(problem.sizes.sum()),
        "placed": int(found.people.sum()),
        "most": int(min(problem.sizes.sum(), problem.capacity.sum())),
        "more": found.more_people,
        "objective": found.objective,
        "gap": found.gap,
        "wall": run.wall,
        "cpu": run.cpu,
    }


def large() -> Table:
    """Return the large case: 5,000 groups, 164 shelters, 820,000 pairs."""
    header = ("case", "people", "placed", "objective", "gap %", "wall s", "CPU s", "GB", "target", "")
    table = Table("Allocation: 1,000 zones x 5 classes x 164 shelters, 10 % room to spare", header)
    found = alone(__file__, 300, "--one", "large")
    reached = found["gap"] is not None and found["gap"] <= LARGE_GAP and found["gigabytes"] <= LARGE_MEMORY
    table.add(
        "5,000 groups", found["people"], found["placed"], f"{found['objective']:.8g}", _gap(found["gap"]),
        seconds(found["wall"]), seconds(found["cpu"]), f"{found['gigabytes']:.2f}",
        f"gap {LARGE_GAP} %, {LARGE_SECONDS:.0f} s, {LARGE_MEMORY} GB",
        outcome(reached, found["wall"], found["cpu"], LARGE_SECONDS),
    )  # fmt: skip
    table.notes.append("The time has the building of models and the proof; the memory is that of the whole process.")
    return table


def shortage() -> Table:
    """Return cases with too little room: people first, then cost."""
    header = ("groups", "shelters", "room", "people", "places", "placed", "more at most", "gap of cost %", "wall s")
    table = Table("Allocation: too little room, as many people as possible first", header)
    for zones, shelters, room in ((40, 20, 0.9), (200, 60, 0.9), (200, 60, 0.6), (1000, 164, 0.9)):
        found = alone(__file__, 300, "--one", "shortage", str(zones), str(shelters), str(room))
        table.add(
            zones * cases.CLASSES, shelters, f"{room:.0%}", found["people"], found["most"], found["placed"],
            found["more"], _gap(found["gap"]), seconds(found["wall"]),
        )  # fmt: skip
    table.notes.append("EFFORT 1 (counted nodes, no time limit), gap to stop at 0.1 %.")
    return table


def _gap(gap: float | None) -> str:
    return "unknown" if gap is None else f"{gap:.3g}"


def city() -> Table:
    """Return the three steps of the sample city through ``qgis_process``."""
    from benchmarks.sample_steps import steps

    return steps()


SECTIONS: dict[str, Callable[[], Table]] = {
    "paper": paper,
    "published": published,
    "large": large,
    "shortage": shortage,
    "city": city,
}


def tables() -> list[Table]:
    """Return all tables."""
    return [section() for section in SECTIONS.values()]


def main(arguments: list[str]) -> int:
    """Print the tables asked for, all without a name."""
    if arguments[:1] == ["--one"]:
        one = {"large": large_case, "shortage": shortage_case}[arguments[1]]
        print(json.dumps(one(*arguments[2:])))
        return 0
    names = arguments[0].split(",") if arguments else list(SECTIONS)
    for name in names:
        print(SECTIONS[name]().text(), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
