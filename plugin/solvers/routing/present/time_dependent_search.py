"""A* in time through the timetable: the way that costs the trip and everyone behind it least.

A label of a node is the cost so far (own seconds and the delay caused) and the time of being there. What is still to
come is estimated by a :class:`.cost_to_go.CostToGo`. Labels are settled once, at their least cost; since the entry-time
model is not first-in-first-out, a dearer label that arrives at a better moment is given up. So the search is a
heuristic, and every sweep is evaluated exactly afterwards. What a search finds out about the costs still to come is
noted there, for the trips that follow to the same destination (as in adaptive A*, in time).

Where roads close, a way counts only if by the timetable it waits for what opens, comes to nothing closed, and leaves
every part before the hazard is there; who does not arrive by his present route takes any way that does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...graph.heap import drop_first, push
from ...kernels import compiled
from ..shared.closed_arcs import (
    NOTHING_CLOSES,
    Watch,
    entry_in_time,
    leaves_in_time,
    open_at,
    waits_until,
)
from ..shared.timetable import hop_at
from .cost_to_go import raise_to, remaining

LOST = 1e9  # seconds: the price of a way that does not arrive in time


class Heeded(NamedTuple):
    """What the ways of trips must heed where something closes; empty where nothing does.

    Attributes
    ----------
    watch : Watch
        With the fate of each trip by its present route.
    latest : (d, m) float64
        Until when, s, one may be at the end of each arc and still arrive at each destination on empty roads.
    row : (t,) int
        Destination of each trip.
    """

    watch: Watch
    latest: np.ndarray
    row: np.ndarray


NOTHING_HEEDED = Heeded(NOTHING_CLOSES, np.empty((0, 0)), np.empty(0, dtype=np.int64))


class SearchSpace(NamedTuple):
    """Scratch space of one search; a stamp equal to the search's number says that an entry is of this search.

    Attributes
    ----------
    cost, time : (n,) float64
        Label of a node.
    via : (n,) int32
        Arc by which it is reached.
    entered : (n,) float64
        When that is entered.
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
    entered: np.ndarray
    stamp: np.ndarray
    settled: np.ndarray
    order: np.ndarray
    own: np.ndarray
    own_entry: np.ndarray
    own_exit: np.ndarray
    keys: np.ndarray
    nodes: np.ndarray
    number: np.ndarray


def search_space(nodes: int, arcs: int) -> SearchSpace:
    """Return scratch space for a network of ``nodes`` and ``arcs``."""
    return SearchSpace(
        np.empty(nodes), np.empty(nodes), np.empty(nodes, dtype=np.int32), np.empty(nodes),
        np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64), np.empty(nodes, dtype=np.int32),
        np.zeros(arcs, dtype=np.int64), np.empty(arcs, dtype=np.float32), np.empty(arcs, dtype=np.float32),
        np.empty(arcs + 1), np.empty(arcs + 1, dtype=np.int64), np.zeros(2, dtype=np.int64),
    )  # fmt: skip


@compiled
def mark_stays(plan, space, trip):
    """Note the trip's present stays in ``space``; return the stamp of the arcs concerned."""
    space.number[0] += 1
    number = space.number[0]
    first = plan.start[trip]
    last = first + plan.hops[trip]
    for k in range(first, last):
        arc = plan.arc[k]
        space.own[arc] = number
        space.own_entry[arc] = plan.entry[k]
        space.own_exit[arc] = plan.entry[k + 1] if k + 1 < last else plan.arrival[trip]
    return number


@compiled
def weigh(cost, heeded, table, plan, space, trip, departure):
    """Return the cost of the trip's present route besides everyone else; note its stays in ``space``."""
    mark_stays(plan, space, trip)
    watched = len(heeded.latest) > 0
    if watched and heeded.watch.fate[trip] != 0:
        return LOST
    now = departure
    total = 0.0
    for k in range(plan.start[trip], plan.start[trip] + plan.hops[trip]):
        arc = plan.arc[k]
        entry = open_at(heeded.watch.closed, arc, now) if watched else now
        if entry == np.inf:
            return LOST
        seconds, delay = hop_at(cost, table, arc, entry, space.own_entry[arc], space.own_exit[arc])
        total += seconds + delay + (entry - now)
        now = entry + seconds
    return total


