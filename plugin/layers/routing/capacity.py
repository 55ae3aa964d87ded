"""What a plan claims beside what its roads let pass."""

from __future__ import annotations

from ...solvers.routing.capacity_floor import CapacityFloor, claims_too_little
from ...solvers.routing.result import RoutingResult
from .case import RoutingCase


def capacity_warning(case: RoutingCase, result: RoutingResult, floor: CapacityFloor | None) -> str:
    """Return a sentence where the roads would need longer than the plan claims to pass its vehicles, else ""."""
    if floor is None or not claims_too_little(result, floor):
        return ""
    network = case.read.network
    claimed = float(result.arrival.max(initial=0.0)) / 60.0
    direction = "forward" if network.forward[floor.arc] else "backward"
    return (
        f"The plan ends after {claimed:,.1f} min, but its roads cannot pass the vehicles in that time: "
        f"{floor.vehicles:,} of them use road “{network.arc_road(floor.arc)}” ({direction}), which lets "
        f"{network.capacity[floor.arc]:,.0f} pass an hour, so that the last one cannot arrive before "
        f"{floor.seconds / 60.0:,.1f} min (CLEARANCE_FLOOR). This flow model sets no such limit: take CLEARANCE_TIME "
        f"and the total times as too short, and look at the roads with most vehicles."
    )
