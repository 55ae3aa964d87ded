"""Small road networks for the queue model: drawn by hand, or at random with everything that makes trouble."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from evacuation_planner.plugin.solvers.graph.stars import ForwardStar
from evacuation_planner.plugin.solvers.routing.queue.bars import NEVER, bars_of, moments_of
from evacuation_planner.plugin.solvers.routing.queue.events import Plan
from evacuation_planner.plugin.solvers.routing.queue.network import Background, QueueRoads, microseconds, queue_roads
from evacuation_planner.plugin.solvers.routing.queue.places import Places
from evacuation_planner.plugin.solvers.routing.queue.simulation import QueueRun, plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.routing.shared.problem import BUS, CAR
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct
from tests.solvers.queue_reference import Hazard, Part, Roads, Told, evaluate


class Case(NamedTuple):
    """Roads and trips: ``departure`` in microseconds, ascending; ``ways`` the roads of each trip without connectors."""

    roads: QueueRoads
    plan: Plan
    ways: list[list[int]]
    hazard: Hazard = Hazard()

    def run(self, stuck_seconds: float = 300.0, **options) -> QueueRun:
        return simulate_queues(self.roads, self.plan, stuck_seconds=stuck_seconds, **options)

    def told(self, stuck_seconds: float = 300.0) -> Told:
        """What the slow evaluator says."""
        changes = zip(*(column.tolist() for column in self.roads[6:10]))
        roads = Roads(*(column.tolist() for column in self.roads[:3]), list(changes))
        return evaluate(roads, self.plan.departure.tolist(), self.ways, round(stuck_seconds * 1e6), self.hazard)


def case_of(roads: QueueRoads, trips: list[tuple[float, list[int]]]) -> Case:
    """Return the case of trips (departure in s, arcs)."""
    trips = sorted(trips, key=lambda trip: trip[0])
    departure = microseconds(np.array([trip[0] for trip in trips]))
    indptr = np.r_[0, np.cumsum([len(way) for _, way in trips])]
    arcs = np.array([arc for _, way in trips for arc in way], dtype=np.int32)
    plan = plan_of(roads, departure, distinct(indptr, arcs))
    return Case(roads, plan, [[arc for arc in way if roads.is_road[arc]] for _, way in trips])


def town(roads: list[tuple[int, int, float, float, float]], background: Background | None = None) -> QueueRoads:
    """Return the queue model of roads (tail, head, seconds, vehicles/h, vehicles that can stand there)."""
    tail, head, seconds, capacity, standing = (np.array(column) for column in zip(*roads))
    star = ForwardStar.of(int(max(tail.max(), head.max())) + 1, tail, head)
    return queue_roads(star, head, seconds, capacity, standing, background)


def moments(case: Case, run: QueueRun) -> list[list[int]]:
    """Return of each trip its entry and its exits, microseconds, as far as it comes."""
    return [part[part < NEVER].tolist() for part in np.split(run.moment, case.plan.move[1:-1])]


def seconds(case: Case, run: QueueRun) -> list[list[float]]:
    """Return the same in seconds."""
    return [[moment / 1e6 for moment in trip] for trip in moments(case, run)]


def random_case(seed: int, junctions: int = 5, arcs: int = 12, trips: int = 30) -> Case:
    """Return a case with merges, rings, tiny rooms, roads of no length, background, connectors and equal times.

    Half of the cases count in whole seconds, so that most moments are shared by several vehicles.
    """
    rng = np.random.default_rng(seed)
    tail, head = rng.integers(0, junctions, (2, arcs))
    turned = rng.random(arcs) < 0.9  # some roads lead back to where they start
    head = np.where((head == tail) & turned, (head + 1) % junctions, head)
    if rng.random() < 0.5:
        time, capacity = rng.choice([0, 0, 1, 2, 4, 10], arcs), rng.choice([450, 900, 900, 1800, 3600], arcs)
    else:
        time, capacity = rng.uniform(0, 12, arcs).round(rng.integers(1, 8)), rng.uniform(300, 4000, arcs)
    standing = rng.choice([0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 20.0], arcs)
    doors = rng.integers(0, junctions, (2, 4))  # of two places that people leave, of two that they go to
    places = junctions + np.arange(4).repeat(2)
    tail = np.r_[tail, places[:4], doors[1]]
    head = np.r_[head, doors[0], places[4:]]
    limits = np.r_[capacity, np.full(8, np.inf)]
    others = _background(rng, len(tail)) if rng.random() < 0.5 else None
    star = ForwardStar.of(junctions + 4, tail, head)
    roads = queue_roads(
        star, head, np.r_[time, np.ones(8)], limits, np.r_[standing, np.zeros(8)], others
    )  # fmt: skip
    ways = [_walk(rng, tail, head, junctions, arcs) for _ in range(max(trips // 3, 1))]
    at = rng.choice(np.arange(0.0, rng.choice([2, 30, 100])), trips)
    return case_of(roads, [(float(at[trip]), ways[rng.integers(len(ways))]) for trip in range(trips)])


def _background(rng: np.random.Generator, arcs: int) -> Background:
    """Return others on half of the roads, who come and go."""
    row = np.where(rng.random(arcs) < 0.5, np.arange(arcs), -1)
    times = np.sort(rng.choice(np.arange(0.0, 200.0), 4, replace=False))
    return Background(times, row, rng.choice([0.0, 0.0, 0.5, 1.0, 2.0, 6.0], (arcs, 4)))


def _walk(rng: np.random.Generator, tail: np.ndarray, head: np.ndarray, junctions: int, arcs: int) -> list[int]:
    """Return a way from a junction or a place over some roads, perhaps none, at its end perhaps into a place."""
    way: list[int] = []
    node = int(rng.integers(0, junctions + 2))
    for _ in range(int(rng.integers(0, 9))):
        open_arcs = np.flatnonzero((tail == node) & ((np.arange(len(tail)) < arcs) | (node >= junctions)))
        if not len(open_arcs):
            break
        way.append(int(rng.choice(open_arcs)))
        node = int(head[way[-1]])
    last = np.flatnonzero((tail == node) & (head >= junctions + 2))
    return [*way, int(last[0])] if len(last) and rng.random() < 0.5 else way


def closed(case: Case, seed: int, share: float = 0.5, first: float = 0.0) -> Case:
    """Return the case with closures that come and go and a hazard, from ``first`` seconds on, on a share of the roads.

    Half of them close at whole seconds at quarters of a road, so that moments meet.
    """
    rng = np.random.default_rng([seed, 1])
    arcs, trips = len(case.roads.travel), len(case.ways)
    parts, whole = int(rng.integers(1, int(2 * share * arcs) + 2)), rng.random() < 0.5
    arc = np.sort(rng.integers(0, arcs, parts)).astype(np.int32)
    ends = np.sort(rng.integers(0, 5, (2, parts)) / 4 if whole else rng.random((2, parts)), axis=0)
    ends[:, rng.random(parts) < 0.3] = [[0.0], [1.0]]
    catches = rng.random(parts) < 0.5
    since = first + (rng.integers(0, 90, parts).astype(float) if whole else rng.uniform(0, 90, parts))
    if not first:
        since[rng.random(parts) < 0.1] = -np.inf
    lasts = rng.integers(0, 40, parts) if whole else rng.uniform(0, 40, parts)
    until = np.where(catches | (rng.random(parts) < 0.2), np.inf, np.maximum(since, 0.0) + lasts)
    reached = [np.where(rng.random(trips) < p, first + rng.integers(-5, 90, trips), np.inf) for p in (0.4, 0.1)]
    if first:
        reached = [np.maximum(first, each) for each in reached]
    closings = Closings(arc, *ends, since, until, catches, *(np.full(1, np.inf),) * 2)
    places = Places(*(moments_of(each) for each in reached), rng.random(trips) < 0.5)
    roads = case.roads._replace(bars=bars_of(closings, case.roads.travel, case.roads.is_road))
    rows = zip(arc.tolist(), *(column.tolist() for column in (*ends, since, until, catches)))
    told = [Part.of(*row, int(roads.travel[row[0]])) for row in rows if roads.is_road[row[0]]]
    start, goal = ([None if when == np.inf else round(when * 1e6) for when in each.tolist()] for each in reached)
    return Case(roads, places.known_to(case.plan), case.ways, Hazard(told, start, goal, places.there.tolist()))


def with_buses(case: Case, buses: list[bool]) -> Case:
    """Return the case with buses, which take 2.5 places each, in place of some of its cars."""
    size = np.where(np.array(buses), BUS, CAR)
    hazard = replace(case.hazard, places=[2.5 if bus else 1.0 for bus in buses])
    return Case(case.roads, case.plan._replace(size=size), case.ways, hazard)
