"""The adjoint of an exact run: what a second's delay of each move costs all vehicles together.

Every move happens at a moment that one thing bound: the vehicle's own way to the end of its road, the exit before it
and the headway, or the exit that made room on the next road. Backwards in time each move hands its derivative on to
what bound it, so that one pass gives the marginal value of a delay of every move (the multiplier of its constraint).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...kernels import compiled
from .bars import BEFORE
from .events import Plan, headway_after
from .network import QueueRoads
from .simulation import QueueRun

OWN, HEADWAY, ROOM, NEVER_LEFT = 0, 1, 2, 3  # what bound a move; of who is caught on a road there is no exit


class Traffic(NamedTuple):
    """What passes on each road in a run, in the order of the entries; k vehicles and roads, m roads.

    Attributes
    ----------
    start : (m + 1,) int64
        The vehicles of road e are rows ``start[e]`` to ``start[e + 1]``.
    entry, exit : (k,) int64
        Microseconds, both ascending on each road.
    value : (k,) float64
        What a microsecond's delay of the exit costs everybody, in vehicle-microseconds.
    near : (m,) int64
        Scratch of :func:`.marginal.one_more`: the row of each road that was found last.
    """

    start: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    value: np.ndarray
    near: np.ndarray


@compiled
def find_bounds(roads, plan, trip_of, moment, order, last_exit, last_trip, headway, merged, bound):
    """Fill what bound each move (moves,), in the order in which they were made.

    Of its own way and the exit before, where both bound it, the latter counts if ``merged``.
    """
    change = 0
    for k in range(len(order)):
        move = order[k]
        now = moment[move]
        while change < len(roads.change_time) and roads.change_time[change] <= now:
            headway[roads.change_arc[change]] = roads.change_headway[change]
            change += 1
        trip = trip_of[move]
        hop = move - plan.move[trip] - 1
        if hop < 0:
            bound[move] = OWN if now == plan.departure[trip] else ROOM
            continue
        road = plan.arc[plan.first[trip] + hop]
        in_time = now == moment[move - 1] + roads.travel[road]
        gap = headway_after(plan, last_trip[road], headway[road])
        if now - last_exit[road] <= gap and (merged or not in_time):
            bound[move] = HEADWAY
        elif in_time:
            bound[move] = OWN
        elif hop + 1 < plan.hops[trip]:
            bound[move] = ROOM
        else:
            bound[move] = NEVER_LEFT
        last_exit[road] = now
        last_trip[road] = trip


@compiled
def pass_back(plan, trip_of, order, bound, before, value):
    """Add to the ``value`` (moves,) of each move's own delay that of all it holds up.

    ``before`` (m,) zeros collects for the exit before.
    """
    for k in range(len(order) - 1, -1, -1):
        move = order[k]
        trip = trip_of[move]
        hop = move - plan.move[trip] - 1
        of_all = value[move]
        if hop >= 0:
            road = plan.arc[plan.first[trip] + hop]
            of_all += before[road]
            before[road] = 0.0
        value[move] = of_all
        if bound[move] == HEADWAY:
            before[road] += of_all
        elif bound[move] == ROOM:
            before[plan.arc[plan.first[trip] + hop + 1]] += of_all
        elif bound[move] == OWN and hop >= 0:
            value[move - 1] += of_all


@compiled
def fill_traffic(plan, trip_of, order, moment, value, at, entry, exit, worth):
    """Fill the rows of each road in the order of the exits; ``at`` (m,) is the next row of each."""
    for k in range(len(order)):
        move = order[k]
        trip = trip_of[move]
        hop = move - plan.move[trip] - 1
        if hop < 0:
            continue
        road = plan.arc[plan.first[trip] + hop]
        row = at[road]
        at[road] = row + 1
        entry[row] = moment[move - 1]
        exit[row] = moment[move]
        worth[row] = value[move]


def delay_values(roads: QueueRoads, run: QueueRun, own: np.ndarray | None = None, merged: bool = False) -> np.ndarray:
    """Return what a microsecond's delay of each move (moves,) costs everybody, vehicle-microseconds.

    Parameters
    ----------
    run : QueueRun
        With the order of its moves.
    own : (moves,) float64, optional
        What the delay of that move of :meth:`.QueueRun.driven` alone costs; by default 1 for an arrival, so that the
        total time is what counts.
    merged : bool
        Where a full road feeds another of the same capacity, both bind the exits of the second. What a vehicle more
        costs there is counted once: on the first road, or if ``merged`` on the second, where others may join.
    """
    run = run.driven()
    plan, arcs = run.plan, len(roads.travel)
    trip_of = _trip_of(plan)
    bound = np.empty(len(run.moment), dtype=np.int8)
    if own is None:
        value = np.zeros(len(run.moment))
        value[plan.move[1:][(plan.hops > 0) & run.arrived] - 1] = 1.0
    else:
        value = own.copy()
    last_exit = np.full(arcs, BEFORE, dtype=np.int64)
    last_trip = np.zeros(arcs, dtype=np.int32)  # plays no part before the first exit
    find_bounds(roads, plan, trip_of, run.moment, run.order, last_exit, last_trip, roads.headway.copy(), merged, bound)
    pass_back(plan, trip_of, run.order, bound, np.zeros(arcs), value)
    return value


def traffic_of(roads: QueueRoads, run: QueueRun, own: np.ndarray | None = None, merged: bool = False) -> Traffic:
    """Return what passes on each road, with the value of a delay of every exit; as in :func:`delay_values`."""
    run = run.driven()
    plan, value = run.plan, delay_values(roads, run, own, merged)
    trip_of = _trip_of(plan)
    hop = np.arange(len(run.moment)) - plan.move[trip_of] - 1
    used = plan.arc[(plan.first[trip_of] + hop)[hop >= 0]]
    start = np.r_[0, np.cumsum(np.bincount(used, minlength=len(roads.travel)))].astype(np.int64)
    entry, leave, worth = (np.empty(len(used), dtype=kind) for kind in (np.int64, np.int64, np.float64))
    fill_traffic(plan, trip_of, run.order, run.moment, value, start[:-1].copy(), entry, leave, worth)
    return Traffic(start, entry, leave, worth, start[:-1].copy())


def _trip_of(plan: Plan) -> np.ndarray:
    """Return the trip (moves,) int32 of each move."""
    return np.repeat(np.arange(len(plan.departure), dtype=np.int32), np.diff(plan.move))
