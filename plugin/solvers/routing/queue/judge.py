"""The exact simulation as the judge of the plans that a search under ``queue`` tries."""

from __future__ import annotations

from dataclasses import dataclass

from ...control import Control
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from .adjoint import Traffic, traffic_of
from .network import SECOND, QueueRoads, microseconds
from .simulation import QueueRun, plan_of, simulate_queues

NEARLY = 1e-3  # of the total: between plans so near the one with fewer rings is taken


@dataclass(frozen=True)
class Planned:
    """A plan and its exact run."""

    routes: Routes
    run: QueueRun

    @property
    def seconds(self) -> float:
        """Total travel time, vehicle-seconds."""
        return self.run.total() / SECOND


class Judge:
    """The exact simulation as the judge of a search's plans, and the marginal costs of the plan it stands at."""

    def __init__(self, problem: RoutingProblem, roads: QueueRoads, stuck_seconds: float) -> None:
        self.problem, self.roads, self.stuck_seconds = problem, roads, stuck_seconds
        self.departure = microseconds(problem.departure)
        self.traffic: Traffic

    def run(self, routes: Routes, control: Control) -> QueueRun:
        """Return the exact run of routes, with the order of all moves."""
        plan = plan_of(self.roads, self.departure, routes)
        return simulate_queues(
            self.roads, plan, stuck_seconds=self.stuck_seconds, record_order=True, control=control.unseen()
        )

    def judged(self, routes: Routes, control: Control) -> Planned:
        """Return routes with their exact run."""
        return Planned(routes, self.run(routes, control))

    def better(self, one: Planned, other: Planned) -> bool:
        """Return whether to prefer ``one``: less time, or nearly the same with fewer rings of full roads."""
        mine, others = one.seconds, other.seconds
        if abs(mine - others) < NEARLY * max(others, 1 / SECOND) and one.run.rings != other.run.rings:
            return one.run.rings < other.run.rings
        return mine < others

    def at(self, plan: Planned) -> None:
        """Take the marginal costs of ``plan``."""
        self.traffic = traffic_of(self.roads, plan.run)
