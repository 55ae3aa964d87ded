"""The routes and times of all trips while they are changed one after the other, beside the timetable of the arcs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import compiled
from .routes import rows_at
from .simulation import Schedule
from .timetable import add_stay, drop_stay


class Plan(NamedTuple):
    """The current route and times of every trip, in one arena with spare room at its end.

    Attributes
    ----------
    start, hops : (t,) int64
        First position in the arena and number of arcs.
    arrival : (t,) float32
        Seconds.
    arc : (p,) int32, entry : (p,) float32
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


def make_plan(schedule: Schedule) -> Plan:
    """Return the routes and times of a schedule with room for longer routes."""
    hops = np.diff(schedule.indptr).astype(np.int64)
    used = len(schedule.arc)
    more = used // 2 + 10_000
    arc = np.concatenate([schedule.arc, np.zeros(more, dtype=np.int32)])
    entry = np.concatenate([schedule.entry.astype(np.float32), np.zeros(more, dtype=np.float32)])
    return Plan(
        schedule.indptr[:-1].astype(np.int64).copy(), hops, schedule.arrival.astype(np.float32), arc, entry,
        np.array([used], dtype=np.int64),
    )  # fmt: skip


@compiled
def remove_trip(table, plan, trip):
    """Take the stays of ``trip`` out of the timetable."""
    first = plan.start[trip]
    last = first + plan.hops[trip]
    for k in range(first, last):
        drop_stay(table, plan.arc[k], plan.entry[k], plan.entry[k + 1] if k + 1 < last else plan.arrival[trip])


@compiled
def insert_trip(table, plan, trip):
    """Put the stays of ``trip`` into the timetable, which has room for them."""
    first = plan.start[trip]
    last = first + plan.hops[trip]
    for k in range(first, last):
        add_stay(table, plan.arc[k], plan.entry[k], plan.entry[k + 1] if k + 1 < last else plan.arrival[trip])


def rows_of(plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return offsets (t+1,), arcs and entries of the plan's routes without the gaps of the arena."""
    indptr = np.r_[0, np.cumsum(plan.hops)].astype(np.int64)
    return indptr, rows_at(plan.start, plan.hops, plan.arc), rows_at(plan.start, plan.hops, plan.entry)


def repacked(plan: Plan) -> Plan:
    """Return a plan with the same content and more room."""
    indptr, arc, entry = rows_of(plan)
    return make_plan(Schedule(indptr, arc, entry, plan.arrival))
