"""Moving points: a layer with an object's id, a time and a position in every row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from ...solvers.control import Control
from ..antimeridian import seam_of, wrapped
from ..errors import LayerError
from ..places import Places
from ..shapes import features_of, refuse_metres
from ..times import read_times
from ..transforming import transform_vertices
from ..values import id_text

CHECK = 5000  # features between two looks at the cancel button


@dataclass(frozen=True)
class MovingPoints:
    """Readings of moving objects.

    Attributes
    ----------
    identity : ndarray of int, shape (r,)
        Number of the object.
    objects : int
        Distinct objects.
    seconds : ndarray, shape (r,)
        Seconds since 1970.
    universal : bool
        Whether the seconds are of universal time (some row told its offset), else as the clock shows.
    xy : ndarray, shape (r, 2)
        Positions in the reference system of the places.
    """

    identity: np.ndarray
    objects: int
    seconds: np.ndarray
    universal: bool
    xy: np.ndarray


def read_moving_points(
    source: QgsProcessingFeatureSource,
    id_field: str,
    time_field: str,
    places: Places,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
    parameter: str = "POINTS",
) -> MovingPoints:
    """Read a point layer; rows without an id, a time or a position are counted in a warning and passed over.

    Raises
    ------
    LayerError
        No points, no reference system, coordinates that it cannot have, or no time that can be read.
    Cancelled
    """
    name = source.sourceName()
    if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PointGeometry:
        raise LayerError(f"{parameter}: “{name}” holds no points. Choose a point layer.")
    ids, times, xy, row = _rows(source, id_field, time_field, control)
    if row and not source.sourceCrs().isValid():
        raise LayerError(
            f"{parameter}: “{name}” has no coordinate reference system. Set it in the layer's properties (Source)."
        )
    read = read_times(times)
    for warning in read.warnings(parameter, name, time_field):
        feedback.pushWarning(warning)
    _say_zones(read.aware[read.known], parameter, name, time_field, feedback)
    position = np.array(xy, dtype=float).reshape(-1, 2)
    if source.sourceCrs().isGeographic():
        refuse_metres(f"{parameter}: “{name}”", source.sourceCrs(), position)
    moved = transform_vertices(position, source.sourceCrs(), places.crs, context.transformContext())
    seam = seam_of(places.crs)
    if seam is not None:
        moved[:, 0] = wrapped(moved[:, 0], seam)
    placed, named = np.isfinite(moved).all(axis=1), np.array([bool(identifier) for identifier in ids], dtype=bool)
    for lost, what in ((int((~placed).sum()), "no usable position"), (int((~named).sum()), f"no id in “{id_field}”")):
        if lost:
            feedback.pushWarning(f"{parameter}: {lost} row(s) of “{name}” have {what} and were passed over.")
    keep = np.flatnonzero(read.known & placed & named)
    kept = np.array(ids, dtype=object)[keep].astype(str) if len(keep) else np.empty(0, dtype=str)
    different, identity = np.unique(kept, return_inverse=True)
    aware = bool(read.aware[read.known].any())
    return MovingPoints(identity.ravel(), len(different), read.seconds[keep], aware, moved[keep])


def _rows(
    source: QgsProcessingFeatureSource, id_field: str, time_field: str, control: Control
) -> tuple[list[str], list[object], list[tuple[float, float]], int]:
    """Return ids, times and positions; a feature of several points gives a row for each, one without any NaN."""
    fields = source.fields()
    columns = fields.indexFromName(id_field), fields.indexFromName(time_field)
    request = QgsFeatureRequest()
    request.setSubsetOfAttributes(list(columns))
    ids: list[str] = []
    times: list[object] = []
    xy: list[tuple[float, float]] = []
    row = 0
    for row, feature in enumerate(features_of(source, request), start=1):
        if row % CHECK == 0:
            control.stop_if_cancelled()
        geometry = feature.geometry()
        if geometry.isNull() or geometry.isEmpty():
            points = [(np.nan, np.nan)]
        elif geometry.isMultipart():
            points = [(point.x(), point.y()) for point in geometry.asMultiPoint()]
        else:
            point = geometry.constGet()
            points = [(point.x(), point.y())]
        for position in points:
            ids.append(id_text(feature.attribute(columns[0])))
            times.append(feature.attribute(columns[1]))
            xy.append(position)
    return ids, times, xy, row


def _say_zones(aware: np.ndarray, parameter: str, name: str, field: str, feedback: QgsProcessingFeedback) -> None:
    if aware.any() and not aware.all():
        feedback.pushWarning(
            f"{parameter}: {int((~aware).sum())} of {len(aware)} times of “{name}” in the field “{field}” do not say "
            f"their offset from universal time, the others do; they were read as universal time (UTC)."
        )
    elif aware.any():
        feedback.pushInfo(f"{parameter}: the times of “{name}” are given in universal time (UTC).")
