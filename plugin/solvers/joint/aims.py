"""What a joint plan is judged by, exactly; and a smooth number that leads the search to it, with its derivative."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..routing.queue.events import Plan
from ..routing.queue.network import SECOND
from ..routing.queue.simulation import QueueRun
from .choices import Choices
from .kinds import CLEARANCE, HAZARD, TIME
from .problem import JointProblem

SECOND_AIM = 0.02  # weight of the time where another aim comes first
LATE = 0.1  # of the least clearance: so late beyond it a vehicle counts in full


class Value(NamedTuple):
    """The numbers of a plan, in the order in which they count: people caught first; smaller is better."""

    caught: float
    aim: float
    time: float


class Aim:
    """The numbers of plans of the same vehicles.

    Parameters
    ----------
    problem : JointProblem
        Of the placed vehicles alone.
    choices : Choices
    least_clearance : float
        Seconds before which the last vehicle cannot be there, as a scale for lateness.
    """

    def __init__(self, problem: JointProblem, choices: Choices, least_clearance: float) -> None:
        self.problem, self.kind = problem, choices.aim
        self.preference = choices.preference_seconds * problem.dissatisfaction
        people = problem.people
        mean = float(people.mean()) if people.sum() > 0 else 1.0
        self.unit = mean
        self.people = people if people.sum() > 0 else np.ones(len(people))
        self.weight = np.ones(len(people)) if self.kind == CLEARANCE else np.maximum(self.people / mean, 0.01)
        arcs = problem.network.arcs
        self.share: np.ndarray = np.zeros(arcs)
        self.home: np.ndarray = np.zeros(len(people))
        if problem.hazard is not None:
            inside = problem.hazard
            row = np.repeat(np.arange(arcs), np.diff(inside.indptr))
            self.share = np.bincount(row, weights=inside.end - inside.begin, minlength=arcs)
            self.home = inside.home.astype(np.float64)
        self.time_weight = 1.0 if self.kind == TIME else SECOND_AIM
        self.late_from = least_clearance * SECOND
        self.late_scale = max(LATE * least_clearance, 1.0) * SECOND

    @property
    def rate(self) -> np.ndarray:
        """What a microsecond on each road (m,) costs a vehicle of mean weight."""
        rate = np.full(self.problem.network.arcs, self.time_weight)
        return rate + self.share if self.kind == HAZARD else rate

    def terminal(self, step: int, moments: int) -> np.ndarray:
        """Return what it costs to arrive at each of the moments, vehicle-microseconds."""
        return self._lateness(np.arange(moments, dtype=np.float64) * step)

    def offset(self) -> np.ndarray:
        """Return what it costs a vehicle of mean weight of each group to go to each destination (g, n)."""
        return self.time_weight * self.preference * SECOND

    def value(self, run: QueueRun, destination: np.ndarray) -> Value:
        """Return the exact numbers of a plan, ``destination`` (t,) all at least 0: person-seconds or seconds.

        They are of those who arrive, not of the caught.
        """
        problem, there = self.problem, run.arrived
        arrival = run.arrival()
        time = float(((arrival - run.plan.departure) / SECOND) @ problem.people)
        time += float((self.preference[problem.group, destination] * there) @ problem.people)
        caught = float(problem.people[~there].sum())
        if self.kind == TIME:
            return Value(caught, time, time)
        if self.kind == CLEARANCE:
            return Value(caught, float(arrival[there].max(initial=0)) / SECOND, time)
        return Value(caught, float((self._stay(run) * there) @ problem.people), time)

    def guide(self, run: QueueRun, destination: np.ndarray) -> float:
        """Return what the search makes small: vehicle-seconds, those of a vehicle by its weight."""
        arrival, weight = run.arrival(), self.weight * run.arrived
        travel = (arrival - run.plan.departure) / SECOND + self.preference[self.problem.group, destination]
        total = self.time_weight * float(travel @ weight)
        if self.kind == CLEARANCE:
            total += float(self._lateness(arrival[run.arrived]).sum()) / SECOND
        if self.kind == HAZARD:
            total += float(self._stay(run) @ weight)
        return total

    def worth(self, run: QueueRun) -> np.ndarray:
        """Return by how much a microsecond's delay of each move (moves,) alone raises the guide; all must be made."""
        plan = run.plan
        worth = np.zeros(len(run.moment))
        driving = np.flatnonzero(plan.hops > 0)
        last = plan.move[1:][driving] - 1
        worth[last] = self.time_weight * self.weight[driving]
        if self.kind == CLEARANCE:
            worth[last] += np.maximum(run.moment[last] - self.late_from, 0.0) / self.late_scale
        if self.kind == HAZARD:
            worth += self._stay_rates(plan, len(run.moment))
        return worth

    def _lateness(self, arrival: np.ndarray) -> np.ndarray:
        if self.kind != CLEARANCE:
            return np.zeros(len(arrival))
        return np.maximum(arrival - self.late_from, 0.0) ** 2 / (2.0 * self.late_scale)

    def _stay(self, run: QueueRun) -> np.ndarray:
        """Return the seconds (t,) from t = 0 on that each vehicle is inside the hazard, if it arrives."""
        run = run.driven()
        plan = run.plan
        entered = (plan.departure + run.waiting()) / SECOND
        stay = self.home * entered
        trip, arc, out = _moves(plan, len(run.moment))
        spent = (run.moment[out] - run.moment[out - 1]) / SECOND * self.share[arc]
        return stay + np.bincount(trip, weights=spent, minlength=len(stay))

    def _stay_rates(self, plan: Plan, moves: int) -> np.ndarray:
        rates = np.zeros(moves)
        driving = np.flatnonzero(plan.hops > 0)
        rates[plan.move[driving]] = self.home[driving] * self.weight[driving]
        trip, arc, out = _moves(plan, moves)
        part = self.share[arc] * self.weight[trip]
        rates[out] += part
        rates[out - 1] -= part
        return rates


def _moves(plan: Plan, moves: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return trip, road and number of each exit from a road (k,)."""
    trip = np.repeat(np.arange(len(plan.departure)), np.diff(plan.move))
    hop = np.arange(moves) - plan.move[trip] - 1
    out = np.flatnonzero(hop >= 0)
    trip, hop = trip[out], hop[out]
    return trip, plan.arc[plan.first[trip] + hop], out
