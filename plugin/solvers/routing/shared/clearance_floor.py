"""Before when the vehicles of a plan cannot all have arrived, if roads let them out only so long after each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control
from .by_arc import by_arc


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


def routes_floor(
    indptr: np.ndarray,
    arc: np.ndarray,
    departure: np.ndarray,
    travel: np.ndarray,
    headway: np.ndarray,
    control: Control | None = None,
) -> CapacityFloor | None:
    """Return the arc whose trips need longest to pass it and drive on, None where no arc with a limit is used.

    Of N trips that leave an arc at least h apart, the first of them at ``a_1 <= ... <= a_N`` on empty roads, the last
    one leaves at ``max over k of a_k + (N - k) h`` at the earliest; then it has the rest of its way, which is at least
    the shortest rest of any of them. It holds whatever the order in which they pass.

    Parameters
    ----------
    indptr, arc
        Offsets (t + 1,) and arcs of the trips' routes.
    departure : (t,) float64
        Seconds.
    travel, headway : (m,) float64
        Seconds on the empty arc and between two exits; a headway of 0 is no limit.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    if not len(arc):
        return None
    hops = np.diff(indptr)
    driven = np.cumsum(travel[arc])
    before = np.r_[0.0, driven]
    leave = driven + np.repeat(departure - before[indptr[:-1]], hops)
    rest = np.repeat(before[indptr[1:]], hops) - driven
    group = by_arc(arc, control)
    behind = np.repeat(group.bounds[1:], group.count) - 1 - np.arange(len(arc))
    passed = group.sorted(leave, control) + behind * np.repeat(headway[group.arc], group.count)
    last = np.maximum.reduceat(passed, group.bounds[:-1])
    there = last + np.minimum.reduceat(rest[group.order], group.bounds[:-1])
    there[headway[group.arc] == 0] = -np.inf
    worst = int(np.argmax(there))
    if not np.isfinite(there[worst]):
        return None
    return CapacityFloor(int(group.arc[worst]), int(group.count[worst]), float(there[worst]))
