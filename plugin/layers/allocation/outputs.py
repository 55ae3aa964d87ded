"""An allocation as rows of layers: who goes where, the shelters' load, who stays behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from qgis.core import QgsGeometry, QgsPointXY, QgsProcessingContext, QgsWkbTypes

from ...solvers.allocation.problem import NO_SHELTER, Allocation
from ...solvers.allocation.tradeoff import Point
from ..carrying import Carried
from ..fields import Column
from ..places import Places
from ..transforming import transform_xy
from ..values import id_text
from .case import AllocationCase
from .groups import Groups, Shelters
from .separation import Separation

Row = tuple[Optional[QgsGeometry], list[Any]]

ALLOCATION = [
    Column("zone_id", "text", "zone the people leave"),
    Column("class", "text", "class of people: the group field's name"),
    Column("shelter_id", "text", "shelter they go to"),
    Column("people", "int", "people"),
    Column("preference", "float", "preference of the group for the shelter, 0 to 1"),
    Column("distance_km", "float", "distance, km"),
    Column("minutes", "float", "least travel time without congestion, minutes; empty where not known"),
]
SHELTERS = [
    Column("shelter_id", "text", "shelter"),
    Column("load", "int", "people sent there"),
    Column("capacity", "int", "room, people"),
    Column("utilisation", "float", "load / capacity, 0 to 1"),
]
UNALLOCATED = [
    Column("zone_id", "text", "zone"),
    Column("class", "text", "class of people: the group field's name"),
    Column("people", "int", "people without a place"),
    Column("reason", "text", "why"),
]
UNJOINED = "not joined to the road network"
TRADEOFF = [
    Column("weight_preference", "float", "weight of dissatisfaction; both weights add up to 1"),
    Column("weight_distance", "float", "weight of the scaled distance"),
    Column("z1", "float", "dissatisfaction before its weight"),
    Column("z2", "float", "scaled distance before its weight"),
    Column("mean_preference", "float", "mean preference of the people, 0 to 1"),
    Column("mean_km", "float", "mean distance of the people, km"),
    Column("extra_km", "float", "mean distance above the nearest plan of this table, km"),
    Column("gap", "float", "gap to the proven bound, percent; empty where there is none"),
    Column("plan", "int", "1 for the weights of the plan itself"),
    Column("efficient", "int", "1 unless another row is better in one of z1 and z2 and as good in the other"),
]


@dataclass(frozen=True)
class CarriedOn:
    """What the outputs keep of zones and shelters: names, the zones' orders, and the shelters' other fields."""

    zone: Carried
    shelter: Carried
    order: Carried
    shelter_fields: Carried


def shelter_labels(shelters: Shelters, carried: CarriedOn) -> list[str]:
    """Return what readers call each shelter: its name and id, or the id alone."""
    names = [[id_text(value) for value in carried.shelter.of(row)] for row in shelters.places.attributes]
    return [f"{name[0]} ({key})" if name and name[0] else key for name, key in zip(names, shelters.places.ids)]


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
    carried: CarriedOn,
    context: QgsProcessingContext,
) -> Iterator[Row]:
    """Yield a line from zone to shelter, in the reference system of the zones, for each group and shelter it uses."""
    groups, shelters, separation = case.groups, case.shelters, case.separation
    ends = transform_xy(shelters.places.xy, shelters.places.crs, groups.zones.crs, context.transformContext())
    keys = groups.keys()
    for i, j in zip(*(index.tolist() for index in np.nonzero(found.people))):
        m = int(groups.zone[i])
        line = QgsGeometry.fromPolylineXY([QgsPointXY(*groups.zones.xy[m].tolist()), QgsPointXY(*ends[j].tolist())])
        minutes = None if separation.minutes is None else float(separation.minutes[m, j])
        yield (
            line,
            [
                *keys[i],
                shelters.places.ids[j],
                int(found.people[i, j]),
                float(case.preference[i, j]),
                float(separation.kilometres[m, j]),
                minutes if minutes is not None and np.isfinite(minutes) else None,
                *carried.zone.of(groups.zones.attributes[m]),
                *carried.shelter.of(shelters.places.attributes[j]),
                *carried.order.of(groups.zones.attributes[m]),
            ],
        )


def shelter_rows(found: Allocation, shelters: Shelters, carried: CarriedOn) -> Iterator[Row]:
    """Yield each shelter with its load, those without anyone as well."""
    kind = geometry_type(shelters.places)
    for j, (identifier, load) in enumerate(zip(shelters.places.ids, found.load.tolist())):
        room = int(shelters.capacity[j])
        ours = [identifier, load, room, load / room if room else None]
        every = carried.shelter + carried.shelter_fields
        yield shaped(shelters.places.geometries[j], kind), [*ours, *every.of(shelters.places.attributes[j])]


def unallocated_rows(found: Allocation, groups: Groups, separation: Separation, carried: CarriedOn) -> Iterator[Row]:
    """Yield each group, or part of one, that has no place, with the reason; zones without a geometry come last."""
    left = groups.sizes - found.allocated
    kind = geometry_type(groups.zones)
    for i, key in enumerate(groups.keys()):
        if left[i] > 0:
            m = int(groups.zone[i])
            name = carried.zone.of(groups.zones.attributes[m])
            off_road = separation.unjoined.get(m) if found.reasons[i] == NO_SHELTER else None
            reason = f"{UNJOINED}: {off_road}" if off_road else found.reasons[i]
            yield shaped(groups.zones.geometries[m], kind), [*key, int(left[i]), reason, *name]
    unplaced = {zone: (why, row) for (zone, why), row in zip(groups.zones.rejected, groups.zones.rejected_attributes)}
    for zone, group, people in groups.stranded:
        why, row = unplaced[zone]
        yield None, [zone, group, people, why, *carried.zone.of(row)]


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
