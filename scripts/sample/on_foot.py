"""What the near-field tsunami on foot needs besides roads and zones, all of it made up: tall buildings to climb, who
has no car, depots with buses, and people who ask to be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from .hazard import people_inside, shore
from .projection import to_degrees, to_metres
from .roads import Road
from .sites import farthest_points, junctions, plot_beside, settled
from .zones import Zone

SEED = 18491117  # the day of a tsunami at Coquimbo
# Distance from the shore (m) and how many tall buildings: where the way out is long, and some farther inland.
TOWER_BANDS = ((100.0, 450.0, 10), (450.0, 650.0, 4))
FOOTPRINT, STOREYS = (400, 1_000), (6, 14)  # m², and how many, least and largest
WET = 3  # storeys that the water may reach
SHARE = 0.25  # of a dry storey on which people can stand, one to a square metre: halls, stairs, landings
TOWER_NOTE = "Illustrative tall building, not an official vertical shelter; nobody has looked at how it stands."
CARLESS_NOTE = "Illustrative: the share of people without a car is drawn at random, higher where people live densely."
# Vehicles, seats, places for wheelchairs, minutes after START_TIME until the drivers are there.
DEPOTS = ((4, 40, 2, 10), (3, 40, 2, 15), (3, 16, 4, 5))
DEPOT_BAND = (1_500.0, 4_000.0)  # m from the strip
INSIDE, BEHIND, BELT = 10, 30, 1_200.0  # requests in the strip, behind it, and within how many metres of it
SET_BACK = 15.0  # m between a request and the junction
# kind, least and most people, of these in wheelchairs at most, known before
KINDS = (("care home", 12, 36, 0.3, True), ("clinic", 10, 30, 0.25, True), ("home", 1, 4, 0.5, False))
CHANCES = (0.2, 0.1, 0.7)  # of the kinds
EXPECTED = 0.25  # share of the homes that are on a list of who may need help
CALLS = (5, 90)  # minutes after START_TIME between which homes call
REQUEST_NOTE = "Illustrative: nobody lives here who asked for this."


@dataclass(frozen=True)
class Tower:
    """A tall building inside the strip, into which people climb."""

    tower_id: str
    name: str
    storeys: int
    capacity: int
    geometry: Polygon


@dataclass(frozen=True)
class Depot:
    """Where buses stand."""

    fleet_id: str
    name: str
    vehicles: int
    seats: int
    wheelchair_places: int
    available_time: int
    geometry: Point


@dataclass(frozen=True)
class Request:
    """People who can neither walk nor drive."""

    request_id: str
    kind: str
    people: int
    wheelchairs: int
    ready_time: int
    known_time: int | None
    probability: float | None
    geometry: Point


def make_towers(roads: list[Road], zones: list[Zone], strip: BaseGeometry) -> list[Tower]:
    """Return the tall buildings, from north to south, beside junctions of main roads as far apart as can be."""
    rng = np.random.default_rng(SEED)
    xy, streets = junctions(roads)
    area = to_metres(strip)
    points = shapely.points(xy)
    inland = shapely.distance(points, shore(zones))
    here = shapely.contains_xy(area, xy) & settled(xy, zones)
    chosen: list[int] = []
    for least, most, count in TOWER_BANDS:
        band = np.flatnonzero(here & (inland >= least) & (inland < most))
        taken = xy[chosen] if chosen else np.array([area.centroid.coords[0]])
        chosen += band[farthest_points(xy[band], count, taken)].tolist()
    chosen.sort(key=lambda i: (-xy[i, 1], xy[i, 0]))
    lines = shapely.STRtree([to_metres(road.geometry) for road in roads])
    towers = []
    for number, i in enumerate(chosen, start=1):
        footprint = int(rng.integers(FOOTPRINT[0], FOOTPRINT[1] + 1) // 10 * 10)
        storeys = int(rng.integers(STOREYS[0], STOREYS[1] + 1))
        plot = shapely.transform(to_degrees(plot_beside(xy[i], footprint, lines, area)), lambda corner: corner.round(7))
        capacity = int(footprint * (storeys - WET) * SHARE // 10 * 10)
        towers.append(Tower(f"T{number:02d}", f"Tall building by {streets[i]}", storeys, capacity, plot))
    return towers


def carless_shares(zones: Sequence[Zone], strip: BaseGeometry) -> list[tuple[Zone, float]]:
    """Return the zones with somebody in the strip, and the share of the people of each who have no car."""
    met = [zone for zone in zones if people_inside([zone], strip) >= 1.0]
    density = np.array([zone.population / to_metres(zone.geometry).area for zone in met])
    rank = density.argsort(kind="stable").argsort() / max(len(met) - 1, 1)
    drawn = np.random.default_rng(SEED).uniform(-0.08, 0.08, len(met))
    return list(zip(met, (0.35 + 0.25 * rank + drawn).round(2).tolist()))


def make_depots(roads: list[Road], strip: BaseGeometry) -> list[Depot]:
    """Return the depots, inland beside junctions of main roads, as far apart as can be."""
    xy, streets = junctions(roads)
    area = to_metres(strip)
    gap = shapely.distance(shapely.points(xy), area)
    band = np.flatnonzero((gap >= DEPOT_BAND[0]) & (gap < DEPOT_BAND[1]))
    chosen = band[farthest_points(xy[band], len(DEPOTS), np.array([area.centroid.coords[0]]))]
    return [
        Depot(f"D{number}", f"Depot by {streets[i]}", *numbers, _beside(xy[i], 0.0))
        for number, (i, numbers) in enumerate(zip(chosen.tolist(), DEPOTS), start=1)
    ]


def make_requests(roads: list[Road], zones: list[Zone], strip: BaseGeometry) -> list[Request]:
    """Return who asks to be fetched, in the strip and behind it, numbered from north to south.

    Care homes and clinics are known before, homes call; some homes are expected to, with a probability, and some of
    these never do.
    """
    rng = np.random.default_rng(SEED)
    xy, _ = junctions(roads)
    gap = shapely.distance(shapely.points(xy), to_metres(strip))
    lived_in = settled(xy, zones)
    chosen: list[int] = []
    for band, count in (((gap == 0) & lived_in, INSIDE), ((gap > 0) & (gap < BELT) & lived_in, BEHIND)):
        chosen += rng.choice(np.flatnonzero(band), count, replace=False).tolist()
    chosen.sort(key=lambda i: (-xy[i, 1], xy[i, 0]))
    return [_request(f"R{number:02d}", xy[i], rng) for number, i in enumerate(chosen, start=1)]


def _request(identifier: str, at: np.ndarray, rng: np.random.Generator) -> Request:
    kind, least, most, seated, listed = KINDS[int(rng.choice(len(KINDS), p=CHANCES))]
    people = int(rng.integers(least, most + 1))
    wheelchairs = int(rng.integers(0, int(np.ceil(people * seated)) + 1))
    ready = int(rng.integers(0, 11))
    known, probability = (0 if listed else int(rng.integers(*CALLS))), None
    if not listed and rng.random() < EXPECTED:
        probability = round(float(rng.uniform(0.2, 0.8)), 1)
        known = known if rng.random() < probability else None
    place = _beside(at, float(rng.uniform(0.0, 2.0 * np.pi)))
    return Request(identifier, kind, people, wheelchairs, ready, known, probability, place)


def _beside(at: np.ndarray, angle: float) -> Point:
    """Return the point :data:`SET_BACK` metres from a junction, degrees."""
    place = to_degrees(Point(at + SET_BACK * np.array([np.cos(angle), np.sin(angle)])))
    return Point(round(place.x, 6), round(place.y, 6))
