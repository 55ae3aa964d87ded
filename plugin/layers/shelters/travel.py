"""Zones and candidate sites on the roads: the problem of the shelter recommendation, by car and on foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.modes import BY_CAR, ON_FOOT, travel_of
from ...solvers.shelters.capacity import residual_capacity
from ...solvers.shelters.recommendation import ShelterProblem
from ..roads.door_travel import DoorUse, quickest, tell_access, tell_of_doors
from ..roads.doors import join_sites
from ..roads.open_ground import Leaving
from ..roads.options import ReadNetwork
from ..speaking import speak_of
from .case import CandidateSites, Limits, PeopleAtRisk


class RoadsToSites(NamedTuple):
    """Roads, how the doors of sites count there, and whether they are those of people on foot beside others."""

    read: ReadNetwork
    doors: DoorUse
    on_foot: bool = False


class _Travel(NamedTuple):
    """What lies between some zones (z,) and all sites (s,) on one network, as in :class:`ShelterProblem`."""

    minutes: np.ndarray
    unjoined: list[str]
    unjoined_zones: list[str]
    doors: np.ndarray
    let_in: np.ndarray | None


def shelter_problem(
    at_risk: PeopleAtRisk,
    sites: CandidateSites,
    limits: Limits,
    roads: Sequence[RoadsToSites],
    leave: np.ndarray,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> ShelterProblem:
    """Join zones and the doors of sites to the roads and return the problem with times on empty roads, access included.

    Parameters
    ----------
    roads : sequence of RoadsToSites
        Those of all people, or of who drives, and of who walks.
    leave : (z,) float64
        Seconds from t = 0 at which people leave each zone: a way that the hazard or a closure cuts then does not count.

    Raises
    ------
    LayerError
        When no entrance is that of a site.
    Cancelled
    """
    minutes = np.full((len(at_risk.people), len(sites.places)), np.inf)
    unjoined_zones = [""] * len(at_risk.people)
    found = []
    for k, own in enumerate(roads):
        rows = np.flatnonzero(at_risk.on_foot == own.on_foot)
        if at_risk.on_foot.any():
            speak_of(feedback, ON_FOOT if own.on_foot else BY_CAR)
            feedback.pushInfo("On foot:" if own.on_foot else "By car:")
        part = control.part(k / len(roads), (k + 1) / len(roads))
        travel = _travel(at_risk, rows, sites, limits, own, leave, context, feedback, part)
        minutes[rows] = travel.minutes
        for row, why in zip(rows.tolist(), travel.unjoined_zones):
            unjoined_zones[row] = why
        found.append(travel)
    if at_risk.on_foot.any():
        speak_of(feedback, travel_of(at_risk.on_foot))
    first = found[0]  # by car where anybody drives
    let_in = first.let_in
    if let_in is not None and len(found) > 1:
        driven = np.isfinite(minutes[~at_risk.on_foot]).any(axis=0)
        let_in = np.where(driven, let_in, sites.capacity).astype(np.int64)
        feedback.pushInfo(
            "DOOR_MINUTES: this choice counts who walks at the doors as well, to be on the safe side; “Allocate people "
            "to shelters” counts those who drive alone."
        )
    return ShelterProblem(
        zone_ids=at_risk.labels,
        site_ids=sites.places.ids,
        people=at_risk.people,
        minutes=minutes,
        capacity=sites.capacity,
        predicted=sites.predicted,
        unsafe=sites.unsafe,
        unjoined=[why[0] if all(why) else "" for why in zip(*(each.unjoined for each in found))],
        unjoined_zones=unjoined_zones,
        required=sites.required,
        forbidden=sites.forbidden,
        limit=limits.minutes,
        reserve=limits.reserve,
        min_capacity=limits.min_capacity,
        max_sites=limits.max_sites,
        choice=limits.choice,
        site_minutes=limits.site_minutes,
        doors=first.doors,
        door_capacity=let_in,
        zone=np.unique(at_risk.zones.ids, return_inverse=True)[1],
    )


def _travel(
    at_risk: PeopleAtRisk,
    rows: np.ndarray,
    sites: CandidateSites,
    limits: Limits,
    roads: RoadsToSites,
    leave: np.ndarray,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> _Travel:
    zones, people, doors = at_risk.zones.subset(rows), at_risk.people[rows], roads.doors
    rules = replace(doors.rules, elsewhere=frozenset(site for site, _ in sites.places.rejected))
    joined = join_sites(
        roads.read, zones, [sites.places], rules, limits.max_snap_distance, context, feedback,
        people=people.astype(float), leaving=Leaving(leave[rows], doors.access_speed),
    )  # fmt: skip
    found, let_in = quickest(joined, doors, control, leave=leave[rows]), doors.let_in(joined)
    room = residual_capacity(sites.capacity, sites.predicted)
    tell_of_doors(sites.places.ids, room, let_in, doors.minutes, feedback)
    tell_access("ZONES", "zone(s)", zones.ids, found.access_to_nearest(), people, feedback)
    return _Travel(found.seconds / 60.0, joined.reasons, joined.origins.reasons, joined.doors.counts(), let_in)
