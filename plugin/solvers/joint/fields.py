"""Least cost to go to any of several destinations, and the ways of least cost: what guides the joint search.

As :mod:`..routing.queue.marginal`, but vehicles end at whichever destination costs least, and what a vehicle itself
loses on a road need not be its time there.
"""

from __future__ import annotations

import numpy as np

from ..graph.heap import drop_first, push
from ..kernels import compiled
from ..routing.queue.bars import NEVER, entry_in_time
from ..routing.queue.marginal import LOST, cost_ahead, one_more

LARGE = 2**30  # vehicles: no limit
TURNS = 5  # that moves are tried for which there was no room


@compiled
def fill_field(roads, grid, rate, star_start, star_arc, star_tail, root, offset, terminal, to_go, keys, items):
    """Fill the cost to go (g, n) to the cheapest of the nodes ``root`` (k,), each with its ``offset`` (k,).

    ``rate`` (m,): what a microsecond on each road costs the vehicle; ``terminal`` (g,): what it costs to arrive at each
    moment. After the last moment everything stays as it is then.
    """
    last = to_go.shape[0] - 1
    shut = len(roads.bars.since) > 0
    for g in range(last, -1, -1):
        now = to_go[g]
        for v in range(to_go.shape[1]):
            now[v] = np.inf
        size = 0
        for k in range(len(root)):
            value = np.float32(offset[k] + terminal[g])
            if value < now[root[k]]:
                now[root[k]] = value
                size = push(keys, items, size, float(value), root[k])
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
                own = took * rate[arc]
                value = np.float32(own + others + cost_ahead(to_go, g, node, took, grid.step, own))
                before = star_tail[j]
                if value < now[before] and size < len(keys):
                    now[before] = value
                    size = push(keys, items, size, float(value), before)


