"""The quickest ways on empty roads that arrive before what closes and the hazard, waiting where that is best.

Backwards from a destination, the latest moment at which one may be ready at the end of a road and still arrive. Who
waits does so at his origin or at the end of a road, as long as the hazard leaves him; entering a road earlier is never
worse, so that of each road the earliest entry is all that a search must know. Nobody is sent round in a circle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...graph.heap import drop_first, push
from ...graph.stars import ForwardStar, ReverseStar
from ...kernels import compiled
from ..shared.bars import open_from
from ..shared.individual import individual_routes
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes, rerouted
from ..shared.trees import Trees
from .bars import BEFORE, NEVER, moments_of, open_until
from .network import QueueRoads, microseconds

ROUNDING = 1000  # microseconds by which a sum of rounded times may exceed that of exact ones
BLOCK = 2_000_000  # roads of ways that are found at once


class Search(NamedTuple):
    """What a search on empty roads reads and writes; m arcs, n nodes.

    Attributes
    ----------
    star_start : (n + 1,) int64, star_arc : (m,) int32
        Arcs by the node that they leave.
    head : (m,) int32
        The node that each arc enters.
    latest : (m,) int64
        Until when one may be ready at the end of each arc and still arrive; BEFORE where one may not.
    least : (n,) int64
        At most the free-flow time to the destination, microseconds.
    label : (m,) int64
        Search in which each arc was reached last.
    entry : (m,) int64, via : (m,) int32
        When it is entered, and the arc before, -1 for none.
    keys, items : (q,) int64
        Heap.
    """

    star_start: np.ndarray
    star_arc: np.ndarray
    head: np.ndarray
    latest: np.ndarray
    least: np.ndarray
    label: np.ndarray
    entry: np.ndarray
    via: np.ndarray
    keys: np.ndarray
    items: np.ndarray


@compiled
def fill_latest(roads, star_start, star_arc, tail, goal, latest, keys, items):
    """Fill until when one may be ready at the end of each arc (m,) and still arrive at ``goal`` on empty roads."""
    bars = roads.bars
    latest[:] = BEFORE
    size = 0
    for j in range(star_start[goal], star_start[goal + 1]):
        arc = star_arc[j]
        latest[arc] = bars.last_exit[arc]
        size = push(keys, items, size, -latest[arc], arc)
    while size > 0:
        key, arc = keys[0], items[0]
        size = drop_first(keys, items, size)
        if -key < latest[arc]:
            continue
        enter = min(latest[arc] - roads.travel[arc], bars.last_entry[arc])
        for j in range(star_start[tail[arc]], star_start[tail[arc] + 1]):
            before = star_arc[j]
            until = open_until(bars, arc, min(enter, bars.last_exit[before]))
            if until > latest[before] and size < len(keys):
                latest[before] = until
                size = push(keys, items, size, -until, before)


@compiled
def entry_of(roads, latest, arc, ready, until):
    """Return when who is ready at ``ready`` and can wait until ``until`` enters ``arc`` so as to arrive; else NEVER."""
    entry = open_from(roads.bars, arc, ready, 0)
    if entry > until or entry > roads.bars.last_entry[arc] or latest[arc] < entry + roads.travel[arc]:
        return NEVER
    return entry


@compiled
def passes(search, source, arc, node):
    """Whether the way from ``source`` to the end of ``arc`` passes ``node``."""
    while arc >= 0:
        if search.head[arc] == node:
            return True
        arc = search.via[arc]
    return node == source


@compiled
def turns_back(search, source, arc):
    """Whether the way from ``source`` to the end of ``arc`` passes a node twice."""
    while arc >= 0:
        if passes(search, source, search.via[arc], search.head[arc]):
            return True
        arc = search.via[arc]
    return False


@compiled
def quickest_way(roads, search, number, source, goal, departure, until, simple):
    """Search the quickest way of who leaves from ``departure`` until ``until``; return its last arc, -1 for none.

    If ``simple``, among ways that pass no node twice, and not among all of them.
    """
    size = 0
    before = -1
    node, ready, can_wait = source, departure, until
    while True:
        for j in range(search.star_start[node], search.star_start[node + 1]):
            arc = search.star_arc[j]
            entry = entry_of(roads, search.latest, arc, ready, can_wait)
            if entry == NEVER or (search.label[arc] == number and search.entry[arc] <= entry):
                continue
            if simple and passes(search, source, before, search.head[arc]):
                continue
            if size == len(search.keys):  # never: an arc is reached once from each arc before it
                return -1
            search.label[arc] = number
            search.entry[arc] = entry
            search.via[arc] = before
            key = entry + roads.travel[arc] + search.least[search.head[arc]]
            size = push(search.keys, search.items, size, key, arc)
        while True:
            if size == 0:
                return -1
            key, before = search.keys[0], search.items[0]
            size = drop_first(search.keys, search.items, size)
            node = search.head[before]
            ready = search.entry[before] + roads.travel[before]
            if key <= ready + search.least[node]:
                break
        if node == goal:
            return before
        can_wait = roads.bars.last_exit[before]


@compiled
def drive(roads, latest, arcs, first, last, departure, until):
    """Return when who leaves at ``departure`` arrives by ``arcs[first:last]`` on empty roads; NEVER if he does not."""
    ready, can_wait = departure, until
    for k in range(first, last):
        entry = entry_of(roads, latest, arcs[k], ready, can_wait)
        if entry == NEVER:
            return NEVER
        ready = entry + roads.travel[arcs[k]]
        can_wait = roads.bars.last_exit[arcs[k]]
    return ready


@compiled
def free_time(roads, arcs, first, last):
    """Return the free-flow time of ``arcs[first:last]``."""
    took = 0
    for k in range(first, last):
        took += roads.travel[arcs[k]]
    return took


@compiled
def opens_between(bars, begin, end):
    """Whether a road opens after ``begin`` and until ``end``."""
    for k in range(len(bars.open_time)):
        if bars.open_time[k] > end:
            return False
        if bars.open_time[k] > begin:
            return True
    return False


@compiled
def find_safe_ways(roads, search, trips, source, goal, departure, until, first, way, hops):
    """Find the quickest way that arrives of each of ``trips`` (k,), by source and departure, as they fit.

    ``hops`` (k,) is filled with its number of arcs, -1 where there is none; ``way`` from its beginning. The way of the
    trip before serves again where no other can be quicker: it arrives at the same moment as the earlier trip does, or
    without a wait and nothing opens meanwhile. Returns the next of ``trips``.
    """
    size = 0
    last_trip, begin, end, left, came = -1, 0, 0, 0, 0
    for k in range(first, len(trips)):
        trip = trips[k]
        now = departure[trip]
        if last_trip >= 0 and source[last_trip] == source[trip]:
            there = drive(roads, search.latest, way, begin, end, now, until[trip])
            straight = there == now + free_time(roads, way, begin, end)
            if there < NEVER and (there == came or (straight and not opens_between(roads.bars, left, there))):
                if size + end - begin > len(way):
                    return k
                for j in range(end - begin):
                    way[size + j] = way[begin + j]
                hops[k] = end - begin
                size += hops[k]
                continue
        arc = quickest_way(roads, search, 2 * k + 1, source[trip], goal, now, until[trip], False)
        if arc >= 0 and turns_back(search, source[trip], arc):  # to wait where no hazard comes
            arc = quickest_way(roads, search, 2 * k + 2, source[trip], goal, now, until[trip], True)
        hops[k] = -1
        if arc < 0:
            continue
        count, at = 0, arc
        while at >= 0:
            count += 1
            at = search.via[at]
        if size + count > len(way):
            return k
        at = arc
        for j in range(size + count - 1, size - 1, -1):
            way[j] = at
            at = search.via[at]
        last_trip, begin, end, left = trip, size, size + count, now
        came = search.entry[arc] + roads.travel[arc]
        hops[k] = count
        size += count
    return len(trips)


@compiled
def mark_open(roads, latest, indptr, arcs, route, trips, departure, until, there):
    """Mark which of ``trips`` (k,) arrive in time by their ``route`` (t,) without a wait."""
    for k in range(len(trips)):
        trip = trips[k]
        first, last = indptr[route[trip]], indptr[route[trip] + 1]
        arrival = drive(roads, latest, arcs, first, last, departure[trip], until[trip])
        there[k] = arrival == departure[trip] + free_time(roads, arcs, first, last)


class SafeWays(NamedTuple):
    """Everybody's quickest way that arrives in time on empty roads; where there is none, that if nothing closed.

    Attributes
    ----------
    routes : Routes
    there : (t,) bool
        Who has one.
    """

    routes: Routes
    there: np.ndarray


def safe_ways(problem: RoutingProblem, roads: QueueRoads, trees: Trees, control: Control | None = None) -> SafeWays:
    """Return everybody's quickest way on empty roads that arrives before what closes and the hazard.

    Parameters
    ----------
    trees : Trees
        Free-flow times to every destination; everybody can reach his.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    routes, there = individual_routes(problem, trees, control), np.ones(problem.trips, dtype=bool)
    departure = microseconds(problem.departure)
    until = moments_of(problem.closings.start_reached)[problem.source]
    floods = problem.closings.goal_reached < np.inf
    reverse, forward = ReverseStar(problem.nodes, problem.tail, problem.head), problem.star()
    search = _search_space(problem, forward)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for row, goal in enumerate(trees.destinations.tolist()):
        control.stop_if_cancelled()
        trips = np.flatnonzero(trees.row == row)
        if floods[goal]:
            there[trips] = False
            continue
        fill_latest(roads, reverse.indptr, reverse.arc, problem.tail, goal, search.latest, search.keys, search.items)
        search = search._replace(least=least_times(trees.seconds[row]))
        easy = np.empty(len(trips), dtype=bool)
        mark_open(roads, search.latest, routes.indptr, routes.arcs, routes.of_trip, trips, departure, until, easy)
        hard = trips[~easy]
        hard = hard[np.lexsort((hard, problem.source[hard]))]
        hops, done = np.empty(len(hard), dtype=np.int64), 0
        search.label[:] = 0
        while done < len(hard):
            control.stop_if_cancelled()
            way, before = np.empty(max(BLOCK, problem.arcs), dtype=np.int32), done
            done = find_safe_ways(roads, search, hard, problem.source, goal, departure, until, done, way, hops)
            size = hops[before:done]
            there[hard[before:done][size < 0]] = False
            found.append((hard[before:done][size >= 0], size[size >= 0], way[: size[size > 0].sum()]))
    late = until < departure
    there[late] = False
    if found:
        who, size, arcs = (np.concatenate(column) for column in zip(*found))
        if len(who):
            routes = rerouted(routes, who, np.r_[0, np.cumsum(size)], arcs)
    return SafeWays(routes, there)


