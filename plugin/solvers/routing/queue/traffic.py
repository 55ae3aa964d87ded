"""What queues on each road over time: how many, how long, and how long its head stood before a full road."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...kernels import compiled
from ..shared.by_arc import by_arc
from ..shared.problem import CAR
from ..shared.routes import rows_at
from .network import SECOND, QueueRoads
from .simulation import QueueRun

FLOW_WINDOW = 900 * SECOND  # over which the peak flow is counted
A_QUEUE = 3  # vehicles that queue make a queue
OVER_CAPACITY = 300 * SECOND  # a road is over capacity that has a queue for so long without a break
MINUTE = 60 * SECOND


class Traffic(NamedTuple):
    """What each used road passes and holds up.

    A vehicle queues from one headway after it has driven the road at free flow until it leaves the road.

    Attributes
    ----------
    arc : (k,) int64
        The roads that carry a trip, ascending.
    peak_flow : (k,) int64
        Vehicles/h: most exits in any 900 s (just before the end not counted), times 4.
    longest_queue : (k,) int64
        Most vehicles that queue at once.
    queue_minutes : (k,) float64
        Minutes in which at least 3 queue.
    blocked_minutes : (k,) float64
        Minutes in which the head was ready but stood because its next road was full.
    over_capacity : (k,) bool
        Whether at least 3 queue for 5 minutes without a break.
    """

    arc: np.ndarray
    peak_flow: np.ndarray
    longest_queue: np.ndarray
    queue_minutes: np.ndarray
    blocked_minutes: np.ndarray
    over_capacity: np.ndarray

    def at(self, arc: np.ndarray) -> Traffic:
        """Return the same of some of the roads, ``arc`` (k,)."""
        place = np.searchsorted(self.arc, arc)
        return Traffic(*(column[place] for column in self))


class Passage(NamedTuple):
    """Every vehicle on every road (h,): the road, when it enters and when it leaves, microseconds; its trip."""

    arc: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    trip: np.ndarray


class Stays(NamedTuple):
    """Every vehicle on every road (h,), by road, first in first; microseconds.

    Attributes
    ----------
    arc, entry, passed, exit : int64
        The road; when it is entered, driven at free flow, and left.
    ready, queued : int64
        From when the vehicle could leave but for a full road, and from when it queues; both may lie at or after the
        exit.
    """

    arc: np.ndarray
    entry: np.ndarray
    passed: np.ndarray
    exit: np.ndarray
    ready: np.ndarray
    queued: np.ndarray


def stays_on_roads(roads: QueueRoads, run: QueueRun, control: Control | None = None) -> Stays:
    """Return every vehicle on every road; first in, first out: the k-th in is the k-th out.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    passage = passages(run, control)
    hops = by_arc(passage.arc, control)
    entries, exits = hops.sorted(passage.entry, control), hops.sorted(passage.exit, control)
    arc = np.repeat(hops.arc, hops.count)
    passed = entries + roads.travel[arc]
    ready = passed.copy()
    after = np.ones(len(exits), dtype=bool)
    after[hops.bounds[:-1]] = False
    after = np.flatnonzero(after)
    headway = headways(roads, arc[after], exits[after - 1])
    if len(run.plan.size):
        size = run.plan.size[passage.trip[hops.order]]
        leaves = np.lexsort((passage.exit[hops.order], arc))  # no two leave a road at one moment
        headway = headway * size[leaves][after - 1] // CAR
    free = exits[after - 1] + headway
    ready[after] = np.maximum(passed[after], free)
    return Stays(arc, entries, passed, exits, ready, passed + headways(roads, arc, passed))


def passages(run: QueueRun, control: Control | None = None) -> Passage:
    """Return who is when on which road, by trip and along its way; who never leaves one is on it until the end."""
    run = run.driven()
    plan = run.plan
    first, last = np.zeros(len(run.moment), dtype=bool), np.zeros(len(run.moment), dtype=bool)
    first[plan.move[:-1][plan.hops > 0]] = True
    last[plan.move[1:][plan.hops > 0] - 1] = True
    arc = rows_at(plan.first, plan.hops, plan.arc, control)
    trip = np.repeat(np.arange(len(plan.hops)), plan.hops)
    return Passage(arc.astype(np.int64), run.moment[~last], run.moment[~first], trip)


@compiled
def most_exits(bounds, exits, window, most):
    """Fill the most of each list of sorted ``exits`` that lie within less than ``window`` of each other."""
    for number in range(len(bounds) - 1):
        oldest = bounds[number]
        for k in range(bounds[number], bounds[number + 1]):
            while exits[k] - exits[oldest] >= window:
                oldest += 1
            most[number] = max(most[number], k - oldest + 1)


