"""Which of several equally good allocations, by :mod:`equal_plans`: the weights are those of groups and shelters."""

from __future__ import annotations

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..mip.equal_plans import MAY_DIFFER, SETTLED, fixed_weights, held
from ..mip.solution import Solution
from .allocator import Allocator, EqualPlans, Question
from .lagrangian import lagrangian_bound
from .model import COST

MOST_PAIRS = 10_000  # above which a second solve takes too long; it has no more than a quick search's nodes


def settle(
    allocator: Allocator,
    people: np.ndarray,
    proof: Solution,
    most: int,
    control: Control,
    divided: int | None = None,
) -> np.ndarray:
    """Return the allocation (g, n) among those as good as ``people`` that every solver agrees on, where it is proved.

    ``most`` people are placed, ``divided`` groups besides those that always may be divided; ``proof`` is that of the
    cost.
    """
    if proof.gap != 0.0 or allocator.problem.opening is not None or int(allocator.usable.sum()) > MOST_PAIRS:
        control.log(MAY_DIFFER)
        return people
    problem = allocator.problem
    cost = problem.cost_of(people)
    weights = fixed_weights(problem.cost.shape)
    at_least = None if most == allocator.wanted else most
    most_cost = held(cost)
    brief = control.with_effort(control.effort.brief())
    pairs = problem.usable_in_parts() if divided else allocator.usable
    if at_least is None and not divided and not problem.divisible.any():  # only pairs that a plan of this cost can have
        pairs = lagrangian_bound(problem, allocator.usable, cost, control).keep(most_cost)
    try:
        among = EqualPlans(most_cost, weights)
        asked = Question(COST, pairs, at_least=at_least, gap=0.0, divided=divided or None, among=among)
        found, solution = allocator.run(asked, brief)
    except SolverError:  # stopped before any solution was found
        control.log(MAY_DIFFER)
        return people
    finally:
        control.effort.take_back(brief.effort)
    if solution.gap != 0.0 or problem.cost_of(found) > most_cost or int(found.sum()) < int(people.sum()):
        control.log(MAY_DIFFER)
        return people
    control.log(SETTLED)
    return found
