"""What happens on each road over time: vehicles, peak, delay, roads over capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..kernels import compiled
from .queue.traffic import Traffic, road_traffic
from .result import RoutingResult
from .shared.by_arc import by_arc
from .shared.choices import PRESENT
from .shared.volume_delay import background_at


@dataclass(frozen=True)
class RoadUse:
    """Use of the directed arcs that carry a trip.

    Attributes
    ----------
    arc : (k,) int64
        Arcs, ascending.
    vehicles, peak : (k,) int64
        Trips that use the arc, and most of them present at once; the background is in neither.
    peak_time : (k,) float64
        Seconds at which the peak is first reached.
    first, last : (k,) float64
        Seconds at which the first trip enters and the last one leaves; inf where one never does.
    mean, delay : (k,) float64
        Mean travel time in seconds; vehicle-seconds above free flow.
    over_capacity : (k,) bool
        Whether trips and background together are more than the arc's capacity: at once, while a trip is on it
        (``present``), or in the period (``cumulative``); under ``queue`` whether at least 3 queue for 5 minutes.
    traffic : Traffic or None
        What queues there (``queue`` only).
    """

    arc: np.ndarray
    vehicles: np.ndarray
    peak: np.ndarray
    peak_time: np.ndarray
    first: np.ndarray
    last: np.ndarray
    mean: np.ndarray
    delay: np.ndarray
    over_capacity: np.ndarray
    traffic: Traffic | None = None


@compiled
def find_peaks(start, entries, exits, peak, peak_time):
    """Fill peak and its time of each list of sorted entries and exits; a vehicle that leaves makes room at once."""
    for number in range(len(start) - 1):
        out = start[number]
        for k in range(start[number], start[number + 1]):
            while out < start[number + 1] and exits[out] <= entries[k]:
                out += 1
            present = k - out + 1
            if present > peak[number]:
                peak[number] = present
                peak_time[number] = entries[k]


@compiled
def find_fullest(cost, arc, start, entries, exits, fullest):
    """Fill the most trips and background vehicles at once on each ``arc`` (k,) while a trip is on it.

    That is where a trip enters or where the background changes.
    """
    for number in range(len(arc)):
        out = start[number]
        for k in range(start[number], start[number + 1]):
            while out < start[number + 1] and exits[out] <= entries[k]:
                out += 1
            fullest[number] = max(fullest[number], k - out + 1 + background_at(cost, arc[number], entries[k]))
        if cost.background_row[arc[number]] < 0:
            continue
        k, out = start[number], start[number]
        for column in range(len(cost.background_times)):
            while k < start[number + 1] and entries[k] <= cost.background_times[column]:
                k += 1
            while out < start[number + 1] and exits[out] <= cost.background_times[column]:
                out += 1
            if k > out:
                there = cost.background_value[cost.background_row[arc[number]], column]
                fullest[number] = max(fullest[number], k - out + there)


def road_use(result: RoutingResult, is_road: np.ndarray | None = None, control: Control | None = None) -> RoadUse:
    """Return the use of every arc that carries a trip; ``is_road`` (m,) bool tells which arcs count, by default all.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    schedule = result.everybody().schedule
    counts = np.ones(len(schedule.arc), dtype=bool) if is_road is None else is_road[schedule.arc]
    hop_arc, entry, leave = schedule.arc[counts], schedule.entry[counts], schedule.exits()[counts]
    hops = by_arc(hop_arc, control)
    arc, bounds, vehicles = hops.arc, hops.bounds, hops.count
    entries, exits = hops.sorted(entry, control), hops.sorted(leave, control)
    peak, peak_time = np.zeros(len(arc), dtype=np.int64), np.zeros(len(arc))
    find_peaks(bounds, entries, exits, peak, peak_time)
    seconds = np.bincount(hop_arc, weights=leave - entry, minlength=result.problem.arcs)[arc]
    delay = np.maximum(seconds - vehicles * result.problem.cost.free_flow[arc], 0.0)
    traffic = None
    if result.queue is not None:
        traffic = road_traffic(result.queue.roads, result.queue.everybody, control).at(arc)
        over = traffic.over_capacity
    else:
        carried = vehicles + result.static[arc]
        if result.flow_model == PRESENT:
            carried = np.zeros(len(arc))
            find_fullest(result.problem.cost, arc, bounds, entries, exits, carried)
        over = carried > result.problem.limit[arc] + 1e-9
    first, last = entries[bounds[:-1]], exits[bounds[1:] - 1]
    return RoadUse(arc, vehicles, peak, peak_time, first, last, seconds / np.maximum(vehicles, 1), delay, over, traffic)
