"""Who can arrive in time at all, and what a result says of those who do when some do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..control import Control
from .caught import Drove
from .evaluation import Evaluation, Setting
from .queue.bars import BEFORE, NEVER
from .queue.network import SECOND, QueueRoads, microseconds, queue_roads
from .queue.safe_ways import latest_moments, safe_ways
from .result import RoutingResult
from .shared.choices import PRESENT, QUEUE
from .shared.closings import ARRIVED, AT_DESTINATION
from .shared.routes import Routes, each_once, with_routes_of
from .shared.schedule import Schedule
from .shared.trees import Trees


def in_time(setting: Setting, control: Control, *, moments: bool = True) -> tuple[Setting, np.ndarray]:
    """Return the setting of those who can arrive in time on empty roads, and who (t,) they are.

    The others do not leave: whatever way they took, the hazard would catch them or they would stand before a closed
    road, in the way of those who can arrive. ``moments``: whether the latest ones of each arc are asked for.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    problem, trees, queues = setting.problem, setting.trees, setting.queues
    roads = _empty_roads(setting)
    if roads is None:
        return setting, np.ones(problem.trips, dtype=bool)
    ways = safe_ways(problem, roads, trees, control)
    if queues is None and moments:
        setting = replace(setting, latest=_seconds(latest_moments(problem, roads, trees, control)))
    if ways.there.all():
        return replace(setting, safe=ways.routes), ways.there
    kept = np.flatnonzero(ways.there)
    if queues is not None and queues.places is not None:
        queues = queues._replace(places=queues.places.only(kept))
    few = replace(
        setting,
        problem=problem.only(kept),
        trees=Trees(trees.destinations, trees.row[kept], trees.seconds, trees.toward),
        queues=queues,
        safe=replace(ways.routes, of_trip=ways.routes.of_trip[kept]),
    )
    lost = problem.trips - len(kept)
    control.log(
        f"{lost} of {problem.trips} vehicles have no way that arrives before the hazard and what closes, even on empty "
        "roads; they do not leave."
    )
    return few, ways.there


def _empty_roads(setting: Setting) -> QueueRoads | None:
    """Return the roads of which safe ways are made, empty as these are; None where nothing closes."""
    problem = setting.problem
    if not problem.closings or setting.flow_model not in (PRESENT, QUEUE):
        return None
    if setting.queues is not None:
        return setting.queues.roads
    everywhere = np.ones(problem.arcs)  # present knows neither capacity nor room, and no arc without time
    return queue_roads(
        problem.star(), problem.head, problem.cost.free_flow, everywhere, everywhere, closings=problem.closings
    )


def in_traffic(setting: Setting, routes: Routes, schedule: Schedule, fate: np.ndarray, control: Control) -> Routes:
    """Return everybody's quickest way that arrives in time when roads take as long as by ``routes``, on average.

    Who has none keeps his own (``present``). ``schedule`` and ``fate`` (t,) say what becomes of all by ``routes``.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    problem, roads = setting.problem, _empty_roads(setting)
    if roads is None:
        return routes
    leaves = np.ones(len(schedule.arc), dtype=bool)
    stuck = (fate != ARRIVED) & (fate != AT_DESTINATION) & (np.diff(schedule.indptr) > 0)
    leaves[schedule.indptr[1:][stuck] - 1] = False
    arc, took = schedule.arc[leaves], (schedule.exits() - schedule.entry)[leaves]
    users = np.maximum(np.bincount(arc, minlength=problem.arcs), 1)
    mean = microseconds(np.bincount(arc, weights=took, minlength=problem.arcs) / users)
    ways = safe_ways(problem, roads._replace(travel=np.maximum(roads.travel, mean)), setting.trees, control)
    return with_routes_of(ways.routes, np.flatnonzero(~ways.there), routes)


def _seconds(moment: np.ndarray) -> np.ndarray:
    """Return moments of whole microseconds in seconds, with infinity for never."""
    return np.where(moment == NEVER, np.inf, np.where(moment <= BEFORE, -np.inf, moment / SECOND))


def with_those_who_stay(routes: Routes, goes: np.ndarray) -> Routes:
    """Return the routes (t,) of everybody, of whom only some ``goes`` (t,) take one."""
    of_trip = np.full(len(goes), routes.count, dtype=np.int32)
    of_trip[goes] = routes.of_trip
    return Routes(np.r_[routes.indptr, routes.indptr[-1]], routes.arcs, of_trip)


def of_arrived(result: RoutingResult, came_of_it: Evaluation, control: Control) -> RoutingResult:
    """Return the result of those who arrive, from one of everybody of whom some are caught."""
    problem, fate, caught, schedule = result.problem, came_of_it.fate, came_of_it.caught, came_of_it.schedule
    if fate is None or caught is None or schedule is None:
        return result
    drove = Drove(result.routed, problem, schedule.unrecorded(), fate, caught)
    there = np.flatnonzero(fate == ARRIVED)
    lost = drove.lost(result.routes)
    control.log(f"{len(lost.trip)} of {problem.trips} vehicles, {lost.people.sum():.0f} people, are caught.")
    kept, queue = problem.only(there), result.queue
    return replace(
        result,
        routed=result.routed[there],
        problem=kept,
        routes=each_once(replace(result.routes, of_trip=result.routes.of_trip[there]), kept.source, control.unseen()),
        travel=result.travel[there],
        fastest=result.fastest[there],
        caught=lost,
        drove=drove,
        queue=None if queue is None else replace(queue, all_moves=came_of_it.run),
        _schedules=[drove.schedule.only(there)],
    )
