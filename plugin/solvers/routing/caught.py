"""Who is caught by the hazard or cut off by what closes, and the traffic of everybody, whether he arrives or not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .shared.closings import ARRIVED
from .shared.problem import RoutingProblem
from .shared.routes import Routes
from .shared.schedule import Schedule


class Caught(NamedTuple):
    """Trips (c,) that have a way but do not arrive.

    Attributes
    ----------
    trip : int64
        In the problem given.
    reason : int8
        TOO_LATE, QUEUED, CUT_OFF or AT_DESTINATION, see :data:`.shared.closings.REASONS`.
    time : float64
        Seconds from t = 0.
    arc : int32
        The road on which, for who is at a destination the last one; -1 for who has entered none.
    people : float64
    routes : Routes
        The way that each was to take; without a road for who stays because there is none.
    schedule : Schedule
        The roads that each entered and when; the last is left when somebody arrives or at the end of the run.
    """

    trip: np.ndarray
    reason: np.ndarray
    time: np.ndarray
    arc: np.ndarray
    people: np.ndarray
    routes: Routes
    schedule: Schedule

    @classmethod
    def nobody(cls) -> Caught:
        """Return that nobody is."""
        none, start = np.empty(0), np.zeros(1, dtype=np.int64)
        arcs = np.empty(0, dtype=np.int32)
        return cls(
            none.astype(np.int64), none.astype(np.int8), none, arcs, none, Routes(start, arcs, arcs),
            Schedule(start, arcs, none, none),
        )  # fmt: skip


class Drove(NamedTuple):
    """Everybody who has a way, whether he arrives or is caught, (e,).

    Attributes
    ----------
    trip : int64
        In the problem given.
    problem : RoutingProblem
        Of these trips.
    schedule : Schedule
        As far as each drives.
    fate : int8
        ARRIVED, or why he is caught.
    caught : float64
        When, in seconds; infinite for who arrives.
    """

    trip: np.ndarray
    problem: RoutingProblem
    schedule: Schedule
    fate: np.ndarray
    caught: np.ndarray

    def entered(self) -> np.ndarray:
        """Return the seconds (e,) at which each enters his first road, infinite for who never does.

        Who arrives without a road does so on departure.
        """
        start = self.schedule.indptr[:-1]
        driving = self.schedule.indptr[1:] > start
        moment = np.where(self.fate == ARRIVED, self.problem.departure, np.inf)
        moment[driving] = self.schedule.entry[start[driving]]
        return moment

    def lost(self, routes: Routes) -> Caught:
        """Return who is caught, of the trips that were to take ``routes``."""
        who = np.flatnonzero(self.fate != ARRIVED)
        schedule = self.schedule.only(who)
        arc = np.full(len(who), -1, dtype=np.int32)
        driving = schedule.indptr[1:] > schedule.indptr[:-1]
        arc[driving] = schedule.arc[schedule.indptr[1:][driving] - 1]
        return Caught(
            self.trip[who], self.fate[who], self.caught[who], arc, self.problem.people[who],
            Routes(routes.indptr, routes.arcs, routes.of_trip[who]), schedule,
        )  # fmt: skip
