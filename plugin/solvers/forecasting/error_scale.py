"""The usual size of a method's errors, by place and time of day, learned as errors become known."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from .seasons import Profile, profile_of
from .series import DAY, Series

LEAST_SPREAD = 0.1  # of a place's mean spread: the narrowest hour
HOUR = 3600
HOURS = DAY // HOUR
HALF_LIFE = 14 * DAY  # after which an error counts half
PRIOR = 5.0  # steps of errors that what is assumed before any is known weighs as much as


def deviations(series: Series, profile: Profile) -> np.ndarray:
    """Return each value's distance from the mean of the others in its slot of the profile, (t, p); NaN without others.

    Examples
    --------
    Of 1, 2 and 6 the last lies 4.5 above the mean of the others.

    >>> from evacuation_planner.plugin.solvers.forecasting.clock import Clock
    >>> series = Series(["gate"], 0.0, 3600, np.array([[1.0], [2.0], [6.0]]), Clock())
    >>> deviations(series, profile_of(series, 0)).ravel().tolist()
    [-3.0, -1.5, 4.5]
    """
    steps, season = len(series), profile.season
    slot = series.slots(0, steps, season) if season else np.zeros(steps, dtype=np.int64)
    count = np.zeros(profile.mean.shape)
    np.add.at(count, slot, ~np.isnan(series.values))
    number = count[slot]
    left_out = np.divide(number, number - 1.0, out=np.full(number.shape, np.nan), where=number > 1.0)
    return (series.values - profile.at(series, 0, steps)) * left_out


def spread_of(series: Series, profile: Profile) -> Profile:
    """Return how far values usually lie from the mean of the others, by time of day (nights vary less than noons).

    Slots shorter than an hour are averaged with those half an hour to either side: each has too few values by itself.
    A place with no two values in one slot of the profile gets the usual spread of the others, in proportion to its
    level; without others its level itself.
    """
    distance = np.abs(deviations(series, profile))
    season = DAY if profile.season and DAY % series.step == 0 else 0
    mean = profile_of(Series(series.places, series.start, series.step, distance, series.clock), season).mean
    typical = mean.mean(axis=0)
    known = ~np.isnan(typical)
    if not known.all():
        level = np.abs(np.nan_to_num(profile.mean)).mean(axis=0)
        some = known & (level > 0.0)
        share = float(np.median(typical[some] / level[some])) if some.any() else 1.0
        usual = share * level
        usual[usual <= 0.0] = np.median(typical[known]) if known.any() else 1.0
        mean, typical = np.where(known, mean, usual), np.where(known, typical, usual)
    if season and series.step < HOUR:
        mean = uniform_filter1d(mean, 2 * (HOUR // series.step // 2) + 1, axis=0, mode="wrap")
    floor = np.where(typical > 0.0, LEAST_SPREAD * typical, 1e-9)
    return Profile(season, np.maximum(mean, floor))


class ErrorScale:
    """Spread times the mean ratio of the errors so far to it, by place and hour of the day.

    An hour with few errors is drawn to what the place's other hours and the other places' same hour say, a place with
    few to its spread.
    """

    def __init__(self, series: Series, spread: Profile, steps: int) -> None:
        """Begin with the spread; ``steps`` is how far forecasts reach."""
        self._step, self._spread, self._steps = series.step, spread, steps
        wall = series.clock.to_wall(series.moments(0, len(series) + steps))
        self._hour = (np.mod(wall, DAY) // HOUR).astype(np.int64)
        self._slot = series.slots(0, len(wall), spread.season) if spread.season else np.zeros(len(wall), dtype=np.int64)
        places = series.values.shape[1]
        self._total, self._count = np.zeros((HOURS, places)), np.zeros((HOURS, places))
        self._at = 0

    def learn(self, origin: int, moments: np.ndarray, errors: np.ndarray) -> None:
        """Add the errors (k, p) at some steps (k,) of the series, as known at an origin; older ones fade."""
        fade = 0.5 ** ((origin - self._at) * self._step / HALF_LIFE)
        self._at = origin
        known = ~np.isnan(errors)
        ratio = np.where(known, np.abs(errors), 0.0) / self._spread_at(moments) / self._steps
        self._total *= fade
        self._count *= fade
        np.add.at(self._total, self._hour[moments], ratio)
        np.add.at(self._count, self._hour[moments], known / self._steps)

    def at(self, origin: int) -> np.ndarray:
        """Return the usual error of forecasts from an origin, (steps, p)."""
        place = (self._total.sum(axis=0) + PRIOR) / (self._count.sum(axis=0) + PRIOR)
        hour = ((self._total / place).sum(axis=1) + PRIOR) / (self._count.sum(axis=1) + PRIOR)
        ratio = (self._total + PRIOR * place * hour[:, None]) / (self._count + PRIOR)
        moments = np.arange(origin, origin + self._steps)
        return self._spread_at(moments) * ratio[self._hour[moments]]

    def _spread_at(self, moments: np.ndarray) -> np.ndarray:
        """Return the spread at steps (k,), shape (k, p)."""
        return self._spread.mean[self._slot[moments]]
