"""The clearance curve: how many people have left, have arrived and are still inside the hazard, over time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ..errors import SolverError
from ..graph.stars import spread_rows
from .result import RoutingResult

DAY = 86_400.0
STEPS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 43_200.0)
MOST_ROWS = 240


@dataclass(frozen=True)
class Inside:
    """Where the hazard is, seen from vehicles and roads.

    Attributes
    ----------
    indptr : (m+1,) int64
        Offsets of each arc's stretches inside.
    begin, end : (p,) float64
        Where a stretch begins and ends, as shares of the arc's length in the direction of travel, not overlapping.
    home, goal : (t,) bool
        Of each trip of the problem given: whether the place where it begins, and where it ends, lies inside.
    staying : int
        People inside who have no route and stay where they are.
    """

    indptr: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    home: np.ndarray
    goal: np.ndarray
    staying: int


@dataclass(frozen=True)
class Clearance:
    """People by time; each array has shape (k,).

    Attributes
    ----------
    seconds : float64
        From t = 0, evenly spaced, the last one not before the last arrival.
    waiting, departed, arrived, on_road : int64
        People who should have left but have not entered their first road, who have, who are there, and those between.
    in_hazard : int64 or None
        People inside the hazard: at home until they enter a road, on the stretches of road inside, at a destination
        inside, and those without a route; None without a hazard.
    staying : int or None
        How many of these have no route.
    """

    seconds: np.ndarray
    waiting: np.ndarray
    departed: np.ndarray
    arrived: np.ndarray
    on_road: np.ndarray
    in_hazard: np.ndarray | None
    staying: int | None


def time_grid(last: float) -> np.ndarray:
    """Return evenly spaced seconds from 0 to at least ``last``, by a round step, at most ``MOST_ROWS + 1`` of them.

    Beyond 240 days the step is 1, 2 or 5 times a power of ten of days.

    Raises
    ------
    SolverError
        When ``last`` is not finite.

    Examples
    --------
    >>> time_grid(3.5).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    if not np.isfinite(last):
        raise SolverError("A vehicle never arrives: a road has so little capacity that its travel time is endless.")
    decades = (DAY * mantissa * 10.0**power for power in range(304) for mantissa in (1, 2, 5))
    step = next(s for s in itertools.chain(STEPS, decades) if last / s <= MOST_ROWS)
    return np.arange(np.ceil(last / step) + 1.0) * step


def people_until(moments: np.ndarray, people: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Return the people (k,) whose moment (r,) is at most each of ``seconds`` (k,).

    Examples
    --------
    >>> people_until(np.array([20.0, 10.0]), np.array([3.0, 4.0]), np.array([0.0, 10.0, 30.0])).tolist()
    [0, 4, 7]
    """
    order = np.argsort(moments, kind="stable")
    sums = np.r_[0.0, np.cumsum(people[order])]
    return np.rint(sums[np.searchsorted(moments[order], seconds, side="right")]).astype(np.int64)


def stays_inside(result: RoutingResult, inside: Inside) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return when stays inside the hazard begin and end, and of how many people they are, (s,) each.

    A stay lasts from its beginning until just before its end. Along an arc time passes evenly with the way.
    """
    schedule, problem = result.schedule(), result.problem
    hop, stretch = spread_rows(inside.indptr[schedule.arc], np.diff(inside.indptr)[schedule.arc])
    leave = schedule.exits()
    # Exactly the time of the next road at the end of this one: nobody is counted twice or lost in between.
    begin, end = (
        np.where(share < 1.0, schedule.entry[hop] + share * (leave - schedule.entry)[hop], leave[hop])
        for share in (inside.begin[stretch], inside.end[stretch])
    )
    owner = np.repeat(np.arange(problem.trips), np.diff(schedule.indptr))[hop]
    home, goal = np.flatnonzero(inside.home[result.routed]), np.flatnonzero(inside.goal[result.routed])
    return (
        np.r_[begin, np.full(len(home), -np.inf), result.arrival[goal]],
        np.r_[end, result.entered()[home], np.full(len(goal), np.inf)],
        problem.people[np.r_[owner, home, goal]],
    )


def clearance(result: RoutingResult, inside: Inside | None = None) -> Clearance:
    """Return the clearance curve; ``inside`` tells where the hazard is."""
    problem, arrival = result.problem, result.arrival
    seconds = time_grid(float(arrival.max(initial=0.0)) if problem.trips else 0.0)
    entered = result.entered()
    called = people_until(np.minimum(problem.departure, entered), problem.people, seconds)
    departed = people_until(entered, problem.people, seconds)
    arrived = people_until(arrival, problem.people, seconds)
    in_hazard = None
    if inside is not None:
        begin, end, people = stays_inside(result, inside)
        in_hazard = inside.staying + people_until(begin, people, seconds) - people_until(end, people, seconds)
    staying = None if inside is None else inside.staying
    return Clearance(seconds, called - departed, departed, arrived, departed - arrived, in_hazard, staying)
