"""Graph ridge: a ridge regression a place and horizon on its lags, its seasonal profile and its smoothed neighbours.

Every series is taken as its seasonal profile and a deviation from it. The deviation h steps ahead is a linear function
of the deviations now and shortly before, of their average over longer stretches, of those at the same time a day and
a week earlier, and of the deviations smoothed over the graph of places by wavelets at several scales ("direct"
forecasts: a regression for each place and horizon). The penalty draws it to the profile, which is what remains where
nothing can be learned. The regression is reweighted so that it minimises absolute, not squared errors: counts and
speeds are skewed, and a few extreme hours would otherwise rule it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from ..control import Control
from .graph import adjacency_by_correlation, heat_wavelets
from .seasons import Profile, profile_of
from .series import DAY, WEEK, Series

NAME = "graph ridge"
LAGS = (0, 1, 2, 3, 5, 8, 11)
AVERAGES = (6, 24, 168)  # steps
SCALES = (0.5, 2.0, 8.0)
GRAPH_LAGS = (0, 1, 3)
SEASONS_BACK = (DAY, WEEK)
REACH = max(max(AVERAGES), max(LAGS), max(GRAPH_LAGS)) + 1
PENALTY = 100.0  # on coefficients of features of about unit size
REWEIGHTINGS = 3
SMALL_ERROR = 0.1  # of a place's usual deviation: below it errors count squared
MOST_STEPS, LEAST_STEPS = 10_000, 500  # of history in the fit: the latest
MOST_CELLS = 2_500_000  # steps times places whose features are held at a time, some 400 MB
LEAST_ROWS = 10
EVERY_HORIZON_TO = 12  # beyond, regressions are fitted at horizons a tenth apart and interpolated in between


@dataclass(frozen=True)
class GraphRidge:
    """The fitted regressions.

    Attributes
    ----------
    profile : Profile
    adjacency : csr_matrix, shape (p, p)
    scale : ndarray, shape (p,)
        Size of each place's deviations.
    weights : ndarray, shape (p, steps, f)
        Coefficients of the features.
    """

    profile: Profile
    adjacency: csr_matrix
    scale: np.ndarray
    weights: np.ndarray

    def predict(self, series: Series, origins: np.ndarray, steps: int) -> np.ndarray:
        """Return forecasts, shape (o, steps, p), from what lies before each origin (o,)."""
        origins = np.asarray(origins)
        first, last = int(origins.min()), int(origins.max())
        places = series.values.shape[1]
        if len(origins) > 1 and (last - first + REACH) * places > MOST_CELLS:
            halves = np.array_split(np.sort(origins), 2)
            both = np.concatenate([self.predict(series, half, steps) for half in halves])
            return both[np.argsort(np.argsort(origins, kind="stable"), kind="stable")]
        deviation = _deviations(series.before(last), self.profile, self.scale)
        begin = max(0, first - REACH)
        common = _common(deviation[begin:], self.adjacency)[:, origins - 1 - begin]
        out = np.empty((len(origins), steps, places))
        for h in range(steps):
            features = np.concatenate([common, _same_time(deviation, origins + h, origins, series.step)])
            out[:, h] = np.einsum("fop,pf->op", features, self.weights[:, h]) * self.scale
        profile = self.profile.at(series, first, last + steps)
        return out + profile[(origins - first)[:, None] + np.arange(steps)]


def fit(
    series: Series, season: int, steps: int, adjacency: csr_matrix | None = None, *, control: Control | None = None
) -> GraphRidge:
    """Fit the regressions to a series.

    Parameters
    ----------
    season : int
        Seconds, 0 for none.
    steps : int
        Horizons 1 to ``steps``.
    adjacency : csr_matrix, shape (p, p), optional
        Weights between neighbours; without it they follow from the correlation of the deviations.

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    profile = profile_of(series, season)
    raw = series.values - profile.at(series, 0, len(series))
    known = ~np.isnan(raw)
    square = np.where(known, raw, 0.0) ** 2
    spread = np.sqrt(square.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    scale = np.where(spread > 1e-9, spread, 1.0)
    latest = max(LEAST_STEPS, min(MOST_STEPS, MOST_CELLS // max(1, raw.shape[1])))
    deviation = (raw / scale)[-latest:]
    if adjacency is None:
        adjacency = adjacency_by_correlation(deviation)
    common = _common(deviation, adjacency)
    nodes = fitted_horizons(steps)
    weights = np.zeros((deviation.shape[1], len(nodes), len(common) + len(SEASONS_BACK)))
    for i, horizon in enumerate(nodes):
        control.progress(i / len(nodes), "Fitting the graph ridge")
        _fit_horizon(deviation, common, horizon, series.step, weights[:, i], control)
    control.progress(1.0, "Fitting the graph ridge")
    return GraphRidge(profile, adjacency, scale, _interpolated(weights, nodes, steps))


def fitted_horizons(steps: int) -> list[int]:
    """Return the horizons (steps ahead) at which regressions are fitted: 1 to 12, then a tenth apart, and the last."""
    nodes = list(range(1, min(steps, EVERY_HORIZON_TO) + 1))
    while nodes[-1] < steps:
        nodes.append(min(steps, nodes[-1] + max(1, nodes[-1] // 10)))
    return nodes


def _interpolated(weights: np.ndarray, nodes: list[int], steps: int) -> np.ndarray:
    """Return the weights (p, n, f) at some horizons as weights at all of them, (p, steps, f)."""
    wanted, given = np.arange(1, steps + 1), np.array(nodes)
    right = np.searchsorted(given, wanted)
    left = np.maximum(right - 1, 0)
    width = np.maximum(given[right] - given[left], 1)
    share = np.where(right == left, 1.0, (wanted - given[left]) / width)
    return weights[:, left] * (1.0 - share)[:, None] + weights[:, right] * share[:, None]


def _fit_horizon(
    deviation: np.ndarray, common: np.ndarray, horizon: int, step: int, out: np.ndarray, control: Control
) -> None:
    """Write the coefficients of one horizon into ``out``, (p, f); zero where there are too few values."""
    usable = len(deviation) - horizon  # origins whose target lies in the data
    if usable < LEAST_ROWS:
        return
    origins = np.arange(1, usable + 1)
    seasonal = _same_time(deviation, origins + horizon - 1, origins, step)
    target = deviation[origins + horizon - 1]
    known = ~np.isnan(target)
    for place in range(deviation.shape[1]):
        control.stop_if_cancelled()
        rows = known[:, place]
        if rows.sum() >= LEAST_ROWS:
            features = np.concatenate([common[:, :usable, place], seasonal[:, :, place]])[:, rows]
            out[place] = _ridge(features, target[rows, place])


def _ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the coefficients of y (n,) on x (f, n): ridge regression, reweighted towards least absolute errors."""
    weight = np.ones(len(y))
    coefficients = np.zeros(len(x))
    for _ in range(REWEIGHTINGS + 1):
        weighted = x * weight
        gram = weighted @ x.T
        gram[np.diag_indices_from(gram)] += PENALTY
        coefficients = cho_solve(cho_factor(gram), weighted @ y)
        weight = 1.0 / np.maximum(np.abs(y - coefficients @ x), SMALL_ERROR)
        weight *= len(weight) / weight.sum()
    return coefficients


def _deviations(series: Series, profile: Profile, scale: np.ndarray) -> np.ndarray:
    """Return (value - profile) / scale, (t, p), NaN where missing."""
    return (series.values - profile.at(series, 0, len(series))) / scale


def _common(deviation: np.ndarray, adjacency: csr_matrix) -> np.ndarray:
    """Return the features known at each step that do not depend on the horizon, (f, t, p); missing ones count as 0."""
    z = np.nan_to_num(deviation)
    features = [_lagged(z, lag) for lag in LAGS]
    total = np.vstack([np.zeros((1, z.shape[1])), np.cumsum(z, axis=0)])
    end = np.arange(1, len(z) + 1)
    for width in AVERAGES:
        features.append((total[end] - total[np.maximum(end - width, 0)]) / width)
    for smooth in heat_wavelets(adjacency, z, SCALES):
        features.extend(_lagged(smooth, lag) for lag in GRAPH_LAGS)
    features.append(np.ones_like(z))
    return np.stack(features)


def _lagged(z: np.ndarray, lag: int) -> np.ndarray:
    out = np.zeros_like(z)
    if lag < len(z):
        out[lag:] = z[: len(z) - lag]
    return out


def _same_time(deviation: np.ndarray, target: np.ndarray, origin: np.ndarray, step: int) -> np.ndarray:
    """Return the deviations at the target's time one day and one week earlier (or as often as needed), (2, o, p)."""
    out = np.zeros((len(SEASONS_BACK), len(target), deviation.shape[1]))
    for i, season in enumerate(SEASONS_BACK):
        length = max(1, season // step)
        source = target - ((target - origin) // length + 1) * length
        there = source >= 0
        out[i, there] = np.nan_to_num(deviation[source[there]])
    return out
