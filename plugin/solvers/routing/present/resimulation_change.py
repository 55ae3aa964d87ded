"""Exact evaluation of a change to one trip's route, following only the vehicles that it affects.

A vehicle is *affected* from the first arc on which it meets another flow than recorded; from there it is followed
twice, as it was and as it becomes. The flow on an arc at any moment is that of the record plus the difference made by
the affected vehicles, those that are on it now less those that were. While that difference is not 0, the vehicles that
enter the arc are *watched*, one after the other, and affected in their turn if their travel time changes. Events come
in the order of the full simulation (by time, then trip), so that the result is the same to the last bit. (Ours.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...graph.heap import drop_first, push, replace_first
from ...kernels import compiled
from ..shared.volume_delay import background_at, travel_time
from .resimulation_record import first_from

BECOMES, WATCH, WAS = 0, 1, 2  # streams of events, in the order in which they are handled at equal time and trip
PLACE_BITS = 32


class Effects(NamedTuple):
    """What a change alters; between two evaluations no trip is affected and no arc differs.

    Attributes
    ----------
    since : (t,) int64
        First place of a trip's row that begins at another time; -1 for a trip that is not affected.
    entry : (p,) float64
        Seconds at which the places of affected rows begin now, as far as they are foreseen.
    coming : (t,) int64
        The last place of an affected row that is foreseen.
    difference : (m,) int32
        Vehicles on each arc now less those of the record.
    watched : (m,) bool
        Whether an event is waiting for the next vehicle that enters.
    near : (m, 2) int64
        Places of the lists of each arc where the last search ended.
    trips, places : int32
        Affected trips, and places of rows in the order in which they begin now.
    counts : (4,) int64
        Size of the heap, number of affected trips, number of places, number of events handled.
    keys, items
        Heap of events.
    """

    since: np.ndarray
    entry: np.ndarray
    coming: np.ndarray
    difference: np.ndarray
    watched: np.ndarray
    near: np.ndarray
    trips: np.ndarray
    places: np.ndarray
    counts: np.ndarray
    keys: np.ndarray
    items: np.ndarray


def no_effects(trips: int, arcs: int, places: int) -> Effects:
    """Return effects on as many trips, arcs and places of rows, none so far."""
    events = 2 * trips + arcs
    return Effects(
        since=np.full(trips, -1, dtype=np.int64),
        entry=np.empty(places),
        coming=np.empty(trips, dtype=np.int64),
        difference=np.zeros(arcs, dtype=np.int32),
        watched=np.zeros(arcs, dtype=np.bool_),
        near=np.zeros((arcs, 2), dtype=np.int64),
        trips=np.empty(trips, dtype=np.int32),
        places=np.empty(places, dtype=np.int32),
        counts=np.zeros(4, dtype=np.int64),
        keys=np.empty(events),
        items=np.empty(events, dtype=np.int64),
    )


@compiled
def forget(effects):
    """Take all effects back."""
    for k in range(effects.counts[1]):
        effects.since[effects.trips[k]] = -1
    effects.counts[:] = 0


@compiled
def event(trip, stream, place):
    """Return the number of an event, whose order is that of ``(trip, stream)``."""
    return ((np.int64(trip) * 3 + stream) << PLACE_BITS) | np.int64(place)


@compiled
def affect(effects, size, trip, own, becomes, place, was):
    """Follow a trip, which comes to ``own`` of its row where it came to ``place``; return the size of the heap.

    ``becomes`` and ``was`` are the moments; but for a changed route both places are one.
    """
    effects.since[trip] = place
    effects.trips[effects.counts[1]] = trip
    effects.counts[1] += 1
    effects.coming[trip] = own
    effects.entry[own] = becomes
    size = push(effects.keys, effects.items, size, becomes, event(trip, BECOMES, own))
    return push(effects.keys, effects.items, size, was, event(trip, WAS, place))


@compiled
def begin_change(record, effects, trip, hop, own):
    """Let ``trip`` go on from ``hop`` of its row as from the place ``own`` of another one; nothing else has changed."""
    effects.counts[0] = affect(effects, 0, trip, own, record.entry[hop], hop, record.entry[hop])


@compiled
def next_entering(record, effects, arc, now, trip):
    """Return the first place of an arc's entries that is not before ``(now, trip)``."""
    near = effects.near[arc]
    near[0] = first_from(record, record.entering, record.table.entries, 0, arc, now, trip, near[0])
    return near[0]


