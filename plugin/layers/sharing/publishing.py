"""A scenario published to PostGIS: tables, views and styles, in one transaction."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsProcessingContext

from ...solvers.control import Control
from ..database import WAIT_SECONDS
from ..errors import LayerError
from .database import LOOK_EVERY, Address, connected, driver
from .opening import Scenario
from .plan_rows import CopyStream, copied_columns, copied_lines
from .plan_schema import grant_reader, make_tables, save_styles
from .plan_tables import Placed

_MOST_NAME = 200
_MOST_IDENTIFIER = 63  # bytes, PostgreSQL's limit


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Attributes
    ----------
    schema, plan_name : str
    reader : str
        A role to create with read access, "" for none.
    """

    schema: str
    plan_name: str
    reader: str = ""


@dataclass(frozen=True)
class Published:
    """A plan that was published."""

    plan_id: str
    version: int
    rows: dict[str, int]
    said: list[str]
    warnings: list[str]


def refuse_order(order: Order) -> None:
    """Refuse names that PostgreSQL cannot have.

    Raises
    ------
    LayerError
    """
    if not order.plan_name.strip():
        raise LayerError("PLAN_NAME: give the plan a name; its versions are counted under it.")
    if len(order.plan_name) > _MOST_NAME or not order.plan_name.isprintable():
        raise LayerError(f"PLAN_NAME: at most {_MOST_NAME} characters, without line ends and control characters.")
    for parameter, name, words in (("SCHEMA", order.schema, "a schema"), ("READER", order.reader, "a role")):
        if not name:
            if parameter == "SCHEMA":
                raise LayerError("SCHEMA: name the schema that holds the plans, such as evacuation.")
            continue
        if len(name.encode()) > _MOST_IDENTIFIER or not name.isprintable() or name != name.strip():
            raise LayerError(f"{parameter}: the name of {words} has at most {_MOST_IDENTIFIER} bytes and no line ends.")
        if name.casefold().startswith("pg_") or name.casefold() in ("public" if words == "a role" else "", "none"):
            raise LayerError(f"{parameter}: “{name}” is a name that PostgreSQL keeps for itself; choose another.")


def publish(
    address: Address,
    order: Order,
    scenario: Scenario,
    placed: list[Placed],
    context: QgsProcessingContext,
    control: Control,
) -> Published:
    """Publish the layers of a scenario as the new current version of a plan.

    Raises
    ------
    LayerError
        With what went wrong; nothing is left of the try.
    Cancelled, MissingDependency
    """
    with connected(address, control) as connection:
        told = connection.get_dsn_parameters()
        where = f"database {told.get('dbname')} on {told.get('host', 'this machine')} as {told.get('user')}"
        said, warnings = [f"CONNECTION: {address.said.partition(',')[0].rstrip('.')}: {where}."], []
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = %s", (f"{WAIT_SECONDS}s",))
            cursor.execute("SET LOCAL statement_timeout = 0")  # a plan may take longer than a server's usual statement
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            _take_turn(cursor, order.schema, control)
            said += make_tables(cursor, order.schema)
            plan_id, version = _new_version(cursor, order, scenario)
            rows = _copy(cursor, order.schema, placed, plan_id, context, control)
            warnings += save_styles(cursor, order.schema, placed)
            if order.reader:
                found, wrong = grant_reader(cursor, order.schema, order.reader)
                said += found
                warnings += wrong
            control.stop_if_cancelled()
            _commit(connection, version)
    return Published(plan_id, version, rows, said, warnings)


def turn_key(schema: str) -> int:
    """Return the number of the advisory lock (64 bits) that whoever publishes to a schema holds."""
    digest = hashlib.sha256(f"evacuation publishplan {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _take_turn(cursor: Any, schema: str, control: Control) -> None:
    """Wait until nobody else publishes to this schema; the turn ends with the transaction."""
    key, told = turn_key(schema), False
    while True:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (key,))
        if cursor.fetchone()[0]:
            return
        if not told:
            control.log("Somebody else is publishing to this schema; waiting until that is done.")
            told = True
        control.stop_if_cancelled()
        time.sleep(LOOK_EVERY)


def _new_version(cursor: Any, order: Order, scenario: Scenario) -> tuple[str, int]:
    """Add the row of the plan, current from the commit on; return its id and version."""
    sql = driver().sql
    plan, run = sql.Identifier(order.schema, "plan"), scenario.run
    name = order.plan_name.strip()
    cursor.execute(sql.SQL("SELECT coalesce(max(version), 0) + 1 FROM {} WHERE name = %s").format(plan), (name,))
    version = int(cursor.fetchone()[0])
    cursor.execute(sql.SQL("UPDATE {} SET current = false WHERE name = %s AND current").format(plan), (name,))
    parameters = {
        **run.command.as_json(),
        "saved": run.saved,
        "qgis_version": run.qgis_version,
        **run.facts._asdict(),
        "inputs": [
            {"parameter": one.parameter, "name": one.name, **(one.fingerprint.as_json() if one.fingerprint else {})}
            for one in run.inputs
        ],
    }
    plan_id = str(uuid.uuid4())
    insert = sql.SQL(
        "INSERT INTO {} (plan_id, name, version, author, current, parameters, plugin_version) "
        "VALUES (%s, %s, %s, session_user, true, %s, %s)"
    ).format(plan)
    cursor.execute(insert, (plan_id, name, version, json.dumps(parameters), run.plugin_version))
    return plan_id, version


def _copy(
    cursor: Any, schema: str, placed: list[Placed], plan_id: str, context: QgsProcessingContext, control: Control
) -> dict[str, int]:
    """Copy the layers' rows; return how many of each table."""
    sql = driver().sql
    rows = {}
    for k, one in enumerate(placed):
        columns = sql.SQL(", ").join(map(sql.Identifier, copied_columns(one)))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(schema, one.table.name), columns)
        control.progress(k / len(placed), f"Publishing “{one.stored.name}”")
        part = control.part(k / len(placed), (k + 1) / len(placed))
        stream = CopyStream(copied_lines(one, plan_id, context), part, one.layer.featureCount())
        try:
            cursor.copy_expert(statement, stream)
        except Exception:
            if stream.error is None:
                raise
            raise stream.taken_error() from None
        _refuse_lost_rows(one, stream.rows, cursor.rowcount)
        rows[one.table.name] = stream.rows
    return rows


def _refuse_lost_rows(one: Placed, given: int, taken: int) -> None:
    """Refuse a table that did not get every row of its layer.

    Raises
    ------
    LayerError
    """
    wanted = one.layer.featureCount()
    if not wanted == given == taken:
        raise LayerError(
            f"SCENARIO: of the {wanted:,} rows of “{one.stored.name}” {given:,} could be read, and the table "
            f"{one.table.name} took {taken:,}; a trigger or a damaged file may be the reason. Nothing was published."
        )


def _commit(connection: Any, version: int) -> None:
    psycopg2 = driver()
    try:
        connection.commit()
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise LayerError(
            f"The server went away while version {version} was being completed, so nobody knows whether it was. Look "
            f"into the table plan before you publish again."
        ) from error
