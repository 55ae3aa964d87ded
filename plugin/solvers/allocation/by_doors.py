"""Shelters whose doors let in fewer of those who drive than there is room for; who walks enters anywhere.

At first doors are not looked at; where they let in whoever comes then, that is the allocation. Else each shelter is
two: one with the places up to what its doors let in, for all, and one with the places beyond, for those who walk. Put
together again they hold no more who drive than doors let in, and no more in all than there is room for; and so no
allocation is lost in which groups may be divided. Whole groups of walkers could be too large for either part, and some
are divided between both: they are placed anew, in all the room that those who drive leave.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..gap import gap_percent
from .problem import Allocation, AllocationProblem

Solve = Callable[[AllocationProblem, Control], Allocation]


def solve_by_doors(problem: AllocationProblem, solve: Solve, control: Control) -> Allocation:
    """Return an allocation of a problem with ``let_in``, by ``solve``, which knows of no doors.

    The bound is that of the problem without doors, where as many people find a place there; reasons are still those of
    the parts.

    Raises
    ------
    Cancelled, SolverError
    """
    free = replace(problem, let_in=None, drives=None)
    best = solve(free, control.part(0.0, 0.4))
    if not _over(problem, best.people):
        return best
    control.log("DOOR_MINUTES: some doors would have to let in more of those who drive; they are kept to what they do.")
    parts, shelter = in_two_parts(problem)
    found = solve(parts, control.part(0.4, 0.8))
    people = np.zeros_like(best.people)
    np.add.at(people.T, shelter, found.people.T)
    people = _walkers_anew(problem, people, solve, control.part(0.8, 1.0))
    if _over(problem, people) or np.any(people.sum(axis=0) > problem.capacity * (1.0 + 1e-9)):
        raise SolverError("The allocation found overfills a shelter. Please report the case; nothing was written.")
    cost, placed, most = problem.cost_of(people), int(people.sum()), int(best.people.sum())
    bound = best.bound if placed == most and not best.more_people else None
    more = 0 if problem.split and not found.more_people else most + best.more_people - placed
    gap = None if bound is None else gap_percent(cost, bound)
    return Allocation(people, (), cost, bound, gap, more, (*best.stages, *found.stages))


def in_two_parts(problem: AllocationProblem) -> tuple[AllocationProblem, np.ndarray]:
    """Return the problem with two shelters for each whose doors let in too few, and the shelter of each of all."""
    first = problem.capacity if problem.let_in is None else np.minimum(problem.capacity, problem.let_in)
    tight = np.flatnonzero(first < problem.capacity)
    shelter = np.concatenate([np.arange(len(first)), tight])
    allowed = problem.allowed[:, shelter].copy()
    allowed[problem.driving, len(first) :] = False
    return (
        AllocationProblem(
            problem.sizes,
            np.concatenate([first, (problem.capacity - first)[tight]]),
            problem.cost[:, shelter],
            allowed,
            problem.split,
        ),
        shelter,
    )


def _over(problem: AllocationProblem, people: np.ndarray) -> bool:
    """Whether more of those who drive come to a shelter than its doors let in."""
    return problem.let_in is not None and bool(
        np.any(people[problem.driving].sum(axis=0) > problem.let_in * (1.0 + 1e-9))
    )


def _walkers_anew(problem: AllocationProblem, people: np.ndarray, solve: Solve, control: Control) -> np.ndarray:
    """Return the allocation with all who walk placed anew in what room is left, where that is no worse."""
    walk = np.flatnonzero(~problem.driving & problem.allowed.any(axis=1))
    room = problem.capacity - people[problem.driving].sum(axis=0)
    rest = AllocationProblem(problem.sizes[walk], room, problem.cost[walk], problem.allowed[walk], problem.split)
    anew = people.copy()
    anew[walk] = solve(rest, control.unlogged()).people
    before, after = (
        (-int(each.sum()), int(problem.in_parts(each).sum()), problem.cost_of(each)) for each in (people, anew)
    )
    return anew if after <= before else people
