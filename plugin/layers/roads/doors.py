"""Sites joined to the roads at their doors: surveyed entrances, guessed ones, or else the nearest road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.roads.doors import Doors, doors_of, merged
from ...solvers.roads.joining import Joined, join_points
from ...solvers.roads.starts import Junctions
from ..places import Places
from ..transforming import transform_vertices
from .door_places import ENTRANCE, ITSELF, DoorPlaces, door_places
from .entrances import ENTRANCES, DoorRules
from .joining import Trips, in_barriers, tell_of_joining, with_closers
from .junctions import delay_at_junctions
from .open_ground import Leaving, OpenGround, at_home, open_ground, tell_lost
from .options import ReadNetwork

ACCESS_ON_FOOT = 1.1  # m/s


@dataclass(frozen=True)
class SitesJoined:
    """Origins and sites joined to one network.

    Attributes
    ----------
    read : ReadNetwork
        With a node for each origin and site that joins; JUNCTION_DELAY and the limits of entrances are in the
        capacities.
    origins : Joined
        An origin with junctions of its own has no node.
    node : (s,) int32
        Node of each site, -1 where it could not be joined.
    distance : (s,) float64
        Straight metres from the site to its nearest door, infinite for one without.
    reasons : list of str
        Why a site could not be joined; "" where it was.
    doors : Doors
        Site k of the doors is site k.
    junctions : Junctions
        Of the origins.
    ground : OpenGround or None
        Which of the origins are far from roads; None where nobody asks.
    """

    read: ReadNetwork
    origins: Joined
    node: np.ndarray
    distance: np.ndarray
    reasons: list[str]
    doors: Doors
    junctions: Junctions
    ground: OpenGround | None


def join_sites(
    read: ReadNetwork,
    origins: Places,
    sites: Sequence[Places],
    rules: DoorRules,
    max_distance: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    *,
    trips: Trips | None = None,
    people: np.ndarray | None = None,
    junctions: Junctions | None = None,
    whole: ReadNetwork | None = None,
    leaving: Leaving | None = None,
) -> SitesJoined:
    """Join origins to the nearest road and sites at their doors, all in one go.

    The doors of a site are its entrances; else, of a polygon, the places that :func:`.guessed_doors.guess_doors` finds
    on roads that are neither motorways nor trunk roads (nor their links), bridges or tunnels; else its nearest road.
    A site all entrances of which are closed, or too far from a road, has none.

    Parameters
    ----------
    read : ReadNetwork
    origins : Places
    sites : sequence of Places
        Groups of sites, numbered one after the other; their ids are those that entrances name.
    rules : DoorRules
    max_distance : float
        Metres beyond which a place is not joined (MAX_SNAP_DISTANCE).
    trips, people
        See :func:`.joining.join_places`; the second group are the sites.
    junctions : Junctions, optional
        Of the origins; one that has some is not joined to the nearest road.
    whole : ReadNetwork, optional
        See :func:`.door_places.door_places`.
    leaving : Leaving, optional
        Where it is given, an origin that the hazard reaches before anybody has gone over open ground to roads outside
        it is not joined and has no junctions (:mod:`.open_ground`).

    Raises
    ------
    LayerError
        When no entrance is that of a site, or a polygon has no image in the working CRS.
    """
    junctions = Junctions.none(len(origins)) if junctions is None else junctions
    xy = transform_vertices(origins.xy, origins.crs, read.crs, context.transformContext())
    plan = door_places(read, xy, sites, rules, max_distance, context, feedback, junctions, whole)
    inside = in_barriers(read, plan.xy)
    joined = join_points(
        read.network, plan.xy, max_distance, plan.demand(trips, people), inside, plan.on_roads, plan.group
    )
    joined = with_closers(read, joined, plan.xy, inside, max_distance)
    _tell(read, plan, origins, sites, rules, joined, inside, max_distance, feedback)
    given, places = plan.points(joined)
    given, pairs = merged(given)
    if pairs:
        named = first_of([plan.ids[site] for site in sorted({int(plan.site[places[k]]) for k, _ in pairs})])
        feedback.pushInfo(f"{ENTRANCES}: entrances that join the roads at one point are one door: {named}.")
    starts = np.unique(np.concatenate([joined.node[: len(origins)], junctions.node]))
    waiting = delay_at_junctions(replace(read, network=joined.network), feedback)
    network, doors = doors_of(waiting.network, plan.ids, given, starts[starts >= 0])
    joined_read = replace(waiting, network=network)
    node, distance, reasons = plan.of_sites(joined)
    _tell_guessed(joined_read, doors, feedback)
    own, ground = joined.only(np.arange(len(origins))), None
    if leaving is not None:
        ground = open_ground(read, own, origins, xy, junctions, read.danger.arrivals, context, leaving.shapes)
        lost = ground.lost(leaving)
        tell_lost(origins, ground, lost, people, feedback)
        own, junctions = own.without(ground.reasons(lost)), junctions.without(lost)
        if leaving.by_themselves:
            joined_read, own, junctions = at_home(joined_read, own, junctions, ground)
    return SitesJoined(joined_read, own, node, distance, reasons, doors, junctions, ground)


def _tell(
    read: ReadNetwork,
    plan: DoorPlaces,
    origins: Places,
    sites: Sequence[Places],
    rules: DoorRules,
    joined: Joined,
    inside: np.ndarray,
    max_distance: float,
    feedback: QgsProcessingFeedback,
) -> None:
    """Log how origins, entrances and sites joined, each in the words of its own layer."""
    spread = np.zeros(len(plan.xy), dtype=bool)
    spread[plan.on_roads.place] = True
    groups = []

    def add(group: Places, places: np.ndarray, rows: np.ndarray) -> None:
        if len(places):
            groups.append((group.subset(rows.tolist()), joined.only(places), plan.xy[places], inside[places]))

    alone = np.flatnonzero(~spread[: len(origins)])
    add(origins, alone, alone)
    if rules.entrances is not None:
        own = np.flatnonzero(plan.kind == ENTRANCE)
        add(rules.entrances.places, own, plan.row[own])
    begin = 0
    for group in sites:
        own = np.flatnonzero((plan.kind == ITSELF) & (plan.row >= begin) & (plan.row < begin + len(group)))
        add(group, own, plan.row[own] - begin)
        begin += len(group)
    tell_of_joining(read, groups, max_distance, feedback)
    if plan.closed:
        named = first_of([f"{plan.ids[k]}: {why}" for k, why in plan.closed.items()], "; ")
        feedback.pushWarning(f"{ENTRANCES}: {len(plan.closed)} destination(s) cannot be entered: {named}.")


def _tell_guessed(read: ReadNetwork, doors: Doors, feedback: QgsProcessingFeedback) -> None:
    """Log the doors that nobody surveyed, with what each is taken to let in."""
    guessed = np.flatnonzero(doors.guessed)
    if not len(guessed):
        return
    texts = []
    for d in guessed.tolist():
        arcs = doors.arc[slice(*np.searchsorted(doors.arc_door, [d, d + 1]))]
        road = f" on {read.arc_name(int(arcs[0]))}" if len(arcs) else ""
        own = f"{doors.ids[doors.site[d]]} door {doors.number[d]}{road}"
        texts.append(f"{own} ({doors.capacity[d]:,.0f} {read.units}/h)")
    feedback.pushInfo(
        f"Doors guessed, not surveyed, with what each is taken to let in: {first_of(texts, '; ')} ({len(guessed)} in "
        "all). ENTRANCES gives the true ones."
    )
