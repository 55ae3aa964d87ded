"""Where a Processing output goes: file and table, compared with other outputs and with inputs, checked, removed."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsDataSourceUri,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingUtils,
    QgsProperty,
    QgsProviderRegistry,
    QgsVectorLayer,
)

_NO_FILE = ("memory:", "TEMPORARY_OUTPUT", "postgis:", "postgres:", "spatialite:", "dbname=", "http:", "https:")
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix")
_SHAPES_ONLY = (".shp", ".fgb")  # of a table GDAL leaves a .dbf beside no .shp, and nothing of it in FlatGeobuf
_TABLE_IN = ".gpkg"  # the format that holds several layers in a file


@dataclass(frozen=True)
class FileTarget:
    """A file, and the table in it where one is named."""

    path: str
    table: str = ""

    @property
    def has_tables(self) -> bool:
        """Whether the file can hold several tables."""
        return self.path.casefold().endswith(_TABLE_IN)

    @property
    def holds_tables(self) -> bool:
        """Whether rows without a shape can be written there as a layer without any."""
        return not self.path.casefold().endswith(_SHAPES_ONLY)

    def same_file(self, other: FileTarget) -> bool:
        """Whether both are one file, by whatever path or link."""
        mine, others = _main_part(self.path), _main_part(other.path)
        if os.path.exists(mine) and os.path.exists(others):
            return os.path.samefile(mine, others)
        return os.path.normcase(os.path.realpath(mine)) == os.path.normcase(os.path.realpath(others))

    def clashes(self, other: FileTarget) -> bool:
        """Whether writing the one destroys the other: one file, unless both are tables of different names."""
        return self.same_file(other) and not (
            self.table and other.table and self.table.casefold() != other.table.casefold()
        )


def destination_text(value: Any, context: QgsProcessingContext) -> str:
    """Return the destination of an output parameter's value as text, "" where there is none."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink
    if isinstance(value, QgsProperty):
        value, _ = value.valueAsString(context.expressionContext(), "")
    return value.strip() if isinstance(value, str) else ""


def file_target(text: str) -> FileTarget | None:
    """Return the file a destination (or the id of a written layer) means; None for memory and databases."""
    if not text or text.startswith(_NO_FILE):
        return None
    if text.startswith("ogr:"):
        uri = QgsDataSourceUri(text[len("ogr:") :])
        return FileTarget(uri.database(), uri.table()) if uri.database() else None
    parts = QgsProviderRegistry.instance().decodeUri("ogr", text)
    path = parts.get("path") or ""
    return FileTarget(str(path), str(parts.get("layerName") or "")) if path else None


def table_destination(path: str, table: str) -> str:
    """Return the destination of a table in a GeoPackage."""
    uri = QgsDataSourceUri()
    uri.setDatabase(path)
    uri.setDataSource("", table, "geom")
    return f"ogr:{uri.uri(False)}"


def input_value(value: Any, context: QgsProcessingContext) -> Any:
    """Return an input parameter's value as a layer or text, without what it is wrapped in."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source
    if isinstance(value, QgsProperty):
        value, _ = value.valueAsString(context.expressionContext(), "")
    return value


def input_layer(value: Any, context: QgsProcessingContext) -> QgsMapLayer | None:
    """Return the layer of an input parameter's value, loaded where it is a path, whatever its kind."""
    value = input_value(value, context)
    if isinstance(value, QgsMapLayer):
        return value
    return QgsProcessingUtils.mapLayerFromString(value, context) if isinstance(value, str) and value else None


def input_target(layer: QgsMapLayer) -> FileTarget | None:
    """Return the file and table a layer is read from; None where it comes from no file."""
    provider = layer.dataProvider()
    if provider is None or provider.name() == "memory":
        return None
    parts = QgsProviderRegistry.instance().decodeUri(provider.name(), layer.source())
    path = str(parts.get("path") or "")
    if not path or not os.path.exists(path):
        return None
    table = str(parts.get("layerName") or "")
    if not table and path.casefold().endswith(_TABLE_IN) and isinstance(layer, QgsVectorLayer):
        known = provider.subLayers()
        table = known[0].split("!!::!!")[1] if known else ""
    return FileTarget(path, table)


def why_not_writable(path: str) -> str:
    """Return why a file cannot be written at ``path``, "" where nothing is seen that forbids it."""
    target = Path(path)
    if target.is_dir():
        return f"“{path}” is a folder; name a file."
    folder = target.absolute().parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        return f"“{folder}” is a file, not a folder; choose another place."
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return f"the folder “{folder}” cannot be written to ({error.strerror}); choose another place."
    if target.exists() and not os.access(target, os.W_OK):
        return f"“{path}” is there already and cannot be overwritten; choose another name."
    return ""


def remove(target: FileTarget) -> None:
    """Remove what was written: the table, or the file with its parts; what is gone already is no fault."""
    if target.has_tables and target.table and _drop_table(target):
        return
    path = Path(target.path)
    parts = _SHAPEFILE_PARTS if path.suffix.casefold() == ".shp" else (path.suffix,)
    for part in parts:
        path.with_suffix(part).unlink(missing_ok=True)
    for end in ("-wal", "-shm", "-journal"):
        Path(f"{target.path}{end}").unlink(missing_ok=True)


def _drop_table(target: FileTarget) -> bool:
    """Drop a table of a GeoPackage; False where it was the only one, so that the file may go."""
    connection = QgsProviderRegistry.instance().providerMetadata("ogr").createConnection(target.path, {})
    names = [table.tableName() for table in connection.tables()]
    others = [name for name in names if name.casefold() != target.table.casefold() and name != "layer_styles"]
    if not others:
        return False
    if len(others) < len(names):
        connection.dropVectorTable("", target.table)
    return True


def _main_part(path: str) -> str:
    """Return the .shp of any part of a Shapefile, other paths as they are."""
    stem, end = os.path.splitext(path)
    return f"{stem}.shp" if end.casefold() in _SHAPEFILE_PARTS else path
