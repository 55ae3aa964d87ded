"""Mending drawn roads: ends joined, lines given a vertex where others touch or cross them, drawings of one road merged.

What is written back is what :func:`.splitting.split` and :mod:`.doubles` make of the lines when they are read, so that
the mended layer gives the same network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..control import Control
from ..dependencies import require
from .along import Drawn, insert, put_in
from .lines import line_of_vertex
from .merging import ROUNDING, stand_for
from .splitting import SpotLines, joined
from .wkb import Lines

ROUNDS = 20  # of giving lines vertices; two or three are enough on real roads
SPOTS = 1 << 40  # more than there are spots: numbers a feature and a spot together


@dataclass(frozen=True)
class Drawing:
    """Lines whose vertices are spots.

    Attributes
    ----------
    lines : Lines
        Only ``start`` and ``feature`` count.
    at : (k,) int
        The spot of each vertex.
    step : (k,) float64
        Metres from each vertex to the next of its line; 0 for the last.
    spots : (u, 2) float64
        Metres.
    cuts : (c, 2) int64
        Features and the spots at which they were given a vertex.
    moved : set of int
        Features with an end that was joined.
    ends : int
        Number of ends that were joined.
    """

    lines: Lines
    at: np.ndarray
    step: np.ndarray
    spots: np.ndarray
    cuts: np.ndarray
    moved: set[int]
    ends: int


@dataclass(frozen=True)
class MendingRules:
    """What to mend.

    Attributes
    ----------
    near_miss : float
        Metres within which a loose end is lengthened to the nearest road; 0 lengthens none.
    crossings : bool
        Whether lines that cross without a vertex meet there.
    remove_doubles : bool
        Whether roads drawn on top of another are left out, merged into it.
    """

    near_miss: float = 0.0
    crossings: bool = False
    remove_doubles: bool = True


def mend_lines(
    drawn: SpotLines,
    tolerance: float,
    level: np.ndarray,
    rules: MendingRules,
    apart: np.ndarray | None = None,
    control: Control | None = None,
) -> Drawing:
    """Join ends and give lines a vertex where others meet them; lines of different levels are left apart.

    Parameters
    ----------
    drawn, apart
        As for :func:`.splitting.split`.
    tolerance : float
        Metres within which ends join each other, vertices and lines.
    level : (r,) int
        Level of each feature.
    rules : MendingRules

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    near_miss, crossings = rules.near_miss, rules.crossings
    lines, spot, spots, _ = drawn
    at = joined(drawn, tolerance, apart)
    tips = np.concatenate([lines.start[:-1], lines.start[1:] - 1])
    moved = tips[(spots[at[tips]] != spots[spot[tips]]).any(axis=1)]
    features = set(lines.feature[line_of_vertex(lines)[moved]].tolist())
    drawing = Drawing(lines, at, drawn.steps_inside(), spots, np.empty((0, 2), dtype=np.int64), features, len(moved))
    control.stop_if_cancelled()
    drawing = _met(drawing, level, tolerance + ROUNDING, crossings, control)
    if near_miss > 0:
        drawing = _lengthened(drawing, level, near_miss, tolerance + ROUNDING)
        drawing = _met(drawing, level, tolerance + ROUNDING, crossings, control)
    return drawing


