"""The bound of whole groups at prices, against all sets of groups and of shelters, and against all placings."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.allocation import knapsack_bound as bounds
from evacuation_planner.plugin.solvers.allocation.allocator import Allocator
from evacuation_planner.plugin.solvers.allocation.opening import divisible
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.location.location_problem import linear_relaxation
from tests.solvers.test_allocation_opening import case, cheapest


def subsets(count: int) -> np.ndarray:
    return np.array(list(product((False, True), repeat=count)), dtype=bool).reshape(2**count, count)


def by_trying(problem: AllocationProblem, prices: np.ndarray) -> tuple[float, np.ndarray]:
    """L at some prices, and what each shelter is worth, by trying all sets of groups and of shelters."""
    usable = problem.usable()
    rows = np.flatnonzero(usable.any(axis=1))
    value = []
    for j, room in enumerate(problem.capacity):
        best = 0.0
        for some in subsets(len(rows)):
            inside = rows[some]
            if usable[inside, j].all() and problem.sizes[inside].sum() <= room:
                best = min(best, float((problem.cost[inside, j] - prices[inside]).sum()))
        value.append(problem.opening[j] + best)
    value = np.array(value)
    wanted = problem.sizes[rows].sum()
    sums = [value[some].sum() for some in subsets(len(value)) if problem.capacity[some].sum() >= wanted]
    return float(prices[rows].sum() + min(sums)), value


def prices_of(problem: AllocationProblem, seed: int, spread: float) -> np.ndarray:
    draw = np.random.default_rng(1000 + seed)
    each = np.where(problem.usable(), problem.cost, 0.0).max(axis=1)
    return np.where(problem.usable().any(axis=1), each + draw.normal(0.0, spread, len(each)), 0.0)


def roomy(seed: int) -> AllocationProblem:
    """A case in which the shelters together hold everybody."""
    problem = case(seed)
    wanted = problem.sizes[problem.usable().any(axis=1)].sum()
    return problem if problem.capacity.sum() >= wanted else roomy(seed + 100)


@pytest.mark.parametrize("seed", range(25))
def test_the_value_at_prices_is_that_of_the_best_sets(seed):
    problem = roomy(seed)
    for spread in (0.0, 10.0, 60.0):
        prices = prices_of(problem, seed, spread)
        found = bounds._Knapsacks(problem, problem.usable()).bound(prices)
        expected, value = by_trying(problem, prices)
        assert found.value == pytest.approx(value) and found.bound == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(25))
def test_what_is_missing_tells_how_the_bound_changes_with_the_prices(seed):
    problem = roomy(seed)
    knapsacks = bounds._Knapsacks(problem, problem.usable())
    at = knapsacks.bound(prices_of(problem, seed, 20.0))
    assert np.all(at.missing == np.round(at.missing)) and np.all(at.missing <= 1)
    for k in range(20):
        other = prices_of(problem, 50 * seed + k, 30.0)
        line = at.bound + float(at.missing @ (other - at.prices))
        assert by_trying(problem, other)[0] <= line + 1e-6


@pytest.mark.parametrize("seed", range(25))
def test_places_in_larger_units_give_no_larger_a_bound(seed, monkeypatch):
    problem = roomy(seed)
    prices = prices_of(problem, seed, 30.0)
    exact = by_trying(problem, prices)[0]
    monkeypatch.setattr(bounds, "CELLS", 30)
    coarse = bounds._Knapsacks(problem, problem.usable()).bound(prices)
    assert coarse.bound <= exact + 1e-9
    monkeypatch.setattr(bounds, "CELLS", 10**9)
    assert bounds._Knapsacks(problem, problem.usable()).bound(prices).bound == pytest.approx(exact)


@pytest.mark.parametrize("seed", range(25))
def test_the_bound_lies_between_the_relaxation_and_the_least_cost(seed):
    problem = roomy(seed)
    usable = problem.usable()
    relaxation = linear_relaxation(divisible(Allocator(problem, usable)), Control())
    found = bounds.knapsack_bound(problem, usable, relaxation.zone_price * problem.sizes)
    assert relaxation.bound - 1e-6 <= found.bound <= cheapest(problem) + 1e-6
    assert found.bound == pytest.approx(by_trying(problem, found.prices)[0])


@pytest.mark.parametrize("seed", range(10))
def test_at_the_prices_of_the_relaxation_the_bound_is_no_less_than_its_own(seed):
    problem = roomy(seed)
    allocator = Allocator(problem, problem.usable())
    relaxation = linear_relaxation(divisible(allocator), Control())
    assert by_trying(problem, relaxation.zone_price * problem.sizes)[0] >= relaxation.bound - 1e-6


def test_the_bound_closes_most_of_what_the_relaxation_leaves():
    """Over 40 cases of which every placing is tried."""
    left, closed = 0.0, 0.0
    for seed in range(40):
        problem = roomy(seed)
        best = cheapest(problem)
        if np.isfinite(best):
            relaxation = linear_relaxation(divisible(Allocator(problem, problem.usable())), Control())
            found = bounds.knapsack_bound(problem, problem.usable(), relaxation.zone_price * problem.sizes)
            left, closed = left + best - relaxation.bound, closed + found.bound - relaxation.bound
    assert left > 0.0 and closed > 0.8 * left


def test_steps_are_counted_and_the_same_every_time():
    problem = roomy(3)
    usable, start = problem.usable(), np.zeros(len(problem.sizes))
    runs = [bounds.knapsack_bound(problem, usable, start, Control(effort=Effort(k))) for k in (0, 1, 1, 2)]
    assert runs[0].bound <= runs[1].bound == runs[2].bound <= runs[3].bound
    assert np.array_equal(runs[1].prices, runs[2].prices)


@pytest.mark.parametrize("seed", range(20))
def test_the_cheapest_set_for_each_number_of_places_over(seed):
    draw = np.random.default_rng(seed)
    value, capacity = draw.normal(2.0, 6.0, 8).round(3), draw.integers(1, 12, 8).astype(float)
    wanted = int(capacity.sum() * 0.6)
    spare = np.array([0, 1, 2, 5])
    found = bounds.cheapest_sets(value, capacity, wanted, spare)
    for over, chosen in zip(spare, found):
        fitting = [some for some in subsets(8) if capacity[some].sum() >= wanted + over]
        assert capacity[chosen].sum() >= wanted + over
        assert value[chosen].sum() == pytest.approx(min(value[some].sum() for some in fitting))
