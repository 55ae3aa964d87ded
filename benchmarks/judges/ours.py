"""Our own evaluator of the queue model on a case and a plan of the judges."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.judges.plans import Case, Outcome, Plan
from benchmarks.measuring import timed
from evacuation_planner.plugin.solvers.graph.stars import ForwardStar
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, microseconds, queue_roads, standing_room
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct


class Evaluated(NamedTuple):
    """The figures, vehicles let in above a road's room, and CPU seconds of the evaluation alone."""

    outcome: Outcome
    forced: int
    cpu: float


def evaluate(case: Case, plan: Plan, repeats: int = 3) -> Evaluated:
    """Return what the queue model says of a plan."""
    star = ForwardStar.of(len(case.xy), case.tail, case.head)
    standing = standing_room(case.length, case.lanes)
    roads = queue_roads(star, case.head, case.free_flow, case.capacity, standing)
    departs = microseconds(case.departure)
    driven = plan_of(roads, departs, distinct(plan.indptr, plan.arcs))
    simulate_queues(roads, plan_of(roads, departs[:1], distinct(plan.indptr[:2], plan.arcs)))  # the kernels are loaded
    run = timed(simulate_queues, roads, driven, repeats=repeats)
    figures = Outcome.of(departs / SECOND, run.result.arrival() / SECOND)
    return Evaluated(figures, run.result.forced, run.cpu)
