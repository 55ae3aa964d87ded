"""Reverse shortest-path trees: one tree to a destination serves every trip that goes there."""

from __future__ import annotations

import numpy as np

from ..kernels import compiled, compiled_with_arrays

AFTER, BEFORE, SLOT, NEXT_ARC = range(4)  # columns of the bucket queue's table of nodes
BUCKET_SHARE = 0.3  # width of a bucket in mean arc costs: narrow enough that few nodes are read twice
MOST_BUCKETS = 100_000


@compiled
def bucket_width(star_cost):
    """Return the width of a bucket and the number of buckets in the circle for these arc costs."""
    total = 0.0
    largest = 0.0
    count = 0
    for j in range(len(star_cost)):
        c = star_cost[j]
        if c < np.inf:
            total += c
            count += 1
            largest = max(largest, c)
    if total <= 0.0:
        return 1.0, 2
    width = max(BUCKET_SHARE * total / count, largest / MOST_BUCKETS)
    return width, int(largest / width) + 2


@compiled
def take_from_bucket(first, link, node):
    """Take ``node`` out of its bucket."""
    after = link[node, AFTER]
    before = link[node, BEFORE]
    if before >= 0:
        link[before, AFTER] = after
    else:
        first[link[node, SLOT]] = after
    if after >= 0:
        link[after, BEFORE] = before


@compiled
def put_in_bucket(first, link, node, slot):
    """Put ``node`` first in the bucket ``slot``."""
    after = first[slot]
    link[node, AFTER] = after
    link[node, BEFORE] = -1
    link[node, SLOT] = slot
    if after >= 0:
        link[after, BEFORE] = node
    first[slot] = node


@compiled_with_arrays
def grow_tree(indptr, star_arc, star_tail, star_cost, root, seconds, toward):
    """Fill the distances to ``root`` and the next arc towards it.

    Label correcting with a circle of narrow buckets: exact, and on road networks twice as fast as a binary heap.

    Parameters
    ----------
    indptr, star_arc, star_tail, star_cost
        Entering arcs by node: offsets (n+1,), arc numbers, their tails and costs >= 0 (m,), in that order.
    root : int
        Destination node.
    seconds : (n,) float64, toward : (n,) int32
        Filled: cost to the root (inf where it cannot be reached), arc to take (-1 at the root and where unreachable).
    """
    n = len(indptr) - 1
    width, slots = bucket_width(star_cost)
    inverse = 1.0 / width
    first = np.full(slots, -1, np.int32)
    link = np.full((n, 4), -1, np.int32)
    for v in range(n):
        seconds[v] = np.inf
    seconds[root] = 0.0
    put_in_bucket(first, link, root, 0)
    waiting = 1
    slot = 0
    turned = 0
    while waiting > 0:
        v = first[slot]
        if v < 0:
            slot += 1
            if slot == slots:
                slot = 0
                turned += slots
            continue
        take_from_bucket(first, link, v)
        link[v, SLOT] = -1
        waiting -= 1
        for j in range(indptr[v], indptr[v + 1]):
            u = star_tail[j]
            reached = seconds[v] + star_cost[j]
            if reached < seconds[u]:
                seconds[u] = reached
                link[u, NEXT_ARC] = star_arc[j]
                into = int(reached * inverse) - turned
                if into >= slots:
                    into -= slots
                if link[u, SLOT] == into:
                    continue
                if link[u, SLOT] >= 0:
                    take_from_bucket(first, link, u)
                else:
                    waiting += 1
                put_in_bucket(first, link, u, into)
    for v in range(n):
        toward[v] = link[v, NEXT_ARC]
    toward[root] = -1
