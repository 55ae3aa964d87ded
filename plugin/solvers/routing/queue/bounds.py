"""What no plan can undercut under ``queue``: total travel time by the queues at the doors, and clearance.

Sources: the bound is the Lagrangian one of Section 11 of the queue model's specification in closed form, with prices at
the last roads alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ..shared.exits import earliest_exits
from .doors import Doors, Journeys, all_doors
from .network import QueueRoads


class DoorQueue(NamedTuple):
    """The queue before the doors of one destination, at its least.

    Attributes
    ----------
    node : int
        The destination.
    roads : (e,) int64
        Its last roads.
    exits : (k,) int64
        Before when the first, second, ... of its vehicles cannot have left them, microseconds.
    time : int
        Vehicle-microseconds that its vehicles need at least.
    free : int
        The same on empty roads.
    """

    node: int
    roads: np.ndarray
    exits: np.ndarray
    time: int
    free: int


def least_headway(roads: QueueRoads) -> np.ndarray:
    """Return the least headway (m,) that each road ever has, microseconds."""
    least = roads.headway.copy()
    np.minimum.at(least, roads.change_arc, roads.change_headway)
    return least


def door_queues(
    roads: QueueRoads, journeys: Journeys, doors: list[Doors] | None = None, control: Control | None = None
) -> list[DoorQueue]:
    """Return the least queue before the doors of each destination.

    The sum of ``time`` bounds the total travel time of every plan from below: all vehicles that do not start at a door
    leave one of its last roads, no two of them closer together than its least headway.
    """
    doors = all_doors(roads, journeys, control) if doors is None else doors
    headway = least_headway(roads)
    queues = []
    for door in doors:
        ready = np.sort(door.first_ready)
        exits = earliest_exits(ready, headway[door.roads])
        departed = int(journeys.departure[door.trips].sum())
        queues.append(DoorQueue(door.node, door.roads, exits, int(exits.sum()) - departed, int(ready.sum()) - departed))
    return queues
