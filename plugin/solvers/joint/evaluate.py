"""A plan's routes as a result of routing: what stands beside them, and the plan's numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..control import Control
from ..routing.arriving import in_time, of_arrived, with_those_who_stay
from ..routing.evaluation import Found, Queues, Setting, evaluated
from ..routing.evidence import queue_evidence
from ..routing.methods import individual
from ..routing.queue.network import QueueRoads
from ..routing.queue.places import places_of
from ..routing.queue.simulation import QueueRun
from ..routing.result import RoutingResult
from ..routing.shared.choices import QUEUE, SYSTEM_OPTIMAL
from ..routing.shared.routes import Routes, each_once
from ..routing.shared.trees import reverse_trees
from ..routing.shared.widths import narrowed
from .aims import Aim, Value
from .choices import Choices
from .problem import ROUNDING, JointProblem
from .reach import Reach
from .result import BEHIND_DOORS, FULL, LARGE, LATE, PLACED, UNREACHED, JointPlan


def plan_of_routes(
    problem: JointProblem,
    reach: Reach,
    roads: QueueRoads,
    choices: Choices,
    destination: np.ndarray,
    routes: Routes,
    run: QueueRun | None,
    history: tuple[tuple[float, float], ...],
    unlimited: float | None,
    warnings: tuple[str, ...],
    control: Control,
) -> JointPlan:
    """Return the plan of the vehicles with a ``destination`` (t,), whose ``routes`` are known.

    ``run`` is their exact run; None: it is made, with the widths that the plan's own walkers leave each other.

    Those who can arrive nowhere in time have none in it and are caught.

    ``unlimited``: vehicle-seconds of the best plan found without a limit on ways; None where others are caught by it.
    """
    sent = reach.with_lost(destination)
    network, placed = problem.trips(sent), sent >= 0
    trees, quiet = reverse_trees(network, control=control), control.unlogged()
    queues = Queues(roads, choices.stuck_seconds, choices.reroute_minutes, places_of(network))
    everybody = Setting(network, trees, QUEUE, np.zeros(network.arcs), 0.0, queues)
    setting, goes = in_time(everybody, quiet)
    alone = evaluated(setting, individual(setting, control), quiet)
    run = run or setting.queued(routes, quiet)
    found, staying = Found(routes, run=run), float(network.people[~goes].sum())
    certify = choices.certify and bool(goes.all())
    evidence = queue_evidence(setting, setting.queues or queues, found, run, certify, control)
    if not goes.all():
        evidence = replace(evidence, informed_caught=evidence.informed_caught + staying)
        routes = with_those_who_stay(routes, goes)
        found = Found(routes)
    come = evaluated(everybody, found, quiet)
    result = RoutingResult(
        method=SYSTEM_OPTIMAL,
        flow_model=QUEUE,
        routed=np.flatnonzero(placed),
        unreachable=np.flatnonzero(~placed),
        problem=narrowed(network, routes),
        routes=each_once(routes, network.source, control),
        travel=come.travel,
        fastest=trees.seconds[trees.row, network.source] if network.trips else np.empty(0),
        static=setting.static,
        individual_time=alone.seconds,
        individual_caught=alone.people_caught(setting.problem) + staying,
        history=history,
        seconds=control.effort.elapsed,
        unlimited_time=unlimited,
        warnings=warnings,
        queue=evidence,
    )
    return _judged(problem, reach, choices, sent, of_arrived(result, come, quiet))


def ways_of_plan(problem: JointProblem, plan: JointPlan, reach: Reach, control: Control) -> tuple[np.ndarray, Routes]:
    """Return the destination (t,) of those whom a plan sends anywhere, without the lost, and their routes.

    Who stays in the plan so as to stand in nobody's way has no route in it: he gets the quickest there is, since a
    joint search knows no trips that do not leave.
    """
    routing, caught = plan.routing, plan.routing.caught
    if not len(caught.trip):
        return plan.destination, routing.routes
    destination = np.where(reach.lost, -1, plan.destination).astype(np.int32)
    own, others = routing.routes, caught.routes
    stays = caught.trip[(others.hops() == 0) & (destination[caught.trip] >= 0)]
    quickest = reach.ways(problem.network.only(stays), destination[stays], control)
    of_vehicle = np.full(len(destination), -1, dtype=np.int64)
    of_vehicle[routing.routed] = own.of_trip
    of_vehicle[caught.trip] = own.count + others.of_trip
    of_vehicle[stays] = own.count + others.count + quickest.of_trip
    indptr = np.r_[own.indptr, own.indptr[-1] + others.indptr[1:]]
    indptr = np.r_[indptr, indptr[-1] + quickest.indptr[1:]]
    arcs = np.r_[own.arcs, others.arcs, quickest.arcs]
    return destination, Routes(indptr, arcs, of_vehicle[destination >= 0].astype(np.int32))


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
    """Return why each vehicle (t,) int8 has no destination, ``PLACED`` where it has one, or is lost."""
    reason = np.zeros(problem.vehicles, dtype=np.int8)
    out = np.flatnonzero(destination < 0)
    if not len(out):
        return reason
    load = problem.load(np.where(reach.lost, -1, destination))
    size = np.bincount(problem.group, weights=problem.people, minlength=problem.groups)
    for vehicle in out.tolist():
        ends = reach.allowed[reach.cell[vehicle]]
        need = float(problem.people[vehicle])
        if choices.whole:
            need = float(size[problem.group[vehicle]])
        if not ends.any():
            reason[vehicle] = UNREACHED
        elif reach.closing is not None and (ends & (problem.room - load >= need - ROUNDING)).any():
            reason[vehicle] = LATE
        elif (ends & (problem.inside > problem.room) & (problem.inside - load >= need - ROUNDING)).any():
            reason[vehicle] = BEHIND_DOORS
        elif (ends & (problem.room >= need - ROUNDING)).any() or not (ends & (problem.room >= 1)).any():
            reason[vehicle] = FULL
        else:
            reason[vehicle] = LARGE
    reason[destination >= 0] = PLACED
    return reason
