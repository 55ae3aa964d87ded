"""A recorded schedule laid out so that single routes can be changed: rows with spare room, sorted lists of hops by arc.

The row of a trip holds its hops and then, as a last place without an arc, its arrival; so a hop always ends when the
next place of the row begins. A changed route gets a new row at the end of the pool; no hop ever changes its number.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import compiled, compiled_with_arrays
from .problem import RoutingProblem
from .simulation import Schedule
from .timetable import Timetable, count_until, empty_timetable

NO_ARC = -1


class Record(NamedTuple):
    """Who is where when.

    Attributes
    ----------
    start, end : (t,) int64
        First place of each trip's row, and the place of its arrival.
    arc : (p,) int32
        Arc of each place, NO_ARC at an arrival.
    entry : (p,) float64
        Seconds at which it begins.
    trip : (p,) int32
        Trip of each place.
    table : Timetable
        Entries and exits of each arc.
    entering, leaving : int32
        The hops of these entries and exits, in the order of time, then trip.
    """

    start: np.ndarray
    end: np.ndarray
    arc: np.ndarray
    entry: np.ndarray
    trip: np.ndarray
    table: Timetable
    entering: np.ndarray
    leaving: np.ndarray


def record_of(problem: RoutingProblem, schedule: Schedule, spare: int) -> tuple[Record, np.ndarray]:
    """Return a recorded schedule as a record with ``spare`` more places, and its hops in the order of their exits."""
    if schedule.order is None:
        raise ValueError("The schedule was not recorded.")
    trips, hops = problem.trips, np.diff(schedule.indptr)
    number = np.repeat(np.arange(trips, dtype=np.int32), hops)
    start, end = schedule.indptr[:-1] + np.arange(trips), schedule.indptr[1:] + np.arange(trips)
    places = len(number) + trips + spare
    arc, entry, trip = np.full(places, NO_ARC, dtype=np.int32), np.empty(places), np.empty(places, dtype=np.int32)
    fill_rows_with_arrivals(schedule.indptr, schedule.arc, schedule.entry, schedule.arrival, arc, entry, trip)
    order = schedule.order + number[schedule.order]
    table = empty_timetable(np.bincount(schedule.arc, minlength=problem.arcs).astype(np.int64))
    table.worth[: table.used[0]] = np.arange(1, table.used[0] + 1) - np.repeat(table.start, table.room)
    entering, leaving = np.empty((2, int(table.used[0])), dtype=np.int32)
    record = Record(start, end, arc, entry, trip, table, entering, leaving)
    departing = np.lexsort((np.arange(trips), problem.departure))
    fill_lists(record, order, departing[hops[departing] > 0])
    return record, order


@compiled
def fill_rows_with_arrivals(indptr, from_arc, from_entry, arrival, arc, entry, trip):
    """Fill the rows of a record."""
    at = 0
    for number in range(len(arrival)):
        for k in range(indptr[number], indptr[number + 1]):
            arc[at] = from_arc[k]
            entry[at] = from_entry[k]
            trip[at] = number
            at += 1
        entry[at] = arrival[number]
        trip[at] = number
        at += 1


@compiled_with_arrays
def fill_lists(record, order, departing):
    """Fill all lists; ``order`` holds the hops as they end, ``departing`` the trips with hops as they depart."""
    table = record.table
    entered = table.start.copy()
    left = table.start.copy()
    gone = 0
    for i in range(len(order)):
        hop = order[i]
        now = record.entry[hop + 1]
        trip = record.trip[hop]
        while gone < len(departing):
            other = departing[gone]
            begun = record.start[other]
            if record.entry[begun] > now or (record.entry[begun] == now and other > trip):
                break
            enter(record, entered, begun)
            gone += 1
        road = record.arc[hop]
        record.leaving[left[road]] = hop
        table.exits[left[road]] = now
        left[road] += 1
        if record.arc[hop + 1] >= 0:
            enter(record, entered, hop + 1)


@compiled
def enter(record, entered, hop):
    """Put a hop at the end of its arc's entries, which is at ``entered`` (m,)."""
    road = record.arc[hop]
    place = entered[road]
    record.entering[place] = hop
    record.table.entries[place] = record.entry[hop]
    entered[road] += 1


@compiled
def comes_before(record, hop, now, trip):
    """Return whether a place of a row begins before ``(now, trip)``."""
    then = record.entry[hop]
    return then < now or (then == now and record.trip[hop] < trip)


@compiled
def first_from(record, hops, times, offset, road, now, trip, near):
    """Return the first place of the list ``hops`` of an arc whose event is not before ``(now, trip)``.

    The sorted ``times`` are rounded: they lead to the place, the record decides among those that are equal. ``offset``
    is 0 for entries, 1 for exits, which are when the next place of the row begins. ``near`` is a place to begin at.
    """
    first = record.table.start[road]
    last = first + record.table.size[road]
    rounded = np.float32(now)
    low = near if first < near <= last else first
    if low > first and times[low - 1] >= rounded:
        low = first
    step = 1
    while low + step <= last and times[low + step - 1] < rounded:
        low += step
        step *= 2
    high = min(low + step, last)
    while low < high:
        middle = (low + high) >> 1
        if times[middle] < rounded:
            low = middle + 1
        else:
            high = middle
    if low == last or times[low] != rounded:
        return low
    high = low + count_until(times, low, last, rounded)
    while low < high:
        middle = (low + high) >> 1
        if comes_before(record, hops[middle] + offset, now, trip):
            low = middle + 1
        else:
            high = middle
    return low
