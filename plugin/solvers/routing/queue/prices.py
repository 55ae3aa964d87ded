"""The Lagrangian bound: prices on the exits of doors and a few other roads, raised where too many would leave.

For any prices of at least 0 the sum over trips of the least (arrival + prices met) less what the exits of each road can
collect at most is a lower bound of the total travel time, since a plan pays what it collects. It starts from the prices
of the least queues at the doors, and of a plan's queues where that is better, and climbs along the excess of exits over
those that fit (a subgradient).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control
from ...control import Slices as Portions
from .bounds import DoorQueue, door_queues
from .doors import Doors, Journeys
from .network import SECOND, QueueRoads
from .plan_queues import PlanQueues, plan_queues
from .price_answer import Answer, answer_trips
from .price_graph import PriceGraph, Slices, price_graph
from .price_search import Prices, fill_costs, keep_needed, most_collected, price_steps, settle_levels
from .simulation import QueueRun

MOST_ROADS = 60  # that get a price besides the doors
MOST_STEPS = 1800  # of the grid of time
WORK = 4e8  # comparisons that one search may take: fewer roads where there are many destinations
LEAST_SHARE = 1e-4  # of all roads' delay and worth: those below get no price
STARTS = (0.0, 0.5, 1.0)  # shares of the prices that exits have in the plan
FIRST_TOLERANCE, LAST_TOLERANCE = 30.0, 5.0  # s, within which a trip takes an exit that is not full
SMOOTH_SECONDS = 240.0  # over which the excess of exits is averaged
MOMENTUM = 0.9
FIRST_GAIN = 0.3  # of the bound: what a step is to gain
LESS = 0.6  # of it after MISSES steps without a gain
MISSES = 5  # steps without a gain before the search goes back to the best prices
ROUNDING = 1e-9  # of the bound


@dataclass
class _Climb:
    """The direction in which prices of roads and levels of doors moved last."""

    price_step: np.ndarray
    level_step: np.ndarray


def priced_bound(
    roads: QueueRoads, journeys: Journeys, doors: list[Doors], run: QueueRun, iterations: int, control: Control
) -> int:
    """Return the best bound that ``iterations`` steps find for the trips of ``doors``, vehicle-microseconds.

    It is 0 where the plan meets no queue but at the doors.

    Parameters
    ----------
    doors : list of Doors
        Each with trips.
    run : QueueRun
        Of a plan of all trips: its most delayed roads get a price.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    queues = door_queues(roads, journeys, doors)
    plan = plan_queues(roads, run, control.part(0.0, 0.05))
    priced = _worth_a_price(plan, doors)
    if not len(priced):
        return 0
    last = max(int(queue.exits[-1]) for queue in queues)
    end = int(plan.until[priced].max())
    graph = price_graph(roads, journeys, doors, priced, end, MOST_STEPS, last, control)
    return _climb(graph, queues, plan, iterations, control.part(0.1, 1.0))


def _worth_a_price(plan: PlanQueues, doors: list[Doors]) -> np.ndarray:
    """Return the roads, besides the doors, that a plan's vehicles wait at most, or that cost the others most."""
    worth = np.diff(np.r_[0.0, np.cumsum(plan.worth)][plan.start])
    share = plan.delay / max(plan.delay.sum(), 1.0) + worth / max(worth.sum(), 1.0)
    share[np.concatenate([door.roads for door in doors])] = 0.0
    many = int(min(MOST_ROADS, max((WORK / MOST_STEPS / len(doors)) ** 0.5, 1.0)))
    priced = np.argsort(-share, kind="stable")[:many]
    return np.sort(priced[share[priced] > LEAST_SHARE])


def start_prices(graph: PriceGraph, plan: PlanQueues) -> np.ndarray:
    """Return the prices (s,) that exits have in a plan: what one more would cost the others."""
    slices = graph.road_slices
    price = np.zeros(len(slices.begin))
    for k, road in enumerate(graph.roads.tolist()):
        own = slice(plan.start[road], plan.start[road + 1])
        part = slice(slices.first[k], slices.first[k + 1])
        price[part] = np.interp(slices.begin[part], plan.moment[own], plan.worth[own], right=0.0)
    return np.rint(price)


def start_levels(graph: PriceGraph, queues: list[DoorQueue]) -> np.ndarray:
    """Return the levels (c,) of the doors' least queues: while one lasts, all its vehicles pay as if they left last."""
    slices = graph.door_slices
    level = slices.begin.astype(np.float64)
    for goal, queue in enumerate(queues):
        doors = np.flatnonzero(graph.door_goal == goal)
        exits = queue.exits
        used = doors[np.diff(slices.first)[doors] > 0]
        gap = slices.headway[slices.first[used]].max(initial=0)
        ends = np.flatnonzero(np.r_[np.diff(exits) > gap, True])
        begins = np.r_[0, ends[:-1] + 1]
        kept = ends - begins >= len(doors)
        for x in used.tolist():
            own = slice(slices.first[x], slices.first[x + 1])
            k = np.searchsorted(exits[ends], slices.begin[own])  # the queue that is the first to end after it begins
            inside = k < len(ends)
            k = np.minimum(k, len(ends) - 1)
            inside &= kept[k] & (slices.begin[own] + slices.length[x] > exits[begins[k]])
            level[own][inside] = exits[ends[k]][inside]
    return level


