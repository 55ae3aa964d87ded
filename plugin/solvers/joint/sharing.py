"""The joint plan of walkers, who share the width of streets, sweep by sweep."""

from __future__ import annotations

from dataclasses import replace

from ..control import Control
from ..routing.queue.network import QueueRoads, roads_of
from ..routing.shared.widths import LEAST, narrowed
from ..routing.sharing import SWEEPS
from .choices import Choices
from .evaluate import plan_of_routes, ways_of_plan
from .plans import joint_plan
from .problem import JointProblem
from .reach import Reach
from .result import JointPlan

Answer = tuple[JointPlan, tuple[tuple[float, float], ...], bool]


def plan_in_sweeps(
    problem: JointProblem, roads: QueueRoads, reach: Reach, choices: Choices, stepwise: JointPlan, control: Control
) -> Answer:
    """Return the joint plan as :func:`.plans.joint_plan` does, each sweep with the widths of the plan before.

    Each plan is judged with its own widths; the best of them is never worse than ``stepwise``.

    Raises
    ------
    Cancelled, SolverError
    """
    if not problem.network.shares_widths:
        return joint_plan(problem, roads, reach, choices, stepwise, control)
    sweeps = control.effort.pick(*SWEEPS)
    best, before = stepwise, stepwise
    history: tuple[tuple[float, float], ...] = ()
    used_up = False
    for sweep in range(sweeps):
        part = control.part(sweep / sweeps, (sweep + 1) / sweeps)
        _, routes = ways_of_plan(problem, before, reach, part)
        narrow = replace(problem, network=narrowed(problem.network, routes, LEAST))
        own = roads_of(narrow.network)
        start = judged(narrow, own, reach, choices, before, part)
        found, _, used_up = joint_plan(narrow, own, reach, choices, start, part, final_widths=False)
        before = judged(problem, roads, reach, choices, found, part)
        history = (*history, (control.effort.elapsed, before.value))
        control.log(f"Sweep {sweep + 1} with the widths of the plan before: {before.value:,.0f} with its own.")
        if before.better_than(best):
            best = before
    return best, history, used_up


def judged(
    problem: JointProblem, roads: QueueRoads, reach: Reach, choices: Choices, plan: JointPlan, control: Control
) -> JointPlan:
    """Return a plan with what comes of it on the roads of a problem."""
    destination, routes = ways_of_plan(problem, plan, reach, control)
    routing = plan.routing
    return plan_of_routes(
        problem, reach, roads, choices, destination, routes, None, routing.history, routing.unlimited_time,
        routing.warnings, control.unseen().unlogged(),
    )  # fmt: skip
