"""The exact simulation and the aim as the judge of the plans that a joint search tries."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..control import Control
from ..routing.queue.bars import NEVER, moments_of
from ..routing.queue.events import NO_MARKS, NO_MOMENTS
from ..routing.queue.judge import Judge
from ..routing.queue.lateness import Lateness
from ..routing.queue.marginal import LOST
from ..routing.queue.network import QueueRoads
from ..routing.queue.places import Places, sizes_of
from ..routing.queue.simulation import QueueRun, simulate_queues
from ..routing.shared.problem import RoutingProblem
from ..routing.shared.routes import Routes
from .aims import Aim, Value


@dataclass(frozen=True)
class JointRoutes(Routes):
    """Routes with the destination (t,) int32 of every trip."""

    destination: np.ndarray


@dataclass(frozen=True)
class Planned:
    """A plan, its exact run, its numbers; ``seconds`` is what the search makes small, ``caught`` are people."""

    routes: Routes
    run: QueueRun
    value: Value
    seconds: float
    caught: float = 0.0


class AimJudge:
    """The exact run of a plan and its numbers; ``kept`` are the values of the aim of the plans that were preferred."""

    def __init__(self, network: RoutingProblem, roads: QueueRoads, aim: Aim, stuck_seconds: float) -> None:
        self.aim, self._judge, self.stuck_seconds = aim, Judge(network, roads, stuck_seconds), stuck_seconds
        self.roads, self.departure = roads, self._judge.departure
        self._judge.places = _homes(network)
        self._late: Lateness | None = None
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

    def guide_of(self, plan: Planned) -> tuple[QueueRun, np.ndarray]:
        """Return a run by whose marginal costs to move, and what a microsecond's delay of each of its moves is worth.

        Where somebody is caught it is a run in which the hazard catches nobody, but being late costs.
        """
        if not plan.caught:
            run = plan.run.driven()
            return run, self.aim.worth(run)
        if self._late is None:
            self._late = Lateness(self._judge.problem, self.roads, self.stuck_seconds)
        unhindered = plan.run.plan._replace(late=plan.run.plan.late[:0])
        run = simulate_queues(
            self._late.harmless, unhindered, stuck_seconds=self.stuck_seconds, record_order=True
        ).driven()  # fmt: skip
        return run, self.aim.worth(run) + self._late.weights(run)


def to_be_moved(plan: Planned, trips: np.ndarray, own: np.ndarray) -> None:
    """Set what the ways of ``trips`` (k,) cost: LOST for who is caught, 0 for who arrives though it looks LOST."""
    arrived = plan.run.arrived[trips]
    own[~arrived] = LOST
    own[arrived & (own >= LOST)] = 0.0


def _homes(network: RoutingProblem) -> Places | None:
    """Return when the hazard reaches the origins, whatever the destinations; None if nothing closes and all are cars.

    No trip of a plan has a destination that the hazard reaches, and who has no road to drive is there.
    """
    size = sizes_of(network)
    if not network.closings:
        return Places(NO_MOMENTS, NO_MOMENTS, NO_MARKS, size) if len(size) else None
    reached = moments_of(network.closings.start_reached)[network.source]
    return Places(reached, np.full(network.trips, NEVER), np.ones(network.trips, dtype=bool), size)


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
