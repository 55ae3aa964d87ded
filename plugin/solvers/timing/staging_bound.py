"""How many are caught at least by given routes, whenever zones are called: what no order can mend.

Who would be caught even alone on the roads, told at the earliest, is caught. A road lets vehicles out at least its
headway h apart, so that of those who must be out of it by d no more than ``1 + (d - a) / h`` get away, a being when the
first of them could leave it at free flow. By when they must be out follows from what closes it and, at free flow, the
roads behind it on their routes; or they must by a moment T be past roads before it that the hazard closes by then: past
the road, or on the roads between, where nobody is let in above the room, but one each time that a road has stood still
for ``stuck_seconds``. Roads whose vehicles are different ones add up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..routing.queue.bars import NEVER, SECOND
from ..routing.shared.routes import Routes
from .timed_plan import TimedPlan

BUSIEST = 300  # roads that are looked at


class CaughtBound(NamedTuple):
    """The bound, and the road that says most.

    Attributes
    ----------
    people : float
        Caught at least.
    doomed : float
        Of these, people who would be caught even alone on the roads, told at the earliest.
    staying : float
        Of these, people without a way in the plan.
    arc : int
        -1 where no road holds anybody else.
    vehicles, pass_at_most : int
        That use it, the doomed left out, and that it can let out in time.
    closes : int
        By when they must be off the roads that the hazard reaches there or before, microseconds.
    headway : int
        Least time between two exits, microseconds.
    room : int
        Vehicles that find room on roads before it that close later or never; -1 where the road itself closes then.
    """

    people: float
    doomed: float
    staying: float
    arc: int
    vehicles: int
    pass_at_most: int
    closes: int
    headway: int
    room: int = -1


def caught_bound(plan: TimedPlan, earliest: np.ndarray) -> CaughtBound:
    """Return how many people are caught at least by the plan's routes if no zone leaves before ``earliest`` (z,) µs."""
    departure = plan.departures(earliest)
    doomed = _doomed(plan, departure)
    found = _narrow_roads(plan, departure, np.flatnonzero(~doomed))
    found.sort(key=lambda each: (-each[0].people, each[0].arc))
    counted, lost = doomed.copy(), float(plan.people[doomed].sum())
    total = lost
    for bound, trips in found:
        if not counted[trips].any():
            counted[trips] = True
            total += bound.people
    worst = found[0][0] if found else CaughtBound(0.0, 0.0, 0.0, -1, 0, 0, 0, 0)
    return worst._replace(people=total, doomed=lost, staying=float(plan.people[plan.stays].sum()))


class _Short(NamedTuple):
    """Vehicles more than a road can let out by ``deadline``, and at which places of routes they use it."""

    vehicles: int
    at: np.ndarray
    passing: int
    deadline: int
    room: int


def _narrow_roads(plan: TimedPlan, departure: np.ndarray, trips: np.ndarray) -> list[tuple[CaughtBound, np.ndarray]]:
    """Return the bounds of the busiest roads, for each the moment that says most, with their vehicles."""
    routes, roads = plan.routes, plan.roads
    row = np.repeat(np.arange(routes.count), np.diff(routes.indptr))
    users = np.bincount(routes.of_trip[trips], minlength=routes.count)
    ways = _Ways(plan, departure, trips, row, users)
    place = np.flatnonzero(roads.is_road[routes.arcs] & (users[row] > 0))
    load = np.bincount(routes.arcs[place], weights=users[row[place]], minlength=len(roads.travel))
    by_arc = place[np.argsort(routes.arcs[place], kind="stable")]
    begin = np.searchsorted(routes.arcs[by_arc], np.arange(len(roads.travel) + 1))
    found = []
    for arc in np.argsort(-load * plan.least_headway, kind="stable")[:BUSIEST].tolist():
        here = by_arc[begin[arc] : begin[arc + 1]]
        short = ways.short(arc, here[np.unique(row[here], return_index=True)[1]])  # once for who comes by twice
        if short.vehicles > 0:
            members = trips[np.isin(routes.of_trip[trips], row[short.at])]
            people = float(np.sort(plan.people[members])[: short.vehicles].sum())
            headway = int(plan.least_headway[arc])
            bound = CaughtBound(
                people, 0.0, 0.0, arc, len(members), short.passing, short.deadline, headway, short.room
            )  # fmt: skip
            found.append((bound, members))
    return found


