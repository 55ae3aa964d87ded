"""The queues of a plan if no road were ever full: where they are, and what an exit is worth at each moment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...kernels import compiled
from .network import QueueRoads
from .simulation import QueueRun, simulate_queues


class PlanQueues(NamedTuple):
    """Exits of a plan without spillback, which makes vehicles wait on other roads than those that let too few out.

    Attributes
    ----------
    arc, moment : (k,) int64
        The road and the moment, microseconds, of every exit.
    worth : (k,) float64
        What it costs all others, microseconds, if this exit were one headway later: the price that an exit then has.
    delay : (m,) float64
        Vehicle-microseconds waited on each road.
    until : (m,) int64
        When its last queue ends.
    """

    arc: np.ndarray
    moment: np.ndarray
    worth: np.ndarray
    delay: np.ndarray
    until: np.ndarray


def plan_queues(roads: QueueRoads, run: QueueRun, counted: np.ndarray, control: Control) -> PlanQueues:
    """Return the queues of the plan of ``run``; only trips ``counted`` (t,) bool have a time that matters."""
    plan = run.plan
    again = simulate_queues(roads, plan, stuck_seconds=0.0, record_order=True, control=control)
    row = np.arange(int(plan.hops.sum())) - np.repeat(np.cumsum(plan.hops) - plan.hops, plan.hops)
    move = np.repeat(plan.move[:-1], plan.hops) + row + 1
    arc = np.full(len(again.moment), -1, dtype=np.int64)
    arc[move] = plan.arc[np.repeat(plan.first, plan.hops) + row]
    wait = again.moment[move] - again.moment[move - 1] - roads.travel[arc[move]]
    until = np.zeros(len(roads.travel), dtype=np.int64)
    np.maximum.at(until, arc[move][wait > 0], again.moment[move][wait > 0])
    last = np.zeros(len(again.moment))
    driving = plan.hops > 0
    last[plan.move[1:][driving] - 1] = counted[driving]
    ends = np.zeros(len(again.moment), dtype=bool)
    ends[plan.move[1:][driving] - 1] = True
    worth = np.zeros(len(again.moment))
    behind = np.full(len(roads.travel), -1, dtype=np.int64)
    trace_exits(again.order, arc, again.moment, ends, roads.travel, roads.headway, last, behind, worth)
    return PlanQueues(
        arc[move], again.moment[move], worth[move],
        np.bincount(arc[move], weights=wait, minlength=len(roads.travel)), until,
    )  # fmt: skip


@compiled
def trace_exits(order, arc, moment, ends, travel, headway, derivative, behind, worth):
    """Fill ``worth`` (moves,) from the last exit to the first, each passing its derivative on to what it waited for.

    ``derivative`` (moves,): 1 where a trip arrives that counts, then the derivative of the total by each exit; an exit
    waits for the one before on its road if it comes a headway later and was ready before, else for its trip's own last
    exit. ``behind`` (m,): -1, then the exit that comes next on each road. With background only headways of the time
    before it count.
    """
    for k in range(len(order) - 1, -1, -1):
        move = order[k]
        road = arc[move]
        if road < 0:
            continue
        after = move + 1
        if not ends[move] and moment[after] == moment[move] + travel[arc[after]]:
            derivative[move] += derivative[after]
        follower = behind[road]
        if (
            follower >= 0
            and moment[follower] == moment[move] + headway[road]
            and moment[follower] > moment[follower - 1] + travel[road]
        ):
            derivative[move] += derivative[follower]
            worth[move] = headway[road] * derivative[follower]
        behind[road] = move
