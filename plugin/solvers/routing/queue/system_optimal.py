"""Least total travel time under ``queue``: shares of the trips move to the ways of least marginal cost.

Each step reads the marginal costs off the exact run of the plan (the adjoint), finds the ways of least marginal cost,
moves a share of the trips that would gain, and lets the exact simulation judge. A plan a little worse than the best one
may be gone on from, by an allowance that falls to nothing: in a jam any change shifts the total by some
vehicle-minutes, and a search that only ever takes gains stands still early. What is handed back is the best plan seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...control import Control
from ...graph.stars import ReverseStar
from ..shared.choices import STUCK_SECONDS
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from ..shared.trees import Trees
from .adjoint import Traffic, traffic_of
from .marginal import fill_to_go, find_ways, grid_of, price_ways
from .network import SECOND, QueueRoads, microseconds
from .simulation import QueueRun, plan_of, simulate_queues

STEPS = (15, 80, 400)  # by effort: plans that are tried
FULL_SIZE = 4_000_000  # moves of a plan above which fewer are tried
LEAST_STEPS = 8
GRID_STEP, MOST_MOMENTS = 300 * SECOND, 64  # of the cost to go
REFRESH = 5  # steps after which the cost to go is worked out anew
TABLES = 1_000_000_000  # bytes that tables of the cost to go may take at once
SHARE, LEAST_SHARE, MOST_SHARE = 0.1, 0.0005, 0.3  # of all trips that move in a step
GROW, SHRINK = 1.1, 0.6  # of the share after a plan that was taken, or not
LOOK = 4  # times the share look for a better way
LEAST_GAIN = 0.002  # of the marginal cost of its way, for a trip to move
ALLOWANCE = 0.02  # of the best total: so much worse may a plan be at first
NEARLY = 1e-3  # of the total: between plans so near the one with fewer rings is taken
BLOCK = 2_000_000  # roads of ways that are found at once


class Found(NamedTuple):
    """New ways of some trips.

    Attributes
    ----------
    trips : (k,) int64
    indptr : (k + 1,) int64, arcs : (h,) int32
        Their ways, without connectors.
    gain : (k,) float64
        Vehicle-microseconds that the move of this one trip saves, by the adjoint.
    """

    trips: np.ndarray
    indptr: np.ndarray
    arcs: np.ndarray
    gain: np.ndarray


@dataclass(frozen=True)
class Planned:
    """A plan and its exact run."""

    routes: Routes
    run: QueueRun

    @property
    def total(self) -> int:
        """Total travel time, vehicle-microseconds."""
        return self.run.total()

    def better_than(self, other: Planned) -> bool:
        """Whether to prefer this: less time, or nearly the same with fewer rings of full roads."""
        mine, others = self.total, other.total
        if abs(mine - others) < NEARLY * max(others, 1) and self.run.rings != other.run.rings:
            return self.run.rings < other.run.rings
        return mine < others


class Improver:
    """What the steps of one search share."""

    def __init__(self, problem: RoutingProblem, roads: QueueRoads, trees: Trees, stuck_seconds: float) -> None:
        self.problem, self.roads, self.trees = problem, roads, trees
        self.stuck_seconds = stuck_seconds
        self.departure = microseconds(problem.departure)
        self.star, self.reverse = problem.star(), ReverseStar(problem.nodes, problem.tail, problem.head)
        self.goals = trees.destinations
        self.tables: dict[int, np.ndarray] = {}
        self.step = GRID_STEP
        self.turn = 0

    def planned(self, routes: Routes, control: Control) -> Planned:
        """Return the exact run of routes."""
        plan = plan_of(self.roads, self.departure, routes)
        return Planned(
            routes,
            simulate_queues(
                self.roads, plan, stuck_seconds=self.stuck_seconds, record_order=True, control=control.unseen()
            ),
        )

    def refresh(self, traffic: Traffic, until: int, control: Control) -> None:
        """Work out the cost to go to the next destinations, as many as memory allows."""
        self.step = max(GRID_STEP, -(-until // MOST_MOMENTS))
        moments = int(until // self.step) + 2
        grid = grid_of(self.roads, traffic, self.step, moments)
        each = 4 * moments * self.problem.nodes
        count = int(min(max(TABLES // each, 1), len(self.goals)))
        keys = np.empty(4 * self.problem.arcs + 4)
        items = np.empty(len(keys), dtype=np.int64)
        self.tables = {}
        for k in range(self.turn, self.turn + count):
            control.stop_if_cancelled()
            row = k % len(self.goals)
            table = np.empty((moments, self.problem.nodes), dtype=np.float32)
            table[-1] = self.trees.seconds[row] * SECOND
            star = self.reverse
            fill_to_go(self.roads, grid, star.indptr, star.arc, star.tail, int(self.goals[row]), table, keys, items)
            self.tables[row] = table
        self.turn = (self.turn + count) % len(self.goals)

    def found(self, planned: Planned, traffic: Traffic, trips: np.ndarray, control: Control) -> Found:
        """Return better ways of those of ``trips`` that have one, with what it gains."""
        own = np.empty(len(trips))
        price_ways(self.roads, traffic, planned.run.plan, trips, own)
        row = self.trees.row[trips]
        sizes, gains, who, arcs = [], [], [], []
        seen = np.empty(self.problem.nodes, dtype=np.int64)
        for goal, table in self.tables.items():
            some = np.flatnonzero(row == goal)
            hops, cost, seen[:] = np.empty(len(some), dtype=np.int64), np.empty(len(some)), -1
            done = 0
            while done < len(some):
                control.stop_if_cancelled()
                way = np.empty(max(BLOCK, 2 * self.problem.nodes), dtype=np.int32)
                before = done
                done = find_ways(
                    self.roads, traffic, self.step, self.star, self.problem.head, table, trips[some],
                    self.problem.source, int(self.goals[goal]), self.departure, seen, done, way, hops, cost,
                )  # fmt: skip
                size = np.maximum(hops[before:done], 0)
                gain = np.where(hops[before:done] > 0, own[some[before:done]] - cost[before:done], 0.0)
                good = gain > LEAST_GAIN * own[some[before:done]]
                arcs.append(way[: size.sum()][np.repeat(good, size)])
                sizes.append(size[good])
                gains.append(gain[good])
                who.append(trips[some[before:done]][good])
        return Found(
            _joined(who, np.int64), np.r_[0, np.cumsum(_joined(sizes, np.int64))], _joined(arcs, np.int32),
            _joined(gains, np.float64),
        )  # fmt: skip

    def moved(self, routes: Routes, found: Found, chosen: np.ndarray) -> Routes:
        """Return the routes with the ``chosen`` (numbers in ``found``) moved."""
        size = np.diff(found.indptr)
        take = np.zeros(len(size), dtype=bool)
        take[chosen] = True
        of_trip = routes.of_trip.copy()
        of_trip[found.trips[take]] = routes.count + np.arange(take.sum(), dtype=np.int32)
        indptr = np.r_[routes.indptr, routes.indptr[-1] + np.cumsum(size[take])]
        return compact(Routes(indptr, np.r_[routes.arcs, found.arcs[np.repeat(take, size)]], of_trip))


def compact(routes: Routes) -> Routes:
    """Return the same without the routes that nobody takes, once these are more than half."""
    used = np.bincount(routes.of_trip, minlength=routes.count) > 0
    if 2 * used.sum() > routes.count:
        return routes
    size = np.diff(routes.indptr)
    number = np.cumsum(used) - 1
    return Routes(
        np.r_[0, np.cumsum(size[used])], routes.arcs[np.repeat(used, size)],
        number[routes.of_trip].astype(np.int32),
    )  # fmt: skip


def _joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)


@dataclass(frozen=True)
class Optimum:
    """The best plan seen, how the total fell, and whether the counted work ran out before the search's own end."""

    planned: Planned
    history: tuple[tuple[float, float], ...]
    used_up: bool


