"""The hazard and the buffer around it: which part of a zone it covers, which sites lie in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRectangle,
)

from ..errors import LayerError
from ..measuring import area_on_ellipsoid, distance_area
from ..places import Places
from ..round_earth import buffered, seen_from, to_geographic
from .hazard_layers import HazardLayers

WHOLE = 1e-9  # of a zone that may be missing at a seam of the hazard


@dataclass(frozen=True)
class Hazard:
    """A hazard in the reference system of the places it is held against.

    Attributes
    ----------
    core : QgsGeometry
        The hazard itself; empty where nothing is hazardous.
    area : QgsGeometry
        The hazard and its buffer.
    buffer : float
        Metres.
    crs : QgsCoordinateReferenceSystem
    """

    core: QgsGeometry
    area: QgsGeometry
    buffer: float
    crs: QgsCoordinateReferenceSystem


def read_hazard(
    hazard: HazardLayers,
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    *,
    near: QgsRectangle,
) -> Hazard:
    """Return all that a hazard ever reaches as one area in ``target``, with its buffer around it.

    The buffer is drawn in azimuthal equidistant systems, so it is as wide in metres whatever the layer's own system
    and wherever on the earth. In a projected ``target`` the hazard is given around ``near``, the box around the places
    it is held against; elsewhere it may have no image.

    Raises
    ------
    LayerError
        When the layer cannot be transformed.
    """
    buffer, crs, transforms = hazard.buffer, hazard.crs, context.transformContext()
    shape = hazard.whole_area(near, target, context, feedback)
    if shape.isNull() or shape.isEmpty():
        return Hazard(QgsGeometry(), QgsGeometry(), buffer, target)
    if crs == target and buffer <= 0.0:
        return Hazard(shape, shape, 0.0, target)
    if near.xMaximum() < near.xMinimum():  # nothing to hold it against
        return Hazard(QgsGeometry(), QgsGeometry(), buffer, target)
    try:
        core = to_geographic(shape, crs, transforms)
        area = buffered(core, buffer, transforms) if buffer > 0.0 else core
        seen = shape if crs == target else seen_from(core, target, near, transforms)
        return Hazard(seen, seen_from(area, target, near, transforms) if buffer > 0.0 else seen, buffer, target)
    except LayerError as error:
        raise LayerError(
            f"{hazard.parameter}: “{hazard.name}”: {error}. Check the reference systems of the layers."
        ) from error


def share_inside(places: Places, hazard: Hazard, context: QgsProcessingContext) -> np.ndarray:
    """Return the part of each place's ellipsoidal area inside hazard plus buffer, shape (k,); a point is 0 or 1."""
    share = np.zeros(len(places))
    if hazard.area.isNull() or hazard.area.isEmpty():
        return share
    measure = distance_area(hazard.crs, context)
    engine = QgsGeometry.createGeometryEngine(hazard.area.constGet())
    engine.prepareGeometry()
    for k, shape in enumerate(places.geometries):
        if not engine.intersects(shape.constGet()):
            continue
        if math.isnan(places.area[k]) or engine.contains(shape.constGet()):
            share[k] = 1.0
        else:
            covered = area_on_ellipsoid(measure, shape.intersection(hazard.area)) / places.area[k]
            share[k] = 1.0 if covered > 1.0 - WHOLE else max(0.0, covered)
    return share


def reasons_inside(
    places: Places, hazard: Hazard, feedback: QgsProcessingFeedback, safe: np.ndarray | None = None
) -> list[str]:
    """Return "inside the hazard", "within ... m of the hazard" or "" for each place, by its point on surface.

    Those that are ``safe`` (k,) though the hazard reaches them have "". Polygons that reach into the hazard though
    their point lies outside are named in a warning.
    """
    out = [""] * len(places)
    if hazard.area.isNull() or hazard.area.isEmpty():
        return out
    core = QgsGeometry.createGeometryEngine(hazard.core.constGet())
    area = QgsGeometry.createGeometryEngine(hazard.area.constGet())
    core.prepareGeometry()
    area.prepareGeometry()
    touching = []
    for k, (x, y) in enumerate(places.xy):
        if safe is not None and safe[k]:
            continue
        point = QgsGeometry.fromPointXY(QgsPointXY(float(x), float(y)))
        if core.intersects(point.constGet()):
            out[k] = "inside the hazard"
        elif area.intersects(point.constGet()):
            out[k] = f"within {hazard.buffer:g} m of the hazard"
        elif not math.isnan(places.area[k]) and area.intersects(places.geometries[k].constGet()):
            touching.append(places.ids[k])
    if touching:
        feedback.pushWarning(
            f"{places.parameter}: {len(touching)} feature(s) of “{places.name}” reach into the hazard or its buffer, "
            f"though their point on surface lies outside; they are kept with their whole area: "
            f"{', '.join(touching[:10])}. Draw only the safe part, or forbid them."
        )
    return out
