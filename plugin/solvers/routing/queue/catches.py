"""Whom the hazard catches in the queue model (spec of time against the hazard, section 14), as kernels.

Who is caught on a road stays there: those ahead leave, those behind never do. Who is caught at its origin leaves the
queue there.
"""

from __future__ import annotations

from ...kernels import compiled
from ..shared.closings import QUEUED, TOO_LATE
from .bars import NEVER
from .events import DEPARTED, LATE, REACHED, begin_claim, next_at_origin, size_of, take_claim


@compiled
def catch_reached(roads, plan, state, now):
    """Catch everybody whom the hazard reaches by now, after all moves of this moment."""
    k = state.counts[LATE]
    while k < len(plan.late) and plan.start_reached[plan.late[k]] <= now:
        catch_at_origin(roads, plan, state, plan.late[k], now)
        k += 1
    state.counts[LATE] = k
    k = state.counts[REACHED]
    while k < len(roads.bars.catch_time) and roads.bars.catch_time[k] <= now:
        catch_on_part(roads, state, k, now)
        k += 1
    state.counts[REACHED] = k


@compiled
def catch_at_origin(roads, plan, state, trip, now):
    """Catch a trip that has not left its origin."""
    if state.hop[trip] >= 0 or state.fate[trip] != 0:
        return
    there = trip < state.counts[DEPARTED]
    if there and plan.hops[trip] == 0:
        return  # at its destination already
    state.fate[trip] = TOO_LATE
    state.caught[trip] = now
    if not there:
        return
    road = plan.arc[plan.first[trip]]
    source = len(roads.travel) + road
    state.pending[road] -= size_of(plan, trip)
    if state.head[source] == trip:
        take_claim(state, road, source)
        state.head[source] = next_at_origin(state, trip)
        if state.head[source] >= 0:
            begin_claim(roads, state, source, road, now)


@compiled
def catch_on_part(roads, state, part, now):
    """Catch everybody who is on a part of a road that the hazard reaches now."""
    road = roads.bars.catch_arc[part]
    begin, end = roads.bars.catch_begin[part], roads.bars.catch_end[part]
    first = state.head[road]
    trip = first
    while trip >= 0:
        entry = state.passed[trip] - roads.travel[road]
        on = entry + begin <= now and (end == NEVER or now < entry + end)
        if on and state.fate[trip] == 0:
            state.fate[trip] = QUEUED
            state.caught[trip] = now
            state.part[trip] = part
            if trip == first and state.wanted[road] >= 0:
                take_claim(state, state.wanted[road], road)
        trip = state.behind[trip]
