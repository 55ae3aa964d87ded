"""Zones: the people of each, divided into the three classes of the plan."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import shapely
from shapely.geometry import MultiPolygon

from .sources import spatialite_wkb

# Census of Chile 2017 (INE), Coquimbo Region, 757,586 people: 164,331 aged 0 to 14, 503,712 aged 15 to 64, and so
# 89,543 aged 65 and over. The same shares are given to every zone: the zones themselves carry no ages.
CLASSES = ("children", "adults", "elderly")
CENSUS = (164_331, 503_712, 89_543)
CLASS_SOURCE = "shares of Coquimbo Region, census 2017"


@dataclass(frozen=True)
class Zone:
    """A zone with its whole people."""

    zone_id: int
    population: int
    classes: tuple[int, ...]
    geometry: MultiPolygon


def divide(people: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Divide whole people by weights, the rest by largest remainder (ties: the first), so that nobody is lost."""
    total = sum(weights)
    parts = [people * weight // total for weight in weights]
    remainders = [(-(people * weight % total), i) for i, weight in enumerate(weights)]
    for _, i in sorted(remainders)[: people - sum(parts)]:
        parts[i] += 1
    return tuple(parts)


def make_zones(city: sqlite3.Connection, digits: int = 6) -> list[Zone]:
    """Return the zones in the order of their ids; the source's fractions of a person are cut off."""
    zones = []
    for zone_id, population, blob in city.execute("SELECT zone_id, population, geometry FROM zones ORDER BY zone_id"):
        people = int(population or 0)
        # Neighbours share their vertices, which one rounding moves alike.
        geometry = shapely.transform(shapely.from_wkb(spatialite_wkb(blob)), lambda xy: xy.round(digits))
        zones.append(Zone(int(zone_id), people, divide(people, CENSUS), geometry))
    return zones
