"""The roads of a joint plan, with zones, shelters and exits on them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ..allocation.separation import BY_TIME, RoadsToDoors, Separation, nowhere, over_network
from ..closing.danger import Danger
from ..closing.hazard import read_hazard
from ..positions import box_around
from ..roads.distant import warn_if_far
from ..roads.door_travel import tell_of_doors
from ..roads.exits import Exits, exits_of
from ..roads.options import ReadNetwork
from ..transforming import transform_vertices
from .demand import Demand, JointSources
from .options import JointOptions
from .places import Targets, targets
from .starts import Starts, join_zones, with_targets


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
    exits : Exits
    danger : QgsGeometry or None
        Hazard and buffer in the working CRS; None without a hazard.
    in_time : (m, s) float64 or None
        Minutes from all zones to shelters by ways that stay open for who leaves at the order; None where nothing closes
        in time.
    """

    read: ReadNetwork
    starts: Starts
    targets: Targets
    node: np.ndarray
    exits: Exits
    danger: QgsGeometry | None
    in_time: np.ndarray | None = None


def read_ground(
    sources: JointSources,
    options: JointOptions,
    demand: Demand,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> tuple[Ground, Separation]:
    """Read roads and hazard and join everything; return also what lies between zones and shelters if nothing closes."""
    read = sources.roads(demand.somebody, demand.start, control.part(0.0, 0.5))
    shelters, zones, transforms = demand.shelters, demand.zones, context.transformContext()
    danger = _danger(sources, read, context, feedback)
    exits = Exits.none(read)
    if options.exits and demand.somebody:
        area = QgsGeometry() if danger is None else danger
        read, exits = exits_of(read, area, shelters.all_ids, not len(shelters.places), feedback)
    over, in_time = nowhere(demand.groups, shelters), None
    if demand.somebody and len(shelters.places):
        silent = QgsProcessingFeedback(False)  # joining the starts says the same

        def way(on: ReadNetwork, part: Control) -> Separation:
            roads = RoadsToDoors(on, options.max_snap_distance, options.doors, demand.seconds)
            return over_network(roads, BY_TIME, demand.groups, shelters, context, silent, part)

        over = way(replace(read, danger=Danger()), control.part(0.5, 0.7))
        if read.danger:
            in_time = way(read, control.part(0.7, 0.85)).impedance(BY_TIME)
        tell_of_doors(shelters.places.ids, shelters.capacity, over.let_in, options.doors.minutes, feedback)
    rules = replace(options.doors.rules, elsewhere=shelters.all_ids - set(shelters.places.ids))
    starts = join_zones(
        read, zones, demand.people, shelters.places, rules, exits, danger, options.max_snap_distance, context, feedback
    )
    middle = None
    if starts.outside.any():
        middle = transform_vertices(zones.xy, zones.crs, read.crs, transforms)[starts.outside].mean(axis=0)
    where = targets(shelters, exits, middle, sources.names.shelter, read, context)
    xy = transform_vertices(where.shelters.places.xy, where.shelters.places.crs, read.crs, transforms)
    network, node = with_targets(starts, xy, where.outside)
    return Ground(replace(starts.read, network=network), starts, where, node, exits, danger, in_time), over


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
