"""The roads of a joint plan, with zones, shelters and exits on them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.modes import BOTH, BY_CAR, ON_FOOT
from ...solvers.roads.network import RoadNetwork
from ..allocation.separation import BY_TIME, RoadsToDoors, Separation, nowhere, of_both, over_network
from ..closing.danger import Danger
from ..closing.hazard import read_hazard
from ..positions import box_around
from ..roads.distant import warn_if_far
from ..roads.door_travel import tell_of_doors
from ..roads.exits import Exits, exits_of
from ..roads.open_ground import Leaving
from ..roads.options import ReadNetwork
from ..speaking import speak_of
from ..transforming import transform_vertices
from .demand import Demand, JointSources
from .options import JointOptions
from .places import Targets, targets
from .starts import Starts, join_zones, united_starts, with_targets


class Ground(NamedTuple):
    """The roads of a joint plan and what lies on them.

    Attributes
    ----------
    read : ReadNetwork
        With a node for each start and each destination.
    starts : Starts
        Of the zones with people, and the doors of the destinations.
    targets : Targets
    node : (n,) int64
        Node of each destination.
    danger : QgsGeometry or None
        Hazard and buffer in the working CRS; None without a hazard.
    in_time : (m, s) float64 or None
        Minutes from all zones to shelters by ways that stay open for who leaves at the order; None where nothing closes
        in time.
    driven : RoadNetwork or None
        That of vehicles, whose arcs come before those of walkers; None where all are of one network.
    """

    read: ReadNetwork
    starts: Starts
    targets: Targets
    node: np.ndarray
    danger: QgsGeometry | None
    in_time: np.ndarray | None = None
    driven: RoadNetwork | None = None


def read_ground(
    sources: JointSources,
    options: JointOptions,
    demand: Demand,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> tuple[Ground, Separation]:
    """Read roads and hazard and join everything; return also what lies between zones and shelters if nothing closes."""
    reads = sources.roads(demand.somebody, demand.travel, demand.start, control.part(0.0, 0.5))
    shelters, transforms = demand.shelters, context.transformContext()
    danger = _danger(sources, reads[0], context, feedback)
    halves: list[_Half] = []
    for k, read in enumerate(reads):
        if len(reads) > 1:
            speak_of(feedback, (BY_CAR, ON_FOOT)[k])
            feedback.pushInfo(("By car:", "On foot:")[k])
        elif read.on_foot:
            speak_of(feedback, ON_FOOT)
        taken = shelters.all_ids | {name for half in halves for name in half.exits.names}
        part = control.part(0.5 + 0.35 * k / len(reads), 0.5 + 0.35 * (k + 1) / len(reads))
        walks = k == 1 if len(reads) > 1 else None
        halves.append(_half(read, walks, taken, danger, options, demand, context, feedback, part))
    car = halves[0]
    starts, over, in_time, driven = car.starts, car.over, car.in_time, None
    if len(halves) > 1:
        speak_of(feedback, BOTH)
        foot = halves[1]
        starts, driven = united_starts(starts, foot.starts, len(shelters.places)), starts.read.network
        over = of_both(over, foot.over)
        if in_time is not None or foot.in_time is not None:
            each = [half.over.impedance(BY_TIME) if half.in_time is None else half.in_time for half in halves]
            in_time = np.concatenate(each)
    read, middle = starts.read, None
    if starts.outside.any():
        zones = demand.zones
        middle = transform_vertices(zones.xy, zones.crs, read.crs, transforms)[starts.outside].mean(axis=0)
    exits = [half.exits for half in halves]
    where = targets(shelters, exits, middle, sources.names.shelter, read, context)
    xy = transform_vertices(where.shelters.places.xy, where.shelters.places.crs, read.crs, transforms)
    network, node = with_targets(starts, xy, where.outside)
    return Ground(replace(read, network=network), starts, where, node, danger, in_time, driven), over


class _Half(NamedTuple):
    """The people of one network: exits, zones and doors on it, and what lies between zones and shelters."""

    exits: Exits
    starts: Starts
    over: Separation
    in_time: np.ndarray | None


def _half(
    read: ReadNetwork,
    walks: bool | None,
    taken: frozenset[str] | set[str],
    danger: QgsGeometry | None,
    options: JointOptions,
    demand: Demand,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> _Half:
    """Join everybody, or those who drive or ``walks``, and all destinations to their network.

    ``taken`` are ids that no exit may have.
    """
    shelters, groups, use = demand.shelters, demand.groups, options.doors_on_foot() if walks else options.doors
    zones, people = demand.zones, demand.people
    if walks is not None:
        own = np.flatnonzero(demand.walks == walks)
        zones, people, groups = zones.subset(own.tolist()), people[own], groups.only(groups.on_foot == walks)
    exits = Exits.none(read)
    if options.exits and demand.somebody:
        area = QgsGeometry() if danger is None else danger
        read, exits = exits_of(read, area, taken, not len(shelters.places), feedback)
    over, in_time = nowhere(groups, shelters), None
    if demand.somebody and len(shelters.places):
        silent = QgsProcessingFeedback(False)  # joining the starts says the same

        def way(on: ReadNetwork, part: Control) -> Separation:
            roads = RoadsToDoors(on, options.max_snap_distance, use, demand.seconds)
            return over_network(roads, BY_TIME, groups, shelters, context, silent, part)

        over = way(replace(read, danger=Danger()), control.part(0.0, 0.6))
        if read.danger:
            in_time = way(read, control.part(0.6, 1.0)).impedance(BY_TIME)
        tell_of_doors(shelters.places.ids, shelters.capacity, over.let_in, use.minutes, feedback)
    rules = replace(use.rules, elsewhere=shelters.all_ids - set(shelters.places.ids))
    own = demand.peopled if walks is None else demand.peopled[demand.walks == walks]
    orders = demand.seconds[own % max(len(demand.groups.zones), 1)]
    leaving = Leaving(orders, use.access_speed, by_themselves=True)
    starts = join_zones(
        read, zones, people, shelters.places, rules, exits, danger, options.max_snap_distance, leaving, context,
        feedback,
    )  # fmt: skip
    return _Half(exits, starts, over, in_time)


def _danger(
    sources: JointSources, read: ReadNetwork, context: QgsProcessingContext, feedback: QgsProcessingFeedback
) -> QgsGeometry | None:
    """Return the hazard and its buffer in the working CRS; warn where it lies nowhere near the roads."""
    hazard = sources.danger.hazard
    if hazard is None:
        return None
    near = box_around(read.network.node_xy)
    area = read_hazard(hazard, read.crs, context, feedback, near=near).area
    if area.isNull() or not area.boundingBox().intersects(near):
        warn_if_far(read, hazard, context, feedback)
    return area
