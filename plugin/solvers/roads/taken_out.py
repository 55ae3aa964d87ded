"""Taking closed roads out of a network, and finding out afterwards whose way they were on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..dependencies import require
from ..graph.reverse_tree import grow_tree
from ..graph.stars import ReverseStar
from .areas_along import piece_lines
from .cutting import cut, keep_arcs
from .network import BACKWARD_WAY, FORWARD_WAY, RoadNetwork
from .road_closings import RoadClosings

CLOSED_COST = 1e7  # s: as long as no way without closed roads is


class TakenOut(NamedTuple):
    """Arcs (k,) that were taken out of a network.

    Attributes
    ----------
    tail, head : (k,) int64
        Nodes of the network as it is now; those that it has no more are numbered below 0.
    cause : (k,) int64
        What closed each, an index of ``names``.
    names : list of str
        Words that name what closed them.
    lines : list of (v, 2) float64
        What they were drawn along, metres; one for each piece.
    line_cause : list of int
        What closed each.
    """

    tail: np.ndarray
    head: np.ndarray
    cause: np.ndarray
    names: list[str]
    lines: list[np.ndarray]
    line_cause: list[int]

    @classmethod
    def none(cls) -> TakenOut:
        """Return no arcs."""
        no = np.empty(0, dtype=np.int64)
        return cls(no, no, no, [], [], [])

    def near(self, xy: np.ndarray, limit: float) -> list[str]:
        """Return what closed the road nearest to each position (k, 2) within ``limit`` metres, "" for none."""
        out = [""] * len(xy)
        if not self.lines or not len(xy):
            return out
        shapely = require("shapely", "finding closed roads near places")
        tree = shapely.STRtree([shapely.linestrings(line) for line in self.lines])
        places, lines = tree.query_nearest(shapely.points(xy), max_distance=limit or None, all_matches=False)
        for place, line in zip(places.tolist(), lines.tolist()):
            out[place] = self.names[self.line_cause[line]]
        return out

    def closers(self, network: RoadNetwork, origin: np.ndarray, destination: np.ndarray) -> list[list[str]]:
        """Return what closed the way of each pair (k,) of nodes that has none; empty where there never was one.

        Of all ways over closed roads that over the fewest counts. ``network`` is the one that the arcs were taken out
        of, with places joined: cutting and joining leave nodes their numbers.
        """
        if not len(self.tail):
            return [[] for _ in origin]
        gone, place = np.unique(np.concatenate([self.tail, self.head]), return_inverse=True)
        ends = np.where(gone < 0, network.node_count + np.arange(len(gone)), gone)[place.ravel()]
        tail = np.concatenate([network.tail, ends[: len(self.tail)]]).astype(np.int64)
        head = np.concatenate([network.head, ends[len(self.tail) :]]).astype(np.int64)
        nodes = network.node_count + len(gone)
        star = ReverseStar(nodes, tail, head)
        cost = np.concatenate([network.free_flow, np.full(len(self.tail), CLOSED_COST)])[star.arc]
        seconds, toward = np.empty(nodes), np.empty(nodes, dtype=np.int32)
        found: list[list[str]] = [[] for _ in origin]
        for goal in np.unique(destination[destination >= 0]).tolist():
            grow_tree(star.indptr, star.arc, star.tail, cost, goal, seconds, toward)
            for k in np.flatnonzero((destination == goal) & (origin >= 0)).tolist():
                found[k] = self._on_way(int(origin[k]), toward, head, network.arc_count)
        return found

    def _on_way(self, node: int, toward: np.ndarray, head: np.ndarray, arcs: int) -> list[str]:
        causes: dict[int, None] = {}
        while toward[node] >= 0:
            arc = int(toward[node])
            if arc >= arcs:
                causes.setdefault(int(self.cause[arc - arcs]))
            node = int(head[arc])
        return [self.names[k] for k in causes]


def take_out(
    network: RoadNetwork, closed: np.ndarray, cause: np.ndarray, names: Sequence[str], before: TakenOut
) -> tuple[RoadNetwork, TakenOut]:
    """Take arcs out of a network without connectors.

    Parameters
    ----------
    network : RoadNetwork
    closed : (m,) bool
        The arcs.
    cause : (m,) int
        What closes each, an index of ``names``.
    names : sequence of str
    before : TakenOut
        What was taken out of it before.
    """
    kept, number = keep_arcs(network, ~closed)
    gone = np.maximum(network.road_metres() - kept.road_metres(), 0.0)
    kept = replace(kept, gone=gone + network.gone if len(network.gone) else gone)
    first = np.concatenate([before.tail, network.tail[closed]]).astype(np.int64)
    last = np.concatenate([before.head, network.head[closed]]).astype(np.int64)
    lowest = min(int(first.min(initial=0)), int(last.min(initial=0)))

    def renamed(node: np.ndarray) -> np.ndarray:
        known = number[np.maximum(node, 0)]
        return np.where(node < 0, node, np.where(known >= 0, known, lowest - 1 - node))

    causes = np.concatenate([before.cause, cause[closed] + len(before.names)]).astype(np.int64)
    pieces, arc = np.unique(network.piece[closed], return_index=True)
    lines = [network.piece_xy[network.piece_start[k] : network.piece_start[k + 1]] for k in pieces.tolist()]
    of_line = (cause[closed][arc] + len(before.names)).tolist()
    return kept, TakenOut(
        renamed(first), renamed(last), causes, [*before.names, *names], [*before.lines, *lines],
        [*before.line_cause, *of_line],
    )  # fmt: skip


def close_for_good(
    network: RoadNetwork, closings: RoadClosings, names: Sequence[str], before: TakenOut
) -> tuple[RoadNetwork, TakenOut, int, float]:
    """Take stretches of road out of a network without connectors, cut at their ends.

    Parameters
    ----------
    network : RoadNetwork
    closings : RoadClosings
        All of these, whatever their times; ``cause`` is an index of ``names``.
    names, before
        See :func:`take_out`.

    Returns
    -------
    network : RoadNetwork
    taken : TakenOut
    pieces : int
        How many were closed, in one direction or both.
    metres : float
        Their length.
    """
    _, (piece, begin, end) = closings.on_pieces(network)
    drawn = require("shapely", "closing roads").length(piece_lines(network))
    at = np.concatenate([begin, end]) * np.concatenate([drawn[piece], drawn[piece]])
    both = np.concatenate([piece, piece])
    inner = np.concatenate([begin > 0.0, end < 1.0])
    parts, _ = cut(network, both[inner], at[inner])
    row, (piece, begin, end) = closings.on_pieces(parts)
    whole = (begin == 0.0) & (end == 1.0)
    row, piece = row[whole], piece[whole]
    cause = np.full((parts.piece_count, 2), -1, dtype=np.int64)
    for column, way in ((0, FORWARD_WAY), (1, BACKWARD_WAY)):
        own = (closings.ways[row] & way) > 0
        cause[piece[own][::-1], column] = closings.cause[row[own][::-1]]  # the first that closes it is named
    of_arc = cause[parts.piece, np.where(parts.forward, 0, 1)]
    closed = of_arc >= 0
    hit = np.unique(parts.piece[closed])
    network, taken = take_out(parts, closed, of_arc, names, before)
    return network, taken, len(hit), float(parts.piece_lengths()[hit].sum())
