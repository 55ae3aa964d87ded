"""Who enters and leaves each road when, kept sorted so that one trip's stay can be weighed against all others.

The entries and the exits of an arc are two sorted lists in one pool; the vehicles on the arc at a moment are the
entries up to it less the exits up to it. Each list has spare room for trips that are put on the arc later.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..dependencies import compiled
from .volume_delay import background_at, travel_time


class Timetable(NamedTuple):
    """Sorted entries and exits of every arc.

    Attributes
    ----------
    start, size, room : (m,) int64
        First position in the pools, number of vehicles, positions reserved.
    entries, exits : (p,) float64
        Seconds.
    used : (1,) int64
        Positions of the pools that are reserved.
    """

    start: np.ndarray
    size: np.ndarray
    room: np.ndarray
    entries: np.ndarray
    exits: np.ndarray
    used: np.ndarray


def empty_timetable(size: np.ndarray) -> Timetable:
    """Return a timetable with ``size`` (m,) vehicles on each arc, their times still to be filled, and room for more."""
    room = size + size // 4 + 4
    start = np.r_[0, np.cumsum(room)[:-1]].astype(np.int64)
    used = int(room.sum())
    return Timetable(start, size, room, np.empty(2 * used), np.empty(2 * used), np.array([used], dtype=np.int64))


def sorted_timetable(arcs: int, arc: np.ndarray, entry: np.ndarray, leave: np.ndarray) -> Timetable:
    """Return the timetable of stays (k,) given in any order."""
    table = empty_timetable(np.bincount(arc, minlength=arcs).astype(np.int64))
    sort_stays(table, arc, entry, leave, np.zeros(arcs, dtype=np.int64))
    return table


def copied(table: Timetable) -> Timetable:
    """Return a timetable with the same content, to be changed."""
    return Timetable(*(array.copy() for array in table))


@compiled
def sort_stays(table, arc, entry, leave, filled):
    """Put the stays (k,) into the lists of their arcs and sort these."""
    for k in range(len(arc)):
        at = table.start[arc[k]] + filled[arc[k]]
        table.entries[at] = entry[k]
        table.exits[at] = leave[k]
        filled[arc[k]] += 1
    for road in range(len(table.start)):
        first = table.start[road]
        last = first + filled[road]
        if last - first > 1:
            table.entries[first:last].sort()
            table.exits[first:last].sort()


@compiled
def count_until(values, first, last, limit):
    """Return how many of the sorted ``values[first:last]`` are at most ``limit``."""
    low = first
    high = last
    while low < high:
        middle = (low + high) >> 1
        if values[middle] <= limit:
            low = middle + 1
        else:
            high = middle
    return low - first


@compiled
def make_room(table, road):
    """Give the lists of ``road`` room for one more stay, at the end of the pools; return False when these are full."""
    if table.size[road] < table.room[road]:
        return True
    room = 2 * table.room[road] + 4
    first = table.used[0]
    if first + room > len(table.entries):
        return False
    old = table.start[road]
    for k in range(table.size[road]):
        table.entries[first + k] = table.entries[old + k]
        table.exits[first + k] = table.exits[old + k]
    table.start[road] = first
    table.room[road] = room
    table.used[0] = first + room
    return True


@compiled
def insert_sorted(values, first, size, value):
    """Insert ``value`` into the sorted ``values[first:first + size]``, which has room for one more."""
    at = first + size
    while at > first and values[at - 1] > value:
        values[at] = values[at - 1]
        at -= 1
    values[at] = value


@compiled
def remove_sorted(values, first, size, value):
    """Take one ``value`` out of the sorted ``values[first:first + size]``."""
    at = first + count_until(values, first, first + size, value) - 1
    while at < first + size - 1:
        values[at] = values[at + 1]
        at += 1


@compiled
def hop_at(cost, table, value, road, now, own_entry, own_exit):
    """Return ``(time, delay)`` of entering ``road`` at ``now`` besides everyone else in the timetable.

    ``time`` is the hop's own seconds; ``delay`` the vehicle-seconds by which it slows those that enter during its
    stay, each by one vehicle more at the flow met on entry. A stay of the trip itself that is still in the timetable,
    from ``own_entry`` to ``own_exit``, is not counted (inf, inf: none).
    """
    size = table.size[road]
    flow = background_at(cost, road, now)
    if size == 0:
        return travel_time(cost, road, flow), 0.0
    first = table.start[road]
    entered = count_until(table.entries, first, first + size, now)
    flow += entered - count_until(table.exits, first, first + size, now)
    if own_entry <= now < own_exit:
        flow -= 1.0
    seconds = travel_time(cost, road, flow)
    if entered == size:
        return seconds, 0.0
    until = now + seconds
    following = count_until(table.entries, first + entered, first + size, until)
    if now < own_entry <= until:
        following -= 1
    if following == 0:
        return seconds, 0.0
    delay = following * (travel_time(cost, road, flow + 1.0) - seconds)
    column = value.column[road]
    if column >= 0:
        delay *= value.value[min(int((now + 0.5 * seconds) / value.step), len(value.value) - 1), column]
    return seconds, delay
