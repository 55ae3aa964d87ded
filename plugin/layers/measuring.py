"""Lengths and areas on the ellipsoid."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsDistanceArea, QgsProcessingContext


def distance_area(crs: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> QgsDistanceArea:
    """Return what measures geometries in ``crs`` on the project's ellipsoid, or on the CRS's where it has none."""
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, context.transformContext())
    chosen = context.ellipsoid()
    measure.setEllipsoid(chosen if chosen not in ("", "NONE") else crs.ellipsoidAcronym())
    return measure
