"""The search of *system optimal*: shares of the trips move to better ways, the exact evaluation judges.

Each step takes the marginal costs of the plan as it is, moves a share of the trips that would gain, and evaluates. A
plan a little worse than the best one may be gone on from, by an allowance that falls to nothing: in a jam any change
shifts the total by some vehicle-minutes, and a search that only ever takes gains stands still early. What is handed
back is the best plan seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from ...control import Control
from .routes import Routes

REFRESH = 5  # steps after which the moves look at the traffic anew
SHARE, LEAST_SHARE, MOST_SHARE = 0.1, 0.0005, 0.3  # of all trips that move in a step
GROW, SHRINK = 1.1, 0.6  # of the share after a plan that was taken, or not
LOOK = 4  # times the share look for a better way
ALLOWANCE = 0.02  # of the best total: so much worse may a plan be at first


class Judged(Protocol):
    """A plan and what its evaluation says."""

    @property
    def routes(self) -> Routes:
        """The plan."""

    @property
    def seconds(self) -> float:
        """Total travel time, vehicle-seconds."""

    @property
    def caught(self) -> float:
        """People who do not arrive in time: fewer of them go before any time."""


P = TypeVar("P", bound=Judged)
P_co = TypeVar("P_co", bound=Judged, covariant=True)


class Judging(Protocol[P_co]):
    """How plans are judged."""

    def judged(self, routes: Routes, control: Control) -> P_co:
        """Return the exact evaluation of routes."""


class Moves(Judging[P], Protocol[P]):
    """What a search can do to a plan, and how it is judged."""

    @property
    def rounds(self) -> int:
        """How often one has to look anew and find nothing before nothing is left."""

    def better(self, one: P, other: P) -> bool:
        """Return whether to prefer ``one``."""

    def at(self, plan: P) -> None:
        """Take the marginal costs of ``plan``, from which the next moves are made."""

    def renew(self, plan: P, control: Control) -> None:
        """Look at the traffic of ``plan`` anew."""

    def moved(
        self, plan: P, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> Routes | None:
        """Return the plan with at most ``count`` of the trips ``looking`` (k,) moved; None where none would gain."""


@dataclass(frozen=True)
class Optimum(Generic[P]):
    """The best plan seen, how the total fell, and whether the counted work ran out before the search's own end."""

    planned: P
    history: tuple[tuple[float, float], ...]
    used_up: bool


def descend(moves: Moves[P], start: P, tries: int, control: Control) -> Optimum[P]:
    """Return the best plan found from ``start`` with so many ``tries``; it is never worse.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    best = now = start
    trips = len(start.routes.of_trip)
    history = [(control.effort.elapsed, best.seconds)]
    if not trips:
        return Optimum(best, tuple(history), False)
    draws, age, share, idle = np.random.default_rng(trips), REFRESH, SHARE, 0
    moves.at(now)
    for k in range(tries):
        control.stop_if_cancelled()
        if control.effort.passed():
            break
        control.progress(k / tries, "")
        if age >= REFRESH:
            moves.renew(now, control)
            age = 0
        age += 1
        looking = np.flatnonzero(draws.random(trips) < min(1.0, LOOK * share))
        routes = moves.moved(now, looking, max(1, int(share * trips)), draws, control)
        if routes is None:
            idle, share, age = idle + 1, min(LOOK * share, MOST_SHARE), REFRESH
            if idle > moves.rounds:
                return Optimum(best, tuple(history), False)
            continue
        idle = 0
        trial = moves.judged(routes, control)
        allowed = best.seconds * (1.0 + ALLOWANCE * max(0.0, 1.0 - (k + 1) / (0.95 * tries)))
        if (trial.caught, trial.seconds) >= (best.caught, allowed):
            share = max(share * SHRINK, LEAST_SHARE)
            continue
        now, share = trial, min(share * GROW, MOST_SHARE)
        moves.at(now)
        if moves.better(trial, best):
            best = trial
            history.append((control.effort.elapsed, best.seconds))
    return Optimum(best, tuple(history), not control.effort.stopped_early)


def rank(plan: Judged) -> tuple[float, float]:
    """Return by what plans are compared: people caught, then time."""
    return plan.caught, plan.seconds


def drawn(gain: np.ndarray, count: int, draws: np.random.Generator) -> np.ndarray:
    """Return at most ``count`` of the moves (k,), drawn in proportion to what they gain."""
    if len(gain) <= count:
        return np.arange(len(gain))
    return draws.choice(len(gain), count, replace=False, p=gain / gain.sum())
