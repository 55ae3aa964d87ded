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
    """
    rows = np.flatnonzero((people > 0) & allowed.any(axis=1))
    wanted = np.asarray(people, dtype=np.int64)[rows]
    total = int(wanted.sum())
    if total == 0 or total > LARGEST:
        return None
    zones, shelters = len(rows), len(capacity)
    places = np.floor(np.minimum(capacity, total)).astype(np.int64)
    zone, shelter = np.nonzero(allowed[rows])
    sink = 1 + zones + shelters
    tail = np.concatenate([np.zeros(zones, int), 1 + zone, 1 + zones + np.arange(shelters)])
    head = np.concatenate([1 + np.arange(zones), 1 + zones + shelter, np.full(shelters, sink)])
    most = np.concatenate([wanted, wanted[zone] + 1, places]).astype(np.int32)  # the middle ones never bind
    shape = (sink + 1, sink + 1)
    graph = csr_matrix((most, (tail, head)), shape=shape)
    answer = maximum_flow(graph, 0, sink)
    if answer.flow_value >= total:
        return None
    flow = answer.flow if hasattr(answer, "flow") else answer.residual  # the latter before scipy 1.8
    rest = (graph - flow).tocsr()
    rest.data = (rest.data > 0).astype(np.int8)
    rest.eliminate_zeros()
    reached = breadth_first_order(rest, 0, return_predecessors=False)
    inside = np.zeros(sink + 1, dtype=bool)
    inside[reached] = True
    chosen = np.flatnonzero(inside[1 : 1 + zones])
    near = np.flatnonzero(inside[1 + zones : sink])
    return Shortage(rows[chosen], near, int(wanted[chosen].sum()), int(places[near].sum()))
