"""A joint plan as an allocation and as routes, so that both are written as those of the steps are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qgis.core import QgsProcessingContext

from ...solvers.allocation.objective import BY_PEOPLE, NEAR_IS_GOOD, Objective, normalised
from ...solvers.allocation.problem import FREE, WHOLE, Allocation, AllocationProblem
from ...solvers.control import Control
from ...solvers.joint.kinds import BY_VEHICLE
from ...solvers.joint.result import REASONS, JointPlan, JointResult
from ...solvers.modes import CAR, FOOT
from ...solvers.roads.doors import Doors
from ...solvers.routing.capacity_floor import capacity_floor
from ...solvers.routing.clearance import clearance
from ...solvers.routing.road_use import road_use
from ...solvers.walks import HAIR, MaxWalk, Walks
from ..allocation.case import AllocationCase
from ..allocation.outputs import UNJOINED
from ..allocation.separation import BY_TIME
from ..routing.case import RoutingCase
from ..routing.ends import JoinedEnds
from ..routing.inside import inside_of, staying_in
from ..routing.mode_rows import mode_figures, walked_metres
from ..routing.outputs import RoutedCase
from ..routing.trips import TripRows
from ..transforming import transform_xy
from ..values import id_text
from .case import JointCase
from .groups import dealt


def of_groups(case: JointCase, table: np.ndarray) -> np.ndarray:
    """Return people (g, n) of the demand's groups at destinations from those of the problem's (h, n)."""
    people = np.zeros((len(case.demand.groups.sizes), case.problem.destinations), dtype=np.int64)
    np.add.at(people, case.parent, np.rint(table).astype(np.int64))
    return people


def caught_of(case: JointCase, plan: JointPlan) -> np.ndarray:
    """Return how many people of each group (g,) are caught."""
    caught = plan.routing.caught
    people = np.bincount(case.vehicle_group[caught.trip], caught.people, len(case.demand.groups.sizes))
    return np.rint(people).astype(np.int64)


def allocation_of(case: JointCase, plan: JointPlan) -> Allocation:
    """Return who arrives where, people of each group and destination, and why others have no place."""
    groups, problem = case.demand.groups, case.problem
    people = of_groups(case, plan.people(problem))
    reasons = [REASONS[1]] * len(groups.sizes)  # of groups that join no road
    for group, reason in zip(case.vehicle_group.tolist(), plan.reason.tolist()):
        reasons[group] = REASONS[reason] if reason else reasons[group]
    left = groups.sizes - people.sum(axis=1) - caught_of(case, plan)
    return Allocation(
        people, tuple(reason if count > 0 else "" for reason, count in zip(reasons, left.tolist())), plan.value, None,
        None,
    )  # fmt: skip


def classes_of(case: JointCase, found: Allocation, plan: JointPlan) -> tuple[Allocation, np.ndarray]:
    """Return an allocation of groups by zone and class, and the people (c,) of each who are caught.

    The people of a group are dealt evenly mixed.
    """
    demand, lost = case.demand, caught_of(case, plan)
    people = np.zeros((len(demand.classes.sizes), found.people.shape[1]), dtype=np.int64)
    reasons, caught = [""] * len(people), np.zeros(len(people), dtype=np.int64)
    left = demand.groups.sizes - found.allocated - lost
    for group, weight in enumerate(demand.weight):
        own = np.flatnonzero(weight > 0)
        parts = dealt(demand.classes.sizes[own], np.r_[found.people[group], left[group], lost[group]])
        people[own], caught[own] = parts[:, :-2], parts[:, -1]
        for k, staying in zip(own.tolist(), parts[:, -2].tolist()):
            reasons[k] = found.reasons[group] if staying else ""
    return Allocation(people, tuple(reasons), found.objective, None, None), caught


def allocation_case(case: JointCase, result: JointResult, caught: np.ndarray) -> AllocationCase:
    """Return zones, classes and destinations as a case of an allocation, for its rows.

    ``caught`` (c,): people of each zone and class who are not in it, since they are listed as caught.
    """
    classes, shelters = case.demand.classes, case.ground.targets.shelters
    if caught.any():
        classes = replace(classes, sizes=classes.sizes - caught)
    scaled = normalised(case.separation.impedance(BY_TIME)[classes.row], NEAR_IS_GOOD)
    objective = Objective(1.0 - case.preference, scaled, classes.sizes, 1.0, 1.0, BY_PEOPLE)
    allowed = case.separation.within(case.options.max_distance, case.options.max_travel_time)[classes.row]
    problem = AllocationProblem(
        classes.sizes, case.problem.room, np.where(allowed, objective.cost, 0.0), allowed,
        FREE if result.unit == BY_VEHICLE else WHOLE,
    )  # fmt: skip
    return AllocationCase(
        classes, shelters, case.carried, case.separation, case.preference, objective, problem, case.said
    )


def routed_plan(case: JointCase, plan: JointPlan, context: QgsProcessingContext, control: Control) -> RoutedCase:
    """Return the plan's routes as ``routeevacuation`` gives them, a trip for each group and destination."""
    routes = routing_case_of(case, plan, context)
    nobody = np.empty(0, dtype=np.int64)
    result = replace(plan.routing, unreachable=nobody)  # who has no place is among the rows that could not be joined
    inside = None
    if case.ground.danger is not None:
        inside = inside_of(case.ground.danger, routes, result, context, control)
    network = routes.read.network
    staying = None if case.ground.danger is None else staying_in(case.ground.danger, routes, result, context)
    return RoutedCase(
        routes, result, road_use(result, network.is_road, control), clearance(result, inside),
        capacity_floor(result, network.capacity, control), tuple(mode_figures(routes, result, inside, staying)),
    )  # fmt: skip


