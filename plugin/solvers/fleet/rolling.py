"""The rolling horizon ([E] 3.2): period by period a plan from what is known then, of which what starts is carried out.

[E] has two levels: what is planned ahead, for the next periods, and what is carried out in a period. The lengths of
periods and the aim are ours: [E] gives neither.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from ..control import Control
from .arrays import Case
from .carrying_out import Fleet, Tour
from .game import Game, Period
from .planning import Planned, make_plan
from .problem import FleetProblem


@dataclass
class Rolling:
    """The game as it was played.

    Attributes
    ----------
    tours : list of Tour
        By start.
    periods : list of Period
    left : (r, 2) int64
        People, and wheelchairs of these, who were not fetched.
    fleet : Fleet
        Where vehicles are in the end, and the room that is left.
    """

    tours: list[Tour]
    periods: list[Period]
    left: np.ndarray
    fleet: Fleet = field(repr=False)

    @property
    def served(self) -> int:
        """People brought to shelters."""
        return sum(tour.people for tour in self.tours)

    @property
    def waiting(self) -> int:
        """Person-milliseconds until aboard, of those served."""
        return sum(stop.waited for tour in self.tours for stop in tour.stops)

    @property
    def driving(self) -> int:
        """Milliseconds of driving."""
        return sum(tour.driven for tour in self.tours)

    @property
    def last_arrival(self) -> int:
        """When the last people reach a shelter, in milliseconds; 0 for nobody."""
        return max((tour.stops[-1].arrival for tour in self.tours), default=0)


def roll(
    problem: FleetProblem, rounds: int, seed: int, control: Control, pyvrp: int = 0
) -> Generator[tuple[Case, Planned], None, Rolling]:
    """Play the game; yields each period's case and plan, and returns a :class:`Rolling` in the end.

    Parameters
    ----------
    problem : FleetProblem
    rounds : int
        Of the search for each plan (:func:`.planning.make_plan`).
    seed : int
    pyvrp : int
        Iterations of PyVRP for one more start of each plan, 0 for none.

    Raises
    ------
    Cancelled
    """
    game = Game(problem)
    number = 0
    while number >= 0:
        begin = number * problem.period_ms
        if begin > problem.last_ms:
            break
        parts, expected = game.parts_at(begin)
        if not any(part.request not in expected for part in parts):
            number = game.next_event(begin)
            continue
        case = game.case_at(begin, parts, expected)
        part = control.part(*game.share(begin))
        planned = make_plan(case, [game.rest(parts)], rounds, seed + number, part, pyvrp=pyvrp)
        yield case, planned
        number = game.play(number, case, parts, expected, planned)
    tours = sorted(game.tours, key=lambda tour: (tour.start, tour.vehicle))
    return Rolling(tours, game.periods, game.left, game.fleet)


def play(problem: FleetProblem, rounds: int, seed: int, control: Control | None = None, *, pyvrp: int = 0) -> Rolling:
    """Play the game to its end; see :func:`roll`."""
    steps = roll(problem, rounds, seed, control or Control(), pyvrp)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
