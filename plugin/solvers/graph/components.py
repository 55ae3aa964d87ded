"""Which parts of a graph hang together, and what a search comes to."""

from __future__ import annotations

import numpy as np

from ..dependencies import require


def components(nodes: int, tail: np.ndarray, head: np.ndarray, strong: bool) -> np.ndarray:
    """Return each node's component (n,) along arcs ``tail`` -> ``head`` (m,), numbered by falling number of nodes.

    ``strong`` True: nodes that can reach each other along the arcs. False: nodes joined whatever the direction.
    """
    require("scipy", "finding the connected parts of the road network")
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if nodes == 0:
        return np.empty(0, dtype=np.int64)
    ones = np.ones(len(tail), dtype=np.int8)
    graph = coo_matrix((ones, (tail, head)), shape=(nodes, nodes)).tocsr()
    graph.data[:] = 1  # parallel arcs are summed by the conversion and could wrap round to 0
    _, label = connected_components(graph, directed=True, connection="strong" if strong else "weak")
    sizes = np.bincount(label)
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[order] = np.arange(len(sizes))
    return rank[label]


def found_from(source: np.ndarray, target: np.ndarray, n: int, starts: np.ndarray) -> np.ndarray:
    """Return the nodes (n,) that a search along arcs ``source`` -> ``target`` (m,) comes to from any of the starts."""
    require("scipy", "checking which roads can be reached")
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order

    rows = np.concatenate([source, np.full(len(starts), n)])
    columns = np.concatenate([target, starts])
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n + 1, n + 1)).tocsr()
    found = np.zeros(n + 1, dtype=bool)
    found[breadth_first_order(graph, n, return_predecessors=False)] = True
    return found[:n]
