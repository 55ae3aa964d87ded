"""Shelters and streets together on the sample city from its layers, beside the step-wise plan, before all judges.

    nice .venv/bin/python benchmarks/judges/joint_layers.py UXsim "SUMO mesoscopic"

makes the joint plan of the demo (UNIT vehicle, EFFORT 0, shelters standing by used too, doors and origins spread), the
step-wise plan of the same run, and what drivers with navigation do who go where the joint plan sends them, unless their
files in ``plans/`` are of these streets (FULL=1: always). We and the judges that are named say what becomes of them; it
is kept in ``kept.json``. The judges have our capacities, but for SUMO with junctions, which has its own.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]

import numpy as np

from benchmarks.judges import kept
from benchmarks.judges.ours import evaluate
from benchmarks.judges.plans import Case, Plan, keep_plan, kept_plan
from benchmarks.judges.sample_layers import SampleLayers, algorithm_of, on_streets, streets
from benchmarks.measuring import FULL
from benchmarks.table import MET, NOT_MET, Table
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import QUICK, Effort
from evacuation_planner.plugin.solvers.joint.kinds import BY_VEHICLE
from evacuation_planner.plugin.solvers.joint.solve import solve as solve_jointly
from evacuation_planner.plugin.solvers.routing.shared.choices import INFORMED, QUEUE
from evacuation_planner.plugin.solvers.routing.solve import solve

OURS = "this plugin"
STEPWISE, JOINT, GUIDED = "stepwise", "joint", "navigation"
PLANS = (STEPWISE, GUIDED, JOINT)
CASE = "sample, layers"
GAIN, SHARE = 25.0, 0.5  # percent of the clearance by our account; how much of ours the judges must see
TIME_LIMIT, LAST_LIMIT = 8.0, 10.0  # percent by which our total and our last arrival may differ from UXsim's
HEADER = (
    "judge", "plan", "vehicle-hours", "ours differs %", "95 % min", "all min", "ours differs %", "arrived",
    "all sooner than step-wise %", "target", "",
)  # fmt: skip


class JointLayers:
    """The demo's case of ``jointplan``, read from the layers in ``folder``."""

    def __init__(self, folder: Path) -> None:
        from qgis.core import QgsProcessingContext, QgsProcessingFeedback

        from evacuation_planner.plugin.layers.joint.case import joint_case
        from evacuation_planner.processing_provider.algorithms.joint.joint_inputs import JointParameters

        layers = SampleLayers(folder)
        shared = ("NETWORK", "MAX_SNAP_DISTANCE", "ENTRANCES", "HAZARD", "NETWORK_ID_FIELD", "START_TIME")
        sites = layers.given["ORIGINS"].replace("zones_at_risk", "candidate_sites")
        given = {name: layers.given[name] for name in shared}
        given |= {"ZONES": layers.given["ORIGINS"], "SHELTERS": sites, "UNIT": BY_VEHICLE, "EFFORT": QUICK}
        self.context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
        self.given = JointParameters.read(algorithm_of("jointplan"), given, self.context, feedback)
        self.case = joint_case(self.given.sources, self.given.options, self.context, feedback, Control())

    def streets(self) -> Case:
        """Return the streets and who starts where; destinations are those of a plan (:func:`to_ends`)."""
        routing = SimpleNamespace(read=self.case.ground.read, problem=self.case.problem.network)
        return replace(streets(routing), name=CASE)

    def plans(self) -> Iterator[Plan]:
        """Yield the plans as the plugin makes them."""
        problem, given, is_road = self.case.problem, self.given, self.case.ground.read.network.is_road
        result = solve_jointly(
            problem, unit=given.unit, split=given.split, aim=given.aim, preference_seconds=given.preference_seconds,
            max_routes=given.max_routes, certify=False, seed=given.options.departures.seed,
            control=Control(effort=Effort(QUICK)),
        )  # fmt: skip
        for name, plan in ((STEPWISE, result.stepwise), (JOINT, result.plan)):
            if len(plan.placed) < problem.vehicles:
                raise ValueError(f"{name}: {problem.vehicles - len(plan.placed)} vehicles have no place.")
            print(f"{name}: {plan.total_time / 3600:.1f} vehicle-hours, {plan.clearance / 60:.1f} min", flush=True)
            yield on_streets(name, is_road, plan.routing.routes)
        control = Control(effort=Effort(QUICK))
        trips = problem.trips(result.plan.destination)
        yield on_streets(
            GUIDED, is_road, solve(trips, method=INFORMED, flow_model=QUEUE, certify=False, control=control).routes
        )


def to_ends(case: Case, plan: Plan) -> Case:
    """Return the case with the ends of a plan's routes, the doors, as destinations.

    Raises
    ------
    ValueError
        When the plan is not of these streets.
    """
    drives = np.diff(plan.indptr) > 0
    if len(drives) != len(case.source) or plan.arcs.max(initial=0) >= len(case.tail):
        raise ValueError(f"{plan.name}: this is a plan of another case.")
    goes_on = np.ones(len(plan.arcs), dtype=bool)
    goes_on[plan.indptr[:-1][drives]] = False
    later = np.flatnonzero(goes_on)
    joined = (case.head[plan.arcs[later - 1]] == case.tail[plan.arcs[later]]).all()
    begins = (case.tail[plan.arcs[plan.indptr[:-1][drives]]] == case.source[drives]).all()
    if not (joined and begins):
        raise ValueError(f"{plan.name}: its routes do not follow these streets.")
    ends = case.source.copy()
    ends[drives] = case.head[plan.arcs[plan.indptr[1:][drives] - 1]]
    return replace(case, destination=ends)


