"""Latest departures and earliest arrivals on empty roads that close, as kernels over arcs.

Who drives waits at the head of his road, until the hazard reaches it. So what holds of an arc is when he may be at its
end at the latest: ``by``. Whoever comes sooner waits, which makes one number enough.
"""

from __future__ import annotations

import numpy as np

from ..graph.heap import drop_first, push
from ..kernels import compiled
from .parts import earliest_entry, latest_entry, latest_without_waiting

MIDDLE = 0.5


@compiled
def latest_entries(into, into_arc, tail, travel, safe, parts, by, entry, keys, items):
    """Fill when each arc has to be left (``by``) and entered (``entry``) at the latest; -inf: there is no way.

    Arcs are settled by falling ``entry``, which along a way to safety never grows.

    Parameters
    ----------
    into, into_arc
        Entering arcs by node: offsets (n+1,) and arcs (m,).
    tail, travel : (m,)
    safe : (m,) bool
        Arcs that end at a safe place.
    parts : Parts
    by, entry : (m,) float64
    keys, items : (c,) float64, int64
        A heap, with room for a pair for each arc and each two that follow each other.
    """
    size = 0
    for e in range(len(tail)):
        by[e] = parts.exit_by[e] if safe[e] else -np.inf
        entry[e] = latest_entry(parts, travel[e], e, 0.0, by[e] - travel[e])
        if entry[e] > -np.inf:
            size = push(keys, items, size, -entry[e], e)
    while size > 0:
        key = keys[0]
        f = items[0]
        size = drop_first(keys, items, size)
        if key != -entry[f]:  # found a later one since
            continue
        for j in range(into[tail[f]], into[tail[f] + 1]):
            e = into_arc[j]
            left = onward(parts, travel, by, entry, e, f)
            if left > by[e]:
                by[e] = left
                last = latest_entry(parts, travel[e], e, 0.0, left - travel[e])
                if last > entry[e]:
                    entry[e] = last
                    size = push(keys, items, size, -last, e)


@compiled
def onward(parts, travel, by, entry, e, f):
    """Return when who is at the end of arc e can enter arc f at the latest."""
    if parts.exit_by[e] >= entry[f]:
        return entry[f]
    return latest_entry(parts, travel[f], f, 0.0, min(parts.exit_by[e], by[f] - travel[f]))


@compiled
def quickest_of_latest(into, into_arc, tail, travel, at_head, parts, by, entry, way, place, keys, items):
    """Fill which way of those that allow to leave last is quickest: its seconds and safe place, from each arc's end on.

    Parameters
    ----------
    at_head : (m,) int32
        The safe place at which an arc ends, -1 for none.
    way, place : (m,) float64, int32
        inf and -1 where there is no way.
    """
    size = 0
    for e in range(len(tail)):
        way[e] = np.inf
        place[e] = at_head[e]
        if at_head[e] >= 0:
            way[e] = 0.0
            if entry[e] > -np.inf:
                size = push(keys, items, size, travel[e], e)
    while size > 0:
        key = keys[0]
        f = items[0]
        size = drop_first(keys, items, size)
        if key != way[f] + travel[f]:
            continue
        for j in range(into[tail[f]], into[tail[f] + 1]):
            e = into_arc[j]
            if key < way[e] and by[e] > -np.inf and onward(parts, travel, by, entry, e, f) == by[e]:
                way[e] = key
                place[e] = place[f]
                if entry[e] > -np.inf:
                    size = push(keys, items, size, key + travel[e], e)


@compiled
def along_tree(order, toward, head, travel, safe_node, parts, node_until, arc_until):
    """Fill until when the quickest way is open at every moment, from each node and from the end of each arc on.

    Parameters
    ----------
    order : (n,) int64
        The nodes, each behind those that its quickest way passes.
    toward : (n,) int32
        First arc of the quickest way; -1: none.
    safe_node : (n,) bool
    node_until, arc_until : (n,), (m,) float64
        ``arc_until``: when the end of the arc has to be left.
    """
    for v in order:
        node_until[v] = np.inf if safe_node[v] else -np.inf
        e = toward[v]
        if e >= 0 and not safe_node[v]:
            left = min(parts.exit_by[e], node_until[head[e]])
            node_until[v] = latest_without_waiting(parts, travel[e], e, 0.0, left - travel[e])
    for e in range(len(head)):
        arc_until[e] = min(parts.exit_by[e], node_until[head[e]])


