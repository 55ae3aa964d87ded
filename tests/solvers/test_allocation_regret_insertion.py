"""Quick allocations and the tightest set of zones against slow programs, and what exchanges must leave undone."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.allocation import first_fit, regret_insertion
from evacuation_planner.plugin.solvers.allocation.lagrangian import lagrangian_bound
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem, with_the_rest
from evacuation_planner.plugin.solvers.allocation.room import tightest
from evacuation_planner.plugin.solvers.control import Control, never
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # numpy would put them on the user's screen


def random_case(seed: int, groups: int, shelters: int, room: float, uniform: bool = True) -> AllocationProblem:
    """Groups of 0 to 9, the first of them larger than any shelter and the second out of reach of all."""
    draw = np.random.default_rng(seed)
    sizes = draw.integers(0, 10, groups)
    taken = None if uniform else (sizes[:, None] * draw.uniform(0.5, 1.5, (groups, shelters))).round(1)
    capacity = (draw.dirichlet(np.full(shelters, 5.0)) * sizes.sum() * room).round(1)
    sizes[0] = 1000
    allowed = draw.random((groups, shelters)) < 0.8
    allowed[1] = False
    if taken is not None:
        taken[0] = 1000.0
    return AllocationProblem(
        sizes, capacity, draw.integers(1, 60, (groups, shelters)).astype(float), allowed, consumption=taken
    )


def room_left(problem: AllocationProblem, shelter_of: np.ndarray) -> list[float]:
    room = problem.capacity.tolist()
    for i, j in enumerate(shelter_of.tolist()):
        if j >= 0:
            room[j] -= float(problem.room_taken[i, j])
    return room


def assert_allowed(problem: AllocationProblem, shelter_of: np.ndarray) -> None:
    usable = problem.usable()
    assert all(j == -1 or usable[i, j] for i, j in enumerate(shelter_of.tolist()))
    assert min(room_left(problem, shelter_of)) >= -1e-9


# --- first fit ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_first_fit_as_one_group_after_the_other(seed: int) -> None:
    problem = random_case(seed, 14, 4, 0.9, uniform=seed % 2 == 0)
    usable, taken = problem.usable(), problem.room_taken
    prices = None if seed % 3 == 0 else np.random.default_rng(seed).uniform(0.0, 6.0, 4)
    largest = [max((taken[i, j] for j in range(4) if usable[i, j]), default=0.0) for i in range(14)]
    room, expected = problem.capacity.tolist(), [-1] * 14
    for i in sorted(range(14), key=lambda i: (-largest[i], i)):
        choices = [
            (problem.cost[i, j] + (0.0 if prices is None else prices[j] * taken[i, j]), j)
            for j in range(4)
            if usable[i, j] and taken[i, j] <= room[j]
        ]
        if choices:
            expected[i] = min(choices)[1]
            room[expected[i]] -= taken[i, expected[i]]
    before = problem.capacity.copy()
    assert first_fit.first_fit(problem, usable, prices).tolist() == expected
    assert problem.capacity.tolist() == before.tolist()


# --- exchanges ----------------------------------------------------------------------------------------------------


def state(seed: int, room: float = 0.8) -> tuple:
    """(problem, cost, taken, room, place, members, waiting) with places of different size at different shelters."""
    problem = random_case(seed, 16, 3, room, uniform=False)
    usable = problem.usable()
    shelter_of = first_fit.first_fit(problem, usable, np.random.default_rng(seed).uniform(-9.0, 9.0, 3))
    members, waiting = np.flatnonzero(shelter_of >= 0), np.flatnonzero(shelter_of < 0)
    return (
        problem, np.where(usable, problem.cost, np.inf), problem.room_taken,
        np.array(room_left(problem, shelter_of)), shelter_of, members, waiting,
    )  # fmt: skip


def value(problem: AllocationProblem, shelter_of: np.ndarray) -> float:
    return float(sum(problem.cost[i, j] for i, j in enumerate(shelter_of.tolist()) if j >= 0))


def feasible(problem: AllocationProblem, shelter_of: np.ndarray) -> bool:
    usable = problem.usable()
    return (
        all(j < 0 or usable[i, j] for i, j in enumerate(shelter_of.tolist()))
        and min(room_left(problem, shelter_of)) >= 0.0
    )


@pytest.mark.parametrize("seed", range(10))
def test_each_step_is_the_best_of_all_that_fit(seed: int) -> None:
    for k, what in [(k, what) for k in range(8) for what in ("move", "exchange")]:
        problem, cost, taken, room, shelter_of, members, _ = state(seed)
        i, before, tried = int(members[k]), shelter_of.copy(), []
        if what == "move":
            for j in range(3):
                other = before.copy()
                other[i] = j
                tried.append(other)
            changed = first_fit._move(cost, taken, room, shelter_of, i)
        else:
            for other_one in members.tolist():
                other = before.copy()
                other[i], other[other_one] = before[other_one], before[i]
                tried.append(other)
            changed = first_fit._exchange(cost, taken, room, shelter_of, members, i)
        least = min(value(problem, other) for other in [before, *tried] if feasible(problem, other))
        assert changed == (least < value(problem, before))
        assert value(problem, shelter_of) == least
        assert room == pytest.approx(room_left(problem, shelter_of))


@pytest.mark.parametrize("seed", range(10))
def test_who_makes_way_makes_it_for_most_people_then_for_the_cheapest(seed: int) -> None:
    for k in range(len(state(seed, 0.6)[5])):
        problem, cost, taken, room, shelter_of, members, waiting = state(seed, 0.6)
        i, before = int(members[k]), shelter_of.copy()
        here, outcomes = before[i], []
        for comes in waiting.tolist():
            other = before.copy()
            other[i], other[comes] = -1, here
            if feasible(problem, other):
                outcomes.append((-int(problem.sizes[comes]), float(problem.cost[comes, here])))
        now = (-int(problem.sizes[i]), float(problem.cost[i, here]))
        changed = first_fit._replace(problem.sizes, cost, taken, room, shelter_of, members, waiting, k)
        best = min([now, *outcomes])
        assert changed == (best < now)
        came = int(members[k])
        assert (-int(problem.sizes[came]), float(problem.cost[came, here])) == best
        assert shelter_of[came] == here and (shelter_of[i] == -1 or not changed) and (i in waiting.tolist()) == changed
        assert room == pytest.approx(room_left(problem, shelter_of))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("slack", [0.7, 1.3])
def test_no_single_exchange_is_left_that_helps(seed: int, slack: float) -> None:
    problem = random_case(seed, 18, 4, slack, uniform=seed % 2 == 0)
    usable = problem.usable()
    begun = first_fit.first_fit(problem, usable)
    kept = begun.copy()
    shelter_of = first_fit.local_search(problem, usable, begun, Control(effort=Effort()))
    assert begun.tolist() == kept.tolist()
    assert_allowed(problem, shelter_of)

    def rank(one: np.ndarray) -> tuple[int, float]:
        return -int(problem.sizes[one >= 0].sum()), value(problem, one)

    assert rank(shelter_of) <= rank(begun)
    inside, outside = np.flatnonzero(shelter_of >= 0).tolist(), np.flatnonzero(shelter_of < 0).tolist()
    others = []
    for i in inside:
        for j in range(4):
            others.append(shelter_of.copy())
            others[-1][i] = j
        for k in inside:
            others.append(shelter_of.copy())
            others[-1][[i, k]] = shelter_of[[k, i]]
        for k in outside:
            others.append(shelter_of.copy())
            others[-1][[i, k]] = -1, shelter_of[i]
    assert min(rank(other) for other in [shelter_of, *others] if feasible(problem, other)) == rank(shelter_of)


@pytest.mark.parametrize(
    ("cost", "less", "moves"),
    [
        (0.0, 2e-12, True), (0.0, 5e-13, False), (1.0, 3e-12, True), (1.0, 1.5e-12, False),
        (1e6, 2e-6, True), (1e6, 5e-7, False), (-1e6, 5e-7, False),
    ],
)  # fmt: skip
def test_what_rounding_makes_is_no_gain(cost: float, less: float, moves: bool) -> None:
    """A billionth of a thousandth of the cost, or of 1 where the cost is small."""
    ways, ones = np.array([[cost, cost - less], [cost, cost]]), np.ones((2, 2), dtype=bool)
    for costs, allowed, begun, better in (
        (ways[:1], ones[:1], [0], [1]),
        (ways, ones, [0, 1], [1, 0]),
        (ways[0, :, None], ones[:, :1], [0, -1], [-1, 0]),
    ):
        problem = AllocationProblem(np.ones(len(costs), dtype=int), np.ones(costs.shape[1]), costs, allowed)
        found = first_fit.local_search(problem, problem.usable(), np.array(begun), Control(effort=Effort())).tolist()
        assert found == (better if moves else begun)


def test_exchanges_count_the_groups_they_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two groups that had better be at site 1, where there is room; each looks at as many groups as take part."""
    problem = AllocationProblem(np.array([1, 1]), np.full(2, 2.0), np.array([[5.0, 1.0]] * 2), np.ones((2, 2), bool))
    ones = np.ones((3, 2), dtype=bool)
    waits, too_large = (
        AllocationProblem(np.array([1, 1, size]), np.array([2.0, 9.0]), np.array([[5.0, 1.0]] * 3), ones)
        for size in (9, 10)
    )

    def improved(*pairs: int, case: AllocationProblem = problem, effort: Effort | None = None, stop=never) -> list[int]:
        monkeypatch.setattr(first_fit, "PAIRS", pairs)
        start = np.array([0, 0, -1])[: len(case.sizes)]
        return first_fit.local_search(
            case, case.usable(), start, Control(cancelled=stop, effort=effort or Effort(1))
        ).tolist()

    assert improved(9, 1, 9) == [0, 0]
    assert improved(1, 2, 1) == improved(1, 3, 1) == [1, 0]
    assert improved(1, 4, 1) == [1, 1]
    assert improved(9, 2, 9, case=waits) == [0, 0, -1]
    assert improved(9, 3, 9, case=waits) == [-1, 0, 1]  # the first goes, and makes way there
    assert improved(9, 4, 9, case=too_large) == [1, 1, -1]  # a group that fits nowhere is not looked at
    assert improved(0, 4, 0, effort=Effort(1, 1e-9)) == [0, 0]
    with pytest.raises(Cancelled):
        improved(0, 4, 0, stop=lambda: True)


