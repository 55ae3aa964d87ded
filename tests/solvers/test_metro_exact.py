"""The exact allocation: against exhaustive search, the direct rule, a transportation LP and the paper's answer."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.gap import gap_percent
from evacuation_planner.plugin.solvers.metro.dispatch import fitness_of, unmet_demands
from evacuation_planner.plugin.solvers.metro.exact import solve_exact
from evacuation_planner.plugin.solvers.metro.optimum import solve_direct
from tests.solvers.metro_cases import PUBLISHED, exhaustive, make_problem, nanjing, random_problem

pytest.importorskip("pulp")


def rank(problem, units):
    """Return (missing units, demands without a unit on time) of an allocation."""
    rows = unmet_demands(problem, units)
    return sum(row.unmet for row in rows), sum(row.on_time == 0 for row in rows)


def check_physical(problem, units):
    assert (units >= 0).all()
    assert (units.sum(axis=1) <= problem.inventory).all()
    assert (units.sum(axis=0) <= problem.demand).all()
    assert not units[~problem.reachable].any()


def test_nanjing_gives_the_published_answer():
    problem = nanjing()
    dispatch = solve_exact(problem)
    assert (dispatch.units[:, 0, :] == PUBLISHED).all()
    assert dispatch.fitness.delay_penalty == 0.0
    assert dispatch.fitness.total == pytest.approx(6269, abs=1.0)
    assert dispatch.fitness.total == pytest.approx(0.3 * dispatch.fitness.allocation_cost)
    assert dispatch.proved
    assert unmet_demands(problem, dispatch.units) == []
    assert (solve_direct(problem).units[:, 0, :] == PUBLISHED).all()


def test_nanjing_answer_is_the_only_optimum():
    """Forbid each of the published shipments in turn (one unit less, one unit more): every other answer is dearer."""
    problem = nanjing()
    best = solve_exact(problem).fitness.total
    cost = problem.combined_cost[:, 0, :]
    stations, types = PUBLISHED.shape
    for i in range(stations):
        for k in range(types):
            for low, high in ((0, PUBLISHED[i, k] - 1), (PUBLISHED[i, k] + 1, problem.inventory[i, k])):
                if low > high:
                    continue
                bounds = [(0, problem.inventory[n, k]) for n in range(stations)]
                bounds[i] = (low, high)
                timely = problem.on_time[:, 0].astype(float)
                result = linprog(
                    cost[:, k],
                    A_ub=[-timely],
                    b_ub=[-1.0],
                    A_eq=[np.ones(stations)],
                    b_eq=[problem.demand[0, k]],
                    bounds=bounds,
                )
                others = sum(float(cost[:, n] @ PUBLISHED[:, n]) for n in range(types) if n != k)
                assert not result.success or result.fun + others > best + 0.1


@pytest.mark.parametrize("seed", range(40))
def test_tiny_problems_against_exhaustive_search(seed):
    rng = np.random.default_rng(seed)
    stations, incidents = [(3, 1), (2, 2), (3, 2), (2, 3)][seed % 4]
    problem = random_problem(rng, stations, incidents, 2, stock=4, demand=4)
    dispatch = solve_exact(problem)
    check_physical(problem, dispatch.units)
    missing, late, fitness, _ = exhaustive(problem)
    assert rank(problem, dispatch.units) == (missing, late)
    assert dispatch.fitness.total == pytest.approx(fitness, abs=1e-5)
    assert dispatch.bound == pytest.approx(dispatch.fitness.total)


def test_direct_rule_equals_integer_program_on_hundreds_of_single_incidents():
    rng = np.random.default_rng(7)
    short = late = 0
    for _ in range(300):
        problem = random_problem(rng, int(rng.integers(1, 7)), 1, int(rng.integers(1, 4)))
        exact, direct = solve_exact(problem), solve_direct(problem)
        check_physical(problem, direct.units)
        assert direct.fitness.total == pytest.approx(exact.fitness.total, abs=1e-7)
        assert rank(problem, direct.units) == rank(problem, exact.units)
        short += rank(problem, exact.units)[0] > 0
        late += exact.fitness.delay_penalty > 0
    assert short > 50 and late > 50  # the draw holds the hard cases too


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_several_incidents_without_late_ways_are_a_transportation_problem(seed):
    """With everything on time and stock enough, scipy's LP of the transportation problem has the same optimum."""
    rng = np.random.default_rng(seed)
    demand = rng.integers(1, 9, (3, 1))
    stock = rng.integers(0, 6, (4, 1))
    stock[0] += demand.sum()
    problem = make_problem(
        stock,
        rng.integers(1, 40, (4, 1)),
        demand,
        rng.uniform(1.0, 20.0, (4, 3)),
        rng.uniform(1.0, 9.0, (4, 3)),
        cost_per_km=1.5,
    )
    rows = np.kron(np.eye(4), np.ones(3))
    columns = np.kron(np.ones(4), np.eye(3))
    cost = 0.3 * (problem.use_cost + 1.5 * problem.km)
    reference = linprog(cost.ravel(), A_ub=rows, b_ub=stock.ravel(), A_eq=columns, b_eq=demand.ravel())
    assert solve_exact(problem).fitness.total == pytest.approx(reference.fun, rel=1e-9)


