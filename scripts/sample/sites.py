"""Illustrative candidate shelters: plots beside junctions of the road network, most of them inland of the strip.

Nothing here is an official shelter. Places come from the road network, areas from a seeded draw.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from .projection import to_degrees, to_metres
from .roads import Road
from .zones import Zone

SEED = 20150916  # the day of the Illapel earthquake and tsunami
NOTE = "Illustrative candidate, not an official shelter; area drawn at random for its kind."
# kind, least and largest area (m2)
KINDS = (
    ("sports ground", 12_000, 30_000),
    ("school yard", 5_000, 11_000),
    ("park", 9_000, 24_000),
    ("car park", 5_000, 13_000),
    ("fairground", 15_000, 34_000),
)
# Distance from the strip (m) and how many sites: near behind it, farther inland, inside it (to be rejected).
BANDS = ((150.0, 1_300.0, 12), (1_300.0, 3_500.0, 9))
INSIDE = 3
SET_BACK = 12.0  # m between a junction and the plot beside it
ASPECTS = (1.0, 0.5, 2.0)  # of plots: the side that faces the junction over the other
BESIDE = 25.0  # m: a street this near a plot may have an entrance
APART = 60.0  # m between the entrances of a site
NO_ENTRANCE = ("motorway", "trunk")
ENTRANCE_NOTE = "Illustrative: where the plot lies beside a street, not a surveyed gate."
MAIN_CLASSES = ("primary", "secondary", "tertiary")


@dataclass(frozen=True)
class Site:
    """A candidate shelter."""

    site_id: str
    name: str
    kind: str
    area_m2: int
    rule: str | None
    note: str
    geometry: Polygon


@dataclass(frozen=True)
class Entrance:
    """A place at which vehicles enter a site."""

    site_id: str
    name: str
    note: str
    geometry: Point


def junctions(roads: list[Road]) -> tuple[np.ndarray, list[str]]:
    """Return the main network's junctions on main roads in metres, (k, 2), and a street name of each."""
    numbers: dict[int, int] = {}
    xy: dict[int, tuple[float, float]] = {}
    tails, heads, degree, street = [], [], Counter(), {}
    for road in roads:
        ends = [road.links[0][0], *(end for _, end in road.links)]
        for start, end in road.links:
            pair = [numbers.setdefault(node, len(numbers)) for node in (start, end)]
            tails += pair if road.oneway == "no" else pair[:1]
            heads += pair[::-1] if road.oneway == "no" else pair[1:]
            degree.update(pair)
        xy[numbers[ends[0]]], xy[numbers[ends[-1]]] = road.geometry.coords[0], road.geometry.coords[-1]
        if road.highway in MAIN_CLASSES and road.name:
            for node in ends:
                street[numbers[node]] = min(road.name, street.get(numbers[node], road.name))
    count = len(numbers)
    graph = coo_matrix((np.ones(len(tails)), (tails, heads)), shape=(count, count))
    _, component = connected_components(graph, directed=True, connection="strong")
    main = np.bincount(component).argmax()
    # Only ends of ways are kept: their coordinates are at hand, and they are plenty.
    nodes = [n for n in range(count) if component[n] == main and degree[n] >= 3 and n in street and n in xy]
    points = to_metres(shapely.MultiPoint([xy[n] for n in nodes]))
    return np.array([point.coords[0] for point in points.geoms]), [street[n] for n in nodes]


def farthest_points(xy: np.ndarray, count: int, taken: np.ndarray) -> list[int]:
    """Return indices of ``count`` points, each the farthest from those taken before (ties: the first)."""
    nearest = np.full(len(xy), np.inf)
    for point in taken:
        nearest = np.minimum(nearest, np.hypot(*(xy - point).T))
    chosen: list[int] = []
    for _ in range(count):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.hypot(*(xy - xy[chosen[-1]]).T))
    return chosen


def plot_beside(point: np.ndarray, area: float, roads: shapely.STRtree, strip: BaseGeometry) -> Polygon:
    """Return the rectangle of ``area`` m2 beside a junction with least road inside; it never crosses the strip's edge.

    It faces the junction with one side, :data:`SET_BACK` metres away, in one of 32 directions, as one of
    :data:`ASPECTS`.
    """
    angles, aspect = (grid.ravel() for grid in np.meshgrid(np.arange(32) * np.pi / 16, ASPECTS))
    ahead = np.column_stack([np.cos(angles), np.sin(angles)])
    across = np.column_stack([-ahead[:, 1], ahead[:, 0]]) * np.sqrt(area * aspect)[:, None] / 2
    near, far = point + SET_BACK * ahead, point + (SET_BACK + np.sqrt(area / aspect)[:, None]) * ahead
    plots = shapely.polygons(np.stack([near - across, far - across, far + across, near + across], axis=1))
    plot, road = roads.query(plots, predicate="intersects")
    metres = shapely.length(shapely.intersection(plots[plot], roads.geometries[road]))
    inside = np.bincount(plot, weights=metres, minlength=len(plots)).round(1)
    inside[shapely.intersects(plots, strip.boundary)] = np.inf
    return plots[int(inside.argmin())]


