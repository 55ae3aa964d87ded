"""The plan as it was carried out, as a result of routing."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.arriving import in_time, of_arrived
from ..routing.evaluation import Found, Queues, Setting, evaluated
from ..routing.methods import individual, informed
from ..routing.queue.network import SECOND, roads_of
from ..routing.queue.places import places_of
from ..routing.result import QueueEvidence, RoutingResult
from ..routing.shared.choices import QUEUE, SYSTEM_OPTIMAL
from ..routing.shared.routes import each_once
from ..routing.shared.trees import Trees, reverse_trees
from .game import Game, Played


class Beside(NamedTuple):
    """What becomes of those who are not planned for: vehicle-seconds and people caught if each takes his own way, the
    same of drivers with navigation, and the last arrival of these, s."""

    individual_time: float
    individual_caught: float
    informed_time: float
    informed_caught: float
    informed_clearance: float


def carried_out(game: Game, played: Played, control: Control | None = None) -> RoutingResult:
    """Return the carried-out plan as ``routeevacuation`` gives one, with its own exact moves.

    Beside it stand everybody's own ways and drivers with navigation, both of whom know all closings from the start.

    Raises
    ------
    Cancelled
    """
    control = (control or Control()).unseen().unlogged()
    problem = game.problem.bound_for(played.goal)
    trees, roads = reverse_trees(problem, control=control), roads_of(problem)
    queues = Queues(roads, game.stuck_seconds, places=places_of(problem))
    everybody = Setting(problem, trees, QUEUE, np.zeros(problem.arcs), 0.0, queues)
    fastest = trees.seconds[trees.row, problem.source] if problem.trips else np.empty(0)
    there, run = np.isfinite(fastest), played.carried.run
    beside = _beside(everybody, np.flatnonzero(there), control)
    come = evaluated(everybody, Found(played.routes, run=run), control)
    arrives = run if run.arrived.all() else run.only(np.flatnonzero(run.arrived))
    result = RoutingResult(
        method=SYSTEM_OPTIMAL,
        flow_model=QUEUE,
        routed=np.arange(problem.trips),
        unreachable=np.empty(0, dtype=np.int64),
        problem=problem,
        routes=each_once(played.routes, problem.source, control),
        travel=come.travel,
        fastest=np.where(there, fastest, 0.0),
        static=everybody.static,
        individual_time=beside.individual_time,
        individual_caught=beside.individual_caught,
        queue=QueueEvidence(
            roads, arrives, beside.informed_time, beside.informed_clearance, None, None, None,
            informed_caught=beside.informed_caught,
        ),
        seconds=control.effort.elapsed,
        _schedules=[] if come.schedule is None else [come.schedule.unrecorded()],
    )  # fmt: skip
    return of_arrived(result, come, control)


def _beside(everybody: Setting, known: np.ndarray, control: Control) -> Beside:
    """Return what becomes of those who are not planned for; of ``known`` (k,) it is known where they start."""
    problem, trees, queues = everybody.problem, everybody.trees, everybody.queues
    if queues is not None and queues.places is not None:
        queues = queues._replace(places=queues.places.only(known))
    some = replace(
        everybody, problem=problem.only(known), queues=queues,
        trees=Trees(trees.destinations, trees.row[known], trees.seconds, trees.toward),
    )  # fmt: skip
    setting, goes = in_time(some, control)
    staying = float(problem.people.sum() - some.problem.people[goes].sum())
    alone = evaluated(setting, individual(setting, control), control)
    run = setting.queued(informed(setting, control).routes, control)
    there = run.arrival()
    return Beside(
        alone.seconds, alone.people_caught(setting.problem) + staying,
        float(((there - run.plan.departure)[run.arrived] / SECOND).sum()),
        float(setting.problem.people[~run.arrived].sum()) + staying, float(there[run.arrived].max(initial=0)) / SECOND,
    )  # fmt: skip
