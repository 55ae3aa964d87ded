"""At which places the sites of a run are joined to the roads: entrances, guessed doors, or the sites themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeedback, QgsWkbTypes

from ...solvers.graph.components import components
from ...solvers.naming import first_of
from ...solvers.roads.connectors import DESTINATION, ORIGIN
from ...solvers.roads.cutting import SAME_PLACE
from ...solvers.roads.doors import DoorPoints
from ...solvers.roads.guessed_doors import guess_doors
from ...solvers.roads.joining import Joined, OnRoads
from ...solvers.roads.near_pieces import NearPieces
from ...solvers.roads.one_part import Demand
from ...solvers.roads.starts import Junctions
from ...solvers.roads.stretches import same_places
from ...solvers.roads.usable import usable_pieces
from ..errors import LayerError
from ..mending import polygons_of
from ..places import Places
from ..round_earth import transformed
from ..transforming import transform_vertices
from .entrances import DoorRules, entrances_by_site
from .joining import Trips
from .options import ReadNetwork

ENTRANCE, GUESS, ITSELF, START = range(4)


class _Door(NamedTuple):
    """A place at which a site is joined; see :class:`DoorPlaces`."""

    site: int
    kind: int
    row: int
    xy: np.ndarray
    limit: float = np.inf
    distance: float = 0.0
    name: str = ""


@dataclass(frozen=True)
class DoorPlaces:
    """All places of a run: the origins, then the places at which sites are joined, ordered by site.

    Attributes
    ----------
    ids : list of str
        Of the sites.
    xy : (k, 2) float64
        Working CRS.
    site : (k,) int64
        Number of the site; origins have numbers below 0, each its own.
    kind : (k,) int64
        START for an origin; what a door is: ENTRANCE, GUESS, or ITSELF where the site joins its nearest road.
    row : (k,) int64
        Number of the origin, of the entrance, of the guess, of the site.
    limit : (k,) float64
        Vehicles/h, infinite where nobody says.
    distance : (k,) float64
        Metres from a guessed door to its site; 0 for others.
    names : list of str
        Of entrances, else "".
    on_roads : OnRoads
        Guessed doors, and origins that start at junctions.
    closed : dict of int to str
        Sites without an open entrance, with the reason.
    """

    ids: list[str]
    xy: np.ndarray
    site: np.ndarray
    kind: np.ndarray
    row: np.ndarray
    limit: np.ndarray
    distance: np.ndarray
    names: list[str]
    on_roads: OnRoads
    closed: dict[int, str]

    @property
    def origins(self) -> int:
        """Number of origins."""
        return int((self.kind == START).sum())

    @property
    def group(self) -> np.ndarray:
        """A number (k,) for each origin, and then for each site."""
        return np.where(self.site < 0, -1 - self.site, self.site + self.origins)

    def demand(self, trips: Trips | None, people: np.ndarray | None) -> Demand:
        """Return who goes between the places: a trip to a site is one to each of its doors, people shared."""
        role = np.where(self.kind == START, ORIGIN, DESTINATION)
        if trips is None:
            there = None if people is None else np.r_[people, np.zeros(len(role) - len(people))]
            return Demand(role, there)
        doors = np.arange(self.origins, len(role))
        first = np.searchsorted(self.site[doors], np.arange(len(self.ids) + 1))
        count = np.diff(first)[trips.ends[:, 1]]
        row = np.repeat(np.arange(len(trips.ends)), count)
        step = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        ends = np.column_stack([trips.ends[row, 0], self.origins + first[trips.ends[row, 1]] + step])
        return Demand(role, trips=ends, trip_people=trips.people[row] / count[row])

    def points(self, joined: Joined) -> tuple[DoorPoints, list[int]]:
        """Return the doors that join, and the place of each."""
        places = [k for k in range(self.origins, len(self.xy)) if len(joined.points[k])]
        at = np.array(places, dtype=np.int64)
        far = np.where(self.kind[at] == GUESS, self.distance[at], joined.distance[at])
        return DoorPoints(
            self.site[at], [joined.points[k] for k in places], self.kind[at] != ENTRANCE, self.limit[at], far,
            [self.names[k] for k in places],
        ), places  # fmt: skip

    def of_sites(self, joined: Joined) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Return the node, the distance and the reason of each site."""
        node = np.full(len(self.ids), -1, dtype=np.int32)
        distance = np.full(len(self.ids), np.inf)
        why: list[list[str]] = [[] for _ in self.ids]
        for k in range(self.origins, len(self.xy)):
            site = int(self.site[k])
            if joined.node[k] < 0:
                own = self.names[k]
                why[site].append(f"entrance {own}: {joined.reasons[k]}" if own else joined.reasons[k])
                continue
            node[site] = joined.node[k]
            far = self.distance[k] if self.kind[k] == GUESS else joined.distance[k]
            distance[site] = min(distance[site], float(far))
        reasons = [
            "" if node[site] >= 0 else self.closed.get(site) or first_of(texts, "; ") for site, texts in enumerate(why)
        ]
        return node, distance, reasons


