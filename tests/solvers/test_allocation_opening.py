"""Whole groups where shelters cost something to open, against every placing and the solver alone."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation import opening
from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.allocator import Allocator
from evacuation_planner.plugin.solvers.allocation.knapsack_bound import knapsack_bound
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.location.location_problem import linear_relaxation


def case(seed: int, groups: int = 6, shelters: int = 4) -> AllocationProblem:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 9, groups)
    capacity = rng.integers(6, 20, shelters).astype(float)
    allowed = rng.random((groups, shelters)) < (1.0 if seed % 2 else 0.8)
    cost = rng.integers(1, 15, (groups, shelters)) * sizes[:, None].astype(float)
    return AllocationProblem(sizes, capacity, cost, allowed, opening=rng.integers(0, 60, shelters).astype(float))


def cheapest(problem: AllocationProblem) -> float:
    """The least cost of placing all groups that can go anywhere, infinite where they do not fit."""
    rows = np.flatnonzero(problem.usable().any(axis=1)).tolist()
    best = np.inf
    for where in product(range(len(problem.capacity)), repeat=len(rows)):
        load, cost = np.zeros(len(problem.capacity)), 0.0
        for i, j in zip(rows, where):
            load[j] += problem.sizes[i]
            cost += problem.cost[i, j] if problem.allowed[i, j] else np.inf
        if np.all(load <= problem.capacity):
            best = min(best, cost + float(problem.opening[load > 0].sum()))
    return best


@pytest.mark.parametrize("seed", range(24))
def test_the_least_cost_as_by_trying_every_placing(seed):
    problem = case(seed)
    expected = cheapest(problem)
    found = solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    if np.isfinite(expected):
        assert found.objective == pytest.approx(expected) and found.gap == pytest.approx(0.0, abs=1e-6)
        assert opening.total_cost(problem, found.people) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(12))
def test_pairs_left_out_are_in_no_better_allocation_and_the_bound_holds(seed):
    problem = case(seed)
    expected = cheapest(problem)
    if not np.isfinite(expected):
        return
    allocator = Allocator(problem, problem.usable())
    located = opening.divisible(allocator)
    relaxation = linear_relaxation(located, Control())
    assert relaxation.bound <= expected + 1e-6
    found = solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    kept = opening._possible(problem, located, relaxation, expected)
    assert kept[found.people > 0].all()


def test_the_start_looks_at_opening_costs():
    """Groups fit at their nearest shelters, twelve of them, but three hold everybody and cost a quarter to open."""
    rng = np.random.default_rng(1)
    at, sites = rng.random((60, 2)), rng.random((12, 2))
    sizes, capacity = rng.integers(10, 51, 60), np.full(12, 700.0)
    cost = np.hypot(*np.moveaxis(at[:, None] - sites[None], 2, 0)) * sizes[:, None]
    problem = AllocationProblem(sizes, capacity, cost, np.ones(cost.shape, bool), opening=np.full(12, 4000.0))
    allocator, control = Allocator(problem, problem.usable()), Control(effort=Effort(0))
    nearest = np.where(np.arange(12) == cost.argmin(axis=1)[:, None], sizes[:, None], 0).astype(float)
    located = opening.divisible(allocator)
    relaxation = linear_relaxation(located, control)
    priced = knapsack_bound(problem, allocator.usable, relaxation.zone_price * problem.sizes, control)
    start = opening._with_room_to_spare(allocator, nearest, located, priced, 0.0, control)
    assert start.any(axis=0).sum() == int(np.ceil(sizes.sum() / 700.0))
    assert np.all(start.sum(axis=0) <= capacity) and start.sum() == sizes.sum()
    bound = max(relaxation.bound, priced.bound)
    assert bound <= opening.total_cost(problem, start) < 0.5 * opening.total_cost(problem, nearest)
    better = opening._by_neighbourhoods(allocator, start, control)
    assert bound <= opening.total_cost(problem, better) <= opening.total_cost(problem, start)