def plans_of(layers: JointLayers, case: Case) -> list[Plan]:
    """Return the plans, from their files where these are of the same streets."""
    known = [kept_plan(case, name) for name in PLANS]
    try:
        if not FULL and all(plan is not None and to_ends(case, plan) for plan in known):
            return [plan for plan in known if plan is not None]
    except ValueError as reason:
        print(f"{reason} All are made anew.", flush=True)
    made = {plan.name: plan for plan in layers.plans()}
    for plan in made.values():
        keep_plan(case, plan)
    return [made[name] for name in PLANS]


def judge(judges: tuple[str, ...]) -> None:
    """Make the plans where they are missing, and keep what we and the judges that are named say of them."""
    with tempfile.TemporaryDirectory() as folder:
        layers = JointLayers(Path(folder))
        case = layers.streets()
        cases = [(to_ends(case, plan), plan) for plan in plans_of(layers, case)]
    for here, plan in cases:
        kept.keep(by_us(here, plan))
    for name in judges:
        for here, plan in cases[::-1]:
            if FULL or not kept.kept(here, plan, name):
                print(kept.judged(here, plan, name, 1), flush=True)


def by_us(case: Case, plan: Plan) -> kept.Verdict:
    """Return our own verdict, a row like those of the judges."""
    said = evaluate(case, plan, repeats=1)
    figures: dict[str, Any] = {
        key: round(value, 2) if isinstance(value, float) else value for key, value in asdict(said.outcome).items()
    }
    note = f"{said.forced} forced" if said.forced else ""
    verdict = kept.Verdict(case.name, plan.name, plan.digest(), OURS, 1, **figures, cpu=round(said.cpu, 1), note=note)
    print(verdict, flush=True)
    return verdict


def table() -> Table:
    """Return the table of what is kept."""
    shown = Table("Shelters and streets together: the demo's plans before the judges", HEADER)
    said: dict[str, dict[str, kept.Verdict]] = {}
    for row in kept.verdicts():
        if row.case == CASE:
            said.setdefault(row.judge, {})[row.plan] = row
    for judge_name in (OURS, *kept.JUDGES):
        for plan in PLANS:
            if plan in said.get(judge_name, {}):
                _row(shown, said, judge_name, plan)
    shown.notes.append(
        "The sample city from its layers, doors and origins spread, capacities by class, EFFORT 0: *stepwise* sends "
        "groups to the selected shelters and routes them then, *joint* chooses shelters (those that stand by as well) "
        "and streets for every vehicle, *navigation* is drivers with navigation and no plan on their way to the "
        "shelters of *joint*. UXsim and SUMO mesoscopic have our capacities, doors metered, vehicle by vehicle; SUMO "
        "with junctions its own. A standstill that a judge cannot end leaves vehicles that never arrive: the last "
        "arrival is then that of the others, and the row no proof. Targets: the joint plan has everybody there at "
        f"least {GAIN:g} % sooner by our account and at least {SHARE:g} of that by UXsim's; our figures lie within "
        f"{TIME_LIMIT:g} % (time) and {LAST_LIMIT:g} % (last arrival) of UXsim's."
    )
    return shown


def sooner(said: dict[str, kept.Verdict], plan: str) -> float | None:
    """Return by how much earlier a plan's last vehicle arrives than the step-wise plan's, percent, by one judge.

    None where one of both is missing or has vehicles that never arrive.
    """
    both = [said.get(name) for name in (STEPWISE, plan)]
    if plan == STEPWISE or any(row is None or row.arrived < row.vehicles for row in both):
        return None
    before, after = (row.last for row in both if row is not None)
    return 100.0 * (1.0 - after / before)


def _row(shown: Table, said: dict[str, dict[str, kept.Verdict]], judge_name: str, plan: str) -> None:
    """Add what a judge says of a plan."""
    row, ours = said[judge_name][plan], said[OURS][plan]
    gain, claimed = sooner(said[judge_name], plan), sooner(said[OURS], JOINT)
    total, last = (100.0 * (mine / theirs - 1.0) for mine, theirs in zip(*(_both(v) for v in (ours, row))))
    targets, reached = [], row.arrived == row.vehicles
    if judge_name == kept.UXSIM and plan != GUIDED:
        targets.append(f"within {TIME_LIMIT:g} and {LAST_LIMIT:g} %")
        reached &= abs(total) <= TIME_LIMIT and abs(last) <= LAST_LIMIT
    if plan == JOINT and judge_name in (OURS, kept.UXSIM) and claimed is not None:
        least = GAIN if judge_name == OURS else SHARE * claimed
        targets.append(f">= {least:.1f} % sooner")
        reached &= gain is not None and gain >= least
    differs = ["-", "-"] if judge_name == OURS else [f"{total:+.1f}", f"{last:+.1f}"]
    shown.add(
        judge_name, plan, f"{row.total_time:.0f}", differs[0], f"{row.last_95:.1f}", f"{row.last:.1f}", differs[1],
        f"{row.arrived} of {row.vehicles}", "-" if gain is None else f"{gain:.1f}", ", ".join(targets) or "-",
        "" if not targets else MET if reached else NOT_MET,
    )  # fmt: skip


def _both(verdict: kept.Verdict) -> tuple[float, float]:
    """Return total time and last arrival."""
    return verdict.total_time, verdict.last


if __name__ == "__main__":
    judge(tuple(sys.argv[1:]))
