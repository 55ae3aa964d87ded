"""The illustrative tsunami strip: a band of constant width along the bay's side of the zones' outer boundary."""

from __future__ import annotations

import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from .projection import to_degrees, to_metres
from .zones import Zone

# The bay's shore runs from the tip of the Coquimbo peninsula to the northern edge of the zones (degrees).
TIP = (-71.3340, -29.9320)
NORTH = (-71.2830, -29.8330)
WIDTH = 800.0
LABEL = "Illustrative tsunami strip - not an official hazard map"
# A near-field tsunami: the strip by distance from the shore, m, and minutes after START_TIME until the water is there.
NEAR_FIELD = ((200.0, 15), (400.0, 18), (600.0, 21), (800.0, 25))
NEAR_LABEL = "Illustrative near-field tsunami: what NOT to flee from by car - not an official hazard map"


def shore(zones: list[Zone]) -> LineString:
    """Return the part of the zones' outer boundary that faces the bay, metres."""
    # A buffer of 5 m closes the slivers between neighbours.
    whole = shapely.union_all([to_metres(zone.geometry) for zone in zones], grid_size=0.01).buffer(5)
    largest = max(getattr(whole, "geoms", [whole]), key=lambda part: part.area)
    ring = LineString(largest.exterior.coords)
    first, last = sorted(ring.project(to_metres(Point(p))) for p in (TIP, NORTH))
    inner = substring(ring, first, last)
    outer = shapely.line_merge(
        shapely.union_all([substring(ring, last, ring.length), substring(ring, 0, first)], grid_size=0.01)
    )
    # Both ways round the city end at the two points; the bay's is the one that stays near the middle of the bay.
    middle = to_metres(Point(-71.295, -29.925))
    return min((inner, outer), key=lambda line: _mean_distance(line, middle))


def _mean_distance(line: LineString, point: Point) -> float:
    """Return the mean distance from a line to a point, over 200 places along the line."""
    return sum(line.interpolate(i / 200, normalized=True).distance(point) for i in range(201)) / 201


def make_hazard(zones: list[Zone], width: float = WIDTH, digits: int = 6) -> BaseGeometry:
    """Return the strip of ``width`` metres along the shore, cut to the zones, in degrees."""
    land = shapely.union_all([to_metres(zone.geometry) for zone in zones], grid_size=0.01).buffer(5).buffer(-5)
    strip = shore(zones).buffer(width).intersection(land).buffer(-20).buffer(20).intersection(land)
    largest = max(getattr(strip, "geoms", [strip]), key=lambda part: part.area)
    simple = to_degrees(Polygon(largest.exterior).simplify(2.0))
    return shapely.transform(simple, lambda xy: xy.round(digits)).buffer(0)


def make_near_field(zones: list[Zone], strip: BaseGeometry, digits: int = 6) -> list[tuple[float, int, BaseGeometry]]:
    """Return the strip in bands along the shore: up to which distance (m), arrival (min) and area (degrees) of each."""
    line, bands, before = shore(zones), [], Polygon()
    for distance, arrival in NEAR_FIELD:
        near = strip if distance >= WIDTH else shapely.intersection(strip, to_degrees(line.buffer(distance)))
        band = shapely.difference(near, before, grid_size=10.0**-digits)
        bands.append((distance, arrival, polygons(band)))
        before = shapely.union(before, band, grid_size=10.0**-digits)
    return bands


def polygons(shape: BaseGeometry, least: float = 0.0) -> MultiPolygon:
    """Return the polygons of a shape in degrees that have at least ``least`` m²."""
    parts = [part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"]
    return MultiPolygon([part for part in parts if to_metres(part).area >= least])


def people_inside(zones: list[Zone], hazard: BaseGeometry) -> float:
    """Return the people inside the hazard by share of area."""
    area = to_metres(hazard)
    shapes = [to_metres(zone.geometry) for zone in zones]
    return sum(z.population * shape.intersection(area).area / shape.area for z, shape in zip(zones, shapes))