def test_change_of_places_within_a_shelter_is_no_gain() -> None:
    large = 2.0**40 - 2.0**-13
    cost = np.array([[0.2, 9.0], [large, large]])
    room, shelter_of, ones = np.zeros(2), np.array([0, 0]), np.ones((2, 2))
    assert 0.2 + large - 0.2 - large > 1e-4  # by rounding
    assert first_fit._exchange(cost, ones, room, shelter_of, np.arange(2), 0) is False


# --- filling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_those_who_lose_most_choose_first(seed: int) -> None:
    problem = random_case(seed, 14, 4, 0.7)
    usable = problem.usable()
    staying = int(0.3 * problem.sizes[usable.any(axis=1)].sum())
    lagrangian = lagrangian_bound(
        with_the_rest(problem, usable, staying), with_the_rest(problem, usable, staying).usable()
    )
    assert (lagrangian.prices > 0.0).any()
    room, offers = [*problem.capacity.tolist(), float(staying)], {}
    for i in np.flatnonzero(usable.any(axis=1)).tolist():
        size = int(problem.sizes[i])
        at = [(problem.cost[i, j] + lagrangian.prices[j] * size, j) for j in range(4) if usable[i, j]]
        offers[i] = sorted(at + ([(lagrangian.prices[4] * size, 4)] if size <= staying else []))
    expected = [-1] * 14

    def loss(i: int) -> float:
        return offers[i][1][0] - offers[i][0][0] if len(offers[i]) > 1 else np.inf

    for i in sorted(offers, key=lambda i: -loss(i)):
        for _, j in offers[i]:
            if problem.sizes[i] <= room[j]:
                room[j] -= problem.sizes[i]
                expected[i] = j if j < 4 else -1
                break
    assert regret_insertion._by_regret(problem, usable, staying, Control(cancelled=never)).tolist() == expected


