"""What is on each road from one interval of time to the next, drawn in the direction of travel (OUTPUT_FLOWS)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingContext

from ...solvers.control import Control
from ...solvers.roads.stretches import BACKWARD, FORWARD
from ...solvers.routing.flows import road_flows
from ..fields import Column
from ..roads.route_geometry import arcs_geometries
from .mode_rows import arc_modes
from .outputs import RoutedCase

FLOWS = [
    Column("road_id", "text", "road"),
    Column("direction", "text", "forward: as the road is drawn; backward: against it"),
    Column("begin", "datetime", "begin of the interval"),
    Column("end", "datetime", "its end, which does not belong to it"),
    Column("entered", "int", "vehicles that enter in it"),
    Column("queue", "float", "mean number of vehicles that queue; flow model queue only"),
    Column("delay_s", "float", "vehicle-seconds above free flow that pass in it"),
    Column("blocked_minutes", "float", "minutes in which the first stood before a full road; flow model queue only"),
]


def flow_rows(
    found: RoutedCase,
    minutes: float,
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
    control: Control,
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    """Yield each used arc and interval of ``minutes`` with anything on it."""
    case, network = found.case, found.case.read.network
    flows = road_flows(found.result, 60.0 * minutes, network.is_road, control)
    shapes = arcs_geometries(case.read, ([arc] for arc in flows.arc.tolist()), target, context)
    modes = arc_modes(case, found.result, flows.arc)
    for k, (arc, shape) in enumerate(zip(flows.arc.tolist(), shapes)):
        yield (
            shape,
            [
                network.arc_road(arc),
                FORWARD if network.forward[arc] else BACKWARD,
                case.start.value(float(flows.begin[k])),
                case.start.value(float(flows.end[k])),
                int(flows.entered[k]),
                None if flows.queue is None else float(flows.queue[k]),
                float(flows.delay[k]),
                None if flows.blocked is None else float(flows.blocked[k]),
                *case.told(modes[k]),
            ],
        )
