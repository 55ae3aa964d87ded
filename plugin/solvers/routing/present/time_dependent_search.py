"""A* in time through the timetable: the way that costs the trip and everyone behind it least.

A label of a node is the cost so far (own seconds and the delay caused) and the time of being there. What is still to
come is estimated by a :class:`.cost_to_go.Guide`. Labels are settled once, at their least cost; since the entry-time
model is not first-in-first-out, a dearer label that arrives at a better moment is given up. So the search is a
heuristic, and every sweep is evaluated exactly afterwards. What a search finds out about the costs still to come is
noted in the guide, for the trips that follow to the same destination (as in adaptive A*, in time).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...graph.heap import drop_first, push
from ...kernels import compiled
from ..shared.timetable import hop_at
from .cost_to_go import raise_to, remaining


class Search(NamedTuple):
    """Scratch space of one search; a stamp equal to the search's number says that an entry is of this search.

    Attributes
    ----------
    cost, time : (n,) float64
        Label of a node.
    via : (n,) int32
        Arc by which it is reached.
    stamp, settled : (n,) int64
    order : (n,) int32
        Nodes as they were settled.
    own : (m,) int64
        Stamp of the arcs on which the trip now is.
    own_entry, own_exit : (m,) float32
        Its present stay there.
    keys : (m+1,) float64, nodes : (m+1,) int64
        Heap: the source enters it, and a node once by each arc at most.
    number : (2,) int64
        The search's number; nodes settled by all searches so far.
    """

    cost: np.ndarray
    time: np.ndarray
    via: np.ndarray
    stamp: np.ndarray
    settled: np.ndarray
    order: np.ndarray
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
        np.zeros(nodes, dtype=np.int64), np.empty(nodes, dtype=np.int32), np.zeros(arcs, dtype=np.int64),
        np.empty(arcs, dtype=np.float32), np.empty(arcs, dtype=np.float32), np.empty(arcs + 1),
        np.empty(arcs + 1, dtype=np.int64), np.zeros(2, dtype=np.int64),
    )  # fmt: skip


@compiled
def mark_stays(plan, search, trip):
    """Note the trip's present stays in ``search``; return the stamp of the arcs concerned."""
    search.number[0] += 1
    number = search.number[0]
    first = plan.start[trip]
    last = first + plan.hops[trip]
    for k in range(first, last):
        road = plan.arc[k]
        search.own[road] = number
        search.own_entry[road] = plan.entry[k]
        search.own_exit[road] = plan.entry[k + 1] if k + 1 < last else plan.arrival[trip]
    return number


@compiled
def weigh(cost, table, plan, search, trip, departure):
    """Return the cost of the trip's present route besides everyone else; note its stays in ``search``."""
    mark_stays(plan, search, trip)
    now = departure
    total = 0.0
    for k in range(plan.start[trip], plan.start[trip] + plan.hops[trip]):
        road = plan.arc[k]
        seconds, delay = hop_at(cost, table, road, now, search.own_entry[road], search.own_exit[road])
        total += seconds + delay
        now += seconds
    return total


@compiled
def learn(search, guide, settled, least):
    """Note in the guide that no way over the ``settled`` first nodes of the search costs less than ``least``."""
    for k in range(settled):
        node = search.order[k]
        raise_to(guide, node, search.time[node], least - search.cost[node])


@compiled
def find_way(cost, star, table, search, guide, source, destination, departure, limit):
    """Search for a way of cost below ``limit``; return True when the destination is reached.

    The way is read from ``search.via`` backwards.
    """
    number = search.number[0]
    keys = search.keys
    nodes = search.nodes
    estimate = remaining(guide, source, departure)
    if estimate >= limit:
        return False
    search.cost[source] = 0.0
    search.time[source] = departure
    search.via[source] = -1
    search.stamp[source] = number
    size = push(keys, nodes, 0, estimate, source)
    settled = 0
    while size > 0:
        here = nodes[0]
        size = drop_first(keys, nodes, size)
        if here == destination:
            search.number[1] += settled
            learn(search, guide, settled, search.cost[destination])
            return True
        if search.settled[here] == number:
            continue
        search.settled[here] = number
        search.order[settled] = here
        settled += 1
        now = search.time[here]
        spent = search.cost[here]
        for k in range(star.indptr[here], star.indptr[here + 1]):
            there = star.head[k]
            if search.settled[there] == number or guide.local[there] < 0:
                continue
            road = star.arc[k]
            known = search.cost[there] if search.stamp[there] == number else np.inf
            if spent + cost.free_flow[road] >= known:
                continue
            if search.own[road] == number:
                seconds, delay = hop_at(cost, table, road, now, search.own_entry[road], search.own_exit[road])
            else:
                seconds, delay = hop_at(cost, table, road, now, np.inf, np.inf)
            reached = spent + seconds + delay
            if reached >= known:
                continue
            estimate = reached + remaining(guide, there, now + seconds)
            if estimate >= limit:
                continue
            search.stamp[there] = number
            search.cost[there] = reached
            search.time[there] = now + seconds
            search.via[there] = road
            size = push(keys, nodes, size, estimate, there)
    search.number[1] += settled
    learn(search, guide, settled, limit)
    return False


@compiled
def find_ways(cost, star, tail, table, plan, search, guide, trips, chosen, at, steps, gain, limit, hops, arc, used):
    """Search for the ways of up to ``steps`` trips of ``chosen`` (b,), all to the guide's destination, from ``at`` on.

    ``trips`` is (source, destination, departure). ``limit`` (b,) is filled with the cost of the present route less the
    share ``gain``, ``hops`` (b,) with the number of arcs of a way that costs less, 0 where there is none; the ways
    follow each other in ``arc``, of which ``used`` (1,) are taken. Returns the next position; stops early when ``arc``
    lacks room for any way.
    """
    last = min(at + steps, len(chosen))
    while at < last and used[0] + len(star.indptr) <= len(arc):
        trip = chosen[at]
        source = trips[0][trip]
        destination = trips[1][trip]
        hops[at] = 0
        if source != destination:
            limit[at] = weigh(cost, table, plan, search, trip, trips[2][trip]) * (1.0 - gain)
            if find_way(cost, star, table, search, guide, source, destination, trips[2][trip], limit[at]):
                node = destination
                while node != source:
                    hops[at] += 1
                    node = tail[search.via[node]]
                node = destination
                used[0] += hops[at]
                k = used[0]
                while node != source:
                    k -= 1
                    arc[k] = search.via[node]
                    node = tail[arc[k]]
        at += 1
    return at
