"""Connections to PostgreSQL: opened from QGIS's provider strings, and what goes wrong with them in words for the user.

QGIS reads the layers; what it has no words for (a lock, a missing right, statements that hold together) is asked over
psycopg2, which every distribution of QGIS brings along.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from qgis.core import QgsApplication, QgsCredentials, QgsDataSourceUri

from ..solvers.control import Control
from ..solvers.dependencies import require
from .errors import LayerError
from .passwords import without_passwords

PROVIDER = "postgres"
WAIT_SECONDS = 10  # for an answer of the server, and for a table that another session has locked
LOOK_EVERY = 0.2  # seconds between two looks at the cancel button
_SCHEME = re.compile(r"^(?:postgis|postgres):(?://)?(.*)$", re.DOTALL | re.IGNORECASE)
_passwords: dict[str, tuple[str, str]] = {}  # user and password by place, for strings that go on without them
AT_CONNECTING = {
    "connect_timeout": WAIT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_RIGHTS, _LOCKED, _NO_SCHEMA, _NO_TABLE = "42501", "55P03", "3F000", "42P01"


class DatabaseError(LayerError):
    """A database does not do what is asked; the text says why, and never a password."""


def postgres_uri(text: str) -> QgsDataSourceUri | None:
    """Return what ``postgis:...``, ``postgres:...`` or ``postgres://...`` says; None for another text."""
    found = _SCHEME.match(text.strip())
    return QgsDataSourceUri(found.group(1)) if found else None


def place_of(uri: QgsDataSourceUri) -> str:
    """Return where a database is, in words, without user and password."""
    if uri.service():
        return f"the service “{uri.service()}”"
    return f"the database “{uri.database()}” on {uri.host() or 'this computer'}"


def remember(uri: QgsDataSourceUri) -> QgsDataSourceUri:
    """Return the string without its password, which the session keeps in memory for QGIS and :func:`connected`."""
    public = QgsDataSourceUri(uri)
    if uri.password():
        public.setPassword("")
        place = public.connectionInfo(False)
        _passwords[place] = (uri.username(), uri.password())
        QgsCredentials.instance().put(place, uri.username(), uri.password())
    return public


@contextmanager
def connected(uri: QgsDataSourceUri, about: str, does: str = "read") -> Iterator[Any]:
    """Open a connection (psycopg2) for one transaction: kept at the end, undone by any error.

    Parameters
    ----------
    uri : QgsDataSourceUri
    about : str
        Begins the sentence on what goes wrong, such as “OUTPUT: “public.plan””.
    does : {'read', 'write'}

    Raises
    ------
    DatabaseError
        No connection, a missing right, table or schema, a lock, a server that goes away.
    """
    psycopg2 = require("psycopg2", "reading from and writing to PostgreSQL")
    try:
        connection = _connect(uri, psycopg2)
    except psycopg2.Error as error:
        raise DatabaseError(
            f"{about}: {place_of(uri)} cannot be opened: {words_of(error)}. Check address, user and password (a "
            f"service, or a login stored in QGIS, keeps the password out of the string)."
        ) from None
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = %s", (f"{WAIT_SECONDS}s",))
            yield connection
    except psycopg2.Error as error:
        raise DatabaseError(f"{about}: {_sentence(error, uri, does)}") from None
    finally:
        connection.close()


@contextmanager
def stopped_by(control: Control, connection: Any) -> Iterator[None]:
    """Have the server give up what it does on a connection soon after the user asked to stop."""
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(connection, control, over), daemon=True)
    watcher.start()
    try:
        yield
    except connection.OperationalError:
        control.stop_if_cancelled()
        raise
    finally:
        over.set()
        watcher.join()


def _watch(connection: Any, control: Control, over: threading.Event) -> None:
    from psycopg2 import Error

    while not over.wait(LOOK_EVERY):
        if control.cancelled():
            try:
                connection.cancel()
            except Error:
                return


def rows_of(connection: Any, statement: Any, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """Run a statement; return its rows, [] where it has none."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _connect(uri: QgsDataSourceUri, psycopg2: Any) -> Any:
    """Connect with what the string says, else with what this session or QGIS knows of the place."""
    place = uri.connectionInfo(False)
    if not uri.password() and place in _passwords:
        user, password = _passwords[place]
        return psycopg2.connect(uri.connectionInfo(True), user=user, password=password, **AT_CONNECTING)
    try:
        return psycopg2.connect(uri.connectionInfo(True), **AT_CONNECTING)
    except psycopg2.OperationalError:
        if uri.password() or QgsApplication.instance().platform() != "desktop":
            raise
        login = QgsCredentials.instance()
        known, user, password = login.get(place, uri.username(), "", "")
        if not known:
            raise
    connection = psycopg2.connect(uri.connectionInfo(True), user=user, password=password, **AT_CONNECTING)
    login.put(place, user, password)
    return connection


def _sentence(error: Any, uri: QgsDataSourceUri, does: str) -> str:
    """Return what an error of the server means for the user."""
    code, words = error.pgcode or "", words_of(error)
    if code == _RIGHTS:
        return f"the role may not {does} there ({words}). Have the right granted, or use another role."
    if code == _LOCKED:
        return f"another session has locked it for more than {WAIT_SECONDS} s ({words}). Try again when it has ended."
    if code == _NO_SCHEMA:
        return f"{words}. Make the schema, or name another one."
    if code == _NO_TABLE:
        return f"{words} in {place_of(uri)}. Check schema and name; capital letters count."
    if not code or code.startswith(("08", "57P")):
        return f"{place_of(uri)} went away ({words}). Try again when it answers."
    return f"{words} (PostgreSQL's error {code})."


def words_of(error: Any) -> str:
    """Return the first line of what the server says, without a password."""
    said = getattr(error.diag, "message_primary", None) or str(error)
    line = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
    return without_passwords(line).rstrip(".")
