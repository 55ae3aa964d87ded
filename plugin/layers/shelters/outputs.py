"""A shelter recommendation as rows of its output layers and as lines of the log."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from ...solvers.modes import CAR, FOOT
from ...solvers.naming import first_of
from ...solvers.shelters.recommendation import REJECTED, Recommendation, ShelterProblem
from ..carrying import SHELTER_NAME, ZONE_NAME, Carried, all_others, renamed
from ..fields import Column
from ..places import Places
from ..transforming import transform_xy
from ..values import id_text
from ..walkers import MODE
from ..writing import OutputLayer

COLUMNS = (
    Column("site_id", "text", "candidate site"),
    Column("status", "text", "selected, standby or rejected"),
    Column("rank", "int", "from 1 by score, selected sites first; empty for rejected sites"),
    Column("score", "float", "0 to 100: part of the people the site could take, counted by nearness"),
    Column("reason", "text", "why it is rejected or not needed, or whom it serves"),
    Column("capacity", "int", "people, safe capacity"),
    Column("predicted", "int", "people expected to be there already"),
    Column("residual", "int", "people, room left"),
    Column("people_in_reach", "int", "people at risk within the travel limit"),
    Column("mean_minutes", "float", "minutes, mean travel time of the people in reach"),
    Column("doors", "int", "places at which vehicles enter"),
    Column("door_capacity", "int", "people whom the doors let in in DOOR_MINUTES; empty where not looked at"),
    Column("rule", "text", "required, forbidden, vertical (safe from the hazard at any time), as the layer has it"),
)
CATCHMENTS = (
    Column("zone_id", "text", "zone the people come from"),
    Column("site_id", "text", "selected site that serves them"),
    Column("people", "float", "people of the plan that the choice rests on; zones may be divided, people as well"),
    Column("share", "float", "part of the zone's people, 0 to 1"),
    Column("minutes", "float", "least travel time without congestion, from place to door, minutes"),
)
DECIMALS = 3
LEAST_FLOW = 1e-6  # people; less is rounding of the solver


@dataclass(frozen=True)
class CarriedOn:
    """What the outputs keep of zones and sites: their names, the other fields of the sites, and where their rule is.

    ``rule`` is the rule's position among the sites' fields, -1 for none.
    """

    zone: Carried
    site: Carried
    site_fields: Carried
    rule: int


def carried_on(
    zones: Places,
    sites: Places,
    zone_name: str | None,
    site_name: str | None,
    site_id: str | None,
    rule: str | None,
    feedback: QgsProcessingFeedback,
) -> CarriedOn:
    """Return what is kept of both layers, with their names and the sites' id and rule in these fields."""
    zone, site = renamed(zones, {ZONE_NAME: zone_name}), renamed(sites, {SHELTER_NAME: site_name})
    others = all_others(sites, [*COLUMNS, *site.fields], site_id, feedback)
    return CarriedOn(zone, site, others, -1 if rule is None else sites.fields.indexFromName(rule))


def recommendation_layers(
    zones: Places,
    sites: Places,
    carried: CarriedOn,
    kind: QgsWkbTypes.Type,
    plan: tuple[ShelterProblem, Recommendation] | None,
    on_foot: np.ndarray,
    context: QgsProcessingContext,
) -> tuple[OutputLayer, OutputLayer, OutputLayer]:
    """Return the assessed sites, the selected ones and the catchments; without rows where there is no plan.

    ``kind`` is the geometry type of the sites' layer, ``on_foot`` (z,) says in which of the ``zones`` people walk.
    """
    kept, kind = carried.site + carried.site_fields, common_type(sites, kind)
    rows: list[tuple[Any, list[Any]]] = []
    lines: Iterable[tuple[QgsGeometry, list[Any]]] = []
    if plan is not None:
        rows = in_type(site_rows(sites, kept, carried.rule, *plan), kind)
        lines = catchment_rows(sites, zones, carried, *plan, on_foot, context)
    polygons = QgsWkbTypes.geometryType(kind) == QgsWkbTypes.GeometryType.PolygonGeometry
    columns, shape, style = [*COLUMNS, *kept.fields], "_polygon" if polygons else "", "recommendshelters_output"
    modes = [MODE] if on_foot.any() else []
    catchments = [*CATCHMENTS, *modes, *carried.zone.fields, *carried.site.fields]
    return (
        OutputLayer(columns, rows, kind, sites.crs, f"{style}{shape}"),
        OutputLayer(columns, selected_rows(rows), kind, sites.crs, f"{style}_selected{shape}"),
        OutputLayer(catchments, lines, QgsWkbTypes.Type.LineString, zones.crs, f"{style}_catchments"),
    )


