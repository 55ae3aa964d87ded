"""Which of several equally good allocations, by :mod:`equal_plans`: the weights are those of groups and shelters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..control import Progress
from ..errors import SolverError
from ..mip.equal_plans import MAY_DIFFER, SETTLED, fixed_weights, held
from ..mip.solution import Solution
from .lagrangian import relax
from .model import COST

if TYPE_CHECKING:  # pragma: no cover
    from .lexicographic import Search

MOST_PAIRS = 10_000  # above which a second solve takes too long; it has no more than a quick search's nodes


def settle(search: Search, people: np.ndarray, proof: Solution, most: int, progress: Progress) -> np.ndarray:
    """Return the allocation (g, n) among those as good as ``people`` that every solver agrees on, where it is proved.

    ``most`` people are placed; ``proof`` is that of their cost.
    """
    if proof.gap != 0.0 or search.problem.opening is not None or int(search.usable.sum()) > MOST_PAIRS:
        search.say(MAY_DIFFER)
        return people
    problem = search.problem
    cost = problem.cost_of(people)
    weights = fixed_weights(problem.cost.shape)
    at_least = None if most == search.wanted else most
    most_cost = held(cost)
    brief, pairs = search.briefly(), search.usable
    if at_least is None and not problem.split:  # only pairs that a plan of this cost can have
        pairs = relax(problem, search.usable, cost, search.cancelled).keep(most_cost)
    try:
        found, solution = brief.run(COST, at_least, pairs, None, progress, 0.0, held=most_cost, weights=weights)
    except SolverError:  # stopped before any solution was found
        search.say(MAY_DIFFER)
        return people
    finally:
        search.effort.stopped_early = search.effort.stopped_early or brief.effort.stopped_early
    if solution.gap != 0.0 or problem.cost_of(found) > most_cost or int(found.sum()) < int(people.sum()):
        search.say(MAY_DIFFER)
        return people
    search.say(SETTLED)
    return found
