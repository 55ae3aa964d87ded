"""Streets whose width walkers of both directions share.

Each direction has the share of the width that its walkers are of all who use the piece in the plan. A plan is evaluated
with its own shares, which stay while it is; bounds give the whole width to each direction, which no plan can exceed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .problem import RoutingProblem
from .routes import Routes

ALONE = -1
LEAST = 0.1  # of the width, for who looks for a way against all others


def shares(opposite: np.ndarray, users: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Return the share (m,) of the width that each arc has.

    Parameters
    ----------
    opposite : (m,) int
        The arc that shares the width, :data:`ALONE` where none does.
    users : (m,) float
        Who takes each arc in the plan.
    least : float
        Of the width, for an arc that few take; where nobody takes it at all nothing depends on it but a search.

    Examples
    --------
    Of a street that 30 walk up and 10 down, and one that 5 walk one way:

    >>> shares(np.array([1, 0, 3, 2]), np.array([30.0, 10.0, 5.0, 0.0])).tolist()
    [0.75, 0.25, 1.0, 0.1]
    """
    share = np.ones(len(opposite))
    both = np.flatnonzero(opposite != ALONE)
    mine, others = users[both], users[opposite[both]]
    some = others > 0
    share[both[some]] = np.maximum(mine[some] / (mine[some] + others[some]), np.where(mine[some] > 0, least, LEAST))
    return share


def narrowed(problem: RoutingProblem, routes: Routes, least: float = 0.0) -> RoutingProblem:
    """Return the problem with the widths that the walkers by ``routes`` leave each other, and no longer shared."""
    if not problem.shares_widths:
        return problem
    share = shares(problem.opposite, routes.flow(problem.arcs), least)
    return replace(
        problem,
        capacity=problem.capacity * share,
        storage=problem.storage * share,
        opposite=np.full(problem.arcs, ALONE, dtype=np.int32),
    )
