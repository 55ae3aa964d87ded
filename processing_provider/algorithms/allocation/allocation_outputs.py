"""The layers of an allocation: who goes where, the load of the shelters, who has no place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsWkbTypes

from ....plugin.layers.writing import OutputLayer
from ...base import EvacuationAlgorithm
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.allocation.case import AllocationCase
    from ....plugin.solvers.allocation.problem import Allocation


def write_allocation(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    found: Allocation,
    case: AllocationCase,
    allocation: str = names.OUTPUT,
) -> dict[str, Any]:
    """Write the three layers; return the destination of each. ``allocation`` is the output with who goes where."""
    from ....plugin.layers.allocation import columns as own
    from ....plugin.layers.allocation import outputs as rows

    groups, shelters, carried = case.groups, case.shelters, case.carried
    lines = rows.allocation_rows(found, case, context)
    loads = rows.shelter_rows(found, case)
    left = rows.unallocated_rows(found, case)
    line = QgsWkbTypes.Type.LineString
    zones, sites = rows.geometry_type(groups.zones), rows.geometry_type(shelters.places)
    at_zones, at_sites = groups.zones.crs, shelters.places.crs
    trip, at_shelter = carried.zone + carried.shelter + carried.order, carried.shelter + carried.shelter_fields
    sent, stay = own.with_mode(own.ALLOCATION, groups), own.with_mode(own.UNALLOCATED, groups)
    out = {}
    for name, role, columns, values, kind, crs in (
        (allocation, names.OUTPUT, [*sent, *trip.fields], lines, line, at_zones),
        (names.OUTPUT_SHELTERS, names.OUTPUT_SHELTERS, [*own.SHELTERS, *at_shelter.fields], loads, sites, at_sites),
        (names.OUTPUT_UNALLOCATED, names.OUTPUT_UNALLOCATED, [*stay, *carried.zone.fields], left, zones, at_zones),
    ):  # fmt: skip
        style = f"allocatecrowd_{role.lower()}{rows.style_variant(role, kind)}"
        destination = algorithm.write(parameters, name, context, OutputLayer(columns, values, kind, crs, style))
        if destination is not None:
            out[name] = destination
    return out
