"""The routes and times of all trips while they are changed one after the other, beside the timetable of the arcs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...kernels import compiled
from ..shared.routes import SLICE, rows_at
from ..shared.schedule import Schedule
from ..shared.timetable import add_stay, drop_stay


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


def make_plan(schedule: Schedule, control: Control | None = None) -> Plan:
    """Return the routes and times of a schedule with room for longer routes.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    used, hops = len(schedule.arc), np.diff(schedule.indptr).astype(np.int64)
    arc, entry = np.zeros(used + used // 2 + 10_000, dtype=np.int32), np.zeros(used + used // 2 + 10_000, np.float32)
    for first in range(0, used, SLICE):
        control.stop_if_cancelled()
        part = slice(first, min(first + SLICE, used))
        arc[part], entry[part] = schedule.arc[part], schedule.entry[part]
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


def rows_of(plan: Plan, control: Control | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return offsets (t+1,) and arcs of the plan's routes without the gaps of the arena."""
    control = control or Control()
    return np.r_[0, np.cumsum(plan.hops)].astype(np.int64), rows_at(plan.start, plan.hops, plan.arc, control)


def repacked(plan: Plan, control: Control | None = None) -> Plan:
    """Return a plan with the same content and more room."""
    control = control or Control()
    indptr, arc = rows_of(plan, control)
    entry = rows_at(plan.start, plan.hops, plan.entry, control)
    return make_plan(Schedule(indptr, arc, entry, plan.arrival), control)
