"""Cutting pieces of a network in two or more at measures along them; what a piece had, its parts keep."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .network import NO_PIECE, RoadNetwork, free_flow_seconds
from .splitting import numbered

# Closer than this to an end of a piece, or to each other, measures (m) are the same place.
SAME_PLACE = 1e-3


@dataclass(frozen=True)
class _Part:
    """A stretch of a piece that was cut: nodes, vertices, its share of the piece's length and the share before it."""

    piece: int
    start: int
    end: int
    xy: np.ndarray
    share: float
    before: float


def measures_of(xy: np.ndarray) -> np.ndarray:
    """Return the planar distance (v,) of each vertex from the first along a line (v, 2)."""
    steps = np.hypot(np.diff(xy[:, 0]), np.diff(xy[:, 1]))
    return np.concatenate([[0.0], np.cumsum(steps)])


def cut(network: RoadNetwork, piece: np.ndarray, measure: np.ndarray) -> tuple[RoadNetwork, np.ndarray]:
    """Cut pieces at measures and return the new network and the node of each cut.

    Parameters
    ----------
    network : RoadNetwork
    piece : (k,) int
        The piece to cut; a piece may be named several times.
    measure : (k,) float64
        Where: planar metres along the piece as drawn. Within :data:`SAME_PLACE` of an end that end is taken; cuts
        within it of each other share a node.

    Returns
    -------
    network : RoadNetwork
        Untouched pieces first, in their order, then the parts of cut pieces by piece and measure; nodes keep their
        numbers and new ones follow. The parts' lengths add up to the piece's. Connectors stay.
    node : (k,) int32

    Examples
    --------
    A street of 100 m cut at 30 m; a cut at 0 m is the node that is there:

    >>> from .edge_list import straight_network
    >>> roads, node = cut(straight_network([[0, 0], [100, 0]], [0], [1]), np.array([0, 0]), np.array([30.0, 0.0]))
    >>> node.tolist(), roads.node_xy[2].tolist(), roads.piece_lengths().tolist()
    ([2, 0], [30.0, 0.0], [30.0, 70.0])
    """
    start, end = network.piece_ends()
    node = np.empty(len(piece), dtype=np.int32)
    new_xy: list[np.ndarray] = []
    parts: list[_Part] = []
    order = np.lexsort((measure, piece))
    bounds = np.flatnonzero(np.diff(piece[order])) + 1
    for group in np.split(order, bounds) if len(order) else []:
        which = int(piece[group[0]])
        xy = network.piece_xy[network.piece_start[which] : network.piece_start[which + 1]]
        next_node = network.node_count + len(new_xy)
        nodes, places, points = _places_on(xy, measure[group], int(start[which]), int(end[which]), next_node)
        node[group] = nodes
        new_xy.extend(points)
        if points:
            chain = np.arange(next_node, next_node + len(points))
            parts.extend(_parts_of(which, xy, np.array(places), np.array(points), start[which], chain, end[which]))
    if not parts:
        return network, node
    return _with_parts(network, np.array(new_xy), parts), node


def _places_on(
    xy: np.ndarray, measures: np.ndarray, start: int, end: int, next_node: int
) -> tuple[list[int], list[float], list[np.ndarray]]:
    """Give each of the rising measures a node; return the nodes, and measure and position of the new ones."""
    along = measures_of(xy)
    nodes: list[int] = []
    places: list[float] = []
    points: list[np.ndarray] = []
    for value in measures:
        if value <= SAME_PLACE:
            nodes.append(start)
        elif value >= along[-1] - SAME_PLACE:
            nodes.append(end)
        elif places and value - places[-1] <= SAME_PLACE:
            nodes.append(next_node + len(places) - 1)
        else:
            nodes.append(next_node + len(places))
            places.append(float(value))
            points.append(np.array([np.interp(value, along, xy[:, 0]), np.interp(value, along, xy[:, 1])]))
    return nodes, places, points


def _parts_of(
    piece: int, xy: np.ndarray, places: np.ndarray, points: np.ndarray, start: int, chain: np.ndarray, end: int
) -> list[_Part]:
    along = measures_of(xy)
    marks = np.concatenate([[0.0], places, [along[-1]]])
    corners = np.vstack([xy[:1], points, xy[-1:]])
    nodes = np.concatenate([[start], chain, [end]])
    parts = []
    for k in range(len(marks) - 1):
        inside = (along > marks[k]) & (along < marks[k + 1])
        line = np.vstack([corners[k : k + 1], xy[inside], corners[k + 1 : k + 2]])
        share = (marks[k + 1] - marks[k]) / along[-1]
        parts.append(_Part(piece, int(nodes[k]), int(nodes[k + 1]), line, float(share), float(marks[k] / along[-1])))
    return parts


