"""Stretches of roads as a table has them - id, direction, from and to in metres - and the arcs that they are.

Metres count along a road as it is drawn (:attr:`.network.RoadNetwork.piece_begin`); ``start`` is where a vehicle comes
onto the stretch, so that it is larger than ``stop`` where the road is driven against its drawing. A network that is cut
where the stretches of a plan begin and end has the pieces on which the plan was made.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np

from ..errors import SolverError
from .cutting import SAME_PLACE, cut, measures_of
from .network import RoadNetwork

EXACT = 1e-6  # m
FORWARD, BACKWARD = "forward", "backward"


class Stretches(NamedTuple):
    """Stretches of roads in travel direction.

    Attributes
    ----------
    road : list of str
        Ids, (k,).
    forward : (k,) bool
        Whether the road is driven as it is drawn.
    start, stop : (k,) float64
        Metres along the road as drawn.
    """

    road: list[str]
    forward: np.ndarray
    start: np.ndarray
    stop: np.ndarray


class _Line(NamedTuple):
    """The pieces of one id along it, with the metres at their ends, ascending."""

    piece: list[int]
    begin: list[float]
    end: list[float]


def stretches_of(network: RoadNetwork, arcs: np.ndarray) -> Stretches:
    """Return the stretches that arcs (k,) are; they must be roads.

    Examples
    --------
    A street of 100 m and back:

    >>> from .edge_list import straight_network
    >>> there = stretches_of(straight_network([[0, 0], [100, 0]], [0], [1]), np.array([0, 1]))
    >>> there.road, there.forward.tolist(), there.start.tolist(), there.stop.tolist()
    (['0', '0'], [True, False], [0.0, 100.0], [100.0, 0.0])
    """
    piece, forward = network.piece[arcs], network.forward[arcs]
    low = network.piece_begin[piece]
    high = low + network.length[arcs]
    road = [network.road_ids[k] for k in network.piece_road[piece].tolist()]
    return Stretches(road, forward, np.where(forward, low, high), np.where(forward, high, low))


def cut_at_stretches(network: RoadNetwork, stretches: Stretches) -> RoadNetwork:
    """Return the network with a node wherever a stretch begins or ends.

    Raises
    ------
    SolverError
        When the network has no such road, or not at that place.
    """
    lines = _lines(network)
    pieces, measures = [], []
    places = {*zip(stretches.road, stretches.start.tolist()), *zip(stretches.road, stretches.stop.tolist())}
    for road, place in sorted(places):
        line = _line(lines, road)
        k = max(bisect_right(line.begin, place) - 1, 0)
        low, high = line.begin[k], line.end[k]
        if not low - SAME_PLACE <= place <= high + SAME_PLACE:
            raise SolverError(_elsewhere(road, place, line))
        if low + EXACT < place < high - EXACT:
            piece = line.piece[k]
            drawn = network.piece_xy[network.piece_start[piece] : network.piece_start[piece + 1]]
            pieces.append(piece)
            measures.append((place - low) / (high - low) * float(measures_of(drawn)[-1]))
    if not pieces:
        return network
    return cut(network, np.array(pieces, dtype=np.int64), np.array(measures))[0]


def same_places(
    before: RoadNetwork, after: RoadNetwork, piece: np.ndarray, measure: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return on which pieces (k,) of ``after``, and at how many planar metres, places on pieces of ``before`` lie.

    Both are networks of the same roads, cut at different places.

    Examples
    --------
    A street of 100 m, and the same cut at 30 m:

    >>> from .edge_list import straight_network
    >>> street = straight_network([[0, 0], [100, 0]], [0], [1])
    >>> halves, _ = cut(street, np.array([0]), np.array([30.0]))
    >>> [found.tolist() for found in same_places(street, halves, np.array([0, 0]), np.array([10.0, 80.0]))]
    [[0, 1], [10.0, 50.0]]
    """
    begin, length = after.piece_begin, after.piece_lengths()
    share = measure / np.maximum(_drawn(before, piece), EXACT)
    place = before.piece_begin[piece] + before.piece_lengths()[piece] * share
    found = np.empty(len(piece), dtype=np.int64)
    for k, (road, at) in enumerate(zip(before.piece_road[piece].tolist(), place.tolist())):
        own = np.flatnonzero(after.piece_road == road)
        found[k] = own[np.argmin(np.maximum(begin[own] - at, at - begin[own] - length[own]))]
    share = np.clip((place - begin[found]) / np.maximum(length[found], EXACT), 0.0, 1.0)
    return found, share * _drawn(after, found)


