"""How trips answer prices: each by a cheapest way, and how many would leave each road in each slice; as kernels.

Where several exits cost the same but for a tolerance, a trip takes the first that is not full yet. So trips that do not
care when they leave do not all leave at once, and the counts say where prices are truly too low.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...kernels import compiled
from .price_graph import NO_WAY
from .price_search import cost_beyond, door_cost

MOST_LOOKS = 8  # at slices that are not full, before a trip takes the cheapest
MOST_ROADS = 100  # priced ones on a way


class Answer(NamedTuple):
    """What trips do.

    Attributes
    ----------
    cost : (t,) float64
        Least cost of each trip.
    roads, doors : (s,) and (c,) int64
        Trips that leave in each slice of the priced roads and of the door roads.
    next_road, next_door : (s + 1,) and (c + 1,) int64
        The next slice that is not full: this one, or one to look at next.
    choice : (4,) int64
        Of the trip in hand: kind of the next exit, road, slice, whether the slice was free.
    """

    cost: np.ndarray
    roads: np.ndarray
    doors: np.ndarray
    next_road: np.ndarray
    next_door: np.ndarray
    choice: np.ndarray


DOOR, ROAD, NOTHING = 0, 1, 2
KIND, WHICH, SLICE, FREE = range(4)


@compiled
def first_free(following, c):
    """Return the first slice from ``c`` on that is not full."""
    free = c
    while following[free] != free:
        free = following[free]
    while following[c] != free:
        after = following[c]
        following[c] = free
        c = after
    return free


@compiled
def ready_cost(graph, prices, p, time, goal):
    """Return the cost to go of having driven a priced road at ``time``."""
    k = time // graph.step
    if k >= graph.all_steps:
        return cost_beyond(graph, prices, p, time, goal)
    return max(prices.ready[p, k, goal], float(time) + graph.free[p, goal])


@compiled
def time_to_road(graph, at, source, i):
    """Return the i-th road that can come next and the time to its end; from a source if ``at`` is below 0."""
    if at < 0:
        return i, graph.start_road[source, i]
    return graph.pair_to[i], graph.pair_time[i]


@compiled
def time_to_door(graph, at, source, x):
    """Return the time to the end of a door road."""
    return graph.start_door[source, x] if at < 0 else graph.to_door[at, x]


@compiled
def least_cost(graph, prices, at, source, goal, time):
    """Return the least cost from a source (``at`` below 0) or the end of a priced road."""
    best = float(time) if at >= 0 and graph.inside[at, goal] else np.inf
    for x in range(len(graph.door_goal)):
        if graph.door_goal[x] == goal:
            way = time_to_door(graph, at, source, x)
            if way < NO_WAY:
                best = min(best, door_cost(graph, prices, x, time + way))
    first = 0 if at < 0 else graph.pair_first[at]
    last = len(graph.roads) if at < 0 else graph.pair_first[at + 1]
    for i in range(first, last):
        road, way = time_to_road(graph, at, source, i)
        if way < NO_WAY:
            best = min(best, ready_cost(graph, prices, road, time + way, goal))
    return best


@compiled
def choose_door(graph, prices, answer, x, time, limit):
    """Choose the slice in which a trip leaves a door road that it has driven at ``time``; -1 after all of them."""
    slices = graph.door_slices
    first = slices.first[x]
    last = slices.first[x + 1]
    now = first + max((time - slices.origin[x]) // slices.length[x], 0)
    answer.choice[FREE] = 1
    if now >= last:
        return -1
    c = first_free(answer.next_door, now)
    if c < last and max(prices.level[c], float(time)) <= limit:
        return c
    answer.choice[FREE] = 0
    cost = door_cost(graph, prices, x, time)
    c = now
    while c + 1 < last and max(prices.level[c], float(time)) > cost:
        c += 1
    return c


@compiled
def choose_slice(graph, prices, answer, p, goal, time, limit):
    """Choose the slice in which a trip leaves a priced road that it has driven at ``time``; -1 after all of them."""
    slices = graph.road_slices
    first = slices.first[p]
    last = slices.first[p + 1]
    now = first + max((time - slices.origin[p]) // slices.length[p], 0)
    answer.choice[FREE] = 1
    if now >= last or time // graph.step >= graph.steps:
        return -1
    c = first_free(answer.next_road, now)
    for _ in range(MOST_LOOKS):
        k = max(time, slices.begin[c]) // graph.step if c < last else graph.steps
        if k >= graph.steps or prices.ready[p, k, goal] > limit:
            break
        if prices.leaving[p, k, goal] + prices.on_grid[p, k] <= limit:
            return c
        c = first_free(answer.next_road, c + 1)
    answer.choice[FREE] = 0
    k = time // graph.step
    least = prices.ready[p, k, goal]
    while k + 1 < graph.steps and prices.ready[p, k + 1, goal] <= least:
        k += 1
    c = first + max((max(time, k * graph.step) - slices.origin[p]) // slices.length[p], 0)
    return min(c, last - 1)


@compiled
def choose_next(graph, prices, answer, at, source, goal, time, tolerance):
    """Fill the trip's choice of where it leaves next: a slice that is free if there is one within the tolerance."""
    limit = least_cost(graph, prices, at, source, goal, time) + tolerance
    kind, which, chosen, free = NOTHING, -1, -1, -1
    least = np.inf
    if at >= 0 and graph.inside[at, goal] and float(time) <= limit:
        answer.choice[KIND] = NOTHING
        return
    for x in range(len(graph.door_goal)):
        if graph.door_goal[x] != goal:
            continue
        way = time_to_door(graph, at, source, x)
        cost = door_cost(graph, prices, x, time + way) if way < NO_WAY else np.inf
        if cost <= limit:
            c = choose_door(graph, prices, answer, x, time + way, limit)
            if answer.choice[FREE] > free or (answer.choice[FREE] == free and cost < least):
                kind, which, chosen, free, least = DOOR, x, c, answer.choice[FREE], cost
    first = 0 if at < 0 else graph.pair_first[at]
    last = len(graph.roads) if at < 0 else graph.pair_first[at + 1]
    for i in range(first, last):
        road, way = time_to_road(graph, at, source, i)
        cost = ready_cost(graph, prices, road, time + way, goal) if way < NO_WAY else np.inf
        if cost <= limit and (free < 1 or cost < least):
            c = choose_slice(graph, prices, answer, road, goal, time + way, limit)
            if answer.choice[FREE] > free or (answer.choice[FREE] == free and cost < least):
                kind, which, chosen, free, least = ROAD, i, c, answer.choice[FREE], cost
    answer.choice[KIND] = kind
    answer.choice[WHICH] = which
    answer.choice[SLICE] = chosen