def _with_parts(network: RoadNetwork, new_xy: np.ndarray, parts: list[_Part]) -> RoadNetwork:
    """Put the parts in the place of the pieces they were cut from."""
    parent = np.array([part.piece for part in parts])
    kept_piece = np.ones(network.piece_count, dtype=bool)
    kept_piece[parent] = False
    number = np.cumsum(kept_piece) - 1
    road = network.is_road
    kept = ~road
    kept[road] = kept_piece[network.piece[road]]
    piece_number = np.full(network.arc_count, NO_PIECE)
    piece_number[road] = number[network.piece[road]]
    size = np.diff(network.piece_start)
    vertices = np.concatenate([size[kept_piece], [len(part.xy) for part in parts]])
    kept_xy = network.piece_xy[np.repeat(kept_piece, size)]

    # the arcs of a cut piece are laid on each of its parts
    by_piece = np.argsort(network.piece, kind="stable")
    low = np.searchsorted(network.piece[by_piece], parent, side="left")
    high = np.searchsorted(network.piece[by_piece], parent, side="right")
    count = high - low
    of_part = np.repeat(np.arange(len(parts)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    old = by_piece[np.repeat(low, count) + offset]
    forward = network.forward[old]
    start = np.array([part.start for part in parts])[of_part]
    end = np.array([part.end for part in parts])[of_part]
    length = network.length[old] * np.array([part.share for part in parts])[of_part]

    begin = network.piece_begin[parent] + network.piece_lengths()[parent] * np.array([part.before for part in parts])

    def join(values: np.ndarray, added: np.ndarray) -> np.ndarray:
        return np.concatenate([values[kept], added]).astype(values.dtype)

    return RoadNetwork(
        node_xy=np.vstack([network.node_xy, new_xy]),
        tail=join(network.tail, np.where(forward, start, end)),
        head=join(network.head, np.where(forward, end, start)),
        length=join(network.length, length),
        speed=join(network.speed, network.speed[old]),
        free_flow=join(network.free_flow, free_flow_seconds(length, network.speed[old])),
        lanes=join(network.lanes, network.lanes[old]),
        capacity=join(network.capacity, network.capacity[old]),
        piece=np.concatenate([piece_number[kept], number[-1] + 1 + of_part]).astype(np.int32),
        forward=join(network.forward, forward),
        piece_road=np.concatenate([network.piece_road[kept_piece], network.piece_road[parent]]).astype(np.int32),
        road_ids=network.road_ids,
        piece_start=np.concatenate([[0], np.cumsum(vertices)]).astype(np.int64),
        piece_xy=np.concatenate([kept_xy, *[part.xy for part in parts]]),
        piece_begin=np.concatenate([network.piece_begin[kept_piece], begin]),
        copies=_copies_of_parts(network.copies, kept_piece, number, parent),
        gone=network.gone,
    )


def _copies_of_parts(copies: np.ndarray, kept: np.ndarray, number: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Return the rows of ``RoadNetwork.copies`` for the kept pieces and, after them, for the parts."""
    rows = copies[kept[copies[:, 0]]]
    found = [np.column_stack([number[rows[:, 0]], rows[:, 1:]])]
    after = int(kept.sum())
    for k in np.flatnonzero(np.isin(parent, copies[:, 0])).tolist():
        own = copies[copies[:, 0] == parent[k]].copy()
        own[:, 0] = after + k
        found.append(own)
    return np.concatenate(found)


def keep_arcs(network: RoadNetwork, arc: np.ndarray) -> tuple[RoadNetwork, np.ndarray]:
    """Return a network without connectors of only the arcs of the mask ``arc`` (m,), with pieces and nodes they need.

    Returns
    -------
    network : RoadNetwork
    number : (n,) int64
        Its number of each node, -1 for one that is gone.
    """
    keep = np.zeros(network.piece_count, dtype=bool)
    keep[network.piece[arc]] = True
    number = np.cumsum(keep) - 1
    size = np.diff(network.piece_start)
    used, tail, head = numbered(network.tail[arc], network.head[arc], network.node_count)
    renamed = np.full(network.node_count, -1, dtype=np.int64)
    renamed[used] = np.arange(len(network.node_xy[used]))
    rows = network.copies[keep[network.copies[:, 0]]]
    kept = replace(
        network,
        node_xy=network.node_xy[used],
        tail=tail,
        head=head,
        length=network.length[arc],
        speed=network.speed[arc],
        free_flow=network.free_flow[arc],
        lanes=network.lanes[arc],
        capacity=network.capacity[arc],
        piece=number[network.piece[arc]].astype(np.int32),
        forward=network.forward[arc],
        piece_road=network.piece_road[keep],
        piece_start=np.concatenate([[0], np.cumsum(size[keep])]).astype(np.int64),
        piece_xy=network.piece_xy[np.repeat(keep, size)],
        piece_begin=network.piece_begin[keep],
        copies=np.column_stack([number[rows[:, 0]], rows[:, 1:]]),
    )
    return kept, renamed
