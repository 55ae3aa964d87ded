"""How a solver reports progress and how it is stopped.

Every solver takes two callables: ``progress(fraction, text)`` with a fraction from 0 to 1, and ``cancelled()``, which
answers whether the user wants to stop. A solver asks at least once a second and raises :class:`Cancelled`.
"""

from __future__ import annotations

import time
from typing import Callable

Progress = Callable[[float, str], None]
IsCancelled = Callable[[], bool]


class Cancelled(Exception):
    """The user asked to stop."""


class SolverError(ValueError):
    """The problem cannot be solved as given; the text says what to mend, in words for the user."""


def no_progress(fraction: float, text: str = "") -> None:
    """Report nothing."""


def never() -> bool:
    """Never cancelled."""
    return False


def stop_if(cancelled: IsCancelled) -> None:
    """Raise :class:`Cancelled` when the user asked to stop."""
    if cancelled():
        raise Cancelled


def part(progress: Progress, first: float, last: float) -> Progress:
    """Return a progress callable that fills only the stretch from ``first`` to ``last`` of another one."""

    def inner(fraction: float, text: str = "") -> None:
        progress(first + (last - first) * min(max(fraction, 0.0), 1.0), text)

    return inner


class Deadline:
    """A time limit in seconds from now; 0 or less means none."""

    def __init__(self, seconds: float) -> None:
        self.start = time.monotonic()
        self.seconds = seconds if seconds > 0 else float("inf")

    @property
    def elapsed(self) -> float:
        """Seconds since the deadline was set."""
        return time.monotonic() - self.start

    @property
    def remaining(self) -> float:
        """Seconds left, never negative; infinite without a limit."""
        return max(0.0, self.seconds - self.elapsed)

    def passed(self) -> bool:
        """Whether the time is up."""
        return self.elapsed >= self.seconds
