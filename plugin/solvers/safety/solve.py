"""How long it takes to be safe, and until when one can leave: empty roads, hazard and closures (section 14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..graph.reverse_tree import grow_tree
from ..graph.stars import ReverseStar, arcs_at
from ..routing.shared.closings import Closings
from .parts import Parts
from .search import (
    MIDDLE,
    along_tree,
    arrivals,
    from_middles,
    from_nodes,
    latest_entries,
    quickest_of_latest,
)

QUERIES = 200  # searches for an arrival between two looks at the cancel button


class Starts(NamedTuple):
    """What holds of who starts somewhere; k places to start from.

    Attributes
    ----------
    seconds : (k,) float64
        By the quickest way to a safe place, no closing looked at; inf: there is none.
    nearest : (k,) int32
        The safe place there, -1 for none.
    latest : (k,) float64
        The last moment at which one can leave and still be safe, every part of a road left before the hazard reaches
        it; inf: always, -inf: at none.
    place : (k,) int32
        The safe place to which who leaves then comes, -1 for none.
    """

    seconds: np.ndarray
    nearest: np.ndarray
    latest: np.ndarray
    place: np.ndarray


@dataclass(frozen=True)
class TimeToSafety:
    """What :func:`time_to_safety` finds.

    Attributes
    ----------
    nodes, middles : Starts
        From each node (n), and from the middle of each directed arc along it (m).
    """

    nodes: Starts
    middles: Starts
    _roads: _Roads
    _open_until: np.ndarray

    def arrivals(self, node: np.ndarray, ready: np.ndarray, control: Control | None = None) -> np.ndarray:
        """Return when who starts at ``node`` (q,) at the moment ``ready`` (q,) is safe at the earliest; inf: never.

        Raises
        ------
        Cancelled
        """
        control = control or Control()
        node, ready = np.asarray(node, dtype=np.int64), np.asarray(ready, dtype=np.float64)
        arrival = ready + self.nodes.seconds[node]  # by the quickest way, where it is open throughout
        arrival[ready > self.nodes.latest[node]] = np.inf
        asked = np.flatnonzero((ready > self._open_until[node]) & np.isfinite(arrival))
        pairs, which = np.unique(np.column_stack([node[asked], ready[asked]]), axis=0, return_inverse=True)
        found = self._roads.arrivals(pairs[:, 0].astype(np.int64), np.ascontiguousarray(pairs[:, 1]), control)
        found = found[which.ravel()]
        arrival[asked] = np.where(np.isfinite(found), found, arrival[asked])  # rounding at the very last moment
        return arrival


class _Roads(NamedTuple):
    """The roads as the kernels read them."""

    out: np.ndarray
    out_arc: np.ndarray
    head: np.ndarray
    travel: np.ndarray
    safe_node: np.ndarray
    reached: np.ndarray
    parts: Parts
    room: int

    def arrivals(self, node: np.ndarray, ready: np.ndarray, control: Control) -> np.ndarray:
        found, arcs = np.empty(len(node)), len(self.head)
        entered, before = np.full(arcs, np.inf), np.empty(arcs, dtype=np.int32)
        touched = np.empty(arcs, dtype=np.int64)
        keys, items = np.empty(self.room), np.empty(self.room, dtype=np.int64)
        for first in range(0, len(node), QUERIES):
            control.stop_if_cancelled()
            some = slice(first, first + QUERIES)
            arrivals(
                self.out, self.out_arc, self.head, self.travel, self.safe_node, self.reached, self.parts,
                node[some], ready[some], found[some], entered, before, touched, keys, items,
            )  # fmt: skip
        return found


def time_to_safety(
    tail: np.ndarray,
    head: np.ndarray,
    travel: np.ndarray,
    closings: Closings,
    safe: np.ndarray,
    place: np.ndarray,
    control: Control | None = None,
) -> TimeToSafety:
    """Find from everywhere the quickest way to a safe place, and until when one can leave.

    One search backward from all safe places for each of the two. The second solves, over arcs (v, w),
    ``L(v) = max over w of min(closing of (v, w), L(w)) - t``, with the exact closings of parts and with waits, at a
    junction and until the hazard reaches the end of the road on which one stands, for what opens again.

    Parameters
    ----------
    tail, head : (m,) int
        Directed arcs.
    travel : (m,) float64
        Free-flow seconds, >= 0.
    closings : Closings
    safe : (s,) int
        Nodes at which one is safe at any time.
    place : (s,) int
        The safe place of each; several nodes may be of one.

    Returns
    -------
    TimeToSafety

    Raises
    ------
    Cancelled

    Examples
    --------
    Two roads of a minute each in a row; the hazard reaches the second half of the first after five minutes.

    >>> import numpy as np
    >>> one = np.array([0]), np.array([0.5]), np.array([1.0]), np.array([300.0]), np.array([np.inf]), np.array([True])
    >>> closings = Closings(*one, np.full(3, np.inf), np.full(3, np.inf))
    >>> found = time_to_safety(np.array([0, 1]), np.array([1, 2]), np.full(2, 60.0), closings, [2], [0])
    >>> found.nodes.seconds.tolist(), found.nodes.latest.tolist()
    ([120.0, 60.0, 0.0], [240.0, inf, inf])
    >>> found.middles.seconds.tolist(), found.middles.latest.tolist()
    ([90.0, 30.0], [270.0, inf])
    """
    control = control or Control()
    nodes, arcs = len(closings.start_reached), len(tail)
    tail, head = np.asarray(tail, dtype=np.int64), np.asarray(head, dtype=np.int64)
    travel = np.ascontiguousarray(travel, dtype=np.float64)
    place_at = np.full(nodes, -1, dtype=np.int32)
    place_at[np.asarray(safe, dtype=np.int64)[::-1]] = np.asarray(place)[::-1]  # the first of several at a node
    safe_node = place_at >= 0
    out, out_arc = arcs_at(tail, nodes)
    into, into_arc = arcs_at(head, nodes)
    parts = Parts.of(closings, arcs)
    seconds, toward, nearest, hops = _quickest(tail, head, travel, place_at)
    control.stop_if_cancelled()
    room = arcs + int((np.diff(into)[tail]).sum()) + 1
    keys, items = np.empty(room), np.empty(room, dtype=np.int64)
    by, entry, way = np.empty(arcs), np.empty(arcs), np.empty(arcs)
    place_of = np.empty(arcs, dtype=np.int32)
    latest_entries(into, into_arc, tail, travel, safe_node[head], parts, by, entry, keys, items)
    control.stop_if_cancelled()
    quickest_of_latest(into, into_arc, tail, travel, place_at[head], parts, by, entry, way, place_of, keys, items)
    node_until, arc_until = np.empty(nodes), np.empty(arcs)
    along_tree(np.argsort(hops, kind="stable"), toward, head, travel, safe_node, parts, node_until, arc_until)
    reached = np.ascontiguousarray(closings.start_reached, dtype=np.float64)
    latest, through = np.empty(nodes), np.empty(nodes, dtype=np.int64)
    from_nodes(out, out_arc, travel, parts, by, entry, way, reached, safe_node, latest, through)
    from_node = place_at.copy()
    from_node[through >= 0] = place_of[through[through >= 0]]
    open_until = np.where(safe_node, np.inf, np.minimum(node_until, reached))
    half, half_open = np.empty(arcs), np.empty(arcs)
    from_middles(travel, parts, by, arc_until, half, half_open)
    to_end = (1.0 - MIDDLE) * travel + seconds[head]
    return TimeToSafety(
        nodes=Starts(seconds, nearest, latest, _chosen(latest, open_until, nearest, from_node)),
        middles=Starts(to_end, nearest[head], half, _chosen(half, half_open, nearest[head], place_of)),
        _roads=_Roads(out, out_arc, head, travel, safe_node, reached, parts, room),
        _open_until=open_until,
    )


def _quickest(
    tail: np.ndarray, head: np.ndarray, travel: np.ndarray, place_at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return by node (n,) the seconds to the nearest safe place, the arc to take first, that place, and the hops.

    A tree to a node behind all safe places; arc and place are -1 where there is none.
    """
    nodes, arcs = len(place_at), len(tail)
    safe = np.flatnonzero(place_at >= 0)
    star = ReverseStar(nodes + 1, np.concatenate([tail, safe]), np.concatenate([head, np.full(len(safe), nodes)]))
    cost = np.concatenate([travel, np.zeros(len(safe))])[star.arc]
    seconds, toward = np.empty(nodes + 1), np.empty(nodes + 1, dtype=np.int32)
    grow_tree(star.indptr, star.arc, star.tail, np.ascontiguousarray(cost), nodes, seconds, toward)
    seconds, toward = seconds[:nodes], toward[:nodes]
    toward[toward >= arcs] = -1
    following = np.arange(nodes)
    following[toward >= 0] = head[toward[toward >= 0]]
    hops = (toward >= 0).astype(np.int64)
    while not np.array_equal(jump := following[following], following):  # twice as far each time
        hops += hops[following]
        following = jump
    return seconds, toward, place_at[following].astype(np.int32), hops