def test_one_unit_must_be_on_time_even_where_late_ones_are_cheaper():
    problem = make_problem([[10], [10]], [[1], [50]], [[6]], [[21.0], [5.0]])
    for dispatch in (solve_exact(problem), solve_direct(problem)):
        assert dispatch.units[:, 0, 0].tolist() == [5, 1]
        assert dispatch.fitness.delay_penalty == pytest.approx(5 * 1.0 * 1.0)
        assert dispatch.fitness.allocation_cost == 55.0
        assert dispatch.fitness.total == pytest.approx(0.7 * 5 + 0.3 * 55)


def test_late_minutes_are_not_moved_into_the_next_tier_by_noise():
    problem = make_problem([[1]], [[0]], [[1]], [[20.0 + 5.0 + 1e-12]])
    assert problem.unit_penalty[0, 0] == 5.0


def test_shortage_gives_the_best_partial_answer_with_reasons():
    problem = make_problem(
        [[5, 0, 3, 2], [0, 0, 2, 2]],
        [[1, 1, 1, 1], [2, 1, 1, 1]],
        [[9, 2, 4, 1], [0, 0, 0, 1]],
        [[10.0, np.inf], [45.0, 30.0]],
    )
    dispatch = solve_exact(problem)
    rows = {(row.incident, row.resource): row for row in unmet_demands(problem, dispatch.units)}
    assert rows[0, 0].delivered == 5 and rows[0, 0].unmet == 4 and "not enough stock: 5 of R1" in rows[0, 0].reason
    assert rows[0, 1].unmet == 2 and rows[0, 1].reason == "no rescue point stocks R2"
    assert (0, 2) not in rows
    assert rows[1, 3].unmet == 0 and rows[1, 3].on_time == 0
    assert "nothing within the limit of 20 min: the first unit arrives after 30.0 min" in rows[1, 3].reason
    assert dispatch.proved


def test_scarce_units_on_time_go_round():
    """Two incidents, two units in time reach: each gets one, though sending both to the first would be cheaper."""
    problem = make_problem([[2], [9]], [[1], [1]], [[3], [3]], [[5.0, 15.0], [25.0, 60.0]])
    units = solve_exact(problem).units[:, :, 0]
    assert units.tolist() == [[1, 1], [2, 2]]


def test_zero_cost_weight_and_zero_delay_weight():
    problem = make_problem([[5], [5]], [[9], [1]], [[5]], [[5.0], [25.0]], weight_delay=0.0, weight_cost=1.0)
    assert solve_exact(problem).units[:, 0, 0].tolist() == [1, 4]
    problem = make_problem([[5], [5]], [[9], [1]], [[5]], [[5.0], [25.0]], weight_delay=1.0, weight_cost=0.0)
    assert solve_exact(problem).units[:, 0, 0].tolist() == [5, 0]


def test_weights_both_zero_are_refused():
    with pytest.raises(SolverError, match="WEIGHT_DELAY and WEIGHT_COST are both 0"):
        make_problem([[5]], [[9]], [[5]], [[5.0]], weight_delay=0.0, weight_cost=0.0)


@pytest.mark.parametrize("name", ["inventory", "cost", "demand", "minutes"])
def test_negative_numbers_are_refused(name):
    values = {"inventory": [[5]], "cost": [[9]], "demand": [[5]], "minutes": [[5.0]]} | {name: [[-1]]}
    with pytest.raises(SolverError, match="negative"):
        make_problem(**values)


def test_direct_rule_refuses_several_incidents():
    with pytest.raises(SolverError, match="one incident only"):
        solve_direct(make_problem([[5]], [[9]], [[5], [1]], [[5.0, 5.0]]))


def test_cancelled_run_stops():
    with pytest.raises(Cancelled):
        solve_exact(nanjing(), control=Control(cancelled=lambda: True))


def test_nothing_demanded_costs_nothing():
    problem = make_problem([[5]], [[9]], [[0]], [[5.0]])
    dispatch = solve_exact(problem)
    assert dispatch.fitness.total == 0.0 and not dispatch.units.any()
    assert gap_percent(0.0, 0.0) == 0.0 and gap_percent(5.0, None) is None and gap_percent(4.0, 3.0) == 25.0


def test_fitness_counts_penalty_and_cost_apart():
    problem = make_problem([[5]], [[9]], [[5]], [[27.0]], [[2.0]], cost_per_km=3.0)
    fitness = fitness_of(problem, np.array([[[2]]]))
    assert fitness.delay_penalty == pytest.approx(2 * 2 * 7.0)
    assert fitness.allocation_cost == pytest.approx(2 * (9 + 6))
    assert fitness.total == pytest.approx(0.7 * 28 + 0.3 * 30)


@pytest.mark.parametrize("seed", range(4))
def test_cbc_gives_the_same_optimum_where_highs_is_not_installed(monkeypatch, seed):
    problem = random_problem(np.random.default_rng(seed), 4, 2, 2)
    first = solve_exact(problem)
    monkeypatch.setitem(sys.modules, "highspy", None)
    second = solve_exact(problem)
    assert "CBC" in second.solver
    assert second.fitness.total == pytest.approx(first.fitness.total) and second.proved
    assert rank(problem, second.units) == rank(problem, first.units)