class _Ways:
    """The places (k,) of routes: who uses them, and by when they must be left."""

    def __init__(
        self, plan: TimedPlan, departure: np.ndarray, trips: np.ndarray, row: np.ndarray, users: np.ndarray
    ) -> None:
        routes, closing = plan.routes, _closing(plan)
        self.plan, self.users = plan, users[row]
        along = np.r_[0, np.cumsum(np.where(plan.roads.is_road, plan.roads.travel, 0)[routes.arcs])]
        least = np.full(routes.count, NEVER)
        np.minimum.at(least, routes.of_trip[trips], departure[trips])
        self.first_exit = least[row] + along[1:] - along[routes.indptr[row]]
        self.deadline = np.minimum(_latest_exits(plan, along), closing[routes.arcs])
        self.moments = np.unique(closing[closing < NEVER]).tolist()
        self.last_wet = [_last_wet(routes, row, closing <= moment) for moment in self.moments]
        self.rooms = _most_room(plan)

    def short(self, arc: int, here: np.ndarray) -> _Short:
        """Return what says most of a road that is at the places ``here``."""
        headway = max(int(self.plan.least_headway[arc]), 1)
        best = self._by_deadline(here, headway)
        for moment, wet in zip(self.moments, self.last_wet):
            at = here[wet[here] >= 0]
            if not len(at):
                continue
            passing = self._passing(at, moment, headway)
            vehicles = int(self.users[at].sum()) - passing
            if vehicles <= best.vehicles:
                continue
            room = self._room(at, wet[at], moment)
            if vehicles - room > best.vehicles:
                best = _Short(int(vehicles - room), at, passing, moment, int(room))
        return best

    def _by_deadline(self, here: np.ndarray, headway: int) -> _Short:
        """Return what the latest exits say."""
        at = here[np.argsort(self.deadline[here], kind="stable")]
        at = at[self.deadline[at] < NEVER]
        if not len(at):
            return _Short(0, at, 0, 0, -1)
        deadline, first = self.deadline[at], self.first_exit[at].min()
        passing = np.where(deadline < first, 0, 1 + (deadline - first) // headway).astype(np.int64)
        vehicles = np.cumsum(self.users[at]) - passing
        worst = int(np.argmax(vehicles))
        return _Short(int(vehicles[worst]), at[: worst + 1], int(passing[worst]), int(deadline[worst]), -1)

    def _passing(self, at: np.ndarray, moment: int, headway: int) -> int:
        first = int(self.first_exit[at].min())
        return 0 if moment < first else 1 + (moment - first) // headway

    def _room(self, at: np.ndarray, wet: np.ndarray, moment: int) -> float:
        """Return how many vehicles can be between: in the room of roads, or let in after a standstill."""
        arcs, roads, stuck = self.plan.routes.arcs, self.plan.roads, self.plan.fixed.stuck_seconds
        between = np.unique(
            np.concatenate([arcs[begin + 1 : end + 1] for begin, end in zip(wet.tolist(), at.tolist())])
        )
        between = between[roads.is_road[between]]
        if not len(between):
            return 0.0
        return np.inf if stuck <= 0 else float(self.rooms[between].sum() + len(between) * (moment // (stuck * SECOND)))


def _latest_exits(plan: TimedPlan, along: np.ndarray) -> np.ndarray:
    """Return until when each place (k,) of the routes can be left to be in time on all roads after it, at free flow."""
    routes = plan.routes
    entry = _latest_entries(plan)[routes.arcs] - along[:-1]
    latest = np.full(len(routes.arcs), float(NEVER))
    for begin, end in zip(routes.indptr[:-1].tolist(), routes.indptr[1:].tolist()):
        if end > begin + 1:
            latest[begin : end - 1] = np.minimum.accumulate(entry[begin + 1 : end][::-1])[::-1]
    return np.where(latest < NEVER / 2, latest + along[1:], NEVER)


def _last_wet(routes: Routes, row: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """Return for each place (k,) of the routes the last one up to it whose road is ``closed`` (m,); -1 for none."""
    last = np.maximum.accumulate(np.where(closed[routes.arcs], np.arange(len(routes.arcs)), -1))
    return np.where(last >= routes.indptr[row], last, -1)


def _most_room(plan: TimedPlan) -> np.ndarray:
    """Return the most room (m,) that each road ever has, vehicles."""
    rooms = plan.roads.room.copy()
    np.maximum.at(rooms, plan.roads.change_arc, plan.roads.change_room)
    return rooms


def _doomed(plan: TimedPlan, departure: np.ndarray) -> np.ndarray:
    """Return who (t,) is caught even at free flow, leaving at ``departure`` (t,): later or slower can only be worse."""
    out = (departure > latest_departures_alone(plan)) | plan.stays
    places = plan.fixed.places
    if places is None or not len(places.goal_reached):  # that of buses alone knows no more than their size
        return out
    return out | (places.goal_reached < NEVER)


def _latest_entries(plan: TimedPlan) -> np.ndarray:
    """Return until when each road (m,) can be entered to be off every part of it in time, or before it closes, µs."""
    closings, roads = plan.problem.closings, plan.roads
    travel = np.where(roads.is_road, roads.travel, 0)
    latest = np.full(len(travel), float(NEVER))
    parts = np.flatnonzero(np.isinf(closings.until) & np.isfinite(closings.since) & roads.is_road[closings.arc])
    arc, share = closings.arc[parts], np.where(closings.catches, closings.end, closings.begin)[parts]
    np.minimum.at(latest, arc, closings.since[parts] * SECOND - np.rint(share * travel[arc]))
    return latest


def latest_departures_alone(plan: TimedPlan) -> np.ndarray:
    """Return until when each vehicle (t,) can leave and be off every place in time at free flow, microseconds."""
    routes, latest = plan.routes, _latest_entries(plan)
    travel = np.where(plan.roads.is_road, plan.roads.travel, 0)
    along = np.r_[0, np.cumsum(travel[routes.arcs])]
    before = along[:-1] - np.repeat(along[routes.indptr[:-1]], np.diff(routes.indptr))
    last = np.full(routes.count, float(NEVER))
    np.minimum.at(last, np.repeat(np.arange(routes.count), np.diff(routes.indptr)), latest[routes.arcs] - before)
    alone = last[routes.of_trip]
    places = plan.fixed.places
    if places is None or not len(places.start_reached):
        return alone
    return np.minimum(alone, places.start_reached)


def _closing(plan: TimedPlan) -> np.ndarray:
    """Return when the end of each road (m,) is closed for good by the hazard, microseconds; NEVER for none."""
    closings = plan.problem.closings
    closing = np.full(len(plan.roads.travel), NEVER)
    ends = closings.catches & (closings.end >= 1.0) & np.isfinite(closings.since) & plan.roads.is_road[closings.arc]
    np.minimum.at(closing, closings.arc[ends], np.rint(closings.since[ends] * SECOND).astype(np.int64))
    return closing
