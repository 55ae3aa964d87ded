"""Static system optimum with at most so many ways a pair of origin and destination.

The ways are chosen from plans without a limit; trips move among them by what one vehicle more costs all on each road.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control
from ..shared.menu import MenuMaker, MenuRoutes
from ..shared.menu_moves import Limited, limited_optimum, moved_on_menu
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from ..shared.volume_delay import times_at
from .static_flow import static_travel

STEPS = (30, 150, 600)  # by effort: plans that are tried


@dataclass(frozen=True)
class Assigned:
    """A plan and its total travel time, vehicle-seconds."""

    routes: Routes
    seconds: float
    caught: float = 0.0


class StaticMoves:
    """Moves among the ways of a menu under ``cumulative``; ``static`` (m,) is the background that passes."""

    rounds = 1

    def __init__(self, problem: RoutingProblem, static: np.ndarray) -> None:
        self.problem, self.static = problem, static
        self.more, self.less = np.empty((2, problem.arcs))

    def judged(self, routes: Routes, control: Control) -> Assigned:
        """Return the evaluation of routes."""
        return Assigned(routes, float(static_travel(self.problem, routes, self.static).sum()))

    def better(self, one: Assigned, other: Assigned) -> bool:
        """Return whether ``one`` takes less time."""
        return one.seconds < other.seconds

    def at(self, plan: Assigned) -> None:
        """Take what a vehicle more on each road costs all, and what one less saves."""
        flow = plan.routes.flow(self.problem.arcs)
        few = np.maximum(flow - 1.0, 0.0)
        fewer, now, more = (v * times_at(self.problem.cost, v + self.static) for v in (few, flow, flow + 1.0))
        self.more, self.less = more - now, now - fewer

    def renew(self, plan: Assigned, control: Control) -> None:
        """Nothing: the menu's ways need no cost to go."""

    def moved(
        self, plan: Assigned, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> Routes | None:
        """Return the plan with at most ``count`` of the trips ``looking`` on better routes of the menu."""
        return moved_on_menu(self, plan, looking, count, draws)

    def best(self, plan: Assigned, menu: MenuRoutes, trips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the route (k,) that costs all least for each of ``trips``, and what that saves; 0 for nothing."""
        cost, saved = menu.sums(self.more), menu.sums(self.less)
        first, last = menu.start[menu.stop[trips]], menu.start[menu.stop[trips] + 1]
        best, own = menu.of_trip[trips].astype(np.int64), saved[menu.of_trip[trips]]
        least = own.copy()
        for k in range(int((last - first).max(initial=0))):
            route = np.minimum(first + k, last - 1)
            lower = cost[route] < least
            best[lower], least[lower] = route[lower], cost[route][lower]
        return best, own - least


def limited_assignment(
    problem: RoutingProblem, static: np.ndarray, starts: list[Routes], most: int, control: Control
) -> Limited:
    """Return the best plan with at most ``most`` ways a pair, from the ways of ``starts``."""
    moves = StaticMoves(problem, static)
    return limited_optimum(MenuMaker(problem, most), moves, starts, control.effort.pick(*STEPS), control)
