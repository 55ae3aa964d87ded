"""The least time in which all vehicles can flow to any of the destinations, and the cheapest flow that does it.

Each road passes its capacity times the time, each destination takes its room; travel and departures are left out. With
whole numbers of vehicles a cheapest flow is whole too, so that it falls apart into vehicles and their ways. Source:
Ford and Fulkerson (1962), flows in networks; the quickest transshipment's relaxation of Hoppe and Tardos (2000).
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from ..control import Control
from ..dependencies import require
from ..errors import SolverError
from ..kernels import compiled
from ..mip.linear import LinearProgram
from ..routing.queue.network import QueueRoads
from ..routing.shared.routes import Routes
from .fields import LARGE
from .problem import JointProblem

NARROW = 1e-3  # of the time, at which the search for the least one ends


class FlowNetwork:
    """The roads of a problem with one source before all starts and one sink behind all destinations."""

    def __init__(self, problem: JointProblem, roads: QueueRoads, open_ones: np.ndarray) -> None:
        network = problem.network
        self.nodes, self.problem, self.roads = network.nodes, problem, roads
        self.open = np.flatnonzero(open_ones)
        self.starts = np.unique(network.source).astype(np.int64)
        self.source, self.sink = self.nodes, self.nodes + 1
        self.tail = np.r_[network.tail, np.full(len(self.starts), self.source), problem.node[self.open]].astype(
            np.int64
        )
        self.head = np.r_[network.head, self.starts, np.full(len(self.open), self.sink)].astype(np.int64)

    def most(self, passes: np.ndarray, supply: np.ndarray, places: np.ndarray) -> int:
        """Return how many vehicles can flow when each road (m,) passes so many, and so many start and find room."""
        require("scipy", "finding the most vehicles that roads and doors can pass")
        from scipy.sparse.csgraph import maximum_flow

        capacity = np.minimum(np.r_[passes, supply, places], LARGE).astype(np.int32)
        key = self.tail * (self.nodes + 2) + self.head
        pairs, where = np.unique(key, return_inverse=True)  # roads side by side are one here
        total = np.minimum(np.bincount(where.ravel(), weights=capacity), LARGE).astype(np.int32)
        shape = self.nodes + 2, self.nodes + 2
        graph = csr_matrix((total, (pairs // shape[0], pairs % shape[0])), shape=shape)
        return int(maximum_flow(graph, self.source, self.sink).flow_value)


def least_time(most: Callable[[float], int], vehicles: int, low: float, high: float) -> float:
    """Return about the least seconds ``t`` for which ``most(t)`` is at least ``vehicles``, from above.

    Infinite if that is not reached within 1,000 times ``high``.
    """
    first = high
    while most(high) < vehicles:
        low, high = high, 2.0 * high
        if high > 1000.0 * first:
            return np.inf
    while high - low > NARROW * high:
        middle = 0.5 * (low + high)
        if most(middle) >= vehicles:
            high = middle
        else:
            low = middle
    return high


class Paths(NamedTuple):
    """Ways of whole vehicles, without the source and the sink.

    Attributes
    ----------
    start : (p,) int64
        Number of the start of each way.
    end : (p,) int64
        Number of its destination.
    vehicles : (p,) int64
        Those that take it.
    indptr : (p + 1,) int64, arcs : (h,) int32
    """

    start: np.ndarray
    end: np.ndarray
    vehicles: np.ndarray
    indptr: np.ndarray
    arcs: np.ndarray


def cheapest(
    net: FlowNetwork,
    passes: np.ndarray,
    supply: np.ndarray,
    places: np.ndarray,
    cost: np.ndarray,
    vehicles: int,
    control: Control,
) -> Paths:
    """Return the cheapest flow of so many ``vehicles`` of ``supply`` (s,), ``cost`` (m,) a vehicle and road, as ways.

    Raises
    ------
    SolverError
        When not so many find a way.
    """
    arcs, nodes = len(net.tail), net.nodes + 2
    upper = np.minimum(np.r_[passes, supply, places], LARGE).astype(np.float64)
    column = np.arange(arcs)
    balance = csr_matrix(
        (np.r_[np.ones(arcs), -np.ones(arcs)], (np.r_[net.tail, net.head], np.r_[column, column])), shape=(nodes, arcs)
    )
    right = np.zeros(nodes)
    right[net.source], right[net.sink] = vehicles, -vehicles
    price = np.r_[cost, np.zeros(arcs - len(cost))]
    found = LinearProgram(price, np.zeros(arcs), upper, balance, right, right).solve(control)
    if found is None:
        raise SolverError("Not all vehicles find a way in the flow. Please report the case.")
    return _ways(net, np.rint(found.x).astype(np.int64))


def _ways(net: FlowNetwork, flow: np.ndarray) -> Paths:
    """Return a whole flow (arcs,) as ways; circles, which a cheapest flow may have for nothing, are left out."""
    used = np.flatnonzero(flow > 0)
    order = used[np.argsort(net.tail[used], kind="stable")]
    begin = np.searchsorted(net.tail[order], np.arange(net.nodes + 3))
    left, at = flow[order], begin[:-1].copy()
    most = len(order)
    arcs, ends = np.empty(1 << 16, dtype=np.int64), []
    counts, sizes = [], [0]
    way, seen = np.empty(most + 1, dtype=np.int64), np.full(net.nodes + 2, -1, dtype=np.int64)
    size = 0
    while True:
        hops, count = next_way(net.head, order, begin, at, left, net.source, net.sink, way, seen)
        if hops == 0:
            break
        if size + hops > len(arcs):
            arcs = np.r_[arcs, np.empty(max(len(arcs), hops), dtype=np.int64)]
        arcs[size : size + hops] = way[:hops]
        size += hops
        sizes.append(size)
        counts.append(count)
        ends.append(0)
    arcs = arcs[:size]
    roads = len(net.problem.network.tail)
    first, last = arcs[np.array(sizes[:-1], dtype=np.int64)], arcs[np.array(sizes[1:], dtype=np.int64) - 1]
    inner = arcs < roads
    before = np.r_[0, np.cumsum(inner)]
    return Paths(
        first - roads,
        net.open[last - roads - len(net.starts)],
        np.array(counts, dtype=np.int64),
        before[np.array(sizes, dtype=np.int64)],
        arcs[inner].astype(np.int32),
    )


@compiled
def next_way(head, order, begin, at, left, source, sink, way, seen):
    """Take the next way from source to sink off a flow; return its number of arcs, 0 without one, and its vehicles.

    ``order`` holds the arcs by tail, ``begin`` (n + 1,) their offsets, ``at`` (n,) the next with a flow, ``left`` the
    flow of each. Circles on the way are taken off.
    """
    while True:
        node, size = source, 0
        seen[:] = -1
        circle = -1
        while node != sink:
            while at[node] < begin[node + 1] and left[at[node]] == 0:
                at[node] += 1
            if at[node] == begin[node + 1]:
                return 0, 0
            seen[node] = size
            way[size] = at[node]
            size += 1
            node = head[order[at[node]]]
            if seen[node] >= 0:
                circle = seen[node]
                break
        first = max(circle, 0)
        count = left[way[first]]
        for k in range(first, size):
            count = min(count, left[way[k]])
        for k in range(first, size):
            left[way[k]] -= count
        if circle < 0:
            for k in range(size):
                way[k] = order[way[k]]
            return size, count


def fluid_routes(net: FlowNetwork, paths: Paths, source: np.ndarray) -> tuple[Routes, np.ndarray]:
    """Return ways for vehicles from ``source`` (t,), in the order of their departures, and their destinations (t,).

    The vehicles of a start take its ways in turn, as often as the flow does. Those for whom it has none get -1.
    """
    destination = np.full(len(source), -1, dtype=np.int32)
    of_trip = np.zeros(len(source), dtype=np.int32)
    start = np.searchsorted(net.starts, source)
    trips, ways = np.argsort(start, kind="stable"), np.argsort(paths.start, kind="stable")
    of_trips = np.searchsorted(start[trips], np.arange(len(net.starts) + 1))
    of_ways = np.searchsorted(paths.start[ways], np.arange(len(net.starts) + 1))
    for k in range(len(net.starts)):
        mine, there = trips[of_trips[k] : of_trips[k + 1]], ways[of_ways[k] : of_ways[k + 1]]
        count = paths.vehicles[there]
        # The j-th vehicle of a way of c vehicles comes when (j + 1/2) / c of all have left.
        moment = np.concatenate([(np.arange(c) + 0.5) / c for c in count.tolist()]) if len(there) else np.empty(0)
        way = np.repeat(there, count)[np.argsort(moment, kind="stable")][: len(mine)]
        of_trip[mine[: len(way)]], destination[mine[: len(way)]] = way, paths.end[way]
    return Routes(paths.indptr, paths.arcs, of_trip), destination
