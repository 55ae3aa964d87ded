"""The end of the search of *system optimal* on a small problem where something closes: changes by one or two trips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from ...control import Control
from ..shared import exchange
from ..shared.menu import MenuRoutes
from ..shared.routes import Routes
from .judge import Judge, Planned


def matters(judge: Judge, plan: Planned) -> bool:
    """Return whether anything closes, or the hazard comes anywhere, before everybody has arrived."""
    bars, places = judge.roads.bars, judge.places
    if plan.caught:
        return True
    moments = [bars.since, bars.catch_time, *([] if places is None else [places.start_reached])]
    first = min((int(each.min()) for each in moments if len(each)), default=None)
    return first is not None and first < plan.run.until()


def all_tried(judge: Judge, control: Control) -> bool:
    """Return whether a problem is so small that all changes of one or two trips are tried."""
    return exchange.all_changes(judge.problem, judge, control, judge.roads.is_road) is not None


def exchanged(judge: Judge, plan: Planned, starts: list[Routes], control: Control) -> list[Planned]:
    """Return ``plan`` and ``starts`` as far as changes of one or two trips improve them; nothing where those are too
    many, ``plan`` where nothing closes before it is over.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    if not matters(judge, plan):
        return [plan]

    def plans() -> Iterator[Planned]:
        yield plan
        yield from (judge.judged(routes, control) for routes in starts)

    return exchange.exchanged(judge.problem, judge, plans(), control, judge.roads.is_road)


def exchanged_on_menu(judge: Judge, plan: Planned, control: Control) -> Planned:
    """Return a plan of a menu as far as changes of one or two trips on the menu improve it; as it is where those are
    too many, or nothing closes before it is over.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    if not matters(judge, plan):
        return plan
    menu = cast(MenuRoutes, plan.routes)
    first = menu.start[menu.stop]
    on_menu = exchange.Exchange(
        judge, menu, first, menu.start[menu.stop + 1] - first, control, judge.roads.is_road
    )  # fmt: skip
    if not on_menu.few:
        return plan
    found = on_menu.improved(plan)
    return replace(found, routes=menu.taking(found.routes.of_trip))
