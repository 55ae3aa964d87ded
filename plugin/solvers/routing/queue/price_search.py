"""Least costs on the small graph under prices, backwards in time, as kernels; and what the prices can collect at most.

A cost is the moment of arrival, microseconds, plus the prices met on the way. A priced road is left at any moment after
it has been driven, at the price of that moment. Costs to go are kept on a grid of time, each rounded down to the one at
the beginning of its step: they never fall with time, so what comes out is never above the least cost.

Prices of roads are constant in each slice; collecting most, one vehicle leaves in each headway. At doors time *plus*
price is constant in each slice, which is the price falling by one second a second: who waits there gains nothing, and
each headway later collects so much less.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...kernels import compiled
from .price_graph import NO_WAY


class Prices(NamedTuple):
    """Prices and the costs to go that they give.

    Attributes
    ----------
    price : (s,) float64
        Of each slice of the priced roads, whole microseconds.
    level : (c,) float64
        Time plus price in each slice of the door roads, whole microseconds.
    later : (c,) float64
        The least cost of leaving a door road in this slice, at its beginning, or later.
    on_grid : (p, k) float64
        The least price within each step.
    leaving, ready : (p, all k, d) float64
        Cost to go to each destination of leaving a priced road at each step, its price not included; and of having
        driven it, its price included, waiting allowed.
    """

    price: np.ndarray
    level: np.ndarray
    later: np.ndarray
    on_grid: np.ndarray
    leaving: np.ndarray
    ready: np.ndarray


@compiled
def settle_levels(graph, prices):
    """Lower the levels that nobody would pay, since waiting is cheaper; fill what later leaving costs."""
    slices = graph.door_slices
    for x in range(len(slices.first) - 1):
        least = float(slices.origin[x] + slices.length[x] * (slices.first[x + 1] - slices.first[x]))
        for c in range(slices.first[x + 1] - 1, slices.first[x] - 1, -1):
            prices.level[c] = max(min(prices.level[c], least), float(slices.begin[c]))
            least = prices.level[c]
            prices.later[c] = least


@compiled
def door_cost(graph, prices, x, time):
    """Return the least cost of arriving over door road ``x`` for who has driven it at ``time``."""
    slices = graph.door_slices
    first = slices.first[x]
    count = slices.first[x + 1] - first
    c = max((time - slices.origin[x]) // slices.length[x], 0)
    if c >= count:
        return float(time)
    cost = max(prices.level[first + c], float(time))
    if c + 1 < count:
        return min(cost, prices.later[first + c + 1])
    return cost


@compiled
def price_steps(graph, prices):
    """Fill the least price within each step of the grid."""
    slices = graph.road_slices
    for p in range(len(graph.roads)):
        first = slices.first[p]
        count = slices.first[p + 1] - first
        for k in range(graph.steps):
            a = max((k * graph.step - slices.origin[p]) // slices.length[p], 0)
            b = max(((k + 1) * graph.step - 1 - slices.origin[p]) // slices.length[p], 0)
            least = np.inf
            for c in range(a, b + 1):
                least = min(least, prices.price[first + c] if c < count else 0.0)
            prices.on_grid[p, k] = least


@compiled
def cost_beyond(graph, prices, p, time, goal):
    """Return the least cost from the end of a priced road on when no road but doors has a price any more."""
    cost = np.inf
    for x in range(len(graph.door_goal)):
        if graph.door_goal[x] == goal and graph.to_door_free[p, x] < NO_WAY:
            cost = min(cost, door_cost(graph, prices, x, time + graph.to_door_free[p, x]))
    return cost


@compiled
def leave_to_doors(graph, prices, p, time, row):
    """Fill ``row`` (d,) with the costs of leaving a priced road for the doors at ``time``."""
    for d in range(len(row)):
        row[d] = float(time) if graph.inside[p, d] else np.inf
    for x in range(len(graph.door_goal)):
        if graph.to_door[p, x] < NO_WAY:
            d = graph.door_goal[x]
            row[d] = min(row[d], door_cost(graph, prices, x, time + graph.to_door[p, x]))


@compiled
def lower_price(graph, prices, p, k, row):
    """Lower a road's price in a step so far that nobody's cost changes: to what waiting for the next step costs."""
    needed = 0.0
    for d in range(len(row)):
        if row[d] < np.inf:
            needed = max(needed, prices.ready[p, k + 1, d] - row[d])
    prices.on_grid[p, k] = min(prices.on_grid[p, k], needed)


@compiled
def fill_costs(graph, prices, row, last, steps):
    """Fill the costs to go of ``steps`` steps down from before ``last``; return the first step filled.

    ``row`` (d,) float64 is room to work in.
    """
    roads = len(graph.roads)
    goals = len(row)
    down_to = max(last - steps, 0)
    for k in range(last - 1, down_to - 1, -1):
        now = k * graph.step
        for p in range(roads):
            if k >= graph.steps:
                for d in range(goals):
                    cost = cost_beyond(graph, prices, p, now, d)
                    prices.leaving[p, k, d] = cost
                    prices.ready[p, k, d] = cost
                continue
            leave_to_doors(graph, prices, p, now, row)
            for i in range(graph.pair_first[p], graph.pair_first[p + 1]):
                if graph.pair_steps[i] > 0:
                    to = graph.pair_to[i]
                    at = k + graph.pair_steps[i]
                    there = float(now + graph.pair_time[i])
                    for d in range(goals):
                        row[d] = min(row[d], max(prices.ready[to, at, d], there + graph.free[to, d]))
            lower_price(graph, prices, p, k, row)
            for d in range(goals):
                prices.leaving[p, k, d] = row[d]
                prices.ready[p, k, d] = min(row[d] + prices.on_grid[p, k], prices.ready[p, k + 1, d])
        if k < graph.steps:
            settle_near(graph, prices, k, goals)
    return down_to


@compiled
def settle_near(graph, prices, k, goals):
    """Lower the costs of a step by ways to other roads within the same step, until none gets lower."""
    now = k * graph.step
    changed = True
    while changed:
        changed = False
        for p in range(len(graph.roads)):
            for i in range(graph.pair_first[p], graph.pair_first[p + 1]):
                if graph.pair_steps[i] > 0:
                    continue
                to = graph.pair_to[i]
                for d in range(goals):
                    cost = max(prices.ready[to, k, d], float(now + graph.pair_time[i]) + graph.free[to, d])
                    if cost < prices.leaving[p, k, d]:
                        prices.leaving[p, k, d] = cost
                        prices.ready[p, k, d] = min(prices.ready[p, k, d], cost + prices.on_grid[p, k])
                        changed = True


@compiled
def keep_needed(graph, prices):
    """Lower the price of each slice to the largest that one of its steps still has."""
    slices = graph.road_slices
    for p in range(len(graph.roads)):
        for c in range(slices.first[p], slices.first[p + 1]):
            a = slices.begin[c] // graph.step
            b = (slices.begin[c] + slices.length[p] - 1) // graph.step
            needed = 0.0
            for k in range(a, min(b + 1, graph.steps)):
                needed = max(needed, prices.on_grid[p, k])
            prices.price[c] = min(prices.price[c], needed)


@compiled
def most_collected(graph, prices):
    """Return what exits at least a headway apart can collect at most."""
    total = 0.0
    for c in range(len(prices.price)):
        total += prices.price[c] * graph.road_slices.most[c]
    slices = graph.door_slices
    for c in range(len(prices.level)):
        for k in range(slices.most[c]):
            price = prices.level[c] - slices.begin[c] - k * slices.headway[c]
            if price <= 0.0:
                break
            total += price
    return total
