"""Each trip on its own free-flow shortest path (Ibsm of [E] 5.2): the baseline of every reduction."""

from __future__ import annotations

import numpy as np

from .problem import RoutingProblem
from .routes import Routes
from .trees import Trees, follow_tree


def individual_routes(problem: RoutingProblem, trees: Trees) -> Routes:
    """Return the shortest route of every trip under the weights of ``trees``; trips of one pair share it."""
    pair = problem.source.astype(np.int64) * len(trees.destinations) + trees.row
    _, first, of_trip = np.unique(pair, return_index=True, return_inverse=True)
    source, row = problem.source[first], trees.row[first]
    indptr = np.empty(len(first) + 1, dtype=np.int64)
    size = follow_tree(trees.toward, problem.head, source, row, 0, indptr, np.empty(0, dtype=np.int32))
    arcs = np.empty(size, dtype=np.int32)
    follow_tree(trees.toward, problem.head, source, row, size, indptr, arcs)
    return Routes(indptr, arcs, of_trip.astype(np.int32).ravel())
