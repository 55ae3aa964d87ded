"""System optimal routes under ``present``: take one trip out after the other and put it back where it costs all least.

Start from the greedy routes. In a sweep each trip in turn is re-routed by :mod:`.time_dependent_search` through the
timetable of all others. These keep their times until a part of the sweep is done (a quarter of the trips, say); then
all routes are evaluated exactly, the part is kept if the total time has fallen, and the timetable is made anew. Where a
part fails, because too many move at once, the next ones are smaller. The search stops when a sweep gains less than the
tolerance, or at the time limit. (Ours; the paper has no system-optimal method.)
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from ..control import Deadline, IsCancelled, Progress, never, no_progress, part, stop_if
from ..dependencies import compiled
from .problem import RoutingProblem, Star
from .routes import Routes, distinct
from .simulation import Schedule, Slices, simulate_rows
from .time_dependent_search import Search, find_way, make_search, weigh
from .timetable import Plan, Timetable, insert_trip, make_plan, make_room, make_timetable, mean_costs, remove_trip
from .trees import Trees, reverse_trees

LEAST_GAIN = 1e-3  # of the total time: a sweep that gains less ends the search
LEAST_ROUTE_GAIN = 0.01  # of a route's cost: a trip that would gain less stays; lets the search give up early
GUIDE_SHARES = (0.5, 0.25, 0.0)  # of the mean cost above free flow that leads the search, by sweep
MOST_SWEEPS = 20
FIRST_PARTS, SMALLEST = 4, 16  # a part is at most 1/4 of the trips, at least 1/16 of that


@compiled
def fits(table, plan, search, tail, destination, source):
    """Return ``(hops, whether the timetable and the plan have room)`` for the way that the search has found."""
    hops = 0
    node = destination
    room = True
    while node != source:
        road = search.via[node]
        hops += 1
        room = make_room(table, road) and room
        node = tail[road]
    if plan.used[0] + hops > len(plan.arc):
        room = False
    return hops, room


@compiled
def take_way(table, plan, search, tail, trip, source, destination, hops):
    """Make the way that the search has found the route of ``trip``."""
    remove_trip(table, plan, trip)
    first = plan.start[trip]
    if hops > plan.hops[trip]:
        first = plan.used[0]
        plan.used[0] += hops
    plan.start[trip] = first
    plan.hops[trip] = hops
    plan.arrival[trip] = search.time[destination]
    node = destination
    k = first + hops
    while node != source:
        k -= 1
        road = search.via[node]
        node = tail[road]
        plan.arc[k] = road
        plan.entry[k] = search.time[node]
    insert_trip(table, plan, trip)


@compiled
def sweep_steps(cost, star, tail, table, plan, search, guide, row, trips, order, at, steps, moved):
    """Re-route up to ``steps`` trips of ``order`` from position ``at``; return the next position.

    Stops early, at the trip concerned, when timetable or plan lack room: ``moved[1]`` is then 1. ``moved[0]`` counts
    the trips that changed route. ``trips`` is (source, destination, departure).
    """
    last = min(at + steps, len(order))
    moved[1] = 0
    while at < last:
        trip = order[at]
        source = trips[0][trip]
        destination = trips[1][trip]
        if source != destination:
            departure = trips[2][trip]
            limit = weigh(cost, table, plan, search, trip, departure) * (1.0 - LEAST_ROUTE_GAIN)
            if find_way(cost, star, table, search, guide[row[trip]], source, destination, departure, limit):
                hops, room = fits(table, plan, search, tail, destination, source)
                if not room:
                    moved[1] = 1
                    return at
                take_way(table, plan, search, tail, trip, source, destination, hops)
                moved[0] += 1
        at += 1
    return at


class Sweep:
    """One problem's roads and trees, ready to be swept."""

    def __init__(self, problem: RoutingProblem, trees: Trees) -> None:
        self.problem, self.trees = problem, trees
        self.star: Star = problem.star()
        self.search: Search = make_search(problem.nodes, problem.arcs)
        self.trips = (problem.source, problem.destination, problem.departure)

    def guide(self, schedule: Schedule, share: float, cancelled: IsCancelled) -> np.ndarray:
        """Return the least costs (d, n) to each destination that lead the searches in the traffic of ``schedule``.

        ``share`` of the mean cost above free flow counts: more leads more directly, less misses fewer ways.
        """
        free = self.problem.cost.free_flow
        costs = mean_costs(self.problem.cost, make_timetable(schedule, self.problem.arcs), schedule)
        weight = free + share * np.maximum(costs - free, 0.0)
        return reverse_trees(self.problem, weight, cancelled=cancelled).seconds

    def run(
        self,
        schedule: Schedule,
        order: np.ndarray,
        guide: np.ndarray,
        deadline: Deadline,
        progress: Progress,
        cancelled: IsCancelled,
    ) -> tuple[Schedule, int]:
        """Re-route the trips of ``order`` once; return the exact schedule and how many changed route."""
        problem = self.problem
        table, plan = make_timetable(schedule, problem.arcs), make_plan(schedule)
        moved, at, slices = np.zeros(2, dtype=np.int64), 0, Slices(20)
        while at < len(order) and not deadline.passed():
            stop_if(cancelled)
            at = sweep_steps(
                problem.cost, self.star, problem.tail, table, plan, self.search, guide, self.trees.row, self.trips,
                order, at, slices.next(), moved,
            )  # fmt: skip
            if moved[1]:
                table, plan = repack(plan, problem.arcs)
            progress(at / len(order), "")
        indptr, arc = rows_of(plan)[:2]
        return simulate_rows(problem, indptr, arc, cancelled=cancelled), int(moved[0])


