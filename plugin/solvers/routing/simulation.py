"""Exact evaluation of routes under ``present`` by event simulation ([E] Definitions 6 and 7, eq. 17, 18).

A vehicle that arrives at a node at time t enters its next road at once. The flow it meets is the background at t and
the vehicles on that road at that moment, itself not counted; this fixes the time of its hop. Events are handled in
order of time, equal times by trip index: a vehicle of a higher index that leaves the road at the very same moment is
still on it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ..control import IsCancelled, Progress, never, no_progress, stop_if
from ..dependencies import compiled
from .heap import drop_first, push, replace_first
from .problem import RoutingProblem
from .routes import Routes
from .timetable import Timetable, copy_begun, empty_timetable
from .volume_delay import background_at, travel_time

SLICE_SECONDS = 0.1


@dataclass(frozen=True)
class Schedule:
    """When every vehicle is where.

    Attributes
    ----------
    indptr : (t+1,) int64
        Offsets of the trips into ``arc`` and ``entry``.
    arc : (k,) int32
        Arcs in travel order.
    entry : (k,) float64
        Seconds at which the arc is entered; it is left when the next one is entered or at the arrival.
    arrival : (t,) float64
        Seconds at which the destination is reached; the departure for a trip without arcs.
    table : Timetable, optional
        The entries and exits of every arc, when they were recorded.
    order : (k,) int32, optional
        The hops (positions in ``arc``) in the order in which they ended, when it was recorded.
    """

    indptr: np.ndarray
    arc: np.ndarray
    entry: np.ndarray
    arrival: np.ndarray
    table: Timetable | None = None
    order: np.ndarray | None = None

    def exits(self) -> np.ndarray:
        """Return the seconds (k,) at which each arc is left."""
        leave = np.empty_like(self.entry)
        leave[:-1] = self.entry[1:]
        used = self.indptr[1:] > self.indptr[:-1]
        leave[self.indptr[1:][used] - 1] = self.arrival[used]
        return leave


class Slices:
    """How many steps a kernel call may take so that progress and cancelling are served about ten times a second."""

    def __init__(self, steps: int = 500) -> None:
        self.steps = steps
        self._start = time.perf_counter()

    def next(self) -> int:
        """Return the steps of the next call, adapted to how long the last one took."""
        now = time.perf_counter()
        taken = max(now - self._start, 1e-6)
        self._start = now
        self.steps = int(min(max(self.steps * min(SLICE_SECONDS / taken, 8.0), 50), 5_000_000))
        return self.steps


@compiled
def simulate_steps(
    cost, start, end, arc, entry, arrival, position, entered, left, table, order, keys, trips, counts, steps
):
    """Handle up to ``steps`` events.

    Parameters
    ----------
    start, end, position : (t,) int64
        The hops of a trip are ``arc[start:end]``; its next one is ``position``.
    entered, left : (m,) int64
        Vehicles that have entered and left each arc so far.
    table : Timetable
        Filled with entries and exits, when ``order`` (k,) is not empty; that is filled with the hops as they end.
    keys, trips : (t,)
        Heap of (time, trip).
    counts : (2,) int64
        Size of the heap, 0 when every vehicle has arrived; number of hops that have ended.
    """
    size = counts[0]
    ended = counts[1]
    record = len(order) > 0
    while size > 0 and steps > 0:
        steps -= 1
        now = keys[0]
        trip = trips[0]
        hop = position[trip]
        if hop > start[trip]:
            road = arc[hop - 1]
            if record:
                table.exits[table.start[road] + left[road]] = now
                order[ended] = hop - 1
            left[road] += 1
            ended += 1
        if hop == end[trip]:
            arrival[trip] = now
            size = drop_first(keys, trips, size)
            continue
        road = arc[hop]
        entry[hop] = now
        flow = entered[road] - left[road] + background_at(cost, road, now)
        if record:
            table.entries[table.start[road] + entered[road]] = now
            table.worth[table.start[road] + entered[road]] = entered[road] + 1.0
        entered[road] += 1
        position[trip] = hop + 1
        replace_first(keys, trips, size, now + travel_time(cost, road, flow), trip)
    counts[0] = size
    counts[1] = ended


@compiled
def fill_heap(keys, trips, departure):
    """Put every trip into the heap at its departure; return the size."""
    size = 0
    for trip in range(len(departure)):
        size = push(keys, trips, size, departure[trip], trip)
    return size


def simulate(
    problem: RoutingProblem,
    routes: Routes,
    progress: Progress = no_progress,
    cancelled: IsCancelled = never,
    record: bool = False,
) -> Schedule:
    """Return when every vehicle is where if the trips take ``routes``; with its timetable if it is to ``record`` it.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    indptr, arc = routes.expanded()
    return simulate_rows(problem, indptr, arc, progress, cancelled, record)


