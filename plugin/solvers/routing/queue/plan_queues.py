"""The queues of a plan if no road were ever full: where they are, and what an exit is worth at each moment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from .adjoint import traffic_of
from .network import QueueRoads
from .simulation import QueueRun, simulate_queues


class PlanQueues(NamedTuple):
    """Exits of a plan without spillback, which makes vehicles wait on other roads than those that let too few out.

    Attributes
    ----------
    start : (m + 1,) int64
        The exits of road e are rows ``start[e]`` to ``start[e + 1]``.
    moment : (k,) int64
        Of each exit, microseconds, ascending on each road.
    worth : (k,) float64
        What it costs all vehicles if those that wait behind it come one headway later: the price that an exit then has.
    delay : (m,) float64
        Vehicle-microseconds waited on each road.
    until : (m,) int64
        When its last queue ends.
    """

    start: np.ndarray
    moment: np.ndarray
    worth: np.ndarray
    delay: np.ndarray
    until: np.ndarray


def plan_queues(roads: QueueRoads, run: QueueRun, control: Control) -> PlanQueues:
    """Return the queues of the plan of ``run``; only the headways before any background count."""
    again = simulate_queues(roads, run.plan, stuck_seconds=0.0, record_order=True, control=control)
    traffic = traffic_of(roads, again)
    arcs = len(roads.travel)
    arc = np.repeat(np.arange(arcs), np.diff(traffic.start))
    wait = traffic.exit - traffic.entry - roads.travel[arc]
    until = np.zeros(arcs, dtype=np.int64)
    np.maximum.at(until, arc[wait > 0], traffic.exit[wait > 0])
    worth = np.zeros(len(arc))
    behind = (arc[1:] == arc[:-1]) & (wait[1:] > 0) & (np.diff(traffic.exit) <= roads.headway[arc[1:]])
    worth[:-1][behind] = (roads.headway[arc[1:]] * traffic.value[1:])[behind]
    delay = np.bincount(arc, weights=wait, minlength=arcs)
    return PlanQueues(traffic.start, traffic.exit, worth, delay, until)
