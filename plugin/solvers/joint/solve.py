"""Who goes where, and by which streets, at once: shelters and streets together (section 13 of the queue model)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..control import Control
from ..effort import QUICK, Effort
from ..kernels import kernels_compiled
from ..routing.queue.network import roads_of
from ..routing.shared.choices import REROUTE_MINUTES, STUCK_SECONDS
from .bound import lower_bound
from .choices import Choices
from .compiling import small_joint_problem
from .kinds import BY_GROUP, PREFERENCE_SECONDS, TIME, WHERE_NEEDED
from .parting import together_in_time
from .problem import JointProblem
from .reach import Reach, reach_of
from .result import JointPlan, JointResult
from .sharing import plan_in_sweeps
from .stepwise import stepwise_plan

SUMS = 1e-9  # of a value, by which sums made in another order may differ


def solve(
    problem: JointProblem,
    *,
    unit: int = BY_GROUP,
    split: int = WHERE_NEEDED,
    aim: int = TIME,
    preference_seconds: float = PREFERENCE_SECONDS,
    stuck_seconds: float = STUCK_SECONDS,
    reroute_minutes: float = REROUTE_MINUTES,
    max_routes: int = 0,
    certify: bool = True,
    seed: int = 0,
    control: Control | None = None,
) -> JointResult:
    """Choose a destination and a way for every vehicle: fewest people unplaced or caught first, then the least aim.

    Unplaced and caught count together, and of as many the fewest caught come next.

    Parameters
    ----------
    unit : int
        What is sent to one destination: BY_GROUP or BY_VEHICLE.
    split : int
        BY_GROUP: WHOLE, WHERE_NEEDED (groups larger than any destination in reach, and as few others as possible, so
        that everybody who can be placed is) or FREE. A vehicle is never divided.
    aim : int
        TIME (person-seconds of travel, and of dissatisfaction times ``preference_seconds``), CLEARANCE (the last
        arrival, then time) or HAZARD (person-seconds inside, then time).
    preference_seconds : float
        Travel seconds that one person's full dissatisfaction weighs.
    stuck_seconds, reroute_minutes : float
        As in :func:`..routing.solve.solve`.
    max_routes : int
        Most ways from an origin to a destination; 0: no limit.
    certify : bool
        Whether to give a lower bound of the aim.
    seed : int
        Of what the search draws.
    control : Control, optional
        Its effort says how thoroughly to search, in counted steps.

    Raises
    ------
    SolverError
        When the input is not usable.
    Cancelled
        When the user stops.
    """
    control = control or Control()
    choices = Choices(unit, split, aim, preference_seconds, stuck_seconds, reroute_minutes, max_routes, certify, seed)
    choices.refuse(problem)
    _compile(problem, choices, control)
    control.effort.begin()
    return _joint(problem, choices, control)


_compiled: set[tuple[int, bool, bool]] = set()  # units, bounds, limits whose kernels are ready in this process


def _compile(problem: JointProblem, choices: Choices, control: Control) -> None:
    """Compile every kernel that a run calls, so that no clock runs meanwhile."""
    ready = choices.unit, choices.certify, choices.max_routes > 0
    if not kernels_compiled() or ready in _compiled:
        return
    control.progress(0.0, "Compiling")
    quiet = control.unseen().unlogged().with_effort(Effort(QUICK))
    _joint(small_joint_problem(), replace(choices, aim=TIME), quiet)
    _compiled.add(ready)


def _joint(problem: JointProblem, choices: Choices, control: Control) -> JointResult:
    """Return the joint plan, the step-wise plan and the bound."""
    control.progress(0.0, "Ways to all destinations")
    roads, problem = roads_of(problem.network), problem.without_floods()
    everywhere = reach_of(problem, roads, control.part(0.0, 0.02))
    _explain(problem, everywhere, control)
    given = problem
    problem, reach = together_in_time(problem, everywhere, choices)
    control.progress(0.02, "The step-wise plan")
    begun = control.effort.elapsed
    stepwise = stepwise_plan(problem, reach, choices, control.part(0.02, 0.45))
    control.log(
        f"Step-wise: {_people(stepwise)}, {stepwise.total_time:.0f} vehicle-seconds, the last "
        f"arrives after {stepwise.clearance / 60.0:.1f} min ({control.effort.elapsed - begun:.0f} s of work)."
    )
    control.progress(0.45, "Shelters and streets together")
    plan, history, used_up = plan_in_sweeps(problem, roads, reach, choices, stepwise, control.part(0.45, 0.9))
    control.log(
        f"Together: {_people(plan)}, {plan.total_time:.0f} vehicle-seconds, the last arrives "
        f"after {plan.clearance / 60.0:.1f} min."
    )
    bound = None
    if choices.certify:
        control.progress(0.9, "The bound")
        last = max(plan.clearance, 0.0)
        bound = lower_bound(given, roads, everywhere, choices, plan.people_placed, last, control.part(0.9, 1.0))
        value = plan.value
        if value < bound.value <= value * (1.0 + SUMS):
            bound = bound._replace(value=value)
    control.progress(1.0, "")
    warnings = tuple(text for text in (control.effort.warning(), *plan.routing.warnings) if text)
    if used_up:
        control.log(control.effort.used_up("the plans of its level"))
    return JointResult(
        unit=choices.unit,
        split=choices.split,
        aim=choices.aim,
        preference_seconds=choices.preference_seconds,
        plan=plan,
        stepwise=stepwise,
        lower_bound=None if bound is None else bound.value,
        bound_name="" if bound is None else bound.name,
        history=history,
        seconds=control.effort.elapsed,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _people(plan: JointPlan) -> str:
    return f"{plan.people_placed:.0f} people placed" + (
        f" and {plan.people_caught:.0f} caught" if plan.people_caught else ""
    )


def _explain(problem: JointProblem, reach: Reach, control: Control) -> None:
    """Log what is asked."""
    places = problem.room[np.isfinite(problem.room)].sum()
    unlimited = int((~np.isfinite(problem.room)).sum())
    lost = ~reach.somewhere
    control.log(
        f"{problem.people.sum():.0f} people of {problem.groups} groups, {problem.vehicles} vehicles; "
        f"{problem.destinations} destinations with {places:.0f} places"
        + (f", {unlimited} of them without limit" if unlimited else "")
        + (f"; {int(lost.sum())} vehicles can reach none of them." if lost.any() else ".")
    )
    if reach.lost.any():
        control.log(
            f"{int(reach.lost.sum())} of these ({problem.people[reach.lost].sum():.0f} people) have a way, but none "
            "that arrives before the hazard and what closes, even on empty roads; they do not leave."
        )