def make_entrances(sites: list[Site], roads: list[Road]) -> list[Entrance]:
    """Return the entrances of the sites: where streets come nearest to a plot, two where they are far enough apart."""
    streets = [road for road in roads if road.highway not in NO_ENTRANCE]
    lines = np.array([to_metres(road.geometry) for road in streets])
    tree = shapely.STRtree(lines)
    found = []
    for site in sites:
        plot = to_metres(site.geometry)
        near = np.sort(tree.query(plot, predicate="dwithin", distance=BESIDE))
        gap = shapely.distance(lines[near], plot).round(3)
        near = near[np.argsort(gap, kind="stable")]
        ways = shapely.get_coordinates(shapely.shortest_line(plot.exterior, lines[near])).reshape(-1, 2, 2)[:, 0]
        chosen = [0]
        apart = np.hypot(*(ways - ways[0]).T).round(3)
        if apart.max() >= APART:
            chosen.append(int(apart.argmax()))
        for k in chosen:
            place = to_degrees(Point(ways[k]))
            name = streets[near[k]].name or "a street without a name"
            found.append(Entrance(site.site_id, name, ENTRANCE_NOTE, Point(round(place.x, 6), round(place.y, 6))))
    return found


def settled(xy: np.ndarray, zones: list[Zone], least: float = 1_000.0) -> np.ndarray:
    """Return which points lie in a zone with at least ``least`` people per km2, (k,) bool."""
    shapes = [to_metres(zone.geometry) for zone in zones]
    dense = [s for s, zone in zip(shapes, zones) if zone.population / (s.area / 1e6) >= least]
    area = shapely.union_all(dense)
    shapely.prepare(area)
    return shapely.contains_xy(area, xy)


def make_sites(roads: list[Road], zones: list[Zone], hazard: BaseGeometry) -> list[Site]:
    """Return the candidate shelters, numbered from north to south."""
    rng = np.random.default_rng(SEED)
    xy, streets = junctions(roads)
    strip = to_metres(hazard)
    gap = shapely.distance(shapely.points(xy), strip)
    lived_in = settled(xy, zones)
    chosen: list[int] = []
    for least, most, count in BANDS:
        band = np.flatnonzero((gap >= least) & (gap <= most) & lived_in)
        # The strip's own middle is "taken" first, so that the first choice is a definite one.
        taken = xy[chosen] if chosen else np.array([strip.centroid.coords[0]])
        chosen += band[farthest_points(xy[band], count, taken)].tolist()
    band = np.flatnonzero(shapely.contains_xy(strip, xy))
    chosen += band[farthest_points(xy[band], INSIDE, xy[chosen])].tolist()
    chosen.sort(key=lambda i: (-xy[i, 1], xy[i, 0]))
    lines = shapely.STRtree([to_metres(road.geometry) for road in roads])
    sites = []
    for number, i in enumerate(chosen, start=1):
        kind, low, high = KINDS[int(rng.integers(len(KINDS)))]
        area = int(rng.integers(low, high + 1) // 100 * 100)
        plot = shapely.transform(to_degrees(plot_beside(xy[i], area, lines, strip)), lambda corner: corner.round(7))
        name = f"{kind.capitalize()} by {streets[i]}"
        sites.append(Site(f"S{number:02d}", name, kind, area, None, NOTE, plot))
    return _with_rules(sites, strip)


def _with_rules(sites: list[Site], strip: BaseGeometry) -> list[Site]:
    """Return the sites with one required and one forbidden, so that both rules show: the middle one by area each."""
    outside = [site for site in sites if to_metres(site.geometry).distance(strip) > 0]
    by_area = sorted(outside, key=lambda site: (site.area_m2, site.site_id))
    required, forbidden = by_area[len(by_area) // 2], by_area[len(by_area) // 2 + 1]
    rules = {
        required.site_id: ("required", " Required: taken as the city's own choice, to show the rule."),
        forbidden.site_id: ("forbidden", " Forbidden: taken as out of use, to show the rule."),
    }
    out = []
    for site in sites:
        rule, why = rules.get(site.site_id, (None, ""))
        out.append(Site(site.site_id, site.name, site.kind, site.area_m2, rule, site.note + why, site.geometry))
    return out
