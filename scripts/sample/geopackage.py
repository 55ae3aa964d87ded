"""Write the sample's layers into a GeoPackage, byte for byte the same on every run of the same GDAL."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely
from osgeo import gdal, ogr

from .projection import DEGREES, reference_system

gdal.UseExceptions()
# A fixed "last change" date; GDAL would write today's.
CHANGED = "2026-11-21T00:00:00.000Z"
TYPES = {"text": ogr.OFTString, "int": ogr.OFTInteger, "real": ogr.OFTReal, "time": ogr.OFTDateTime}
GEOMETRIES = {
    "line": ogr.wkbLineString,
    "polygon": ogr.wkbPolygon,
    "multipolygon": ogr.wkbMultiPolygon,
    "point": ogr.wkbPoint,
    None: ogr.wkbNone,
}


@dataclass(frozen=True)
class Field:
    """A field: its name, kind (a key of ``TYPES``) and what it holds, with the unit."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Layer:
    """A layer: rows are (geometry or None, values in the order of the fields)."""

    name: str
    title: str
    geometry: str | None
    fields: tuple[Field, ...]
    rows: Sequence[tuple[Any, Sequence[Any]]]


def write_geopackage(path: Path, layers: Sequence[Layer]) -> None:
    """Write all layers into a new file at ``path``; a file there is replaced only by a whole one."""
    draft = path.with_suffix(".draft.gpkg")
    draft.unlink(missing_ok=True)
    gdal.SetConfigOption("OGR_CURRENT_DATE", CHANGED)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(draft), options=["VERSION=1.3"])
    for layer in layers:
        _write_layer(source, layer)
    del source
    _describe(draft, layers)
    os.replace(draft, path)


def _write_layer(source: ogr.DataSource, layer: Layer) -> None:
    """Write one layer."""
    options = [f"IDENTIFIER={layer.title}", "FID=fid"]
    reference = reference_system(DEGREES) if layer.geometry else None
    written = source.CreateLayer(layer.name, reference, GEOMETRIES[layer.geometry], options)
    for field in layer.fields:
        written.CreateField(ogr.FieldDefn(field.name, TYPES[field.kind]))
    definition = written.GetLayerDefn()
    source.StartTransaction()
    for geometry, values in layer.rows:
        feature = ogr.Feature(definition)
        if geometry is not None:
            feature.SetGeometryDirectly(ogr.CreateGeometryFromWkb(shapely.to_wkb(geometry)))
        for i, value in enumerate(values):
            if isinstance(value, datetime):
                feature.SetField(i, value.isoformat())
            elif value is not None:
                feature.SetField(i, value)
        written.CreateFeature(feature)
    source.CommitTransaction()


def _describe(path: Path, layers: Sequence[Layer]) -> None:
    """Store what each field means (the GeoPackage "schema" extension) and pack the file."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            """
            CREATE TABLE gpkg_data_columns (
                table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
                mime_type TEXT, constraint_name TEXT,
                CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
            CREATE TABLE gpkg_data_column_constraints (
                constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
                min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
                CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
            """
        )
        definition = "http://www.geopackage.org/spec121/#extension_schema"
        database.executemany(
            "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
            [("gpkg_data_columns", definition), ("gpkg_data_column_constraints", definition)],
        )
        database.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, description) VALUES (?, ?, ?)",
            [(layer.name, field.name, field.meaning) for layer in layers for field in layer.fields],
        )
        database.commit()
        database.execute("VACUUM")