def catchment_rows(
    sites: Places,
    zones: Places,
    carried: CarriedOn,
    problem: ShelterProblem,
    found: Recommendation,
    on_foot: np.ndarray,
    context: QgsProcessingContext,
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    """Yield a line from each zone to each site that serves it, in the reference system of the zones."""
    ends = transform_xy(sites.xy, sites.crs, zones.crs, context.transformContext())
    everybody: dict[str, int] = {}
    for zone, count in zip(zones.ids, problem.people.tolist()):
        everybody[zone] = everybody.get(zone, 0) + count
    some_walk = bool(on_foot.any())
    for i, j in zip(*(index.tolist() for index in np.nonzero(found.flow > LEAST_FLOW))):
        line = QgsGeometry.fromPolylineXY([QgsPointXY(*zones.xy[i].tolist()), QgsPointXY(*ends[j].tolist())])
        people = float(found.flow[i, j])
        yield (
            line,
            [
                zones.ids[i],
                sites.ids[j],
                round(people, DECIMALS),
                round(people / everybody[zones.ids[i]], DECIMALS + 3),
                round(float(problem.minutes[i, j]), DECIMALS),
                *([FOOT if on_foot[i] else CAR] if some_walk else []),
                *carried.zone.of(zones.attributes[i]),
                *carried.site.of(sites.attributes[j]),
            ],
        )


def site_rows(
    sites: Places, carried: Carried, rule: int, problem: ShelterProblem, found: Recommendation
) -> list[tuple[Any, list[Any]]]:
    """Return a row for each site, (geometry, values by :data:`COLUMNS`), and one for each that could not be read."""
    rows: list[tuple[Any, list[Any]]] = []

    def rule_of(attributes: list[Any]) -> str | None:
        return (id_text(attributes[rule]) or None) if rule >= 0 else None

    for j, site in enumerate(sites.ids):
        rejected = found.status[j] == REJECTED
        values = [
            site,
            found.status[j],
            None if rejected else int(found.rank[j]),
            round(float(found.score[j]), DECIMALS),
            found.reason[j],
            int(problem.capacity[j]),
            int(problem.predicted[j]),
            int(found.residual[j]),
            int(found.people_in_reach[j]),
            None if math.isnan(found.mean_minutes[j]) else round(float(found.mean_minutes[j]), DECIMALS),
            None if problem.doors is None else int(problem.doors[j]),
            None if problem.door_capacity is None else int(problem.door_capacity[j]),
            rule_of(sites.attributes[j]),
        ]
        rows.append((sites.geometries[j], [*values, *carried.of(sites.attributes[j])]))
    for (site, reason), attributes in zip(sites.rejected, sites.rejected_attributes):
        nothing = [site, REJECTED, None, 0.0, reason, None, None, None, 0, None, None, None, rule_of(attributes)]
        rows.append((None, [*nothing, *carried.of(attributes)]))
    return rows


def selected_rows(rows: list[tuple[Any, list[Any]]]) -> list[tuple[Any, list[Any]]]:
    """Return the rows of the selected sites, in the order of their ranks."""
    return sorted((row for row in rows if row[1][1] == "selected"), key=lambda row: row[1][2])


def common_type(sites: Places, kind: QgsWkbTypes.Type) -> QgsWkbTypes.Type:
    """Return the layer's geometry type, or its multipart form when mending gave a site several parts."""
    return QgsWkbTypes.multiType(kind) if any(g.wkbType() != kind for g in sites.geometries) else kind


def in_type(rows: list[tuple[Any, list[Any]]], kind: QgsWkbTypes.Type) -> list[tuple[Any, list[Any]]]:
    """Return the rows with geometries of type ``kind``."""

    def coerced(shape: QgsGeometry | None) -> QgsGeometry | None:
        return None if shape is None else shape.coerceToType(kind)[0]

    return [(coerced(shape), values) for shape, values in rows]


def report(problem: ShelterProblem, groups: np.ndarray, found: Recommendation, feedback: QgsProcessingFeedback) -> None:
    """Write the recommendation into the log: who is left out by zone, what was assumed, how well it is proved.

    ``groups``, (z, c) int64, are the people of each zone by class.
    """
    for site in found.required_but_rejected:
        reason = found.reason[problem.site_ids.index(site)]
        feedback.pushWarning(f"RULE_FIELD: site {site} is required but cannot be used: {reason}.")
    uncovered = int(found.uncovered.sum())
    total = int(problem.people.sum())
    if not (found.selected | np.array([status == "standby" for status in found.status], bool)).any():
        feedback.pushWarning(f"SITES: every site is rejected; nobody can be sheltered. {_reasons(found)}")
    if uncovered:
        zones = np.flatnonzero(found.uncovered)
        feedback.pushWarning(
            f"{uncovered} of {total} people find no room, in {problem.zones(zones)} zone(s). Add sites or room, raise "
            f"MAX_TRAVEL_TIME{'' if problem.door_capacity is None else ', DOOR_MINUTES'} or MAX_SITES, or lower "
            f"RESERVE. By zone:"
        )
        for i in zones:
            feedback.pushWarning(
                f"  zone {problem.zone_ids[i]}: {found.uncovered[i]} of {problem.people[i]} people "
                f"({found.uncovered_reason[i]})"
            )
    served = float(found.flow.sum())
    if served > 0.0:
        reached = np.where(found.flow > 0.0, problem.minutes, 0.0)
        minutes = float((found.flow * reached).sum()) / served
        room = int(found.residual[found.selected].sum())
        feedback.pushInfo(
            f"{int(found.selected.sum())} sites selected with room for {room}; they shelter {total - uncovered} of "
            f"{total} people, {minutes:.1f} minutes away on average without congestion."
        )
        _say_what_is_divided(problem, groups, found, feedback)
    rejected = found.status.count(REJECTED)
    if rejected:
        feedback.pushInfo(f"{rejected} of {len(found.status)} sites rejected. {_reasons(found)}")


def _say_what_is_divided(
    problem: ShelterProblem, groups: np.ndarray, found: Recommendation, feedback: QgsProcessingFeedback
) -> None:
    """Say what the plan takes for granted: that groups are divided where it takes that to place everybody."""
    feedback.pushInfo(
        "The people of a zone may be divided between the selected sites. “Allocate people to shelters” places as many "
        "with SPLIT 1, its default, which divides groups only where needed; with SPLIT 0 some may not fit."
    )
    room = np.where(found.selected & (problem.minutes <= problem.limit), found.residual, 0)
    if problem.door_capacity is not None:
        room = np.minimum(room, problem.door_capacity)
    largest = room.max(axis=1, initial=0)
    large = groups > np.where(largest > 0, largest, np.iinfo(np.int64).max)[:, None]
    if large.any():
        zones = [problem.zone_ids[i] for i in np.flatnonzero(large.any(axis=1))]
        feedback.pushWarning(
            f"{int(large.sum())} group(s) of zone and class with {int(groups[large].sum())} people exceed every "
            f"selected site in reach ({first_of(zones)}) and have to be divided between sites; with SPLIT 0 they stay "
            "without a place."
        )


def _reasons(found: Recommendation) -> str:
    """Return how many sites were rejected for which reason."""
    count: dict[str, int] = {}
    for status, reason in zip(found.status, found.reason):
        if status == REJECTED:
            key = reason.split(":")[0].split(" (")[0]
            count[key] = count.get(key, 0) + 1
    return "; ".join(f"{number} {reason}" for reason, number in count.items())
