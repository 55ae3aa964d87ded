#!/usr/bin/env python3
"""Make resources/metro/sample/nanjing.gpkg: the case of Lu and Sun (2020), reconstructed.

    .venv/bin/python scripts/make_metro_sample.py

The paper's stocks, costs and times are in a figure that its text does not hold. What is known is the answer: the
units that each rescue point sends, a penalty of 0 and a fitness of 6269. The numbers here were chosen so that this
answer is the unique optimum; every row says whether it is published or reconstructed. Ten candidate rescue points and
four scenarios are examples beside it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(ROOT / "scripts"))

from qgis.core import QgsDistanceArea, QgsPointXY
from sample.geopackage import Field, Layer, write_geopackage
from sample.metro_examples import candidate_layers, scenario_layers
from shapely import LineString, Point

TARGET = ROOT / "resources" / "metro" / "sample" / "nanjing.gpkg"

PUBLISHED = "published: Lu and Sun (2020)"
RECONSTRUCTED = "reconstructed: chosen so that the published answer is the unique optimum"
DETOUR, SPEED = 1.3, 40.0  # over the straight line; km/h, of the paper's section 5.1

INCIDENT = "Andemen"
DEMAND = {"gas mask": 368, "emergency searchlight": 86, "fume extractor": 12}
# Rescue point: its metro station, then stock and unit cost of each type in the order of DEMAND. S1 and S3 hold what
# they send, since a cheaper point with more would send more. S5 is cheap, but comes late.
RESCUE_POINTS = {
    "S1": ("Zhonghuamen", (100, 38.0), (25, 45.0), (3, 165.0)),
    "S2": ("Nanjing South", (150, 47.0), (40, 56.0), (6, 175.0)),
    "S3": ("Yuantong", (200, 40.0), (50, 48.0), (9, 168.0)),
    "S4": ("Xinjiekou", (120, 44.0), (30, 52.0), (5, 172.0)),
    "S5": ("Nanjing Railway Station", (220, 40.0), (60, 48.0), (10, 170.0)),
}

# Approximate positions (longitude, latitude, WGS 84) of the stations in their order on each line.
LINES = {
    "1": (
        ("Maigaoqiao", 118.804, 32.105), ("Hongshan Zoo", 118.797, 32.098),
        ("Nanjing Railway Station", 118.791, 32.091),
        ("Xinmofan Road", 118.779, 32.082), ("Xuanwumen", 118.779, 32.072), ("Gulou", 118.779, 32.061),
        ("Zhujiang Road", 118.779, 32.053), ("Xinjiekou", 118.779, 32.044), ("Zhangfuyuan", 118.779, 32.033),
        ("Sanshanjie", 118.776, 32.025), ("Zhonghuamen", 118.769, 32.009), ("Andemen", 118.757, 31.993),
        ("Tianlongsi", 118.758, 31.981), ("Software Avenue", 118.769, 31.979), ("Huashenmiao", 118.780, 31.980),
        ("Nanjing South", 118.792, 31.973),
    ),
    "2": (
        ("Youfangqiao", 118.716, 31.969), ("Yurun Street", 118.717, 31.986), ("Yuantong", 118.716, 31.998),
        ("Olympic East", 118.724, 32.007), ("Xinglong Street", 118.731, 32.017), ("Jiqingmen Street", 118.734, 32.031),
        ("Yunjin Road", 118.742, 32.037), ("Mochou Lake", 118.754, 32.039), ("Hanzhongmen", 118.762, 32.045),
        ("Shanghai Road", 118.771, 32.044), ("Xinjiekou", 118.779, 32.044), ("Daxinggong", 118.789, 32.044),
        ("Xi'anmen", 118.800, 32.042), ("Minggugong", 118.814, 32.041), ("Muxuyuan", 118.830, 32.042),
    ),
    "3": (
        ("Nanjing South", 118.792, 31.973), ("Mingfa Square", 118.795, 31.979), ("Daming Road", 118.794, 31.988),
        ("Kazimen", 118.790, 31.997), ("Yuhuamen", 118.787, 32.006), ("Wudingmen", 118.789, 32.016),
        ("Confucius Temple", 118.785, 32.026), ("Changfu Street", 118.787, 32.036), ("Daxinggong", 118.789, 32.044),
        ("Fuqiao", 118.791, 32.051), ("Jimingsi", 118.793, 32.060), ("Nanjing Forestry University", 118.805, 32.079),
        ("Nanjing Railway Station", 118.791, 32.091),
    ),
    "10": (
        ("Andemen", 118.757, 31.993), ("Xiaohang", 118.739, 31.985), ("Zhongsheng", 118.728, 31.990),
        ("Yuantong", 118.716, 31.998), ("Olympic Center", 118.713, 32.011), ("Mengdu Street", 118.717, 32.018),
        ("Lüboyuan", 118.711, 32.026), ("Jiangxinzhou", 118.698, 32.034),
    ),
}  # fmt: skip

ORIGIN = Field("origin", "text", "whether the paper publishes the row or it is reconstructed")


def positions() -> dict[str, tuple[float, float]]:
    """Return longitude and latitude of every metro station."""
    return {name: (x, y) for stations in LINES.values() for name, x, y in stations}


def kilometres(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the straight-line distance on the WGS 84 ellipsoid."""
    measure = QgsDistanceArea()
    measure.setEllipsoid("EPSG:7030")
    return measure.measureLine(QgsPointXY(*start), QgsPointXY(*end)) / 1000.0


