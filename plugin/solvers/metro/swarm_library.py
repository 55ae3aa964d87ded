"""Importing pyswarms without its side effects."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from ..dependencies import require

# The library's own way in for another logging set-up: an incremental one that changes nothing.
LOGGING_VARIABLE = "LOG_CFG"
QUIET = "version: 1\nincremental: true\n"


@dataclass(frozen=True)
class SwarmLibrary:
    """The building blocks of pyswarms that are used here.

    Attributes
    ----------
    swarm : type
        ``pyswarms.backend.swarms.Swarm``, positions, velocities and bests of all particles.
    star : object
        A ``Star`` topology: every particle knows the best of all (``compute_gbest``).
    personal_best : callable
        ``pyswarms.backend.operators.compute_pbest``.
    """

    swarm: type
    star: Any
    personal_best: Callable[[Any], Any]


def load_swarm_library() -> SwarmLibrary:
    """Return the building blocks, imported quietly.

    Importing pyswarms, and making one of its topologies, sets up logging for the whole process: it writes
    ``report.log`` into the working directory (and fails where that is read-only) and replaces the handlers of the
    root logger, QGIS's included. The environment variable it reads a set-up from prevents both.

    Raises
    ------
    MissingDependency
        When pyswarms is not installed.
    """
    with quiet_logging():
        require("pyswarms", "the particle swarm method")
        from pyswarms.backend.operators import compute_pbest
        from pyswarms.backend.swarms import Swarm
        from pyswarms.backend.topology import Star

        return SwarmLibrary(Swarm, Star(), compute_pbest)


@contextmanager
def quiet_logging() -> Iterator[None]:
    """Keep pyswarms from setting up logging while it is imported or one of its objects is made."""
    before = os.environ.get(LOGGING_VARIABLE)
    handle, path = tempfile.mkstemp(suffix=".yml")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(QUIET)
        os.environ[LOGGING_VARIABLE] = path
        yield
    finally:
        if before is None:
            os.environ.pop(LOGGING_VARIABLE, None)
        else:
            os.environ[LOGGING_VARIABLE] = before
        Path(path).unlink(missing_ok=True)
