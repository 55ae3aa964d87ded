"""A plan whose zones can be told to leave at other moments: routes fixed, every vehicle at its place in its window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.queue.fixed_plan import FixedPlan
from ..routing.queue.network import SECOND, QueueRoads, microseconds, roads_of
from ..routing.queue.simulation import QueueRun
from ..routing.shared.closings import ARRIVED
from ..routing.shared.problem import RoutingProblem
from ..routing.shared.routes import Routes
from ..routing.shared.widths import narrowed

MINUTE = 60_000_000  # microseconds
OTHER = -1  # zone of a vehicle whose departure stays


class Outcome(NamedTuple):
    """What becomes of the vehicles (t,) of a plan, in its own order, at some orders.

    Attributes
    ----------
    fate : (t,) int8
        ARRIVED, or why each is caught (:mod:`plugin.solvers.routing.shared.closings`).
    arrival : (t,) int64
        Microseconds; of the caught their departure.
    departure : (t,) int64
    run : QueueRun
        All moves, of the vehicles in the order of their departures.
    number : (t,) int64
        Vehicle of each trip of the run.
    """

    fate: np.ndarray
    arrival: np.ndarray
    departure: np.ndarray
    run: QueueRun
    number: np.ndarray

    @property
    def caught(self) -> np.ndarray:
        """Whether each vehicle is caught."""
        return self.fate != ARRIVED

    @property
    def last(self) -> int:
        """The last arrival, microseconds."""
        return int(self.arrival[~self.caught].max(initial=0))

    @property
    def on_the_way(self) -> int:
        """Time between departure and arrival of all who arrive, the wait at the origin included, microseconds."""
        return int((self.arrival - self.departure).sum())


@dataclass(frozen=True)
class TimedPlan:
    """Routes, and when vehicles leave after the order of their zone.

    Attributes
    ----------
    fixed : FixedPlan
        Roads, closings, and the vehicles (t,) as trips with their routes, in the order in which ties are broken; the
        departures of its problem do not count.
    zone : (t,) int64
        Number of the zone that each belongs to, OTHER where its departure stays.
    place : (t,) int64
        Microseconds after the order at which it leaves; of OTHER after t = 0.
    """

    fixed: FixedPlan
    zone: np.ndarray
    place: np.ndarray

    @classmethod
    def of(
        cls, problem: RoutingProblem, routes: Routes, zone: np.ndarray, place: np.ndarray, stuck_seconds: float
    ) -> TimedPlan:
        """Return the plan of a problem's trips; ``routes`` are empty for who starts at his destination."""
        return cls(FixedPlan(problem, roads_of(narrowed(problem, routes)), routes, stuck_seconds), zone, place)

    def routed_by(self, routes: Routes) -> TimedPlan:
        """Return the same vehicles on other routes."""
        roads = roads_of(narrowed(self.problem, routes)) if self.problem.shares_widths else self.roads
        fixed = FixedPlan(self.problem, roads, routes, self.fixed.stuck_seconds)
        return replace(self, fixed=fixed)

    @property
    def problem(self) -> RoutingProblem:
        """The vehicles as trips."""
        return self.fixed.problem

    @property
    def roads(self) -> QueueRoads:
        """The roads as the queue model sees them."""
        return self.fixed.roads

    @property
    def routes(self) -> Routes:
        """The routes of the vehicles."""
        return self.fixed.routes

    @property
    def people(self) -> np.ndarray:
        """People (t,) in each vehicle."""
        return self.problem.people

    @property
    def stays(self) -> np.ndarray:
        """Who (t,) has no way in the plan and is not where he goes: he does not get out whenever he is told."""
        places = self.fixed.places
        there = np.ones(self.problem.trips, dtype=bool) if places is None or not len(places.there) else places.there
        return (self.routes.hops() == 0) & ~there

    @property
    def least_headway(self) -> np.ndarray:
        """Least time (m,) between two exits of each road, whatever others are on it, microseconds."""
        least = self.roads.headway.copy()
        np.minimum.at(least, self.roads.change_arc, self.roads.change_headway)
        return least

    def departures(self, order: np.ndarray) -> np.ndarray:
        """Return when each vehicle (t,) leaves if zones are told at ``order`` (z,), all in microseconds."""
        told = self.zone >= 0
        departure = self.place.copy()
        departure[told] += order[self.zone[told]]
        return departure

    def outcome(self, order: np.ndarray, control: Control | None = None) -> Outcome:
        """Return what becomes of everybody if the zones are told at ``order`` (z,) microseconds.

        Raises
        ------
        Cancelled
        """
        departure = self.departures(order)
        found = self.fixed.outcome(departure / SECOND, control)
        return Outcome(found.fate, found.run.arrival()[found.number], departure, found.run, np.argsort(found.number))

    def caught_people(self, outcome: Outcome) -> int:
        """Return how many people are caught."""
        return int(round(float(self.people[outcome.caught].sum())))

    def last_event(self) -> int:
        """Return when the last thing closes, opens or is reached, microseconds; 0 where nothing ever does."""
        closings = self.problem.closings
        ends = [closings.since, closings.until, closings.start_reached, closings.goal_reached]
        finite = np.concatenate([moments[np.isfinite(moments)] for moments in ends])
        return int(microseconds(finite).max(initial=0))
