"""What stands beside a plan under ``queue``: drivers without a plan, bounds, the same routes at other capacities."""

from __future__ import annotations

import numpy as np

from ..control import Control
from .evaluation import Found, Queues, Setting
from .methods import informed
from .queue.clearance_bound import clearance_bound
from .queue.doors import Journeys
from .queue.network import SECOND, microseconds, roads_of
from .queue.simulation import QueueRun, plan_of, simulate_queues
from .result import QueueEvidence
from .shared.problem import RoutingProblem
from .shared.widths import narrowed
from .sharing import as_if

CAPACITY_RANGE = 1.2, 0.8  # of all capacities: the range of the clearance


def journeys_of(problem: RoutingProblem) -> Journeys:
    """Return who wants to go where, as the bounds of the queue model read it."""
    return Journeys(
        problem.nodes, problem.tail, problem.head, problem.source, problem.destination, microseconds(problem.departure)
    )


def queue_evidence(
    setting: Setting, queues: Queues, found: Found, run: QueueRun, certify: bool, control: Control
) -> QueueEvidence:
    """Return what a reader of a plan under ``queue`` must know: drivers without it, bounds, other capacities."""
    problem = setting.problem
    everybody, people = run, problem.people
    caught, all_arrive = float(people[~run.arrived].sum()), bool(run.arrived.all())
    if not all_arrive:
        run = everybody.only(np.flatnonzero(everybody.arrived))
    routes = found.without_plan or informed(as_if(setting, found.routes), control).routes
    as_planned = narrowed(problem, found.routes)
    without = everybody if routes is found.routes else setting.queued(routes, control)
    runs = [
        simulate_queues(
            roads, plan_of(roads, everybody.plan.departure, found.routes, queues.places),
            stuck_seconds=queues.stuck_seconds, control=control,
        )
        for roads in (roads_of(as_planned, factor) for factor in CAPACITY_RANGE)
    ]  # fmt: skip
    low, high = (_last_arrival(other) if float(people[~other.arrived].sum()) == caught else None for other in runs)
    return QueueEvidence(
        setting.roads_for(found.routes) if problem.shares_widths else queues.roads,
        run,
        float(((without.arrival() - without.plan.departure)[without.arrived] / SECOND).sum()),  # as that of a result
        _last_arrival(without),
        clearance_bound(queues.roads, journeys_of(problem), control=control) if certify and all_arrive else None,
        low,
        high,
        informed_caught=float(people[~without.arrived].sum()),
    )


def _last_arrival(run: QueueRun) -> float:
    return float(run.arrival()[run.arrived].max(initial=0)) / SECOND
