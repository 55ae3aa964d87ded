"""Where the vehicles of trips start and end: junctions of the origins' polygons, doors of the destinations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qgis.core import (
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
)

from ...solvers.naming import first_of
from ...solvers.roads.doors import Doors
from ...solvers.roads.starts import Junctions, junctions_inside, nodes_inside, overlapping, start_nodes
from ...solvers.routing.shared.problem import NodeSets
from ..closing.places_reached import places_reached, vertical
from ..places import Places
from ..roads.door_places import polygon_wkb
from ..roads.door_travel import tell_access
from ..roads.doors import join_sites
from ..roads.entrances import refuse_strangers
from ..roads.joining import Trips
from ..roads.open_ground import Leaving
from ..roads.options import ReadNetwork
from ..transforming import transform_vertices
from .end_layers import DESTINATIONS, ORIGINS, EndLayers
from .trips import PARAMETER as TRIPS
from .trips import TripRows


@dataclass(frozen=True)
class JoinedEnds:
    """The ends of trips on the roads.

    Attributes
    ----------
    read : ReadNetwork
        With a node for each joined end.
    zone : (r,) int64
        Polygon whose junctions the vehicles of each row start at, -1 for a row that starts at one road.
    junctions : Junctions
        Of the polygons.
    names : list of str
        Of the polygons.
    areas : list of bytes
        The polygons in the working CRS, well-known binary.
    inside : NodeSets
        All junctions inside each polygon, also those at which nobody starts.
    origin, destination : (r,) int64
        Node of each row's ends; -1 for an origin with junctions and for an end that could not be joined.
    site : (r,) int64
        Destination of each row, as the doors number them.
    doors : Doors
    reached : (s,) float64
        When the hazard reaches each destination, s from t = 0; infinite for never, or where it is safe at any time.
    origin_access, site_access : (r,) float64
        Straight metres between each end and its road, the nearest door's at a destination; 0 at junctions, NaN where an
        end is not joined.
    unjoined : list of (int, str)
        Rows that could not be joined, each with the reason, ascending.
    """

    read: ReadNetwork
    zone: np.ndarray
    junctions: Junctions
    names: list[str]
    areas: list[bytes]
    inside: NodeSets
    origin: np.ndarray
    destination: np.ndarray
    site: np.ndarray
    doors: Doors
    reached: np.ndarray
    origin_access: np.ndarray
    site_access: np.ndarray
    unjoined: list[tuple[int, str]]

    def sources(self, vehicles: np.ndarray, seed: int) -> np.ndarray:
        """Return the node (v,) at which each vehicle starts, by rows with ``vehicles`` (r,) each."""
        row = np.repeat(np.arange(len(vehicles)), vehicles)
        spread = start_nodes(self.read.network, self.junctions, self.names, self.zone, self.destination, vehicles, seed)
        return np.where(spread >= 0, spread, self.origin[row])

    def origins(self, names: Sequence[str]) -> tuple[np.ndarray, NodeSets]:
        """Return the number of each row's origin by its id in ``names`` (r,), and the junctions inside each origin."""
        number: dict[str, int] = {}
        origin = np.array([number.setdefault(name, len(number)) for name in names], dtype=np.int64)
        zone = np.full(len(number), -1, dtype=np.int64)
        zone[origin] = self.zone
        sets = [self.inside.node[self.inside.start[z] : self.inside.start[z + 1]] if z >= 0 else [] for z in zone]
        nodes = np.concatenate([np.empty(0, dtype=np.int64), *sets]).astype(np.int64)
        return origin, NodeSets(np.r_[0, np.cumsum([len(nodes) for nodes in sets])].astype(np.int64), nodes)


