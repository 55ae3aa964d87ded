"""Which stretches of road lie inside polygons, and the earliest of the moments at which these close them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..dependencies import require
from ..graph.stars import spread_rows
from .cutting import SAME_PLACE
from .network import RoadNetwork
from .road_closings import PieceParts

PURPOSE = "finding the roads inside areas"


class Along(NamedTuple):
    """Parts (k,) of pieces that lie inside polygons: the polygon of each, and the parts."""

    area: np.ndarray
    parts: PieceParts


def piece_lines(network: RoadNetwork) -> np.ndarray:
    """Return the pieces (p,) as shapely lines."""
    shapely = require("shapely", PURPOSE)
    line = np.repeat(np.arange(network.piece_count), np.diff(network.piece_start))
    return shapely.linestrings(network.piece_xy, indices=line)


def stretches_inside(network: RoadNetwork, areas: Sequence[bytes], border: bool) -> Along:
    """Return the parts of pieces inside each of some polygons, cut at their borders.

    Parameters
    ----------
    network : RoadNetwork
    areas : sequence of bytes
        Valid polygons in the network's CRS, well-known binary.
    border : bool
        Whether a road that runs along a border lies inside.

    Returns
    -------
    Along
        By area, piece and place; a part of at most :data:`.cutting.SAME_PLACE` metres does not count.
    """
    shapely = require("shapely", PURPOSE)
    if not len(areas) or not network.piece_count:
        none = np.empty(0, dtype=np.int64)
        return Along(none, PieceParts(none, np.empty(0), np.empty(0)))
    shapes, lines = shapely.from_wkb(list(areas)), piece_lines(network)
    shapely.prepare(shapes)
    area, piece = shapely.STRtree(lines).query(shapes, predicate="intersects")
    whole = shapely.contains_properly(shapes[area], lines[piece])
    cut = ~whole
    begin, end, pair = _between(shapes, lines, area[cut], piece[cut])
    middle = shapely.line_interpolate_point(lines[piece[cut][pair]], (begin + end) / 2.0, normalized=True)
    test = shapely.intersects if border else shapely.contains
    inside = test(shapes[area[cut][pair]], middle)
    begin, end, pair = _joined(begin[inside], end[inside], pair[inside])
    every = np.concatenate([area[whole], area[cut][pair]]), np.concatenate([piece[whole], piece[cut][pair]])
    begin = np.concatenate([np.zeros(int(whole.sum())), begin])
    end = np.concatenate([np.ones(int(whole.sum())), end])
    order = np.lexsort((begin, every[1], every[0]))
    return Along(every[0][order], PieceParts(every[1][order], begin[order], end[order]))


def _between(
    shapes: np.ndarray, lines: np.ndarray, area: np.ndarray, piece: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ``(begin, end, pair)``: the shares between which pieces (c,) do not meet the borders of areas (c,)."""
    shapely = require("shapely", PURPOSE)
    few = np.unique(piece)
    key = area * len(lines) + piece  # ascending, as the tree gives areas and is sorted here by piece
    order = np.argsort(key, kind="stable")
    met_area, met_piece, share = _meetings(shapes, lines, few)
    where = np.searchsorted(key[order], met_area * len(lines) + met_piece)
    where = np.minimum(where, max(len(order) - 1, 0))
    known = key[order][where] == met_area * len(lines) + met_piece if len(order) else np.zeros(len(where), dtype=bool)
    pairs = np.arange(len(piece))
    pair = np.concatenate([pairs, pairs, order[where[known]]])
    share = np.concatenate([np.zeros(len(piece)), np.ones(len(piece)), share[known]])
    by = np.lexsort((share, pair))
    pair, share = pair[by], share[by]
    metres = shapely.length(lines[piece])[pair]
    first = np.concatenate([[True], np.diff(pair) != 0]) if len(pair) else np.empty(0, dtype=bool)
    new = first | ((share - np.concatenate([[0.0], share[:-1]])[: len(share)]) * metres > SAME_PLACE)
    pair, share = pair[new], share[new]
    next_same = np.flatnonzero(np.diff(pair) == 0)
    begin, end = share[next_same], share[next_same + 1]
    alone = np.setdiff1d(pairs, pair[next_same])  # shorter than SAME_PLACE as a whole
    return (
        np.concatenate([begin, np.zeros(len(alone))]),
        np.concatenate([np.where((1.0 - end) * metres[new][next_same] <= SAME_PLACE, 1.0, end), np.ones(len(alone))]),
        np.concatenate([pair[next_same], alone]),
    )