def walks_of_plan(case: JointCase, found: RoutedCase, limit: MaxWalk) -> Walks:
    """Return who of those who arrive walks and how far, from place to door; the classes of a group are evenly mixed."""
    demand, result = case.demand, found.result
    group = case.vehicle_group[result.routed]
    own = np.full(len(group), case.ground.read.on_foot) | demand.groups.on_foot[group]
    group, people = group[own], result.problem.people[own]
    metres = (walked_metres(result) + np.nan_to_num(found.case.access(result)))[own]
    limits = limit.metres([demand.classes.classes[k] for k in demand.classes.kind.tolist()])
    over = 0.0
    for most in np.unique(limits[np.isfinite(limits)]).tolist():
        share = demand.weight[:, limits == most].sum(axis=1)[group]
        over += float((people * share)[metres > most + HAIR].sum())
    return Walks(int(round(float(people.sum()))), float(metres.max(initial=0.0)), int(round(over)))


def routing_case_of(case: JointCase, plan: JointPlan, context: QgsProcessingContext) -> RoutingCase:
    """Return the case of routing that the plan's destinations make: rows of groups, then of those who stay."""
    demand, ground = case.demand, case.ground
    groups, starts, place = demand.groups, ground.starts, demand.place
    found, sent = allocation_of(case, plan), of_groups(case, plan.people_sent(case.problem))
    group, target = np.nonzero(sent)
    left = groups.sizes - sent.sum(axis=1)
    staying = np.flatnonzero(left > 0)
    number = np.full(sent.shape, -1, dtype=np.int64)
    number[group, target] = np.arange(len(group))
    stays = np.full(len(groups.sizes), -1, dtype=np.int64)
    stays[staying] = len(group) + np.arange(len(staying))
    placed = plan.destination >= 0
    row = stays[case.vehicle_group]
    row[placed] = number[case.vehicle_group[placed], plan.destination[placed]]
    of_row = np.concatenate([group, staying])
    site = np.concatenate([target, np.full(len(staying), -1, dtype=np.int64)])
    rows = _rows(case, of_row, site, np.concatenate([sent[group, target], left[staying]]), context)
    at = place[of_row]
    spread = starts.junctions.counts[at] > 0
    unjoined = []
    for k, own in enumerate(staying.tolist()):
        why = case.separation.unjoined.get(int(groups.row[own]))
        unjoined.append((len(group) + k, f"{UNJOINED}: {why}" if why else found.reasons[own]))
    known = starts.site_access[starts.half[at]]
    beyond = np.zeros((len(at), len(ground.node) - known.shape[1])), np.full((len(at), 1), np.nan)  # the last for -1
    far = np.concatenate([known, *beyond], axis=1)[np.arange(len(at)), site]
    ends = JoinedEnds(
        ground.read,
        np.where(spread, at, -1),
        starts.junctions,
        demand.zones.ids,
        starts.areas,
        starts.inside(),
        starts.node[at],
        np.r_[ground.node, -1][site],
        np.maximum(site, 0),
        _named(case),
        np.full(len(ground.node), np.inf),  # none is reached, or it is safe at any time
        np.where(spread, 0.0, starts.access[at]),
        far,
        unjoined,
    )
    return RoutingCase(
        ground.read, rows, demand.start, case.problem.network, row, ends, ground.danger,
        case.options.doors.access_speed, case.options.departures,
    )  # fmt: skip


def _modes(case: JointCase, group: np.ndarray) -> list[str]:
    """Return how the people of each ``group`` (k,) travel."""
    everybody = case.ground.read.on_foot
    return [FOOT if walks or everybody else CAR for walks in case.demand.groups.on_foot[group].tolist()]


def _named(case: JointCase) -> Doors:
    """Return the doors with an id for every destination, the ground outside included, which has none."""
    return replace(case.ground.starts.doors, ids=list(case.ground.targets.shelters.places.ids))


def _rows(
    case: JointCase, group: np.ndarray, site: np.ndarray, people: np.ndarray, context: QgsProcessingContext
) -> TripRows:
    """Return rows of trips from zones to destinations, to none where ``site`` is -1."""
    groups, places = case.demand.groups, case.ground.targets.shelters.places
    zone = groups.zone[group]
    ends = transform_xy(places.xy, places.crs, groups.zones.crs, context.transformContext())
    last = np.vstack([ends, np.full((1, 2), np.nan)])[site]
    names = [groups.zones.ids[m] for m in zone.tolist()]
    order = case.demand.order
    if order is not None:
        order = order.of(zone.tolist())
    classes = None
    if list(groups.classes) == list(case.demand.classes.classes):  # else several go together
        classes = [groups.classes[k] for k in groups.kind[group].tolist()]
    rows = TripRows(
        groups.zones.name, groups.zones.crs, names, names, [places.ids[j] if j >= 0 else "" for j in site.tolist()],
        people, case.options.in_vehicle(groups.on_foot[group]), groups.zones.xy[zone].reshape(-1, 2), last, None, order,
        classes=classes, modes=_modes(case, group),
    )  # fmt: skip
    carried = case.carried
    zones, shelters, where = groups.zones, places, case.ground.targets
    exits = places.ids[where.count : where.count + where.exits]  # called by their streets
    return rows.named(
        {key: id_text(name) for key, row in zip(zones.ids, zones.attributes) for name in carried.zone.of(row)},
        {key: id_text(name) for key, row in zip(shelters.ids, shelters.attributes) for name in carried.shelter.of(row)}
        | dict(zip(exits, exits)),
    )
