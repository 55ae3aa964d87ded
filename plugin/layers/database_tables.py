"""Tables of PostgreSQL that inputs read and outputs make: which they are, and whether they can be read and made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import QgsDataSourceUri, QgsProcessingUtils

from .database import PROVIDER, DatabaseError, connected, place_of, postgres_uri, remember, rows_of

NAME_BYTES = 63  # longer names are cut off by PostgreSQL
GEOMETRY = "geom"
KEYS = ("id", "fid")  # the first that is no column of the rows' own; QGIS and pgRouting call it id
_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table", "p": "a table in partitions"}
_SAME = "SELECT pg_postmaster_start_time()::text || current_database()"
_THERE = "SELECT c.oid, c.relkind, pg_has_role(c.relowner, 'USAGE'), current_user FROM pg_class c WHERE c.oid = %s"
_USED_BY = """
    SELECT DISTINCT r.ev_class::regclass::text FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = %(oid)s
      AND r.ev_class <> %(oid)s
    UNION SELECT conrelid::regclass::text FROM pg_constraint
    WHERE contype = 'f' AND confrelid = %(oid)s AND conrelid <> %(oid)s
    UNION SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %(oid)s ORDER BY 1
"""


@dataclass(frozen=True)
class Relation:
    """A table or view, told apart from all others: of which server and database it is, and its number there."""

    database: str
    oid: int
    name: str


@dataclass(frozen=True)
class TableTarget:
    """A table that an output makes.

    Attributes
    ----------
    uri : QgsDataSourceUri
        Where the database is, and who asks.
    schema : str
        "" for the first of the role's search path.
    table, geometry : str
    key : str
        The column with the rows' numbers; "" for one of :data:`KEYS`.
    """

    uri: QgsDataSourceUri
    schema: str
    table: str
    geometry: str = GEOMETRY
    key: str = ""

    @property
    def name(self) -> str:
        """The table as people write it."""
        return f"{self.schema}.{self.table}" if self.schema else self.table

    def result(self, schema: str, spatial: bool) -> str:
        """Return the string that opens the table, also in the next step of a model; it holds no password."""
        uri = remember(self.uri)
        uri.setDataSource(schema, self.table, self.geometry if spatial else "", "", self.key)
        return str(QgsProcessingUtils.encodeProviderKeyAndUri(PROVIDER, uri.uri(False)))


def table_target(text: str) -> TableTarget | None:
    """Return the table that a destination means; None where it is no destination in PostgreSQL."""
    uri = postgres_uri(text)
    if uri is None:
        return None
    target = TableTarget(uri, uri.schema(), uri.table(), uri.geometryColumn() or GEOMETRY, uri.keyColumn())
    bare = QgsDataSourceUri(uri)
    bare.setDataSource("", "", "", "", "")
    return TableTarget(bare, target.schema, target.table, target.geometry, target.key)


def relation_to_make(connection: Any, target: TableTarget) -> Relation:
    """Return the relation that a target would replace (oid 0 for none), its schema in the name.

    Raises
    ------
    DatabaseError
        When the role may not make it there, or when what is there is not to be replaced.
    """
    about = f"“{target.name}”"
    if not target.table:
        raise DatabaseError('name a table: postgres://dbname=\'...\' table="schema"."table" (geom).')
    for name in (target.table, target.geometry, target.key or KEYS[0]):
        if len(name.encode()) > NAME_BYTES:
            raise DatabaseError(f"the name “{name}” is longer than the {NAME_BYTES} bytes that PostgreSQL keeps.")
    schema = target.schema or rows_of(connection, "SELECT current_schema()")[0][0]
    ((there, may),) = rows_of(
        connection,
        "SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL, CASE WHEN to_regnamespace(quote_ident(%s)) IS NOT NULL "
        "THEN has_schema_privilege(%s, 'USAGE') AND has_schema_privilege(%s, 'CREATE') END",
        (schema,) * 4,
    )
    if not there:
        raise DatabaseError(f"{place_of(target.uri)} has no schema “{schema}”. Make it, or name another one.")
    if not may:
        raise DatabaseError(
            f"the role may not make tables in the schema “{schema}”. Have it granted (GRANT USAGE, CREATE ON SCHEMA), "
            f"or name another schema."
        )
    ((has,),) = rows_of(connection, "SELECT to_regtype('geometry') IS NOT NULL")
    if not has:
        raise DatabaseError(
            f"{place_of(target.uri)} has no PostGIS in the role's search path. Run CREATE EXTENSION postgis there."
        )
    ((database,),) = rows_of(connection, _SAME)
    ((oid,),) = rows_of(
        connection,
        "SELECT coalesce(to_regclass(quote_ident(%s) || '.' || quote_ident(%s))::oid::bigint, 0)",
        (schema, target.table),
    )
    if oid:
        refuse_irreplaceable(connection, oid, about)
    return Relation(database, oid, f"{schema}.{target.table}")


def refuse_irreplaceable(connection: Any, oid: int, about: str) -> None:
    """Raise where a relation is no table, belongs to somebody else, or is used by others."""
    ((_, kind, owned, role),) = rows_of(connection, _THERE, (oid,))
    if kind != "r":
        raise DatabaseError(f"{about} is {_KINDS.get(kind, 'no table')}, which is not overwritten. Name another table.")
    if not owned:
        raise DatabaseError(f"{about} is there already and not the role “{role}”'s to overwrite. Name another table.")
    users = [row[0] for row in rows_of(connection, _USED_BY, {"oid": oid})]
    if users:
        raise DatabaseError(
            f"{about} is used by {', '.join(users[:5])}, which would be lost if it were overwritten. Name another "
            f"table, or drop them."
        )


def relations_of(uri: QgsDataSourceUri, about: str) -> set[Relation]:
    """Return the tables that a provider string is read from, also through views and queries.

    Raises
    ------
    DatabaseError
        When they cannot be read: no connection, a missing right, a lock, shapes in several reference systems.
    """
    from psycopg2 import sql

    with connected(uri, about) as connection:
        asked = sql.SQL("EXPLAIN (VERBOSE, FORMAT JSON) SELECT * FROM {}").format(sql.SQL(from_clause(uri)))
        ((plan,),) = rows_of(connection, asked)
        _refuse_mixed(connection, uri, about)
        names = {name for step in plan for name in _names_in(step["Plan"])}
        ((database,),) = rows_of(connection, _SAME)
        found = set()
        for schema, table in names:
            ((oid,),) = rows_of(
                connection, "SELECT to_regclass(quote_ident(%s) || '.' || quote_ident(%s))::oid", (schema, table)
            )
            found.add(Relation(database, oid, f"{schema}.{table}"))
    return found


def _refuse_mixed(connection: Any, uri: QgsDataSourceUri, about: str) -> None:
    """Raise where shapes are in several reference systems and the string chooses none (``srid``)."""
    from psycopg2 import sql

    if not uri.geometryColumn() or uri.srid():
        return
    place = (uri.schema() or "public", uri.table(), uri.geometryColumn())
    declared = rows_of(
        connection,
        "SELECT srid FROM geometry_columns WHERE f_table_schema = %s AND f_table_name = %s AND f_geometry_column = %s",
        place,
    )
    if declared and declared[0][0] > 0:
        return
    asked = sql.SQL("SELECT DISTINCT ST_SRID({0}::geometry) FROM {1} WHERE {0} IS NOT NULL ORDER BY 1").format(
        sql.Identifier(uri.geometryColumn()), sql.SQL(from_clause(uri))
    )
    found = [str(row[0]) for row in rows_of(connection, asked)]
    if len(found) > 1:
        raise DatabaseError(
            f"{about} holds shapes in several reference systems (SRID {', '.join(found[:10])}). Bring them into one "
            f"(ST_Transform in a view; ST_SetSRID where it is 0), or choose one with srid= in the provider string."
        )


def from_clause(uri: QgsDataSourceUri) -> str:
    """Return what a provider string reads, as it stands after FROM."""
    if uri.table().startswith("("):
        return f"{uri.table()} AS query"
    return str(uri.quotedTablename())


def _names_in(step: dict[str, Any]) -> set[tuple[str, str]]:
    """Return (schema, table) of a step of a plan and of all below it."""
    found = {(step["Schema"], step["Relation Name"])} if "Relation Name" in step else set()
    return found.union(*(_names_in(below) for below in step.get("Plans", ())))
