"""How good bands are: the share of values inside them, and the score that wide bands lose."""

from __future__ import annotations

import math

import numpy as np


def coverage(lower: np.ndarray, upper: np.ndarray, actual: np.ndarray) -> float:
    """Return the share of values between bounds of the same shape, NaN in any left out; NaN without values."""
    known = ~(np.isnan(actual) | np.isnan(lower) | np.isnan(upper))
    inside = (actual >= lower) & (actual <= upper)
    return float(inside[known].mean()) if known.any() else math.nan


def winkler(lower: np.ndarray, upper: np.ndarray, actual: np.ndarray, quantile: float) -> float:
    """Return the mean interval score of bounds at 1 - quantile and quantile (Winkler 1972), the less the better.

    Width, plus 1 / (1 - quantile) times the distance of a value outside: narrow bands win only as long as they cover.
    In the unit of the values; NaN in any is left out, NaN without values.

    Examples
    --------
    A width of 2, and a value 1 above.

    >>> round(winkler(np.array([0.0]), np.array([2.0]), np.array([3.0]), 0.9), 6)
    12.0
    """
    known = ~(np.isnan(actual) | np.isnan(lower) | np.isnan(upper))
    if not known.any():
        return math.nan
    low, high, value = lower[known], upper[known], actual[known]
    outside = np.maximum(low - value, 0.0) + np.maximum(value - high, 0.0)
    return float((high - low + outside / (1.0 - quantile)).mean())