def test_the_roomiest_shelter_is_filled_first() -> None:
    one = AllocationProblem(
        np.array([3]), np.array([3.0, 5.0, 4.0]), np.array([[1.0, 9.0, 1.0]]), np.ones((1, 3), bool)
    )
    assert regret_insertion._fill(one, one.usable(), np.array([-1]), Control(cancelled=never)).tolist() == [1]
    assert regret_insertion._fill(
        one, np.array([[True, False, True]]), np.array([-1]), Control(cancelled=never)
    ).tolist() == [2]
    # Who makes way at shelter 1 comes in again at shelter 0, looked at before: that takes another round.
    two = AllocationProblem(
        np.array([2, 3]), np.array([2.0, 3.0]), np.ones((2, 2)), np.array([[True, True], [False, True]])
    )
    assert regret_insertion._fill(two, two.usable(), np.array([1, -1]), Control(cancelled=never)).tolist() == [0, 1]


@pytest.mark.parametrize(("dearer", "expected"), [(14.2, [0, 0, -1]), (13.8, [-1, -1, 0])])
def test_coming_in_alone_costs_what_it_costs(dearer: float, expected: list[int]) -> None:
    """3 people alone for 6, 2.0 each; or 7 in place of 5 for 10, which are 2 more for 2.1 or 1.9 each."""
    problem = AllocationProblem(
        np.array([5, 3, 7]), np.array([8.0]), np.array([[10.0], [6.0], [dearer]]), np.ones((3, 1), dtype=bool)
    )
    shelter_of, room = np.array([0, -1, -1]), np.array([3.0])
    assert regret_insertion._let_in(problem, problem.usable(), problem.room_taken, room, shelter_of, 0)
    assert shelter_of.tolist() == expected
    assert room.tolist() == room_left(problem, shelter_of)


