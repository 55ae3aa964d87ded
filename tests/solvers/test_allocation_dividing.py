"""Groups divided only where needed: against every way of dividing, and by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

pytest.importorskip("pulp")
nx = pytest.importorskip("networkx")

from evacuation_planner.plugin.solvers.allocation import dividing
from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.problem import FREE, WHERE_NEEDED, WHOLE, AllocationProblem
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import Effort

EXACT = 0.0


def exact() -> Control:
    return Control(effort=Effort(mip_gap=EXACT))


def case(seed: int) -> AllocationProblem:
    """A few groups, now and then one too large for any shelter, room more or less than needed, some out of reach."""
    rng = np.random.default_rng(seed)
    groups, shelters = int(rng.integers(2, 5)), int(rng.integers(2, 4))
    sizes = rng.integers(1, 8, groups)
    if seed % 2:
        sizes[0] = int(rng.integers(8, 14))
    capacity = rng.integers(1, int(rng.integers(5, 12)), shelters).astype(float)
    allowed = rng.random((groups, shelters)) < (0.6 if seed % 3 else 1.0)
    cost = rng.integers(1, 20, (groups, shelters)) * sizes[:, None].astype(float)
    return AllocationProblem(sizes, capacity, cost, allowed, WHERE_NEEDED)


def flow(problem: AllocationProblem, divided: list[int], room: np.ndarray) -> tuple[int, float]:
    """People and cost of the best flow of the ``divided`` groups into the room left; costs a person are whole."""
    graph = nx.DiGraph()
    graph.add_nodes_from(["source", "sink"])
    for i in divided:
        graph.add_edge("source", ("group", i), capacity=int(problem.sizes[i]), weight=0)
        for j in np.flatnonzero(problem.allowed[i]).tolist():
            each = round(problem.cost[i, j] / problem.sizes[i])
            graph.add_edge(("group", i), ("shelter", j), capacity=int(problem.sizes[i]), weight=each)
    for j, places in enumerate(room.tolist()):
        graph.add_edge(("shelter", j), "sink", capacity=int(places), weight=0)
    found = nx.max_flow_min_cost(graph, "source", "sink")
    return sum(found["source"].values()), nx.cost_of_flow(graph, found)


def best(problem: AllocationProblem) -> tuple[int, int, float]:
    """(people left, other groups divided, cost) of the best plan, by trying every way to divide and to place."""
    some = range(len(problem.sizes))
    largest = [problem.capacity[problem.allowed[i]].max(initial=0.0) for i in some]
    oversized = [i for i in some if problem.sizes[i] > largest[i]]
    plans = []
    for count in range(len(problem.sizes) - len(oversized) + 1):
        for others in combinations([i for i in some if i not in oversized], count):
            divided = [*oversized, *others]
            whole = [i for i in some if i not in divided]
            for where in product(range(-1, len(problem.capacity)), repeat=len(whole)):
                room, people, cost = problem.capacity.copy(), 0, 0.0
                for i, j in zip(whole, where):
                    if j >= 0:
                        room[j] -= problem.sizes[i] if problem.allowed[i, j] else np.inf
                        people, cost = people + int(problem.sizes[i]), cost + problem.cost[i, j]
                if room.min() >= 0:
                    more, price = flow(problem, divided, room)
                    plans.append((int(problem.sizes.sum()) - people - more, count, cost + price))
    return min(plans)


@pytest.mark.parametrize("seed", range(40))
def test_where_needed_as_by_trying_every_way(seed):
    problem = case(seed)
    found = solve(problem, control=exact())
    left = int(problem.sizes.sum() - found.people.sum())
    assert (left, dividing.others_divided(problem, found.people), found.objective) == pytest.approx(best(problem))
    assert np.all(found.people.sum(axis=0) <= problem.capacity) and np.all(found.people[~problem.allowed] == 0)
    assert all(bool(text) == bool(missing) for text, missing in zip(found.reasons, problem.sizes - found.allocated))
    assert found.gap in (None, pytest.approx(0.0, abs=1e-6))
    # as many people as where all may be divided, at no less cost
    free = solve(replace(problem, split=FREE), control=exact())
    assert free.people.sum() == found.people.sum() and free.objective <= found.objective + 1e-6


def test_a_group_larger_than_any_shelter_is_divided_and_no_other_by_hand():
    """12 people and shelters of 8 and 7: the others, 2 and 1, go where they cost least besides."""
    cost = np.array([[12.0, 24.0], [2.0, 8.0], [1.0, 9.0]])
    problem = AllocationProblem(np.array([12, 2, 1]), np.array([8.0, 7.0]), cost, np.ones((3, 2), bool), WHERE_NEEDED)
    found = solve(problem)
    assert found.people.tolist() == [[5, 7], [2, 0], [1, 0]] and not any(found.reasons)
    assert found.objective == pytest.approx(5 + 14 + 2 + 1) and found.gap == pytest.approx(0.0)
    whole = solve(replace(problem, split=WHOLE))
    assert whole.people.sum() == 3 and whole.reasons[0] == "group larger than any shelter in reach"


def test_one_group_is_divided_where_whole_ones_leave_places_empty():
    """Two groups of 6 into 7 and 5: whole, one stays behind; dividing one places both."""
    problem = AllocationProblem(np.array([6, 6]), np.array([7.0, 5.0]), np.ones((2, 2)), np.ones((2, 2), bool), 1)
    found = solve(problem)
    assert found.people.sum() == 12 and problem.in_parts(found.people).sum() == 1
    assert sorted(found.people[problem.in_parts(found.people)][0].tolist()) == [1, 5]


def test_groups_that_fit_stay_whole_and_are_those_of_no_dividing():
    rng = np.random.default_rng(4)
    sizes = rng.integers(1, 20, 40)
    cost, allowed = rng.random((40, 5)) * sizes[:, None], np.ones((40, 5), bool)
    problem = AllocationProblem(sizes, np.full(5, sizes.sum() / 4.0), cost, allowed, WHERE_NEEDED)
    found, whole = solve(problem), solve(replace(problem, split=WHOLE))
    assert found.people.tolist() == whole.people.tolist() and found.objective == whole.objective


@pytest.mark.parametrize("seed", [0, 2])
def test_many_groups_with_a_few_too_large(seed, monkeypatch):
    """More pairs than go to the solver at once: everybody has a place, the bound holds, few others are divided."""
    monkeypatch.setattr(dividing, "SMALL", 200)
    monkeypatch.setattr(dividing, "LARGE", 1_500)
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 30, 250)
    capacity = rng.integers(400, 620, 12).astype(float)
    sizes[:2] = 900  # no shelter holds one of them; together with the others they fill all places but a tenth, or more
    cost = rng.random((250, 12)) * sizes[:, None]
    problem = AllocationProblem(sizes, capacity, cost, np.ones((250, 12), bool), WHERE_NEEDED)
    found = solve(problem, control=Control(effort=Effort(0)))
    assert found.people.sum() == min(sizes.sum(), capacity.sum())
    assert dividing.others_divided(problem, found.people) <= 2
    free = solve(replace(problem, split=FREE), control=exact())
    assert found.bound <= found.objective and free.objective <= found.objective + 1e-6
    assert found.objective <= 1.05 * free.objective


def test_of_too_many_pairs_it_is_said_that_no_fewer_parts_are_not_proved(monkeypatch):
    """Two groups of 6 into 7 and 5 make four pairs; where only three are looked at, one is divided without a proof."""
    problem = AllocationProblem(np.array([6, 6]), np.array([7.0, 5.0]), np.ones((2, 2)), np.ones((2, 2), bool), 1)
    for most, said in ((4, False), (3, True)):
        monkeypatch.setattr(dividing, "LARGE", most)
        log: list[str] = []
        found = solve(problem, control=Control(log=log.append))
        assert dividing.others_divided(problem, found.people) == 1
        assert any("is not proved: 4 pairs" in line for line in log) is said


def test_the_curve_divides_no_more_groups_than_the_plan():
    problem = case(7)
    plan = solve(problem, control=exact())
    other = solve(replace(problem, cost=problem.cost[:, ::-1].copy()), control=exact(), known=plan)
    assert other.people.sum() == plan.people.sum()
    assert dividing.others_divided(problem, other.people) <= dividing.others_divided(problem, plan.people)
