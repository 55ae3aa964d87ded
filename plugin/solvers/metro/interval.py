"""Estimates as intervals: [M] section 3.3 has an incident's numbers as values or as estimated intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import SolverError


@dataclass(frozen=True)
class Interval:
    """A number that lies between ``low`` and ``high``; both are the same where it is known.

    Attributes
    ----------
    low, high : float
        Not negative, finite, low <= high.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The value to expect."""
        return (self.low + self.high) / 2.0

    def __str__(self) -> str:
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g}..{self.high:g}"


ZERO = Interval(0.0, 0.0)


def parse_interval(text: str, name: str) -> Interval:
    """Read ``"40"`` or ``"40..60"``; an empty text is 0.

    Raises
    ------
    SolverError
        When it cannot be read, an end is negative or not finite, or the ends are exchanged; ``name`` says where.
    """
    parts = [part.strip() for part in str(text).split("..")]
    if parts == [""]:
        return ZERO
    try:
        if len(parts) > 2:
            raise ValueError
        low, high = float(parts[0]), float(parts[-1])
    except ValueError:
        raise SolverError(
            f"{name}: “{text}” cannot be read. Write a number, or an interval as “lo..hi”, for example 40..60."
        ) from None
    if not (math.isfinite(low) and math.isfinite(high)):
        raise SolverError(f"{name}: “{text}” is not finite.")
    if low < 0:
        raise SolverError(f"{name}: “{text}” is negative; it must be 0 or more.")
    if high < low:
        raise SolverError(f"{name}: in “{text}” the upper end lies below the lower one. Exchange the two.")
    return Interval(low, high)
