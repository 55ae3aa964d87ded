"""Whole groups where shelters cost something to open: single-source facility location with capacities.

People who could be divided at will cost no more, so that their linear relaxation bounds the cost from below and says
which shelters and pairs no better allocation has; prices of whole groups (:mod:`.knapsack_bound`) bound it better and
say which shelters are worth opening together. Sets of shelters that are cheap for divided people, with hardly any room
to spare, are packed with whole groups (:mod:`.repacking`); a few shelters at a time are then placed anew; the solver
goes on from there.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ..control import Control
from ..location.coverage import Coverage
from ..location.exchange import exchange_sites, serve_set
from ..location.location_problem import LinearRelaxation, LocationProblem, linear_relaxation, serve
from ..mip.solution import Solution, between, describe
from .allocator import Allocator, Question
from .knapsack_bound import KnapsackBound, cheapest_sets, knapsack_bound
from .model import COST
from .problem import AllocationProblem
from .repacking import repack

SPARE = (0.001, 0.002, 0.004, 0.007, 0.015, 0.03, 0.06, 0.12, 0.25)  # parts of each room left empty, one after another
FIRST_SPARE = 0.03  # before them: packed soon, so that a fence finds a plan
SETS, MOST_SPARE = (8, 20, 60), 0.01  # sets of shelters that are priced, by effort, with up to so many places over
ROUNDS = (30, 100, 200)  # of the exchanges in one set of shelters, by effort
NEIGHBOURHOODS = (10, 30, 500)  # that are placed anew, by effort
OPEN, CLOSED = 4, 2  # shelters of a neighbourhood that are open, and that are not
NEIGHBOURHOOD_GAP = 2e-3  # at which the solver may stop there


def total_cost(problem: AllocationProblem, people: np.ndarray) -> float:
    """Return the cost of an allocation (g, n), opening included."""
    opening = 0.0 if problem.opening is None else float(problem.opening[people.any(axis=0)].sum())
    return problem.cost_of(people) + opening


def least_cost_with_opening(allocator: Allocator, people: np.ndarray, control: Control) -> tuple[np.ndarray, Solution]:
    """Return the allocation (g, n) of all groups that can go anywhere at the least cost, opening included.

    ``people`` (g, n) is one to begin with; a place is taken by each person.
    """
    begun, problem, usable = time.monotonic(), allocator.problem, allocator.usable
    located = divisible(allocator)
    relaxation = linear_relaxation(located, control.part(0.0, 0.1))
    priced = knapsack_bound(problem, usable, relaxation.zone_price * problem.sizes, control.part(0.1, 0.2))
    bound, last = max(relaxation.bound, priced.bound), None
    enough = bound + control.effort.mip_gap * abs(bound) + 1e-9 * (1.0 + abs(bound))
    people = _with_room_to_spare(allocator, people, located, priced, enough, control.part(0.2, 0.3))
    if total_cost(problem, people) > enough:
        people = _by_neighbourhoods(allocator, people, control.part(0.3, 0.5))
    cost = total_cost(problem, people)
    bound = min(bound, cost)
    control.log(f"A quick allocation costs {cost:.8g}, the least cost is at least {bound:.8g}.")
    if cost - bound > control.effort.mip_gap * abs(cost):
        pairs = (usable & _possible(problem, located, relaxation, cost)) | (people > 0)
        control.log(f"{int(pairs.sum())} of {int(usable.sum())} pairs can be part of a better allocation.")
        people, last = allocator.run(Question(COST, pairs, people), control.part(0.5, 1.0))
        cost = total_cost(problem, people)
        if last.bound is not None:  # the pairs left out are in no better allocation
            bound = max(bound, min(last.bound, cost))
    solver = "linear relaxation" if last is None else last.solver
    proof = between(cost, bound, solver, time.monotonic() - begun, control.effort.mip_gap)
    control.log("With the opening of shelters: " + describe(proof))
    return people, proof


def divisible(allocator: Allocator) -> LocationProblem:
    """Return the same where people may be divided at will."""
    problem, usable = allocator.problem, allocator.usable
    group, shelter = np.nonzero(usable)
    sizes = np.where(usable.any(axis=1), problem.sizes, 0)
    room = np.floor(problem.capacity)
    return LocationProblem(
        sizes.astype(float),
        room,
        group,
        shelter,
        problem.cost[group, shelter] / problem.sizes[group],
        np.zeros(len(room), dtype=bool),
        float(sizes.sum()),
        len(room),
        problem.opening,
    )


def _with_room_to_spare(
    allocator: Allocator,
    people: np.ndarray,
    located: LocationProblem,
    priced: KnapsackBound,
    enough: float,
    control: Control,
) -> np.ndarray:
    """Return the best allocation (g, n) of whole groups among ``people`` and those to a few sets of shelters.

    Each set is about the cheapest for divided people where a part of each room stays empty, which whole groups need. A
    cost of ``enough`` ends the search.
    """
    problem, usable = allocator.problem, allocator.usable
    best, tried = total_cost(problem, people), set()
    sets = _cheap_sets(allocator, located, priced, control)
    for share in (FIRST_SPARE, *SPARE):
        control.stop_if_cancelled()
        tight = replace(located, room=located.room * (1.0 - share))
        coverage = Coverage(tight.people, usable, tight.room)
        begin = next((chosen for chosen in sets if coverage.sheltered(chosen) >= coverage.total), None)
        if best <= enough or control.effort.passed():
            break
        if begin is None:
            continue  # so much room is not there
        start = serve_set(tight, begin, control)
        sites = exchange_sites(tight, coverage, coverage.total, start, linear_relaxation(tight, control), control)
        if sites.value > best:
            break  # more room to spare costs more
        if sites.chosen.tobytes() in tried:
            continue
        tried.add(sites.chosen.tobytes())
        found = _whole(allocator, located, sites.chosen, enough, control)
        if found is not None and total_cost(problem, found) < best:
            people, best = found, total_cost(problem, found)
    return people


def _cheap_sets(
    allocator: Allocator, located: LocationProblem, priced: KnapsackBound, control: Control
) -> list[np.ndarray]:
    """Return sets of shelters (n,) bool that hold divided people, from the cheapest for them on; the last is all."""
    capacity, wanted = allocator.problem.capacity, allocator.wanted
    spare = np.unique(np.linspace(0.0, MOST_SPARE * wanted, control.effort.pick(*SETS)).astype(np.int64))
    coverage = Coverage(located.people, allocator.usable, located.room)
    found: list[tuple[float, int, np.ndarray]] = []
    for chosen in np.unique(cheapest_sets(priced.value, capacity, wanted, spare), axis=0):
        control.stop_if_cancelled()
        if control.effort.passed():
            break
        if coverage.sheltered(chosen) >= coverage.total:
            found.append((serve(located, chosen, control).value, len(found), chosen))
    return [chosen for _, _, chosen in sorted(found, key=lambda one: one[:2])] + [np.ones(len(capacity), dtype=bool)]


def _by_neighbourhoods(allocator: Allocator, people: np.ndarray, control: Control) -> np.ndarray:
    """Return an allocation (g, n) at no more cost: a few shelters near each other at a time, placed anew by the solver.

    Near are shelters whose costs for the groups are alike; some that are open take part, and some that are not.
    """
    problem = allocator.problem
    each = np.where(allocator.usable, problem.cost, np.nan) / np.maximum(problem.sizes, 1)[:, None]
    nearest = [_alike(each, j) for j in range(each.shape[1])]
    changed, looked = np.zeros(each.shape[1], dtype=np.int64), np.full(each.shape[1], -1)
    left, now, helped = control.effort.pick(*NEIGHBOURHOODS), 0, True
    quick = control.unlogged().unseen()
    while helped:
        helped = False
        for j in np.flatnonzero(people.any(axis=0)).tolist():
            opened = people.any(axis=0)
            some = nearest[j]
            near = np.concatenate([some[opened[some]][:OPEN], some[~opened[some]][:CLOSED]])
            if not opened[j] or looked[j] >= changed[near].max():
                continue
            if left <= 0 or control.effort.passed():
                return people
            left, looked[j] = left - 1, now
            rows = np.flatnonzero(people[:, near].any(axis=1))
            here = np.ix_(rows, near)
            part = AllocationProblem(
                problem.sizes[rows], problem.capacity[near], problem.cost[here], problem.allowed[here],
                opening=None if problem.opening is None else problem.opening[near],
            )  # fmt: skip
            inner = Allocator(part, part.usable(), allocator.solver)
            found, _ = inner.run(Question(COST, inner.usable, people[here], gap=NEIGHBOURHOOD_GAP), quick)
            if total_cost(part, found) < total_cost(part, people[here]) - 1e-9 * (1.0 + abs(total_cost(part, found))):
                people = people.copy()
                people[here] = found
                now, helped = now + 1, True
                changed[near] = now
    return people


def _alike(each: np.ndarray, site: int) -> np.ndarray:
    """Return all shelters, itself first, by how little their costs a person, ``each`` (g, n), differ from one's."""
    apart = np.nan_to_num(np.abs(each - each[:, [site]]), nan=np.nanmax(each, initial=0.0)).mean(axis=0)
    apart[site] = -1.0
    return np.argsort(apart, kind="stable")


