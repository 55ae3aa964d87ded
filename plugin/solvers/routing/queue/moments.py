"""The queue model's moments: what is due at each, in which order (spec of the queue model, sections 11 and 14)."""

from __future__ import annotations

from ...graph.heap import drop_first
from ...kernels import compiled
from ..shared.problem import CAR
from .bars import NEVER
from .catches import catch_reached
from .events import (
    CHANGED,
    DEPARTED,
    HEAP,
    LATE,
    OPENED,
    REACHED,
    STUCK,
    admit_all,
    begin_claim,
    leave_road,
    look_at,
    next_road,
    open_standstills,
    size_of,
)


@compiled
def register_head(roads, plan, state, road, now):
    """The head of a road is ready: it arrives, or claims a place on its next road; who is caught stays."""
    if state.fate[state.head[road]] != 0:
        return
    ahead = next_road(plan, state, road)
    if ahead < 0:
        leave_road(plan, state, road, now)
    else:
        begin_claim(roads, state, road, ahead, now)


@compiled
def join_origin(roads, plan, state, trip, now):
    """A trip joins the queue of those who start on its first road."""
    road = plan.arc[plan.first[trip]]
    source = len(roads.travel) + road
    state.pending[road] += size_of(plan, trip)
    if state.head[source] >= 0:
        state.behind[state.last[source]] = trip
    else:
        state.head[source] = trip
        begin_claim(roads, state, source, road, now)
    state.last[source] = trip


@compiled
def register_departures(roads, plan, state, now):
    """Everybody who departs now joins the queue of its first road."""
    trip = state.counts[DEPARTED]
    while trip < len(plan.departure) and plan.departure[trip] <= now:
        if plan.hops[trip] > 0 and state.fate[trip] == 0:
            join_origin(roads, plan, state, trip, now)
        trip += 1
    state.counts[DEPARTED] = trip


@compiled
def register_changes(roads, state, now):
    """Background traffic changes roads now, and closed ones open."""
    k = state.counts[CHANGED]
    while k < len(roads.change_time) and roads.change_time[k] <= now:
        road = roads.change_arc[k]
        state.headway[road] = roads.change_headway[k]
        state.room[road] = roads.change_room[k] * CAR
        if state.claims[road] >= 0:
            look_at(state, road)
        k += 1
    state.counts[CHANGED] = k
    bars = roads.bars
    k = state.counts[OPENED]
    while k < len(bars.open_time) and bars.open_time[k] <= now:
        if state.claims[bars.open_arc[k]] >= 0:
            look_at(state, bars.open_arc[k])
        k += 1
    state.counts[OPENED] = k


@compiled
def next_moment(roads, plan, state):
    """Return when something happens next; NEVER when all have arrived or nobody moves any more."""
    now = NEVER
    if state.counts[HEAP] > 0:
        now = state.keys[0]
    if state.counts[DEPARTED] < len(plan.departure):
        now = min(now, plan.departure[state.counts[DEPARTED]])
    if state.counts[OPENED] < len(roads.bars.open_time):
        now = min(now, roads.bars.open_time[state.counts[OPENED]])
    if state.counts[REACHED] < len(roads.bars.catch_time):
        now = min(now, roads.bars.catch_time[state.counts[REACHED]])
    if state.counts[LATE] < len(plan.late):
        now = min(now, plan.start_reached[plan.late[state.counts[LATE]]])
    if now < NEVER and state.counts[CHANGED] < len(roads.change_time):
        now = min(now, roads.change_time[state.counts[CHANGED]])
    return now


@compiled
def take_event(state):
    """Take the next event; return its item."""
    item = state.items[0]
    state.counts[HEAP] = drop_first(state.keys, state.items, state.counts[HEAP])
    return item


@compiled
def note_standstill(state, road):
    """A look for a standstill is due at a road."""
    state.stuck[state.counts[STUCK]] = road
    state.counts[STUCK] += 1


@compiled
def make_moves(roads, plan, state, patience, now):
    """Make all moves that are possible now; at its end open what has stood still for too long, then catch."""
    admit_all(roads, plan, state, patience, now)
    if state.counts[STUCK] > 0 and (state.counts[HEAP] == 0 or state.keys[0] > now):
        open_standstills(roads, plan, state, patience, now)
    if state.counts[REACHED] == len(roads.bars.catch_time) and state.counts[LATE] == len(plan.late):
        return
    if state.counts[HEAP] == 0 or state.keys[0] > now:  # who leaves at this very moment is away
        catch_reached(roads, plan, state, now)
        admit_all(roads, plan, state, patience, now)


@compiled
def handle_moment(roads, plan, state, patience, now):
    """Handle all that is due at a moment; return the number of its events."""
    arcs = len(roads.travel)
    count = 0
    register_changes(roads, state, now)
    register_departures(roads, plan, state, now)
    while state.counts[HEAP] > 0 and state.keys[0] == now:
        item = take_event(state)
        count += 1
        if item < arcs:
            register_head(roads, plan, state, item, now)
        else:
            note_standstill(state, item - arcs)
    make_moves(roads, plan, state, patience, now)
    return count


@compiled
def run_before(roads, plan, state, patience, events, stop):
    """Handle about ``events`` events before the moment ``stop``, as :func:`run_moments` does."""
    left = events
    while left > 0:
        now = next_moment(roads, plan, state)
        if now >= stop:
            return False
        left -= 1 + handle_moment(roads, plan, state, patience, now)
    return True


@compiled
def run_moments(roads, plan, state, patience, events):
    """Handle about ``events`` events, whole moments at a time; return whether there is more to come.

    Parameters
    ----------
    patience : int
        Microseconds after which somebody is let into a full road at a standstill; 0: no road is ever full.
    """
    return run_before(roads, plan, state, patience, events, NEVER)
