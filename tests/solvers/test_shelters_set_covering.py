"""Coverage in whole units, the sets built for it step by step, and their bounds: each by hand or by every set."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.control import never
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.location.coverage import Coverage
from evacuation_planner.plugin.solvers.mip.solution import Solution
from evacuation_planner.plugin.solvers.shelters import set_covering


def everywhere(people: list[int], room: list[float]) -> Coverage:
    """All zones reach all sites."""
    return Coverage(np.array(people), np.ones((len(people), len(room)), dtype=bool), np.array(room, dtype=float))


def mask(sites: int, *chosen: int) -> np.ndarray:
    out = np.zeros(sites, dtype=bool)
    out[list(chosen)] = True
    return out


def no_solver(*arguments, **options):
    raise AssertionError("the solver is not needed here")


def answer(status: str, bound: float | None) -> Solution:
    return Solution(status, None, bound, None, "a solver", 0.0)


CONTROL = Control(effort=Effort(mip_gap=0.0))


# --- coverage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "room", "units"),
    [
        ([90], [7.0, 12.0], 1),
        ([90], [100 / 1.2, 50.0], 3),  # 83 1/3
        ([90], [100 / 1.2, 12.25], 12),
        ([90], [5 + 1 / 12_000], 12_000),
        ([90], [5 + 1 / 12_001], 1000),  # finer than any reserve makes it: thousandths
        ([90], [np.pi], 1000),
        ([2**29], [np.pi], 2),  # the total stays within 2**30 units
        ([2**29], [1.5], 2),
        ([2**29], [4 / 3], 2),
        ([2**30], [4 / 3], 1),
        ([], [4.5], 2),
    ],
)
def test_units_make_every_room_whole(people, room, units):
    coverage = everywhere(people, room)
    assert coverage.units == units
    assert coverage.total == sum(people) * units
    assert coverage.people(5 * units) == 5.0


def test_more_than_can_be_counted_is_refused():
    assert everywhere([2**30], [3.0]).sheltered(mask(1, 0)) == 3
    with pytest.raises(SolverError, match="1073741825 people are more"):
        everywhere([2**30, 1], [3.0])


def test_groups_of_zones_with_the_same_reach_by_hand():
    reach = np.array([[True, False, True], [False, True, False], [True, False, True], [False, False, False]])
    coverage = Coverage(np.array([10, 7, 5, 9]), reach, np.array([12.5, 30.0, 4.0]))
    assert coverage.units == 2
    assert coverage.members[0] == coverage.members[2] and len(set(coverage.members.tolist())) == 3
    assert coverage.group_people[coverage.members].tolist() == [30, 14, 30, 18]
    assert coverage.reach[coverage.members].tolist() == reach.tolist()
    assert coverage.room.tolist() == [25, 14, 8]  # the second site: no more than the 7 people who reach it
    assert coverage.sheltered(mask(3, 0)) == 25
    assert coverage.sheltered(mask(3, 0, 2)) == 30
    assert coverage.sheltered(mask(3, 0, 1)) == 39
    assert coverage.sheltered(mask(3)) == 0
    assert coverage.sheltered(np.ones(3, dtype=bool)) == 44
    assert everywhere([0, 0], [3.0]).sheltered(mask(1, 0)) == 0


# --- bounds from the rooms alone --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_counts_and_sums_of_the_largest_rooms_are_those_of_every_set(seed):
    rng = np.random.default_rng(seed)
    room = rng.integers(0, 30, 6)
    required = rng.random(6) < 0.3
    must = set(np.flatnonzero(required).tolist())
    sets = [set(c) for size in range(7) for c in combinations(range(6), size) if must <= set(c)]
    for target in (0, 1, 25, int(room.sum()) - 1, int(room.sum())):
        least = min(len(chosen) for chosen in sets if room[list(chosen)].sum() >= target)
        assert set_covering._least_count(room, required, target) == least
    for most in range(len(must), 7):
        largest = max(room[list(chosen)].sum() for chosen in sets if len(chosen) <= most)
        assert set_covering._largest(room, required, most) == largest


def test_largest_rooms_by_hand():
    room = np.array([5, 9, 3, 7])
    assert [set_covering._least_count(room, mask(4), target) for target in (0, 9, 10, 16, 17, 24)] == [0, 1, 2, 2, 3, 4]
    assert [set_covering._least_count(room, mask(4, 2), target) for target in (0, 3, 4, 12, 13)] == [1, 1, 2, 2, 3]
    assert [set_covering._largest(room, mask(4), most) for most in (1, 2, 3)] == [9, 16, 21]
    assert [set_covering._largest(room, mask(4, 0, 2), most) for most in (1, 2, 3)] == [8, 8, 17]


# --- sets built step by step ------------------------------------------------------------------------------------------


def test_sites_are_left_out_smallest_first_by_hand():
    def left(target, people, room, *required):
        chosen = set_covering._leave_out(
            everywhere(people, room), mask(len(room), *required), target, Control(cancelled=never)
        )
        return np.flatnonzero(chosen).tolist()

    assert left(100, [100], [30, 100, 40, 60]) == [1]
    assert left(100, [60, 40], [60, 50, 50]) == [0, 2]  # one of 50 goes; of equal ones the first
    assert left(100, [100], [30, 100, 40, 60], 0) == [0, 1]
    assert left(101, [200], [30, 100, 40, 60]) == [1, 3]
    assert left(0, [100], [30, 100]) == []
    with pytest.raises(Cancelled):
        set_covering._leave_out(everywhere([5], [5.0]), mask(1), 5, Control(cancelled=lambda: True))


def test_sites_are_added_by_what_they_add_by_hand():
    reach = np.array([[True, False, True, True], [False, True, False, False], [False, False, False, True]])
    coverage = Coverage(np.array([10, 6, 7]), reach, np.array([10.0, 8.0, 9.0, 8.0]))

    def added(most, *required):
        return np.flatnonzero(
            set_covering._add_best(coverage, mask(4, *required), most, Control(cancelled=never))
        ).tolist()

    assert added(0) == []
    assert added(1) == [0]  # 10
    assert added(2) == [0, 3]  # 7 more; site 1 adds 6, site 2 none
    assert added(3) == [0, 1, 3]
    assert added(4) == [0, 1, 3]  # all 23 are sheltered
    assert added(2, 2) == [2, 3]  # beside 9 at site 2: 1 at site 0, 6 at site 1, 8 at site 3
    assert added(1, 2) == [2]
    # Beside site 0, which takes all of the first zone: sites 1 and 2 have more room than they add, 5 and 3.
    beside = Coverage(np.array([10, 5, 3]), np.array([[1, 1, 1], [0, 1, 0], [0, 0, 1]], bool), np.array([10.0, 9, 8]))
    assert set_covering._add_best(beside, mask(3, 0), 2, Control(cancelled=never)).tolist() == [True, True, False]
    with pytest.raises(Cancelled):
        set_covering._add_best(coverage, mask(4), 1, Control(cancelled=lambda: True))
    assert set_covering._add_best(everywhere([4], [5, 5, 5]), mask(3), 1, Control(cancelled=never)).tolist() == [
        True,
        False,
        False,
    ]
    assert set_covering._add_best(everywhere([1], [1, 1]), mask(2), 1, Control(cancelled=never)).tolist() == [
        True,
        False,
    ]


# --- with the solver: what it is asked, and what is made of its answer ------------------------------------------------


def test_where_rooms_prove_the_choice_no_solver_is_asked(monkeypatch):
    monkeypatch.setattr(set_covering, "solve_program", no_solver)
    best, stage = set_covering.fewest_sites(everywhere([60, 40], [60, 50, 50]), mask(3), 100, CONTROL)
    assert best.tolist() == [True, False, True]
    assert (stage.name, stage.value, stage.bound, stage.proved, stage.method) == ("sites", 2, 2, True, "largest rooms")
    assert 0.0 <= stage.seconds < 5.0
    best, stage = set_covering.most_people(everywhere([60, 60], [60, 50, 50]), mask(3), 2, CONTROL)
    assert (best.tolist(), stage.name) == ([True, True, False], "uncovered people")
    assert (stage.value, stage.bound, stage.proved, stage.method) == (10, 10, True, "largest rooms")
    assert 0.0 <= stage.seconds < 5.0


# Two groups of 6, one of 4: site 0 takes 8 of both at once, sites 1 and 2 take one group each and part of the rest.
REACH = np.array([[True, True, False, False], [True, False, True, False], [False, True, True, True]])


def trap() -> Coverage:
    """Greedy takes site 0 (9) and then one of 3 more; sites 1 and 2 shelter 14 of 16 in thirds of a person."""
    return Coverage(np.array([6, 6, 4]), REACH, np.array([9.0, 7.0, 7.0, 1 / 3]))


def test_the_most_people_where_adding_one_by_one_is_a_trap():
    coverage = trap()
    assert set_covering._add_best(coverage, mask(4), 2, Control(cancelled=never)).tolist() == [
        True,
        True,
        False,
        False,
    ]  # 6 + 6 + 3
    every = max(coverage.sheltered(mask(4, *pair)) for pair in combinations(range(4), 2))
    best, stage = set_covering.most_people(coverage, mask(4), 2, CONTROL)
    assert coverage.sheltered(best) == every
    assert stage.value == pytest.approx(16 - every / 3)
    assert stage.bound == pytest.approx(stage.value) and stage.proved


def test_the_most_people_are_those_of_two_small_sites_and_not_of_the_largest_first():
    """Site 0 takes 4 of each half, sites 1 and 2 all 7 of one: after site 0 either adds but 3."""
    reach = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1]], dtype=bool)
    coverage = Coverage(np.array([4, 3, 4, 3]), reach, np.array([8.0, 7.0, 7.0]))
    assert coverage.sheltered(set_covering._add_best(coverage, mask(3), 2, Control())) == 11
    best, stage = set_covering.most_people(coverage, mask(3), 2, Control())
    assert (best.tolist(), stage.value, stage.bound, stage.proved) == ([False, True, True], 0.0, 0.0, True)


@pytest.mark.parametrize(
    ("bound", "ceiling"),
    [(None, 12.0), (-11.0, 11.0), (-10.9999999, 11.0), (-10.4, 10.0), (-30.0, 12.0), (-2.0, 10.0)],
)
def test_a_solver_that_ends_early_leaves_its_bound_and_the_set_known(monkeypatch, bound, ceiling):
    """20 people; all sites, and the two largest rooms, hold 12; sites 0 and 2 shelter 6 and 4."""
    coverage = Coverage(np.array([8, 12]), np.array([[True, True, False], [False, False, True]]), np.array([6, 6, 4]))
    monkeypatch.setattr(set_covering, "solve_program", lambda *a, **o: answer("none", bound))
    best, stage = set_covering.most_people(coverage, mask(3), 2, CONTROL)
    assert best.tolist() == [True, False, True]
    assert stage.method == "a solver"
    assert (20 - stage.value, 20 - stage.bound, stage.proved) == (10.0, ceiling, ceiling == 10.0)


def own_zones() -> tuple[Coverage, np.ndarray]:
    """Three sites of 11 reach 10 people together and 1 each alone: the rooms of two are enough, the sites are not."""
    reach = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=bool)
    return Coverage(np.array([10, 1, 1, 1]), reach, np.array([11.0, 11.0, 11.0, 9.0])), mask(4)


@pytest.mark.parametrize(
    ("bound", "proved"), [(None, 2), (1.0, 2), (2.0000001, 2), (2.1, 3), (2.9999, 3), (3.0, 3), (8.0, 3)]
)
def test_the_bound_on_the_count_is_what_the_solver_proves_in_whole_sites(monkeypatch, bound, proved):
    coverage, required = own_zones()
    monkeypatch.setattr(set_covering, "solve_program", lambda *a, **o: answer("none", bound))
    best, stage = set_covering.fewest_sites(coverage, required, 13, CONTROL)
    assert best.tolist() == [True, True, True, False]
    assert (stage.value, stage.bound, stage.proved, stage.method) == (3.0, proved, proved == 3, "a solver")


def test_the_program_finds_the_fewest_sites_from_a_poor_start_and_drops_sets_that_fail(monkeypatch):
    coverage, required = own_zones()
    start, true, asked, steps = np.ones(4, dtype=bool), set_covering.solve_program, [], []

    def wrong_at_first(problem, **options):
        options["control"].progress(0.0, "")
        asked.append(len(problem.constraints))
        if len(asked) > 2:
            return true(problem, **options)
        for variable in problem.variables():
            variable.varValue = float(variable.name in ("open_00000", "open_00001"))
        return answer("feasible", None)

    def cover(best):
        return set_covering._cover(
            coverage,
            required,
            13,
            best,
            1,
            Control(
                progress=lambda done, text="": steps.append(done), cancelled=never, log=str, effort=Effort(mip_gap=0.0)
            ),
        )

    best, bound, _ = cover(start)
    assert (best.tolist(), bound) == ([True, True, True, False], 3)
    monkeypatch.setattr(set_covering, "solve_program", wrong_at_first)
    steps.clear()
    best, bound, _ = cover(start)
    assert (best.tolist(), bound) == ([True, True, True, False], 3)
    assert np.diff(asked).tolist() == [1, 1]
    assert steps[0] == 0.0 and all(a <= b <= 1.0 for a, b in zip(steps, steps[1:]))
    asked.clear()

    def always_wrong(problem, **options):
        asked.clear()
        return wrong_at_first(problem, **options)

    monkeypatch.setattr(set_covering, "solve_program", always_wrong)
    best, bound, method = cover(start)  # never right: the start stays
    assert (best.tolist(), bound, method) == ([True] * 4, 1, "a solver")


def test_the_cover_model_by_hand():
    coverage = Coverage(np.array([6, 4]), np.array([[True, True], [False, True]]), np.array([5.5, 30.0]))
    model = set_covering.CoverModel("a_model", coverage, mask(2, 1))
    assert [(v.lowBound, v.upBound) for v in model.open] == [(0, 1), (1, 1)]
    assert {pair: v.upBound for pair, v in model.flow.items()} == {
        (int(coverage.members[0]), 0): 5.5, (int(coverage.members[0]), 1): 6.0, (int(coverage.members[1]), 1): 4.0
    }  # fmt: skip
    assert len(model.problem.constraints) == 3 + 2 + 2
    empty = Coverage(np.array([6, 0, 4]), np.array([[1, 0, 0], [0, 1, 0], [1, 0, 1]], bool), np.array([9.0, 5.0, 0.2]))
    assert len(set_covering.CoverModel("no_rooms", empty, mask(3)).flow) == 3  # the second site has nobody in reach
    for variable, value in zip(model.open, (0.0, 0.9999999)):
        variable.varValue = value
    assert model.chosen().tolist() == [False, True]
