"""Roads that run along each other without sharing their vertices: made to share the junctions of each.

A long line over several short ones, or a copy drawn with more or fewer vertices, lies on the other but has no vertex
where the other one has a junction. Here it is given one, so that the pieces between junctions coincide and can be
merged (:mod:`.doubles`). A road that only crosses or touches another is left as it is.
"""

from __future__ import annotations

import numpy as np

from ..dependencies import require
from .lines import keep_lines, keep_vertices, line_of_vertex
from .merging import ROUNDING, stand_for
from .wkb import Lines

SHORTEST = 3.0  # tolerances; a shorter segment does not tell in which direction its road runs
LOOK = 20.0  # tolerances, but at least LOOK_LEAST m: so far a road must run on the other to run along it
LOOK_LEAST = 1.0
SIDE = 1024  # cells a side of the grid that finds the segments near points


def meet_along(
    lines: Lines, at: np.ndarray, spots: np.ndarray, step: np.ndarray, level: np.ndarray, tolerance: float
) -> tuple[Lines, np.ndarray, np.ndarray]:
    """Give lines a vertex at the junctions of the lines they run along.

    Parameters
    ----------
    lines : Lines
    at : (k,) int
        The spot of each vertex.
    spots : (u, 2) float64
        Metres.
    step : (k,) float64
        Metres from each vertex to the next of its line; 0 for the last.
    level : (q,) int
        The level of each line; lines of different levels do not meet.
    tolerance : float
        Metres.

    Returns
    -------
    lines, at, step
        With the further vertices; a step is shared in proportion. Vertices within the tolerance of a junction take its
        spot.
    """
    drawn = Drawn(lines, at, spots, tolerance + ROUNDING)
    beside = drawn.side_by_side()
    by_end = drawn.touching(drawn.loose_ends(), np.arange(len(drawn.a)))
    by_side = drawn.touching(drawn.junctions(), beside) if len(beside) else by_end
    pairs = np.unique(np.concatenate([np.column_stack(by_end), np.column_stack(by_side)]), axis=0)
    if not len(pairs):
        return lines, at, step
    spot, segment = pairs.T
    along = drawn.runs_along(spot, segment, level)
    spot, segment = spot[along], segment[along]
    if not len(spot):
        return lines, at, step
    return insert(drawn, step, spot, segment)


