"""The numbers that ``jointplan`` gives back, and what it says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....plugin.solvers.joint.kinds import AIM_NAMES, CLEARANCE
from ...base import EvacuationAlgorithm
from ..allocation import names as allocation
from ..routing import names as routing
from ..routing.routing_outputs import routing_numbers
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.joint.case import JointCase
    from ....plugin.layers.routing.outputs import RoutedCase
    from ....plugin.solvers.allocation.problem import Allocation
    from ....plugin.solvers.joint.result import JointResult


def joint_numbers(found: RoutedCase, placed: Allocation, case: JointCase, result: JointResult) -> dict[str, Any]:
    """Return the output numbers that are known; bound and gap are those of the aim's value."""
    groups = case.demand.groups
    numbers = routing_numbers(found)
    allocated = int(placed.people.sum())
    without = sum(each.people for each in groups.stranded)
    left = int(groups.sizes.sum()) - allocated + without - int(numbers[routing.CAUGHT])
    numbers.update(
        {
            names.VALUE: result.value,
            routing.LOWER_BOUND: result.lower_bound,  # of as many who arrive, where others are caught too
            routing.GAP: result.gap,
            names.STEPWISE_VALUE: result.stepwise.value,
            names.STEPWISE_CAUGHT: int(np.rint(result.stepwise.people_caught)),
            names.STEPWISE_TIME: result.stepwise.total_time,
            names.STEPWISE_CLEARANCE: result.stepwise.clearance if len(result.stepwise.placed) else None,
            allocation.ALLOCATED: allocated,
            allocation.UNALLOCATED: left,
            routing.UNROUTED: left,
        }
    )
    return {name: value for name, value in numbers.items() if value is not None}


def tell_plan(algorithm: EvacuationAlgorithm, case: JointCase, result: JointResult, numbers: dict[str, Any]) -> None:
    """Log what the joint plan brings beside the step-wise one, and who has no place."""
    feedback, tr = algorithm.feedback, algorithm.tr
    for text in result.warnings:
        feedback.pushWarning(text)
    plan, steps = result.plan, result.stepwise
    text = tr(
        "Joint plan (aim: {aim}): value {value:,.0f} {unit} against {steps:,.0f} of the step-wise plan; "
        "{hours:,.1f} against {step_hours:,.1f} vehicle-hours, everybody has arrived after {minutes:,.0f} against "
        "{step_minutes:,.0f} min, {people:,.0f} against {step_people:,.0f} people have a place."
    )
    feedback.pushInfo(
        text.format(
            aim=AIM_NAMES[result.aim], value=plan.value, unit="s" if result.aim == CLEARANCE else "person-seconds",
            steps=steps.value, hours=plan.total_time / 3600.0, step_hours=steps.total_time / 3600.0,
            minutes=plan.clearance / 60.0, step_minutes=steps.clearance / 60.0, people=plan.people_placed,
            step_people=steps.people_placed,
        )
    )  # fmt: skip
    if plan.people_caught or steps.people_caught:
        text = tr("{people:,.0f} against {step_people:,.0f} people are caught.")
        feedback.pushInfo(text.format(people=plan.people_caught, step_people=steps.people_caught))
    if result.gap is not None:
        text = tr("No plan by which as many people arrive has a value that is more than {gap:.2f} % lower ({name}).")
        feedback.pushInfo(text.format(gap=result.gap, name=result.bound_name))
    moved = int(np.rint(elsewhere(case, result)))
    text = tr("{moved:,} people go elsewhere than in the step-wise plan.")
    feedback.pushInfo(text.format(moved=moved))
    if numbers[allocation.UNALLOCATED]:
        text = tr("{left} people have no place; see OUTPUT_UNALLOCATED.")
        feedback.pushWarning(text.format(left=numbers[allocation.UNALLOCATED]))


def elsewhere(case: JointCase, result: JointResult) -> float:
    """Return the people whose vehicles go to another destination than in the step-wise plan."""
    other = result.plan.destination != result.stepwise.destination
    return float(case.problem.people[other].sum())
