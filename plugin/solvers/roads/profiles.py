"""The heights along lines, and what their slopes make of walking times.

Heights are taken at stations: both ends of a line and equal steps of at most 50 m between. Where none is known (no
data, bridges, tunnels) they are those that rise evenly between the nearest known ones along the roads. A moving mean
over 100 m smooths each line; near its ends the window shrinks alike on both sides, so that the ends keep their height
and an even slope stays as it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..graph.components import components
from .splitting import gather
from .tobler import STEEPEST, slope_factor

SPACING = 50.0  # m, most between two stations: the smoothing window of 100 m holds one on each side
ROUNDING = 1e-9  # m


class Stations(NamedTuple):
    """Places along lines at which heights are read.

    Attributes
    ----------
    start : (q + 1,) int64
        The stations of line k are ``start[k] .. start[k + 1] - 1``.
    along : (s,) float64
        Metres from the beginning of the line.
    """

    start: np.ndarray
    along: np.ndarray

    @property
    def line(self) -> np.ndarray:
        """The line (s,) of each station."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the first and the last station (q,) of each line."""
        return self.start[:-1], self.start[1:] - 1


def stations_on(length: np.ndarray, spacing: float = SPACING) -> Stations:
    """Return stations on lines of ``length`` (q,) metres.

    Examples
    --------
    >>> stations_on(np.array([120.0, 40.0])).along.tolist()
    [0.0, 40.0, 80.0, 120.0, 0.0, 40.0]
    """
    steps = np.maximum(np.ceil(length / spacing - ROUNDING), 1).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(steps + 1)]).astype(np.int64)
    line = np.repeat(np.arange(len(length)), steps + 1)
    number = np.arange(start[-1]) - start[line]
    along = length[line] * (number / steps[line])
    return Stations(start, along)


def places_along(along: np.ndarray, xy: np.ndarray, vertex_start: np.ndarray, stations: Stations) -> np.ndarray:
    """Return the positions (s, 2) of stations on lines.

    Parameters
    ----------
    along : (k,) float64
        Metres of each vertex from the beginning of its line.
    xy : (k, 2) float64
    vertex_start : (q + 1,) int
        Offsets of the lines' vertices.
    stations : Stations
    """
    last = vertex_start[1:] - 1
    line_of_vertex = np.repeat(np.arange(len(last)), np.diff(vertex_start))
    line = stations.line
    order = np.lexsort(
        (np.concatenate([np.zeros(len(along)), np.ones(len(line))]), np.concatenate([along, stations.along]),
         np.concatenate([line_of_vertex, line]))
    )  # fmt: skip
    seen = np.cumsum(order < len(along))  # vertices up to there, those in the same place among them
    before = np.empty(len(along) + len(line), dtype=np.int64)
    before[order] = seen - 1
    low = np.minimum(before[len(along) :], last[line] - 1)
    step = along[low + 1] - along[low]
    share = np.clip((stations.along - along[low]) / np.where(step > 0, step, 1.0), 0.0, 1.0)
    return np.where((share == 1.0)[:, None], xy[low + 1], xy[low] + share[:, None] * (xy[low + 1] - xy[low]))


class Heights(NamedTuple):
    """Heights at stations.

    Attributes
    ----------
    height : (s,) float64
        Metres, smoothed; NaN where nothing is known on all that is connected.
    filled : (s,) bool
        Where no height was known, and it is worked out from others or left unknown.
    """

    height: np.ndarray
    filled: np.ndarray


