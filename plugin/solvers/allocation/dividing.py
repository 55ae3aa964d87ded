"""Dividing groups where that is needed, and no more: everybody who can be placed is, and most groups stay whole.

People who could be divided at will fill as many places as a maximum flow says; that many are placed here. Groups
larger than any shelter in reach are divided in any case. As few others as possible are: none where whole groups fit,
else those that fill the places left over, as long as the integer program knows no fewer.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ..control import Control
from ..location.coverage import Coverage
from ..location.location_problem import LocationProblem, flows_to
from ..mip.solution import Solution, between, describe
from .allocator import Allocator, Question
from .core_problem import LARGE, SMALL
from .first_fit import first_fit, people_at
from .lagrangian import lagrangian_bound
from .lexicographic import least_cost, quick_start
from .model import COST, DIVIDED
from .problem import WHOLE, AllocationProblem, with_the_rest

TURNS = 2  # in which parts and whole groups are placed anew


def others_divided(problem: AllocationProblem, people: np.ndarray) -> int:
    """Return how many groups an allocation (g, n) divides besides those larger than any shelter in reach."""
    return int(np.count_nonzero(problem.in_parts(people) & ~problem.divisible))


def unproved(problem: AllocationProblem, people: np.ndarray) -> str:
    """Return what a reader must know where nobody looked whether fewer groups than in ``people`` (g, n) need parts."""
    divided, pairs = others_divided(problem, people), int(problem.usable_in_parts().sum())
    if not divided or pairs <= LARGE:
        return ""
    return (
        f"That no fewer than {divided} group(s) need be divided is not proved: {pairs:,} pairs of groups and shelters "
        f"are more than the {LARGE:,} for which that is tried."
    )


def place_all(allocator: Allocator, control: Control) -> tuple[np.ndarray, int, tuple[Solution, ...]]:
    """Return an allocation (g, n) of as many people as any, how many other groups it divides, and the proof of that."""
    problem = allocator.problem
    most = _greatest(problem)
    starts = _starts(allocator, most, control.part(0.0, 0.5))
    people = min(starts, key=lambda found: _badness(problem, found, most))
    if int(people.sum()) == most and others_divided(problem, people) == 0:
        return people, 0, ()
    starts = [*(_filled(problem, found, most) for found in starts), _flows(problem, most)]
    people = min(starts, key=lambda found: _badness(problem, found, most))
    divided, pairs = others_divided(problem, people), problem.usable_in_parts()
    control.log(
        f"{most} people find a place where {divided} group(s) are divided besides those larger than any shelter in "
        "reach."
    )
    if divided == 0:
        return people, divided, ()
    if pairs.sum() > LARGE:
        control.log(unproved(problem, people))
        return people, divided, ()
    control.log("Looking for the fewest groups to divide.")
    asked = Question(DIVIDED, pairs, people, at_least=most, gap=0.0, divided=divided)
    people, solution = allocator.run(asked, control.part(0.5, 1.0))
    divided = others_divided(problem, people)
    least = 0 if solution.bound is None else int(np.ceil(solution.bound - 1e-6))
    if least < divided:
        control.log(f"The search ended before a proof: {divided} groups are divided, at least {max(least, 0)} must be.")
    return people, divided, (solution,)


def least_cost_in_parts(
    allocator: Allocator, people: np.ndarray, divided: int, control: Control
) -> tuple[np.ndarray, Solution]:
    """Return the allocation of as many people as ``people`` (g, n) at the least cost, and the proof.

    At most ``divided`` groups are divided besides those that may be in any case. The prices' bound holds for groups in
    parts as for whole ones; a pair that lifts it by too much for a single person is in no better allocation.
    """
    begun, problem, most = time.monotonic(), allocator.problem, int(people.sum())
    pairs = problem.usable_in_parts() if divided else allocator.usable
    priced, some = problem, pairs
    if most < allocator.wanted:
        priced = with_the_rest(problem, pairs, allocator.wanted - most)
        some = np.hstack([pairs, pairs.any(axis=1)[:, None]])
    if pairs.sum() > SMALL:  # else the solver sees to all at once
        people = _in_turn(allocator, people, control.part(0.0, 0.5))
    cost = problem.cost_of(people)
    prices = lagrangian_bound(priced, some, cost, control)
    scale = np.where(problem.divisible | bool(divided), np.maximum(problem.sizes, 1), 1)
    keep = prices.bound + prices.excess[:, : len(problem.capacity)] / scale[:, None] <= cost + 1e-9 * (1.0 + abs(cost))
    keep = (keep & pairs) | (people > 0)
    bound, last = prices.bound, None
    if keep.sum() <= LARGE and cost - bound > control.effort.mip_gap * abs(cost):
        at_least = None if most == allocator.wanted else most
        asked = Question(COST, keep, people, at_least, divided=divided or None)
        people, last = allocator.run(asked, control.part(0.5, 1.0))
        if last.bound is not None:
            bound = max(bound, last.bound)
    cost = problem.cost_of(people)
    solver = "Lagrangian bound" if last is None else last.solver
    proof = between(cost, bound, solver, time.monotonic() - begun, control.effort.mip_gap)
    control.log("With groups in parts: " + describe(proof))
    return people, proof


def _starts(allocator: Allocator, most: int, control: Control) -> list[np.ndarray]:
    """Return allocations (g, n) with whole groups beside those larger than any shelter in reach, of many people.

    Where there are such large groups they are placed first, as in the cheapest flows of all people, or last, in the
    room that the others leave, each of which is where a place counts at its price.
    """
    problem = allocator.problem
    large = problem.divisible
    if not large.any():
        return [quick_start(allocator, control, most)]
    first = np.where(large[:, None], _flows(problem, most), 0.0)
    prices = lagrangian_bound(problem, allocator.usable, control=control).prices
    whole = people_at(problem, first_fit(problem, allocator.usable & ~large[:, None], prices))
    return [_whole_around(allocator, first, most, control), _filled(problem, whole, most, large)]


def _in_turn(allocator: Allocator, people: np.ndarray, control: Control) -> np.ndarray:
    """Return an allocation (g, n) of as many people at no more cost: parts and whole groups are placed anew in turn."""
    problem, most = allocator.problem, int(people.sum())
    for turn in range(TURNS):
        parts = problem.in_parts(people)
        fixed = np.where(parts[:, None], people, 0.0)
        better = _whole_around(allocator, fixed, most, control.part(turn / TURNS, (turn + 1) / TURNS), people)
        better = _filled(problem, better - fixed, most, parts)
        if int(better.sum()) != most or not problem.cost_of(better) < problem.cost_of(people) * (1.0 - 1e-9):
            return people
        people = better
    return people


def _greatest(problem: AllocationProblem) -> int:
    """Return how many people can be placed where all may be divided."""
    coverage = Coverage(problem.sizes, problem.usable_in_parts(), np.floor(problem.capacity))
    return coverage.sheltered(np.ones(len(problem.capacity), dtype=bool)) // coverage.units


def _flows(problem: AllocationProblem, most: int) -> np.ndarray:
    """Return the cheapest allocation (g, n) of ``most`` people where all may be divided: a corner, so hardly any is."""
    pairs = problem.usable_in_parts()
    group, shelter = np.nonzero(pairs)
    each = problem.cost[group, shelter] / problem.sizes[group]
    count = len(problem.capacity)
    everything = np.ones(count, dtype=bool)
    room = np.floor(problem.capacity)
    sizes = np.where(pairs.any(axis=1), problem.sizes, 0).astype(float)
    located = LocationProblem(sizes, room, group, shelter, each, ~everything, float(most), count)
    out = np.zeros(problem.cost.shape)
    out[group, shelter] = np.round(flows_to(located, everything)[0])
    return out


def _whole_around(
    allocator: Allocator, fixed: np.ndarray, most: int, control: Control, start: np.ndarray | None = None
) -> np.ndarray:
    """Return an allocation (g, n) with whole groups beside those ``fixed`` (g, n), as many people as are found quickly.

    With a ``start`` (g, n) its whole groups are placed anew at the least cost.
    """
    problem = allocator.problem
    rows = np.flatnonzero(~fixed.any(axis=1) & ~problem.divisible & (problem.sizes > 0))
    rest = AllocationProblem(
        problem.sizes[rows],
        np.floor(problem.capacity) - fixed.sum(axis=0),
        problem.cost[rows],
        problem.allowed[rows],
    )
    inner = Allocator(rest, rest.usable(), allocator.solver)
    people = fixed.copy()
    if not inner.usable.any():
        return people
    if start is None:
        people[rows] = quick_start(inner, control, min(inner.wanted, most - int(fixed.sum())))
    else:
        people[rows], _ = least_cost(inner, start[rows], int(start[rows].sum()), control)
    return people


def _filled(problem: AllocationProblem, people: np.ndarray, most: int, groups: np.ndarray | None = None) -> np.ndarray:
    """Return the allocation (g, n) with the free places taken by people left, of all or some ``groups`` (g,) bool.

    They are divided as it takes, and go where they cost least.
    """
    left = problem.sizes - people.sum(axis=1).astype(np.int64)
    left = left if groups is None else np.where(groups, left, 0)
    rest = replace(
        problem,
        sizes=left,
        capacity=np.floor(problem.capacity) - people.sum(axis=0),
        cost=problem.cost * np.divide(left, problem.sizes, out=np.zeros(len(left)), where=problem.sizes > 0)[:, None],
        split=WHOLE,
        inside=None,
    )
    more = min(_greatest(rest), most - int(people.sum()))
    return people + _flows(rest, more) if more > 0 else people


def _badness(problem: AllocationProblem, people: np.ndarray, most: int) -> tuple[int, int, float]:
    """Return what makes an allocation worse: people missing, groups divided, cost."""
    return most - int(people.sum()), others_divided(problem, people), problem.cost_of(people)
