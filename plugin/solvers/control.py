"""How a solver reports, how it is stopped, and how much it may do: one :class:`Control` travels with every run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Callable

from .effort import Effort
from .errors import Cancelled

Progress = Callable[[float, str], None]
IsCancelled = Callable[[], bool]
Log = Callable[[str], None]
SLICE_SECONDS = 0.1  # between two looks of a kernel's caller at whether the user wants to stop


def no_progress(fraction: float, text: str = "") -> None:
    """Report nothing."""


def never() -> bool:
    """Never cancelled."""
    return False


def no_log(text: str) -> None:
    """Keep nothing."""


@dataclass(frozen=True)
class Control:
    """What a run reports to, what it asks whether to stop, and how much it may do.

    Attributes
    ----------
    progress : callable
        ``progress(fraction, text)``, with a fraction from 0 to 1 of this part of the run.
    cancelled : callable
        Whether the user wants to stop; asked at least once a second, from any thread.
    log : callable
        Takes sentences that explain the result.
    effort : Effort
        How thoroughly to search, in counted work, with the fence.

    Examples
    --------
    >>> seen = []
    >>> control = Control(progress=lambda fraction, text: seen.append(fraction))
    >>> control.part(0.5, 1.0).progress(0.5, "")
    >>> seen
    [0.75]
    """

    progress: Progress = no_progress
    cancelled: IsCancelled = never
    log: Log = no_log
    effort: Effort = field(default_factory=Effort)

    def stop_if_cancelled(self) -> None:
        """Raise :class:`Cancelled` when the user asked to stop."""
        if self.cancelled():
            raise Cancelled

    def part(self, first: float, last: float) -> Control:
        """Return a control whose progress fills only the stretch from ``first`` to ``last`` of this one's."""
        return replace(self, progress=part(self.progress, first, last))

    def unseen(self) -> Control:
        """Return a control that shows no progress."""
        return replace(self, progress=no_progress)

    def unlogged(self) -> Control:
        """Return a control that keeps no sentences."""
        return replace(self, log=no_log)

    def with_effort(self, effort: Effort) -> Control:
        """Return a control of the same run with another effort."""
        return replace(self, effort=effort)


def part(progress: Progress, first: float, last: float) -> Progress:
    """Return a progress callable that fills only the stretch from ``first`` to ``last`` of another one."""

    def inner(fraction: float, text: str = "") -> None:
        progress(first + (last - first) * min(max(fraction, 0.0), 1.0), text)

    return inner


class Slices:
    """How many steps a kernel call may take so that progress and cancelling are served about ten times a second.

    ``least`` is how many it takes in any case.
    """

    def __init__(self, steps: int = 500, least: int = 50) -> None:
        self.steps, self.least = steps, least
        self._start = time.perf_counter()

    def next(self) -> int:
        """Return the steps of the next call, adapted to how long the last one took."""
        now = time.perf_counter()
        taken = max(now - self._start, 1e-6)
        self._start = now
        self.steps = int(min(max(self.steps * min(SLICE_SECONDS / taken, 8.0), self.least), 5_000_000))
        return self.steps
