"""A problem of a road network: what it is, where, and on which road."""

from __future__ import annotations

from dataclasses import dataclass

COMPONENT = "component"
DEAD_END = "dead_end"
CANNOT_LEAVE = "cannot_leave"
CANNOT_REACH = "cannot_reach"
NEAR_MISS = "near_miss"
MISSING_SPEED = "missing_speed"
ABSURD_SPEED = "absurd_speed"
DUPLICATE = "duplicate"
UNUSABLE = "unusable"
NOT_A_ROAD = "not_a_road"
CLOSED_ROAD = "closed_road"
CLOSES = "closes"
ZERO_VALUE = "zero_value"
SPEED_UNIT = "speed_unit"
UNKNOWN_DIRECTION = "unknown_direction"


@dataclass(frozen=True)
class Problem:
    """One problem; ``x`` and ``y`` are metres of the working CRS."""

    kind: str
    x: float
    y: float
    road_id: str
    detail: str