@compiled
def cost_of_arrival(terminal, step, time):
    """Return what it costs to arrive at ``time``, between the moments of ``terminal`` (g,) interpolated."""
    last = len(terminal) - 1
    g = min(time // step, last)
    value = terminal[g]
    if g < last:
        value += (time - g * step) / step * (terminal[g + 1] - terminal[g])
    return value


@compiled
def walk(
    roads, traffic, step, rate, terminal, star, head, to_go, trips, source, goal, offset, departure, weight, seen,
    first, way, hops, end, own, others,
):  # fmt: skip
    """Walk the ways of least cost to the cheapest destination, one road after another, as they fit.

    Parameters
    ----------
    to_go : (g, n) float32
        Cost to go at moments ``step`` apart.
    trips : (k,) int
        Who looks for a way; those from number ``first`` on are served.
    source, departure, weight : (t,)
    goal : (n,) int32
        Number of the destination at each node, -1 without.
    offset : (d,) float64
        What it costs to go to each destination; infinite where these trips must not go.
    seen : (n,) int64
        Scratch: the last of ``trips`` that came to each node, -1 at first.
    way : (w,) int32
        Filled with the roads, without connectors, from its beginning.
    hops : (k,) int64, end : (k,) int32, own, others : (k,) float64
        Filled: number of roads, -1 where no way was found; destination; what it costs the vehicle and the others.

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
        of_own, of_others = 0.0, 0.0
        begin = size
        hops[k] = -1
        found = -1
        while True:
            best = -1
            least = np.inf
            if goal[node] >= 0:
                g = min(time // step, last)
                least = offset[goal[node]] + terminal[g]
                if g < last:
                    least += (time - g * step) / step * (terminal[g + 1] - terminal[g])
                if least < np.inf:
                    found = goal[node]
            stop = least < np.inf
            if size == len(way):
                return k
            seen[node] = k
            best_own, best_others, then = 0.0, 0.0, time
            for j in range(star.indptr[node], star.indptr[node + 1]):
                to = star.head[j]
                if seen[to] == k:
                    continue
                arc = star.arc[j]
                leave, cost = time, 0.0
                if roads.is_road[arc]:
                    begin_at = time
                    if shut:
                        begin_at = entry_in_time(roads.bars, arc, time)
                        if begin_at == NEVER:
                            continue
                    leave, cost = one_more(roads, traffic, arc, begin_at)
                    if leave > roads.bars.last_exit[arc]:
                        continue
                mine = (leave - time) * rate[arc] * weight[trip]
                g = min(leave // step, last)
                value = mine + cost + cost_ahead(to_go, g, to, leave - g * step, step, mine)
                if value < least:
                    least = value
                    best = arc
                    best_own, best_others, then = mine, cost, leave
            if best < 0:
                if not stop:
                    found = -1
                break
            of_own += best_own
            of_others += best_others
            time = then
            if roads.is_road[best]:
                way[size] = best
                size += 1
            node = head[best]
        if found >= 0 and goal[node] == found:
            hops[k] = size - begin
            end[k] = found
            own[k] = of_own + cost_of_arrival(terminal, step, time) * weight[trip]
            others[k] = of_others
        else:
            size = begin
    return len(trips)


@compiled
def price_trips(roads, views, whole, step, rate, terminal, plan, trips, weight, cost):
    """Fill what the ways that ``trips`` (k,) take cost all together (k,), as if each were one vehicle more.

    Each of the ``views`` prices a queue on one of the roads that bind it, so that a sum along a way counts it at most
    once; ``whole`` prices it on all of them, so that of a way the dearest road counts. The largest is taken. LOST is
    the cost of a way that does not arrive in time.
    """
    shut = len(roads.bars.since) > 0
    for k in range(len(trips)):
        trip = trips[k]
        time = plan.departure[trip]
        of_own, of_first, of_second, dearest = 0.0, 0.0, 0.0, 0.0
        for j in range(plan.first[trip], plan.first[trip] + plan.hops[trip]):
            arc = plan.arc[j]
            begin = time
            if shut:
                begin = entry_in_time(roads.bars, arc, time)
                if begin == NEVER:
                    dearest = LOST
                    break
            leave, here = one_more(roads, views[0], arc, begin)
            if leave > roads.bars.last_exit[arc]:
                dearest = LOST
                break
            of_first += here
            leave, here = one_more(roads, views[1], arc, begin)
            of_second += here
            leave, here = one_more(roads, whole, arc, begin)
            dearest = max(dearest, here)
            of_own += (leave - time) * rate[arc]
            time = leave
        own = (of_own + cost_of_arrival(terminal, step, time)) * weight[trip]
        cost[k] = LOST if dearest == LOST else own + max(max(of_first, of_second), dearest)


@compiled
def fill_whole(roads, traffic, whole):
    """Fill the value (k,) of each row of ``traffic`` with what a vehicle more costs that joins there.

    In ``traffic`` a queue that several roads in a row bind is priced on the first of them.
    """
    for arc in range(len(traffic.start) - 1):
        for row in range(traffic.start[arc + 1] - 1, traffic.start[arc] - 1, -1):
            value = traffic.value[row]
            if row + 1 < traffic.start[arc + 1]:
                gap = traffic.exit[row + 1] - traffic.exit[row]
                if gap <= roads.headway[arc]:
                    down = value
                    if traffic.exit[row + 1] > traffic.entry[row + 1] + roads.travel[arc]:
                        down -= traffic.value[row + 1]
                    value = max(value, max(down, 0.0) + whole[row + 1])
            whole[row] = value


@compiled
def fill_spare(roads, traffic, step, spare):
    """Fill how many vehicles more can leave each road (m, g) in each slice of ``step``; LARGE where none can anyway."""
    for arc in range(len(spare)):
        if not roads.is_road[arc]:
            continue
        for g in range(spare.shape[1]):
            spare[arc, g] = step // roads.headway[arc]
        for row in range(traffic.start[arc], traffic.start[arc + 1]):
            g = min(traffic.exit[row] // step, spare.shape[1] - 1)
            spare[arc, g] -= 1
        for g in range(spare.shape[1]):
            if spare[arc, g] <= 0:
                spare[arc, g] = LARGE


@compiled
def admit(roads, traffic, step, ways, order, end, now, people, left, spare, most, made):
    """Mark in ``made`` (k,) the moves that are made, at most so many, tried in ``order``; return how many.

    ``ways``: the new ways; ``end``, ``now``, ``people`` (k,): of each move; ``left`` (d,): people for whom there still
    is room. Who leaves makes room: what found none is tried again. No road that had some capacity to spare may run out
    of it, since the ways were priced without each other.
    """
    count = 0
    last = spare.shape[1] - 1
    for _ in range(TURNS):
        before = count
        for k in order:
            if count == most:
                return count
            if made[k] or (end[k] != now[k] and people[k] > left[end[k]]):
                continue
            for check in range(2):
                time = ways.departure[k]
                fits = True
                for j in range(ways.first[k], ways.first[k] + ways.hops[k]):
                    arc = ways.arc[j]
                    time, _ = one_more(roads, traffic, arc, time)
                    g = min(time // step, last)
                    if check == 1:
                        spare[arc, g] -= 1
                    elif spare[arc, g] <= 0:
                        fits = False
                        break
                if not fits:
                    break
            if fits:
                made[k] = True
                count += 1
                left[end[k]] -= people[k]
                left[now[k]] += people[k]
        if count == before:
            break
    return count
