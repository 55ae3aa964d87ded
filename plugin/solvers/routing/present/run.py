"""What becomes of everybody under ``present`` where roads close and a hazard comes (spec of time, section 14).

Reasons: *too late to leave*, who is at his origin when the hazard comes, or whom it catches on a road though no traffic
held him up; *queue*, whom it catches where he would have been away on empty roads; *way cut off*, who comes to a road
that never opens again, or has no way that arrives in time and stays; *destination reached*, who comes to a destination
that the hazard reaches, or has it and no way there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control
from ..shared.closed_arcs import HAIR, Watch, watch_of
from ..shared.closings import ARRIVED, AT_DESTINATION, CUT_OFF, QUEUED, TOO_LATE
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from ..shared.schedule import Schedule
from ..shared.timetable import Timetable
from .simulation import TIMETABLE, simulate_rows


@dataclass(frozen=True)
class PresentRun:
    """Who is where, and who is caught.

    Attributes
    ----------
    schedule : Schedule
        Routes as far as they are driven; who never leaves a road is on it until the last moment of the run.
    fate : (t,) int8
        ARRIVED, or why he is caught.
    caught : (t,) float64
        When, seconds; infinite for who arrives.
    travel : (t,) float64
        Travel times in seconds, 0 for who is caught.
    """

    schedule: Schedule
    fate: np.ndarray
    caught: np.ndarray
    travel: np.ndarray

    @property
    def arrived(self) -> np.ndarray:
        """Whether each trip (t,) arrives."""
        return self.fate == ARRIVED

    @property
    def seconds(self) -> float:
        """Vehicle-seconds of those who arrive, added up over them alone as in a result."""
        return float(self.travel[self.arrived].sum())


def drive(problem: RoutingProblem, routes: Routes, control: Control | None = None, record: int = 0) -> PresentRun:
    """Return what becomes of the trips that take ``routes``; ``record`` as in :func:`.simulation.simulate`.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    indptr, arc = routes.expanded(control)
    return drive_rows(problem, indptr, arc, control, record)


def drive_rows(
    problem: RoutingProblem, indptr: np.ndarray, arc: np.ndarray, control: Control, record: int = 0
) -> PresentRun:
    """Return what becomes of the trips whose routes are one row of arcs a trip; see :func:`drive`."""
    free_flow = problem.cost.free_flow
    if not problem.closings:
        return as_run(simulate_rows(problem, indptr, arc, control, record), problem.departure)
    watch = watch_of(problem.closings, free_flow, problem.source)
    whole = simulate_rows(problem, indptr, arc, control, record, watch)
    fate, caught = _fates(problem, whole, watch)
    arrived = fate == ARRIVED
    travel = np.where(arrived, whole.arrival - problem.departure, 0.0)
    schedule = _driven(whole, (watch.fate != ARRIVED), caught[~arrived], problem.arcs, record)
    return PresentRun(schedule, fate, caught, travel)


def as_run(schedule: Schedule, departure: np.ndarray) -> PresentRun:
    """Return the run of a schedule in which everybody arrives."""
    never = np.full(len(departure), np.inf)
    return PresentRun(schedule, np.zeros(len(departure), dtype=np.int8), never, schedule.arrival - departure)


def _fates(problem: RoutingProblem, whole: Schedule, watch: Watch) -> tuple[np.ndarray, np.ndarray]:
    """Return what becomes of each trip and when, with those who are caught off the roads too."""
    fate, caught, departure = watch.fate.copy(), watch.caught.copy(), problem.departure
    free = np.r_[0.0, np.cumsum(problem.cost.free_flow[whole.arc])]
    driven = np.r_[0, np.cumsum(np.isfinite(whole.entry))]
    on_road = np.flatnonzero(fate == QUEUED)
    first = whole.indptr[:-1][on_road]
    last = first + (driven[whole.indptr[1:]] - driven[whole.indptr[:-1]])[on_road] - 1
    away = departure[on_road] + free[last] - free[first] + watch.held[on_road]
    fate[on_road[away > caught[on_road] + HAIR]] = TOO_LATE
    reached, goal = watch.reached, problem.closings.goal_reached[problem.destination]
    idle = (whole.indptr[1:] == whole.indptr[:-1]) & (fate == ARRIVED)
    late = idle & (reached < departure)
    fate[late], caught[late] = TOO_LATE, reached[late]
    floods = (goal < np.inf) & (fate == ARRIVED)
    stays = idle & ~late & (problem.source != problem.destination)
    fate[stays], caught[stays] = CUT_OFF, departure[stays]
    fate[floods], caught[floods] = AT_DESTINATION, np.maximum(whole.arrival, goal)[floods]
    early = fate == TOO_LATE  # the hazard is there from the beginning
    caught[early] = np.maximum(caught[early], np.minimum(departure[early], 0.0))
    return fate, caught


def _driven(whole: Schedule, stuck: np.ndarray, caught: np.ndarray, arcs: int, record: int) -> Schedule:
    """Return the schedule of the arcs that are entered; who is ``stuck`` (t,) on one is there until the end."""
    made = np.isfinite(whole.entry)
    before = np.r_[0, np.cumsum(made)]
    indptr, arc, entry = before[whole.indptr], whole.arc[made], whole.entry[made]
    stuck = np.flatnonzero(stuck & (indptr[1:] > indptr[:-1]))
    arrival = whole.arrival.copy()
    end = max(Schedule(indptr, arc, entry, arrival).last(), float(caught.max(initial=0.0)))
    arrival[stuck] = end
    last = indptr[1:][stuck] - 1
    order, table = None, None
    if record and whole.order is not None:
        last = last[np.argsort(entry[last], kind="stable")]
        order = np.r_[before[whole.order[: len(arc) - len(last)]], last].astype(np.int32)
    if record == TIMETABLE and whole.table is not None:
        table = _with_the_stuck(whole.table, arc, arc[last], arcs, end)
    return Schedule(indptr, arc, entry, arrival, table, order)


def _with_the_stuck(table: Timetable, arc: np.ndarray, stuck: np.ndarray, arcs: int, end: float) -> Timetable:
    """Return the timetable of those who enter each ``arc`` (k,), with an exit at ``end`` for each ``stuck`` on one."""
    size = np.bincount(arc, minlength=arcs).astype(np.int64)
    for each, count in zip(*np.unique(stuck, return_counts=True)):
        last = table.start[each] + size[each]
        table.exits[last - count : last] = end
    return table._replace(size=size)