def _drawn(network: RoadNetwork, piece: np.ndarray) -> np.ndarray:
    """Return the planar length (k,) of pieces as drawn."""
    start = network.piece_start
    return np.array([float(measures_of(network.piece_xy[start[p] : start[p + 1]])[-1]) for p in piece.tolist()])


def arcs_of_stretches(network: RoadNetwork, stretches: Stretches) -> tuple[np.ndarray, np.ndarray]:
    """Return the arcs of all stretches, one after the other in travel order, and the stretch of each.

    Raises
    ------
    SolverError
        When the network has no such road, not at that place or not with a node there, or not in that direction.
    """
    lines = _lines(network)
    slot = np.full((network.piece_count, 2), -1, dtype=np.int64)
    road = np.flatnonzero(network.is_road)
    slot[network.piece[road], np.where(network.forward[road], 0, 1)] = road
    known: dict[tuple[str, bool, float, float], list[int]] = {}
    arcs: list[int] = []
    counts = []
    rows = zip(stretches.road, stretches.forward.tolist(), stretches.start.tolist(), stretches.stop.tolist())
    for row in rows:
        if row not in known:
            known[row] = _arcs(lines, slot, *row)
        arcs += known[row]
        counts.append(len(known[row]))
    return np.array(arcs, dtype=np.int64), np.repeat(np.arange(len(counts)), counts)


def _arcs(lines: dict[str, _Line], slot: np.ndarray, road: str, forward: bool, start: float, stop: float) -> list[int]:
    """Return the arcs of one stretch."""
    line, way = _line(lines, road), FORWARD if forward else BACKWARD
    low, high = (start, stop) if forward else (stop, start)
    if low > high:
        raise SolverError(f"road “{road}” is said to be driven {way} from {start:,.1f} to {stop:,.1f} m.")
    found = _pieces_between(line, low, high, EXACT) or _pieces_between(line, low, high, SAME_PLACE)
    if not found:
        raise SolverError(_elsewhere(road, low, line, high))
    arcs: list[int] = slot[found, 0 if forward else 1].tolist()
    if min(arcs) < 0:
        raise SolverError(f"road “{road}” cannot be driven {way} from {start:,.1f} to {stop:,.1f} m.")
    return arcs if forward else arcs[::-1]


def _pieces_between(line: _Line, low: float, high: float, tolerance: float) -> list[int]:
    """Return the pieces that fill a line between two measures and end there, none where there are not any."""
    first, last = bisect_left(line.begin, low - tolerance), bisect_right(line.begin, low + tolerance)
    # pieces of hardly any length before the stretch begin where it does
    starts = range(first, last) if high - low <= tolerance else reversed(range(first, last))
    for start in starts:
        at = line.begin[start]
        for k in range(start, len(line.piece)):
            if abs(line.begin[k] - at) > tolerance or line.end[k] > high + tolerance:
                break
            at = line.end[k]
            if at >= high - tolerance:
                return line.piece[start : k + 1]
    return []


def _lines(network: RoadNetwork) -> dict[str, _Line]:
    """Return the pieces of each id."""
    length = network.piece_lengths()
    open_piece = np.zeros(network.piece_count, dtype=bool)
    open_piece[network.piece[network.is_road]] = True
    end = network.piece_begin + length
    lines: dict[str, _Line] = {}
    for piece in np.lexsort((end, network.piece_begin)).tolist():
        if open_piece[piece]:
            line = lines.setdefault(network.road_ids[int(network.piece_road[piece])], _Line([], [], []))
            line.piece.append(piece)
            line.begin.append(float(network.piece_begin[piece]))
            line.end.append(float(end[piece]))
    return lines


def _line(lines: dict[str, _Line], road: str) -> _Line:
    if road not in lines:
        raise SolverError(f"the network has no road “{road}”.")
    return lines[road]


def _elsewhere(road: str, low: float, line: _Line, high: float | None = None) -> str:
    place = f"{low:,.2f} m" if high is None else f"from {low:,.2f} to {high:,.2f} m"
    return (
        f"road “{road}” has no such stretch at {place}; it lies between {line.begin[0]:,.2f} and {line.end[-1]:,.2f} m."
    )
