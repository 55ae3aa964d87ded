"""Which destinations each vehicle can be sent to, and how far they are on empty roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..graph.stars import ReverseStar
from ..kernels import compiled
from ..routing.queue.bars import NEVER, moments_of
from ..routing.queue.network import QueueRoads, microseconds
from ..routing.queue.safe_ways import entry_of, fill_latest, safe_ways
from ..routing.shared.individual import individual_routes
from ..routing.shared.problem import RoutingProblem
from ..routing.shared.routes import Routes
from ..routing.shared.trees import Trees, reverse_trees
from .problem import JointProblem


@dataclass(frozen=True)
class Reach:
    """Vehicles by *cell*: those of one group that start at one node and reach the same destinations in time.

    Attributes
    ----------
    trees : Trees
        Least times on empty roads to every destination.
    column : (n,) int64
        Row of each destination in the trees.
    cell : (t,) int64
        Cell of each vehicle.
    group, source : (c,) int64
    seconds : (c, n) float64
        Least time to each destination, infinite where there is no way.
    allowed : (c, n) bool
        Whether a vehicle may go there and arrives if it is alone.
    usual : (c, n) bool
        The same if nothing closed.
    closing : QueueRoads or None
        The roads, where something closes.
    """

    trees: Trees
    column: np.ndarray
    cell: np.ndarray
    group: np.ndarray
    source: np.ndarray
    seconds: np.ndarray
    allowed: np.ndarray
    usual: np.ndarray
    closing: QueueRoads | None = None

    @property
    def somewhere(self) -> np.ndarray:
        """Whether each vehicle (t,) can go anywhere at all."""
        return self.allowed.any(axis=1)[self.cell]

    @property
    def lost(self) -> np.ndarray:
        """Whether each vehicle (t,) has a way, but none that arrives before what closes and the hazard."""
        return (self.usual.any(axis=1) & ~self.allowed.any(axis=1))[self.cell]

    def with_lost(self, destination: np.ndarray) -> np.ndarray:
        """Return ``destination`` (t,) with the lost vehicles bound for the nearest place they cannot reach in time."""
        lost = self.lost
        if not lost.any():
            return destination
        nearest = np.argmin(np.where(self.usual, self.seconds, np.inf), axis=1)
        return np.where(lost, nearest[self.cell], destination).astype(np.int32)

    def whole(self, groups: int) -> np.ndarray:
        """Return where each group (g, n) can go as a whole: those of its vehicles that can go anywhere all can."""
        can = self.allowed.any(axis=1)
        whole = np.zeros((groups, self.allowed.shape[1]), dtype=bool)
        whole[np.unique(self.group[can])] = True
        np.logical_and.at(whole, self.group[can], self.allowed[can])
        return whole

    def ways(self, network: RoutingProblem, destination: np.ndarray, control: Control) -> Routes:
        """Return the quickest ways of the trips of ``network`` to their ``destination`` (t,), numbers.

        Where something closes, the quickest that arrive in time on empty roads.
        """
        trees = Trees(
            self.trees.destinations, self.column[destination].astype(np.int32), self.trees.seconds, self.trees.toward
        )
        if self.closing is not None:
            return safe_ways(network, self.closing, trees, control).routes
        return individual_routes(network, trees, control)


def reach_of(problem: JointProblem, roads: QueueRoads, control: Control | None = None) -> Reach:
    """Return where vehicles can go.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    network = problem.network
    trees = reverse_trees(network.bound_for(problem.node), control=control)
    key = problem.group.astype(np.int64) * network.nodes + network.source
    patterns, pattern = np.ones((1, problem.destinations), dtype=bool), np.zeros(problem.vehicles, dtype=np.int64)
    closing = roads if network.closings else None
    if closing is not None:
        patterns, pattern = np.unique(in_time(problem, roads, control), axis=0, return_inverse=True)
    count = max(len(patterns), 1)
    cells, cell = np.unique(key * count + pattern.ravel(), return_inverse=True)
    group, source = cells // count // network.nodes, cells // count % network.nodes
    seconds = trees.seconds[trees.row.astype(np.int64)][:, source].T
    usual = problem.allowed[group] & np.isfinite(seconds)
    return Reach(
        trees, trees.row.astype(np.int64), cell.ravel(), group, source, seconds, usual & patterns[cells % count],
        usual, closing,
    )  # fmt: skip


def in_time(problem: JointProblem, roads: QueueRoads, control: Control | None = None) -> np.ndarray:
    """Return which destinations (t, n) each vehicle reaches on empty roads before what closes and the hazard.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    network = problem.network
    reverse, forward = ReverseStar(network.nodes, network.tail, network.head), network.star()
    departure = microseconds(network.departure)
    until = moments_of(network.closings.start_reached)[network.source]
    latest = np.empty(network.arcs, dtype=np.int64)
    pairs = int(np.bincount(network.head, minlength=network.nodes)[network.tail].sum())
    keys, items = np.empty((2, pairs + network.arcs + 1), dtype=np.int64)
    arrives = np.zeros((problem.destinations, problem.vehicles), dtype=bool)
    for row, goal in zip(arrives, problem.node.tolist()):
        control.stop_if_cancelled()
        fill_latest(roads, reverse.indptr, reverse.arc, network.tail, goal, latest, keys, items)
        mark_in_time(roads, latest, forward.indptr, forward.arc, network.source, goal, departure, until, row)
    return arrives.T


@compiled
def mark_in_time(roads, latest, star_start, star_arc, source, goal, departure, until, arrives):
    """Mark who (t,) of those that leave from ``departure`` until before ``until`` can still arrive at ``goal``."""
    for trip in range(len(source)):
        if until[trip] < departure[trip]:
            continue
        node = source[trip]
        if node == goal:
            arrives[trip] = True
            continue
        for j in range(star_start[node], star_start[node + 1]):
            if entry_of(roads, latest, star_arc[j], departure[trip], until[trip]) < NEVER:
                arrives[trip] = True
                break
