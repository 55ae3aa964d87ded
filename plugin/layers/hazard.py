"""The hazard and the buffer around it: which part of a zone it covers, which sites lie in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from .errors import LayerError
from .measuring import distance_area
from .places import Places
from .positions import union_of

QUARTER_SEGMENTS = 32  # of the buffer's round corners: 0.03 % of its width at most
PIECES = 500  # an edge that is straight in one reference system is bent in another: cut into pieces first
WIDE = 1_000_000.0  # metres across from which on the local system's distortion reaches some tenths of a per cent


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
    source: QgsProcessingFeatureSource,
    buffer: float,
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    parameter: str = "HAZARD",
) -> Hazard:
    """Read the polygons of ``source`` as one hazard in ``target``, with a buffer of ``buffer`` metres around it.

    The buffer is drawn in an azimuthal equidistant system at the hazard's centre, so it is as wide in metres whatever
    the layer's own system.

    Raises
    ------
    LayerError
        When the layer has no polygons, no reference system, or cannot be transformed.
    """
    if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
        raise LayerError(f"{parameter}: “{source.sourceName()}” holds no polygons. Choose a polygon layer.")
    crs = source.sourceCrs()
    shape = union_of(source, parameter, crs, context.transformContext(), feedback)
    if shape.isNull() or shape.isEmpty():
        feedback.pushWarning(f"{parameter}: “{source.sourceName()}” has no polygon; nothing lies inside the hazard.")
        return Hazard(QgsGeometry(), QgsGeometry(), buffer, target)
    core = _moved(shape, crs, target, context, parameter)
    if buffer <= 0.0:
        return Hazard(core, core, 0.0, target)
    local = _local_system(shape, crs, context, parameter)
    near = _moved(shape, crs, local, context, parameter)
    size = max(near.boundingBox().width(), near.boundingBox().height())
    if size > WIDE:
        feedback.pushWarning(
            f"{parameter}: “{source.sourceName()}” is {size / 1000:.0f} km across; the buffer is off by up to "
            f"{100 * ((size / 2 / 6.371e6) / math.sin(min(size / 2 / 6.371e6, 1.5)) - 1):.1f} % at its ends."
        )
    area = _moved(near.buffer(buffer, QUARTER_SEGMENTS), local, target, context, parameter)
    return Hazard(core, area, buffer, target)


def share_inside(places: Places, hazard: Hazard, context: QgsProcessingContext) -> np.ndarray:
    """Return the part of each place's ellipsoidal area inside hazard plus buffer, shape (k,); a point is 0 or 1."""
    share = np.zeros(len(places))
    if hazard.area.isEmpty():
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
            covered = measure.measureArea(shape.intersection(hazard.area))
            share[k] = min(1.0, max(0.0, covered / places.area[k]))
    return share


def reasons_inside(places: Places, hazard: Hazard, feedback: QgsProcessingFeedback) -> list[str]:
    """Return "inside the hazard", "within ... m of the hazard" or "" for each place, by its point on surface.

    Polygons that reach into the hazard though their point lies outside are named in a warning.
    """
    out = [""] * len(places)
    if hazard.area.isEmpty():
        return out
    core = QgsGeometry.createGeometryEngine(hazard.core.constGet())
    area = QgsGeometry.createGeometryEngine(hazard.area.constGet())
    core.prepareGeometry()
    area.prepareGeometry()
    touching = []
    for k, (x, y) in enumerate(places.xy):
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


def _local_system(
    shape: QgsGeometry, crs: QgsCoordinateReferenceSystem, context: QgsProcessingContext, parameter: str
) -> QgsCoordinateReferenceSystem:
    """Return an azimuthal equidistant system, in metres, at the centre of ``shape``."""
    centre = QgsGeometry.fromPointXY(shape.boundingBox().center())
    wgs84 = QgsCoordinateReferenceSystem("EPSG:4326")
    point = _moved(centre, crs, wgs84, context, parameter).asPoint()
    return QgsCoordinateReferenceSystem.fromProj(
        f"+proj=aeqd +lat_0={point.y():.6f} +lon_0={point.x():.6f} +datum=WGS84 +units=m +no_defs"
    )


def _moved(
    shape: QgsGeometry,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
    parameter: str,
) -> QgsGeometry:
    """Return ``shape`` in ``target``, its edges bent as the change of system bends them, and valid."""
    if source == target:
        return QgsGeometry(shape)
    box = shape.boundingBox()
    longest = math.hypot(box.width(), box.height())
    moved = shape.densifyByDistance(longest / PIECES) if longest > 0.0 else QgsGeometry(shape)
    try:
        outcome = moved.transform(QgsCoordinateTransform(source, target, context.transformContext()))
    except QgsCsException as error:
        raise LayerError(
            f"{parameter}: the hazard could not be transformed from {source.authid()} to {target.authid()}: {error}. "
            f"Check the reference systems of the layers."
        ) from error
    if outcome != Qgis.GeometryOperationResult.Success:
        raise LayerError(f"{parameter}: the hazard could not be transformed to {target.authid()}.")
    polygon = moved.type() == QgsWkbTypes.GeometryType.PolygonGeometry
    return moved.makeValid() if polygon and not moved.isGeosValid() else moved
