"""The best lower bound of the total travel time of all plans under ``queue``, and what makes it that large."""

from __future__ import annotations

from dataclasses import dataclass

from ...control import Control
from .bounds import door_queues
from .doors import Journeys, all_doors
from .funnels import Funnel, funnel_time
from .network import SECOND, QueueRoads

FREE, DOORS, FUNNELS = "empty roads", "queues at the doors", "queues at doors and at what all must pass"


@dataclass(frozen=True)
class Certificate:
    """A proved bound.

    Attributes
    ----------
    lower_bound : float
        Vehicle-seconds, waiting at the origin included: no plan of these trips is below.
    name : str
        Of the bound.
    history : tuple of (str, float)
        The bounds found on the way, in vehicle-seconds, never falling.
    funnels : list of Funnel
        Where vehicles must wait, the longest delay first.
    """

    lower_bound: float
    name: str
    history: tuple[tuple[str, float], ...]
    funnels: list[Funnel]


def certify(roads: QueueRoads, journeys: Journeys, control: Control | None = None) -> Certificate:
    """Return a bound that holds for every plan of these trips: all choices of ways, all waits, any order at merges.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    doors = all_doors(roads, journeys, control.part(0.0, 0.5))
    queues = door_queues(roads, journeys, doors)
    time, funnels = funnel_time(roads, journeys, doors, control.part(0.5, 1.0))
    found = (
        (FREE, sum(queue.free for queue in queues) / SECOND),
        (DOORS, sum(queue.time for queue in queues) / SECOND),
        (FUNNELS, time / SECOND),
    )
    name, best = found[0]
    for other, value in found[1:]:
        if value > best:
            name, best = other, value
    return Certificate(best, name, found, funnels)
