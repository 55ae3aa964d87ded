"""The queue model's moves, one moment after the other, as kernels (spec of the queue model, section 11).

Words: a *claim* is the ready head of a road, or of an origin's queue, that wants to enter its next road. Sources of
claims are numbered: road ``e`` is ``e``, the queue of those who start on road ``e`` is ``m + e``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...graph.heap import push
from ...kernels import compiled
from ..shared.problem import CAR
from .bars import NEVER, barred, opened

# Columns of ``counts``.
HEAP, EVENTS, DEPARTED, CHANGED, MOVES, FORCED, RINGS, RING_ARCS, WORK, STUCK, OPENED, REACHED, LATE = range(13)
ALL_COUNTS = 13
NO_TRIPS, NO_MOMENTS, NO_MARKS = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)


class Plan(NamedTuple):
    """Who drives where, without connectors.

    Attributes
    ----------
    departure : (t,) int64
        Microseconds from t = 0, ascending.
    first, hops : (t,) int64
        The roads of a trip are ``arc[first : first + hops]``; trips may share them.
    arc : (k,) int32
        Roads in travel order.
    move : (t + 1,) int64
        Offsets of the trips' moves, ``hops + 1`` each (none where hops is 0): into the first road, out of each road.
    late : (l,) int32
        The trips whose origin the hazard reaches, in the order of its arrival.
    start_reached, goal_reached : (t,) int64
        When it reaches each trip's origin and destination, NEVER where it does not; empty where nothing closes.
    stays : (t,) bool
        Who has no way and does not leave; empty where nothing closes.
    size : (t,) int64
        The room that each vehicle takes, in halves of a car's, see :data:`..shared.problem.CAR`; empty where all are
        cars (or people).
    """

    departure: np.ndarray
    first: np.ndarray
    hops: np.ndarray
    arc: np.ndarray
    move: np.ndarray
    late: np.ndarray = NO_TRIPS
    start_reached: np.ndarray = NO_MOMENTS
    goal_reached: np.ndarray = NO_MOMENTS
    stays: np.ndarray = NO_MARKS
    size: np.ndarray = NO_MOMENTS


class State(NamedTuple):
    """Where everybody is; t trips, m arcs, k pairs of roads that follow each other.

    Attributes
    ----------
    hop : (t,) int32
        Road of the trip's way that it is on; -1 before the first.
    passed : (t,) int64
        When the trip has driven its road, at free flow.
    behind : (t,) int32
        Who is next in the queue of the road or the origin; -1 the last.
    head, last : (2 m,) int32
        First and last of each source's queue, -1 if it is empty.
    load : (m,) int64
        What the vehicles on each road take of its room, in halves of a car.
    pending : (m,) int64
        The same of those that wait at their origin to enter each road.
    free : (m,) int64
        When the next vehicle may leave each road: the last exit and its headway.
    headway : (m,) int64
        Of each road now, of a car.
    room : (m,) int64
        Of each road now, in halves of a car.
    entered : (m,) int64
        When somebody entered last.
    claims : (m,) int32
        First of the sources that claim a place on each road, -1 without.
    next_claim : (2 m,) int32
        The next source that claims a place on the same road.
    wanted : (m,) int32
        The road that the head of each road claims; -1 while it claims none.
    since : (2 m,) int64
        When the source's claim began.
    turn : (2 m,) int64
        Where its number p is kept.
    served : (k + m,) int64
        The numbers p: of each pair of roads, of each origin's queue; in units of headway.
    level : (m,) int64
        The number P of each road.
    watched : (m,) bool
        Whether a look for a standstill is planned.
    listed : (m,) bool
        Whether the road is in ``work``.
    bar : (m,) int64
        First bar of each road that has not ended, as far as anybody looked.
    fate : (t,) int8
        Whether the trip has been caught: 0, else the reason (of who is caught on a road that is found out later).
    caught : (t,) int64
        When.
    part : (t,) int32
        On which part of a road (a row of the bars' ``catch_arc``).
    work, stuck : (m,) int32
        Roads at which somebody may enter now; at which a standstill is looked for now.
    keys : (2 m,) int64, items : (2 m,) int64
        Heap of events: a road's head is ready (the road), look for a standstill (m + the road).
    moment : (moves,) int64
        When each move was made.
    order : (moves,) int64
        The moves in the order in which they were made; empty if it is not recorded.
    ring : (r,) int32
        Roads of the rings that were opened, each ring followed by -1, as far as they fit.
    counts : (13,) int64
        Counters, see the columns above.
    """

    hop: np.ndarray
    passed: np.ndarray
    behind: np.ndarray
    head: np.ndarray
    last: np.ndarray
    load: np.ndarray
    pending: np.ndarray
    free: np.ndarray
    headway: np.ndarray
    room: np.ndarray
    entered: np.ndarray
    claims: np.ndarray
    next_claim: np.ndarray
    wanted: np.ndarray
    since: np.ndarray
    turn: np.ndarray
    served: np.ndarray
    level: np.ndarray
    watched: np.ndarray
    listed: np.ndarray
    bar: np.ndarray
    fate: np.ndarray
    caught: np.ndarray
    part: np.ndarray
    work: np.ndarray
    stuck: np.ndarray
    keys: np.ndarray
    items: np.ndarray
    moment: np.ndarray
    order: np.ndarray
    ring: np.ndarray
    counts: np.ndarray


@compiled
def plan_event(state, time, item):
    """Add an event."""
    state.counts[HEAP] = push(state.keys, state.items, state.counts[HEAP], time, item)


@compiled
def size_of(plan, trip):
    """Return the room that a vehicle takes, in halves of a car's."""
    return plan.size[trip] if len(plan.size) > 0 else CAR


@compiled
def headway_after(plan, trip, headway):
    """Return the time between the exit of ``trip`` and the next, for a road that cars leave every ``headway``."""
    return headway * size_of(plan, trip) // CAR


@compiled
def look_at(state, road):
    """Put a road on the list of those where somebody may enter now."""
    if not state.listed[road]:
        state.listed[road] = True
        state.work[state.counts[WORK]] = road
        state.counts[WORK] += 1


@compiled
def note_move(state, move, now):
    """Record a move."""
    state.moment[move] = now
    if len(state.order) > 0:
        state.order[state.counts[MOVES]] = move
    state.counts[MOVES] += 1


@compiled
def next_road(plan, state, source):
    """Return the road that the head of a source wants to enter; -1 at its destination."""
    trip = state.head[source]
    hop = state.hop[trip] + 1
    if hop == plan.hops[trip]:
        return -1
    return plan.arc[plan.first[trip] + hop]


@compiled
def begin_claim(roads, state, source, road, now):
    """The head of a source begins to claim a place on ``road``."""
    arcs = len(roads.travel)
    if source >= arcs:
        turn = len(roads.follow) + road
    else:
        turn = roads.follow_start[source]
        while roads.follow[turn] != road:
            turn += 1
        state.wanted[source] = road
    state.served[turn] = max(state.served[turn], state.level[road])
    state.turn[source] = turn
    state.since[source] = now
    state.next_claim[source] = state.claims[road]
    state.claims[road] = source
    look_at(state, road)


@compiled
def first_claim(state, road):
    """Return the claim that enters next: least p, then ready longest, then lowest arc, an origin last."""
    best = state.claims[road]
    source = state.next_claim[best]
    while source >= 0:
        p, of_best = state.served[state.turn[source]], state.served[state.turn[best]]
        if p < of_best:
            best = source
        elif p == of_best:
            since, of_best = state.since[source], state.since[best]
            if since < of_best or (since == of_best and source < best):
                best = source
        source = state.next_claim[source]
    return best


@compiled
def take_claim(state, road, source):
    """Take a claim off the list of its road."""
    if source < len(state.wanted):
        state.wanted[source] = -1
    at = state.claims[road]
    if at == source:
        state.claims[road] = state.next_claim[source]
        return
    while state.next_claim[at] != source:
        at = state.next_claim[at]
    state.next_claim[at] = state.next_claim[source]


@compiled
def leave_road(plan, state, road, now):
    """The head of a road leaves it; return the trip."""
    trip = state.head[road]
    state.head[road] = state.behind[trip]
    state.load[road] -= size_of(plan, trip)
    state.free[road] = now + headway_after(plan, trip, state.headway[road])
    after = state.head[road]
    if after >= 0 and state.fate[after] == 0:
        plan_event(state, max(state.passed[after], state.free[road]), road)
    if state.claims[road] >= 0:
        look_at(state, road)
    note_move(state, plan.move[trip] + state.hop[trip] + 1, now)
    return trip


@compiled
def next_at_origin(state, trip):
    """Return who comes after ``trip`` in the queue of its origin and has not been caught; -1 for nobody."""
    after = state.behind[trip]
    while after >= 0 and state.fate[after] != 0:
        after = state.behind[after]
    return after


@compiled
def leave_origin(plan, state, source, now):
    """The head of an origin's queue leaves it; return the trip."""
    trip = state.head[source]
    state.head[source] = next_at_origin(state, trip)
    state.pending[source - len(state.room)] -= size_of(plan, trip)
    note_move(state, plan.move[trip], now)
    return trip


@compiled
def enter_road(roads, plan, state, trip, road, now):
    """A trip enters a road at its end."""
    state.hop[trip] += 1
    state.passed[trip] = now + roads.travel[road]
    state.behind[trip] = -1
    if state.head[road] >= 0:
        state.behind[state.last[road]] = trip
    else:
        state.head[road] = trip
        plan_event(state, max(state.passed[trip], state.free[road]), road)
    state.last[road] = trip
    state.load[road] += size_of(plan, trip)
    state.entered[road] = now


@compiled
def admit(roads, plan, state, road, now):
    """Let the claim that the merge takes enter ``road``; return its source."""
    arcs = len(roads.travel)
    source = first_claim(state, road)
    take_claim(state, road, source)
    turn = state.turn[source]
    state.level[road] = max(state.level[road], state.served[turn])
    headway = state.headway[source] if source < arcs else state.headway[road]
    state.served[turn] += headway_after(plan, state.head[source], headway)
    if source < arcs:
        trip = leave_road(plan, state, source, now)
    else:
        trip = leave_origin(plan, state, source, now)
        if state.head[source] >= 0:
            begin_claim(roads, state, source, road, now)
    enter_road(roads, plan, state, trip, road, now)
    return source


@compiled
def closed(roads, state, road, now):
    """Whether nobody may enter ``road`` now."""
    return len(roads.bars.since) > 0 and barred(roads.bars, state.bar, road, now)


@compiled
def admit_all(roads, plan, state, patience, now):
    """Make all moves into roads with room that are possible now; plan looks for a standstill."""
    arcs = len(roads.travel)
    while state.counts[WORK] > 0:
        state.counts[WORK] -= 1
        road = state.work[state.counts[WORK]]
        state.listed[road] = False
        if closed(roads, state, road, now):
            continue  # one looks again when it opens
        while state.claims[road] >= 0 and (patience == 0 or state.load[road] < state.room[road]):
            admit(roads, plan, state, road, now)
        if state.claims[road] >= 0 and not state.watched[road]:
            state.watched[road] = True
            plan_event(state, now + patience, arcs + road)


@compiled
def standstill_since(roads, state, road):
    """Return from when nobody has entered a road, which is open, though a claim on it has been refused."""
    oldest = NEVER
    source = state.claims[road]
    while source >= 0:
        oldest = min(oldest, state.since[source])
        source = state.next_claim[source]
    if len(roads.bars.since) > 0:
        oldest = max(oldest, opened(roads.bars, state.bar, road))
    return max(oldest, state.entered[road])


@compiled
def first_road(state, claim):
    """Return the first road of a list of claims that begins with ``claim``; -1 if only an origin claims."""
    while claim >= len(state.room):
        claim = state.next_claim[claim]
    return claim


@compiled
def opens_ring(roads, state, road, source):
    """Whether letting ``source`` into ``road`` opens a ring of full roads whose heads wait for each other.

    A ring: following heads from ``road``, each to the full road that it claims, comes to ``source``. That way can be
    long, or end in a ring elsewhere, so those whose heads wait for ``source`` are followed back at the same pace:
    unless they lead to ``road`` they form a tree, often a small one. Whichever ends first tells.
    """
    if source >= len(state.room):
        return False
    front, back = road, source
    while front != source and back != road:
        front = state.wanted[front]
        if front < 0:
            return False
        behind = first_road(state, state.claims[back])
        while behind < 0 and back != source:
            behind = first_road(state, state.next_claim[back])
            if behind < 0:
                back = state.wanted[back]
        if behind < 0:
            return False
        back = behind
    return len(roads.bars.since) == 0 or all_full(state, road, source)


@compiled
def all_full(state, road, source):
    """Whether the roads from ``road`` along the heads to ``source`` are full; one that is closed may not be."""
    while state.load[road] >= state.room[road]:
        if road == source:
            return True
        road = state.wanted[road]
    return False


@compiled
def note_ring(state, road, source):
    """Keep the roads of a ring, from ``road`` along the heads to ``source``, if they find room."""
    size = state.counts[RING_ARCS]
    while size + 1 < len(state.ring):
        state.ring[size] = road
        size += 1
        if road == source:
            state.ring[size] = -1
            state.counts[RING_ARCS] = size + 1
            return
        road = state.wanted[road]


@compiled
def open_standstills(roads, plan, state, patience, now):
    """Let one claim into each road that has stood still for too long, in the order of the roads."""
    arcs = len(roads.travel)
    stuck = state.stuck[: state.counts[STUCK]]
    for k in range(1, len(stuck)):  # a few at most
        road = stuck[k]
        j = k - 1
        while j >= 0 and stuck[j] > road:
            stuck[j + 1] = stuck[j]
            j -= 1
        stuck[j + 1] = road
    for k in range(len(stuck)):
        road = stuck[k]
        state.watched[road] = False
        if state.claims[road] < 0 or closed(roads, state, road, now):
            continue
        if standstill_since(roads, state, road) + patience <= now:
            state.counts[FORCED] += 1
            source = first_claim(state, road)
            if opens_ring(roads, state, road, source):
                state.counts[RINGS] += 1
                note_ring(state, road, source)
            admit(roads, plan, state, road, now)
            look_at(state, road)
            admit_all(roads, plan, state, patience, now)
        else:
            state.watched[road] = True
            plan_event(state, standstill_since(roads, state, road) + patience, arcs + road)
    state.counts[STUCK] = 0
