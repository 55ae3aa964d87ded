"""The step-wise plan: shelters first, by time on empty roads, preference and room, then streets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..allocation.objective import Objective, normalised
from ..control import Control
from ..routing.shared.choices import QUEUE, SYSTEM_OPTIMAL
from ..routing.solve import solve as route
from .choices import Choices
from .evaluate import plan_of_result
from .kinds import BY_GROUP, WHERE_NEEDED
from .placing import Groups, deal, finite_room, nearest_room, people_of, send_groups
from .problem import ROUNDING, JointProblem
from .reach import Reach
from .result import JointPlan


def stepwise_plan(problem: JointProblem, reach: Reach, choices: Choices, control: Control) -> JointPlan:
    """Return the plan that chooses shelters first, by time on empty roads, preference and room, and then streets.

    Where everybody may go where he likes, who is of a group that can go nowhere as a whole goes alone, to the nearest
    room that is left.

    Raises
    ------
    Cancelled, SolverError
    """
    somewhere = reach.somewhere
    sizes = people_of(problem, somewhere)
    usable = reach.whole(problem.groups) & problem.stepwise[None, :]
    minutes = impedance_of(problem, reach)
    usable &= np.isfinite(minutes)
    room = finite_room(problem.room, float(sizes.sum()))
    if not np.isfinite(problem.room[problem.stepwise]).any():  # exits alone: each group to its quickest
        people = np.zeros(usable.shape, dtype=np.int64)
        some = np.flatnonzero(usable.any(axis=1))
        if len(some):
            people[some, np.argmin(np.where(usable, minutes, np.inf)[some], axis=1)] = sizes[some]
    else:
        distance = normalised(np.where((sizes > 0)[:, None], minutes, np.inf))
        each = Objective(problem.dissatisfaction, distance, np.ones(problem.groups, dtype=np.int64)).cost
        split = choices.split if choices.unit == BY_GROUP else WHERE_NEEDED
        people = send_groups(Groups(sizes, room, each, usable), split, control)
    destination = deal(problem, reach, people, somewhere & (problem.people > 0))
    if choices.free and (reach.allowed.any(axis=1) & ~usable.any(axis=1)[reach.group]).any():
        alone = reach.allowed & problem.stepwise[None, :] & ~usable.any(axis=1)[reach.group][:, None]
        preference = choices.preference_seconds * problem.dissatisfaction
        destination = nearest_room(problem, replace(reach, allowed=alone), preference, destination, control)
    destination = reach.with_lost(with_empty(problem, reach, destination))
    result = route(
        problem.trips(destination), method=SYSTEM_OPTIMAL, flow_model=QUEUE, certify=False,
        stuck_seconds=choices.stuck_seconds, reroute_minutes=choices.reroute_minutes, max_routes=choices.max_routes,
        control=control.unlogged(),
    )  # fmt: skip
    return plan_of_result(problem, reach, choices, destination, result)


def with_empty(problem: JointProblem, reach: Reach, destination: np.ndarray) -> np.ndarray:
    """Return ``destination`` with vehicles without people where most people of their group go, else the nearest."""
    destination = destination.copy()
    empty = np.flatnonzero((problem.people <= 0) & reach.somewhere & (destination < 0))
    placed = np.flatnonzero(destination >= 0)
    table = np.zeros((problem.groups, problem.destinations))
    np.add.at(table, (problem.group[placed], destination[placed]), problem.people[placed] + ROUNDING)
    for vehicle in empty.tolist():
        cell = reach.cell[vehicle]
        most = int(np.argmax(np.where(reach.allowed[cell], table[problem.group[vehicle]], -1.0)))
        if table[problem.group[vehicle], most] <= 0:
            most = int(np.argmin(np.where(reach.allowed[cell], reach.seconds[cell], np.inf)))
        destination[vehicle] = most
    return destination


def impedance_of(problem: JointProblem, reach: Reach) -> np.ndarray:
    """Return the minutes (g, n) by which groups choose."""
    if problem.impedance is not None:
        return problem.impedance
    weight = np.bincount(reach.cell, minlength=len(reach.group)).astype(np.float64) * reach.allowed.any(axis=1)
    total = np.zeros((problem.groups, problem.destinations))
    count = np.bincount(reach.group, weights=weight, minlength=problem.groups)
    with np.errstate(invalid="ignore"):
        np.add.at(total, reach.group, np.where(weight[:, None] > 0, weight[:, None] * reach.seconds, 0.0))
        return np.where(count[:, None] > 0, total / np.maximum(count, 1.0)[:, None], np.inf) / 60.0
