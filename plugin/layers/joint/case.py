"""Layers as a joint problem: groups of people, shelters and exits, vehicles on the roads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.joint.problem import Destinations, JointProblem, Vehicles, joint_problem
from ...solvers.roads.reach import ReachesNode
from ...solvers.roads.shortest_paths import travel
from ...solvers.routing.clearance import Inside
from ...solvers.routing.queue.network import SECOND, microseconds
from ...solvers.routing.shared.vehicles import PROFILE_NAMES, fill_vehicles, spread_departures, vehicles_of
from ..allocation.checks import explain_shortage
from ..allocation.columns import CarriedOn, carried_on
from ..allocation.separation import BY_TIME, RoadsToDoors, Separation, nowhere, over_network
from ..errors import LayerError
from ..hazard import read_hazard
from ..positions import box_around, positions_inside
from ..roads.distant import warn_if_far
from ..roads.door_travel import DoorUse, tell_of_doors
from ..roads.exits import Exits, exits_of
from ..roads.options import ReadNetwork
from ..routing.background import background_on
from ..routing.case import CostChoice, Departures, arcs_of
from ..routing.inside import arcs_inside
from ..routing.trips import MOST_VEHICLES
from ..transforming import transform_vertices
from .demand import HAZARD, ZONES, Demand, JointSources, read_demand
from .places import Targets, targets
from .starts import Starts, join_zones, with_targets


@dataclass(frozen=True)
class JointOptions:
    """What counts, named as the parameters of ``jointplan``; limits are infinite where there is none.

    Attributes
    ----------
    keep_together, use_standby, exits : bool
    default_preference : float
    preference_decay : float or None
        Kilometres.
    max_distance, max_travel_time : float
        Kilometres and minutes.
    divide : bool
        Whether a group may be divided between destinations, where that is needed or always.
    hazard_aim : bool
        Whether little time in the hazard is the aim.
    doors : DoorUse
    occupancy : float
        People in a full vehicle.
    departures : Departures
    choice : CostChoice
    max_snap_distance : float
        Metres.
    """

    keep_together: bool
    use_standby: bool
    exits: bool
    default_preference: float
    preference_decay: float | None
    max_distance: float
    max_travel_time: float
    divide: bool
    hazard_aim: bool
    doors: DoorUse
    occupancy: float
    departures: Departures
    choice: CostChoice
    max_snap_distance: float


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
    """

    read: ReadNetwork
    starts: Starts
    targets: Targets
    node: np.ndarray
    exits: Exits
    danger: QgsGeometry | None


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
        Its groups are those of the demand, or parts of them (:func:`_parts`).
    parent : (h,) int64
        The demand's group of each group of the problem.
    options : JointOptions
    said : list of str
        Why some people cannot be placed, as far as that can be seen beforehand.
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
    ground, over = _ground(sources, options, demand, context, feedback, control)
    starts, where = ground.starts, ground.targets
    source, group = _vehicles(demand, ground, options)
    separation = _every_way(over, demand, ground, options, source, group, control.part(0.85, 0.95))
    preference = demand.preference(
        sources.preferences(), options.default_preference, options.preference_decay, where, separation.kilometres,
        feedback,
    )  # fmt: skip
    limits = options.max_distance, options.max_travel_time
    allowed = separation.within(*limits)[demand.groups.zone]
    room = separation.room(where.shelters.capacity)
    said: list[str] = []
    if len(where) == where.count and demand.somebody:
        limited = bool(np.isfinite(limits).any())
        said = explain_shortage(demand.groups, where.shelters, room, allowed, options.divide, limited, feedback)
    safe = starts.outside[demand.place]
    if safe.any():
        feedback.pushInfo(
            f"{ZONES}: {int(demand.groups.sizes[safe].sum()):,} people in {int(starts.outside.sum())} zone(s) start "
            "outside the hazard; they are safe at once."
        )
    fleet = _parts(ground, source, group)
    problem = _problem(sources, options, demand, ground, separation, preference, allowed, room, fleet, feedback)
    carried = carried_on(demand.groups, where.shelters, sources.names, feedback)
    return JointCase(demand, ground, carried, separation, preference, problem, fleet.parent, options, said)


