"""Too little room: every place filled, the cost bounded, and exchanges that keep what they must."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.exchange import exchange_sets
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.allocation.regret_insertion import insert_by_regret
from evacuation_planner.plugin.solvers.control import never
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled


def short_of_room(seed: int, groups: int, shelters: int, room: float) -> AllocationProblem:
    draw = np.random.default_rng(seed)
    sizes = draw.integers(3, 40, groups)
    capacity = np.floor(draw.dirichlet(np.full(shelters, 6.0)) * sizes.sum() * room)
    cost = (sizes[:, None] * draw.random((groups, shelters))).round(3)
    return AllocationProblem(sizes, capacity, cost, draw.random((groups, shelters)) < 0.9)


def best(problem: AllocationProblem) -> tuple[int, float]:
    """Most people, then least cost, by trying everything."""
    usable, found = problem.usable(), (0, 0.0)
    for places in itertools.product(range(-1, len(problem.capacity)), repeat=len(problem.sizes)):
        pairs = [(i, j) for i, j in enumerate(places) if j >= 0]
        if not all(usable[i, j] for i, j in pairs):
            continue
        load = np.zeros(len(problem.capacity))
        for i, j in pairs:
            load[j] += problem.sizes[i]
        if np.any(load > problem.capacity):
            continue
        people = int(load.sum())
        cost = float(sum(problem.cost[i, j] for i, j in pairs))
        if people > found[0] or (people == found[0] and cost < found[1]):
            found = (people, cost)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_most_people_then_least_cost_as_by_trying_everything(seed: int) -> None:
    problem = short_of_room(seed, 7, 3, 0.75)
    found = solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    people, cost = best(problem)
    assert (int(found.people.sum()), found.more_people) == (people, 0)
    assert found.objective == pytest.approx(cost)
    assert found.gap == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("room", [0.6, 0.9])
def test_every_place_is_filled_and_the_cost_is_near_its_bound(room: float) -> None:
    problem = short_of_room(3, 50, 5, room)
    found = solve(problem, control=Control(effort=Effort(0)))
    assert found.people.sum() == problem.capacity.sum()
    assert found.more_people == 0
    assert np.all(found.load <= problem.capacity)
    assert found.bound <= found.objective + 1e-9
    assert found.gap < 25.0


def test_filling_keeps_room_and_reach() -> None:
    for seed in range(8):
        problem = short_of_room(seed, 60, 6, 0.8)
        usable = problem.usable()
        shelter_of = insert_by_regret(problem, usable, 10**7, Control(cancelled=never, effort=Effort()))
        inside = np.flatnonzero(shelter_of >= 0)
        assert usable[inside, shelter_of[inside]].all()
        load = np.bincount(shelter_of[inside], problem.sizes[inside], len(problem.capacity))
        assert np.all(load <= problem.capacity)
        assert load.sum() >= 0.99 * problem.capacity.sum()


def test_exchanges_never_cost_more_and_find_two_for_two() -> None:
    sizes = np.array([3, 4, 2, 5])
    cost = np.array([[9.0, 1.0], [9.0, 1.0], [1.0, 9.0], [1.0, 9.0]])
    problem = AllocationProblem(sizes, np.array([7.0, 7.0]), cost, np.ones((4, 2), dtype=bool))
    # No place is free and no two groups are of one size: only 3 + 4 for 2 + 5 fits.
    found = exchange_sets(
        problem, problem.usable(), np.array([0, 0, 1, 1]), 10**7, Control(cancelled=never, effort=Effort())
    )
    assert found.tolist() == [1, 1, 0, 0]
    for seed in range(8):
        problem = short_of_room(seed, 40, 5, 1.3)
        usable = problem.usable()
        begin = insert_by_regret(problem, usable, 10**7, Control(cancelled=never, effort=Effort()))
        if np.any(begin < 0):
            continue
        end = exchange_sets(problem, usable, begin, 10**7, Control(cancelled=never, effort=Effort()))
        here = np.arange(len(begin))
        assert usable[here, end].all()
        assert np.all(np.bincount(end, problem.sizes, len(problem.capacity)) <= problem.capacity)
        assert problem.cost[here, end].sum() <= problem.cost[here, begin].sum() + 1e-9


def test_exchanges_stop_when_told() -> None:
    problem = short_of_room(1, 40, 5, 1.3)
    shelter_of = insert_by_regret(problem, problem.usable(), 10**7, Control(cancelled=never, effort=Effort()))
    with pytest.raises(Cancelled):
        exchange_sets(
            problem,
            problem.usable(),
            np.maximum(shelter_of, 0),
            10**7,
            Control(cancelled=lambda: True, effort=Effort()),
        )
