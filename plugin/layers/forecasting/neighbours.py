"""Which places are neighbours: from their positions, or from a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from ...solvers.naming import first_of
from ..errors import LayerError
from ..places import Places
from ..tables import read_table
from ..transforming import transform_vertices
from ..values import id_text, number

EARTH = 6_371_008.8  # mean radius, m


def by_position(places: Places, ids: list[str], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Any:
    """Return weights between the series ``ids`` that lie near one another, csr_matrix (p, p)."""
    from ...solvers.forecasting.graph import adjacency_by_distance

    wgs84 = QgsCoordinateReferenceSystem("EPSG:4326")
    degrees = transform_vertices(places.xy, places.crs, wgs84, context.transformContext())
    lon, lat = np.radians(degrees[:, 0]), np.radians(degrees[:, 1])
    chord = EARTH * np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    index = {place: k for k, place in enumerate(places.ids)}
    xyz = np.array([chord[index[i]] if i in index else np.full(3, np.nan) for i in ids]).reshape(-1, 3)
    without = [i for i in ids if i not in index]
    if without:
        feedback.pushWarning(
            f"PLACES: {len(without)} series have no place in “{places.name}” and are forecast without neighbours: "
            f"{_first(without)}. Check PLACES_ID_FIELD."
        )
    silent = sorted(set(places.ids) - set(ids))
    if silent:
        feedback.pushWarning(
            f"PLACES: {len(silent)} place(s) of “{places.name}” have no series in COUNTS and get no forecast: "
            f"{_first(silent)}."
        )
    matrix = adjacency_by_distance(xyz)
    feedback.pushInfo(f"PLACES: {matrix.nnz // 2} pairs of neighbouring places.")
    return matrix


def by_table(
    source: QgsProcessingFeatureSource, fields: dict[str, str], ids: list[str], feedback: QgsProcessingFeedback
) -> Any:
    """Return weights between the series ``ids`` from a table with ``from``, ``to`` and, if there is one, ``weight``.

    Raises
    ------
    LayerError
        A missing field, a weight that is no number or negative.
    """
    from scipy.sparse import csr_matrix

    table, name = read_table(source, "ADJACENCY", fields), source.sourceName()
    index = {place: k for k, place in enumerate(ids)}
    rows, columns, weights, unknown = [], [], [], set()
    given = table.get("weight") or [1.0] * len(table["from"])
    for row, (one, other, raw) in enumerate(zip(table["from"], table["to"], given), start=1):
        weight = number(raw, "ADJACENCY", name, f"in row {row}", fields.get("weight", ""), 0.0)
        if weight < 0.0:
            raise LayerError(
                f"ADJACENCY: row {row} of “{name}” has the weight {weight:g}; it must be at least 0. Correct the value."
            )
        pair = id_text(one), id_text(other)
        unknown.update(place for place in pair if place not in index)
        if pair[0] in index and pair[1] in index and pair[0] != pair[1] and weight > 0.0:
            rows.append(index[pair[0]])
            columns.append(index[pair[1]])
            weights.append(weight)
    if unknown:
        feedback.pushWarning(
            f"ADJACENCY: {len(unknown)} place(s) of “{name}” have no series in COUNTS and were left aside: "
            f"{_first(sorted(unknown))}."
        )
    matrix = csr_matrix((weights, (rows, columns)), shape=(len(ids), len(ids)))
    matrix = matrix.maximum(matrix.T).tocsr()
    if matrix.nnz == 0:
        feedback.pushWarning(f"ADJACENCY: “{name}” makes no two series neighbours; each is forecast by itself.")
    return matrix


def _first(names: list[str]) -> str:
    return first_of([name or "(empty)" for name in names])
