"""The road network as arrays: nodes, directed arcs, and the drawn pieces the arcs lie on.

A *piece* is the stretch of one road between two neighbouring nodes. A two-way piece carries two arcs, a one-way piece
one. Roads G = (V, E, t_w) of [E] section 3: V are the nodes, E the arcs, t_w is :attr:`RoadNetwork.free_flow`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DEFAULT_LANE_CAPACITY = 900.0
KMH_PER_MS = 3.6


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """A directed road network.

    Attributes
    ----------
    node_xy : (n, 2) float64
        Nodes in metres of the working CRS.
    tail, head : (m,) int32
        Arc j leads from node ``tail[j]`` to node ``head[j]``.
    length : (m,) float64
        Ellipsoidal metres.
    speed : (m,) float64
        km/h.
    free_flow : (m,) float64
        Seconds without other traffic, [E] eq. 14: ``3.6 * length / speed``.
    lanes : (m,) float64
        Lanes of this direction.
    capacity : (m,) float64
        Vehicles per hour of this direction.
    piece : (m,) int32
        The piece arc j lies on.
    forward : (m,) bool
        Whether arc j runs in the direction in which its piece was drawn.
    piece_road : (p,) int32
        Index of each piece's road in ``road_ids``.
    road_ids : list of str
        Ids of the roads (features of the layer).
    piece_start : (p + 1,) int64
        Offsets of each piece's vertices in ``piece_xy``.
    piece_xy : (k, 2) float64
        Vertices of the pieces, metres of the working CRS.
    """

    node_xy: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    length: np.ndarray
    speed: np.ndarray
    free_flow: np.ndarray
    lanes: np.ndarray
    capacity: np.ndarray
    piece: np.ndarray
    forward: np.ndarray
    piece_road: np.ndarray
    road_ids: list[str]
    piece_start: np.ndarray
    piece_xy: np.ndarray

    @property
    def node_count(self) -> int:
        """Number of nodes n."""
        return len(self.node_xy)

    @property
    def arc_count(self) -> int:
        """Number of directed arcs m."""
        return len(self.tail)

    @property
    def piece_count(self) -> int:
        """Number of pieces p."""
        return len(self.piece_road)

    def forward_star(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ``(indptr (n + 1,), arc (m,))``: the arcs that leave node v are ``arc[indptr[v]:indptr[v + 1]]``."""
        return star(self.tail, self.node_count)

    def reverse_star(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ``(indptr (n + 1,), arc (m,))``: the arcs that enter node v are ``arc[indptr[v]:indptr[v + 1]]``."""
        return star(self.head, self.node_count)

    def piece_ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the nodes (p,) at which each piece starts and ends, as drawn; -1 for a piece without an arc."""
        start = np.full(self.piece_count, -1, dtype=np.int32)
        end = np.full(self.piece_count, -1, dtype=np.int32)
        start[self.piece] = np.where(self.forward, self.tail, self.head)
        end[self.piece] = np.where(self.forward, self.head, self.tail)
        return start, end

    def piece_lengths(self) -> np.ndarray:
        """Return the ellipsoidal metres (p,) of each piece; 0 for a piece without an arc."""
        length = np.zeros(self.piece_count)
        length[self.piece] = self.length
        return length

    def arc_road(self, arc: int) -> str:
        """Return the id of the road an arc lies on."""
        return self.road_ids[int(self.piece_road[self.piece[arc]])]

    def arc_xy(self, arc: int) -> np.ndarray:
        """Return the vertices (v, 2) of an arc in the direction of travel, metres of the working CRS."""
        piece = int(self.piece[arc])
        xy = self.piece_xy[self.piece_start[piece] : self.piece_start[piece + 1]]
        return xy if self.forward[arc] else xy[::-1]

    def path_xy(self, arcs: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the vertices (v, 2) of a chain of arcs in travel order; (0, 2) for an empty chain."""
        if len(arcs) == 0:
            return np.empty((0, 2))
        parts = [self.arc_xy(arcs[0])] + [self.arc_xy(arc)[1:] for arc in arcs[1:]]
        return np.concatenate(parts)


def star(ends: np.ndarray, node_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Group arcs by one of their ends.

    Parameters
    ----------
    ends : (m,) int
        The node each arc is listed under.
    node_count : int
        Number of nodes n.

    Returns
    -------
    indptr : (n + 1,) int64
    arc : (m,) int32
        Arc numbers, ascending within a node.
    """
    arc = np.argsort(ends, kind="stable").astype(np.int32)
    indptr = np.zeros(node_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=node_count), out=indptr[1:])
    return indptr, arc


def free_flow_seconds(length: np.ndarray, speed: np.ndarray) -> np.ndarray:
    """Free-flow travel time in s from metres and km/h, [E] eq. 14."""
    return KMH_PER_MS * length / speed


def arcs_on_pieces(
    *,
    node_xy: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    length: np.ndarray,
    speed: np.ndarray,
    lanes: np.ndarray,
    capacity: np.ndarray,
    open_forward: np.ndarray,
    open_backward: np.ndarray,
    piece_road: np.ndarray,
    road_ids: list[str],
    piece_start: np.ndarray,
    piece_xy: np.ndarray,
) -> RoadNetwork:
    """Lay directed arcs on pieces: one for each open direction, in the order of the pieces, forward first.

    All arrays are (p,) per piece, as in :class:`RoadNetwork`; ``lanes`` and ``capacity`` are of one direction.
    """
    count = len(start)
    both = np.column_stack([open_forward, open_backward]).ravel()
    slot = np.flatnonzero(both)
    piece = (slot // 2).astype(np.int32)
    forward = slot % 2 == 0
    return RoadNetwork(
        node_xy=node_xy,
        tail=np.where(forward, start[piece], end[piece]).astype(np.int32),
        head=np.where(forward, end[piece], start[piece]).astype(np.int32),
        length=length[piece].astype(np.float64),
        speed=speed[piece].astype(np.float64),
        free_flow=free_flow_seconds(length[piece], speed[piece]),
        lanes=lanes[piece].astype(np.float64),
        capacity=capacity[piece].astype(np.float64),
        piece=piece,
        forward=forward,
        piece_road=np.asarray(piece_road, dtype=np.int32).reshape(count),
        road_ids=road_ids,
        piece_start=np.asarray(piece_start, dtype=np.int64),
        piece_xy=piece_xy,
    )


@dataclass(frozen=True)
class PieceTable:
    """The pieces of a network with the values of their arcs, (p,) each; ``direction`` as drawn, in words."""

    direction: list[str]
    length: np.ndarray
    speed: np.ndarray
    free_flow: np.ndarray


def piece_table(network: RoadNetwork) -> PieceTable:
    """Return what a reader wants to know of each piece; the two arcs of a piece have equal values."""
    ways = np.zeros(network.piece_count, dtype=np.int8)
    np.bitwise_or.at(ways, network.piece, np.where(network.forward, 1, 2).astype(np.int8))
    speed, free_flow = np.zeros(network.piece_count), np.zeros(network.piece_count)
    speed[network.piece] = network.speed
    free_flow[network.piece] = network.free_flow
    words = ("closed", "forward", "backward", "both")
    return PieceTable([words[way] for way in ways.tolist()], network.piece_lengths(), speed, free_flow)
