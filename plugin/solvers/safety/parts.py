"""When a road may be entered, alone on it, as kernels: the rules of :mod:`..routing.shared.closings`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import compiled
from ..routing.shared.closings import Closings


class Parts(NamedTuple):
    """The parts of m arcs that close.

    Attributes
    ----------
    start : (m + 1,) int64
        Those of arc e are ``start[e]`` to before ``start[e + 1]``.
    begin, end, since, until, catches : (k,)
        As in :class:`Closings`.
    exit_by : (m,) float64
        When the hazard reaches the end of each arc: who waits there has to be off it. inf: never.
    """

    start: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    since: np.ndarray
    until: np.ndarray
    catches: np.ndarray
    exit_by: np.ndarray

    @classmethod
    def of(cls, closings: Closings, arcs: int) -> Parts:
        """Return the parts of ``arcs`` arcs."""
        exit_by = np.full(arcs, np.inf)
        last = closings.catches & (closings.end >= 1.0)
        np.minimum.at(exit_by, closings.arc[last], closings.since[last])
        start = np.searchsorted(closings.arc, np.arange(arcs + 1)).astype(np.int64)
        begin, end, since, until = (np.ascontiguousarray(a, dtype=np.float64) for a in closings[1:5])
        return cls(start, begin, end, since, until, np.ascontiguousarray(closings.catches, dtype=np.bool_), exit_by)


@compiled
def off_in_time(parts, travel, e, share):
    """Return the last moment to be at ``share`` of arc e, driving, and off each part before the hazard reaches it."""
    limit = np.inf
    for k in range(parts.start[e], parts.start[e + 1]):
        if parts.catches[k]:
            if parts.end[k] > share:
                limit = min(limit, parts.since[k] - (parts.end[k] - share) * travel)
            if parts.begin[k] >= share:  # the moment of closing is closed
                limit = min(limit, np.nextafter(parts.since[k] - (parts.begin[k] - share) * travel, -np.inf))
    return limit


@compiled
def latest_entry(parts, travel, e, share, limit):
    """Return the last moment up to ``limit`` to be at ``share`` of arc e, driving, each part open when it is reached.

    A closure on whose part the share itself lies hinders nobody. -inf: at none.
    """
    x = min(limit, off_in_time(parts, travel, e, share))
    moved = True
    while moved and x > -np.inf:
        moved = False
        for k in range(parts.start[e], parts.start[e + 1]):
            if parts.catches[k] or parts.begin[k] < share:
                continue
            ahead = (parts.begin[k] - share) * travel
            if x >= parts.since[k] - ahead and (x < parts.until[k] - ahead or parts.until[k] == np.inf):  # x may be inf
                x = np.nextafter(parts.since[k] - ahead, -np.inf)
                moved = True
    return x


@compiled
def earliest_entry(parts, travel, e, moment):
    """Return the first moment from ``moment`` on at which arc e may be entered; inf: at none."""
    x = moment
    moved = True
    while moved and x < np.inf:
        moved = False
        for k in range(parts.start[e], parts.start[e + 1]):
            if parts.catches[k]:
                continue
            ahead = parts.begin[k] * travel
            if parts.since[k] - ahead <= x < parts.until[k] - ahead:
                x = parts.until[k] - ahead
                moved = True
    if x > off_in_time(parts, travel, e, 0.0):
        return np.inf
    return x


@compiled
def latest_without_waiting(parts, travel, e, share, limit):
    """Return a moment up to ``limit`` until which arc e can be entered at any moment; -inf: there may be none."""
    x = min(limit, off_in_time(parts, travel, e, share))
    for k in range(parts.start[e], parts.start[e + 1]):
        if not parts.catches[k] and parts.begin[k] >= share:
            x = min(x, np.nextafter(parts.since[k] - (parts.begin[k] - share) * travel, -np.inf))
    return x
