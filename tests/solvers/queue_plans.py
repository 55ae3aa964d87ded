"""Small networks of the queue model with all its features, and every plan on them."""

from __future__ import annotations

from itertools import product

import numpy as np

from evacuation_planner.plugin.solvers.graph.stars import ForwardStar
from evacuation_planner.plugin.solvers.routing.queue.doors import Journeys
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, Background, QueueRoads, queue_roads
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.problem import RoutingProblem
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes

MOST_PLANS = 120


def small_network(seed: int) -> tuple[QueueRoads, Journeys]:
    """Return some roads and trips: two destinations behind one or two doors, parallel roads, background, connectors."""
    rng = np.random.default_rng(seed)
    junctions = int(rng.integers(3, 6))
    places = [junctions, junctions + 1]  # destinations, behind connectors; then a place to start from
    arcs = [(int(a), int(b)) for a, b in rng.integers(0, junctions, (int(rng.integers(5, 10)), 2)) if a != b]
    roads = len(arcs)
    for place in places:
        arcs += [(int(door), place) for door in rng.choice(junctions, int(rng.integers(1, 3)), replace=False)]
    arcs += [(junctions + 2, int(rng.integers(junctions)))]
    tail, head = np.array(arcs, dtype=np.int32).T
    is_road = np.arange(len(arcs)) < roads
    travel = np.where(is_road, rng.integers(0, 9, len(arcs)) * rng.choice([0.1, 1.0, 3.0], len(arcs)), 0.0)
    capacity = np.where(is_road, rng.choice([240.0, 300.0, 520.0, 900.0, 2000.0], len(arcs)), np.inf)
    background = None
    if rng.random() < 0.4:
        row = np.where(is_road & (rng.random(len(arcs)) < 0.5), 0, -1)
        background = Background(np.array([0.0, 12.0, 40.0]), row, rng.integers(0, 3, (1, 3)).astype(float))
    star = ForwardStar.of(junctions + 3, tail, head)
    queue = queue_roads(star, head, travel, capacity, rng.integers(0, 3, len(arcs)).astype(float), background)
    trips = int(rng.integers(3, 7))
    source = rng.choice([*range(junctions), junctions + 2], trips).astype(np.int32)
    if rng.random() < 0.5:
        source[:] = source[0]
    departure = np.sort(rng.integers(0, int(rng.choice([1, 8, 30])), trips)) * SECOND
    destination = rng.choice(places if rng.random() < 0.5 else places[:1], trips).astype(np.int32)
    return queue, Journeys(junctions + 3, tail, head, source, destination, departure)


def simple_ways(journeys: Journeys | RoutingProblem, source: int, destination: int) -> list[list[int]]:
    """Return every way without a node passed twice, as arcs."""
    ways, stack = [], [(source, [], {source})]
    while stack:
        at, way, seen = stack.pop()
        if at == destination:
            ways.append(way)
            continue
        for arc in np.flatnonzero(journeys.tail == at).tolist():
            to = int(journeys.head[arc])
            if to not in seen:
                stack.append((to, [*way, arc], seen | {to}))
    return ways


def routed(journeys: Journeys) -> Journeys:
    """Return the trips that have a way."""
    kept = [bool(simple_ways(journeys, int(s), int(d))) for s, d in zip(journeys.source, journeys.destination)]
    return journeys._replace(
        source=journeys.source[kept], destination=journeys.destination[kept], departure=journeys.departure[kept]
    )


def every_plan(roads: QueueRoads, journeys: Journeys, stuck_seconds: tuple[float, ...]):
    """Yield the run of each plan with each of the waits before a standstill is opened; none where they are many."""
    ways = [simple_ways(journeys, int(s), int(d)) for s, d in zip(journeys.source, journeys.destination)]
    if np.prod([float(len(w)) for w in ways]) > MOST_PLANS:
        return
    flat = [way for own in ways for way in own]
    indptr = np.r_[0, np.cumsum([len(way) for way in flat])].astype(np.int64)
    arcs = np.array([arc for way in flat for arc in way], dtype=np.int32)
    first = np.r_[0, np.cumsum([len(own) for own in ways])][:-1]
    for chosen in product(*(range(len(own)) for own in ways)):
        routes = Routes(indptr, arcs, (first + chosen).astype(np.int32))
        for stuck in stuck_seconds:
            yield simulate_queues(roads, plan_of(roads, journeys.departure, routes), stuck_seconds=stuck)
