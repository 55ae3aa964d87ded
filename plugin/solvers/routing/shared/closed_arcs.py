"""When arcs may be entered and where the hazard catches whom, in seconds, for the model without queues.

Moments that are less than half a microsecond apart count as one, since they are sums made in different orders.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...kernels import compiled
from .bars import first_reached, joined_bars, offsets, open_from
from .closings import CUT_OFF, QUEUED, TOO_LATE, Closings

HAIR = 5e-7  # seconds


class ClosedArcs(NamedTuple):
    """The bars of m arcs, k of them, and the c parts that the hazard reaches.

    Attributes
    ----------
    start : (m + 1,) int64
        The bars of arc e are rows ``start[e]`` to ``start[e + 1]``; without rows where nothing ever closes.
    since, until : (k,) float64
        Nobody may enter from ``since`` until before ``until``, ascending on each arc and apart.
    catch_start : (m + 1,) int64
        Likewise of the parts.
    catch_time : (c,) float64
        When the hazard reaches a part, on each arc in order.
    catch_end : (c,) float64
        So long after his entry somebody leaves the part; on the last one the free-flow time of the arc.
    at_exit : (c,) bool
        Whether it is the last part, left with the arc.
    """

    start: np.ndarray
    since: np.ndarray
    until: np.ndarray
    catch_start: np.ndarray
    catch_time: np.ndarray
    catch_end: np.ndarray
    at_exit: np.ndarray


def closed_arcs(closings: Closings, free_flow: np.ndarray) -> ClosedArcs:
    """Return what closes on arcs with times ``free_flow`` (m,) s."""
    rows = closings.ever()
    begins, ends = rows.begin * free_flow[rows.arc], rows.end * free_flow[rows.arc]
    start, _, since, until = joined_bars(rows.arc, rows.since - begins, rows.until - begins, len(free_flow))
    parts = first_reached(rows.catches, rows.since, rows.arc, begins)
    parts = parts[np.argsort(rows.arc[parts], kind="stable")]
    return ClosedArcs(
        start, since, until,
        offsets(rows.arc[parts], len(free_flow)), rows.since[parts], ends[parts], rows.end[parts] >= 1.0,
    )  # fmt: skip


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
    return open_from(closed, arc, moment, HAIR)


@compiled
def catching(closed, arc, entry):
    """Return the part on which the hazard catches who enters ``arc`` at ``entry`` if he does not leave it; else -1."""
    for k in range(closed.catch_start[arc], closed.catch_start[arc + 1]):
        if closed.at_exit[k] or entry + closed.catch_end[k] > closed.catch_time[k] + HAIR:
            return k
    return -1


@compiled
def waits_until(watch, trip, arc, entry):
    """Return until when the hazard lets a trip wait at the end of ``arc``, entered at ``entry``; -1: at its origin."""
    if arc < 0:
        return watch.reached[trip]
    part = catching(watch.closed, arc, entry)
    return watch.closed.catch_time[part] if part >= 0 else np.inf


@compiled
def entry_in_time(cost, watch, latest, arc, now, limit):
    """Return when who is ready for ``arc`` ``now`` and may wait until ``limit`` enters it so as to arrive in time.

    ``latest`` (m,) is until when one may be at the end of each arc and still arrive. Infinite where he cannot.
    """
    entry = open_at(watch.closed, arc, now)
    if entry > limit + HAIR or not leaves_in_time(watch, latest, arc, entry, entry + cost.free_flow[arc]):
        return np.inf
    return entry


@compiled
def leaves_in_time(watch, latest, arc, entry, ready):
    """Return whether who enters ``arc`` at ``entry``, at its end at ``ready``, is not caught and may still arrive."""
    if ready > latest[arc] + HAIR:
        return False
    part = catching(watch.closed, arc, entry)
    return part < 0 or ready <= watch.closed.catch_time[part] + HAIR


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
