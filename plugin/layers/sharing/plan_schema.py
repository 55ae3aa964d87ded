"""Tables, views, styles and rights of published plans in a schema."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsRenderContext, QgsVectorLayer
from qgis.PyQt.QtXml import QDomDocument

from ..errors import LayerError
from .database import driver
from .plan_tables import PLAN, TABLES, VIEW, Placed, PlanTable
from .snapshots import style_of

SRID = 4326
_PLAN_COLUMNS = ("plan_id", "name", "version", "created", "author", "current", "parameters", "plugin_version")
_STYLES = (
    "CREATE TABLE layer_styles (id serial PRIMARY KEY, f_table_catalog varchar, f_table_schema varchar, f_table_name "
    "varchar, f_geometry_column varchar, stylename text, styleqml xml, stylesld xml, useasdefault boolean, description "
    "text, owner varchar(63) DEFAULT CURRENT_USER, ui xml, update_time timestamp DEFAULT CURRENT_TIMESTAMP, type "
    "varchar)"
)  # as QGIS makes it


def make_tables(cursor: Any, schema: str) -> list[str]:
    """Make the schema, its tables and views as far as they are missing; return what was made, in words.

    Raises
    ------
    LayerError
        When PostGIS is missing, or a table of that name is another one.
    psycopg2.Error
    """
    sql = driver().sql
    geometry = _geometry_type(cursor)
    there = _relations(cursor, schema)
    made = []
    if there is None:
        _attempt(cursor, sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)), f"SCHEMA: “{schema}” is not there")
        made.append(f"SCHEMA: “{schema}” was made.")
        there = {}
    if PLAN not in there:
        cursor.execute(_plan_statement(schema))
    _refuse_other_table(there, PLAN, _PLAN_COLUMNS, schema)
    for table in TABLES:
        columns = ("row_id", "plan_id", *table.columns, "attributes", *(["geom"] if table.geometry else []))
        if table.name not in there:
            cursor.execute(_table_statement(schema, table, geometry))
        _refuse_other_table(there, table.name, columns, schema)
        view = VIEW.format(table.name)
        if view not in there:
            cursor.execute(_view_statement(schema, table))
            made.append(f"The table {schema}.{table.name} and the view {view} were made.")
    return made


def _attempt(cursor: Any, statement: Any, what: str) -> None:
    """Run a statement whose right may be missing."""
    psycopg2 = driver()
    try:
        cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege as error:
        raise LayerError(
            f"{what} and this role may not make it ({str(error).strip()}). Have the owner do it."
        ) from error


def _geometry_type(cursor: Any) -> Any:
    """Return the type of shapes, in the schema in which PostGIS is."""
    sql = driver().sql
    cursor.execute(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'"
    )
    found = cursor.fetchone()
    if found is None:
        raise LayerError(
            "CONNECTION: this database has no PostGIS. Have its owner run  CREATE EXTENSION postgis;  and try again."
        )
    return sql.Identifier(found[0], "geometry")


def _relations(cursor: Any, schema: str) -> dict[str, set[str]] | None:
    """Return tables and views of a schema with their columns, None where there is no such schema."""
    cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", (schema,))
    found = cursor.fetchone()
    if found is None:
        return None
    cursor.execute(
        "SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relnamespace = %s AND c.relkind IN ('r', 'v', 'p', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped "
        "GROUP BY c.relname",
        found,
    )
    return {name: set(columns) for name, columns in cursor.fetchall()}


def _refuse_other_table(there: dict[str, set[str]], name: str, columns: Any, schema: str) -> None:
    missing = [] if name not in there else [column for column in columns if column not in there[name]]
    if missing:
        raise LayerError(
            f"SCHEMA: “{schema}” has a table “{name}” that is another one: it lacks {', '.join(missing)}. Choose "
            f"another schema."
        )


def _plan_statement(schema: str) -> Any:
    sql = driver().sql
    return sql.SQL(
        "CREATE TABLE {plan} (plan_id uuid PRIMARY KEY, name text NOT NULL, version integer NOT NULL, created "
        "timestamptz NOT NULL DEFAULT now(), author text NOT NULL DEFAULT session_user, current boolean NOT NULL, "
        "parameters jsonb NOT NULL, plugin_version text NOT NULL, UNIQUE (name, version)); "
        "CREATE UNIQUE INDEX plan_current ON {plan} (name) WHERE current"
    ).format(plan=sql.Identifier(schema, PLAN))


def _table_statement(schema: str, table: PlanTable, geometry: Any) -> Any:
    sql = driver().sql
    columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in table.columns.items()]
    columns.append(sql.SQL("attributes jsonb NOT NULL DEFAULT '{}'"))
    index = sql.SQL("")
    name = sql.Identifier(schema, table.name)
    if table.geometry:
        columns.append(sql.SQL("geom {}({}, {})").format(geometry, sql.SQL(table.geometry), sql.SQL(str(SRID))))
        index = sql.SQL("; CREATE INDEX ON {} USING gist (geom)").format(name)
    return sql.SQL(
        "CREATE TABLE {name} (row_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, plan_id uuid NOT NULL REFERENCES "
        "{plan} (plan_id) ON DELETE CASCADE, {columns}); CREATE INDEX ON {name} (plan_id){index}"
    ).format(name=name, plan=sql.Identifier(schema, PLAN), columns=sql.SQL(", ").join(columns), index=index)


def _view_statement(schema: str, table: PlanTable) -> Any:
    sql = driver().sql
    names = [*table.columns, "attributes", *(["geom"] if table.geometry else [])]
    return sql.SQL(
        "CREATE VIEW {view} AS SELECT t.row_id, t.plan_id, p.name AS plan_name, p.version AS plan_version, {columns} "
        "FROM {name} t JOIN {plan} p ON p.plan_id = t.plan_id WHERE p.current"
    ).format(
        view=sql.Identifier(schema, VIEW.format(table.name)),
        columns=sql.SQL(", ").join(sql.Identifier("t", name) for name in names),
        name=sql.Identifier(schema, table.name),
        plan=sql.Identifier(schema, PLAN),
    )


def save_styles(cursor: Any, schema: str, placed: list[Placed]) -> list[str]:
    """Store the layers' styles for tables and views where QGIS looks for them; return warnings.

    A role that may not write there publishes all the same.
    """
    psycopg2 = driver()
    cursor.execute("SAVEPOINT styles")
    try:
        cursor.execute("SELECT to_regclass('layer_styles')")
        if cursor.fetchone()[0] is None:
            cursor.execute(_STYLES)
        for one in placed:
            if one.table.geometry:
                for name in (one.table.name, VIEW.format(one.table.name)):
                    _save_style(cursor, schema, name, one.layer)
    except (psycopg2.errors.InsufficientPrivilege, psycopg2.DataError, psycopg2.errors.UndefinedColumn) as error:
        cursor.execute("ROLLBACK TO SAVEPOINT styles")
        text = " ".join(str(error).split())
        return [f"The plan has no styles: this role cannot write them into the table layer_styles ({text})."]
    cursor.execute("RELEASE SAVEPOINT styles")
    return [line for one in placed for line in _lost_fields(one)]


def _lost_fields(one: Placed) -> list[str]:
    """Return a warning where a layer is drawn by fields that have no column."""
    renderer = one.layer.renderer() if one.table.geometry else None
    used = renderer.usedAttributes(QgsRenderContext()) if renderer is not None else set()
    lost = sorted(used & set(one.attributes()))
    if not lost:
        return []
    return [f"“{one.stored.name}” is drawn by {', '.join(lost)}, which {one.table.name} has in attributes only."]


def _save_style(cursor: Any, schema: str, table: str, layer: QgsVectorLayer) -> None:
    key = (schema, table, "geom")
    cursor.execute(
        "DELETE FROM layer_styles WHERE f_table_catalog = current_database() AND f_table_schema = %s AND f_table_name "
        "= %s AND f_geometry_column = %s",
        key,
    )
    sld = QDomDocument()
    layer.exportSldStyle(sld, "")
    cursor.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, stylename, "
        "styleqml, stylesld, useasdefault, description) VALUES (current_database(), %s, %s, %s, %s, %s, %s, true, %s)",
        (*key, table, style_of(layer), sld.toString() or None, "published plan"),
    )


def grant_reader(cursor: Any, schema: str, reader: str) -> tuple[list[str], list[str]]:
    """Let a role read the plans, made where it is missing; return what was done, and warnings.

    Raises
    ------
    LayerError
        When this role may make no roles.
    psycopg2.Error
    """
    sql = driver().sql
    role, said, warnings = sql.Identifier(reader), [], []
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (reader,))
    if cursor.fetchone() is None:
        what = f"READER: the role “{reader}” is not there"
        _attempt(cursor, sql.SQL("CREATE ROLE {} NOLOGIN").format(role), what)
        said.append(f"READER: the role “{reader}” was made; ALTER ROLE … LOGIN lets it in, GRANT gives it to others.")
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), role))
    names = [PLAN, *(name for table in TABLES for name in (table.name, VIEW.format(table.name)))]
    where = [sql.Identifier(schema, name) for name in names]
    cursor.execute("SELECT to_regclass('layer_styles') IS NOT NULL")
    if cursor.fetchone()[0]:
        where.append(sql.Identifier("layer_styles"))
    for name in where:
        shown = name.as_string(cursor)
        if not _may(cursor, reader, shown, "SELECT"):
            _attempt(cursor, sql.SQL("GRANT SELECT ON {} TO {}").format(name, role), f"READER: {shown} is not open yet")
            if not _may(cursor, reader, shown, "SELECT"):
                warnings.append(f"READER: “{reader}” cannot read {shown}: its owner has to grant it.")
    shown_names = [name.as_string(cursor) for name in where]
    writable = [name for name in shown_names if _may(cursor, reader, name, "INSERT, UPDATE, DELETE, TRUNCATE")]
    if writable:
        warnings.append(f"READER: the role “{reader}” may write too, by rights it had before: {', '.join(writable)}.")
    return said, warnings


def _may(cursor: Any, role: str, relation: str, right: str) -> bool:
    cursor.execute("SELECT has_table_privilege(%s, %s, %s)", (role, relation, right))
    return bool(cursor.fetchone()[0])
