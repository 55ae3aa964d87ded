"""When arcs may not be entered because a part of them is closed once it is reached, in the unit of a flow model."""

from __future__ import annotations

import numpy as np

from ...kernels import compiled


def joined_bars(
    arc: np.ndarray, since: np.ndarray, until: np.ndarray, arcs: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the bars (k,) of m arcs with those that meet joined: offsets (m + 1,), arcs, since, until.

    Examples
    --------
    >>> arc, since, until = np.array([1, 0, 1]), np.array([4.0, 7.0, 1.0]), np.array([6.0, 8.0, 4.0])
    >>> [column.tolist() for column in joined_bars(arc, since, until, 2)]
    [[0, 1, 2], [0, 1], [7.0, 1.0], [8.0, 6.0]]
    """
    order = np.lexsort((since, arc))
    row, joined = np.empty(len(arc), dtype=np.int32), np.empty((2, len(arc)), dtype=since.dtype)
    count = join_bars(arc[order].astype(np.int32), since[order], until[order], row, joined[0], joined[1])
    row = row[:count]
    return offsets(row, arcs), row, joined[0, :count].copy(), joined[1, :count].copy()


def offsets(row: np.ndarray, rows: int) -> np.ndarray:
    """Return the offsets (m + 1,) of items sorted by their ``row``."""
    return np.r_[0, np.cumsum(np.bincount(row, minlength=rows))].astype(np.int64)


def first_reached(catches: np.ndarray, since: np.ndarray, arc: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """Return which parts (k,) the hazard reaches, by time, then arc, then where on it they begin."""
    parts = np.flatnonzero(catches)
    return parts[np.lexsort((begin[parts], arc[parts], since[parts]))]


@compiled
def join_bars(arc, since, until, row, joined_since, joined_until):
    """Join the bars of each arc, sorted by arc and beginning, that meet; return how many are left."""
    count = 0
    for k in range(len(arc)):
        if count > 0 and row[count - 1] == arc[k] and since[k] <= joined_until[count - 1]:
            joined_until[count - 1] = max(joined_until[count - 1], until[k])
        else:
            row[count] = arc[k]
            joined_since[count] = since[k]
            joined_until[count] = until[k]
            count += 1
    return count


@compiled
def open_from(bars, arc, moment, hair):
    """Return the first moment from ``moment`` on at which ``arc`` may be entered; the last bar's end without one.

    Moments less than ``hair`` apart count as one.
    """
    for k in range(bars.start[arc], bars.start[arc + 1]):
        if moment < bars.since[k] - hair:
            break
        if moment < bars.until[k] - hair:
            moment = bars.until[k]
    return moment
