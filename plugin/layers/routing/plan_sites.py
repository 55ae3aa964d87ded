"""The destinations of a plan on a network: where their doors are, and when the hazard reaches them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.roads.doors import Doors
from ...solvers.roads.starts import Junctions
from ...solvers.routing.shared.routes import Routes
from ..closing.arrivals import Arrivals
from ..closing.places_reached import places_reached, vertical
from ..places import Places
from ..roads.doors import join_sites
from ..roads.entrances import DoorRules, refuse_strangers
from ..roads.joining import Trips
from ..roads.junctions import delay_at_junctions
from ..roads.options import ReadNetwork
from .end_layers import DESTINATIONS
from .ends import bare_places
from .plan_rows import NO_PATH
from .plan_tables import PLAN, PlanTables

RULE = "rule"  # field of destinations that are not those of the plan


@dataclass(frozen=True)
class PlanEnds:
    """Destinations (DESTINATIONS), how they get doors, metres beyond which a place is not joined, the field of the
    destinations that says which are safe from the hazard at any time, and more to which vehicles may be sent."""

    destinations: Places | None
    doors: DoorRules
    max_distance: float
    rule_field: str | None = None
    more: Places | None = None

    def safe(self, group: Places) -> np.ndarray:
        """Return which places of a group of destinations are safe from the hazard at any time."""
        if group.parameter == DESTINATIONS:
            return vertical(group, self.rule_field)
        return vertical(group, RULE if RULE in group.fields.names() else None)


class PlanSites(NamedTuple):
    """Destinations that have a feature or entrances.

    Attributes
    ----------
    groups : list of Places
        Numbered one after the other.
    safe : list of (k,) bool
        Of each group, which are safe from the hazard at any time.
    node : (s,) int64
        Their nodes, -1 for one that is not joined.
    """

    groups: list[Places]
    safe: list[np.ndarray]
    node: np.ndarray

    @property
    def ids(self) -> list[str]:
        """Their ids (s,)."""
        return [name for group in self.groups for name in group.ids]

    def reached(self, arrivals: Arrivals | None, feedback: QgsProcessingFeedback) -> np.ndarray:
        """Return when the hazard reaches each (s,), s from t = 0; infinite for never."""
        found = [places_reached(group, safe, arrivals, feedback) for group, safe in zip(self.groups, self.safe)]
        return np.concatenate([np.empty(0), *found])


def reached_goals(
    read: ReadNetwork,
    sites: PlanSites,
    site: np.ndarray,
    routes: Routes,
    arrivals: Arrivals | None,
    feedback: QgsProcessingFeedback,
) -> np.ndarray:
    """Return when the hazard, as it is in ``arrivals``, reaches each vehicle's destination (t,), s; infinite for never.

    That is its site's (``site`` (t,)), or where it leaves its last road.
    """
    reached = np.full(len(site), np.inf)
    if arrivals is None:
        return reached
    driving = np.flatnonzero(routes.hops() > 0)
    last = routes.arcs[routes.indptr[routes.of_trip[driving] + 1] - 1]
    reached[driving] = arrivals.at(read.network.node_xy[read.network.head[last]])
    at_site = np.r_[sites.reached(arrivals, feedback), np.inf]
    return np.where(site >= 0, at_site[site], reached)


def with_doors(
    read: ReadNetwork,
    tables: PlanTables,
    paths: tuple[np.ndarray, np.ndarray],
    ends: PlanEnds,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    whole: ReadNetwork,
) -> tuple[ReadNetwork, Doors, PlanSites, np.ndarray]:
    """Return the roads with the doors of the destinations, whose limits are in the capacities, and the doors.

    Doors that nobody surveyed are guessed on the ``whole`` roads, as when the plan was made: ``read`` is cut at them.

    Besides the destinations, and the number (t,) of each vehicle's among them, -1 without a feature or entrances.
    """
    (indptr, arcs), network, vehicles = paths, read.network, tables.vehicles
    driving = np.flatnonzero(tables.route != NO_PATH)
    first = np.where(tables.start == NO_PATH, tables.route, tables.start)[driving]
    begin = network.tail[arcs[indptr[first]]].astype(np.int64)
    end = network.head[arcs[indptr[tables.route[driving] + 1] - 1]]
    goals = [vehicles.destination[k] for k in driving.tolist()]
    groups = _sites(read, goals, network.node_xy[end], ends)
    ids = [name for group in groups for name in group.ids]
    if not ids:
        nowhere = np.full(len(vehicles.destination), -1)
        return delay_at_junctions(read, feedback), Doors.none(), PlanSites([], [], nowhere[:0]), nowhere
    number = {name: k for k, name in enumerate(ids)}
    site = np.array([number.get(name, -1) for name in goals], dtype=np.int64)
    origins: dict[str, int] = {}
    own = np.array([origins.setdefault(vehicles.origin[k], len(origins)) for k in driving.tolist()], dtype=np.int64)
    places = np.unique(np.column_stack([own, begin]), axis=0)
    count = np.bincount(places[:, 0], minlength=len(origins))
    junctions = Junctions(np.r_[0, np.cumsum(count)].astype(np.int64), places[:, 1], np.ones(len(places)))
    pairs, row = np.unique(np.column_stack([own, site])[site >= 0], axis=0, return_inverse=True)
    people = np.bincount(row.ravel(), weights=vehicles.people[driving][site >= 0], minlength=len(pairs))
    idle = np.setdiff1d(np.arange(len(ids)), site)  # to which anybody may be sent
    more = np.column_stack([np.tile(np.arange(len(origins)), len(idle)), np.repeat(idle, len(origins))])
    pairs, people = np.vstack([pairs, more]), np.r_[people, np.ones(len(more))]
    starts = bare_places(PLAN, tables.name, list(origins), np.full((len(origins), 2), np.nan), read)
    found = join_sites(
        read, starts, groups, ends.doors, ends.max_distance, context, feedback, trips=Trips(pairs, people),
        junctions=junctions, whole=whole,
    )  # fmt: skip
    every = np.array([number.get(name, -1) for name in vehicles.destination], dtype=np.int64)
    return found.read, found.doors, PlanSites(groups, [ends.safe(group) for group in groups], found.node), every


def _sites(read: ReadNetwork, goals: list[str], last_xy: np.ndarray, ends: PlanEnds) -> list[Places]:
    """Return the destinations of the plan that have a feature or entrances, these where their vehicles arrive."""
    wanted, groups, known = set(goals), [], set()
    if ends.destinations is not None:
        every = ends.destinations
        refuse_strangers(DESTINATIONS, every.name, every.ids, goals, "a destination of PLAN")
        groups.append(every.subset([k for k, name in enumerate(every.ids) if name in wanted]))
        known = set(groups[0].ids)
    entrances = ends.doors.entrances
    if entrances is not None:
        surveyed = sorted((set(entrances.site) & wanted) - known)
        xy = last_xy[[goals.index(name) for name in surveyed]].reshape(-1, 2)
        groups.append(bare_places(PLAN, "", surveyed, xy, read))
    if ends.more is not None:
        new = [k for k, name in enumerate(ends.more.ids) if name not in wanted]
        groups.append(ends.more.subset(new))
    return groups
