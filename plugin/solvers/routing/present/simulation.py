"""Exact evaluation of routes under ``present`` by event simulation ([E] Definitions 6 and 7, eq. 17, 18).

A vehicle that arrives at a node at time t enters its next road at once. The flow it meets is the background at t and
the vehicles on that road at that moment, itself not counted; this fixes the time of its hop. Events are handled in
order of time, equal times by trip index: a vehicle of a higher index that leaves the road at the very same moment is
still on it.

Where roads close (:mod:`.run`) who comes to one that is closed waits on the road before, on which he still counts; who
never gets on counts there for good.
"""

from __future__ import annotations

import numpy as np

from ...control import Control, Slices
from ...graph.heap import drop_first, fill_heap, replace_first
from ...kernels import compiled
from ..shared.closed_arcs import NOTHING_CLOSES, Watch, next_move
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from ..shared.schedule import Schedule
from ..shared.timetable import NO_TIMETABLE, empty_timetable
from ..shared.volume_delay import background_at, travel_time

ORDER, TIMETABLE = 1, 2  # what a simulation records: the order of the hops, that and the timetable


@compiled
def simulate_steps(
    cost, watch, start, end, arc, entry, arrival, position, entered, left, table, order, keys, trips, counts, steps
):
    """Handle up to ``steps`` events.

    Parameters
    ----------
    watch : Watch
        What closes, and what becomes of the trips then.
    start, end, position : (t,) int64
        The hops of a trip are ``arc[start:end]``; its next one is ``position``.
    entered, left : (m,) int64
        Vehicles that have entered and left each arc so far.
    table : Timetable
        Filled with entries and exits, unless it is empty.
    order : (k,) int32
        Filled with the hops as they end, unless it is empty.
    keys, trips : (t,)
        Heap of (time, trip).
    counts : (2,) int64
        Size of the heap, 0 when every vehicle has arrived; number of hops that have ended.
    """
    size = counts[0]
    ended = counts[1]
    ordered = len(order) > 0
    record = len(table.size) > 0
    watched = len(watch.reached) > 0
    while size > 0 and steps > 0:
        steps -= 1
        now = keys[0]
        trip = trips[0]
        hop = position[trip]
        if watched:
            moment = next_move(watch, arc, entry, start[trip], end[trip], hop, trip, now)
            if moment == np.inf:
                size = drop_first(keys, trips, size)
                continue
            if moment > now:
                replace_first(keys, trips, size, moment, trip)
                continue
        if hop > start[trip]:
            hop_arc = arc[hop - 1]
            if record:
                table.exits[table.start[hop_arc] + left[hop_arc]] = now
            if ordered:
                order[ended] = hop - 1
            left[hop_arc] += 1
            ended += 1
        if hop == end[trip]:
            arrival[trip] = now
            size = drop_first(keys, trips, size)
            continue
        hop_arc = arc[hop]
        entry[hop] = now
        flow = entered[hop_arc] - left[hop_arc] + background_at(cost, hop_arc, now)
        if record:
            table.entries[table.start[hop_arc] + entered[hop_arc]] = now
            table.delay_value[table.start[hop_arc] + entered[hop_arc]] = entered[hop_arc] + 1.0
        entered[hop_arc] += 1
        position[trip] = hop + 1
        replace_first(keys, trips, size, now + travel_time(cost, hop_arc, flow), trip)
    counts[0] = size
    counts[1] = ended


def simulate(problem: RoutingProblem, routes: Routes, control: Control | None = None, record: int = 0) -> Schedule:
    """Return when every vehicle is where if the trips take ``routes`` and nothing closes.

    ``record`` is ORDER, TIMETABLE or 0.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    indptr, arc = routes.expanded(control)
    return simulate_rows(problem, indptr, arc, control, record)


def simulate_rows(
    problem: RoutingProblem,
    indptr: np.ndarray,
    arc: np.ndarray,
    control: Control | None = None,
    record: int = 0,
    watch: Watch = NOTHING_CLOSES,
) -> Schedule:
    """Return the schedule of routes given as one row of arcs a trip; see :func:`simulate`.

    Under ``watch`` an arc that is never entered has an infinite entry.
    """
    control = control or Control()
    trips = problem.trips
    entry, arrival = np.empty(len(arc)), problem.departure.copy()
    if len(watch.reached):
        entry[:] = np.inf
    start, end = indptr[:-1], indptr[1:]
    position, (entered, left) = start.copy(), np.zeros((2, problem.arcs), dtype=np.int64)
    table, order = None, np.empty(len(arc) if record else 0, dtype=np.int32)
    if record == TIMETABLE:
        table = empty_timetable(np.bincount(arc, minlength=problem.arcs).astype(np.int64))
    keys, items = np.empty(trips), np.empty(trips, dtype=np.int64)
    counts = np.array([fill_heap(keys, items, problem.departure), 0], dtype=np.int64)
    slices = Slices()
    while counts[0] > 0:
        control.stop_if_cancelled()
        simulate_steps(
            problem.cost, watch, start, end, arc, entry, arrival, position, entered, left, table or NO_TIMETABLE,
            order, keys, items, counts, slices.next(),
        )  # fmt: skip
        control.progress(counts[1] / max(len(arc), 1), "")
    return Schedule(indptr, arc, entry, arrival, table, order if record else None)