def _chosen(latest: np.ndarray, open_until: np.ndarray, nearest: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the safe place for who leaves at the last moment: the nearest where its quickest way is open then."""
    chosen: np.ndarray = np.where(open_until >= latest, nearest, place).astype(np.int32)
    chosen[latest == -np.inf] = -1
    return chosen


def of_pieces(found: TimeToSafety, piece: np.ndarray, pieces: int) -> Starts:
    """Return what holds of who starts in the middle of each piece of road, in the better of its directions.

    Parameters
    ----------
    piece : (m,) int
        The piece of each arc, below 0 for none.
    pieces : int

    Examples
    --------
    >>> import numpy as np
    >>> closings = Closings.none(2)
    >>> found = time_to_safety(np.array([0, 1]), np.array([1, 0]), np.array([10.0, 10.0]), closings, [1], [0])
    >>> of_pieces(found, np.array([0, 0]), 1).seconds.tolist()
    [5.0]
    """
    one = found.middles
    out = Starts(
        np.full(pieces, np.inf), np.full(pieces, -1, np.int32), np.full(pieces, -np.inf), np.full(pieces, -1, np.int32)
    )
    road = np.flatnonzero(piece >= 0)
    slow = road[np.argsort(-one.seconds[road], kind="stable")]  # of several the last one written stays: the quickest
    out.seconds[piece[slow]], out.nearest[piece[slow]] = one.seconds[slow], one.nearest[slow]
    early = road[np.lexsort((-one.seconds[road], one.latest[road]))]
    out.latest[piece[early]], out.place[piece[early]] = one.latest[early], one.place[early]
    return out
