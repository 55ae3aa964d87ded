"""Searches where walkers of both directions share the width of streets, sweep by sweep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..control import Control
from .evaluation import Found, Setting, evaluated
from .queue.network import roads_of
from .shared.routes import Routes
from .shared.widths import LEAST, narrowed

Search = Callable[[Setting, Control], Found]
SWEEPS = (1, 2, 3)  # by effort


def as_if(setting: Setting, routes: Routes) -> Setting:
    """Return the setting of a search, with the widths that walkers by ``routes`` leave to who looks for a way."""
    if setting.queues is None or not setting.problem.shares_widths:
        return setting
    problem = narrowed(setting.problem, routes, LEAST)
    return replace(setting, problem=problem, queues=setting.queues._replace(roads=roads_of(problem)))


def found_in_sweeps(setting: Setting, first: Routes, search: Search, improves: bool, control: Control) -> Found:
    """Return what a search finds where widths are shared: each sweep with the widths of the plan before.

    ``first`` is the plan before the first. Of a search that ``improves`` on its start the best plan of all sweeps, each
    judged with its own widths; else the last.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    if setting.queues is None or not setting.problem.shares_widths:
        return search(setting, control)
    sweeps = control.effort.pick(*SWEEPS)
    before, best, worth = first, Found(first), (np.inf, np.inf)
    history: tuple[tuple[float, float], ...] = ()
    for sweep in range(sweeps):
        part = control.part(sweep / sweeps, (sweep + 1) / sweeps)
        found = replace(search(as_if(setting, before), part), run=None)
        value = worth_of(setting, found.routes, control)
        control.log(
            f"Sweep {sweep + 1} with the widths of the plan before: {value[0]:.0f} people caught, {value[1]:,.0f} "
            "person-seconds with its own."
        )
        history += ((control.effort.elapsed, value[1]),)
        if value < worth or not improves:
            best, worth = found, value
        used = setting.problem.arcs
        if np.array_equal(found.routes.flow(used), before.flow(used)):
            break
        before = found.routes
    return _with_starts(setting, best, worth, first, history, improves, control)


def _with_starts(
    setting: Setting,
    best: Found,
    worth: tuple[float, float],
    first: Routes,
    history: tuple[tuple[float, float], ...],
    improves: bool,
    control: Control,
) -> Found:
    """Return the best plan, or one that a search starts from where that is better and no number of ways is set."""
    if not improves:
        return best
    unlimited = best.unlimited_time
    for routes in (first, best.without_plan):
        if routes is None or setting.max_routes:
            continue
        value = worth_of(setting, routes, control)
        if value < worth:
            best, worth = replace(best, routes=routes), value
    if unlimited is not None:  # found with the widths of another plan
        unlimited = min(unlimited, worth[1])
    return replace(best, history=history, unlimited_time=unlimited, unlimited_caught=None)


def worth_of(setting: Setting, routes: Routes, control: Control) -> tuple[float, float]:
    """Return by what plans are compared: people caught, then person-seconds of who arrives."""
    lasted = evaluated(setting, Found(routes), control.unseen())
    return lasted.people_caught(setting.problem), lasted.seconds
