"""Roads, safe places and people as arrays: how long it takes to be safe, and until when one can leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.naming import first_of
from ...solvers.roads.starts import Junctions
from ...solvers.safety.areas import pieces_inside, reaches
from ...solvers.safety.people import Leaving, OnBareGround, Outcome, leaving, outcome
from ...solvers.safety.solve import Starts, TimeToSafety, of_pieces, time_to_safety
from ..closing.arrivals import Arrivals
from ..moments import Start
from ..positions import positions_inside
from ..roads.door_travel import tell_access
from ..roads.doors import SitesJoined, join_sites
from ..roads.entrances import DoorRules
from ..roads.exits import Exits, exits_of
from ..roads.open_ground import OpenGround, open_ground
from ..roads.options import ReadNetwork
from ..routing.ends import junctions_of
from ..transforming import geometry_of, transform_vertices
from .sources import People, Refuges, SafetySources


@dataclass(frozen=True)
class SafetyCase:
    """What was asked, and what was found.

    Attributes
    ----------
    read : ReadNetwork
        The roads, cut at the border of the area to leave, with all places joined.
    area : QgsGeometry or None
        Hazard and buffer in the working CRS, as far as the hazard ever reaches; None without a hazard.
    places : list of str
        Names of the safe places, as the results number them.
    found : TimeToSafety
    pieces : Starts
        From the middle of each piece of road, whether or not it has to be left.
    piece_inside : (p,) bool
        Pieces that have to be left.
    people : People
    groups : Leaving
        The people at their junctions.
    fate : Outcome
        What becomes of each group.
    start : Start
        Date and time of t = 0.
    reaction : float
        Seconds from the order to leaving.
    """

    read: ReadNetwork
    area: QgsGeometry | None
    places: list[str]
    found: TimeToSafety
    pieces: Starts
    piece_inside: np.ndarray
    people: People
    groups: Leaving
    fate: Outcome
    start: Start
    reaction: float

    @property
    def counts(self) -> np.ndarray:
        """People (g,) of each group."""
        total: np.ndarray = self.groups.people.sum(axis=1)
        return total

    @property
    def all_people(self) -> int:
        """Everybody in the zones."""
        return int(self.counts.sum())

    @property
    def too_late(self) -> int:
        """People who do not make it, those without a way among them."""
        return int(self.counts[~self.fate.safe].sum())

    @property
    def without_way(self) -> int:
        """People of these who have no way on the roads at all."""
        return int(self.counts[~np.isfinite(self.fate.seconds)].sum())


def safety_case(
    sources: SafetySources,
    rules: DoorRules,
    reaction: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> SafetyCase:
    """Read the roads, join people and safe places, and search.

    Raises
    ------
    LayerError
        As reading the layers; no hazard near the roads, no exit and no shelter that is safe.
    Cancelled
    """
    read = sources.roads(control.part(0.0, 0.6))
    people, refuges = sources.people, sources.refuges
    area = sources.area(read, context, feedback)
    exits = Exits.none(read)
    # Where zones are given and no road is reached nobody need leave; without zones it is the wrong layer.
    if area is not None and (not people.classes or reaches(read.network, bytes(area.asWkb().data()))):
        read, exits = exits_of(read, area, refuges.names, not len(refuges.places), feedback)
        area = exits.area
    junctions, shapes = Junctions.none(len(people.zones)), []
    if people.are_polygons:
        junctions, shapes = junctions_of(people.zones, area, read, context, feedback)
    joined = join_sites(
        read, people.zones, [refuges.places], rules, sources.max_snap_distance, context, feedback,
        people=people.counts.sum(axis=1).astype(float), junctions=junctions,
    )  # fmt: skip
    control.progress(0.7, "Searching backward from the safe places")
    read, network = joined.read, joined.read.network
    safe, place, names = _safe_places(joined, exits, refuges, feedback)
    closings = read.danger.closings_on(network, np.empty(0, dtype=np.int64), np.empty(0))
    found = time_to_safety(
        network.tail, network.head, network.free_flow, closings, safe, place, control.part(0.7, 0.8)
    )  # fmt: skip
    inside = np.ones(network.node_count, dtype=bool)
    piece_inside = np.ones(network.piece_count, dtype=bool)
    if area is not None:
        inside = positions_inside(area, network.node_xy)
        piece_inside = pieces_inside(network, bytes(area.asWkb().data()))
    node = np.where(junctions.counts > 0, -1, joined.origins.node)
    access = np.where((junctions.counts == 0) & (node >= 0), joined.origins.distance, 0.0)
    tell_access(people.zones.parameter, "zone(s)", people.zones.ids, access, people.counts.sum(axis=1), feedback)
    ground = _open_ground(sources, joined, shapes, area, context, feedback)
    groups = leaving(
        junctions.without(ground.concerned), np.where(ground.concerned, -1, node), people.counts,
        np.isfinite(found.nodes.seconds) | ~inside,
    )  # fmt: skip
    ready = people.order[groups.zone] + reaction
    away = _outside(people, shapes, area, read, context)[groups.zone]
    bare = OnBareGround(ground.metres[groups.zone] / sources.speed, ground.reached[groups.zone])
    fate = outcome(found, groups, ready, ~inside, away, bare, control.part(0.8, 1.0))
    pieces = of_pieces(found, network.piece, network.piece_count)
    return SafetyCase(
        read, area, names, found, pieces, piece_inside, people, groups, fate, sources.start, reaction
    )  # fmt: skip


def _open_ground(
    sources: SafetySources,
    joined: SitesJoined,
    shapes: list[bytes],
    area: QgsGeometry | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> OpenGround:
    """Return the zones whose people walk over open ground to roads outside the area to leave; the log names them."""
    zones, read = sources.people.zones, joined.read
    danger = read.danger.arrivals
    if danger is None and area is not None:
        danger = Arrivals.of_area(area, read.crs, context)
    xy = transform_vertices(zones.xy, zones.crs, read.crs, context.transformContext())
    found = open_ground(read, joined.origins, zones, xy, joined.junctions, danger, context, shapes or None)
    if found.concerned.any():
        own = np.flatnonzero(found.concerned)
        named = first_of([f"{zones.ids[k]} ({found.metres[k]:,.0f} m)" for k in own.tolist()])
        feedback.pushWarning(
            f"{zones.parameter}: {int(sources.people.counts[own].sum()):,} people of {len(own)} zone(s) are met by the "
            f"hazard where no road is, and start at roads outside it: {named}. They count as walking straight to the "
            f"nearest road at {sources.speed:g} m/s; whether that way can be walked is not known."
        )
    return found if read.danger.arrivals is not None else found._replace(reached=np.full(len(zones), np.inf))


def _outside(
    people: People, shapes: list[bytes], area: QgsGeometry | None, read: ReadNetwork, context: QgsProcessingContext
) -> np.ndarray:
    """Return which zones (z,) lie wholly outside the area to leave: nobody there has to go, roads or not."""
    zones = people.zones
    if area is None:
        return np.zeros(len(zones), dtype=bool)
    if not shapes:
        return ~positions_inside(area, transform_vertices(zones.xy, zones.crs, read.crs, context.transformContext()))
    engine = QgsGeometry.createGeometryEngine(area.constGet())
    engine.prepareGeometry()
    out = np.zeros(len(zones), dtype=bool)
    for z, wkb in enumerate(shapes):
        shape = geometry_of(wkb)  # held while its inside is looked at
        out[z] = not engine.intersects(shape.constGet())
    return out


def _safe_places(
    joined: SitesJoined, exits: Exits, refuges: Refuges, feedback: QgsProcessingFeedback
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the nodes at which one is safe, the place that each belongs to, and the names of the places."""
    doors, count = joined.doors, len(exits)
    own = refuges.safe[doors.site[doors.point_door]]
    nodes = np.concatenate([exits.found.node, doors.point[own]]).astype(np.int64)
    place = np.concatenate([np.arange(count), count + doors.site[doors.point_door][own]]).astype(np.int64)
    return nodes, place, [*exits.names, *refuges.names]
