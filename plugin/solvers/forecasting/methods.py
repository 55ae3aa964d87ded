"""The forecasting methods under one roof."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ..control import Control
from . import graph_ridge, historical_average, seasonal_naive
from .series import Series

NAMES = (historical_average.NAME, seasonal_naive.NAME, graph_ridge.NAME)  # the simpler first: it wins a tie


class Model(Protocol):
    """A fitted method; :mod:`.bands` turns its forecasts from origins behind the fit into bands."""

    def predict(self, series: Series, origins: np.ndarray, steps: int) -> np.ndarray:
        """Return forecasts, shape (o, steps, p), from what lies before each origin (o,)."""


def fit(
    name: str, series: Series, season: int, steps: int, adjacency: Any = None, *, control: Control | None = None
) -> Model:
    """Fit the method called ``name`` to a series, for ``steps`` steps ahead."""
    control = control or Control()
    if name == historical_average.NAME:
        return historical_average.fit(series, season)
    if name == seasonal_naive.NAME:
        return seasonal_naive.fit(series, season)
    return graph_ridge.fit(series, season, steps, adjacency, control=control)
