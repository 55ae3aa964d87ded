"""The parts of an allocation each by itself, by hand or by every choice: exchanges, filling, prices, points."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation import (
    exchange as exchange,
)
from evacuation_planner.plugin.solvers.allocation import (
    first_fit,
    tradeoff,
)
from evacuation_planner.plugin.solvers.allocation import (
    lagrangian as lagrangian,
)
from evacuation_planner.plugin.solvers.allocation import (
    regret_insertion as regret_insertion,
)
from evacuation_planner.plugin.solvers.allocation.core_problem import smallest
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.control import never
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled

INF = np.inf


def problem(sizes, capacity, cost, allowed=None) -> AllocationProblem:
    cost = np.array(cost, dtype=float)
    usable = np.ones(cost.shape, dtype=bool) if allowed is None else np.array(allowed, dtype=bool)
    return AllocationProblem(np.array(sizes), np.array(capacity, dtype=float), cost, usable)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 9])
def test_the_greatest_of_every_stretch(length):
    values = np.random.default_rng(length).integers(0, 5, length).astype(float)
    pairs = list(combinations(range(length + 1), 2))
    first, last = (np.array(side) for side in zip(*pairs))
    found = exchange._greatest(values, first, last)
    for (a, b), k in zip(pairs, found.tolist()):
        assert a <= k < b and values[k] == values[a:b].max()


def every_exchange(size, cost, room, shelter_of, a, b):
    """The most that an exchange of up to two groups for up to two saves."""
    groups = [np.flatnonzero(shelter_of == j).tolist() for j in (a, b)]
    some = [[c for n in range(3) for c in combinations(members, n)] for members in groups]
    best = 0.0
    for out in some[0]:
        for back in some[1]:
            moved = size[list(out)].sum() - size[list(back)].sum()
            if -room[a] <= moved <= room[b]:
                saved = sum(cost[i, a] - cost[i, b] for i in out) + sum(cost[i, b] - cost[i, a] for i in back)
                best = max(best, saved)
    return best


@pytest.mark.parametrize("seed", range(15))
def test_an_exchange_of_sets_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 9, 9).astype(float)
    cost, shelter_of = rng.integers(1, 30, (9, 2)).astype(float), rng.integers(0, 2, 9)
    room = rng.integers(0, 4, 2).astype(float)
    capacity = room + np.bincount(shelter_of, size, 2)
    best = every_exchange(size, cost, room, shelter_of, 0, 1)
    here = np.arange(9)
    before = cost[here, shelter_of].sum()
    _, found = exchange._exchange(size, cost, room, shelter_of, 0, 1)
    assert found == (best > 0.0)
    assert before - cost[here, shelter_of].sum() == pytest.approx(best)
    assert room.tolist() == (capacity - np.bincount(shelter_of, size, 2)).tolist() and room.min() >= 0.0


def test_sets_of_a_shelter_by_hand(monkeypatch):
    size, shelter_of = np.array([3.0, 5.0, 2.0, 7.0, 4.0]), np.array([0, 0, 1, 0, 0])
    cost = np.array([[9.0, 1.0], [4.0, 6.0], [1.0, 1.0], [9.0, INF], [5.0, 1.0]])
    members, saving, places = exchange._sets(size, cost, shelter_of, 0, 1)
    named = [tuple(i for i in row if i >= 0) for row in members.tolist()]
    assert dict(zip(named, zip(saving.tolist(), places.tolist()))) == {
        (): (0, 0), (0,): (8, 3), (1,): (-2, 5), (4,): (4, 4), (0, 1): (6, 8), (0, 4): (12, 7), (1, 4): (2, 9)
    }  # fmt: skip
    monkeypatch.setattr(exchange, "MOST_GROUPS", 2)  # those that save most for each person: 8 of 3, 4 of 4
    assert sorted(exchange._sets(size, cost, shelter_of, 0, 1)[1].tolist()) == [0, 4, 8, 12]


def test_exchanges_of_sets_go_on_until_none_helps_and_count_their_work():
    """Groups of 2 and 3 at site 0 for one of 5 at site 1: 10 + 10 + 10 becomes 1 + 1 + 1."""
    case = problem([2, 3, 5], [5, 5], [[10, 1], [10, 1], [1, 10]])
    start = np.array([0, 0, 1])

    def exchanged(work, effort=None, cancelled=never):
        usable = case.usable()
        return exchange.exchange_sets(
            case, usable, start, work, Control(cancelled=cancelled, effort=effort or Effort())
        ).tolist()

    assert exchanged(1) == [1, 1, 0] and start.tolist() == [0, 0, 1]
    assert exchanged(0) == exchanged(100, Effort(seconds=1e-9)) == [0, 0, 1]
    with pytest.raises(Cancelled):
        exchanged(100, cancelled=lambda: True)


def test_letting_in_by_hand():
    """Room for 2 more: the 6 can go in for the 5 (1 more), the 7 (2 more); the 3 does not fit alone, the 2 does."""
    case = problem([5, 6, 7, 3, 2], [7], [[10], [14], [16], [1], [9]])
    usable = np.ones((5, 1), dtype=bool)

    def let_in(room, shelter_of):
        shelter_of, room = np.array(shelter_of), np.array([room], dtype=float)
        changed = regret_insertion._let_in(case, usable, case.room_taken, room, shelter_of, 0)
        return changed, shelter_of.tolist(), room.tolist()

    start = [0, -1, -1, -1, -1]
    assert let_in(2, start) == (True, [-1, -1, 0, -1, -1], [0.0])  # 6 for 2 people; 4 for 1; 9 for 2
    assert let_in(1, start) == (True, [-1, 0, -1, -1, -1], [0.0])
    assert let_in(3, start) == (True, [0, -1, -1, 0, -1], [0.0])  # 1 for 3 people
    assert let_in(0, start) == (False, start, [0.0])
    assert let_in(2, [0, 0, 0, 0, 0])[0] is False
    assert regret_insertion._fill(case, usable, np.array(start), Control(cancelled=never)).tolist() == [
        -1,
        -1,
        0,
        -1,
        -1,
    ]
    with pytest.raises(Cancelled):
        regret_insertion._fill(case, usable, np.array(start), Control(cancelled=lambda: True))


def test_first_fit_and_its_steps_by_hand():
    case = problem([4, 6, 6, 3], [9, 7], [[1, 2], [5, 4], [3, 9], [1, 1]])
    usable = case.usable()
    assert first_fit.first_fit(case, usable).tolist() == [-1, 1, 0, 0]
    assert first_fit.first_fit(case, usable, np.array([0.5, 2.0])).tolist() == [-1, 0, 1, 0]  # 8 for 16; 21 where left
    assert first_fit.shelters_of(first_fit.people_at(case, np.array([-1, 1, 0, 0]))).tolist() == [-1, 1, 0, 0]
    cost, taken = case.cost, case.room_taken
    room, shelter_of = np.array([3.0, 1.0]), np.array([-1, 1, 0, -1])
    assert not first_fit._move(cost, taken, room, shelter_of, 1)  # dearer there
    room, shelter_of = np.array([3.0, 4.0]), np.array([-1, -1, 0, 1])
    assert not first_fit._move(cost, taken, room, shelter_of, 3)  # as dear
    room, shelter_of = np.array([9.0, 1.0]), np.array([-1, -1, 1, -1])
    assert first_fit._move(cost, taken, room, shelter_of, 2)
    assert shelter_of.tolist() == [-1, -1, 0, -1] and room.tolist() == [3.0, 7.0]
    room, shelter_of = np.array([3.0, 1.0]), np.array([-1, 0, 1, -1])
    assert first_fit._exchange(cost, taken, room, shelter_of, np.array([1, 2]), 1)
    assert shelter_of.tolist() == [-1, 1, 0, -1] and room.tolist() == [3.0, 1.0]
    assert not first_fit._exchange(cost, taken, room, shelter_of, np.array([1, 2]), 1)
    size_and_room = problem([4, 6], [5, 6], [[9, 1], [1, 9]])  # the 6 does not fit where the 4 is
    room, shelter_of = np.array([1.0, 0.0]), np.array([0, 1])
    assert not first_fit._exchange(size_and_room.cost, size_and_room.room_taken, room, shelter_of, np.arange(2), 0)


def test_prices_by_hand():
    """Two groups of 10 want site 0, which holds one: the one for whom it is worth 3 stays, the other goes for 2."""
    case = problem([10, 10], [10, 10], [[1, 4], [1, 3]])
    found = lagrangian.lagrangian_bound(case, case.usable(), aim=4.0)
    assert found.bound == pytest.approx(4.0, abs=0.02)
    assert 0.19 <= found.prices[0] - found.prices[1] <= 0.31
    loose = problem([10, 10], [20, 20], [[1, 4], [1, 3]])
    free = lagrangian.lagrangian_bound(loose, loose.usable())
    assert (free.bound, free.prices.tolist()) == (2.0, [0.0, 0.0])
    assert free.excess.tolist() == [[0.0, 3.0], [0.0, 2.0]]
    assert free.keep(4.0).tolist() == [[True, False], [True, True]]
    closed = problem([10, 10], [20, 20], [[1, 4], [1, 3]], [[True, False], [False, False]])
    assert lagrangian.lagrangian_bound(closed, closed.usable()).excess.tolist() == [[0.0, INF], [INF, INF]]


def test_the_smallest_and_the_order_of_points_by_hand():
    excess = np.array([[3.0, 1.0, INF, 2.0], [INF, INF, 0.0, INF]])
    assert smallest(excess, 2).tolist() == [[False, True, False, True], [False, False, True, False]]
    assert tradeoff._ends_first([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]) == [0.1, 0.6, 0.3, 0.5, 0.2, 0.4]
    assert tradeoff._ends_first([0.1]) == [0.1] and tradeoff._ends_first([0.1, 0.2]) == [0.1, 0.2]
    made = [
        tradeoff.Point(0, 1, z1, z2, 0, 0, None, False) for z1, z2 in ((1, 5), (2, 4), (2, 5), (3, 4), (1, 5), (9, 1))
    ]
    assert [point.efficient for point in tradeoff._marked(made)] == [True, True, False, False, True, True]