@compiled
def follow_trip(graph, prices, answer, trip, tolerance):
    """Count the exits of one trip."""
    source, goal = graph.source[trip], graph.goal[trip]
    time = graph.departure[trip]
    at = -1
    for _ in range(MOST_ROADS):
        choose_next(graph, prices, answer, at, source, goal, time, tolerance)
        c = answer.choice[SLICE]
        if answer.choice[KIND] == NOTHING:
            return
        if answer.choice[KIND] == DOOR:
            if c >= 0:
                answer.doors[c] += 1
                if answer.doors[c] >= graph.door_slices.most[c]:
                    answer.next_door[c] = c + 1
            return
        at, way = time_to_road(graph, at, source, answer.choice[WHICH])
        time += way
        if c >= 0:
            answer.roads[c] += 1
            if answer.roads[c] >= graph.road_slices.most[c]:
                answer.next_road[c] = c + 1
            time = max(time, graph.road_slices.begin[c])


@compiled
def answer_trips(graph, prices, answer, tolerance, first, last):
    """Fill the least costs of the trips from the first to before the last; count their exits unless tolerance < 0."""
    for trip in range(first, last):
        source, goal = graph.source[trip], graph.goal[trip]
        answer.cost[trip] = least_cost(graph, prices, -1, source, goal, graph.departure[trip])
        if tolerance >= 0.0:
            follow_trip(graph, prices, answer, trip, tolerance)
