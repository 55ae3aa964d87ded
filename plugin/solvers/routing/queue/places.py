"""When the hazard reaches the places where trips begin and end, and who has no way between them."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from ..shared.problem import RoutingProblem
from .bars import NEVER, moments_of
from .events import Plan


class Places(NamedTuple):
    """What trips (t,) must know of their places.

    Attributes
    ----------
    start_reached, goal_reached : (t,) int64
        When the hazard reaches origin and destination, microseconds; NEVER where it does not.
    there : (t,) bool
        Who starts at a door of his destination, so that he needs no road.
    """

    start_reached: np.ndarray
    goal_reached: np.ndarray
    there: np.ndarray

    def known_to(self, plan: Plan) -> Plan:
        """Return the plan with what the hazard does to its places."""
        late = np.flatnonzero(self.start_reached < NEVER)
        late = late[np.argsort(self.start_reached[late], kind="stable")].astype(np.int32)
        return plan._replace(
            late=late, start_reached=self.start_reached, goal_reached=self.goal_reached,
            stays=(plan.hops == 0) & ~self.there,
        )  # fmt: skip

    def only(self, trips: np.ndarray) -> Places:
        """Return the same of some ``trips``, in this order."""
        return Places(*(column[trips] for column in self))


def places_of(problem: RoutingProblem) -> Places | None:
    """Return what the trips of a problem must know; None where nothing closes."""
    closings = problem.closings
    if not closings:
        return None
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
    return Places(reached[0][problem.source], reached[1][problem.destination], there)
