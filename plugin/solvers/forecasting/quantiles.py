"""Prediction quantiles from the errors of a back-test (split conformal prediction, scaled by time of day)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .seasons import Profile, profile_of
from .series import DAY, Series

LEAST_ERRORS = 30  # of a place and horizon; with fewer, those of all places and horizons nearby serve
LEAST_SPREAD = 0.1  # of a place's mean spread: the narrowest hour


def spread_of(series: Series, profile: Profile) -> Profile:
    """Return how far values usually lie from the profile, by time of day (nights vary less than noons)."""
    distance = np.abs(series.values - profile.at(series, 0, len(series)))
    season = DAY if profile.season and DAY % series.step == 0 else 0
    found = profile_of(Series(series.places, series.start, series.step, distance, series.clock), season)
    mean = np.nan_to_num(found.mean)
    typical = mean.mean(axis=0)
    floor = np.where(typical > 0.0, LEAST_SPREAD * typical, 1e-9)
    return Profile(found.season, np.maximum(mean, floor))


@dataclass(frozen=True)
class Quantiles:
    """Error quantiles in units of the spread.

    Attributes
    ----------
    spread : Profile
    low, high : ndarray, shape (steps, p)
    """

    spread: Profile
    low: np.ndarray
    high: np.ndarray

    def bounds(self, series: Series, origins: np.ndarray, forecast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and the upper quantile of forecasts (o, steps, p); never on the wrong side of them."""
        spread = np.stack([self.spread.at(series, int(o), int(o) + forecast.shape[1]) for o in origins])
        lower = np.minimum(forecast + self.low * spread, forecast)
        return lower, np.maximum(forecast + self.high * spread, forecast)


def quantiles_of(
    series: Series, spread: Profile, origins: np.ndarray, forecast: np.ndarray, actual: np.ndarray, quantile: float
) -> Quantiles:
    """Return the quantiles of the errors ``actual - forecast``, (o, steps, p), missing ones left out.

    ``quantile`` q gives the upper one, 1 - q the lower one.
    """
    scale = np.stack([spread.at(series, int(o), int(o) + forecast.shape[1]) for o in origins])
    error = (actual - forecast) / scale
    low, high = np.zeros(error.shape[1:]), np.zeros(error.shape[1:])
    for h in range(error.shape[1]):
        pooled = _two_sided(error[:, h].ravel(), quantile, _two_sided(error.ravel(), quantile, (0.0, 0.0)))
        for place in range(error.shape[2]):
            low[h, place], high[h, place] = _two_sided(error[:, h, place], quantile, pooled)
    return Quantiles(spread, low, high)


def _two_sided(errors: np.ndarray, quantile: float, otherwise: tuple[float, float]) -> tuple[float, float]:
    """Return the lower and upper quantile of n errors, taken at (n + 1) q / n so that new ones are covered as well."""
    known = errors[~np.isnan(errors)]
    if len(known) < LEAST_ERRORS:
        return otherwise
    level = min(1.0, quantile * (len(known) + 1) / len(known))
    low, high = np.quantile(known, [1.0 - level, level])
    return float(low), float(high)
