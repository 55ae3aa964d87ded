"""Evaluation of routes under the flow model ``cumulative``: static assignment (spec 5).

The flow on a road is its background and every trip whose route uses it, whatever the time, the trip itself counted; all
of them take the travel time at that flow.
"""

from __future__ import annotations

import numpy as np

from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from ..shared.schedule import Schedule
from ..shared.volume_delay import times_at


def road_times(problem: RoutingProblem, routes: Routes, static: np.ndarray) -> np.ndarray:
    """Return the travel time (m,) in seconds of every arc at the flow of ``routes`` and the background ``static``."""
    return times_at(problem.cost, routes.flow(problem.arcs) + static)


def static_travel(problem: RoutingProblem, routes: Routes, static: np.ndarray) -> np.ndarray:
    """Return the travel time (t,) in seconds of every trip ([E] eq. 17 at the final flows)."""
    return routes.sums(road_times(problem, routes, static))[routes.of_trip]


def static_schedule(problem: RoutingProblem, routes: Routes, static: np.ndarray) -> Schedule:
    """Return when every vehicle is where if each takes the roads at their times from its departure on."""
    seconds = road_times(problem, routes, static)
    indptr, arc = routes.expanded()
    before = np.r_[0.0, np.cumsum(seconds[arc])]
    start = np.repeat(problem.departure - before[indptr[:-1]], np.diff(indptr))
    arrival = problem.departure + (before[indptr[1:]] - before[indptr[:-1]])
    return Schedule(indptr, arc, before[:-1] + start, arrival)
