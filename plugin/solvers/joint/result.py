"""What a joint plan gives: where everybody goes, by which roads, how good that is, and the step-wise plan beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..allocation.problem import CAPACITY, DOORS, NO_SHELTER, TOO_LARGE
from ..gap import gap_percent
from ..routing.result import RoutingResult
from .problem import JointProblem

TOO_LATE = "no place with room that can be reached in time beside the others"
PLACED, UNREACHED, LARGE, FULL, BEHIND_DOORS, LATE = range(6)
REASONS = ("", NO_SHELTER, TOO_LARGE, CAPACITY, DOORS, TOO_LATE)  # why somebody is not placed, by ``reason``


@dataclass(frozen=True)
class JointPlan:
    """Where everybody goes and how, evaluated.

    Attributes
    ----------
    destination : (t,) int32
        Number of each vehicle's destination, -1 for one that is not placed. Who can arrive nowhere in time has the
        nearest, where he takes no room.
    reason : (t,) int8
        Why it is not, a row of ``REASONS``; 0 for one that is.
    routing : RoutingResult
        Of the vehicles that arrive, whose numbers are its ``routed``; its ``caught`` have a destination too.
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
    def placed(self) -> np.ndarray:
        """Those of them that arrive and are not caught."""
        return self.routing.routed

    @property
    def people_placed(self) -> float:
        """People who have a destination and arrive."""
        return float(self.routing.problem.people.sum())

    @property
    def people_caught(self) -> float:
        """People who have a way and do not arrive: caught on it, or since none of their ways is open in time."""
        return self.routing.people_caught

    @property
    def total_time(self) -> float:
        """TOTAL_TIME, STEPWISE_TIME: vehicle-seconds."""
        return self.routing.total_time

    @property
    def clearance(self) -> float:
        """Seconds from t = 0 until the last vehicle has arrived."""
        return float(self.routing.arrival.max(initial=0.0))

    def people(self, problem: JointProblem) -> np.ndarray:
        """Return the people (g, n) of each group who arrive at each destination."""
        return self._table(problem, self.placed)

    def people_sent(self, problem: JointProblem) -> np.ndarray:
        """Return the same of those who are caught on the way too, or would go there if they could arrive in time."""
        return self._table(problem, self.sent)

    def _table(self, problem: JointProblem, vehicles: np.ndarray) -> np.ndarray:
        table = np.zeros((problem.groups, problem.destinations))
        np.add.at(table, (problem.group[vehicles], self.destination[vehicles]), problem.people[vehicles])
        return table

    def better_than(self, other: JointPlan) -> bool:
        """Whether to prefer this: more people arrive, then fewer are caught, then less value, then less time."""
        return self._order() < other._order()

    def _order(self) -> tuple[float, float, float, float]:
        return -self.people_placed, self.people_caught, self.value, self.time_value


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
        By the plan at least as many people arrive, where as many, no more are caught, and where as many, its value is
        no larger.
    lower_bound : float or None
        Of the aim's value: no plan by which as many people arrive is below; None where it was not asked for.
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
