"""Rounding that keeps a total."""

from __future__ import annotations

import numpy as np


def largest_remainder(values: np.ndarray, total: int | None = None) -> np.ndarray:
    """Round non-negative ``values`` to whole numbers that add up to ``total`` (largest-remainder method).

    Parameters
    ----------
    values : ndarray, shape (k,)
        Non-negative numbers.
    total : int, optional
        Default: the sum of the values, rounded half up.

    Returns
    -------
    ndarray of int64, shape (k,)
        Each entry is the value rounded down or up; ties go to the earlier entry.

    Raises
    ------
    ValueError
        When no such rounding exists (total below the sum of the floors, or above it by more than the entries that
        have a fraction).
    """
    values = np.asarray(values, dtype=float)
    # A sum of floats a hair below a whole number (2.9999999996) must not lose a person.
    floors = np.floor(values + 1e-9)
    remainders = np.clip(values - floors, 0.0, None)
    wanted = int(np.floor(values.sum() + 0.5)) if total is None else int(total)
    missing = wanted - int(floors.sum())
    if missing < 0 or missing > np.count_nonzero(remainders):
        raise ValueError(f"the values cannot be rounded to a total of {wanted}")
    out = floors.astype(np.int64)
    if missing > 0:
        order = np.argsort(-remainders, kind="stable")
        out[order[:missing]] += 1
    return out
