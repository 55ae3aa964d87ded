"""A map extract of a metro allocation: positions and flows in the picture's own units, drawn by the template."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingContext

from ..layers.metro.case import MetroCase
from ..layers.transforming import transform_xy

WIDTH, MARGIN = 720.0, 60.0
LEAST_HEIGHT, MOST_HEIGHT = 260.0, 560.0
KM_PER_DEGREE = 111.32
ON_TIME, LATE = "#0072B2", "#D55E00"


@dataclass(frozen=True)
class Mark:
    """A rescue point or incident: its place, name, and whether it sends or receives anything."""

    x: float
    y: float
    name: str
    used: bool


@dataclass(frozen=True)
class Flow:
    """Deliveries along one way: an SVG points list, stroke width, colour, and the text of its tooltip."""

    points: str
    width: float
    colour: str
    text: str


@dataclass(frozen=True)
class MapExtract:
    """What the template draws; ``bar`` is the scale bar's length in the picture for ``bar_km``."""

    width: float
    height: float
    stations: list[Mark]
    incidents: list[Mark]
    flows: list[Flow]
    bar: float
    bar_km: float


def map_extract(
    case: MetroCase,
    units: np.ndarray,
    routes: Mapping[tuple[int, int], QgsGeometry],
    context: QgsProcessingContext,
) -> MapExtract:
    """Lay out rescue points, incidents and the ways used; ``routes`` are in the CRS of the rescue points."""
    problem, stations, incidents = case.problem, case.stations, case.incidents
    lonlat = QgsCoordinateReferenceSystem("EPSG:4326")
    transform = context.transformContext()
    points = transform_xy(stations.xy, stations.crs, lonlat, transform)
    places = transform_xy(incidents.xy, incidents.crs, lonlat, transform)
    ways = {
        pair: transform_xy(np.array([(v.x(), v.y()) for v in line.vertices()]), stations.crs, lonlat, transform)
        for pair, line in routes.items()
    }
    every = np.concatenate([points, places, *ways.values()])
    layout = _Layout(every)
    most = max(1, int(units.sum(axis=2).max(initial=0)))
    flows = []
    for (i, j), way in ways.items():
        total = int(units[i, j].sum())
        what = ", ".join(f"{int(n)} {name}" for n, name in zip(units[i, j], problem.resources) if n)
        late = problem.late[i, j]
        timing = f"{late:.1f} min late" if late > 0 else "on time"
        flows.append(
            Flow(
                " ".join(f"{x:.1f},{y:.1f}" for x, y in layout.picture(way)),
                1.5 + 7.0 * math.sqrt(total / most),
                LATE if late > 0 else ON_TIME,
                f"{problem.stations[i]} to {problem.incidents[j]}: {what} ({problem.minutes[i, j]:.1f} min, {timing})",
            )
        )
    sends, gets = units.any(axis=(1, 2)), problem.demand.any(axis=1)
    bar_km = _round_length(layout.km / 4.0)
    return MapExtract(
        WIDTH,
        layout.height,
        [Mark(*xy, name, bool(used)) for xy, name, used in zip(layout.picture(points), problem.stations, sends)],
        [Mark(*xy, name, bool(used)) for xy, name, used in zip(layout.picture(places), problem.incidents, gets)],
        flows,
        bar_km * layout.scale / KM_PER_DEGREE,
        bar_km,
    )


class _Layout:
    """Longitude and latitude to the picture: equal scales at the middle latitude, north up."""

    def __init__(self, lonlat: np.ndarray) -> None:
        low, high = lonlat.min(axis=0), lonlat.max(axis=0)
        self.middle = (low + high) / 2.0
        self.shrink = max(0.05, math.cos(math.radians(self.middle[1])))
        span = np.maximum((high - low) * [self.shrink, 1.0], 1e-4)
        self.scale = min((WIDTH - 2 * MARGIN) / span[0], (MOST_HEIGHT - 2 * MARGIN) / span[1])
        self.height = float(np.clip(span[1] * self.scale + 2 * MARGIN, LEAST_HEIGHT, MOST_HEIGHT))
        self.km = (WIDTH - 2 * MARGIN) / self.scale * KM_PER_DEGREE

    def picture(self, lonlat: np.ndarray) -> list[tuple[float, float]]:
        """Return positions (k, 2) as picture coordinates."""
        offset = (lonlat - self.middle) * [self.shrink * self.scale, -self.scale]
        return [(WIDTH / 2 + float(x), self.height / 2 + float(y)) for x, y in offset]


def _round_length(km: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above ``km``."""
    power = 10.0 ** math.floor(math.log10(km))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= km * (1 + 1e-9))
