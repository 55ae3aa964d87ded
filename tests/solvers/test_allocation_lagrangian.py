"""The bound from prices against linear programs of another library, and its proofs by their definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from evacuation_planner.plugin.solvers.allocation.lagrangian import LagrangianBound, lagrangian_bound
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # no division by nothing anywhere


def random_problem(seed: int) -> AllocationProblem:
    """30 groups and 5 shelters with room for hardly more; with odd seeds room depends on the shelter."""
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 20, 30)
    capacity = np.ceil(draw.dirichlet(np.full(5, 5.0)) * sizes.sum() * 1.15)
    cost = (sizes[:, None] * draw.random((30, 5))).round(3)
    allowed = draw.random((30, 5)) < 0.85
    allowed[seed] = False  # without any shelter
    room = sizes[:, None] * draw.uniform(0.7, 1.3, (30, 5)) if seed % 2 else None
    return AllocationProblem(sizes, capacity, cost, allowed, consumption=room)


def least_cost_of_shares(problem: AllocationProblem) -> float:
    """The value of the linear relaxation, which is that of the best prices."""
    group, shelter = np.nonzero(problem.usable())
    pair, rows = np.arange(len(group)), np.unique(group)
    room, one = np.zeros((len(problem.capacity), len(group))), np.zeros((len(problem.sizes), len(group)))
    room[shelter, pair] = problem.room_taken[group, shelter]
    one[group, pair] = 1.0
    found = linprog(problem.cost[group, shelter], room, problem.capacity, one[rows], np.ones(len(rows)), method="highs")
    return float(found.fun)


@pytest.mark.parametrize(("known", "median", "most"), [(None, 6e-5, 1.5e-3), (1.02, 1e-6, 5e-4), (0.95, 1e-7, 1e-3)])
def test_the_bound_comes_close_to_the_linear_program(known: float | None, median: float, most: float) -> None:
    """Nearer with a ``known`` cost, even one that no plan has; as a rule well before the last step."""
    short, steps = [], []
    for seed in range(16):
        problem = random_problem(seed)
        best, asked = least_cost_of_shares(problem), []
        aim = None if known is None else known * best
        found = lagrangian_bound(problem, problem.usable(), aim, Control(cancelled=lambda: bool(asked.append(1))))  # noqa: B023
        assert found.bound <= best + 1e-7
        short.append((best - found.bound) / best)
        steps.append(len(asked))
    assert np.median(short) < median and max(short) < most
    assert np.mean(steps) < 340 and max(steps) <= 400


@pytest.mark.parametrize("seed", [2, 3])
def test_bound_and_excess_are_what_the_prices_prove(seed: int) -> None:
    problem = random_problem(seed)
    usable = problem.usable()
    found = lagrangian_bound(problem, usable)
    bound = -sum(p * q for p, q in zip(found.prices, problem.capacity))
    for i in range(30):
        priced = [problem.cost[i, j] + found.prices[j] * problem.room_taken[i, j] for j in range(5)]
        least = min((priced[j] for j in range(5) if usable[i, j]), default=0.0)
        bound += least
        expected = [priced[j] - least if usable[i, j] else np.inf for j in range(5)]
        assert found.excess[i].tolist() == pytest.approx(expected)
    assert not usable[seed].any()
    assert found.bound == pytest.approx(bound) and np.all(found.prices >= 0.0)


def test_kept_pairs_by_hand() -> None:
    """A known cost of 999999 may be wrong by 0.001, as sums of numbers of this size are."""
    lifted = np.array([[0.0, 89.0, 89.0005, 89.002, np.inf]])
    assert LagrangianBound(np.zeros(5), 999_910.0, lifted).keep(999_999.0).tolist() == [
        [True, True, True, False, False]
    ]
    assert LagrangianBound(np.zeros(5), -1_000_088.0, lifted).keep(-999_999.0).tolist() == [[True] * 3 + [False] * 2]
    near = np.array([[1.0, 1.0 + 1e-9, 1.0 + 3e-9]])
    assert LagrangianBound(np.zeros(3), 0.0, near).keep(1.0).tolist() == [[True, True, False]]


def test_nothing_to_price_ends_at_once_and_a_stop_is_obeyed() -> None:
    """Room for all: the cheapest shelter of each, at no price; so where those that are full fit exactly."""
    asked: list[int] = []
    cost = np.array([[1.0, 4.0], [5.0, 3.0]])
    for capacity in ([20.0, 20.0], [10.0, 10.0], [10.0, 30.0]):
        problem = AllocationProblem(np.array([10, 10]), np.array(capacity), cost, np.ones((2, 2), dtype=bool))
        asked.clear()
        found = lagrangian_bound(problem, problem.usable(), control=Control(cancelled=lambda: bool(asked.append(1))))
        assert (found.bound, found.prices.tolist(), len(asked)) == (4.0, [0.0, 0.0], 1)
    with pytest.raises(Cancelled):
        lagrangian_bound(problem, problem.usable(), control=Control(cancelled=lambda: True))
    empty = lagrangian_bound(problem, np.zeros((2, 2), dtype=bool))
    assert empty.bound == 0.0 and np.isinf(empty.excess).all()


def test_costs_below_zero_have_a_bound_below_zero() -> None:
    cost = np.array([[-1.0, -4.0], [-5.0, -3.0]])
    problem = AllocationProblem(np.array([1, 1]), np.array([1.0, 1.0]), cost, np.ones((2, 2), dtype=bool))
    assert lagrangian_bound(problem, problem.usable()).bound == -9.0
