"""Ground by how far it is to safety: what lies nearest to stretches of road of one kind, without overlap."""

from __future__ import annotations

import numpy as np

from ..dependencies import require
from ..graph.stars import spread_rows
from ..roads.network import RoadNetwork

PURPOSE = "drawing areas by time to safety"
SPACING = 50.0  # m between points along a road
MOST_POINTS = 40_000  # beyond it points lie farther apart


def pieces_inside(network: RoadNetwork, area: bytes) -> np.ndarray:
    """Return which pieces (p,), none of which crosses its border, lie inside polygons (well-known binary)."""
    shapely = require("shapely", PURPOSE)
    if not network.piece_count:
        return np.zeros(0, dtype=bool)
    shape = shapely.from_wkb(area)
    shapely.prepare(shape)
    middle = shapely.line_interpolate_point(_lines(network, np.arange(network.piece_count)), 0.5, normalized=True)
    inside: np.ndarray = shapely.intersects(shape, middle)
    return inside


def reaches(network: RoadNetwork, area: bytes) -> bool:
    """Return whether polygons (well-known binary) meet any piece."""
    shapely = require("shapely", PURPOSE)
    shape = shapely.from_wkb(area)
    shapely.prepare(shape)
    return bool(shapely.intersects(shape, _lines(network, np.arange(network.piece_count))).any())


def along_pieces(network: RoadNetwork, pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points (k, 2) spread evenly over pieces, none at an end, and the number in ``pieces`` (q,) of each."""
    shapely = require("shapely", PURPOSE)
    if not len(pieces):
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    lines = _lines(network, pieces)
    metres = shapely.length(lines)
    count = np.maximum(np.ceil(metres / max(SPACING, metres.sum() / MOST_POINTS)), 1).astype(np.int64)
    own, number = spread_rows(np.zeros(len(pieces), dtype=np.int64), count)
    points = shapely.line_interpolate_point(lines[own], (number + 0.5) / count[own], normalized=True)
    return shapely.get_coordinates(points), own


def _lines(network: RoadNetwork, pieces: np.ndarray) -> np.ndarray:
    """Return pieces (q,) as lines."""
    shapely = require("shapely", PURPOSE)
    owner, vertex = spread_rows(network.piece_start[pieces], np.diff(network.piece_start)[pieces])
    return shapely.linestrings(network.piece_xy[vertex], indices=owner)


def nearest_ground(xy: np.ndarray, label: np.ndarray, reach: float, area: bytes | None = None) -> dict[int, bytes]:
    """Return by label the ground that lies nearest to one of its points, and at most ``reach`` from it.

    The cells of a Voronoi diagram, joined by label; so no two areas overlap.

    Parameters
    ----------
    xy : (k, 2)
        Metres; of several points at one place the first counts.
    label : (k,) int
    reach : float
        Metres, more than 0.
    area : bytes, optional
        Polygons that the ground is cut to, well-known binary.

    Returns
    -------
    dict of int to bytes
        Polygons, well-known binary; a label whose ground is empty is left out.

    Examples
    --------
    Two places 100 m apart share the ground between them:

    >>> import shapely
    >>> square = shapely.to_wkb(shapely.box(0, -10, 100, 10))
    >>> found = nearest_ground(np.array([[0.0, 0.0], [100.0, 0.0]]), np.array([7, 8]), 500.0, square)
    >>> {k: shapely.from_wkb(wkb).bounds for k, wkb in found.items()}
    {7: (0.0, -10.0, 50.0, 10.0), 8: (50.0, -10.0, 100.0, 10.0)}
    """
    shapely = require("shapely", PURPOSE)
    if not len(xy):
        return {}
    _, first = np.unique(xy, axis=0, return_index=True)
    first.sort()
    points, label = shapely.points(xy[first]), np.asarray(label)[first]
    low, high = xy.min(axis=0) - 2.0 * reach, xy.max(axis=0) + 2.0 * reach
    frame = shapely.box(*low.tolist(), *high.tolist())
    cells = np.array([frame])
    if len(points) > 1:
        cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=frame))
        inside, cell = shapely.STRtree(cells).query(points, predicate="intersects")
        owner = np.full(len(points), -1, dtype=np.int64)
        owner[inside[::-1]] = cell[::-1]
        points, label, cells = points[owner >= 0], label[owner >= 0], cells[owner[owner >= 0]]
    shape = frame if area is None else shapely.from_wkb(area)
    shapely.prepare(shape)
    far = shapely.hausdorff_distance(cells, points) > reach
    cells[far] = shapely.intersection(cells[far], shapely.buffer(points[far], reach, quad_segs=16))
    out = {}
    for each in np.unique(label).tolist():
        ground = shapely.intersection(shapely.union_all(cells[label == each]), shape)
        parts = shapely.get_parts(ground)
        parts = parts[shapely.area(parts) > 0.0]
        if len(parts):
            out[each] = bytes(shapely.to_wkb(shapely.union_all(parts)))
    return out
