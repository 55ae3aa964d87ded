"""Vehicles that drive on by other ways from a moment on, as kernels: claims and queues change with them.

Who is on a road stays where he is on it. Its head that claims a place on the next road gives the claim up where it
wants another one now, and claims that from this moment on; who waits at his origin for another first road joins the
queue of those who start there.
"""

from __future__ import annotations

from ..kernels import compiled
from ..routing.queue.events import (
    DEPARTED,
    begin_claim,
    headway_after,
    next_at_origin,
    next_road,
    size_of,
    take_claim,
)
from ..routing.queue.moments import join_origin, register_head


@compiled
def leave_queue(roads, plan, state, trip, road, now):
    """Take a trip off the queue of those who wait at their origin to enter ``road``."""
    source = len(roads.travel) + road
    state.pending[road] -= size_of(plan, trip)
    if state.head[source] == trip:
        take_claim(state, road, source)
        state.head[source] = next_at_origin(state, trip)
        if state.head[source] >= 0:
            begin_claim(roads, state, source, road, now)
    else:
        before = state.head[source]
        while state.behind[before] != trip:
            before = state.behind[before]
        state.behind[before] = state.behind[trip]
        if state.last[source] == trip:
            state.last[source] = before
    state.behind[trip] = -1


@compiled
def turn_trips(roads, old, plan, state, trips, now):
    """Let ``trips`` (k,), ascending, go on by their ways of ``plan`` in place of those of ``old``."""
    for k in range(len(trips)):
        trip = trips[k]
        hop = state.hop[trip]
        if hop < 0:
            if trip >= state.counts[DEPARTED] or old.arc[old.first[trip]] == plan.arc[plan.first[trip]]:
                continue
            leave_queue(roads, old, state, trip, old.arc[old.first[trip]], now)
            join_origin(roads, plan, state, trip, now)
            continue
        road = plan.arc[plan.first[trip] + hop]
        if state.head[road] != trip or state.wanted[road] < 0:
            continue
        if state.wanted[road] != next_road(plan, state, road):
            take_claim(state, state.wanted[road], road)
            register_head(roads, plan, state, road, now)


@compiled
def fill_ready(roads, plan, state, now, ready):
    """Fill when each trip (t,) on a road can leave it at the soonest, from ``now`` on, with those before it."""
    for road in range(len(roads.travel)):
        trip = state.head[road]
        free = max(state.free[road], now)
        while trip >= 0:
            free = max(free, state.passed[trip])
            ready[trip] = free
            free += headway_after(plan, trip, state.headway[road])
            trip = state.behind[trip]
