"""The road network and the demand as the assignment reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import SolverError
from ...graph.stars import ReverseStar, arcs_at
from ...kernels import compiled_with_arrays


@dataclass(frozen=True)
class Network:
    """Directed arcs by the node they leave and by the node they enter.

    Attributes
    ----------
    nodes : int
        Number of nodes n.
    tail, head : (m,) int32
        Nodes that each arc leaves and enters.
    out_indptr, out_arc : (n+1,) int64, (m,) int32
        Arcs by the node they leave.
    entering : ReverseStar
        Arcs by the node they enter.
    """

    nodes: int
    tail: np.ndarray
    head: np.ndarray
    out_indptr: np.ndarray
    out_arc: np.ndarray
    entering: ReverseStar

    @classmethod
    def of(cls, nodes: int, tail: np.ndarray, head: np.ndarray) -> Network:
        """Return the network of arcs ``tail`` -> ``head`` (m,)."""
        tail = np.ascontiguousarray(tail, dtype=np.int32)
        head = np.ascontiguousarray(head, dtype=np.int32)
        if tail.shape != head.shape:
            raise SolverError(f"There are {len(tail)} tails and {len(head)} heads of arcs.")
        return cls(nodes, tail, head, *arcs_at(tail, nodes), ReverseStar(nodes, tail, head))


@compiled_with_arrays
def order_of(keys, size):
    """Return the stable order (k,) int64 that sorts ``keys`` (k,), whole numbers below ``size``."""
    place = np.zeros(size + 1, np.int64)
    for key in keys:
        place[key + 1] += 1
    for key in range(size):
        place[key + 1] += place[key]
    order = np.empty(len(keys), np.int64)
    for k in range(len(keys)):
        order[place[keys[k]]] = k
        place[keys[k]] += 1
    return order


@dataclass(frozen=True)
class Demand:
    """Trips grouped by destination and, within it, by origin: identical trips share all work.

    Attributes
    ----------
    roots : (d,) int32
        Distinct destination nodes.
    group_indptr : (d+1,) int64
        Offsets by destination in ``origin`` and ``amount``.
    origin, amount : (g,) int32, (g,) float64
        Node where a group starts and its number of trips.
    trip_indptr : (g+1,) int64
        Offsets by group in ``trips``.
    trips : (t',) int64
        Trip numbers, by destination, origin and number.
    """

    roots: np.ndarray
    group_indptr: np.ndarray
    origin: np.ndarray
    amount: np.ndarray
    trip_indptr: np.ndarray
    trips: np.ndarray

    @classmethod
    def of(cls, source: np.ndarray, destination: np.ndarray, weight: np.ndarray, trips: np.ndarray) -> Demand:
        """Group ``trips`` (indices, ascending) among all of ``source``, ``destination`` and ``weight`` (t,)."""
        for node in (source, destination):
            at = node[trips]
            trips = trips[order_of(at, int(at.max(initial=0)) + 1)]
        origin, root = source[trips], destination[trips]
        new_root = np.r_[True, root[1:] != root[:-1]] if len(trips) else np.zeros(0, dtype=bool)
        new_group = new_root | np.r_[True, origin[1:] != origin[:-1]] if len(trips) else new_root
        first_trip, first_group = np.flatnonzero(new_root), np.flatnonzero(new_group)
        amount = np.add.reduceat(weight[trips], first_group) if len(trips) else np.zeros(0)
        return cls(
            root[first_trip].astype(np.int32),
            np.r_[np.searchsorted(first_group, first_trip), len(first_group)].astype(np.int64),
            origin[first_group].astype(np.int32),
            amount.astype(np.float64),
            np.r_[first_group, len(trips)].astype(np.int64),
            trips.astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.roots)

    def groups(self, d: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the origins and numbers of trips of destination ``d``."""
        part = slice(self.group_indptr[d], self.group_indptr[d + 1])
        return self.origin[part], self.amount[part]

    def trips_to(self, d: int) -> np.ndarray:
        """Return the trip numbers of destination ``d``, by origin."""
        first, last = self.trip_indptr[self.group_indptr[d]], self.trip_indptr[self.group_indptr[d + 1]]
        return self.trips[first:last]

    def trips_of(self, groups: np.ndarray) -> np.ndarray:
        """Return the trip numbers of the groups where ``groups`` (g,) is true."""
        return self.trips[np.repeat(groups, np.diff(self.trip_indptr))]
