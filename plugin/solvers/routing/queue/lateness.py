"""What it costs to be late for the hazard: the marginal costs of a plan in which somebody is caught."""

from __future__ import annotations

import numpy as np

from ..shared.closings import Closings
from ..shared.problem import RoutingProblem
from .adjoint import Traffic, traffic_of
from .bars import bars_of
from .network import QueueRoads
from .simulation import QueueRun, simulate_queues

WEIGHT = 20.0  # vehicle-seconds that a second of lateness counts


class Lateness:
    """Marginal costs by a run in which the hazard catches nobody and closes nothing, but every second counts by which
    somebody leaves a place after its arrival.
    """

    def __init__(self, problem: RoutingProblem, roads: QueueRoads, stuck_seconds: float) -> None:
        self.roads, self.stuck_seconds = roads, stuck_seconds
        closings = problem.closings
        kept = ~closings.catches
        arc, begin, end, since, until, catches = (column[kept] for column in closings[:6])
        milder = Closings(arc, begin, end, since, until, catches, closings.start_reached, closings.goal_reached)
        self.harmless = roads._replace(bars=bars_of(milder, roads.travel, roads.is_road))

    def traffic(self, run: QueueRun) -> Traffic:
        """Return what passes on each road by the plan of ``run``, with the value of a delay of every exit."""
        plan = run.plan._replace(late=run.plan.late[:0])
        free = simulate_queues(self.harmless, plan, stuck_seconds=self.stuck_seconds, record_order=True).driven()
        return traffic_of(self.harmless, free, self.weights(free))

    def weights(self, run: QueueRun) -> np.ndarray:
        """Return what a microsecond's delay of each move (moves,) costs by itself."""
        plan, bars = run.plan, self.roads.bars
        trip = np.repeat(np.arange(len(plan.departure)), np.diff(plan.move))
        hop = np.arange(len(run.moment)) - plan.move[trip] - 1
        own = np.zeros(len(run.moment))
        own[plan.move[1:][plan.hops > 0] - 1] = 1.0
        out = np.flatnonzero(hop >= 0)
        arc = plan.arc[plan.first[trip[out]] + hop[out]]
        own[out[run.moment[out] > bars.last_exit[arc]]] += WEIGHT
        own[out[run.moment[out - 1] > bars.last_entry[arc]] - 1] += WEIGHT
        return own