def _whole(
    allocator: Allocator, located: LocationProblem, chosen: np.ndarray, enough: float, control: Control
) -> np.ndarray | None:
    """Return an allocation (g, n) of all groups to the ``chosen`` shelters (n,), None where none was found.

    It begins with each group where most of it is when people are divided.
    """
    problem = allocator.problem
    rows, columns = np.flatnonzero(allocator.usable.any(axis=1)), np.flatnonzero(chosen)
    flow = np.zeros(problem.cost.shape)
    flow[located.zone, located.site] = serve(located, chosen, control).flow
    here = np.ix_(rows, columns)
    part = AllocationProblem(problem.sizes[rows], problem.capacity[columns], problem.cost[here], problem.allowed[here])
    rounds, start = control.effort.pick(*ROUNDS), flow[here].argmax(axis=1)
    enough -= 0.0 if problem.opening is None else float(problem.opening[chosen].sum())
    shelter_of = repack(part, part.usable(), start, rounds, control, enough)
    if shelter_of is None:
        return None
    people = np.zeros(problem.cost.shape)
    people[rows, columns[shelter_of]] = problem.sizes[rows]
    return people


def _possible(
    problem: AllocationProblem, located: LocationProblem, relaxation: LinearRelaxation, cost: float
) -> np.ndarray:
    """Return the pairs (g, n) that an allocation cheaper than ``cost`` may have, by their reduced costs."""
    room = cost - relaxation.bound + 1e-7 * (1.0 + abs(cost))
    out = np.zeros(problem.cost.shape, dtype=bool)
    lifted = np.maximum(relaxation.pair_price, 0.0) * problem.sizes[located.zone]
    closed = (relaxation.open < 0.5) & (relaxation.price > room)
    out[located.zone, located.site] = (lifted <= room) & ~closed[located.site]
    return out
