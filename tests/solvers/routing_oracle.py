"""Small routing problems, an evaluator written straight from [E] Definition 6, and exhaustive search."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from evacuation_planner.plugin.solvers.routing.shared.choices import BPR, DENSITY, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, RoutingProblem, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost


@dataclass
class Case:
    """A problem and what is needed to evaluate it without the solver's code."""

    problem: RoutingProblem
    kind: int
    room: np.ndarray
    background: tuple | None

    def seconds(self, arc: int, flow: float) -> float:
        free, room = float(self.problem.cost.free_flow[arc]), float(self.room[arc])
        if self.kind == LINEAR:
            return free * (1 + self.problem.cost.a * flow)
        if self.kind == DENSITY:
            return free / max(0.05, 1 - flow / room)
        return free * (1 + self.problem.cost.a * (flow / room) ** self.problem.cost.b)

    def there_anyway(self, arc: int, time: float) -> float:
        if self.background is None or self.background[1][arc] < 0:
            return 0.0
        held = [v for t, v in zip(self.background[0], self.background[2][self.background[1][arc]]) if t <= time]
        return float(held[-1]) if held else 0.0


def random_case(seed: int, kind: int = LINEAR, *, nodes: int = 6, trips: int = 3, background: bool = False) -> Case:
    """A connected random network with a few trips that get into each other's way; some draws have ties."""
    rng = np.random.default_rng(seed)
    pairs = [(k, (k + 1) % nodes) for k in range(nodes)]
    pairs += [tuple(rng.choice(nodes, 2, replace=False)) for _ in range(nodes // 2)]
    ends = np.array(pairs + [(b, a) for a, b in pairs[: len(pairs) - 1]])
    free = rng.integers(3, 12, len(ends)).astype(float) if seed % 2 else rng.uniform(3, 12, len(ends))
    room = rng.uniform(1.5, 6, len(ends))
    a = {LINEAR: 0.5, DENSITY: 0.05, BPR: 0.3}[kind]
    table = None
    if background:
        table = (np.array([0.0, 10.0, 25.0]), rng.integers(-1, 3, len(ends)), rng.uniform(0, 3, (3, 3)))
    cost = road_cost(kind, free, None if kind == LINEAR else room, a, 2.0, table)
    source = rng.integers(0, nodes, trips)
    destination = (source + rng.integers(1, nodes, trips)) % nodes
    departure = np.sort(rng.integers(0, 3, trips) * 2.0 if seed % 2 else rng.uniform(0, 5, trips))
    people = rng.integers(1, 4, trips)
    problem = routing_problem(
        Arcs(nodes, ends[:, 0], ends[:, 1], cost, np.full(len(ends), 100.0)),
        TripTable(source, destination, departure, people),
    )
    return Case(problem, kind, room, table)


def simple_paths(problem: RoutingProblem, source: int, destination: int) -> list[list[int]]:
    """Every route without a repeated node."""
    found, stack = [], [(source, [], {source})]
    while stack:
        node, arcs, seen = stack.pop()
        if node == destination:
            found.append(arcs)
            continue
        for arc in np.flatnonzero(problem.tail == node).tolist():
            to = int(problem.head[arc])
            if to not in seen:
                stack.append((to, arcs + [arc], seen | {to}))
    return found


def present_moments(case: Case, routes: list[list[int]]) -> list[list[float]]:
    """Moments at which each trip enters its arcs, and of its arrival, by Definition 6.

    Always the earliest vehicle (then the lowest index) enters its next road. Its flow is the number of vehicles that
    entered that road before and whose event of leaving, (time, index), is still to come.
    """
    problem = case.problem
    moments = [[float(t)] for t in problem.departure]
    stays: list[tuple[int, int, float]] = []
    active = set(range(problem.trips))
    while active:
        trip = min(active, key=lambda q: (moments[q][-1], q))
        now, hop = moments[trip][-1], len(moments[trip]) - 1
        if hop == len(routes[trip]):
            active.discard(trip)
            continue
        arc = routes[trip][hop]
        flow = sum(1 for road, q, leave in stays if road == arc and (leave, q) > (now, trip))
        leave = now + case.seconds(arc, flow + case.there_anyway(arc, now))
        stays.append((arc, trip, leave))
        moments[trip].append(leave)
    return moments


def present_arrivals(case: Case, routes: list[list[int]]) -> np.ndarray:
    """Arrivals by Definition 6."""
    return np.array([moments[-1] for moments in present_moments(case, routes)])


def static_total(case: Case, routes: list[list[int]], static: np.ndarray) -> float:
    """Total time when everybody counts on every road of the route, whatever the time."""
    flow = static.copy()
    for route in routes:
        for arc in route:
            flow[arc] += 1
    return sum(case.seconds(arc, flow[arc]) for route in routes for arc in route)


def best_total(case: Case, evaluate) -> float:
    """The least value of ``evaluate(routes)`` over all combinations of simple routes."""
    problem = case.problem
    choices = [simple_paths(problem, int(s), int(d)) for s, d in zip(problem.source, problem.destination)]
    return min(evaluate(list(routes)) for routes in itertools.product(*choices))
