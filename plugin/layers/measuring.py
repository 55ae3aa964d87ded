"""Lengths and areas on the ellipsoid."""

from __future__ import annotations

import math

from qgis.core import QgsCoordinateReferenceSystem, QgsDistanceArea, QgsGeometry, QgsProcessingContext, QgsRectangle

STRIP = 45.0  # degrees


def distance_area(crs: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> QgsDistanceArea:
    """Return what measures geometries in ``crs`` on the project's ellipsoid, or on the CRS's where it has none."""
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, context.transformContext())
    chosen = context.ellipsoid()
    measure.setEllipsoid(chosen if chosen not in ("", "NONE") else crs.ellipsoidAcronym())
    return measure


def area_on_ellipsoid(measure: QgsDistanceArea, shape: QgsGeometry) -> float:
    """Return the square metres of a polygon of any size.

    ``measureArea`` takes a polygon of more than half the earth for its complement, so what is wide in degrees is
    measured in strips.
    """
    box = shape.boundingBox()
    if not measure.sourceCrs().isGeographic() or box.width() <= STRIP:
        return float(measure.measureArea(shape))
    total = 0.0
    for k in range(math.floor(box.xMinimum() / STRIP), math.ceil(box.xMaximum() / STRIP)):
        for south, north in ((-90.0, 0.0), (0.0, 90.0)):
            window = QgsRectangle(k * STRIP, south, (k + 1) * STRIP, north)
            part = shape.intersection(QgsGeometry.fromRect(window))
            if not part.isEmpty():
                total += measure.measureArea(part)
    return total
