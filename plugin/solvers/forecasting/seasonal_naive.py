"""Seasonal naive forecast: what was one season ago."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .seasons import Profile, profile_of
from .series import Series

NAME = "seasonal naive"
SEASONS_BACK = 4  # a missing value is looked for so many seasons back


@dataclass(frozen=True)
class SeasonalNaive:
    """The value of the last season at the same time; of the one before where that is missing, else the average."""

    season: int
    profile: Profile

    def predict(self, series: Series, origins: np.ndarray, steps: int) -> np.ndarray:
        """Return forecasts, shape (o, steps, p), from what lies before each origin (o,)."""
        return np.stack([self._from(series, int(origin), steps) for origin in origins])

    def _from(self, series: Series, origin: int, steps: int) -> np.ndarray:
        target = np.arange(origin, origin + steps)
        out = np.full((steps, series.values.shape[1]), np.nan)
        for back in range(SEASONS_BACK):
            source = self._same_time(series, target, origin, back)
            there = source >= 0
            found = np.full(out.shape, np.nan)
            found[there] = series.values[source[there]]
            out = np.where(np.isnan(out), found, out)
            if not np.isnan(out).any():
                return out
        return np.where(np.isnan(out), self.profile.at(series, origin, origin + steps), out)

    def _same_time(self, series: Series, target: np.ndarray, origin: int, back: int) -> np.ndarray:
        """Return the step ``back`` seasons before the last one at the same clock time, -1 before the series begins."""
        if self.season == 0:
            return np.full(len(target), origin - 1 - back)
        length = self.season // series.step
        seasons = (target - origin) // length + 1 + back
        source = target - seasons * length
        # Clocks changed in between: the same clock time is that much earlier or later.
        now, then = (series.start + series.step * step.astype(float) for step in (target, source))
        ahead = (series.clock.to_wall(now) - now) - (series.clock.to_wall(then) - then)
        moved = source + np.round(ahead / series.step).astype(np.int64)
        return np.where((moved < origin) & (moved >= 0), moved, np.where(source >= 0, source, -1))


def fit(series: Series, season: int) -> SeasonalNaive:
    """Prepare the forecast; ``season`` in seconds, 0 repeats the last value."""
    return SeasonalNaive(season, profile_of(series, season))
