"""A PostgreSQL server with PostGIS for tests and benchmarks: in a temporary folder, on a socket, gone at the end.

Plain Python and psycopg2, which QGIS's own Python brings along: no QGIS is imported here.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SUPERUSER = "tester"
ORDINARY_USERS = ("postgres", "nobody")  # one of them runs the server where the tests run as root, which it refuses
START_SECONDS = 60
STOP_SECONDS = 30
FAST = ("fsync=off", "full_page_writes=off")  # nothing of it needs to outlive a power cut


def programs() -> Path | None:
    """Return the folder of initdb and postgres of the newest PostgreSQL that has PostGIS and pgRouting, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in folders if _has_extensions(folder)), None)


def _has_extensions(folder: Path) -> bool:
    if not all((folder / name).is_file() for name in ("initdb", "postgres", "pg_config")):
        return False
    found = subprocess.run([str(folder / "pg_config"), "--sharedir"], capture_output=True, text=True, check=False)
    extensions = Path(found.stdout.strip()) / "extension"
    return all((extensions / f"{name}.control").is_file() for name in ("postgis", "pgrouting"))


class PostgisServer:
    """A running server; use it with ``with``, or call :meth:`stop`.

    The superuser ``tester`` enters without a password, every other role with one. Should this process be killed, the
    server ends too (setpriv has the kernel tell it).

    Raises
    ------
    RuntimeError
        When the server does not start; with its log.
    """

    def __init__(self, binaries: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="postgis-"))
        self._binaries = binaries
        self._process: subprocess.Popen | None = None
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> PostgisServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def connect(self, database: str = "postgres", user: str = SUPERUSER, password: str = "", **options: Any) -> Any:
        """Return a psycopg2 connection, in autocommit."""
        import psycopg2

        connection = psycopg2.connect(
            host=str(self.folder), dbname=database, user=user, password=password or None, **options
        )
        connection.autocommit = True
        return connection

    def address(self, database: str, user: str = SUPERUSER, password: str = "") -> str:
        """Return the first part of a provider string: where the server is and who asks."""
        secret = f" password='{password}'" if password else ""
        return f"dbname='{database}' host='{self.folder}' port=5432 user='{user}'{secret}"

    def create_database(self, name: str) -> None:
        """Make a database with PostGIS and pgRouting in it."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template_postgis')
        finally:
            connection.close()

    def start(self) -> None:
        """Start the server on its folder, and wait until it answers."""
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=60", *FAST]
        command = [str(self._binaries / "postgres"), "-D", str(self.folder / "data")]
        for setting in settings:
            command += ["-c", setting]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_ordinary_user("--pdeathsig", "INT"), *command], stdout=log, stderr=log, cwd=self.folder
            )
        self._wait_until_ready()

    def stop(self, now: bool = False, keep: bool = False) -> None:
        """Stop the server; ``now`` as if it crashed, ``keep`` leaves the folder for :meth:`start`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if now else signal.SIGINT)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def cpu_seconds(self) -> float:
        """Return the processor's seconds of its sessions, those that have ended too (Linux; 0 elsewhere)."""
        spent, own = 0, 0 if self._process is None else self._process.pid
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            if int(fields[1]) == own:
                spent += int(fields[11]) + int(fields[12])
            elif int(path.parent.name) == own:
                spent += int(fields[13]) + int(fields[14])  # of children that have ended
        return spent / os.sysconf("SC_CLK_TCK")

    def _initialise(self) -> None:
        if os.getuid() == 0:
            user = _ordinary_user()
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.folder.chmod(0o755)
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", f"--username={SUPERUSER}", "--auth=trust"]
        made = subprocess.run(
            [*_as_ordinary_user(), str(self._binaries / "initdb"), "-D", str(self.folder / "data"), *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stdout}{made.stderr}")
        rules = f"local all {SUPERUSER} trust\nlocal all all scram-sha-256\n"
        (self.folder / "data" / "pg_hba.conf").write_text(rules, encoding="utf-8")

    def _wait_until_ready(self) -> None:
        import psycopg2

        process, end = self._process, time.monotonic() + START_SECONDS
        while process is not None and process.poll() is None and time.monotonic() < end:
            try:
                self._make_template(self.connect())
            except psycopg2.OperationalError:
                time.sleep(0.05)
                continue
            return
        raise RuntimeError(f"the server did not start: {(self.folder / 'log').read_text(encoding='utf-8')}")

    def _make_template(self, connection: Any) -> None:
        """Make the database that others are copied from, once."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'template_postgis'")
            if not cursor.fetchall():
                cursor.execute("CREATE DATABASE template_postgis")
                inside = self.connect("template_postgis")
                run(inside, "CREATE EXTENSION postgis", "CREATE EXTENSION pgrouting")
                inside.close()
        connection.close()


def run(connection: Any, *statements: str, values: Sequence[Any] | None = None) -> list[tuple]:
    """Run statements; return the rows of the last one, [] where it has none."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _ordinary_user() -> pwd.struct_passwd:
    for name in ORDINARY_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(f"the server refuses to run as root, and there is none of the users {', '.join(ORDINARY_USERS)}")


def _as_ordinary_user(*options: str) -> list[str]:
    """Return the start of a command that runs as an ordinary user, with more options of setpriv."""
    if os.getuid() == 0:
        user = _ordinary_user()
        options = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *options)
    return ["setpriv", *options] if options else []