def _meetings(shapes: np.ndarray, lines: np.ndarray, few: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ``(area, piece, share)`` of all points at which the pieces ``few`` meet a border."""
    shapely = require("shapely", PURPOSE)
    polygons, of_polygon = shapely.get_parts(shapes, return_index=True)
    rings, of_ring = shapely.get_rings(polygons, return_index=True)
    xy, of_vertex = shapely.get_coordinates(rings, return_index=True)
    first = np.flatnonzero(np.diff(of_vertex) == 0)
    sides = shapely.linestrings(np.stack([xy[first], xy[first + 1]], axis=1))
    owner = of_polygon[of_ring[of_vertex[first]]]
    line, side = shapely.STRtree(sides).query(lines[few], predicate="intersects")
    met = shapely.intersection(lines[few[line]], sides[side])
    points, pair = shapely.get_coordinates(met, return_index=True)
    piece = few[line[pair]]
    share = shapely.line_locate_point(lines[piece], shapely.points(points), normalized=True)
    return owner[side[pair]], piece, np.nan_to_num(share)


def _joined(begin: np.ndarray, end: np.ndarray, pair: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return stretches of pairs with those that follow each other made one."""
    order = np.lexsort((begin, pair))
    begin, end, pair = begin[order], end[order], pair[order]
    new = np.ones(len(pair), dtype=bool)
    new[1:] = (np.diff(pair) != 0) | (begin[1:] > end[:-1])
    last = np.append(np.flatnonzero(new)[1:] - 1, len(pair) - 1)[: int(new.sum())]
    return begin[new], end[last], pair[new]


def earliest(network: RoadNetwork, along: Along, moment: np.ndarray) -> tuple[PieceParts, np.ndarray]:
    """Return parts of pieces, none on another, and the earliest ``moment`` (a,) of the polygons that each lies in.

    Neighbouring parts with the same moment are one. A polygon whose moment is infinite does not count.
    """
    area, (piece, begin, end) = along.area, along.parts
    keep = np.isfinite(moment[area])
    whole = keep & (begin <= 0.0) & (end >= 1.0)
    best = np.full(network.piece_count, np.inf)
    np.minimum.at(best, piece[whole], moment[area[whole]])
    keep &= (moment[area] < best[piece]) | (whole & (moment[area] == best[piece]))
    area, piece, begin, end = area[keep], piece[keep], begin[keep], end[keep]
    count = len(piece)
    at = np.concatenate([begin, end])
    owner = np.concatenate([piece, piece])
    order = np.lexsort((at, owner))
    metres = network.piece_lengths()[owner[order]]
    new = np.ones(len(at), dtype=bool)
    new[1:] = (np.diff(owner[order]) != 0) | (np.diff(at[order]) * metres[1:] > SAME_PLACE)
    mark = np.empty(len(at), dtype=np.int64)
    mark[order] = np.cumsum(new) - 1
    marks, mark_piece = at[order][new], owner[order][new]
    size = np.maximum(mark[count:] - mark[:count], 0)
    row, slot = spread_rows(mark[:count], size)
    first = np.full(max(len(marks), 1), np.inf)
    np.minimum.at(first, slot, moment[area[row]])
    there = np.flatnonzero(np.isfinite(first[: len(marks)]))
    opens = np.ones(len(there), dtype=bool)
    opens[1:] = (np.diff(there) != 1) | (np.diff(first[there]) != 0) | (np.diff(mark_piece[there]) != 0)
    last = there[np.append(np.flatnonzero(opens)[1:] - 1, len(there) - 1)[: int(opens.sum())]]
    there = there[opens]
    until = marks[np.minimum(last + 1, max(len(marks) - 1, 0))]
    return PieceParts(mark_piece[there], marks[there], until), first[there]
