"""The illustrative flood down the Elqui: bands by the minute at which the water reaches them, the zones that it meets
and the bridges that close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon
from shapely.geometry.base import BaseGeometry

from .hazard import people_inside, polygons
from .projection import to_degrees, to_metres
from .zones import Zone

LABEL = "Illustrative flood front - not an official hazard map"
# Along the river: from above the village in the valley by the middles of the three bridges to the mouth (degrees).
AXIS = (
    (-71.2050, -29.9010), (-71.2160, -29.8980), (-71.2250, -29.8960), (-71.2356, -29.8958), (-71.2461, -29.8974),
    (-71.2538, -29.8955), (-71.2630, -29.8945), (-71.2780, -29.8930),
)  # fmt: skip
# Share of the axis, metres that the water reaches at last to the right (north) and to the left of it.
WIDTHS = ((0.0, 200, 600), (0.3, 250, 950), (0.45, 400, 950), (0.6, 700, 1100), (0.8, 900, 1200), (1.0, 1000, 1000))
BEGIN, STEP, LAST = 30, 15, 240  # minutes after START_TIME: first band, from band to band, last band
TO_MOUTH = 120.0  # minutes that the front takes from the first station to the mouth
SPREAD = 105.0  # minutes from the front's arrival at a station until the water has its whole width there
GROWTH = 1.1  # the width grows with this power of the time
STATION = 40.0  # metres
LEAST = 2_000.0  # m²

NOTICE = 75  # minutes before the water that a zone is ordered to leave, where that is not at once
ROUND = 15

# road id, name, closed from and to (minutes after START_TIME; empty: for good), why
BRIDGES = (
    ("35821839", "Puente Vicente Zorilla", 75, None, "closed when the front comes"),
    ("142381047", "Puente El Libertador", 45, 75, "inspected for half an hour, then open again"),
    ("142381047", "Puente El Libertador", 90, None, "closed when the front comes"),
    ("301944408", "Puente Fiscal", 105, None, "closed when the front comes"),
)


@dataclass(frozen=True)
class Band:
    """What the water reaches first in the quarter of an hour from ``arrival`` on, minutes; in degrees."""

    arrival: int
    geometry: MultiPolygon


def make_flood(zones: Sequence[Zone], digits: int = 6) -> list[Band]:
    """Return the bands in the order of their arrival, cut to the zones; they share their borders.

    Parts of less than ``LEAST`` m² come with the band after, of which they are the edge.
    """
    land = shapely.union_all([to_metres(zone.geometry) for zone in zones], grid_size=0.01).buffer(5).buffer(-5)
    bands, before = [], MultiPolygon()
    for arrival in range(BEGIN, LAST + 1, STEP):
        area = to_degrees(extent(arrival + STEP).intersection(land).simplify(3.0))
        band = polygons(shapely.difference(area, before, grid_size=10.0**-digits), LEAST)
        bands.append(Band(arrival, band))
        before = shapely.union(before, band, grid_size=10.0**-digits)
    return bands


def extent(minute: float) -> BaseGeometry:
    """Return the area under water at ``minute``, metres: discs along the axis, which grow once the front is there."""
    axis = _smooth(np.array(to_metres(LineString(AXIS)).coords))
    stations = np.arange(0.0, axis.length, STATION)
    front = BEGIN + TO_MOUTH * stations / axis.length
    grown = np.clip((minute - front) / SPREAD, 0.0, 1.0) ** GROWTH
    share, right, left = np.array(WIDTHS).T
    to_right = np.interp(stations / axis.length, share, right)
    to_left = np.interp(stations / axis.length, share, left)
    points = np.array([axis.interpolate(s).coords[0] for s in stations])
    along = np.gradient(points, axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]  # to the left
    centre = points + normal * (grown * (to_left - to_right) / 2)[:, None]
    radius = grown * (to_left + to_right) / 2
    wet = radius > 0
    return shapely.union_all(shapely.buffer(shapely.points(centre[wet]), radius[wet]), grid_size=0.01)


def _smooth(points: np.ndarray, times: int = 3) -> LineString:
    """Return the line with its corners cut ``times`` times at a quarter of each side (Chaikin)."""
    for _ in range(times):
        first, second = points[:-1], points[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], axis=1).reshape(-1, 2)
        points = np.vstack([points[:1], cut[1:-1], points[-1:]])
    return LineString(points)


def order_times(zones: Sequence[Zone], bands: Sequence[Band]) -> list[tuple[Zone, int, int | None]]:
    """Return each zone with somebody in the water, the first arrival in it, and the minute of its order.

    The order comes ``NOTICE`` minutes before the water, on a full quarter; None (at once) where that has passed.
    """
    found = []
    for zone in zones:
        met = [band.arrival for band in bands if people_inside([zone], band.geometry) >= 1.0]
        if met:
            order = (met[0] - NOTICE) // ROUND * ROUND
            found.append((zone, met[0], order if order > 0 else None))
    return found
