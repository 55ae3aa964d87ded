"""Layers as a joint problem: groups of people, shelters and exits, vehicles on the roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.joint.problem import Destinations, JointProblem, Vehicles, joint_problem
from ...solvers.routing.clearance import Inside
from ...solvers.routing.queue.network import SECOND, microseconds
from ...solvers.routing.shared.vehicles import fill_vehicles
from ..allocation.checks import explain_shortage
from ..allocation.columns import CarriedOn, carried_on
from ..allocation.separation import BY_TIME, Separation
from ..population_fields import tell_refusing
from ..positions import positions_inside
from ..routing.background import BackgroundRows, background_on
from ..routing.case import arcs_of
from ..routing.inside import arcs_inside
from .access_out import tell_access_out
from .demand import ZONES, Demand, JointSources, read_demand
from .fleet import Fleet, fleet_on, vehicles_on
from .ground import Ground, read_ground
from .options import JointOptions
from .ways import every_way


@dataclass(frozen=True)
class JointCase:
    """A joint problem, and what its groups, destinations and vehicles are in the layers.

    Attributes
    ----------
    demand : Demand
    ground : Ground
    carried : CarriedOn
        What the outputs keep of zones and shelters.
    separation : Separation
        What lies between all zones and destinations on empty roads.
    preference : (c, n) float64
        Of each zone and class.
    problem : JointProblem
        Its groups are those of the demand, or parts of them (:func:`.fleet.fleet_on`).
    parent : (h,) int64
        The demand's group of each group of the problem.
    options : JointOptions
    said : list of str
        Why some people cannot be placed, as far as that can be seen beforehand, and how many refuse to leave.
    """

    demand: Demand
    ground: Ground
    carried: CarriedOn
    separation: Separation
    preference: np.ndarray
    problem: JointProblem
    parent: np.ndarray
    options: JointOptions
    said: list[str]

    @property
    def vehicle_group(self) -> np.ndarray:
        """The demand's group (t,) of each vehicle."""
        return self.parent[self.problem.group]

    @property
    def outside_people(self) -> int:
        """People who start outside the hazard and are safe at once."""
        return int(self.demand.groups.sizes[self.ground.starts.outside[self.demand.place]].sum())


