"""Who comes in by which door, when, and who queues before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .queue.network import microseconds
from .queue.traffic import arrivals_by_door, peak_flows
from .result import RoutingResult
from .shared.by_arc import by_arc


@dataclass(frozen=True)
class DoorUse:
    """Use of the doors (d,).

    Attributes
    ----------
    vehicles : int64
    people : float64
    peak_flow : int64
        Vehicles/h: most arrivals in any 900 s, times 4.
    longest_queue : int64 or None
        Most vehicles at once that queue on their last road before the door (``queue`` only).
    first, last : float64
        Seconds of the first and last arrival; not a number where nobody comes in.
    """

    vehicles: np.ndarray
    people: np.ndarray
    peak_flow: np.ndarray
    longest_queue: np.ndarray | None
    first: np.ndarray
    last: np.ndarray


def door_use(result: RoutingResult, door: np.ndarray, count: int) -> DoorUse:
    """Return the use of ``count`` doors by trips that come in by ``door`` (r,), -1 for who starts at one."""
    comes = np.flatnonzero(door >= 0)
    arrival, people = result.arrival[comes], result.problem.people[comes]
    grouped = by_arc(door[comes])
    times = grouped.sorted(microseconds(arrival))
    peak, first, last = np.zeros(count, dtype=np.int64), np.full(count, np.nan), np.full(count, np.nan)
    peak[grouped.arc] = peak_flows(grouped.bounds, times)
    if len(comes):
        first[grouped.arc] = np.minimum.reduceat(arrival[grouped.order], grouped.bounds[:-1])
        last[grouped.arc] = np.maximum.reduceat(arrival[grouped.order], grouped.bounds[:-1])
    queue = None
    if result.queue is not None:
        queue = arrivals_by_door(result.queue.roads, result.queue.run, door, count)
    return DoorUse(
        np.bincount(door[comes], minlength=count),
        np.bincount(door[comes], weights=people, minlength=count),
        peak,
        queue,
        first,
        last,
    )
