"""What a layer's columns and values are in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsField, QgsGeometry, QgsWkbTypes
from qgis.PyQt.QtCore import QByteArray, QDate, QDateTime, Qt, QTime

from .column_names import Row
from .database import DatabaseError, rows_of
from .values import plain

_TYPES = {
    1: "boolean", 2: "integer", 3: "bigint", 4: "bigint", 5: "numeric(20)", 6: "double precision", 8: "jsonb",
    9: "jsonb", 11: "text[]", 12: "bytea", 14: "date", 15: "time", 16: "timestamp",
}  # fmt: skip


def srid_of(connection: Any, crs: QgsCoordinateReferenceSystem, name: str) -> int:
    """Return the number that the database knows a reference system by, 0 for none."""
    if not crs.isValid():
        return 0
    authority, _, number = crs.authid().partition(":")
    known: list[tuple[Any, ...]] = []
    if number.isdigit():
        known = rows_of(
            connection,
            "SELECT srid FROM spatial_ref_sys WHERE upper(auth_name) = %s AND auth_srid = %s ORDER BY srid LIMIT 1",
            (authority.upper(), int(number)),
        )
    if not known:
        raise DatabaseError(
            f"{name}: PostGIS does not know the reference system {crs.authid() or crs.description() or 'of the rows'}. "
            f"Write a GeoPackage, or reproject the input to one of EPSG's."
        )
    return int(known[0][0])


def type_of(field: QgsField, rows: Sequence[Row], column: int) -> str:
    """Return the type of a column; of moments with a time zone where one of the rows' values has one."""
    number = field.type()
    found = _TYPES.get(int(getattr(number, "value", number)), "text")
    if found == "timestamp" and any(_is_universal(values[column]) for _, values in rows):
        return "timestamptz"
    return found


def _is_universal(value: Any) -> bool:
    """Whether a moment says how far its clock is from universal time."""
    value = plain(value)
    return isinstance(value, QDateTime) and value.timeSpec() != Qt.TimeSpec.LocalTime


def shape_word(kind: QgsWkbTypes.Type) -> str:
    """Return PostGIS's word for a kind of shapes."""
    flat = QgsWkbTypes.flatType(kind)
    word = "Geometry" if flat == QgsWkbTypes.Type.Unknown else QgsWkbTypes.displayString(flat)
    return f"{word}{'Z' if QgsWkbTypes.hasZ(kind) else ''}{'M' if QgsWkbTypes.hasM(kind) else ''}"


def hexadecimal(shape: QgsGeometry | None, kind: QgsWkbTypes.Type, name: str) -> str | None:
    """Return a shape of the column's kind in well-known binary, as hexadecimal text."""
    if shape is None or shape.isNull():
        return None
    if kind not in (shape.wkbType(), QgsWkbTypes.Type.Unknown):
        parts = shape.coerceToType(kind)
        if len(parts) != 1:
            raise DatabaseError(
                f"{name}: a shape is {QgsWkbTypes.displayString(shape.wkbType())}, which a column of "
                f"{QgsWkbTypes.displayString(kind)} cannot hold."
            )
        shape = parts[0]
    return bytes(shape.asWkb().toHex()).decode("ascii")


def adapted(value: Any, extras: Any) -> Any:
    """Return an attribute value as psycopg2 takes it."""
    value = plain(value)
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, QDateTime):
        return value.toString(Qt.DateFormat.ISODateWithMs)
    if isinstance(value, (QDate, QTime)):
        return value.toString(Qt.DateFormat.ISODate if isinstance(value, QDate) else Qt.DateFormat.ISODateWithMs)
    if isinstance(value, QByteArray):
        return bytes(value)
    if isinstance(value, dict) or (isinstance(value, list) and not all(isinstance(part, str) for part in value)):
        return extras.Json(value)
    return value.item() if hasattr(value, "item") else value
