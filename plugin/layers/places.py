"""Zones, sites, shelters and stations: point or polygon layers read as places with an id and a position."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from .errors import LayerError
from .measuring import distance_area
from .values import id_text, number, plain

__all__ = ["LayerError", "Places", "features_of", "id_text", "read_places"]

NAMED_IN_LOG = 10


@dataclass(frozen=True)
class Places:
    """Places of one layer, in the order of its features.

    Attributes
    ----------
    parameter, name : str
        The parameter that gave the layer, and the layer's name; both appear in messages.
    ids : list of str
        Unique identifiers as text.
    xy : ndarray, shape (k, 2)
        Point on surface of each place, in ``crs``.
    crs : QgsCoordinateReferenceSystem
    area : ndarray, shape (k,)
        Ellipsoidal area in square metres; NaN for points.
    geometries : list of QgsGeometry
    attributes : list of list
        The features' own attributes, NULL as None.
    fields : QgsFields
    rejected : list of (str, str)
        Features that could not be used, each with the reason.
    """

    parameter: str
    name: str
    ids: list[str]
    xy: np.ndarray
    crs: QgsCoordinateReferenceSystem
    area: np.ndarray
    geometries: list[QgsGeometry]
    attributes: list[list[Any]]
    fields: QgsFields
    rejected: list[tuple[str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def values(self, name: str) -> list[Any]:
        """Return a field's values, NULL as None."""
        column = self.fields.indexFromName(name)
        if column < 0:
            raise LayerError(f"{self.parameter}: “{self.name}” has no field “{name}”.")
        return [row[column] for row in self.attributes]

    def texts(self, name: str) -> list[str]:
        """Return a field's values as text, NULL as ""."""
        return [id_text(value) for value in self.values(name)]

    def numbers(self, name: str, *, null: float = math.nan, minimum: float | None = None) -> np.ndarray:
        """Return a field's values as numbers, shape (k,); NULL gives ``null``.

        Raises
        ------
        LayerError
            When a value is no number or below ``minimum``; the text names the feature.
        """
        out = np.empty(len(self.ids))
        for i, value in enumerate(self.values(name)):
            out[i] = number(value, self.parameter, self.name, self.ids[i], name, null)
            if minimum is not None and out[i] < minimum:
                raise LayerError(
                    f"{self.parameter}: feature {self.ids[i]} of “{self.name}” has {out[i]:g} in the field “{name}”; "
                    f"it must be at least {minimum:g}. Correct the value."
                )
        return out

    def subset(self, keep: Sequence[int]) -> Places:
        """Return only the places at the positions ``keep``, in that order."""
        index = np.asarray(keep, dtype=np.int64)
        return Places(
            self.parameter,
            self.name,
            [self.ids[i] for i in index],
            self.xy[index].reshape(-1, 2),
            self.crs,
            self.area[index],
            [self.geometries[i] for i in index],
            [self.attributes[i] for i in index],
            self.fields,
            list(self.rejected),
        )


def first_of(names: Sequence[str], separator: str = ", ") -> str:
    """Return the first names as one text for the log, and how many more there are."""
    more = f" and {len(names) - NAMED_IN_LOG} more" if len(names) > NAMED_IN_LOG else ""
    return separator.join(names[:NAMED_IN_LOG]) + more


def features_of(source: QgsProcessingFeatureSource, request: QgsFeatureRequest | None = None) -> Any:
    """Iterate over a source's features without QGIS's geometry-validity check (invalid ones are mended here)."""
    flag = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
    return source.getFeatures(request or QgsFeatureRequest(), flag)


