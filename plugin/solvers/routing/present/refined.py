"""Refinement of routes by Add, Drop and Swap under ``present`` (IGosrpqm, [E] Algorithm 3).

Labels are handled in order of time, as in the paper. At each node of a route the possible changes are estimated first:
what one can gain is put at the time on the arcs it removes and the delay caused there to those that enter during the
stay, each at the flow it meets, less the free-flow time of the arcs it adds. That bounds what happens on these arcs
while the others' moments of entry stay as they are, and not all. Who is spared a delay arrives elsewhere at another
moment, and so on down the road; where single vehicles fill a road, such chains gain many times as much. A bound that
holds for all chains is everybody's delay from then on: it leaves nothing out, so that each change would have to be
evaluated, which takes many times as long. So Algorithm 3 is a heuristic here: it misses a change when most of its gain
comes to pass elsewhere. What passes is evaluated exactly, by following all vehicles that it affects, and the best
change is kept. ``EPSILON`` is read per route (spec 9): a change counts when ``T / (T - gain) > 1 + epsilon`` with the
route's own time T.
"""

from __future__ import annotations

import numpy as np

from ...control import Control, Slices
from ...kernels import compiled
from ..shared.local_changes import ADD, candidates, least_gain, may_change, open_turns
from ..shared.problem import RoutingProblem
from ..shared.schedule import Schedule
from ..shared.timetable import seek
from ..shared.volume_delay import slowing
from .resimulation import LiveSchedule

# By effort: passes over all labels, and events that may be followed in all evaluations together.
MOST_PASSES, MOST_EVENTS = (2, 5, 20), (30_000_000, 300_000_000, 3_000_000_000)


@compiled
def cost_of_hop(cost, record, hop, near, column):
    """Return the own seconds of a hop and the delay that it causes to those that enter behind.

    Each of them is slowed by one vehicle at the flow that it meets: where the delay is convex in the flow, those that
    come later, into denser traffic, by more. Two columns of ``near`` (m, 4), from ``column`` on, hold for each arc how
    far in its lists the last hop was.
    """
    table = record.table
    arc = record.arc[hop]
    first = table.start[arc]
    size = table.size[arc]
    now = np.float32(record.entry[hop])
    entered = seek(table.entries, first, first + size, min(near[arc, column], size), now)
    left = seek(table.exits, first, first + size, min(near[arc, column + 1], size), now)
    near[arc, column] = entered
    near[arc, column + 1] = left
    leave = np.float32(record.entry[hop + 1])
    caused = 0.0
    while entered < size and table.entries[first + entered] <= leave:
        then = table.entries[first + entered]
        left = seek(table.exits, first, first + size, left, then)
        caused += slowing(cost, arc, max(entered - left - 1.0, 0.0), then)
        entered += 1
    return record.entry[hop + 1] - record.entry[hop] + caused


@compiled
def worth_a_try(cost, record, hop, near, own, epsilon, found, count):
    """Keep those of the first ``count`` candidates that could gain enough; return their number."""
    first = cost_of_hop(cost, record, hop, near, 0)
    both = first + (cost_of_hop(cost, record, hop + 1, near, 2) if record.arc[hop + 1] >= 0 else 0.0)
    least = least_gain(own, epsilon)
    kept = 0
    for c in range(count):
        estimate = first if found[c, 0] == 0 else both
        estimate -= cost.free_flow[found[c, 1]]
        if found[c, 2] >= 0:
            estimate -= cost.free_flow[found[c, 2]]
        if estimate > least:
            for j in range(3):
                found[kept, j] = found[c, j]
            kept += 1
    return kept


@compiled
def is_touched(record, hop, found, count, touched, since):
    """Return whether a change since a pass has altered an arc of the label or of its candidates."""
    if touched[record.arc[hop]] >= since or (record.arc[hop + 1] >= 0 and touched[record.arc[hop + 1]] >= since):
        return True
    for c in range(count):
        if touched[found[c, 1]] >= since or (found[c, 2] >= 0 and touched[found[c, 2]] >= since):
            return True
    return False


