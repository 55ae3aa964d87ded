"""The exact simulation as the judge of the plans that a search under ``queue`` tries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from .adjoint import Traffic, traffic_of
from .lateness import Lateness
from .marginal import LOST
from .network import SECOND, QueueRoads, microseconds
from .places import Places, places_of
from .simulation import QueueRun, plan_of, simulate_queues

NEARLY = 1e-3  # of the total: between plans so near the one with fewer rings is taken


@dataclass(frozen=True)
class Planned:
    """A plan and its exact run."""

    routes: Routes
    run: QueueRun
    caught: float = 0.0  # people

    @property
    def seconds(self) -> float:
        """Total travel time, vehicle-seconds."""
        return self.run.total() / SECOND


class Judge:
    """The exact simulation as the judge of a search's plans, and the marginal costs of the plan it stands at."""

    def __init__(self, problem: RoutingProblem, roads: QueueRoads, stuck_seconds: float) -> None:
        self.problem, self.roads, self.stuck_seconds = problem, roads, stuck_seconds
        self.departure = microseconds(problem.departure)
        self.places = places_of(problem)
        self.traffic: Traffic
        self._late: Lateness | None = None

    def run(self, routes: Routes, control: Control, places: Places | None = None) -> QueueRun:
        """Return the exact run of routes, with the order of all moves; ``places``: of trips that go elsewhere."""
        plan = plan_of(self.roads, self.departure, routes, places or self.places)
        return simulate_queues(
            self.roads, plan, stuck_seconds=self.stuck_seconds, record_order=True, control=control.unseen()
        )

    def judged(self, routes: Routes, control: Control) -> Planned:
        """Return routes with their exact run."""
        run = self.run(routes, control)
        return Planned(routes, run, float(self.problem.people[~run.arrived].sum()))

    def better(self, one: Planned, other: Planned) -> bool:
        """Return whether to prefer ``one``: fewer caught, then less time, or nearly the same with fewer rings."""
        if one.caught != other.caught:
            return one.caught < other.caught
        mine, others = one.seconds, other.seconds
        if abs(mine - others) < NEARLY * max(others, 1 / SECOND) and one.run.rings != other.run.rings:
            return one.run.rings < other.run.rings
        return mine < others

    def at(self, plan: Planned) -> None:
        """Take the marginal costs of ``plan``; where somebody is caught, those of being late as well."""
        if not plan.caught:
            self.traffic = traffic_of(self.roads, plan.run)
            return
        if self._late is None:
            self._late = Lateness(self.problem, self.roads, self.stuck_seconds)
        self.traffic = self._late.traffic(plan.run)

    def to_be_moved(self, plan: Planned, trips: np.ndarray, own: np.ndarray) -> None:
        """Set what the ways of ``trips`` (k,) cost: LOST for who is caught, 0 for who arrives though it looks LOST."""
        arrived = plan.run.arrived[trips]
        own[~arrived] = LOST
        own[arrived & (own >= LOST)] = 0.0

    def looking(self, plan: Planned, trips: np.ndarray) -> np.ndarray:
        """Return who looks for better ways: ``trips`` (k,) and who is caught, but for who stays."""
        if not plan.caught:
            return trips
        looking = np.union1d(trips, np.flatnonzero(~plan.run.arrived))
        return looking[plan.run.plan.hops[looking] > 0]
