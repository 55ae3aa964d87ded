"""The core problem: everyone placed, groups whole, at the least cost, over the pairs that can still matter.

1. Prices on the capacities bound the cost from below (:mod:`lagrangian`); a quick allocation bounds it from above.
2. Where many pairs are left: the relaxation over the pairs that look best divides at most one group a shelter, so all
   other groups stay where it puts them but for the most indifferent ones, and a small model places the rest.
3. The pairs that can be part of a better allocation go to the solver together.
"""

from __future__ import annotations

import time

import numpy as np

from ..control import Control
from ..effort import QUICK
from ..errors import SolverError
from ..gap import gap_percent
from ..mip.solution import Solution, between, describe
from .allocator import Allocator, Question
from .first_fit import first_fit, local_search, people_at, shelters_of
from .lagrangian import LagrangianBound, lagrangian_bound
from .model import COST
from .problem import AllocationProblem

SMALL, LARGE = 10_000, 60_000  # pairs that need no core first; pairs that are not handed to the solver all at once
CORE_PAIRS = 8  # a group, those with the smallest excess
FREE_GROUPS = 500  # groups that the small model places
NEAR = 0.02  # of the bound: pairs that lift it by less are tried first
NEARLY_ALL = 0.9  # of the pairs that can matter, above which trying fewer first is not worth it


def allocate_everyone(
    allocator: Allocator, people: np.ndarray, control: Control, core: bool = True
) -> tuple[np.ndarray, Solution]:
    """Return the allocation (g, n) of all whole groups at the least cost, and the proof over all pairs.

    ``people`` (g, n) is an allocation of everyone to begin with. Step 2 is left out without ``core``: where no place is
    to spare, hardly any other placing of a few groups fits.
    """
    begun, problem = time.monotonic(), allocator.problem
    people, lagrangian = _begin(allocator, people, control)
    last = None
    many = lagrangian.keep(cost_of(problem, people)).sum() > SMALL
    if core and many and not _enough(allocator, people, lagrangian.bound, control):
        people = _from_core(allocator, people, lagrangian, control.part(0.0, 0.4))
    # Where every cost is whole, whatever is better saves 1 at least, so fewer pairs can matter.
    step = 1.0 if bool(np.all(problem.cost[allocator.usable] % 1.0 == 0.0)) else 0.0
    pairs = lagrangian.keep(cost_of(problem, people) - step) | (people > 0)
    bound = lagrangian.bound
    near = lagrangian.keep(bound + NEAR * abs(bound)) | (people > 0)
    if (
        near.sum() < NEARLY_ALL * pairs.sum()
        and pairs.sum() <= SMALL
        and not _enough(allocator, people, bound, control)
    ):
        people, last = allocator.run(Question(COST, near, people), control.part(0.4, 0.7))
        pairs = lagrangian.keep(cost_of(problem, people) - step) | (people > 0)
    if last is not None and last.status == "optimal" and last.bound is not None and not np.any(pairs & ~near):
        bound = max(bound, last.bound)  # what is better than this has no pair that was left out
    elif last is not None and control.effort.level == QUICK:
        pass  # the prices' bound has to do: over more pairs the search would end before a proof even more surely
    elif pairs.sum() <= SMALL or (pairs.sum() <= LARGE and not _enough(allocator, people, bound, control)):
        people, last = allocator.run(Question(COST, pairs, people), control.part(0.7, 1.0))
        if last.bound is not None:  # the pairs left out are in no better allocation: it holds over all pairs
            bound = max(bound, last.bound)
    cost = cost_of(problem, people)
    solver = "Lagrangian bound" if last is None else last.solver
    proof = between(cost, bound, solver, time.monotonic() - begun, control.effort.mip_gap)
    control.log("Over all pairs: " + describe(proof))
    return people, proof


def cost_of(problem: AllocationProblem, people: np.ndarray) -> float:
    """Return the cost of whole groups placed as ``people`` (g, n).

    It is a plain sum of costs; the problem's own ``cost_of``, which divides groups, may differ in the last digit.
    """
    return float(problem.cost[people > 0].sum())


def _enough(allocator: Allocator, people: np.ndarray, bound: float, control: Control) -> bool:
    cost = cost_of(allocator.problem, people)
    return cost - bound <= control.effort.mip_gap * abs(cost)


def _begin(allocator: Allocator, people: np.ndarray, control: Control) -> tuple[np.ndarray, LagrangianBound]:
    """Return a quick allocation and the bound."""
    problem, usable = allocator.problem, allocator.usable
    lagrangian = lagrangian_bound(problem, usable, cost_of(problem, people), control)
    priced = people_at(problem, first_fit(problem, usable, lagrangian.prices))
    if int(priced.sum()) == allocator.wanted and cost_of(problem, priced) < cost_of(problem, people):
        people = priced
    people = people_at(problem, local_search(problem, usable, shelters_of(people), control))
    cost = cost_of(problem, people)
    gap = gap_percent(cost, lagrangian.bound)
    control.log(
        f"A quick allocation costs {cost:.8g}, the least cost is at least {lagrangian.bound:.8g}"
        + ("" if gap is None else f" ({abs(gap):.2g} % below)")
        + f"; {int(lagrangian.keep(cost).sum())} of {int(usable.sum())} pairs can be part of a better one."
    )
    return people, lagrangian


def _from_core(allocator: Allocator, people: np.ndarray, lagrangian: LagrangianBound, control: Control) -> np.ndarray:
    """Return the better of ``people`` and what the small model of step 2 gives."""
    problem = allocator.problem
    core = (people > 0) | smallest(lagrangian.excess, CORE_PAIRS)
    almost = problem.sizes * (1.0 - 1e-6)
    try:
        shares, _ = allocator.run(Question(COST, core, gap=0.0, integer=False), control.part(0.0, 0.5))
        placed = shares.max(axis=1) >= almost
        second = np.partition(lagrangian.excess, 1, axis=1)[:, 1] if core.shape[1] > 1 else np.zeros(len(placed))
        rank = np.argsort(np.where(placed, second, -1.0), kind="stable")  # divided groups first, indifferent ones next
        free = np.zeros(len(placed), dtype=bool)
        free[rank[: FREE_GROUPS + int((~placed).sum())]] = True
        pairs = (people > 0) | (core & (free[:, None] | (shares >= almost[:, None])))
        control.log(f"{int(free.sum())} groups are left to place; the others stay where the relaxation puts them.")
        found, _ = allocator.run(Question(COST, pairs, people), control.part(0.5, 1.0))
    except SolverError:
        control.log("The pairs that look best do not place everyone; going on from the quick allocation.")
        return people
    found = people_at(problem, local_search(problem, allocator.usable, shelters_of(found), control))
    return found if cost_of(problem, found) < cost_of(problem, people) else people


def smallest(excess: np.ndarray, count: int) -> np.ndarray:
    """Return the ``count`` smallest finite entries of each row as a mask."""
    out = np.zeros(excess.shape, dtype=bool)
    np.put_along_axis(out, np.argsort(excess, axis=1, kind="stable")[:, :count], True, axis=1)
    return out & np.isfinite(excess)
