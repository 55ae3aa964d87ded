"""Positions and the areas that hold them: polygon layers as one area."""

from __future__ import annotations

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsPoint,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsRectangle,
)

from .errors import LayerError
from .mending import polygons_of
from .shapes import ShapeReader, empty_box, features_of
from .transforming import transformed


def box_around(xy: np.ndarray) -> QgsRectangle:
    """Return the box around positions (k, 2), empty without any."""
    if len(xy) == 0:
        return empty_box()
    (west, south), (east, north) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
    return QgsRectangle(west, south, east, north)


def shapes_of(
    source: QgsProcessingFeatureSource, parameter: str, feedback: QgsProcessingFeedback
) -> list[tuple[QgsFeature, QgsGeometry]]:
    """Return the features of a point or polygon layer that can be used, each with its valid shape in its own system.

    The others are named in a warning.

    Raises
    ------
    LayerError
        When the layer has no reference system, or coordinates that it cannot have.
    """
    reader = ShapeReader(source, parameter)
    found, unusable = [], []
    for feature in features_of(source):
        shape, reason = reader.shape_of(feature)
        if shape is None:
            unusable.append(f"{feature.id()} ({reason})")
        else:
            found.append((QgsFeature(feature), shape))
    reader.say_where(feedback)
    if unusable:
        feedback.pushWarning(
            f"{parameter}: {len(unusable)} feature(s) of “{source.sourceName()}” cannot be used and were passed over: "
            f"{', '.join(unusable[:10])}."
        )
    return found


def area_of(source: QgsProcessingFeatureSource, parameter: str, feedback: QgsProcessingFeedback) -> QgsGeometry:
    """Return a polygon layer as one valid geometry in its own reference system; an empty layer gives an empty one.

    Raises
    ------
    LayerError
        When the layer has no reference system, or coordinates that it cannot have.
    """
    parts = [shape for _, shape in shapes_of(source, parameter, feedback)]
    return QgsGeometry.unaryUnion(parts) if parts else QgsGeometry()


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
    area = area_of(source, parameter, feedback)
    if area.isNull() or area.isEmpty():
        return QgsGeometry()
    try:
        return polygons_of(transformed(area, source.sourceCrs(), target, context))
    except LayerError as error:
        raise LayerError(f"{parameter}: “{source.sourceName()}”: {error}.") from error


def positions_inside(area: QgsGeometry, xy: np.ndarray) -> np.ndarray:
    """Return which positions, shape (k, 2), lie inside ``area`` (the same CRS) as bool (k,); NaN lies nowhere.

    QGIS does this, not ``shapely.contains_xy``: that asks GEOS 3.12 or later, and inside a QGIS that is linked with an
    older GEOS (Debian 12: 3.11) the call mixes the two libraries and crashes.
    """
    if area.isNull() or area.isEmpty() or not len(xy):
        return np.zeros(len(xy), dtype=bool)
    engine = QgsGeometry.createGeometryEngine(area.constGet())
    engine.prepareGeometry()
    known = np.isfinite(xy).all(axis=1).tolist()
    return np.fromiter(
        (there and engine.contains(QgsPoint(x, y)) for (x, y), there in zip(xy.tolist(), known)), bool, len(xy)
    )
