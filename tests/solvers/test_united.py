"""Cars and walkers side by side: two networks and two problems as one, whose halves are what they were alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.roads.connectors import DESTINATION, ORIGIN
from evacuation_planner.plugin.solvers.roads.joining import join_points
from evacuation_planner.plugin.solvers.roads.one_part import Demand
from evacuation_planner.plugin.solvers.roads.shortest_paths import travel
from evacuation_planner.plugin.solvers.roads.stretches import stretches_of
from evacuation_planner.plugin.solvers.roads.taken_out import TakenOut, take_out
from evacuation_planner.plugin.solvers.roads.united import Offsets, united, united_taken_out
from evacuation_planner.plugin.solvers.routing.shared.choices import (
    DENSITY,
    GREEDY,
    INDIVIDUAL,
    INFORMED,
    LINEAR,
    PRESENT,
    QUEUE,
    REFINED,
    SYSTEM_OPTIMAL,
)
from evacuation_planner.plugin.solvers.routing.shared.problem import BUS, CAR, Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve
from evacuation_planner.plugin.solvers.routing.together import Half, united_problems, united_results, widened
from tests.solvers.closing_plans import small_problem
from tests.solvers.road_drawings import network
from tests.solvers.test_shared_widths import problem_of

GRID = [[(x, 0), (x, 100), (x, 200)] for x in (0, 100, 200)] + [[(0, y), (100, y), (200, y)] for y in (0, 100, 200)]
DOUBLED = [*GRID, [(0, 0), (0, 100)]]


def test_the_halves_of_a_united_network_are_what_they_were_and_do_not_meet():
    car, foot = network(GRID, ["yes", "", "", "-1", "", ""]), network(DOUBLED)
    assert len(foot.copies)
    both, by = united(car, foot), Offsets.of(car)
    for name in ("length", "speed", "free_flow", "lanes", "capacity", "forward"):
        np.testing.assert_array_equal(getattr(both, name), np.r_[getattr(car, name), getattr(foot, name)])
    for arc in range(foot.arc_count):
        there = arc + by.arcs
        np.testing.assert_array_equal(both.arc_xy(there), foot.arc_xy(arc))
        assert both.arc_road(there) == foot.arc_road(arc)
    assert (both.tail[: by.arcs] < by.nodes).all() and (both.head[: by.arcs] < by.nodes).all()
    assert (both.tail[by.arcs :] >= by.nodes).all() and (both.head[by.arcs :] >= by.nodes).all()
    pairs = [*zip(*car.road_arcs())] + [(arc + by.arcs, road + by.roads) for arc, road in zip(*foot.road_arcs())]
    assert sorted(zip(*both.road_arcs())) == sorted(pairs)
    mine, alone = stretches_of(both, np.arange(by.arcs, both.arc_count)), stretches_of(foot, np.arange(foot.arc_count))
    assert [column if isinstance(column, list) else column.tolist() for column in mine] == [
        column if isinstance(column, list) else column.tolist() for column in alone
    ]


def test_places_with_connectors_stay_apart_from_roads():
    roads = network(GRID)
    places = np.array([[50.0, 3.0], [150.0, 197.0], [203.0, 20.0]])
    demand = Demand(np.array([ORIGIN, DESTINATION, DESTINATION]))
    joined = join_points(roads, places, 50.0, demand, site=np.array([0, 1, 1]))
    assert not joined.network.is_road.all()
    both = united(joined.network, joined.network)
    np.testing.assert_array_equal(both.is_road, np.tile(joined.network.is_road, 2))
    shift = joined.network.node_count
    for k in range(2):
        seconds = travel(both, joined.node[:1] + k * shift, joined.node[1:2] + k * shift).seconds
        assert seconds.ravel()[0] == travel(joined.network, joined.node[:1], joined.node[1:2]).seconds.ravel()[0] > 0
    assert np.isinf(travel(both, joined.node[:1], joined.node[1:2] + shift).seconds).all()


def test_what_closed_a_way_is_told_of_the_half_that_it_closed():
    """Of four streets in a row one or two are closed; the junction between these two is no more."""
    roads = network([[(100 * k, 0), (100 * k + 100, 0)] for k in range(4)])
    halves = []
    for pieces, name in (((1,), "the works"), ((1, 2), "a flood")):
        closed = np.isin(roads.piece, pieces)
        halves.append(take_out(roads, closed, np.zeros(roads.arc_count, dtype=np.int64), [name], TakenOut.none()))
    for (car, one), (foot, other) in (halves, halves[::-1], [halves[1]] * 2):
        both, by = united(car, foot), Offsets.of(car)
        taken = united_taken_out(one, other, by)
        for offset, half, own in ((0, car, one), (by.nodes, foot, other)):
            node = {tuple(xy): k for k, xy in enumerate(half.node_xy.tolist())}
            ends = np.array([node[0.0, 0.0]]), np.array([node[400.0, 0.0]])
            assert own.closers(half, *ends)[0]
            assert taken.closers(both, *(end + offset for end in ends)) == own.closers(half, *ends)


def mixed_pairs(method):
    """Problems of vehicles, some of them buses, with closings and background, each with one of walkers."""
    for seed in range(5 if method == SYSTEM_OPTIMAL else 12):
        car, _ = small_problem(seed)
        rng = np.random.default_rng([seed, 3])
        size = np.where(rng.random(car.trips) < 0.4, BUS, CAR)
        background = np.array([0.0, 30.0]), np.where(np.arange(car.arcs) % 3, -1, 0), np.array([[1.0, 0.5]])
        cost = road_cost(LINEAR, car.cost.free_flow, np.full(car.arcs, np.inf), background=background)
        car = replace(car, size=size, cost=cost._replace(background_row=cost.background_row.astype(np.int32)))
        walk, _ = small_problem(100 + seed)
        opposite = np.full(walk.arcs, -1, dtype=np.int32)
        pair = {(t, h): k for k, (t, h) in enumerate(zip(walk.tail.tolist(), walk.head.tolist()))}
        for k, (t, h) in enumerate(zip(walk.tail.tolist(), walk.head.tolist())):
            if (h, t) in pair and np.isfinite(walk.capacity[k]):
                opposite[k] = pair[h, t]
        yield car, replace(walk, opposite=opposite)


@pytest.mark.parametrize("method", [INDIVIDUAL, GREEDY, INFORMED, SYSTEM_OPTIMAL])
def test_a_mixed_plan_is_two_plans_to_the_last_bit_under_queue(method):
    caught = 0
    for car, walk in mixed_pairs(method):
        caught += judged(car, walk, method, QUEUE)
    assert caught > 0


@pytest.mark.parametrize("method", [INDIVIDUAL, GREEDY, REFINED, SYSTEM_OPTIMAL])
def test_a_mixed_plan_is_two_plans_to_the_last_bit_under_present(method):
    caught = 0
    for car, walk in mixed_pairs(method):
        caught += judged(car, replace(walk, opposite=np.full(walk.arcs, -1, dtype=np.int32)), method, PRESENT)
    assert caught > 0


def judged(car, walk, method, flow_model) -> int:
    """Compare the plan of both with those of each; return how many trips are caught."""
    problem, *number = united_problems(car, walk)
    alone = [solve(each, method=method, flow_model=flow_model, max_routes=2) for each in (car, walk)]
    halves = [Half(each, found, trip) for each, found, trip in zip((car, walk), alone, number)]
    both = united_results(problem, *halves)
    assert sorted([*number[0].tolist(), *number[1].tolist()]) == list(range(problem.trips))
    assert both.problem.departure.tolist() == sorted(both.problem.departure.tolist())
    place = {trip: k for k, trip in enumerate(both.routed.tolist())}
    schedule = both.schedule()
    for half, offset in zip(halves, (0, car.arcs)):
        own = half.result
        assert {int(half.trip[k]) for k in own.routed} <= set(place)
        mine = own.schedule()
        for k, trip in enumerate(half.trip[own.routed].tolist()):
            at = place[trip]
            assert both.travel[at] == own.travel[k]
            assert both.fastest[at] == own.fastest[k]
            assert both.problem.people[at] == own.problem.people[k] and both.problem.size[at] == own.problem.size[k]
            assert both.routes.of(at).tolist() == (own.routes.of(k) + offset).tolist()
            there = slice(*schedule.indptr[at : at + 2].tolist())
            assert schedule.entry[there].tolist() == mine.entry[slice(*mine.indptr[k : k + 2].tolist())].tolist()
    lost = {int(half.trip[k]): (r, t) for half in halves for k, r, t in zip(*half.result.caught[:3])}
    assert {int(k): (r, t) for k, r, t in zip(*both.caught[:3])} == lost
    assert both.total_time == pytest.approx(sum(own.total_time for own in alone), rel=1e-12)
    assert both.individual_time == sum(own.individual_time for own in alone)
    assert both.people_caught == sum(own.people_caught for own in alone)
    assert len(both.unreachable) == sum(len(own.unreachable) for own in alone)
    if all(own.lower_bound is not None for own in alone):
        assert both.lower_bound == sum(own.lower_bound for own in alone)
    if flow_model == QUEUE:
        assert both.queue.informed_time == sum(own.queue.informed_time for own in alone)
        assert both.queue.run.forced == sum(own.queue.run.forced for own in alone)
        for own, offset in zip(alone, (0, car.arcs)):  # each with the widths that its plan leaves
            roads = slice(offset, offset + own.problem.arcs)
            np.testing.assert_array_equal(both.queue.roads.headway[roads], own.queue.roads.headway)
            np.testing.assert_array_equal(both.problem.capacity[roads], own.problem.capacity)
    return len(lost)


def test_of_equal_departures_the_rank_decides():
    cost = road_cost(LINEAR, np.ones(1), np.ones(1))
    one, other = (
        routing_problem(Arcs(2, [0], [1], cost), TripTable([0, 0], [1, 1], departures))
        for departures in ([0.0, 5.0], [0.0, 5.0])
    )
    _, *number = united_problems(one, other, np.array([3, 0, 1, 2]))
    assert [each.tolist() for each in number] == [[1, 2], [0, 3]]


def test_walkers_with_twice_the_width_pass_twice_as_fast():
    """A queue of 300 through a gap of 2 m of effective width, then of 4 m."""
    lines = [[(0, 0), (200, 0)], [(200, 0), (220, 0)], [(220, 0), (320, 0)]]
    walk = problem_of(lines, [20.4, 2.4, 20.4], [((0.0, 0.0), (320.0, 0.0), 300)])
    free = np.where(walk.length == 20.0, 2.0, 1.0)
    last = [solve(each, method=INDIVIDUAL, flow_model=QUEUE).arrival.max() for each in (walk, widened(walk, free))]
    way = 320 / 1.1
    assert last[1] - way == pytest.approx((last[0] - way) / 2, rel=1e-4)
    dense = replace(walk, cost=road_cost(DENSITY, walk.cost.free_flow, walk.storage, 0.05))
    np.testing.assert_array_equal(widened(dense, free).cost.room, walk.storage * free)
