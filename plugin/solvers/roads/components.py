"""Which parts of a road network hang together, and which of them a trip can both leave and reach."""

from __future__ import annotations

import numpy as np

from ..dependencies import require
from .network import RoadNetwork

SHARE_OF_LARGEST = 0.01
FEWEST_NODES = 2


def components(network: RoadNetwork, strong: bool) -> np.ndarray:
    """Return each node's component (n,), numbered from 0 by falling number of nodes.

    ``strong`` True: nodes that can reach each other along the arcs. False: nodes joined whatever the direction.
    """
    require("scipy", "finding the connected parts of the road network")
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = network.node_count
    if n == 0:
        return np.empty(0, dtype=np.int64)
    ones = np.ones(network.arc_count, dtype=np.int8)
    graph = coo_matrix((ones, (network.tail, network.head)), shape=(n, n)).tocsr()
    graph.data[:] = 1  # parallel arcs are summed by the conversion and could wrap round to 0
    _, label = connected_components(graph, directed=True, connection="strong" if strong else "weak")
    sizes = np.bincount(label)
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[order] = np.arange(len(sizes))
    return rank[label]


def usable_nodes(network: RoadNetwork) -> np.ndarray:
    """Return each node's strong component (n,) where that is of real size, else -1.

    Real size: at least two nodes and one hundredth of the nodes of the largest; the largest always counts, so that a
    network of scraps still has one part that points can join.
    """
    label = components(network, strong=True)
    if len(label) == 0:
        return label
    sizes = np.bincount(label)
    good = (sizes >= FEWEST_NODES) & (sizes >= SHARE_OF_LARGEST * sizes[0])
    good[0] = True
    return np.where(good[label], label, -1)


def usable_pieces(network: RoadNetwork) -> np.ndarray:
    """Return whether each piece (p,) can be left and reached: both ends in one component of :func:`usable_nodes`."""
    label = usable_nodes(network)
    start, end = network.piece_ends()
    there = (start >= 0) & (end >= 0)
    usable = np.zeros(network.piece_count, dtype=bool)
    usable[there] = (label[start[there]] >= 0) & (label[start[there]] == label[end[there]])
    return usable
