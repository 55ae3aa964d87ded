"""How many are caught at least by given routes, whenever zones are called: what no order can mend.

Who would be caught even alone on the roads, told at the earliest, is caught. Of the others a road that the hazard
closes at c lets vehicles out at least its headway h apart, so that of those whose routes use it no more get away than
``1 + (c - a) / h``, where a is when the first of them could leave it at free flow. Of vehicles that meet at a road
beyond the reach of the hazard, those who must be off the roads that it reaches by d are either past that road, at most
``1 + (d - a) / h``, or have found room on the dry roads before it, where nobody is let in above the room. Roads whose
vehicles are different ones add up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..routing.queue.bars import NEVER, SECOND
from ..routing.shared.routes import Routes
from .timed_plan import TimedPlan

BUSIEST = 300  # roads behind the hazard that are looked at


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
        When, microseconds; of a road beyond the hazard by when they must be off the roads that it reaches.
    headway : int
        Least time between two exits, microseconds.
    room : int
        Vehicles that find room on dry roads before it; -1 for a road that closes itself.
    """

    people: float
    doomed: float
    arc: int
    vehicles: int
    pass_at_most: int
    closes: int
    headway: int
    room: int = -1


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
    behind = _behind_the_hazard(plan, departure, free, closing)
    users.update({bound.arc: trips for bound, trips in behind})
    found += [bound for bound, _ in behind]
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


def _behind_the_hazard(
    plan: TimedPlan, departure: np.ndarray, trips: np.ndarray, closing: np.ndarray
) -> list[tuple[CaughtBound, np.ndarray]]:
    """Return the bounds of the busiest dry roads behind the reach of the hazard, with their vehicles."""
    routes, travel = plan.routes, np.where(plan.roads.is_road, plan.roads.travel, 0)
    rooms = plan.roads.room.copy()
    np.maximum.at(rooms, plan.roads.change_arc, plan.roads.change_room)
    dry_from, must_leave = _past_the_hazard(routes, closing)
    row, along = np.repeat(np.arange(routes.count), np.diff(routes.indptr)), np.r_[0, np.cumsum(travel[routes.arcs])]
    dry = (np.arange(len(routes.arcs)) >= dry_from[row]) & (must_leave[row] < NEVER) & plan.roads.is_road[routes.arcs]
    users = np.bincount(routes.of_trip[trips], minlength=routes.count)
    least = np.full(routes.count, NEVER)
    np.minimum.at(least, routes.of_trip[trips], departure[trips])
    place = np.flatnonzero(dry & (users[row] > 0))
    load = np.bincount(routes.arcs[place], weights=users[row[place]], minlength=len(travel))
    found = []
    for arc in np.argsort(-load * plan.least_headway, kind="stable")[:BUSIEST].tolist():
        at = place[routes.arcs[place] == arc]
        if not len(at):
            break
        own, headway = row[at], max(int(plan.least_headway[arc]), 1)
        ways = [routes.arcs[dry_from[route] : k + 1] for route, k in zip(own.tolist(), at.tolist())]
        between = np.unique(np.concatenate(ways))
        room = int(rooms[between[plan.roads.is_road[between]]].sum())
        first = int((least[own] + along[at + 1] - along[routes.indptr[own]]).min())
        order = np.argsort(must_leave[own], kind="stable")
        vehicles, deadline = np.cumsum(users[own][order]), must_leave[own][order]
        passing = np.where(deadline < first, 0, 1 + (deadline - first) // headway).astype(np.int64)
        worst = int(np.argmax(vehicles - passing))
        short = int(vehicles[worst] - passing[worst]) - room
        if short > 0:
            members = trips[np.isin(routes.of_trip[trips], own[order][: worst + 1])]
            people = float(np.sort(plan.people[members])[:short].sum())
            bound = CaughtBound(
                people, 0.0, arc, len(members), int(passing[worst]), int(deadline[worst]), headway, room
            )
            found.append((bound, members))
    return found


def _past_the_hazard(routes: Routes, closing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return behind which place of each route (r,) no end of a road closes, and by when those before must be left.

    Places into ``routes.arcs``; the latest moment of ``closing`` (m,) among the roads before, NEVER without one.
    """
    begin, until = routes.indptr[:-1].copy(), np.full(routes.count, float(NEVER))
    wet = np.flatnonzero(closing[routes.arcs] < NEVER)
    row = np.searchsorted(routes.indptr, wet, side="right") - 1
    until[np.unique(row)] = 0.0
    np.maximum.at(begin, row, wet + 1)
    np.maximum.at(until, row, closing[routes.arcs[wet]].astype(float))
    return begin, until


def _doomed(plan: TimedPlan, departure: np.ndarray) -> np.ndarray:
    """Return who (t,) is caught even at free flow, leaving at ``departure`` (t,): later or slower can only be worse."""
    out = departure > latest_departures_alone(plan)
    places = plan.fixed.places
    if places is not None:
        out |= places.goal_reached < NEVER
        out |= (plan.routes.hops() == 0) & ~places.there
    return out


def latest_departures_alone(plan: TimedPlan) -> np.ndarray:
    """Return until when each vehicle (t,) can leave and be off every place in time at free flow, microseconds."""
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
    alone = last[routes.of_trip]
    places = plan.fixed.places
    return alone if places is None else np.minimum(alone, places.start_reached)


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
