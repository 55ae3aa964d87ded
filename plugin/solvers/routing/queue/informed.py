"""Drivers with navigation and no plan: everybody looks for the quickest way as the roads are seen, again and again.

Seen time of a road: the longer of its free-flow time and the time that the vehicles on it, and those who wait at their
origin to enter it, take to leave at its headway; where its head is blocked, the head's wait so far besides (spec of the
queue model, section 11, *informed*; those who wait at the origin are seen too: else a queue that stands in front of the
first road, not on it, would draw everybody into it).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control, Slices
from ...graph.heap import drop_first, push
from ...kernels import compiled
from ..shared.choices import REROUTE_MINUTES, STUCK_SECONDS
from ..shared.problem import CAR, RoutingProblem
from ..shared.routes import Routes, distinct, rows_at
from ..shared.trees import Trees
from .bars import NEVER, entry_in_time
from .events import DEPARTED, HEAP, Plan, next_road
from .moments import (
    join_origin,
    make_moves,
    next_moment,
    note_standstill,
    register_changes,
    register_head,
    take_event,
)
from .network import SECOND, QueueRoads, microseconds
from .places import places_of
from .simulation import plan_of, starting_state

LEAST_SAVING = 60 * SECOND  # microseconds that a new way must save
LEAST_SHARE = 20  # and more than one part in so many of what remains
NO_LIMIT = 2**60
SEARCH_STEPS = 50  # events that a search counts for
SEARCHES, CHANGES, POOL, FULL = range(4)  # columns of ``counts``
SLACK = 20  # roads that a way may have more than the quickest ones, on average, before memory is enlarged
NO_SAFE_WAYS = Plan(*(np.empty(0, dtype=kind) for kind in (np.int64, np.int64, np.int64, np.int32, np.int64)))
ROUNDING = 1000  # microseconds by which a sum of rounded times may exceed that of exact ones


class Navigation(NamedTuple):
    """What the drivers' navigation reads and writes; n nodes, d destinations, t trips.

    Attributes
    ----------
    star_start : (n + 1,) int64, star_arc, star_head : (m,) int32
        Arcs by the node that they leave.
    tail, head : (m,) int32
        Nodes that each arc leaves and enters.
    least : (d, n) int64
        At most the free-flow time to each destination, microseconds; NO_LIMIT where it cannot be reached.
    row, source, goal : (t,) int32
        Row in ``least``, source and destination of each trip.
    looked : (t,) int64
        When each trip looked last.
    pause : int
        Microseconds after which a driver looks again.
    label, took : (n,) int64
        Search in which a node was reached last; the time from its origin.
    via : (n,) int32
        The arc by which.
    keys, items : (q,) int64
        Heap of the search.
    safe_first, safe_hops : (t,) int64, safe_arc : (k,) int32
        Ways that arrive in time on empty roads, for who finds none as the roads are seen; empty where nothing closes.
    counts : (4,) int64
        Searches, changed ways, roads in the pool of ways, whether that is full.
    """

    star_start: np.ndarray
    star_arc: np.ndarray
    star_head: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    least: np.ndarray
    row: np.ndarray
    source: np.ndarray
    goal: np.ndarray
    looked: np.ndarray
    pause: int
    label: np.ndarray
    took: np.ndarray
    via: np.ndarray
    keys: np.ndarray
    items: np.ndarray
    safe_first: np.ndarray
    safe_hops: np.ndarray
    safe_arc: np.ndarray
    counts: np.ndarray


@compiled
def seen_time(roads, state, road, now):
    """Return the time that a driver sees on a road, microseconds."""
    seen = max(roads.travel[road], (state.load[road] + state.pending[road]) * state.headway[road] // CAR)
    first = state.head[road]
    if first >= 0:
        seen += max(now - max(state.passed[first], state.free[road]), 0)
    return seen


@compiled
def passed_as_seen(roads, state, road, moment, now):
    """Return when who comes to ``road`` at ``moment`` is at its end as it is seen now; NEVER if what closes is before.

    Closings are known; nobody means to wait for the hazard.
    """
    if len(roads.bars.since) > 0:
        moment = entry_in_time(roads.bars, road, moment)
        if moment == NEVER:
            return NEVER
    moment += seen_time(roads, state, road, now)
    return NEVER if moment > roads.bars.last_exit[road] else moment


@compiled
def quickest(roads, state, nav, origin, trip, limit, now):
    """Search the quickest way from a node as seen now; return whether one takes less than ``limit``.

    A* with the free-flow times, which no seen time undercuts; ``via`` holds the arcs back to ``origin``.
    """
    nav.counts[SEARCHES] += 1
    number = nav.counts[SEARCHES]
    least = nav.least[nav.row[trip]]
    goal = nav.goal[trip]
    if least[origin] >= limit:
        return False
    nav.label[origin] = number
    nav.took[origin] = 0
    nav.via[origin] = -1
    size = push(nav.keys, nav.items, 0, least[origin], origin)
    while size > 0:
        node = nav.items[0]
        key = nav.keys[0]
        size = drop_first(nav.keys, nav.items, size)
        if node == goal:
            return True
        if key > nav.took[node] + least[node]:
            continue
        for j in range(nav.star_start[node], nav.star_start[node + 1]):
            to = nav.star_head[j]
            there = nav.took[node]
            if least[to] >= NO_LIMIT or (nav.label[to] == number and nav.took[to] <= there):
                continue
            arc = nav.star_arc[j]
            if roads.is_road[arc]:
                passed = passed_as_seen(roads, state, arc, now + there, now)
                if passed == NEVER:
                    continue
                there = passed - now
            if there + least[to] >= limit or (nav.label[to] == number and nav.took[to] <= there):
                continue
            if size == len(nav.keys):  # never: a node is reached anew by another arc only
                return False
            nav.label[to] = number
            nav.took[to] = there
            nav.via[to] = arc
            size = push(nav.keys, nav.items, size, there + least[to], to)
    return False


@compiled
def take_way(roads, plan, nav, trip, hop):
    """Let the trip take the way found from its road number ``hop`` on; roads driven before are kept."""
    more = 0
    at = nav.goal[trip]
    while nav.via[at] >= 0:
        more += roads.is_road[nav.via[at]]
        at = nav.tail[nav.via[at]]
    begin = nav.counts[POOL]
    if begin + hop + more > len(plan.arc):
        nav.counts[FULL] = 1
        return
    for k in range(hop):
        plan.arc[begin + k] = plan.arc[plan.first[trip] + k]
    plan.first[trip] = begin
    plan.hops[trip] = hop + more
    nav.counts[POOL] = begin + hop + more
    place = begin + hop + more
    at = nav.goal[trip]
    while nav.via[at] >= 0:
        if roads.is_road[nav.via[at]]:
            place -= 1
            plan.arc[place] = nav.via[at]
        at = nav.tail[nav.via[at]]


@compiled
def take_safe_way(plan, nav, trip):
    """Let the trip take its way that arrives in time on empty roads."""
    begin, hops = nav.counts[POOL], nav.safe_hops[trip]
    if begin + hops > len(plan.arc):
        nav.counts[FULL] = 1
        return
    for k in range(hops):
        plan.arc[begin + k] = nav.safe_arc[nav.safe_first[trip] + k]
    plan.first[trip] = begin
    plan.hops[trip] = hops
    nav.counts[POOL] = begin + hops


@compiled
def look_again(roads, plan, state, nav, road, now):
    """The driver at the head of a road looks for a better way, if it is time."""
    trip = state.head[road]
    if now < nav.looked[trip] + nav.pause:
        return
    nav.looked[trip] = now
    hop = state.hop[trip] + 1
    there = now
    for k in range(plan.first[trip] + hop, plan.first[trip] + plan.hops[trip]):
        there = passed_as_seen(roads, state, plan.arc[k], there, now)
        if there == NEVER:
            break
    remains = NO_LIMIT if there == NEVER else there - now
    limit = min(remains - LEAST_SAVING, remains - remains // LEAST_SHARE)
    if quickest(roads, state, nav, nav.head[road], trip, limit, now):
        take_way(roads, plan, nav, trip, hop)
        nav.counts[CHANGES] += 1


@compiled
def depart(roads, plan, state, nav, now):
    """Everybody who departs now chooses a way and joins the queue of its first road."""
    trip = state.counts[DEPARTED]
    while trip < len(plan.departure) and plan.departure[trip] <= now:
        nav.looked[trip] = now
        if quickest(roads, state, nav, nav.source[trip], trip, NO_LIMIT, now):
            take_way(roads, plan, nav, trip, 0)
        elif len(nav.safe_hops) > 0:
            take_safe_way(plan, nav, trip)
        if nav.counts[FULL] == 0 and plan.hops[trip] > 0 and state.fate[trip] == 0:
            join_origin(roads, plan, state, trip, now)
        trip += 1
    state.counts[DEPARTED] = trip


@compiled
def run_informed(roads, plan, state, nav, patience, events, spare):
    """Handle about ``events`` events as ``run_moments`` does, with drivers who look; return whether more comes.

    Stops too where fewer than ``spare`` roads of ways find memory.
    """
    arcs = len(roads.travel)
    left = events
    while left > 0 and nav.counts[POOL] + spare <= len(plan.arc) and nav.counts[FULL] == 0:
        now = next_moment(roads, plan, state)
        if now == NEVER:
            return False
        searches = nav.counts[SEARCHES]
        register_changes(roads, state, now)
        depart(roads, plan, state, nav, now)
        while state.counts[HEAP] > 0 and state.keys[0] == now:
            item = take_event(state)
            left -= 1
            if item >= arcs:
                note_standstill(state, item - arcs)
                continue
            if state.fate[state.head[item]] == 0 and next_road(plan, state, item) >= 0:
                look_again(roads, plan, state, nav, item, now)
            register_head(roads, plan, state, item, now)
        make_moves(roads, plan, state, patience, now)
        left -= 1 + SEARCH_STEPS * (nav.counts[SEARCHES] - searches)
    return nav.counts[FULL] == 0


def informed_routes(
    problem: RoutingProblem,
    roads: QueueRoads,
    trees: Trees,
    *,
    reroute_minutes: float = REROUTE_MINUTES,
    stuck_seconds: float = STUCK_SECONDS,
    safe: Routes | None = None,
    control: Control | None = None,
) -> Routes:
    """Return the ways (without connectors) of drivers who look at the roads when they leave and every few minutes.

    A driver looks when it is first in its road's queue, and changes only where the new way saves more than 5 % of what
    remains and more than 60 s.

    Parameters
    ----------
    trees : Trees
        Free-flow times to every destination.
    safe : Routes, optional
        Where something closes: ways that arrive in time on empty roads.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    least = NO_SAFE_WAYS if safe is None else plan_of(roads, microseconds(problem.departure), safe)
    room = int(3 * problem.trips * (SLACK + _usual_hops(problem, trees))) + problem.arcs
    while True:
        plan = _drive(problem, roads, trees, room, int(reroute_minutes * 60 * SECOND), stuck_seconds, least, control)
        if plan is not None:
            break
        room *= 2
    indptr = np.r_[0, np.cumsum(plan.hops)].astype(np.int64)
    return distinct(indptr, rows_at(plan.first, plan.hops, plan.arc, control), problem.source, control)