@compiled
def time_on(cost, record, effects, arc, now, trip, place):
    """Return the seconds on ``arc`` of a trip that enters it at ``now``, after the entries up to ``place``."""
    near = effects.near[arc]
    near[1] = first_from(record, record.leaving, record.table.exits, 1, arc, now, trip, near[1])
    flow = place - near[1] + effects.difference[arc]
    return travel_time(cost, arc, flow + background_at(cost, arc, now))


@compiled
def alter(record, effects, size, arc, by, now, trip, again):
    """Alter the difference on ``arc`` as ``trip`` enters or leaves it; return the size of the heap.

    While there is a difference, who enters is watched; not before the trip enters or leaves a second time, in its other
    stream, at the moment ``again`` (inf: not known).
    """
    effects.difference[arc] += by
    if effects.difference[arc] == 0 or effects.watched[arc]:
        return size
    table = record.table
    place = next_entering(record, effects, arc, now, trip + 1)
    if place < table.start[arc] + table.size[arc] and table.entries[place] <= np.float32(again):
        effects.watched[arc] = True
        hop = record.entering[place]
        size = push(effects.keys, effects.items, size, record.entry[hop], event(record.trip[hop], WATCH, place))
    return size


@compiled
def watched_enters(cost, record, effects, size, now, trip, place):
    """Let a watched vehicle enter, and watch the next one; the event is the first of the heap. Return its size."""
    hop = record.entering[place]
    arc = record.arc[hop]
    if effects.difference[arc] == 0:
        effects.watched[arc] = False
        return drop_first(effects.keys, effects.items, size)
    following = place + 1
    if following < record.table.start[arc] + record.table.size[arc]:
        other = record.entering[following]
        item = event(record.trip[other], WATCH, following)
        replace_first(effects.keys, effects.items, size, record.entry[other], item)
    else:
        effects.watched[arc] = False
        size = drop_first(effects.keys, effects.items, size)
    if effects.since[trip] < 0:
        was = record.entry[hop + 1]
        becomes = now + time_on(cost, record, effects, arc, now, trip, place)
        if becomes != was:
            size = affect(effects, size, trip, hop + 1, becomes, hop + 1, was)
    return size


@compiled
def goes_on(cost, record, effects, changed, own, size, now, trip, hop):
    """Let an affected vehicle go on to ``hop``; the event is the first of the heap. Return its size."""
    effects.entry[hop] = now
    effects.places[effects.counts[2]] = hop
    effects.counts[2] += 1
    again = record.entry[hop] if trip != changed and record.entry[hop] >= now else np.inf
    arc = record.arc[hop]
    if arc < 0:
        size = drop_first(effects.keys, effects.items, size)
    else:
        place = next_entering(record, effects, arc, now, trip)
        then = now + time_on(cost, record, effects, arc, now, trip, place)
        effects.coming[trip] = hop + 1
        effects.entry[hop + 1] = then
        replace_first(effects.keys, effects.items, size, then, event(trip, BECOMES, hop + 1))
    if hop != own:
        size = alter(record, effects, size, record.arc[hop - 1], -1, now, trip, again)
    return alter(record, effects, size, arc, 1, now, trip, again) if arc >= 0 else size


@compiled
def went_on(record, effects, changed, size, now, trip, hop):
    """Take an affected vehicle, as it was, on to ``hop``; the event is the first of the heap. Return its size."""
    again = effects.entry[hop] if effects.coming[trip] == hop else np.inf
    arc = record.arc[hop]
    if arc < 0:
        size = drop_first(effects.keys, effects.items, size)
    else:
        replace_first(effects.keys, effects.items, size, record.entry[hop + 1], event(trip, WAS, hop + 1))
    if trip != changed or hop != effects.since[trip]:
        size = alter(record, effects, size, record.arc[hop - 1], 1, now, trip, again)
    return alter(record, effects, size, arc, -1, now, trip, again) if arc >= 0 else size


@compiled
def follow_effects(cost, record, effects, changed, own, steps):
    """Handle up to ``steps`` events of the ``changed`` trip's new row, which begins at the place ``own``, and on."""
    size = effects.counts[0]
    while size > 0 and steps > 0:
        steps -= 1
        effects.counts[3] += 1
        now = effects.keys[0]
        item = effects.items[0]
        place = item & ((1 << PLACE_BITS) - 1)
        number = item >> PLACE_BITS
        trip = number // 3
        stream = number - 3 * trip
        if stream == WATCH:
            size = watched_enters(cost, record, effects, size, now, trip, place)
        elif stream == BECOMES:
            size = goes_on(cost, record, effects, changed, own, size, now, trip, place)
        else:
            size = went_on(record, effects, changed, size, now, trip, place)
    effects.counts[0] = size
