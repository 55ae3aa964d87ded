"""The latest orders of all zones, one at a time, and what happens where all are told at the last moment together."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.shared.closings import CUT_OFF
from .latest_order import LatestOrder, Works, latest_order
from .timed_plan import MINUTE, Outcome, TimedPlan

NO_ROAD = -1


class LatestDepartures(NamedTuple):
    """Latest orders of the zones (z,), and what they hang on.

    Attributes
    ----------
    latest : list of LatestOrder or None
        Of those of each zone who have a way in the plan; None for a zone without any.
    bottleneck : (z,) int64
        Arc on which those who are caught a minute later lose most time, or which holds them up; NO_ROAD without one.
    others : (z,) int64
        People of other zones who are caught a minute later.
    base, together : Outcome
        At the orders of the plan, and where every zone is told at its own latest order.
    apart : list of list of LatestOrder or None
        For each zone the latest order of each of the ``parts`` that were asked for, None where it has nobody of it.
    """

    latest: list[LatestOrder | None]
    bottleneck: np.ndarray
    others: np.ndarray
    base: Outcome
    together: Outcome
    apart: list[list[LatestOrder | None]]


def latest_departures(
    plan: TimedPlan,
    order: np.ndarray,
    step: int,
    control: Control | None = None,
    threads: int = 1,
    parts: Sequence[np.ndarray] = (),
) -> LatestDepartures:
    """Return the last minute at which each zone can be told, all others as they are in the plan.

    An order works where everybody of the zone gets out and nobody else is caught who was not caught before. Who has no
    way in the plan does not get out even if told at once, so that he speaks against no order.

    Parameters
    ----------
    order : (z,) int64
        Orders of the plan, microseconds.
    step : int
        Minutes between the orders checked below each answer.
    threads : int
        How many zones are looked at side by side; the answer does not depend on it.
    parts : sequence of (t,) bool
        Vehicles for whom alone the latest order is told as well, though the zone is told as a whole: walkers, say.

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    base = plan.outcome(order, control.part(0.0, 0.02))
    last = last_minute(plan, order)
    moves = (plan.zone >= 0) & ~plan.stays
    zones = np.flatnonzero(np.bincount(plan.zone[moves], minlength=len(order)) > 0).tolist()
    search = _Search(plan, order, base, last, step, control.unseen(), plan.stays, parts)
    found: list[LatestOrder | None] = [None] * len(order)
    apart: list[list[LatestOrder | None]] = [[None] * len(parts) for _ in order]
    bottleneck, others = np.full(len(order), NO_ROAD, dtype=np.int64), np.zeros(len(order), dtype=np.int64)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        answers = pool.map(search.zone, zones)
        for done, (zone, answer) in enumerate(zip(zones, answers)):
            found[zone], bottleneck[zone], others[zone], apart[zone] = answer
            control.progress(0.02 + 0.96 * (done + 1) / len(zones), "")
    latest = order.copy()
    for zone, known in enumerate(found):
        if known is not None and known.minute is not None and not known.unlimited:
            latest[zone] = known.minute * MINUTE
    return LatestDepartures(found, bottleneck, others, base, plan.outcome(latest, control.unseen()), apart)


def last_minute(plan: TimedPlan, order: np.ndarray) -> int:
    """Return a minute after all that closes and all orders (z,) µs."""
    return -(-max(plan.last_event(), int(order.max(initial=0))) // MINUTE) + 1


def works_at(
    plan: TimedPlan, order: np.ndarray, zone: int, control: Control, base: Outcome, stays: np.ndarray
) -> tuple[Works, int]:
    """Return whether one zone can be told at a minute, ``base`` being what happens before, and the last to try.

    Who ``stays`` (t,) speaks against no order.
    """
    search = _Search(plan, order, base, last_minute(plan, order), 1, control, stays)
    return (lambda minute: not search.hurt(zone, search.at(zone, minute)).any()), search.last


class _Search:
    """The search for one zone's answer, by whichever thread."""

    def __init__(
        self, plan: TimedPlan, order: np.ndarray, base: Outcome, last: int, step: int, control: Control,
        stays: np.ndarray, parts: Sequence[np.ndarray] = (),
    ) -> None:  # fmt: skip
        self.plan, self.order, self.base, self.last, self.step, self.control = plan, order, base, last, step, control
        self.stays, self.parts = stays, parts

    def at(self, zone: int, minute: int) -> Outcome:
        """Return what happens where the zone is told at ``minute``."""
        self.control.stop_if_cancelled()
        order = self.order.copy()
        order[zone] = minute * MINUTE
        return self.plan.outcome(order, self.control)

    def hurt(self, zone: int, outcome: Outcome) -> np.ndarray:
        """Return who (t,) speaks against an order: the caught of the zone, and others who were not caught before."""
        return outcome.caught & ~self.stays & ((self.plan.zone == zone) | ~self.base.caught)

    def zone(self, zone: int) -> tuple[LatestOrder, int, int, list[LatestOrder | None]]:
        """Return the zone's answer, the road it hangs on, how many others are caught a minute later, and its parts'."""
        tried: dict[int, list[bool]] = {}

        def works(minute: int, part: int = 0) -> bool:
            if minute not in tried:
                hurt = self.hurt(zone, self.at(zone, minute))
                tried[minute] = [not hurt.any(), *(not hurt[own].any() for own in self.parts)]
            return tried[minute][part]

        answer = latest_order(works, self.last, self.step)
        moves = (self.plan.zone == zone) & ~self.stays
        apart = [
            latest_order(partial(works, part=k), self.last, self.step) if moves[own].any() else None
            for k, own in enumerate(self.parts, 1)
        ]
        if answer.unlimited:
            return answer, NO_ROAD, 0, apart
        after = self.at(zone, 0 if answer.minute is None else answer.minute + 1)
        hurt = self.hurt(zone, after)
        others = float(self.plan.people[hurt & (self.plan.zone != zone)].sum())
        return answer, bottleneck_of(self.plan, after, hurt), int(round(others)), apart


def bottleneck_of(plan: TimedPlan, outcome: Outcome, vehicles: np.ndarray) -> int:
    """Return the arc on which ``vehicles`` (t,) bool lose most time, the wait at the origin on the first of their way.

    Where none loses any: the road on which the first of them is caught, or that is closed to him; NO_ROAD where none
    drives.
    """
    run, roads = outcome.run, plan.roads
    lost = np.zeros(len(roads.travel))
    first_caught, barrier = np.iinfo(np.int64).max, NO_ROAD
    for trip in np.flatnonzero(vehicles[outcome.number] & (run.plan.hops > 0)).tolist():
        first, hops, move = int(run.plan.first[trip]), int(run.plan.hops[trip]), int(run.plan.move[trip])
        arcs = run.plan.arc[first : first + hops]
        end = int(run.caught[trip])
        moments = np.minimum(run.moment[move : move + hops + 1], end)
        lost[arcs[0]] += max(int(moments[0]) - int(run.plan.departure[trip]), 0)
        there = np.flatnonzero(moments[:-1] < end)
        np.add.at(lost, arcs[there], np.maximum(np.diff(moments)[there] - roads.travel[arcs[there]], 0))
        if end < first_caught:
            at = int(there[-1]) if len(there) else 0
            ahead = len(there) > 0 and run.fate[trip] == CUT_OFF
            first_caught, barrier = end, int(arcs[min(at + ahead, hops - 1)])
    return int(np.argmax(lost)) if lost.max(initial=0.0) > 0 else barrier
