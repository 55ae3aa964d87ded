"""Rounding that keeps a total."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

HAIR, RELATIVE_HAIR = 1e-9, 1e-12  # what a quotient of floats may miss of a whole number
MOST_PEOPLE = 10**12  # people or places in one sum: a hundred times mankind


def whole_below(values: np.ndarray | float) -> np.ndarray:
    """Return the largest whole numbers not above ``values``; a hair below a whole number counts as that number.

    0.7 * 2000 / 2 is 699.9999... in binary, and 40 / 1.2 three times is not quite 100: that must not cost a place.
    """
    values = np.asarray(values, dtype=float)
    return np.floor(values + HAIR + RELATIVE_HAIR * np.abs(values))


def whole_above(values: np.ndarray | float) -> np.ndarray:
    """Return the least whole numbers not below ``values``; a hair above a whole number counts as that number."""
    values = np.asarray(values, dtype=float)
    return np.ceil(values - HAIR - RELATIVE_HAIR * np.abs(values))


def common_denominator(values: np.ndarray, most: int) -> int | None:
    """Return the least whole number, at most ``most``, that makes all values whole; None where there is none."""
    out = 1
    for value in np.unique(np.asarray(values, dtype=float) % 1.0).tolist():
        if abs(value * out - round(value * out)) <= HAIR * out:
            continue
        part = Fraction(value).limit_denominator(most)
        if abs(float(part) - value) > HAIR:
            return None
        out = out * part.denominator // int(np.gcd(out, part.denominator))
        if out > most:
            return None
    return out


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
