"""Historical average: the mean of all earlier values at the same time of the week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .seasons import Profile, profile_of
from .series import Series

NAME = "historical average"


@dataclass(frozen=True)
class HistoricalAverage:
    """Averages by time of the week (of the day where the series is short)."""

    profile: Profile

    def predict(self, series: Series, origins: np.ndarray, steps: int) -> np.ndarray:
        """Return forecasts, shape (o, steps, p).

        ``origins`` (o,) are the first steps to forecast; nothing of the series from there on is looked at.
        """
        return np.stack([self.profile.at(series, int(o), int(o) + steps) for o in origins])


def fit(series: Series, season: int) -> HistoricalAverage:
    """Average ``series`` by slot of ``season`` (seconds)."""
    return HistoricalAverage(profile_of(series, season))
