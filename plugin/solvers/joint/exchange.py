"""The end of a joint search on a small problem: changes by one or two vehicles or groups.

Who finds room, and who is caught where something closes, hangs on single vehicles in ways that marginal costs do not
show (see :mod:`..routing.shared.exchange`). Where ways are few, all changes of one vehicle to another way or
destination, of one whole group to another destination, and of two of these together are tried by the exact run until
none of them is better.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.queue.network import QueueRoads
from ..routing.shared.exchange import MOST_PLANS, simple_ways
from ..routing.shared.routes import Routes
from .aims import Aim, Value
from .choices import Choices
from .judge import AimJudge, JointRoutes, Planned
from .problem import ROUNDING, JointProblem
from .reach import Reach

MOST_ROUNDS = 6
NOWHERE = -1
Change = dict[int, int]  # the new option of some vehicles


class Rank(NamedTuple):
    """By what plans are compared; smaller is better."""

    missing: float
    caught: float
    value: Value


class Exchange:
    """Changes of the vehicles of a plan among all their ways to all destinations.

    Parameters
    ----------
    bound : (t,) bool
        Vehicles that do not change their destination without their group.

    Attributes
    ----------
    end, row : list of (t,) lists
        Destination and number of the way of each option of a vehicle.
    """

    def __init__(
        self, problem: JointProblem, roads: QueueRoads, reach: Reach, choices: Choices, bound: np.ndarray, most: int,
        control: Control,
    ) -> None:  # fmt: skip
        self.problem, self.roads, self.choices, self.control, self.bound = problem, roads, choices, control, bound
        self.judges: dict[bytes, AimJudge] = {}
        self.known: dict[tuple[int, ...], Rank] = {}
        allowed = reach.allowed[reach.cell]
        vehicle, end = np.nonzero(allowed)
        ways = simple_ways(problem.network.only(vehicle).bound_for(problem.node[end]), most)
        self.few = ways is not None
        flat = [way for own in ways or [] for way in own]
        self.indptr = np.r_[0, np.cumsum([len(way) for way in flat])].astype(np.int64)
        self.arcs = np.array([arc for way in flat for arc in way], dtype=np.int32)
        self.options: list[list[tuple[int, int]]] = [[] for _ in range(problem.vehicles)]
        number = 0
        for k, to, own in zip(vehicle.tolist(), end.tolist(), ways or []):
            took = [int(roads.travel[list(way)].sum()) for way in own]
            self.options[k] += [(to, number + j) for j in np.argsort(took, kind="stable").tolist()]
            number += len(own)
        self.home_safe = safe_homes(problem)

    def taken_in(self, destination: np.ndarray, routes: Routes) -> list[int] | None:
        """Return the option of each vehicle in a plan, NOWHERE for one that is not sent; None where one has another."""
        taken = [NOWHERE] * self.problem.vehicles
        for trip, k in enumerate(np.flatnonzero(destination >= 0).tolist()):
            way = self._roads(routes.of(trip))
            same = [
                n for n, (end, row) in enumerate(self.options[k])
                if end == destination[k] and self._roads(self._way(row)) == way
            ]  # fmt: skip
            if not same:
                return None
            taken[k] = same[0]
        return taken

    def planned(self, taken: list[int]) -> tuple[np.ndarray, Planned]:
        """Return the destinations (t,) of a plan, and the exact run of those who are sent."""
        some = [k for k, option in enumerate(taken) if option != NOWHERE]
        ends = [self.options[k][taken[k]] for k in some]
        destination = np.full(self.problem.vehicles, -1, dtype=np.int32)
        destination[some] = [end for end, _ in ends]
        of_trip = np.array([row for _, row in ends], dtype=np.int32)
        routes = JointRoutes(self.indptr, self.arcs, of_trip, destination[some])
        key = (destination >= 0).tobytes()
        if key not in self.judges:
            own = self.problem.only(np.array(some, dtype=np.int64))
            aim = Aim(own, self.choices, 0.0)
            self.judges[key] = AimJudge(own.network, self.roads, aim, self.choices.stuck_seconds)
        return destination, self.judges[key].of(routes, destination[some], self.control)

    def rank(self, taken: list[int]) -> Rank:
        """Return by what a plan is compared."""
        key = tuple(taken)
        if key not in self.known:
            self.control.stop_if_cancelled()
            destination, plan = self.planned(taken)
            people = self.problem.people
            self.known[key] = Rank(float(people[destination < 0].sum()) + plan.caught, plan.caught, plan.value)
        return self.known[key]

    def changes(self, taken: list[int]) -> list[Change]:
        """Return all changes of one vehicle, and of one group to another destination or to none.

        Nobody is left at a home that the hazard reaches.
        """
        found: list[Change] = []
        for k, own in enumerate(self.options):
            now = NOWHERE if taken[k] == NOWHERE else own[taken[k]][0]
            free = not self.bound[k]
            found += [{k: n} for n, (end, _) in enumerate(own) if n != taken[k] and (free or end == now)]
            if free and now != NOWHERE and self.home_safe[k]:
                found.append({k: NOWHERE})
        for group in np.unique(self.problem.group[self.bound]).tolist():
            members = np.flatnonzero(self.bound & (self.problem.group == group)).tolist()
            ends = [{end for end, _ in self.options[k]} for k in members]
            for end in sorted(set.intersection(*ends)):
                first = {k: next(n for n, (to, _) in enumerate(self.options[k]) if to == end) for k in members}
                if any(taken[k] == NOWHERE or self.options[k][taken[k]][0] != end for k in members):
                    found.append(first)
            if self.home_safe[members].all() and any(taken[k] != NOWHERE for k in members):
                found.append(dict.fromkeys(members, NOWHERE))
        return found

    def fits(self, taken: list[int]) -> bool:
        """Return whether nobody is where there is no room."""
        load = np.zeros(self.problem.destinations)
        for k, option in enumerate(taken):
            if option != NOWHERE:
                load[self.options[k][option][0]] += self.problem.people[k]
        return bool((load <= self.problem.room * (1.0 + ROUNDING)).all())

    def improved(self, taken: list[int], most: int) -> list[int]:
        """Return the best plan that changes of one and of two lead to."""
        for _ in range(MOST_ROUNDS):
            alone = self.changes(taken)
            pairs = (one | other for one, other in combinations(alone, 2) if not one.keys() & other.keys())
            for trials in ((change for change in alone), pairs if len(alone) ** 2 <= 2 * most else ()):
                best = min(
                    (trial for change in trials if self.fits(trial := _changed(taken, change))),
                    key=self.rank, default=taken,
                )  # fmt: skip
                if self.rank(best) < self.rank(taken):
                    taken = best
                    break
            else:
                break
        return taken

    def _way(self, row: int) -> np.ndarray:
        return self.arcs[self.indptr[row] : self.indptr[row + 1]]

    def _roads(self, way: np.ndarray) -> list[int]:
        return way[self.roads.is_road[way]].tolist()


def safe_homes(problem: JointProblem) -> np.ndarray:
    """Return whether the hazard never reaches where each vehicle (t,) starts."""
    return ~(problem.network.closings.start_reached[problem.network.source] < np.inf)


def kept_home(
    problem: JointProblem,
    roads: QueueRoads,
    choices: Choices,
    destination: np.ndarray,
    planned: Planned,
    control: Control,
) -> tuple[np.ndarray, Planned]:
    """Return a plan without those of its vehicles that would be caught though they are safe at home.

    They are nowhere placed then. Whole groups that must not be divided stay as they are.
    """
    safe = safe_homes(problem)
    while not choices.whole and planned.caught:
        vehicles = np.flatnonzero(destination >= 0)
        kept = planned.run.arrived | ~safe[vehicles]
        if kept.all() or not kept.any():
            break
        own = problem.only(vehicles[kept])
        there = destination.copy()
        there[vehicles[~kept]] = -1
        routes = JointRoutes(
            planned.routes.indptr, planned.routes.arcs, planned.routes.of_trip[kept], there[vehicles[kept]]
        )
        judge = AimJudge(own.network, roads, Aim(own, choices, 0.0), choices.stuck_seconds)
        trial = judge.of(routes, routes.destination, control)
        lost = float(problem.people[vehicles[~kept]].sum())
        if (trial.caught + lost, trial.value) >= (planned.caught, planned.value):
            break
        destination, planned = there, trial
    return destination, planned


def _changed(taken: list[int], change: Change) -> list[int]:
    return [change.get(k, option) for k, option in enumerate(taken)]


def exchanged(
    problem: JointProblem,
    roads: QueueRoads,
    reach: Reach,
    choices: Choices,
    bound: np.ndarray,
    plans: list[tuple[np.ndarray, Routes]],
    control: Control,
) -> tuple[np.ndarray, Planned] | None:
    """Return destinations (t,) and exact run of the best plan that changes of one or two lead to; None where the ways
    are too many.

    Parameters
    ----------
    plans : list of (destination (t,), routes of those who have one)
        From which to begin.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    most = control.effort.pick(*MOST_PLANS)
    if problem.vehicles * problem.destinations > most:
        return None
    exchange = Exchange(problem, roads, reach, choices, bound, most, control)
    if not exchange.few or sum(len(own) for own in exchange.options) > most:
        return None
    starts = [taken for where, routes in plans if (taken := exchange.taken_in(where, routes)) is not None]
    if not starts:
        return None
    return exchange.planned(min((exchange.improved(taken, most) for taken in starts), key=exchange.rank))
