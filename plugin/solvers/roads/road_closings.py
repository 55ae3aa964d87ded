"""Stretches of roads that are closed for a while or for good, in metres along each road, and the same on its arcs.

Metres along a road stay what they are when its pieces are cut, so stretches are found once, on the roads as they were
read, and laid on the arcs of the roads with all places of a run joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..graph.stars import spread_rows
from .cutting import SAME_PLACE
from .network import BACKWARD_WAY, FORWARD_WAY, RoadNetwork

BOTH_WAYS = FORWARD_WAY | BACKWARD_WAY
HAZARD = -1  # what closes a stretch, where it is no row of a layer of closures


class PieceParts(NamedTuple):
    """Parts (k,) of pieces: the piece, and where they begin and end as shares of its length as drawn."""

    piece: np.ndarray
    begin: np.ndarray
    end: np.ndarray


class ArcParts(NamedTuple):
    """Parts (k,) of arcs that are closed, by arc; shares of its length in the direction of travel, seconds."""

    arc: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    since: np.ndarray
    until: np.ndarray
    catches: np.ndarray


class RoadClosings(NamedTuple):
    """Stretches (k,) of roads that are closed.

    Attributes
    ----------
    road : (k,) int64
        Index in ``RoadNetwork.road_ids``.
    begin, end : (k,) float64
        Metres along the road, counted as ``RoadNetwork.piece_begin`` is.
    since, until : (k,) float64
        Seconds from t = 0, closed from ``since`` (-inf: always) until before ``until`` (inf: for good).
    catches : (k,) bool
        Whether the hazard closes it, for good, and catches who is on it at ``since``.
    ways : (k,) int8
        Directions of the road that are closed (bits FORWARD_WAY, BACKWARD_WAY).
    cause : (k,) int64
        Row of the closures, :data:`HAZARD` for the hazard.
    """

    road: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    since: np.ndarray
    until: np.ndarray
    catches: np.ndarray
    ways: np.ndarray
    cause: np.ndarray

    @classmethod
    def none(cls) -> RoadClosings:
        """Return closings of nothing."""
        return cls(*(np.empty(0, dtype=kind) for kind in _KINDS))

    @classmethod
    def of_parts(
        cls,
        network: RoadNetwork,
        parts: PieceParts,
        since: np.ndarray | float,
        until: np.ndarray | float = np.inf,
        catches: np.ndarray | bool = False,
        ways: np.ndarray | int = BOTH_WAYS,
        cause: np.ndarray | int = HAZARD,
    ) -> RoadClosings:
        """Return parts of pieces as stretches of roads; the others are of all or of each (k,)."""
        first, metres = network.piece_begin[parts.piece], network.piece_lengths()[parts.piece]
        columns = (
            network.piece_road[parts.piece], first + metres * parts.begin, first + metres * parts.end, since, until,
            catches, ways, cause,
        )  # fmt: skip
        shape = parts.piece.shape
        return cls(*(np.broadcast_to(column, shape).astype(kind) for column, kind in zip(columns, _KINDS)))

    @classmethod
    def together(cls, groups: Sequence[RoadClosings]) -> RoadClosings:
        """Return the stretches of several groups one after the other."""
        return cls(*(np.concatenate(column) for column in zip(cls.none(), *groups)))

    def only(self, chosen: np.ndarray) -> RoadClosings:
        """Return the ``chosen`` stretches, a mask or numbers."""
        return RoadClosings(*(column[chosen] for column in self))

    def on_pieces(self, network: RoadNetwork) -> tuple[np.ndarray, PieceParts]:
        """Return which stretch each part of a piece belongs to, and the parts (k,), by stretch.

        Parts and rests of pieces of at most :data:`.cutting.SAME_PLACE` metres do not count.
        """
        metres = network.piece_lengths()
        road, last = network.piece_road, network.piece_begin + metres
        size = np.zeros(len(network.road_ids))
        np.maximum.at(size, road, last)
        before = np.concatenate([[0.0], np.cumsum(size[:-1] + 1.0)])[: len(size)]
        order = np.lexsort((network.piece_begin, road))
        low = np.searchsorted((before[road] + last)[order], before[self.road] + self.begin, side="right")
        high = np.searchsorted((before[road] + network.piece_begin)[order], before[self.road] + self.end, side="left")
        count = np.maximum(high - low, 0)
        row, position = spread_rows(low, count)
        piece = order[position]
        own = road[piece] == self.road[row]
        row, piece = row[own], piece[own]
        length = np.maximum(metres[piece], np.finfo(float).tiny)
        begin = np.clip((self.begin[row] - network.piece_begin[piece]) / length, 0.0, 1.0)
        end = np.clip((self.end[row] - network.piece_begin[piece]) / length, 0.0, 1.0)
        begin[begin * length <= SAME_PLACE] = 0.0
        end[(1.0 - end) * length <= SAME_PLACE] = 1.0
        there = ((end - begin) * length > SAME_PLACE) | (end - begin == 1.0)
        return row[there], PieceParts(piece[there], begin[there], end[there])

    def on(self, network: RoadNetwork) -> ArcParts:
        """Return the closed parts of the arcs of a network: of these roads, cut anywhere, in any order of its pieces.

        Examples
        --------
        A street of 100 m in both directions, closed from its 30th metre on after a minute:

        >>> from .edge_list import straight_network
        >>> street = straight_network([[0, 0], [100, 0]], [0], [1])
        >>> part = PieceParts(np.array([0]), np.array([0.3]), np.array([1.0]))
        >>> found = RoadClosings.of_parts(street, part, 60.0).on(street)
        >>> found.arc.tolist(), found.begin.tolist(), found.end.tolist(), found.since.tolist()
        ([0, 1], [0.3, 0.0], [1.0, 0.7], [60.0, 60.0])
        """
        return self.rows_on(network)[1]

    def rows_on(self, network: RoadNetwork) -> tuple[np.ndarray, ArcParts]:
        """Return the same with the stretch (k,) to which each closed part belongs."""
        row, parts = self.on_pieces(network)
        slot = np.full((network.piece_count, 2), -1, dtype=np.int64)
        arc = np.flatnonzero(network.is_road)
        slot[network.piece[arc], np.where(network.forward[arc], 0, 1)] = arc
        groups = []
        for column, way in ((0, FORWARD_WAY), (1, BACKWARD_WAY)):
            own = slot[parts.piece, column]
            there = (own >= 0) & ((self.ways[row] & way) > 0)
            begin, end = parts.begin[there], parts.end[there]
            if way == BACKWARD_WAY:
                begin, end = 1.0 - end, 1.0 - begin
            groups.append((own[there], begin, end, row[there]))
        own, begin, end, row = (np.concatenate(column) for column in zip(*groups))
        order = np.lexsort((row, begin, own))
        row = row[order]
        found = ArcParts(
            own[order].astype(np.int32), begin[order], end[order], self.since[row], self.until[row], self.catches[row]
        )
        return row, found


_KINDS = (np.int64, np.float64, np.float64, np.float64, np.float64, np.bool_, np.int8, np.int64)
