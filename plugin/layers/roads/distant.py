"""Layers that lie nowhere near the roads: most often one of the two is declared in the wrong reference system."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingFeedback,
)

from ...solvers.roads.network import RoadNetwork
from ..closing.hazard_layers import HazardLayers
from ..transforming import transform_vertices
from .options import ReadNetwork
from .working_crs import name_of

NEAR = 5000.0  # m from the roads' extent: a layer that begins farther away lies nowhere near them


def warn_if_far(
    read: ReadNetwork, hazard: HazardLayers, context: QgsProcessingContext, feedback: QgsProcessingFeedback
) -> None:
    """Warn when a hazard that meets no road lies nowhere near them."""
    extent, crs = hazard.extent, hazard.crs
    if extent.isNull() or not crs.isValid():
        return
    x, y = (extent.xMinimum(), extent.xMaximum()), (extent.yMinimum(), extent.yMaximum())
    corners = np.array([(a, b) for a in x for b in y])
    xy = transform_vertices(corners, crs, read.crs, context.transformContext())
    far = far_from_roads(read.network, xy, hazard.parameter, hazard.name, crs, read.layer, read.layer_crs)
    if far:
        feedback.pushWarning(far)


def far_from_roads(
    network: RoadNetwork,
    xy: np.ndarray | Sequence[tuple[float, float]],
    parameter: str,
    name: str,
    crs: QgsCoordinateReferenceSystem,
    roads: str,
    roads_crs: QgsCoordinateReferenceSystem,
) -> str:
    """Return a sentence when a layer lies nowhere near the roads, else "".

    Parameters
    ----------
    xy : (k, 2)
        Positions of the layer in the network's CRS, or two opposite corners of its extent; NaN for those that have
        none there.
    parameter, name, crs
        Of the layer, for the sentence.
    roads, roads_crs
        Name and CRS of the road layer.
    """
    box = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    if not len(box) or network.node_count == 0:
        return ""
    known = box[np.isfinite(box).all(axis=1)]
    if len(known):
        low, high = network.piece_xy.min(axis=0), network.piece_xy.max(axis=0)
        gap = float(np.hypot(*np.maximum(np.maximum(low - known.max(axis=0), known.min(axis=0) - high), 0.0)))
        if gap <= NEAR:
            return ""
        where = f"{gap / 1000:,.0f} km from their extent"
    else:
        where = "its coordinates have no place in their reference system"
    return (
        f"{parameter}: “{name}” lies nowhere near the roads of NETWORK “{roads}”: {where}. {parameter} is in "
        f"{name_of(crs)}, NETWORK in {name_of(roads_crs)}. Give each layer the reference system that its coordinates "
        "are in (Properties, Source), or choose layers of one region."
    )