def simulate_rows(
    problem: RoutingProblem,
    indptr: np.ndarray,
    arc: np.ndarray,
    progress: Progress = no_progress,
    cancelled: IsCancelled = never,
    record: bool = False,
) -> Schedule:
    """Return the schedule of routes given as one row of arcs a trip; see :func:`simulate`."""
    trips = problem.trips
    entry, arrival = np.empty(len(arc)), problem.departure.copy()
    start, end = indptr[:-1], indptr[1:]
    position, (entered, left) = start.copy(), np.zeros((2, problem.arcs), dtype=np.int64)
    size = np.bincount(arc, minlength=problem.arcs).astype(np.int64) if record else entered
    table, order = empty_timetable(size), np.empty(len(arc) if record else 0, dtype=np.int32)
    keys, items = np.empty(trips), np.empty(trips, dtype=np.int64)
    counts = np.array([fill_heap(keys, items, problem.departure), 0], dtype=np.int64)
    slices = Slices()
    while counts[0] > 0:
        stop_if(cancelled)
        simulate_steps(
            problem.cost, start, end, arc, entry, arrival, position, entered, left, table, order, keys, items, counts,
            slices.next(),
        )  # fmt: skip
        progress(counts[1] / max(len(arc), 1), "")
    return Schedule(indptr, arc, entry, arrival, table, order) if record else Schedule(indptr, arc, entry, arrival)


@compiled
def wind_back(start, end, arc, entry, arrival, time, trip, shift, position, entered, left, keys, trips):
    """Set a simulation to the moment just before ``trip`` enters an arc at ``time``; return the size of the heap.

    ``start``, ``end`` (t,), ``arc``, ``entry`` and ``arrival`` are those of the finished one. ``position`` (t,) is
    filled with the next hop of each trip, ``shift`` places on for the trips after ``trip``.
    """
    size = 0
    for other in range(len(start)):
        done = start[other]
        while done < end[other] and (entry[done] < time or (entry[done] == time and other < trip)):
            entered[arc[done]] += 1
            if done > start[other]:
                left[arc[done - 1]] += 1
            done += 1
        coming = entry[done] if done < end[other] else arrival[other]
        if done == end[other] and (coming < time or (coming == time and other < trip)):
            if done > start[other]:
                left[arc[done - 1]] += 1
        else:
            size = push(keys, trips, size, coming, other)
        position[other] = done + (shift if other > trip else 0)
    return size


def simulate_changed(
    problem: RoutingProblem,
    schedule: Schedule,
    trip: int,
    hop: int,
    removed: int,
    new: np.ndarray,
    cancelled: IsCancelled = never,
) -> Schedule:
    """Return the recorded schedule when ``new`` (c,) arcs take the place of ``removed`` ones of a trip from a hop on.

    ``hop`` is a position in the arcs of the recorded ``schedule``. Up to the moment at which it is entered nothing
    changes, so the simulation starts there.
    """
    if schedule.table is None or schedule.order is None:
        raise ValueError("The schedule was not recorded.")
    shift, trips = len(new) - removed, problem.trips
    old, behind = schedule.indptr, hop + removed
    indptr = old.copy()
    indptr[trip + 1 :] += shift
    arc = np.concatenate([schedule.arc[:hop], np.asarray(new, dtype=np.int32), schedule.arc[behind:]])
    entry = np.concatenate([schedule.entry[:hop], np.empty(len(new)), schedule.entry[behind:]])
    arrival, position = schedule.arrival.copy(), np.empty(trips, dtype=np.int64)
    entered, left = np.zeros((2, problem.arcs), dtype=np.int64)
    keys, items = np.empty(trips), np.empty(trips, dtype=np.int64)
    size = wind_back(
        old[:-1], old[1:], schedule.arc, schedule.entry, arrival, schedule.entry[hop], trip, shift, position, entered,
        left, keys, items,
    )  # fmt: skip
    table = empty_timetable(np.bincount(arc, minlength=problem.arcs).astype(np.int64))
    copy_begun(schedule.table, table, entered, left)
    ended, order = int(left.sum()), np.empty(len(arc), dtype=np.int32)
    order[:ended] = schedule.order[:ended]
    order[:ended][order[:ended] >= behind] += shift
    counts, slices = np.array([size, ended], dtype=np.int64), Slices()
    while counts[0] > 0:
        stop_if(cancelled)
        simulate_steps(
            problem.cost, indptr[:-1], indptr[1:], arc, entry, arrival, position, entered, left, table, order, keys,
            items, counts, slices.next(),
        )  # fmt: skip
    return Schedule(indptr, arc, entry, arrival, table, order)
