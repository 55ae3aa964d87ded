"""The queue model with roads that close and a hazard that comes: against a slow second evaluator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.routing.caught import Drove
from evacuation_planner.plugin.solvers.routing.clearance import Inside, clearance
from evacuation_planner.plugin.solvers.routing.queue.bars import NEVER
from evacuation_planner.plugin.solvers.routing.queue.fixed_plan import FixedPlan
from evacuation_planner.plugin.solvers.routing.queue.moments import run_moments
from evacuation_planner.plugin.solvers.routing.queue.network import roads_of
from evacuation_planner.plugin.solvers.routing.queue.simulation import starting_state
from evacuation_planner.plugin.solvers.routing.queue.traffic import stays_on_roads
from evacuation_planner.plugin.solvers.routing.road_use import road_use
from evacuation_planner.plugin.solvers.routing.shared.choices import (
    GREEDY,
    INDIVIDUAL,
    INFORMED,
    LINEAR,
    SYSTEM_OPTIMAL,
)
from evacuation_planner.plugin.solvers.routing.shared.closings import (
    ARRIVED,
    AT_DESTINATION,
    CUT_OFF,
    QUEUED,
    REASONS,
    TOO_LATE,
    Closings,
)
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.solvers.closing_plans import Oracle, best_plan, small_problem
from tests.solvers.queue_cases import closed, moments, random_case

SIZES = [(5, 12, 30), (3, 6, 20), (8, 20, 60), (4, 5, 40)]  # junctions, roads, trips


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("patience", [300.0, 20.0, 3.0, 0.0])
def test_two_evaluators_agree_on_who_is_caught_when_and_why(size, patience):
    found = np.zeros(len(REASONS), dtype=int)
    for seed in range(30):
        case = closed(random_case(seed, *size), seed, 0.05 if seed % 3 else 0.5)
        run, told = case.run(patience), case.told(patience)
        fates = [None if why == ARRIVED else (why, when) for why, when in zip(run.fate.tolist(), run.caught.tolist())]
        assert moments(case, run) == told.moments, seed
        assert fates == told.fates, seed
        assert (run.forced, run.rings) == (told.forced, len(told.rings)), seed
        found += np.bincount(run.fate, minlength=len(found))
    assert found.sum() == 30 * size[2]
    assert (found > 5).all(), found


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), patience=st.sampled_from([300.0, 10.0, 0.5, 0.0]))
def test_what_closes_after_everybody_has_arrived_changes_nothing(seed, patience):
    case = random_case(seed, 5, 15, 40)
    before = case.run(patience, record_order=True)
    late = closed(case, seed, 0.7, 2e-6 + before.moment.max(initial=0) / 1e6)
    after = late.run(patience, record_order=True)
    for one, other in ((before.moment, after.moment), (before.order, after.order)):
        assert one.tolist() == other.tolist()
    assert (before.forced, before.rings) == (after.forced, after.rings)
    driving = case.plan.hops > 0
    assert set(after.fate[driving].tolist()) <= {ARRIVED, AT_DESTINATION}


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), patience=st.sampled_from([300.0, 3.0, 0.0]))
def test_everybody_has_one_fate_and_stands_where_it_says(seed, patience):
    case = closed(random_case(seed, 5, 15, 40), seed)
    run = case.run(patience, record_order=True)
    arrived = run.arrived
    assert ((run.caught < NEVER) == ~arrived).all()
    assert len(run.order) == (run.moment < NEVER).sum()
    assert run.total() == sum(
        (trip[-1] if trip else int(leaves)) - int(leaves)
        for trip, leaves, there in zip(moments(case, run), case.plan.departure, arrived)
        if there
    )
    driven, load = run.driven(), np.zeros(len(case.roads.travel), dtype=int)
    entries = [trip[: len(way)] for trip, way in zip(moments(case, run), case.ways)]
    assert driven.plan.hops.tolist() == [len(each) for each in entries]
    assert sorted(driven.order.tolist()) == list(range(len(driven.moment)))
    assert (np.diff(driven.moment[driven.order]) >= 0).all()
    stays = stays_on_roads(case.roads, run)
    np.add.at(load, stays.arc, 1)
    assert load.sum() == sum(map(len, entries))
    assert (stays.exit >= stays.entry).all() and (np.diff(stays.exit)[np.diff(stays.arc) == 0] >= 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_the_same_result_in_any_slices_and_alone_or_among_more(seed):
    case = closed(random_case(seed, *SIZES[seed % 4]), seed)
    whole = case.run(20.0)
    state = starting_state(case.roads, case.plan, False)
    while run_moments(case.roads, case.plan, state, 20_000_000, 1):
        pass
    assert state.moment.tolist() == whole.moment.tolist()
    some = np.arange(0, len(case.ways), 3)
    part = whole.only(some)
    assert part.arrival().tolist() == whole.arrival()[some].tolist()
    assert part.waiting().tolist() == whole.waiting()[some].tolist()


LINE = Arcs(
    4, [0, 1, 2], [1, 2, 3], road_cost(LINEAR, np.full(3, 10.0), np.full(3, np.inf)), capacity=[1800.0] * 3,
    storage=[5.0] * 3,
)  # fmt: skip


def closings(parts, start=None, goal=None) -> Closings:
    """Return closings of (arc, begin, end, since, until, catches) and by node when hazard comes to it."""
    arc, *columns, catches = (np.array(column) for column in zip(*parts))
    reached = [np.array([(places or {}).get(node, np.inf) for node in range(4)]) for places in (start, goal)]
    return Closings(arc.astype(np.int32), *(c.astype(float) for c in columns), catches.astype(bool), *reached)


def line(shut: Closings, departure, source=None):
    trips = TripTable(source or [0] * len(departure), [3] * len(departure), departure)
    return routing_problem(LINE._replace(closings=shut), trips)


def test_by_hand_who_waits_who_is_caught_and_by_how_much_the_others_are_away():
    """Three roads of 10 s; the second is closed from 5 to 40 s; the hazard reaches the last half of the third at 58 s.

    Vehicles leave at 0, 2 and 30 s: at the head of the first road they are at 10, 12 and 40 s, on the second from 40,
    42 and 44 s (one every 2 s), on the third from 50, 52 and 54 s; they would be out at 60, 62 and 64 s, all on its
    last half at 58 s but for the third, which would come there at 59 s and may not enter the road.
    """
    parts = [(1, 0.0, 1.0, 5.0, 40.0, False), (2, 0.5, 1.0, 58.0, np.inf, True)]
    problem = line(closings(parts), [0.0, 2.0, 30.0])
    routes = solve(line(Closings.none(4), [0.0, 2.0, 30.0]), method=INDIVIDUAL).routes
    drive = FixedPlan(problem, roads_of(problem), routes).outcome()
    assert drive.total == 0.0 and drive.fate.tolist() == [QUEUED, QUEUED, CUT_OFF]
    assert drive.caught.tolist() == [58.0, 58.0, 54.0]
    schedule = drive.run.schedule()
    assert [part.tolist() for part in np.split(schedule.entry, schedule.indptr[1:-1])] == [
        [0.0, 40.0, 50.0], [2.0, 42.0, 52.0], [30.0, 44.0]
    ]  # fmt: skip
    result = solve(problem, method=INDIVIDUAL)
    assert result.people_caught == result.individual_caught == 3 and result.problem.trips == 0
    assert result.caught.reason.tolist() == [CUT_OFF] * 3 and result.caught.arc.tolist() == [-1] * 3
    assert result.caught.time.tolist() == [0.0, 2.0, 30.0]
    curve = clearance(result)
    assert curve.caught[-1] == 3 and curve.on_road[-1] == curve.waiting[-1] == curve.departed[-1] == 0
    parts[1] = (2, 0.5, 1.0, 63.0, np.inf, True)
    result = solve(line(closings(parts), [0.0, 2.0, 30.0]), method=INDIVIDUAL)
    assert result.routed.tolist() == [0, 1] and result.travel.tolist() == [60.0, 60.0]
    assert result.margin().tolist() == [3.0, 1.0]
    assert result.caught.trip.tolist() == [2] and result.caught.reason.tolist() == [QUEUED]
    use = road_use(result)
    assert use.vehicles.tolist() == [3, 3, 3]
    assert clearance(result).arrived[-1] == 2 and clearance(result).caught[-1] == 1


def test_a_place_or_a_destination_that_the_hazard_reaches():
    parts = [(0, 0.0, 1.0, 500.0, 501.0, False)]
    problem = line(closings(parts, start={0: 1.0}), [0.0, 0.0, 0.5, 1.5])
    result = solve(problem, method=INDIVIDUAL)
    assert result.routed.tolist() == [0, 1, 2] and result.margin().tolist() == [1.0, 1.0, 0.5]
    assert result.caught.reason.tolist() == [TOO_LATE] and result.caught.time.tolist() == [1.0]
    assert result.caught.arc.tolist() == [-1]
    problem = line(closings(parts, goal={3: 31.0}), [0.0, 10.0], [0, 3])
    result = solve(problem, method=INDIVIDUAL)
    assert result.caught.reason.tolist() == [AT_DESTINATION] * 2 and result.caught.time.tolist() == [31.0, 31.0]


def test_routes_with_other_departures():
    parts = [(1, 0.0, 1.0, 5.0, 40.0, False), (2, 0.5, 1.0, 63.0, np.inf, True)]
    problem = line(closings(parts), [0.0, 2.0, 30.0])
    result = solve(line(Closings.none(4), [0.0, 2.0, 30.0]), method=INDIVIDUAL)
    plan = FixedPlan(problem, roads_of(problem), result.routes)
    as_said = plan.outcome()
    assert as_said.total == 120.0 and as_said.arrived.tolist() == [True, True, False]
    assert as_said.margin()[:2].tolist() == [3.0, 1.0]
    turned = plan.outcome(np.array([30.0, 2.0, 0.0]))
    assert turned.arrived.tolist() == [False, True, True]
    assert turned.arrival.tolist() == [np.inf, 62.0, 60.0]
    assert turned.caught.tolist() == [63.0, np.inf, np.inf]


@pytest.mark.parametrize("seed", range(40))
def test_against_every_plan_by_the_slow_evaluator(seed):
    """No method catches fewer than the best of all plans, and *system optimal* no more; the slow evaluator says so."""
    problem, ways = small_problem(seed, 120)
    oracle = Oracle(problem)
    least = best_plan(oracle, ways)
    for method in (INDIVIDUAL, GREEDY, INFORMED, SYSTEM_OPTIMAL):
        result = solve(problem, method=method, certify=False)
        assert len(result.routed) + len(result.caught.trip) == problem.trips
        driven = {**dict(zip(result.routed.tolist(), map(result.routes.of, range(problem.trips))))}
        driven |= dict(zip(result.caught.trip.tolist(), map(result.caught.routes.of, range(problem.trips))))
        fates, _ = oracle.fates(list(range(problem.trips)), [driven[k].tolist() for k in range(problem.trips)])
        told = {k: fate for k, fate in enumerate(fates) if fate}
        said = zip(result.caught.reason.tolist(), np.rint(result.caught.time * 1e6).astype(int).tolist())
        assert told == dict(zip(result.caught.trip.tolist(), said))
        mine = result.people_caught, round(result.total_time * 1e6)
        assert mine >= least
        assert (result.margin() >= 0).all()
        if method == INDIVIDUAL:  # the quickest that arrives, on empty roads
            for k in oracle.goers(ways):
                assert oracle.value([k], [driven[k].tolist()]) == min(oracle.value([k], [way]) for way in ways[k])
    assert mine[0] == least[0] and mine[1] <= 1.02 * least[1]
    few = solve(problem, max_routes=1 + seed % 2, certify=False)
    assert (few.people_caught, round(few.total_time * 1e6)) >= least
    assert (result.reduction is None) == (result.individual_caught != mine[0] or result.individual_time == 0)


def test_everybody_is_in_one_place_at_each_second_of_the_curve():
    lost = 0
    for seed in range(30):
        problem, ways = small_problem(seed, 120)
        routes = [own[seed % len(own)] for own in ways]
        indptr = np.r_[0, np.cumsum([len(way) for way in routes])]
        taken = distinct(indptr, np.array([arc for way in routes for arc in way]), problem.source)
        solved = solve(problem, method=INDIVIDUAL)
        run = FixedPlan(problem, roads_of(problem), taken).outcome().run  # by any way, so that many are caught
        everybody = Drove(
            np.arange(problem.trips), problem, run.schedule(), run.fate, np.where(run.arrived, np.inf, run.caught / 1e6)
        )
        there = np.flatnonzero(run.arrived)
        result = replace(
            solved, routed=there, problem=problem.only(there), travel=np.zeros(len(there)), drove=everybody,
            caught=everybody.lost(taken), queue=replace(solved.queue, run=run.only(there)),
        )  # fmt: skip
        rng = np.random.default_rng(seed)
        within = rng.random(problem.arcs) < 0.5
        inside = Inside(
            np.r_[0, np.cumsum(within)], np.zeros(within.sum()), np.ones(within.sum()), rng.random(problem.trips) < 0.5,
            rng.random(problem.trips) < 0.5, 3,
        )  # fmt: skip
        curve = clearance(result, inside)
        told = [curve.waiting, curve.on_road, curve.arrived, curve.caught, curve.in_hazard]
        schedule = everybody.schedule
        for row, now in enumerate(curve.seconds):
            counts = np.array([0, 0, 0, 0, 3.0])
            for trip in range(problem.trips):
                hops = slice(schedule.indptr[trip], schedule.indptr[trip + 1])
                entries, people = schedule.entry[hops], problem.people[trip]
                begun = entries[0] if len(entries) else (problem.departure[trip] if run.arrived[trip] else np.inf)
                if now >= everybody.caught[trip]:
                    counts[3] += people
                elif run.arrived[trip] and now >= schedule.arrival[trip]:
                    counts[2] += people
                    counts[4] += people * inside.goal[trip]
                elif now >= begun:
                    counts[1] += people
                    counts[4] += people * within[schedule.arc[hops][np.searchsorted(entries, now, side="right") - 1]]
                else:
                    counts[0] += people * (now >= problem.departure[trip])
                    counts[4] += people * inside.home[trip]
            assert [int(each[row]) for each in told] == counts.astype(int).tolist(), (seed, now)
        assert curve.arrived[-1] + curve.caught[-1] == problem.people.sum()
        lost += len(result.caught.trip)
    assert lost > 20


@pytest.mark.parametrize(
    ("method", "most"), [(INDIVIDUAL, 0), (GREEDY, 0), (INFORMED, 0), (SYSTEM_OPTIMAL, 0), (SYSTEM_OPTIMAL, 2)]
)
def test_a_hazard_after_everybody_has_arrived_changes_no_plan(method, most):
    for seed in range(12):
        problem, _ = small_problem(seed, 120)
        without = replace(problem, closings=Closings.none(problem.nodes))
        shut = problem.closings
        later = shut._replace(
            since=shut.since + 1e5, until=shut.until + 1e5, start_reached=shut.start_reached + 1e5,
            goal_reached=np.full(problem.nodes, np.inf),
        )  # fmt: skip
        one, other = (
            solve(each, method=method, max_routes=most) for each in (without, replace(problem, closings=later))
        )
        assert one.travel.tolist() == other.travel.tolist()
        assert [one.routes.of(k).tolist() for k in range(one.problem.trips)] == [
            other.routes.of(k).tolist() for k in range(other.problem.trips)
        ]
        assert (one.lower_bound, one.reduction, one.people_caught) == (other.lower_bound, other.reduction, 0.0)
