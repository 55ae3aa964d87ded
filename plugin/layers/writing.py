"""Writing rows into a Processing output, so that what exists is whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsWkbTypes,
)

from .fields import Column, make_field

BATCH = 2000


def write_rows(
    algorithm: QgsProcessingAlgorithm,
    parameters: dict[str, Any],
    name: str,
    context: QgsProcessingContext,
    columns: Sequence[Column],
    rows: Iterable[tuple[Any, Sequence[Any]]],
    geometry: QgsWkbTypes.Type | None = None,
    crs: QgsCoordinateReferenceSystem | None = None,
) -> str | None:
    """Write ``rows`` of (QgsGeometry or None, values in the order of ``columns``) to the sink of output ``name``.

    Columns may be :class:`Column` or ready ``QgsField`` objects. Returns the destination id, None for an optional
    output that was not asked for.
    """
    fields = QgsFields()
    for column in columns:
        fields.append(make_field(column) if isinstance(column, Column) else column)
    kind = QgsWkbTypes.Type.NoGeometry if geometry is None else geometry
    sink, destination = algorithm.parameterAsSink(
        parameters, name, context, fields, kind, crs or QgsCoordinateReferenceSystem()
    )
    if sink is None:
        if parameters.get(name) in (None, "") and destination in (None, ""):
            return None
        raise QgsProcessingException(algorithm.invalidSinkError(parameters, name))
    batch: list[QgsFeature] = []
    for shape, values in rows:
        feature = QgsFeature(fields)
        if shape is not None:
            feature.setGeometry(shape)
        feature.setAttributes(list(values))
        batch.append(feature)
        if len(batch) == BATCH:
            _flush(sink, batch, name)
            batch = []
    _flush(sink, batch, name)
    if not sink.flushBuffer():
        raise QgsProcessingException(f"{name}: the output could not be completed: {sink.lastError()}")
    if hasattr(sink, "finalize"):
        sink.finalize()
    del sink  # closes the file
    return destination


def _flush(sink: QgsFeatureSink, batch: list[QgsFeature], name: str) -> None:
    if batch and not sink.addFeatures(batch, QgsFeatureSink.Flag.FastInsert):
        raise QgsProcessingException(f"{name}: features could not be written: {sink.lastError()}")