def smooth_heights(
    stations: Stations,
    height: np.ndarray,
    spot: np.ndarray,
    off_ground: np.ndarray,
    grounded: np.ndarray | None = None,
) -> Heights:
    """Return the heights of lines that are filled and smoothed.

    Parameters
    ----------
    stations : Stations
    height : (s,) float64
        As read, metres; NaN without data.
    spot : (q, 2) int
        The spots at which each line begins and ends; lines meet in equal spots.
    off_ground : (q,) bool
        Bridges and tunnels: what is below or above them is not their height. They have that of the ground where a line
        on the ground ends, or they begin or end alone.
    grounded : (q, 2) bool, optional
        Whether a line on the ground touches each end; by default where one ends.

    Examples
    --------
    A road of 50 m, a bridge of 100 m over a river whose bed is 30 m lower, a road of 50 m:

    >>> stations = stations_on(np.array([50.0, 100.0, 50.0]))
    >>> read = np.array([10.0, 11.0, 11.0, -19.0, 13.0, 13.0, 14.0])
    >>> spot = np.array([[0, 1], [1, 2], [2, 3]])
    >>> smooth_heights(stations, read, spot, np.array([False, True, False])).height.tolist()
    [10.0, 11.0, 11.0, 12.0, 13.0, 13.0, 14.0]
    """
    if grounded is None:
        ground = np.bincount(spot[~off_ground].ravel(), minlength=int(spot.max(initial=-1)) + 1) > 0
        grounded = ground[spot]
    known = np.isfinite(height) & ~_in_the_air(stations, spot, off_ground, grounded)
    height = filled_evenly(stations, np.where(known, height, np.nan), spot)
    inner = np.ones(len(height), dtype=bool)
    for ends in stations.ends():
        inner[ends] = False
    at = np.flatnonzero(inner & ~off_ground[stations.line])
    smooth = height.copy()
    smooth[at] = (height[at - 1] + height[at] + height[at + 1]) / 3.0
    return Heights(smooth, ~known)


def _in_the_air(stations: Stations, spot: np.ndarray, off_ground: np.ndarray, grounded: np.ndarray) -> np.ndarray:
    """Return which stations (s,) have not the height of the ground."""
    air = off_ground[stations.line]
    touched = np.bincount(spot.ravel(), minlength=int(spot.max(initial=-1)) + 1)
    for ends, side in zip(stations.ends(), (0, 1)):
        air[ends] = off_ground & ~grounded[:, side] & (touched[spot[:, side]] > 1)
    return air


def filled_evenly(stations: Stations, height: np.ndarray, spot: np.ndarray) -> np.ndarray:
    """Return heights (s,) in which those that are NaN rise evenly between known ones along the lines.

    At a junction whose height is not known the slopes that lead there add up to 0, as water in a net of pipes would
    stand. NaN stays where nothing connected is known. Arguments as in :func:`smooth_heights`.
    """
    if not np.isnan(height).any():
        return height
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve

    first, last = stations.ends()
    node = np.arange(len(height)) + int(spot.max(initial=-1)) + 1
    node[first], node[last] = spot[:, 0], spot[:, 1]
    used, node = np.unique(node, return_inverse=True)
    node = node.ravel()
    value = np.full(len(used), np.nan)
    there = np.isfinite(height)
    value[node[there]] = height[there]
    follows = np.ones(len(height), dtype=bool)
    follows[last] = False
    a = np.flatnonzero(follows)
    metres = np.maximum(stations.along[a + 1] - stations.along[a], ROUNDING)
    a, b, weight = node[a], node[a + 1], 1.0 / metres
    unknown = np.isnan(value)
    # only what is unknown, with what borders on it
    loose = unknown[a] & unknown[b]
    part = components(len(used), a[loose].astype(np.int32), b[loose].astype(np.int32), strong=False)
    anchored = np.zeros(int(part.max(initial=-1)) + 1, dtype=bool)
    for one, other in ((a, b), (b, a)):
        anchored[part[one[unknown[one] & ~unknown[other]]]] = True
    solved = np.flatnonzero(unknown & anchored[part])
    if len(solved):
        number = np.full(len(used), -1)
        number[solved] = np.arange(len(solved))
        rows, columns, weights = [], [], []
        right = np.zeros(len(solved))
        for one, other in ((a, b), (b, a)):
            mine = number[one] >= 0
            rows.append(number[one[mine]])
            columns.append(number[one[mine]])
            weights.append(weight[mine])
            both = mine & (number[other] >= 0)
            rows.append(number[one[both]])
            columns.append(number[other[both]])
            weights.append(-weight[both])
            edge = mine & ~unknown[other]
            np.add.at(right, number[one[edge]], weight[edge] * value[other[edge]])
        size = (len(solved), len(solved))
        matrix = coo_matrix((np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), size)
        value[solved] = np.atleast_1d(spsolve(matrix.tocsc(), right))
    return value[node]