class Drawn:
    """Lines as segments between spots."""

    def __init__(self, lines: Lines, at: np.ndarray, spots: np.ndarray, reach: float) -> None:
        self.lines, self.at, self.spots, self.reach = lines, at, spots, reach
        followed = np.ones(len(at), dtype=bool)
        followed[lines.start[1:] - 1] = False
        self.vertex = np.flatnonzero(followed)  # the vertex each segment starts at
        self.a, self.b = at[self.vertex], at[self.vertex + 1]
        self.line = line_of_vertex(lines)[self.vertex]
        self.visits = np.bincount(at, minlength=len(spots))
        self.is_end = np.zeros(len(spots), dtype=bool)
        self.is_end[at[lines.start[:-1]]] = True
        self.is_end[at[lines.start[1:] - 1]] = True

    def junctions(self) -> np.ndarray:
        """Return the spots where lines end or meet."""
        return np.flatnonzero((self.visits > 1) | self.is_end)

    def loose_ends(self) -> np.ndarray:
        """Return the spots where one line ends and no other is."""
        return np.flatnonzero((self.visits == 1) & self.is_end)

    def side_by_side(self) -> np.ndarray:
        """Return the segments of lines that leave some spot in the direction of another, but for another spot."""
        origin, other = np.concatenate([self.a, self.b]), np.concatenate([self.b, self.a])
        x, y = (self.spots[other] - self.spots[origin]).T
        turn = (np.arctan2(y, x) / (2 * np.pi)) % 1.0
        order = np.argsort(origin + turn, kind="stable")
        one, two = order[:-1], order[1:]
        opens = np.flatnonzero(np.append(True, origin[one] != origin[two]))
        closes = np.append(opens[1:] - 1, len(order) - 1)
        one, two = np.concatenate([one, order[closes]]), np.concatenate([two, order[opens]])  # and all the way round
        here = (origin[one] == origin[two]) & (other[one] != other[two])
        one, two = one[here], two[here]
        cross = np.abs(x[one] * y[two] - y[one] * x[two])
        dot = x[one] * x[two] + y[one] * y[two]
        longer = np.sqrt(np.maximum(x[one] ** 2 + y[one] ** 2, x[two] ** 2 + y[two] ** 2))
        beside = (dot > 0) & (cross <= self.reach * longer)  # the shorter ends within reach of the longer
        lines = np.zeros(len(self.lines), dtype=bool)
        lines[self.line[np.concatenate([one[beside], two[beside]]) % len(self.a)]] = True
        return np.flatnonzero(lines[self.line])

    def touching(self, asked: np.ndarray, segments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (spot, segment) for the asked spots that lie on a segment of these without being one of its ends."""
        if len(asked):
            segments = segments[self._near(self.spots[asked], segments)]
        if not len(asked) or not len(segments):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        shapely = require("shapely", "finding the roads that are drawn twice")
        one, two = self.spots[self.a[segments]], self.spots[self.b[segments]]
        (left, low), (right, high) = np.minimum(one, two).T - self.reach, np.maximum(one, two).T + self.reach
        found, asker = shapely.STRtree(shapely.points(self.spots[asked])).query(shapely.box(left, low, right, high))
        spot, segment = asked[asker], segments[found]
        apart = (self.a[segment] != spot) & (self.b[segment] != spot)
        spot, segment = spot[apart], segment[apart]
        on = self.offset(spot, segment)[1] <= self.reach
        return spot[on], segment[on]

    def _near(self, xy: np.ndarray, segments: np.ndarray) -> np.ndarray:
        """Return whether the box of each of the segments, in cells of a grid, holds one of the points."""
        one, two = self.spots[self.a[segments]], self.spots[self.b[segments]]
        low, high = np.minimum(one, two), np.maximum(one, two)
        corner = low.min(axis=0)
        size = np.maximum((high.max(axis=0) - corner) / (SIDE - 2), 4 * self.reach)

        def cell(points: np.ndarray) -> np.ndarray:
            return np.clip(((points - corner) / size).astype(np.int64), 0, SIDE - 1)

        count = np.zeros((SIDE + 1, SIDE + 1), dtype=np.int64)
        np.add.at(count, tuple((cell(xy) + 1).T), 1)
        total = count.cumsum(axis=0).cumsum(axis=1)
        (i, j), (m, n) = cell(low - self.reach).T, (cell(high + self.reach) + 1).T
        held: np.ndarray = total[m, n] - total[i, n] - total[m, j] + total[i, j] > 0
        return held

    def offset(self, spot: np.ndarray, segment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where along each segment (0 to 1) the point nearest to its spot lies, and the metres to it."""
        origin = self.spots[self.a[segment]]
        run, to = self.spots[self.b[segment]] - origin, self.spots[spot] - origin
        share = (run * to).sum(axis=1) / np.maximum((run * run).sum(axis=1), 1e-300)
        share = np.clip(share, 0.0, 1.0)
        return share, np.hypot(*(to - share[:, None] * run).T)

    def runs_along(self, spot: np.ndarray, segment: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Return whether another line of the same level leaves each spot along the line of the segment."""
        origin, other = np.concatenate([self.a, self.b]), np.concatenate([self.b, self.a])
        line = np.concatenate([self.line, self.line])
        order = np.argsort(origin, kind="stable")
        low, high = np.searchsorted(origin[order], spot), np.searchsorted(origin[order], spot, side="right")
        pair = np.repeat(np.arange(len(spot)), high - low)
        half = order[np.arange(len(pair)) - np.repeat(np.cumsum(high - low) - (high - low), high - low) + low[pair]]
        way = self.spots[other[half]] - self.spots[spot[pair]]
        length = np.hypot(*way.T)
        its = self.line[segment[pair]]
        asked = (line[half] != its) & (level[line[half]] == level[its]) & (length >= SHORTEST * self.reach)
        pair, way, length, its = pair[asked], way[asked], length[asked], its[asked]
        along = np.zeros(len(spot), dtype=bool)
        if not len(pair):
            return along
        shapely = require("shapely", "finding the roads that are drawn twice")
        different, number = np.unique(its, return_inverse=True)
        part = keep_lines(self.lines, np.isin(np.arange(len(self.lines)), different))
        held = self.spots[self.at[np.isin(line_of_vertex(self.lines), different)]]
        shapes = shapely.linestrings(held, indices=line_of_vertex(part))[number.ravel()]
        share = np.minimum(1.0, max(LOOK_LEAST, LOOK * self.reach) / length)
        runs = np.ones(len(pair), dtype=bool)
        for fraction in (0.5, 1.0):
            points = self.spots[spot[pair]] + (fraction * share)[:, None] * way
            runs &= shapely.distance(shapely.points(points), shapes) <= self.reach
        along[pair[runs]] = True
        return along


def insert(
    drawn: Drawn, step: np.ndarray, spot: np.ndarray, segment: np.ndarray
) -> tuple[Lines, np.ndarray, np.ndarray]:
    """Put each spot into its segment, or let it stand for the segment's end within reach of it."""
    lines, spots = drawn.lines, drawn.spots
    share, _ = drawn.offset(spot, segment)
    inside = np.ones(len(spot), dtype=bool)
    pairs = []
    for end in (drawn.a[segment], drawn.b[segment]):
        close = inside & (np.hypot(*(spots[end] - spots[spot]).T) <= drawn.reach)
        pairs.append(np.column_stack([end[close], spot[close]]))
        inside &= ~close
    rank = np.full(len(spots), len(drawn.at))
    np.minimum.at(rank, drawn.at, np.arange(len(drawn.at)))  # the spot that was drawn first stands for the others
    stands = stand_for(np.concatenate(pairs), len(spots), rank)
    spot, segment, share = stands[spot[inside]], segment[inside], share[inside]
    order = np.lexsort((spot, share, segment))
    spot, segment, share = spot[order], segment[order], share[order]
    return _without_repeats(*put_in(lines, stands[drawn.at], step, drawn.vertex[segment], share, spot))


def put_in(
    lines: Lines, at: np.ndarray, step: np.ndarray, vertex: np.ndarray, share: np.ndarray, spot: np.ndarray
) -> tuple[Lines, np.ndarray, np.ndarray]:
    """Put spots (c,) into the segments that begin at ``vertex`` (c,), at a ``share`` of the way, sorted by both."""
    steps = np.insert(step, vertex + 1, 0.0)
    # a step is shared between the vertices put into it: what is left after each, less what is left after the next
    number = vertex + np.arange(len(vertex))  # the vertex before each new one, as numbered afterwards
    last = np.append(vertex[1:] != vertex[:-1], True)[: len(vertex)]
    steps[number + 1] = (np.where(last, 1.0, np.append(share[1:], 1.0)[: len(share)]) - share) * step[vertex]
    first = np.append(True, vertex[1:] != vertex[:-1])[: len(vertex)]
    steps[number[first]] = share[first] * step[vertex[first]]
    more = np.bincount(line_of_vertex(lines)[vertex], minlength=len(lines))
    xy = np.insert(lines.xy, vertex + 1, np.nan, axis=0)
    start = lines.start + np.concatenate([[0], np.cumsum(more)])
    return Lines(xy, start, lines.feature), np.insert(at, vertex + 1, spot), steps


def _without_repeats(lines: Lines, at: np.ndarray, step: np.ndarray) -> tuple[Lines, np.ndarray, np.ndarray]:
    """Leave out vertices at the spot of the one before, and lines that come to lie in one spot."""
    line = line_of_vertex(lines)
    repeated = np.append(False, (at[1:] == at[:-1]) & (line[1:] == line[:-1]))
    if not repeated.any():
        return lines, at, step
    steps = np.bincount(np.cumsum(~repeated) - 1, weights=step)
    lines, at = keep_vertices(lines, ~repeated), at[~repeated]
    size = np.diff(lines.start)
    vertex = np.repeat(size > 1, size)
    return keep_lines(lines, size > 1), at[vertex], steps[vertex]