def case_layers() -> list[Layer]:
    """Return the layers of the emergency: rescue points, supply, incident, demand, travel."""
    at = positions()
    types = list(DEMAND)
    station, incident = Field("station_id", "text", "rescue point"), Field("incident_id", "text", "incident")
    resource = Field("resource", "text", "resource type")
    points, supply, travel = [], [], []
    for name, (metro, *stocks) in RESCUE_POINTS.items():
        points.append((Point(at[metro]), (name, metro, RECONSTRUCTED)))
        supply += [(None, (name, kind, units, cost, RECONSTRUCTED)) for kind, (units, cost) in zip(types, stocks)]
        km = kilometres(at[metro], at[INCIDENT]) * DETOUR
        travel.append((None, (name, INCIDENT, round(km / SPEED * 60.0, 1), round(km, 2), RECONSTRUCTED)))
    return [
        Layer(
            "rescue_points",
            "Rescue points (reconstructed)",
            "point",
            (station, Field("name", "text", "metro station it is at"), ORIGIN),
            points,
        ),
        Layer(
            "supply",
            "Supply of the rescue points (reconstructed)",
            None,
            (
                station,
                resource,
                Field("inventory", "int", "units in stock"),
                Field("unit_cost", "real", "cost of one unit, deployment included"),
                ORIGIN,
            ),
            supply,
        ),
        Layer(
            "incidents",
            "Incident: fire at Andemen",
            "point",
            (incident, Field("event", "text", "what happened"), ORIGIN),
            [(Point(at[INCIDENT]), (INCIDENT, "fire caused by a failure of electrical equipment", PUBLISHED))],
        ),
        Layer(
            "demand",
            "Demand of the incident",
            None,
            (incident, resource, Field("quantity", "int", "units wanted"), ORIGIN),
            [(None, (INCIDENT, kind, units, PUBLISHED)) for kind, units in DEMAND.items()],
        ),
        Layer(
            "travel",
            "Travel to the incident (reconstructed)",
            None,
            (
                station,
                incident,
                Field("minutes", "real", f"travel time at {SPEED:g} km/h, minutes"),
                Field("km", "real", f"straight line times {DETOUR:g}, km"),
                ORIGIN,
            ),
            travel,
        ),
    ]


def metro_layers() -> list[Layer]:
    """Return the layers of the metro: stations by line, and the intervals between them."""
    lines_of: dict[str, list[str]] = {}
    for line, stations in LINES.items():
        for name, _, _ in stations:
            lines_of.setdefault(name, []).append(line)
    stops, intervals = [], []
    for line, stations in LINES.items():
        for order, (name, x, y) in enumerate(stations, start=1):
            transfer = "yes" if len(lines_of[name]) > 1 else "no"
            stops.append((Point(x, y), (name, line, order, transfer)))
        for (first, *start), (second, *end) in zip(stations, stations[1:]):
            km = round(kilometres(tuple(start), tuple(end)), 3)
            intervals.append((LineString([start, end]), (line, first, second, km)))
    number = Field("line", "text", "metro line")
    return [
        Layer(
            "metro_stations",
            "Metro stations, by line",
            "point",
            (
                Field("station", "text", "name"),
                number,
                Field("line_order", "int", "position on the line, from 1"),
                Field("transfer", "text", "whether other lines stop there"),
            ),
            stops,
        ),
        Layer(
            "metro_intervals",
            "Metro intervals",
            "line",
            (
                number,
                Field("from_station", "text", "one end"),
                Field("to_station", "text", "the other end"),
                Field("km", "real", "straight-line length, km"),
            ),
            intervals,
        ),
    ]


def make(target: Path = TARGET) -> None:
    """Make the sample at ``target``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    examples = [*candidate_layers(RESCUE_POINTS, list(DEMAND), positions()), *scenario_layers(positions())]
    write_geopackage(target, [*case_layers(), *metro_layers(), *examples])
    print(f"{target}: {target.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
