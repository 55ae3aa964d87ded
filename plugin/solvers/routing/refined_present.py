"""Refinement of routes by Add, Drop and Swap under ``present`` (IGosrpqm, [E] Algorithm 3).

Labels are handled in order of time, as in the paper. At each node of a route the possible changes are bounded first:
one cannot gain more than the time on the arcs it removes and the delay caused there to those that enter during the
stay, less the free-flow time of the arcs it adds. (Effects on effects, farther down the road, are not in the bound.)
What passes is evaluated exactly, by a simulation of all vehicles, and the best change is kept. ``EPSILON`` is read per
route (spec 9): a change counts when ``T / (T - gain) > 1 + epsilon`` with the route's own time T.
"""

from __future__ import annotations

import numpy as np

from ..control import Deadline, IsCancelled, Progress, stop_if
from ..dependencies import compiled
from .heap import drop_first, replace_first
from .local_changes import candidates
from .problem import RoutingProblem
from .routes import Routes, distinct
from .simulation import Schedule, Slices, fill_heap, simulate, simulate_rows
from .timetable import hop_at

MOST_PASSES = 5


@compiled
def cost_of_hop(cost, table, schedule, trip, k):
    """Return the own seconds of hop ``k`` of the schedule and the delay it causes to those that enter behind."""
    arc, entry, arrival, end = schedule
    leave = entry[k + 1] if k + 1 < end[trip] else arrival[trip]
    seconds, delay = hop_at(cost, table, arc[k], entry[k], entry[k], leave)
    return seconds + delay


@compiled
def worth_a_try(cost, table, schedule, trip, k, beyond, own, epsilon, found, count):
    """Keep those of the first ``count`` candidates that could gain enough; return their number."""
    first = cost_of_hop(cost, table, schedule, trip, k)
    both = first + (cost_of_hop(cost, table, schedule, trip, k + 1) if beyond >= 0 else 0.0)
    least = own * max(epsilon / (1.0 + epsilon), 1e-9)
    kept = 0
    for c in range(count):
        bound = first if found[c, 0] == 0 else both
        bound -= cost.free_flow[found[c, 1]]
        if found[c, 2] >= 0:
            bound -= cost.free_flow[found[c, 2]]
        if bound > least:
            for j in range(3):
                found[kept, j] = found[c, j]
            kept += 1
    return kept


@compiled
def next_label(cost, star, ends, table, start, schedule, position, labels, epsilon, on_route, found, state, steps):
    """Go on from label to label until one has candidates that could gain enough.

    Parameters
    ----------
    ends : tail (m,), head (m,)
    start : (t,) int64
        First hop of each trip in the schedule.
    schedule : arc (k,), entry (k,), arrival (t,), end (t,)
    position : (t,) int64
        Hop that each trip looks at, counted from its first.
    labels : keys (t,), trips (t,)
        Heap of labels by time.
    found : (c, 3) int64
        Filled with the candidates.
    state : (2,) int64
        Size of the heap; number of the last route marked in ``on_route`` (n,).

    Returns
    -------
    int
        Number of candidates of the first label in the heap; 0 when ``steps`` or the labels are used up.
    """
    keys, trips = labels
    tail, head = ends
    arc, entry, arrival, end = schedule
    while state[0] > 0 and steps > 0:
        steps -= 1
        trip = trips[0]
        k = start[trip] + position[trip]
        if k >= end[trip]:
            state[0] = drop_first(keys, trips, state[0])
            continue
        if entry[k] > keys[0]:
            replace_first(keys, trips, state[0], entry[k], trip)
            continue
        beyond = head[arc[k + 1]] if k + 1 < end[trip] else -1
        count = candidates(star, tail[arc[k]], head[arc[k]], beyond, on_route, -1, found)
        if count > 0:
            own = arrival[trip] - entry[start[trip]]
            count = worth_a_try(cost, table, schedule, trip, k, beyond, own, epsilon, found, count)
        if count > 0:
            state[1] += 1
            on_route[tail[arc[start[trip]]]] = state[1]
            for j in range(start[trip], end[trip]):
                on_route[head[arc[j]]] = state[1]
            count = candidates(star, tail[arc[k]], head[arc[k]], beyond, on_route, state[1], found)
            count = worth_a_try(cost, table, schedule, trip, k, beyond, own, epsilon, found, count)
            if count > 0:
                return count
        position[trip] += 1
    return 0