@pytest.mark.parametrize("seed", range(10))
def test_nobody_waits_who_could_come_in_alone_or_for_a_smaller_group(seed: int) -> None:
    problem = random_case(seed, 20, 4, 0.7)
    usable = problem.usable()
    begun = first_fit.first_fit(problem, usable, np.random.default_rng(seed).uniform(0.0, 9.0, 4))
    begun[::3] = -1
    shelter_of = regret_insertion._fill(problem, usable, begun, Control(cancelled=never))
    assert_allowed(problem, shelter_of)
    assert problem.sizes[shelter_of >= 0].sum() > problem.sizes[begun >= 0].sum()
    room = room_left(problem, shelter_of)
    for i in np.flatnonzero(shelter_of < 0).tolist():
        for j in np.flatnonzero(usable[i]).tolist():
            for smaller in (0, *problem.sizes[shelter_of == j].tolist()):
                assert not 0 < problem.sizes[i] - smaller <= room[j]


def up_to_two(groups: list[int]) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(groups, n) for n in range(3)))


@pytest.mark.parametrize("seed", range(10))
def test_no_two_who_wait_could_come_in_for_two_smaller_ones(seed: int) -> None:
    problem = random_case(seed, 16, 3, 0.6)
    usable, sizes = problem.usable(), problem.sizes
    begun = first_fit.first_fit(problem, usable)
    begun[::4] = -1
    shelter_of = regret_insertion._more_people(problem, usable, begun, 10**7, Control(cancelled=never, effort=Effort()))
    assert_allowed(problem, shelter_of)
    assert sizes[shelter_of >= 0].sum() > sizes[begun >= 0].sum()
    room = room_left(problem, shelter_of)
    for j in range(3):
        for out in up_to_two(np.flatnonzero(shelter_of == j).tolist()):
            for come in up_to_two(np.flatnonzero((shelter_of < 0) & usable[:, j]).tolist()):
                assert not 0 < sum(sizes[i] for i in come) - sum(sizes[i] for i in out) <= room[j]
    assert (
        regret_insertion._more_people(problem, usable, begun, 0, Control(cancelled=never, effort=Effort())).tolist()
        == begun.tolist()
    )


def test_exchanges_fill_what_prices_leave_by_hand() -> None:
    """The 5 and the 4 are dear to leave; 12 places are filled only by the 6 and the two of 3."""
    sizes, cost = np.array([5, 4, 6, 3, 3]), np.array([[0.0], [0.0], [90.0], [50.0], [50.0]])
    problem = AllocationProblem(sizes, np.array([12.0]), cost, np.ones((5, 1), dtype=bool))
    shelter_of = regret_insertion.insert_by_regret(
        problem, problem.usable(), 10**6, Control(cancelled=never, effort=Effort())
    )
    assert sizes[shelter_of == 0].sum() == 12


