"""Values of a grid between the centres of its cells, by bilinear interpolation."""

from __future__ import annotations

import numpy as np

ROUNDING = 1e-9  # of a cell


def corners_of(place: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cell (k,) before each place and the share (k,) of the next one, along one side of a grid.

    ``place`` (k,) counts cells from the outer edge of the first of ``count``; within half a cell of an edge the
    outermost cell alone counts.

    Examples
    --------
    >>> [part.tolist() for part in corners_of(np.array([0.2, 1.0, 2.75]), 3)]
    [[0, 0, 1], [0.0, 0.5, 1.0]]
    """
    centre = np.clip(place - 0.5, 0.0, count - 1.0)
    whole = np.round(centre)
    centre = np.where(np.abs(centre - whole) < ROUNDING, whole, centre)
    low = np.minimum(np.floor(centre), max(count - 2, 0)).astype(np.int64)
    return low, centre - low


def interpolated(
    values: np.ndarray, row: np.ndarray, column: np.ndarray, down: np.ndarray, across: np.ndarray
) -> np.ndarray:
    """Return the values (k,) between cells ``row``, ``column`` and the next ones, by the shares ``down``, ``across``.

    Of the four cells those without a value (NaN) are left out and the others weigh more, as in GDAL; NaN where those
    left weigh nothing.
    """
    rows, columns = values.shape
    total, weight = np.zeros(len(row)), np.zeros(len(row))
    for next_row in (0, 1):
        for next_column in (0, 1):
            r, c = np.minimum(row + next_row, rows - 1), np.minimum(column + next_column, columns - 1)
            share = (down if next_row else 1.0 - down) * (across if next_column else 1.0 - across)
            value = values[r, c]
            there = np.isfinite(value) & (share > 0)
            total += np.where(there, share * np.nan_to_num(value), 0.0)
            weight += np.where(there, share, 0.0)
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)