def changed(schedule: Schedule, trip: int, hop: int, change: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the schedule's routes with one change (kind, arcs) at a hop of a trip."""
    begin = int(schedule.indptr[trip]) + hop
    new = [int(arc) for arc in change[1:] if arc >= 0]
    removed = 1 if change[0] == 0 else 2
    arcs = np.concatenate([schedule.arc[:begin], np.array(new, dtype=np.int32), schedule.arc[begin + removed :]])
    indptr = schedule.indptr.copy()
    indptr[trip + 1 :] += len(new) - removed
    return indptr, arcs


class Refinement:
    """One pass of Algorithm 3 over all labels."""

    def __init__(self, problem: RoutingProblem, schedule: Schedule, epsilon: float) -> None:
        self.problem, self.epsilon = problem, epsilon
        self.star = problem.star()
        self.position = np.zeros(problem.trips, dtype=np.int64)
        self.labels = (np.empty(problem.trips), np.empty(problem.trips, dtype=np.int64))
        self.state = np.array([fill_heap(*self.labels, problem.departure), 0], dtype=np.int64)
        self.on_route, self.found = np.zeros(problem.nodes, dtype=np.int64), np.empty((64, 3), dtype=np.int64)
        self.schedule: Schedule = schedule

    def next(self, steps: int) -> int:
        """Go to the next label with candidates; return their number, 0 when ``steps`` or the labels are used up."""
        s = self.schedule
        return int(
            next_label(
                self.problem.cost, self.star, (self.problem.tail, self.problem.head), s.table, s.indptr[:-1],
                (s.arc, s.entry, s.arrival, s.indptr[1:]), self.position, self.labels, self.epsilon, self.on_route,
                self.found, self.state, steps,
            )
        )  # fmt: skip

    def improve(self, count: int, cancelled: IsCancelled) -> bool:
        """Evaluate the candidates of the first label exactly; make the best one if it gains enough."""
        trip = int(self.labels[1][0])
        hop, now = int(self.position[trip]), self.schedule
        own = float(now.arrival[trip] - self.problem.departure[trip])
        best, most = None, own * max(self.epsilon / (1.0 + self.epsilon), 1e-9)
        for change in self.found[:count].copy():
            indptr, arcs = changed(now, trip, hop, change)
            tried = simulate_rows(self.problem, indptr, arcs, cancelled=cancelled, record=True)
            gain = float(now.arrival.sum() - tried.arrival.sum())
            if gain > most:
                best, most = tried, gain
        if best is None:
            self.position[trip] += 1
            return False
        self.schedule = best
        return True


def refined_present_routes(
    problem: RoutingProblem,
    routes: Routes,
    epsilon: float,
    deadline: Deadline,
    progress: Progress,
    cancelled: IsCancelled,
) -> tuple[Routes, int]:
    """Return routes refined by Add, Drop and Swap, and the number of changes made.

    Passes over all labels are repeated until one changes nothing, or the time is up.
    """
    schedule, changes = simulate(problem, routes, cancelled=cancelled, record=True), 0
    for number in range(MOST_PASSES):
        refinement, slices, before = Refinement(problem, schedule, epsilon), Slices(200), changes
        while refinement.state[0] > 0 and not deadline.passed():
            stop_if(cancelled)
            count = refinement.next(slices.next())
            if count > 0:
                changes += refinement.improve(count, cancelled)
                slices = Slices(slices.steps)
            done = float(refinement.position.sum()) / max(len(refinement.schedule.arc), 1)
            progress((number + min(done, 1.0)) / MOST_PASSES, "")
        schedule = refinement.schedule
        if changes == before or deadline.passed():
            break
    return distinct(schedule.indptr, schedule.arc, problem.source), changes
