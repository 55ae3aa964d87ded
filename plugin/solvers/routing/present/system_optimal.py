"""System optimal routes under ``present``: take one trip out after the other and put it back where it costs all least.

Start from the greedy routes. In a sweep each trip in turn is re-routed by :mod:`.time_dependent_search` through the
timetable of all others, at its own time plus the delay that it causes to those behind it, weighed by what a delay to
each of them costs everyone (:mod:`.adjoint`). The others keep their times until a fifth of the trips, say, has
moved (:mod:`.sweep`); then all routes are evaluated exactly, this part of the sweep is kept if the total time has
fallen, and timetable and costs to go are made anew. Where a part fails, because too many move at once, the next ones
are smaller. The search stops when a sweep gains less than the tolerance, or when the work of the effort is used up.
Work is counted: nodes searched and hops simulated. (Ours; the paper has no system-optimal method.)

Where roads close, fewest people caught come first: who is caught is looked at before all others, and where a part has
more caught than before, those move once more before it is judged.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ...control import Control
from ..shared.problem import RoutingProblem
from ..shared.schedule import Schedule
from ..shared.trees import Trees
from .run import as_run
from .sweep import Driven, Sweep, driven

# By effort: the share of the total time that a sweep must gain for another one to follow, sweeps, and work, of which a
# processor of today does some two million in a second.
LEAST_SWEEP_GAINS, MOST_SWEEPS, MOST_WORK = (0.02, 1e-3, 1e-5), (5, 20, 100), (40_000_000, 400_000_000, 8_000_000_000)
FIRST_PARTS, SMALLEST = 5, 16  # in a part move at most 1/5 of the trips, at least 1/16 of that
MOST_THREADS = 8


def system_optimal_schedule(
    problem: RoutingProblem, trees: Trees, start: Schedule, control: Control | None = None
) -> tuple[Schedule, list[tuple[float, float]], bool]:
    """Return the best schedule found from ``start`` on if nothing closes; see :func:`swept`.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    run = as_run(start, problem.departure)
    best, history, used_up = swept(problem, trees, driven(problem, start.indptr, start.arc, run), control)
    return best.run.schedule, history, used_up


def swept(
    problem: RoutingProblem,
    trees: Trees,
    start: Driven,
    control: Control | None = None,
    latest: np.ndarray | None = None,
) -> tuple[Driven, list[tuple[float, float]], bool]:
    """Return the best plan found from ``start`` on, and (seconds, total time) after each part that was kept.

    The third value is whether the work of the effort was used up before every trip had been looked at. ``latest``
    (d, m) is that of :class:`.time_dependent_search.Heeded`, where something closes.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    best = start
    history = [(control.effort.elapsed, best.seconds)]
    rng = np.random.default_rng(0)
    size = largest = max(problem.trips // FIRST_PARTS, 1)
    used_up = False
    sweeps, most_work = control.effort.pick(*MOST_SWEEPS), control.effort.pick(*MOST_WORK)
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        sweep = Sweep(problem, trees, pool, threads, latest)
        for number in range(1, sweeps + 1 if problem.trips else 1):
            before, changed, at = best, 0, 0
            order = rng.permutation(problem.trips)  # so that each part holds trips of all places and times
            order = order[np.argsort(best.run.arrived[order], kind="stable")]
            while at < problem.trips and sweep.work < most_work and not control.effort.passed():
                done = (number - 1 + at / problem.trips) / sweeps
                part = control.part(done, number / sweeps)
                tried, looked, moved = sweep.run(best, order[at:], size, most_work, part)
                at += looked
                if tried.caught > best.caught:
                    tried = sweep.mended(tried, most_work, part.unseen())
                if tried.rank < best.rank:
                    best, changed = tried, changed + moved
                    history.append((control.effort.elapsed, best.seconds))
                    size = min(size * 3 // 2 + 1, largest)
                elif moved:  # too many at once: they get into each other's way
                    size = max(size // 2, largest // SMALLEST, 1)
            control.log(_told(number, changed, best))
            if at < problem.trips:  # ended on the way
                used_up = sweep.work >= most_work
                if used_up:
                    control.log(control.effort.used_up(f"{most_work:,} counted steps"))
                break
            least = control.effort.pick(*LEAST_SWEEP_GAINS) * best.seconds
            if before.caught == best.caught and before.seconds - best.seconds <= least:
                break
    return best, history, used_up


def _told(number: int, changed: int, best: Driven) -> str:
    caught = f", {best.caught:.0f} people caught" if best.caught else ""
    return f"Sweep {number}: {changed} changes of route, total time {best.seconds / 3600:,.1f} vehicle-hours{caught}."
