"""Shapes on both sides of the line where a map of the whole world is cut, usually the meridian of 180 degrees.

A polygon across it is written in one of three ways: as parts that end at the line (RFC 7946, 3.1.9), with longitudes
that run on beyond 180, or with an edge that jumps from one edge of the map to the other. All of them are brought into
the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsWkbTypes,
)

from .mending import polygons_of
from .transforming import transform_each

GEOGRAPHIC = "EPSG:4326"
CYLINDRICAL = {"merc", "webmerc", "eqc", "cea", "mill"}  # projections under which the world is a strip that repeats
HAIR = 1e-9  # of the map's width


@dataclass(frozen=True)
class Seam:
    """The x at which a map of the world is cut, at its left and its right, and the y of the poles (may be infinite)."""

    west: float
    east: float
    south: float
    north: float

    @property
    def width(self) -> float:
        """Once round the earth."""
        return self.east - self.west


DEGREES = Seam(-180.0, 180.0, -90.0, 90.0)


def seam_of(crs: QgsCoordinateReferenceSystem) -> Seam | None:
    """Return where a reference system cuts the world; None for one that shows a region without repeating it."""
    if crs.isGeographic():
        return DEGREES
    if crs.projectionAcronym() not in CYLINDRICAL:
        return None
    words = (word.split("=") for word in crs.toProj().split() if word.startswith("+lon_0="))
    middle = next((float(value) for _, value in words), 0.0)
    places = np.array([[middle, 0.0], [middle + 45.0, 0.0]])
    geographic = QgsCoordinateReferenceSystem(GEOGRAPHIC)
    x, quarter = transform_each(places, geographic, crs, QgsCoordinateTransformContext())[:, 0].tolist()
    half = 4.0 * (quarter - x)  # NaN without an image
    return Seam(x - half, x + half, -math.inf, math.inf) if half > 0.0 else None


def split_at_seam(shape: QgsGeometry, seam: Seam) -> QgsGeometry:
    """Return points or polygons with every part inside the map; what lies within it already comes back as it is.

    An edge longer than half the way round is read as the short way across the seam, unless its ring spans a quarter
    of the world from south to north or encloses nothing then (a rectangle round the world).
    """
    box, hair = shape.boundingBox(), HAIR * seam.width
    inside = box.xMinimum() >= seam.west - hair and box.xMaximum() <= seam.east + hair
    if inside and box.width() <= seam.width / 2.0:
        return shape
    if shape.type() == QgsWkbTypes.GeometryType.PointGeometry:
        return shape if inside else _points_inside(shape, seam)
    rings = [[np.array(ring) for ring in polygon] for polygon in _rings(shape)]
    unrolled = [[_unrolled(ring, seam) for ring in polygon] for polygon in rings]
    if inside and not any(jumps for polygon in unrolled for _, _, jumps in polygon):
        return shape
    parts = []
    for polygon in unrolled:
        outer, *holes = [region(xy, turns, seam, float(xy[:, 1].mean()) > 0.0) for xy, turns, _ in polygon]
        parts.append(outer.difference(QgsGeometry.unaryUnion(holes)) if holes else outer)
    return QgsGeometry.unaryUnion(parts)


def region(xy: np.ndarray, turns: int, seam: Seam, north: bool) -> QgsGeometry:
    """Return the polygon of a ring (v, 2) that runs on over the seam, as parts inside the map.

    A ring that goes ``turns`` times round the earth is closed over the pole in the ``north`` or the south.
    """
    pole = seam.north if north else seam.south
    if turns and math.isfinite(pole):
        xy = np.vstack([xy, [xy[-1, 0], pole], [xy[0, 0], pole], xy[:1]])
    shape = polygons_of(QgsGeometry.fromPolygonXY([[QgsPointXY(x, y) for x, y in xy.tolist()]]))
    first = math.floor((xy[:, 0].min() - seam.west) / seam.width + HAIR)
    last = math.ceil((xy[:, 0].max() - seam.west) / seam.width - HAIR)
    box, parts = shape.boundingBox(), []
    for turn in range(first, max(last, first + 1)):
        shift = turn * seam.width
        window = QgsRectangle(seam.west + shift, box.yMinimum() - 1.0, seam.east + shift, box.yMaximum() + 1.0)
        part = shape if window.contains(box) else shape.intersection(QgsGeometry.fromRect(window))
        if shift:
            part.translate(-shift, 0.0)
        parts.append(part)
    return parts[0] if len(parts) == 1 else QgsGeometry.unaryUnion(parts)


def short_way(xy: np.ndarray, seam: Seam) -> tuple[np.ndarray, int]:
    """Return a ring (v, 2) whose every edge takes the short way round, and how often it goes round the earth."""
    step = np.diff(xy[:, 0])
    jump = np.where(step > seam.width / 2.0, -seam.width, np.where(step < -seam.width / 2.0, seam.width, 0.0))
    return _shifted(xy, jump, seam)


def wrapped(x: np.ndarray, seam: Seam) -> np.ndarray:
    """Return x coordinates inside the map; those within it already stay exactly as they are."""
    out = (x < seam.west) | (x > seam.east)
    return np.where(out, (x - seam.west) % seam.width + seam.west, x)


def _rings(shape: QgsGeometry) -> list[list[list[tuple[float, float]]]]:
    polygons = QgsGeometry(shape)
    polygons.convertToMultiType()
    return [
        [[(p.x(), p.y()) for p in ring] for ring in polygon if len(ring) > 3] for polygon in polygons.asMultiPolygon()
    ]


def _unrolled(xy: np.ndarray, seam: Seam) -> tuple[np.ndarray, int, bool]:
    """Return a ring as it was meant, its turns round the earth, and whether it differs from what is written."""
    x, hair = xy[:, 0], HAIR * seam.width
    step = np.diff(x)
    jump = np.where(step > seam.width / 2.0, -seam.width, np.where(step < -seam.width / 2.0, seam.width, 0.0))
    runs_on = x.min() < seam.west - hair or x.max() > seam.east + hair
    if runs_on or not jump.any():
        return xy, 0, False
    moved, turns = _shifted(xy, jump, seam)
    from_edge_to_edge = np.abs(np.abs(step) - seam.width) <= hair
    if turns and from_edge_to_edge.any():
        jump = np.where(from_edge_to_edge, 0.0, jump)
        moved, turns = _shifted(xy, jump, seam)
    elif not turns and (np.ptp(moved[:, 0]) <= hair or np.ptp(xy[:, 1]) > seam.width / 4.0):
        return xy, 0, False
    return moved, turns, bool(jump.any())


def _shifted(xy: np.ndarray, jump: np.ndarray, seam: Seam) -> tuple[np.ndarray, int]:
    out = np.array(xy, dtype=float)
    out[1:, 0] += np.cumsum(jump)
    return out, round(float(out[-1, 0] - out[0, 0]) / seam.width)


def _points_inside(shape: QgsGeometry, seam: Seam) -> QgsGeometry:
    if not shape.isMultipart():
        x = float(wrapped(np.array([shape.constGet().x()]), seam)[0])
        moved = QgsGeometry(shape)
        moved.translate(x - shape.constGet().x(), 0.0)
        return moved
    points = shape.asMultiPoint()
    x = wrapped(np.array([p.x() for p in points]), seam).tolist()
    return QgsGeometry.fromMultiPointXY([QgsPointXY(at, p.y()) for at, p in zip(x, points)])
