"""Figures of the slow judges, kept in ``kept.json`` so that not every bench runs them again.

A row is found by case, the digest of the plan's routes, judge and seed; a plan that has changed has no row. Rows that
are missing (with FULL=1 all that are named) are made with

    nice .venv/bin/python benchmarks/judges/kept.py "sample, 900" individual UXsim 1 2 3

and all of those that the tables show with ``FULL=1 .venv/bin/python benchmarks/run.py --only judges``.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]

import numpy as np

from benchmarks.bench_venv import sumo_home
from benchmarks.judges import sumo, uxsim
from benchmarks.judges.named import planned
from benchmarks.judges.plans import Case, Outcome, Plan, case_of
from benchmarks.measuring import FULL, children_cpu

FILE = Path(__file__).with_name("kept.json")
UXSIM, SUMO = "UXsim", "SUMO mesoscopic"
AS_IT_IS, WITH_JUNCTIONS, MICRO = "SUMO mesoscopic as it is", "SUMO mesoscopic, junctions", "SUMO microscopic"
SETTINGS = {
    SUMO: sumo.Setting(),
    AS_IT_IS: sumo.Setting(as_it_is=True),
    WITH_JUNCTIONS: sumo.Setting(sumo.JUNCTIONS, as_it_is=True),
    MICRO: sumo.Setting(sumo.MICROSCOPIC, as_it_is=True),
}
JUDGES = (UXSIM, *SETTINGS)


@dataclass(frozen=True)
class Verdict:
    """What a judge says of a plan; ``note`` tells the doors of UXsim or the teleports of SUMO."""

    case: str
    plan: str
    digest: str
    judge: str
    seed: int
    total_time: float
    last_95: float
    last: float
    arrived: int
    vehicles: int
    cpu: float
    note: str


def verdicts() -> list[Verdict]:
    """Return all that is kept."""
    rows = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []
    return [Verdict(**{**row, "last_95": math.inf if row["last_95"] is None else row["last_95"]}) for row in rows]


def kept(case: Case, plan: Plan, judge: str) -> list[Verdict]:
    """Return what is kept of a plan of a case, by seed."""
    asked = case.name, plan.digest(), judge
    return sorted((v for v in verdicts() if (v.case, v.digest, v.judge) == asked), key=lambda v: v.seed)


def keep(verdict: Verdict) -> None:
    """Add a verdict in place of an older one of the same case, plan, judge and seed, and of all on earlier routes."""

    def key(v: Verdict) -> tuple[str, str, str, int]:
        return v.case, v.plan, v.judge, v.seed

    def stays(v: Verdict) -> bool:
        same_plan = (v.case, v.plan) == (verdict.case, verdict.plan)
        return key(v) != key(verdict) and (not same_plan or v.digest == verdict.digest)

    rows = sorted([*filter(stays, verdicts()), verdict], key=key)
    FILE.write_text("[\n" + ",\n".join(map(_told, rows)) + "\n]\n", encoding="utf-8")


def _told(verdict: Verdict) -> str:
    """Return a verdict as JSON, which has no word for infinite: null stands for it."""
    row = asdict(verdict)
    return json.dumps(row | {"last_95": row["last_95"] if math.isfinite(row["last_95"]) else None}, allow_nan=False)


def judged(case: Case, plan: Plan, judge: str, seed: int) -> Verdict:
    """Run a judge; what it says is kept."""
    before = children_cpu()
    if judge == UXSIM:
        run = uxsim.evaluate(case, plan, seed)
        arrival, note = run.arrival, doors_told(run.doors)
        if run.figures["slowed_links"]:
            note += f"; {run.figures['slowed_links']} of {run.figures['links']} links cannot pass their capacity"
    else:
        setting = SETTINGS[judge]
        with tempfile.TemporaryDirectory() as folder:
            told = sumo.evaluate(
                sumo_home() / "bin", case, plan, sumo.Setting(setting.mode, setting.as_it_is, seed), Path(folder)
            )
        arrival, note = told.arrival, f"{told.teleports} teleports" if told.teleports else ""
    outcome = Outcome.of(case.departure, arrival)
    figures = {name: round(value, 2) if isinstance(value, float) else value for name, value in asdict(outcome).items()}
    cpu = round(children_cpu() - before, 1)
    verdict = Verdict(case.name, plan.name, plan.digest(), judge, seed, **figures, cpu=cpu, note=note)
    keep(verdict)
    return verdict


def doors_told(doors: tuple[uxsim.Door, ...]) -> str:
    """Return what the fullest doors passed in their busiest hour, as text."""
    busiest = sorted(doors, key=lambda door: -door.vehicles / door.capacity)[:5]
    told = ", ".join(f"e{door.piece} {door.most:.0f} of {door.capacity:.0f}" for door in busiest)
    return f"most in an hour at the fullest doors: {told} vehicles"


def mean(rows: list[Verdict]) -> Outcome:
    """Return the mean of the seeds."""
    return Outcome(
        float(np.mean([row.total_time for row in rows])),
        float(np.mean([row.last_95 for row in rows])),
        float(np.mean([row.last for row in rows])),
        min(row.arrived for row in rows),
        rows[0].vehicles,
    )


def main() -> None:
    """Judge the plan that the command line names, by the seeds that are not kept yet."""
    name, plan_name, judge, *seeds = sys.argv[1:]
    case = case_of(name)
    plan = planned(case, plan_name)
    known = set() if FULL else {row.seed for row in kept(case, plan, judge)}
    for seed in map(int, seeds or ["1"]):
        if seed not in known:
            print(judged(case, plan, judge, seed), flush=True)


if __name__ == "__main__":
    main()
