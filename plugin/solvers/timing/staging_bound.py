"""How many are caught at least by given routes, whenever zones are called: what no order can mend.

Who would be caught even alone on the roads, told at the earliest, is caught. Of the others a road that the hazard
closes at c lets vehicles out at least its headway h apart, so that of those whose routes use it no more get away than
``1 + (c - a) / h``, where a is when the first of them could leave it at free flow. Roads whose vehicles are different
ones add up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..routing.queue.bars import NEVER, SECOND
from .timed_plan import TimedPlan


class CaughtBound(NamedTuple):
    """The bound, and the road that says most.

    Attributes
    ----------
    people : float
        Caught at least.
    doomed : float
        Of these, people who would be caught even alone on the roads, told at the earliest.
    arc : int
        -1 where no road holds anybody else.
    vehicles, pass_at_most : int
        That use it, the doomed left out, and that it can let out in time.
    closes : int
        When, microseconds.
    headway : int
        Least time between two exits, microseconds.
    """

    people: float
    doomed: float
    arc: int
    vehicles: int
    pass_at_most: int
    closes: int
    headway: int


def caught_bound(plan: TimedPlan, earliest: np.ndarray) -> CaughtBound:
    """Return how many people are caught at least by the plan's routes if no zone leaves before ``earliest`` (z,) µs."""
    closing = _closing(plan)
    departure = plan.departures(earliest)
    doomed = _doomed(plan, departure)
    free = np.flatnonzero(~doomed)
    users, first_exit = _users(plan, departure, free, np.flatnonzero(closing < NEVER))
    found = []
    for arc, trips in users.items():
        headway = max(int(plan.least_headway[arc]), 1)
        room = int(closing[arc]) - first_exit[arc]
        passing = 0 if room < 0 else 1 + room // headway
        if len(trips) > passing:
            people = np.sort(plan.people[trips])[: len(trips) - passing].sum()
            found.append(CaughtBound(float(people), 0.0, arc, len(trips), passing, int(closing[arc]), headway))
    found.sort(key=lambda bound: (-bound.people, bound.arc))
    counted, lost = doomed.copy(), float(plan.people[doomed].sum())
    total = lost
    for bound in found:
        trips = users[bound.arc]
        if not counted[trips].any():
            counted[trips] = True
            total += bound.people
    worst = found[0] if found else CaughtBound(0.0, 0.0, -1, 0, 0, 0, 0)
    return worst._replace(people=total, doomed=lost)


def _doomed(plan: TimedPlan, departure: np.ndarray) -> np.ndarray:
    """Return who (t,) is caught even at free flow, leaving at ``departure`` (t,): later or slower can only be worse."""
    closings, routes = plan.problem.closings, plan.routes
    travel = np.where(plan.roads.is_road, plan.roads.travel, 0)
    latest = np.full(len(travel), float(NEVER))  # to enter each road and be off every part of it in time
    parts = np.flatnonzero(closings.catches & plan.roads.is_road[closings.arc])
    arc = closings.arc[parts]
    np.minimum.at(latest, arc, closings.since[parts] * SECOND - np.rint(closings.end[parts] * travel[arc]))
    along = np.r_[0, np.cumsum(travel[routes.arcs])]
    before = along[:-1] - np.repeat(along[routes.indptr[:-1]], np.diff(routes.indptr))
    last = np.full(routes.count, float(NEVER))
    np.minimum.at(last, np.repeat(np.arange(routes.count), np.diff(routes.indptr)), latest[routes.arcs] - before)
    out = departure > last[routes.of_trip]
    places = plan.fixed.places
    if places is not None:
        out |= (departure > places.start_reached) | (places.goal_reached < NEVER)
        out |= (routes.hops() == 0) & ~places.there
    return out


def _closing(plan: TimedPlan) -> np.ndarray:
    """Return when the end of each road (m,) is closed for good by the hazard, microseconds; NEVER for none."""
    closings = plan.problem.closings
    closing = np.full(len(plan.roads.travel), NEVER)
    ends = closings.catches & (closings.end >= 1.0) & np.isfinite(closings.since) & plan.roads.is_road[closings.arc]
    np.minimum.at(closing, closings.arc[ends], np.rint(closings.since[ends] * SECOND).astype(np.int64))
    return closing


def _users(
    plan: TimedPlan, departure: np.ndarray, trips: np.ndarray, arcs: np.ndarray
) -> tuple[dict[int, np.ndarray], dict[int, int]]:
    """Return who of ``trips`` drives each of ``arcs``, and when the first of them could leave it at free flow."""
    routes, travel = plan.routes, np.where(plan.roads.is_road, plan.roads.travel, 0)
    wanted = np.zeros(len(travel), dtype=bool)
    wanted[arcs] = True
    along = np.r_[0, np.cumsum(travel[routes.arcs])]
    row = np.repeat(np.arange(routes.count), np.diff(routes.indptr))
    least = np.full(routes.count, NEVER)
    np.minimum.at(least, routes.of_trip[trips], departure[trips])
    trips_of = trips[np.argsort(routes.of_trip[trips], kind="stable")]
    begin = np.searchsorted(routes.of_trip[trips_of], np.arange(routes.count + 1))
    users: dict[int, list[np.ndarray]] = {}
    first: dict[int, int] = {}
    for k in np.flatnonzero(wanted[routes.arcs]).tolist():
        arc, route = int(routes.arcs[k]), int(row[k])
        if begin[route] == begin[route + 1]:
            continue
        users.setdefault(arc, []).append(trips_of[begin[route] : begin[route + 1]])
        away = int(least[route] + along[k + 1] - along[routes.indptr[route]])
        first[arc] = min(first.get(arc, NEVER), away)
    return {arc: np.unique(np.concatenate(parts)) for arc, parts in users.items()}, first
