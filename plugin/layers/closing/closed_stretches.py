"""Which stretches of road the rows of a layer of closures mean."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

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
from ...solvers.roads.network import BACKWARD_WAY, FORWARD_WAY, RoadNetwork
from ...solvers.roads.road_closings import BOTH_WAYS, PieceParts, RoadClosings
from ...solvers.roads.shut_together import Window, covers, shut_together
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
    windows: tuple[np.ndarray, np.ndarray],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> RoadClosings:
    """Return the stretches of road that each row closes; ``cause`` is the row.

    Parameters
    ----------
    crs
        The working CRS of the network.
    layer
        The road layer's name.
    windows
        Seconds (k,) from which and until before which each row closes its roads.

    Raises
    ------
    LayerError
        When the layer cannot be transformed, or none of its roads is in the network.
    """
    groups = [_by_id(rows, network, layer, windows, feedback)]
    since, until = windows
    for kind, find in (
        (_KIND.PolygonGeometry, _by_shape),
        (_KIND.LineGeometry, _by_shape),
        (_KIND.PointGeometry, _by_point),
    ):
        own = [k for k, shape in enumerate(rows.shapes) if not rows.road[k] and shape.type() == kind]
        if own:
            found, parts = find(rows, np.array(own), network, crs, context)
            groups.append(
                RoadClosings.of_parts(network, parts, since[found], until[found], ways=rows.ways[found], cause=found)
            )
    closed = RoadClosings.together(groups)
    idle = np.setdiff1d(np.arange(len(rows)), closed.cause)
    if len(idle):
        feedback.pushWarning(
            f"{PARAMETER}: {len(idle)} row(s) of “{rows.name}” close no road: "
            f"{first_of([rows.features[k] for k in idle.tolist()])}. A polygon must meet a road, a line run along one "
            f"or cross it between junctions, a point lie within 15 m of one."
        )
    return closed


def _by_id(
    rows: ClosureRows,
    network: RoadNetwork,
    layer: str,
    windows: tuple[np.ndarray, np.ndarray],
    feedback: QgsProcessingFeedback,
) -> RoadClosings:
    """Return the roads that rows name; those drawn on top of each other while all of them are closed."""
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
    groups, still = [], set()
    of_road: dict[int, list[Window]] = {}
    for k in named:
        window = Window(float(windows[0][k]), float(windows[1][k]), k)
        for road in lines.get(rows.road[k], []):
            of_road.setdefault(road, []).append(window)
    for piece, openers in _openings(network, set(of_road)):
        shut = []
        for way, own in openers:
            windows_of = [[w for w in of_road.get(road, ()) if rows.ways[w.row] & drawn] for road, drawn in own]
            shut.append((way, shut_together(windows_of)))
            still |= {w.row for w in chain(*windows_of) if not covers(shut[-1][1], w)}
        if len(shut) == 2 and shut[0][1] == shut[1][1]:
            shut = [(BOTH_WAYS, shut[0][1])]
        part = PieceParts(np.array([piece]), np.zeros(1), np.ones(1))
        groups += [
            RoadClosings.of_parts(network, part, window.since, window.until, ways=way, cause=window.row)
            for way, both in shut
            for window in both
        ]
    if still:
        feedback.pushWarning(
            f"{ROAD_FIELD}: {len(still)} row(s) of “{rows.name}” close a road that is drawn on top of one that stays "
            f"open, for some of the time at least, so that people still drive there: "
            f"{first_of(sorted({rows.road[k] for k in still}))}. Close every copy, or draw the closure."
        )
    return RoadClosings.together(groups)


def _openings(network: RoadNetwork, closed: set[int]) -> Iterator[tuple[int, list[tuple[int, list[tuple[int, int]]]]]]:
    """Yield each piece of the ``closed`` roads, and for each of its ways the roads drawn there that open it.

    A road comes with the way that this is as the road itself is drawn.
    """
    merged: dict[int, list[tuple[int, int, int]]] = {}
    for piece, road, ways, against in network.copies.tolist():
        merged.setdefault(piece, []).append((road, ways, against))
    for piece, road in enumerate(network.piece_road.tolist()):
        drawn = merged.get(piece, [(road, BOTH_WAYS, 0)])
        openers = []
        for way, other in ((FORWARD_WAY, BACKWARD_WAY), (BACKWARD_WAY, FORWARD_WAY)):
            own = [(road, other if against else way) for road, ways, against in drawn if ways & way]
            if own:
                openers.append((way, own))
        if any(road in closed for _, own in openers for road, _ in own):
            yield piece, openers


def _by_shape(
    rows: ClosureRows,
    own: np.ndarray,
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> tuple[np.ndarray, PieceParts]:
    """Return the parts that polygons cover, or the pieces that lines run along or cross; ``own`` are of one kind."""
    shapes = [_moved(rows, k, crs, context) for k in own.tolist()]
    if rows.shapes[own[0]].type() == _KIND.PolygonGeometry:
        area, parts = stretches_inside(network, [bytes(polygons_of(s).asWkb().data()) for s in shapes], border=False)
        return own[area], parts
    line, piece = pieces_on_lines(network, [bytes(shape.asWkb().data()) for shape in shapes])
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
