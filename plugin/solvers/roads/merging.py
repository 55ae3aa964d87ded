"""Which drawn vertices are one spot: equal ones, and line ends within the tolerance of another vertex.

A spot is a position that vertices share; a place, among roads, is what is joined to a network.
"""

from __future__ import annotations

from itertools import chain

import numpy as np

from ..dependencies import require
from ..errors import SolverError

MOST_PAIRS = 20_000_000  # an end and a vertex near it; more is a tolerance in the wrong unit
ROUNDING = 1e-9  # m; so that a distance equal to the tolerance counts as within it


def equal_spots(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the different positions.

    Parameters
    ----------
    xy : (k, 2) float64

    Returns
    -------
    spots : (u, 2) float64
        Sorted by x, then y.
    spot : (k,) int64
        The spot of each vertex.
    """
    packed = np.ascontiguousarray(xy + 0.0).view(np.complex128).ravel()  # adding 0 makes -0 and 0 equal
    different, spot = np.unique(packed, return_inverse=True)
    return different.view(np.float64).reshape(-1, 2), spot.reshape(-1)


def join_ends(spots: np.ndarray, is_end: np.ndarray, tolerance: float, apart: np.ndarray | None = None) -> np.ndarray:
    """Join line ends within the tolerance of each other or of an inner vertex.

    Ends near each other form one cluster, also in a chain (a near b, b near c joins a and c). A cluster then takes
    the inner vertex nearest to any of its ends; inner vertices are never joined with each other.

    Parameters
    ----------
    spots : (u, 2) float64
        Different positions, metres.
    is_end : (u,) bool
        Whether a line ends there.
    tolerance : float
        Metres; 0 joins nothing.
    apart : (c, 2) int, optional
        Pairs of spots that are not joined however near.

    Returns
    -------
    (u,) int64
        The spot that stands for each spot, itself unless joined.

    Raises
    ------
    SolverError
        When the tolerance is so large that the pairs to look at would not fit into memory.
    """
    same = np.arange(len(spots))
    if tolerance <= 0 or not is_end.any():
        return same
    end, other, distance = _pairs_within(spots, np.flatnonzero(is_end), tolerance + ROUNDING)
    if apart is not None and len(apart) and len(end):
        count = len(spots)
        banned = np.concatenate([apart[:, 0] * count + apart[:, 1], apart[:, 1] * count + apart[:, 0]])
        allowed = ~np.isin(end * count + other, banned)
        end, other, distance = end[allowed], other[allowed], distance[allowed]
    if len(end) == 0:
        return same
    to_end = is_end[other]
    stands = stand_for(np.column_stack([end[to_end], other[to_end]]), len(spots))
    cluster = np.unique(stands, return_inverse=True)[1].reshape(-1)
    inner = ~to_end
    order = np.lexsort((other[inner], distance[inner], cluster[end[inner]]))
    which, nearest = np.unique(cluster[end[inner]][order], return_index=True)
    for_cluster = np.full(int(cluster.max()) + 1, -1, dtype=np.int64)
    for_cluster[which] = other[inner][order][nearest]
    taken = is_end & (for_cluster[cluster] >= 0)
    stands[taken] = for_cluster[cluster[taken]]
    return stands


def stand_for(pairs: np.ndarray, count: int, rank: np.ndarray | None = None) -> np.ndarray:
    """Return for each of ``count`` spots the first by ``rank`` of those that chains of pairs (c, 2) join it with."""
    if len(pairs) == 0:
        return np.arange(count)
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, cluster = connected_components(graph, directed=False)
    order = np.arange(count) if rank is None else np.argsort(rank, kind="stable")
    first: np.ndarray = order[np.unique(cluster[order], return_index=True)[1]]
    return first[cluster]


def _pairs_within(spots: np.ndarray, ends: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all pairs (end, other spot) within reach, with their distance."""
    # Both spots of a pair have a neighbour within reach in x and one in y; that leaves few to search among.
    near = np.flatnonzero(_has_neighbour(spots[:, 0], reach) & _has_neighbour(spots[:, 1], reach))
    wanted = np.zeros(len(spots), dtype=bool)
    wanted[ends] = True
    asked = near[wanted[near]]
    if len(asked) == 0:
        return asked, asked, np.empty(0)
    require("scipy", "joining the ends of roads")
    from scipy.spatial import cKDTree

    tree = cKDTree(spots[near])
    count = tree.query_ball_point(spots[asked], reach, return_length=True)
    if count.sum() > MOST_PAIRS:
        raise SolverError(
            f"TOLERANCE: {reach:g} m is too large for these roads: on average {count.mean():,.0f} vertices lie within "
            "it of a road's end. Choose a tolerance of a few metres at most."
        )
    groups = tree.query_ball_point(spots[asked], reach)
    end = np.repeat(asked, count)
    other = near[np.fromiter(chain.from_iterable(groups), dtype=np.int64, count=int(count.sum()))]
    different = end != other
    end, other = end[different], other[different]
    return end, other, np.hypot(*(spots[end] - spots[other]).T)


def _has_neighbour(values: np.ndarray, reach: float) -> np.ndarray:
    """Return whether each value (u,) has another within reach of it."""
    order = np.argsort(values)
    close = np.diff(values[order]) <= reach
    has = np.zeros(len(values), dtype=bool)
    has[order[1:]] = close
    has[order[:-1]] |= close
    return has
