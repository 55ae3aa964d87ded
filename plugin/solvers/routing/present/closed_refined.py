"""Refinement by Add, Drop and Swap under ``present`` where something closes ([E] Algorithm 3).

Who is affected by a change when others wait for roads to open or stand on them for good, the resimulation of
:mod:`.resimulation` does not know. So each change is evaluated by simulating everybody, first those of trips that are
caught. A change counts when it has fewer people caught, or as many and gains enough (``EPSILON`` is read per route).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ..shared.descent import rank
from ..shared.local_changes import ADD, candidates, least_gain
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes, rerouted
from .limited import PresentMoves, Timed

MOST_PASSES, MOST_HOPS = (2, 5, 20), (20_000_000, 100_000_000, 1_000_000_000)  # by effort; hops simulated


class Refined(NamedTuple):
    """The plan found, the changes made, and whether the counted work ran out before every label was looked at."""

    plan: Timed
    changes: int
    used_up: bool


class ClosedRefinement:
    """Algorithm 3 by full simulations."""

    def __init__(self, problem: RoutingProblem, start: Routes, epsilon: float, control: Control) -> None:
        self.problem, self.epsilon, self.control = problem, epsilon, control
        self.moves, self.star = PresentMoves(problem), problem.star()
        self.plan = self.moves.judged(start, control)
        self.most, self.hops, self.changes = control.effort.pick(*MOST_HOPS), 0, 0
        self.on_route = np.zeros(problem.nodes, dtype=np.int64)
        self.number = 0

    @property
    def used_up(self) -> bool:
        """Whether no further simulation is allowed."""
        return self.hops >= self.most or self.control.effort.passed()

    def sweep(self) -> None:
        """Look at all labels once: of those who are caught first, then in the order of departures."""
        order = np.argsort(self.plan.run.arrived, kind="stable")
        for done, trip in enumerate(order.tolist()):
            place = 0
            while place < len(self.plan.routes.of(trip)) and not self.used_up:
                place += 0 if self._improved(trip, place) else 1
            self.control.progress((done + 1) / len(order), "")

    def _improved(self, trip: int, place: int) -> bool:
        """Make the best change at a hop of a trip that counts; return whether there was one."""
        now, best = self.plan, self.plan
        least = least_gain(float(now.run.travel[trip]), self.epsilon)
        for way in self._changed(now.routes.of(trip), place):
            if self.used_up:
                break
            self.control.stop_if_cancelled()
            routes = rerouted(now.routes, np.array([trip]), np.array([0, len(way)]), way)
            trial = self.moves.judged(routes, self.control)
            self.hops += len(trial.run.schedule.arc) + 1
            counts = trial.caught < now.caught or (trial.caught == now.caught and now.seconds - trial.seconds > least)
            if counts and rank(trial) < rank(best):
                best = trial
        self.plan = best
        self.changes += best is not now
        return best is not now

    def _changed(self, way: np.ndarray, place: int) -> list[np.ndarray]:
        """Return the ways by Add, Drop and Swap at the end of a hop."""
        tail, head = self.problem.tail, self.problem.head
        self.number += 1
        self.on_route[tail[way[0]]] = self.on_route[head[way]] = self.number
        beyond = int(head[way[place + 1]]) if place + 1 < len(way) else -1
        found = np.empty((64, 3), dtype=np.int64)
        count = candidates(
            self.star, int(tail[way[place]]), int(head[way[place]]), beyond, self.on_route, self.number, found
        )
        return [
            np.concatenate(
                [way[:place], new[new >= 0].astype(np.int32), way[place + (1 if kind == ADD else 2) :]]
            )
            for kind, new in zip(found[:count, 0].tolist(), found[:count, 1:])
        ]  # fmt: skip


def refined_among_closings(problem: RoutingProblem, start: Routes, epsilon: float, control: Control) -> Refined:
    """Return the plan refined from ``start``; never worse.

    Passes over all labels are repeated until one changes nothing, passes or hops of the effort are used up, or the time
    is.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    refinement = ClosedRefinement(problem, start, epsilon, control)
    for _ in range(control.effort.pick(*MOST_PASSES)):
        before = refinement.changes
        refinement.sweep()
        if refinement.used_up or refinement.changes == before:
            break
    if refinement.hops >= refinement.most:
        control.log(control.effort.used_up(f"{refinement.most:,} simulated hops"))
    return Refined(refinement.plan, refinement.changes, refinement.hops >= refinement.most)