@compiled
def measure_queues(bounds, begins, ends, enough, longest, held, stretch):
    """Fill what each list of stays, by sorted ``begins`` and ``ends``, comes to.

    Most at once in ``longest``, the time with at least ``enough`` at once in ``held``, the longest such time without a
    break in ``stretch``. Whatever begins and ends at one moment is counted together.
    """
    for number in range(len(bounds) - 1):
        k, out, stop = bounds[number], bounds[number], bounds[number + 1]
        since = np.int64(-1)
        while out < stop:
            now = ends[out]
            if k < stop:
                now = min(now, begins[k])
            while k < stop and begins[k] == now:
                k += 1
            while out < stop and ends[out] == now:
                out += 1
            longest[number] = max(longest[number], k - out)
            if k - out >= enough:
                if since < 0:
                    since = now
            elif since >= 0:
                held[number] += now - since
                stretch[number] = max(stretch[number], now - since)
                since = np.int64(-1)


def road_traffic(roads: QueueRoads, run: QueueRun, control: Control | None = None) -> Traffic:
    """Return what each road that carries a trip passes and holds up.

    Where background traffic changes a road, the headway of the moment counts: for a queue that at which the vehicle
    has driven the road, for the next exit that of the exit before.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    stays = stays_on_roads(roads, run, control)
    arc, count = np.unique(stays.arc, return_counts=True)
    bounds = np.r_[0, np.cumsum(count)].astype(np.int64)
    owner = np.repeat(np.arange(len(arc)), count)
    begins, exits = stays.queued, stays.exit
    queues = np.flatnonzero(begins < exits)
    begins, ends = begins[queues], exits[queues]
    if len(roads.change_arc):  # the headway may have fallen
        begins = begins[np.lexsort((begins, owner[queues]))]
    queued = np.r_[0, np.cumsum(np.bincount(owner[queues], minlength=len(arc)))].astype(np.int64)
    longest, held, stretch = (np.zeros(len(arc), dtype=np.int64) for _ in range(3))
    measure_queues(queued, begins, ends, A_QUEUE, longest, held, stretch)
    blocked = np.add.reduceat(exits - stays.ready, bounds[:-1]) if len(arc) else np.zeros(0, dtype=np.int64)
    return Traffic(
        arc,
        peak_flows(bounds, exits),
        longest,
        held / MINUTE,
        blocked / MINUTE,
        stretch >= OVER_CAPACITY,
    )


def peak_flows(bounds: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Return the vehicles/h (k,) of the fullest 900 s of each list of sorted ``moments``, microseconds."""
    most = np.zeros(len(bounds) - 1, dtype=np.int64)
    most_exits(bounds, moments, FLOW_WINDOW, most)
    return most * (3600 * SECOND // FLOW_WINDOW)


def arrivals_by_door(roads: QueueRoads, run: QueueRun, door: np.ndarray, count: int) -> np.ndarray:
    """Return the most vehicles at once (count,) that queue on their last road before the ``door`` (t,) they take.

    Vehicles with door -1, or without a road to drive, take none.
    """
    plan = run.plan
    comes = np.flatnonzero((door >= 0) & (plan.hops > 0))
    out = plan.move[comes + 1] - 1
    arc = plan.arc[plan.first[comes] + plan.hops[comes] - 1].astype(np.int64)
    passed = run.moment[out - 1] + roads.travel[arc]
    begins, ends, at = passed + headways(roads, arc, passed), run.moment[out], door[comes]
    queued = begins < ends
    begins, ends, at = begins[queued], ends[queued], at[queued]
    bounds = np.r_[0, np.cumsum(np.bincount(at, minlength=count))].astype(np.int64)
    longest, held, stretch = (np.zeros(count, dtype=np.int64) for _ in range(3))
    in_order = (column[np.lexsort((column, at))] for column in (begins, ends))
    measure_queues(bounds, *in_order, A_QUEUE, longest, held, stretch)
    return longest


def headways(roads: QueueRoads, arc: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Return the headway (h,) of each road ``arc`` (h,) at a ``moment`` (h,), a change at that moment included."""
    found = roads.headway[arc]
    if not len(roads.change_arc):
        return found
    order = np.lexsort((roads.change_time, roads.change_arc))
    changed, when, then = roads.change_arc[order], roads.change_time[order], roads.change_headway[order]
    for road, first in zip(*np.unique(changed, return_index=True)):
        here = np.flatnonzero(arc == road)
        stop = np.searchsorted(changed, road, side="right")
        k = np.searchsorted(when[first:stop], moment[here], side="right")
        found[here] = np.where(k > 0, then[first:stop][np.maximum(k - 1, 0)], found[here])
    return found
