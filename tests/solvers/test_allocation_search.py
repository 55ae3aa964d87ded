"""Small allocations against an exhaustive search that shares no code with the solver, and invariants of all."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")
hypothesis = pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.problem import (
    CAPACITY,
    FREE,
    NO_SHELTER,
    TOO_LARGE,
    WHOLE,
    AllocationProblem,
)
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.mip import highs

HIGHS = pytest.mark.skipif(not highs.usable(), reason="no highspy")
SOLVERS = ["CBC", pytest.param("HiGHS", marks=HIGHS)]


def by_search(sizes: list[int], capacity: list[float], cost: np.ndarray, allowed: np.ndarray) -> tuple[int, float]:
    """(people, cost): the most people, and for them the least cost, over every assignment of whole groups."""
    choices = [[-1] + [j for j in range(len(capacity)) if allowed[i, j]] for i in range(len(sizes))]
    best = (0, 0.0)
    for places in itertools.product(*choices):
        load = [0] * len(capacity)
        value, people = 0.0, 0
        for i, j in enumerate(places):
            if j >= 0 and sizes[i] > 0:
                load[j] += sizes[i]
                value += cost[i, j]
                people += sizes[i]
        better = people > best[0] or (people == best[0] and value < best[1] - 1e-12)
        if better and all(used <= room for used, room in zip(load, capacity)):
            best = (people, value)
    return best


def split_by_search(sizes: list[int], capacity: list[int], cost: np.ndarray, allowed: np.ndarray) -> tuple[int, float]:
    """The same for single people, by dynamic programming over what is left of each shelter."""
    states: dict[tuple[int, ...], tuple[int, float]] = {tuple(capacity): (0, 0.0)}
    for i, size in enumerate(sizes):
        for _ in range(size):
            after: dict[tuple[int, ...], tuple[int, float]] = dict(states)
            for room, (people, value) in states.items():
                for j, left in enumerate(room):
                    if allowed[i, j] and left > 0:
                        key = (*room[:j], left - 1, *room[j + 1 :])
                        new = (people + 1, value + cost[i, j] / size)
                        old = after.get(key)
                        if old is None or new[0] > old[0] or (new[0] == old[0] and new[1] < old[1]):
                            after[key] = new
            states = after
    return min(states.values(), key=lambda pair: (-pair[0], pair[1]))


def random_case(draw: np.random.Generator, groups: int, shelters: int, tight: float) -> tuple:
    sizes = draw.integers(0, 9, groups)
    capacity = np.floor(draw.dirichlet(np.ones(shelters)) * sizes.sum() * tight)
    weight = sizes[:, None] if draw.random() < 0.5 else np.ones((groups, 1))
    cost = weight * draw.random((groups, shelters)).round(3)
    return sizes, capacity, cost, draw.random((groups, shelters)) < 0.8


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("tight", [0.6, 1.0, 1.6])
def test_whole_groups(solver: str, tight: float) -> None:
    draw = np.random.default_rng(int(tight * 10))
    for _ in range(6):
        sizes, capacity, cost, allowed = random_case(draw, 6, 3, tight)
        people, value = by_search(sizes.tolist(), capacity.tolist(), cost, allowed)
        found = solve(
            AllocationProblem(sizes, capacity, cost, allowed),
            solver=solver,
            control=Control(effort=Effort(mip_gap=0.0)),
        )
        assert found.allocated.sum() == people
        assert found.objective == pytest.approx(value, abs=1e-6)
        assert found.more_people == 0


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("tight", [0.6, 1.3])
def test_divided_groups(solver: str, tight: float) -> None:
    draw = np.random.default_rng(int(tight * 10) + 100)
    for _ in range(4):
        sizes, capacity, cost, allowed = random_case(draw, 4, 3, tight)
        people, value = split_by_search(sizes.tolist(), capacity.astype(int).tolist(), cost, allowed)
        found = solve(
            AllocationProblem(sizes, capacity, cost, allowed, split=FREE),
            solver=solver,
            control=Control(effort=Effort(mip_gap=0.0)),
        )
        assert found.allocated.sum() == people
        assert found.objective == pytest.approx(value, abs=1e-6)


def test_reasons() -> None:
    sizes = np.array([10, 50, 30, 30, 0])
    capacity = np.array([40.0, 20.0])
    allowed = np.array([[False, False], [True, True], [True, False], [True, False], [False, False]])
    cost = np.ones((5, 2))
    found = solve(AllocationProblem(sizes, capacity, cost, allowed))
    assert found.reasons[:2] == (NO_SHELTER, TOO_LARGE)
    assert sorted(found.reasons[2:4]) == ["", CAPACITY]
    assert found.reasons[4] == ""
    divided = solve(AllocationProblem(sizes, capacity, cost, allowed, split=FREE))
    assert divided.allocated.sum() == 60
    assert divided.reasons[0] == NO_SHELTER
    assert TOO_LARGE not in divided.reasons


def test_a_shelter_without_room_is_a_matter_of_capacity() -> None:
    found = solve(AllocationProblem(np.array([5]), np.array([0.0]), np.ones((1, 1)), np.ones((1, 1), dtype=bool)))
    assert found.reasons == (CAPACITY,)
    assert (found.objective, found.gap, found.stages) == (0.0, None, ())


def test_nobody_to_place() -> None:
    found = solve(AllocationProblem(np.zeros(2, dtype=int), np.ones(1), np.ones((2, 1)), np.ones((2, 1), dtype=bool)))
    assert found.people.sum() == 0
    assert found.reasons == ("", "")


@HIGHS
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 4), st.booleans(), st.floats(0.3, 2.0))
def test_invariants(seed: int, groups: int, shelters: int, split: bool, tight: float) -> None:
    sizes, capacity, cost, allowed = random_case(np.random.default_rng(seed), groups, shelters, tight)
    problem = AllocationProblem(sizes, capacity, cost, allowed, split)
    highs = solve(problem, solver="HiGHS", control=Control(effort=Effort(mip_gap=0.0)))
    assert np.all(highs.load <= capacity)
    assert np.all(highs.people >= 0)
    assert np.all(highs.allocated <= sizes)
    assert not highs.people[~allowed].any()
    assert all((reason == "") == (left == 0) for reason, left in zip(highs.reasons, sizes - highs.allocated))
    if not split:
        assert np.all((highs.people > 0).sum(axis=1) <= 1)
        assert set(highs.allocated.tolist()) <= {0, *sizes.tolist()}
    cbc = solve(problem, solver="CBC", control=Control(effort=Effort(mip_gap=0.0)))
    assert cbc.allocated.sum() == highs.allocated.sum()
    assert cbc.objective == pytest.approx(highs.objective, abs=1e-5)


def test_cancelled_before_and_while_solving() -> None:
    draw = np.random.default_rng(3)
    sizes = draw.integers(20, 90, 300)
    problem = AllocationProblem(
        sizes, np.full(12, sizes.sum() / 12 * 0.97), draw.random((300, 12)), np.ones((300, 12), dtype=bool)
    )
    with pytest.raises(Cancelled):
        solve(problem, control=Control(cancelled=lambda: True))
    asked = [0]

    def later() -> bool:
        asked[0] += 1
        return asked[0] > 4

    with pytest.raises(Cancelled):
        solve(problem, control=Control(cancelled=later, effort=Effort(mip_gap=0.0)))


def test_wrong_shapes_and_numbers_are_refused() -> None:
    good = (np.array([1]), np.array([1.0]), np.ones((1, 1)), np.ones((1, 1), dtype=bool))
    with pytest.raises(SolverError, match="shape"):
        AllocationProblem(good[0], good[1], np.ones((2, 1)), good[3])
    with pytest.raises(SolverError, match="not a number"):
        AllocationProblem(good[0], good[1], np.full((1, 1), np.nan), good[3])
    with pytest.raises(SolverError, match="negative"):
        AllocationProblem(-good[0], *good[1:])


@HIGHS
@pytest.mark.parametrize("split", [WHOLE, FREE])
def test_both_solvers_give_the_same_of_many_equal_plans(split: bool) -> None:
    """All costs are equal, so that almost any placing is optimal; the log says what was done."""
    for seed in range(4):
        draw = np.random.default_rng(seed)
        sizes = draw.integers(2, 6, 9)
        problem = AllocationProblem(
            sizes, np.array([14.0, 13.0, 16.0]), np.ones((9, 3)), draw.random((9, 3)) < 0.9, split
        )
        plans, said = [], []
        for solver in ("HiGHS", "CBC"):
            plans.append(
                solve(
                    problem, solver=solver, control=Control(log=said.append, effort=Effort(mip_gap=0.0))
                ).people.tolist()
            )
        assert plans[0] == plans[1]
        assert sum("every solver agrees on" in text for text in said) == 2


def test_the_log_says_where_another_solver_may_give_another_plan() -> None:
    draw = np.random.default_rng(4)
    sizes = draw.integers(5, 40, 40)
    room = np.full(4, np.floor(sizes.sum() / 4 * 1.03))
    said: list[str] = []
    problem = AllocationProblem(sizes, room, draw.random((40, 4)) * sizes[:, None], np.ones((40, 4), dtype=bool))
    found = solve(problem, control=Control(log=said.append, effort=Effort(0)))
    assert found.gap is not None and found.gap > 0.0
    assert any("Another solver" in text for text in said)
