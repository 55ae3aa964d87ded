"""Who enters and leaves each road when, kept sorted so that one trip's stay can be weighed against all others.

The entries and the exits of an arc are two sorted lists in one pool; the vehicles on the arc at a moment are the
entries up to it less the exits up to it. Each list has spare room for trips that are put on the arc later.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...kernels import compiled
from .routes import row_slices
from .volume_delay import background_at, travel_time


class Timetable(NamedTuple):
    """Sorted entries and exits of every arc.

    Attributes
    ----------
    start, size, room : (m,) int64
        First position in the pools, number of vehicles, positions reserved.
    entries, exits : (p,) float32
        Seconds.
    delay_value : (p,) float32
        Value of a second of delay to each of those that enter, summed from an arc's first one on, in vehicle-seconds
        of everyone: 1, 2, 3 ... when only those count that are held up themselves.
    used : (1,) int64
        Positions of the pools that are reserved.
    """

    start: np.ndarray
    size: np.ndarray
    room: np.ndarray
    entries: np.ndarray
    exits: np.ndarray
    delay_value: np.ndarray
    used: np.ndarray


def empty_timetable(size: np.ndarray) -> Timetable:
    """Return a timetable with ``size`` (m,) vehicles on each arc, their times still to be filled, and room for more."""
    room = size + size // 4 + 4
    start = np.cumsum(room) - room
    used = int(room.sum())
    entries, exits, delay_value = np.empty((3, 2 * used), dtype=np.float32)
    return Timetable(start, size, room, entries, exits, delay_value, np.array([used], dtype=np.int64))


NO_TIMETABLE = empty_timetable(np.empty(0, dtype=np.int64))


def copied(table: Timetable, control: Control | None = None) -> Timetable:
    """Return a timetable with the same content and new room, to be changed.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    other = empty_timetable(table.size.copy())
    for arcs in row_slices(np.r_[0, np.cumsum(table.size)], control):
        copy_lists(table, other, arcs.start, arcs.stop)
    return other


@compiled
def copy_lists(table, other, first_arc, last_arc):
    """Copy the lists of the arcs from the first to before the last to another timetable with room."""
    for arc in range(first_arc, last_arc):
        first = table.start[arc]
        to = other.start[arc]
        for k in range(table.size[arc]):
            other.entries[to + k] = table.entries[first + k]
            other.delay_value[to + k] = table.delay_value[first + k]
            other.exits[to + k] = table.exits[first + k]


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
def seek(values, first, last, count, limit):
    """Return how many of the sorted ``values[first:last]`` are at most ``limit``, from a ``count`` that is near."""
    while count > 0 and values[first + count - 1] > limit:
        count -= 1
    while first + count < last and values[first + count] <= limit:
        count += 1
    return count


@compiled
def make_room(table, arc):
    """Give the lists of ``arc`` room for one more stay, at the end of the pools; return False when these are full."""
    if table.size[arc] < table.room[arc]:
        return True
    room = 2 * table.room[arc] + 4
    first = table.used[0]
    if first + room > len(table.entries):
        return False
    old = table.start[arc]
    for k in range(table.size[arc]):
        table.entries[first + k] = table.entries[old + k]
        table.exits[first + k] = table.exits[old + k]
        table.delay_value[first + k] = table.delay_value[old + k]
    table.start[arc] = first
    table.room[arc] = room
    table.used[0] = first + room
    return True


@compiled
def shift_up(values, first, last):
    """Move ``values[first:last]`` one place up; views indexed from 0 are what the compiler makes a block move of."""
    part = values[first : last + 1]
    for k in range(len(part) - 1, 0, -1):
        part[k] = part[k - 1]


@compiled
def shift_down(values, first, last):
    """Move ``values[first + 1:last + 1]`` one place down."""
    part = values[first:last]
    other = values[first + 1 : last + 1]
    for k in range(len(part)):
        part[k] = other[k]


@compiled
def add_to(values, first, last, more):
    """Add ``more`` to ``values[first:last]``."""
    part = values[first:last]
    for k in range(len(part)):
        part[k] += more


@compiled
def add_stay(table, arc, entry, leave):
    """Put a stay into the lists of ``arc``, which have room; a delay to it has the value of one to the next."""
    first = table.start[arc]
    last = first + table.size[arc]
    at = first + count_until(table.exits, first, last, leave)
    shift_up(table.exits, at, last)
    table.exits[at] = leave
    at = first + count_until(table.entries, first, last, entry)
    before = table.delay_value[at - 1] if at > first else np.float32(0.0)
    own = np.float32(1.0)
    if at < last:
        own = table.delay_value[at] - before
    elif at > first:
        own = before - (table.delay_value[at - 2] if at - 1 > first else np.float32(0.0))
    shift_up(table.entries, at, last)
    shift_up(table.delay_value, at, last)
    table.entries[at] = entry
    table.delay_value[at] = before
    add_to(table.delay_value, at, last + 1, own)
    table.size[arc] += 1


@compiled
def drop_stay(table, arc, entry, leave):
    """Take a stay out of the lists of ``arc``."""
    first = table.start[arc]
    last = first + table.size[arc] - 1
    shift_down(table.exits, first + count_until(table.exits, first, last + 1, leave) - 1, last)
    at = first + count_until(table.entries, first, last + 1, entry) - 1
    own = table.delay_value[at] - (table.delay_value[at - 1] if at > first else np.float32(0.0))
    shift_down(table.entries, at, last)
    shift_down(table.delay_value, at, last)
    add_to(table.delay_value, at, last, -own)
    table.size[arc] -= 1


@compiled
def hop_at(cost, table, arc, now, own_entry, own_exit):
    """Return ``(time, delay)`` of entering ``arc`` at ``now`` besides everyone else in the timetable.

    ``time`` is the hop's own seconds; ``delay`` the vehicle-seconds that it costs the others: those that enter during
    its stay are slowed, each by one vehicle more at the flow met on entry, at the value of a delay to them. A stay of
    the trip itself that is still in the timetable, from ``own_entry`` to ``own_exit``, is not counted (inf, inf: none).
    """
    size = table.size[arc]
    flow = background_at(cost, arc, now)
    if size == 0:
        return travel_time(cost, arc, flow), 0.0
    first = table.start[arc]
    entered = count_until(table.entries, first, first + size, now)
    flow += entered - count_until(table.exits, first, first + size, now)
    if own_entry <= now < own_exit:
        flow -= 1.0
    seconds = travel_time(cost, arc, flow)
    until = now + seconds
    following = count_until(table.entries, first + entered, first + size, until)
    if following == 0:
        return seconds, 0.0
    behind = first + entered
    delay_value = table.delay_value[behind + following - 1] - (table.delay_value[behind - 1] if entered > 0 else 0.0)
    if now < own_entry <= until:
        delay_value *= (following - 1.0) / following
    return seconds, delay_value * (travel_time(cost, arc, flow + 1.0) - seconds)
