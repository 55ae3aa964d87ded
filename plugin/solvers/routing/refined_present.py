"""Refinement of routes by Add, Drop and Swap under ``present`` (IGosrpqm, [E] Algorithm 3).

Labels are handled in order of time, as in the paper. At each node of a route the possible changes are bounded first:
one cannot gain more than the time on the arcs it removes and the delay caused there to those that enter during the
stay, less the free-flow time of the arcs it adds. (Effects on effects, farther down the road, are not in the bound.)
What passes must also promise half the gain aimed at when the arcs it adds are taken as they are at the time; what does
is evaluated exactly, by a simulation of all vehicles, and the best change is kept. ``EPSILON`` is read per
route (spec 9): a change counts when ``T / (T - gain) > 1 + epsilon`` with the route's own time T.
"""

from __future__ import annotations

import numpy as np

from ..control import Deadline, IsCancelled, Progress, stop_if
from ..dependencies import compiled
from .local_changes import ADD, candidates, may_change, open_turns
from .problem import RoutingProblem
from .simulation import Schedule, Slices, simulate_changed
from .timetable import hop_at

MOST_PASSES = 5
CAUTION = 0.5  # of the gain aimed at that a change must promise at present flows to be evaluated


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
    arc, entry, arrival, end = schedule
    first = cost_of_hop(cost, table, schedule, trip, k)
    both = first + (cost_of_hop(cost, table, schedule, trip, k + 1) if beyond >= 0 else 0.0)
    least = own * max(epsilon / (1.0 + epsilon), 1e-9)
    kept = 0
    for c in range(count):
        removed = first if found[c, 0] == 0 else both
        bound = removed - cost.free_flow[found[c, 1]]
        if found[c, 2] >= 0:
            bound -= cost.free_flow[found[c, 2]]
        if bound <= least:
            continue
        now = entry[k]
        for j in range(1, 3):
            if found[c, j] >= 0:
                seconds, delay = hop_at(cost, table, found[c, j], now, np.inf, np.inf)
                removed -= seconds + delay
                now += seconds
        if removed > CAUTION * least:
            for j in range(3):
                found[kept, j] = found[c, j]
            kept += 1
    return kept


@compiled
def next_label(cost, star, turns, ends, table, schedule, trips, order, epsilon, on_route, found, state, steps):
    """Go on from label to label, in the order of time, until one has candidates that could gain enough.

    Parameters
    ----------
    ends : tail (m,), head (m,)
    schedule : arc (k,), entry (k,), arrival (t,), end (t,)
    trips : start (t,), trip of each hop (k,)
    order : (k,) int32
        Hops as they end: the label is that of the node then reached.
    found : (c, 3) int64
        Filled with the candidates.
    state : (2,) int64
        Position in ``order``; number of the last route marked in ``on_route`` (n,).

    Returns
    -------
    int
        Number of candidates at the present position; 0 when ``steps`` or the labels are used up.
    """
    start, trip_of = trips
    tail, head = ends
    arc, entry, arrival, end = schedule
    while state[0] < len(order) and steps > 0:
        steps -= 1
        k = order[state[0]]
        trip = trip_of[k]
        following = arc[k + 1] if k + 1 < end[trip] else -1
        if may_change(turns, arc[k], following):
            beyond = head[following] if following >= 0 else -1
            own = arrival[trip] - entry[start[trip]]
            count = candidates(star, tail[arc[k]], head[arc[k]], beyond, on_route, -1, found)
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
        state[0] += 1
    return 0


class Refinement:
    """One pass of Algorithm 3 over all labels."""

    def __init__(
        self, problem: RoutingProblem, schedule: Schedule, epsilon: float, failed: set[tuple[int, ...]]
    ) -> None:
        self.problem, self.epsilon, self.failed = problem, epsilon, failed
        self.star, self.turns = problem.star(), open_turns(problem)
        self.state = np.zeros(2, dtype=np.int64)
        self.on_route, self.found = np.zeros(problem.nodes, dtype=np.int64), np.empty((64, 3), dtype=np.int64)
        self._look_at(schedule)

    def _look_at(self, schedule: Schedule) -> None:
        if schedule.order is None:
            raise ValueError("The schedule was not recorded.")
        self.schedule, self.order = schedule, schedule.order
        self.trip_of = np.repeat(np.arange(self.problem.trips, dtype=np.int32), np.diff(schedule.indptr))

    @property
    def done(self) -> float:
        """Share of the labels that have been looked at."""
        return float(self.state[0]) / max(len(self.schedule.arc), 1)

    def next(self, steps: int) -> int:
        """Go to the next label with candidates; return their number, 0 when ``steps`` or the labels are used up."""
        s = self.schedule
        return int(
            next_label(
                self.problem.cost, self.star, self.turns, (self.problem.tail, self.problem.head), s.table,
                (s.arc, s.entry, s.arrival, s.indptr[1:]), (s.indptr[:-1], self.trip_of), self.order, self.epsilon,
                self.on_route, self.found, self.state, steps,
            )
        )  # fmt: skip

    def improve(self, count: int, cancelled: IsCancelled) -> bool:
        """Evaluate the candidates of the present label exactly; make the best one if it gains enough."""
        now = self.schedule
        hop = int(self.order[self.state[0]])
        trip = int(self.trip_of[hop])
        own = float(now.arrival[trip] - self.problem.departure[trip])
        best, most = None, own * max(self.epsilon / (1.0 + self.epsilon), 1e-9)
        for change in self.found[:count].copy():
            key = (trip, int(now.arc[hop]), *change.tolist())
            if key in self.failed:
                continue
            self.failed.add(key)
            removed = 1 if change[0] == ADD else 2
            tried = simulate_changed(self.problem, now, trip, hop, removed, change[1:][change[1:] >= 0], cancelled)
            gain = float(now.arrival.sum() - tried.arrival.sum())
            if gain > most:
                best, most = tried, gain
        if best is None:
            self.state[0] += 1
            return False
        before = now.entry[hop]  # up to then all is as it was
        self._look_at(best)
        self.state[0] = np.searchsorted(best.exits()[self.order], before, side="left")
        return True


def refined_present_routes(
    problem: RoutingProblem,
    start: Schedule,
    epsilon: float,
    deadline: Deadline,
    progress: Progress,
    cancelled: IsCancelled,
) -> tuple[Schedule, int]:
    """Return the schedule refined from a recorded ``start`` by Add, Drop and Swap, and the number of changes made.

    Passes over all labels are repeated until one changes nothing, or the time is up. A change that has once failed is
    not tried again.
    """
    schedule, changes = start, 0
    failed: set[tuple[int, ...]] = set()
    for number in range(MOST_PASSES):
        refinement, slices, before = Refinement(problem, schedule, epsilon, failed), Slices(20_000), changes
        while refinement.done < 1.0 and len(schedule.arc) and not deadline.passed():
            stop_if(cancelled)
            count = refinement.next(slices.next())
            if count > 0:
                changes += refinement.improve(count, cancelled)
                slices = Slices(slices.steps)
            progress((number + refinement.done) / MOST_PASSES, "")
        schedule = refinement.schedule
        if changes == before or deadline.passed():
            break
    return schedule, changes
