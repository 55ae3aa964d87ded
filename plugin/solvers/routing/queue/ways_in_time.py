"""The earliest ways that arrive before what closes and the hazard, in the traffic of a plan as it is.

One vehicle more enters each road behind those who came before it and leaves it a headway after the one ahead. Who comes
earlier leaves no later, so that the earliest moment at each junction is all that a search must know.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from ...control import Control
from ...graph.heap import drop_first, push
from ...kernels import compiled
from ..shared.menu import MenuRoutes
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes, rerouted
from ..shared.trees import Trees
from .adjoint import Traffic
from .bars import NEVER, entry_in_time
from .marginal import LOST, one_more, price_menu
from .network import QueueRoads, microseconds
from .safe_ways import least_times

BLOCK = 2_000_000  # roads of ways that are found at once


@compiled
def reach_in_time(roads, traffic, star, least, source, departure, goal, number, label, took, via, keys, items):
    """Search the earliest way from ``source`` to ``goal``; return whether one arrives in time.

    Parameters
    ----------
    least : (n,) int64
        At most the free-flow time to ``goal``, microseconds.
    label, took : (n,) int64, via : (n,) int32
        Filled where ``label`` becomes ``number``: the moment of arrival at the node, the arc by which, -1 at first.
    """
    label[source] = number
    took[source] = departure
    via[source] = -1
    size = push(keys, items, 0, departure + least[source], source)
    while size > 0:
        node, key = items[0], keys[0]
        size = drop_first(keys, items, size)
        if node == goal:
            return True
        if key > took[node] + least[node]:
            continue
        for j in range(star.indptr[node], star.indptr[node + 1]):
            arc, to = star.arc[j], star.head[j]
            if least[to] >= NEVER // 4:
                continue
            leave = took[node]
            if roads.is_road[arc]:
                begin = entry_in_time(roads.bars, arc, leave)
                if begin == NEVER:
                    continue
                leave, _ = one_more(roads, traffic, arc, begin)
                if leave > roads.bars.last_exit[arc]:
                    continue
            if (label[to] != number or leave < took[to]) and size < len(keys):
                label[to] = number
                took[to] = leave
                via[to] = arc
                size = push(keys, items, size, leave + least[to], to)
    return False


@compiled
def find_ways_in_time(
    roads, traffic, star, tail, least, trips, source, departure, goal, first, label, took, via, keys, items, way, hops
):  # fmt: skip
    """Find the earliest way of each of ``trips`` (k,) from number ``first`` on, as they fit; return the next of them.

    ``hops`` (k,) is filled with its number of roads, -1 where none arrives in time; ``way`` from its beginning;
    ``label`` (n,) holds -1 at first.
    """
    size = 0
    for k in range(first, len(trips)):
        trip = trips[k]
        hops[k] = -1
        if not reach_in_time(
            roads, traffic, star, least, source[trip], departure[trip], goal, k, label, took, via, keys, items
        ):
            continue
        count, node = 0, goal
        while via[node] >= 0:
            count += roads.is_road[via[node]]
            node = tail[via[node]]
        if size + count > len(way):
            return k
        hops[k] = count
        place, node = size + count, goal
        while via[node] >= 0:
            if roads.is_road[via[node]]:
                place -= 1
                way[place] = via[node]
            node = tail[via[node]]
        size += count
    return len(trips)


class EarliestWays:
    """The earliest ways through the whole network in the traffic of a plan."""

    def __init__(self, problem: RoutingProblem, roads: QueueRoads, trees: Trees) -> None:
        self.problem, self.roads, self.trees = problem, roads, trees
        self.star, self.departure = problem.star(), microseconds(problem.departure)
        nodes, most = problem.nodes, problem.arcs + problem.nodes
        self.label, self.took = np.empty((2, nodes), dtype=np.int64)
        self.via = np.empty(nodes, dtype=np.int32)
        self.keys, self.items = np.empty((2, most), dtype=np.int64)
        self.size = self.arcs = np.empty(0, dtype=np.int64)

    def look(self, routes: Routes, traffic: Traffic, trips: np.ndarray, control: Control) -> np.ndarray:
        """Return who (k,) of ``trips`` finds a way that arrives in time, and keep these ways."""
        who, size, arcs = [], [], []
        for row, goal in enumerate(self.trees.destinations.tolist()):
            some, done = trips[self.trees.row[trips] == row], 0
            least, hops = least_times(self.trees.seconds[row]), np.empty(len(some), dtype=np.int64)
            self.label[:] = -1
            while done < len(some):
                control.stop_if_cancelled()
                way, before = np.empty(max(BLOCK, self.problem.nodes), dtype=np.int32), done
                done = find_ways_in_time(
                    self.roads, traffic, self.star, self.problem.tail, least, some, self.problem.source,
                    self.departure, goal, done, self.label, self.took, self.via, self.keys, self.items, way, hops,
                )  # fmt: skip
                there = hops[before:done] >= 0
                who.append(some[before:done][there])
                size.append(hops[before:done][there])
                arcs.append(way[: size[-1].sum()])
        self.size = np.concatenate([np.empty(0, dtype=np.int64), *size])
        self.arcs = np.concatenate([np.empty(0, dtype=np.int32), *arcs])
        return np.concatenate([np.empty(0, dtype=np.int64), *who])

    def taken(self, routes: Routes, trips: np.ndarray, rows: np.ndarray) -> Routes:
        """Return ``routes`` with ``trips`` (j,) on the ways kept at ``rows`` (j,), ascending."""
        take = np.zeros(len(self.size), dtype=bool)
        take[rows] = True
        indptr = np.r_[0, np.cumsum(self.size[take])]
        return rerouted(routes, trips, indptr, self.arcs[np.repeat(take, self.size)])


class MenuWays:
    """The ways of a plan's menu that cost all least among those that arrive in time."""

    def __init__(self, roads: QueueRoads, departure: np.ndarray) -> None:
        self.roads, self.departure = roads, departure
        self.best = np.empty(0, dtype=np.int64)

    def look(self, routes: Routes, traffic: Traffic, trips: np.ndarray, control: Control) -> np.ndarray:
        """Return who (k,) of ``trips`` finds a way that arrives in time, and keep these ways."""
        menu = cast(MenuRoutes, routes)
        best, (own, cost) = menu.start[menu.stop[trips]].copy(), np.full((2, len(trips)), LOST)
        price_menu(
            self.roads, traffic, menu.indptr, menu.arcs, menu.start, menu.stop, self.departure, trips, own, best, cost
        )
        there = (cost < LOST) & (np.diff(menu.indptr)[best] > 0)
        self.best = best[there]
        return trips[there]

    def taken(self, routes: Routes, trips: np.ndarray, rows: np.ndarray) -> Routes:
        """Return ``routes`` with ``trips`` (j,) on the ways kept at ``rows`` (j,), ascending."""
        of_trip = routes.of_trip.copy()
        of_trip[trips] = self.best[rows]
        return cast(MenuRoutes, routes).taking(of_trip)
