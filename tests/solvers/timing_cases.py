"""Small towns of zones whose roads the hazard closes one after the other."""

from __future__ import annotations

import numpy as np

from evacuation_planner.plugin.solvers.routing.shared.choices import LINEAR
from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.timing.timed_plan import MINUTE, TimedPlan


def timed(roads, closing, trips, starts=None, waits=()):
    """A plan on roads (tail, head, seconds, vehicles/h, room); ``trips`` are (zone, place in s, people, arcs).

    Who has no arcs stays at the tail of the first road, on his way to the head of the last.

    ``closing``: minutes at which the hazard takes whole roads, by arc; ``starts``: junctions, by node; ``waits``:
    closures (arc, from, to) in minutes.
    """
    tail, head, seconds, capacity, room = (np.array(column) for column in zip(*roads))
    nodes = int(max(tail.max(), head.max())) + 1
    rows = [(arc, minute * 60.0, np.inf, True) for arc, minute in closing.items()]
    rows = sorted([*rows, *((arc, first * 60.0, last * 60.0, False) for arc, first, last in waits)])
    arc, since, until, catches = (np.array([row[k] for row in rows]) for k in range(4))
    reached = np.full(nodes, np.inf)
    for node, minute in (starts or {}).items():
        reached[node] = minute * 60.0
    closings = Closings(
        arc.astype(np.int32), np.zeros(len(rows)), np.ones(len(rows)), since.astype(float), until.astype(float),
        catches.astype(bool), reached, np.full(nodes, np.inf),
    )  # fmt: skip
    zone, place, people, ways = zip(*sorted(trips, key=lambda trip: trip[1]))
    routes = distinct(
        np.r_[0, np.cumsum([len(way) for way in ways])].astype(np.int64),
        np.array([arc for way in ways for arc in way], dtype=np.int32),
    )
    cost = road_cost(LINEAR, seconds.astype(float), np.ones(len(tail)), a=0.0)
    arcs = Arcs(nodes, tail, head, cost, None, None, capacity.astype(float), room.astype(float), closings)
    table = TripTable(
        [tail[(way or [0])[0]] for way in ways],
        [head[(way or [-1])[-1]] for way in ways],
        place,
        people,
        np.maximum(zone, 0),
    )
    problem = routing_problem(arcs, table)
    moments = np.rint(np.array(place, dtype=float) * 1e6).astype(np.int64)
    return TimedPlan.of(problem, routes, np.array(zone, dtype=np.int64), moments, 300.0)


def random_town(seed: int, zones: int = 3) -> tuple[TimedPlan, np.ndarray]:
    """Zones along a street to a shelter, with side streets that meet it, closed at random; and orders of a plan."""
    rng = np.random.default_rng(seed)
    street = [(k, k + 1, float(rng.integers(20, 120)), float(rng.choice([120, 200, 360])), 4.0) for k in range(zones)]
    sides = [(zones + 1 + k, k, float(rng.integers(10, 60)), 360.0, 3.0) for k in range(zones)]
    roads = [*street, *sides]
    closing = {arc: float(rng.integers(8, 40)) for arc in range(len(roads)) if rng.random() < 0.5}
    trips = []
    for zone in range(zones):
        way = [zones + zone, *range(zone, zones)]
        for _ in range(int(rng.integers(3, 25))):
            trips.append((zone, float(rng.integers(0, 600)), float(rng.integers(1, 4)), way))
    starts = {zones + 1 + zone: float(rng.integers(10, 45)) for zone in range(zones) if rng.random() < 0.5}
    waits = [(int(rng.integers(0, zones)), *sorted(rng.integers(3, 30, 2).tolist()))] if rng.random() < 0.5 else []
    order = rng.integers(0, 10, zones) * MINUTE
    return timed(roads, closing, trips, starts, [w for w in waits if w[1] < w[2]]), order
