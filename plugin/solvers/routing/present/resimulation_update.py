"""Kernels that take the effects of a change over into a live record: rows, sorted lists of the arcs, order of exits."""

from __future__ import annotations

import numpy as np

from ...kernels import compiled
from .resimulation_record import comes_before

ENTRY_MOVED, EXIT_MOVED = 1, 2


@compiled
def mark_moved(record, effects, changed, moved, hops):
    """Mark in ``moved`` (p,) uint8 the hops that no longer begin or end when they did.

    Of the ``changed`` trip all hops count, for it gets a new row. ``hops`` is filled with them; their number is
    returned.
    """
    count = 0
    for k in range(effects.counts[1]):
        trip = effects.trips[k]
        first = effects.since[trip]
        if trip == changed:
            first = record.start[trip]
        else:
            moved[first - 1] = EXIT_MOVED
            hops[count] = first - 1
            count += 1
        for hop in range(first, record.end[trip]):
            moved[hop] = ENTRY_MOVED | EXIT_MOVED
            hops[count] = hop
            count += 1
    return count


@compiled
def drop_moved(record, moved, mark, hops, values, arcs):
    """Take the hops marked with ``mark`` out of one of the lists of ``arcs``; ``values`` are its rounded times."""
    table = record.table
    for arc in arcs:
        first = table.start[arc]
        to = first
        for k in range(first, first + table.size[arc]):
            hop = hops[k]
            if moved[hop] & mark == 0:
                hops[to] = hop
                values[to] = values[k]
                to += 1


@compiled
def merge_hops(record, new, hops, offset, values, kept):
    """Merge ``new`` hops, sorted by arc and then as they happen, into one of the lists of each arc.

    Parameters
    ----------
    hops, offset, values
        The list, how far its moments are from the places of the hops (entry 0, exit 1), its rounded times.
    kept : (m,) int64
        Hops of each arc that are still in the list; raised by those merged.
    """
    last = len(new) - 1
    while last >= 0:
        arc = record.arc[new[last]]
        first = last
        while first > 0 and record.arc[new[first - 1]] == arc:
            first -= 1
        old = record.table.start[arc] + kept[arc] - 1
        begin = record.table.start[arc]
        to = old + last - first + 1
        kept[arc] += last - first + 1
        while last >= first:
            hop = new[last]
            now = record.entry[hop + offset]
            trip = record.trip[hop]
            while old >= begin and not comes_before(record, hops[old] + offset, now, trip):
                hops[to] = hops[old]
                values[to] = values[old]
                to -= 1
                old -= 1
            hops[to] = hop
            values[to] = now
            to -= 1
            last -= 1


@compiled
def ends_first(record, hop, other):
    """Return which of two hops that end at the same moment is handled first."""
    trip = record.trip[hop]
    return trip < record.trip[other] or (trip == record.trip[other] and hop < other)


@compiled
def merge_order(record, order, moved, ended, other):
    """Fill ``other`` with ``order`` but for the hops whose exit has moved, and with those that have ``ended``."""
    at = 0
    next_end = np.inf
    if len(ended) > 0:
        next_end = record.entry[ended[0] + 1]
    done = 0
    for k in range(len(order)):
        hop = order[k]
        if moved[hop] & EXIT_MOVED != 0:
            continue
        now = record.entry[hop + 1]
        while done < len(ended) and next_end <= now:
            if next_end == now and not ends_first(record, ended[done], hop):
                break
            other[at] = ended[done]
            at += 1
            done += 1
            if done < len(ended):
                next_end = record.entry[ended[done] + 1]
        other[at] = hop
        at += 1
    while done < len(ended):
        other[at] = ended[done]
        at += 1
        done += 1


@compiled
def first_ending(record, order, moment):
    """Return the first position in ``order`` of a hop that ends at or after a ``moment``."""
    low = 0
    high = len(order)
    while low < high:
        middle = (low + high) >> 1
        if record.entry[order[middle] + 1] < moment:
            low = middle + 1
        else:
            high = middle
    return low
