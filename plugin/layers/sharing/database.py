"""A connection to PostgreSQL: by a stored name or a service, cancelled when the user asks, errors as sentences."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from qgis.core import QgsDataSourceUri, QgsProviderRegistry

from ...solvers.control import Control
from ...solvers.dependencies import require
from ...solvers.errors import Cancelled
from ..database import AT_CONNECTING, LOOK_EVERY, WAIT_SECONDS, stopped_by
from ..errors import LayerError
from ..passwords import without_passwords

UNCHANGED = "Nothing was published; the version before stays as it was."


def driver() -> ModuleType:
    """Return psycopg2 with its modules ``errors`` and ``sql``.

    Raises
    ------
    MissingDependency
    """
    psycopg2 = require("psycopg2", "publishing plans to PostGIS")
    for name in ("psycopg2.errors", "psycopg2.sql"):
        import_module(name)
    return psycopg2


class Address:
    """Where to connect to: the words for the log, and what the driver is told, which may hold a password."""

    def __init__(self, said: str, **settings: str) -> None:
        self.said, self.settings = said, settings

    def __repr__(self) -> str:
        return f"Address({self.said!r})"


def address_of(name: str, parameter: str = "CONNECTION") -> Address:
    """Return the address of a connection stored in QGIS or, where none bears the name, of a service.

    Called on the main thread: a stored authentication may ask for QGIS's master password.

    Raises
    ------
    LayerError
        When the text is no name.
    """
    metadata = QgsProviderRegistry.instance().providerMetadata("postgres")
    stored = {} if metadata is None else metadata.connections(False)
    if name in stored:
        info = QgsDataSourceUri(stored[name].uri()).connectionInfo(True)
        return Address(f"the stored connection “{name}”", dsn=info)
    if not name or any(sign in name for sign in "=/@'\"") or without_passwords(name) != name.strip():
        raise LayerError(
            f"{parameter}: give the name of a PostgreSQL connection that is stored in QGIS, or of a service "
            f"(pg_service.conf), never a connection string: passwords do not belong into parameters. {_stored(stored)}"
        )
    return Address(f"the service “{name}”, for no connection of that name is stored. {_stored(stored)}", service=name)


def _stored(stored: Any) -> str:
    names = ", ".join(f"“{one}”" for one in sorted(stored))
    return f"Stored connections: {names}." if names else "No connection is stored."


@contextmanager
def connected(address: Address, control: Control) -> Iterator[Any]:
    """Enclose work on a psycopg2 connection in one transaction: committed by the work itself, or undone.

    While it waits for the server a second thread watches the cancel button.

    Raises
    ------
    LayerError
        With what went wrong, in words, without the password.
    Cancelled, MissingDependency
    """
    psycopg2 = driver()
    connection = _open(psycopg2, address, control)
    try:
        with stopped_by(control, connection):
            yield connection
    except psycopg2.Error as error:
        if control.cancelled():
            raise Cancelled from error
        raise LayerError(f"{sentence(error, psycopg2)} {UNCHANGED}") from error
    finally:
        connection.close()


def _open(psycopg2: Any, address: Address, control: Control) -> Any:
    """Return a connection, without waiting for the driver when the user asks to stop."""
    found: list[Any] = []
    given_up = threading.Event()

    def connect() -> None:
        try:
            made = psycopg2.connect(application_name="evacuation publishplan", **AT_CONNECTING, **address.settings)
        except Exception as error:
            made = f"CONNECTION: by {address.said}: {sentence(error, psycopg2)}"
        found.append(made)
        if given_up.is_set() and not isinstance(made, str):
            made.close()

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_EVERY)
        if thread.is_alive() and control.cancelled():
            given_up.set()
            raise Cancelled
    (made,) = found
    if isinstance(made, str):
        raise LayerError(made)
    return made


def sentence(error: Exception, psycopg2: Any) -> str:
    """Return what a driver's error means and what to do, without passwords."""
    text = " ".join(without_passwords(str(error)).split())
    low = text.casefold()
    errors = psycopg2.errors
    if isinstance(error, errors.InsufficientPrivilege):
        return f"The role lacks a right on the server ({text}). Have the owner grant it, or use another connection."
    if isinstance(error, (errors.LockNotAvailable, errors.DeadlockDetected)):
        return f"Another session has locked a table for more than {WAIT_SECONDS} s ({text}). Try again later."
    if isinstance(error, errors.DiskFull):
        return f"The server's disk is full ({text})."
    if isinstance(error, errors.UniqueViolation):
        return f"Somebody else published at the same moment ({text}). Try again."
    if "password" in low or "authentication failed" in low:
        return (
            "The server does not accept user or password. Mend them in the stored connection (as an authentication "
            f"configuration), in the service file or in ~/.pgpass. ({_without_values(text)})"
        )
    if "definition of service" in low:
        return f"There is neither a stored connection nor a service of this name ({text})."
    if isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)):
        return f"The server cannot be reached or went away ({text or type(error).__name__})."
    return f"The server refused: {text}."


def _without_values(text: str) -> str:
    return text if len(text) < 300 else text[:300] + "…"
