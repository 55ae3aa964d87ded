"""A plan that is stopped and goes on: by the same ways, by others, and on roads of which less is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.graph.stars import ForwardStar
from evacuation_planner.plugin.solvers.rolling.knowledge import Knowledge
from evacuation_planner.plugin.solvers.rolling.running import Running, joined
from evacuation_planner.plugin.solvers.routing.queue.bars import NEVER
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, microseconds, queue_roads, roads_of
from evacuation_planner.plugin.solvers.routing.queue.places import places_of
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.routing.shared.problem import BUS, CAR
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes, distinct
from tests.solvers.closing_plans import small_problem
from tests.solvers.queue_plans import simple_ways

PATIENCE = 20 * SECOND


def routes_of(ways):
    indptr = np.r_[0, np.cumsum([len(way) for way in ways])].astype(np.int64)
    return distinct(indptr, np.array([arc for way in ways for arc in way], dtype=np.int32))


def drawn(seed):
    """A small problem on which roads close, and a way of each trip; in every third some are buses."""
    rng = np.random.default_rng([seed, 4])
    problem, ways = small_problem(seed)
    if seed % 3 == 0:
        problem = replace(problem, size=rng.choice([CAR, BUS], problem.trips))
    chosen = [own[int(rng.integers(len(own)))] for own in ways]
    return rng, problem, routes_of(chosen)


def whole(problem, routes):
    roads = roads_of(problem)
    plan = plan_of(roads, microseconds(problem.departure), routes, places_of(problem))
    return simulate_queues(roads, plan, stuck_seconds=PATIENCE / SECOND)


def started(problem, routes, roads=None):
    roads = roads_of(problem) if roads is None else roads
    return Running.before(roads, microseconds(problem.departure), routes, places_of(problem), PATIENCE)


def same(run, other):
    return all(np.array_equal(getattr(run, name), getattr(other, name)) for name in ("moment", "fate", "caught"))


@pytest.mark.parametrize("seed", range(40))
def test_stopped_and_gone_on_it_is_the_same_to_the_last_bit(seed):
    rng, problem, routes = drawn(seed)
    expected = whole(problem, routes)
    running = started(problem, routes)
    for stop in sorted(rng.integers(0, 150, 3).tolist()):
        running.drive(stop * SECOND)
        assert (running.state.moment[running.state.moment < NEVER] < stop * SECOND).all()
        running = running.turned(routes, running.places, np.arange(problem.trips), stop * SECOND)
    running.drive(NEVER)
    assert same(running.run, expected) and running.run.forced == expected.forced


def turning(rng, problem, running):
    """Other ways of some who have not chosen their next road yet, whole; and who turns."""
    ways, turned = [], []
    state, hop = running.state, running.hop
    for trip in range(problem.trips):
        way = running.routes.of(trip).tolist()
        begin, at = hop[trip] + 1, int(problem.source[trip])
        free = running.goes_on[trip]
        if begin:
            road = way[begin - 1]
            at = int(problem.head[road])
            free &= state.head[road] != trip or state.wanted[road] < 0
        else:
            free &= trip >= state.counts[2]  # not yet departed
        others = simple_ways(problem, at, int(problem.destination[trip])) if free else []
        if others and rng.random() < 0.7:
            rest = others[int(rng.integers(len(others)))]
            rest = [arc for arc in rest if running.roads.is_road[arc]]
            if begin or rest:
                way = way[:begin] + rest
                turned.append(trip)
        ways.append(way)
    return routes_of(ways), np.array(turned, dtype=np.int64)


def test_who_turns_before_he_claims_a_road_drives_as_if_he_had_always_meant_to():
    changed = 0
    for seed in range(120):
        rng, problem, routes = drawn(seed)
        running = started(problem, routes)
        stop = int(rng.integers(1, 90)) * SECOND
        running.drive(stop)
        before = running.state.moment.copy(), running.plan.move
        other, turned = turning(rng, problem, running)
        expected = whole(problem, other)
        running = running.turned(other, running.places, turned, stop)
        running.drive(NEVER)
        assert same(running.run, expected), seed
        changed += len(turned)
        plan, moment = running.plan, running.state.moment
        for trip in range(problem.trips):
            old = before[0][before[1][trip] : before[1][trip + 1]]
            old = old[old < NEVER]
            assert np.array_equal(moment[plan.move[trip] : plan.move[trip] + len(old)], old)
    assert changed > 100


def test_what_is_planned_with_less_knowledge_has_the_past_that_was():
    unlike = 0
    for seed in range(150):
        rng, problem, routes = drawn(seed)
        truth = problem.closings
        row = np.where(rng.random(len(truth.arc)) < 0.5, rng.integers(1, 120, len(truth.arc)), -np.inf)
        known = Knowledge.of_closures(truth, row.astype(float))
        now = int(rng.integers(1, 100)) * SECOND
        running = started(problem, routes)
        running.drive(now)
        told = replace(problem, closings=known.closings_at(truth, now, running.roads.travel))
        planned = running.copy(roads_of(told), places_of(told), now)
        planned.drive(NEVER)
        again = started(told, routes)  # the same from the beginning on: what acted before acts as it did
        again.drive(NEVER)
        assert np.array_equal(planned.run.moment, again.run.moment), seed
        past = running.state.moment < now
        assert np.array_equal(planned.state.moment[past], running.state.moment[past])
        assert (planned.state.moment[~past] >= now).all()
        running.drive(NEVER)
        unlike += not np.array_equal(running.run.moment, planned.run.moment)
        everything = known.closings_at(truth, 10**15, running.roads.travel)
        assert all(np.array_equal(a, b) for a, b in zip(everything[:6], truth[:6]))
    assert unlike > 8


def bridge(room=5.0):
    """A street to a fork: over the bridge (10 s) or around (60 s); closed from second 5 on, known at second 100."""
    tail, head = np.array([0, 1, 1, 2]), np.array([1, 2, 2, 3])
    closings = Closings(
        np.array([1], dtype=np.int32), np.zeros(1), np.ones(1), np.array([5.0]), np.array([np.inf]),
        np.zeros(1, dtype=bool), np.full(4, np.inf), np.full(4, np.inf),
    )  # fmt: skip
    star = ForwardStar.of(4, tail, head)
    travel, capacity = np.array([20.0, 10.0, 60.0, 5.0]), np.array([1800.0, 1800.0, 1800.0, 3600.0])
    return queue_roads(star, head, travel, capacity, np.full(4, room), closings=closings)


def test_who_stands_before_a_closed_road_turns_where_he_is_told_by_hand():
    roads, routes = bridge(), Routes(np.array([0, 3]), np.array([0, 1, 3], dtype=np.int32), np.zeros(3, dtype=np.int32))
    running = Running.before(roads, np.zeros(3, dtype=np.int64), routes, None, 300 * SECOND)
    now = 100 * SECOND
    running.drive(now)
    assert running.state.wanted[0] == 1 and running.goes_on.all() and running.hop.tolist() == [0, 0, 0]
    assert (running.ready(now) / SECOND).tolist() == [100.0, 102.0, 104.0]
    suffix = Routes(np.array([0, 2]), np.array([2, 3], dtype=np.int32), np.zeros(3, dtype=np.int32))
    other = joined(running.plan, np.ones(3, dtype=np.int64), np.arange(3), suffix, roads.is_road)
    running = running.turned(other, None, np.arange(3), now)
    running.drive(NEVER)
    # The first enters the way around at 100 s, the others each a headway of 2 s later; 60 s and 5 s to go.
    assert (running.run.arrival() / SECOND).tolist() == [165.0, 167.0, 169.0]
    assert (running.run.moment.reshape(3, 4)[:, 0] / SECOND).tolist() == [0.0, 0.0, 0.0]  # the past stays


def test_who_waits_at_his_origin_for_a_full_road_can_leave_by_another():
    tail, head = np.array([0, 0, 1]), np.array([1, 1, 2])
    roads = queue_roads(
        ForwardStar.of(3, tail, head), head, np.array([10.0, 30.0, 5.0]), np.array([36.0, 3600.0, 3600.0]), np.ones(3)
    )
    routes = Routes(np.array([0, 2]), np.array([0, 2], dtype=np.int32), np.zeros(4, dtype=np.int32))
    running = Running.before(roads, np.zeros(4, dtype=np.int64), routes, None, 10**9 * SECOND)
    now = 50 * SECOND
    running.drive(now)  # one on the road, who can leave it at 100 s; two have been let out at 10 s
    waiting = np.flatnonzero(running.hop < 0)
    assert waiting.tolist() == [2, 3] and running.state.pending[0] > 0
    ways = Routes(np.array([0, 2]), np.array([1, 2], dtype=np.int32), np.zeros(2, dtype=np.int32))
    other = joined(running.plan, np.zeros(2, dtype=np.int64), waiting, ways, roads.is_road)
    running = running.turned(other, None, waiting, now)
    running.drive(NEVER)
    assert running.state.pending.tolist() == [0, 0, 0]
    # The other road has room for 30, so both enter at 50 s; it lets out one a second, and 5 s more are to go.
    assert (running.run.moment[running.plan.move[:-1]] / SECOND).tolist() == [0.0, 10.0, 50.0, 50.0]
    assert (running.run.arrival() / SECOND).tolist()[2:] == [85.0, 86.0]


def test_what_is_reckoned_with_at_a_moment_by_hand():
    inf = np.inf
    truth = Closings(
        np.array([0, 0, 1], dtype=np.int32), np.array([0.0, 0.5, 0.0]), np.ones(3), np.array([20.0, 100.0, 40.0]),
        np.array([200.0, inf, inf]), np.array([False, True, True]), np.array([30.0, 90.0, inf]), np.full(3, inf),
    )  # fmt: skip
    travel = np.array([10, 10]) * SECOND
    levels = np.array([[inf, inf, inf], truth.start_reached])
    known = Knowledge(np.array([80.0, 50.0, 80.0]), np.array([-inf, 80.0]), levels, np.full((2, 3), inf))
    assert known.moments().tolist() == [50.0, 80.0] and known.news(50.0, 80.0) and not known.news(80.0, 1000.0)
    # At 10 s nothing has happened and nothing is known.
    assert len(known.closings_at(truth, 10 * SECOND, travel).arc) == 0
    # At 60 s the closure has acted, but nobody knows it; the hazard is known on road 0, and seen on road 1.
    at = known.closings_at(truth, 60 * SECOND, travel)
    assert at.since.tolist() == [20.0, 100.0, 40.0] and at.until.tolist() == [60.0, inf, inf]
    assert at.catches.tolist() == [False, True, True] and at.start_reached.tolist() == [30.0, inf, inf]
    # From 80 s on everything is known.
    assert known.closings_at(truth, 80 * SECOND, travel).until.tolist() == truth.until.tolist()
    assert known.closings_at(truth, 80 * SECOND, travel).start_reached.tolist() == [30.0, 90.0, inf]
    late = known._replace(row=np.array([-inf, 500.0, -inf]))
    # A hazard that comes to the middle of a road at 100 s bars its beginning from 95 s on: until 97 s, if not known.
    assert late.closings_at(truth, 94 * SECOND, travel).since.tolist() == [20.0, 40.0]
    barred = late.closings_at(truth, 97 * SECOND, travel)
    assert barred.until.tolist() == [200.0, 102.0, inf] and barred.catches.tolist() == [False, False, True]