@compiled
def next_label(cost, star, turns, ends, record, order, epsilon, touched, since, scratch, found, state, steps):
    """Go on from label to label, in the order of time, until one has candidates that could gain enough.

    Parameters
    ----------
    ends : tail (m,), head (m,)
    record : Record
        Who is where when.
    order : (k,) int32
        Hops as they end: the label is that of the node then reached.
    touched : arcs (m,), trips (t,) int32
        The last pass in which they were altered; labels that none since the pass ``since`` concerns are left out.
    scratch : on_route (n,), near (m, 4) int64
    found : (c, 3) int64
        Filled with the candidates.
    state : (2,) int64
        Position in ``order``; number of the last route marked in ``on_route``.

    Returns
    -------
    int
        Number of candidates at the present position; 0 when ``steps`` or the labels are used up.
    """
    tail, head = ends
    on_route, near = scratch
    touched_arcs, touched_trips = touched
    arc = record.arc
    while state[0] < len(order) and steps > 0:
        steps -= 1
        hop = order[state[0]]
        following = arc[hop + 1]
        if may_change(turns, arc[hop], following):
            trip = record.trip[hop]
            beyond = head[following] if following >= 0 else -1
            own = record.entry[record.end[trip]] - record.entry[record.start[trip]]
            count = candidates(star, tail[arc[hop]], head[arc[hop]], beyond, on_route, -1, found)
            if touched_trips[trip] >= since or is_touched(record, hop, found, count, touched_arcs, since):
                count = worth_a_try(cost, record, hop, near, own, epsilon, found, count)
            else:
                count = 0
            if count > 0:
                state[1] += 1
                on_route[tail[arc[record.start[trip]]]] = state[1]
                for j in range(record.start[trip], record.end[trip]):
                    on_route[head[arc[j]]] = state[1]
                count = candidates(star, tail[arc[hop]], head[arc[hop]], beyond, on_route, state[1], found)
                count = worth_a_try(cost, record, hop, near, own, epsilon, found, count)
                if count > 0:
                    return count
        state[0] += 1
    return 0


class Refinement:
    """Algorithm 3 on a live schedule, pass by pass over all labels."""

    def __init__(self, problem: RoutingProblem, live: LiveSchedule, epsilon: float) -> None:
        self.problem, self.live, self.epsilon = problem, live, epsilon
        self.star, self.turns = problem.star(), open_turns(problem)
        self.state, self.number, self.changes = np.zeros(2, dtype=np.int64), 1, 0
        self.found = np.empty((64, 3), dtype=np.int64)
        self._scratch = np.zeros(problem.nodes, dtype=np.int64), np.zeros((problem.arcs, 4), dtype=np.int64)
        self._touched = np.zeros(problem.arcs, dtype=np.int32), np.zeros(problem.trips, dtype=np.int32)
        self._failed: set[tuple[int, ...]] = set()

    def begin_again(self) -> None:
        """Begin a further pass: it looks at the labels that changes since the last one's beginning concern."""
        self.state[0] = 0
        self.number += 1
        self._failed.clear()

    @property
    def done(self) -> float:
        """Share of the pass's labels that have been looked at."""
        return float(self.state[0]) / max(len(self.live.order), 1)

    def next(self, steps: int) -> int:
        """Go to the next label with candidates; return their number, 0 when ``steps`` or the labels are used up."""
        return int(
            next_label(
                self.problem.cost, self.star, self.turns, (self.problem.tail, self.problem.head), self.live.record,
                self.live.order, self.epsilon, self._touched, self.number - 1, self._scratch, self.found, self.state,
                steps,
            )
        )  # fmt: skip

    def try_candidates(self, count: int, control: Control) -> None:
        """Evaluate the candidates of the present label exactly; make the best one if it gains enough."""
        live, hop = self.live, int(self.live.order[self.state[0]])
        trip, now = int(live.record.trip[hop]), float(live.record.entry[hop])
        best, last, most = None, None, least_gain(live.own_time(trip), self.epsilon)
        for change in self.found[:count].copy():
            key = (trip, int(live.record.arc[hop]), *change.tolist())
            if key in self._failed:
                continue
            self._failed.add(key)
            last = 1 if change[0] == ADD else 2, change[1:][change[1:] >= 0]
            gain = live.gain(hop, *last, control)
            if gain > most:
                best, most = last, gain
        if best is None:
            self.state[0] += 1
            return
        if best is not last:
            live.gain(hop, *best, control)
        arcs, trips = live.keep()
        self._touched[0][arcs], self._touched[1][trips] = self.number, self.number
        self.state[0] = live.first_ending(now)  # up to then all is as it was
        self.changes += 1


def refined_present_schedule(
    problem: RoutingProblem, start: Schedule, epsilon: float, control: Control
) -> tuple[Schedule, int]:
    """Return the schedule refined from a recorded ``start`` by Add, Drop and Swap, and the number of changes made.

    Passes over all labels are repeated until one changes nothing, passes or events of the effort are used up, or the
    time is. A change that has failed is not tried again in the same pass.
    """
    if not len(start.arc):
        return start, 0
    passes, events = control.effort.pick(*MOST_PASSES), control.effort.pick(*MOST_EVENTS)
    refinement = Refinement(problem, LiveSchedule(problem, start, control), epsilon)
    for number in range(passes):
        slices, before = Slices(20_000), refinement.changes
        while refinement.done < 1.0 and refinement.live.followed < events and not control.effort.passed():
            control.stop_if_cancelled()
            count = refinement.next(slices.next())
            if count > 0:
                refinement.try_candidates(count, control)
                slices = Slices(slices.steps)
            control.progress((number + refinement.done) / passes, "")
        if refinement.done < 1.0:
            if refinement.live.followed >= events:
                control.log(control.effort.used_up(f"following {events:,} events"))
            break
        if refinement.changes == before:
            break
        refinement.begin_again()
    return refinement.live.schedule(), refinement.changes
