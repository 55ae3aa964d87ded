"""The road network as arrays: nodes, directed arcs, and the drawn pieces the arcs lie on.

A *piece* is the stretch of one road between two neighbouring nodes. A two-way piece carries two arcs, a one-way piece
one. Roads G = (V, E, t_w) of [E] section 3: V are the nodes, E the arcs, t_w is :attr:`RoadNetwork.free_flow`.

A *connector* is an arc that lies on no piece: it joins the node of a place that has several points on the roads with
each of these points, without length or time and with room for everybody (:mod:`.connectors`). It is no road: whatever
counts, lists or draws roads leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

DEFAULT_SPEED = 40.0  # km/h, where neither a field nor the class of a road gives one
DEFAULT_LANE_CAPACITY = 900.0  # vehicles/h
KMH_PER_MS = 3.6
FORWARD_WAY, BACKWARD_WAY = 1, 2  # bits: the directions of a piece
NO_PIECE = -1


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
        Lanes of this direction; infinite for a connector.
    capacity : (m,) float64
        Vehicles per hour of this direction; infinite for a connector.
    piece : (m,) int32
        The piece arc j lies on; :data:`NO_PIECE` for a connector.
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
    piece_begin : (p,) float64
        Where along its road each piece starts: ellipsoidal metres from the first vertex as drawn; lines that share an
        id count one after the other.
    copies : (c, 4) int64
        Roads drawn on top of each other (:mod:`.doubles`): piece, road, the directions of the piece that this road
        opens (bits :data:`FORWARD_WAY`, :data:`BACKWARD_WAY`), and 1 where the road is drawn against the piece. A
        merged piece has a row for each of its roads, the one
        in ``piece_road`` among them; other pieces have none.
    gone : (r,) float64
        Metres of each road's open directions that areas and closures have taken out of the network; empty for none.
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
    piece_begin: np.ndarray
    copies: np.ndarray = field(default_factory=lambda: np.empty((0, 4), dtype=np.int64))
    gone: np.ndarray = field(default_factory=lambda: np.empty(0))

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

    @property
    def is_road(self) -> np.ndarray:
        """Whether each arc (m,) is a stretch of road, not a connector."""
        return self.piece != NO_PIECE

    def piece_ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the nodes (p,) at which each piece starts and ends, as drawn; -1 for a piece without an arc."""
        start = np.full(self.piece_count, -1, dtype=np.int32)
        end = np.full(self.piece_count, -1, dtype=np.int32)
        road = self.is_road
        start[self.piece[road]] = np.where(self.forward, self.tail, self.head)[road]
        end[self.piece[road]] = np.where(self.forward, self.head, self.tail)[road]
        return start, end

    def piece_lengths(self) -> np.ndarray:
        """Return the ellipsoidal metres (p,) of each piece; 0 for a piece without an arc."""
        length = np.zeros(self.piece_count)
        road = self.is_road
        length[self.piece[road]] = self.length[road]
        return length

    def arc_road(self, arc: int) -> str:
        """Return the id of the road an arc lies on; "" for a connector."""
        piece = int(self.piece[arc])
        return "" if piece == NO_PIECE else self.road_ids[int(self.piece_road[piece])]

    def road_arcs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ``(arc (k,), road (k,))``: every road with the arcs it is drawn along and open on.

        An arc of a merged piece comes once for each copy that opens its direction.
        """
        merged = np.zeros(self.piece_count, dtype=bool)
        merged[self.copies[:, 0]] = True
        arc = np.flatnonzero(self.is_road)
        single = arc[~merged[self.piece[arc]]]
        slot = np.full((self.piece_count, 2), -1, dtype=np.int64)
        slot[self.piece[arc], np.where(self.forward[arc], 0, 1)] = arc
        arcs, roads = [single], [self.piece_road[self.piece[single]].astype(np.int64)]
        for column, way in ((0, FORWARD_WAY), (1, BACKWARD_WAY)):
            rows = self.copies[(self.copies[:, 2] & way) > 0]
            arcs.append(slot[rows[:, 0], column])
            roads.append(rows[:, 1])
        return np.concatenate(arcs), np.concatenate(roads)

    def road_metres(self) -> np.ndarray:
        """Return the metres (r,) of each road's open directions, with those that were taken out since."""
        arc, road = self.road_arcs()
        there: np.ndarray = np.bincount(road, weights=self.length[arc], minlength=len(self.road_ids))
        return there + self.gone if len(self.gone) else there

    def arc_xy(self, arc: int) -> np.ndarray:
        """Return the vertices (v, 2) of an arc in travel direction, metres of the working CRS; a connector has none."""
        piece = int(self.piece[arc])
        if piece == NO_PIECE:
            return np.empty((0, 2))
        xy = self.piece_xy[self.piece_start[piece] : self.piece_start[piece + 1]]
        return xy if self.forward[arc] else xy[::-1]

    def path_xy(self, arcs: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the vertices (v, 2) of a chain of arcs in travel order; (0, 2) for a chain without a road."""
        roads = [arc for arc in arcs if self.piece[arc] != NO_PIECE]
        if not roads:
            return np.empty((0, 2))
        parts = [self.arc_xy(roads[0])] + [self.arc_xy(arc)[1:] for arc in roads[1:]]
        return np.concatenate(parts)


def free_flow_seconds(length: np.ndarray, speed: np.ndarray) -> np.ndarray:
    """Free-flow travel time in s from metres and km/h, [E] eq. 14."""
    return KMH_PER_MS * length / speed


@dataclass(frozen=True)
class DrawnPieces:
    """Stretches of road between neighbouring nodes.

    Attributes
    ----------
    node_xy : (n, 2) float64
        Metres of the working CRS.
    start, end : (p,) int32
        Nodes, in the direction of drawing.
    length : (p,) float64
        Ellipsoidal metres.
    road : (p,) int64
        The road (feature) each piece comes from.
    offset : (p + 1,) int64
        Offsets of each piece's vertices in ``xy``.
    xy : (k, 2) float64
        Metres of the working CRS; the first and last vertex of a piece are those of its nodes.
    """

    node_xy: np.ndarray
    start: np.ndarray
    end: np.ndarray
    length: np.ndarray
    road: np.ndarray
    offset: np.ndarray
    xy: np.ndarray


@dataclass(frozen=True)
class Ways:
    """What the two directions (p, 2) of each piece have: forward, backward.

    ``open`` says whether it may be driven; the others are km/h, lanes and vehicles/h, which may also be (p,): the same
    both ways.
    """

    open: np.ndarray
    speed: np.ndarray
    lanes: np.ndarray
    capacity: np.ndarray


def arcs_on_pieces(pieces: DrawnPieces, ways: Ways, road_ids: list[str]) -> RoadNetwork:
    """Lay directed arcs on pieces: one for each open direction, in the order of the pieces, forward first."""
    slot = np.flatnonzero(ways.open.ravel())
    piece = (slot // 2).astype(np.int32)
    forward = slot % 2 == 0

    def of_way(values: np.ndarray) -> np.ndarray:
        given = values[piece] if values.ndim == 1 else values.reshape(-1)[slot]
        return given.astype(np.float64)

    speeds = of_way(ways.speed)
    start, end, length = pieces.start, pieces.end, pieces.length[piece]
    return RoadNetwork(
        node_xy=pieces.node_xy,
        tail=np.where(forward, start[piece], end[piece]).astype(np.int32),
        head=np.where(forward, end[piece], start[piece]).astype(np.int32),
        length=length.astype(np.float64),
        speed=speeds,
        free_flow=free_flow_seconds(length, speeds),
        lanes=of_way(ways.lanes),
        capacity=of_way(ways.capacity),
        piece=piece,
        forward=forward,
        piece_road=np.asarray(pieces.road, dtype=np.int32),
        road_ids=road_ids,
        piece_start=np.asarray(pieces.offset, dtype=np.int64),
        piece_xy=pieces.xy,
        piece_begin=_begins(np.asarray(pieces.road, dtype=np.int64), pieces.length, road_ids),
    )


def _begins(road: np.ndarray, length: np.ndarray, road_ids: list[str]) -> np.ndarray:
    """Return the metres (p,) before each piece on its road; pieces come in the order of the lines and along each.

    Without ``road_ids`` each line is a road of its own.
    """
    first: dict[str, int] = {}
    number = np.array([first.setdefault(name, len(first)) for name in road_ids], dtype=np.int64)
    if not road_ids:
        number = np.arange(road.max(initial=-1) + 1)
    order = np.argsort(number[road], kind="stable")
    before = np.r_[0.0, np.cumsum(length[order])[:-1]] if len(order) else np.empty(0)
    opens = np.r_[True, np.diff(number[road][order]) != 0][: len(order)]
    begin = np.empty(len(order))
    begin[order] = before - before[opens][np.cumsum(opens) - 1]
    return begin


def point_along(xy: np.ndarray, share: float) -> tuple[float, float]:
    """Return the point at a share of the length of a line (v, 2).

    Examples
    --------
    >>> point_along(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 2.0]]), 0.75)
    (4.0, 0.5)
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    metres = share * along[-1]
    return float(np.interp(metres, along, xy[:, 0])), float(np.interp(metres, along, xy[:, 1]))
