"""How thoroughly a solver searches, in counted work, and the time limit as a fence."""

from __future__ import annotations

import time
from typing import TypeVar

from .errors import SolverError

Number = TypeVar("Number", int, float)
QUICK, NORMAL, THOROUGH = 0, 1, 2
LEAST_SECONDS = 0.05  # what a program gets when the fence is reached already: a start is checked and given back
MIP_GAPS = (1e-2, 1e-4, 1e-6)  # relative gap at which an integer program may stop, by effort


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


class Effort(Deadline):
    """How thoroughly to search, and the time limit as a fence that a search is not expected to meet.

    The level sets sweeps, iterations, nodes and gaps, which are counted, so that the same input gives the same plan
    whatever the machine's load. The fence is for the case that the counted work takes too long; a search asks
    :meth:`passed` only where a "yes" makes it stop, and the answer is remembered in :attr:`stopped_early`.

    Parameters
    ----------
    level : int
        QUICK, NORMAL or THOROUGH.
    seconds : float
        Of the fence, from now or from :meth:`begin` on; 0 for none.
    mip_gap : float, optional
        Relative gap for integer programs, instead of the level's own.

    Attributes
    ----------
    stopped_early : bool
        Whether a search was stopped by the fence.
    """

    def __init__(self, level: int = NORMAL, seconds: float = 0.0, mip_gap: float | None = None) -> None:
        if level not in (QUICK, NORMAL, THOROUGH):
            raise SolverError(f"EFFORT must be 0 (quick), 1 (normal) or 2 (thorough), not {level}.")
        super().__init__(seconds)
        self.level = level
        self.mip_gap = MIP_GAPS[level] if mip_gap is None else mip_gap
        self.stopped_early = False

    def begin(self) -> None:
        """Start the clock of the fence anew, after whatever must not count, such as compiling."""
        self.start = time.monotonic()

    def pick(self, quick: Number, normal: Number, thorough: Number) -> Number:
        """Return the number that goes with the level."""
        return (quick, normal, thorough)[self.level]

    def brief(self) -> Effort:
        """Return a quick search's effort with the same gap, within what is left of the fence."""
        left = self.remaining
        return Effort(QUICK, max(left, LEAST_SECONDS) if left < float("inf") else 0.0, self.mip_gap)

    def take_back(self, brief: Effort) -> None:
        """Remember it where a search with the effort of :meth:`brief` was stopped by the fence."""
        self.stopped_early = self.stopped_early or brief.stopped_early

    def passed(self) -> bool:
        """Whether the fence is reached, so that the search must stop; remembered."""
        if super().passed():
            self.stopped_early = True
        return self.stopped_early

    def used_up(self, work: str) -> str:
        """Return the sentence for the log that a search has ended after the counted ``work`` of its level."""
        return f"EFFORT: the search has ended after {work}" + (
            "." if self.level == THOROUGH else "; a larger one goes on."
        )

    def warning(self) -> str:
        """Return what the user must know when the fence was reached, "" when it was not."""
        if not self.stopped_early:
            return ""
        return (
            f"TIME_LIMIT: the search was stopped by the limit of {self.seconds:g} s before its own end. The plan may "
            "not be the best that it would find, and it depends on the speed of the machine. Raise TIME_LIMIT (0 = "
            "none) or choose a smaller EFFORT."
        )
