"""Prediction bands from held-out errors, the same for every method: conformal, and adaptive where the level drifts.

What a method must give: its point forecasts (o, steps, p) at ascending origins (o,), each made from what lies before
its origin by a fit to nothing from ``origins[0]`` on (a later fit may give the last origin, which has no errors yet).
The band at an origin uses only errors whose moment lies before that origin, so its coverage over later origins is
what somebody who forecast there would have met.

1. Errors are divided by their usual size: the training part's spread by time of day, times the mean ratio of the
   errors so far to it, by place and hour of the day, older ones fading (:class:`.error_scale.ErrorScale`).
2. The first half of the origins gives the quantiles by place and horizon, each bound on its own: the
   ceil((n + 1) q)-th smallest of n errors, the split conformal bound (Lei et al. 2018, Journal of the American
   Statistical Association 113).
3. From then on each bound moves outwards after a miss and inwards after none, in the proportion q to 1 - q, by place
   and by the share of all places that missed: online quantile tracking (Gibbs and Candès 2021; Angelopoulos, Candès
   and Tibshirani 2023, conformal PID control). In the long run no more than the share asked for lies beyond a bound,
   whatever the series do; less where the bound would have to pass the forecast, which always stays inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from .error_scale import ErrorScale, deviations, spread_of
from .seasons import profile_of, season_of
from .series import Series

LEAST_ERRORS = 30  # of a place and horizon; with fewer those of all places serve
PLACE_RATE = 0.05  # by how much a place's bound moves outwards after a miss, in usual errors
COMMON_RATE = 0.2  # by how much all places' bounds move outwards when all of them miss


@dataclass(frozen=True)
class Bands:
    """Bounds around forecasts.

    Attributes
    ----------
    lower, upper : ndarray, shape (o, steps, p)
        lower <= forecast <= upper, and never below 0 where no value is; NaN at the origins before ``first``.
    first : int
        Position of the first origin with a band.
    errors : float
        How many errors of all places a horizon had on average when the first band was made.
    widest : bool
        True where the errors of all places were fewer than 1 / (1 - quantile): the band reaches to the widest error
        seen, in proportion to the usual size, which is the best that can be said, and does not adapt.
    """

    lower: np.ndarray
    upper: np.ndarray
    first: int
    errors: float
    widest: bool


def bands(
    series: Series,
    origins: np.ndarray,
    forecast: np.ndarray,
    quantile: float,
    *,
    first: int | None = None,
    adaptive: bool = True,
    control: Control | None = None,
) -> Bands:
    """Return the band of each forecast, from the errors known before its origin.

    Parameters
    ----------
    series : Series
        Up to now; values of the steps to forecast may be in it, and are used only at later origins.
    origins : ndarray of int, shape (o,)
        Ascending, two or more; the last may be ``len(series)``.
    forecast : ndarray, shape (o, steps, p)
        See the head of this module.
    quantile : float
        Of the upper bound, 0.5 to below 1; the lower one is at 1 - quantile.
    first : int, optional
        Position of the first origin that gets a band; default half of them, or later where that leaves fewer than
        1 / (1 - quantile) errors.
    adaptive : bool
        Whether sizes and bounds go on learning after ``first``.

    Raises
    ------
    Cancelled

    Examples
    --------
    Forecasts of 10, 1 too low or 2 too high: of 301 origins the latter half have a band.

    >>> from evacuation_planner.plugin.solvers.forecasting.clock import Clock
    >>> values = 10.0 + np.where(np.arange(400) % 2, 1.0, -2.0)[:, None]
    >>> series, origins = Series(["gate"], 0.0, 3600, values, Clock()), np.arange(100, 401)
    >>> found = bands(series, origins, np.full((301, 1, 1), 10.0), 0.9)
    >>> found.first, found.lower[-1].item() < 10.0 < found.upper[-1].item()
    (150, True)
    """
    control = control or Control()
    error = _actual(series, origins, forecast.shape[1]) - forecast
    learner = _Learner(series, origins, error, quantile)
    first = learner.first() if first is None else first
    tracker, count = learner.start(first, control)
    widest = count < learner.need
    lower, upper = np.full(error.shape, np.nan), np.full(error.shape, np.nan)
    for i in range(first, len(origins)):
        control.stop_if_cancelled()
        if adaptive and not widest and i > first:
            j, h = learner.learn(i)
            tracker.learn(h, error[j, h], lower[j, h], upper[j, h])
        size = learner.scale.at(int(origins[i]))
        lower[i], upper[i] = tracker.low * size, tracker.high * size
    floor = floor_of(series)
    np.maximum(lower + forecast, floor, out=lower)
    np.maximum(upper + forecast, floor, out=upper)
    return Bands(lower, upper, first, count, widest)


def conformal_bound(errors: np.ndarray, quantile: float) -> np.ndarray:
    """Return the split conformal upper bound of errors (n, ...), NaN left out, along the first axis.

    The ceil((n + 1) quantile)-th smallest: one more error that is exchangeable with them lies at or below it with a
    probability of ``quantile`` at least. With n below quantile / (1 - quantile) none does; the largest stands for it.
    NaN without errors.

    Examples
    --------
    Of nine errors the ninth is at (9 + 1) 0.9.

    >>> conformal_bound(np.arange(9.0), 0.9).item(), conformal_bound(np.arange(19.0), 0.9).item()
    (8.0, 17.0)
    """
    ascending = np.sort(errors, axis=0)  # NaN last
    count = (~np.isnan(errors)).sum(axis=0)
    rank = np.ceil((count + 1) * quantile - 1e-9).astype(np.int64)
    position = np.clip(rank, 1, np.maximum(count, 1)) - 1
    return np.take_along_axis(ascending, position[None], axis=0)[0]


def floor_of(series: Series) -> np.ndarray:
    """Return the least value that a place can have, (p,): 0 where none was ever negative, else minus infinity."""
    least = np.where(np.isnan(series.values), np.inf, series.values).min(axis=0)
    return np.where(np.isfinite(least) & (least >= 0.0), 0.0, -np.inf)


def bands_of_spread(series: Series, forecast: np.ndarray, quantile: float) -> Bands:
    """Return bands (1, steps, p) of forecasts (steps, p) without a back-test: as wide as the data spread by themselves.

    Each value's distance from the average of the others at its time of the season stands for an error, all places
    together. What is not in the data (a level that moves, errors that grow with the horizon) is not in the bands.
    """
    season = season_of(series)
    profile = profile_of(series, season)
    spread = spread_of(series, profile)
    steps = len(series)
    scaled = deviations(series, profile) / spread.at(series, 0, steps)
    number = float((~np.isnan(scaled)).sum())
    low, high = (np.nan_to_num(conformal_bound(sign * scaled.ravel(), quantile)) for sign in (-1.0, 1.0))
    size, floor = spread.at(series, steps, steps + len(forecast)), floor_of(series)
    lower = np.maximum(forecast - max(low, 0.0) * size, floor)
    upper = np.maximum(forecast + max(high, 0.0) * size, floor)
    return Bands(lower[None], upper[None], 0, number, number < 1.0 / (1.0 - quantile) - 1e-9)


def _actual(series: Series, origins: np.ndarray, steps: int) -> np.ndarray:
    """Return what happened, (o, steps, p), NaN behind the end of the series."""
    beyond = np.full((steps, series.values.shape[1]), np.nan)
    values = np.concatenate([series.values, beyond])
    return values[np.minimum(origins[:, None] + np.arange(steps), len(values) - 1)]


class _Learner:
    """Which errors are known at which origin, their usual size, and the bounds to begin with."""

    def __init__(self, series: Series, origins: np.ndarray, error: np.ndarray, quantile: float) -> None:
        steps = error.shape[1]
        training = series.before(int(origins[0]))
        spread = spread_of(training, profile_of(training, season_of(training)))
        self.scale = ErrorScale(series, spread, steps)
        self.need = 1.0 / (1.0 - quantile) - 1e-9
        self._origins, self._error, self._quantile = origins, error, quantile
        # An error of origin j at horizon h is known at the first origin behind its moment.
        self._due = np.searchsorted(origins, origins[:, None] + np.arange(1, steps + 1))
        self._order = np.argsort(self._due.ravel(), kind="stable")
        self._from = np.searchsorted(self._due.ravel()[self._order], np.arange(len(origins) + 1))

    def first(self) -> int:
        """Return half of the origins, or the first one that knows enough errors of a horizon, places together."""
        known = np.zeros(len(self._origins) + 1)
        np.add.at(known, self._due, (~np.isnan(self._error)).sum(axis=2) / self._error.shape[1])
        last = len(self._origins) - 1
        enough = np.flatnonzero(np.cumsum(known[: last + 1]) >= self.need)
        return min(last, max(len(self._origins) // 2, int(enough[0]) if len(enough) else last, 1))

    def learn(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Learn the sizes of the errors that become known at origin i; return their origins and horizons, (k,) each."""
        found = self._order[self._from[i] : self._from[i + 1]]
        j, h = np.unravel_index(found, self._due.shape)
        self.scale.learn(int(self._origins[i]), self._origins[j] + h, self._error[j, h])
        return j, h

    def start(self, first: int, control: Control) -> tuple[Tracker, float]:
        """Return the bounds by the errors known at origin ``first``, and how many a horizon and all places have."""
        scaled = np.full((first, *self._error.shape[1:]), np.nan)
        for i in range(first):
            control.stop_if_cancelled()
            self.learn(i)
            scaled[i] = self._error[i] / self.scale.at(int(self._origins[i]))
        self.learn(first)
        scaled[self._due[:first] > first] = np.nan
        count = (~np.isnan(scaled)).sum() / scaled.shape[1]
        low, high = (_bounds(sign * scaled, self._quantile, widest=count < self.need) for sign in (-1.0, 1.0))
        return Tracker(-np.maximum(low, 0.0), np.maximum(high, 0.0), self._quantile), float(count)


