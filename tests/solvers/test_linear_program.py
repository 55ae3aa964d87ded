"""Linear programs: both solvers agree, rows can be added, reduced costs prove, a stop is obeyed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.mip import highs
from evacuation_planner.plugin.solvers.mip.linear import LinearProgram


def programs(monkeypatch, *arguments):
    """Return the program solved by HiGHS and by scipy, each built for its solver."""
    made = [LinearProgram(*arguments)] if highs.usable() else []
    monkeypatch.setattr(highs, "usable", lambda: False)
    return [*made, LinearProgram(*arguments)]


@pytest.mark.parametrize("seed", range(12))
def test_both_solvers_agree_before_and_after_rows_are_added(monkeypatch, seed):
    rng = np.random.default_rng(seed)
    variables, rows = 12, 5
    matrix = csr_matrix(rng.integers(0, 4, (rows, variables)).astype(float))
    low = rng.integers(0, 12, rows).astype(float)
    high = np.where(rng.random(rows) < 0.3, low, np.inf)
    cost = rng.integers(1, 10, variables).astype(float)
    extra = csr_matrix(rng.integers(0, 3, (2, variables)).astype(float))
    values = []
    for program in programs(monkeypatch, cost, np.zeros(variables), np.full(variables, 5.0), matrix, low, high):
        first = program.solve()
        program.add_rows(extra, np.full(2, -np.inf), np.full(2, 9.0))
        second = program.solve()
        values.append([None if s is None else s.objective for s in (first, second)])
        for found in (first, second):
            if found is not None:
                assert found.objective == pytest.approx(float(cost @ found.x))
                assert np.all(found.x >= -1e-7) and np.all(found.x <= 5.0 + 1e-7)
    assert values[0] == pytest.approx(values[-1])


def test_reduced_cost_is_the_price_of_leaving_a_bound(monkeypatch):
    # Four units from the cheapest of three sources; the cheapest gives 3, so one unit costs 2 and the third is idle.
    arguments = (
        np.array([1.0, 2.0, 5.0]),
        np.zeros(3),
        np.array([3.0, 9.0, 9.0]),
        csr_matrix(np.ones((1, 3))),
        np.array([4.0]),
        np.array([4.0]),
    )
    for program in programs(monkeypatch, *arguments):
        found = program.solve()
        assert found.x.tolist() == [3.0, 1.0, 0.0]
        assert found.objective == 5.0
        assert found.reduced_cost.tolist() == [-1.0, 0.0, 3.0]


@pytest.mark.parametrize("seed", range(12))
def test_the_least_of_the_optima_by_another_cost(monkeypatch, seed):
    """As by a second program that holds the first one's objective; many costs are equal, one row is an equation."""
    rng = np.random.default_rng(seed)
    variables, rows = 10, 4
    cost, other = rng.integers(1, 3, variables).astype(float), rng.integers(1, 1000, variables).astype(float)
    matrix, low = rng.integers(0, 3, (rows, variables)).astype(float), rng.integers(4, 12, rows).astype(float)
    high = np.array([low[0], low[1] + 1.0, np.inf, np.inf])
    arguments = (cost, np.zeros(variables), np.full(variables, 4.0), csr_matrix(matrix), low, high)
    plans = []
    for program in programs(monkeypatch, *arguments):
        program.add_rows(csr_matrix(np.ones((1, variables))), np.array([-np.inf]), np.array([18.0]))
        first = program.solve()
        plans.append(program.among_optima(first, other))
        assert float(cost @ plans[-1].x) == pytest.approx(first.objective)
        rows_above = np.vstack([-matrix, matrix[:2], np.ones((1, variables)), cost])
        most = np.concatenate([-low, high[:2], [18.0, first.objective + 1e-9]])
        expected = linprog(other, A_ub=rows_above, b_ub=most, bounds=(0.0, 4.0))
        assert plans[-1].objective == pytest.approx(expected.fun, abs=1e-3)
    assert plans[0].x == pytest.approx(plans[-1].x)


def test_no_optimum_is_none(monkeypatch):
    arguments = (np.ones(1), np.zeros(1), np.ones(1), csr_matrix(np.ones((1, 1))), np.array([2.0]), np.array([np.inf]))
    for program in programs(monkeypatch, *arguments):
        assert program.solve() is None


def test_a_stop_is_obeyed(monkeypatch):
    rng = np.random.default_rng(0)
    matrix = csr_matrix(rng.random((60, 300)))
    arguments = (rng.random(300), np.zeros(300), np.ones(300), matrix, np.full(60, 40.0), np.full(60, np.inf))
    for program in programs(monkeypatch, *arguments):
        asked = []

        def soon(asked=asked) -> bool:
            asked.append(True)
            return len(asked) > 1

        with pytest.raises(Cancelled):
            program.solve(Control(cancelled=soon))
