"""System optimal routes under ``present``: take one trip out after the other and put it back where it costs all least.

Start from the greedy routes. In a sweep each trip in turn is re-routed by :mod:`.time_dependent_search` through the
timetable of all others, at its own time plus the delay that it causes to those behind it, weighed by what a delay to
each of them costs everyone (:mod:`.adjoint`). The others keep their times until a fifth of the trips, say, has
moved; then all routes are evaluated exactly, this part of the sweep is kept if the total time has fallen, and timetable
and costs to go are made anew. Where a part fails, because too many move at once, the next ones are smaller. The search
stops when a sweep gains less than the tolerance, or when the work of the effort is used up. Work is counted: nodes
searched and hops simulated. (Ours; the paper has no system-optimal method.)

Within a part the ways of a batch of trips are searched through one and the same timetable, those to one destination by
one thread; then each is weighed again in turn before its trip is moved. So the result does not depend on the threads.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from ...control import Control, Slices
from ...graph.stars import ForwardStar, ReverseStar
from ...kernels import compiled
from ..shared.problem import RoutingProblem
from ..shared.schedule import Schedule
from ..shared.timetable import Timetable, copied, hop_at, make_room
from ..shared.trees import Trees
from .adjoint import valued_timetable
from .cost_to_go import BackwardPasses, CostToGo
from .plan import Plan, insert_trip, make_plan, remove_trip, repacked, rows_of
from .simulation import TIMETABLE, simulate_rows
from .time_dependent_search import SearchSpace, find_ways, mark_stays, search_space

# By effort: the share of the total time that a sweep must gain for another one to follow, sweeps, and work, of which a
# processor of today does some two million in a second.
LEAST_SWEEP_GAINS, MOST_SWEEPS, MOST_WORK = (0.02, 1e-3, 1e-5), (5, 20, 100), (40_000_000, 400_000_000, 8_000_000_000)
LEAST_ROUTE_GAIN = 0.005  # of a route's cost: a trip that would gain less stays; lets the search give up early
FIRST_PARTS, SMALLEST = 5, 16  # in a part move at most 1/5 of the trips, at least 1/16 of that
BATCH = 256  # trips searched through the same timetable
MOST_THREADS = 8


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


@compiled
def put_back(cost, table, plan, space, trips, batch, ways, at, moved):
    """Move the trips of ``batch`` (b,) from position ``at`` on to their ways, one after the other.

    A way is weighed again in the timetable as it is now. Returns the next position: less than b when timetable or plan
    lack room. ``moved[0]`` counts the trips moved.
    """
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
        for k in range(count):
            arc = ways.arc[first + k]
            space.time[k] = now
            if space.own[arc] == number:
                seconds, delay = hop_at(cost, table, arc, now, space.own_entry[arc], space.own_exit[arc])
            else:
                seconds, delay = hop_at(cost, table, arc, now, np.inf, np.inf)
            total += seconds + delay
            now += seconds
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
        moved[0] += 1
    return at


class Sweep:
    """One problem's roads and trees, ready to be swept."""

    def __init__(self, problem: RoutingProblem, trees: Trees, pool: ThreadPoolExecutor, threads: int) -> None:
        self.problem, self.trees, self.pool = problem, trees, pool
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

    def run(
        self, schedule: Schedule, order: np.ndarray, most: int, most_work: int, control: Control
    ) -> tuple[Schedule, int, int]:
        """Re-route the trips of ``order`` from its beginning until ``most`` have moved or the work is ``most_work``.

        Returns the exact schedule, the number of trips looked at, and how many changed route.
        """
        problem = self.problem
        table, plan = valued_timetable(problem, schedule, control), make_plan(schedule, control)
        costs_to_go = self.backward_passes.make(schedule, table, self.pool, control)
        moved, looked = np.zeros(1, dtype=np.int64), 0
        if not costs_to_go:  # the time is up
            return schedule, 0, 0
        while looked < len(order) and moved[0] < most and self.work < most_work and not control.effort.passed():
            batch, at = order[looked : looked + BATCH], 0
            ways = self.find(table, plan, costs_to_go, batch, control)
            while at < len(batch):
                at = put_back(problem.cost, table, plan, self.space, self.trips, batch, ways, at, moved)
                if at < len(batch):
                    table, plan = copied(table, control), repacked(plan, control)
            looked += len(batch)
            control.progress(looked / len(order), "")
        if not moved[0]:
            return schedule, looked, 0
        indptr, arc = rows_of(plan, control)
        self.simulated += len(arc)
        return simulate_rows(problem, indptr, arc, control=control.unseen(), record=TIMETABLE), looked, int(moved[0])

    def find(
        self, table: Timetable, plan: Plan, costs_to_go: list[CostToGo], batch: np.ndarray, control: Control
    ) -> Ways:
        """Return the ways of the trips of ``batch`` (b,), searched destination by destination on all threads."""
        row = self.trees.row[batch]

        def work(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
            """Return the positions in the batch of the trips to a destination, their limits, hops and arcs."""
            positions, space, slices = np.flatnonzero(row == number), self.scratch.get(), Slices(20)
            chosen, at, used = batch[positions], 0, np.zeros(1, dtype=np.int64)
            limit, hops = np.zeros(len(chosen)), np.zeros(len(chosen), dtype=np.int64)
            arc = np.empty(2 * self.problem.nodes + 1, dtype=np.int32)
            try:
                while at < len(chosen) and not control.cancelled() and not control.effort.passed():
                    at = find_ways(
                        self.problem.cost, self.star, self.problem.tail, table, plan, space, costs_to_go[number],
                        self.trips, chosen, at, slices.next(), LEAST_ROUTE_GAIN, limit, hops, arc, used,
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


def system_optimal_schedule(
    problem: RoutingProblem, trees: Trees, start: Schedule, control: Control | None = None
) -> tuple[Schedule, list[tuple[float, float]], bool]:
    """Return the best schedule found from ``start`` on, and (seconds, total time) after each part that was kept.

    The third value is whether the work of the effort was used up before every trip had been looked at.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    best, departed = start, float(problem.departure.sum())
    total = float(start.arrival.sum()) - departed
    history = [(control.effort.elapsed, total)]
    rng = np.random.default_rng(0)
    size = largest = max(problem.trips // FIRST_PARTS, 1)
    used_up = False
    sweeps, most_work = control.effort.pick(*MOST_SWEEPS), control.effort.pick(*MOST_WORK)
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        sweep = Sweep(problem, trees, pool, threads)
        for number in range(1, sweeps + 1 if problem.trips else 1):
            before, changed, at = total, 0, 0
            order = rng.permutation(problem.trips)  # so that each part holds trips of all places and times
            while at < problem.trips and sweep.work < most_work and not control.effort.passed():
                done = (number - 1 + at / problem.trips) / sweeps
                part = control.part(done, number / sweeps)
                tried, looked, moved = sweep.run(best, order[at:], size, most_work, part)
                at += looked
                new = float(tried.arrival.sum()) - departed
                if new < total:
                    best, total, changed = tried, new, changed + moved
                    history.append((control.effort.elapsed, total))
                    size = min(size * 3 // 2 + 1, largest)
                elif moved:  # too many at once: they get into each other's way
                    size = max(size // 2, largest // SMALLEST, 1)
            control.log(f"Sweep {number}: {changed} changes of route, total time {total / 3600:,.1f} vehicle-hours.")
            if at < problem.trips:  # ended on the way
                used_up = sweep.work >= most_work
                if used_up:
                    control.log(control.effort.used_up(f"{most_work:,} counted steps"))
                break
            if before - total <= control.effort.pick(*LEAST_SWEEP_GAINS) * total:
                break
    return best, history, used_up