@pytest.mark.parametrize("room", [[900.5, 600.9], [900.0, 0.0], [800.0, 1600.0], [3000.0, 2000.0]])
def test_no_exchange_is_sought_where_every_place_is_taken_or_nobody_waits(
    room: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """2500 people, 100 of them out of reach of all, in groups that can fill 1500, 900 and 2400 places to the last."""
    sizes, cost = np.array([900, 700, 600, 100, 100, 100]), np.array([[3.0, 9.0]] * 6)
    allowed = np.array([[True, True]] * 5 + [[False, False]])
    problem = AllocationProblem(sizes, np.array(room), cost, allowed)
    asked: list[int] = []

    def sought(problem, usable, shelter_of, *others):
        asked.append(int(problem.sizes[shelter_of >= 0].sum()))
        return shelter_of

    monkeypatch.setattr(regret_insertion, "_more_people", sought)
    shelter_of = regret_insertion.insert_by_regret(
        problem, problem.usable(), 10**6, Control(cancelled=never, effort=Effort())
    )
    assert problem.sizes[shelter_of >= 0].sum() == min(2400, sum(int(places) for places in room))
    assert asked == []
    short = AllocationProblem(np.array([5, 5]), np.array([8.0]), np.ones((2, 1)), np.ones((2, 1), dtype=bool))
    regret_insertion.insert_by_regret(short, short.usable(), 10**6, Control(cancelled=never, effort=Effort()))
    assert asked == [5]


def test_filling_shelters_nearly_as_many_as_an_exhaustive_search() -> None:
    missed = []
    for seed in range(24):
        problem = random_case(seed, 9, 3, 0.7)
        usable = problem.usable()
        reached = {tuple(np.floor(problem.capacity).astype(int).tolist())}
        for i in range(9):
            size = int(problem.sizes[i])
            for room in list(reached):
                for j in np.flatnonzero(usable[i]).tolist():
                    if size <= room[j]:
                        reached.add((*room[:j], room[j] - size, *room[j + 1 :]))
        most = int(np.floor(problem.capacity).sum()) - min(sum(room) for room in reached)
        shelter_of = regret_insertion.insert_by_regret(
            problem, usable, 10**6, Control(cancelled=never, effort=Effort())
        )
        assert_allowed(problem, shelter_of)
        missed.append(most - int(problem.sizes[shelter_of >= 0].sum()))
    assert min(missed) == 0 and missed.count(0) >= 21


# --- zones that reach too few places --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_the_tightest_set_is_the_smallest_that_misses_most(seed: int) -> None:
    """Every set of zones that someone lives in; a place is for a whole person."""
    draw = np.random.default_rng(seed)
    people, capacity = draw.integers(0, 25, 7) * (draw.random(7) < 0.8), draw.uniform(0.0, 30.0, 4)
    capacity[seed % 4] = (1e12, np.inf, 0.0, 3.5)[seed % 4]
    allowed = draw.random((7, 4)) < 0.4
    lived = [m for m in range(7) if people[m] > 0 and allowed[m].any()]
    sets = []
    for size in range(1, len(lived) + 1):
        for zones in combinations(lived, size):
            near = allowed[list(zones)].any(axis=0)
            missing = int(people[list(zones)].sum()) - np.floor(capacity[near]).sum()
            sets.append((-missing, size, zones, np.flatnonzero(near).tolist()))
    found = tightest(people, allowed, capacity)
    if not sets or min(sets)[0] >= 0:
        assert found is None
        return
    missing, _, zones, near = min(sets)
    assert found is not None and found.missing == -missing
    assert (tuple(found.zones.tolist()), found.shelters.tolist()) == (zones, near)
    assert (found.people, found.places) == (people[list(zones)].sum(), np.floor(capacity[near]).sum())


def test_no_zone_no_shelter_and_more_people_than_flows_can_count() -> None:
    for zones, shelters in ((0, 2), (2, 0), (2, 2)):
        assert tightest(np.full(zones, 7), np.zeros((zones, shelters), dtype=bool), np.ones(shelters)) is None
    one = np.ones((1, 1), dtype=bool)
    assert tightest(np.array([0]), one, np.zeros(1)) is None
    found = tightest(np.array([2**30]), one, np.array([5.5]))
    assert found is not None and found.missing == 2**30 - 5
    assert tightest(np.array([2**30 + 1]), one, np.array([5.5])) is None
