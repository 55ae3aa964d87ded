"""Polygons that are not valid, mended."""

from __future__ import annotations

from qgis.core import QgsGeometry, QgsWkbTypes


def polygons_of(shape: QgsGeometry) -> QgsGeometry:
    """Return a polygon geometry mended where it is not valid; of what mending gives only the polygons are kept."""
    if shape.isGeosValid():
        return shape
    mended = shape.makeValid()
    if QgsWkbTypes.flatType(mended.wkbType()) == QgsWkbTypes.Type.GeometryCollection:  # spikes become lines
        mended.convertGeometryCollectionToSubclass(QgsWkbTypes.GeometryType.PolygonGeometry)
    return mended
