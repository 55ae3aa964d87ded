"""Which pieces of road the lines and points of a layer of closures mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..dependencies import require
from .areas_along import piece_lines
from .cutting import SAME_PLACE
from .near_pieces import NearPieces
from .network import RoadNetwork

LINE_REACH = 5.0  # m: a road this near runs along a line
LAST_STRETCH = 50.0  # m: where two streets part at a narrow angle they are near each other as far as that
LEAST_SHARE = 0.5  # of the road or of the line
POINT_REACH = 15.0  # m
PURPOSE = "finding the roads that closures mean"


def pieces_at_points(network: RoadNetwork, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(point, piece)``: the nearest piece within :data:`POINT_REACH` of each position (k, 2)."""
    near = NearPieces(network).nearest(xy, np.arange(network.piece_count), POINT_REACH)
    return near.place, near.piece


def pieces_on_lines(network: RoadNetwork, lines: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(line, piece)``: the pieces that each line runs along, and those that it crosses in their inside.

    A piece runs along a line where the two are within :data:`LINE_REACH` over at least half of either. A line does not
    cross a piece that it meets at the piece's end, nor one that it meets on its last stretch within :data:`LINE_REACH`
    of the line to a junction with a piece that it runs along: a line drawn beside a street does not close the streets
    that end there.

    Parameters
    ----------
    network : RoadNetwork
    lines : sequence of bytes
        Well-known binary, in the network's CRS.
    """
    shapely = require("shapely", PURPOSE)
    if not len(lines) or not network.piece_count:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    shapes, roads = shapely.from_wkb(list(lines)), piece_lines(network)
    around = shapely.buffer(shapes, LINE_REACH)
    shapely.prepare(around)
    line, piece = shapely.STRtree(roads).query(around, predicate="intersects")
    order = np.lexsort((piece, line))
    line, piece = line[order], piece[order]
    beside = _beside(shapes, around, roads, line, piece)
    start, end = network.piece_ends()
    nodes = np.concatenate([start[piece[beside]], end[piece[beside]]])
    turned = np.unique(np.concatenate([line[beside], line[beside]]) * (network.node_count + 1) + nodes + 1)
    crossed = ~beside & shapely.intersects(shapes[line], roads[piece])
    points, pair = shapely.get_coordinates(
        shapely.intersection(shapes[line[crossed]], roads[piece[crossed]]), return_index=True
    )
    pair = np.flatnonzero(crossed)[pair]
    at = np.nan_to_num(shapely.line_locate_point(roads[piece[pair]], shapely.points(points)))
    whole = shapely.length(roads[piece[pair]])
    inner = np.ones(len(pair), dtype=bool)
    for node, far, middle, tip in (
        (start[piece[pair]], at, at / 2.0, np.zeros(len(at))),
        (end[piece[pair]], whole - at, (at + whole) / 2.0, whole),
    ):
        at_turn = np.isin(line[pair] * (network.node_count + 1) + node + 1, turned) & (far <= LAST_STRETCH)
        for place in (middle, tip):
            point = shapely.line_interpolate_point(roads[piece[pair]], place)
            at_turn &= shapely.distance(point, shapes[line[pair]]) <= LINE_REACH
        inner &= ~at_turn & (far > SAME_PLACE)
    chosen = beside
    chosen[pair[inner]] = True
    return line[chosen], piece[chosen]


def _beside(
    shapes: np.ndarray, around: np.ndarray, roads: np.ndarray, line: np.ndarray, piece: np.ndarray
) -> np.ndarray:
    """Return which pairs (c,) of a line and a piece run along each other."""
    shapely = require("shapely", PURPOSE)
    own = shapely.intersection(roads[piece], around[line])
    road_share = shapely.length(own) / np.maximum(shapely.length(roads[piece]), SAME_PLACE)
    other = shapely.intersection(shapes[line], shapely.buffer(roads[piece], LINE_REACH))
    line_share = shapely.length(other) / np.maximum(shapely.length(shapes[line]), SAME_PLACE)
    near = np.flatnonzero((road_share >= LEAST_SHARE) | (line_share >= LEAST_SHARE))
    out = np.zeros(len(piece), dtype=bool)
    if not len(near):
        return out
    # A short street that ends on the line is near it over most of its length, but leads away from it.
    xy, pair = shapely.get_coordinates(own[near], return_index=True)
    at = shapely.line_locate_point(_one(shapes[line[near]])[pair], shapely.points(xy))
    low, high = np.full(len(near), np.inf), np.full(len(near), -np.inf)
    np.minimum.at(low, pair, at)
    np.maximum.at(high, pair, at)
    out[near] = high - low >= LEAST_SHARE * np.minimum(shapely.length(own[near]), shapely.length(other[near]))
    return out


def _one(shapes: np.ndarray) -> np.ndarray:
    """Return lines with those of several parts as one line through all their vertices."""
    shapely = require("shapely", PURPOSE)
    several = shapely.get_num_geometries(shapes) != 1
    out = shapes.copy()
    for k in np.flatnonzero(several).tolist():
        out[k] = shapely.linestrings(shapely.get_coordinates(shapes[k]))
    return out
