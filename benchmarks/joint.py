"""Shelters and streets together on the sample city's arrays: the plans found, their bounds, and what that took."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "build" / "plugins")) if path not in sys.path]

import numpy as np

from benchmarks import cases
from benchmarks.measuring import timed
from benchmarks.table import Table, outcome, seconds
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.joint.bound import lower_bound
from evacuation_planner.plugin.solvers.joint.choices import Choices
from evacuation_planner.plugin.solvers.joint.compiling import small_joint_problem
from evacuation_planner.plugin.solvers.joint.kinds import AIM_NAMES, BY_VEHICLE, CLEARANCE, TIME
from evacuation_planner.plugin.solvers.joint.plans import search_together
from evacuation_planner.plugin.solvers.joint.problem import Destinations, JointProblem, Vehicles, joint_problem
from evacuation_planner.plugin.solvers.joint.reach import reach_of
from evacuation_planner.plugin.solvers.routing.queue.network import roads_of, standing_room
from evacuation_planner.plugin.solvers.routing.shared.choices import LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost

HEADER = (
    "capacities", "aim", "vehicle-hours", "all arrived min", "value", "bound", "gap %", "target", "wall s", "CPU s",
    "outcome",
)  # fmt: skip
ROOM = 1.3  # times the vehicles that are sent there today
LIMIT = 60.0  # CPU s
TARGETS = {  # vehicle-hours, or minutes
    ("class", CLEARANCE): 1.05 * 187,
    ("900", CLEARANCE): 1.08 * 131,
    ("class", TIME): 15_300,
    ("900", TIME): 11_900,
}


def sample_problem(capacity: str) -> JointProblem:
    """Return the sample city with one person a vehicle, no preferences, and room for 30 % more than today's shares."""
    with np.load(cases.SHARED / "cases" / "sample_city.npz") as city:
        lane = city["lane_capacity"].astype(float) if capacity == "class" else float(capacity)
        arcs = Arcs(
            len(city["node_xy"]), city["tail"], city["head"], road_cost(LINEAR, city["free_flow"], a=0.0),
            city["length"], None, city["lanes"] * lane, standing_room(city["length"], city["lanes"]),
        )  # fmt: skip
        node, sent = np.unique(city["destination"], return_counts=True)
        start, group = np.unique(city["source"], return_inverse=True)
        vehicles = Vehicles(city["source"], city["departure"], np.ones(len(group)), group.ravel())
    pairs = len(start), len(node)
    places = Destinations(node, np.ceil(ROOM * sent))
    return joint_problem(arcs, vehicles, places, np.zeros(pairs), np.ones(pairs, dtype=bool))


def planned(problem: JointProblem, choices: Choices) -> tuple[Any, Any]:
    """Return the best plan found and the bound of its aim, without a step-wise plan to begin with."""
    roads, control = roads_of(problem.network), Control()
    reach = reach_of(problem, roads, control)
    found = search_together(problem, roads, reach, choices, [], control)
    if found is None:
        raise RuntimeError("nobody can go anywhere")
    plan = found[1].planned
    last = float(plan.run.arrival().max()) / 1e6
    return plan, lower_bound(problem, roads, reach, choices, float(problem.people.sum()), last, control)


def tables() -> list[Table]:
    """Return the table of all aims and capacities."""
    table = Table("Shelters and streets together: sample arrays, UNIT vehicle, no preferences, EFFORT 1", HEADER)
    if cases.shared_cases() is None:
        table.notes.append("The sample city's arrays are not here.")
        return [table]
    for aim in (CLEARANCE, TIME):
        planned(small_joint_problem(), Choices(unit=BY_VEHICLE, aim=aim))
    for (capacity, aim), target in TARGETS.items():
        measured = timed(planned, sample_problem(capacity), Choices(unit=BY_VEHICLE, aim=aim, preference_seconds=0.0))
        plan, bound = measured.result
        unit = 60.0 if aim == CLEARANCE else 3600.0
        value = plan.value.aim / unit
        table.add(
            capacity, AIM_NAMES[aim], f"{plan.value.time / 3600:,.0f}", f"{plan.run.arrival().max() / 60e6:.1f}",
            f"{value:,.1f}", f"{bound.value / unit:,.1f}", f"{100.0 * (1.0 - bound.value / plan.value.aim):.1f}",
            f"{target:,.1f}", seconds(measured.wall), seconds(measured.cpu),
            outcome(value <= target, measured.wall, measured.cpu, LIMIT),
        )  # fmt: skip
    table.notes.append("The search alone: the step-wise plan, which jointplan makes besides, is measured with routing.")
    return [table]
