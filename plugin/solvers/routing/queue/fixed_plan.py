"""What becomes of everybody by given routes when people leave at other times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control
from ..shared.choices import STUCK_SECONDS
from ..shared.closings import ARRIVED
from ..shared.margins import margins
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from .network import SECOND, QueueRoads, microseconds
from .places import places_of
from .simulation import QueueRun, plan_of, simulate_queues


@dataclass(frozen=True)
class Outcome:
    """What becomes of every trip, in the order of the problem's trips, whenever they leave.

    Attributes
    ----------
    run : QueueRun
        The exact run, its trips in the order of their departures.
    number : (t,) int64
        The place of each trip in the run.
    """

    problem: RoutingProblem
    roads: QueueRoads
    run: QueueRun
    number: np.ndarray

    @property
    def fate(self) -> np.ndarray:
        """ARRIVED, or why each trip (t,) is caught."""
        return self.run.fate[self.number]

    @property
    def arrived(self) -> np.ndarray:
        """Whether each trip (t,) arrives."""
        return self.fate == ARRIVED

    @property
    def caught(self) -> np.ndarray:
        """When each trip (t,) is caught, seconds; infinite for those that arrive."""
        return np.where(self.arrived, np.inf, self.run.caught[self.number] / SECOND)

    @property
    def arrival(self) -> np.ndarray:
        """When each trip (t,) arrives, seconds; infinite for those that are caught."""
        return np.where(self.arrived, self.run.arrival()[self.number] / SECOND, np.inf)

    @property
    def total(self) -> float:
        """Travel time of all that arrive, vehicle-seconds, with the wait to enter the first road."""
        return self.run.total() / SECOND

    def margin(self) -> np.ndarray:
        """Return the margin (t,) of each trip, seconds, see :func:`.margins`; of who is caught it means nothing."""
        source = np.empty_like(self.problem.source)
        source[self.number] = self.problem.source
        travel = self.roads.travel / SECOND
        return margins(self.problem.closings, travel, source, self.run.schedule())[self.number]


class FixedPlan:
    """Routes that are simulated again and again with other departures."""

    def __init__(
        self, problem: RoutingProblem, roads: QueueRoads, routes: Routes, stuck_seconds: float = STUCK_SECONDS
    ) -> None:
        self.problem, self.roads, self.routes, self.stuck_seconds = problem, roads, routes, stuck_seconds
        self.places = places_of(problem)

    def outcome(self, departure: np.ndarray | None = None, control: Control | None = None) -> Outcome:
        """Return what becomes of everybody who leaves at ``departure`` (t,) s, by default as the problem says.

        The departures may be in any order; those at one moment go by the number of the trip.

        Raises
        ------
        Cancelled
            When the user stops.
        """
        moments = microseconds(self.problem.departure if departure is None else departure)
        order = np.argsort(moments, kind="stable")
        routes = Routes(self.routes.indptr, self.routes.arcs, self.routes.of_trip[order])
        places = None if self.places is None else self.places.only(order)
        plan = plan_of(self.roads, moments[order], routes, places)
        run = simulate_queues(self.roads, plan, stuck_seconds=self.stuck_seconds, control=control)
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.arange(len(order))
        return Outcome(self.problem, self.roads, run, number)
