"""The clearance curve: how many people have left, have arrived and are still inside the hazard, over time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ..errors import SolverError
from ..graph.stars import spread_rows
from .result import RoutingResult
from .shared.closings import ARRIVED, AT_DESTINATION

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
    caught : int64
        People who have been caught: neither waiting nor on the road any more, nor counted inside the hazard.
    """

    seconds: np.ndarray
    waiting: np.ndarray
    departed: np.ndarray
    arrived: np.ndarray
    on_road: np.ndarray
    in_hazard: np.ndarray | None
    staying: int | None
    caught: np.ndarray


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
    """Return when stays inside the hazard begin and end, and whose they are among everybody, (s,) each.

    A stay lasts from its beginning until just before its end. Along an arc time passes evenly with the way; on one that
    is never left as on the empty road.
    """
    everybody = result.everybody()
    schedule, problem, caught = everybody.schedule, everybody.problem, everybody.caught
    hop, stretch = spread_rows(inside.indptr[schedule.arc], np.diff(inside.indptr)[schedule.arc])
    leave = schedule.exits()
    pace = leave - schedule.entry
    never = np.flatnonzero(
        (everybody.fate != ARRIVED) & (everybody.fate != AT_DESTINATION) & (schedule.indptr[1:] > schedule.indptr[:-1])
    )
    last = schedule.indptr[1:][never] - 1
    pace[last] = problem.cost.free_flow[schedule.arc[last]]
    # Exactly the time of the next road at the end of this one: nobody is counted twice or lost in between.
    begin, end = (
        np.where(share < 1.0, schedule.entry[hop] + share * pace[hop], leave[hop])
        for share in (inside.begin[stretch], inside.end[stretch])
    )
    owner = np.repeat(np.arange(problem.trips), np.diff(schedule.indptr))[hop]
    home = np.flatnonzero(inside.home[everybody.trip])
    goal = np.flatnonzero(inside.goal[everybody.trip] & (everybody.fate == ARRIVED))
    who = np.r_[owner, home, goal]
    begin = np.r_[begin, np.full(len(home), -np.inf), schedule.arrival[goal]]
    end = np.r_[end, everybody.entered()[home], np.full(len(goal), np.inf)]
    end = np.minimum(end, caught[who])
    return begin, np.maximum(begin, end), who


def clearance(result: RoutingResult, inside: Inside | None = None, of: np.ndarray | None = None) -> Clearance:
    """Return the clearance curve of everybody; ``inside`` tells where the hazard is.

    ``of`` (t,) bool tells which trips of the problem given count, by default all; the moments are those of all.
    """
    everybody = result.everybody()
    departure, caught, arriving = everybody.problem.departure, everybody.caught, result.problem.people
    people = everybody.problem.people
    if of is not None:
        people, arriving = people * of[everybody.trip], arriving * of[result.routed]
    seconds = time_grid(max(float(result.arrival.max(initial=0.0)), float(result.caught.time.max(initial=0.0))))
    entered = everybody.entered()
    departed = people_until(entered, people, seconds)
    left_queue = np.minimum(entered, caught)
    called = people_until(np.minimum(departure, left_queue), people, seconds)
    waiting = called - people_until(left_queue, people, seconds)
    arrived = people_until(result.arrival, arriving, seconds)
    lost = people_until(caught, people, seconds)
    lost_on_road = people_until(np.where(entered < np.inf, caught, np.inf), people, seconds)
    in_hazard = None
    if inside is not None:
        begin, end, who = stays_inside(result, inside)
        there = people[who]
        in_hazard = inside.staying + people_until(begin, there, seconds) - people_until(end, there, seconds)
    staying = None if inside is None else inside.staying
    on_road = departed - arrived - lost_on_road
    return Clearance(seconds, waiting, departed, arrived, on_road, in_hazard, staying, lost)
