"""A running evacuation, planned anew whenever something becomes known (spec of walking and fleets, section 15).

Truth acts from its own moment on; drivers know of it from when it is known and are told new ways at the next
re-planning. Beside what is carried out stand the plan that nobody changes, and the plan of who knows everything from
the start, which begins from both and so is never worse than either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..routing.queue.bars import NEVER
from ..routing.queue.network import SECOND, microseconds, roads_of
from ..routing.queue.places import places_of
from ..routing.queue.simulation import QueueRun
from ..routing.shared.problem import RoutingProblem
from ..routing.shared.routes import Routes
from .knowledge import Knowledge
from .replan import replanned
from .rest import Ahead, Rooms
from .running import Running

MINUTE = 60 * SECOND


@dataclass(frozen=True)
class Game:
    """What is played; t trips.

    Attributes
    ----------
    problem : RoutingProblem
        The trips on the roads as they truly close.
    routes : Routes
        The plan (t,).
    knowledge : Knowledge
    fixed : (t,) bool
        Who cannot be told anything, since nothing says where he is.
    now, step : int or None
        Microseconds: of the first re-planning, and between two of them; None: once, at ``now``.
    stuck_seconds : float
    rooms : Rooms, optional
        Shelters that may be chosen anew.
    """

    problem: RoutingProblem
    routes: Routes
    knowledge: Knowledge
    fixed: np.ndarray
    now: int
    step: int | None
    stuck_seconds: float
    rooms: Rooms | None = None

    def moments(self) -> list[int]:
        """Return when something new is known and planned with, microseconds, ascending."""
        found = set()
        for known in microseconds(self.knowledge.moments()).tolist():
            if known <= self.now:
                found.add(self.now)
            elif self.step is not None:
                found.add(self.now + -(-(known - self.now) // self.step) * self.step)
        return sorted(found)


class Told(NamedTuple):
    """Who is told what at a moment.

    Attributes
    ----------
    moment : int
        Microseconds.
    trips : (k,) int64
        Who is told another way.
    hops : (k,) int64
        Roads of his way that each has driven or is on, 0 at the origin.
    before, after : Routes
        Whole ways (t,).
    goal_before, goal_after : (t,) int32
    expected, kept : tuple of float
        People caught and person-seconds, as far as is known then: with what is told, and without.
    """

    moment: int
    trips: np.ndarray
    hops: np.ndarray
    before: Routes
    after: Routes
    goal_before: np.ndarray
    goal_after: np.ndarray
    expected: tuple[float, float]
    kept: tuple[float, float]


class Came(NamedTuple):
    """What a plan comes to: people caught, person-seconds of who arrives, the last arrival in s, the exact run."""

    caught: float
    person_time: float
    last: float
    run: QueueRun

    @classmethod
    def of(cls, run: QueueRun, people: np.ndarray) -> Came:
        """Return what a run of trips with ``people`` (t,) comes to."""
        there = run.arrival()
        return cls(
            float(people[~run.arrived].sum()), float(people @ (there - run.plan.departure)) / SECOND,
            float(there[run.arrived].max(initial=0)) / SECOND, run,
        )  # fmt: skip

    @property
    def rank(self) -> tuple[float, float]:
        """By what plans are compared."""
        return self.caught, self.person_time


class Played(NamedTuple):
    """What came of it.

    Attributes
    ----------
    fixed, carried, perfect : Came
        Without re-planning, as carried out, and by who knows everything from the start.
    routes : Routes
        Whole ways (t,) as they were carried out.
    goal : (t,) int32
        Where everybody went.
    told : tuple of Told
        Each re-planning that changed anything.
    planned : tuple of int
        When there was something new to plan with, microseconds.
    """

    fixed: Came
    carried: Came
    perfect: Came
    routes: Routes
    goal: np.ndarray
    told: tuple[Told, ...]
    planned: tuple[int, ...]


def play(game: Game, control: Control | None = None) -> Played:
    """Return what comes of re-planning, and of knowing everything from the start.

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    problem, patience = game.problem, int(round(game.stuck_seconds * SECOND))
    roads, departure = roads_of(problem), microseconds(problem.departure)
    begin = Running.before(roads, departure, game.routes, places_of(problem), patience)
    alone = begin.copy(roads, begin.places, 0)
    alone.drive(NEVER, control)
    fixed = Came.of(alone.run, problem.people)
    _refuse_late(game, begin, control)
    share = 0.95 / (len(game.moments()) + 1)
    running, goal, told = begin.copy(roads, begin.places, 0), problem.destination, list[Told]()
    moments = list[int]()
    for number, moment in enumerate(game.moments()):
        running.drive(moment, control)
        if not (running.goes_on & ~game.fixed).any():
            break
        moments.append(moment)
        part = control.part(number * share, (number + 1) * share)
        found = _told(game, running, problem.bound_for(goal), moment, part)
        if found is None:
            continue
        told.append(found)
        goal = found.goal_after
        running = running.turned(found.after, places_of(problem.bound_for(goal)), found.trips, moment)
    running.drive(NEVER, control)
    carried, routes = Came.of(running.run, problem.people), running.routes
    perfect = min(fixed, carried, key=lambda came: came.rank)
    if moments:
        ahead = Ahead.of(begin, problem, 0, game.fixed)
        best = replanned(
            ahead, game.stuck_seconds, game.rooms, [(routes, goal)], control.part(1.0 - share, 0.98), sparing=False
        )
        if best is not None:
            perfect = min(perfect, Came.of(best.run, problem.people), key=lambda came: came.rank)
    return Played(fixed, carried, perfect, routes, goal, tuple(told), tuple(moments))


def _refuse_late(game: Game, begin: Running, control: Control) -> None:
    """Raise SolverError where nobody is on the way any more when planning begins."""
    if not game.now:
        return
    until = begin.copy(begin.roads, begin.places, 0)
    until.drive(game.now, control)
    if not until.goes_on.any():
        last = until.state.moment[until.state.moment < NEVER].max(initial=0)
        raise SolverError(
            f"NOW_MINUTES: at minute {game.now / MINUTE:g} nobody is on the way any more; the last one moves at minute "
            f"{last / MINUTE:.1f}. Give an earlier minute."
        )


def _told(game: Game, running: Running, problem: RoutingProblem, moment: int, control: Control) -> Told | None:
    """Return who is told what at a moment, None where nobody is."""
    known = game.knowledge.closings_at(problem.closings, moment, running.roads.travel)
    ahead = Ahead.of(running, replace(problem, closings=known), moment, game.fixed)
    found = replanned(ahead, game.stuck_seconds, game.rooms, control=control)
    if found is None or not len(found.trips):
        return None
    return Told(
        moment, found.trips, running.hop[found.trips] + 1, running.routes, found.routes, problem.destination,
        found.goal, (found.caught, found.person_time), found.kept,
    )  # fmt: skip
