"""Exact evaluation of routes under ``queue``: first in first out, exit capacity, room, merging by capacity.

Every vehicle's moves are worked out event by event in whole microseconds, so that the same plan gives the same moments
on every machine. What happens is told in :mod:`.events`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...control import Control, Slices
from ..shared.choices import STUCK_SECONDS
from ..shared.closings import ARRIVED
from ..shared.problem import CAR
from ..shared.routes import Routes, rows_at
from ..shared.schedule import Schedule
from .bars import BEFORE, NEVER
from .events import ALL_COUNTS, FORCED, MOVES, RING_ARCS, RINGS, Plan, State
from .fates import can_catch, fates_of
from .moments import run_moments
from .network import SECOND, QueueRoads
from .places import Places

MOST_RING_ARCS = 10_000  # roads of rings that are remembered by name


@dataclass(frozen=True)
class QueueRun:
    """What the simulation of a plan gives.

    Attributes
    ----------
    plan : Plan
        Who drives where.
    moment : (moves,) int64
        When each move is made, microseconds: of trip t at ``plan.move[t]`` its entry into the first road, then its
        exit from each road, the last of which is its arrival. Trips without roads have none. NEVER for a move that is
        not made since the trip is caught.
    order : (moves made,) int64
        The moves in the order in which they were made; empty unless it was asked for.
    fate : (t,) int8
        What becomes of each trip: ARRIVED, or why it is caught (:mod:`..shared.closings`).
    caught : (t,) int64
        When it is caught, microseconds; NEVER for one that arrives.
    forced, rings : int
        Vehicles let in above the room after a standstill; rings of full roads that were opened so.
    ring_roads : tuple of (roads,) int32
        The roads of the first rings.
    """

    plan: Plan
    moment: np.ndarray
    order: np.ndarray
    forced: int
    rings: int
    ring_roads: tuple[np.ndarray, ...]
    fate: np.ndarray
    caught: np.ndarray

    @property
    def arrived(self) -> np.ndarray:
        """Whether each trip (t,) arrives and is not caught."""
        return self.fate == ARRIVED

    def arrival(self) -> np.ndarray:
        """Return when each trip (t,) arrives, microseconds; who has no road to drive arrives on departure.

        Who is caught has his departure here, so that he adds nothing to a sum of travel times.
        """
        there = self.plan.departure.copy()
        driving = (self.plan.hops > 0) & self.arrived
        there[driving] = self.moment[self.plan.move[1:][driving] - 1]
        return there

    def total(self) -> int:
        """Return the total travel time of who arrives, vehicle-microseconds, waiting at the origin included."""
        return int((self.arrival() - self.plan.departure).sum())

    def waiting(self) -> np.ndarray:
        """Return how long each trip (t,) waits at its origin, microseconds; 0 for who never leaves it."""
        wait = np.zeros(len(self.plan.departure), dtype=np.int64)
        driving = np.flatnonzero(self.plan.hops > 0)
        driving = driving[self.moment[self.plan.move[:-1][driving]] < NEVER]
        wait[driving] = self.moment[self.plan.move[:-1][driving]] - self.plan.departure[driving]
        return wait

    def schedule(self, control: Control | None = None) -> Schedule:
        """Return the same in seconds, a row of the roads that it enters for every trip.

        Who is caught on a road is on it until the last moment of the run.
        """
        run = self.driven()
        plan = run.plan
        indptr = np.r_[0, np.cumsum(plan.hops)].astype(np.int64)
        end = plan.departure.copy()
        driving = plan.hops > 0
        last = plan.move[1:][driving] - 1
        end[driving] = run.moment[last]
        on = np.ones(len(run.moment), dtype=bool)
        on[last] = False
        return Schedule(
            indptr, rows_at(plan.first, plan.hops, plan.arc, control), run.moment[on] / SECOND, end / SECOND
        )

    def until(self) -> int:
        """Return the last moment at which anybody moves or is caught, microseconds."""
        moments = np.r_[self.moment[self.moment < NEVER], self.caught[~self.arrived]]
        return int(moments.max(initial=0))

    def driven(self) -> QueueRun:
        """Return the run with routes as far as they are driven; who never leaves a road is on it until the end."""
        made = self.moment < NEVER
        if made.all():
            return self
        plan = self.plan
        before = np.r_[0, np.cumsum(made)]
        count = before[plan.move[1:]] - before[plan.move[:-1]]
        stands = (count > 0) & (count <= plan.hops)
        hops = np.where(count > plan.hops, plan.hops, count)
        move = np.r_[0, np.cumsum(np.where(hops > 0, hops + 1, 0))].astype(np.int64)
        trip = np.repeat(np.arange(len(hops)), np.diff(plan.move))
        place = np.arange(len(made)) - plan.move[trip] + move[trip]  # of the moves that are made
        moment = np.full(int(move[-1]), self.until())
        moment[place[made]] = self.moment[made]
        order = place[self.order]
        if len(order):
            rank = np.empty(len(moment), dtype=np.int64)
            rank[order] = np.arange(len(order))
            standing = np.flatnonzero(stands)
            entry = move[standing] + count[standing] - 1
            order = np.r_[order, entry[np.argsort(rank[entry])] + 1]
        return replace(self, plan=plan._replace(hops=hops, move=move), moment=moment, order=order)

    def only(self, trips: np.ndarray) -> QueueRun:
        """Return the moves of some ``trips`` (k,), in this order, without the order of the moves."""
        plan = self.plan
        size = np.diff(plan.move)[trips]
        of_places = {
            name: getattr(plan, name)[trips]
            for name in ("start_reached", "goal_reached", "stays", "size")
            if len(getattr(plan, name))
        }
        some = Plan(
            plan.departure[trips], plan.first[trips], plan.hops[trips], plan.arc,
            np.r_[0, np.cumsum(size)].astype(np.int64), **of_places,
        )  # fmt: skip
        return replace(
            self, plan=some, moment=rows_at(plan.move[:-1][trips], size, self.moment), order=self.order[:0],
            fate=self.fate[trips], caught=self.caught[trips],
        )  # fmt: skip


def plan_of(roads: QueueRoads, departure: np.ndarray, routes: Routes, places: Places | None = None) -> Plan:
    """Return the plan of trips that leave at ``departure`` (t,) microseconds by ``routes``, without connectors.

    ``places`` tells when the hazard reaches origins and destinations, and who is no car, see
    :func:`.places.places_of`.
    """
    indptr, arc = routes.indptr, routes.arcs
    real = roads.is_road[arc]
    if not real.all():
        before = np.r_[0, np.cumsum(real)]
        indptr, arc = before[indptr], arc[real]
    hops = np.diff(indptr)[routes.of_trip].astype(np.int64)
    move = np.r_[0, np.cumsum(np.where(hops > 0, hops + 1, 0))].astype(np.int64)
    plan = Plan(departure, indptr[:-1][routes.of_trip].astype(np.int64), hops, np.ascontiguousarray(arc), move)
    return plan if places is None else places.known_to(plan)


def simulate_queues(
    roads: QueueRoads,
    plan: Plan,
    *,
    stuck_seconds: float = STUCK_SECONDS,
    record_order: bool = False,
    control: Control | None = None,
) -> QueueRun:
    """Return when everybody is where.

    Parameters
    ----------
    stuck_seconds : float
        After so long without an entry into a full road somebody is let in; 0: no road is ever full.
    record_order : bool
        Whether to keep the order of all moves, which the adjoint reads.

    Raises
    ------
    Cancelled
        When the user stops.

    Examples
    --------
    Three vehicles on a road of 10 s that lets one out every 4 s:

    >>> from evacuation_planner.plugin.solvers.graph.stars import ForwardStar
    >>> from evacuation_planner.plugin.solvers.routing.queue.network import queue_roads
    >>> star = ForwardStar.of(2, np.array([0]), np.array([1]))
    >>> roads = queue_roads(star, np.array([1]), [10.0], [900.0], [13.0])
    >>> routes = Routes(np.array([0, 1]), np.array([0], dtype=np.int32), np.zeros(3, dtype=np.int32))
    >>> run = simulate_queues(roads, plan_of(roads, np.zeros(3, dtype=np.int64), routes))
    >>> (run.arrival() / SECOND).tolist()
    [10.0, 14.0, 18.0]
    """
    control = control or Control()
    patience = int(round(stuck_seconds * SECOND))
    state = starting_state(roads, plan, record_order)
    slices, moves = Slices(), max(int(plan.move[-1]), 1)
    while run_moments(roads, plan, state, patience, slices.next()):
        control.stop_if_cancelled()
        control.progress(state.counts[MOVES] / moves, "")
    return run_of(roads, plan, state)


def run_of(roads: QueueRoads, plan: Plan, state: State) -> QueueRun:
    """Return what the state in which nothing moves any more tells."""
    fate, caught = fates_of(roads, plan, state)
    return QueueRun(
        plan,
        state.moment,
        state.order[: state.counts[MOVES]],
        int(state.counts[FORCED]),
        int(state.counts[RINGS]),
        _rings(state.ring[: state.counts[RING_ARCS]]),
        fate,
        caught,
    )


def starting_state(roads: QueueRoads, plan: Plan, record_order: bool) -> State:
    """Return the state before anything happens."""
    arcs, trips, moves = len(roads.travel), len(plan.departure), int(plan.move[-1])

    def of_arcs(value: int, kind: type, size: int = arcs) -> np.ndarray:
        return np.full(size, value, dtype=kind)

    return State(
        hop=of_arcs(-1, np.int32, trips),
        passed=of_arcs(0, np.int64, trips),
        behind=of_arcs(-1, np.int32, trips),
        head=of_arcs(-1, np.int32, 2 * arcs),
        last=of_arcs(-1, np.int32, 2 * arcs),
        load=of_arcs(0, np.int64),
        pending=of_arcs(0, np.int64),
        free=of_arcs(BEFORE, np.int64),
        headway=roads.headway.copy(),
        room=roads.room * CAR,
        entered=of_arcs(BEFORE, np.int64),
        claims=of_arcs(-1, np.int32),
        next_claim=of_arcs(-1, np.int32, 2 * arcs),
        wanted=of_arcs(-1, np.int32),
        since=of_arcs(0, np.int64, 2 * arcs),
        turn=of_arcs(0, np.int64, 2 * arcs),
        served=of_arcs(0, np.int64, len(roads.follow) + arcs),
        level=of_arcs(0, np.int64),
        watched=of_arcs(0, np.bool_),
        listed=of_arcs(0, np.bool_),
        bar=roads.bars.start[:-1].copy(),
        fate=of_arcs(0, np.int8, trips),
        caught=of_arcs(NEVER, np.int64, trips),
        part=of_arcs(-1, np.int32, trips),
        work=of_arcs(0, np.int32),
        stuck=of_arcs(0, np.int32),
        keys=of_arcs(0, np.int64, 2 * arcs + 2),
        items=of_arcs(0, np.int64, 2 * arcs + 2),
        moment=np.full(moves, NEVER) if can_catch(roads, plan) else np.empty(moves, dtype=np.int64),
        order=np.empty(moves if record_order else 0, dtype=np.int64),
        ring=np.empty(MOST_RING_ARCS, dtype=np.int32),
        counts=np.zeros(ALL_COUNTS, dtype=np.int64),
    )


def _rings(roads: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the roads of each ring from one list with a -1 after each."""
    ends = np.flatnonzero(roads < 0)
    return tuple(part[part >= 0] for part in np.split(roads, ends + 1)[:-1])
