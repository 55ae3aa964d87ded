"""How fast people walk up and down: Tobler's hiking function, relative to its value on the flat.

W. Tobler, Three presentations on geographical analysis and modeling, NCGIA Technical Report 93-1, 1993: 6 km/h times
``exp(-3.5 |s + 0.05|)`` at the slope s (rise over run). Only its shape is taken; the speed on the flat is given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

STEEPNESS, BEST_SLOPE = 3.5, -0.05
STEPS_SHARE = 0.6  # of the speed on the flat, on steps, whatever their slope
STEEPEST = 0.5  # slopes beyond are taken for this one
FASTEST = float(np.exp(STEEPNESS * abs(BEST_SLOPE)))  # 1.19 times the speed on the flat, at a slope of -5 %


def slope_factor(slope: ArrayLike) -> np.ndarray:
    """Return the speed at slopes (rise over run in travel direction), as a multiple of that on the flat.

    Examples
    --------
    >>> slope_factor([0.0, -0.1, -0.05, 0.1]).round(2).tolist()
    [1.0, 1.0, 1.19, 0.7]
    """
    off = np.abs(np.asarray(slope, dtype=np.float64) - BEST_SLOPE)
    factor: np.ndarray = np.exp(STEEPNESS * (abs(BEST_SLOPE) - off))
    return factor
