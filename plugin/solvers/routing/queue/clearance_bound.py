"""Before when no plan can have everybody out under ``queue``, and this plan cannot."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...graph.necessary import necessary_arcs
from ...graph.stars import ForwardStar
from ...kernels import compiled
from ..shared.clearance_floor import CapacityFloor, routes_floor
from ..shared.exits import last_exit
from ..shared.routes import rows_at
from .bounds import DoorQueue, door_queues, least_headway
from .doors import FreeTrees, Journeys
from .events import Plan
from .network import SECOND, QueueRoads


class ClearanceBound(NamedTuple):
    """Before when no plan can have everybody out.

    Attributes
    ----------
    seconds : float
        From t = 0.
    roads : (e,) int64
        The roads that all of some vehicles must leave, the last of them no sooner; empty where it is one vehicle's way.
    vehicles : int
        How many they are.
    """

    seconds: float
    roads: np.ndarray
    vehicles: int


class _Passing(NamedTuple):
    """Groups of trips, of one source and destination, and the roads that they cannot do without: one row for a pair.

    ``road``, ``group``, ``destination`` (p,) int64; ``until``, ``rest`` (p,) float64: microseconds from the source to
    the end of the road, and from there to the destination, on empty roads.
    """

    road: np.ndarray
    group: np.ndarray
    destination: np.ndarray
    until: np.ndarray
    rest: np.ndarray


def clearance_bound(
    roads: QueueRoads, journeys: Journeys, queues: list[DoorQueue] | None = None, control: Control | None = None
) -> ClearanceBound:
    """Return before when no plan of these trips can have everybody out.

    The largest over the last roads of each destination and over the roads without which a destination cannot be
    reached, of the last possible exit of those who must leave there plus the least rest of their ways.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    queues = door_queues(roads, journeys, control=control.part(0.0, 0.4)) if queues is None else queues
    best = ClearanceBound(0.0, np.empty(0, dtype=np.int64), 0)
    for queue in queues:
        if len(queue.exits) and queue.exits[-1] > best.seconds:
            best = ClearanceBound(float(queue.exits[-1]), queue.roads, len(queue.exits))
    pairs = np.unique(np.column_stack([journeys.destination, journeys.source]), axis=0)
    passing, alone = _necessary_roads(roads, journeys, pairs, control.part(0.4, 0.9))
    if alone > best.seconds:
        best = ClearanceBound(alone, np.empty(0, dtype=np.int64), 1)
    best = _longest_passing(roads, journeys, pairs, passing, best, control.part(0.9, 1.0))
    return best._replace(seconds=best.seconds / SECOND)


def clearance_floor(roads: QueueRoads, plan: Plan, control: Control | None = None) -> CapacityFloor | None:
    """Return the road of a plan's routes that holds it up longest; see :func:`routes_floor`.

    None where nobody drives.
    """
    driving = plan.hops > 0
    hops = plan.hops[driving]
    indptr = np.r_[0, np.cumsum(hops)]
    arc = rows_at(plan.first[driving], hops, plan.arc, control)
    floor = routes_floor(
        indptr, arc, plan.departure[driving].astype(np.float64), roads.travel.astype(np.float64),
        least_headway(roads).astype(np.float64), control,
    )  # fmt: skip
    return None if floor is None else CapacityFloor(floor.arc, floor.vehicles, floor.seconds / SECOND)


