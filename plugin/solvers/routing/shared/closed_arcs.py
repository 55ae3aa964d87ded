"""When arcs may be entered and where the hazard catches whom, in seconds, for the model without queues.

Moments that are less than half a microsecond apart count as one, since they are sums made in different orders.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...kernels import compiled
from .closings import CUT_OFF, QUEUED, TOO_LATE, Closings

HAIR = 5e-7  # seconds


class ClosedArcs(NamedTuple):
    """The bars of m arcs, k of them, and the c parts that the hazard reaches.

    Attributes
    ----------
    bar_start : (m + 1,) int64
        The bars of arc e are rows ``bar_start[e]`` to ``bar_start[e + 1]``; without rows where nothing ever closes.
    since, until : (k,) float64
        Nobody may enter from ``since`` until before ``until``, on each arc in order of ``since``.
    catch_start : (m + 1,) int64
        Likewise of the parts.
    catch_time : (c,) float64
        When the hazard reaches a part, on each arc in order.
    catch_end : (c,) float64
        So long after his entry somebody leaves the part; on the last one the free-flow time of the arc.
    at_exit : (c,) bool
        Whether it is the last part, left with the arc.
    """

    bar_start: np.ndarray
    since: np.ndarray
    until: np.ndarray
    catch_start: np.ndarray
    catch_time: np.ndarray
    catch_end: np.ndarray
    at_exit: np.ndarray


def closed_arcs(closings: Closings, free_flow: np.ndarray) -> ClosedArcs:
    """Return what closes on arcs with times ``free_flow`` (m,) s."""
    real = (closings.since < np.inf) & (closings.until > closings.since)
    arc, begin, end, since, until, catches = (column[real] for column in closings[:6])
    begins, ends = begin * free_flow[arc], end * free_flow[arc]
    bars = np.lexsort((since - begins, arc))
    parts = np.flatnonzero(catches)
    parts = parts[np.lexsort((begins[parts], since[parts], arc[parts]))]
    return ClosedArcs(
        _starts(arc[bars], len(free_flow)), (since - begins)[bars], (until - begins)[bars],
        _starts(arc[parts], len(free_flow)), since[parts], ends[parts], end[parts] >= 1.0,
    )  # fmt: skip


def _starts(arc: np.ndarray, arcs: int) -> np.ndarray:
    return np.r_[0, np.cumsum(np.bincount(arc, minlength=arcs))].astype(np.int64)


class Watch(NamedTuple):
    """What a simulation must know of what closes, and what becomes of t trips; empty where nothing ever closes.

    Attributes
    ----------
    closed : ClosedArcs
    reached : (t,) float64
        When the hazard reaches the origin; infinite where it never does.
    fate : (t,) int8
        Filled with why each is caught; 0 for who arrives.
    caught : (t,) float64
        When.
    held : (t,) float64
        So long after his last entry he would have been off the part on which the hazard has caught him.
    """

    closed: ClosedArcs
    reached: np.ndarray
    fate: np.ndarray
    caught: np.ndarray
    held: np.ndarray


def watch_of(closings: Closings, free_flow: np.ndarray, source: np.ndarray) -> Watch:
    """Return what is to be known of trips that start at ``source`` (t,)."""
    fate, held = np.zeros(len(source), dtype=np.int8), np.zeros(len(source))
    closed, reached = closed_arcs(closings, free_flow), closings.start_reached[source]
    return Watch(closed, reached, fate, np.full(len(source), np.inf), held)


def _nothing() -> Watch:
    empty, none = np.empty(0), np.empty(0, dtype=np.int64)
    closed = ClosedArcs(none, empty, empty, none, empty, empty, empty.astype(bool))
    return Watch(closed, empty, empty.astype(np.int8), empty, empty)


NOTHING_CLOSES = _nothing()


@compiled
def open_at(closed, arc, moment):
    """Return the first moment from ``moment`` on at which ``arc`` may be entered; infinite without one."""
    for k in range(closed.bar_start[arc], closed.bar_start[arc + 1]):
        if moment < closed.since[k] - HAIR:
            break
        if moment < closed.until[k] - HAIR:
            moment = closed.until[k]
    return moment


@compiled
def catching(closed, arc, entry):
    """Return the part on which the hazard catches who enters ``arc`` at ``entry`` if he does not leave it; else -1."""
    for k in range(closed.catch_start[arc], closed.catch_start[arc + 1]):
        if closed.at_exit[k] or entry + closed.catch_end[k] > closed.catch_time[k] + HAIR:
            return k
    return -1


@compiled
def next_move(watch, arc, entry, first, last, hop, trip, now):
    """Return when a trip whose hops are ``arc[first:last]`` makes its move onto ``hop``, for which it is ready ``now``.

    Infinite if it never does; then its fate is filled.
    """
    if first == last:
        return now
    closed = watch.closed
    moment = open_at(closed, arc[hop], now) if hop < last else now
    part = -1
    limit = watch.reached[trip]
    if hop > first:
        part = catching(closed, arc[hop - 1], entry[hop - 1])
        limit = closed.catch_time[part] if part >= 0 else np.inf
    if moment > limit + HAIR:
        watch.fate[trip] = QUEUED if hop > first else TOO_LATE
        watch.caught[trip] = limit
        watch.held[trip] = closed.catch_end[part] if hop > first else 0.0
        return np.inf
    if moment == np.inf:
        watch.fate[trip] = CUT_OFF
        watch.caught[trip] = now
    return moment