def _met(drawing: Drawing, level: np.ndarray, reach: float, crossings: bool, control: Control) -> Drawing:
    """Give lines the vertices they lack, until none does: one that is put in may move a line onto another's end."""
    for _ in range(ROUNDS):
        before = _visited(drawing)
        drawing = _touched(drawing, level, reach, crossings)
        control.stop_if_cancelled()
        if crossings:
            drawing = _crossed(drawing, level, reach)
            control.stop_if_cancelled()
        after = _visited(drawing)
        new = after[~np.isin(after, before)]
        if not len(new):
            break
        found = np.column_stack([new // SPOTS, new % SPOTS])
        drawing = replace(drawing, cuts=np.concatenate([drawing.cuts, found]))
    return drawing


def _visited(drawing: Drawing) -> np.ndarray:
    """Return a number for each feature and spot it has a vertex at."""
    feature = drawing.lines.feature[line_of_vertex(drawing.lines)]
    return np.unique(feature * SPOTS + drawing.at)


def _touched(drawing: Drawing, level: np.ndarray, reach: float, every: bool) -> Drawing:
    """Give lines a vertex where ends, or ``every`` vertex, of others of their level touch them."""
    drawn = Drawn(drawing.lines, drawing.at, drawing.spots, reach)
    asked = np.flatnonzero(drawn.visits > 0) if every else np.flatnonzero(drawn.is_end)
    spot, segment = drawn.touching(asked, np.arange(len(drawn.a)))
    met = _of_another(drawing, drawn, spot, segment, level, every)
    if not met.any():
        return drawing
    lines, at, step = insert(drawn, drawing.step, spot[met], segment[met])
    return replace(drawing, lines=lines, at=at, step=step)


def _of_another(
    drawing: Drawing, drawn: Drawn, spot: np.ndarray, segment: np.ndarray, level: np.ndarray, every: bool
) -> np.ndarray:
    """Return whether another line of the segment's level ends (or, with ``every``, has a vertex) at each spot."""
    lines, line = drawing.lines, line_of_vertex(drawing.lines)
    vertices = np.arange(len(drawing.at))
    if not every:
        vertices = np.unique(np.concatenate([lines.start[:-1], lines.start[1:] - 1]))
    order = vertices[np.argsort(drawing.at[vertices], kind="stable")]
    low = np.searchsorted(drawing.at[order], spot)
    high = np.searchsorted(drawing.at[order], spot, side="right")
    met = np.zeros(len(spot), dtype=bool)
    for k, (a, b) in enumerate(zip(low.tolist(), high.tolist())):
        own = drawn.line[segment[k]]
        others = line[order[a:b]]
        met[k] = bool(((others != own) & (level[lines.feature[others]] == level[lines.feature[own]])).any())
    return met


def _lengthened(drawing: Drawing, level: np.ndarray, near_miss: float, reach: float) -> Drawing:
    """Lengthen loose ends to the nearest road of their level within ``near_miss``."""
    drawn = Drawn(drawing.lines, drawing.at, drawing.spots, near_miss + ROUNDING)
    spot, segment = drawn.touching(drawn.loose_ends(), np.arange(len(drawn.a)))
    if not len(spot):
        return drawing
    lines = drawing.lines
    tips = np.concatenate([lines.start[:-1], lines.start[1:] - 1])
    tip_of = dict(zip(drawing.at[tips].tolist(), tips.tolist()))
    share, far = drawn.offset(spot, segment)
    line = line_of_vertex(lines)
    order = np.lexsort((segment, far, spot))
    done: set[int] = set()
    led: set[tuple[int, int]] = set()
    longer: list[tuple[int, int, float]] = []  # tip vertex, spot it is led to, metres
    put: list[tuple[int, float, int]] = []  # vertex, share, spot
    new: list[np.ndarray] = []
    for k in order.tolist():
        end, tip = int(spot[k]), tip_of[int(spot[k])]
        own, other = int(line[tip]), int(drawn.line[segment[k]])
        if end in done or own == other or level[lines.feature[own]] != level[lines.feature[other]]:
            continue
        if far[k] <= reach:
            done.add(end)  # it touches: no near miss
            continue
        if _meets_soon(drawing, own, tip, other, 2 * near_miss, (own, other) in led):
            continue
        done.add(end)
        led.add((own, other))
        a, b = int(drawn.a[segment[k]]), int(drawn.b[segment[k]])
        foot = drawing.spots[a] + share[k] * (drawing.spots[b] - drawing.spots[a])
        target = next((p for p in (a, b) if np.hypot(*(drawing.spots[p] - foot)) <= reach), -1)
        if target < 0:
            target = len(drawing.spots) + len(new)
            new.append(foot)
            put.append((int(drawn.vertex[segment[k]]), float(share[k]), target))
        elif target in tip_of:
            done.add(target)  # two ends that face each other are joined once
        longer.append((tip, target, float(far[k])))
    return _led_on(drawing, longer, put, new)


def _meets_soon(drawing: Drawing, own: int, tip: int, other: int, within: float, led: bool) -> bool:
    """Whether a line meets another, or is ``led`` to it by its other end, so soon that its tip cannot but be near."""
    first, last = drawing.lines.start[own], drawing.lines.start[own + 1] - 1
    gone = np.concatenate([[0.0], np.cumsum(drawing.step[first:last])])
    if tip != first:
        gone = gone[-1] - gone
    near = drawing.at[first : last + 1][gone <= within]
    its = drawing.at[drawing.lines.start[other] : drawing.lines.start[other + 1]]
    return bool(np.isin(near, its).any()) or (led and gone.max() <= within)


def _led_on(
    drawing: Drawing,
    longer: list[tuple[int, int, float]],
    put: list[tuple[int, float, int]],
    new: list[np.ndarray],
) -> Drawing:
    """Lead tips on to spots and put the new spots into the lines they lie on."""
    if not longer:
        return drawing
    lines, line = drawing.lines, line_of_vertex(drawing.lines)
    tip, target, metres = (np.array(values) for values in zip(*longer))
    starts = np.isin(tip, lines.start[:-1])
    where = np.where(starts, tip, tip + 1)
    order = np.lexsort((starts, where))  # the end of a line comes before the start of the next
    tip, target, metres, starts, where = (values[order] for values in (tip, target, metres, starts, where))
    steps = drawing.step.copy()
    added = np.zeros(len(tip))
    added[starts] = metres[starts]
    steps[tip[~starts]] = metres[~starts]
    cuts = np.array([(lines.feature[line[v]], p) for v, _, p in put], dtype=np.int64).reshape(-1, 2)
    put = sorted(put)
    vertex, spot = (np.array([row[k] for row in put], dtype=np.int64) for k in (0, 2))
    share = np.array([row[1] for row in put], dtype=np.float64)
    shift = np.searchsorted(where, vertex, side="right")  # tips led on before these vertices
    grown = np.bincount(line[tip], minlength=len(lines))
    more = Lines(
        np.insert(lines.xy, where, np.nan, axis=0), lines.start + np.concatenate([[0], np.cumsum(grown)]), lines.feature
    )
    at, steps = np.insert(drawing.at, where, target), np.insert(steps, where, added)
    more, at, steps = put_in(more, at, steps, vertex + shift, share, spot)
    return replace(
        drawing,
        lines=more,
        at=at,
        step=steps,
        spots=np.concatenate([drawing.spots, np.array(new).reshape(-1, 2)]),
        cuts=np.concatenate([drawing.cuts, cuts]),
        moved=drawing.moved | set(lines.feature[line[tip]].tolist()),
        ends=drawing.ends + len(tip),
    )


def _crossed(drawing: Drawing, level: np.ndarray, reach: float) -> Drawing:
    """Give lines of one level a common vertex where they cross without one."""
    shapely = require("shapely", "splitting roads where they cross")
    drawn = Drawn(drawing.lines, drawing.at, drawing.spots, reach)
    segments = shapely.linestrings(np.stack([drawing.spots[drawn.a], drawing.spots[drawn.b]], axis=1))
    one, two = shapely.STRtree(segments).query(segments, predicate="crosses")
    of_level = level[drawing.lines.feature[drawn.line]]
    first = (one < two) & (of_level[one] == of_level[two])
    for p in (drawn.a, drawn.b):
        for q in (drawn.a, drawn.b):
            first &= p[one] != q[two]
    one, two = one[first], two[first]
    if not len(one):
        return drawing
    run, other = (drawing.spots[drawn.b[s]] - drawing.spots[drawn.a[s]] for s in (one, two))
    gap = drawing.spots[drawn.a[two]] - drawing.spots[drawn.a[one]]
    turn = run[:, 0] * other[:, 1] - run[:, 1] * other[:, 0]
    share = (gap[:, 0] * other[:, 1] - gap[:, 1] * other[:, 0]) / turn
    its = (gap[:, 0] * run[:, 1] - gap[:, 1] * run[:, 0]) / turn
    xy = drawing.spots[drawn.a[one]] + share[:, None] * run
    from scipy.spatial import cKDTree

    number = stand_for(cKDTree(xy).query_pairs(reach, output_type="ndarray"), len(xy)) + len(drawing.spots)
    segment, shares, spot = np.concatenate([one, two]), np.concatenate([share, its]), np.concatenate([number, number])
    order = np.lexsort((spot, shares, segment))
    segment, shares, spot = segment[order], shares[order], spot[order]
    fresh = np.append(True, (segment[1:] != segment[:-1]) | (spot[1:] != spot[:-1]))
    segment, shares, spot = segment[fresh], shares[fresh], spot[fresh]
    lines, at, step = put_in(drawing.lines, drawing.at, drawing.step, drawn.vertex[segment], shares, spot)
    return replace(drawing, lines=lines, at=at, step=step, spots=np.concatenate([drawing.spots, xy]))
