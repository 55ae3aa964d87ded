"""The bound from prices, the pairs it rules out, and the exchanges: proofs checked against exhaustive search."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation import core_problem
from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.first_fit import first_fit, local_search, people_at
from evacuation_planner.plugin.solvers.allocation.lagrangian import lagrangian_bound
from evacuation_planner.plugin.solvers.allocation.problem import FREE, AllocationProblem
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.mip import highs


def random_problem(seed: int, groups: int, shelters: int, slack: float = 1.2) -> AllocationProblem:
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 20, groups)
    capacity = np.ceil(draw.dirichlet(np.full(shelters, 5.0)) * sizes.sum() * slack)
    cost = (sizes[:, None] * draw.random((groups, shelters))).round(3)
    return AllocationProblem(sizes, capacity, cost, draw.random((groups, shelters)) < 0.9)


def complete(problem: AllocationProblem) -> list[tuple[float, tuple[int, ...]]]:
    """Every feasible placement of all groups with its cost, cheapest first."""
    out = []
    for places in itertools.product(range(len(problem.capacity)), repeat=len(problem.sizes)):
        if all(problem.allowed[i, j] for i, j in enumerate(places)):
            load = np.bincount(places, problem.sizes, len(problem.capacity))
            if np.all(load <= problem.capacity):
                out.append((float(sum(problem.cost[i, j] for i, j in enumerate(places))), places))
    return sorted(out)


def test_bound_is_below_and_every_better_placement_is_kept() -> None:
    seen = 0
    for seed in range(12):
        problem = random_problem(seed, 7, 3)
        placements = complete(problem)
        if not placements:
            continue
        lagrangian = lagrangian_bound(problem, problem.usable())
        assert lagrangian.bound <= placements[0][0] + 1e-9
        known = placements[len(placements) // 4][0]
        kept = lagrangian.keep(known)
        for cost, places in placements:
            if cost <= known:
                assert all(kept[i, j] for i, j in enumerate(places))
        seen += 1
        assert np.all(lagrangian.prices >= 0.0)
    assert seen > 6


@pytest.mark.skipif(not highs.usable(), reason="no highspy")
def test_bound_comes_close_to_the_linear_relaxation() -> None:
    """The best prices give the value of the transportation problem."""
    problem = random_problem(3, 120, 8)
    divided = AllocationProblem(problem.sizes, problem.capacity, problem.cost, problem.allowed, split=FREE)
    linear = solve(divided, solver="HiGHS").objective
    bound = lagrangian_bound(problem, problem.usable()).bound
    assert bound <= linear + 1e-6
    assert bound == pytest.approx(linear, rel=1e-3)


def test_exchanges_keep_room_and_never_cost_more() -> None:
    better = 0
    for seed in range(20):
        problem = random_problem(seed, 40, 5)
        usable = problem.usable()
        before = first_fit(problem, usable)
        after = local_search(problem, usable, before, Control(effort=Effort()))
        placed = np.flatnonzero(before >= 0)
        if (before < 0).any():
            continue
        assert np.all(usable[placed, after[placed]])
        assert np.all(people_at(problem, after).sum(axis=0) <= problem.capacity)
        costs = [problem.cost[placed, shelter_of[placed]].sum() for shelter_of in (before, after)]
        assert costs[1] <= costs[0] + 1e-9
        better += costs[1] < costs[0] - 1e-9
    assert better > 10


def test_those_left_out_take_the_place_of_fewer_people() -> None:
    """By hand: two places of 10 hold a 6 and a 7; a 9 and an 8 are left out."""
    sizes = np.array([6, 7, 9, 8, 7])
    cost = np.array([[1.0, 5.0], [5.0, 1.0], [3.0, 4.0], [4.0, 2.0], [9.0, 0.5]])
    problem = AllocationProblem(sizes, np.array([10.0, 10.0]), cost, np.ones((5, 2), dtype=bool))
    after = local_search(problem, problem.usable(), np.array([0, 1, -1, -1, -1]), Control(effort=Effort()))
    assert after.tolist() == [-1, -1, 0, 1, -1]
    same = local_search(
        AllocationProblem(sizes[[1, 4]], np.array([0.0, 10.0]), cost[[1, 4]], np.ones((2, 2), dtype=bool)),
        np.array([[False, True]] * 2),
        np.array([1, -1]),
        Control(effort=Effort()),
    )
    assert same.tolist() == [-1, 1]


def test_exchanges_with_those_left_out_never_lose_people() -> None:
    better = 0
    for seed in range(20):
        problem = random_problem(seed, 40, 5, slack=0.7)
        before = first_fit(problem, problem.usable())
        after = local_search(problem, problem.usable(), before, Control(effort=Effort()))
        people = [people_at(problem, shelter_of).sum(axis=0) for shelter_of in (before, after)]
        assert np.all(people[1] <= problem.capacity)
        assert people[1].sum() >= people[0].sum()
        costs = [problem.cost[people_at(problem, shelter_of) > 0].sum() for shelter_of in (before, after)]
        if people[1].sum() == people[0].sum():
            assert costs[1] <= costs[0] + 1e-9
            better += costs[1] < costs[0] - 1e-9
    assert better > 10


@pytest.mark.skipif(not highs.usable(), reason="no highspy")
def test_large_problems_end_within_their_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the core, with its limits lowered for the test; the plain model gives the same within the gap."""
    problem = random_problem(11, 150, 12)
    plain = solve(problem, control=Control(effort=Effort(mip_gap=1e-3)))
    monkeypatch.setattr(core_problem, "SMALL", 100)
    monkeypatch.setattr(core_problem, "FREE_GROUPS", 20)
    said: list[str] = []
    found = solve(problem, control=Control(log=said.append, effort=Effort(mip_gap=1e-3)))
    assert any("groups are left to place" in text for text in said)
    assert found.people.sum() == problem.sizes.sum()
    assert np.all(found.load <= problem.capacity)
    assert found.bound <= plain.objective + 1e-6
    assert plain.bound <= found.objective + 1e-6
    assert found.gap <= 0.11
