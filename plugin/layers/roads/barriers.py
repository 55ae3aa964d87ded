"""Polygons that close roads."""

from __future__ import annotations

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from ...solvers.dependencies import require
from ...solvers.roads.network import RoadNetwork
from ..positions import union_of


def open_pieces(
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    barriers: QgsProcessingFeatureSource,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> np.ndarray:
    """Return whether each piece (p,) stays clear of the barriers; one that meets them is closed as a whole.

    Raises
    ------
    LayerError
        When the layer has no CRS or cannot be transformed.
    """
    area = union_of(barriers, "BARRIERS", crs, context.transformContext(), feedback)
    if area.isNull() or area.isEmpty() or network.piece_count == 0:
        return np.ones(network.piece_count, dtype=bool)
    shapely = require("shapely", "closing the roads that meet a barrier")
    shape = shapely.from_wkb(area.asWkb().data())
    line = np.repeat(np.arange(network.piece_count), np.diff(network.piece_start))
    lines = shapely.linestrings(network.piece_xy, indices=line)
    shapely.prepare(shape)
    return ~shapely.intersects(shape, lines)
