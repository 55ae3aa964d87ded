"""Table of the judges: the same routes in our evaluator, in UXsim and in SUMO.

What the judges are told stands in ``uxsim.py`` and ``sumo.py`` beside this file. They are slow: what they said is kept
in ``kept.json`` and found by the routes' digest. With ``--only judges`` what is missing is run, with ``FULL=1`` all.
"""

from __future__ import annotations

from benchmarks import cases
from benchmarks.bench_venv import NoPeer
from benchmarks.judges import dua_iterate, kept
from benchmarks.judges.named import planned
from benchmarks.judges.ours import evaluate
from benchmarks.judges.plans import (
    DISTRICTS,
    SAMPLE_CAPACITIES,
    Case,
    Outcome,
    Plan,
    district,
    kept_plan,
    sample_city,
    sample_file,
)
from benchmarks.measuring import FULL
from benchmarks.table import MET, NOT_MET, Table, seconds

HEADER = (
    "case", "plan", "judge", "vehicle-hours", "ours differs %", "95 % min", "all min", "ours differs %", "arrived",
    "CPU s", "target", "",
)  # fmt: skip
WAYS = ("individual", "present")  # of PLANS
SEEDS = (1, 2, 3)
# Judge: its seeds, and the percent that our total and our last arrival may differ from it.
JUDGES: dict[str, tuple[tuple[int, ...], tuple[float, float] | None]] = {
    kept.UXSIM: (SEEDS, (5.0, 3.0)),
    kept.SUMO: ((1,), None),
}
AT_1800 = {kept.AS_IT_IS: (SEEDS, None), kept.WITH_JUNCTIONS: (SEEDS, None)}
# Vehicle-hours and minutes of the last arrival of an independent simulation by exact events (individual routes).
EXACT = {"sample, 900": (22_195.0, 236.9), "sample, 1800": (7_138.0, 121.9), "sample, class": (30_603.0, 352.0)}


def differs(ours: float, theirs: float) -> float:
    """Return by how much ours is above theirs, percent of theirs."""
    return 100.0 * (ours / theirs - 1.0)


def verdicts_of(case: Case, plan: Plan, judge: str, seeds: tuple[int, ...], missing: bool) -> list[kept.Verdict]:
    """Return what a judge says, from what is kept or, where ``missing`` ones are wanted, from a run."""
    known = {} if FULL else {row.seed: row for row in kept.kept(case, plan, judge) if row.seed in seeds}
    if missing or FULL:
        for seed in seeds:
            if seed not in known:
                known[seed] = kept.judged(case, plan, judge, seed)
    return [known[seed] for seed in seeds if seed in known]


def add_rows(table: Table, case: Case, missing: bool) -> None:
    """Add the rows of a case."""
    at_1800 = case.name == "sample, 1800"
    for way in (*WAYS, dua_iterate.NAME) if at_1800 and kept_plan(case, dua_iterate.NAME) else WAYS:
        plan = planned(case, way, anew=FULL)
        ours = evaluate(case, plan)
        target, verdict = "-", "-"
        if way == "individual" and case.name in EXACT:
            hours, minutes = EXACT[case.name]
            near = max(abs(differs(ours.outcome.total_time, hours)), abs(differs(ours.outcome.last, minutes)))
            target, verdict = f"{hours:.0f} vehicle-hours, {minutes} min, within 1 %", MET if near <= 1 else NOT_MET
        name = f"this plugin{f', {ours.forced} forced' if ours.forced else ''}"
        _row(table, (case.name, way, name), ours.outcome, None, seconds(ours.cpu), target, verdict)
        judges = {**JUDGES, **AT_1800} if at_1800 else JUDGES
        for judge, (seeds, limits) in judges.items():
            try:
                said = verdicts_of(case, plan, judge, seeds, missing)
            except NoPeer as reason:
                table.notes.append(f"{case.name}, {way}, {judge}: {reason}")
                continue
            _judge_row(table, (case.name, way, judge), said, seeds, ours.outcome, limits)


def _judge_row(
    table: Table,
    named: tuple[str, str, str],
    said: list[kept.Verdict],
    seeds: tuple[int, ...],
    ours: Outcome,
    limits: tuple[float, float] | None,
) -> None:
    """Add the row of a judge, the mean of its seeds."""
    if len(said) < len(seeds):
        table.notes.append(f"{', '.join(named)}: these routes have not been judged; `--only judges` does it.")
    if not said:
        return
    theirs = kept.mean(said)
    target, verdict = "-", "-"
    if limits is not None:
        total, last = (abs(differs(a, b)) for a, b in ((ours.total_time, theirs.total_time), (ours.last, theirs.last)))
        target = f"within {limits[0]:g} and {limits[1]:g} %"
        verdict = MET if total <= limits[0] and last <= limits[1] and theirs.arrived == theirs.vehicles else NOT_MET
    label = f"{named[2]}, {len(said)} seeds" if len(seeds) > 1 else named[2]
    spent = sum(row.cpu for row in said) / len(said)
    _row(table, (*named[:2], label), theirs, ours, seconds(spent), target, verdict)
    if said[0].note:
        table.notes.append(f"{', '.join(named)}: {said[0].note}.")


def _row(
    table: Table,
    named: tuple[str, str, str],
    theirs: Outcome,
    ours: Outcome | None,
    spent: str,
    target: str,
    verdict: str,
) -> None:
    """Add a row of figures."""
    total = "-" if ours is None else f"{differs(ours.total_time, theirs.total_time):+.1f}"
    last = "-" if ours is None else f"{differs(ours.last, theirs.last):+.1f}"
    table.add(
        *named, f"{theirs.total_time:.0f}", total, f"{theirs.last_95:.1f}", f"{theirs.last:.1f}", last,
        f"{theirs.arrived} of {theirs.vehicles}", spent, target, verdict,
    )  # fmt: skip


def tables(asked: bool = False) -> list[Table]:
    """Return the table; ``asked`` runs the judges whose verdict on these routes is missing."""
    table = Table("Judges of the queue model: UXsim and SUMO on the same routes", HEADER)
    if cases.shared_cases() is None or not sample_file().is_file():
        table.notes.append("The cases of `../shared` are not here: not measured.")
        return [table]
    table.notes.append(
        "Same capacities everywhere; total time from departure to arrival, the wait at the origin included. "
        "*individual*: everybody's shortest way; *present*: the system optimum under `present`, run to its end. CPU "
        "seconds of ours are of the evaluation, of the judges of a whole run with reading and writing. *As it is*: "
        "SUMO's own capacities and lengths, doors not metered; what the judges are told in full stands in "
        "`benchmarks/judges/`."
    )
    for case in [*map(sample_city, SAMPLE_CAPACITIES), *map(district, DISTRICTS)]:
        add_rows(table, case, asked)
    return [table]
