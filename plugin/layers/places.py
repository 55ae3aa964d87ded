"""Zones, sites, shelters and stations: point or polygon layers read as places with an id and a position."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsRectangle,
    QgsWkbTypes,
)

from ..solvers.naming import NAMED_IN_LOG, first_of
from .errors import LayerError
from .measuring import area_on_ellipsoid, distance_area
from .shapes import ShapeReader, empty_box, features_of, widen
from .values import id_text, number, plain

_Row = tuple[str, tuple[float, float], float, QgsGeometry, list[Any]]  # id, point, square metres, shape, attributes


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
    rejected_attributes : list of list
        Their attributes, in the same order: people without a place are people all the same.
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
    rejected_attributes: list[list[Any]] = field(default_factory=list)

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
        return self._numbers(name, list(zip(self.ids, self.values(name))), null, minimum)

    def rejected_numbers(self, name: str, *, null: float = math.nan, minimum: float | None = None) -> np.ndarray:
        """Return a field's values of the rejected features, as :meth:`numbers` does of the others."""
        column = self.fields.indexFromName(name)
        values = [(key, row[column]) for (key, _), row in zip(self.rejected, self.rejected_attributes)]
        return self._numbers(name, values, null, minimum)

    def _numbers(self, name: str, values: list[tuple[str, Any]], null: float, minimum: float | None) -> np.ndarray:
        out = np.empty(len(values))
        for i, (key, value) in enumerate(values):
            out[i] = number(value, self.parameter, self.name, key, name, null)
            if minimum is not None and out[i] < minimum:
                raise LayerError(
                    f"{self.parameter}: feature {key} of “{self.name}” has {out[i]:g} in the field “{name}”; "
                    f"it must be at least {minimum:g}. Correct the value."
                )
        return out

    def extent(self) -> QgsRectangle:
        """Return the box around all places, empty without any."""
        box = empty_box()
        for shape in self.geometries:
            widen(box, shape.boundingBox())
        return box

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
            list(self.rejected_attributes),
        )


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
    _refuse_lines(source, parameter)
    reader = ShapeReader(source, parameter)
    rows, rejected, without_place = _rows(source, reader, parameter, id_field, context)
    reader.say_where(feedback)
    _refuse_repeated(parameter, name, id_field, [*(row[0] for row in rows), *(key for key, _ in rejected)])
    _log_rejected(parameter, name, rejected, feedback)
    if empty_is_error and not rows:
        raise LayerError(f"{parameter}: “{name}” has no usable feature. Choose a layer with points or polygons in it.")
    ids, points, areas, shapes, kept = (list(part) for part in zip(*rows)) if rows else ([], [], [], [], [])
    return Places(
        parameter,
        name,
        ids,
        np.array(points, dtype=float).reshape(-1, 2),
        source.sourceCrs(),
        np.array(areas, dtype=float),
        shapes,
        kept,
        source.fields(),
        rejected,
        without_place,
    )


def _rows(
    source: QgsProcessingFeatureSource,
    reader: ShapeReader,
    parameter: str,
    id_field: str | None,
    context: QgsProcessingContext,
) -> tuple[list[_Row], list[tuple[str, str]], list[list[Any]]]:
    """Return the features that can be used, the others with the reason, and the others' attributes."""
    measure = distance_area(source.sourceCrs(), context)
    column = source.fields().indexFromName(id_field) if id_field else -1
    rows: list[_Row] = []
    rejected: list[tuple[str, str]] = []
    without_place: list[list[Any]] = []
    for feature in features_of(source):
        identifier = id_text(feature.attribute(column)) if column >= 0 else str(feature.id())
        if not identifier:
            raise LayerError(
                f"{parameter}: feature {feature.id()} of “{source.sourceName()}” has no value in the id field "
                f"“{id_field}”. Fill it, or choose another id field."
            )
        shape, reason = reader.shape_of(feature)
        attributes = [plain(v) for v in feature.attributes()]
        if shape is None:
            rejected.append((identifier, reason))
            without_place.append(attributes)
            continue
        point = shape.pointOnSurface().asPoint()
        area = area_on_ellipsoid(measure, shape) if reader.polygons else math.nan
        rows.append((identifier, (point.x(), point.y()), area, shape, attributes))
    return rows, rejected, without_place


def _refuse_lines(source: QgsProcessingFeatureSource, parameter: str) -> None:
    kind = QgsWkbTypes.geometryType(source.wkbType())
    places = (QgsWkbTypes.GeometryType.PointGeometry, QgsWkbTypes.GeometryType.PolygonGeometry)
    if kind not in places and source.featureCount() != 0:  # some formats keep no geometry type without features
        raise LayerError(
            f"{parameter}: “{source.sourceName()}” holds neither points nor polygons. Choose a point or polygon layer."
        )


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
        shown = first_of([f"{i}: {reason}" for i, reason in rejected], "; ", brackets=True)
        feedback.pushWarning(f"{parameter}: {len(rejected)} feature(s) of “{name}” cannot be used: {shown}.")
