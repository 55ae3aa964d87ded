"""Clock time and universal time: where clocks are put forward or back, an hour is missing or comes twice."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


def _none() -> np.ndarray:
    return np.empty(0)


@dataclass(frozen=True)
class Clock:
    """The clock of a place, as seconds before or after universal time.

    Attributes
    ----------
    changes : ndarray, shape (c,)
        Moments at which the offset changes, seconds since 1970 in universal time, ascending.
    offsets : ndarray, shape (c + 1,)
        Seconds that clocks are ahead of universal time, before the first change and after each.
    """

    changes: np.ndarray = field(default_factory=_none)
    offsets: np.ndarray = field(default_factory=lambda: np.zeros(1))

    def to_wall(self, seconds: np.ndarray) -> np.ndarray:
        """Return what clocks show at moments of universal time, (k,), both in seconds since 1970.

        Examples
        --------
        Clocks go forward by an hour one hour after midnight.

        >>> clock = Clock(np.array([3600.0]), np.array([0.0, 3600.0]))
        >>> clock.to_wall(np.array([0.0, 3600.0])).tolist()
        [0.0, 7200.0]
        """
        return seconds + self.offsets[np.searchsorted(self.changes, seconds, side="right")]

    def to_universal(self, wall: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
        """Return the universal time of clock times, (k,).

        ``second`` (k,) bool tells which of the times that come twice are the second ones (default: none). A time that
        is skipped when clocks are put forward is read as if they had not been: 2:30 then means half an hour after the
        change.
        """
        before, after = self.changes + self.offsets[:-1], self.changes + self.offsets[1:]
        first_reading = np.searchsorted(np.maximum(before, after), wall, side="right")
        second_reading = np.searchsorted(np.minimum(before, after), wall, side="right")
        twice = self.comes_twice(wall)
        chosen = first_reading if second is None else np.where(twice & second, second_reading, first_reading)
        return wall - self.offsets[chosen]

    def comes_twice(self, wall: np.ndarray) -> np.ndarray:
        """Return which clock times, (k,), are shown twice because clocks are put back."""
        return self._between(wall, back=True)

    def is_skipped(self, wall: np.ndarray) -> np.ndarray:
        """Return which clock times, (k,), are never shown because clocks are put forward."""
        return self._between(wall, back=False)

    def _between(self, wall: np.ndarray, back: bool) -> np.ndarray:
        wall = np.asarray(wall, dtype=float)
        before, after = self.changes + self.offsets[:-1], self.changes + self.offsets[1:]
        put = after < before if back else after > before
        low, high = np.minimum(before, after)[put], np.maximum(before, after)[put]
        if not len(low):
            return np.zeros(wall.shape, dtype=bool)
        position = np.searchsorted(low, wall, side="right") - 1
        return (position >= 0) & (wall < high[np.maximum(position, 0)])
