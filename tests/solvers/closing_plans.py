"""Small networks on which roads close and a hazard comes, and the best of all plans on them by the slow evaluator."""

from __future__ import annotations

from itertools import product

import numpy as np

from evacuation_planner.plugin.solvers.routing.queue.network import QueueRoads, roads_of
from evacuation_planner.plugin.solvers.routing.shared.choices import LINEAR
from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.routing.shared.problem import (
    Arcs,
    RoutingProblem,
    TripTable,
    routing_problem,
)
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from tests.solvers.queue_plans import simple_ways
from tests.solvers.queue_reference import Hazard, Part, Roads, evaluate


def small_problem(seed: int, most_plans: int = 1500) -> tuple[RoutingProblem, list[list[list[int]]]]:
    """Return trips on a few junctions whose roads close, and all simple ways of each trip; not too many plans."""
    rng = np.random.default_rng([seed, 15])
    while True:
        problem = _drawn(rng)
        ways = [simple_ways(problem, int(s), int(d)) for s, d in zip(problem.source, problem.destination)]
        plans = np.prod([float(max(len(own), 1)) for own in ways])
        if all(ways) and 4 <= plans <= most_plans:
            return problem, ways


def _drawn(rng: np.random.Generator) -> RoutingProblem:
    junctions = int(rng.integers(4, 9))
    place = junctions  # a destination behind one or two doors
    pairs = {(int(a), int(b)) for a, b in rng.integers(0, junctions, (int(rng.integers(6, 16)), 2)) if a != b}
    pairs |= {(b, a) for a, b in sorted(pairs) if rng.random() < 0.3}
    arcs = sorted(pairs)
    doors = rng.choice(junctions, int(rng.integers(1, 3)), replace=False).tolist()
    tail, head = np.array([*arcs, *((door, place) for door in doors)], dtype=np.int32).T
    roads, m = len(arcs), len(tail)
    is_road = np.arange(m) < roads
    travel = np.where(is_road, rng.integers(2, 30, m), 1).astype(float)
    capacity = np.where(is_road, rng.choice([180.0, 300.0, 450.0, 900.0, 1800.0], m), np.inf)
    parts = int(rng.integers(1, roads + 3))
    arc = np.sort(rng.integers(0, roads, parts)).astype(np.int32)
    ends = np.sort(rng.integers(0, 5, (2, parts)) / 4, axis=0)
    ends[:, rng.random(parts) < 0.4] = [[0.0], [1.0]]
    catches = rng.random(parts) < 0.6
    since = rng.integers(0, 80, parts).astype(float)
    until = np.where(catches | (rng.random(parts) < 0.2), np.inf, since + rng.integers(1, 60, parts))
    start = np.where(rng.random(junctions + 1) < 0.2, rng.integers(5, 60, junctions + 1), np.inf)
    goal = np.full(junctions + 1, np.inf)
    if rng.random() < 0.1:
        goal[int(rng.integers(junctions))] = float(rng.integers(0, 100))
    trips = int(rng.integers(2, 7))
    sources = rng.choice(junctions, int(rng.integers(1, 3)))
    goals = [place, int(rng.integers(junctions))] if rng.random() < 0.4 else [place]
    cost = road_cost(LINEAR, travel, np.full(m, np.inf))
    storage = np.where(is_road, rng.integers(1, 4, m), 0).astype(float)
    return routing_problem(
        Arcs(
            junctions + 1, tail, head, cost, np.maximum(travel, 1.0) * 10, capacity=capacity, storage=storage,
            closings=Closings(arc, *ends, since, until, catches, start, goal),
        ),
        TripTable(
            rng.choice(sources, trips), rng.choice(goals, trips),
            np.sort(rng.integers(0, int(rng.choice([1, 10, 30])), trips)).astype(float),
            rng.integers(1, 4, trips).astype(float) if rng.random() < 0.5 else None,
        ),
    )  # fmt: skip


class Oracle:
    """What the slow evaluator says of plans of a problem."""

    def __init__(self, problem: RoutingProblem, patience: int = 300_000_000) -> None:
        self.problem, self.patience = problem, patience
        roads: QueueRoads = roads_of(problem)
        self.is_road = roads.is_road
        self.roads = Roads(*(column.tolist() for column in roads[:3]), [])
        closings = problem.closings
        rows = zip(*(column.tolist() for column in closings[:6]))
        self.parts = [Part.of(*row, int(roads.travel[row[0]])) for row in rows]
        self.reached = closings.start_reached, closings.goal_reached

    def fates(self, trips: list[int], ways: list[list[int]]) -> tuple[list, list]:
        """Return what becomes of some trips alone by ``ways`` (arcs), and their moments."""
        problem = self.problem
        start, goal = (
            [None if moments[place] == np.inf else round(moments[place] * 1e6) for place in ends[trips].tolist()]
            for moments, ends in zip(self.reached, (problem.source, problem.destination))
        )
        driven = [[arc for arc in way if self.is_road[arc]] for way in ways]
        doors = {(int(a), int(b)) for a, b in zip(problem.tail[~self.is_road], problem.head[~self.is_road])}
        ends = [(int(problem.source[k]), int(problem.destination[k])) for k in trips]
        there = [bool(way) or pair in doors or pair[0] == pair[1] for way, pair in zip(driven, ends)]
        departure = [round(problem.departure[k] * 1e6) for k in trips]
        told = evaluate(self.roads, departure, driven, self.patience, Hazard(self.parts, start, goal, there))
        return told.fates, told.moments

    def value(self, trips: list[int], ways: list[list[int]]) -> tuple[float, int]:
        """Return the people caught of some trips, and the microseconds of those who arrive."""
        fates, moments = self.fates(trips, ways)
        caught = sum(float(self.problem.people[k]) for k, fate in zip(trips, fates) if fate)
        took = (m[-1] - round(self.problem.departure[k] * 1e6) for k, m, f in zip(trips, moments, fates) if m and not f)
        return caught, sum(took)

    def goers(self, ways: list[list[list[int]]]) -> list[int]:
        """Return who arrives by one of his ways when he is alone."""
        return [k for k, own in enumerate(ways) if any(self.fates([k], [way])[0][0] is None for way in own)]


def best_plan(oracle: Oracle, ways: list[list[list[int]]]) -> tuple[float, int]:
    """Return the fewest people caught, and the least time with them, of all plans of those who can arrive alone."""
    goers = oracle.goers(ways)
    stay = sum(float(oracle.problem.people[k]) for k in range(len(ways)) if k not in goers)
    least = min((oracle.value(goers, list(plan)) for plan in product(*(ways[k] for k in goers))), default=(0.0, 0))
    return least[0] + stay, least[1]
