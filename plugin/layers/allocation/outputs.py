"""An allocation as rows of layers: who goes where, the shelters' load, who stays behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Optional

import numpy as np
from qgis.core import QgsGeometry, QgsPointXY, QgsProcessingContext, QgsWkbTypes

from ...solvers.allocation.problem import NO_SHELTER, Allocation
from ...solvers.allocation.tradeoff import Point
from ..fields import Column
from ..places import Places
from ..positions import transform_xy
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
    groups: Groups,
    shelters: Shelters,
    preference: np.ndarray,
    separation: Separation,
    context: QgsProcessingContext,
) -> Iterator[Row]:
    """Yield a line from zone to shelter, in the reference system of the zones, for each group and shelter it uses."""
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
                float(preference[i, j]),
                float(separation.kilometres[m, j]),
                minutes if minutes is not None and np.isfinite(minutes) else None,
            ],
        )


def shelter_rows(found: Allocation, shelters: Shelters) -> Iterator[Row]:
    """Yield each shelter with its load, those without anyone as well."""
    kind = geometry_type(shelters.places)
    for j, (identifier, load) in enumerate(zip(shelters.places.ids, found.load.tolist())):
        room = int(shelters.capacity[j])
        yield shaped(shelters.places.geometries[j], kind), [identifier, load, room, load / room if room else None]


def unallocated_rows(found: Allocation, groups: Groups) -> Iterator[Row]:
    """Yield each group, or part of one, that has no place, with the reason; zones without a geometry come last."""
    left = groups.sizes - found.allocated
    kind = geometry_type(groups.zones)
    for i, key in enumerate(groups.keys()):
        if left[i] > 0:
            yield shaped(groups.zones.geometries[int(groups.zone[i])], kind), [*key, int(left[i]), found.reasons[i]]
    for zone, name, people in groups.stranded:
        yield None, [zone, name, people, NO_SHELTER]


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
