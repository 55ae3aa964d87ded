"""Prices on exits: whatever they are, they bound all plans; and they see what several destinations share."""

from __future__ import annotations

import numpy as np

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import THOROUGH, Effort
from evacuation_planner.plugin.solvers.graph.stars import ForwardStar
from evacuation_planner.plugin.solvers.routing.queue.bounds import door_queues
from evacuation_planner.plugin.solvers.routing.queue.certificate import PRICES, certify
from evacuation_planner.plugin.solvers.routing.queue.doors import Journeys, all_doors
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, queue_roads
from evacuation_planner.plugin.solvers.routing.queue.price_graph import price_graph
from evacuation_planner.plugin.solvers.routing.queue.prices import Prices, evaluate, priced_bound, start_levels
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes
from tests.solvers.queue_plans import every_plan, routed, small_network

NETWORKS = 100


def random_prices(rng, graph, queues):
    """Return prices of any size, levels around those of the doors' least queues."""
    sizes = len(graph.road_slices.begin), len(graph.door_slices.begin)
    price = np.rint(rng.exponential(float(rng.choice([1, 10, 60])) * SECOND, sizes[0]) * (rng.random(sizes[0]) < 0.7))
    level = start_levels(graph, queues) + np.rint(rng.normal(0.0, float(rng.choice([0, 5, 40])) * SECOND, sizes[1]))
    room = (np.empty((len(graph.roads), graph.all_steps, len(queues))) for _ in range(2))
    return Prices(price, level, np.empty(sizes[1]), np.empty((len(graph.roads), graph.steps)), *room)


def test_any_prices_are_a_bound():
    compared = counted = searched = helped = 0
    for seed in range(5000, 5000 + NETWORKS):
        rng = np.random.default_rng(seed)
        roads, journeys = small_network(seed)
        journeys = routed(journeys)
        runs = list(every_plan(roads, journeys, (0.0, 2.0)))
        doors = [door for door in all_doors(roads, journeys) if len(door.trips)]
        if not runs or not doors:
            continue
        best = min(runs, key=lambda run: run.total())
        queues = door_queues(roads, journeys, doors)
        last = max(int(queue.exits[-1]) for queue in queues)
        real = np.flatnonzero(roads.is_road)
        for _ in range(4):
            priced = np.sort(rng.choice(real, int(rng.integers(1, len(real) + 1)), replace=False))
            until, steps = int(rng.choice([5, 30, 90])) * SECOND, int(rng.choice([7, 40, 300]))
            graph = price_graph(roads, journeys, doors, priced, until, steps, last, Control())
            bound, answer = evaluate(graph, random_prices(rng, graph, queues), 5.0 * SECOND, Control())
            assert bound <= best.total() + 0.5, seed
            compared, counted = compared + 1, counted + int(answer.doors.sum() + answer.roads.sum() > 0)
        worst = max(runs, key=lambda run: run.total())  # which has queues elsewhere than at the doors
        bound = priced_bound(roads, journeys, doors, worst, 6, Control())
        assert bound <= best.total(), seed
        searched += bound > 0
        helped += bound > sum(queue.time for queue in queues)
    assert compared > 2 * NETWORKS and counted > 0.5 * compared
    assert searched > 10 and helped > 3


def one_road_for_two(trips):
    """Return trips that share the only slow road to two destinations, and the run of their only plan."""
    tail, head = np.array([0, 1, 1], dtype=np.int32), np.array([1, 2, 3], dtype=np.int32)
    star = ForwardStar.of(4, tail, head)
    roads = queue_roads(star, head, np.array([60.0, 60.0, 90.0]), np.array([360.0, 1800.0, 1800.0]), np.full(3, 900.0))
    goal = np.tile([2, 3], trips // 2).astype(np.int32)
    departure = np.zeros(trips, dtype=np.int64)
    journeys = Journeys(4, tail, head, np.zeros(trips, dtype=np.int32), goal, departure)
    routes = Routes(np.array([0, 2, 4]), np.array([0, 1, 0, 2], dtype=np.int32), (goal - 2).astype(np.int32))
    return roads, journeys, simulate_queues(roads, plan_of(roads, departure, routes))


def test_prices_see_what_destinations_share():
    roads, journeys, run = one_road_for_two(200)
    least = sum(10 * k for k in range(200)) + 100 * (120 + 150)
    assert run.total() == least * SECOND
    proof = certify(roads, journeys, run, Control(effort=Effort(THOROUGH)))
    bounds = dict(proof.history)
    alone = 2 * sum(10 * k for k in range(100)) + 100 * (120 + 150)  # each destination's trips as if by themselves
    assert bounds["queues at doors and at what all must pass"] == alone
    assert proof.name == PRICES and proof.lower_bound == bounds[PRICES]
    assert 0.93 * least <= proof.lower_bound <= least
    assert certify(roads, journeys, run, Control(effort=Effort(THOROUGH))) == proof


def test_without_a_plan_nothing_is_searched():
    roads, journeys, _ = one_road_for_two(20)
    assert PRICES not in dict(certify(roads, journeys).history)
