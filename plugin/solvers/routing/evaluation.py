"""What the steps of one run share, and the one evaluator of all methods ([E] Definition 8; spec 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..errors import SolverError
from .cumulative.static_flow import static_travel
from .present.run import drive
from .present.simulation import simulate
from .queue.network import SECOND, QueueRoads, microseconds, roads_of
from .queue.places import Places
from .queue.simulation import QueueRun, plan_of, simulate_queues
from .shared.choices import CUMULATIVE, QUEUE, REROUTE_MINUTES, STUCK_SECONDS
from .shared.closings import ARRIVED
from .shared.problem import RoutingProblem
from .shared.routes import Routes, distinct
from .shared.schedule import Schedule
from .shared.trees import Trees
from .shared.widths import narrowed


class Queues(NamedTuple):
    """How vehicles queue (``queue``).

    Attributes
    ----------
    roads : QueueRoads
    stuck_seconds : float
        After so long at a standstill a vehicle is let into a full road.
    reroute_minutes : float
        After which *informed* drivers look again.
    places : Places, optional
        When the hazard reaches the trips' places.
    """

    roads: QueueRoads
    stuck_seconds: float = STUCK_SECONDS
    reroute_minutes: float = REROUTE_MINUTES
    places: Places | None = None


@dataclass(frozen=True)
class Setting:
    """What the steps of one run share: the routed problem, its trees, how it is evaluated."""

    problem: RoutingProblem
    trees: Trees
    flow_model: int
    static: np.ndarray
    epsilon: float
    queues: Queues | None = None
    max_routes: int = 0
    safe: Routes | None = None  # everybody's quickest way that arrives in time on empty roads, where something closes
    latest: np.ndarray | None = None  # until when (d, m), s, one may be at the end of an arc and arrive (``present``)

    def roads_for(self, routes: Routes) -> QueueRoads:
        """Return the roads of the queue model as they are when people take ``routes``: widths are shared by these."""
        if self.queues is None:
            raise SolverError("FLOW_MODEL queue needs the roads of the queue model.")
        if not self.problem.shares_widths:
            return self.queues.roads
        return roads_of(narrowed(self.problem, routes))

    def queued(self, routes: Routes, control: Control) -> QueueRun:
        """Return the exact run of routes under ``queue``."""
        if self.queues is None:
            raise SolverError("FLOW_MODEL queue needs the roads of the queue model.")
        roads = self.roads_for(routes)
        plan = plan_of(roads, microseconds(self.problem.departure), routes, self.queues.places)
        return simulate_queues(roads, plan, stuck_seconds=self.queues.stuck_seconds, control=control.unseen())

    def simulated(self, routes: Routes, control: Control, record: int = 0) -> Schedule:
        """Return the schedule of routes under ``present`` if nothing closes."""
        return simulate(self.problem, routes, control=control.unseen(), record=record)

    def distinct(self, schedule: Schedule, control: Control) -> Routes:
        """Return the routes of a schedule."""
        return distinct(schedule.indptr, schedule.arc, self.problem.source, control)


@dataclass(frozen=True)
class Found:
    """Routes of a method; where they came along: their schedule, a lower bound, how the total time fell.

    ``used_up`` is whether the counted work ran out before the search had come to its own end; ``run`` the exact run
    under ``queue``, ``without_plan`` the routes of informed drivers there. ``unlimited_time`` is what the best
    plan found without MAX_ROUTES takes, vehicle-seconds, ``unlimited_caught`` how many people it catches;
    ``exceeding`` the pairs of places that need more routes.
    """

    routes: Routes
    schedule: Schedule | None = None
    lower_bound: float | None = None
    history: tuple[tuple[float, float], ...] = ()
    used_up: bool = False
    run: QueueRun | None = None
    without_plan: Routes | None = None
    unlimited_time: float | None = None
    unlimited_caught: float | None = None
    exceeding: int = 0


class Evaluation(NamedTuple):
    """Every trip's travel time (t,) s; the schedule (``present``, ``queue``) and the exact run (``queue``).

    ``fate`` (t,) int8 and ``caught`` (t,) s: why and when each is caught, None where nobody is. The caught have no
    travel time (0).
    """

    travel: np.ndarray
    schedule: Schedule | None = None
    run: QueueRun | None = None
    fate: np.ndarray | None = None
    caught: np.ndarray | None = None

    @property
    def seconds(self) -> float:
        """Vehicle-seconds of those who arrive.

        Added up over them alone, as in a result: with zeros among them the last digits would differ.
        """
        return float((self.travel if self.fate is None else self.travel[self.fate == ARRIVED]).sum())

    def people_caught(self, problem: RoutingProblem) -> float:
        """Return the people caught of the problem's trips."""
        return 0.0 if self.fate is None else float(problem.people[self.fate != ARRIVED].sum())


def evaluated(setting: Setting, found: Found, control: Control) -> Evaluation:
    """Return what the routes come to: the one evaluator of all methods."""
    if setting.flow_model == CUMULATIVE:
        return Evaluation(static_travel(setting.problem, found.routes, setting.static))
    if setting.flow_model == QUEUE:
        run = found.run or setting.queued(found.routes, control)
        lasted = Evaluation((run.arrival() - run.plan.departure) / SECOND, run.schedule(control), run)
        if run.arrived.all():
            return lasted
        return lasted._replace(fate=run.fate, caught=np.where(run.arrived, np.inf, run.caught / SECOND))
    if setting.problem.closings:
        drove = drive(setting.problem, found.routes, control.unseen())
        lasted = Evaluation(drove.travel, drove.schedule)
        return lasted if drove.arrived.all() else lasted._replace(fate=drove.fate, caught=drove.caught)
    schedule = found.schedule or setting.simulated(found.routes, control)
    return Evaluation(schedule.arrival - setting.problem.departure, schedule)
