"""Exact evaluation of routes under ``queue``: first in first out, exit capacity, room, merging by capacity.

Every vehicle's moves are worked out event by event in whole microseconds, so that the same plan gives the same moments
on every machine. What happens is told in :mod:`.events`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control, Slices
from ..shared.choices import STUCK_SECONDS
from ..shared.routes import Routes, rows_at
from ..shared.schedule import Schedule
from .events import ALL_COUNTS, BEFORE, FORCED, MOVES, RING_ARCS, RINGS, Plan, State, run_moments
from .network import SECOND, QueueRoads

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
        exit from each road, the last of which is its arrival. Trips without roads have none.
    order : (moves,) int64
        The moves in the order in which they were made; empty unless it was asked for.
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

    def arrival(self) -> np.ndarray:
        """Return when each trip (t,) arrives, microseconds; who has no road to drive arrives on departure."""
        there = self.plan.departure.copy()
        driving = self.plan.hops > 0
        there[driving] = self.moment[self.plan.move[1:][driving] - 1]
        return there

    def total(self) -> int:
        """Return the total travel time in vehicle-microseconds, waiting at the origin included."""
        return int((self.arrival() - self.plan.departure).sum())

    def waiting(self) -> np.ndarray:
        """Return how long each trip (t,) waits at its origin, microseconds."""
        wait = np.zeros(len(self.plan.departure), dtype=np.int64)
        driving = self.plan.hops > 0
        wait[driving] = self.moment[self.plan.move[:-1][driving]] - self.plan.departure[driving]
        return wait

    def schedule(self, control: Control | None = None) -> Schedule:
        """Return the same in seconds, a row of roads for every trip."""
        plan = self.plan
        indptr = np.r_[0, np.cumsum(plan.hops)].astype(np.int64)
        last = np.zeros(len(self.moment), dtype=bool)
        last[plan.move[1:][plan.hops > 0] - 1] = True
        return Schedule(
            indptr, rows_at(plan.first, plan.hops, plan.arc, control), self.moment[~last] / SECOND,
            self.arrival() / SECOND,
        )  # fmt: skip


def plan_of(roads: QueueRoads, departure: np.ndarray, routes: Routes) -> Plan:
    """Return the plan of trips that leave at ``departure`` (t,) microseconds by ``routes``, without connectors."""
    indptr, arc = routes.indptr, routes.arcs
    real = roads.is_road[arc]
    if not real.all():
        before = np.r_[0, np.cumsum(real)]
        indptr, arc = before[indptr], arc[real]
    hops = np.diff(indptr)[routes.of_trip].astype(np.int64)
    move = np.r_[0, np.cumsum(np.where(hops > 0, hops + 1, 0))].astype(np.int64)
    return Plan(departure, indptr[:-1][routes.of_trip].astype(np.int64), hops, np.ascontiguousarray(arc), move)


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
    return QueueRun(
        plan,
        state.moment,
        state.order,
        int(state.counts[FORCED]),
        int(state.counts[RINGS]),
        _rings(state.ring[: state.counts[RING_ARCS]]),
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
        room=roads.room.copy(),
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
        work=of_arcs(0, np.int32),
        stuck=of_arcs(0, np.int32),
        keys=of_arcs(0, np.int64, 2 * arcs + 2),
        items=of_arcs(0, np.int64, 2 * arcs + 2),
        moment=np.empty(moves, dtype=np.int64),
        order=np.empty(moves if record_order else 0, dtype=np.int64),
        ring=np.empty(MOST_RING_ARCS, dtype=np.int32),
        counts=np.zeros(ALL_COUNTS, dtype=np.int64),
    )


def _rings(roads: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the roads of each ring from one list with a -1 after each."""
    ends = np.flatnonzero(roads < 0)
    return tuple(part[part >= 0] for part in np.split(roads, ends + 1)[:-1])