def _usual_hops(problem: RoutingProblem, trees: Trees) -> float:
    """Return about how many roads a trip drives, from a few of them."""
    count = []
    for trip in np.linspace(0, problem.trips - 1, min(problem.trips, 50)).astype(int).tolist():
        node, hops = int(problem.source[trip]), 0
        while (arc := trees.toward[trees.row[trip], node]) >= 0:
            node, hops = int(problem.head[arc]), hops + 1
        count.append(hops)
    return float(np.mean(count)) if count else 0.0


def _drive(
    problem: RoutingProblem,
    roads: QueueRoads,
    trees: Trees,
    room: int,
    pause: int,
    stuck_seconds: float,
    safe: Plan,
    control: Control,
) -> Plan | None:
    """Return who drove where; None when the ways taken at one moment have more than a third of ``room`` roads."""
    trips, nodes = problem.trips, problem.nodes
    finite = np.isfinite(trees.seconds)
    least = np.full(trees.seconds.shape, NO_LIMIT, dtype=np.int64)
    least[finite] = np.maximum(microseconds(trees.seconds[finite]) - ROUNDING, 0)
    plan = Plan(
        microseconds(problem.departure), np.zeros(trips, dtype=np.int64), np.zeros(trips, dtype=np.int64),
        np.empty(room, dtype=np.int32), np.zeros(trips + 1, dtype=np.int64),
    )  # fmt: skip
    places = places_of(problem)
    if places is not None:
        plan = places.known_to(plan)
    state = starting_state(roads, plan, False)._replace(moment=np.empty(problem.arcs + 2, dtype=np.int64))
    star = problem.star()
    nav = Navigation(
        star.indptr, star.arc, star.head, problem.tail, problem.head, least, trees.row, problem.source,
        problem.destination, np.zeros(trips, dtype=np.int64), pause, np.zeros(nodes, dtype=np.int64),
        np.empty(nodes, dtype=np.int64), np.empty(nodes, dtype=np.int32), np.empty(problem.arcs + 1, dtype=np.int64),
        np.empty(problem.arcs + 1, dtype=np.int64), safe.first, safe.hops, safe.arc, np.zeros(4, dtype=np.int64),
    )  # fmt: skip
    slices, patience, spare = Slices(), int(round(stuck_seconds * SECOND)), room // 3
    while run_informed(roads, plan, state, nav, patience, slices.next(), spare):
        control.stop_if_cancelled()
        if nav.counts[POOL] + spare > len(plan.arc):
            plan = plan._replace(arc=np.r_[plan.arc, np.empty(room, dtype=np.int32)])
        control.progress(state.counts[DEPARTED] / max(trips, 1), "")
    return None if nav.counts[FULL] else plan
