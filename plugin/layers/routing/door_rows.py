"""The doors of destinations as points: what each can pass, and who comes in by it (OUTPUT_DOORS)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingContext

from ...solvers.routing.door_use import DoorUse, door_use
from ...solvers.routing.result import RoutingResult
from ..fields import Column
from ..roads.route_geometry import points_in
from .case import RoutingCase
from .mode_rows import node_modes

DOORS = [
    Column("site_id", "text", "destination"),
    Column("door", "int", "its door, from 1"),
    Column("guessed", "int", "1: guessed, not surveyed; 0: an entrance that was given"),
    Column("capacity", "float", "vehicles/h that it is taken to pass"),
    Column("vehicles", "int", "vehicles that come in by it"),
    Column("people", "int", "people in them"),
    Column("peak_flow", "int", "vehicles/h: most arrivals in any 900 s, times 4"),
    Column("longest_queue", "int", "most vehicles at once that queue on their last road; flow model queue only"),
    Column("first_arrival", "datetime", "first arrival; empty where nobody comes in"),
    Column("last_arrival", "datetime", "last arrival; empty where nobody comes in"),
]


def use_of_doors(case: RoutingCase, result: RoutingResult) -> DoorUse:
    """Return who comes in by each of the doors of the case."""
    return door_use(result, case.door_of_routes(result), len(case.doors))


def door_rows(
    case: RoutingCase, result: RoutingResult, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    """Yield each door."""
    doors, use = case.doors, use_of_doors(case, result)
    places = [(float(x), float(y)) for x, y in case.read.network.node_xy[doors.node]]
    modes = node_modes(case, doors.node)
    for k, shape in enumerate(points_in(case.read, places, target, context)):
        moments = [
            None if np.isnan(second) else case.start.value(second)
            for second in (float(use.first[k]), float(use.last[k]))
        ]
        yield (
            shape,
            [
                doors.ids[int(doors.site[k])],
                int(doors.number[k]),
                int(doors.guessed[k]),
                float(doors.capacity[k]),
                int(use.vehicles[k]),
                int(round(use.people[k])),
                int(use.peak_flow[k]),
                None if use.longest_queue is None else int(use.longest_queue[k]),
                *moments,
                *case.told(modes[k]),
            ],
        )
