"""Roads that pass over each other: OpenStreetMap's layer, bridge and tunnel, and heights.

Where roads of different levels share a vertex that each of them passes through, one lies above the other: they do not
meet. A road that *ends* at a vertex of another level goes on there, as a bridge's approach does, and as OpenStreetMap
means a shared node: it is joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .lines import line_of_vertex
from .osm import Values, lane_count, plain_text
from .wkb import Lines

FIELDS = ("layer", "bridge", "tunnel")  # names of the fields, whatever their case
HEIGHT = 2.0  # m; vertices in one spot whose Z differs by more are on different levels
_NO = ("", "no", "false", "f", "n", "0", "none", "nan", "null")


def level_of_roads(
    count: int,
    layers: Sequence[Any] | None,
    bridges: Sequence[Any] | None,
    tunnels: Sequence[Any] | None,
) -> np.ndarray:
    """Number the levels of ``count`` roads: (count, 2) float64, the layer and the kind (0, 1 bridge, 2 tunnel, 3 both).

    Parameters
    ----------
    layers : sequence, optional
        Numbers, or text of one; nothing counts as 0. A column with any other text (the name of the layer a road was
        merged from, which QGIS writes under this name) is no level and plays no part.
    bridges, tunnels : sequence, optional
        Any value but none, no, false and 0 says yes.

    None stands for a column the layer does not have.
    """
    layer = np.zeros(count)
    if layers is not None:
        column = Values(layers)
        number = column.each(lane_count)
        empty = column.each(lambda value: plain_text(value).lower() in _NO, np.bool_)
        if np.isfinite(number[~empty]).all():
            layer = np.where(empty, 0.0, number)
    kind = np.zeros(count)
    for weight, values in ((1, bridges), (2, tunnels)):
        if values is not None:
            kind += weight * Values(values).each(lambda value: plain_text(value).lower() not in _NO, np.bool_)
    return np.column_stack([layer, kind])


def level_codes(level: np.ndarray) -> np.ndarray:
    """Return a whole number (r,) for each of the levels (r, 2); equal where the levels are."""
    layers, layer = np.unique(level[:, 0], return_inverse=True)
    codes: np.ndarray = layer.reshape(-1) + len(layers) * level[:, 1].astype(np.int64)
    return codes


def part_crossings(
    lines: Lines, spot: np.ndarray, spots: np.ndarray, level: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give roads that cross on different levels at a shared vertex a spot each.

    Parameters
    ----------
    lines : Lines
        With ``z`` where heights are known.
    spot : (k,) int
        The spot of each vertex.
    spots : (u, 2) float64
    level : (r, 2) float64
        Of each feature, see :func:`level_of_roads`.

    Returns
    -------
    spot : (k,) int64
    origin : (u + v,) int64
        The spot each spot was before: itself, and for the v new ones the spot they were split off.
    apart : (c, 2) int64
        Pairs of spots that lie in one position on different levels.
    """
    if lines.z is None and len(level) and (level == level[0]).all():
        return spot, np.arange(len(spots)), np.empty((0, 2), dtype=np.int64)
    origin = list(range(len(spots)))
    pairs: list[tuple[int, int]] = []
    moved = spot.copy()
    line = line_of_vertex(lines)
    through = _passes_through(lines, spot)
    for vertices in _contested(lines, spot, level[lines.feature[line]], through):
        groups = _groups(lines, vertices[through[vertices]], level, line)
        if len(groups) < 2:
            continue
        here = int(spot[vertices[0]])
        numbers = [here, *range(len(origin), len(origin) + len(groups) - 1)]
        origin += [here] * (len(groups) - 1)
        pairs += [(a, b) for k, a in enumerate(numbers) for b in numbers[k + 1 :]]
        for number, group in zip(numbers, groups):
            moved[group] = number
        for end in vertices[~through[vertices]].tolist():
            moved[end] = numbers[_nearest_group(lines, end, groups, level, line)]
    return moved, np.array(origin, dtype=np.int64), np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _passes_through(lines: Lines, spot: np.ndarray) -> np.ndarray:
    """Return whether a line goes on at each vertex (k,): all but the ends of lines that are not closed."""
    through = np.ones(len(spot), dtype=bool)
    first, last = lines.start[:-1], lines.start[1:] - 1
    is_open = spot[first] != spot[last]
    through[first[is_open]] = False
    through[last[is_open]] = False
    return through


def _contested(lines: Lines, spot: np.ndarray, level: np.ndarray, through: np.ndarray) -> list[np.ndarray]:
    """Return, for each spot that lines of different levels or heights pass through, its vertices in drawn order."""
    code = level_codes(level)
    count = int(spot.max(initial=-1)) + 1
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, spot[through], code[through])
    np.maximum.at(high, spot[through], code[through])
    contested = low < high
    if lines.z is not None:
        known = through & np.isfinite(lines.z)
        least, most = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(least, spot[known], lines.z[known])
        np.maximum.at(most, spot[known], lines.z[known])
        contested |= most - least > HEIGHT
    vertices = np.flatnonzero(contested[spot])
    order = vertices[np.argsort(spot[vertices], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(spot[order])) + 1) if len(order) else []


def _groups(lines: Lines, vertices: np.ndarray, level: np.ndarray, line: np.ndarray) -> list[list[int]]:
    """Sort the vertices of one spot by level, and within one by height; the group of the first vertex comes first."""
    by_level: dict[tuple[float, ...], list[int]] = {}
    for vertex in vertices.tolist():
        by_level.setdefault(tuple(level[lines.feature[line[vertex]]]), []).append(vertex)
    groups = []
    for members in by_level.values():
        if lines.z is None:
            groups.append(members)
            continue
        heights = lines.z
        known = sorted((k for k in members if np.isfinite(heights[k])), key=lambda k: (heights[k], k))
        unknown = [k for k in members if not np.isfinite(heights[k])]
        cuts = [k for k in range(1, len(known)) if heights[known[k]] - heights[known[k - 1]] > HEIGHT]
        parts = [known[a:b] for a, b in zip([0, *cuts], [*cuts, len(known)])]
        parts[0] = parts[0] + unknown
        groups += parts
    return sorted(groups, key=min)


def _nearest_group(lines: Lines, end: int, groups: list[list[int]], level: np.ndarray, line: np.ndarray) -> int:
    """Return the group that a line ending among them joins: of its level, else of the nearest layer and height."""
    own = level[lines.feature[line[end]]]

    def far(group: list[int]) -> tuple[float, float, float]:
        its = level[lines.feature[line[group[0]]]]
        rise = 0.0 if lines.z is None else abs(float(lines.z[end] - lines.z[group[0]]))
        return abs(float(own[0] - its[0])), float(own[1] != its[1]), rise if np.isfinite(rise) else 0.0

    return min(range(len(groups)), key=lambda k: far(groups[k]))
