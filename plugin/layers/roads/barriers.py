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
from ...solvers.roads.splitting import Pieces
from ..positions import union_of


def open_pieces(
    pieces: Pieces,
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
    if area.isNull() or area.isEmpty() or len(pieces) == 0:
        return np.ones(len(pieces), dtype=bool)
    shapely = require("shapely", "closing the roads that meet a barrier")
    shape = shapely.from_wkb(area.asWkb().data())
    line = np.repeat(np.arange(len(pieces)), np.diff(pieces.offset))
    lines = shapely.linestrings(pieces.xy, indices=line)
    shapely.prepare(shape)
    return ~shapely.intersects(shape, lines)
