"""Exchanges between sets of groups, all together: nothing is left to gain, nothing is looked at twice for nothing."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.allocation import exchange
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.control import Control, never
from evacuation_planner.plugin.solvers.effort import Effort

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # no division by nothing anywhere


def placed_at_random(seed: int) -> tuple[AllocationProblem, np.ndarray]:
    draw = np.random.default_rng(seed)
    sizes, shelter_of = draw.integers(1, 12, 14), draw.integers(0, 4, 14)
    capacity = np.bincount(shelter_of, sizes, 4) + draw.integers(0, 3, 4)
    allowed = draw.random((14, 4)) < 0.85
    allowed[np.arange(14), shelter_of] = True
    return AllocationProblem(sizes, capacity, draw.integers(1, 40, (14, 4)).astype(float), allowed), shelter_of


def most_saved(case: AllocationProblem, shelter_of: np.ndarray) -> float:
    """What the best exchange of up to two groups of any shelter for up to two of any other saves."""
    best = 0.0
    room = case.capacity - np.bincount(shelter_of, case.sizes, len(case.capacity))
    for a, b in combinations(range(len(case.capacity)), 2):
        sets = []
        for here, there in ((a, b), (b, a)):
            some = [i for i in np.flatnonzero(shelter_of == here) if case.allowed[i, there]]
            chosen = [c for n in range(3) for c in combinations(some, n)]
            sets.append([(sum(case.sizes[i] for i in c), sum(case.cost[i, here] - case.cost[i, there] for i in c))
                         for c in chosen])  # fmt: skip
        for out, saved in sets[0]:
            for back, more in sets[1]:
                if -room[a] <= out - back <= room[b]:
                    best = max(best, saved + more)
    return best


class Watched:
    """Keeps what every look at two shelters found there."""

    def __init__(self, monkeypatch) -> None:
        self.sets: list[int] = []
        self.pairs: list[tuple[int, int]] = []
        self.fruitless: set[tuple] = set()
        self.found = 0
        real = exchange._exchange

        def look(size, cost, room, shelter_of, a, b):
            state = (a, b, *np.isin(shelter_of, (a, b)).tolist(), *(shelter_of == a).tolist())
            assert state not in self.fruitless
            sets, found = real(size, cost, room, shelter_of, a, b)
            assert sets > 1 and np.all(room >= 0.0)
            if not found:
                self.fruitless.add(state)
            self.found += found
            self.sets.append(sets)
            self.pairs.append((a, b))
            return sets, found

        monkeypatch.setattr(exchange, "_exchange", look)


@pytest.mark.parametrize("seed", range(10))
def test_exchanges_end_where_none_helps(seed, monkeypatch):
    case, shelter_of = placed_at_random(seed)
    watched = Watched(monkeypatch)
    end = exchange.exchange_sets(case, case.usable(), shelter_of, 10**9, Control(cancelled=never, effort=Effort()))
    here = np.arange(14)
    assert most_saved(case, shelter_of) > 0.0 and most_saved(case, end) == 0.0
    assert case.cost[here, end].sum() < case.cost[here, shelter_of].sum()
    assert case.allowed[here, end].all() and np.all(np.bincount(end, case.sizes, 4) <= case.capacity)
    assert watched.found and set(watched.pairs) == set(combinations(range(4), 2))


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.999, 1.0])
def test_the_work_is_counted_in_sets(share, monkeypatch):
    """A pair of shelters is begun only while sets are left, and then done with."""
    case, shelter_of = placed_at_random(3)
    whole = Watched(monkeypatch)
    exchange.exchange_sets(case, case.usable(), shelter_of, 10**9, Control(cancelled=never, effort=Effort()))
    monkeypatch.undo()
    work, some = int(share * sum(whole.sets)), Watched(monkeypatch)
    exchange.exchange_sets(case, case.usable(), shelter_of, work, Control(cancelled=never, effort=Effort()))
    done = len(some.sets)
    assert some.sets == whole.sets[:done] and some.pairs == whole.pairs[:done]
    begun = [k for k in range(len(whole.pairs)) if k == 0 or whole.pairs[k] != whole.pairs[k - 1]]
    assert done == min((k for k in begun if sum(whole.sets[:k]) >= work), default=len(whole.sets))


def test_sets_are_counted_on_both_sides():
    """Three groups of shelter 0 and two of shelter 1: 1 + 3 + 3 sets and 1 + 2 + 1."""
    size, shelter_of = np.ones(5), np.array([0, 0, 0, 1, 1])
    looked = exchange._exchange(size, np.ones((5, 2)), np.zeros(2), shelter_of, 0, 1)
    assert looked == (11, False) and exchange._exchange(size, np.ones((5, 2)), np.zeros(2), shelter_of, 1, 0)[0] == 11


def test_no_group_is_named_minus_one():
    members, saving, places = exchange._sets(np.array([3.0, 2.0]), np.array([[5.0, 1.0]] * 2), np.zeros(2), 0, 1)
    assert members.tolist() == [[-1, -1], [0, -1], [1, -1], [0, 1]]
    assert (saving.tolist(), places.tolist()) == ([0, 4, 4, 8], [0, 3, 2, 5])


@pytest.mark.parametrize(("saved", "found"), [(0.0005, False), (0.002, True)])
@pytest.mark.parametrize("a", [0, 1])
def test_what_sums_of_such_numbers_differ_by_is_no_gain(saved, found, a):
    """Of a million 0.001 is not told from nothing; one group changes places with another of its size."""
    cost, shelter_of = np.array([[1e6, 0.0], [1e6 - saved, 0.0]]), np.array([0, 1])
    assert exchange._exchange(np.ones(2), cost, np.zeros(2), shelter_of, a, 1 - a) == (4, found)
    assert shelter_of.tolist() == ([1, 0] if found else [0, 1])


def test_nothing_fits_where_a_shelter_is_over_its_room():
    """No exchange empties shelter 0 enough, whose group is 3 over."""
    shelter_of = np.array([0])
    assert exchange._exchange(np.array([5.0]), np.array([[9.0, 1.0]]), np.array([-3.0, 4.0]), shelter_of, 0, 1) == (
        3,
        False,
    )


@pytest.mark.parametrize("length", [1, 2, 3, 6, 8, 13])
def test_of_equals_the_first_is_taken(length):
    """So that the same groups are exchanged every time: numpy's argmax of every stretch, many of them with equals."""
    values = np.random.default_rng(length).integers(0, 3, length).astype(float)
    first, last = (np.array(side) for side in zip(*combinations(range(length + 1), 2)))
    found = exchange._greatest(values, first, last)
    assert found.tolist() == [a + int(values[a:b].argmax()) for a, b in zip(first, last)]
