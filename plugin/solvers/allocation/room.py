"""Where room is short, before any plan is made: zones that together reach too few places.

People are taken to be divisible here. By the theorem of the largest flow and the least cut (Ford and Fulkerson 1956)
everyone finds a place exactly if no set of zones has more people than the shelters in its reach have places; where that
is not so, the least cut names the set that misses most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

LARGEST = 2**30  # scipy's flows are 32-bit


@dataclass(frozen=True)
class Shortage:
    """Zones that reach too few places.

    Attributes
    ----------
    zones, shelters : ndarray of int
        Positions of the zones, and of all shelters in reach of any of them.
    people, places : int
        Of those zones, and in those shelters.
    """

    zones: np.ndarray
    shelters: np.ndarray
    people: int
    places: int

    @property
    def missing(self) -> int:
        """Places too few: no plan leaves fewer of these people out."""
        return self.people - self.places


def tightest(people: np.ndarray, allowed: np.ndarray, capacity: np.ndarray) -> Shortage | None:
    """Return the set of zones that misses most places, None where there is room for everyone in reach.

    Parameters
    ----------
    people : (m,) int
        Zones without any shelter in reach are left out.
    allowed : (m, n) bool
    capacity : (n,) float

    Examples
    --------
    Zones of 5 and 4 people reach only a shelter with 6 places, so that 3 stay behind; the third zone has another.

    >>> import numpy as np
    >>> allowed = np.array([[True, False], [True, False], [False, True]])
    >>> found = tightest(np.array([5, 4, 1]), allowed, np.array([6.0, 9.0]))
    >>> found.zones.tolist(), found.shelters.tolist(), found.missing
    ([0, 1], [0], 3)
    """
    rows = np.flatnonzero(allowed.any(axis=1))
    wanted = np.asarray(people, dtype=np.int64)[rows]
    total = int(wanted.sum())
    if not total or total > LARGEST:
        return None
    zones, nodes = len(rows), len(rows) + len(capacity)  # zones first, then shelters
    source, sink = nodes, nodes + 1
    places = np.floor(np.minimum(capacity, total)).astype(np.int64)
    zone, shelter = np.nonzero(allowed[rows])
    tail = np.concatenate([np.full(zones, source), zone, np.arange(zones, nodes)])
    head = np.concatenate([np.arange(zones), zones + shelter, np.full(len(capacity), sink)])
    most = np.concatenate([wanted, np.full(len(zone), total), places]).astype(np.int32)  # the middle ones never bind
    graph = csr_matrix((most, (tail, head)), shape=(nodes + 2, nodes + 2))
    answer = maximum_flow(graph, source, sink)
    if answer.flow_value >= total:
        return None
    flow = answer.flow if hasattr(answer, "flow") else answer.residual  # the latter before scipy 1.8
    rest = (graph - flow).tocsr()
    rest.eliminate_zeros()
    inside = np.isin(np.arange(nodes), breadth_first_order(rest, source, return_predecessors=False))
    chosen, near = np.flatnonzero(inside[:zones]), np.flatnonzero(inside[zones:])
    return Shortage(rows[chosen], near, int(wanted[chosen].sum()), int(places[near].sum()))