def door_places(
    read: ReadNetwork,
    from_xy: np.ndarray,
    sites: Sequence[Places],
    rules: DoorRules,
    max_distance: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    junctions: Junctions,
    whole: ReadNetwork | None = None,
) -> DoorPlaces:
    """Choose the places at which sites are joined; ``from_xy`` (o, 2) are the origins in the working CRS.

    Doors are guessed on the ``whole`` roads, where ``read`` is cut at places at which they are not.

    Raises
    ------
    LayerError
        When no entrance is that of a site, or a polygon has no image in the working CRS.
    """
    ids = [name for group in sites for name in group.ids]
    surveyed = entrances_by_site(rules, ids, feedback)
    rows, closed = _surveyed(read, ids, surveyed, rules, context)
    asked = [
        (k, shape)
        for k, shape in enumerate(shape for group in sites for shape in _shapes(group, read, surveyed, context))
        if shape
    ]
    starts = _starts(read, from_xy, junctions, max_distance)
    if whole is None:
        guessed, on_roads = _guessed(read, asked, rules.most, starts)
    else:
        guessed, on_roads = _guessed(whole, asked, rules.most, _starts_on(whole, read, starts))
        on_roads = OnRoads(on_roads.place, *same_places(whole.network, read.network, on_roads.piece, on_roads.measure))
    rows += guessed
    done = {door.site for door in rows} | set(closed)
    transforms = context.transformContext()
    site_xy = np.concatenate([transform_vertices(group.xy, group.crs, read.crs, transforms) for group in sites])
    rows += [_Door(k, ITSELF, k, site_xy[k]) for k in range(len(ids)) if k not in done]
    rows.sort(key=lambda door: door.site)  # those of a site stay in their order
    first = len(from_xy)
    at = {door.row: first + k for k, door in enumerate(rows) if door.kind == GUESS}
    zone, piece = _pieces_of_zones(read, junctions)
    xy = np.concatenate([from_xy, np.array([door.xy for door in rows], dtype=np.float64).reshape(-1, 2)])
    spread = np.flatnonzero(junctions.counts > 0)
    xy[spread] = read.network.node_xy[junctions.node[junctions.start[spread]]]
    return DoorPlaces(
        ids,
        xy,
        np.array([*(-1 - k for k in range(first)), *(door.site for door in rows)], dtype=np.int64),
        np.array([*([START] * first), *(door.kind for door in rows)], dtype=np.int64),
        np.array([*range(first), *(door.row for door in rows)], dtype=np.int64),
        np.array([*([np.inf] * first), *(door.limit for door in rows)], dtype=np.float64),
        np.array([*([0.0] * first), *(door.distance for door in rows)], dtype=np.float64),
        [*([""] * first), *(door.name for door in rows)],
        OnRoads(
            np.array([*zone.tolist(), *(at[d] for d in on_roads.place.tolist())], dtype=np.int64),
            np.concatenate([piece, on_roads.piece]),
            np.concatenate([np.full(len(zone), np.nan), on_roads.measure]),
        ),
        closed,
    )


def _surveyed(
    read: ReadNetwork,
    ids: list[str],
    surveyed: dict[str, list[int]],
    rules: DoorRules,
    context: QgsProcessingContext,
) -> tuple[list[_Door], dict[int, str]]:
    """Return the open entrances of sites, and the sites all entrances of which are closed."""
    rows: list[_Door] = []
    closed: dict[int, str] = {}
    if rules.entrances is None:
        return rows, closed
    places, limit = rules.entrances.places, rules.entrances.limit
    xy = transform_vertices(places.xy, places.crs, read.crs, context.transformContext())
    for k, name in enumerate(ids):
        entrances = surveyed.get(name, [])
        rows += [_Door(k, ENTRANCE, e, xy[e], float(limit[e]), 0.0, places.ids[e]) for e in entrances if limit[e] > 0]
        if entrances and not (limit[entrances] > 0).any():
            closed[k] = f"all {len(entrances)} of its entrances are closed (ENTRANCES_CAPACITY_FIELD is 0)"
    return rows, closed


