"""Where the vehicles of zones start, and which zones start outside the hazard."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeedback, QgsWkbTypes

from ...solvers.naming import first_of
from ...solvers.roads.connectors import DESTINATION, behind, connect
from ...solvers.roads.doors import Doors
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.starts import Junctions, nodes_inside, start_nodes
from ...solvers.roads.united import Offsets, shared_doors, shifted, united_junctions
from ...solvers.routing.shared.problem import NodeSets
from ..closing.arrivals import Arrivals
from ..places import Places
from ..positions import positions_inside
from ..roads.door_travel import tell_access
from ..roads.doors import join_sites
from ..roads.entrances import DoorRules
from ..roads.exits import Exits
from ..roads.open_ground import Leaving, open_ground
from ..roads.options import ReadNetwork
from ..roads.united import united_reads
from ..routing.ends import junctions_of
from ..transforming import transform_vertices

ZONES = "ZONES"
EMPTY = bytes(QgsGeometry.fromWkt("POLYGON EMPTY").asWkb().data())


@dataclass(frozen=True)
class Starts:
    """Zones and shelters on the roads.

    Attributes
    ----------
    read : ReadNetwork
        The roads with a node for each place that joins; with exits, nobody drives on beyond one.
    junctions : Junctions
        Of the zones, none for one that joins the nearest road.
    areas : list of bytes
        Polygons of the zones in the working CRS, well-known binary; empty for points.
    node : (z,) int64
        Node of each zone, -1 for one with junctions or that could not be joined.
    access : (z,) float64
        Straight metres between a zone and its road; 0 with junctions, NaN where it is not joined.
    reasons : list of str
        Why a zone could not be joined, "" where it was.
    outside : (z,) bool
        Zones all of whose vehicles start outside the hazard; False without exits.
    bare : (z,) float64
        Straight metres over open ground to roads outside the hazard, NaN for a zone that is near a road, or inside.
    doors : Doors
        Of shelters, then of exits.
    site_access : (h, n) float64
        Straight metres between each destination and its nearest door, NaN where it has none; a row for vehicles and
        one for people on foot where there are both.
    half : (z,) int64
        Which of these rows is that of the people of each zone.
    """

    read: ReadNetwork
    junctions: Junctions
    areas: list[bytes]
    node: np.ndarray
    access: np.ndarray
    reasons: list[str]
    outside: np.ndarray
    bare: np.ndarray
    doors: Doors
    site_access: np.ndarray
    half: np.ndarray

    @property
    def joined(self) -> np.ndarray:
        """Zones (z,) whose vehicles can start."""
        return (self.node >= 0) | (self.junctions.counts > 0)

    def inside(self) -> NodeSets:
        """Return all junctions inside each zone, also those at which nobody starts; none where it joins a road."""
        areas = self.areas or [EMPTY] * len(self.node)
        alone = [EMPTY if own else area for own, area in zip((self.junctions.counts == 0).tolist(), areas)]
        return NodeSets(*nodes_inside(self.read.network, alone))

    def sources(
        self,
        network: RoadNetwork,
        names: list[str],
        zone: np.ndarray,
        vehicles: np.ndarray,
        targets: np.ndarray,
        seed: int,
    ) -> np.ndarray:
        """Return the node (v,) at which each vehicle of groups starts.

        Parameters
        ----------
        network : RoadNetwork
            With the nodes of the destinations.
        names : list of str
            Of the zones.
        zone, vehicles : (g,) int
            Zone of each group, and how many vehicles it takes.
        targets : (n,) int
            Nodes of the destinations; a junction counts from which one of them can be reached.
        seed : int
        """
        goal = -1
        if len(targets):
            network, node = connect(network, [targets], np.array([DESTINATION]), np.zeros((1, 2)))
            goal = int(node[0])
        goals = np.full(len(zone), goal)
        spread = start_nodes(network, self.junctions, names, zone, goals, vehicles, seed)
        return np.where(spread >= 0, spread, self.node[np.repeat(zone, vehicles)])


def join_zones(
    read: ReadNetwork,
    zones: Places,
    people: np.ndarray,
    shelters: Places,
    rules: DoorRules,
    exits: Exits,
    danger: QgsGeometry | None,
    max_distance: float,
    leaving: Leaving,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Starts:
    """Join zones with ``people`` (z,) to the roads, and shelters and exits at their doors.

    Parameters
    ----------
    leaving : Leaving
        Of the zones, with the shapes that the layer gives.
    danger : QgsGeometry or None
        Hazard and buffer in the working CRS: of polygons only the part inside counts, where that has a junction.

    Raises
    ------
    LayerError
        When no entrance is that of a shelter, or a polygon has no image in the working CRS.
    """
    if len(exits):
        danger = exits.area
    junctions, areas = _junctions(read, zones, danger, context, feedback)
    found = join_sites(
        read, zones, [shelters], rules, max_distance, context, feedback, people=people, junctions=junctions,
        leaving=leaving._replace(shapes=areas or None),
    )  # fmt: skip
    junctions = found.junctions
    spread = junctions.counts > 0
    node = np.where(spread, -1, found.origins.node).astype(np.int64)
    access = np.where(spread, 0.0, np.where(node >= 0, found.origins.distance, np.nan))
    tell_access(ZONES, "zone(s)", zones.ids, access, people, feedback)
    doors = _together(found.doors, exits.doors(found.read, feedback))
    site_access = np.where(found.node >= 0, found.distance, np.nan)
    outside, ground, network = np.zeros(len(zones), dtype=bool), found.ground, found.read.network
    if len(exits):
        outside = _outside(network, exits.area, junctions, found.origins.points)
        if ground is not None:
            outside |= ground.concerned & (spread | (node >= 0))
        if read.danger.arrivals is None:
            xy = transform_vertices(zones.xy, zones.crs, read.crs, context.transformContext())
            wet = Arrivals.of_area(exits.area, read.crs, context)
            ground = open_ground(read, found.origins, zones, xy, junctions, wet, context, areas or None)
        if not len(shelters):
            network = exits.sealed(network)
    bare = np.full(len(zones), np.nan) if ground is None else np.where(spread | (node >= 0), ground.metres, np.nan)
    return Starts(
        replace(found.read, network=network), junctions, areas, node, access, list(found.origins.reasons), outside,
        bare, doors, np.concatenate([site_access, np.zeros(len(exits))])[None], np.zeros(len(zones), dtype=np.int64),
    )  # fmt: skip


def united_starts(car: Starts, foot: Starts, shelters: int) -> Starts:
    """Return the zones of those who drive and, behind them, of those who walk, on the roads of both side by side.

    Destinations are the ``shelters``, which both share, then the exits of vehicles, then those of people on foot.
    """
    by = Offsets.of(car.read.network)
    exits, more = len(car.doors.ids) - shelters, len(foot.doors.ids) - shelters
    access = np.full((2, shelters + exits + more), np.nan)
    access[0, : shelters + exits] = car.site_access[0]
    access[1, :shelters] = foot.site_access[0, :shelters]
    access[1, shelters + exits :] = foot.site_access[0, shelters:]

    def join(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.concatenate([first, second])

    return Starts(
        united_reads(car.read, foot.read), united_junctions(car.junctions, foot.junctions, by),
        [*car.areas, *foot.areas], join(car.node, shifted(foot.node, by.nodes)), join(car.access, foot.access),
        [*car.reasons, *foot.reasons], join(car.outside, foot.outside), join(car.bare, foot.bare),
        shared_doors(car.doors, foot.doors, by, shelters), access, np.repeat([0, 1], [len(car.node), len(foot.node)]),
    )  # fmt: skip


def _junctions(
    read: ReadNetwork,
    zones: Places,
    danger: QgsGeometry | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[Junctions, list[bytes]]:
    """Return the junctions inside the zones, and their shapes in the working CRS; none for points."""
    kinds = {shape.type() for shape in zones.geometries}
    if kinds != {QgsWkbTypes.GeometryType.PolygonGeometry}:
        return Junctions.none(len(zones)), []
    found, shapes = junctions_of(zones, danger, read, context, feedback)
    empty = [zones.ids[k] for k in np.flatnonzero(found.counts == 0).tolist()]
    if empty:
        feedback.pushWarning(
            f"{ZONES}: {len(empty)} polygon(s) of “{zones.name}” hold no junction of a road on which people live: "
            f"{first_of(empty)}. Their people start at the nearest road."
        )
    feedback.pushInfo(
        f"{ZONES}: people start at {len(np.unique(found.node))} junctions inside {len(zones) - len(empty)} polygons of "
        f"“{zones.name}”."
    )
    return found, shapes


def _outside(network: RoadNetwork, area: QgsGeometry, junctions: Junctions, points: list[np.ndarray]) -> np.ndarray:
    """Return the zones (z,) none of whose starts lies inside the area."""
    out = np.zeros(len(points), dtype=bool)
    for k, own in enumerate(points):
        nodes = junctions.node[junctions.of(k)] if junctions.counts[k] else own
        out[k] = len(nodes) > 0 and not positions_inside(area, network.node_xy[nodes]).any()
    return out


def _together(one: Doors, other: Doors) -> Doors:
    """Return the doors of two rows of sites as those of one row."""
    sites, doors = len(one.ids), len(one)

    def join(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.concatenate([first, second])

    return Doors(
        [*one.ids, *other.ids], join(one.site, other.site + sites), join(one.number, other.number),
        [*one.names, *other.names], join(one.node, other.node), join(one.guessed, other.guessed),
        join(one.capacity, other.capacity), join(one.access, other.access), join(one.arc, other.arc),
        join(one.arc_door, other.arc_door + doors), join(one.point, other.point),
        join(one.point_door, other.point_door + doors),
    )  # fmt: skip


def with_targets(starts: Starts, xy: np.ndarray, outside: int) -> tuple[RoadNetwork, np.ndarray]:
    """Return the roads with a node (n,) behind the doors of each destination, drawn at ``xy`` (n, 2).

    The destination number ``outside``, -1 for none, lies behind the starts of the zones outside.
    """
    doors, points = starts.doors, [np.empty(0, dtype=np.int64) for _ in range(len(xy))]
    for site in range(len(doors.ids)):
        points[site] = doors.point[doors.site[doors.point_door] == site]
    if outside >= 0:
        junctions = starts.junctions
        at = np.repeat(np.arange(len(starts.node)), junctions.counts)
        points[outside] = np.concatenate(
            [junctions.node[starts.outside[at]], starts.node[starts.outside & (starts.node >= 0)]]
        )
    return behind(starts.read.network, points, xy)
