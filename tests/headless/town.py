"""A small town for runs of the ready models: seven by seven streets, water in the west, three schools in the east."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EAST, NORTH, BLOCK = 10.0, 50.0, 0.003  # degrees; a block is some 215 by 335 m


def ring(x0: float, y0: float, x1: float, y1: float) -> list[list[list[float]]]:
    return [[[EAST + x * BLOCK, NORTH + y * BLOCK] for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]]


def write(path: Path, features: list[tuple[dict[str, Any], str, Any]]) -> str:
    rows = [
        {"type": "Feature", "properties": fields, "geometry": {"type": kind, "coordinates": where}}
        for fields, kind, where in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), encoding="utf-8")
    return str(path)


def write_town(folder: Path) -> dict[str, str]:
    """Write the layers into ``folder`` and return their files; “flood” is the water, band by band with its minute."""
    n = 7
    streets = []
    for k in range(n):
        for number, line in enumerate(([(k, j) for j in range(n)], [(j, k) for j in range(n)])):
            where = [[EAST + x * BLOCK, NORTH + y * BLOCK] for x, y in line]
            name = f"{'Lane' if number == 0 else 'Street'} {k}"
            streets.append(({"name": name, "highway": "residential"}, "LineString", where))
    zones = [
        ({"zone_id": f"z{x}{y}", "children": 30 + x, "adults": 60 + y, "elderly": 9}, "Polygon",
         ring(x - 0.4, y - 0.4, x + 0.4, y + 0.4))
        for x in range(2) for y in range(n)
    ]  # fmt: skip
    schools = [
        ({"site_id": f"s{y}", "name": f"School {y}", "capacity": 900}, "Polygon", ring(5.2, y + 0.2, 5.8, y + 0.8))
        for y in (0, 3, 5)
    ]
    return {
        "streets": write(folder / "streets.geojson", streets),
        "zones": write(folder / "zones.geojson", zones),
        "schools": write(folder / "schools.geojson", schools),
        "flood": write(
            folder / "flood.geojson",
            [
                ({"hazard_arrival": minute}, "Polygon", ring(west, -2, east, 9))
                for west, east, minute in ((-2, 0.5, 14), (0.5, 1.5, 26))
            ],
        ),
        "water": write(folder / "water.geojson", [({"n": 1}, "Polygon", ring(-2, -2, 1.5, 9))]),
    }


PEOPLE = sum(30 + x + 60 + y + 9 for x in range(2) for y in range(7))
