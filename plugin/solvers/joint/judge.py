"""The exact simulation and the aim as the judge of the plans that a joint search tries."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..control import Control
from ..routing.queue.judge import Judge
from ..routing.queue.network import QueueRoads
from ..routing.queue.simulation import QueueRun
from ..routing.shared.problem import RoutingProblem
from ..routing.shared.routes import Routes
from .aims import Aim, Value


@dataclass(frozen=True)
class JointRoutes(Routes):
    """Routes with the destination (t,) int32 of every trip."""

    destination: np.ndarray


@dataclass(frozen=True)
class Planned:
    """A plan, its exact run, its numbers; ``seconds`` is what the search makes small."""

    routes: Routes
    run: QueueRun
    value: Value
    seconds: float
    caught: float = 0.0


class AimJudge:
    """The exact run of a plan and its numbers; ``kept`` are the values of the aim of the plans that were preferred."""

    def __init__(self, network: RoutingProblem, roads: QueueRoads, aim: Aim, stuck_seconds: float) -> None:
        self.aim, self._judge, self.stuck_seconds = aim, Judge(network, roads, stuck_seconds), stuck_seconds
        self.departure = self._judge.departure
        self.kept: list[float] = []

    def of(self, routes: Routes, destination: np.ndarray, control: Control) -> Planned:
        """Return the plan of ``routes`` to each trip's ``destination`` (t,)."""
        run = self._judge.run(routes, control)
        value = self.aim.value(run, destination)
        return Planned(routes, run, value, self.aim.guide(run, destination), value.caught)

    def preferred(self, one: Planned, other: Planned) -> bool:
        """Return whether to prefer ``one``, and keep its value if so."""
        if one.value < other.value:
            self.kept.append(one.value.aim)
            return True
        return False


def destinations_of(plan: Planned) -> np.ndarray:
    """Return the destination (t,) of every trip of a plan of a joint search."""
    return joint_routes(plan.routes).destination


def to_destinations(plan: Planned, destination: np.ndarray) -> Planned:
    """Return ``plan`` with routes that know their ``destination`` (t,)."""
    routes = plan.routes
    return replace(plan, routes=JointRoutes(routes.indptr, routes.arcs, routes.of_trip, destination))


def joint_routes(routes: Routes) -> JointRoutes:
    """Return routes that must know their destinations."""
    if not isinstance(routes, JointRoutes):
        raise TypeError("A joint search moves routes that know their destinations.")
    return routes
