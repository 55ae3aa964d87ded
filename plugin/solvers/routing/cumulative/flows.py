"""Flows of all destinations: kept as the arcs that carry them, unfolded into the table of arcs one at a time."""

from __future__ import annotations

import copy

import numpy as np

from ...kernels import compiled
from .alternative_segments import balance_destination
from .cost import CURVATURE, FLOW, MARGINAL, OWN, curvature_at, marginal_at, refresh, total_value
from .network import Demand, Network
from .rounding import downstream_order, round_destination, walk_trips


@compiled
def unfold(arcs, amount, table, support, listed):
    """Write one destination's flow into the table and list its arcs."""
    for i in range(len(arcs)):
        e = arcs[i]
        table[e, OWN] = amount[i]
        support[i] = e
        listed[e] = True


@compiled
def fold(support, count, table, listed, arcs, amount):
    """Move one destination's flow from the table into ``arcs`` and ``amount``; return the number of arcs with flow."""
    kept = 0
    for i in range(count):
        e = support[i]
        if table[e, OWN] > 0.0:
            arcs[kept] = e
            amount[kept] = table[e, OWN]
            kept += 1
        table[e, OWN] = 0.0
        listed[e] = False
    return kept


@compiled
def load_tree(system, root, head, toward, waiting, entering, stack, table, support):
    """Send the demand ``waiting`` (n,), used up, down the tree into the table; return the number of arcs with flow.

    ``entering`` and ``stack`` (n,) int32 are working space.
    """
    n = len(toward)
    for v in range(n):
        entering[v] = 0
    for v in range(n):
        if toward[v] >= 0:
            entering[head[toward[v]]] += 1
    size = 0
    for v in range(n):
        if entering[v] == 0:
            stack[size] = v
            size += 1
    count = 0
    while size > 0:
        size -= 1
        v = stack[size]
        e = toward[v]
        if e < 0:
            continue
        if waiting[v] > 0.0:
            row = table[e]
            row[OWN] = waiting[v]
            row[FLOW] += waiting[v]
            row[MARGINAL] = marginal_at(system, row, row[FLOW])
            row[CURVATURE] = curvature_at(system, row, row[FLOW])
            support[count] = e
            count += 1
            waiting[head[e]] += waiting[v]
            waiting[v] = 0.0
        entering[head[e]] -= 1
        if entering[head[e]] == 0:
            stack[size] = head[e]
            size += 1
    waiting[root] = 0.0
    for v in range(n):
        entering[v] = 0
    return count


