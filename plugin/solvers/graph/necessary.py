"""Arcs without which a node cannot be reached: dominators by Cooper, Harvey and Kennedy (2001), arcs included."""

from __future__ import annotations

import numpy as np

from ..kernels import compiled
from .stars import ForwardStar, ReverseStar

ROOT = -1  # what stands before the root
UNREACHED = -2


def necessary_arcs(forward: ForwardStar, reverse: ReverseStar, root: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what every way from a node to ``root`` passes next.

    Parameters
    ----------
    forward, reverse
        The arcs by the node that they leave and that they enter.
    root : int
        The node to reach.

    Returns
    -------
    next_one : (n,) int64
        Of each node: the first arc or node that all its ways to the root have in common after it: arc ``a`` as
        ``n + a``, node ``v`` as ``v``; after an arc comes its head. ROOT at the root, UNREACHED where there is no way.
    order : (n,) int64
        Arcs between the node and the root on a way with the fewest; UNREACHED where there is none.

    Examples
    --------
    Two ways from 0 to 1, then one arc to 2: arc 2 is necessary.

    >>> tail, head = np.array([0, 0, 1]), np.array([1, 1, 2])
    >>> following, _ = necessary_arcs(ForwardStar.of(3, tail, head), ReverseStar(3, tail, head), 2)
    >>> following.tolist()
    [1, 5, -1]
    """
    nodes = reverse.nodes
    following = np.full(nodes, UNREACHED, dtype=np.int64)
    depth = np.full(nodes, UNREACHED, dtype=np.int64)
    head = np.empty(len(forward.head), dtype=np.int64)
    head[forward.arc] = forward.head
    queue = np.empty(nodes, dtype=np.int64)
    reached = breadth_first(reverse.indptr, reverse.tail, root, queue, depth)
    following[root] = ROOT
    while settle_common(forward.indptr, forward.arc, head, queue[:reached], depth, following):
        pass
    return following, depth


@compiled
def breadth_first(indptr, tail, root, queue, depth):
    """Fill ``queue`` with the nodes that reach ``root``, nearest first, and their ``depth``; return how many."""
    depth[root] = 0
    queue[0] = root
    size = 1
    at = 0
    while at < size:
        v = queue[at]
        at += 1
        for j in range(indptr[v], indptr[v + 1]):
            u = tail[j]
            if depth[u] < 0:
                depth[u] = depth[v] + 1
                queue[size] = u
                size += 1
    return size


@compiled
def common_after(first, second, head, depth, following):
    """Return the first arc or node that comes after both, or is both; nearer ones have less depth."""
    nodes = len(depth)
    while first != second:
        of_first = 2 * depth[first] if first < nodes else 2 * depth[head[first - nodes]] + 1
        of_second = 2 * depth[second] if second < nodes else 2 * depth[head[second - nodes]] + 1
        if of_first >= of_second:
            first = following[first] if first < nodes else head[first - nodes]
        else:
            second = following[second] if second < nodes else head[second - nodes]
    return first


@compiled
def settle_common(indptr, arc, head, queue, depth, following):
    """Work out once more, nearest nodes first, what comes after each node; return whether anything changed."""
    nodes = len(depth)
    changed = False
    for k in range(1, len(queue)):
        u = queue[k]
        common = -1
        for j in range(indptr[u], indptr[u + 1]):
            v = head[arc[j]]
            if v != u and following[v] != -2:
                common = nodes + arc[j] if common < 0 else common_after(common, nodes + arc[j], head, depth, following)
        if following[u] != common:
            following[u] = common
            changed = True
    return changed
