"""Coordinates between reference systems, and polygon layers as one area."""

from __future__ import annotations

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsLineString,
    QgsPoint,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from .errors import LayerError
from .places import features_of


def transform_xy(
    xy: np.ndarray,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> np.ndarray:
    """Return positions, shape (k, 2), transformed from ``source`` to ``target`` in one call.

    Raises
    ------
    LayerError
        When a position has no image in the target system.
    """
    if len(xy) == 0 or source == target:
        return np.array(xy, dtype=float).reshape(-1, 2)
    line = QgsLineString(xy[:, 0].tolist(), xy[:, 1].tolist())
    try:
        line.transform(QgsCoordinateTransform(source, target, context))
    except QgsCsException as error:
        raise LayerError(
            f"Positions could not be transformed from {source.authid()} to {target.authid()}: {error}. "
            f"Check that the layer's coordinate reference system is the right one."
        ) from error
    points = line.points()
    return np.array([(p.x(), p.y()) for p in points], dtype=float).reshape(-1, 2)


def union_of(
    source: QgsProcessingFeatureSource,
    parameter: str,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
    feedback: QgsProcessingFeedback,
) -> QgsGeometry:
    """Return a polygon layer as one valid geometry in ``target``; an empty layer gives an empty geometry.

    Raises
    ------
    LayerError
        When the layer has no reference system or cannot be transformed.
    """
    crs = source.sourceCrs()
    if not crs.isValid():
        raise LayerError(
            f"{parameter}: “{source.sourceName()}” has no coordinate reference system. "
            f"Set it in the layer's properties (Source)."
        )
    transform = QgsCoordinateTransform(crs, target, context)
    parts, unusable = [], []
    for feature in features_of(source):
        shape = QgsGeometry(feature.geometry())
        if shape.isNull() or shape.isEmpty():
            unusable.append(str(feature.id()))
            continue
        if not shape.isGeosValid():
            shape = shape.makeValid()
        try:
            shape.transform(transform)
        except QgsCsException as error:
            raise LayerError(
                f"{parameter}: feature {feature.id()} of “{source.sourceName()}” could not be transformed to "
                f"{target.authid()}: {error}."
            ) from error
        parts.append(shape)
    if unusable:
        feedback.pushWarning(
            f"{parameter}: {len(unusable)} feature(s) of “{source.sourceName()}” have no geometry and were passed "
            f"over: {', '.join(unusable[:10])}."
        )
    return QgsGeometry.unaryUnion(parts) if parts else QgsGeometry()


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
