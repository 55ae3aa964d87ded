"""A plan's routes as a result of routing: what stands beside them, and the plan's numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..control import Control
from ..routing.arriving import of_arrived
from ..routing.evaluation import Evaluation, Found, Queues, Setting
from ..routing.evidence import queue_evidence
from ..routing.queue.network import SECOND, QueueRoads
from ..routing.queue.places import places_of
from ..routing.queue.simulation import QueueRun
from ..routing.result import RoutingResult
from ..routing.shared.choices import QUEUE, SYSTEM_OPTIMAL
from ..routing.shared.individual import individual_routes
from ..routing.shared.routes import Routes, each_once
from ..routing.shared.trees import reverse_trees
from .aims import Aim, Value
from .choices import Choices
from .problem import ROUNDING, JointProblem
from .reach import Reach
from .result import BEHIND_DOORS, FULL, LARGE, PLACED, UNREACHED, JointPlan


def plan_of_routes(
    problem: JointProblem,
    reach: Reach,
    roads: QueueRoads,
    choices: Choices,
    destination: np.ndarray,
    routes: Routes,
    run: QueueRun,
    history: tuple[tuple[float, float], ...],
    unlimited: float,
    warnings: tuple[str, ...],
    control: Control,
) -> JointPlan:
    """Return the plan of the vehicles with a ``destination`` (t,), whose ``routes`` and exact ``run`` are known.

    ``unlimited``: vehicle-seconds of the best plan found without a limit on ways.
    """
    network = problem.trips(destination)
    trees = reverse_trees(network, control=control)
    queues = Queues(roads, choices.stuck_seconds, choices.reroute_minutes, places_of(network))
    setting = Setting(network, trees, QUEUE, np.zeros(network.arcs), 0.0, queues)
    alone = setting.queued(individual_routes(network, trees, control), control)
    placed, people = destination >= 0, network.people
    come = Evaluation((run.arrival() - run.plan.departure) / SECOND, run.schedule(control), run)
    if not run.arrived.all():
        come = come._replace(fate=run.fate, caught=np.where(run.arrived, np.inf, run.caught / SECOND))
    result = RoutingResult(
        method=SYSTEM_OPTIMAL,
        flow_model=QUEUE,
        routed=np.flatnonzero(placed),
        unreachable=np.flatnonzero(~placed),
        problem=network,
        routes=each_once(routes, network.source, control),
        travel=come.travel,
        fastest=trees.seconds[trees.row, network.source] if network.trips else np.empty(0),
        static=setting.static,
        individual_time=float(((alone.arrival() - alone.plan.departure) / SECOND).sum()),
        individual_caught=float(people[~alone.arrived].sum()),
        history=history,
        seconds=control.effort.elapsed,
        unlimited_time=unlimited,
        warnings=warnings,
        queue=queue_evidence(setting, queues, Found(routes, run=run), run, choices.certify, control),
    )
    return _judged(problem, reach, choices, destination, of_arrived(result, come, control.unlogged()))


def plan_of_result(
    problem: JointProblem, reach: Reach, choices: Choices, destination: np.ndarray, result: RoutingResult
) -> JointPlan:
    """Return the plan of a run of routing over the vehicles with a ``destination`` (t,)."""
    placed = np.flatnonzero(destination >= 0)
    drove = result.drove
    renumbered = replace(
        result,
        routed=placed[result.routed],
        unreachable=np.flatnonzero(destination < 0),
        caught=result.caught._replace(trip=placed[result.caught.trip]),
        drove=None if drove is None else drove._replace(trip=placed[drove.trip]),
    )
    return _judged(problem, reach, choices, destination, renumbered)


def _judged(
    problem: JointProblem, reach: Reach, choices: Choices, destination: np.ndarray, result: RoutingResult
) -> JointPlan:
    value = Value(0.0, 0.0, 0.0)
    if len(result.routed) and result.queue is not None:
        some = problem.only(result.routed)
        value = Aim(some, choices, 0.0).value(result.queue.run, destination[result.routed])
    return JointPlan(
        destination.astype(np.int32), reasons(problem, reach, choices, destination), result, value.aim, value.time
    )


def reasons(problem: JointProblem, reach: Reach, choices: Choices, destination: np.ndarray) -> np.ndarray:
    """Return why each vehicle (t,) int8 has no destination, ``PLACED`` where it has one."""
    reason = np.zeros(problem.vehicles, dtype=np.int8)
    out = np.flatnonzero(destination < 0)
    if not len(out):
        return reason
    load = problem.load(destination)
    size = np.bincount(problem.group, weights=problem.people, minlength=problem.groups)
    for vehicle in out.tolist():
        ends = reach.allowed[reach.cell[vehicle]]
        need = float(problem.people[vehicle])
        if choices.whole:
            need = float(size[problem.group[vehicle]])
        if not ends.any():
            reason[vehicle] = UNREACHED
        elif (ends & (problem.inside > problem.room) & (problem.inside - load >= need - ROUNDING)).any():
            reason[vehicle] = BEHIND_DOORS
        elif (ends & (problem.room >= need - ROUNDING)).any() or not (ends & (problem.room >= 1)).any():
            reason[vehicle] = FULL
        else:
            reason[vehicle] = LARGE
    reason[destination >= 0] = PLACED
    return reason
