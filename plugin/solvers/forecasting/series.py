"""Series of several places on one regular grid of time, made from a long table with gaps, repeats and clock changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import SolverError
from .clock import Clock

DAY, WEEK = 86_400, 604_800
MOST_CELLS = 20_000_000
USUAL_STEPS = (60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400)


@dataclass(frozen=True)
class Series:
    """Values of p places at t equidistant moments.

    Attributes
    ----------
    places : list of str
    start : float
        First moment, seconds since 1970 in universal time.
    step : int
        Seconds from one moment to the next.
    values : ndarray, shape (t, p)
        NaN where missing.
    clock : Clock
        What clocks show there; seasons follow it, so that 8 in the morning stays 8 when clocks change.
    """

    places: list[str]
    start: float
    step: int
    values: np.ndarray
    clock: Clock

    def __len__(self) -> int:
        return len(self.values)

    def moments(self, first: int, last: int) -> np.ndarray:
        """Return the universal time of the steps from ``first`` to before ``last``, also beyond the data."""
        return self.start + self.step * np.arange(first, last, dtype=float)

    def slots(self, first: int, last: int, season: int) -> np.ndarray:
        """Return the slot of the season (0 to season / step - 1) by the clock, for steps ``first`` to before ``last``.

        ``season`` is in seconds; weeks begin on Monday.
        """
        wall = self.clock.to_wall(self.moments(first, last)) - (4 * DAY if season == WEEK else 0)  # 1970-01-05: Monday
        return (np.floor(np.mod(wall, season) / self.step)).astype(np.int64)

    def before(self, count: int) -> Series:
        """Return only the first ``count`` steps."""
        return replace(self, values=self.values[:count])


@dataclass(frozen=True)
class Readings:
    """Rows of a long table.

    Attributes
    ----------
    place : ndarray of int, shape (r,)
    seconds : ndarray, shape (r,)
        Seconds since 1970: universal time where ``aware``, else as the clock shows.
    aware : ndarray of bool, shape (r,)
    value : ndarray, shape (r,)
        NaN where missing.
    """

    place: np.ndarray
    seconds: np.ndarray
    aware: np.ndarray
    value: np.ndarray


def regularise(readings: Readings, places: Sequence[str], clock: Clock) -> tuple[Series, list[str]]:
    """Put readings on a regular grid; return the series and what had to be assumed, in sentences.

    The step is the commonest distance of neighbouring times. Times between two moments of the grid count for the
    earlier one. Several values of a place at a moment give their mean. A clock time that comes twice is taken as the
    first, and where a place has two rows for it, in the order of the table. Missing moments stay missing (NaN).

    Raises
    ------
    SolverError
        Without two different times, or when the grid would be too large.
    """
    notes: list[str] = []
    seconds = _universal(readings, clock, notes)
    times = np.unique(seconds)
    if len(times) < 2:
        raise SolverError("COUNTS: a forecast needs values at two different times at least. Give a longer table.")
    step = _step(np.diff(times))
    start = times[0]
    number = np.floor((seconds - start) / step + 1e-6).astype(np.int64)
    steps = int(number.max()) + 1
    if steps * len(places) > MOST_CELLS:
        days = (times[-1] - times[0]) / DAY
        raise SolverError(
            f"COUNTS: {days:,.0f} days in steps of {step:,} s for {len(places)} places make {steps * len(places):,} "
            f"values, more than {MOST_CELLS:,}. Look for a stray time in TIME_FIELD, or sum the counts up by hour."
        )
    between = np.abs(seconds - start - number * float(step)) > 1e-3 * step
    if between.any():
        notes.append(
            f"{int(between.sum())} time(s) lie between two steps of {step} s and count for the step before them."
        )
    values = _on_grid(number * len(places) + readings.place, readings.value, steps * len(places), notes)
    values = values.reshape(steps, len(places))
    missing = int(np.isnan(values).sum())
    if missing:
        notes.append(
            f"{missing} of {values.size} values ({100 * missing / values.size:.1f} %) are missing; they are left out "
            f"of averages, of the fit and of the back-test."
        )
    return Series(list(places), float(start), step, values, clock), notes


def _universal(readings: Readings, clock: Clock, notes: list[str]) -> np.ndarray:
    """Return all times in universal time."""
    seconds = readings.seconds.astype(float).copy()
    shown = np.flatnonzero(~readings.aware)
    wall = seconds[shown]
    twice, skipped = clock.comes_twice(wall), clock.is_skipped(wall)
    second = np.zeros(len(wall), dtype=bool)
    if twice.any():
        which = np.flatnonzero(twice)
        order = which[np.lexsort((which, wall[which], readings.place[shown[which]]))]
        same = (np.diff(wall[order]) == 0) & (np.diff(readings.place[shown[order]]) == 0)
        second[order[1:]] = same
        notes.append(
            f"{int(twice.sum())} time(s) come twice because clocks are put back: of two rows of a place the first was "
            f"taken as the earlier, a single one as the earlier."
        )
    if skipped.any():
        notes.append(
            f"{int(skipped.sum())} time(s) do not exist because clocks are put forward; they were read as if the clock "
            f"had not been changed yet."
        )
    seconds[shown] = clock.to_universal(wall, second)
    return seconds


def _step(distances: np.ndarray) -> int:
    """Return the commonest distance in whole seconds, a usual one where it is nearly that."""
    whole = np.round(distances).astype(np.int64)
    different, count = np.unique(whole[whole > 0], return_counts=True)
    step = int(different[np.argmax(count)]) if len(different) else 1
    for usual in USUAL_STEPS:
        if abs(step - usual) <= 0.02 * usual:
            return usual
    return step


def _on_grid(cell: np.ndarray, value: np.ndarray, cells: int, notes: list[str]) -> np.ndarray:
    """Return the mean of the values of each cell, NaN without any."""
    given = ~np.isnan(value)
    cell, value = cell[given], value[given]
    count = np.bincount(cell, minlength=cells)
    total = np.bincount(cell, weights=value, minlength=cells)
    mean = np.divide(total, count, out=np.full(cells, np.nan), where=count > 0)
    repeated = int((count > 1).sum())
    if repeated:
        differing = np.unique(cell[np.abs(value - mean[cell]) > 1e-9 * np.maximum(1.0, np.abs(mean[cell]))])
        notes.append(
            f"{repeated} moment(s) of a place have several rows, {len(differing)} of them with different values; their "
            f"mean was taken."
        )
    return mean
