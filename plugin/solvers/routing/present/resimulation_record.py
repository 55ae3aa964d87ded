"""A recorded schedule laid out so that single routes can be changed: rows with spare room, sorted lists of hops by arc.

The row of a trip holds its hops and then, as a last place without an arc, its arrival; so a hop always ends when the
next place of the row begins. A changed route gets a new row at the end of the pool, so that no hop of another trip
changes its number.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...kernels import compiled
from ..shared.problem import RoutingProblem
from ..shared.routes import row_slices
from ..shared.schedule import Schedule
from ..shared.timetable import Timetable, count_until, empty_timetable

NO_ARC = -1
SLICE = 1_000_000  # hops entered into the lists between two looks at whether the user wants to stop


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


def record_of(
    problem: RoutingProblem, schedule: Schedule, spare: int, control: Control | None = None
) -> tuple[Record, np.ndarray]:
    """Return a recorded schedule as a record with ``spare`` more places, and its hops in the order of their exits.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    if schedule.order is None:
        raise ValueError("The schedule was not recorded.")
    trips, indptr = problem.trips, schedule.indptr
    start, end = indptr[:-1] + np.arange(trips), indptr[1:] + np.arange(trips)
    places = len(schedule.arc) + trips + spare
    arc, entry, trip = np.full(places, NO_ARC, dtype=np.int32), np.empty(places), np.empty(places, dtype=np.int32)
    order, number = np.empty(len(schedule.order), dtype=np.int32), np.empty(len(schedule.arc), dtype=np.int32)
    for part in row_slices(indptr, control):
        fill_places(indptr, schedule.arc, schedule.entry, part.start, part.stop, arc, entry, trip, number)
    entry[end], trip[end] = schedule.arrival, np.arange(trips)
    table = empty_timetable(np.bincount(schedule.arc, minlength=problem.arcs).astype(np.int64))
    table.delay_value[: table.used[0]] = np.arange(1, table.used[0] + 1) - np.repeat(table.start, table.room)
    entering, leaving = np.empty((2, int(table.used[0])), dtype=np.int32)
    record = Record(start, end, arc, entry, trip, table, entering, leaving)
    departing = np.argsort(problem.departure, kind="stable")
    departing = departing[np.diff(indptr)[departing] > 0]
    entered, left, gone = table.start.copy(), table.start.copy(), 0
    for first in range(0, len(order), SLICE):
        control.stop_if_cancelled()
        part = slice(first, min(first + SLICE, len(order)))
        order[part] = schedule.order[part] + number[schedule.order[part]]
        gone = fill_lists(record, order[part], departing, entered, left, gone)
    return record, order


@compiled
def fill_places(indptr, from_arc, from_entry, first, last, arc, entry, trip, number):
    """Fill the rows of the trips from ``first`` to before ``last``, and ``number`` (k,), the trip of each hop."""
    for row in range(first, last):
        for k in range(indptr[row], indptr[row + 1]):
            arc[k + row] = from_arc[k]
            entry[k + row] = from_entry[k]
            trip[k + row] = row
            number[k] = row


@compiled
def fill_lists(record, order, departing, entered, left, gone):
    """Append to the lists of the arcs the exits of ``order`` (k,) and what enters meanwhile.

    Parameters
    ----------
    departing : (d,) int64
        The trips with hops in the order in which they depart, ``gone`` of them before.
    entered, left : (m,) int64
        Ends of the lists so far.

    Returns
    -------
    int
        How many trips have departed now.
    """
    table = record.table
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
        arc = record.arc[hop]
        record.leaving[left[arc]] = hop
        table.exits[left[arc]] = now
        left[arc] += 1
        if record.arc[hop + 1] >= 0:
            enter(record, entered, hop + 1)
    return gone


@compiled
def enter(record, entered, hop):
    """Put a hop at the end of its arc's entries, which is at ``entered`` (m,)."""
    arc = record.arc[hop]
    place = entered[arc]
    record.entering[place] = hop
    record.table.entries[place] = record.entry[hop]
    entered[arc] += 1


@compiled
def comes_before(record, hop, now, trip):
    """Return whether a place of a row begins before ``(now, trip)``."""
    then = record.entry[hop]
    return then < now or (then == now and record.trip[hop] < trip)


@compiled
def first_from(record, hops, times, offset, arc, now, trip, near):
    """Return the first place of the list ``hops`` of an arc whose event is not before ``(now, trip)``.

    The sorted ``times`` are rounded: they lead to the place, the record decides among those that are equal. ``offset``
    is 0 for entries, 1 for exits, which are when the next place of the row begins. ``near`` is a place to begin at.
    """
    first = record.table.start[arc]
    last = first + record.table.size[arc]
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