def latest_moments(
    problem: RoutingProblem, roads: QueueRoads, trees: Trees, control: Control | None = None
) -> np.ndarray:
    """Return until when (d, m) int64 one may be ready at the end of each arc and still arrive at each destination.

    Microseconds, on empty roads; BEFORE where one may not.
    """
    control = control or Control()
    reverse = ReverseStar(problem.nodes, problem.tail, problem.head)
    search = _search_space(problem, problem.star())
    latest = np.empty((len(trees.destinations), problem.arcs), dtype=np.int64)
    for row, goal in enumerate(trees.destinations.tolist()):
        control.stop_if_cancelled()
        fill_latest(roads, reverse.indptr, reverse.arc, problem.tail, goal, latest[row], search.keys, search.items)
    return latest


def _search_space(problem: RoutingProblem, forward: ForwardStar) -> Search:
    arcs = problem.arcs
    into = np.bincount(problem.head, minlength=problem.nodes)
    pairs = int(into[problem.tail].sum()) + arcs + 1
    return Search(
        forward.indptr, forward.arc, problem.head, np.empty(arcs, dtype=np.int64),
        np.empty(problem.nodes, dtype=np.int64), np.zeros(arcs, dtype=np.int64), np.empty(arcs, dtype=np.int64),
        np.empty(arcs, dtype=np.int32), np.empty(pairs, dtype=np.int64), np.empty(pairs, dtype=np.int64),
    )  # fmt: skip


def least_times(seconds: np.ndarray) -> np.ndarray:
    """Return at most the free-flow times (n,) in whole microseconds; very long where there is no way."""
    finite = np.isfinite(seconds)
    least = np.full(len(seconds), NEVER // 4)
    least[finite] = np.maximum(microseconds(seconds[finite]) - ROUNDING, 0)
    return least