def _guessed(
    read: ReadNetwork, asked: list[tuple[int, bytes]], most: int, starts: np.ndarray
) -> tuple[list[_Door], OnRoads]:
    """Return the doors guessed of sites with their polygons, and where they are on the roads, by their number."""
    unfit = read.kinds.through | read.kinds.off_ground
    found = guess_doors(read.network, [shape for _, shape in asked], ~read.pieces_of(unfit), starts, most)
    if not len(found.site):
        return [], OnRoads.none()
    xy = NearPieces(read.network).points(found.piece, found.measure)
    rows = [
        _Door(asked[k][0], GUESS, d, xy[d], distance=float(found.distance[d]))
        for d, k in enumerate(found.site.tolist())
    ]
    return rows, OnRoads(np.arange(len(rows)), found.piece, found.measure)


def _shapes(
    group: Places, read: ReadNetwork, surveyed: dict[str, list[int]], context: QgsProcessingContext
) -> list[bytes]:
    """Return each polygon of a group in the working CRS as well-known binary, b"" for what is none or is surveyed."""
    out = []
    for name, shape in zip(group.ids, group.geometries):
        polygon = shape.type() == QgsWkbTypes.GeometryType.PolygonGeometry and not shape.isEmpty()
        out.append(polygon_wkb(group, name, shape, read, context) if polygon and name not in surveyed else b"")
    return out


def polygon_wkb(
    group: Places, name: str, shape: QgsGeometry, read: ReadNetwork, context: QgsProcessingContext
) -> bytes:
    """Return a polygon of a layer in the working CRS as well-known binary.

    Raises
    ------
    LayerError
        When it has no image there.
    """
    try:
        moved = polygons_of(transformed(shape, group.crs, read.crs, context.transformContext()))
    except LayerError as error:
        raise LayerError(f"{group.parameter}: feature {name} of “{group.name}”: {error}.") from error
    return bytes(moved.asWkb().data())


def _starts(read: ReadNetwork, xy: np.ndarray, junctions: Junctions, max_distance: float) -> np.ndarray:
    """Return nodes at which people start: the junctions, and where the road nearest to another origin leads."""
    network = read.network
    alone = np.flatnonzero((junctions.counts == 0) & np.isfinite(xy).all(axis=1))
    if not len(alone) or not network.piece_count:
        return junctions.node
    may, _ = usable_pieces(network, components(network.node_count, network.tail, network.head, strong=False))
    pieces = NearPieces(network)
    near = pieces.nearest(xy[alone], np.flatnonzero(may))
    own = near.distance <= max_distance
    piece, measure = near.piece[own], pieces.measures(near.piece[own], xy[alone][near.place[own]])
    first, last = network.piece_ends()
    at_first = measure <= SAME_PLACE
    at_last = measure >= pieces.lengths(piece) - SAME_PLACE
    between = np.zeros(network.piece_count, dtype=bool)
    between[piece[~(at_first | at_last)]] = True
    road = np.flatnonzero(network.is_road)
    heads = network.head[road[between[network.piece[road]]]]
    return np.unique(np.concatenate([junctions.node, first[piece[at_first]], last[piece[at_last]], heads]))


def _starts_on(whole: ReadNetwork, read: ReadNetwork, starts: np.ndarray) -> np.ndarray:
    """Return nodes of the ``whole`` roads for those of ``read``: of a place at which only these are cut, where its
    piece leads."""
    network = read.network
    new = np.zeros(network.node_count, dtype=bool)
    new[starts[starts >= whole.network.node_count]] = True
    own = np.unique(network.piece[network.is_road & (new[network.tail] | new[network.head])])
    piece, _ = same_places(network, whole.network, own, 0.5 * NearPieces(network).lengths(own))
    road = np.flatnonzero(whole.network.is_road)
    heads = whole.network.head[road[np.isin(whole.network.piece[road], piece)]]
    return np.unique(np.concatenate([starts[starts < whole.network.node_count], heads]))


def _pieces_of_zones(read: ReadNetwork, junctions: Junctions) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs (c,) of a zone and a piece that meets one of its junctions."""
    network = read.network
    touching = np.full(network.node_count, -1, dtype=np.int64)
    road = np.flatnonzero(network.is_road)
    touching[network.tail[road]] = network.piece[road]
    touching[network.head[road]] = network.piece[road]
    return np.repeat(np.arange(len(junctions.counts)), junctions.counts), touching[junctions.node]
