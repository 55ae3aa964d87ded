"""A road network from an edge list, for use without QGIS: published networks, tests, benchmarks."""

from __future__ import annotations

import numpy as np

from .network import DEFAULT_LANE_CAPACITY, DrawnPieces, RoadNetwork, Ways, arcs_on_pieces


def straight_network(
    node_xy: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    length: np.ndarray | None = None,
    speed: np.ndarray | float = 40.0,
    lanes: np.ndarray | float = 1.0,
    capacity: np.ndarray | float | None = None,
    two_way: np.ndarray | bool = True,
) -> RoadNetwork:
    """Make a network of straight pieces from an edge list, for use without QGIS.

    Parameters
    ----------
    node_xy : (n, 2)
        Metres.
    start, end : (p,) int
        Nodes of each piece.
    length : (p,), optional
        Metres; default the straight distance.
    speed, lanes, capacity : (p,) or number
        km/h, lanes of one direction, vehicles/h of one direction (default lanes * 900).
    two_way : (p,) bool or bool
        Whether a piece may also be driven from ``end`` to ``start``.

    Returns
    -------
    RoadNetwork
        Arcs in the order of the pieces, the forward arc of a piece first; each piece is a road named by its number.

    Examples
    --------
    A street of 100 m at 36 km/h takes 10 s each way; a one-way of 50 m at the same speed 5 s:

    >>> roads = straight_network([[0, 0], [100, 0], [100, 50]], [0, 1], [1, 2], speed=36, two_way=[True, False])
    >>> roads.tail.tolist(), roads.head.tolist(), roads.free_flow.tolist()
    ([0, 1, 1], [1, 0, 2], [10.0, 10.0, 5.0])
    """
    xy = np.asarray(node_xy, dtype=np.float64).reshape(-1, 2)
    first, last = np.asarray(start, dtype=np.int32), np.asarray(end, dtype=np.int32)
    count = len(first)
    every_lane = np.broadcast_to(np.asarray(lanes, dtype=np.float64), (count,))
    flow = every_lane * DEFAULT_LANE_CAPACITY if capacity is None else np.asarray(capacity, dtype=np.float64)
    backward = np.broadcast_to(np.asarray(two_way, dtype=bool), (count,))
    ways = Ways(
        np.column_stack([np.ones(count, dtype=bool), backward]),
        np.broadcast_to(np.asarray(speed, dtype=np.float64), (count,)),
        every_lane,
        np.broadcast_to(flow, (count,)),
    )
    return arcs_on_pieces(_straight_pieces(xy, first, last, length), ways, [str(k) for k in range(count)])


def _straight_pieces(xy: np.ndarray, first: np.ndarray, last: np.ndarray, length: np.ndarray | None) -> DrawnPieces:
    """Return a straight piece from each node ``first`` to ``last`` (p,), as long as given or as it is drawn."""
    count = len(first)
    if length is None:
        length = np.hypot(*(xy[last] - xy[first]).T) if count else np.empty(0)
    return DrawnPieces(
        node_xy=xy,
        start=first,
        end=last,
        length=np.asarray(length, dtype=np.float64),
        road=np.arange(count, dtype=np.int32),
        offset=np.arange(count + 1, dtype=np.int64) * 2,
        xy=xy[np.column_stack([first, last]).ravel()],
    )
