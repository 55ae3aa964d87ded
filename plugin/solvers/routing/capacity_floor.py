"""How long the vehicles of a plan need at least if no road lets more pass than its capacity.

Under ``present`` and ``cumulative`` no road has a limit, so that a plan may claim to be over sooner than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .result import RoutingResult

HOUR = 3600.0
TOLERANCE = 1.0  # s: less is rounding


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


def capacity_floor(result: RoutingResult, capacity: np.ndarray) -> CapacityFloor | None:
    """Return the arc whose trips need longest to pass it, None where no arc with a limit is used.

    Of N trips that leave an arc at least h = 3600 / capacity seconds apart, the first of them at ``a_1 <= ... <= a_N``
    on empty roads, the last one leaves at ``max over k of a_k + (N - k) h`` at the earliest; then it has the rest of
    its way, which is at least the shortest rest of any of them. It holds whatever the order in which they pass.

    Parameters
    ----------
    capacity : (m,) float64
        Vehicles per hour of each arc, above 0; infinite where there is no limit.
    """
    routes, free = result.routes, result.problem.cost.free_flow
    indptr, arc = routes.expanded()
    if not len(arc):
        return None
    hops = np.diff(indptr)
    driven = np.cumsum(free[arc])
    before = np.repeat(np.r_[0.0, driven][indptr[:-1]], hops)
    leave = np.repeat(result.problem.departure, hops) + driven - before
    rest = np.repeat(np.r_[0.0, driven][indptr[1:]], hops) - driven
    order = np.lexsort((leave, arc))
    arcs, start, count = np.unique(arc[order], return_index=True, return_counts=True)
    behind = np.repeat(start + count, count) - 1 - np.arange(len(order))
    last = np.maximum.reduceat(leave[order] + behind * np.repeat(HOUR / capacity[arcs], count), start)
    there = last + np.minimum.reduceat(rest[order], start)
    there[~np.isfinite(capacity[arcs])] = -np.inf
    worst = int(np.argmax(there))
    return CapacityFloor(int(arcs[worst]), int(count[worst]), float(there[worst])) if there[worst] > 0 else None


def too_short(result: RoutingResult, capacity: np.ndarray) -> CapacityFloor | None:
    """Return the worst arc where a plan claims to be over before its roads can have passed its vehicles, else None."""
    floor = capacity_floor(result, capacity)
    over = floor is not None and floor.seconds > float(result.arrival.max(initial=0.0)) + TOLERANCE
    return floor if over else None
