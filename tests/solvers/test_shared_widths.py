"""Queues of people through narrow places, and streets whose width both directions share."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.roads.foot import Walking, foot_network, sharing_arcs
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, microseconds, roads_of, standing_room
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.choices import (
    GREEDY,
    INDIVIDUAL,
    INFORMED,
    LINEAR,
    QUEUE,
    SYSTEM_OPTIMAL,
)
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.shared.widths import narrowed, shares
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.solvers.road_drawings import pieces_of

SPEED = 1.1
PASS = 1.3 * SPEED / 1.19  # persons/s and metre of effective width


def problem_of(lines, width, trips, opposite=True):
    """Walkers on flat lines of a width; ``trips``: (from, to, how many) by position, all leaving at once."""
    pieces = pieces_of(lines)
    count = len(lines)
    network = foot_network(
        pieces, np.array(width), np.zeros(count, dtype=bool), np.ones((len(pieces), 2)), Walking(SPEED),
        [str(k) for k in range(count)],
    )  # fmt: skip
    node = {tuple(xy): k for k, xy in enumerate(network.node_xy.tolist())}
    source = np.concatenate([np.full(n, node[a]) for a, _, n in trips])
    goal = np.concatenate([np.full(n, node[b]) for _, b, n in trips])
    cost = road_cost(LINEAR, network.free_flow, np.ones(network.arc_count), a=0.0)
    arcs = Arcs(
        network.node_count, network.tail, network.head, cost, network.length, None, network.capacity,
        standing_room(network.length, network.lanes), None, sharing_arcs(network) if opposite else None,
    )  # fmt: skip
    return routing_problem(arcs, TripTable(source, goal, np.zeros(len(source))))


GAP = [[(0, 0), (200, 0)], [(200, 0), (220, 0)], [(220, 0), (320, 0)]]


def test_a_gap_of_two_metres_passes_what_the_formula_says():
    people = 600
    problem = problem_of(GAP, [20.0, 2.0, 20.0], [((0.0, 0.0), (320.0, 0.0), people)])
    result = solve(problem, method=INDIVIDUAL, flow_model=QUEUE, certify=False)
    arrival = np.sort(result.travel)
    flow = PASS * 1.6
    # the gap is what limits them: one after another at its flow, the first at walking speed
    assert arrival[0] == pytest.approx(320 / SPEED, abs=1e-4)
    np.testing.assert_allclose(np.diff(arrival), 1 / flow, atol=2e-6)
    assert arrival[-1] == pytest.approx(320 / SPEED + (people - 1) / flow, abs=0.01)


def test_who_walks_faster_than_the_formula_passes_no_more():
    lines = [[(0, 0), (20, 0)]]
    pieces = pieces_of(lines)
    fast, slow = (
        foot_network(pieces, np.array([2.0]), np.zeros(1, dtype=bool), np.ones((1, 2)), Walking(v), ["a"]).capacity[0]
        for v in (3.85, 0.595)
    )
    assert fast == pytest.approx(3600 * 1.3 * 1.6) and slow == pytest.approx(fast / 2)


def test_room_of_a_street_is_that_of_standing_people():
    # 3.8 persons/m2 on 1.6 m of 20 m
    problem = problem_of(GAP, [20.0, 2.0, 20.0], [((0.0, 0.0), (320.0, 0.0), 1)])
    assert sorted(np.floor(problem.storage + 1e-9).tolist())[:2] == [math.floor(3.8 * 1.6 * 20)] * 2


def test_both_directions_share_the_width_as_they_share_the_street():
    up, down = 300, 100
    trips = [((0.0, 0.0), (320.0, 0.0), up), ((320.0, 0.0), (0.0, 0.0), down)]
    result = solve(problem_of(GAP, [20.0, 2.0, 20.0], trips), method=INDIVIDUAL, flow_model=QUEUE, certify=False)
    last = [result.travel[:up].max(), result.travel[up:].max()]
    flow = PASS * 1.6
    assert last[0] == pytest.approx(320 / SPEED + (up - 1) / (flow * 0.75), abs=0.01)
    assert last[1] == pytest.approx(320 / SPEED + (down - 1) / (flow * 0.25), abs=0.01)


def test_one_direction_alone_has_all_of_it():
    trips = [((0.0, 0.0), (320.0, 0.0), 50)]
    shared, own = (
        solve(problem_of(GAP, [20.0, 2.0, 20.0], trips, way), method=INDIVIDUAL, flow_model=QUEUE, certify=False)
        for way in (True, False)
    )
    np.testing.assert_array_equal(shared.travel, own.travel)


# Two gaps beside each other; one crowd crosses to the right, another to the left.
TWO = [[(0, 0), (0, 60)], [(0, 0), (100, 0)], [(0, 60), (100, 60)], [(100, 0), (100, 60)]]


def crossing(up=200, down=200):
    return problem_of(TWO, [30.0, 2.0, 2.4, 30.0], [((0.0, 0.0), (100.0, 0.0), up), ((100.0, 0.0), (0.0, 0.0), down)])


@pytest.mark.parametrize("method", [INDIVIDUAL, GREEDY, INFORMED, SYSTEM_OPTIMAL])
def test_what_is_reported_is_the_plan_with_its_own_shares(method):
    problem = crossing()
    result = solve(problem, method=method, flow_model=QUEUE)
    again = narrowed(problem, result.routes)
    np.testing.assert_array_equal(result.problem.capacity, again.capacity)
    # the same routes on roads of these widths, each direction by itself
    roads = roads_of(again)
    run = simulate_queues(roads, plan_of(roads, microseconds(problem.departure), result.routes))
    assert run.total() / SECOND == pytest.approx(result.total_time, abs=1e-6)
    assert result.lower_bound is None or result.lower_bound <= result.total_time


def test_crowds_that_meet_are_parted_by_the_optimum():
    # each by the shortest way: both in the gap of 2 m, half the width each: 200 / (flow 1.6 / 2) s
    problem = crossing()
    alone = solve(problem, method=INDIVIDUAL, flow_model=QUEUE, certify=False)
    assert alone.travel.max() == pytest.approx(100 / SPEED + 199 / (PASS * 0.8), abs=0.05)
    best = solve(problem, method=SYSTEM_OPTIMAL, flow_model=QUEUE, max_routes=0)
    assert best.total_time < alone.total_time
    assert best.individual_time == pytest.approx(alone.total_time)
    # no plan beats what the whole width of both gaps passes to each direction
    whole = problem_of(TWO, [30.0, 2.0, 2.4, 30.0], [((0.0, 0.0), (100.0, 0.0), 200)], opposite=False)
    free = solve(whole, method=SYSTEM_OPTIMAL, flow_model=QUEUE, max_routes=0)
    assert best.lower_bound <= 2 * free.total_time + 1e-6 <= best.total_time * (1 + 1e-9) + 1e-6


def test_shares_add_up_where_both_ways_are_taken():
    rng = np.random.default_rng(0)
    users = rng.integers(0, 4, 40).astype(float)
    opposite = np.arange(40).reshape(-1, 2)[:, ::-1].ravel()
    share = shares(opposite, users).reshape(-1, 2)
    used = users.reshape(-1, 2)
    both = (used > 0).all(axis=1)
    np.testing.assert_allclose(share[both].sum(axis=1), 1.0)
    np.testing.assert_allclose(share[both][:, 0], used[both][:, 0] / used[both].sum(axis=1))
    assert (share[used > 0][~np.repeat(both, (used > 0).sum(axis=1))] == 1.0).all()
    assert (share[(used == 0) & (used[:, ::-1] > 0)] == 0.1).all()


def test_bounds_hold_for_every_way_to_part_two_crowds():
    """Every split of both crowds over both gaps, each with its own shares: the bound is below all of them."""
    up, down = 6, 5
    problem = crossing(up, down)
    result = solve(problem, method=SYSTEM_OPTIMAL, flow_model=QUEUE, max_routes=0)
    arcs = {(a, b): k for k, (a, b) in enumerate(zip(problem.tail.tolist(), problem.head.tolist()))}
    a, b = int(problem.source[0]), int(problem.destination[0])
    other = sorted(set(range(4)) - {a, b})
    top = other if (a, other[0]) in arcs else other[::-1]
    straight, back = [arcs[a, b]], [arcs[b, a]]
    round_ = [arcs[a, top[0]], arcs[top[0], top[1]], arcs[top[1], b]]
    home = [arcs[b, top[1]], arcs[top[1], top[0]], arcs[top[0], a]]
    ways = [straight, round_, back, home]
    indptr = np.r_[0, np.cumsum([len(w) for w in ways])].astype(np.int64)
    least = math.inf
    for k in range(up + 1):
        for j in range(down + 1):
            of = np.r_[np.full(k, 1), np.full(up - k, 0), np.full(j, 3), np.full(down - j, 2)].astype(np.int32)
            routes = Routes(indptr, np.concatenate(ways).astype(np.int32), of)
            roads = roads_of(narrowed(problem, routes))
            run = simulate_queues(roads, plan_of(roads, microseconds(problem.departure), routes))
            least = min(least, run.total() / SECOND)
    assert result.lower_bound <= least + 1e-6
    assert result.total_time <= least * 1.05  # and the search is near the best of them


def test_joint_plan_of_walkers_is_judged_with_its_own_widths():
    from evacuation_planner.plugin.solvers.joint.problem import Destinations, Vehicles, joint_problem
    from evacuation_planner.plugin.solvers.joint.solve import solve as solve_joint

    each = 120
    walkers = crossing(each, each)
    arcs = Arcs(
        walkers.nodes, walkers.tail, walkers.head, walkers.cost, walkers.length, None, walkers.capacity,
        walkers.storage, None, walkers.opposite,
    )  # fmt: skip
    a, b = int(walkers.source[0]), int(walkers.destination[0])
    group = np.repeat([0, 1], each)
    # the crowd at a prefers b and that at b prefers a; there is room for all of them at either end
    problem = joint_problem(
        arcs, Vehicles(walkers.source, walkers.departure, np.ones(2 * each), group), Destinations([a, b], [1e4, 1e4]),
        [[1.0, 0.0], [0.0, 1.0]], [[False, True], [True, False]],
    )  # fmt: skip
    result = solve_joint(problem)
    plan = result.plan
    network = problem.trips(plan.destination)
    routes = plan.routing.routes
    roads = roads_of(narrowed(network, routes))
    run = simulate_queues(roads, plan_of(roads, microseconds(network.departure), routes))
    assert plan.total_time == pytest.approx(run.total() / SECOND, abs=1e-6)
    assert result.lower_bound <= plan.value <= result.stepwise.value
    np.testing.assert_array_equal(plan.routing.problem.capacity, narrowed(network, routes).capacity)