@compiled
def learn(space, to_go, settled, least):
    """Raise the costs to go:  no way over the ``settled`` first nodes of the search costs less than ``least``."""
    for k in range(settled):
        node = space.order[k]
        raise_to(to_go, node, space.time[node], least - space.cost[node])


@compiled
def find_way(cost, star, watch, latest, table, space, to_go, trip, source, destination, departure, limit):
    """Search for a way of cost below ``limit``; return True when the destination is reached.

    The way is read from ``space.via`` backwards. ``latest`` (m,), as in :class:`Heeded`, is empty where nothing closes.
    """
    watched = len(latest) > 0
    can_wait = np.inf
    number = space.number[0]
    keys = space.keys
    nodes = space.nodes
    estimate = remaining(to_go, source, departure)
    if estimate >= limit:
        return False
    space.cost[source] = 0.0
    space.time[source] = departure
    space.via[source] = -1
    space.entered[source] = departure
    space.stamp[source] = number
    size = push(keys, nodes, 0, estimate, source)
    settled = 0
    while size > 0:
        here = nodes[0]
        size = drop_first(keys, nodes, size)
        if here == destination:
            space.number[1] += settled
            learn(space, to_go, settled, space.cost[destination])
            return True
        if space.settled[here] == number:
            continue
        space.settled[here] = number
        space.order[settled] = here
        settled += 1
        now = space.time[here]
        spent = space.cost[here]
        if watched:
            can_wait = waits_until(watch, trip, space.via[here], space.entered[here])
        for k in range(star.indptr[here], star.indptr[here + 1]):
            there = star.head[k]
            if space.settled[there] == number or to_go.local[there] < 0:
                continue
            arc = star.arc[k]
            known = space.cost[there] if space.stamp[there] == number else np.inf
            if spent + cost.free_flow[arc] >= known:
                continue
            entry = entry_in_time(cost, watch, latest, arc, now, can_wait) if watched else now
            if entry == np.inf:
                continue
            if space.own[arc] == number:
                seconds, delay = hop_at(cost, table, arc, entry, space.own_entry[arc], space.own_exit[arc])
            else:
                seconds, delay = hop_at(cost, table, arc, entry, np.inf, np.inf)
            reached = spent + (entry - now) + seconds + delay
            if reached >= known:
                continue
            if watched and not leaves_in_time(watch, latest, arc, entry, entry + seconds):
                continue
            estimate = reached + remaining(to_go, there, entry + seconds)
            if estimate >= limit:
                continue
            space.stamp[there] = number
            space.cost[there] = reached
            space.time[there] = entry + seconds
            space.via[there] = arc
            space.entered[there] = entry
            size = push(keys, nodes, size, estimate, there)
    space.number[1] += settled
    if limit < 0.5 * LOST:
        learn(space, to_go, settled, limit)
    return False


@compiled
def find_ways(
    cost, star, tail, heeded, latest, table, plan, space, to_go, trips, chosen, at, steps, gain, limit, hops, arc, used
):  # fmt: skip
    """Search for the ways of up to ``steps`` trips of ``chosen`` (b,), all to one destination, from ``at`` on.

    ``trips`` is (source, destination, departure), ``latest`` (m,) the row of ``heeded`` for the destination. ``limit``
    (b,) is filled with the cost of the present route less the share ``gain``, ``hops`` (b,) with the number of arcs of
    a way that costs less, 0 where there is none; the ways follow each other in ``arc``, of which ``used`` (1,) are
    taken. Returns the next position; stops early when ``arc`` lacks room for any way.
    """
    last = min(at + steps, len(chosen))
    while at < last and used[0] + len(star.indptr) <= len(arc):
        trip = chosen[at]
        source = trips[0][trip]
        destination = trips[1][trip]
        hops[at] = 0
        if source != destination:
            departure = trips[2][trip]
            limit[at] = weigh(cost, heeded, table, plan, space, trip, departure) * (1.0 - gain)
            if find_way(
                cost, star, heeded.watch, latest, table, space, to_go, trip, source, destination, departure, limit[at]
            ):
                node = destination
                while node != source:
                    hops[at] += 1
                    node = tail[space.via[node]]
                node = destination
                used[0] += hops[at]
                k = used[0]
                while node != source:
                    k -= 1
                    arc[k] = space.via[node]
                    node = tail[arc[k]]
        at += 1
    return at
