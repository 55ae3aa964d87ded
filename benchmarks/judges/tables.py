"""Table of the judges: the same routes in our evaluator, in UXsim and in SUMO.

What the judges are told stands in ``uxsim.py`` and ``sumo.py`` beside this file. They are slow: what they said is kept
in ``kept.json`` and found by the routes' digest. With ``--only judges`` what is missing is run, with ``FULL=1`` all.
"""

from __future__ import annotations

from itertools import combinations

from benchmarks import cases
from benchmarks.bench_venv import NoPeer
from benchmarks.judges import dua_iterate, hazard, joint_layers, junctions, kept
from benchmarks.judges.named import KEPT, planned
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
OURS = "this plugin"
SEEDS, ONE = (1, 2, 3), (1,)
AT_1800 = "sample, 1800"  # where SUMO's own capacities and junctions are asked as well
# Percent by which our total and our last arrival may differ from UXsim's: more for plans that lean on our model.
LIMITS = {"individual": (5.0, 3.0), "present": (5.0, 3.0), "queue": (8.0, 10.0), "few ways": (8.0, 10.0)}
MOST_HOURS = {(AT_1800, way, kept.AS_IT_IS): 4550.0 for way in ("queue", "few ways")}
CAUTIOUS = {(way, "sample, 900") for way in ("queue", "few ways")}  # what are they worth at SUMO's own capacities?
APART = 3.0  # percent by which plans must differ for their order to count
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


def ways_of(case: Case) -> list[str]:
    """Return the plans of a case; of those that are kept as files only those that are there."""
    sample, at_1800 = case.name.startswith("sample"), case.name == AT_1800
    ways = ["individual", "present", *(["informed"] if sample else []), "queue", *(["few ways"] if sample else [])]
    ways += [dua_iterate.NAME] if at_1800 else []
    return [way for way in ways if FULL or way not in KEPT or kept_plan(case, way) is not None]


def judges_of(case: Case, way: str) -> dict[str, tuple[int, ...]]:
    """Return the judges of a plan, with their seeds; UXsim takes long for plans of many ways."""
    judges = {kept.UXSIM: SEEDS if way in ("individual", "present") else ONE, kept.SUMO: ONE}
    if way in ("informed", dua_iterate.NAME):
        del judges[kept.UXSIM]
    if case.name == AT_1800:
        judges |= {kept.AS_IT_IS: SEEDS, kept.WITH_JUNCTIONS: ONE}
    elif (way, case.name) in CAUTIOUS:
        judges |= {kept.AS_IT_IS: SEEDS}
    return judges


def add_rows(table: Table, case: Case, missing: bool) -> None:
    """Add the rows of a case."""
    totals: dict[str, dict[str, float]] = {}
    for way in ways_of(case):
        plan = planned(case, way, anew=FULL)
        ours = evaluate(case, plan)
        totals.setdefault(OURS, {})[way] = ours.outcome.total_time
        target, verdict = "-", "-"
        if way == "individual" and case.name in EXACT:
            hours, minutes = EXACT[case.name]
            near = max(abs(differs(ours.outcome.total_time, hours)), abs(differs(ours.outcome.last, minutes)))
            target, verdict = f"{hours:.0f} vehicle-hours, {minutes} min, within 1 %", MET if near <= 1 else NOT_MET
        name = f"{OURS}{f', {ours.forced} forced' if ours.forced else ''}"
        _row(table, (case.name, way, name), ours.outcome, None, seconds(ours.cpu), target, verdict)
        for judge, seeds in judges_of(case, way).items():
            try:
                said = verdicts_of(case, plan, judge, seeds, missing)
            except NoPeer as reason:
                table.notes.append(f"{case.name}, {way}, {judge}: {reason}")
                continue
            _judge_row(table, (case.name, way, judge), said, seeds, ours.outcome)
            if said and kept.mean(said).arrived == len(case.departure):
                totals.setdefault(judge, {})[way] = kept.mean(said).total_time
    table.notes += orders(case.name, totals)


def orders(case: str, totals: dict[str, dict[str, float]]) -> list[str]:
    """Return where a judge puts two plans in another order than we do, though they differ for both by enough."""
    notes = []
    for judge, theirs in totals.items():
        for better, worse in combinations(sorted(theirs, key=totals[OURS].__getitem__), 2):
            mine = differs(totals[OURS][worse], totals[OURS][better])
            if mine > APART and differs(theirs[better], theirs[worse]) > APART:
                notes.append(
                    f"{case}: for {judge} *{worse}* ({theirs[worse]:.0f}) is better than *{better}* "
                    f"({theirs[better]:.0f}); for us it is {mine:.1f} % worse."
                )
    return notes


def _judge_row(
    table: Table,
    named: tuple[str, str, str],
    said: list[kept.Verdict],
    seeds: tuple[int, ...],
    ours: Outcome,
) -> None:
    """Add the row of a judge, the mean of its seeds."""
    if len(said) < len(seeds):
        table.notes.append(
            f"{', '.join(named)}: judged with {len(said)} of {len(seeds)} seeds; `--only judges` runs the rest."
        )
    if not said:
        return
    theirs = kept.mean(said)
    target, verdict = "-", "-"
    limits = LIMITS.get(named[1]) if named[2] == kept.UXSIM else None
    if limits is not None:
        total, last = (abs(differs(a, b)) for a, b in ((ours.total_time, theirs.total_time), (ours.last, theirs.last)))
        target = f"within {limits[0]:g} and {limits[1]:g} %"
        verdict = MET if total <= limits[0] and last <= limits[1] and theirs.arrived == theirs.vehicles else NOT_MET
    most = MOST_HOURS.get(named)
    if most is not None:
        target, verdict = f"<= {most:.0f} vehicle-hours", MET if theirs.total_time <= most else NOT_MET
    label = f"{named[2]}, {len(said)} seeds" if len(said) > 1 else named[2]
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
        "*individual*: everybody's shortest way; *present*: the system optimum under `present`, run to its end; "
        "*informed*: drivers with navigation and no plan; *queue*: our system optimum under `queue`, without a limit "
        "to the ways, EFFORT 1 (districts: 0); *few ways*: the same with three ways at most from an origin to a "
        "destination; *duaIterate*: SUMO's own routes after ten iterations. CPU seconds of "
        "ours are of the evaluation, of the judges of a whole run with reading and writing. *As it is*: SUMO's own "
        "capacities and lengths, doors not metered; what the judges are told in full stands in `benchmarks/judges/`."
    )
    for case in [*map(sample_city, SAMPLE_CAPACITIES), *map(district, DISTRICTS)]:
        add_rows(table, case, asked)
    return [table, junctions.table(), joint_layers.table(), *map(hazard.table, hazard.MINUTES)]
