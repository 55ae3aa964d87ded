"""Vehicles counted by the hour at sensors on roads of each class, all of it made up: a working day's two peaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import shapely
from shapely.geometry import Point

from .projection import to_degrees, to_metres
from .roads import Road

SEED = 19220411
# Three weeks until the midnight before the stories begin.
FIRST = datetime(2025, 2, 19)
DAYS = 21
# By class: sensors, and vehicles an hour and lane at the peak of a working day.
CLASSES = {
    "motorway": (2, 900), "trunk": (2, 800), "primary": (4, 600), "secondary": (3, 400), "tertiary": (3, 250),
    "residential": (2, 60),
}  # fmt: skip
# Percent of the peak by hour: a working day, Saturday, Sunday.
WORKING = (10, 6, 4, 4, 8, 22, 55, 95, 100, 80, 70, 70, 75, 78, 74, 78, 86, 97, 100, 82, 58, 42, 30, 18)
SATURDAY = (20, 14, 10, 8, 8, 12, 25, 40, 55, 68, 78, 85, 88, 85, 78, 74, 74, 76, 74, 66, 56, 46, 38, 28)
SUNDAY = (22, 16, 11, 8, 7, 9, 15, 24, 36, 50, 62, 70, 74, 70, 62, 60, 64, 70, 72, 62, 48, 34, 22, 12)
LEVELS = (0.75, 1.25)  # of a sensor against its class, least and largest
DAILY = 0.05  # standard deviation of a day against another
SHORTEST = 40.0  # m of the straight stretch on which a sensor stands, away from junctions
BESIDE = 3.0  # m to the right of the line
NOTE = "Illustrative: made up by road class and hour of the week; nobody counted here."


@dataclass(frozen=True)
class Sensor:
    """A place at which all vehicles of a road are counted, both directions together."""

    sensor_id: str
    road_id: str
    name: str
    highway: str
    values: np.ndarray
    """(hours,) int64, vehicles an hour."""
    geometry: Point


def make_sensors(roads: list[Road]) -> list[Sensor]:
    """Return the sensors with their counts, numbered from north to south."""
    rng = np.random.default_rng(SEED)
    chosen: list[tuple[Road, np.ndarray]] = []
    for highway, (count, _) in CLASSES.items():
        own = [road for road in roads if road.highway == highway]
        chosen += [(own[k], spot) for k, spot in _spread_out(own, count)]
    chosen.sort(key=lambda one: (-one[1][1], one[1][0]))
    return [_sensor(f"V{number:02d}", road, spot, rng) for number, (road, spot) in enumerate(chosen, start=1)]


def _spread_out(roads: list[Road], count: int) -> list[tuple[int, np.ndarray]]:
    """Return ``count`` roads and a spot beside each, so that all roads have one as near as can be, weighed by length.

    One after the other is taken, each where it helps most.
    """
    lines = [to_metres(road.geometry) for road in roads]
    spots = [_spot(shapely.get_coordinates(line)) for line in lines]
    able = np.array([spot is not None for spot in spots])
    middle = np.array([line.interpolate(0.5, normalized=True).coords[0] for line in lines])
    metres = shapely.length(lines)
    nearest = np.full(len(lines), 1e5)
    found = []
    for _ in range(count):
        gain = np.full(len(lines), -1.0)
        for k in np.flatnonzero(able).tolist():
            gain[k] = (metres * np.maximum(nearest - np.hypot(*(middle - middle[k]).T), 0.0)).sum()
        best = int(gain.argmax())
        found.append((best, spots[best]))
        nearest = np.minimum(nearest, np.hypot(*(middle - middle[best]).T))
        able[best] = False
    return found


def _spot(xy: np.ndarray) -> np.ndarray | None:
    """Return the point beside the middle of a line's longest straight stretch; None where that is short."""
    steps = np.diff(xy, axis=0)
    metres = np.hypot(*steps.T)
    k = int(metres.argmax())
    if metres[k] < SHORTEST:
        return None
    right = np.array([steps[k, 1], -steps[k, 0]]) / metres[k]
    return xy[k] + steps[k] / 2 + BESIDE * right


def _sensor(identifier: str, road: Road, spot: np.ndarray, rng: np.random.Generator) -> Sensor:
    peak = CLASSES[road.highway][1] * int(road.lanes) * rng.uniform(*LEVELS)
    days = np.maximum(rng.normal(1.0, DAILY, DAYS), 0.5)
    shapes = [{5: SATURDAY, 6: SUNDAY}.get((FIRST + timedelta(days=day)).weekday(), WORKING) for day in range(DAYS)]
    expected = peak * np.array(shapes) / 100.0 * days[:, None]
    at = shapely.transform(to_degrees(Point(*spot)), lambda xy: xy.round(7))
    name = f"{road.highway.capitalize()} road" + (f": {road.name}" if road.name else "")
    return Sensor(identifier, road.road_id, name, road.highway, rng.poisson(expected).ravel(), at)


def hour_time(position: int) -> datetime:
    """Return the time of an hour counted from the first."""
    return FIRST + timedelta(hours=position)