def rows_of(plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return offsets (t+1,), arcs and entries of the plan's routes without the gaps of the arena."""
    indptr = np.r_[0, np.cumsum(plan.hops)].astype(np.int64)
    at = np.arange(indptr[-1]) + np.repeat(plan.start - indptr[:-1], plan.hops)
    return indptr, plan.arc[at], plan.entry[at]


def repack(plan: Plan, arcs: int) -> tuple[Timetable, Plan]:
    """Return timetable and plan with the same content and more room."""
    indptr, arc, entry = rows_of(plan)
    schedule = Schedule(indptr, arc, entry, plan.arrival)
    return make_timetable(schedule, arcs), make_plan(schedule)


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
    history, sweep = [(deadline.elapsed, total)], Sweep(problem, trees)
    rng = np.random.default_rng(0)
    size = largest = max(problem.trips // FIRST_PARTS, 1)
    for number in range(1, MOST_SWEEPS + 1 if problem.trips else 1):
        before, changed, at = total, 0, 0
        order = rng.permutation(problem.trips)  # so that each part holds trips of all places and times
        guide = sweep.guide(best, GUIDE_SHARES[min(number, len(GUIDE_SHARES)) - 1], cancelled)
        while at < problem.trips and not deadline.passed():
            done = (number - 1 + at / problem.trips) / MOST_SWEEPS
            bar = part(progress, done, done + size / problem.trips / MOST_SWEEPS)
            tried, moved = sweep.run(best, order[at : at + size], guide, deadline, bar, cancelled)
            at += size
            new = float(tried.arrival.sum()) - departed
            if new < total:
                best, total, changed = tried, new, changed + moved
                history.append((deadline.elapsed, total))
                size = min(size * 3 // 2 + 1, largest)
            elif moved:  # too many at once: they get into each other's way
                size = max(size // 2, largest // SMALLEST, 1)
        if log:
            log(f"Sweep {number}: {changed} changes of route, total time {total / 3600:,.1f} vehicle-hours.")
        searched_widely = number >= len(GUIDE_SHARES)
        if deadline.passed() or (searched_widely and before - total <= LEAST_GAIN * total):
            break
    return distinct(best.indptr, best.arc, problem.source), history
