"""A small problem that makes numba compile every kernel of a method, before any clock starts."""

from __future__ import annotations

import numpy as np

from .shared.problem import Arcs, RoutingProblem, TripTable, routing_problem
from .shared.volume_delay import road_cost

SIDE, TRIPS, WINDOW = 6, 150, 60.0  # junctions on a side, vehicles, seconds within which they leave


def small_problem(kind: int) -> RoutingProblem:
    """Return a crowded grid of streets with diagonals, in which vehicles change routes by every operation.

    ``kind`` is that of the cost function.
    """
    node = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    ways = [(node[:, :-1], node[:, 1:]), (node[:-1], node[1:]), (node[:-1, :-1], node[1:, 1:])]
    a, b = (np.concatenate([way[side].ravel() for way in ways]) for side in (0, 1))
    free = np.tile(5.0 + np.arange(len(a)) * 7 % 11, 2)
    background = np.zeros(1), np.zeros(len(free), dtype=np.int32), np.ones((1, 1))  # one vehicle on each road
    cost = road_cost(kind, free, np.full(len(free), 6.0), 0.05, 4.0, background)
    trip = np.arange(TRIPS)
    source, destination = trip * 5 % (node.size // 2), np.where(trip % 3, node.size - 1, SIDE)
    return routing_problem(
        Arcs(
            node.size,
            np.r_[a, b],
            np.r_[b, a],
            cost,
            capacity=np.full(len(free), 300.0),
            storage=np.full(len(free), 3.0),
        ),
        TripTable(source, destination, trip * (WINDOW / TRIPS)),
    )
