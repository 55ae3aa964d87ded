"""Layers of PostgreSQL named by a source, opened only where the server lets this session in without asking."""

from __future__ import annotations

from qgis.core import QgsDataSourceUri, QgsVectorLayer

from ..database import PROVIDER, connected, postgres_uri
from ..errors import LayerError

Place = tuple[str, ...]


def source_uri(text: str) -> QgsDataSourceUri | None:
    """Return a source in PostgreSQL, with or without its provider in front; None for another text."""
    uri = postgres_uri(text)
    if uri is None and text.lstrip().startswith(("dbname=", "service=", "host=")):
        uri = QgsDataSourceUri(text)
    return uri if uri is not None and (uri.database() or uri.service()) else None


def place_in_database(text: str) -> Place | None:
    """Return what tells one table, query or filter from another, None for a source of another provider."""
    uri = source_uri(text)
    if uri is None:
        return None
    server = (uri.service(), uri.host(), uri.port(), uri.database())
    return (*server, uri.schema(), uri.table(), uri.geometryColumn(), uri.sql())


def database_layer(text: str, name: str) -> tuple[QgsVectorLayer | None, str]:
    """Open a table by its source; return it, or None and why not.

    QGIS would ask for a password that is missing, in a window or on the console; so the server is asked first.
    """
    uri = source_uri(text)
    if uri is None:
        return None, "its source names no database"
    try:
        with connected(uri, f"“{uri.table() or uri.database()}”"):
            pass
    except LayerError as error:
        return None, str(error).rstrip(".")
    layer = QgsVectorLayer(uri.uri(False), name or uri.table(), PROVIDER)
    return (layer, "") if layer.isValid() else (None, f"the server has no table “{uri.table()}” that QGIS can read")
