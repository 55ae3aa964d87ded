"""Which positions lie inside an area."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsGeometry

from ..solvers.dependencies import require


def positions_inside(area: QgsGeometry, xy: np.ndarray) -> np.ndarray:
    """Return which positions, shape (k, 2), lie inside ``area`` (the same CRS) as bool (k,)."""
    if area.isNull() or area.isEmpty() or not len(xy):
        return np.zeros(len(xy), dtype=bool)
    shapely = require("shapely", "telling who is still inside the hazard")
    shape = shapely.from_wkb(bytes(area.asWkb()))
    shapely.prepare(shape)
    return np.asarray(shapely.contains_xy(shape, xy[:, 0], xy[:, 1]))
