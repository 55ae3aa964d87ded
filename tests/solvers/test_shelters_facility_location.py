"""Flows, the relaxation, exchanges and the program of least travel, each on cases small enough for the hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from types import SimpleNamespace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.control import never, no_progress
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.location import exchange, location_problem
from evacuation_planner.plugin.solvers.location.coverage import Coverage
from evacuation_planner.plugin.solvers.location.location_problem import (
    LinearRelaxation,
    LocationProblem,
    flows_to,
    linear_relaxation,
)
from evacuation_planner.plugin.solvers.mip.solution import Solution
from evacuation_planner.plugin.solvers.shelters import facility_location, recommendation, set_covering
from tests.solvers.test_shelters_recommendation import case as three_sites


def problem(people, minutes, room, most, required=(), target=None) -> tuple[LocationProblem, Coverage]:
    people, minutes, room = np.array(people, dtype=float), np.array(minutes, dtype=float), np.array(room, dtype=float)
    zone, site = np.nonzero(np.isfinite(minutes) & (room > 0))
    needed = mask(len(room), *required)
    made = LocationProblem(
        people, room, zone, site, minutes[zone, site], needed, people.sum() if target is None else target, most
    )
    return made, Coverage(people.astype(int), np.isfinite(minutes), room)


def mask(sites: int, *chosen: int) -> np.ndarray:
    out = np.zeros(sites, dtype=bool)
    out[list(chosen)] = True
    return out


def relaxed(*opened: float, bound: float = 0.0, price: tuple[float, ...] = ()) -> LinearRelaxation:
    prices = np.array(price) if price else np.zeros(len(opened))
    return LinearRelaxation(bound, np.array(opened), prices, np.zeros(0, dtype=np.int64), np.zeros(1), np.zeros(1))


# --- flows ------------------------------------------------------------------------------------------------------------

MINUTES = [[1, 5, np.inf], [2, 3, 9]]  # zones of 10 and 8 people


def test_flows_by_hand():
    case, _ = problem([10, 8], MINUTES, [12, 6, 20], 3)
    assert case.most.tolist() == [10, 6, 8, 6, 8] and case.all_sheltered
    flow, value = flows_to(case, mask(3, 0, 1))  # all of zone 0 to site 0, 2 of zone 1 besides, 6 to site 1
    assert flow.tolist() == pytest.approx([10, 0, 2, 6, 0]) and value == pytest.approx(10 + 4 + 18)
    flow, value = flows_to(case, mask(3, 0, 2))
    assert flow.tolist() == pytest.approx([10, 0, 2, 0, 6]) and value == pytest.approx(10 + 4 + 54)
    with pytest.raises(SolverError, match="do not shelter 18 people"):
        flows_to(case, mask(3, 1))
    few, _ = problem([10, 8], MINUTES, [12, 6, 20], 3, target=5.0)
    assert not few.all_sheltered
    flow, value = flows_to(few, mask(3, 0, 1, 2))
    assert flow.tolist() == pytest.approx([5, 0, 0, 0, 0]) and value == pytest.approx(5.0)
    flow, value = flows_to(few, mask(3, 1, 2))
    assert flow.tolist() == pytest.approx([0, 0, 0, 5, 0]) and value == pytest.approx(15.0)
    with pytest.raises(SolverError, match="do not shelter 5 people"):
        flows_to(few, mask(3))


# --- relaxation -------------------------------------------------------------------------------------------------------


def test_the_relaxation_by_hand(monkeypatch):
    """Two zones of 10, each near one of two sites of 100; only one may open: 10 * 1 + 10 * 9.

    Without rows flow <= most * open a tenth of each site is enough, which costs 20; with them nothing costs less than
    100, for whatever is closed of one site its zone travels 8 minutes more.
    """
    case, _ = problem([10, 10], [[1, 9], [9, 1]], [100, 100], 1)
    found = linear_relaxation(case, Control(cancelled=never, effort=Effort()))
    assert found.bound == pytest.approx(100.0)
    assert found.open.sum() == pytest.approx(1.0)
    assert set(found.tight.tolist()) >= {0, 3} and len(set(found.tight.tolist())) == len(found.tight)
    monkeypatch.setattr(location_problem, "MOST_ROUNDS", 1)
    first = linear_relaxation(case, Control(cancelled=never, effort=Effort()))
    assert first.bound == pytest.approx(20.0) and len(first.tight) == 0
    monkeypatch.setattr(location_problem, "MOST_ROUNDS", 0)
    with pytest.raises(SolverError, match="could not be solved"):
        linear_relaxation(case, Control(cancelled=never, effort=Effort()))


def test_the_relaxation_stops_at_the_fence_where_it_is_right_and_where_required_sites_fill_the_count():
    case, _ = problem([10, 10], [[1, 9], [9, 1]], [100, 100], 1)
    fence = Effort(seconds=1e-9)
    assert (
        linear_relaxation(case, Control(cancelled=never, effort=fence)).bound == pytest.approx(20.0)
        and fence.stopped_early
    )
    wide, _ = problem([10, 10], [[1, 9], [9, 1]], [100, 100], 2)
    assert linear_relaxation(wide, Control(cancelled=never, effort=Effort())).bound == pytest.approx(20.0)
    forced, _ = problem([10, 10], [[1, 9], [9, 4]], [100, 100], 1, required=[1])
    found = linear_relaxation(forced, Control(cancelled=never, effort=Effort()))
    assert found.bound == pytest.approx(130.0) and found.open.tolist() == pytest.approx([0.0, 1.0])
    few, _ = problem([10, 10], [[1, 9], [9, 4]], [100, 100], 1, target=12.0)
    assert linear_relaxation(few, Control(cancelled=never, effort=Effort())).bound == pytest.approx(
        28.0
    )  # 10 near site 0; 2 more cost 18 there
    with pytest.raises(Cancelled):
        linear_relaxation(case, Control(cancelled=lambda: True, effort=Effort()))


def test_rounds_end_where_no_row_is_broken(monkeypatch):
    """Three zones, two of three sites near each: half of each site and all of two sites are enough, at 30."""
    asked = []

    class Counted(location_problem.LinearProgram):
        def solve(self, *arguments):
            asked.append(1)
            return super().solve(*arguments)

    monkeypatch.setattr(location_problem, "LinearProgram", Counted)
    case, _ = problem([10, 10, 10], [[1, 1, 10], [1, 10, 1], [10, 1, 1]], [30, 30, 30], 2)
    found = linear_relaxation(case, Control(cancelled=never, effort=Effort()))
    assert found.bound == pytest.approx(30.0)
    assert len(asked) < location_problem.MOST_ROUNDS


# --- exchanges --------------------------------------------------------------------------------------------------------


def test_rounding_by_hand():
    _, coverage = problem([10, 10], np.ones((2, 4)), [20, 12, 12, 8], 2)

    def chosen(*opened, most=2, required=()):
        case, _ = problem([10, 10], np.ones((2, 4)), [20, 12, 12, 8], most, required)
        found = exchange.rounded(case, coverage, 20, relaxed(*opened))
        return None if found is None else np.flatnonzero(found).tolist()

    assert chosen(0.0, 0.6, 0.9, 0.5) == [1, 2]  # 0 and 3 go; two are left, both more than half open
    assert chosen(0.0, 0.4, 0.9, 0.5) == [2, 3]  # then 1; neither 3 nor 2 can follow
    assert chosen(0.9, 0.3, 0.2, 0.1) == [0]  # all but 0 go
    assert chosen(0.0, 0.5, 0.9, 0.6, most=1) is None  # without 0 it takes two of the rest
    assert chosen(0.0, 0.6, 0.9, 0.5, required=[0]) == [0, 2]  # goes on only until two are left
    assert chosen(0.5, 0.5, 0.5, 0.5) == [0]  # equally open: the smallest room goes first
    assert chosen(0.7, 0.8, 0.9, 0.6, most=4) == [0, 1, 2, 3]


def improved(case, coverage, start, relaxation, effort=None, cancelled=never):
    control = Control(cancelled=cancelled, effort=effort or Effort(mip_gap=0.0))
    began = exchange.serve_set(case, start)
    found = exchange.exchange_sites(case, coverage, coverage.total, began, relaxation, control)
    return found.chosen, found.served.flow, found.value


def test_exchanges_reach_the_better_set_the_most_promising_first(monkeypatch):
    """Sites cost 90, 50, 20 and 70 for all ten people; one may open. The rounding has no set, since 0 is shut least."""
    case, coverage = problem([10], [[9, 5, 2, 7]], [10, 10, 10, 10], 1)
    monkeypatch.setattr(exchange, "rounded", lambda *a: None)
    relaxation = relaxed(0.1, 0.9, 0.2, 0.3)
    best, flow, value = improved(case, coverage, mask(4, 0), relaxation)
    assert (best.tolist(), value) == ([False, False, True, False], 20.0)
    assert flow.tolist() == [0.0, 0.0, 10.0, 0.0]
    for trials, expected in ((0, 90.0), (1, 20.0)):  # site 2 saves most at the prices
        monkeypatch.setattr(exchange, "TRIALS", (0, trials, 0))
        assert improved(case, coverage, mask(4, 0), relaxation)[2] == expected
    monkeypatch.setattr(exchange, "TRIALS", (9, 9, 9))
    monkeypatch.setattr(exchange, "WORK", (0, 0, 0))
    assert improved(case, coverage, mask(4, 0), relaxation)[2] == 90.0
    monkeypatch.setattr(exchange, "WORK", (99, 99, 99))
    assert improved(case, coverage, mask(4, 0), relaxation, Effort(seconds=1e-9))[2] == 90.0
    shut = relaxed(0.1, 0.9, 0.2, 0.3, bound=20.0, price=(0.0, 0.0, 80.0, 0.0))  # site 2 is ruled out
    assert improved(case, coverage, mask(4, 0), shut)[2] == 50.0
    kept = relaxed(0.9, 0.1, 0.1, 0.1, bound=20.0, price=(-80.0, 0.0, 0.0, 0.0))  # site 0 is ruled in
    assert improved(case, coverage, mask(4, 0), kept)[2] == 90.0
    enough = relaxed(0.1, 0.9, 0.2, 0.3, bound=60.0)  # 90 is a third above the bound
    assert improved(case, coverage, mask(4, 0), enough, Effort(mip_gap=0.34))[2] == 90.0
    needed, _ = problem([10], [[9, 5, 2, 7]], [10, 10, 10, 10], 2, required=[0])
    assert np.flatnonzero(improved(needed, coverage, mask(4, 0, 1), relaxation)[0]).tolist() == [0, 2]
    with pytest.raises(Cancelled):
        improved(case, coverage, mask(4, 0), relaxation, cancelled=lambda: True)


def test_exchanges_of_many_people():
    case, coverage = problem([700, 800], [[9, 5, 2], [9, 5, 2]], [1500, 1500, 1400], 1)
    best, _, value = improved(case, coverage, mask(3, 0), relaxed(0.9, 0.1, 0.2))
    assert (np.flatnonzero(best).tolist(), value) == ([1], 7500.0)


def test_exchanges_keep_everybody_sheltered_and_begin_at_the_rounded_set_where_it_is_better(monkeypatch):
    case, coverage = problem([10], [[9, 5, 2, 7]], [10, 9, 8, 10], 1)  # 1 and 2 have too little room
    best, _, value = improved(case, coverage, mask(4, 0), relaxed(0.9, 0.1, 0.2, 0.3))
    assert (np.flatnonzero(best).tolist(), value) == ([3], 70.0)
    monkeypatch.setattr(exchange, "TRIALS", (0, 0, 0))
    assert improved(case, coverage, mask(4, 0), relaxed(0.1, 0.0, 0.0, 0.9))[2] == 70.0
    assert improved(case, coverage, mask(4, 3), relaxed(0.9, 0.0, 0.0, 0.1))[2] == 70.0  # the rounded one is worse


def costly(people, minutes, room, opening, required=(), target=None):
    made, coverage = problem(people, minutes, room, len(room), required, target)
    return replace(made, opening=np.array(opening, dtype=float)), coverage


def test_sites_open_and_close_by_what_they_save_by_hand():
    """Zones of 10 and 8 people: to site 0 it is 1 and 6 minutes, to site 1 6 and 1, to site 2 4 for both."""
    minutes = [[1, 6, 4], [6, 1, 4]]
    for cost, expected, value in (
        (10.0, [0, 1], 18.0 + 20.0),  # two sites, everybody next door
        (39.0, [0, 1], 18.0 + 78.0),  # one more saves 40 of travel: 58 by site 0 alone
        (41.0, [0], 58.0 + 41.0),
        (0.0, [0, 1], 18.0),
    ):
        case, coverage = costly([10, 8], minutes, [18, 18, 18], [cost] * 3)
        for start in (mask(3, 0), mask(3, 1), mask(3, 2), mask(3, 0, 1, 2)):
            best, flow, found = improved(case, coverage, start, relaxed(0.9, 0.9, 0.9))
            assert (np.flatnonzero(best).tolist(), found) == (expected, pytest.approx(value))
            assert flow.sum() == pytest.approx(18.0)
    case, coverage = costly([10, 8], minutes, [18, 18, 18], [41.0] * 3, required=[2])
    best, _, found = improved(case, coverage, mask(3, 0, 2), relaxed(0.9, 0.9, 0.9))
    assert np.flatnonzero(best).tolist() == [2] and found == pytest.approx(72.0 + 41.0)


@pytest.mark.parametrize("seed", range(30))
def test_prices_never_promise_less_than_a_change_saves(seed):
    """Every opening, closing and exchange against the flows themselves; some plans leave people behind."""
    rng = np.random.default_rng(seed)
    zones, sites = 6, 6
    people, minutes = rng.integers(1, 9, zones), rng.integers(1, 20, (zones, sites)).astype(float)
    minutes[rng.random(minutes.shape) < 0.25] = np.inf
    room = rng.integers(3, 14, sites).astype(float)
    coverage = Coverage(people, np.isfinite(minutes), room)
    start = rng.random(sites) < 0.7
    target = coverage.sheltered(start)
    case, _ = costly(people, minutes, room, rng.integers(0, 30, sites), target=target / coverage.units)
    if not target:
        return
    best = exchange.serve_set(case, start)
    promised = exchange._Prices(case, best)
    looked = 0
    for leave in [None, *np.flatnonzero(best.chosen).tolist()]:
        for enter in [None, *np.flatnonzero(~best.chosen).tolist()]:
            trial, saves = best.chosen.copy(), 0.0
            price = promised.first
            if leave is not None:
                trial[leave], saves, price = False, promised.closing(leave), promised.without(leave)
            if enter is not None:
                trial[enter] = True
                saves += promised.opening(price, ~best.chosen)[enter]
            if coverage.sheltered(trial) >= target:
                looked += 1
                value = location_problem.serve(case, trial).flow @ case.minutes + case.opening[trial].sum()
                assert best.value - value <= saves + 1e-6
    assert looked


@pytest.mark.parametrize("seed", range(12))
def test_what_blocks_leave_is_what_one_site_after_the_other_leaves(seed):
    rng = np.random.default_rng(seed)
    people, reach = rng.integers(1, 9, 12), rng.random((12, 10)) < 0.4
    coverage = Coverage(people, reach, rng.integers(3, 25, 10).astype(float))
    everything, order = np.ones(10, dtype=bool), rng.permutation(10)[:8]
    target = coverage.sheltered(everything)
    one_by_one = everything.copy()
    for j in order:
        one_by_one[j] = False
        one_by_one[j] = coverage.sheltered(one_by_one) < target
    assert coverage.without(everything, order, target, Control()).tolist() == one_by_one.tolist()


# --- the program ------------------------------------------------------------------------------------------------------


def built(*arguments):
    program = facility_location._Program(*arguments)
    program.build()
    return program


def test_the_program_by_hand(monkeypatch):
    """Site 0 is shut by its price, site 1 open by it, site 2 required; zone 1 cannot use site 3, which has no room."""
    case, _ = problem([10, 8], [[9, 5, 2, 7], [1, 4, np.inf, 3]], [10, 10, 9, 0], 3, required=[2])
    relaxation = relaxed(0.0, 1.0, 1.0, 0.4, bound=50.0, price=(60.0, -60.0, 99.0, 0.0))
    program = built(case, 100.0, relaxation)
    assert {j: (v.lowBound, v.upBound) for j, v in program.open.items()} == {1: (1, 1), 2: (1, 1), 3: (0, 1)}
    assert {pair: v.upBound for pair, v in program._flows.items()} == {1: 10.0, 2: 9.0, 4: 8.0}
    # 3 rows flow <= most * open, 2 zones, 2 sites with flows, the count, the rooms
    assert len(program.problem.constraints) == 9
    assert program.sentence(1234.4, 1000.0) == (
        "Least travel: 1,234 person-minutes reached, 1,000 proved as a lower bound; of 4 sites 1 are proved closed and "
        "2 open, the rest go to the solver."
    )
    program.start_from(mask(4, 1, 2), np.array([0, 1.5, 8.5, 0, 8.0]))
    assert [v.varValue for v in program.open.values()] == [1, 1, 0]
    assert [v.varValue for v in program._flows.values()] == [1.5, 8.5, 8.0]
    assert program.chosen().tolist() == [False, True, True, False]
    program.open[3].varValue, program.open[1].varValue = 0.99999, None
    assert program.chosen().tolist() == [False, False, True, True]
    program.rule_out(mask(4, 1, 2))
    assert len(program.problem.constraints) == 10
    row = list(program.problem.constraints.values())[-1]
    assert [v.name for v in row] == ["open_00003"] and (row.constant, row.sense) == (-1, 1)  # at least 1
    for most, rows in ((3, 9), (2, 6)):  # above the limit only the rows that the relaxation needed, here none
        monkeypatch.setattr(facility_location, "ALL_LINKED", most)
        assert len(built(case, 100.0, relaxation).problem.constraints) == rows
    monkeypatch.undo()
    few, _ = problem([10, 8], [[9, 5, 2, 7], [1, 4, np.inf, 3]], [10, 10, 9, 0], 3, required=[2], target=12.0)
    assert len(built(few, 100.0, relaxation).problem.constraints) == 10  # and how many in all


def located(case, coverage, start, effort=None, steps=None):
    report = no_progress if steps is None else (lambda done, text="": steps.append((done, text)))
    lines = []
    found = facility_location.least_travel(
        case,
        coverage,
        coverage.total,
        start,
        Control(progress=report, cancelled=never, log=lines.append, effort=effort or Effort(mip_gap=0.0)),
    )
    return found, lines


def test_a_bound_that_meets_the_start_leaves_nothing_to_do(monkeypatch):
    def no_more(*arguments):
        raise AssertionError("nothing is left to do")

    monkeypatch.setattr(facility_location, "exchange_sites", no_more)
    case, coverage = problem([10, 10], [[1, 9], [9, 1]], [100, 100], 1)  # as above: 100 either way
    steps: list = []
    found, lines = located(case, coverage, mask(2, 0), Effort(mip_gap=1e-6), steps)
    assert (found.stage.value, found.stage.bound) == pytest.approx((100.0, 100.0))
    assert found.stage.proved and found.stage.method == "linear relaxation" and not lines
    assert [step for step in steps if step[0] < 0.9] == [(0.05, "Bounding the travel time")]


# what a solver may answer; the set it gives; the (value, bound, proved, times it is asked) that must come of it
ANSWERS = [
    ("infeasible", None, (), (100.0, 100.0, True, 1)),
    ("none", None, (), (100.0, 40.0, False, 1)),
    ("none", 60.0, (), (100.0, 60.0, False, 1)),
    ("none", 50.0, (), (100.0, 50.0, False, 1)),
    ("none", 30.0, (), (100.0, 40.0, False, 1)),
    ("none", 500.0, (), (100.0, 100.0, True, 1)),
    ("feasible", 60.0, (1,), (80.0, 60.0, False, 1)),
    ("feasible", 80.0, (1,), (80.0, 80.0, True, 1)),
    ("feasible", 79.99999999, (1,), (80.0, 80.0, True, 1)),
    ("feasible", 70.0, (3,), (100.0, 70.0, False, 1)),  # dearer than the start
    ("feasible", 70.0, (2,), (100.0, 70.0, False, 10)),  # too small for everybody, each time
]


@pytest.mark.parametrize(("status", "bound", "sites", "expected"), ANSWERS)
def test_what_is_made_of_a_solver_s_answer(monkeypatch, status, bound, sites, expected):
    """Ten people, one site: 100 at site 0, 80 at 1, 150 at 3; site 2 holds but 4 of them. 40 is proved before."""
    case, coverage = problem([10], [[10, 8, 1, 15]], [10, 10, 4, 10], 1)
    asked = []

    def solver(program, **options):
        assert options["warm_start"] and options["control"].effort.mip_gap == 0.0
        options["control"].progress(0.0, "")
        options["control"].progress(1.0, "")
        asked.append({v.name: v.varValue for v in program.variables()})
        for variable in program.variables():
            variable.varValue = float(variable.name in [f"open_{j:05d}" for j in sites])
        return Solution(status, None, bound, None, "a solver", 0.0)

    monkeypatch.setattr(facility_location, "solve_program", solver)
    monkeypatch.setattr(facility_location, "exchange_sites", lambda case, coverage, target, best, *rest: best)
    monkeypatch.setattr(facility_location, "linear_relaxation", lambda *a: relaxed(0.5, 0.5, 0.5, 0.5, bound=40.0))
    monkeypatch.setattr(facility_location, "_agreed", lambda *a: None)
    steps: list = []
    found, lines = located(case, coverage, mask(4, 0), steps=steps)
    stage = found.stage
    assert (stage.value, stage.bound, stage.proved, len(asked)) == (
        *expected[:1],
        pytest.approx(expected[1]),
        *expected[2:],
    )
    assert found.chosen.tolist() == mask(4, 1 if stage.value == 80.0 else 0).tolist()
    assert found.flow @ case.minutes == pytest.approx(stage.value)
    assert asked[0]["open_00000"] == 1 and asked[0]["flow_000000_00000"] == 10.0 and asked[0]["open_00001"] == 0
    assert stage.method == "a solver" and 0.0 <= stage.seconds < 5.0
    assert [done for done, _ in steps] == pytest.approx([0.05, 0.15, 0.3, *[0.3, 0.9] * len(asked)])
    assert lines[0].startswith("Least travel: 100 person-minutes reached, 40 proved")


@pytest.mark.parametrize(("sites", "agreed"), [((1,), True), ((2,), False), ((3,), False)])
def test_the_set_that_every_solver_agrees_on_is_checked(monkeypatch, sites, agreed):
    """Sites 0 and 1 are equally good; 2 is too small and 3 dearer, whatever the second solve says."""
    case, coverage = problem([10], [[10, 10, 1, 15]], [10, 10, 4, 10], 1)
    monkeypatch.setattr(facility_location, "linear_relaxation", lambda *a: relaxed(0.5, 0.5, 0.5, 0.5, bound=100.0))

    def second(program, parts, weights, **options):
        assert [v.varValue for v in parts] == [1, 0, 0, 0] and len(weights) == 4
        for variable in parts:
            variable.varValue = float(variable.name in [f"open_{j:05d}" for j in sites])
        return True

    monkeypatch.setattr(facility_location, "settle", second)
    found, _ = located(case, coverage, mask(4, 0))
    assert (found.settled, found.chosen.tolist()) == (agreed, mask(4, 1 if agreed else 0).tolist())
    assert found.flow @ case.minutes == pytest.approx(100.0)


def test_the_seconds_of_a_choice_are_those_between_its_ends(monkeypatch):
    """The clock is asked twice: at a quarter of a second and 7.5 s later."""
    for module in (facility_location, set_covering, recommendation):
        times = cycle([0.25, 7.75])
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=times.__next__))
    case, coverage = problem([10], [[10, 8]], [10, 10], 1)
    assert located(case, coverage, mask(2, 0))[0].stage.seconds == 7.5
    assert set_covering.fewest_sites(coverage, mask(2), 10, Control())[1].seconds == 7.5
    assert set_covering.most_people(coverage, mask(2), 1, Control())[1].seconds == 7.5
    assert recommendation.solve(three_sites()).seconds == 7.5


def test_a_gap_that_is_allowed_or_the_fence_spares_the_solver(monkeypatch):
    case, coverage = problem([10], [[10, 8, 1, 15]], [10, 10, 4, 10], 1)
    monkeypatch.setattr(facility_location, "linear_relaxation", lambda *a: relaxed(0.5, 0.5, 0.5, 0.5, bound=64.0))
    found, lines = located(case, coverage, mask(4, 0), Effort(mip_gap=0.2))  # the exchange reaches 80, 20 % above
    assert (found.stage.value, found.stage.bound, found.stage.proved, lines) == (80.0, 64.0, True, [])
    found, lines = located(case, coverage, mask(4, 0), Effort(mip_gap=0.36))  # 100 is near enough
    assert (found.stage.value, found.stage.proved) == (100.0, True)
    found, lines = located(case, coverage, mask(4, 0), Effort(seconds=1e-9, mip_gap=0.0))
    assert (found.stage.value, found.stage.proved, found.stage.method, lines) == (100.0, False, "linear relaxation", [])


def test_with_few_rows_in_the_program_the_choice_is_the_same(monkeypatch):
    minutes = [[3, 9, 4, 8], [7, 2, 6, 5], [4, 8, 1, 9], [6, 3, 7, 2]]
    found = []
    for linked in (20_000, 0):
        monkeypatch.setattr(facility_location, "ALL_LINKED", linked)
        monkeypatch.setattr(facility_location, "linear_relaxation", lambda *a: relaxed(0.5, 0.5, 0.5, 0.5, bound=1.0))
        monkeypatch.setattr(facility_location, "exchange_sites", lambda c, v, t, best, *rest: best)
        case, coverage = problem([10, 7, 12, 5], minutes, [22, 30, 34, 12], 2)
        found.append(located(case, coverage, mask(4, 0, 1))[0])
    # Sites 1 and 2: 10 * 4 + 7 * 2 + 12 * 1 + 5 * 3; sites 2 and 3: 40 + 35 + 12 + 10
    assert [f.stage.value for f in found] == pytest.approx([81.0, 81.0])
    assert all(f.stage.proved and f.chosen.tolist() == [False, True, True, False] for f in found)
