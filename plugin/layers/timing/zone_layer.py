"""Zones with what was found for each, as a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qgis.core import QgsProcessingFeedback, QgsWkbTypes

from ..carrying import all_others
from ..fields import Column
from ..places import Places
from ..writing import OutputLayer


def layer_of_zones(
    zones: Places,
    columns: Sequence[Column],
    row: Callable[[int], list[Any]],
    kind: QgsWkbTypes.Type,
    id_field: str | None,
    style: str,
    feedback: QgsProcessingFeedback,
) -> OutputLayer:
    """Return the zones with the values that ``row`` gives of each for ``columns``, and their other fields behind.

    ``style`` is the name of the one for polygons; that for points ends in ``_point``.
    """
    carried = all_others(zones, list(columns), id_field, feedback)
    if any(shape.wkbType() != kind for shape in zones.geometries):
        kind = QgsWkbTypes.multiType(kind)
    rows = [
        (shape.coerceToType(kind)[0], [*row(k), *carried.of(zones.attributes[k])])
        for k, shape in enumerate(zones.geometries)
    ]
    points = QgsWkbTypes.geometryType(kind) == QgsWkbTypes.GeometryType.PointGeometry
    return OutputLayer([*columns, *carried.fields], rows, kind, zones.crs, f"{style}{'_point' if points else ''}")
