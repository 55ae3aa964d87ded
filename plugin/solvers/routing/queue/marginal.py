"""Least marginal cost to each destination from every node at every time: what guides the system optimum.

What one vehicle more costs on a road is its own time there and the delay of those behind it, by the adjoint's values.
The cost to go is worked out backwards in time on a grid; between its moments it is interpolated.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...graph.heap import drop_first, push
from ...kernels import compiled
from .adjoint import Traffic
from .bars import NEVER, entry_in_time
from .network import QueueRoads

LOST = 1e15  # vehicle-microseconds: the price of a way that does not arrive in time
PROBES = 4  # vehicles around each moment whose mean is taken


class Grid(NamedTuple):
    """Roads' times and costs at evenly spaced moments; u used roads, g moments.

    Attributes
    ----------
    step : int
        Microseconds between two moments, the first of which is 0.
    row : (m,) int32
        Row of each road in the tables, -1 for a road that nobody uses.
    delay : (u, g) float32
        What a vehicle that enters at the moment needs beyond the free-flow time, microseconds.
    others : (u, g) float32
        What it costs the others, vehicle-microseconds.
    """

    step: int
    row: np.ndarray
    delay: np.ndarray
    others: np.ndarray


def grid_of(roads: QueueRoads, traffic: Traffic, step: int, moments: int) -> Grid:
    """Return the roads' times and costs at so many ``moments``, ``step`` microseconds apart."""
    used = np.flatnonzero(np.diff(traffic.start)).astype(np.int32)
    row = np.full(len(roads.travel), -1, dtype=np.int32)
    row[used] = np.arange(len(used))
    delay, others = np.empty((2, len(used), moments), dtype=np.float32)
    fill_grid(roads, traffic, used, step, PROBES, delay, others)
    return Grid(step, row, delay, others)


