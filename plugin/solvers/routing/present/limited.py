"""System optimal routes under ``present`` with at most so many ways a pair of origin and destination.

The ways are chosen from plans without a limit; trips move among them at their own time plus the delay that they cause
(:mod:`.adjoint`), and the exact simulation judges. Where something closes, fewest people caught come first: who is
caught moves to any way that arrives in time, and nobody to one that does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control
from ...kernels import compiled
from ..shared.closed_arcs import HAIR, NOTHING_CLOSES, catching, open_at, watch_of
from ..shared.descent import rank
from ..shared.menu import MenuMaker, MenuRoutes
from ..shared.menu_moves import Limited, limited_optimum, moved_on_menu
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from ..shared.timetable import Timetable, hop_at
from .adjoint import valued_timetable
from .run import PresentRun, drive
from .simulation import TIMETABLE
from .time_dependent_search import LOST

STEPS = (10, 50, 300)  # by effort: plans that are tried
LEAST_GAIN = 0.005  # of a route's cost, for a trip to move


@dataclass(frozen=True)
class Timed:
    """A plan, what becomes of it, its total travel time in vehicle-seconds and the people caught."""

    routes: Routes
    run: PresentRun
    seconds: float
    caught: float = 0.0


class PresentMoves:
    """Moves among the ways of a menu under ``present``."""

    rounds = 1

    def __init__(self, problem: RoutingProblem) -> None:
        self.problem = problem
        self.table: Timetable
        self.watch = NOTHING_CLOSES
        if problem.closings:
            self.watch = watch_of(problem.closings, problem.cost.free_flow, problem.source)

    def judged(self, routes: Routes, control: Control) -> Timed:
        """Return routes with what becomes of everybody."""
        run = drive(self.problem, routes, control.unseen(), TIMETABLE)
        return Timed(routes, run, run.seconds, float(self.problem.people[~run.arrived].sum()))

    def better(self, one: Timed, other: Timed) -> bool:
        """Return whether ``one`` has fewer caught, or takes less time."""
        return rank(one) < rank(other)

    def at(self, plan: Timed) -> None:
        """Take the timetable of ``plan`` with what a delay costs."""
        self.table = valued_timetable(self.problem, plan.run.schedule)

    def renew(self, plan: Timed, control: Control) -> None:
        """Nothing: the menu's ways need no cost to go."""

    def moved(
        self, plan: Timed, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> Routes | None:
        """Return the plan with at most ``count`` of the trips ``looking`` on better routes of the menu."""
        if plan.caught:
            looking = np.union1d(looking, np.flatnonzero(~plan.run.arrived))
        return moved_on_menu(self, plan, looking, count, draws)

    def best(self, plan: Timed, menu: MenuRoutes, trips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the route (k,) that costs all least for each of ``trips``, and what that saves; 0 for nothing."""
        best, (own, cost) = menu.of_trip[trips].astype(np.int64), np.empty((2, len(trips)))
        price_routes(
            self.problem.cost, self.watch, self.table, menu.indptr, menu.arcs, menu.start, menu.stop,
            self.problem.departure, trips, best, own, cost,
        )  # fmt: skip
        arrived = plan.run.arrived[trips]
        own[~arrived] = LOST
        own[arrived & (own >= LOST)] = 0.0  # he arrives as it is, though not among rounded moments
        return best, np.where(own - cost > LEAST_GAIN * own, own - cost, 0.0)


@compiled
def price_routes(cost, watch, table, indptr, arcs, start, stop, departure, trips, best, own, least):
    """Fill what the routes ``best`` (k,) of ``trips`` cost all, then the best ones of their menus and what those do."""
    for k in range(len(trips)):
        trip = trips[k]
        mine = best[k]
        own[k] = np.inf
        least[k] = np.inf
        for route in range(start[stop[trip]], start[stop[trip] + 1]):
            value = price_of(cost, watch, table, arcs, indptr[route], indptr[route + 1], trip, departure[trip])
            if route == mine:
                own[k] = value
            if value < least[k]:
                least[k] = value
                best[k] = route


@compiled
def price_of(cost, watch, table, arcs, first, last, trip, departure):
    """Return what the way ``arcs[first:last]`` costs all, the trip's wait included; LOST if it does not arrive."""
    watched = len(watch.reached) > 0
    now = departure
    others = 0.0
    limit = watch.reached[trip] if watched else np.inf
    for j in range(first, last):
        if watched:
            now = open_at(watch.closed, arcs[j], now)
            if now > limit + HAIR or now == np.inf:
                return LOST
            part = catching(watch.closed, arcs[j], now)
            limit = watch.closed.catch_time[part] if part >= 0 else np.inf
        seconds, delay = hop_at(cost, table, arcs[j], now, np.inf, np.inf)
        others += delay
        now += seconds
    if now > limit + HAIR:
        return LOST
    return others + now - departure


def limited_schedule(problem: RoutingProblem, starts: list[Routes], most: int, control: Control) -> Limited:
    """Return the best plan with at most ``most`` ways a pair, from the ways of ``starts``."""
    return limited_optimum(
        MenuMaker(problem, most), PresentMoves(problem), starts, control.effort.pick(*STEPS), control
    )
