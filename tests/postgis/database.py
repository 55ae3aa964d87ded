"""A database of the test's own: its connection, provider strings of its tables, and copies of layers in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import postgis_server
from postgis_server import PostgisServer
from qgis.core import Qgis, QgsDataSourceUri, QgsVectorLayer, QgsVectorLayerExporter


class Database:
    """A database with PostGIS and pgRouting."""

    def __init__(self, server: PostgisServer, name: str) -> None:
        self.server, self.name = server, name
        server.create_database(name)
        self.connection = server.connect(name)
        self.run("SET lock_timeout = '20s'")

    def close(self) -> None:
        """Close the connection of :meth:`run`."""
        self.connection.close()

    def run(self, *statements: str, values: Sequence[Any] | None = None) -> list[tuple]:
        """Run statements as the superuser; return the rows of the last one."""
        return postgis_server.run(self.connection, *statements, values=values)

    @contextmanager
    def reader(self, table: str) -> Iterator[Any]:
        """Another session that has read a table and has not ended its transaction."""
        other = self.server.connect(self.name)
        other.autocommit = False
        try:
            postgis_server.run(other, f"SELECT * FROM {table}")
            yield other
        finally:
            other.close()

    def tables(self) -> list[str]:
        """Return all tables and views as schema.name, but for those of PostGIS, sorted."""
        found = self.run(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema NOT IN "
            "('pg_catalog', 'information_schema') AND table_name NOT IN ('spatial_ref_sys', 'geometry_columns', "
            "'geography_columns')"
        )
        return sorted(row[0] for row in found)

    def uri(self, table: str, schema: str = "public", geometry: str | None = "geom", **options: str) -> str:
        """Return a provider string: ``table`` may be a query in brackets, ``geometry`` None is a table of rows.

        Options: ``key``, ``sql`` (a filter), ``user``, ``password``, and others as they stand (``srid="32633"``).
        """
        who = {name: options.pop(name) for name in ("user", "password") if name in options}
        uri = QgsDataSourceUri(self.server.address(self.name, **who))
        key, sql = options.pop("key", ""), options.pop("sql", "")
        for name, value in options.items():
            uri.setParam(name, value)
        uri.setDataSource("" if table.startswith("(") else schema, table, geometry, sql, key)
        return str(uri.uri(False))

    def layer(
        self, table: str, schema: str = "public", geometry: str | None = "geom", **options: str
    ) -> QgsVectorLayer:
        """Return a table, view or query as a layer; see :meth:`uri`."""
        layer = QgsVectorLayer(self.uri(table, schema, geometry, **options), table, "postgres")
        if not layer.isValid():
            raise RuntimeError(layer.dataProvider().error().message() if layer.dataProvider() else "no such layer")
        return layer

    def copy(self, layer: QgsVectorLayer, table: str, schema: str = "public") -> QgsVectorLayer:
        """Copy a layer into a new table, whose key ``fid`` holds the ids of a GeoPackage; return it as a layer."""
        uri = self.uri(table, schema, "geom" if layer.isSpatial() else None, key="fid")
        error, why = QgsVectorLayerExporter.exportLayer(layer, uri, "postgres", layer.crs())
        if error != Qgis.VectorExportResult.Success:
            raise RuntimeError(why)
        return self.layer(table, schema, "geom" if layer.isSpatial() else None)
