"""The steps of an allocation: how many people can be sheltered, and what that costs at the least."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..control import Control
from ..mip.solution import Solution
from .allocator import Allocator, Question
from .core_problem import allocate_everyone
from .exchange import exchange_sets
from .first_fit import first_fit, local_search, people_at, shelters_of
from .lagrangian import lagrangian_bound
from .model import COST, PEOPLE
from .opening import least_cost_with_opening
from .problem import with_the_rest
from .regret_insertion import insert_by_regret

# Combinations of groups that exchanges look at, by effort: for more people before the solver is asked, and for a
# cheaper plan where room is short.
MORE_PEOPLE, CHEAPER = (3_000_000, 30_000_000, 300_000_000), (20_000_000, 200_000_000, 2_000_000_000)


def quick_start(allocator: Allocator, control: Control, enough: int | None = None) -> np.ndarray:
    """Return an allocation (g, n) of whole groups, of many people; ``enough`` of them are all that can be placed."""
    problem, usable = allocator.problem, allocator.usable
    enough = allocator.wanted if enough is None else enough
    start = people_at(problem, first_fit(problem, usable))
    if int(start.sum()) < enough and problem.opening is None:
        prices = lagrangian_bound(problem, usable, control=control).prices
        start = max(start, people_at(problem, first_fit(problem, usable, prices)), key=np.sum)
    if int(start.sum()) == enough:
        return start
    start = people_at(problem, local_search(problem, usable, shelters_of(start), control))
    if allocator.uniform:
        work = control.effort.pick(*MORE_PEOPLE)
        other = people_at(problem, insert_by_regret(problem, usable, work, control))
        start = max(other, start, key=np.sum)  # of equals the cheaper, as a rule
    return start


def as_many_as_possible(
    allocator: Allocator, control: Control
) -> tuple[np.ndarray | None, int, int, tuple[Solution, ...]]:
    """Return an allocation of as many people as possible, their number, how many more at most, and the proof."""
    problem, usable = allocator.problem, allocator.usable
    start = None
    if not problem.divisible.any():
        start = quick_start(allocator, control)
        most, places = int(start.sum()), int(np.floor(problem.capacity[usable.any(axis=0)]).sum())
        if most == allocator.wanted:
            return start, most, 0, ()
        if most == places and problem.consumption is None:
            control.log(f"{most} of {allocator.wanted} people can be sheltered: every place is taken.")
            return start, most, 0, ()
    elif usable.all(axis=None) and allocator.wanted <= int(np.floor(problem.capacity).sum()):
        return None, allocator.wanted, 0, ()
    control.log("Looking for the greatest number of people that can be sheltered.")
    people, solution = allocator.run(Question(PEOPLE, usable, start, gap=0.0), control)
    most = int(people.sum())
    left_at_least = 0 if solution.bound is None else int(np.ceil(solution.bound - 1e-6))
    more = 0 if solution.status == "optimal" else max(0, allocator.wanted - left_at_least - most)
    if more:
        control.log(f"The search ended before a proof: at most {more} more people could be sheltered.")
    return people, most, more, (solution,)


def least_cost(
    allocator: Allocator, people: np.ndarray | None, most: int, control: Control
) -> tuple[np.ndarray, Solution]:
    """Return the allocation of at least ``most`` people at the least cost, starting from ``people`` (g, n)."""
    problem, usable = allocator.problem, allocator.usable
    if people is not None and problem.opening is not None and problem.consumption is None and most == allocator.wanted:
        return least_cost_with_opening(allocator, people, control)
    if (
        people is None
        or problem.divisible.any()
        or problem.opening is not None
        or not (most == allocator.wanted or allocator.uniform)
    ):
        at_least = None if most == allocator.wanted else most
        return allocator.run(Question(COST, usable, people, at_least), control)
    if most == allocator.wanted:
        return allocate_everyone(allocator, people, control)
    return _with_those_left(allocator, people, most, control)


def _with_those_left(
    allocator: Allocator, people: np.ndarray, most: int, control: Control
) -> tuple[np.ndarray, Solution]:
    """As :meth:`least_cost` where some stay behind: they go to one more shelter, free and just large enough.

    Sheltering at least ``most`` people is the same as leaving at most ``wanted - most``, which is a capacity like
    any other: prices bound the cost, rule pairs out and find a core as where there is room for everyone.
    """
    problem, usable = allocator.problem, allocator.usable
    room = allocator.wanted - most
    staying = with_the_rest(problem, usable, room)
    pairs = np.hstack([usable, usable.any(axis=1)[:, None] & (staying.sizes <= room)[:, None]])
    inner = Allocator(staying, pairs, allocator.solver)
    some = np.flatnonzero(usable.any(axis=1))
    shelter_of = np.where(people.any(axis=1), people.argmax(axis=1), len(problem.capacity))
    rows = replace(
        staying, sizes=staying.sizes[some], cost=staying.cost[some], allowed=staying.allowed[some],
        consumption=staying.room_taken[some],
    )  # fmt: skip
    work = control.effort.pick(*CHEAPER)
    shelter_of[some] = exchange_sets(rows, rows.usable(), shelter_of[some], work, control)
    whole = people_at(staying, shelter_of)
    whole[~usable.any(axis=1)] = 0.0
    found, proof = allocate_everyone(inner, whole, control, core=False)
    return found[:, :-1], proof
