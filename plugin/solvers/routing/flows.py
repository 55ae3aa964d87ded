"""What is on each road from one interval of time to the next: who enters, who queues, what is lost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..graph.stars import spread_rows
from .queue.network import SECOND, microseconds
from .queue.traffic import Stays, stays_on_roads
from .result import RoutingResult

MOST_ROWS = 20_000_000


class Flows(NamedTuple):
    """Roads by interval, (k,) each, by road, then by time; only those with a vehicle on the road.

    Attributes
    ----------
    arc : int64
    begin, end : float64
        The interval in seconds from t = 0, its end not counted.
    entered : int64
        Vehicles that enter in it.
    queue : float64 or None
        Mean number of vehicles that queue (``queue`` only).
    delay : float64
        Vehicle-seconds above free flow that pass in it.
    blocked : float64 or None
        Minutes in which the head was ready but stood because its next road was full (``queue`` only).
    """

    arc: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    entered: np.ndarray
    queue: np.ndarray | None
    delay: np.ndarray
    blocked: np.ndarray | None


def road_flows(
    result: RoutingResult, seconds: float, is_road: np.ndarray | None = None, control: Control | None = None
) -> Flows:
    """Return what is on each road in intervals of ``seconds`` from t = 0; ``is_road`` (m,) tells which arcs count.

    A vehicle's delay begins when it has driven the road at free flow.

    Raises
    ------
    SolverError
        When the intervals are too short to be written.
    Cancelled
        When the user stops.
    """
    control = control or Control()
    flows = flows_of(_stays(result, is_road, control), max(int(round(seconds * SECOND)), 1), control)
    return flows if result.queue is not None else flows._replace(queue=None, blocked=None)


def flows_of(stays: Stays, width: int, control: Control | None = None) -> Flows:
    """Return the same of vehicles on roads, in intervals of ``width`` microseconds."""
    control = control or Control()
    last = np.maximum(stays.exit - 1, stays.entry) // width
    if int((last - stays.entry // width + 1).sum()) > MOST_ROWS:
        raise SolverError(f"FLOW_MINUTES: {width / 60 / SECOND:g} min give more rows than can be written; choose more.")
    slices = int(last.max(initial=0)) + 1
    control.stop_if_cancelled()
    there = _parts(stays.arc, stays.entry, last * width + width, width, slices)[0]
    cells = np.unique(there)
    control.stop_if_cancelled()
    entered = np.zeros(len(cells), dtype=np.int64)
    np.add.at(entered, np.searchsorted(cells, stays.arc * slices + stays.entry // width), 1)
    late = np.minimum(stays.passed, stays.exit)

    def shared(begin: np.ndarray) -> np.ndarray:
        """Return the microseconds of the stays from ``begin`` to their exits, by cell."""
        control.stop_if_cancelled()
        own = begin < stays.exit
        key, length = _parts(stays.arc[own], begin[own], stays.exit[own], width, slices)
        return np.bincount(np.searchsorted(cells, key), weights=length, minlength=len(cells))

    begin = cells % slices * width / SECOND
    return Flows(
        cells // slices,
        begin,
        begin + width / SECOND,
        entered,
        shared(stays.queued) / width,
        shared(late) / SECOND,
        shared(stays.ready) / (60 * SECOND),
    )


def _stays(result: RoutingResult, is_road: np.ndarray | None, control: Control) -> Stays:
    """Return every vehicle on every road."""
    if result.queue is not None:
        return stays_on_roads(result.queue.roads, result.queue.everybody, control)
    schedule = result.everybody().schedule
    counts = np.ones(len(schedule.arc), dtype=bool) if is_road is None else is_road[schedule.arc]
    arc = schedule.arc[counts].astype(np.int64)
    entry, leave = schedule.entry[counts], schedule.exits()[counts]
    passed, left = microseconds(entry + result.problem.cost.free_flow[arc]), microseconds(leave)
    return Stays(arc, microseconds(entry), passed, left, left, left)


def _parts(
    arc: np.ndarray, begin: np.ndarray, end: np.ndarray, width: int, slices: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of stays from ``begin`` to ``end`` in each interval that they meet: its cell, how long."""
    first = begin // width
    count = (end - 1) // width - first + 1
    row, number = spread_rows(first, count)
    start = np.maximum(begin[row], number * width)
    stop = np.minimum(end[row], (number + 1) * width)
    return arc[row] * slices + number, stop - start
