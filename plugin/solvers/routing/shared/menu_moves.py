"""Moves of trips among the ways of a menu, at most so many a pair of origin and destination, in every flow model."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar, cast

import numpy as np

from ...control import Control
from .descent import Judged, Moves, Optimum, descend, drawn, rank
from .menu import MenuMaker, MenuRoutes
from .routes import Routes

P = TypeVar("P", bound=Judged)


Q = TypeVar("Q", bound=Judged, contravariant=True)


class Priced(Protocol[Q]):
    """What a flow model says of the routes of a menu."""

    def best(self, plan: Q, menu: MenuRoutes, trips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the route (k,) that costs all least for each of ``trips``, and what that saves; 0 for nothing."""


def moved_on_menu(
    model: Priced[P], plan: P, looking: np.ndarray, count: int, draws: np.random.Generator
) -> Routes | None:
    """Return the plan with at most ``count`` of the trips ``looking`` on better routes of its menu, if there are."""
    menu = cast(MenuRoutes, plan.routes)
    best, gain = model.best(plan, menu, looking)
    some = np.flatnonzero(gain > 0)
    if not len(some):
        return None
    chosen = some[drawn(gain[some], count, draws)]
    of_trip = menu.of_trip.copy()
    of_trip[looking[chosen]] = best[chosen]
    return menu.taking(of_trip)


class Limited(NamedTuple):
    """The best plan with a limit on ways, and the pairs that need more: some starts reach none of the others' ways."""

    optimum: Optimum
    exceeding: int


def limited_optimum(maker: MenuMaker, moves: Moves[P], starts: list[Routes], tries: int, control: Control) -> Limited:
    """Return the best plan with at most ``maker.most`` ways a pair; never worse than the limited ``starts``.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    plans = [moves.judged(maker.limited(routes, control), control) for routes in starts]
    optimum = descend(moves, min(plans, key=rank), tries, control)
    return Limited(optimum, exceeding(optimum.planned, maker.most))


def exceeding(plan: Judged, most: int) -> int:
    """Return how many pairs have more than ``most`` ways on the menu of a plan."""
    return int((np.bincount(cast(MenuRoutes, plan.routes).pair) > most).sum())


def limit_catches(most: int, caught: float, unlimited: float) -> tuple[str, ...]:
    """Return what a reader must know where a limit of ``most`` ways has more people ``caught``; nothing elsewhere."""
    if caught <= unlimited:
        return ()
    return (
        f"MAX_ROUTES: with at most {most} ways from an origin to a destination {caught:,.0f} people are caught, "
        f"without the limit {unlimited:,.0f}.",
    )


def too_many_ways(exceeding: int, most: int) -> str:
    """Return what a reader must know where ``exceeding`` pairs need more ways than ``most``, "" where none does."""
    if not exceeding:
        return ""
    return (
        f"MAX_ROUTES: {exceeding} pair(s) of origin and destination need more than {most} ways, since some of their "
        "starts reach none of the others'."
    )
