"""Positions, lines and shapes from one reference system into another: nothing else transforms coordinates."""

from __future__ import annotations

import math
import struct

import numpy as np
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
)

from .errors import LayerError

LINE_HEADER = struct.Struct("<BII")


def line_wkb(xy: np.ndarray) -> bytes:
    """Return the well-known binary of a line with the vertices (v, 2)."""
    return LINE_HEADER.pack(1, 2, len(xy)) + np.ascontiguousarray(xy, dtype="<f8").tobytes()


def geometry_of(wkb: bytes) -> QgsGeometry:
    """Return a geometry from well-known binary."""
    geometry = QgsGeometry()
    geometry.fromWkb(wkb)
    return geometry


def line_geometry(xy: np.ndarray) -> QgsGeometry:
    """Return a line with the vertices (v, 2)."""
    return geometry_of(line_wkb(xy))


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
    try:
        return _together(xy, QgsCoordinateTransform(source, target, context))
    except QgsCsException as error:
        raise LayerError(
            f"Positions could not be transformed from {source.authid()} to {target.authid()}: {error}. "
            f"Check that the layer's coordinate reference system is the right one."
        ) from error


def transform_vertices(
    xy: np.ndarray,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> np.ndarray:
    """Transform positions (k, 2), all in one call; NaN for those without an image in ``target``."""
    if len(xy) == 0 or source == target:
        return np.array(xy, dtype=np.float64).reshape(-1, 2)
    transform = QgsCoordinateTransform(source, target, context)
    try:
        moved = _together(xy, transform)
    except QgsCsException:
        return transform_each(xy, source, target, context)
    return np.where(np.isfinite(moved), moved, np.nan)


def transform_each(
    xy: np.ndarray,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> np.ndarray:
    """Transform positions (k, 2) each on its own, as one that fails spoils a call for all; NaN without an image."""
    transform = QgsCoordinateTransform(source, target, context)
    moved = np.full((len(xy), 2), np.nan)
    for k, (x, y) in enumerate(xy.tolist()):
        try:
            point = transform.transform(QgsPointXY(x, y))
        except QgsCsException:
            continue
        if np.isfinite(point.x()) and np.isfinite(point.y()):
            moved[k] = point.x(), point.y()
    return moved


def transformed(
    shape: QgsGeometry,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> QgsGeometry:
    """Return a copy of ``shape`` in another reference system, vertex by vertex.

    Raises
    ------
    LayerError
        When a vertex has no image.
    """
    moved = QgsGeometry(shape)
    if source == target:
        return moved
    try:
        outcome = moved.transform(QgsCoordinateTransform(source, target, context))
    except QgsCsException as error:
        raise LayerError(f"it could not be transformed from {source.authid()} to {target.authid()}: {error}") from error
    box = moved.boundingBox()
    if outcome != Qgis.GeometryOperationResult.Success or not math.isfinite(box.width() + box.height()):
        raise LayerError(f"it could not be transformed from {source.authid()} to {target.authid()}")
    return moved


def _together(xy: np.ndarray, transform: QgsCoordinateTransform) -> np.ndarray:
    geometry = line_geometry(xy)
    geometry.transform(transform)
    return np.frombuffer(geometry.asWkb().data()[LINE_HEADER.size :], dtype="<f8").reshape(-1, 2).copy()
