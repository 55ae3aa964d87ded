"""Polygons that close roads."""

from __future__ import annotations

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from ...solvers.roads.closures import cut_at_border
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.taken_out import TakenOut, take_out
from ..errors import LayerError
from ..positions import union_of
from .distant import far_from_roads

PARAMETER = "BARRIERS"


def close_roads(
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    barriers: QgsProcessingFeatureSource,
    roads: str,
    roads_crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[RoadNetwork, QgsGeometry, int, TakenOut]:
    """Close the roads inside barriers, cut at their border.

    Parameters
    ----------
    crs
        The working CRS of the network.
    roads, roads_crs
        The name and the CRS of the road layer, for messages.

    Returns
    -------
    network : RoadNetwork
        The roads that stay open.
    area : QgsGeometry
        The closed area in ``crs``, empty without one.
    closed : int
        Number of closed pieces.
    taken : TakenOut
        Their arcs.

    Raises
    ------
    LayerError
        When the layer has no CRS or cannot be transformed, or every road is closed.
    """
    area = union_of(barriers, PARAMETER, crs, context.transformContext(), feedback)
    if area.isNull() or area.isEmpty() or network.piece_count == 0:
        feedback.pushInfo(f"{PARAMETER}: no area is closed.")
        return network, QgsGeometry(), 0, TakenOut.none()
    cut, inside, cuts = cut_at_border(network, area.asWkb().data())
    closed, metres = int(inside.sum()), float(cut.piece_lengths()[inside].sum())
    if not closed:
        box = area.boundingBox()
        corners = [(box.xMinimum(), box.yMinimum()), (box.xMaximum(), box.yMaximum())]
        far = far_from_roads(network, corners, PARAMETER, barriers.sourceName(), barriers.sourceCrs(), roads, roads_crs)
        feedback.pushWarning(far or f"{PARAMETER}: no polygon of “{barriers.sourceName()}” closes a road.")
        return network, area, 0, TakenOut.none()
    feedback.pushInfo(
        f"{PARAMETER}: {metres:,.0f} m of road are closed ({closed} pieces), cut at the border in {cuts} place(s)."
    )
    if inside.all():
        raise LayerError(
            f"{PARAMETER}: the polygons close every road of “{roads}”. Choose smaller polygons or another layer."
        )
    names = [f"the areas of “{barriers.sourceName()}” ({PARAMETER})"]
    gone = inside[cut.piece]
    open_roads, taken = take_out(cut, gone, np.zeros(cut.arc_count, dtype=np.int64), names, TakenOut.none())
    return open_roads, area, closed, taken
