"""Which stretches of road the rows of a layer of closures mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from ...solvers.naming import first_of
from ...solvers.roads.areas_along import stretches_inside
from ...solvers.roads.closure_places import pieces_at_points, pieces_on_lines
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.road_closings import BOTH_WAYS, PieceParts, RoadClosings
from ..errors import LayerError
from ..mending import polygons_of
from ..transforming import transform_vertices, transformed
from .closures import PARAMETER, ROAD_FIELD, ClosureRows

_KIND = QgsWkbTypes.GeometryType


def closed_stretches(
    rows: ClosureRows,
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    layer: str,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> RoadClosings:
    """Return the stretches of road that each row closes, for the moment without their times; ``cause`` is the row.

    Parameters
    ----------
    crs
        The working CRS of the network.
    layer
        The road layer's name.

    Raises
    ------
    LayerError
        When the layer cannot be transformed, or none of its roads is in the network.
    """
    groups = [_by_id(rows, network, layer, feedback)]
    for kind, find in (
        (_KIND.PolygonGeometry, _by_area),
        (_KIND.LineGeometry, _by_line),
        (_KIND.PointGeometry, _by_point),
    ):
        own = [k for k, shape in enumerate(rows.shapes) if not rows.road[k] and shape.type() == kind]
        if own:
            found, parts = find(rows, np.array(own), network, crs, context)
            groups.append(RoadClosings.of_parts(network, parts, -np.inf, ways=rows.ways[found], cause=found))
    closed = RoadClosings.together(groups)
    idle = np.setdiff1d(np.arange(len(rows)), closed.cause)
    if len(idle):
        feedback.pushWarning(
            f"{PARAMETER}: {len(idle)} row(s) of “{rows.name}” close no road: "
            f"{first_of([rows.features[k] for k in idle.tolist()])}. A polygon must meet a road, a line run along one "
            f"or cross it between junctions, a point lie within 15 m of one."
        )
    return closed


def _by_id(rows: ClosureRows, network: RoadNetwork, layer: str, feedback: QgsProcessingFeedback) -> RoadClosings:
    """Return the roads that rows name; of those drawn on top of each other what only they open."""
    lines: dict[str, list[int]] = {}
    for k, road in enumerate(network.road_ids):
        lines.setdefault(road, []).append(k)
    named = [k for k, road in enumerate(rows.road) if road]
    unknown = [rows.road[k] for k in named if rows.road[k] not in lines]
    if unknown:
        text = (
            f"{ROAD_FIELD}: {len(unknown)} road(s) of “{rows.name}” are not in “{layer}”: {first_of(unknown)} (the "
            f"network has {first_of(sorted(set(network.road_ids))[:3])}). Check “{rows.road_field}” and "
            f"NETWORK_ID_FIELD."
        )
        if len(unknown) == len(rows):
            raise LayerError(text)
        feedback.pushWarning(text)
    own, others = _openings(network)
    groups = []
    still = set()
    for k in named:
        for road in lines.get(rows.road[k], []):
            piece, ways = own.get(road, (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int8)))
            closed = ways & rows.ways[k]
            kept = closed & others(piece, road)
            if kept.any():
                still.add(rows.road[k])
            closed = closed & ~kept
            piece, closed = piece[closed > 0], closed[closed > 0]
            parts = PieceParts(piece, np.zeros(len(piece)), np.ones(len(piece)))
            groups.append(RoadClosings.of_parts(network, parts, -np.inf, ways=closed, cause=k))
    if still:
        feedback.pushWarning(
            f"{ROAD_FIELD}: {len(still)} closed road(s) of “{rows.name}” are drawn on top of a road that stays open, "
            f"so that people still drive there: {first_of(sorted(still))}. Close every copy, or draw the closure."
        )
    return RoadClosings.together(groups)


def _openings(network: RoadNetwork) -> tuple[dict[int, tuple[np.ndarray, np.ndarray]], Any]:
    """Return the pieces of each road with the directions that it opens, and what tells those of its copies."""
    merged = np.zeros(network.piece_count, dtype=bool)
    merged[network.copies[:, 0]] = True
    single = np.flatnonzero(~merged)
    piece = np.concatenate([single, network.copies[:, 0]])
    road = np.concatenate([network.piece_road[single], network.copies[:, 1]]).astype(np.int64)
    ways = np.concatenate([np.full(len(single), BOTH_WAYS), network.copies[:, 2]]).astype(np.int8)
    order = np.lexsort((piece, road))
    few, first = np.unique(road[order], return_index=True)
    last = np.append(first[1:], len(order))
    own = {key: (piece[order[a:b]], ways[order[a:b]]) for key, a, b in zip(few.tolist(), first.tolist(), last.tolist())}
    several: dict[int, list[tuple[int, int]]] = {}
    for at, other, way in network.copies.tolist():
        several.setdefault(at, []).append((other, way))

    def others(pieces: np.ndarray, road: int) -> np.ndarray:
        out = np.zeros(len(pieces), dtype=np.int8)
        for k, at in enumerate(pieces.tolist()):
            for other, way in several.get(at, ()):
                out[k] |= way if other != road else 0
        return out

    return own, others


def _by_area(
    rows: ClosureRows,
    own: np.ndarray,
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> tuple[np.ndarray, PieceParts]:
    shapes = [bytes(polygons_of(_moved(rows, k, crs, context)).asWkb().data()) for k in own.tolist()]
    area, parts = stretches_inside(network, shapes, border=False)
    return own[area], parts


def _by_line(
    rows: ClosureRows,
    own: np.ndarray,
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> tuple[np.ndarray, PieceParts]:
    shapes = [bytes(_moved(rows, k, crs, context).asWkb().data()) for k in own.tolist()]
    line, piece = pieces_on_lines(network, shapes)
    return own[line], PieceParts(piece, np.zeros(len(piece)), np.ones(len(piece)))


def _by_point(
    rows: ClosureRows,
    own: np.ndarray,
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> tuple[np.ndarray, PieceParts]:
    points = [[(v.x(), v.y()) for v in rows.shapes[k].vertices()] for k in own.tolist()]
    row = np.repeat(own, [len(several) for several in points])
    xy = np.array([point for several in points for point in several], dtype=float).reshape(-1, 2)
    moved = transform_vertices(xy, rows.crs, crs, context.transformContext())
    known = np.flatnonzero(np.isfinite(moved).all(axis=1))
    point, piece = pieces_at_points(network, moved[known])
    return row[known[point]], PieceParts(piece, np.zeros(len(piece)), np.ones(len(piece)))


def _moved(rows: ClosureRows, k: int, crs: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> QgsGeometry:
    shape = QgsGeometry(rows.shapes[k].constGet().segmentize())
    try:
        return transformed(shape, rows.crs, crs, context.transformContext())
    except LayerError as error:
        raise LayerError(f"{PARAMETER}: {rows.features[k]} of “{rows.name}”: {error}.") from error