def _climb(graph: PriceGraph, queues: list[DoorQueue], plan: PlanQueues, iterations: int, control: Control) -> int:
    """Return the best bound found in ``iterations`` steps, from the best share of the plan's own prices on."""
    goals = len(queues)
    sizes = len(graph.road_slices.begin), len(graph.door_slices.begin)
    prices = Prices(
        np.zeros(sizes[0]), start_levels(graph, queues), np.empty(sizes[1]), np.empty((len(graph.roads), graph.steps)),
        *(np.empty((len(graph.roads), graph.all_steps, goals)) for _ in range(2)),
    )  # fmt: skip
    starts = []
    for share in STARTS:
        prices.price[:] = np.rint(share * start_prices(graph, plan))
        starts.append((evaluate(graph, prices, -1.0, control)[0], prices.price.copy()))
    prices.price[:] = max(starts, key=lambda start: start[0])[1]
    at = _Climb(np.zeros(sizes[0]), np.zeros(sizes[1]))
    best, kept, gain, misses = -np.inf, (prices.price.copy(), prices.level.copy()), FIRST_GAIN, 0
    for k in range(iterations):
        if k and control.effort.passed():
            break
        control.progress(k / iterations, "")
        tolerance = FIRST_TOLERANCE * (LAST_TOLERANCE / FIRST_TOLERANCE) ** (k / iterations)
        bound, answer = evaluate(graph, prices, tolerance * SECOND, control)
        if bound > best:
            best, kept, misses = bound, (prices.price.copy(), prices.level.copy()), 0
        else:
            misses += 1
        if misses == MISSES:
            gain, misses = gain * LESS, 0
            prices.price[:], prices.level[:] = kept
            at.price_step[:] = 0.0
            at.level_step[:] = 0.0
            bound, answer = evaluate(graph, prices, tolerance * SECOND, control)
        _move(graph, prices, at, answer, max(best * (1.0 + gain) - bound, 0.0))
    return int(best * (1.0 - ROUNDING)) if np.isfinite(best) else 0


def evaluate(graph: PriceGraph, prices: Prices, tolerance: float, control: Control) -> tuple[float, Answer]:
    """Return the bound that the prices give, vehicle-microseconds, and how the trips answer them.

    Prices that nobody would pay are lowered on the way.
    """
    settle_levels(graph, prices)
    price_steps(graph, prices)
    row, k, portions = np.empty(prices.leaving.shape[2]), graph.all_steps, Portions(20)
    while k > 0:
        control.stop_if_cancelled()
        k = fill_costs(graph, prices, row, k, portions.next())
    keep_needed(graph, prices)
    trips, sizes = len(graph.source), (len(prices.price), len(prices.level))
    exits, following = [np.zeros(size, dtype=np.int64) for size in sizes], [np.arange(size + 1) for size in sizes]
    answer = Answer(np.empty(trips), exits[0], exits[1], following[0], following[1], np.zeros(4, dtype=np.int64))
    first, portions = 0, Portions(500)
    while first < trips:
        control.stop_if_cancelled()
        last = min(first + portions.next(), trips)
        answer_trips(graph, prices, answer, tolerance, first, last)
        first = last
    return float((answer.cost - graph.departure).sum() - most_collected(graph, prices)), answer


def _move(graph: PriceGraph, prices: Prices, at: _Climb, answer: Answer, wanted: float) -> None:
    """Move the prices so far along the excess of exits that the bound would gain ``wanted`` if it were linear."""
    road_excess = (answer.roads - graph.road_slices.most).astype(np.float64)
    road_excess[(prices.price <= 0) & (road_excess < 0)] = 0.0
    slices = graph.door_slices
    paid = np.clip(np.ceil((prices.level - slices.begin) / slices.headway), 0, slices.most)
    door_excess = answer.doors - paid
    free = prices.level <= slices.begin
    door_excess[free] = np.maximum(answer.doors - slices.most, 0)[free]
    at.price_step = MOMENTUM * at.price_step + (1.0 - MOMENTUM) * _smooth(graph.road_slices, road_excess)
    at.level_step = MOMENTUM * at.level_step + (1.0 - MOMENTUM) * _smooth(slices, door_excess)
    slope = float((at.price_step * road_excess).sum() + (at.level_step * door_excess).sum())
    length = float((at.price_step**2).sum() + (at.level_step**2).sum())
    if length == 0.0:
        return
    step = wanted / max(slope, 0.2 * length)
    prices.price[:] = np.rint(np.maximum(prices.price + step * at.price_step, 0.0))
    prices.level[:] = np.rint(prices.level + step * at.level_step)


def _smooth(slices: Slices, excess: np.ndarray) -> np.ndarray:
    """Return the excess (s,) of exits averaged over neighbouring slices of the same road."""
    out = excess.copy()
    for k in range(len(slices.length)):
        half = int(SMOOTH_SECONDS * SECOND / slices.length[k]) // 2
        own = slice(slices.first[k], slices.first[k + 1])
        count = own.stop - own.start
        if half < 1 or count < 2:
            continue
        total = np.r_[0.0, np.cumsum(excess[own])]
        low = np.maximum(np.arange(count) - half, 0)
        high = np.minimum(np.arange(count) + half + 1, count)
        out[own] = (total[high] - total[low]) / (high - low)
    return out
