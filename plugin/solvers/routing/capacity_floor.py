"""How long the vehicles of a plan need at least if no road lets more pass than its capacity.

Under ``present`` and ``cumulative`` no road has a limit, so that a plan may claim to be over sooner than that; under
``queue`` none can.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..control import Control
from .queue.clearance_bound import clearance_floor
from .result import RoutingResult
from .shared.clearance_floor import CapacityFloor, routes_floor

HOUR = 3600.0
TOLERANCE = 1.0  # s: a plan that claims so little less is not spoken of
ROUNDING = 1e-9  # of the time claimed: the two are added up in different orders


def capacity_floor(result: RoutingResult, capacity: np.ndarray, control: Control | None = None) -> CapacityFloor | None:
    """Return the arc whose trips need longest to pass it, None where no arc with a limit is used.

    It is :func:`routes_floor` of the plan, with h = 3600 / capacity seconds between two vehicles that leave an arc;
    under ``queue`` with the least headway that its roads ever have.

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
    if result.queue is not None:
        floor = clearance_floor(result.queue.roads, result.queue.run.plan, control)
    else:
        ways, free = result.routes.expanded(control), result.problem.cost.free_flow
        floor = routes_floor(*ways, result.problem.departure, free, HOUR / capacity, control)
    if floor is None or not floor.seconds > 0:
        return None
    claimed = _claimed(result)
    if claimed < floor.seconds <= claimed * (1.0 + ROUNDING):
        return replace(floor, seconds=claimed)
    return floor


def claims_too_little(result: RoutingResult, floor: CapacityFloor | None) -> bool:
    """Whether a plan claims to be over before its roads can have passed its vehicles."""
    return floor is not None and floor.seconds > _claimed(result) + TOLERANCE


def _claimed(result: RoutingResult) -> float:
    return float(result.arrival.max(initial=0.0))
