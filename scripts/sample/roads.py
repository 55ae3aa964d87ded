"""Roads: OpenStreetMap ways put together again from AequilibraE's links, with every gap filled and named.

AequilibraE cuts each way at each junction. The pieces of a way are joined again (the plugin splits lines where they
share a vertex), which gives back what an analyst downloads from OpenStreetMap and a third of the features.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import shapely
from shapely.geometry import LineString

from .sources import spatialite_wkb

OSM, FILLED = "osm", "filled by class"


@dataclass(frozen=True)
class ClassDefault:
    """What a road of a class gets where OpenStreetMap is silent: km/h, and lanes per direction."""

    speed: int
    one_way_lanes: int
    two_way_lanes: int


# Mostly the medians by length of the roads of each class that are tagged in this very data. By judgement: two-way
# primary roads get the urban limit of 50 km/h (tagged: 60), as do unclassified roads (8 of them tagged) and one-way
# residential and unclassified roads get one lane (tagged: 2, but lanes are seldom tagged on narrow streets).
DEFAULTS = {
    "motorway": ClassDefault(100, 2, 2),
    "trunk": ClassDefault(80, 2, 1),
    "primary": ClassDefault(50, 2, 1),
    "secondary": ClassDefault(50, 2, 1),
    "tertiary": ClassDefault(50, 2, 1),
    "unclassified": ClassDefault(50, 1, 1),
    "residential": ClassDefault(30, 1, 1),
    "living_street": ClassDefault(20, 1, 1),
}


@dataclass(frozen=True)
class Road:
    """A road as the sample stores it; ``oneway``, ``maxspeed`` and ``lanes`` are OpenStreetMap's text values."""

    road_id: str
    name: str | None
    highway: str
    oneway: str
    maxspeed: str
    speed_source: str
    lanes: str
    lanes_source: str
    geometry: LineString
    links: tuple[tuple[int, int], ...]
    """Start and end junction of each link the road is made of."""


@dataclass(frozen=True)
class Link:
    """A row of AequilibraE's link table: a piece of a way between two junctions."""

    start: int
    end: int
    way: int
    tags: tuple
    geometry: LineString


def read_links(city: sqlite3.Connection) -> list[Link]:
    """Return the links a car may use, in the order of their ids; connectors of zones are not roads."""
    rows = city.execute(
        "SELECT a_node, b_node, osm_id, link_type, name, direction, speed_ab, lanes_ab, geometry FROM links "
        "WHERE link_type != 'centroid_connector' AND instr(modes, 'c') > 0 ORDER BY link_id"
    )
    return [Link(r[0], r[1], r[2], tuple(r[3:8]), shapely.from_wkb(spatialite_wkb(r[8]))) for r in rows]


def chains(links: list[Link]) -> list[list[Link]]:
    """Return the links of one way as chains, each link starting where the one before it ends."""
    waiting = {}
    for link in links:
        waiting.setdefault(link.start, []).append(link)
    ends = {link.end for link in links}
    # Chains begin where nothing of the way arrives; what is then left is closed and begins at its first link.
    firsts = [link for link in links if link.start not in ends] + links
    found = []
    for first in firsts:
        chain, at = [], first.start
        if first not in waiting.get(at, ()):
            continue
        while waiting.get(at):
            link = first if not chain else waiting[at][0]
            waiting[at].remove(link)
            chain.append(link)
            at = link.end
        found.append(chain)
    return found


def make_roads(city: sqlite3.Connection, digits: int = 7) -> list[Road]:
    """Return the roads in the order of their way ids, coordinates rounded to ``digits`` decimals of a degree."""
    ways: dict[int, list[Link]] = {}
    for link in read_links(city):
        ways.setdefault(link.way, []).append(link)
    roads = []
    for way in sorted(ways):
        for number, chain in enumerate(chains(ways[way]), start=1):
            road_id = str(way) if number == 1 else f"{way}-{number}"
            roads.append(_road(road_id, chain, digits))
    return roads


def _road(road_id: str, chain: list[Link], digits: int) -> Road:
    """Return a road made of the links of a chain; all links of a way carry the way's tags."""
    highway, name, direction, speed, lanes = chain[0].tags
    one_way = direction == 1
    default = DEFAULTS[highway]
    points: list[tuple[float, float]] = []
    for link in chain:
        coordinates = [(round(x, digits), round(y, digits)) for x, y in link.geometry.coords]
        points.extend(coordinates if not points else coordinates[1:])
    if lanes:
        # OpenStreetMap counts the lanes of both directions; AequilibraE stores half of them each way.
        total = lanes if one_way else 2 * lanes
    else:
        total = default.one_way_lanes if one_way else 2 * default.two_way_lanes
    return Road(
        road_id,
        name or None,
        highway,
        "yes" if one_way else "no",
        str(int(speed or default.speed)),
        OSM if speed else FILLED,
        str(int(total)),
        OSM if lanes else FILLED,
        LineString([p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]),
        tuple((link.start, link.end) for link in chain),
    )
