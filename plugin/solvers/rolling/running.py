"""A plan that is being driven: who is where at a moment, and how it goes on by other ways or on other roads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..control import Control, Slices
from ..routing.queue.bars import NEVER
from ..routing.queue.events import (
    LATE,
    MOVES,
    NO_MARKS,
    NO_MOMENTS,
    NO_TRIPS,
    OPENED,
    REACHED,
    Plan,
    State,
)
from ..routing.queue.moments import handle_moment, run_before
from ..routing.queue.network import QueueRoads
from ..routing.queue.places import Places
from ..routing.queue.simulation import QueueRun, plan_of, run_of, starting_state
from ..routing.shared.closings import ARRIVED
from ..routing.shared.routes import Routes, distinct, rows_at
from .turning import fill_ready, turn_trips


@dataclass(frozen=True)
class Running:
    """A plan as far as it has been driven; t trips. Driving on changes the state in place.

    Attributes
    ----------
    roads : QueueRoads
    departure : (t,) int64
        Microseconds.
    plan : Plan
        The ways, driven and to be driven.
    places : Places or None
        Of the trips.
    state : State
    patience : int
        Microseconds after which somebody is let into a full road.
    """

    roads: QueueRoads
    plan: Plan
    places: Places | None
    state: State
    patience: int

    @classmethod
    def before(
        cls, roads: QueueRoads, departure: np.ndarray, routes: Routes, places: Places | None, patience: int
    ) -> Running:
        """Return trips that leave at ``departure`` (t,) microseconds, ascending, before anything happens."""
        plan = plan_of(roads, departure, routes, places)
        state = starting_state(roads, plan, True)
        return cls(roads, plan, places, state._replace(moment=np.full(len(state.moment), NEVER)), patience)

    def drive(self, until: int, control: Control | None = None) -> None:
        """Drive on before the moment ``until`` (microseconds, not included); NEVER: until nothing moves any more.

        Raises
        ------
        Cancelled
        """
        control, slices = control or Control(), Slices()
        while run_before(self.roads, self.plan, self.state, self.patience, slices.next(), until):
            control.stop_if_cancelled()

    @property
    def run(self) -> QueueRun:
        """What has become of everybody, once nothing moves any more."""
        return run_of(self.roads, self.plan, self.state)

    @property
    def made(self) -> np.ndarray:
        """How many of its moves each trip (t,) has made."""
        before = np.r_[0, np.cumsum(self.state.moment < NEVER)]
        return before[self.plan.move[1:]] - before[self.plan.move[:-1]]

    @property
    def goes_on(self) -> np.ndarray:
        """Who (t,) has neither arrived nor been caught, and has a way."""
        return (self.state.fate == ARRIVED) & (self.plan.hops > 0) & (self.made <= self.plan.hops)

    @property
    def hop(self) -> np.ndarray:
        """The road of its way that each trip (t,) is on, or has been last; -1 before the first."""
        return self.state.hop.astype(np.int64)

    @property
    def routes(self) -> Routes:
        """The ways (t,)."""
        plan = self.plan
        return distinct(np.r_[0, np.cumsum(plan.hops)].astype(np.int64), rows_at(plan.first, plan.hops, plan.arc))

    def ready(self, now: int) -> np.ndarray:
        """Return when each trip (t,) can be at the end of its road, or leave its origin, at the soonest from now on."""
        ready = np.maximum(self.plan.departure, now)
        fill_ready(self.roads, self.plan, self.state, now, ready)
        return ready

    def copy(self, roads: QueueRoads, places: Places | None, now: int) -> Running:
        """Return the same at ``now``, before anything of that moment, on roads that close otherwise from then on."""
        state = State(*(column.copy() for column in self.state))
        plan = self.plan._replace(late=NO_TRIPS, start_reached=NO_MOMENTS, goal_reached=NO_MOMENTS, stays=NO_MARKS)
        if places is not None:
            plan = places.known_to(plan)
        bars = roads.bars
        state.bar[:] = bars.start[:-1]
        state.part[:] = -1
        state.counts[OPENED] = np.searchsorted(bars.open_time, now, side="left")
        state.counts[REACHED] = np.searchsorted(bars.catch_time, now, side="left")
        reached = plan.start_reached[plan.late] if len(plan.late) else np.empty(0, dtype=np.int64)
        state.counts[LATE] = np.searchsorted(reached, now, side="left")
        return Running(roads, plan, places, state, self.patience)

    def turned(self, routes: Routes, places: Places | None, trips: np.ndarray, now: int) -> Running:
        """Return the plan with all of the moment ``now`` done, and ``trips`` (k,) on other ways from then on.

        ``routes`` (t,) are whole ways, the same as before as far as they have been driven. The state is shared with
        this plan, which must not be driven on.
        """
        plan, old = plan_of(self.roads, self.plan.departure, routes, places), self.plan
        state, made = self.state, self.made
        moment = np.full(int(plan.move[-1]), NEVER)
        done = np.repeat(np.arange(len(made)), made)
        within = np.arange(len(done)) - np.r_[0, np.cumsum(made)][done]
        moment[plan.move[done] + within] = state.moment[old.move[done] + within]
        order = np.empty(len(moment), dtype=np.int64)
        moves = int(state.counts[MOVES])
        if moves:
            trip_of = np.repeat(np.arange(len(made)), np.diff(old.move))
            past = state.order[:moves]
            order[:moves] = past - old.move[trip_of[past]] + plan.move[trip_of[past]]
        found = replace(self, plan=plan, places=places, state=state._replace(moment=moment, order=order))
        turning = np.asarray(trips, dtype=np.int64)
        turn_trips(self.roads, old, plan, found.state, turning[self.goes_on[turning]], now)
        handle_moment(self.roads, plan, found.state, self.patience, now)
        return found


def joined(before: Plan, hops: np.ndarray, trips: np.ndarray, rest: Routes, is_road: np.ndarray) -> Routes:
    """Return whole ways, one a trip (t,): of ``trips`` (k,) the first ``hops`` (k,) roads and then ``rest`` (k,).

    The others keep those that they have ``before``.
    """
    first, size, arcs = roads_only(rest, is_road)
    begin = np.column_stack([before.first, np.zeros_like(before.first)])
    count = np.column_stack([before.hops, np.zeros_like(before.hops)])
    count[trips, 0] = hops
    begin[trips, 1] = len(before.arc) + first
    count[trips, 1] = size
    rows = rows_at(begin.ravel(), count.ravel(), np.r_[before.arc, arcs].astype(np.int32))
    indptr = np.r_[0, np.cumsum(count.sum(axis=1))].astype(np.int64)
    return Routes(indptr, rows, np.arange(len(begin), dtype=np.int32))


def roads_only(routes: Routes, is_road: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where each trip's roads (k,) begin and how many they are, in arcs without connectors, and these."""
    real = is_road[routes.arcs]
    indptr = np.r_[0, np.cumsum(real)][routes.indptr]
    return indptr[:-1][routes.of_trip], np.diff(indptr)[routes.of_trip], routes.arcs[real]
