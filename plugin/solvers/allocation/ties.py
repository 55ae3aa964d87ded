"""Which of several equally good allocations: the same one whichever solver proved the optimum.

Where a plan is proved to be optimal, a second solve holds its cost and minimises a sum of fixed weights, one for each
pair of group and shelter, drawn once so that hardly ever two plans have the same sum. The plan it proves to be least
is everybody's. Without both proofs solvers may give different plans of costs within the gap, and the log says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..checked_solution import Solution
from ..control import Progress, SolverError
from .model import COST
from .relaxation import relax

if TYPE_CHECKING:  # pragma: no cover
    from .search import Search

MOST_PAIRS = 10_000  # above which a second solve takes too long; it has no more than a quick search's nodes
HEAVIEST = 1_000_000
HELD = 1e-9  # of the cost, by which it may rise: what sums of floating-point numbers differ by
MAY_DIFFER = "Another solver, or another version, may find a different plan within the gap."


def settle(search: Search, people: np.ndarray, proof: Solution, most: int, progress: Progress) -> np.ndarray:
    """Return the allocation (g, n) among those as good as ``people`` that every solver agrees on, where it is proved.

    ``most`` people are placed; ``proof`` is that of their cost.
    """
    if proof.gap != 0.0 or search.problem.opening is not None or int(search.usable.sum()) > MOST_PAIRS:
        search.say(MAY_DIFFER)
        return people
    problem = search.problem
    cost = problem.cost_of(people)
    weights = np.random.default_rng(0).integers(1, HEAVIEST, problem.cost.shape).astype(float)
    at_least = None if most == search.wanted else most
    held = cost + HELD * (1.0 + abs(cost))
    brief, pairs = search.briefly(), search.usable
    if at_least is None and not problem.split:  # only pairs that a plan of this cost can have
        pairs = relax(problem, search.usable, cost, search.cancelled).keep(held)
    try:
        found, solution = brief.run(COST, at_least, pairs, None, progress, 0.0, held=held, weights=weights)
    except SolverError:  # stopped before any solution was found
        search.say(MAY_DIFFER)
        return people
    finally:
        search.effort.stopped_early = search.effort.stopped_early or brief.effort.stopped_early
    if solution.gap != 0.0 or problem.cost_of(found) > held or int(found.sum()) < int(people.sum()):
        search.say(MAY_DIFFER)
        return people
    search.say("Of the plans of this cost the one that every solver agrees on is taken.")
    return found
