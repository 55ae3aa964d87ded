"""What a routing run gives: routes, times, and the evidence for them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..gap import gap_percent
from .caught import Caught, Drove
from .cumulative.static_flow import static_schedule
from .present.run import drive
from .queue.clearance_bound import ClearanceBound
from .queue.network import SECOND, QueueRoads
from .queue.simulation import QueueRun
from .shared.choices import FLOW_MODEL_NAMES, METHOD_NAMES, PRESENT, QUEUE
from .shared.closings import ARRIVED
from .shared.margins import margins
from .shared.problem import RoutingProblem
from .shared.routes import Routes
from .shared.schedule import Schedule
from .shared.ways import Ways, ways_of


@dataclass(frozen=True)
class QueueEvidence:
    """What a run under ``queue`` gives besides.

    Attributes
    ----------
    roads : QueueRoads
        The roads as the queue model sees them.
    run : QueueRun
        When every vehicle that arrives is where; vehicles let in at a standstill, rings.
    informed_time, informed_clearance : float
        Total time in vehicle-seconds of drivers with navigation and no plan; second at which the last of them arrives.
    clearance_bound : ClearanceBound or None
        Before when no plan of these trips can have everybody out; None where no bound was asked for or somebody is
        caught.
    clearance_low, clearance_high : float or None
        Seconds until all that arrive have, by the same routes at 120 and at 80 % of all capacities; None where not as
        many people arrive then.
    all_moves : QueueRun or None
        The moves of the caught besides, also of those who stay, (e,) as :class:`.Drove`; None where nobody is caught.
    informed_caught : float
        People of drivers without a plan that are caught.
    """

    roads: QueueRoads
    run: QueueRun
    informed_time: float
    informed_clearance: float
    clearance_bound: ClearanceBound | None
    clearance_low: float | None
    clearance_high: float | None
    all_moves: QueueRun | None = None
    informed_caught: float = 0.0

    @property
    def everybody(self) -> QueueRun:
        """The moves of everybody who has a way, as far as they go, with what becomes of him."""
        return self.run if self.all_moves is None else self.all_moves

    @property
    def origin_wait(self) -> float:
        """Vehicle-seconds spent waiting to enter the first road."""
        return float(self.run.waiting().sum()) / SECOND


@dataclass(frozen=True)
class RoutingResult:
    """Routes of all trips that arrive, evaluated under one flow model, and who is caught.

    Attributes
    ----------
    method, flow_model : int
        As in :mod:`.problem`.
    routed : (r,) int64
        Trips of the problem given that arrive; the arrays below are of these, in this order.
    unreachable : (u,) int64
        Trips whose destination cannot be reached.
    problem : RoutingProblem
        The problem of the routed trips.
    routes : Routes
        Their routes.
    travel, fastest : (r,) float64
        Travel time, and least possible time on empty roads, in seconds.
    static : (m,) float64
        Background vehicles that pass in the period (``cumulative``), zeros with ``present``.
    individual_time : float
        Total time in vehicle-seconds when each takes its own free-flow shortest path, under the same flow model.
    lower_bound : float or None
        No routes can have a smaller total time; None where it was not asked for.
    bound_name : str
        How the bound was found.
    history : tuple of (seconds, total time)
        Total time after each improvement step.
    seconds : float
        Wall time of the solver, without compiling.
    queue : QueueEvidence, optional
        What the queue model adds (``queue`` only).
    warnings : tuple of str
        What a reader must know of the search: stopped by the fence, or nothing gained.
    unlimited_time : float, optional
        Total time in vehicle-seconds of the best plan found without a limit on ways (system optimal).
    caught : Caught
        Trips that have a way but do not arrive in time.
    individual_caught : float
        People caught when each takes its own way.
    drove : Drove, optional
        Everybody who has a way, with what he drove; None where nobody is caught, see :meth:`everybody`.
    """

    method: int
    flow_model: int
    routed: np.ndarray
    unreachable: np.ndarray
    problem: RoutingProblem
    routes: Routes
    travel: np.ndarray
    fastest: np.ndarray
    static: np.ndarray
    individual_time: float
    lower_bound: float | None = None
    bound_name: str = ""
    history: tuple[tuple[float, float], ...] = ()
    seconds: float = 0.0
    queue: QueueEvidence | None = None
    warnings: tuple[str, ...] = ()
    unlimited_time: float | None = None
    caught: Caught = field(default_factory=Caught.nobody)
    individual_caught: float = 0.0
    drove: Drove | None = None
    _ways: list[Ways] = field(default_factory=list, repr=False, compare=False)
    _schedules: list[Schedule] = field(default_factory=list, repr=False, compare=False)

    @property
    def total_time(self) -> float:
        """T_gor of [E] eq. 18, vehicle-seconds."""
        return float(self.travel.sum())

    @property
    def free_flow_time(self) -> float:
        """Sum of everybody's least possible time, vehicle-seconds."""
        return float(self.fastest.sum())

    @property
    def people_caught(self) -> float:
        """People who have a way but do not arrive in time."""
        return float(self.caught.people.sum())

    @property
    def person_time(self) -> float:
        """Total time in person-seconds."""
        return float(self.travel @ self.problem.people)

    @property
    def reduction(self) -> float | None:
        """Percent of the individual baseline's time that is saved; None without any travel or if others are caught."""
        if self.individual_time <= 0 or self.individual_caught != self.people_caught:
            return None
        return 100.0 * (self.individual_time - self.total_time) / self.individual_time

    @property
    def reduction_informed(self) -> float | None:
        """Percent of the time of drivers with navigation and no plan that is saved; None where that is not known.

        Where not as many people are caught the two times cannot be compared.
        """
        if self.queue is None or not self.queue.informed_time or self.queue.informed_caught != self.people_caught:
            return None
        return 100.0 * (self.queue.informed_time - self.total_time) / self.queue.informed_time

    @property
    def gap(self) -> float | None:
        """Percent of the total time by which the bound lies below; None without a bound or any travel."""
        if self.lower_bound is None or self.total_time <= 0:
            return None
        return gap_percent(self.total_time, self.lower_bound, noise=0.0)

    @property
    def arrival(self) -> np.ndarray:
        """Seconds (r,) at which each trip arrives."""
        if self.queue is not None:  # to the microsecond, as the bounds have it
            return self.queue.run.arrival() / SECOND
        return self.problem.departure + self.travel

    @property
    def names(self) -> tuple[str, str]:
        """Names of method and flow model."""
        return METHOD_NAMES[self.method], FLOW_MODEL_NAMES[self.flow_model]

    def schedule(self) -> Schedule:
        """Return when every vehicle is where; worked out at the first call."""
        if not self._schedules:
            if self.queue is not None:
                self._schedules.append(self.queue.run.schedule())
            elif self.flow_model == PRESENT:
                self._schedules.append(drive(self.problem, self.routes).schedule)
            else:
                self._schedules.append(static_schedule(self.problem, self.routes, self.static))
        return self._schedules[0]

    def everybody(self) -> Drove:
        """Return what everybody drives, also those that are caught."""
        if self.drove is not None:
            return self.drove
        fate, never = np.full(self.problem.trips, ARRIVED, dtype=np.int8), np.full(self.problem.trips, np.inf)
        return Drove(self.routed, self.problem, self.schedule(), fate, never)

    def least_margin(self) -> float | None:
        """Return the least :meth:`margin` of those who arrive, seconds; None where it is infinite for all."""
        least = float(self.margin().min(initial=np.inf))
        return least if least < np.inf else None

    def margin(self) -> np.ndarray:
        """Return the seconds (r,) that lie at least between leaving a place and the hazard's arrival there.

        Infinite for trips that leave no place that it ever reaches.
        """
        free_flow = self.problem.cost.free_flow
        if self.queue is not None:
            free_flow = self.queue.roads.travel / SECOND
        return margins(self.problem.closings, free_flow, self.problem.source, self.schedule())

    def ways(self) -> Ways:
        """Return what the routes of each pair of places have in common; worked out at the first call."""
        if not self._ways:
            self._ways.append(ways_of(self.problem, self.routes))
        return self._ways[0]

    def entered(self) -> np.ndarray:
        """Return the seconds (r,) at which each trip enters its first road; the departure of one without roads."""
        schedule = self.schedule()
        moment = self.problem.departure.copy()
        driving = schedule.indptr[1:] > schedule.indptr[:-1]
        moment[driving] = schedule.entry[schedule.indptr[:-1][driving]]
        return moment

    def detours(self) -> np.ndarray:
        """Return the time over the own fastest time (k,) of trips that travel at all, at least 1.

        That is the travel time, but under ``queue``, where waiting is no way around, the free-flow time of the route.
        """
        moving = self.fastest > 0
        time = self.travel
        if self.flow_model == QUEUE:
            time = self.routes.sums(self.problem.cost.free_flow)[self.routes.of_trip]
        return np.maximum(time[moving] / self.fastest[moving], 1.0)

    def delay(self, share: float) -> float | None:
        """Return the seconds above the own fastest time, the wait at the origin counted, that ``share`` of the people
        lose at most; None without people.
        """
        return clearance_time(np.maximum(self.travel - self.fastest, 0.0), self.problem.people, share)


def clearance_time(arrival: np.ndarray, people: np.ndarray, share: float) -> float | None:
    """Return the second by which at least ``share`` of the people have arrived; None without people.

    Parameters
    ----------
    arrival, people : (r,)
        Seconds from t = 0, people of each vehicle.

    Examples
    --------
    >>> clearance_time(np.array([10.0, 20.0, 30.0]), np.array([90.0, 6.0, 4.0]), 0.95)
    20.0
    """
    total = people.sum()
    if total <= 0:
        return None
    order = np.argsort(arrival, kind="stable")
    there = np.cumsum(people[order])
    return float(arrival[order][np.searchsorted(there, share * total * (1.0 - 1e-12), side="left")])
