"""Values that hold from their moment until the next: intervals, means of several series, and what is no flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SAME = 1e-6  # s
MOST_SPEED = 130.0  # larger values are no speeds, in km/h or mph
DAY_AT_LEAST = 20 * 3600.0  # s that a series must cover to tell speeds from flows
NEAR_ITS_MOST = 0.8  # speeds: the median over the 95 % quantile of a day; flows, low at night, stay below


@dataclass(frozen=True)
class Held:
    """A series whose values hold until its next moment.

    Attributes
    ----------
    moments : (k,) float64
        Seconds, ascending, all different.
    values : (k,) float64
        NaN where nothing is known.
    end : float
        Second at which the last value ends.
    """

    moments: np.ndarray
    values: np.ndarray
    end: float

    def at(self, moments: np.ndarray) -> np.ndarray:
        """Return the values (m,) that hold at ``moments`` (m,), NaN where none does.

        Examples
        --------
        >>> Held(np.array([0.0, 60.0]), np.array([5.0, np.nan]), 120.0).at(np.array([-1.0, 0.0, 59.0, 60.0, 120.0]))
        array([nan,  5.,  5., nan, nan])
        """
        place = np.searchsorted(self.moments, moments, side="right") - 1
        holds = (place >= 0) & (moments < self.end)
        return np.where(holds, self.values[np.maximum(place, 0)], np.nan)


def intervals(moments: np.ndarray, usual: float) -> np.ndarray:
    """Return how long (k,) each of ascending moments lasts: until the next; the last as long as the one before it.

    A single one lasts ``usual``.

    Examples
    --------
    >>> intervals(np.array([0.0, 3600.0, 4500.0]), np.inf)
    array([3600.,  900.,  900.])
    """
    if len(moments) < 2:
        return np.full(len(moments), usual)
    steps = np.diff(moments)
    return np.append(steps, steps[-1])


def usual_interval(series: Sequence[np.ndarray]) -> float:
    """Return the commonest step between neighbours of all series, of equals the shortest; infinite for none."""
    steps = np.concatenate([np.empty(0), *(np.diff(moments) for moments in series)])
    if not len(steps):
        return np.inf
    values, counts = np.unique(steps.round(6), return_counts=True)
    return float(values[np.argmax(counts)])


def merged(moments: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return a series in the order of time with one value a moment, the mean of those known, and how many came twice.

    Examples
    --------
    >>> merged(np.array([60.0, 0.0, 60.0]), np.array([2.0, 1.0, 4.0]))
    (array([ 0., 60.]), array([1., 3.]), 1)
    """
    different, row = np.unique(moments, return_inverse=True)
    known = np.isfinite(values)
    count = np.bincount(row.ravel()[known], minlength=len(different))
    total = np.bincount(row.ravel()[known], weights=values[known], minlength=len(different))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return different, mean, int((np.maximum(count, 1) - 1).sum())


def mean_of(series: Sequence[Held], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the moments (m,) of several series, their weighted values' mean (m,), and who is in it (m, s) bool.

    At each moment the mean is over the series of which a value is known; moments without any are left out.

    Parameters
    ----------
    weights : (s,)
        What each series' values are multiplied by.
    """
    moments = np.unique(np.concatenate([one.moments for one in series]))
    values = np.column_stack([weight * one.at(moments) for one, weight in zip(series, weights.tolist())])
    known = np.isfinite(values)
    some = known.any(axis=1)
    values, known = values[some], known[some]
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return moments[some], mean, known


def look_like_speeds(series: Sequence[Held]) -> bool:
    """Whether values look like speeds: at most 130, and near their most for most of the day.

    Flows of most places fall far below their peak for hours of the night; speeds fall for the hours of the peak.
    Only series of a day or nearly so can tell.
    """
    told = []
    for one in series:
        values = one.values[np.isfinite(one.values)]
        if len(values) < 8 or one.moments[-1] - one.moments[0] < DAY_AT_LEAST:
            continue
        low, median, high = np.quantile(values, [0.05, 0.5, 0.95])
        told.append(values.max() <= MOST_SPEED and low > 0 and low < high and median >= NEAR_ITS_MOST * high)
    return bool(told) and 2 * sum(told) > len(told)