@compiled
def from_nodes(out, out_arc, travel, parts, by, entry, way, reached, safe_node, latest, through):
    """Fill for each node until when who starts there can leave, and by which arc he then does (-1: none).

    ``reached`` (n,) is when the hazard reaches the node itself.
    """
    for v in range(len(reached)):
        latest[v] = np.inf if safe_node[v] else -np.inf
        through[v] = -1
        if safe_node[v]:
            continue
        nearest = np.inf
        for j in range(out[v], out[v + 1]):
            f = out_arc[j]
            last = entry[f]
            if reached[v] < last:
                last = latest_entry(parts, travel[f], f, 0.0, min(reached[v], by[f] - travel[f]))
            ahead = travel[f] + way[f]
            if last > latest[v] or (last == latest[v] and last > -np.inf and ahead < nearest):
                latest[v] = last
                nearest = ahead
                through[v] = f


@compiled
def from_middles(travel, parts, by, arc_until, latest, open_until):
    """Fill for each arc until when who starts in its middle can leave, and until when the quickest way is open."""
    for e in range(len(travel)):
        half = (1.0 - MIDDLE) * travel[e]
        latest[e] = latest_entry(parts, travel[e], e, MIDDLE, by[e] - half)
        open_until[e] = latest_without_waiting(parts, travel[e], e, MIDDLE, arc_until[e] - half)


@compiled
def settle(
    out, out_arc, head, travel, parts, origin, ready, reached, safe_node, entered, before, touched, keys, items
):  # fmt: skip
    """Fill when each arc can be entered at the earliest by who leaves ``origin`` from ``ready`` on.

    Who drives may wait at the head of his road until the hazard reaches it, and before the first until it reaches the
    origin. One label an arc is enough: whoever comes sooner waits. Returns the first arc that comes to a safe place,
    where the search ends, -1 for none, and how many arcs have a label.

    Parameters
    ----------
    out, out_arc
        Leaving arcs by node: offsets (n+1,) and arcs (m,).
    reached : float
        When the hazard reaches the origin.
    safe_node : (n,) bool
        Nodes that end the search; empty for none.
    entered, before : (m,) float64, int32
        ``entered``: inf at the beginning. ``before``: the arc driven before, -1 for a first one.
    touched : (m,) int64
        The arcs that have a label.
    keys, items : (c,) float64, int64
        A heap, with room for a pair for each two arcs that follow each other and each first one.
    """
    size = 0
    count = 0
    for j in range(out[origin], out[origin + 1]):
        e = out_arc[j]
        x = earliest_entry(parts, travel[e], e, ready)
        if x <= reached and x < np.inf:  # who leaves at this very moment is away, as in the exact run
            entered[e] = x
            before[e] = -1
            touched[count] = e
            count += 1
            size = push(keys, items, size, x + travel[e], e)
    while size > 0:
        key = keys[0]
        e = items[0]
        size = drop_first(keys, items, size)
        if key != entered[e] + travel[e]:  # an earlier one was found since
            continue
        if len(safe_node) > 0 and safe_node[head[e]]:
            return e, count
        for j in range(out[head[e]], out[head[e] + 1]):
            f = out_arc[j]
            if entered[f] <= key:
                continue
            x = earliest_entry(parts, travel[f], f, key)
            if x < entered[f] and x <= parts.exit_by[e]:
                if entered[f] == np.inf:
                    touched[count] = f
                    count += 1
                entered[f] = x
                before[f] = e
                size = push(keys, items, size, x + travel[f], f)
    return -1, count


@compiled
def arrivals(
    out, out_arc, head, travel, safe_node, reached, parts, start, ready, arrival, entered, before, touched, keys, items
):  # fmt: skip
    """Fill when who starts at node ``start`` (q,) at the moment ``ready`` (q,) is safe at the earliest; inf: never.

    ``entered`` (m,) is inf, and again at the end; with ``before``, ``touched`` and the heap as in :func:`settle`.
    """
    for q in range(len(start)):
        v = start[q]
        if safe_node[v]:
            arrival[q] = ready[q]
            continue
        e, count = settle(
            out, out_arc, head, travel, parts, v, ready[q], reached[v], safe_node, entered, before, touched, keys, items
        )
        arrival[q] = entered[e] + travel[e] if e >= 0 else np.inf
        for k in range(count):
            entered[touched[k]] = np.inf
