"""A* in time through the timetable: the way that costs the trip and everyone behind it least.

A label of a node is the cost so far (own seconds and the delay caused) and the time of being there. What is still to
come is estimated by a guide, the least cost to the destination on some weights: with the free-flow times no cost can
undercut it; between those and the mean costs of the present timetable it leads the search more directly. Labels are
settled once, at their least cost; since the entry-time model is not first-in-first-out, a dearer label that arrives at
a better moment is given up. So the search is a heuristic, and every sweep is evaluated exactly afterwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..dependencies import compiled
from .heap import drop_first, push
from .timetable import hop_at


class Search(NamedTuple):
    """Scratch space of one search; a stamp equal to the search's number says that an entry is of this search.

    Attributes
    ----------
    cost, time : (n,) float64
        Label of a node.
    via : (n,) int32
        Arc by which it is reached.
    stamp, settled : (n,) int64
    own : (m,) int64
        Stamp of the arcs on which the trip now is.
    own_entry, own_exit : (m,) float64
        Its present stay there.
    keys : (m+1,) float64, nodes : (m+1,) int64
        Heap.
    number : (1,) int64
        The search's number.
    """

    cost: np.ndarray
    time: np.ndarray
    via: np.ndarray
    stamp: np.ndarray
    settled: np.ndarray
    own: np.ndarray
    own_entry: np.ndarray
    own_exit: np.ndarray
    keys: np.ndarray
    nodes: np.ndarray
    number: np.ndarray


def make_search(nodes: int, arcs: int) -> Search:
    """Return scratch space for a network of ``nodes`` and ``arcs``."""
    return Search(
        np.empty(nodes), np.empty(nodes), np.empty(nodes, dtype=np.int32), np.zeros(nodes, dtype=np.int64),
        np.zeros(nodes, dtype=np.int64), np.zeros(arcs, dtype=np.int64), np.empty(arcs), np.empty(arcs),
        np.empty(arcs + 1), np.empty(arcs + 1, dtype=np.int64), np.zeros(1, dtype=np.int64),
    )  # fmt: skip


@compiled
def weigh(cost, table, plan, search, trip, departure):
    """Return the cost of the trip's present route besides everyone else; note its stays in ``search``."""
    search.number[0] += 1
    number = search.number[0]
    first = plan.start[trip]
    last = first + plan.hops[trip]
    now = departure
    total = 0.0
    for k in range(first, last):
        road = plan.arc[k]
        search.own[road] = number
        search.own_entry[road] = plan.entry[k]
        search.own_exit[road] = plan.entry[k + 1] if k + 1 < last else plan.arrival[trip]
    for k in range(first, last):
        road = plan.arc[k]
        seconds, delay = hop_at(cost, table, road, now, search.own_entry[road], search.own_exit[road])
        total += seconds + delay
        now += seconds
    return total


@compiled
def find_way(cost, star, table, search, guide, source, destination, departure, limit):
    """Search for a way of cost below ``limit``; return True when the destination is reached.

    ``guide`` (n,) estimates the cost from each node to the destination. The way is read from ``search.via`` backwards.
    """
    number = search.number[0]
    keys = search.keys
    nodes = search.nodes
    search.cost[source] = 0.0
    search.time[source] = departure
    search.via[source] = -1
    search.stamp[source] = number
    size = push(keys, nodes, 0, guide[source], source)
    while size > 0:
        here = nodes[0]
        size = drop_first(keys, nodes, size)
        if here == destination:
            return True
        if search.settled[here] == number:
            continue
        search.settled[here] = number
        now = search.time[here]
        spent = search.cost[here]
        for k in range(star.indptr[here], star.indptr[here + 1]):
            there = star.head[k]
            if search.settled[there] == number:
                continue
            road = star.arc[k]
            reached = spent + cost.free_flow[road]
            if reached + guide[there] >= limit or (search.stamp[there] == number and search.cost[there] <= reached):
                continue
            if search.own[road] == number:
                seconds, delay = hop_at(cost, table, road, now, search.own_entry[road], search.own_exit[road])
            else:
                seconds, delay = hop_at(cost, table, road, now, np.inf, np.inf)
            reached = spent + seconds + delay
            if reached + guide[there] >= limit or (search.stamp[there] == number and search.cost[there] <= reached):
                continue
            search.stamp[there] = number
            search.cost[there] = reached
            search.time[there] = now + seconds
            search.via[there] = road
            if size < len(keys):
                size = push(keys, nodes, size, reached + guide[there], there)
    return False
