"""The least queues at everything that the vehicles of one destination must pass, one after the other up to its doors.

All ways from a junction to a destination have some roads and junctions in common; these form a tree that leads to the
destination. Where vehicles must pass a road, they leave it at least its headway apart; where they must pass a junction,
they leave it by one of a few roads, in the merged slots of these. So the first, second, ... of them leave it no sooner
than :func:`.exits.earliest_exits` says, and after the rest of the way, which for all is the least time from there, come
to the next such place. Where nobody must share anything but the doors it is the queue at the doors alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...graph.necessary import necessary_arcs
from ...graph.stars import ForwardStar
from ...kernels import compiled, compiled_with_arrays
from ..shared.exits import fill_exits
from .bounds import least_headway
from .doors import Doors, FreeTrees, Journeys
from .network import QueueRoads


class Funnel(NamedTuple):
    """Roads one of which each of some vehicles must leave, and what that costs them at least.

    Attributes
    ----------
    destination : int
        Node to which the vehicles go.
    roads : (e,) int64
        The roads: a last road each of its doors, a road without which it cannot be reached, or all ways on from a
        junction.
    vehicles : int
        How many they are.
    delay : int
        Vehicle-microseconds that they wait there at least, after what they waited before.
    until : int
        Before when the last of them cannot have left, microseconds.
    """

    destination: int
    roads: np.ndarray
    vehicles: int
    delay: int
    until: int


class _Places(NamedTuple):
    """Places that all ways from some sources have in common, those farthest from the destination first.

    ``place`` (p,) node or ``n + arc``; ``first``, ``last`` (p,): its vehicles are those from the first to before the
    last; ``cut`` (p + 1,), ``road`` (c,): the roads by which they leave it; none where there is no limit.
    """

    place: np.ndarray
    first: np.ndarray
    last: np.ndarray
    cut: np.ndarray
    road: np.ndarray


def funnel_time(
    roads: QueueRoads, journeys: Journeys, doors: list[Doors], control: Control | None = None
) -> tuple[list[int], list[Funnel]]:
    """Return the least travel time of all plans by the queues at what must be passed, and where they are.

    Returns
    -------
    times : list of int
        Vehicle-microseconds of the trips of each of ``doors``, never below what :func:`door_queues` gives.
    funnels : list of Funnel
        Those with a delay, the longest first.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    trees = FreeTrees(roads, journeys)
    forward = ForwardStar.of(journeys.nodes, journeys.tail, journeys.head)
    headway = least_headway(roads)
    times: list[int] = []
    found = []
    for k, door in enumerate(doors):
        control.stop_if_cancelled()
        control.progress(k / len(doors), "")
        if not len(door.trips):
            times.append(0)
            continue
        following, depth = necessary_arcs(forward, trees.star, door.node)
        source = journeys.source[door.trips].astype(np.int64)
        places, rank = _places(roads, journeys, forward, door, following, depth, source)
        out = np.empty(len(rank), dtype=np.int64)
        time, _ = trees.grown(door.node)
        out[rank] = journeys.departure[door.trips] + time[source].astype(np.int64)
        delay, until = np.zeros(len(places.place), dtype=np.int64), np.zeros(len(places.place), dtype=np.int64)
        pass_places(*places[1:], headway, out, delay, until)
        times.append(int(out.sum()) - int(journeys.departure[door.trips].sum()))
        rest = _rest(places.place, journeys, time)
        for p in np.flatnonzero(delay).tolist():
            cut = places.road[places.cut[p] : places.cut[p + 1]]
            vehicles = int(places.last[p] - places.first[p])
            found.append(Funnel(door.node, cut, vehicles, int(delay[p]), int(until[p] - rest[p])))
    return times, sorted(found, key=lambda funnel: (-funnel.delay, funnel.destination, funnel.roads.tolist()))


def _rest(place: np.ndarray, journeys: Journeys, time: np.ndarray) -> np.ndarray:
    """Return the least time from each place (a node, or the end of an arc) to the destination."""
    node = place.copy()
    arcs = place >= journeys.nodes
    node[arcs] = journeys.head[place[arcs] - journeys.nodes]
    return time[node].astype(np.int64)


