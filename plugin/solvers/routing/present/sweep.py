"""A part of a sweep of *system optimal* under ``present``: trips are taken out and put back where they cost all least.

The ways of a batch of trips are searched through one and the same timetable, those to one destination by one thread;
then each is weighed again in turn before its trip is moved. So the result does not depend on the threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from ...control import Control, Slices
from ...graph.stars import ForwardStar, ReverseStar
from ...kernels import compiled
from ..shared.closed_arcs import entry_in_time, leaves_in_time, waits_until, watch_of
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes, with_routes_of
from ..shared.timetable import Timetable, copied, hop_at, make_room
from ..shared.trees import Trees
from .adjoint import valued_timetable
from .cost_to_go import BackwardPasses, CostToGo
from .plan import Plan, insert_trip, make_plan, remove_trip, repacked, rows_of
from .run import PresentRun, drive_rows
from .simulation import TIMETABLE
from .time_dependent_search import NOTHING_HEEDED, Heeded, SearchSpace, find_ways, mark_stays, search_space

LEAST_ROUTE_GAIN = 0.005  # of a route's cost: a trip that would gain less stays; lets the search give up early
BATCH = 256  # trips searched through the same timetable


class Ways(NamedTuple):
    """What the searches of a batch of b trips have found.

    Attributes
    ----------
    limit : (b,) float64
        Cost below which the way of a trip has to be for the trip to move.
    start, hops : (b,) int64
        First position in ``arc`` and number of arcs of its way; no arcs where none was found.
    arc : (k,) int32
    """

    limit: np.ndarray
    start: np.ndarray
    hops: np.ndarray
    arc: np.ndarray


class Driven(NamedTuple):
    """The routes of all trips as rows of arcs, and what becomes of them.

    Attributes
    ----------
    indptr : (t+1,) int64
    arc : (k,) int32
    run : PresentRun
    caught : float
        People.
    seconds : float
        Total travel time of those who arrive.
    """

    indptr: np.ndarray
    arc: np.ndarray
    run: PresentRun
    caught: float
    seconds: float

    @property
    def rank(self) -> tuple[float, float]:
        """By what plans are compared."""
        return self.caught, self.seconds

    @property
    def lost(self) -> np.ndarray:
        """The trips that are caught."""
        return np.flatnonzero(~self.run.arrived)

    @property
    def routes(self) -> Routes:
        """A route of its own for each trip."""
        return Routes(self.indptr, self.arc, np.arange(len(self.indptr) - 1, dtype=np.int32))


@compiled
def put_back(cost, heeded, table, plan, space, trips, batch, ways, at, moved):
    """Move the trips of ``batch`` (b,) from position ``at`` on to their ways, one after the other.

    A way is weighed again in the timetable as it is now. Returns the next position: less than b when timetable or plan
    lack room. ``moved`` (t,) bool is set for those who are moved.
    """
    watched = len(heeded.latest) > 0
    while at < len(batch):
        trip = batch[at]
        count = ways.hops[at]
        first = ways.start[at]
        at += 1
        if count == 0:
            continue
        number = mark_stays(plan, space, trip)
        now = trips[2][trip]
        total = 0.0
        before = -1
        for k in range(count):
            arc = ways.arc[first + k]
            entry = now
            if watched:
                limit = waits_until(heeded.watch, trip, before, space.time[k - 1])
                entry = entry_in_time(cost, heeded.watch, heeded.latest[heeded.row[trip]], arc, now, limit)
                if entry == np.inf:
                    total = np.inf
                    break
            space.time[k] = entry
            if space.own[arc] == number:
                seconds, delay = hop_at(cost, table, arc, entry, space.own_entry[arc], space.own_exit[arc])
            else:
                seconds, delay = hop_at(cost, table, arc, entry, np.inf, np.inf)
            total += seconds + delay + (entry - now)
            now = entry + seconds
            if watched and not leaves_in_time(heeded.watch, heeded.latest[heeded.row[trip]], arc, entry, now):
                total = np.inf
                break
            before = arc
        if total >= ways.limit[at - 1]:
            continue
        room = plan.used[0] + count <= len(plan.arc)
        for k in range(count):
            room = make_room(table, ways.arc[first + k]) and room
        if not room:
            return at - 1
        remove_trip(table, plan, trip)
        if count > plan.hops[trip]:
            plan.start[trip] = plan.used[0]
            plan.used[0] += count
        plan.hops[trip] = count
        plan.arrival[trip] = now
        for k in range(count):
            plan.arc[plan.start[trip] + k] = ways.arc[first + k]
            plan.entry[plan.start[trip] + k] = space.time[k]
        insert_trip(table, plan, trip)
        moved[trip] = True
    return at


class Sweep:
    """One problem's roads and trees, ready to be swept."""

    def __init__(
        self, problem: RoutingProblem, trees: Trees, pool: ThreadPoolExecutor, threads: int, latest: np.ndarray | None
    ) -> None:
        self.problem, self.trees, self.pool = problem, trees, pool
        self.heeded = NOTHING_HEEDED
        if latest is not None:
            watch = watch_of(problem.closings, problem.cost.free_flow, problem.source)
            self.heeded = Heeded(watch, latest, trees.row)
        self.star: ForwardStar = problem.star()
        self.trips = (problem.source, problem.destination, problem.departure)
        self.space: SearchSpace = search_space(problem.nodes, problem.arcs)
        self.scratch: SimpleQueue[SearchSpace] = SimpleQueue()
        self.spaces = [search_space(problem.nodes, problem.arcs) for _ in range(threads)]
        for space in self.spaces:
            self.scratch.put(space)
        self.simulated = 0
        sources = [np.unique(problem.source[trees.row == number]) for number in range(len(trees.destinations))]
        entering = ReverseStar(problem.nodes, problem.tail, problem.head)
        self.backward_passes = BackwardPasses(problem, self.star, trees, entering, sources)

    @property
    def work(self) -> int:
        """Nodes searched and hops simulated so far."""
        return self.simulated + sum(int(space.number[1]) for space in self.spaces)

    def drive(self, indptr: np.ndarray, arc: np.ndarray, control: Control) -> Driven:
        """Return what becomes of everybody by routes, rows of arcs."""
        self.simulated += len(arc)
        run = drive_rows(self.problem, indptr, arc, control.unseen(), TIMETABLE)
        return driven(self.problem, indptr, arc, run)

    def mended(self, tried: Driven, most_work: int, control: Control) -> Driven:
        """Return the plan after those who are caught have moved once more, if that is better."""
        again, _, _ = self.run(tried, tried.lost, len(tried.lost), most_work, control)
        return min(tried, again, key=lambda plan: plan.rank)

    def run(
        self, now: Driven, order: np.ndarray, most: int, most_work: int, control: Control
    ) -> tuple[Driven, int, int]:
        """Re-route the trips of ``order`` from its beginning until ``most`` have moved or the work is ``most_work``.

        Returns the exact evaluation, the number of trips looked at, and how many changed route.
        """
        problem, schedule = self.problem, now.run.schedule
        table, plan = valued_timetable(problem, schedule, control), make_plan(schedule, control)
        costs_to_go = self.backward_passes.make(schedule, table, self.pool, control)
        moved, looked = np.zeros(problem.trips, dtype=bool), 0
        if not costs_to_go:  # the time is up
            return now, 0, 0
        heeded = self.heeded._replace(watch=self.heeded.watch._replace(fate=now.run.fate))
        while looked < len(order) and moved.sum() < most and self.work < most_work and not control.effort.passed():
            batch, at = order[looked : looked + BATCH], 0
            ways = self.find(heeded, table, plan, costs_to_go, batch, control)
            while at < len(batch):
                at = put_back(problem.cost, heeded, table, plan, self.space, self.trips, batch, ways, at, moved)
                if at < len(batch):
                    table, plan = copied(table, control), repacked(plan, control)
            looked += len(batch)
            control.progress(looked / len(order), "")
        if not moved.any():
            return now, looked, 0
        indptr, arc = rows_of(plan, control)
        stay = now.lost[~moved[now.lost]]  # the plan knows their ways as far as they come
        if len(stay):
            own = Routes(indptr, arc, np.arange(problem.trips, dtype=np.int32))
            indptr, arc = with_routes_of(own, stay, now.routes).expanded(control)
        return self.drive(indptr, arc, control), looked, int(moved.sum())

    def find(
        self,
        heeded: Heeded,
        table: Timetable,
        plan: Plan,
        costs_to_go: list[CostToGo],
        batch: np.ndarray,
        control: Control,
    ) -> Ways:
        """Return the ways of the trips of ``batch`` (b,), searched destination by destination on all threads."""
        row = self.trees.row[batch]

        def work(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
            """Return the positions in the batch of the trips to a destination, their limits, hops and arcs."""
            positions, space, slices = np.flatnonzero(row == number), self.scratch.get(), Slices(20)
            chosen, at, used = batch[positions], 0, np.zeros(1, dtype=np.int64)
            limit, hops = np.zeros(len(chosen)), np.zeros(len(chosen), dtype=np.int64)
            latest = heeded.latest[number] if len(heeded.latest) else np.empty(0)
            arc = np.empty(2 * self.problem.nodes + 1, dtype=np.int32)
            try:
                while at < len(chosen) and not control.cancelled() and not control.effort.passed():
                    at = find_ways(
                        self.problem.cost, self.star, self.problem.tail, heeded, latest, table, plan, space,
                        costs_to_go[number], self.trips, chosen, at, slices.next(), LEAST_ROUTE_GAIN, limit, hops, arc,
                        used,
                    )  # fmt: skip
                    if used[0] + self.problem.nodes >= len(arc):
                        arc = np.concatenate([arc, np.empty_like(arc)])
            finally:
                self.scratch.put(space)
            return positions, limit, hops, arc[: used[0]]

        start, count = np.zeros((2, len(batch)), dtype=np.int64)
        ways = Ways(np.zeros(len(batch)), start, count, np.empty(0, dtype=np.int32))
        numbers, counts = np.unique(row, return_counts=True)
        arcs, size = [], 0
        for positions, limit, hops, arc in self.pool.map(work, numbers[np.argsort(-counts, kind="stable")].tolist()):
            ways.limit[positions], ways.hops[positions] = limit, hops
            ways.start[positions] = size + np.cumsum(hops) - hops
            arcs.append(arc)
            size += len(arc)
        control.stop_if_cancelled()
        return ways._replace(arc=np.concatenate(arcs))


def driven(problem: RoutingProblem, indptr: np.ndarray, arc: np.ndarray, run: PresentRun) -> Driven:
    """Return a run with what it is judged by."""
    return Driven(indptr, arc, run, float(problem.people[~run.arrived].sum()), run.seconds)