class Climbs(NamedTuple):
    """What slopes make of pieces of lines.

    Attributes
    ----------
    factor : (p, 2) float64
        Mean speed on each piece, as a multiple of that on the flat: in the direction of drawing and against it.
    steepest : (q,) float64
        The steepest slope of each line, before it is capped; NaN where its heights are not known.
    steep_metres : float
        Metres of all lines that are steeper than :data:`STEEP`.
    """

    factor: np.ndarray
    steepest: np.ndarray
    steep_metres: float


STEEP = 0.3  # hardly any street is steeper over its length


def climbs_on(stations: Stations, height: np.ndarray, line: np.ndarray, length: np.ndarray) -> Climbs:
    """Return what the slopes between stations make of pieces.

    Parameters
    ----------
    stations : Stations
    height : (s,) float64
        Metres; NaN counts as flat.
    line : (p,) int
        The line of each piece; pieces come in the order of the lines and along each, and fill them.
    length : (p,) float64
        Metres of each piece.

    Examples
    --------
    A line of 100 m that rises by 10 m, in two pieces:

    >>> stations = stations_on(np.array([100.0]))
    >>> climbs = climbs_on(stations, np.array([0.0, 5.0, 10.0]), np.array([0, 0]), np.array([30.0, 70.0]))
    >>> climbs.factor.round(3).tolist()
    [[0.705, 1.0], [0.705, 1.0]]
    """
    follows = np.ones(len(height), dtype=bool)
    follows[stations.start[1:] - 1] = False
    at = np.flatnonzero(follows)
    metres = stations.along[at + 1] - stations.along[at]
    slope = (height[at + 1] - height[at]) / np.where(metres > 0, metres, np.inf)
    steep = np.abs(slope)
    steepest = np.full(len(stations.start) - 1, np.nan)
    np.fmax.at(steepest, stations.line[at], steep)
    capped = np.clip(np.nan_to_num(slope), -STEEPEST, STEEPEST)
    both = slope_factor(np.column_stack([capped, -capped]))
    piece, step, share = _parts(stations, line, length)
    of_step = np.cumsum(follows) - 1  # the step that begins at a station
    took = np.empty((len(line), 2))
    for way in (0, 1):
        took[:, way] = np.bincount(piece, weights=share / both[of_step[step], way], minlength=len(line))
    whole = np.bincount(piece, weights=share, minlength=len(line))
    factor = np.where(took > 0, whole[:, None] / np.where(took > 0, took, 1.0), 1.0)
    return Climbs(factor, steepest, float(metres[steep > STEEP].sum()))


def _parts(stations: Stations, line: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return piece, station before and metres of each part between two neighbouring stations or ends of pieces."""
    count = len(stations.start) - 1
    of_line = np.bincount(line, weights=length, minlength=count)
    whole = stations.along[stations.start[1:] - 1]
    scale = np.where(of_line > 0, whole / np.where(of_line > 0, of_line, 1.0), 1.0)
    first = np.concatenate([[0], np.cumsum(np.bincount(line, minlength=count))])[:-1]
    done = np.concatenate([[0.0], np.cumsum(length)])
    begin = (done[:-1] - done[first[line]]) * scale[line]
    size = np.diff(stations.start)
    inner = gather(stations.start[:-1], size - 1)  # a line's last station begins nothing
    owner = np.concatenate([stations.line[inner], line])
    place = np.concatenate([stations.along[inner], begin])
    is_piece = np.concatenate([np.zeros(len(inner), dtype=bool), np.ones(len(line), dtype=bool)])
    order = np.lexsort((is_piece, place, owner))
    owner, place, is_piece = owner[order], place[order], is_piece[order]
    # the first places of a line are its first station and its first piece, both at 0
    seen_pieces, seen_stations = np.cumsum(is_piece) - 1, np.cumsum(~is_piece) - 1
    after = np.append(place[1:], 0.0)
    last = np.append(owner[1:] != owner[:-1], True) if len(owner) else np.empty(0, dtype=bool)
    after[last] = whole[owner[last]]
    part = np.maximum(after - place, 0.0)
    good = (seen_pieces >= 0) & (part > 0)
    return seen_pieces[good], inner[seen_stations[good]], part[good]
