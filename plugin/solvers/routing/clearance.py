"""The clearance curve: how many people have left, have arrived and are still inside the hazard, over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .result import RoutingResult

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
MOST_ROWS = 240


@dataclass(frozen=True)
class Clearance:
    """People by time; each array has shape (k,).

    Attributes
    ----------
    seconds : float64
        From t = 0, evenly spaced, the last one not before the last arrival.
    departed, arrived, on_road : int64
        People who have left, who are there, and those between.
    in_hazard : int64 or None
        People still inside the hazard, at home or on the road; None without a hazard.
    """

    seconds: np.ndarray
    departed: np.ndarray
    arrived: np.ndarray
    on_road: np.ndarray
    in_hazard: np.ndarray | None


def time_grid(last: float) -> np.ndarray:
    """Return evenly spaced seconds from 0 to at least ``last``, by a round step, at most MOST_ROWS of them or so."""
    step = next((s for s in STEPS if last / s <= MOST_ROWS), float(STEPS[-1]))
    return np.arange(0.0, np.ceil(last / step) * step + step / 2, step)


def people_until(moments: np.ndarray, people: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Return the people (k,) whose moment (r,) is at most each of ``seconds`` (k,)."""
    order = np.argsort(moments, kind="stable")
    sums = np.r_[0.0, np.cumsum(people[order])]
    return np.rint(sums[np.searchsorted(moments[order], seconds, side="right")]).astype(np.int64)


def inside_until(result: RoutingResult, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return from when until when (r,) each vehicle is inside the hazard, given which nodes (n,) lie in it.

    A vehicle whose source lies inside is so from the start on (minus infinity); one that never is has infinity twice.
    It is out when it has left the last road that begins inside; one whose destination lies inside never is.
    """
    schedule, problem = result.schedule(), result.problem
    leave, owner = schedule.exits(), np.repeat(np.arange(problem.trips), np.diff(schedule.indptr))
    enters, leaves = inside[problem.head[schedule.arc]], inside[problem.tail[schedule.arc]]
    begin, end = np.full(problem.trips, np.inf), np.full(problem.trips, -np.inf)
    np.minimum.at(begin, owner[enters], schedule.entry[enters])
    np.maximum.at(end, owner[leaves], leave[leaves])
    begin[inside[problem.source]] = -np.inf
    end[inside[problem.destination]] = np.inf
    return begin, np.where(np.isinf(begin) & (begin > 0), np.inf, end)


def clearance(result: RoutingResult, inside: np.ndarray | None = None) -> Clearance:
    """Return the clearance curve; ``inside`` (n,) bool tells which nodes lie in the hazard."""
    problem, arrival = result.problem, result.arrival
    seconds = time_grid(float(arrival.max(initial=0.0)) if problem.trips else 0.0)
    departed = people_until(problem.departure, problem.people, seconds)
    arrived = people_until(arrival, problem.people, seconds)
    in_hazard = None
    if inside is not None:
        begin, end = inside_until(result, inside)
        in_hazard = people_until(begin, problem.people, seconds) - people_until(end, problem.people, seconds)
    return Clearance(seconds, departed, arrived, departed - arrived, in_hazard)
