"""Which positions lie inside an area."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsGeometry, QgsPoint


def positions_inside(area: QgsGeometry, xy: np.ndarray) -> np.ndarray:
    """Return which positions, shape (k, 2), lie inside ``area`` (the same CRS) as bool (k,).

    QGIS does this, not ``shapely.contains_xy``: that asks GEOS 3.12 or later, and inside a QGIS that is linked with an
    older GEOS (Debian 12: 3.11) the call mixes the two libraries and crashes.
    """
    if area.isNull() or area.isEmpty() or not len(xy):
        return np.zeros(len(xy), dtype=bool)
    engine = QgsGeometry.createGeometryEngine(area.constGet())
    engine.prepareGeometry()
    return np.fromiter((engine.contains(QgsPoint(x, y)) for x, y in xy.tolist()), dtype=bool, count=len(xy))
