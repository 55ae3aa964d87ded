"""Counting who is where when: distinct moving objects in each place and interval ([E] Definitions 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import SolverError

DAY = 86_400.0
MOST_CELLS = 20_000_000


@dataclass(frozen=True)
class Presence:
    """Counts by interval and place.

    Attributes
    ----------
    start : ndarray, shape (t,)
        Beginning of each interval, seconds since 1970.
    count : ndarray of int, shape (t, p)
        Distinct objects seen in each place during each interval, 0 where none was.
    """

    start: np.ndarray
    count: np.ndarray


def count_distinct(
    seconds: np.ndarray, reading: np.ndarray, place: np.ndarray, identity: np.ndarray, places: int, interval: float
) -> Presence:
    """Count the distinct objects in each place and interval.

    Parameters
    ----------
    seconds : ndarray, shape (r,)
        Time of every reading, inside a place or not, in seconds since 1970: they span the intervals.
    reading, place : ndarray of int, shape (m,)
        Which reading lies in which place; a reading may lie in several places.
    identity : ndarray of int, shape (r,)
        Number of the object that each reading is of.
    places : int
    interval : float
        Seconds. Intervals begin at midnight of the first day.

    Raises
    ------
    SolverError
        When there would be more intervals than fit: a stray time, or too short an interval.
    """
    if len(seconds) == 0 or places == 0:
        return Presence(np.empty(0), np.zeros((0, places), dtype=np.int64))
    midnight = np.floor(seconds.min() / DAY) * DAY
    number = np.floor((seconds - midnight) / interval).astype(np.int64)
    first, last = int(number.min()), int(number.max())
    intervals = last - first + 1
    if intervals * places > MOST_CELLS:
        days = (seconds.max() - seconds.min()) / DAY
        raise SolverError(
            f"INTERVAL: {days:,.1f} days in intervals of {interval / 60:g} minutes for {places} places make "
            f"{intervals * places:,} rows, more than {MOST_CELLS:,}. Choose a longer interval, or look for a stray "
            f"time in TIME_FIELD."
        )
    objects = int(identity.max()) + 1
    cell = (number[reading] - first) * places + place
    seen = np.unique(cell.astype(np.int64) * objects + identity[reading])
    count = np.bincount(seen // objects, minlength=intervals * places).reshape(intervals, places)
    return Presence(midnight + interval * np.arange(first, last + 1), count)


def inside(places: list[bytes], xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs (position, place) of positions (r, 2) on or inside polygons given as well-known binary."""
    from ..dependencies import require

    shapely = require("shapely", "counting who is inside which place")
    if not len(xy) or not places:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    tree = shapely.STRtree(shapely.points(xy))
    place, position = tree.query(shapely.from_wkb(places), predicate="intersects")
    return position, place