def _places(
    roads: QueueRoads,
    journeys: Journeys,
    forward: ForwardStar,
    door: Doors,
    following: np.ndarray,
    depth: np.ndarray,
    source: np.ndarray,
) -> tuple[_Places, np.ndarray]:
    """Return the places that vehicles from ``source`` (k,) must pass, and where each vehicle stands in their order."""
    nodes, head = journeys.nodes, journeys.head.astype(np.int64)
    own = np.bincount(source, minlength=nodes + len(head))
    listed = np.empty(nodes + len(head), dtype=np.int64)
    count = np.zeros(nodes + len(head), dtype=np.int64)
    size = list_places(following, head, np.flatnonzero(own), listed, count)
    place = listed[:size]
    level = 2 * depth[np.where(place < nodes, place, head[np.maximum(place - nodes, 0)])] + (place >= nodes)
    place = place[np.lexsort((place, -level))]
    first = np.zeros(nodes + len(head), dtype=np.int64)
    place_vehicles(place, following, head, own, count, first)
    order = np.argsort(source, kind="stable")
    begin = np.searchsorted(source[order], source[order])
    rank = np.empty(len(source), dtype=np.int64)
    rank[order] = first[source[order]] + np.arange(len(source)) - begin
    shared = place[count[place] > 1]
    cut = np.zeros(len(shared) + 1, dtype=np.int64)
    star = forward.indptr, forward.arc.astype(np.int64)
    args = shared, following, depth, head, *star, roads.is_road, door.roads
    list_cuts(*args, cut, np.empty(0, dtype=np.int64))
    road = np.empty(int(cut[-1]), dtype=np.int64)
    list_cuts(*args, cut, road)
    return _Places(shared, first[shared], first[shared] + count[shared], cut, road), rank


@compiled
def place_after(place, following, head):
    """Return the next place that all ways have in common; below 0 at the destination."""
    nodes = len(following)
    return following[place] if place < nodes else head[place - nodes]


@compiled
def list_places(following, head, sources, listed, count):
    """Fill ``listed`` with all places on the ways from ``sources``; mark them in ``count``; return how many."""
    size = 0
    for k in range(len(sources)):
        at = sources[k]
        while at >= 0 and count[at] == 0:
            count[at] = 1
            listed[size] = at
            size += 1
            at = place_after(at, following, head)
    return size


@compiled
def place_vehicles(place, following, head, own, count, first):
    """Count the vehicles that pass each place and number them so that those of a place follow each other.

    ``place`` (p,) farthest first. ``first`` (n + m,): number of the first one; those that start at a node come first.
    """
    for k in range(len(place)):
        count[place[k]] = own[place[k]]
    for k in range(len(place)):
        after = place_after(place[k], following, head)
        if after >= 0:
            count[after] += count[place[k]]
    for k in range(len(place) - 1, -1, -1):  # ``first`` of a place is moved on while those before it are numbered
        at = place[k]
        after = place_after(at, following, head)
        if after >= 0:
            begin = first[after]
            first[after] += count[at]
            first[at] = begin
        first[at] += own[at]
    for k in range(len(place)):
        first[place[k]] -= count[place[k]]


@compiled
def comes_before(place, node, following, depth, head):
    """Whether all ways from ``node`` pass the node ``place``."""
    nodes = len(following)
    at = node
    while at >= 0:
        if at < nodes and depth[at] <= depth[place]:
            return at == place
        at = place_after(at, following, head)
    return False


@compiled
def list_cuts(place, following, depth, head, indptr, arc, is_road, doors, cut, road):
    """Fill ``cut`` (p + 1,) with offsets of the roads by which vehicles leave each place, ``road`` as they fit.

    A road that leads back to the junction does not count; with a connector among the ways on there is no limit.
    """
    nodes = len(following)
    size = 0
    for k in range(len(place)):
        cut[k] = size
        at = place[k]
        if at >= nodes:
            if is_road[at - nodes]:
                if size < len(road):
                    road[size] = at - nodes
                size += 1
        elif following[at] < 0:
            for i in range(len(doors)):
                if size < len(road):
                    road[size] = doors[i]
                size += 1
        else:
            for j in range(indptr[at], indptr[at + 1]):
                to = head[arc[j]]
                if following[to] == -2 or comes_before(at, to, following, depth, head):
                    continue
                if not is_road[arc[j]]:
                    size = cut[k]
                    break
                if size < len(road):
                    road[size] = arc[j]
                size += 1
    cut[len(place)] = size


@compiled_with_arrays
def pass_places(first, last, cut, road, headway, out, delay, until):
    """Let the vehicles pass the places in order.

    ``out`` (k,): when each would be at the destination if nothing held it up after the places passed so far; of those
    of one place, in no order. ``delay``, ``until`` (p,) are filled with the delay at each place, and when the last one
    would be at the destination.
    """
    slots = np.empty(len(out) + len(road) + 1, np.int64)
    exits = np.empty(len(out), np.int64)
    start = np.empty(len(out), np.int64)
    following_slot = np.empty(len(road) + 1, np.int64)
    for p in range(len(first)):
        servers = cut[p + 1] - cut[p]
        if servers == 0:
            continue
        here = out[first[p] : last[p]]
        here.sort()
        count = len(here) + servers
        for i in range(servers):
            following_slot[i] = 0
        for k in range(count):
            best = 0
            for i in range(1, servers):
                if following_slot[i] < following_slot[best]:
                    best = i
            slots[k] = following_slot[best]
            following_slot[best] += headway[road[cut[p] + best]]
        fill_exits(here, slots, servers, exits[: len(here)], start)
        waited = 0
        for k in range(len(here)):
            waited += exits[k] - here[k]
            here[k] = exits[k]
        delay[p] = waited
        until[p] = here[len(here) - 1]
