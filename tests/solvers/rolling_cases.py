"""Small running evacuations in which something becomes known on the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.rolling.game import Game
from evacuation_planner.plugin.solvers.rolling.knowledge import Knowledge
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, roads_of
from evacuation_planner.plugin.solvers.routing.shared.choices import LINEAR
from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.routing.shared.problem import (
    BUS,
    CAR,
    Arcs,
    RoutingProblem,
    TripTable,
    routing_problem,
)
from evacuation_planner.plugin.solvers.routing.shared.routes import with_routes_of
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve

SIDE = 4  # junctions along each side of the town
LATE = np.array([40.0, 80.0, 120.0, 200.0])  # s


def lattice(rng: np.random.Generator, trips: int = 30) -> RoutingProblem:
    """A town of streets in both directions; everybody leaves the west for one of two places in the east."""
    node = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    pairs = [(a, b) for row in (*node, *node.T) for a, b in zip(row[:-1].tolist(), row[1:].tolist())]
    pairs += [(b, a) for a, b in pairs]
    tail, head = np.array(pairs).T
    arcs = len(tail)
    travel = rng.integers(10, 40, arcs).astype(float)
    capacity = rng.choice([300.0, 600.0, 1200.0], arcs)
    rows = np.sort(rng.choice(arcs, 6, replace=False)).astype(np.int32)
    since = rng.integers(10, 200, 6).astype(float)
    catches = rng.random(6) < 0.4
    until = np.where(catches | (rng.random(6) < 0.5), np.inf, since + rng.integers(60, 400, 6))
    nodes = SIDE * SIDE
    never = np.full(nodes, np.inf)
    closings = Closings(rows, np.zeros(6), np.ones(6), since, until, catches, never, never)
    cost = road_cost(LINEAR, travel, np.full(arcs, np.inf))
    table = TripTable(
        rng.choice(node[:, 0], trips), rng.choice(node[[0, -1], -1], trips), np.sort(rng.integers(0, 90, trips)),
        rng.integers(1, 5, trips).astype(float),
    )  # fmt: skip
    storage = rng.integers(2, 6, arcs).astype(float)
    return routing_problem(
        Arcs(nodes, tail, head, cost, travel * 10, capacity=capacity, storage=storage, closings=closings), table
    )


def game(seed: int, known: bool = False, step: int | None = 60, buses: float = 0.0) -> Game:
    """A plan made with what is known at the start; some of the closings become known later, unless all is ``known``.

    ``buses`` is the share of the trips that are.
    """
    rng = np.random.default_rng([seed, 16])
    problem = lattice(rng)
    if buses:
        bus = np.random.default_rng([seed, 17]).random(problem.trips) < buses
        problem = replace(problem, size=np.where(bus, BUS, CAR), people=problem.people * np.where(bus, 10.0, 1.0))
    late = rng.random(6) < 0.6
    row = np.where(late & (not known), rng.choice(LATE, 6), -np.inf)
    knowledge = Knowledge.of_closures(problem.closings, row)
    travel = roads_of(problem).travel
    told = replace(problem, closings=knowledge.closings_at(problem.closings, 0, travel))
    result = solve(told, certify=False, control=Control())
    lost = result.caught
    routes = result.routes
    if len(lost.trip):
        trips = problem.trips
        of_trip = np.zeros(trips, dtype=np.int32)
        of_trip[result.routed] = routes.of_trip
        routes = with_routes_of(replace(routes, of_trip=of_trip), lost.trip, _all(lost.routes, lost.trip, trips))
    fixed = np.zeros(problem.trips, dtype=bool)
    return Game(problem, routes, knowledge, fixed, 0, None if step is None else step * SECOND, 300.0)


def _all(routes, trips, count):
    of_trip = np.zeros(count, dtype=np.int32)
    of_trip[trips] = routes.of_trip
    return replace(routes, of_trip=of_trip)


__all__ = ["game", "lattice"]
