"""Who enters and leaves each road when, kept sorted so that one trip's stay can be weighed against all others.

The entries and the exits of an arc are two sorted lists in one pool; the vehicles on the arc at a moment are the
entries up to it less the exits up to it. Each list has spare room for trips that are put on the arc later.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..dependencies import compiled
from .simulation import Schedule
from .volume_delay import RoadCost, background_at, travel_time


class Timetable(NamedTuple):
    """Sorted entries and exits of every arc.

    Attributes
    ----------
    start, size, room : (m,) int64
        First position in the pools, number of vehicles, positions reserved.
    entries, exits : (p,) float64
        Seconds.
    used : (1,) int64
        Positions of the pools that are reserved.
    """

    start: np.ndarray
    size: np.ndarray
    room: np.ndarray
    entries: np.ndarray
    exits: np.ndarray
    used: np.ndarray


class Plan(NamedTuple):
    """The current route and times of every trip, in one arena with spare room at its end.

    Attributes
    ----------
    start, hops : (t,) int64
        First position in the arena and number of arcs.
    arrival : (t,) float64
        Seconds.
    arc : (p,) int32, entry : (p,) float64
        Arcs in travel order and the seconds at which they are entered.
    used : (1,) int64
        Positions taken.
    """

    start: np.ndarray
    hops: np.ndarray
    arrival: np.ndarray
    arc: np.ndarray
    entry: np.ndarray
    used: np.ndarray


def make_timetable(schedule: Schedule, arcs: int) -> Timetable:
    """Return the timetable of a schedule on ``arcs`` arcs with room for trips that move."""
    size = np.bincount(schedule.arc, minlength=arcs).astype(np.int64)
    room = size + size // 4 + 4
    start = np.r_[0, np.cumsum(room)[:-1]].astype(np.int64)
    used = int(room.sum())
    entries, exits = np.empty(2 * used), np.empty(2 * used)
    table = Timetable(start, size, room, entries, exits, np.array([used], dtype=np.int64))
    sort_stays(table, schedule.arc, schedule.entry, schedule.exits(), np.zeros(arcs, dtype=np.int64))
    return table


def make_plan(schedule: Schedule) -> Plan:
    """Return the routes and times of a schedule with room for longer routes."""
    hops = np.diff(schedule.indptr).astype(np.int64)
    used = len(schedule.arc)
    more = used // 2 + 10_000
    arc = np.concatenate([schedule.arc, np.zeros(more, dtype=np.int32)])
    entry = np.concatenate([schedule.entry, np.zeros(more)])
    return Plan(
        schedule.indptr[:-1].astype(np.int64).copy(), hops, schedule.arrival.copy(), arc, entry,
        np.array([used], dtype=np.int64),
    )  # fmt: skip


@compiled
def sort_stays(table, arc, entry, leave, filled):
    """Put the stays (k,) into the lists of their arcs and sort these."""
    for k in range(len(arc)):
        at = table.start[arc[k]] + filled[arc[k]]
        table.entries[at] = entry[k]
        table.exits[at] = leave[k]
        filled[arc[k]] += 1
    for road in range(len(table.start)):
        first = table.start[road]
        last = first + filled[road]
        if last - first > 1:
            table.entries[first:last].sort()
            table.exits[first:last].sort()


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
def make_room(table, road):
    """Give the lists of ``road`` room for one more stay, at the end of the pools; return False when these are full."""
    if table.size[road] < table.room[road]:
        return True
    room = 2 * table.room[road] + 4
    first = table.used[0]
    if first + room > len(table.entries):
        return False
    old = table.start[road]
    for k in range(table.size[road]):
        table.entries[first + k] = table.entries[old + k]
        table.exits[first + k] = table.exits[old + k]
    table.start[road] = first
    table.room[road] = room
    table.used[0] = first + room
    return True


@compiled
def insert_sorted(values, first, size, value):
    """Insert ``value`` into the sorted ``values[first:first + size]``, which has room for one more."""
    at = first + size
    while at > first and values[at - 1] > value:
        values[at] = values[at - 1]
        at -= 1
    values[at] = value


@compiled
def remove_sorted(values, first, size, value):
    """Take one ``value`` out of the sorted ``values[first:first + size]``."""
    at = first + count_until(values, first, first + size, value) - 1
    while at < first + size - 1:
        values[at] = values[at + 1]
        at += 1


@compiled
def remove_trip(table, plan, trip):
    """Take the stays of ``trip`` out of the timetable."""
    first = plan.start[trip]
    last = first + plan.hops[trip]
    for k in range(first, last):
        road = plan.arc[k]
        leave = plan.entry[k + 1] if k + 1 < last else plan.arrival[trip]
        remove_sorted(table.entries, table.start[road], table.size[road], plan.entry[k])
        remove_sorted(table.exits, table.start[road], table.size[road], leave)
        table.size[road] -= 1


@compiled
def insert_trip(table, plan, trip):
    """Put the stays of ``trip`` into the timetable, which has room for them."""
    first = plan.start[trip]
    last = first + plan.hops[trip]
    for k in range(first, last):
        road = plan.arc[k]
        leave = plan.entry[k + 1] if k + 1 < last else plan.arrival[trip]
        insert_sorted(table.entries, table.start[road], table.size[road], plan.entry[k])
        insert_sorted(table.exits, table.start[road], table.size[road], leave)
        table.size[road] += 1


@compiled
def hop_at(cost, table, road, now, own_entry, own_exit):
    """Return ``(time, delay)`` of entering ``road`` at ``now`` besides everyone else in the timetable.

    ``time`` is the hop's own seconds; ``delay`` the vehicle-seconds by which it slows those that enter during its
    stay, each by one vehicle more at the flow met on entry. A stay of the trip itself that is still in the timetable,
    from ``own_entry`` to ``own_exit``, is not counted (inf, inf: none).
    """
    size = table.size[road]
    flow = background_at(cost, road, now)
    if size == 0:
        return travel_time(cost, road, flow), 0.0
    first = table.start[road]
    entered = count_until(table.entries, first, first + size, now)
    flow += entered - count_until(table.exits, first, first + size, now)
    if own_entry <= now < own_exit:
        flow -= 1.0
    seconds = travel_time(cost, road, flow)
    if entered == size:
        return seconds, 0.0
    until = now + seconds
    following = count_until(table.entries, first + entered, first + size, until)
    if now < own_entry <= until:
        following -= 1
    if following == 0:
        return seconds, 0.0
    return seconds, following * (travel_time(cost, road, flow + 1.0) - seconds)


@compiled
def add_costs(cost, table, arc, entry, leave, total):
    """Add to ``total`` (m,) the seconds and the delay caused of every stay (k,)."""
    for k in range(len(arc)):
        seconds, delay = hop_at(cost, table, arc[k], entry[k], entry[k], leave[k])
        total[arc[k]] += seconds + delay


def mean_costs(cost: RoadCost, table: Timetable, schedule: Schedule) -> np.ndarray:
    """Return the mean cost (m,) of a stay on each arc, own seconds and delay caused; free flow where there is none."""
    total, users = np.zeros(len(cost.free_flow)), np.bincount(schedule.arc, minlength=len(cost.free_flow))
    add_costs(cost, table, schedule.arc, schedule.entry, schedule.exits(), total)
    return np.where(users > 0, total / np.maximum(users, 1), cost.free_flow)
