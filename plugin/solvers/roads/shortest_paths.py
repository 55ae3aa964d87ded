"""Shortest paths on a road network: reverse trees, travel matrices, single routes.

A *reverse tree* holds, for one destination, the least weight from every node to it. One tree answers for all
origins, so all functions here grow one tree a destination and never one search a pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..dependencies import require
from .network import RoadNetwork

# A weight of zero would vanish from a sparse matrix and with it the arc.
SMALLEST_WEIGHT = 1e-9
# Trees grown between two looks at the cancel button, so that it answers within a second on 100,000 nodes.
NODES_PER_CHUNK = 500_000


@dataclass(frozen=True)
class Travel:
    """Travel between origins and destinations along the best routes; infinite where there is none.

    Attributes
    ----------
    seconds : (o, d) float64
        Free-flow time.
    metres : (o, d) float64
        Length of the same routes.
    """

    seconds: np.ndarray
    metres: np.ndarray


@dataclass(frozen=True)
class _ReverseGraph:
    """The arcs turned round, the lightest of parallel ones only, sorted by (head, tail).

    ``key`` (r,) is ``head * n + tail`` ascending; ``arc`` (r,) the arc of the network; ``matrix`` the CSR matrix.
    """

    key: np.ndarray
    arc: np.ndarray
    matrix: object
    n: int

    def arcs_between(self, tail: np.ndarray, head: np.ndarray) -> np.ndarray:
        """Return the lightest arc from each ``tail`` to its ``head``; the pairs must be neighbours."""
        return self.arc[np.searchsorted(self.key, head.astype(np.int64) * self.n + tail)]


def _reverse_graph(network: RoadNetwork, weight: np.ndarray) -> _ReverseGraph:
    require("scipy", "finding shortest paths")
    from scipy.sparse import csr_matrix

    n = network.node_count
    usable = np.flatnonzero(np.isfinite(weight))  # an infinite weight closes an arc
    key = network.head[usable].astype(np.int64) * n + network.tail[usable]
    # Equal weights: the shorter arc, then the lower number, so that the same input gives the same route.
    order = np.lexsort((usable, network.length[usable], weight[usable], key))
    key, arc = key[order], usable[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[1:] != key[:-1]
    key, arc = key[first], arc[first]
    indptr = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.bincount(network.head[arc], minlength=n), out=indptr[1:])
    data = np.maximum(weight[arc], SMALLEST_WEIGHT)
    matrix = csr_matrix((data, network.tail[arc].astype(np.int32), indptr), shape=(n, n))
    return _ReverseGraph(key, arc.astype(np.int32), matrix, n)


def _weights(network: RoadNetwork, weight: np.ndarray | None) -> np.ndarray:
    weights = network.free_flow if weight is None else np.asarray(weight, dtype=np.float64)
    if weights.shape != (network.arc_count,):
        raise ValueError(f"weight has the shape {weights.shape}, not ({network.arc_count},)")
    if np.any(weights < 0) or np.any(np.isnan(weights)):
        raise ValueError("weights of arcs must not be negative or NaN")
    return weights


def _trees(
    graph: _ReverseGraph, destinations: np.ndarray, control: Control
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield ``(first, weight (c, n), next node (c, n))`` for chunks of destinations that start at ``first``."""
    from scipy.sparse.csgraph import dijkstra

    chunk = max(1, NODES_PER_CHUNK // max(graph.n, 1))
    for first in range(0, len(destinations), chunk):
        control.stop_if_cancelled()
        control.progress(first / len(destinations), "Shortest paths")
        distance, following = dijkstra(
            graph.matrix, directed=True, indices=destinations[first : first + chunk], return_predecessors=True
        )
        yield first, distance, following
    control.progress(1.0, "Shortest paths")


def reverse_trees(
    network: RoadNetwork,
    destinations: Sequence[int] | np.ndarray,
    weight: np.ndarray | None = None,
    *,
    control: Control | None = None,
) -> np.ndarray:
    """Least weight from every node to each destination.

    Parameters
    ----------
    network : RoadNetwork
    destinations : (d,) int
        Nodes.
    weight : (m,) float64, optional
        Weight of the arcs, not negative, infinite to close an arc; default the free-flow seconds.

    Returns
    -------
    (d, n) float64
        Infinite where the destination cannot be reached. Repeated destinations give equal rows.

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    targets = np.asarray(destinations, dtype=np.int64).reshape(-1)
    result = np.full((len(targets), network.node_count), np.inf)
    if len(targets) == 0:
        return result
    graph = _reverse_graph(network, _weights(network, weight))
    different, place = np.unique(targets, return_inverse=True)
    for first, distance, _ in _trees(graph, different, control):
        for row in range(len(distance)):
            result[place == first + row] = distance[row]
    return result


def seconds_between(
    network: RoadNetwork,
    origins: Sequence[int] | np.ndarray,
    destinations: Sequence[int] | np.ndarray,
    weight: np.ndarray | None = None,
    *,
    control: Control | None = None,
) -> np.ndarray:
    """Least weight from each origin to each destination (o, d), as :func:`travel` but without metres.

    Examples
    --------
    >>> from .edge_list import straight_network
    >>> roads = straight_network([[0, 0], [100, 0], [100, 50]], [0, 1], [1, 2], speed=36, two_way=[True, False])
    >>> seconds_between(roads, [0, 2], [2, 0, 2]).tolist()
    [[15.0, 0.0, 15.0], [0.0, inf, 0.0]]

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    starts = np.asarray(origins, dtype=np.int64).reshape(-1)
    different, place = np.unique(np.asarray(destinations, dtype=np.int64).reshape(-1), return_inverse=True)
    found = np.full((len(starts), len(different)), np.inf)
    if not len(starts) or not len(different):
        return found[:, place.ravel()]
    for first, distance, _ in _trees(_reverse_graph(network, _weights(network, weight)), different, control):
        found[:, first : first + len(distance)] = distance[:, starts].T
    return found[:, place.ravel()]


def travel(
    network: RoadNetwork,
    origins: Sequence[int] | np.ndarray,
    destinations: Sequence[int] | np.ndarray,
    weight: np.ndarray | None = None,
    *,
    control: Control | None = None,
) -> Travel:
    """Seconds and metres along the best route from each origin to each destination.

    The best route is the one of least ``weight``: free-flow seconds by default (the fastest), ``network.length`` for
    the shortest. A node of -1 (a place that could not be joined) reaches nothing.

    Parameters
    ----------
    origins : (o,) int
    destinations : (d,) int
    weight : (m,) float64, optional

    Returns
    -------
    Travel
        ``seconds`` and ``metres``, each (o, d), infinite where there is no route, 0 from a node to itself.

    Raises
    ------
    Cancelled

    Examples
    --------
    100 m and 50 m at 36 km/h take 10 s and 5 s, on a street that is one-way at its end:

    >>> from .edge_list import straight_network
    >>> roads = straight_network([[0, 0], [100, 0], [100, 50]], [0, 1], [1, 2], speed=36, two_way=[True, False])
    >>> found = travel(roads, [0, 2], [2, 0])
    >>> found.seconds.tolist(), found.metres.tolist()
    ([[15.0, 0.0], [0.0, inf]], [[150.0, 0.0], [0.0, inf]])
    """
    control = control or Control()
    sources = np.asarray(origins, dtype=np.int64).reshape(-1)
    targets = np.asarray(destinations, dtype=np.int64).reshape(-1)
    seconds = np.full((len(sources), len(targets)), np.inf)
    metres = np.full((len(sources), len(targets)), np.inf)
    different, place = np.unique(targets[targets >= 0], return_inverse=True)
    joined = np.flatnonzero(sources >= 0)
    columns = np.flatnonzero(targets >= 0)
    if len(different) == 0 or len(joined) == 0:
        return Travel(seconds, metres)
    graph = _reverse_graph(network, _weights(network, weight))
    starts, where = np.unique(sources[joined], return_inverse=True)
    for first, distance, following in _trees(graph, different, control):
        for row in range(len(distance)):
            control.stop_if_cancelled()
            goal = int(different[first + row])
            time, length = _along_tree(network, graph, distance[row], following[row], starts, goal)
            for column in columns[place == first + row]:
                seconds[joined, column] = time[where]
                metres[joined, column] = length[where]
    return Travel(seconds, metres)


def _along_tree(
    network: RoadNetwork,
    graph: _ReverseGraph,
    distance: np.ndarray,
    following: np.ndarray,
    starts: np.ndarray,
    goal: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Sum seconds and metres from each start to the goal of one tree, all starts stepping together."""
    time = np.where(np.isfinite(distance[starts]), 0.0, np.inf)
    length = time.copy()
    active = np.flatnonzero(np.isfinite(time) & (starts != goal))
    at = starts[active]
    while len(active):
        ahead = following[at]
        arcs = graph.arcs_between(at, ahead)
        time[active] += network.free_flow[arcs]
        length[active] += network.length[arcs]
        moving = ahead != goal
        active, at = active[moving], ahead[moving]
    return time, length


def fastest_paths(
    network: RoadNetwork,
    pairs: Sequence[tuple[int, int]] | np.ndarray,
    weight: np.ndarray | None = None,
    *,
    control: Control | None = None,
) -> list[np.ndarray]:
    """Return for each (origin, destination) the arcs (int32) of the best route, growing one tree a destination.

    Empty where there is no route, a node is -1, or origin and destination are the same.

    Examples
    --------
    Two streets, one after the other, are faster than the slow one that leads straight there:

    >>> from .edge_list import straight_network
    >>> roads = straight_network([[0, 0], [100, 0], [100, 100]], [0, 1, 0], [1, 2, 2], speed=[50, 50, 5], two_way=False)
    >>> fastest_paths(roads, [(0, 2)])[0].tolist()
    [0, 1]
    """
    control = control or Control()
    wanted = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    routes = [np.empty(0, dtype=np.int32) for _ in range(len(wanted))]
    different = np.unique(wanted[(wanted >= 0).all(axis=1), 1])
    if len(different) == 0:
        return routes
    graph = _reverse_graph(network, _weights(network, weight))
    for first, distance, following in _trees(graph, different, control):
        for row in range(len(distance)):
            control.stop_if_cancelled()
            goal = int(different[first + row])
            for index in np.flatnonzero((wanted[:, 1] == goal) & (wanted[:, 0] >= 0)):
                routes[index] = _follow(graph, distance[row], following[row], int(wanted[index, 0]), goal)
    return routes


def _follow(graph: _ReverseGraph, distance: np.ndarray, following: np.ndarray, origin: int, goal: int) -> np.ndarray:
    if not np.isfinite(distance[origin]):
        return np.empty(0, dtype=np.int32)
    nodes = [origin]
    while nodes[-1] != goal:
        nodes.append(int(following[nodes[-1]]))
    chain = np.asarray(nodes, dtype=np.int64)
    return graph.arcs_between(chain[:-1], chain[1:])
