"""The trade-off curve, preferences by distance, and the cut that names zones with too few places in reach."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.objective import Objective, normalised, preference_by_distance
from evacuation_planner.plugin.solvers.allocation.problem import FREE, AllocationProblem
from evacuation_planner.plugin.solvers.allocation.room import tightest
from evacuation_planner.plugin.solvers.allocation.tradeoff import curve
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled


def case(seed: int, room: float, split: bool = False) -> tuple[AllocationProblem, Objective, np.ndarray]:
    draw = np.random.default_rng(seed)
    sizes = draw.integers(2, 12, 7)
    capacity = np.floor(draw.dirichlet(np.full(3, 8.0)) * sizes.sum() * room)
    kilometres = draw.uniform(1.0, 9.0, (7, 3)).round(1)
    objective = Objective(draw.random((7, 3)).round(2), normalised(kilometres), sizes)
    problem = AllocationProblem(sizes, capacity, objective.cost, np.ones((7, 3), dtype=bool), split)
    return problem, objective, kilometres


def least(problem: AllocationProblem, objective: Objective, share: float, people: int) -> float:
    """The least weighted sum with that many people sheltered, by trying everything."""
    cost = (share * objective.dissatisfaction + (1 - share) * objective.distance) * problem.sizes[:, None]
    best = np.inf
    for places in itertools.product(range(-1, 3), repeat=7):
        pairs = [(i, j) for i, j in enumerate(places) if j >= 0]
        load = np.zeros(3)
        for i, j in pairs:
            load[j] += problem.sizes[i]
        if np.all(load <= problem.capacity) and load.sum() >= people:
            best = min(best, float(sum(cost[i, j] for i, j in pairs)))
    return best


@pytest.mark.parametrize(("seed", "room"), [(1, 1.3), (2, 1.2), (3, 0.8)])
def test_every_point_is_the_best_for_its_weights(seed: int, room: float) -> None:
    problem, objective, kilometres = case(seed, room)
    plan = solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    points = curve(problem, objective, kilometres, plan, 5, control=Control(effort=Effort(mip_gap=0.0)))
    assert [point.plan for point in points] == [False, False, True, False, False]
    people = int(plan.people.sum())
    for point in points:
        assert point.weight_preference + point.weight_distance == pytest.approx(1.0)
        weighted = point.weight_preference * point.z1 + point.weight_distance * point.z2
        assert weighted == pytest.approx(least(problem, objective, point.weight_preference, people))
        assert point.gap == pytest.approx(0.0, abs=1e-6)
        assert point.efficient
        assert point.preference == pytest.approx(1.0 - point.z1 / people)
    assert all(a.z1 >= b.z1 - 1e-9 and a.z2 <= b.z2 + 1e-9 for a, b in zip(points, points[1:]))


def test_divided_groups_have_a_curve_too() -> None:
    problem, objective, kilometres = case(4, 0.9, split=FREE)
    plan = solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    points = curve(problem, objective, kilometres, plan, 3, control=Control(effort=Effort(mip_gap=0.0)))
    assert len(points) == 3
    assert all(a.z1 >= b.z1 - 1e-6 for a, b in zip(points, points[1:]))


def test_a_curve_keeps_the_time_limit_and_stops_when_told() -> None:
    problem, objective, kilometres = case(5, 1.2)
    plan = solve(problem)
    asked = []
    with pytest.raises(Cancelled):
        curve(
            problem,
            objective,
            kilometres,
            plan,
            9,
            control=Control(cancelled=lambda: len(asked) > 2 or asked.append(1) is not None),
        )
    said: list[str] = []
    points = curve(problem, objective, kilometres, plan, 9, control=Control(log=said.append, effort=Effort(1, 1e-6)))
    assert [point.plan for point in points] == [True]
    assert "8 more had no time" in said[-1]
    shown: list[float] = []
    curve(problem, objective, kilometres, plan, 9, control=Control(progress=lambda share, text="": shown.append(share)))
    assert shown == sorted(shown) and shown[-1] <= 1.0


def test_nobody_placed_has_no_curve() -> None:
    problem, objective, kilometres = case(6, 1.2)
    empty = AllocationProblem(problem.sizes, np.zeros(3), objective.cost, problem.allowed)
    assert curve(empty, objective, kilometres, solve(empty), 5) == ()


def test_preference_by_distance() -> None:
    found = preference_by_distance(np.array([[0.0, 2.0, np.inf]]), 2.0)
    assert found[0] == pytest.approx([1.0, np.exp(-1.0), 0.0])


@pytest.mark.parametrize("seed", range(20))
def test_the_cut_names_the_set_that_misses_most(seed: int) -> None:
    draw = np.random.default_rng(seed)
    people, capacity = draw.integers(0, 30, 6), draw.integers(0, 40, 4).astype(float)
    allowed = draw.random((6, 4)) < 0.45
    worst = 0
    for size in range(1, 7):
        for zones in itertools.combinations(range(6), size):
            chosen = [m for m in zones if allowed[m].any()]
            reached = allowed[chosen].any(axis=0) if chosen else np.zeros(4, dtype=bool)
            worst = max(worst, int(people[chosen].sum() - capacity[reached].sum()))
    found = tightest(people, allowed, capacity)
    if worst <= 0:
        assert found is None
        return
    assert found is not None and found.missing == worst
    assert found.people == people[found.zones].sum()
    assert found.places == capacity[found.shelters].sum()
    assert set(np.flatnonzero(allowed[found.zones].any(axis=0))) == set(found.shelters.tolist())
