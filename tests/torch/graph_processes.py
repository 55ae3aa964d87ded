"""Series whose law is known: a wave that travels along a ring, and a ring's graph."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from evacuation_planner.plugin.solvers.forecasting.clock import Clock
from evacuation_planner.plugin.solvers.forecasting.series import Series

HOUR = 3600


def ring(places: int) -> csr_matrix:
    """Each place is the neighbour of the ones before and after it."""
    matrix = np.zeros((places, places))
    for k in range(places):
        matrix[k, (k + 1) % places] = matrix[(k + 1) % places, k] = 1.0
    return csr_matrix(matrix)


def named(values: np.ndarray, step: int = HOUR) -> Series:
    """Values (t, p) as a series of places p0, p1, ..."""
    return Series([f"p{k}" for k in range(values.shape[1])], 0.0, step, np.asarray(values, dtype=float), Clock())


def diffusion(steps: int, places: int, seed: int = 0) -> np.ndarray:
    """Noise that half moves on to each of the two neighbours at every step: the past of a place says nothing of it
    that its neighbours' last values do not say better."""
    draw, mix = np.random.default_rng(seed), ring(places).toarray() / 2.0
    values = np.zeros((steps, places))
    for t in range(1, steps):
        values[t] = 0.95 * mix @ values[t - 1] + draw.normal(size=places)
    return values


def days(steps: int, places: int, seed: int = 0, noise: float = 5.0) -> np.ndarray:
    """Counts with a wave by day, more at each next place, and some noise."""
    hour, draw = np.arange(steps)[:, None], np.random.default_rng(seed)
    wave = 100.0 * (1.0 + np.arange(places)) * (1.2 + np.sin(2 * np.pi * hour / 24))
    return np.maximum(wave + noise * draw.normal(size=(steps, places)), 0.0)