def system_optimum(
    problem: RoutingProblem,
    roads: QueueRoads,
    trees: Trees,
    starts: list[Routes],
    *,
    stuck_seconds: float = STUCK_SECONDS,
    control: Control | None = None,
) -> Optimum:
    """Return the best plan found from ``starts``; it is never worse than any of them.

    Parameters
    ----------
    trees : Trees
        Free-flow times to every destination.
    starts : list of Routes
        At least one plan.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    improver = Improver(problem, roads, trees, stuck_seconds)
    best = min((improver.planned(routes, control) for routes in starts), key=lambda planned: planned.total)
    history = [(control.effort.elapsed, best.total / SECOND)]
    if not problem.trips:
        return Optimum(best, tuple(history), False)
    tries = control.effort.pick(*STEPS)
    tries = max(min(tries, LEAST_STEPS), int(tries * min(1.0, FULL_SIZE / max(len(best.run.moment), 1))))
    now, draws = best, np.random.default_rng(problem.trips)
    traffic, age, share, idle = traffic_of(roads, now.run), REFRESH, SHARE, 0
    for k in range(tries):
        control.stop_if_cancelled()
        if control.effort.passed():
            break
        control.progress(k / tries, "")
        if age >= REFRESH:
            improver.refresh(traffic, int(now.run.arrival().max(initial=0)), control)
            age = 0
        age += 1
        looking = np.flatnonzero(draws.random(problem.trips) < min(1.0, LOOK * share))
        found = improver.found(now, traffic, looking, control)
        if not len(found.trips):
            idle, share, age = idle + 1, min(LOOK * share, MOST_SHARE), REFRESH
            if idle > len(improver.goals) // max(len(improver.tables), 1) + 1:
                return Optimum(best, tuple(history), False)
            continue
        idle = 0
        chosen = _drawn(found.gain, max(1, int(share * problem.trips)), draws)
        trial = improver.planned(improver.moved(now.routes, found, chosen), control)
        allowed = best.total * (1.0 + ALLOWANCE * max(0.0, 1.0 - (k + 1) / (0.95 * tries)))
        if trial.total >= allowed:
            share = max(share * SHRINK, LEAST_SHARE)
            continue
        now, traffic, share = trial, traffic_of(roads, trial.run), min(share * GROW, MOST_SHARE)
        if trial.better_than(best):
            best = trial
            history.append((control.effort.elapsed, best.total / SECOND))
    return Optimum(best, tuple(history), not control.effort.stopped_early)


def _drawn(gain: np.ndarray, count: int, draws: np.random.Generator) -> np.ndarray:
    """Return at most ``count`` of the moves, drawn in proportion to what they gain."""
    if len(gain) <= count:
        return np.arange(len(gain))
    return draws.choice(len(gain), count, replace=False, p=gain / gain.sum())
