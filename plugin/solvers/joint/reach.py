"""Which destinations each vehicle can be sent to, and how far they are on empty roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..routing.shared.individual import individual_routes
from ..routing.shared.problem import RoutingProblem
from ..routing.shared.routes import Routes
from ..routing.shared.trees import Trees, reverse_trees
from .problem import JointProblem


@dataclass(frozen=True)
class Reach:
    """Vehicles by *cell*: those of one group that start at one node.

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
        Whether a vehicle may and can go there alone.
    """

    trees: Trees
    column: np.ndarray
    cell: np.ndarray
    group: np.ndarray
    source: np.ndarray
    seconds: np.ndarray
    allowed: np.ndarray

    @property
    def somewhere(self) -> np.ndarray:
        """Whether each vehicle (t,) can go anywhere at all."""
        return self.allowed.any(axis=1)[self.cell]

    def whole(self, groups: int) -> np.ndarray:
        """Return where each group (g, n) can go as a whole: those of its vehicles that can go anywhere all can."""
        can = self.allowed.any(axis=1)
        whole = np.zeros((groups, self.allowed.shape[1]), dtype=bool)
        whole[np.unique(self.group[can])] = True
        np.logical_and.at(whole, self.group[can], self.allowed[can])
        return whole

    def ways(self, network: RoutingProblem, destination: np.ndarray, control: Control) -> Routes:
        """Return the quickest ways of the trips of ``network`` to their ``destination`` (t,), numbers."""
        trees = Trees(
            self.trees.destinations, self.column[destination].astype(np.int32), self.trees.seconds, self.trees.toward
        )
        return individual_routes(network, trees, control)


def reach_of(problem: JointProblem, control: Control | None = None) -> Reach:
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
    cells, cell = np.unique(key, return_inverse=True)
    group, source = cells // network.nodes, cells % network.nodes
    seconds = trees.seconds[trees.row.astype(np.int64)][:, source].T
    return Reach(
        trees, trees.row.astype(np.int64), cell.ravel(), group, source, seconds,
        problem.allowed[group] & np.isfinite(seconds),
    )  # fmt: skip
