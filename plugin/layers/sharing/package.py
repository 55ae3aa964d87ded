"""Tables of a scenario's GeoPackage: rows, styles, what columns mean."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsField,
    QgsFields,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt import sip
from qgis.PyQt.QtXml import QDomDocument

from ...solvers.control import Control
from ..column_names import IN_GEOPACKAGE, Row, fitting
from ..errors import LayerError
from ..fields import Column, make_field
from ..writing import fill
from .contents import RUN_TABLE
from .fingerprint import canonical
from .snapshots import Snapshot

_NAME_LENGTH = 30  # of a style: longer ones do not fit the column
_MAPS_AND_LISTS = (8, 9, 11)  # numbers of Qt's types, the same in versions 5 and 6


def table_source(path: str, table: str) -> str:
    """Return the source of a table of a GeoPackage."""
    return str(QgsProviderRegistry.instance().encodeUri("ogr", {"path": path, "layerName": table}))


def write_table(path: str, table: str, layer: Snapshot, control: Control) -> dict[str, str]:
    """Write a layer's rows as a table; return the columns that had to be renamed, (old: new).

    Lists and maps, which the format does not have, are written as JSON.

    Raises
    ------
    LayerError, QgsProcessingException, Cancelled
    """
    fields, as_json = QgsFields(), []
    for position, field in enumerate(layer.fields):
        if _has_no_column(field):
            as_json.append(position)
            field = make_field(Column(field.name(), "text", field.comment()))
        fields.append(field)
    rows = _rows(layer, as_json)
    fields, rows, renamed = fitting(fields, rows, IN_GEOPACKAGE, control)
    _create(path, table, fields, rows, layer.kind, layer.crs, f"LAYERS: “{layer.name}”", control)
    return dict(renamed)


def _has_no_column(field: QgsField) -> bool:
    """Whether a field holds lists or maps."""
    kind = field.type()
    return getattr(kind, "value", kind) in _MAPS_AND_LISTS


def _rows(layer: Snapshot, as_json: list[int]) -> Iterator[Row]:
    for feature in layer.shown() if layer.shown is not None else ():
        values = list(feature.attributes())
        for position in as_json:
            value = canonical(values[position])
            values[position] = value if value is None or isinstance(value, str) else json.dumps(value)
        yield (feature.geometry() if feature.hasGeometry() else None), values


def _create(
    path: str,
    table: str,
    fields: QgsFields,
    rows: Any,
    kind: Any,
    crs: QgsCoordinateReferenceSystem,
    name: str,
    control: Control,
) -> None:
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = table
    if os.path.exists(path):
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    sink = QgsVectorFileWriter.create(path, fields, kind, crs, QgsCoordinateTransformContext(), options)
    try:
        if sink.hasError() != QgsVectorFileWriter.WriterError.NoError:
            raise LayerError(f"{name} cannot be written: {sink.errorMessage()}.")
        count, _ = fill(sink, fields, rows, name, control)
    finally:
        sip.delete(sink)  # closes the file
    layer = QgsVectorLayer(table_source(path, table), table, "ogr")
    found = layer.featureCount() if layer.isValid() else 0
    if found != count:
        raise LayerError(f"{name}: of {count} rows {found} were written. Is the disk full?")


def save_style(path: str, table: str, snapshot: Snapshot) -> None:
    """Save a layer's style as the table's default."""
    document = QDomDocument()
    if not document.setContent(snapshot.style):
        return
    layer = QgsVectorLayer(table_source(path, table), table, "ogr")
    layer.importNamedStyle(document)
    save = getattr(layer, "saveStyleToDatabaseV2", layer.saveStyleToDatabase)  # the former from QGIS 3.44 on
    save(snapshot.name[:_NAME_LENGTH], "", True, "")


def describe_columns(path: str, table: str, fields: QgsFields, renamed: Mapping[str, str]) -> None:
    """Keep the aliases and comments of columns, in the GeoPackage's extension “schema”."""
    told = [
        (table, renamed.get(field.name(), field.name()), field.alias() or None, field.comment() or None)
        for field in fields
        if field.alias() or field.comment()
    ]
    if not told:
        return
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, "
            "name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT, "
            "CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))"
        )
        database.execute(
            "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name "
            "TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL, "
            "CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"
        )
        if not database.execute("SELECT 1 FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'").fetchone():
            database.execute(
                "INSERT INTO gpkg_extensions VALUES ('gpkg_data_columns', NULL, 'gpkg_schema', "
                "'http://www.geopackage.org/spec/#extension_schema', 'read-write')"
            )
        database.executemany(
            "INSERT OR REPLACE INTO gpkg_data_columns (table_name, column_name, title, description) "
            "VALUES (?, ?, ?, ?)",
            told,
        )


def write_run(path: str, row: Mapping[str, str | None]) -> None:
    """Write the table ``scenario_run``, which makes the file a scenario.

    Raises
    ------
    LayerError, QgsProcessingException
    """
    fields = QgsFields()
    for name in row:
        fields.append(make_field(Column(name, "text")))
    rows = [(None, list(row.values()))]
    nowhere = QgsCoordinateReferenceSystem()
    _create(path, RUN_TABLE, fields, rows, QgsWkbTypes.Type.NoGeometry, nowhere, RUN_TABLE, Control())


def merge_journal(path: str, end: bool) -> None:
    """Write what a database's journal holds into its file; ``end`` also ends the journal.

    Raises
    ------
    sqlite3.Error
    """
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if end:
            database.execute("PRAGMA journal_mode = DELETE")


def settle(path: str) -> None:
    """Make a database one file, safe on the disk.

    Raises
    ------
    sqlite3.Error, OSError
    """
    merge_journal(path, end=True)
    with Path(path).open("rb+") as file:
        os.fsync(file.fileno())
