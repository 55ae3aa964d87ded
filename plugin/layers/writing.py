"""Writing rows into a Processing output, so that what exists is whole."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingUtils,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt import sip

from ..solvers.control import Control
from .column_names import IN_GEOPACKAGE, OwnColumns, Row, fitting
from .database_tables import NAME_BYTES, table_target
from .database_writing import with_key, write_table
from .destinations import FileTarget, destination_text, file_target, remove
from .fields import Column, make_field

BATCH = 500
LOOK_EVERY = 0.2  # seconds between two looks at the cancel button


@dataclass(frozen=True)
class OutputLayer:
    """An output before it is written.

    Attributes
    ----------
    columns : sequence of Column or QgsField
    rows : iterable of (QgsGeometry or None, values in the order of ``columns``)
    kind : QgsWkbTypes.Type or None
        None is a table.
    crs : QgsCoordinateReferenceSystem or None
    style : str or None
        A file of resources/styles without its ending.
    """

    columns: Sequence[Column | QgsField]
    rows: Iterable[Row]
    kind: QgsWkbTypes.Type | None = None
    crs: QgsCoordinateReferenceSystem | None = None
    style: str | None = None


def write_layer(
    algorithm: QgsProcessingAlgorithm,
    parameters: dict[str, Any],
    name: str,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    layer: OutputLayer,
) -> str | None:
    """Write a layer to the sink of output ``name``; return its destination id.

    None is returned for an optional output that was not asked for. What was written is read again; what is not whole
    is removed.

    Raises
    ------
    QgsProcessingException
        When the output cannot be made, or does not hold every row in the end.
    Cancelled
    """
    fields = QgsFields()
    for column in layer.columns:
        fields.append(make_field(column) if isinstance(column, Column) else column)
    rows, control = layer.rows, Control(cancelled=feedback.isCanceled)
    text = destination_text(parameters.get(name), context)
    wanted, table = file_target(text), table_target(text)
    if wanted is not None or table is not None:
        own = IN_GEOPACKAGE if wanted is not None and wanted.has_tables else None
        if table is not None:
            table = with_key(table, fields)
            own = OwnColumns(table.key, table.geometry, NAME_BYTES)
        fields, rows, renamed = fitting(fields, rows, own, control)
        for old, new in renamed:
            feedback.pushWarning(f"{name}: the column “{old}” is written as “{new}”: it cannot be called so there.")
    kind = QgsWkbTypes.Type.NoGeometry if layer.kind is None else layer.kind
    crs = layer.crs or QgsCoordinateReferenceSystem()
    if table is not None:
        destination = write_table(table, name, fields, rows, kind, crs, control)
        _load_at_the_end(algorithm, parameters[name], name, destination, context)
        return destination
    sink, destination = algorithm.parameterAsSink(parameters, name, context, fields, kind, crs)
    if sink is None:
        if parameters.get(name) in (None, "") and destination in (None, ""):
            return None
        raise QgsProcessingException(algorithm.invalidSinkError(parameters, name))
    target = None if wanted is None else file_target(destination)
    try:
        try:
            count, shapeless = fill(sink, fields, rows, name, control)
        finally:
            sip.delete(sink)  # closes the file, whoever still refers to the sink
        _read_again(destination, target, count, shapeless, name, context, control)
    except BaseException:
        if target is not None:
            remove(target)
        raise
    return destination


def _load_at_the_end(
    algorithm: QgsProcessingAlgorithm, given: Any, name: str, destination: str, context: QgsProcessingContext
) -> None:
    """Have a table loaded into the project where that was asked for; of files QGIS does it with the sink."""
    if isinstance(given, QgsProcessingOutputLayerDefinition) and given.destinationProject is not None:
        title = given.destinationName or algorithm.parameterDefinition(name).description()
        details = QgsProcessingContext.LayerDetails(
            title, given.destinationProject, name, QgsProcessingUtils.LayerHint.Vector
        )
        context.addLayerToLoadOnCompletion(destination, details)


def fill(sink: QgsFeatureSink, fields: QgsFields, rows: Iterable[Row], name: str, control: Control) -> tuple[int, int]:
    """Write the rows into a sink and flush it; return how many, and how many of them have no shape.

    Raises
    ------
    QgsProcessingException
        When they cannot be written; the text begins with ``name``.
    Cancelled
    """
    count, shapeless, batch, looked = 0, 0, [], time.monotonic()
    for shape, values in rows:
        feature = QgsFeature(fields)
        if shape is not None:
            feature.setGeometry(shape)
        shapeless += not feature.hasGeometry()
        feature.setAttributes(list(values))
        batch.append(feature)
        count += 1
        if len(batch) == BATCH:
            _flush(sink, batch, name, count, shapeless)
            batch = []
        now = time.monotonic()
        if now - looked > LOOK_EVERY:
            looked = now
            control.stop_if_cancelled()
    control.stop_if_cancelled()
    _flush(sink, batch, name, count, shapeless)
    if not sink.flushBuffer():
        raise QgsProcessingException(f"{name}: the output could not be completed: {sink.lastError()}")
    if hasattr(sink, "finalize"):
        sink.finalize()
    return count, shapeless


def _flush(sink: QgsFeatureSink, batch: list[QgsFeature], name: str, count: int, shapeless: int) -> None:
    if not batch or sink.addFeatures(batch, QgsFeatureSink.Flag.FastInsert):
        return
    error = sink.lastError()
    if shapeless and "geometry" in error.lower():  # newer versions of GDAL refuse at once what others leave out
        raise QgsProcessingException(
            f"{name}: {shapeless} of {count} rows have no shape, which this format cannot hold ({error}), so nothing "
            f"was written. Choose a GeoPackage (.gpkg)."
        )
    raise QgsProcessingException(f"{name}: features could not be written: {error}")


def _read_again(
    destination: str,
    target: FileTarget | None,
    count: int,
    shapeless: int,
    name: str,
    context: QgsProcessingContext,
    control: Control,
) -> None:
    """Refuse an output that does not hold ``count`` rows: drivers report success on a full disk.

    A GeoPackage is written in a transaction, so its count tells; of other files every feature is read.
    """
    if target is None:
        layer = QgsProcessingUtils.mapLayerFromString(destination, context, False)
        found = count if layer is None else layer.featureCount()
    else:
        layer = QgsVectorLayer(destination, name, "ogr")
        if not layer.isValid():
            found = 0 if count else -1
        elif target.has_tables:
            found = layer.featureCount()
        else:
            found = _readable(layer, control)
    if found != count:
        held = f"holds {found} of {count} rows" if found >= 0 else "cannot be read"
        where = "" if target is None else f" “{target.path}”"
        if target is not None and not target.holds_tables and found == count - shapeless:
            raise QgsProcessingException(
                f"{name}: {shapeless} of {count} rows have no shape, which “{target.path}” cannot hold, so it was "
                f"removed. Choose a GeoPackage (.gpkg)."
            )
        raise QgsProcessingException(
            f"{name}: what was written{where} {held}, so it was removed. Is the disk full or the format too narrow for "
            f"these values?"
        )


def _readable(layer: QgsVectorLayer, control: Control) -> int:
    """Return how many features can be read."""
    count, looked = 0, time.monotonic()
    for _ in layer.getFeatures():
        count += 1
        if time.monotonic() - looked > LOOK_EVERY:
            looked = time.monotonic()
            control.stop_if_cancelled()
    return count
