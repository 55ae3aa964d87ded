"""Areas of any size anywhere on the earth: in longitude and latitude, widened by metres, seen from a place."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsWkbTypes,
)

from .antimeridian import DEGREES, GEOGRAPHIC, region, short_way
from .mending import polygons_of
from .transforming import transform_each, transformed

QUARTER_SEGMENTS = 32  # of the buffer's round corners: 0.03 % of its width at most
PIECES = 500  # an edge that is straight in one reference system is bent in another: cut into pieces first
STEP = 2_000.0  # metres, the longest such piece of a large area's border
NEAR = 200_000.0  # metres across what is buffered about one centre: there widths are right to 0.03 %
CELL = 2.0  # degrees of latitude in which small pieces share a centre
DEGREE = 111_320.0  # metres, of latitude
HALF_ROUND = 20_003_000.0  # metres from a place to its opposite
FARTHEST_NORTH = 89.9  # degrees, where cylindrical projections still have an image
Transform = QgsCoordinateTransformContext


def world() -> QgsGeometry:
    """Return the whole earth in longitude and latitude."""
    return QgsGeometry.fromRect(QgsRectangle(DEGREES.west, DEGREES.south, DEGREES.east, DEGREES.north))


def to_geographic(shape: QgsGeometry, crs: QgsCoordinateReferenceSystem, context: Transform) -> QgsGeometry:
    """Return polygons in longitude and latitude, cut at 180 degrees; they may hold a pole or more than half the earth.

    Raises
    ------
    LayerError
        When the shape has no image.
    """
    target = QgsCoordinateReferenceSystem(GEOGRAPHIC)
    if crs.isGeographic():
        return transformed(shape, crs, target, context)
    dense = densified(shape, crs)
    moved = transformed(dense, crs, target, context)
    poles = [_pole(crs, latitude, context) for latitude in (DEGREES.south, DEGREES.north)]
    box = dense.boundingBox()
    if moved.boundingBox().width() <= 180.0 and not any(pole and box.contains(pole) for pole in poles):
        return polygons_of(moved)
    moved.convertToMultiType()
    dense.convertToMultiType()
    parts = []
    for flat, round_ in zip(dense.asMultiPolygon(), moved.asMultiPolygon()):
        outer, *holes = [_on_the_earth(*rings, poles) for rings in zip(flat, round_)]
        parts.append(outer.difference(QgsGeometry.unaryUnion(holes)) if holes else outer)
    return QgsGeometry.unaryUnion(parts)


def buffered(area: QgsGeometry, metres: float, context: Transform) -> QgsGeometry:
    """Return polygons in longitude and latitude widened by ``metres`` on the ellipsoid.

    Small areas are widened about their own centre in an azimuthal equidistant system, large ones along their border,
    piece by piece.
    """
    if metres + NEAR >= HALF_ROUND or world().difference(area).isEmpty():
        return world()
    groups: dict[tuple[int, ...], list[QgsGeometry]] = {}
    if _across(area.boundingBox()) <= 2.0 * NEAR:
        groups[(0,)] = [area]
    else:
        for piece in _pieces(area):
            middle = piece.boundingBox().center()
            row = math.floor(middle.y() / CELL)
            column = math.floor(middle.x() * max(math.cos(math.radians(row * CELL)), 0.01) / CELL)
            groups.setdefault((int(piece.type()), row, column), []).append(piece)
    around = [_widened(QgsGeometry.collectGeometry(pieces), metres, context) for pieces in groups.values()]
    return polygons_of(QgsGeometry.unaryUnion([area, *around]))


def seen_from(
    area: QgsGeometry, crs: QgsCoordinateReferenceSystem, extent: QgsRectangle, context: Transform
) -> QgsGeometry:
    """Return polygons in longitude and latitude in ``crs``; a projected one has an image of what is near ``extent``."""
    source = QgsCoordinateReferenceSystem(GEOGRAPHIC)
    if crs.isGeographic():
        return transformed(area, source, crs, context)
    near = area.intersection(_neighbourhood(extent, crs, context))
    if near.isEmpty():
        return QgsGeometry()
    return polygons_of(transformed(densified(near, source), source, crs, context))


def densified(shape: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
    """Return a shape whose edges are cut into pieces, so that they bend with a change of reference system."""
    box = shape.boundingBox()
    longest = math.hypot(box.width(), box.height()) / PIECES
    return shape.densifyByDistance(longest) if longest > 0.0 else QgsGeometry(shape)


def _across(box: QgsRectangle) -> float:
    """Return about how many metres a box of degrees is across."""
    nearest = 0.0 if box.yMinimum() <= 0.0 <= box.yMaximum() else min(abs(box.yMinimum()), abs(box.yMaximum()))
    return DEGREE * math.hypot(box.width() * math.cos(math.radians(min(nearest, 90.0))), box.height())


def _pieces(area: QgsGeometry) -> Iterator[QgsGeometry]:
    """Yield the small parts of an area whole, and the border of large ones in lines of at most NEAR metres."""
    parts = QgsGeometry(area)
    parts.convertToMultiType()
    for polygon in parts.asMultiPolygon():
        part = QgsGeometry.fromPolygonXY(polygon)
        if _across(part.boundingBox()) <= NEAR:
            yield part
            continue
        for ring in polygon:
            line = QgsGeometry.fromPolylineXY(ring).densifyByDistance(STEP / DEGREE)
            xy = np.array([(p.x(), p.y()) for p in line.asPolyline()])
            step = np.diff(xy, axis=0) * DEGREE
            step[:, 0] *= np.cos(np.radians((xy[1:, 1] + xy[:-1, 1]) / 2.0))
            chain = np.floor(np.concatenate([[0.0], np.cumsum(np.hypot(*step.T))]) / NEAR)
            starts = np.flatnonzero(np.diff(chain, prepend=-1.0))
            for first, last in zip(starts.tolist(), [*(starts[1:] + 1).tolist(), len(xy)]):
                if last - first > 1:
                    yield QgsGeometry.fromPolylineXY([QgsPointXY(x, y) for x, y in xy[first:last].tolist()])


def _widened(shape: QgsGeometry, metres: float, context: Transform) -> QgsGeometry:
    """Return the buffer of polygons or lines that are near each other, in longitude and latitude."""
    source = QgsCoordinateReferenceSystem(GEOGRAPHIC)
    centre = shape.boundingBox().center()
    local = QgsCoordinateReferenceSystem.fromProj(
        f"+proj=aeqd +lat_0={centre.y():.6f} +lon_0={centre.x():.6f} +datum=WGS84 +units=m +no_defs"
    )
    flat = transformed(densified(shape, source), source, local, context)
    if flat.type() == QgsWkbTypes.GeometryType.PolygonGeometry:
        flat = polygons_of(flat)
    return to_geographic(flat.buffer(metres, QUARTER_SEGMENTS), local, context)


def _on_the_earth(flat: list[QgsPointXY], ring: list[QgsPointXY], poles: list[QgsPointXY | None]) -> QgsGeometry:
    """Return the region of a ring in longitude and latitude, given the ring and the poles in its own flat system."""
    plane = QgsGeometry.fromPolygonXY([flat])
    south, north = (pole is not None and plane.contains(pole) for pole in poles)
    xy, turns = short_way(np.array([(p.x(), p.y()) for p in ring]), DEGREES)
    shape = region(xy, turns, DEGREES, north if north != south else float(xy[:, 1].mean()) > 0.0)
    return world().difference(shape) if north and south and not turns else shape


def _pole(crs: QgsCoordinateReferenceSystem, latitude: float, context: Transform) -> QgsPointXY | None:
    place = np.array([[0.0, latitude]])
    x, y = transform_each(place, QgsCoordinateReferenceSystem(GEOGRAPHIC), crs, context)[0].tolist()
    return QgsPointXY(x, y) if math.isfinite(x + y) else None


def _neighbourhood(extent: QgsRectangle, crs: QgsCoordinateReferenceSystem, context: Transform) -> QgsGeometry:
    """Return a box in longitude and latitude, cut at 180 degrees, that holds ``extent`` of ``crs`` with a margin."""
    columns = np.linspace(extent.xMinimum(), extent.xMaximum(), 21)
    rows = np.linspace(extent.yMinimum(), extent.yMaximum(), 21)
    grid = np.column_stack([np.repeat(columns, len(rows)), np.tile(rows, len(columns))])
    found = transform_each(grid, crs, QgsCoordinateReferenceSystem(GEOGRAPHIC), context)
    found = found[np.isfinite(found).all(axis=1)]
    if not len(found):
        return world()
    longitude, latitude = found.T
    low, high = float(latitude.min()), float(latitude.max())
    margin = 0.5 + 0.1 * (high - low)
    poles = [_pole(crs, pole, context) for pole in (DEGREES.south, DEGREES.north)]
    south, north = (pole is not None and extent.contains(pole) for pole in poles)
    low = DEGREES.south if south else max(low - margin, -FARTHEST_NORTH)
    high = DEGREES.north if north else min(high + margin, FARTHEST_NORTH)
    middle = float(longitude[len(longitude) // 2])
    offset = (longitude - middle + 180.0) % 360.0 - 180.0
    wide = margin / max(math.cos(math.radians(max(abs(low), abs(high)))), 0.01) + 0.1 * float(np.ptp(offset))
    first, last = float(offset.min()) - wide, float(offset.max()) + wide
    if south or north or last - first >= 360.0:
        first, last = -180.0 - middle, 180.0 - middle
    box = QgsRectangle(middle + first, low, middle + last, high)
    ring = np.array([(box.xMinimum(), low), (box.xMaximum(), low), (box.xMaximum(), high), (box.xMinimum(), high)])
    return region(np.vstack([ring, ring[:1]]), 0, DEGREES, True)
