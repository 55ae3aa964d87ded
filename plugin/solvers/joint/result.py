"""What a joint plan gives: where everybody goes, by which roads, how good that is, and the step-wise plan beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..allocation.problem import CAPACITY, DOORS, NO_SHELTER, TOO_LARGE
from ..gap import gap_percent
from ..routing.result import RoutingResult
from ..routing.shared.routes import Routes
from .problem import JointProblem

PLACED, UNREACHED, LARGE, FULL, BEHIND_DOORS = range(5)
REASONS = ("", NO_SHELTER, TOO_LARGE, CAPACITY, DOORS)  # why somebody is not placed, by ``reason``


@dataclass(frozen=True)
class JointPlan:
    """Where everybody goes and how, evaluated.

    Attributes
    ----------
    destination : (t,) int32
        Number of each vehicle's destination, -1 for one that is not placed.
    reason : (t,) int8
        Why it is not, a row of ``REASONS``; 0 for one that is.
    routing : RoutingResult
        Of the placed vehicles, whose numbers are its ``routed``; ``unreachable`` are the others.
    value : float
        Of the aim, smaller is better: person-seconds of travel and dissatisfaction (time), seconds from t = 0 to the
        last arrival (clearance), person-seconds in the hazard.
    time_value : float
        The number of the aim *time*, which decides between equals under the other aims.
    """

    destination: np.ndarray
    reason: np.ndarray
    routing: RoutingResult
    value: float
    time_value: float

    @property
    def sent(self) -> np.ndarray:
        """Vehicles that have a destination, ascending."""
        return np.flatnonzero(self.destination >= 0)

    @property
    def routes(self) -> Routes:
        """What these drive, or were to drive where they are caught."""
        own, lost, sent = self.routing.routes, self.routing.caught, self.sent
        of_trip = np.empty(len(sent), dtype=np.int32)
        of_trip[np.searchsorted(sent, self.routing.routed)] = own.of_trip
        of_trip[np.searchsorted(sent, lost.trip)] = own.count + lost.routes.of_trip
        return Routes(
            np.r_[own.indptr, own.indptr[-1] + lost.routes.indptr[1:]], np.r_[own.arcs, lost.routes.arcs], of_trip
        )

    @property
    def placed(self) -> np.ndarray:
        """Those of them that arrive and are not caught."""
        return self.routing.routed

    @property
    def people_placed(self) -> float:
        """People who have a destination and arrive."""
        return float(self.routing.problem.people.sum())

    @property
    def total_time(self) -> float:
        """TOTAL_TIME, STEPWISE_TIME: vehicle-seconds."""
        return self.routing.total_time

    @property
    def clearance(self) -> float:
        """Seconds from t = 0 until the last vehicle has arrived."""
        return float(self.routing.arrival.max(initial=0.0))

    def people(self, problem: JointProblem) -> np.ndarray:
        """Return the people (g, n) of each group sent to each destination, also those who are caught on the way."""
        table, sent = np.zeros((problem.groups, problem.destinations)), self.sent
        np.add.at(table, (problem.group[sent], self.destination[sent]), problem.people[sent])
        return table

    def better_than(self, other: JointPlan) -> bool:
        """Whether to prefer this: more people arrive, then fewer are caught, then less value, then less time."""
        return self._order() < other._order()

    def _order(self) -> tuple[float, float, float, float]:
        return -self.people_placed, self.routing.people_caught, self.value, self.time_value


@dataclass(frozen=True)
class JointResult:
    """The joint plan, the step-wise plan, and the proof.

    Attributes
    ----------
    unit, split, aim : int
        As asked.
    preference_seconds : float
        As asked.
    plan, stepwise : JointPlan
        At least as many people are placed by the plan, and where as many, its value is no larger.
    lower_bound : float or None
        Of the aim's value: no plan that places as many people is below; None where it was not asked for.
    bound_name : str
        How it was found.
    history : tuple of (seconds, value)
        Value after each step that improved it.
    seconds : float
        Wall time, without compiling.
    warnings : tuple of str
        What a reader must know of the search.
    """

    unit: int
    split: int
    aim: int
    preference_seconds: float
    plan: JointPlan
    stepwise: JointPlan
    lower_bound: float | None
    bound_name: str
    history: tuple[tuple[float, float], ...]
    seconds: float
    warnings: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """VALUE of the aim."""
        return self.plan.value

    @property
    def gap(self) -> float | None:
        """Percent of the value by which the bound lies below; None without a bound."""
        return None if self.lower_bound is None else gap_percent(self.value, self.lower_bound)
