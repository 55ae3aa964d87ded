"""Splitting drawn lines into pieces where they meet.

Lines meet where they share a vertex, and where the end of one lies within the tolerance of another's vertex. Where
lines cross without a shared vertex one passes over the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..dependencies import require
from .along import meet_along
from .lines import line_of_vertex
from .merging import join_ends
from .network import DrawnPieces
from .wkb import Lines


class SpotLines(NamedTuple):
    """Lines, the spots of their vertices, and how far it is from one to the next.

    Attributes
    ----------
    lines : Lines
        Cleaned (:func:`.lines.clean`): at least two vertices each, neighbours different.
    spot : (k,) int
        The spot of each vertex; equal vertices have the same spot.
    spots : (u, 2) float64
        Positions of the spots, metres of the working CRS.
    step : (k,) float64
        Ellipsoidal metres from each vertex to the next of its line; ignored for the last of a line.
    """

    lines: Lines
    spot: np.ndarray
    spots: np.ndarray
    step: np.ndarray

    def steps_inside(self) -> np.ndarray:
        """Return the steps (k,), 0 for the last vertex of each line."""
        inside = self.step.copy()
        inside[self.lines.start[1:] - 1] = 0.0
        return inside


@dataclass(frozen=True)
class Pieces(DrawnPieces):
    """Stretches of lines between neighbouring nodes.

    Attributes
    ----------
    line : (p,) int64
        The line each piece comes from; a feature may have several.
    moved : (p,) float64
        Metres by which the farther moved of a piece's two ends was moved when it was joined.
    spot : (k,) int64
        The spot of each vertex.
    """

    line: np.ndarray
    moved: np.ndarray
    spot: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def shapes(self, which: np.ndarray) -> np.ndarray:
        """Return pieces (k,) as shapely lines."""
        shapely = require("shapely", "comparing drawn roads")
        size = np.diff(self.offset)[which]
        lines: np.ndarray = shapely.linestrings(
            self.xy[gather(self.offset[which], size)], indices=np.repeat(np.arange(len(which)), size)
        )
        return lines


def split(
    drawn: SpotLines,
    tolerance: float,
    level: np.ndarray | None = None,
    apart: np.ndarray | None = None,
    control: Control | None = None,
) -> Pieces:
    """Split lines where they meet.

    Parameters
    ----------
    drawn : SpotLines
    tolerance : float
        Metres, see :func:`.merging.join_ends`.
    level : (r,) int, optional
        Level of each feature; lines of different levels that run along each other (:mod:`.along`) stay apart.
    apart : (c, 2) int, optional
        Pairs of spots that are not joined though they are near (:func:`.levels.part_crossings`).

    Returns
    -------
    Pieces
        In the order of the lines and along each. Their lengths add up to those of the lines.

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    lines, spots = drawn.lines, drawn.spots
    at = joined(drawn, tolerance, apart)
    control.stop_if_cancelled()
    if level is None:
        level = np.zeros(int(lines.feature.max(initial=-1)) + 1, dtype=np.int64)
    lines = Lines(spots[drawn.spot], lines.start, lines.feature)
    lines, at, inside = meet_along(lines, at, spots, drawn.steps_inside(), level[lines.feature], tolerance)
    control.stop_if_cancelled()
    return _cut_where_met(lines, at, spots, inside)


def _cut_where_met(lines: Lines, at: np.ndarray, spots: np.ndarray, inside: np.ndarray) -> Pieces:
    """Cut lines at every spot that is visited more than once; ``at`` and ``inside`` (k,) are of their vertices."""
    line = line_of_vertex(lines)
    first, last = lines.start[:-1], lines.start[1:] - 1
    visits = np.bincount(at, minlength=len(spots))
    breaks = visits[at] > 1
    breaks[first] = True
    breaks[last] = True
    cut = np.flatnonzero(breaks)
    same_line = line[cut[:-1]] == line[cut[1:]]
    low, high = cut[:-1][same_line], cut[1:][same_line]
    travelled = np.concatenate([[0.0], np.cumsum(inside)])
    used, start, end = numbered(at[low], at[high], len(spots))
    count = high - low + 1
    offset = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    vertex = at[gather(low, count)]
    moved = np.nan_to_num(np.hypot(*(lines.xy - spots[at]).T))  # vertices put in have no drawn position
    return Pieces(
        node_xy=spots[used],
        start=start,
        end=end,
        length=travelled[high] - travelled[low],
        road=lines.feature[line[low]],
        line=line[low],
        offset=offset,
        xy=spots[vertex],
        moved=np.maximum(moved[low], moved[high]),
        spot=vertex,
    )


def joined(drawn: SpotLines, tolerance: float, apart: np.ndarray | None = None) -> np.ndarray:
    """Return the spot (k,) of each vertex once line ends are joined within the tolerance; arguments as in `split`."""
    lines, spot, spots, step = drawn
    first, last = lines.start[:-1], lines.start[1:] - 1
    is_end = np.zeros(len(spots), dtype=bool)
    is_end[spot[first]] = True
    is_end[spot[last]] = True
    along = _close_along(spot, step, first, last, tolerance)
    pairs = along if apart is None else np.concatenate([along, apart])
    used = np.bincount(spot, minlength=len(spots)) > 0
    if used.all():
        return join_ends(spots, is_end, tolerance, pairs)[spot]
    number = np.cumsum(used) - 1  # spots without a vertex are none to join
    pairs = number[pairs[used[pairs].all(axis=1)]]
    stands = np.flatnonzero(used)[join_ends(spots[used], is_end[used], tolerance, pairs)]
    return stands[number[spot]]


def swallowed(pieces: Pieces) -> np.ndarray:
    """Return whether joining has moved an end of each piece (p,) by more than half its length: it is lost as drawn."""
    lost: np.ndarray = pieces.moved > pieces.length / 2
    return lost


def gather(first: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the positions ``first[k] .. first[k] + size[k] - 1`` of all stretches k, one after the other."""
    ends = np.cumsum(size)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(first - (ends - size), size)


def numbered(start: np.ndarray, end: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which of ``count`` things are named by ``start`` or ``end``, and both in terms of these."""
    used = np.zeros(count, dtype=bool)
    used[start] = True
    used[end] = True
    number = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return used, number[start], number[end]


def _close_along(
    spot: np.ndarray, step: np.ndarray, first: np.ndarray, last: np.ndarray, tolerance: float
) -> np.ndarray:
    """Return pairs of spots (c, 2): a line's end and the vertices of the line within the tolerance along it.

    These are joined by the line already; joining them again would only fold its tip.
    """
    found = [np.empty((0, 2), dtype=np.int64)]
    for end, stop, direction in ((first, last, 1), (last, first, -1)):
        origin, at, limit = end, end, stop
        gone = np.zeros(len(end))
        while len(at):
            gone = gone + step[at if direction == 1 else at - 1]
            at = at + direction
            near = gone <= tolerance
            found.append(np.column_stack([spot[origin[near]], spot[at[near]]]))
            more = near & (at != limit)
            origin, at, limit, gone = origin[more], at[more], limit[more], gone[more]
    return np.concatenate(found)