def joint_case(
    sources: JointSources,
    options: JointOptions,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> JointCase:
    """Return the problem of these layers; who cannot be placed is said in the log.

    Raises
    ------
    LayerError
        As reading zones, shelters, tables, roads and hazard; exits asked of a hazard that has none.
    Cancelled
    """
    demand = read_demand(sources, options.keep_together, options.use_standby, context, feedback)
    options = options.for_those(demand.travel, feedback)
    ground, over = read_ground(sources, options, demand, context, feedback, control)
    starts, where = ground.starts, ground.targets
    source, group = vehicles_on(demand, ground, options)
    separation = every_way(over, demand, ground, options, source, group, control.part(0.85, 0.95))
    preference = demand.preference(
        sources.preferences(), options.default_preference, options.preference_decay, where, separation.kilometres,
        feedback,
    )  # fmt: skip
    limits = options.max_distance, options.max_travel_time
    allowed = separation.within(*limits)[demand.groups.row]
    room = separation.room(where.shelters.capacity)
    said: list[str] = []
    if len(where) == where.count and demand.somebody:
        limited = bool(np.isfinite(limits).any())
        said = explain_shortage(demand.groups, where.shelters, room, allowed, options.divide, limited, feedback)
    safe = starts.outside[demand.place]
    if safe.any():
        feedback.pushInfo(
            f"{ZONES}: {int(demand.groups.sizes[safe].sum()):,} people in {int(starts.outside.sum())} zone(s) start "
            "outside the hazard; they are safe when they leave."
        )
        said += tell_access_out(starts, demand.zones.ids, demand.people, options.doors.access_speed, feedback)
    fleet = fleet_on(ground, source, group)
    problem = _problem(sources, options, demand, ground, separation, preference, allowed, room, fleet, feedback)
    carried = carried_on(demand.groups, where.shelters, sources.names, feedback)
    staying = tell_refusing(demand.classes.zones, demand.classes.classes, feedback)
    said += [staying] if staying else []
    return JointCase(demand, ground, carried, separation, preference, problem, fleet.parent, options, said)


def _problem(
    sources: JointSources,
    options: JointOptions,
    demand: Demand,
    ground: Ground,
    separation: Separation,
    preference: np.ndarray,
    allowed: np.ndarray,
    room: np.ndarray,
    fleet: Fleet,
    feedback: QgsProcessingFeedback,
) -> JointProblem:
    """Return the vehicles by departure, on the roads, with their destinations."""
    departures, network = options.departures, ground.read.network
    source, part, parent = fleet.source, fleet.part, fleet.parent
    group = parent[part]
    counted = np.bincount(group, minlength=len(demand.groups.sizes))
    in_vehicle = options.in_vehicle(demand.groups.on_foot)
    _, people = fill_vehicles(np.where(counted > 0, demand.groups.sizes, 0), in_vehicle)
    place = departures.places(len(group), feedback, len(group))
    walk = np.nan_to_num(ground.starts.bare) / options.doors.access_speed
    left = demand.seconds[demand.groups.zone[group]] + walk[demand.place[group]]
    departure = microseconds(left + place) / SECOND
    order = np.argsort(departure, kind="stable")
    flow = None
    if sources.background is not None:
        flow = _background(sources.background, ground, demand, feedback)
    reached = np.full(len(ground.node), np.inf)  # none is ever reached, or it is safe at any time
    closings = ground.read.danger.closings_on(network, ground.node, reached)
    inside = _inside(demand, ground, source[order], group[order]) if options.hazard_aim else None
    return joint_problem(
        arcs_of(network, options.choice, flow, ground.read.walked)._replace(closings=closings),
        Vehicles(
            source[order],
            departure[order],
            people[order],
            part[order],
            demand.place[group[order]],
            ground.starts.inside(),
        ),
        Destinations(ground.node, room, ground.targets.shelters.capacity, ground.targets.stepwise),
        1.0 - demand.of_groups(preference)[parent],
        allowed[parent] & fleet.reach,
        _impedance(separation, ground)[demand.groups.row][parent] if ground.targets.count else None,
        inside,
    )


def _background(
    rows: BackgroundRows, ground: Ground, demand: Demand, feedback: QgsProcessingFeedback
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return traffic that is there anyway, on the roads of vehicles."""
    arcs = ground.read.network.arc_count
    if ground.driven is None:
        return background_on(rows, ground.read.network, demand.start, feedback)
    moments, row, value = background_on(rows, ground.driven, demand.start, feedback)
    return moments, np.concatenate([row, np.full(arcs - len(row), -1, dtype=row.dtype)]), value


def _impedance(separation: Separation, ground: Ground) -> np.ndarray:
    """Return the minutes (m, n) by which the step-wise plan chooses: to shelters by ways that stay open."""
    minutes = separation.impedance(BY_TIME)
    if ground.in_time is not None:
        shelters = minutes[:, : ground.targets.count]
        joined = np.isfinite(shelters).any(axis=1)  # else from the vehicles' starts
        shelters[joined] = ground.in_time[joined]
    return minutes


def _inside(demand: Demand, ground: Ground, source: np.ndarray, group: np.ndarray) -> Inside | None:
    """Return what of the roads lies in the hazard, and whose start does; None without a hazard."""
    area, network = ground.danger, ground.read.network
    if area is None:
        return None
    indptr, begin, end = arcs_inside(area, network, np.arange(network.arc_count))
    few, which = np.unique(source, return_inverse=True)
    home = positions_inside(area, network.node_xy[few])[which]
    return Inside(indptr, begin, end, home, np.zeros(len(group), dtype=bool), 0)
