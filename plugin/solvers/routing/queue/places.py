"""When the hazard reaches the places where trips begin and end, who has no way between them, and how long each is."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from ..shared.problem import CAR, RoutingProblem
from .bars import NEVER, moments_of
from .events import NO_MARKS, NO_MOMENTS, Plan


class Places(NamedTuple):
    """What trips (t,) must know of their places.

    Attributes
    ----------
    start_reached, goal_reached : (t,) int64
        When the hazard reaches origin and destination, microseconds; NEVER where it does not.
    there : (t,) bool
        Who starts at a door of his destination, so that he needs no road.
    size : (t,) int64
        The room that each vehicle takes, in halves of a car's; empty where all are cars.
    """

    start_reached: np.ndarray
    goal_reached: np.ndarray
    there: np.ndarray
    size: np.ndarray = NO_MOMENTS

    def known_to(self, plan: Plan) -> Plan:
        """Return the plan with what its trips must know."""
        if not len(self.start_reached):
            return plan._replace(size=self.size)
        late = np.flatnonzero(self.start_reached < NEVER)
        late = late[np.argsort(self.start_reached[late], kind="stable")].astype(np.int32)
        return plan._replace(
            late=late, start_reached=self.start_reached, goal_reached=self.goal_reached,
            stays=(plan.hops == 0) & ~self.there, size=self.size,
        )  # fmt: skip

    def only(self, trips: np.ndarray) -> Places:
        """Return the same of some ``trips``, in this order."""
        return Places(*(column[trips] if len(column) else column for column in self))


def sizes_of(problem: RoutingProblem) -> np.ndarray:
    """Return the room (t,) that each vehicle takes, in halves of a car's; empty where all are cars."""
    return NO_MOMENTS if (problem.size == CAR).all() else problem.size


def places_of(problem: RoutingProblem) -> Places | None:
    """Return what the trips of a problem must know; None where nothing closes and all are cars."""
    size, closings = sizes_of(problem), problem.closings
    if not closings:
        return Places(NO_MOMENTS, NO_MOMENTS, NO_MARKS, size) if len(size) else None
    connector = np.flatnonzero(~np.isfinite(problem.capacity))
    before = defaultdict(list)
    for tail, head in zip(problem.tail[connector].tolist(), problem.head[connector].tolist()):
        before[head].append(tail)
    there = np.zeros(problem.trips, dtype=bool)
    for goal in np.unique(problem.destination).tolist():
        doors, seek = {goal}, [goal]
        while seek:
            new = set(before[seek.pop()]) - doors
            doors |= new
            seek += sorted(new)
        there |= (problem.destination == goal) & np.isin(problem.source, sorted(doors))
    reached = moments_of(closings.start_reached), moments_of(closings.goal_reached)
    return Places(reached[0][problem.source], reached[1][problem.destination], there, size)
