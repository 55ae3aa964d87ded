"""Reverse shortest-path trees: the least time from every node to each destination, t_min(v, d) of [E] Algorithm 2."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ...control import Control
from ...errors import SolverError
from ...graph.reverse_tree import grow_tree
from ...graph.stars import ReverseStar
from ...kernels import compiled
from .problem import RoutingProblem

LARGEST_TABLE = 4e9  # bytes that the table of times may take


@dataclass(frozen=True)
class Trees:
    """Least times to the distinct destinations.

    Attributes
    ----------
    destinations : (d,) int32
        Distinct destination nodes, ascending.
    row : (t,) int32
        Row of each trip's destination.
    seconds : (d, n) float64
        Least time from every node; infinite where the destination cannot be reached.
    toward : (d, n) int32
        Arc to take next on the fastest way; -1 at the destination and where it cannot be reached.
    """

    destinations: np.ndarray
    row: np.ndarray
    seconds: np.ndarray
    toward: np.ndarray


def reverse_trees(problem: RoutingProblem, weight: np.ndarray | None = None, control: Control | None = None) -> Trees:
    """Return the reverse trees of all destinations under ``weight`` (m,) seconds, by default the free-flow times.

    Destinations are shared among the processor's cores; each tree is the same whoever grows it.
    """
    control = control or Control()
    destinations, row = np.unique(problem.destination, return_inverse=True)
    count, nodes = len(destinations), problem.nodes
    if count * nodes * 12.0 > LARGEST_TABLE:
        raise SolverError(
            f"The trips lead to {count} different places on {nodes} junctions: the table of least times would take "
            f"{count * nodes * 12 / 1e9:.0f} GB. Use fewer destinations or a smaller road network."
        )
    star = ReverseStar(nodes, problem.tail, problem.head)
    weight = problem.cost.free_flow if weight is None else weight
    star_cost = np.ascontiguousarray(weight[star.arc], dtype=np.float64)
    seconds, toward = np.empty((count, nodes)), np.empty((count, nodes), dtype=np.int32)

    def grow(index: int) -> None:
        if not control.cancelled():
            grow_tree(
                star.indptr, star.arc, star.tail, star_cost, int(destinations[index]), seconds[index], toward[index]
            )

    workers = min(os.cpu_count() or 1, 8)
    with ThreadPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(grow, range(count))):
            control.progress((done + 1) / count, "")
    control.stop_if_cancelled()
    return Trees(destinations.astype(np.int32), row.astype(np.int32).ravel(), seconds, toward)


@compiled
def follow_tree(toward, head, source, row, pair, size, indptr, arcs):
    """Append the routes of (source, row of the destination) pairs along the trees, from ``pair`` on, as they fit.

    ``size`` is the number of arcs of the routes before. ``indptr`` (r+1,) is filled with that after each route,
    ``arcs`` from its beginning. Returns the next pair.
    """
    before = size
    for k in range(pair, len(source)):
        node = source[k]
        tree = row[k]
        place = size - before
        while toward[tree, node] >= 0:
            if place == len(arcs):
                return k
            arcs[place] = toward[tree, node]
            node = head[arcs[place]]
            place += 1
        size = before + place
        indptr[k + 1] = size
    return len(source)
