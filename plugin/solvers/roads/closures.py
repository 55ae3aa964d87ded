"""Closing the stretches of road inside an area: pieces are cut at its border."""

from __future__ import annotations

import numpy as np

from ..dependencies import require
from .cutting import cut
from .network import RoadNetwork

TOUCH = 1e-3  # m: a road that comes no farther into the area than this only touches it
POLYGON = 3  # shapely's number of the kind


def cut_at_border(network: RoadNetwork, area: bytes) -> tuple[RoadNetwork, np.ndarray, int]:
    """Cut the pieces of road that lead into an area at its border.

    Parameters
    ----------
    network : RoadNetwork
    area : bytes
        Valid polygons in the network's CRS, well-known binary.

    Returns
    -------
    network : RoadNetwork
        Where a piece crosses the border its parts share its length in proportion.
    inside : (p,) bool
        Which of its pieces lie inside; one that only touches the border does not.
    cuts : int
        The pieces that were cut.
    """
    shapely = require("shapely", "closing the roads inside barriers")
    parts = shapely.get_parts(shapely.from_wkb(area), return_index=False)
    while (shapely.get_type_id(parts) > POLYGON).any():
        parts = shapely.get_parts(parts)
    shape = shapely.multipolygons(parts[shapely.get_type_id(parts) == POLYGON])
    core = shapely.buffer(shape, -TOUCH)
    shapely.prepare(shape)
    shapely.prepare(core)
    lines = _lines(network)
    met = np.flatnonzero(shapely.intersects(core, lines))
    crossing = met[~shapely.contains_properly(shape, lines[met])]
    piece, measure = _crossings(lines, crossing, shapely.boundary(shape))
    parts_network, _ = cut(network, piece, measure)
    inside = shapely.intersects(core, lines if parts_network is network else _lines(parts_network))
    return parts_network, inside, parts_network.node_count - network.node_count


def _lines(network: RoadNetwork) -> np.ndarray:
    """Return the pieces (p,) as lines."""
    shapely = require("shapely", "closing the roads inside barriers")
    line = np.repeat(np.arange(network.piece_count), np.diff(network.piece_start))
    return shapely.linestrings(network.piece_xy, indices=line)


def _crossings(lines: np.ndarray, chosen: np.ndarray, border: object) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(piece, measure)`` (c,) of all points at which the chosen lines meet a border."""
    shapely = require("shapely", "closing the roads inside barriers")
    xy, ring = shapely.get_coordinates(shapely.get_parts(border), return_index=True)
    first = np.flatnonzero(np.diff(ring) == 0)
    sides = shapely.linestrings(np.stack([xy[first], xy[first + 1]], axis=1))
    pairs = shapely.STRtree(sides).query(lines[chosen], predicate="intersects")
    piece = chosen[pairs[0]]
    met = shapely.intersection(lines[piece], sides[pairs[1]])
    points, pair = shapely.get_coordinates(met, return_index=True)
    piece = piece[pair]
    return piece, np.nan_to_num(shapely.line_locate_point(lines[piece], shapely.points(points)))