def read_places(
    source: QgsProcessingFeatureSource,
    parameter: str,
    id_field: str | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    *,
    empty_is_error: bool = False,
) -> Places:
    """Read a point or polygon layer as :class:`Places`.

    Parameters
    ----------
    source, parameter
        The layer, and the parameter's name for messages.
    id_field : str or None
        Field with the identifiers; None takes the feature ids.
    empty_is_error : bool
        Whether a layer with no usable feature is an error (supply layers) or an empty result (demand layers).

    Raises
    ------
    LayerError
        No CRS, a layer of lines, a NULL or repeated identifier, an empty supply layer.
    """
    name = source.sourceName()
    polygons = _polygons_or_points(source, parameter)
    measure = distance_area(source.sourceCrs(), context)
    column = source.fields().indexFromName(id_field) if id_field else -1
    rows: list[tuple[str, tuple[float, float], float, QgsGeometry, list[Any]]] = []
    rejected: list[tuple[str, str]] = []
    for feature in features_of(source):
        identifier = id_text(feature.attribute(column)) if column >= 0 else str(feature.id())
        if not identifier:
            raise LayerError(
                f"{parameter}: feature {feature.id()} of “{name}” has no value in the id field “{id_field}”. "
                f"Fill it, or choose another id field."
            )
        shape, reason = _usable(feature, polygons)
        if shape is None:
            rejected.append((identifier, reason))
            continue
        point = shape.pointOnSurface().asPoint()
        area = measure.measureArea(shape) if polygons else math.nan
        rows.append((identifier, (point.x(), point.y()), area, shape, [plain(v) for v in feature.attributes()]))
    _refuse_repeated(parameter, name, id_field, [row[0] for row in rows])
    _log_rejected(parameter, name, rejected, feedback)
    if empty_is_error and not rows:
        raise LayerError(f"{parameter}: “{name}” has no usable feature. Choose a layer with points or polygons in it.")
    ids, points, areas, shapes, attributes = (list(part) for part in zip(*rows)) if rows else ([], [], [], [], [])
    xy = np.array(points, dtype=float).reshape(-1, 2)
    return Places(
        parameter,
        name,
        ids,
        xy,
        source.sourceCrs(),
        np.array(areas, dtype=float),
        shapes,
        attributes,
        source.fields(),
        rejected,
    )


def _polygons_or_points(source: QgsProcessingFeatureSource, parameter: str) -> bool:
    kind = QgsWkbTypes.geometryType(source.wkbType())
    if kind not in (QgsWkbTypes.GeometryType.PointGeometry, QgsWkbTypes.GeometryType.PolygonGeometry):
        raise LayerError(
            f"{parameter}: “{source.sourceName()}” holds neither points nor polygons. Choose a point or polygon layer."
        )
    if not source.sourceCrs().isValid():
        raise LayerError(
            f"{parameter}: “{source.sourceName()}” has no coordinate reference system. "
            f"Set it in the layer's properties (Source)."
        )
    return kind == QgsWkbTypes.GeometryType.PolygonGeometry


def _usable(feature: QgsFeature, polygon: bool) -> tuple[QgsGeometry | None, str]:
    if not feature.hasGeometry() or feature.geometry().isEmpty():
        return None, "no geometry"
    shape = QgsGeometry(feature.geometry())
    if polygon and not shape.isGeosValid():
        shape = shape.makeValid()
    box = shape.boundingBox()
    if not all(math.isfinite(v) for v in (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())):
        return None, "coordinates that are not numbers"
    if shape.isNull() or shape.isEmpty() or shape.pointOnSurface().isNull():
        return None, "a geometry that could not be mended"
    if polygon and shape.area() <= 0.0:
        return None, "a polygon without area"
    return shape, ""


def _refuse_repeated(parameter: str, name: str, id_field: str | None, ids: list[str]) -> None:
    seen: set[str] = set()
    repeated = sorted({i for i in ids if i in seen or seen.add(i)})  # type: ignore[func-returns-value]
    if repeated:
        shown = ", ".join(repeated[:NAMED_IN_LOG])
        raise LayerError(
            f"{parameter}: the id field “{id_field}” of “{name}” has the same value in several features: {shown}. "
            f"Each feature needs an id of its own."
        )


def _log_rejected(parameter: str, name: str, rejected: list[tuple[str, str]], feedback: QgsProcessingFeedback) -> None:
    if rejected:
        shown = "; ".join(f"{i}: {reason}" for i, reason in rejected[:NAMED_IN_LOG])
        more = f" (and {len(rejected) - NAMED_IN_LOG} more)" if len(rejected) > NAMED_IN_LOG else ""
        feedback.pushWarning(f"{parameter}: {len(rejected)} feature(s) of “{name}” cannot be used: {shown}{more}.")
