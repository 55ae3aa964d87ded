"""Each trip on its own free-flow shortest path (Ibsm of [E] 5.2): the baseline of every reduction."""

from __future__ import annotations

import numpy as np

from ...control import Control
from .problem import RoutingProblem
from .routes import Routes
from .trees import Trees, follow_tree

BLOCK = 2_000_000  # arcs: routes are written block by block


def individual_routes(problem: RoutingProblem, trees: Trees, control: Control | None = None) -> Routes:
    """Return the shortest route of every trip under the weights of ``trees``; trips of one pair share it.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    pair = problem.source.astype(np.int64) * len(trees.destinations) + trees.row
    _, first, of_trip = np.unique(pair, return_index=True, return_inverse=True)
    source, row = problem.source[first], trees.row[first]
    indptr, blocks, done = np.zeros(len(first) + 1, dtype=np.int64), [np.empty(0, dtype=np.int32)], 0
    while done < len(first):
        control.stop_if_cancelled()
        block, before = np.empty(max(BLOCK, problem.nodes), dtype=np.int32), indptr[done]
        done = follow_tree(trees.toward, problem.head, source, row, done, before, indptr, block)
        blocks.append(block[: indptr[done] - before])
    return Routes(indptr, np.concatenate(blocks), of_trip.astype(np.int32).ravel())