def _ground(
    sources: JointSources,
    options: JointOptions,
    demand: Demand,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> tuple[Ground, Separation]:
    """Read roads and hazard and join everything; return also what lies between zones and shelters."""
    read = sources.roads(demand.somebody, control.part(0.0, 0.5))
    shelters, zones, transforms = demand.shelters, demand.zones, context.transformContext()
    danger = _danger(sources, read, context, feedback)
    exits = Exits.none(read)
    if options.exits and demand.somebody:
        area = QgsGeometry() if danger is None else danger
        read, exits = exits_of(read, area, shelters.all_ids, not len(shelters.places), feedback)
    over = nowhere(demand.groups, shelters)
    if demand.somebody and len(shelters.places):
        roads = RoadsToDoors(read, options.max_snap_distance, options.doors)
        silent = QgsProcessingFeedback(False)  # joining the starts says the same
        over = over_network(roads, BY_TIME, demand.groups, shelters, context, silent, control.part(0.5, 0.85))
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
    return Ground(replace(starts.read, network=network), starts, where, node, exits, danger), over


def _danger(
    sources: JointSources, read: ReadNetwork, context: QgsProcessingContext, feedback: QgsProcessingFeedback
) -> QgsGeometry | None:
    """Return the hazard and its buffer in the working CRS; warn where it lies nowhere near the roads."""
    if sources.hazard is None:
        return None
    near = box_around(read.network.node_xy)
    area = read_hazard(sources.hazard, sources.hazard_buffer, read.crs, context, feedback, near=near).area
    if area.isNull() or not area.boundingBox().intersects(near):
        warn_if_far(read, HAZARD, sources.hazard, context, feedback)
    return area


def _vehicles(demand: Demand, ground: Ground, options: JointOptions) -> tuple[np.ndarray, np.ndarray]:
    """Return where each vehicle starts (v,), and its group (v,); groups that join no road have none."""
    place, starts = demand.place, ground.starts
    count = vehicles_of(demand.groups.sizes, np.full(len(place), options.occupancy))
    if count.sum() > MOST_VEHICLES:
        raise LayerError(
            f"{ZONES}: the {int(demand.groups.sizes.sum()):,} people take {int(count.sum()):,} vehicles, more than the "
            f"{MOST_VEHICLES:,} that can be routed. Check GROUP_FIELDS and PEOPLE_PER_VEHICLE."
        )
    count = np.where(starts.joined[place] & bool(len(ground.node)), count, 0)
    names, seed = demand.zones.ids, options.departures.seed
    source = starts.sources(ground.read.network, names, place, count, ground.node, seed)
    return source, np.repeat(np.arange(len(place)), count)


def _every_way(
    over: Separation,
    demand: Demand,
    ground: Ground,
    options: JointOptions,
    source: np.ndarray,
    group: np.ndarray,
    control: Control,
) -> Separation:
    """Return what lies between zones and all destinations.

    To shelters that is what ``over`` says, from the zone's point; to exits, and from a zone whose point is far from any
    road, the mean over its vehicles. Who starts outside is where he goes, and goes nowhere else.
    """
    where, starts = ground.targets, ground.starts
    kilometres, minutes, access = (np.full((len(demand.groups.zones), len(where)), np.inf) for _ in range(3))
    if over.minutes is not None and over.access is not None:
        for table, known in ((kilometres, over.kilometres), (minutes, over.minutes), (access, over.access)):
            table[:, : where.count] = known
    unknown = np.isinf(kilometres[demand.peopled]).all(axis=1) & starts.joined & ~starts.outside
    least = 0 if unknown.any() else where.count
    few, which = np.unique(source, return_inverse=True)
    ways = travel(ground.read.network, few, ground.node[least : where.count + where.exits], control=control)
    own = demand.place[group]
    order = np.argsort(own, kind="stable")
    bounds = np.searchsorted(own[order], np.arange(len(unknown) + 1))
    for k, m in enumerate(demand.peopled.tolist()):
        if starts.outside[k]:
            for table in (kilometres, minutes, access):
                table[m] = np.inf
                table[m, where.outside] = 0.0
            continue
        columns = np.arange(0 if unknown[k] else where.count, where.count + where.exits)
        rows = which[order[bounds[k] : bounds[k + 1]]]
        kilometres[m, columns] = _means(ways.metres[rows][:, columns - least]) / 1000.0
        access[m, columns] = starts.access[k] + starts.site_access[columns]
        walk = access[m, columns] / options.doors.access_speed
        minutes[m, columns] = (_means(ways.seconds[rows][:, columns - least]) + walk) / 60.0
    doors = np.r_[starts.doors.counts(), np.zeros(len(where) - len(starts.doors.ids), dtype=np.int64)]
    let_in = None if over.let_in is None else np.r_[over.let_in, np.full(len(where) - where.count, np.inf)]
    unjoined = {int(demand.peopled[k]): starts.reasons[k] for k in np.flatnonzero(~starts.joined).tolist()}
    walks = access / options.doors.access_speed / 60.0
    return Separation(kilometres, minutes, unjoined, access, walks, doors, let_in)


def _means(values: np.ndarray) -> np.ndarray:
    """Return the mean (e,) of the finite values (v, e) of each column, infinite where there is none."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1), np.inf)


class Fleet(NamedTuple):
    """The vehicles of a joint plan and what is sent together.

    Attributes
    ----------
    source : (v,) int64
        Node where each starts.
    part : (v,) int64
        What each is sent with.
    parent : (h,) int64
        The group of each part.
    reach : (h, n) bool
        Destinations to which the whole of a part has a way.
    """

    source: np.ndarray
    part: np.ndarray
    parent: np.ndarray
    reach: np.ndarray


def _parts(ground: Ground, source: np.ndarray, group: np.ndarray) -> Fleet:
    """Return what is sent together: groups, or parts of one that no exit is open to together.

    Who is on his way to an exit does not pass another. Where that parts the roads inside, the vehicles of a group that
    can reach the same exits are a part of it.
    """
    where = ground.targets
    if where.count or not where.exits or not len(group):
        parent, part = np.unique(group, return_inverse=True)
        return Fleet(source, part, parent, np.ones((len(parent), len(where)), dtype=bool))
    few, which = np.unique(source, return_inverse=True)
    ways = ReachesNode(ground.read.network)
    can = np.column_stack([ways.can(few, target) for target in ground.node.tolist()])
    keys = np.column_stack([group, np.packbits(can, axis=1)[which].astype(np.int64)])
    rows, first, part = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return Fleet(source, part.ravel(), rows[:, 0], can[which[first]])


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
    _, people = fill_vehicles(np.where(counted > 0, demand.groups.sizes, 0), np.full(len(counted), options.occupancy))
    place = spread_departures(len(group), departures.window, departures.profile, np.random.default_rng(departures.seed))
    departure = microseconds(demand.seconds[demand.groups.zone[group]] + place) / SECOND
    if len(group):
        feedback.pushInfo(
            f"{len(group)} vehicles leave {PROFILE_NAMES[departures.profile]} within {departures.window / 60:g} "
            f"minutes (SEED {departures.seed})."
        )
    order = np.argsort(departure, kind="stable")
    flow = None
    if sources.background is not None:
        flow = background_on(sources.background, network, demand.start, feedback)
    inside = _inside(demand, ground, source[order], group[order]) if options.hazard_aim else None
    return joint_problem(
        arcs_of(network, options.choice, flow),
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
        separation.impedance(BY_TIME)[demand.groups.zone][parent] if ground.targets.count else None,
        inside,
    )


def _inside(demand: Demand, ground: Ground, source: np.ndarray, group: np.ndarray) -> Inside | None:
    """Return what of the roads lies in the hazard, and whose start does; None without a hazard."""
    area, network = ground.danger, ground.read.network
    if area is None:
        return None
    indptr, begin, end = arcs_inside(area, network, np.arange(network.arc_count))
    few, which = np.unique(source, return_inverse=True)
    home = positions_inside(area, network.node_xy[few])[which]
    return Inside(indptr, begin, end, home, np.zeros(len(group), dtype=bool), 0)
