"""System optimal routes under ``present``: take one trip out after the other and put it back where it costs all least.

Start from the greedy routes. In a sweep each trip in turn is re-routed by :mod:`.time_dependent_search` through the
timetable of all others. These keep their times until a part of the sweep is done (a quarter of the trips, say); then
all routes are evaluated exactly, the part is kept if the total time has fallen, and the timetable is made anew. Where a
part fails, because too many move at once, the next ones are smaller. The search stops when a sweep gains less than the
tolerance, or at the time limit. (Ours; the paper has no system-optimal method.)

Within a part the ways of a batch of trips are searched through one and the same timetable, those to one destination by
one thread; then each is weighed again in turn before its trip is moved. So the result does not depend on the threads.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Callable

import numpy as np

from ..control import Deadline, IsCancelled, Progress, never, no_progress, part, stop_if
from ..dependencies import compiled
from .assignment.trees import ReverseStar
from .delay_value import valued_timetable
from .plan import Plan, insert_trip, make_plan, remove_trip, repacked, rows_of
from .problem import RoutingProblem, Star
from .routes import Routes, distinct
from .simulation import Schedule, Slices, simulate_rows
from .time_dependent_search import Search, find_ways, make_search, mark_stays
from .time_guide import BINS, HORIZON, Guide, Guides, arc_costs
from .timetable import Timetable, copied, enlarged, hop_at, make_room
from .trees import Trees

LEAST_GAIN = 1e-3  # of the total time: a sweep that gains less ends the search
LEAST_ROUTE_GAIN = 0.01  # of a route's cost: a trip that would gain less stays; lets the search give up early
MOST_SWEEPS = 20
FIRST_PARTS, SMALLEST = 8, 16  # a part is at most 1/4 of the trips, at least 1/16 of that
BATCH = 256  # trips searched through the same timetable
MOST_THREADS = 8


@compiled
def put_back(cost, table, plan, search, trips, batch, limit, start, hops, arc, at, moved):
    """Move the trips of ``batch`` (b,) from position ``at`` on to the ways found, one after the other.

    The way of a trip, ``hops`` (b,) arcs of ``arc`` from ``start`` (b,) on, is weighed again in the timetable as it is
    now, against the ``limit`` (b,) below which it is to cost. Returns the next position: less than b when timetable or plan lack room. ``moved[0]`` counts the trips moved.
    """
    while at < len(batch):
        count = hops[at]
        if count > 0:
            trip = batch[at]
            number = mark_stays(plan, search, trip)
            now = trips[2][trip]
            total = 0.0
            for k in range(count):
                road = arc[start[at] + k]
                search.time[k] = now
                if search.own[road] == number:
                    seconds, delay = hop_at(cost, table, road, now, search.own_entry[road], search.own_exit[road])
                else:
                    seconds, delay = hop_at(cost, table, road, now, np.inf, np.inf)
                total += seconds + delay
                now += seconds
            if total < limit[at]:
                room = plan.used[0] + count <= len(plan.arc)
                for k in range(count):
                    room = make_room(table, arc[start[at] + k]) and room
                if not room:
                    return at
                remove_trip(table, plan, trip)
                if count > plan.hops[trip]:
                    plan.start[trip] = plan.used[0]
                    plan.used[0] += count
                plan.hops[trip] = count
                plan.arrival[trip] = now
                for k in range(count):
                    plan.arc[plan.start[trip] + k] = arc[start[at] + k]
                    plan.entry[plan.start[trip] + k] = search.time[k]
                insert_trip(table, plan, trip)
                moved[0] += 1
        at += 1
    return at


class Sweep:
    """One problem's roads and trees, ready to be swept."""

    def __init__(self, problem: RoutingProblem, trees: Trees, pool: ThreadPoolExecutor, threads: int) -> None:
        self.problem, self.trees, self.pool = problem, trees, pool
        self.star: Star = problem.star()
        self.trips = (problem.source, problem.destination, problem.departure)
        self.search: Search = make_search(problem.nodes, problem.arcs)
        self.scratch: SimpleQueue[Search] = SimpleQueue()
        for _ in range(threads):
            self.scratch.put(make_search(problem.nodes, problem.arcs))
        count = len(trees.destinations)
        self.guides = Guides(
            problem, self.star, ReverseStar(problem.nodes, problem.tail, problem.head), trees.destinations,
            trees.seconds, [np.unique(problem.source[trees.row == index]) for index in range(count)],
        )  # fmt: skip

    def make_guides(self, schedule: Schedule, table: Timetable) -> list[Guide]:
        """Return the guide to every destination in the traffic of ``schedule``."""
        step = max(float(np.quantile(schedule.arrival, HORIZON)), 1.0) / BINS
        costs = arc_costs(self.problem, table, step, BINS)
        return list(self.pool.map(lambda index: self.guides.make(index, costs), range(len(self.trees.destinations))))

    def find(
        self, table: Timetable, plan: Plan, guides: list[Guide], batch: np.ndarray, deadline: Deadline, cancelled: IsCancelled
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the limit of each trip of the batch, where its way starts, its hops (0: none), and the arcs of all."""
        problem = self.problem
        row = self.trees.row[batch]

        def work(index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
            positions = np.flatnonzero(row == index)
            chosen = batch[positions]
            hops, used, at = np.zeros(len(chosen), dtype=np.int64), np.zeros(1, dtype=np.int64), 0
            limits = np.zeros(len(chosen))
            arc = np.empty(problem.nodes + 64 * len(chosen) + 64, dtype=np.int32)
            search, slices = self.scratch.get(), Slices(20)
            try:
                while at < len(chosen) and not cancelled() and not deadline.passed():
                    at = find_ways(
                        problem.cost, self.star, problem.tail, table, plan, search, guides[index], self.trips,
                        chosen, at, slices.next(), LEAST_ROUTE_GAIN, limits, hops, arc, used,
                    )  # fmt: skip
                    if used[0] + problem.nodes >= len(arc):
                        arc = np.concatenate([arc, np.empty_like(arc)])
            finally:
                self.scratch.put(search)
            return positions, limits, hops, arc[: used[0]]

        start, hops, ways, size = np.zeros(len(batch), dtype=np.int64), np.zeros(len(batch), dtype=np.int64), [], 0
        limit = np.zeros(len(batch))
        present, counts = np.unique(row, return_counts=True)
        for positions, limits, found, arcs in self.pool.map(work, present[np.argsort(-counts, kind="stable")].tolist()):
            hops[positions], limit[positions] = found, limits
            start[positions] = size + np.cumsum(found) - found
            size += len(arcs)
            ways.append(arcs)
        stop_if(cancelled)
        return limit, start, hops, np.concatenate(ways)

    def run(
        self,
        schedule: Schedule,
        order: np.ndarray,
        most: int,
        deadline: Deadline,
        progress: Progress,
        cancelled: IsCancelled,
    ) -> tuple[Schedule, int, int]:
        """Re-route trips of ``order`` once, until ``most`` have moved; return the exact schedule, the number of trips
        looked at, and how many changed route."""
        problem = self.problem
        import time
        t0=time.perf_counter()
        tt0=time.perf_counter()
        table, plan = valued_timetable(problem, schedule) if VALUE else copied(schedule.table), make_plan(schedule)
        t1=time.perf_counter()
        TIMES[4]+=t1-tt0
        guides = self.make_guides(schedule, table)
        t2=time.perf_counter()
        moved, looked = np.zeros(1, dtype=np.int64), 0
        for first in range(0, len(order), BATCH):
            if deadline.passed() or moved[0] >= most:
                break
            batch = order[first : first + BATCH]
            ta=time.perf_counter()
            limit, start, hops, arc = self.find(table, plan, guides, batch, deadline, cancelled)
            at = 0
            tb=time.perf_counter(); TIMES[5]+=tb-ta
            while at < len(batch):
                at = put_back(
                    problem.cost, table, plan, self.search, self.trips, batch, limit, start, hops, arc, at,
                    moved,
                )
                if at < len(batch):
                    table, plan = enlarged(table), repacked(plan)
            TIMES[6]+=time.perf_counter()-tb
            looked = first + len(batch)
            progress(looked / len(order), "")
        t3=time.perf_counter()
        indptr, arc = rows_of(plan)[:2]
        r= simulate_rows(problem, indptr, arc, cancelled=cancelled, record=True), looked, int(moved[0])
        t4=time.perf_counter()
        TIMES[:4]+=[t1-t0,t2-t1,t3-t2,t4-t3]
        return r
TIMES=np.zeros(7)
VALUE=True


def system_optimal_routes(
    problem: RoutingProblem,
    trees: Trees,
    start: Schedule,
    deadline: Deadline,
    progress: Progress = no_progress,
    cancelled: IsCancelled = never,
    log: Callable[[str], None] | None = None,
) -> tuple[Routes, list[tuple[float, float]]]:
    """Return the best routes found from ``start`` on, and (seconds, total time) after each part that was kept.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    best, departed = start, float(problem.departure.sum())
    total = float(start.arrival.sum()) - departed
    history = [(deadline.elapsed, total)]
    rng = np.random.default_rng(0)
    size = largest = max(problem.trips // FIRST_PARTS, 1)
    threads = max(min(os.cpu_count() or 1, MOST_THREADS), 1)
    with ThreadPoolExecutor(threads) as pool:
        sweep = Sweep(problem, trees, pool, threads)
        for number in range(1, MOST_SWEEPS + 1 if problem.trips else 1):
            before, changed, at = total, 0, 0
            order = rng.permutation(problem.trips)  # so that each part holds trips of all places and times
            while at < problem.trips and not deadline.passed():
                done = (number - 1 + at / problem.trips) / MOST_SWEEPS
                bar = part(progress, done, number / MOST_SWEEPS)
                tried, looked, moved = sweep.run(best, order[at:], size, deadline, bar, cancelled)
                at += looked
                new = float(tried.arrival.sum()) - departed
                if new < total:
                    best, total, changed = tried, new, changed + moved
                    history.append((deadline.elapsed, total))
                    size = min(size * 3 // 2 + 1, largest)
                elif moved:  # too many at once: they get into each other's way
                    size = max(size // 2, largest // SMALLEST, 1)
            if log:
                log(f"Sweep {number}: {changed} changes of route, total time {total / 3600:,.1f} vehicle-hours. {deadline.elapsed:.2f} {TIMES.round(2)}")
            if deadline.passed() or before - total <= LEAST_GAIN * total:
                break
    return distinct(best.indptr, best.arc, problem.source), history