def join_ends(
    read: ReadNetwork,
    rows: TripRows,
    layers: EndLayers,
    max_distance: float,
    first: np.ndarray,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[JoinedEnds, np.ndarray]:
    """Join both ends of every trip to the roads; return them, and the seconds (r,) over open ground to the road.

    The latter are 0 but for those whose home the hazard reaches and whose roads lie outside it (:mod:`.open_ground`).
    ``first`` (r,) is when the first vehicle of each row leaves, s from t = 0.

    Raises
    ------
    LayerError
        When no id of ORIGINS, DESTINATIONS or ENTRANCES is one of the trips'.
    """
    zone, names, junctions, areas, bare = _zones(read, rows, layers, context, feedback)
    origins, of_row = _origins(read, rows, zone, names, context)
    shapes = _shapes(rows, of_row, areas, bare, len(origins))
    leaving = Leaving(np.full(len(origins), np.inf), layers.access_speed, shapes, by_themselves=True)
    np.minimum.at(leaving.first, of_row, first)
    counts = np.r_[junctions.counts, np.zeros(len(origins) - len(names), dtype=np.int64)]
    padded = replace(junctions, start=np.r_[0, np.cumsum(counts)].astype(np.int64))
    sites, site = _sites(read, rows, layers, context, feedback)
    trips = Trips(np.column_stack([of_row, site]), rows.people.astype(float))
    known = frozenset() if layers.destinations is None else frozenset(layers.destinations.ids)
    rules = replace(layers.doors, elsewhere=known - set(rows.destination))
    found = join_sites(
        read, origins, sites, rules, max_distance, context, feedback, trips=trips, junctions=padded, leaving=leaving,
        people=np.bincount(of_row, rows.people, len(origins)),
    )  # fmt: skip
    held = found.junctions.counts[: len(names)]
    zone = np.where((zone >= 0) & (np.r_[held, 0][zone] > 0), zone, -1)
    junctions = replace(found.junctions, start=found.junctions.start[: len(names) + 1])
    origin, destination = found.origins.node[of_row].astype(np.int64), found.node[site].astype(np.int64)
    unjoined = []
    for k in np.flatnonzero(((origin < 0) & (zone < 0)) | (destination < 0)).tolist():
        if origin[k] < 0 and zone[k] < 0:
            unjoined.append((k, f"origin: {found.origins.reasons[of_row[k]]}"))
        else:
            unjoined.append((k, f"destination: {found.reasons[site[k]]}"))
    near = np.where(zone >= 0, 0.0, np.where(origin >= 0, found.origins.distance[of_row], np.nan))
    there = np.where(destination >= 0, found.distance[site], np.nan)
    tell_access(TRIPS, "trip(s)", rows.ids, near + there, rows.people, feedback)
    inside = NodeSets(*nodes_inside(found.read.network, areas))
    walk = np.zeros(len(rows)) if found.ground is None else found.ground.seconds(layers.access_speed)[of_row]
    ends = JoinedEnds(
        found.read, zone, junctions, names, areas, inside, origin, destination, site, found.doors,
        _reached(read, sites, layers, feedback), near, there, unjoined,
    )  # fmt: skip
    return ends, walk


def _reached(read: ReadNetwork, sites: list[Places], layers: EndLayers, feedback: QgsProcessingFeedback) -> np.ndarray:
    """Return when the hazard reaches each destination; those that it ever does are named in a warning."""
    danger, groups = read.danger, [np.empty(0)]
    for places in sites:
        safe = vertical(places, layers.rule_field if places.parameter == DESTINATIONS else None)
        groups.append(places_reached(places, safe, danger.arrivals, feedback))
    reached = np.concatenate(groups)
    ids = [name for places in sites for name in places.ids]
    lost = [f"{ids[k]} ({danger.start.text(reached[k])})" for k in np.flatnonzero(np.isfinite(reached)).tolist()]
    if lost:
        feedback.pushWarning(
            f"{DESTINATIONS}: the hazard reaches {len(lost)} of {len(ids)} destination(s), and whoever goes there is "
            f"caught: {first_of(lost)}. Choose others, or write “vertical” into RULE_FIELD of buildings that are safe."
        )
    return reached


def _zones(
    read: ReadNetwork,
    rows: TripRows,
    layers: EndLayers,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[np.ndarray, list[str], Junctions, list[bytes], dict[str, bytes]]:
    """Return the polygon with junctions (r,) of each row, -1 for none, and of these names, junctions and shapes.

    Besides the shapes of the polygons without junctions, by name.
    """
    none = np.full(len(rows), -1, dtype=np.int64)
    if layers.origins is None or not len(rows):
        return none, [], Junctions.none(0), [], {}
    every = layers.origins
    refuse_strangers(ORIGINS, every.name, every.ids, rows.origin, "an origin of TRIPS")
    wanted = set(rows.origin)
    few = every.subset([k for k, name in enumerate(every.ids) if name in wanted])
    junctions, shapes = junctions_of(few, layers.hazard, read, context, feedback)
    holding = np.flatnonzero(junctions.counts > 0)
    number = {few.ids[k]: z for z, k in enumerate(holding.tolist())}
    zone = np.array([number.get(name, -1) for name in rows.origin], dtype=np.int64)
    outside = sorted(wanted - set(few.ids))
    empty = [name for k, name in enumerate(few.ids) if junctions.counts[k] == 0]
    if empty:
        feedback.pushWarning(
            f"{ORIGINS}: {len(empty)} polygon(s) of “{few.name}” hold no junction of a road on which people live: "
            f"{first_of(empty)}. Their trips start at the road nearest to the trip's line."
        )
    if outside:
        feedback.pushWarning(
            f"{ORIGINS}: the trips of {len(outside)} origin(s) have no polygon in “{few.name}” and start at the "
            f"nearest road: {first_of(outside)}."
        )
    feedback.pushInfo(
        f"{ORIGINS}: {int((zone >= 0).sum())} trip(s) start at {len(np.unique(junctions.node))} junctions inside "
        f"{len(holding)} polygons of “{few.name}”."
    )
    held = replace(junctions, start=np.r_[junctions.start[holding], junctions.start[-1]])  # none lies between
    bare = {name: shapes[k] for k, name in enumerate(few.ids) if junctions.counts[k] == 0}
    return zone, [few.ids[k] for k in holding.tolist()], held, [shapes[k] for k in holding.tolist()], bare


def _shapes(
    rows: TripRows, of_row: np.ndarray, areas: list[bytes], bare: dict[str, bytes], origins: int
) -> list[bytes]:
    """Return the polygon of each origin, empty for one that has none: of those with junctions, then of the others."""
    shapes = [*areas, *[b""] * (origins - len(areas))]
    for k in np.flatnonzero(of_row >= len(areas)).tolist():
        shapes[of_row[k]] = bare.get(rows.origin[k], b"")
    return shapes


def junctions_of(
    zones: Places,
    danger: QgsGeometry | None,
    read: ReadNetwork,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[Junctions, list[bytes]]:
    """Return the junctions inside polygons, those in ``danger`` where there are some, and the polygons' shapes.

    Both are in the working CRS, the shapes well-known binary. Overlaps are warned of.

    Raises
    ------
    LayerError
        When a polygon has no image in the working CRS.
    """
    shapes = [polygon_wkb(zones, name, shape, read, context) for name, shape in zip(zones.ids, zones.geometries)]
    _warn_of_overlaps(zones, shapes, feedback)
    counted = ~read.pieces_of(read.kinds.through)
    wkb = None if danger is None or danger.isNull() or danger.isEmpty() else bytes(danger.asWkb().data())
    return junctions_inside(read.network, shapes, counted, wkb), shapes


def _warn_of_overlaps(zones: Places, shapes: list[bytes], feedback: QgsProcessingFeedback) -> None:
    pairs = overlapping(shapes)
    if pairs:
        named = first_of([f"{zones.ids[a]} and {zones.ids[b]}" for a, b in pairs])
        feedback.pushWarning(
            f"{zones.parameter}: {len(pairs)} pair(s) of polygons of “{zones.name}” overlap: {named}. At junctions "
            f"inside both vehicles of both start."
        )


def _origins(
    read: ReadNetwork, rows: TripRows, zone: np.ndarray, names: list[str], context: QgsProcessingContext
) -> tuple[Places, np.ndarray]:
    """Return the polygons and the distinct starts of the other rows as places, and the place (r,) of each row."""
    lines, where = rows.starts(np.flatnonzero(zone < 0))
    of_row = zone.copy()
    of_row[zone < 0] = len(names) + where
    if not names:
        return lines, of_row
    moved = transform_vertices(lines.xy, lines.crs, read.crs, context.transformContext())
    xy = np.concatenate([np.full((len(names), 2), np.nan), moved])
    return bare_places(TRIPS, rows.name, [*names, *lines.ids], xy, read), of_row


def _sites(
    read: ReadNetwork,
    rows: TripRows,
    layers: EndLayers,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[list[Places], np.ndarray]:
    """Return the destinations as places, those of the layer and those of the trips, and that (r,) of each row."""
    given, entrances = layers.destinations, layers.doors.entrances
    number: dict[str, int] = {}
    groups = []
    if given is not None and len(rows):
        refuse_strangers(DESTINATIONS, given.name, given.ids, rows.destination, "a destination of TRIPS")
        wanted = set(rows.destination)
        known = given.subset([k for k, name in enumerate(given.ids) if name in wanted])
        number = {name: k for k, name in enumerate(known.ids)}
        groups.append(known)
    site = np.array([number.get(name, -1) for name in rows.destination], dtype=np.int64)
    # an id that entrances name is one place, wherever the lines end
    surveyed = set() if entrances is None else set(entrances.site)
    lines, where = rows.finishes(np.flatnonzero(site < 0), surveyed)
    site[site < 0] = len(number) + where
    without = sorted({name for name in rows.destination if name not in number and name not in surveyed})
    if given is not None and without:
        count = sum(name in set(without) for name in rows.destination)
        feedback.pushWarning(
            f"{DESTINATIONS}: {count} trip(s) to {len(without)} destination(s) without a feature in “{given.name}” go "
            f"to the road nearest to the trip's line: {first_of(without)}."
        )
    if len(lines) or not groups:
        groups.append(lines)
    return groups, site


def bare_places(parameter: str, name: str, ids: Sequence[str], xy: np.ndarray, read: ReadNetwork) -> Places:
    """Return places that are positions in the working CRS and nothing else."""
    none: list[Any] = [[] for _ in ids]
    shapes = [QgsGeometry() for _ in ids]
    return Places(parameter, name, list(ids), xy, read.crs, np.full(len(ids), np.nan), shapes, none, QgsFields())