def _bounds(errors: np.ndarray, quantile: float, widest: bool) -> np.ndarray:
    """Return the upper bound by horizon and place, (steps, p), of errors (n, steps, p).

    Of the place's own where there are enough, else of all places at that horizon, else of all.
    ``widest``: the largest of all, since errors of one origin at many horizons are not as many that come anew;
    infinite without any.
    """
    if widest:
        known = errors[~np.isnan(errors)]
        return np.full(errors.shape[1:], known.max() if len(known) else np.inf)
    least = max(LEAST_ERRORS, 1.0 / (1.0 - quantile))
    by_horizon = np.moveaxis(errors, 1, 0).reshape(errors.shape[1], -1).T
    found = np.broadcast_to(conformal_bound(errors.reshape(-1), quantile), errors.shape[1:])
    for own in (by_horizon[:, :, None], errors):
        enough = (~np.isnan(own)).sum(axis=0) >= least
        found = np.where(enough, conformal_bound(own, quantile), found)
    return found


class Tracker:
    """Bounds in usual errors, (steps, p): outwards after a miss, inwards after none."""

    def __init__(self, low: np.ndarray, high: np.ndarray, quantile: float) -> None:
        self.low, self.high, self._miss = low, high, 1.0 - quantile

    def learn(self, horizon: np.ndarray, error: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """Move the bounds at horizons (k,) by errors (k, p) and the bounds they were forecast to lie between."""
        self.high = np.maximum(self.high + self._steps(horizon, error > upper, error, upper), 0.0)
        self.low = np.minimum(self.low - self._steps(horizon, error < lower, error, lower), 0.0)

    def _steps(self, horizon: np.ndarray, missed: np.ndarray, error: np.ndarray, bound: np.ndarray) -> np.ndarray:
        known = ~(np.isnan(error) | np.isnan(bound))
        excess = np.where(known, missed - self._miss, 0.0)
        places = known.shape[1]
        common = excess.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
        moved = np.zeros(self.high.shape)
        np.add.at(moved, horizon, PLACE_RATE * excess + COMMON_RATE * (1.0 - 1.0 / places) * common)
        return moved
