"""Seasons of a series: the week where there are two of them, else the day, else none; and averages by season."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .series import DAY, WEEK, Series

REPEATS = 2  # a season counts when the series holds it so many times


def season_of(series: Series) -> int:
    """Return the season to use, seconds: a week, a day, or 0 for none.

    A season that the step does not divide is no use.
    """
    span = len(series) * series.step
    for season in (WEEK, DAY):
        if season % series.step == 0 and season > series.step and span >= REPEATS * season:
            return season
    return 0


def season_sentence(series: Series, season: int) -> str | None:
    """Return what is assumed where a series is too short for weeks, else None."""
    if season == WEEK:
        return None
    days = len(series) * series.step / DAY
    if season == DAY:
        return (
            f"COUNTS: {days:.1f} days are shorter than {REPEATS} weeks; every day is taken as like every other (by "
            f"time of day)."
        )
    return f"COUNTS: {days:.1f} days are shorter than {REPEATS} days; no season is assumed, only a level."


@dataclass(frozen=True)
class Profile:
    """Average by slot of the season.

    Attributes
    ----------
    season : int
        Seconds, 0 for one slot only.
    mean : ndarray, shape (s, p)
    """

    season: int
    mean: np.ndarray

    def at(self, series: Series, first: int, last: int) -> np.ndarray:
        """Return the averages for the steps from ``first`` to before ``last``, (k, p)."""
        if self.season == 0:
            return np.repeat(self.mean, last - first, axis=0)
        return self.mean[series.slots(first, last, self.season)]


def profile_of(series: Series, season: int) -> Profile:
    """Return the averages of a series by slot, missing values left out.

    A slot without a value takes that of the same time of day, else the place's mean; a place without any value has NaN.
    """
    overall = _mean(series.values, np.zeros(len(series), dtype=np.int64), 1)
    if season == 0:
        return Profile(0, overall)
    mean = _mean(series.values, series.slots(0, len(series), season), season // series.step)
    if season == WEEK and np.isnan(mean).any() and DAY % series.step == 0:
        daily = _mean(series.values, series.slots(0, len(series), DAY), DAY // series.step)
        mean = np.where(np.isnan(mean), np.tile(daily, (7, 1)), mean)
    return Profile(season, np.where(np.isnan(mean), overall, mean))


def _mean(values: np.ndarray, slot: np.ndarray, slots: int) -> np.ndarray:
    """Return the mean of (t, p) values by slot, (slots, p), NaN without any."""
    known = ~np.isnan(values)
    total, count = np.zeros((slots, values.shape[1])), np.zeros((slots, values.shape[1]))
    np.add.at(total, slot, np.where(known, values, 0.0))
    np.add.at(count, slot, known)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
