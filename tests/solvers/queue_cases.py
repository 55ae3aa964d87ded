"""Small road networks for the queue model: drawn by hand, or at random with everything that makes trouble."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evacuation_planner.plugin.solvers.graph.stars import ForwardStar
from evacuation_planner.plugin.solvers.routing.queue.events import Plan
from evacuation_planner.plugin.solvers.routing.queue.network import Background, QueueRoads, microseconds, queue_roads
from evacuation_planner.plugin.solvers.routing.queue.simulation import QueueRun, plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct
from tests.solvers.queue_reference import Roads, Told, evaluate


class Case(NamedTuple):
    """Roads and trips: ``departure`` in microseconds, ascending; ``ways`` the roads of each trip without connectors."""

    roads: QueueRoads
    plan: Plan
    ways: list[list[int]]

    def run(self, stuck_seconds: float = 300.0, **options) -> QueueRun:
        return simulate_queues(self.roads, self.plan, stuck_seconds=stuck_seconds, **options)

    def told(self, stuck_seconds: float = 300.0) -> Told:
        """What the slow evaluator says."""
        changes = zip(*(column.tolist() for column in self.roads[6:]))
        roads = Roads(*(column.tolist() for column in self.roads[:3]), list(changes))
        return evaluate(roads, self.plan.departure.tolist(), self.ways, round(stuck_seconds * 1e6))


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
    """Return of each trip its entry and its exits, microseconds."""
    return [part.tolist() for part in np.split(run.moment, case.plan.move[1:-1])]


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
