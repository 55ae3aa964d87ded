"""Junctions at which ways of the plan merge or cross, as points (OUTPUT_JUNCTIONS)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingContext

from ...solvers.roads.network import RoadNetwork
from ...solvers.routing.junctions import junctions
from ..fields import Column
from ..roads.route_geometry import points_in
from .mode_rows import node_modes
from .outputs import RoutedCase

JUNCTIONS = [
    Column("vehicles", "int", "vehicles that pass it"),
    Column("streams", "int", "streams (from one road into another) that merge with or cross another"),
    Column("blocked_minutes", "float", "minutes in which roads into it stood before a full road, all roads together"),
    Column("delay_s", "float", "time lost on the roads into it, vehicle-seconds"),
    Column("rank", "int", "1: most vehicles in streams that merge or cross"),
]


def junction_rows(
    found: RoutedCase, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    """Yield each junction at which streams merge or cross, the most used first."""
    network = found.case.read.network
    here = junctions(found.result, found.use, network.is_road, lambda arc, begin: bearing(network, arc, begin))
    places = [(float(x), float(y)) for x, y in network.node_xy[here.node]]
    modes = node_modes(found.case, here.node)
    for k, shape in enumerate(points_in(found.case.read, places, target, context)):
        yield (
            shape,
            [
                int(here.vehicles[k]),
                int(here.streams[k]),
                None if here.blocked is None else float(here.blocked[k]),
                float(here.delay[k]),
                k + 1,
                *found.case.told(modes[k]),
            ],
        )


def bearing(network: RoadNetwork, arc: int, begin: bool) -> float:
    """Return in which direction, radians, an arc lies as seen from its beginning or from its end."""
    xy = network.arc_xy(arc)
    if not begin:
        xy = xy[::-1]
    apart = np.flatnonzero((xy != xy[0]).any(axis=1))
    x, y = (xy[apart[0]] - xy[0]).tolist() if len(apart) else (1.0, 0.0)
    return float(np.arctan2(y, x))
