"""System optimal routes under ``present`` with at most so many ways a pair of origin and destination.

The ways are chosen from plans without a limit; trips move among them at their own time plus the delay that they cause
(:mod:`.adjoint`), and the exact simulation judges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control
from ...kernels import compiled
from ..shared.menu import MenuMaker, MenuRoutes
from ..shared.menu_moves import Limited, limited_optimum, moved_on_menu
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from ..shared.schedule import Schedule
from ..shared.timetable import Timetable, hop_at
from .adjoint import valued_timetable
from .simulation import TIMETABLE, simulate

STEPS = (10, 50, 300)  # by effort: plans that are tried
LEAST_GAIN = 0.005  # of a route's cost, for a trip to move


@dataclass(frozen=True)
class Timed:
    """A plan, its schedule and total travel time in vehicle-seconds."""

    routes: Routes
    schedule: Schedule
    seconds: float
    caught: float = 0.0


class PresentMoves:
    """Moves among the ways of a menu under ``present``."""

    rounds = 1

    def __init__(self, problem: RoutingProblem) -> None:
        self.problem = problem
        self.table: Timetable

    def judged(self, routes: Routes, control: Control) -> Timed:
        """Return the exact schedule of routes."""
        schedule = simulate(self.problem, routes, control=control.unseen(), record=TIMETABLE)
        return Timed(routes, schedule, float((schedule.arrival - self.problem.departure).sum()))

    def better(self, one: Timed, other: Timed) -> bool:
        """Return whether ``one`` takes less time."""
        return one.seconds < other.seconds

    def at(self, plan: Timed) -> None:
        """Take the timetable of ``plan`` with what a delay costs."""
        self.table = valued_timetable(self.problem, plan.schedule)

    def renew(self, plan: Timed, control: Control) -> None:
        """Nothing: the menu's ways need no cost to go."""

    def moved(
        self, plan: Timed, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> Routes | None:
        """Return the plan with at most ``count`` of the trips ``looking`` on better routes of the menu."""
        return moved_on_menu(self, plan, looking, count, draws)

    def best(self, plan: Timed, menu: MenuRoutes, trips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the route (k,) that costs all least for each of ``trips``, and what that saves; 0 for nothing."""
        best, (own, cost) = menu.of_trip[trips].astype(np.int64), np.empty((2, len(trips)))
        price_routes(
            self.problem.cost, self.table, menu.indptr, menu.arcs, menu.start, menu.stop, self.problem.departure, trips,
            best, own, cost,
        )  # fmt: skip
        return best, np.where(own - cost > LEAST_GAIN * own, own - cost, 0.0)


@compiled
def price_routes(cost, table, indptr, arcs, start, stop, departure, trips, best, own, least):
    """Fill what the routes ``best`` (k,) of ``trips`` cost all, then the best ones of their menus and what those do."""
    for k in range(len(trips)):
        trip = trips[k]
        mine = best[k]
        own[k] = np.inf
        least[k] = np.inf
        for route in range(start[stop[trip]], start[stop[trip] + 1]):
            now = departure[trip]
            others = 0.0
            for j in range(indptr[route], indptr[route + 1]):
                seconds, delay = hop_at(cost, table, arcs[j], now, np.inf, np.inf)
                others += delay
                now += seconds
            value = others + now - departure[trip]
            if route == mine:
                own[k] = value
            if value < least[k]:
                least[k] = value
                best[k] = route


def limited_schedule(problem: RoutingProblem, starts: list[Routes], most: int, control: Control) -> Limited:
    """Return the best plan with at most ``most`` ways a pair, from the ways of ``starts``."""
    return limited_optimum(
        MenuMaker(problem, most), PresentMoves(problem), starts, control.effort.pick(*STEPS), control
    )
