"""Routes to the nearest shelters as rows of the output layers, and what has no route in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.roads.door_travel import DoorTravel
from ...solvers.shelters.nearest import Nearest
from ..carrying import Carried
from ..closing.hazard import read_hazard, reasons_inside
from ..closing.hazard_layers import HazardLayers
from ..closing.places_reached import vertical
from ..fields import Column
from ..places import Places
from ..roads.door_travel import tell_access, why_cut_off
from ..roads.doors import SitesJoined
from ..roads.options import ReadNetwork
from ..roads.route_geometry import lines_in

COLUMNS = (
    Column("zone_id", "text", "zone"),
    Column("shelter_id", "text", "shelter"),
    Column("rank", "int", "1 = the zone's nearest shelter by travel time"),
    Column("length_m", "float", "metres along the road"),
    Column("free_flow_s", "float", "seconds of travel without other traffic"),
    Column("distance_km", "float", "kilometres along the road"),
    Column("minutes", "float", "minutes of travel without other traffic, from place to door: access_minutes included"),
    Column("access_m", "float", "straight metres between the places and the road, both ends together"),
    Column("access_minutes", "float", "minutes that they take"),
)
UNREACHABLE_COLUMNS = (
    Column("zone_id", "text", "zone"),
    Column("shelter_id", "text", "shelter"),
    Column("reason", "text", "why there is no route"),
)
NO_ROUTE = "no route over the network"
CHUNK = 500  # routes drawn at a time


class NearestRoutes(NamedTuple):
    """The pairs found, the travel of all pairs, a route (arcs) by pair found, and the node of each zone."""

    found: Nearest
    travel: DoorTravel
    routes: Sequence[np.ndarray]
    zone_node: np.ndarray


def route_rows(
    read: ReadNetwork,
    zones: Places,
    shelters: Places,
    nearest: NearestRoutes,
    names: tuple[Carried, Carried],
    context: QgsProcessingContext,
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    """Yield (line in the CRS of the zones, values by :data:`COLUMNS`) for each pair found.

    The ``names`` of zones and shelters come last. A zone at the same point of the road as its shelter's door has
    a line without length, from that point to itself.
    """
    found, travel, routes, zone_node = nearest
    for first in range(0, len(found.zone), CHUNK):
        pairs = range(first, min(first + CHUNK, len(found.zone)))
        vertices = []
        for pair in pairs:
            xy = read.network.path_xy(routes[pair])
            at = read.network.node_xy[zone_node[found.zone[pair]]]
            vertices.append(xy if len(xy) else np.array([at, at]))
        for pair, line in zip(pairs, lines_in(read, vertices, zones.crs, context)):
            i, j = int(found.zone[pair]), int(found.shelter[pair])
            metres, seconds = float(travel.road.metres[i, j]), float(travel.road.seconds[i, j])
            values = [zones.ids[i], shelters.ids[j], int(found.rank[pair])]
            values += [round(metres, 3), round(seconds, 3), round(metres / 1e3, 6)]
            values += [round(float(travel.seconds[i, j]) / 60.0, 4), round(float(travel.access[i, j]), 3)]
            values += [round(float(travel.access_seconds[i, j]) / 60.0, 4)]
            yield line, values + names[0].of(zones.attributes[i]) + names[1].of(shelters.attributes[j])


def unreachable_rows(
    zones: Places, shelters: Places, joined: SitesJoined, found: Nearest, unsafe: list[str]
) -> list[tuple[None, list[str]]]:
    """Return a row by :data:`UNREACHABLE_COLUMNS` for each pair without a route, and for each unusable feature.

    ``unsafe`` says of each shelter where it lies in the hazard, "" where it does not.
    """
    rows: list[tuple[None, list[str]]] = []
    cut = why_cut_off(joined, found.missing_zone, found.missing_shelter)
    for i, j, why in zip(found.missing_zone.tolist(), found.missing_shelter.tolist(), cut):
        reasons = []
        if joined.origins.reasons[i]:
            reasons.append(f"zone: {joined.origins.reasons[i]}")
        if joined.reasons[j]:
            reasons.append(f"shelter: {joined.reasons[j]}")
        if unsafe[j]:
            reasons.append(f"shelter: {unsafe[j]}")
        rows.append((None, [zones.ids[i], shelters.ids[j], "; ".join(reasons) or why or NO_ROUTE]))
    rows.extend((None, [zone, "", f"zone: {reason}"]) for zone, reason in zones.rejected)
    rows.extend((None, ["", shelter, f"shelter: {reason}"]) for shelter, reason in shelters.rejected)
    return rows


def unsafe_shelters(
    shelters: Places,
    hazard: HazardLayers | None,
    rule_field: str | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> list[str]:
    """Return of each shelter where it lies in the hazard or its buffer, "" for nowhere and where it is safe anyway."""
    if hazard is None or not len(shelters):
        return [""] * len(shelters)
    area = read_hazard(hazard, shelters.crs, context, feedback, near=shelters.extent())
    return reasons_inside(shelters, area, feedback, vertical(shelters, rule_field))


def report(
    zones: Places,
    shelters: Places,
    found: Nearest,
    rows: list[tuple[None, list[str]]],
    travel: DoorTravel,
    feedback: QgsProcessingFeedback,
) -> None:
    """Say in the log what was found and which pairs have no route."""
    cut_off = sorted(set(range(len(zones))) - set(found.zone.tolist()))
    if cut_off:
        feedback.pushWarning(
            f"ZONES: {len(cut_off)} zone(s) reach no shelter at all: {first_of([zones.ids[i] for i in cut_off])}."
        )
    pairs = [(zone, shelter, reason) for _, (zone, shelter, reason) in rows if zone and shelter]
    if pairs:
        feedback.pushWarning(
            f"{len(pairs)} pair(s) of zone and shelter have no route: "
            f"{first_of([f'{zone} to {shelter} ({reason})' for zone, shelter, reason in pairs], '; ')}. "
            f"All of them are in OUTPUT_UNREACHABLE where it is asked for."
        )
    if len(found.zone):
        seconds = travel.seconds[found.zone, found.shelter]
        feedback.pushInfo(
            f"{len(found.zone)} routes of {len(zones)} zone(s) to {len(shelters)} shelter(s); the longest takes "
            f"{seconds.max() / 60.0:.1f} minutes without other traffic."
        )
        names = [f"{zones.ids[i]} to {shelters.ids[j]}" for i, j in zip(found.zone.tolist(), found.shelter.tolist())]
        tell_access("ZONES", "route(s)", names, travel.access[found.zone, found.shelter], None, feedback)


def not_selected(shelters: Places, feedback: QgsProcessingFeedback) -> None:
    """Say that shelters whose status is not “selected” are looked at like the others."""
    if shelters.fields.indexFromName("status") < 0:
        return
    others = [site for site, text in zip(shelters.ids, shelters.texts("status")) if text not in ("", "selected")]
    if others:
        feedback.pushInfo(
            f"SHELTERS: {len(others)} row(s) of “{shelters.name}” have a status other than “selected”; routes to them "
            f"are drawn all the same: {first_of(others)}. Choose the layer of selected shelters to leave them out."
        )
