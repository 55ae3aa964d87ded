"""How long the vehicles of a plan need at least if no road lets more pass than its capacity.

Under ``present`` and ``cumulative`` no road has a limit, so that a plan may claim to be over sooner than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from .result import RoutingResult
from .shared.by_arc import by_arc

HOUR = 3600.0
TOLERANCE = 1.0  # s: a plan that claims so little less is not spoken of
ROUNDING = 1e-9  # of the time claimed: the two are added up in different orders


@dataclass(frozen=True)
class CapacityFloor:
    """The arc that holds up a plan longest.

    Attributes
    ----------
    arc : int
        The arc.
    vehicles : int
        Trips that use it.
    seconds : float
        From t = 0: before then not all of them can have arrived.
    """

    arc: int
    vehicles: int
    seconds: float


def capacity_floor(result: RoutingResult, capacity: np.ndarray, control: Control | None = None) -> CapacityFloor | None:
    """Return the arc whose trips need longest to pass it, None where no arc with a limit is used.

    Of N trips that leave an arc at least h = 3600 / capacity seconds apart, the first of them at ``a_1 <= ... <= a_N``
    on empty roads, the last one leaves at ``max over k of a_k + (N - k) h`` at the earliest; then it has the rest of
    its way, which is at least the shortest rest of any of them. It holds whatever the order in which they pass.

    Parameters
    ----------
    capacity : (m,) float64
        Vehicles per hour of each arc, above 0; infinite where there is no limit.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    routes, free = result.routes, result.problem.cost.free_flow
    indptr, arc = routes.expanded(control)
    if not len(arc):
        return None
    hops = np.diff(indptr)
    driven = np.cumsum(free[arc])
    before = np.r_[0.0, driven]
    leave = driven + np.repeat(result.problem.departure - before[indptr[:-1]], hops)
    rest = np.repeat(before[indptr[1:]], hops) - driven
    group = by_arc(arc, control)
    headway = HOUR / capacity[group.arc]
    behind = np.repeat(group.bounds[1:], group.count) - 1 - np.arange(len(arc))
    passed = group.sorted(leave, control) + behind * np.repeat(headway, group.count)
    last = np.maximum.reduceat(passed, group.bounds[:-1])
    there = last + np.minimum.reduceat(rest[group.order], group.bounds[:-1])
    there[~np.isfinite(capacity[group.arc])] = -np.inf
    worst = int(np.argmax(there))
    if not there[worst] > 0:
        return None
    seconds, claimed = float(there[worst]), _claimed(result)
    if claimed < seconds <= claimed * (1.0 + ROUNDING):
        seconds = claimed
    return CapacityFloor(int(group.arc[worst]), int(group.count[worst]), seconds)


def claims_too_little(result: RoutingResult, floor: CapacityFloor | None) -> bool:
    """Whether a plan claims to be over before its roads can have passed its vehicles."""
    return floor is not None and floor.seconds > _claimed(result) + TOLERANCE


def _claimed(result: RoutingResult) -> float:
    return float(result.arrival.max(initial=0.0))
