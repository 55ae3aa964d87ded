"""Least total travel time under ``queue``, with and without a limit on the ways of an origin to a destination.

A search among few ways at a time goes further than one among all: first at most :data:`WIDE` ways a pair, fewer of very
large problems, are chosen and loaded, then trips take any way that costs all less. With a limit of its own the search
chooses and loads so many.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...control import Control
from ..shared.choices import STUCK_SECONDS
from ..shared.descent import Optimum, descend, rank
from ..shared.menu import MenuMaker
from ..shared.menu_moves import Limited, exceeding, limited_optimum
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from ..shared.trees import Trees
from .exchange import all_tried, exchanged, exchanged_on_menu
from .free_moves import FreeMoves
from .judge import Planned
from .menu_moves import MenuMoves
from .menu_rescue import OtherWays
from .network import QueueRoads
from .rescue import rescued
from .ways_in_time import EarliestWays, MenuWays

WIDE, LEAST_WIDE = 10, 3  # ways a pair
MENU_ROADS = 50_000_000  # roads of all routes of a menu above which there are fewer ways
MENU_STEPS, FREE_STEPS = (10, 50, 300), (3, 10, 50)  # by effort: plans that are tried
UNLIMITED_SHARE = 0.4  # of the steps go into what the plan would be without its limit
FULL_SIZE = 4_000_000  # moves of a plan above which fewer are tried
LEAST_STEPS = 8


class SystemOptimum(NamedTuple):
    """The best plan found.

    Attributes
    ----------
    optimum : Optimum
    unlimited : float or None
        Total travel time of the best plan found without a limit, vehicle-seconds; None where it catches others.
    unlimited_caught : float
        People caught by it.
    exceeding : int
        Pairs that need more ways than the limit, since some of their starts reach none of the others.
    """

    optimum: Optimum[Planned]
    unlimited: float | None
    exceeding: int = 0
    unlimited_caught: float = 0.0


class Search:
    """What the searches for one problem share."""

    def __init__(
        self, problem: RoutingProblem, roads: QueueRoads, trees: Trees, starts: list[Routes], stuck_seconds: float
    ) -> None:
        self.problem, self.roads, self.trees, self.stuck_seconds = problem, roads, trees, stuck_seconds
        self.free = FreeMoves(problem, roads, trees, stuck_seconds)
        self.starts = starts
        key = problem.source * np.int64(problem.nodes) + problem.destination
        roads_of_one = float(starts[0].hops().mean()) * len(np.unique(key)) if problem.trips else 1.0
        self.wide = int(np.clip(MENU_ROADS / max(roads_of_one, 1.0), LEAST_WIDE, WIDE))

    def among(self, most: int, starts: list[Routes], share: float, control: Control) -> Limited:
        """Return the best plan with at most ``most`` ways a pair, with a ``share`` of the steps."""
        maker = MenuMaker(self.problem, most)
        moves = MenuMoves(self.problem, self.roads, self.trees, maker, self.stuck_seconds)
        tries = self.tries(int(share * control.effort.pick(*MENU_STEPS)))
        return limited_optimum(maker, moves, starts, tries, control)

    def anywhere(self, first: Planned, control: Control) -> Optimum[Planned]:
        """Return the best plan without a limit, from the starts and ``first``."""
        plans = (self.free.judged(routes, control) for routes in self.starts)
        start = min([first, *plans], key=rank)
        return descend(self.free, start, self.tries(control.effort.pick(*FREE_STEPS)), control)

    def finished(self, found: Optimum[Planned], control: Control) -> Optimum[Planned]:
        """Return the best plan after all changes of one or two trips, on a small problem where something closes, else
        after the caught have stayed.
        """
        plans = exchanged(self.free, found.planned, self.starts, control)
        if plans:
            return self.taken(found, min(plans, key=rank), control)
        return self.rescued(found, control) if found.planned.caught else found

    def rescued(self, found: Optimum[Planned], control: Control) -> Optimum[Planned]:
        """Return the best plan in which who is caught may stay, and less time with it."""
        ways = EarliestWays(self.problem, self.roads, self.trees)
        plan = rescued(self.free, found.planned, ways, control.part(0.0, 0.8))
        quicker = descend(self.free, plan, self.tries(control.effort.pick(*FREE_STEPS)), control.part(0.8, 1.0))
        return self.taken(found, quicker.planned, control)

    def rescued_among(
        self, most: int, found: Optimum[Planned], free: Routes, control: Control
    ) -> tuple[Optimum[Planned], int]:
        """Return the same with at most ``most`` ways a pair, those of ``found`` or those most used in ``free``, and the
        pairs that need more.
        """
        maker = MenuMaker(self.problem, most)
        moves = MenuMoves(self.problem, self.roads, self.trees, maker, self.stuck_seconds)
        ways = MenuWays(self.roads, moves.departure)
        starts = [found.planned, moves.judged(maker.kept(free, control), control)]
        plan = min((rescued(moves, start, ways, control) for start in starts), key=rank)
        plan = OtherWays(moves, control).improved(plan)
        quicker = descend(moves, plan, self.tries(control.effort.pick(*FREE_STEPS)), control)
        best = self.taken(found, quicker.planned, control)
        return best, exceeding(best.planned, most)

    def taken(self, found: Optimum[Planned], plan: Planned, control: Control) -> Optimum[Planned]:
        """Return what was found, or ``plan`` where that is better."""
        if not self.free.better(plan, found.planned):
            return found
        return replace(found, planned=plan, history=(*found.history, (control.effort.elapsed, plan.seconds)))

    def tries(self, usual: int) -> int:
        """Return how many plans to try: fewer of very large ones."""
        moves = int(self.starts[0].hops().sum())
        return max(min(usual, LEAST_STEPS), int(usual * min(1.0, FULL_SIZE / max(moves, 1))))


def system_optimum(
    problem: RoutingProblem,
    roads: QueueRoads,
    trees: Trees,
    starts: list[Routes],
    most: int = 0,
    *,
    stuck_seconds: float = STUCK_SECONDS,
    control: Control | None = None,
) -> SystemOptimum:
    """Return the best plan found from ``starts``.

    Without a limit it is never worse than any of them, with one never worse than what the limit leaves of them.

    Parameters
    ----------
    trees : Trees
        Free-flow times to every destination.
    starts : list of Routes
        At least one plan.
    most : int
        Ways that an origin's trips to a destination may take; 0: any.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    search = Search(problem, roads, trees, starts, stuck_seconds)
    if not most:
        wide = search.among(search.wide, starts, 1.0, control.part(0.0, 0.8)).optimum
        free = search.anywhere(wide.planned, control.part(0.8, 1.0))
        free = search.finished(free, control.part(0.9, 1.0))
        both = Optimum(free.planned, (*wide.history, *free.history), wide.used_up and free.used_up)
        return SystemOptimum(both, free.planned.seconds, 0, free.planned.caught)
    limited, more_ways = search.among(most, starts, 1.0, control.part(0.0, 0.6))
    limited = search.taken(limited, exchanged_on_menu(search.free, limited.planned, control), control)
    more, found = max(search.wide, most), [limited.planned.routes]
    wide = search.among(more, found, UNLIMITED_SHARE, control.part(0.6, 0.9)).optimum
    free = search.anywhere(min(wide.planned, limited.planned, key=rank), control.part(0.9, 1.0))
    if limited.planned.caught and not all_tried(search.free, control):
        free = search.rescued(free, control)
        limited, more_ways = search.rescued_among(most, limited, free.planned.routes, control)
    least = min(free.planned, limited.planned, key=rank)
    unlimited = least.seconds if least.caught == limited.planned.caught else None
    return SystemOptimum(limited, unlimited, more_ways, least.caught)