@compiled
def rows_before(entry, first, last, near, time):
    """Return the first row of ``first`` to before ``last`` whose entry is later than ``time``, sought from ``near``."""
    step = 1
    if near < last and entry[near] <= time:
        low = near + 1
        while low < last and entry[min(low + step, last) - 1] <= time:
            low = min(low + step, last)
            step *= 2
        high = min(low + step, last)
    else:
        high = near
        while high > first and entry[max(high - step, first)] > time:
            high = max(high - step, first)
            step *= 2
        low = max(high - step, first)
    while low < high:
        middle = (low + high) >> 1
        if entry[middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def one_more(roads, traffic, road, time):
    """Return when a vehicle more that enters ``road`` at ``time`` leaves it, and what that costs the others."""
    begin, end = traffic.start[road], traffic.start[road + 1]
    leave = time + roads.travel[road]
    if begin == end:
        return leave, 0.0
    row = rows_before(traffic.entry, begin, end, traffic.near[road], time)
    traffic.near[road] = row
    if row > begin:
        leave = max(leave, traffic.exit[row - 1] + roads.headway[road])
    if row == end:
        return leave, 0.0
    late = leave + roads.headway[road] - traffic.exit[row]
    if late <= 0:
        return leave, 0.0
    return leave, late * traffic.value[row]


@compiled
def fill_grid(roads, traffic, used, step, probes, delay, others):
    """Fill the tables: the mean of ``probes`` vehicles that enter around each moment."""
    for k in range(len(used)):
        road = used[k]
        for g in range(delay.shape[1]):
            late, cost = 0.0, 0.0
            for j in range(probes):
                time = max(g * step + (2 * j + 1 - probes) * step // (2 * probes), 0)
                leave, of_others = one_more(roads, traffic, road, time)
                late += leave - time - roads.travel[road]
                cost += of_others
            delay[k, g] = late / probes
            others[k, g] = cost / probes


@compiled
def cost_ahead(to_go, g, node, later, step, own):
    """Return the cost to go of ``node`` so much ``later`` than moment ``g``.

    Between two moments interpolated; never so much cheaper that it would pay to lose time, at ``own`` cost.
    """
    full = int(later // step)
    last = to_go.shape[0] - 1
    if g + full >= last:
        return to_go[last, node]
    share = (later - full * step) / step
    here = to_go[g + full, node]
    if share == 0.0 or here == np.inf:
        return here
    value = here + share * (to_go[g + full + 1, node] - here)
    if full == 0 and value < here - own:
        return here - own
    return value


@compiled
def fill_to_go(roads, grid, star_start, star_arc, star_tail, root, to_go, keys, items):
    """Fill the cost to go (g, n) to ``root``; the last moment's must hold the free-flow times."""
    shut = len(roads.bars.since) > 0
    for g in range(to_go.shape[0] - 2, -1, -1):
        now = to_go[g]
        for v in range(to_go.shape[1]):
            now[v] = np.inf
        now[root] = 0.0
        size = push(keys, items, 0, 0.0, root)
        while size > 0:
            node, key = items[0], keys[0]
            size = drop_first(keys, items, size)
            if key > now[node]:
                continue
            for j in range(star_start[node], star_start[node + 1]):
                arc = star_arc[j]
                took, others = float(roads.travel[arc]), 0.0
                if grid.row[arc] >= 0:
                    took += grid.delay[grid.row[arc], g]
                    others = grid.others[grid.row[arc], g]
                if shut:
                    moment = g * grid.step
                    begin = entry_in_time(roads.bars, arc, moment)
                    if begin == NEVER or begin + took > roads.bars.last_exit[arc]:
                        continue
                    took += begin - moment
                value = np.float32(took + others + cost_ahead(to_go, g, node, took, grid.step, took))
                before = star_tail[j]
                if value < now[before] and size < len(keys):
                    now[before] = value
                    size = push(keys, items, size, float(value), before)


@compiled
def find_ways(roads, traffic, step, star, head, to_go, trips, source, goal, departure, seen, first, way, hops, cost):
    """Walk the ways of least marginal cost, one road after another, as they fit.

    Parameters
    ----------
    to_go : (g, n) float32
        Cost to go to the trips' destination at moments ``step`` apart.
    trips : (k,) int
        Who looks for a way to ``goal``; those from number ``first`` on are served.
    source, departure : (t,)
    seen : (n,) int64
        Scratch: the last of ``trips`` that came to each node, -1 at first.
    way : (w,) int32
        Filled with the roads, without connectors, from its beginning.
    hops : (k,) int64, cost : (k,) float64
        Filled: number of roads, -1 where no way was found, and its marginal cost.

    Returns
    -------
    int
        The number of the next of ``trips`` to serve.
    """
    size = 0
    last = to_go.shape[0] - 1
    shut = len(roads.bars.since) > 0
    for k in range(first, len(trips)):
        trip = trips[k]
        node = source[trip]
        time = departure[trip]
        total = 0.0
        begin = size
        hops[k] = -1
        while node != goal:
            if size == len(way):
                return k
            seen[node] = k
            best = -1
            least = np.inf
            of_best, then = 0.0, time
            for j in range(star.indptr[node], star.indptr[node + 1]):
                to = star.head[j]
                if seen[to] == k:
                    continue
                arc = star.arc[j]
                leave, others = time, 0.0
                if roads.is_road[arc]:
                    begin_at = time
                    if shut:
                        begin_at = entry_in_time(roads.bars, arc, time)
                        if begin_at == NEVER:
                            continue
                    leave, others = one_more(roads, traffic, arc, begin_at)
                    if leave > roads.bars.last_exit[arc]:
                        continue
                g = min(leave // step, last)
                later = leave - g * step
                value = leave - time + others + cost_ahead(to_go, g, to, later, step, later)
                if value < least:
                    least = value
                    best = arc
                    of_best = others
                    then = leave
            if best < 0:
                break
            total += of_best
            time = then
            if roads.is_road[best]:
                way[size] = best
                size += 1
            node = head[best]
        if node == goal:
            hops[k] = size - begin
            cost[k] = total + (time - departure[trip])
        else:
            size = begin
    return len(trips)


@compiled
def price_way(roads, traffic, arcs, first, last, departure, most):
    """Return the marginal cost of the way ``arcs[first:last]`` for one vehicle more that leaves at ``departure``.

    One that is ``most`` or more is infinite; LOST is the cost of one that does not arrive in time.
    """
    time = departure
    total = 0.0
    shut = len(roads.bars.since) > 0
    for j in range(first, last):
        if shut:
            time = entry_in_time(roads.bars, arcs[j], time)
            if time == NEVER:
                return LOST if most > LOST else np.inf
        leave, others = one_more(roads, traffic, arcs[j], time)
        if leave > roads.bars.last_exit[arcs[j]]:
            return LOST if most > LOST else np.inf
        total += others
        time = leave
        if total + (time - departure) >= most:
            return np.inf
    return total + (time - departure)


@compiled
def price_ways(roads, traffic, plan, trips, cost):
    """Fill the marginal cost (k,) of the ways that ``trips`` take now, as if each were one vehicle more."""
    for k in range(len(trips)):
        trip = trips[k]
        first = plan.first[trip]
        cost[k] = price_way(roads, traffic, plan.arc, first, first + plan.hops[trip], plan.departure[trip], np.inf)


@compiled
def price_menu(roads, traffic, indptr, arcs, start, stop, departure, trips, own, best, cost):
    """Fill the route (k,) of least marginal cost of those that ``trips`` can take, and its cost.

    At first ``best`` holds the routes that they take, and ``own`` (k,) what these cost; infinite to look at all anew.
    """
    for k in range(len(trips)):
        trip = trips[k]
        least = own[k]
        for route in range(start[stop[trip]], start[stop[trip] + 1]):
            value = price_way(roads, traffic, arcs, indptr[route], indptr[route + 1], departure[trip], least)
            if value < least:
                least = value
                best[k] = route
        cost[k] = least
