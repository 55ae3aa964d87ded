"""Connectors: places with several points on the roads as nodes of their own.

A trip may start at a place on any of its points, or end there on any, but nobody may pass through the place from one
road to another. So the place has a node beside the roads, and connectors, arcs without length or time and with room
for everybody, lead from an origin's node to each of its points, or from each of its points to a destination's node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .network import NO_PIECE, RoadNetwork

ORIGIN, DESTINATION = 0, 1
CONNECTOR_SPEED = 1.0  # km/h; any number: a connector has no length


def connect(
    network: RoadNetwork, points: Sequence[np.ndarray], role: np.ndarray, xy: np.ndarray
) -> tuple[RoadNetwork, np.ndarray]:
    """Give each place one node.

    Parameters
    ----------
    network : RoadNetwork
    points : sequence of (c,) int
        The nodes on the roads at which each place is joined; none for a place that is not.
    role : (k,) int
        ORIGIN or DESTINATION.
    xy : (k, 2)
        Where the node of a place with several points lies, metres.

    Returns
    -------
    network : RoadNetwork
        With the nodes and connectors of places with several points added at the end.
    node : (k,) int32
        The one point of a place that has one; else a node of its own, which places of the same role with the same
        points share. -1 without a point.
    """
    node = np.full(len(points), -1, dtype=np.int32)
    own: dict[tuple[int, ...], int] = {}
    where: list[np.ndarray] = []
    ends: list[tuple[int, int]] = []
    for k, several in enumerate(points):
        different = np.unique(several)
        if len(different) <= 1:
            node[k] = different[0] if len(different) else -1
            continue
        key = (int(role[k]), *different.tolist())
        if key not in own:
            own[key] = network.node_count + len(own)
            where.append(xy[k])
            ends.extend((own[key], point) if role[k] == ORIGIN else (point, own[key]) for point in key[1:])
        node[k] = own[key]
    if not own:
        return network, node
    return _with_arcs(network, np.array(where), np.array(ends, dtype=np.int32)), node


def before(network: RoadNetwork, points: Sequence[np.ndarray], xy: np.ndarray) -> tuple[RoadNetwork, np.ndarray]:
    """Give each place a node of its own before its points, with a connector to each.

    As :func:`behind`, but trips start there.
    """
    node = network.node_count + np.arange(len(points), dtype=np.int64)
    ends = [(own, int(point)) for own, several in zip(node.tolist(), points) for point in np.unique(several).tolist()]
    where = np.asarray(xy, dtype=float).reshape(-1, 2)
    return _with_arcs(network, where, np.array(ends, dtype=np.int32).reshape(-1, 2)), node


def behind(network: RoadNetwork, points: Sequence[np.ndarray], xy: np.ndarray) -> tuple[RoadNetwork, np.ndarray]:
    """Give each place a node of its own behind its points, with a connector from each.

    Parameters
    ----------
    network : RoadNetwork
    points : sequence of (c,) int
        Nodes; a place without any cannot be reached.
    xy : (k, 2)
        Where the nodes lie, metres.

    Returns
    -------
    network : RoadNetwork
    node : (k,) int64
    """
    node = network.node_count + np.arange(len(points), dtype=np.int64)
    ends = [(int(point), own) for own, several in zip(node.tolist(), points) for point in np.unique(several).tolist()]
    where = np.asarray(xy, dtype=float).reshape(-1, 2)
    return _with_arcs(network, where, np.array(ends, dtype=np.int32).reshape(-1, 2)), node


def _with_arcs(network: RoadNetwork, new_xy: np.ndarray, ends: np.ndarray) -> RoadNetwork:
    """Add nodes (k, 2) and connectors (c, 2) as tail and head."""
    count = len(ends)

    def more(values: np.ndarray, added: float) -> np.ndarray:
        return np.concatenate([values, np.full(count, added)]).astype(values.dtype)

    return replace(
        network,
        node_xy=np.vstack([network.node_xy, new_xy]),
        tail=np.concatenate([network.tail, ends[:, 0]]),
        head=np.concatenate([network.head, ends[:, 1]]),
        length=more(network.length, 0.0),
        speed=more(network.speed, CONNECTOR_SPEED),
        free_flow=more(network.free_flow, 0.0),
        lanes=more(network.lanes, np.inf),
        capacity=more(network.capacity, np.inf),
        piece=more(network.piece, NO_PIECE),
        forward=more(network.forward, True),
    )


def meeting_points(network: RoadNetwork, origin: np.ndarray, destination: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let trips whose origin and destination have a point on the roads in common start and end there.

    Parameters
    ----------
    network : RoadNetwork
    origin, destination : (t,) int
        Nodes as :func:`connect` gives them.

    Returns
    -------
    origin, destination : (t,) int
        The same nodes; the common point, in both, for a trip that has one: it need not travel.
    """
    points: dict[int, set[int]] = {}
    for arc in np.flatnonzero(~network.is_road).tolist():
        tail, head = int(network.tail[arc]), int(network.head[arc])
        # only the place's end of a connector has nothing but connectors; it is the one added last
        place, point = (tail, head) if tail > head else (head, tail)
        points.setdefault(place, set()).add(point)
    origin, destination = origin.copy(), destination.copy()
    if not points:
        return origin, destination
    pairs, inverse = np.unique(np.column_stack([origin, destination]), axis=0, return_inverse=True)
    common = pairs.copy()
    for k, (first, last) in enumerate(pairs.tolist()):
        if first in points or last in points:
            shared = points.get(first, {first}) & points.get(last, {last})
            if shared:
                common[k] = min(shared)
    both = common[inverse.ravel()]
    return both[:, 0].astype(origin.dtype), both[:, 1].astype(destination.dtype)
