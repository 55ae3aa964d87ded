"""The game as it was played: tours on their roads, who was not served, and what knowing everything would be worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ...solvers.control import Control
from ...solvers.fleet.arrays import MILLISECONDS
from ...solvers.fleet.carrying_out import REQUEST, Tour
from ...solvers.fleet.perfect import Perfect, with_perfect_information
from ...solvers.fleet.rolling import Rolling, play
from ...solvers.fleet.unserved import NO_ROAD, unserved
from .case import FleetCase

MINUTE = 60 * MILLISECONDS
ROUNDS = (1, 4, 16)  # of ruin and recreate by EFFORT, each with about as many attempts as there are requests
PERFECT_ROUNDS = (1, 2, 6)
PYVRP_ITERATIONS = (200, 1000, 5000)
NO_PLACE = "its feature cannot be used"


class NotServed(NamedTuple):
    """People who were not served.

    Attributes
    ----------
    request : int
        -1 for one whose feature has no place.
    key : str
    people : int
    reason, detail : str
        Why, and what is said besides of this request alone.
    real : bool
        Whether the request came true.
    """

    request: int
    key: str
    people: int
    reason: str
    detail: str
    real: bool

    @property
    def why(self) -> str:
        """Reason and detail."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


@dataclass(frozen=True)
class Dispatched:
    """What came of a case.

    Attributes
    ----------
    case : FleetCase
    rolling : Rolling
    at_once : Rolling or None
        The same game if no vehicle waited for a period to begin; None where none does.
    perfect : Perfect
    unserved : list of NotServed
        Those of requests that never came true at the end.
    ways : list of list of (k,) int
        For each tour the arcs to each of its stops.
    number : list of int
        The tours of each vehicle, counted from 1.
    """

    case: FleetCase
    rolling: Rolling
    at_once: Rolling | None
    perfect: Perfect
    unserved: list[NotServed]
    ways: list[list[np.ndarray]]
    number: list[int]

    @property
    def people(self) -> int:
        """People who asked to be fetched, those without a place too."""
        return self.rolling.served + self.left

    @property
    def left(self) -> int:
        """People who asked and were not served."""
        return sum(row.people for row in self.unserved if row.real)

    @property
    def waiting(self) -> float:
        """Person-minutes of waiting."""
        return self.rolling.waiting / MINUTE

    @property
    def idle(self) -> float:
        """Minutes that vehicles stood after a tour until the next period began, of those that had another; in all."""
        return sum(tour.idle for tour in self.rolling.tours) / MINUTE

    @property
    def last_arrival(self) -> float | None:
        """When the last people reach a shelter, minutes after t = 0; None for nobody."""
        return self.rolling.last_arrival / MINUTE if self.rolling.tours else None

    @property
    def elsewhere(self) -> int:
        """Tours that ended at another shelter than planned, as the way there was cut off."""
        return sum(tour.planned_shelter != tour.stops[-1].shelter for tour in self.rolling.tours)

    def metres(self, tour: int) -> float:
        """Return the length of a tour."""
        return float(sum(self.case.read.network.length[arcs].sum() for arcs in self.ways[tour]))


def dispatch(case: FleetCase, seed: int, control: Control, use_pyvrp: bool = False) -> Dispatched:
    """Play the game, once more without waiting for periods, and plan it with everything known.

    ``use_pyvrp``: whether PyVRP gives one more start to the plan of each period.

    Raises
    ------
    Cancelled
    MissingDependency
        Without PyVRP, where it is asked for.
    """
    effort = control.effort
    control.progress(0.0, "Planning and carrying out, period by period")
    rounds, problem = effort.pick(*ROUNDS), case.problem
    pyvrp = effort.pick(*PYVRP_ITERATIONS) if use_pyvrp else 0
    rolling, at_once = play(problem, rounds, seed, control.part(0.0, 0.4), pyvrp=pyvrp), None
    if problem.wait:
        control.progress(0.4, "The same without waiting for periods")
        at_once = play(replace(problem, wait=False), rounds, seed, control.part(0.4, 0.7), pyvrp=pyvrp)
    control.progress(0.7, "Planning with everything known")
    perfect = with_perfect_information(problem, rolling, effort.pick(*PERFECT_ROUNDS), seed, control.part(0.7, 0.95))
    return Dispatched(
        case, rolling, at_once, perfect, _not_served(case, rolling),
        _ways(case, rolling.tours, control.part(0.95, 1.0)), _numbers(rolling.tours),
    )  # fmt: skip


def _not_served(case: FleetCase, rolling: Rolling) -> list[NotServed]:
    ids, real, found = case.sources.requests.places.ids, case.real, []
    for left in unserved(case.problem, rolling):
        detail = case.reasons[left.request] if left.reason == NO_ROAD else ""
        name, true = ids[left.request], bool(real[left.request])
        found.append(NotServed(left.request, name, left.people, left.reason, detail, true))
    found += [NotServed(-1, key, people, NO_PLACE, why, True) for key, people, why in case.sources.requests.unplaced]
    return sorted(found, key=lambda row: not row.real)


def _ways(case: FleetCase, tours: Sequence[Tour], control: Control) -> list[list[np.ndarray]]:
    legs = []
    for tour in tours:
        here, moment = tour.origin, tour.start
        for stop in tour.stops:
            legs.append((here, stop.place, moment))
            here, moment = stop.place, stop.departure
    found, out, begin = case.travel.ways(legs, control), [], 0
    for tour in tours:
        out.append(found[begin : begin + len(tour.stops)])
        begin += len(tour.stops)
    return out


def _numbers(tours: Sequence[Tour]) -> list[int]:
    count: dict[int, int] = {}
    out = []
    for tour in tours:
        count[tour.vehicle] = count.get(tour.vehicle, 0) + 1
        out.append(count[tour.vehicle])
    return out


def fetched(tour: Tour) -> tuple[int, int, float]:
    """Return the requests that a tour stops at, the wheelchairs it takes, and person-minutes of waiting."""
    stops = [stop for stop in tour.stops if stop.kind == REQUEST]
    return len(stops), sum(stop.wheels for stop in stops), sum(stop.waited for stop in stops) / MINUTE
