"""The part of a network that matters on the way to one destination, as a small network of its own.

It has the nodes on ways that cost at most a bit more than some trip's best one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...graph.heap import drop_first, push
from ...kernels import compiled


class Region(NamedTuple):
    """The part of the network that the costs to go to one destination cover.

    Attributes
    ----------
    local : (n,) int32
        Number of each node in the region, -1 outside.
    node : (r,) int32
        The nodes by that number.
    """

    local: np.ndarray
    node: np.ndarray


@compiled
def mark_region(star, weight, onward, sources, detour, slack, label, keys, nodes, local):
    """Number the nodes of the region in ``local`` (n,), the others -1; return how many.

    ``onward`` (n,) is the least cost to the destination at ``weight`` (m,); no source is named twice. A node belongs
    to the region when for some source the way over it costs at most ``detour`` times the least cost from there and
    ``slack`` more: one search from all sources tells, when each starts at minus its allowance.
    """
    size = 0
    for source in sources:
        label[source] = -detour * onward[source]
        size = push(keys, nodes, size, label[source], source)
    count = 0
    while size > 0:
        cost = keys[0]
        here = nodes[0]
        size = drop_first(keys, nodes, size)
        if local[here] >= 0:
            continue
        local[here] = count
        count += 1
        for k in range(star.indptr[here], star.indptr[here + 1]):
            there = star.head[k]
            reached = cost + weight[star.arc[k]]
            if reached < label[there] and reached + onward[there] <= slack:
                label[there] = reached
                size = push(keys, nodes, size, reached, there)
    return count


@compiled
def compact_star(star, row, free, step, nodes, local, indptr, head, column, cost, bins):
    """Fill the star of a region, with its nodes numbered by ``local``; return its number of arcs."""
    size = 0
    for i in range(len(nodes)):
        for k in range(star.indptr[nodes[i]], star.indptr[nodes[i] + 1]):
            there = local[star.head[k]]
            if there >= 0:
                head[size] = there
                column[size] = row[star.arc[k]]
                cost[size] = free[star.arc[k]]
                bins[size] = free[star.arc[k]] / step
                size += 1
        indptr[i + 1] = size
    return size
