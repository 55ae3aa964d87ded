"""Lines that could not be used, or are not, as rows for a layer of problems."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import QgsGeometry, QgsPointXY

from ...solvers.roads.problem import UNUSABLE
from .options import ReadNetwork


def rejected_problems(read: ReadNetwork) -> list[tuple[QgsGeometry | None, tuple[Any, ...]]]:
    """Return a row (geometry in the layer's CRS, (problem, road_id, detail)) for each; None without a position."""
    rows: list[tuple[QgsGeometry | None, tuple[Any, ...]]] = []
    listed = [(UNUSABLE, road, reason) for road, reason in read.rejected] + read.left_out
    for values, xy in zip(listed, np.concatenate([read.rejected_xy, read.left_out_xy])):
        known = bool(np.isfinite(xy).all())
        shape = QgsGeometry.fromPointXY(QgsPointXY(*xy.tolist())) if known else None
        rows.append((shape, values))
    return rows