def _necessary_roads(
    roads: QueueRoads, journeys: Journeys, pairs: np.ndarray, control: Control
) -> tuple[_Passing, float]:
    """Return the roads that each (destination, source) of ``pairs`` (g, 2) needs; and the last arrival on empty roads.

    Before the latter, microseconds, the vehicle with the longest way cannot be there.
    """
    trees = FreeTrees(roads, journeys)
    forward = ForwardStar.of(journeys.nodes, journeys.tail, journeys.head)
    head = journeys.head.astype(np.int64)
    parts, alone = [], 0.0
    destinations, first = np.unique(pairs[:, 0], return_index=True)
    bounds = [*first.tolist(), len(pairs)]
    for k, node in enumerate(destinations.tolist()):
        control.stop_if_cancelled()
        control.progress(k / len(destinations), "")
        source = pairs[bounds[k] : bounds[k + 1], 1].astype(np.int64)
        time, _ = trees.grown(node)
        trips = np.flatnonzero(journeys.destination == node)
        there = (journeys.departure[trips] + time[journeys.source[trips]])[np.isfinite(time[journeys.source[trips]])]
        alone = max(alone, there.max(initial=0.0))
        following, _ = necessary_arcs(forward, trees.star, node)
        count = np.zeros(len(source), dtype=np.int64)
        nothing = np.empty(0, dtype=np.int64)
        list_necessary(following, head, roads.is_road, source, count, nothing)
        road = np.empty(int(count.sum()), dtype=np.int64)
        list_necessary(following, head, roads.is_road, source, count, road)
        rest = time[head[road]]
        until = np.repeat(time[source], count) - rest
        group = np.repeat(np.arange(bounds[k], bounds[k + 1]), count)
        parts.append(_Passing(road, group, np.full(len(road), node, dtype=np.int64), until, rest))
    if not parts:
        empty = np.empty(0, dtype=np.int64)
        return _Passing(empty, empty, empty, np.empty(0), np.empty(0)), alone
    return _Passing(*(np.concatenate(columns) for columns in zip(*parts))), alone


@compiled
def list_necessary(following, head, is_road, source, count, road):
    """Fill ``count`` (s,) with how many roads each source needs, and ``road`` with them where it is not empty."""
    nodes = len(following)
    size = 0
    for k in range(len(source)):
        at = source[k]
        found = 0
        if following[at] != -2:
            while at >= 0:
                if at >= nodes:
                    if is_road[at - nodes]:
                        if len(road) > 0:
                            road[size] = at - nodes
                        size += 1
                        found += 1
                    at = head[at - nodes]
                else:
                    at = following[at]
        count[k] = found


def _longest_passing(
    roads: QueueRoads,
    journeys: Journeys,
    pairs: np.ndarray,
    passing: _Passing,
    best: ClearanceBound,
    control: Control,
) -> ClearanceBound:
    """Return the road that holds up longest those who cannot do without it, where that is longer than ``best``.

    Roads are taken with everybody who needs them and with those of one destination, which may have a longer rest. Those
    whose vehicles could not be that late even if all came last are not looked at.
    """
    if not len(passing.road):
        return best
    headway = least_headway(roads)
    key = pairs[:, 0].astype(np.int64) * journeys.nodes + pairs[:, 1]
    of_trip = np.searchsorted(key, journeys.destination.astype(np.int64) * journeys.nodes + journeys.source)
    trips = np.argsort(of_trip, kind="stable")
    bounds = np.searchsorted(of_trip[trips], np.arange(len(pairs) + 1))
    count = np.diff(bounds)
    latest = np.maximum.reduceat(journeys.departure[trips], bounds[:-1])
    for columns in ((passing.road,), (passing.road, passing.destination)):
        order = np.lexsort(columns)
        new = np.r_[True, np.any([np.diff(column[order]) != 0 for column in columns], axis=0)]
        first = np.flatnonzero(new)
        group, road, rest = passing.group[order], passing.road[order][first], passing.rest[order]
        vehicles = np.add.reduceat(count[group], first)
        least = np.minimum.reduceat(rest, first)
        last = np.maximum.reduceat(latest[group] + passing.until[order], first)
        most = last + (vehicles - 1) * headway[road] + least
        ends = np.r_[first[1:], len(group)]
        for k in np.argsort(-most, kind="stable").tolist():
            control.stop_if_cancelled()
            if most[k] <= best.seconds:
                break
            rows = order[first[k] : ends[k]]
            ready = np.concatenate(
                [
                    journeys.departure[trips[bounds[g] : bounds[g + 1]]] + until
                    for g, until in zip(passing.group[rows].tolist(), passing.until[rows].tolist())
                ]
            )
            there = last_exit(np.sort(ready), float(headway[road[k]])) + least[k]
            if there > best.seconds:
                best = ClearanceBound(float(there), road[k : k + 1], int(vehicles[k]))
    return best