class DestinationFlows:
    """Flow of every destination beside the table of arcs with the total.

    Memory grows with the arcs that carry flow, summed over destinations, never with trips times nodes.
    """

    def __init__(self, network: Network, demand: Demand, table: np.ndarray, system: bool, quadratic: bool) -> None:
        self.network, self.demand, self.table = network, demand, table
        self.system, self.quadratic = system, quadratic
        self.arcs = [np.zeros(0, dtype=np.int32) for _ in range(len(demand))]
        self.amount = [np.zeros(0) for _ in range(len(demand))]
        n, m = network.nodes, len(network.tail)
        self.support = np.zeros(m, dtype=np.int32)
        self.listed = np.zeros(m, dtype=bool)
        self.nodes = np.zeros((n, 8))
        self.serial = 0
        self.used, self.tree = np.zeros(n + 1, dtype=np.int32), np.zeros(n + 1, dtype=np.int32)
        self.order, self.entering = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int32)
        self.waiting = np.zeros(n)
        self.folded = np.zeros(m, dtype=np.int32), np.zeros(m)

    def root(self, d: int) -> int:
        """Return the node of destination ``d``."""
        return int(self.demand.roots[d])

    def load(self, d: int, toward: np.ndarray) -> None:
        """Put all trips of destination ``d`` on its tree."""
        origin, amount = self.demand.groups(d)
        self.waiting[origin] = amount
        count = load_tree(
            self.system, self.root(d), self.network.head, toward, self.waiting, self.entering, self.order,
            self.table, self.support,
        )  # fmt: skip
        self._fold(d, count)

    def balance(self, d: int, toward: np.ndarray, whole: bool) -> int:
        """Move flow of destination ``d`` towards its tree where that pays; return the number of moves."""
        unfold(self.arcs[d], self.amount[d], self.table, self.support, self.listed)
        network = self.network
        count, self.serial, moved = balance_destination(
            self.system, self.quadratic, whole, self.root(d), network.tail, network.head, network.out_indptr,
            network.out_arc, toward, self.support, len(self.arcs[d]), self.listed, self.table, self.nodes, self.serial,
            self.used, self.tree,
        )  # fmt: skip
        self._fold(d, count)
        return int(moved)

    def _fold(self, d: int, count: int) -> None:
        arcs, amount = self.folded
        kept = fold(self.support, count, self.table, self.listed, arcs, amount)
        self.arcs[d], self.amount[d] = arcs[:kept].copy(), amount[:kept].copy()

    def _sort(self, d: int, x: np.ndarray) -> int:
        """Write the flow of destination ``d`` into ``x`` (m,), free of circles, and sort its nodes into ``order``."""
        network, arcs = self.network, self.arcs[d]
        x[arcs] = self.amount[d]
        return int(
            downstream_order(
                network.tail, network.head, network.entering.indptr, network.entering.arc, network.out_indptr,
                network.out_arc, arcs, len(arcs), x, self.table[:, FLOW], self.order, self.entering,
            )
        )  # fmt: skip

    def rounded(self, d: int, toward: np.ndarray, owed: np.ndarray, x: np.ndarray, whole: np.ndarray) -> None:
        """Replace the flow of destination ``d`` by whole vehicles near it.

        Parameters
        ----------
        toward : (n,) int32
            Its tree, for vehicles that find no way on in the fractional flow.
        owed : (m,) float64
            Fractional minus whole flow of the destinations before; updated.
        x, whole : (m,) float64
            Working space, all zero before and after.
        """
        network = self.network
        nodes = self._sort(d, x)
        origin, amount = self.demand.groups(d)
        self.waiting[origin] = amount
        round_destination(
            self.root(d), network.head, network.out_indptr, network.out_arc, toward, self.order, nodes, self.waiting, x,
            owed, self.table[:, CURVATURE], whole,
        )  # fmt: skip
        owed += x
        owed -= whole
        x[self.arcs[d]] = 0.0
        self.arcs[d] = np.flatnonzero(whole).astype(np.int32)
        self.amount[d] = whole[self.arcs[d]]
        whole[self.arcs[d]] = 0.0

    def set_total(self) -> None:
        """Set the total flow and the marginal costs from the flows of the destinations."""
        total = np.zeros(len(self.table))
        for arcs, amount in zip(self.arcs, self.amount):
            total[arcs] += amount
        self.table[:, FLOW] = total
        refresh(self.system, self.table)

    def without_circles(self, d: int, x: np.ndarray) -> None:
        """Take flow of destination ``d`` that runs in circles off; ``x`` (m,) is zero before and after."""
        self._sort(d, x)
        self.amount[d] = x[self.arcs[d]]
        x[self.arcs[d]] = 0.0

    def routes(self, d: int, arcs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the arcs, the lengths in arcs (r,) and the vehicles (r,) of the distinct routes to destination ``d``.

        Routes follow the order of the trips to ``d``. The flow must be whole and free of circles. ``arcs`` is room
        for them, int32, that the first array returned is part of. Safe in several threads at once.
        """
        network, (origin, trips) = self.network, self.demand.groups(d)
        most = int(round(trips.sum()))
        indptr, vehicles = np.zeros(most + 1, dtype=np.int64), np.zeros(most, dtype=np.int64)
        count = walk_trips(
            self.root(d), network.tail, network.head, network.out_indptr, network.out_arc, origin, trips, self.arcs[d],
            self.amount[d], np.zeros(len(network.tail), dtype=np.int32), indptr, arcs, vehicles,
        )  # fmt: skip
        if count < 0:
            raise RuntimeError(f"The whole flow to node {self.root(d)} does not fall apart into its trips.")
        return arcs[: indptr[count]], np.diff(indptr[: count + 1]), vehicles[:count]

    def copy(self) -> DestinationFlows:
        """Return flows that may change on their own; network and the other working space are shared."""
        twin = copy.copy(self)
        twin.table, twin.arcs, twin.amount = self.table.copy(), list(self.arcs), list(self.amount)
        twin.nodes = np.zeros_like(self.nodes)  # each counts its pairs by itself: shared marks would be mistaken
        return twin

    @property
    def total(self) -> np.ndarray:
        """Total flow (m,)."""
        return self.table[:, FLOW]

    @property
    def value(self) -> float:
        """Objective of the total flow."""
        return float(total_value(self.system, self.table))
