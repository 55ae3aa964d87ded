"""From where nodes can be reached when some arcs must not be used, asked for many nodes and many sets of arcs."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from ..graph.components import components, found_from
from ..graph.stars import arcs_at
from .network import RoadNetwork


class Reach:
    """Which nodes can be reached from some start.

    One search without all ``closed`` arcs settles most nodes; for the others :meth:`comes_to` goes backwards until it
    meets a settled node, so that thousands of questions cost little more than one.

    Parameters
    ----------
    network : RoadNetwork
    starts : (s,) int
        Nodes at which somebody starts.
    closed : (m,) bool
        At least every arc that a question may leave out.
    """

    def __init__(self, network: RoadNetwork, starts: np.ndarray, closed: np.ndarray) -> None:
        self._tail = network.tail
        self._into = arcs_at(network.head, network.node_count)
        self._out = arcs_at(network.tail, network.node_count)
        self.settled = found_from(
            network.tail[~closed], network.head[~closed], network.node_count, np.unique(starts).astype(np.int64)
        )

    def entering(self, node: int) -> np.ndarray:
        """Return the arcs (c,) that enter a node, ascending."""
        indptr, arc = self._into
        return arc[indptr[node] : indptr[node + 1]]

    def leaving(self, node: int) -> np.ndarray:
        """Return the arcs (c,) that leave a node, ascending."""
        indptr, arc = self._out
        return arc[indptr[node] : indptr[node + 1]]

    def comes_to(self, node: int, without: Set[int]) -> bool:
        """Whether ``node`` can be reached from a start ``without`` these arcs."""
        if self.settled[node]:
            return True
        seen, waiting = {node}, [node]
        while waiting:
            for arc in self.entering(waiting.pop()).tolist():
                if arc in without:
                    continue
                before = int(self._tail[arc])
                if self.settled[before]:
                    return True
                if before not in seen:
                    seen.add(before)
                    waiting.append(before)
        return False


class ReachesNode:
    """Which of some nodes can reach one node, for many such nodes: a search among strong components, which are few."""

    def __init__(self, network: RoadNetwork) -> None:
        self._label = components(network.node_count, network.tail, network.head, strong=True)
        tail, head = self._label[network.tail], self._label[network.head]
        self._pairs = np.unique(np.column_stack([tail, head])[tail != head], axis=0)
        self._count = int(self._label.max(initial=-1)) + 1

    def can(self, nodes: np.ndarray, target: int) -> np.ndarray:
        """Return whether each of ``nodes`` (k,) can reach ``target``."""
        own = self._label[[target]]
        found = found_from(self._pairs[:, 1], self._pairs[:, 0], self._count, own)
        reached: np.ndarray = found[self._label[nodes]]
        return reached
