"""A road network from an edge list, for use without QGIS: published networks, tests, benchmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .network import DEFAULT_LANE_CAPACITY, RoadNetwork, arcs_on_pieces


def straight_network(
    node_xy: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    length: np.ndarray | None = None,
    speed: np.ndarray | float = 40.0,
    lanes: np.ndarray | float = 1.0,
    capacity: np.ndarray | float | None = None,
    two_way: np.ndarray | bool = True,
    road_ids: Sequence[str] | None = None,
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
    road_ids : sequence of str, optional
        One id a piece; default its number.

    Returns
    -------
    RoadNetwork
        Arcs in the order of the pieces, the forward arc of a piece first.
    """
    xy = np.asarray(node_xy, dtype=np.float64).reshape(-1, 2)
    first, last = np.asarray(start, dtype=np.int32), np.asarray(end, dtype=np.int32)
    count = len(first)
    if length is None:
        length = np.hypot(*(xy[last] - xy[first]).T) if count else np.empty(0)
    every_lane = np.broadcast_to(np.asarray(lanes, dtype=np.float64), (count,))
    flow = every_lane * DEFAULT_LANE_CAPACITY if capacity is None else np.asarray(capacity, dtype=np.float64)
    return arcs_on_pieces(
        node_xy=xy,
        start=first,
        end=last,
        length=np.asarray(length, dtype=np.float64),
        speed=np.broadcast_to(np.asarray(speed, dtype=np.float64), (count,)),
        lanes=every_lane,
        capacity=np.broadcast_to(flow, (count,)),
        open_forward=np.ones(count, dtype=bool),
        open_backward=np.broadcast_to(np.asarray(two_way, dtype=bool), (count,)),
        piece_road=np.arange(count, dtype=np.int32),
        road_ids=[str(k) for k in range(count)] if road_ids is None else list(road_ids),
        piece_start=np.arange(count + 1, dtype=np.int64) * 2,
        piece_xy=xy[np.column_stack([first, last]).ravel()],
    )
