"""Doors that let in fewer of those who drive than there is room for, while those who walk enter anywhere."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.problem import (
    CAPACITY,
    DOORS,
    FREE,
    WHERE_NEEDED,
    WHOLE,
    AllocationProblem,
)


def a_problem(seed: int, split: int, groups: int = 6, shelters: int = 3) -> AllocationProblem:
    rng = np.random.default_rng(seed)
    capacity = rng.integers(4, 14, shelters).astype(float)
    return AllocationProblem(
        rng.integers(1, 8, groups), capacity, rng.uniform(1, 9, (groups, shelters)).round(2),
        rng.random((groups, shelters)) < 0.85, split, let_in=np.floor(capacity * rng.uniform(0.1, 1.2, shelters)),
        drives=rng.random(groups) < 0.6,
    )  # fmt: skip


def fits(problem: AllocationProblem, people: np.ndarray) -> bool:
    return bool(
        np.all(people.sum(axis=0) <= problem.capacity)
        and np.all(people[problem.drives].sum(axis=0) <= problem.let_in)
        and np.all(people.sum(axis=1) <= problem.sizes)
        and not people[~problem.allowed].any()
    )


def by_linear_program(problem: AllocationProblem) -> tuple[int, float]:
    """Most people, then the least cost of so many, where everybody may be divided: a program of its own."""
    g, n = problem.cost.shape
    rows = np.zeros((g + 2 * n, g, n))
    for i in range(g):
        rows[i, i] = 1
    for j in range(n):
        rows[g + j, :, j] = 1
        rows[g + n + j, problem.drives, j] = 1
    matrix, most = rows.reshape(len(rows), -1), np.concatenate([problem.sizes, problem.capacity, problem.let_in])
    bounds = [(0, None if free else 0) for free in problem.allowed.ravel()]
    placed = -linprog(-np.ones(g * n), matrix, most, bounds=bounds).fun
    each = (problem.cost / problem.sizes[:, None]).ravel()
    matrix, most = np.vstack([matrix, -np.ones(g * n)]), np.append(most, -placed + 1e-9)
    return round(placed), float(linprog(each, matrix, most, bounds=bounds).fun)


def by_search(problem: AllocationProblem) -> tuple[int, float]:
    """Most people and then the least cost over all ways to place whole groups."""
    best = (0, 0.0)
    for where in itertools.product(range(-1, len(problem.capacity)), repeat=len(problem.sizes)):
        people = np.zeros(problem.cost.shape, dtype=int)
        for i, j in enumerate(where):
            if j >= 0:
                people[i, j] = problem.sizes[i]
        if fits(problem, people):
            best = min(best, (-int(people.sum()), problem.cost_of(people)))
    return -best[0], best[1]


@pytest.mark.parametrize("seed", range(12))
def test_divided_at_will_it_is_the_optimum_of_the_linear_program(seed):
    problem = a_problem(seed, FREE)
    found = solve(problem)
    people, cost = by_linear_program(problem)
    assert fits(problem, found.people) and int(found.people.sum()) == people
    assert found.objective == pytest.approx(cost, abs=1e-6)
    assert found.bound is None or found.bound <= cost + 1e-6


@pytest.mark.parametrize("seed", range(12))
def test_divided_where_needed_as_many_people_as_at_will(seed):
    problem = a_problem(seed, WHERE_NEEDED)
    found = solve(problem)
    assert fits(problem, found.people) and int(found.people.sum()) == by_linear_program(problem)[0]


def test_whole_groups_against_all_ways_to_place_them():
    reached = 0
    for seed in range(16):
        problem = a_problem(seed, WHOLE, 5)
        found = solve(problem)
        people, cost = by_search(problem)
        placed = int(found.people.sum())
        assert fits(problem, found.people) and not problem.in_parts(found.people).any()
        assert placed <= people <= placed + found.more_people
        if found.bound is not None:
            assert placed == people and found.bound <= cost + 1e-6
        reached += placed == people and found.objective <= cost + 1e-6
    assert reached >= 12  # a plan whose rows alone do not tell how the parts are filled is not always found


def test_a_group_on_foot_too_large_for_either_part_goes_in_whole():
    problem = AllocationProblem(
        np.array([8, 3]), np.array([10.0, 9.0]), np.array([[1.0, 9.0], [1.0, 2.0]]), np.ones((2, 2), dtype=bool), WHOLE,
        let_in=np.array([2.0, 9.0]), drives=np.array([False, True]),
    )  # fmt: skip
    for split in (WHOLE, WHERE_NEEDED):
        found = solve(replace(problem, split=split))
        assert found.people.tolist() == [[8, 0], [0, 3]] and found.reasons == ("", "")


def test_who_drives_stays_for_the_doors_and_who_walks_for_the_room():
    problem = AllocationProblem(
        np.array([6, 9]), np.array([10.0]), np.array([[1.0], [1.0]]), np.ones((2, 1), dtype=bool), FREE,
        let_in=np.array([2.0]), drives=np.array([True, False]),
    )  # fmt: skip
    found = solve(problem)
    assert found.people.sum() == 10 and found.people[0, 0] <= 2
    assert found.reasons[1] in ("", CAPACITY)
    roomy = solve(replace(problem, capacity=np.array([20.0])))
    assert roomy.people.tolist() == [[2], [9]] and roomy.reasons == (DOORS, "")
