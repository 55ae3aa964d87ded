"""An allocation as rows of layers: who goes where, the shelters' load, who stays behind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Optional

import numpy as np
from qgis.core import QgsGeometry, QgsPointXY, QgsProcessingContext, QgsWkbTypes

from ...solvers.allocation.problem import NO_SHELTER, Allocation
from ...solvers.allocation.tradeoff import Point
from ...solvers.modes import CAR, FOOT
from ..places import Places
from ..transforming import transform_xy
from .case import AllocationCase
from .groups import Groups

Row = tuple[Optional[QgsGeometry], list[Any]]

UNJOINED = "not joined to the road network"


def tradeoff_rows(points: Sequence[Point]) -> Iterator[Row]:
    """Yield the points of the trade-off curve as rows of a table."""
    nearest = min((point.kilometres for point in points), default=0.0)
    for point in points:
        yield (
            None,
            [
                point.weight_preference,
                point.weight_distance,
                point.z1,
                point.z2,
                point.preference,
                point.kilometres,
                point.kilometres - nearest,
                point.gap,
                int(point.plan),
                int(point.efficient),
            ],
        )


def allocation_rows(
    found: Allocation,
    case: AllocationCase,
    context: QgsProcessingContext,
) -> Iterator[Row]:
    """Yield a line from zone to shelter, in the reference system of the zones, for each group and shelter it uses."""
    groups, shelters, separation, carried = case.groups, case.shelters, case.separation, case.carried
    ends = transform_xy(shelters.places.xy, shelters.places.crs, groups.zones.crs, context.transformContext())
    keys, rows = keys_of(groups), groups.row.tolist()
    for i, j in zip(*(index.tolist() for index in np.nonzero(found.people))):
        m = int(groups.zone[i])
        line = QgsGeometry.fromPolylineXY([QgsPointXY(*groups.zones.xy[m].tolist()), QgsPointXY(*ends[j].tolist())])
        yield (
            line,
            [
                *keys[i],
                shelters.places.ids[j],
                int(found.people[i, j]),
                float(case.preference[i, j]),
                float(separation.kilometres[rows[i], j]),
                *(
                    _known(values, rows[i], j)
                    for values in (separation.minutes, separation.access, separation.access_minutes)
                ),
                *carried.zone.of(groups.zones.attributes[m]),
                *carried.shelter.of(shelters.places.attributes[j]),
                *carried.order.of(groups.zones.attributes[m]),
            ],
        )


def keys_of(groups: Groups) -> list[tuple[str, ...]]:
    """Return (zone id, class) of each group, and its mode of travel where groups are told apart by it."""
    if not groups.by_mode:
        return [*groups.keys()]
    return [(*key, FOOT if walks else CAR) for key, walks in zip(groups.keys(), groups.on_foot.tolist())]


def _known(values: np.ndarray | None, m: int, j: int) -> float | None:
    value = math.inf if values is None else float(values[m, j])
    return value if math.isfinite(value) else None


def shelter_rows(found: Allocation, case: AllocationCase) -> Iterator[Row]:
    """Yield each shelter with its load, those without anyone as well."""
    shelters, carried = case.shelters, case.carried
    kind = geometry_type(shelters.places)
    doors, let_in = case.separation.doors, case.separation.let_in
    for j, (identifier, load) in enumerate(zip(shelters.places.ids, found.load.tolist())):
        room = whole(shelters.capacity, j)
        ours = [identifier, load, room, load / room if room else None]
        ours += [whole(counted, j) for counted in (doors, let_in)]
        every = carried.shelter + carried.shelter_fields
        yield shaped(shelters.places.geometries[j], kind), [*ours, *every.of(shelters.places.attributes[j])]


def whole(values: np.ndarray | None, j: int) -> int | None:
    """Return a number of people or doors; None where it is not known or without limit."""
    return None if values is None or not np.isfinite(values[j]) else int(values[j])


def unallocated_rows(found: Allocation, case: AllocationCase) -> Iterator[Row]:
    """Yield each group, or part of one, that has no place, with the reason; zones without a geometry come last."""
    groups, separation, carried = case.groups, case.separation, case.carried
    left = groups.sizes - found.allocated
    kind = geometry_type(groups.zones)
    for i, key in enumerate(keys_of(groups)):
        if left[i] > 0:
            m, row = int(groups.zone[i]), int(groups.row[i])
            name = carried.zone.of(groups.zones.attributes[m])
            reason = found.reasons[i]
            if reason == NO_SHELTER and row in separation.unjoined:
                reason = f"{UNJOINED}: {separation.unjoined[row]}"
            elif reason == NO_SHELTER and row in separation.cut:
                reason = f"{NO_SHELTER}: {separation.cut[row]}"
            yield shaped(groups.zones.geometries[m], kind), [*key, int(left[i]), reason, *name]
    unplaced = dict(zip((zone for zone, _ in groups.zones.rejected), groups.zones.rejected_attributes))
    why = dict(groups.zones.rejected)
    for each in groups.stranded:
        mode = [FOOT if each.on_foot else CAR] if groups.by_mode else []
        yield None, [each.zone, each.kind, *mode, each.people, why[each.zone], *carried.zone.of(unplaced[each.zone])]


def geometry_type(places: Places) -> QgsWkbTypes.Type:
    """Return the one geometry type that :func:`shaped` gives to all of the places."""
    shapes = places.geometries
    flat = {QgsWkbTypes.flatType(shape.wkbType()) for shape in shapes}
    points = {QgsWkbTypes.Type.Point, QgsWkbTypes.Type.MultiPoint}
    kind = QgsWkbTypes.Type.Point if not flat or flat & points else QgsWkbTypes.Type.Polygon
    return kind if flat <= {kind} else QgsWkbTypes.multiType(kind)


def shaped(shape: QgsGeometry, kind: QgsWkbTypes.Type) -> QgsGeometry:
    """Return a place's shape in the geometry type of an output, without Z and M."""
    out = QgsGeometry(shape)
    if QgsWkbTypes.flatType(out.wkbType()) == QgsWkbTypes.Type.GeometryCollection:  # a mended polygon
        out.convertGeometryCollectionToSubclass(QgsWkbTypes.geometryType(kind))
    parts = out.coerceToType(kind)
    return parts[0] if parts else out


def style_variant(name: str, kind: QgsWkbTypes.Type) -> str:
    """Return the ending of a style's name: shelters are drawn as points and zones as areas unless they are not."""
    polygon = QgsWkbTypes.geometryType(kind) == QgsWkbTypes.GeometryType.PolygonGeometry
    point = QgsWkbTypes.geometryType(kind) == QgsWkbTypes.GeometryType.PointGeometry
    if name == "OUTPUT_SHELTERS" and polygon:
        return "_polygon"
    return "_point" if name == "OUTPUT_UNALLOCATED" and point else ""
