"""On which parts of a road network a trip can start and end, so that it can both leave them and reach them."""

from __future__ import annotations

import numpy as np

from ..graph.components import components, found_from
from .network import RoadNetwork

SHARE_OF_LARGEST = 0.01
FEWEST_NODES = 2
MOST_NODES = 0.5  # of the nodes; a network, or a part, with fewer on its main roads leads one way


def usable_nodes(network: RoadNetwork, part: np.ndarray) -> np.ndarray:
    """Return each node's strong component (n,) where that is of real size in its part (n,), else -1.

    Real size: at least two nodes and one hundredth of the nodes of the part's largest; the largest always counts, so
    that a part of scraps still has roads that points can join.
    """
    label = components(network.node_count, network.tail, network.head, strong=True)
    if len(label) == 0:
        return label
    sizes = np.bincount(label)
    part_of = np.empty(len(sizes), dtype=np.int64)
    part_of[label] = part
    first = np.unique(part_of, return_index=True)[1]  # numbered by falling size: a part's first is its largest
    good = (sizes >= FEWEST_NODES) & (sizes >= SHARE_OF_LARGEST * sizes[first][part_of])
    good[first] = True
    return np.where(good[label], label, -1)


def usable_pieces(network: RoadNetwork, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return on which pieces (p,) a trip may start, and on which it may end.

    Parameters
    ----------
    network : RoadNetwork
    part : (n,) int
        The part of the network each node is in, whatever the directions (:func:`.components.components`, not strong).

    Returns
    -------
    start, end : (p,) bool
        A trip may start on a piece that can be left to the main roads of its part, and end on one that can be reached
        from there: on roads of these themselves, and on a one-way street that leads to them, or from them. The main
        roads are the nodes that :func:`usable_nodes` keeps. Where they are few, in the network and in a part of it, as
        where all lanes are turned outward, trips may start and end on every road of the part.
    """
    label = usable_nodes(network, part)
    first, last = network.piece_ends()
    there = first >= 0
    ring = np.zeros(network.piece_count, dtype=bool)  # of one node alone: it leads to itself
    ring[there] = (first[there] == last[there]) & (label[first[there]] >= 0)
    n, shared = network.node_count, np.bincount(label[label >= 0])
    main = np.flatnonzero((label >= 0) & (shared[label] >= FEWEST_NODES))
    out = found_from(network.head, network.tail, n, main)
    into = found_from(network.tail, network.head, n, main)
    start, end = ring.copy(), ring.copy()
    road = np.flatnonzero(network.is_road)
    outward = _leading_one_way(part, main)
    start[network.piece[road[(out | outward)[network.head[road]]]]] = True
    end[network.piece[road[(into | outward)[network.tail[road]]]]] = True
    return start, end


def _leading_one_way(part: np.ndarray, main: np.ndarray) -> np.ndarray:
    """Return which nodes (n,) are in a part that leads one way: few nodes of it and of all are ``main`` roads (k,)."""
    if len(main) >= MOST_NODES * len(part):
        return np.zeros(len(part), dtype=bool)
    size = np.bincount(part)
    few: np.ndarray = np.bincount(part[main], minlength=len(size)) < MOST_NODES * size
    return few[part]
