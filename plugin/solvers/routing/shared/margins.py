"""By how much everybody leaves each place before the hazard reaches it."""

from __future__ import annotations

import numpy as np

from ...graph.stars import spread_rows
from .closings import Closings
from .schedule import Schedule

DIGITS = 6  # of a second


def margins(closings: Closings, free_flow: np.ndarray, source: np.ndarray, schedule: Schedule) -> np.ndarray:
    """Return the margin (t,) of each trip, seconds; infinite where the hazard reaches no place that it leaves.

    It is the least over the origin and all parts of its roads of the hazard's arrival there less the moment of leaving.

    Parameters
    ----------
    free_flow : (m,) float64
        Seconds.
    source : (t,) int
        The node where each trip begins.
    """
    indptr, arc, entry = schedule.indptr, schedule.arc, schedule.entry
    driving = indptr[1:] > indptr[:-1]
    left = schedule.arrival.copy()
    left[driving] = entry[indptr[:-1][driving]]
    least = closings.start_reached[source] - left
    parts = np.flatnonzero(closings.catches)
    bounds = np.searchsorted(closings.arc[parts], np.arange(len(free_flow) + 1))
    hops = np.flatnonzero(np.diff(bounds)[arc])
    row, place = spread_rows(bounds[arc[hops]], np.diff(bounds)[arc[hops]])
    hop, part = hops[row], parts[place]
    away = entry[hop] + closings.end[part] * free_flow[arc[hop]]
    leave = np.where(closings.end[part] >= 1.0, schedule.exits()[hop], away)
    trip = np.searchsorted(indptr, hop, side="right") - 1
    np.minimum.at(least, trip, closings.since[part] - leave)
    return np.round(least, DIGITS)
