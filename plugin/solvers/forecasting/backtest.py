"""Back-test: every method forecasts the last part of the data from what lay before it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..control import Control
from . import methods
from .bands import Bands, bands
from .interval_scores import coverage
from .seasons import season_of
from .series import DAY, WEEK, Series

TEST_SHARE = 0.25  # of the data, at most:
LONGEST_TEST = 8 * WEEK
LEAST_TRAINING = 24  # steps
MOST_ORIGINS = 2000
ORIGINS_AT_ONCE = 100  # so that who cancels need not wait for all
MOST_CELLS = 8_000_000  # of a method's forecasts
ZERO = 1e-9


@dataclass(frozen=True)
class Errors:
    """Errors of a method at one horizon, or over all.

    Attributes
    ----------
    mae, rmse : float
        In the unit of the values; NaN where nothing could be compared.
    mape : float
        Percent, over values other than 0; NaN where there are none.
    count : int
        Values compared; missing ones are left out.
    """

    mae: float
    rmse: float
    mape: float
    count: int


def errors(forecast: np.ndarray, actual: np.ndarray) -> Errors:
    """Compare forecasts with what happened, arrays of one shape, NaN in either left out.

    Examples
    --------
    The errors are 1 and 2, of 1 and 4.

    >>> found = errors(np.array([2.0, 6.0]), np.array([1.0, 4.0]))
    >>> found.mae, found.mape, found.count
    (1.5, 75.0, 2)
    """
    known = ~(np.isnan(actual) | np.isnan(forecast))
    if not known.any():
        return Errors(math.nan, math.nan, math.nan, 0)
    off, size = np.abs(forecast[known] - actual[known]), np.abs(actual[known])
    relative = off[size > ZERO] / size[size > ZERO]
    mape = 100.0 * float(relative.mean()) if len(relative) else math.nan
    return Errors(float(off.mean()), math.sqrt(float((off**2).mean())), mape, int(known.sum()))


@dataclass(frozen=True)
class BackTest:
    """What every method would have forecast.

    Attributes
    ----------
    series : Series
    training : int
        Steps before the test.
    season : int
        Seconds; of the training part.
    origins : ndarray of int, shape (o,)
    actual : ndarray, shape (o, steps, p)
    forecast : dict
        From a method's name to its forecasts, (o, steps, p).
    """

    series: Series
    training: int
    season: int
    origins: np.ndarray
    actual: np.ndarray
    forecast: dict[str, np.ndarray]

    def errors(self, name: str, horizon: int | None = None, first: int = 1) -> Errors:
        """Return the errors of a method ``horizon`` steps ahead, or at all horizons from ``first`` on."""
        chosen = slice(first - 1, None) if horizon is None else slice(horizon - 1, horizon)
        return errors(self.forecast[name][:, chosen], self.actual[:, chosen])

    def best(self, first: int = 1) -> str:
        """Return the method with the least mean of the MAE over horizons from ``first`` on; on a tie the simpler."""
        horizons = range(first, self.actual.shape[1] + 1)

        def mean(name: str) -> float:
            values = [self.errors(name, h).mae for h in horizons]
            known = [value for value in values if not math.isnan(value)]
            return sum(known) / len(known) if known else math.inf

        return min(self.forecast, key=lambda name: (mean(name), methods.NAMES.index(name)))

    def bands(self, name: str, quantile: float, now: np.ndarray | None = None, control: Control | None = None) -> Bands:
        """Return the band of each forecast of a method, from the errors known before its origin.

        ``now`` (steps, p), forecasts from the end of the series, get theirs behind those of the back-test.

        Raises
        ------
        Cancelled
        """
        origins, forecast = self.origins, self.forecast[name]
        if now is not None:
            origins = np.append(origins, len(self.series))
            forecast = np.concatenate([forecast, now[None]])
        return bands(self.series, origins, forecast, quantile, control=control)

    def coverage(self, name: str, quantile: float) -> float | None:
        """Return the share of values inside the bands of the origins that have some; None without any."""
        found = self.bands(name, quantile)
        share = coverage(found.lower, found.upper, self.actual)
        return None if math.isnan(share) else share


def split(series: Series, steps: int) -> int | None:
    """Return how many steps to train on, None where the series is too short to hold back ``steps`` and learn."""
    longest = LONGEST_TEST // series.step + steps
    test = min(max(int(TEST_SHARE * len(series)), steps + 1), longest)
    training = len(series) - test
    return training if training >= max(LEAST_TRAINING, 2 * steps) else None


def origins_of(series: Series, training: int, steps: int) -> np.ndarray:
    """Return the steps at which forecasts begin: all of the test, or some that cover every time of day."""
    last = len(series) - steps
    possible = last - training + 1
    wanted = max(1, min(MOST_ORIGINS, MOST_CELLS // max(1, steps * series.values.shape[1])))
    stride = max(1, possible // wanted)
    while math.gcd(stride, max(1, 7 * DAY // series.step)) > 1:  # else only some times of the day would be tested
        stride += 1
    return np.arange(training, last + 1, stride)


def run(
    series: Series,
    steps: int,
    adjacency: Any = None,
    *,
    names: tuple[str, ...] = methods.NAMES,
    training: int | None = None,
    origins: np.ndarray | None = None,
    control: Control | None = None,
) -> BackTest | None:
    """Fit the methods to the first part of a series and let them forecast the rest from origins all over it.

    The fit is not renewed; forecasts use all values before their origin. None where the series is too short.

    Parameters
    ----------
    training : int, optional
        Steps to fit to; default by :func:`split`.
    origins : ndarray of int, shape (o,), optional
        Steps at which forecasts begin, from ``training`` on; default by :func:`origins_of`.

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    training = split(series, steps) if training is None else training
    if training is None:
        return None
    known = series.before(training)
    season = season_of(known)
    if origins is None:
        origins = origins_of(series, training, steps)
    actual = np.stack([series.values[o : o + steps] for o in origins])
    forecast = {}
    for i, name in enumerate(names):
        control.stop_if_cancelled()
        inner = control.part(i / len(names), (i + 1) / len(names))
        model = methods.fit(name, known, season, steps, adjacency, control=inner)
        parts = []
        for begin in range(0, len(origins), ORIGINS_AT_ONCE):
            control.stop_if_cancelled()
            parts.append(model.predict(series, origins[begin : begin + ORIGINS_AT_ONCE], steps))
        forecast[name] = np.concatenate(parts)
    return BackTest(series, training, season, origins, actual, forecast)
