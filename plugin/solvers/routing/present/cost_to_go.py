"""What is still to come from every node at every time: a backward pass through time that leads the searches of a sweep.

Time is cut into bins. The cost of an arc in a bin is what one vehicle more would meet at its middle, own seconds and
delay caused, read from the timetable; after the last bin the roads count as empty. From the last bin to the first, the
least cost to a destination follows from the heads of the arcs at the times when these are reached, between two bins by
interpolation. Within a bin nodes are visited in the order of the bin after it, from above, until little changes.

Only the region of a destination is looked at, as it is at mean costs.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple

import numpy as np

from ...control import Control
from ...graph.reverse_tree import grow_tree
from ...graph.stars import ForwardStar, ReverseStar
from ...kernels import compiled, compiled_with_arrays
from ..shared.problem import RoutingProblem
from ..shared.schedule import Schedule
from ..shared.timetable import Timetable, count_until, hop_at
from ..shared.trees import Trees
from .region import Region, compact_star, mark_region

MOST_BINS, LEAST_BINS = 48, 4
LARGEST = 8_000_000  # values to all destinations together; more would take more time than they save
HORIZON = 0.97  # share of the arrivals up to which time is cut into bins
DETOUR, SLACK = 1.15, 60.0  # the region: ways of at most this factor and these seconds above a trip's best mean cost
MEAN_SHARE = 0.5  # of the mean cost above free flow that counts there
MOST_PASSES = 2


class CostToGo(NamedTuple):
    """Least cost to one destination from every node of its region at every time.

    Attributes
    ----------
    local : (n,) int32
        Row of each node in ``cost``; -1 outside the region.
    cost : (b+1, r) float32
        Seconds, own and caused, from each node of the region in each bin; the last row is that of empty roads.
    step : float
        Seconds of a bin; row k is the middle of bin k.
    """

    local: np.ndarray
    cost: np.ndarray
    step: float


class ArcCosts(NamedTuple):
    """What an arc costs one vehicle more, by time.

    Attributes
    ----------
    row : (m,) int32
        Column in the tables; -1 for an arc that nobody uses.
    cost, bins : (b, u) float32
        Cost in seconds and time in bins, in each bin.
    mean : (m,) float64
        Free-flow time and a share of the mean cost above it, over those who enter.
    step : float
        Seconds of a bin.
    """

    row: np.ndarray
    cost: np.ndarray
    bins: np.ndarray
    mean: np.ndarray
    step: float


@compiled
def fill_costs(cost, table, used, step, total, bins, mean, share):
    """Fill ``total`` and ``bins`` (b, u) for the ``used`` arcs, and their ``mean`` (m,)."""
    for column in range(len(used)):
        arc = used[column]
        first = table.start[arc]
        size = table.size[arc]
        weighted = 0.0
        before = 0
        for k in range(len(total)):
            seconds, delay = hop_at(cost, table, arc, (k + 0.5) * step, np.inf, np.inf)
            total[k, column] = seconds + delay
            bins[k, column] = seconds / step
            entered = count_until(table.entries, first, first + size, (k + 1.0) * step)
            weighted += (entered - before) * (seconds + delay)
            before = entered
        free = cost.free_flow[arc]
        weighted += (size - before) * free
        mean[arc] = free + share * max(weighted / size - free, 0.0)


def arc_costs(problem: RoutingProblem, table: Timetable, until: float, bins: int) -> ArcCosts:
    """Return the costs of all arcs in ``bins`` bins of time ``until`` some seconds."""
    step = until / bins
    used = np.flatnonzero(table.size).astype(np.int32)
    row = np.full(problem.arcs, -1, dtype=np.int32)
    row[used] = np.arange(len(used), dtype=np.int32)
    total, times = np.empty((bins, len(used)), dtype=np.float32), np.empty((bins, len(used)), dtype=np.float32)
    mean = problem.cost.free_flow.copy()
    fill_costs(problem.cost, table, used, step, total, times, mean, MEAN_SHARE)
    return ArcCosts(row, total, times, mean, step)


@compiled
def sort_again(order, values):
    """Sort ``order`` by ``values``, by insertion: it is nearly sorted."""
    for i in range(1, len(order)):
        node = order[i]
        value = values[node]
        j = i - 1
        while j >= 0 and values[order[j]] > value:
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = node


@compiled_with_arrays
def go_back(indptr, head, column, free_cost, free_bins, step, arc_cost, arc_bins, destination, order, passes, cost):
    """Fill ``cost`` (b+1, r) from its last row upwards; ``order`` (r,) holds the nodes by that row."""
    last = len(cost) - 1
    one = np.float32(1.0)
    bin_seconds = np.float32(step)
    done = np.full(len(order), -1, dtype=np.int32)
    for k in range(last - 1, -1, -1):
        now = cost[k]
        later = cost[k + 1]
        sort_again(order, later)
        for number in range(passes):
            change = np.float32(0.0)
            for i in order:
                least = np.float32(np.inf)
                for e in range(indptr[i], indptr[i + 1]):
                    there = head[e]
                    if column[e] < 0:
                        total = free_cost[e]
                        ahead = free_bins[e]
                    else:
                        total = arc_cost[k, column[e]]
                        ahead = arc_bins[k, column[e]]
                    whole = int(ahead)
                    share = ahead - np.float32(whole)
                    if k + whole >= last:
                        total += cost[last, there]
                    elif whole > 0:
                        before = cost[k + whole, there]
                        total += before + share * (cost[k + whole + 1, there] - before)
                    elif done[there] == k:
                        total += now[there] + share * (later[there] - now[there])
                    else:  # not known yet: from above, as if one had to wait for the next bin
                        total += later[there] + (one - share) * bin_seconds
                    least = min(least, total)
                if i == destination:
                    least = np.float32(0.0)
                if number > 0:
                    change = max(change, now[i] - least)
                now[i] = least
                done[i] = k
            if number > 0 and change < 0.02 * bin_seconds:
                break


@compiled
def remaining(to_go, node, time):
    """Return the cost to go from ``node`` at ``time``; infinite outside its region."""
    i = to_go.local[node]
    if i < 0:
        return np.inf
    x = time / to_go.step - 0.5
    last = len(to_go.cost) - 1
    if x <= 0.0:
        return float(to_go.cost[0, i])
    if x >= last:
        return float(to_go.cost[last, i])
    k = int(x)
    return to_go.cost[k, i] + (x - k) * (to_go.cost[k + 1, i] - to_go.cost[k, i])


@compiled
def raise_to(to_go, node, time, value):
    """Make the cost to go from ``node`` at ``time`` at least ``value``: a search has found out that it is."""
    i = to_go.local[node]
    x = max(time / to_go.step - 0.5, 0.0)
    last = len(to_go.cost) - 1
    if x >= last:
        return
    k = int(x)
    more = value - (to_go.cost[k, i] + (x - k) * (to_go.cost[k + 1, i] - to_go.cost[k, i]))
    if more > 0.0:
        to_go.cost[k, i] += np.float32(more)
        if k + 1 < last:
            to_go.cost[k + 1, i] += np.float32(more)


@dataclass(frozen=True)
class BackwardPasses:
    """The costs to go to all destinations, worked out anew for each part of a sweep.

    Attributes
    ----------
    problem : RoutingProblem
    star : ForwardStar
    trees : Trees
        Free-flow times: what it still costs when the roads are empty again.
    entering : ReverseStar
    sources : list of (s,) int32
        The nodes from which trips start, by destination.
    """

    problem: RoutingProblem
    star: ForwardStar
    trees: Trees
    entering: ReverseStar
    sources: list[np.ndarray]

    def make(
        self, schedule: Schedule, table: Timetable, pool: ThreadPoolExecutor, control: Control | None = None
    ) -> list[CostToGo]:
        """Return the cost to go to every destination in the traffic of a schedule and its table; none when time is up.

        Raises
        ------
        Cancelled
            When the user stops.
        """
        control = control or Control()
        problem, numbers = self.problem, range(len(self.trees.destinations))
        until = max(float(np.quantile(schedule.arrival, HORIZON)), 1.0)
        costs = arc_costs(problem, table, until, MOST_BINS)

        def in_time(work: Callable[[int], Any]) -> list[Any]:
            def one(number: int) -> Any:
                control.stop_if_cancelled()
                return None if control.effort.passed() else work(number)

            return [found for found in pool.map(one, numbers) if found is not None]

        regions = in_time(lambda number: self._region(number, costs.mean))
        if control.effort.passed():
            return []
        bins = min(max(LARGEST // sum(len(one.node) for one in regions), LEAST_BINS), MOST_BINS)
        if bins < MOST_BINS:
            costs = arc_costs(problem, table, until, bins)
        costs_to_go = in_time(lambda number: self._pass_from(number, regions[number], costs))
        return [] if control.effort.passed() else costs_to_go

    def _region(self, number: int, weight: np.ndarray) -> Region:
        """Return the nodes worth looking at on the way to a destination when arcs cost ``weight`` (m,)."""
        nodes, entering = self.problem.nodes, self.entering
        onward, toward = np.empty(nodes), np.empty(nodes, dtype=np.int32)
        root = int(self.trees.destinations[number])
        grow_tree(entering.indptr, entering.arc, entering.tail, weight[entering.arc], root, onward, toward)
        local, label = np.full(nodes, -1, dtype=np.int32), np.full(nodes, np.inf)
        keys, items = np.empty(self.problem.arcs + nodes), np.empty(self.problem.arcs + nodes, dtype=np.int64)
        count = mark_region(self.star, weight, onward, self.sources[number], DETOUR, SLACK, label, keys, items, local)
        node, inside = np.empty(count, dtype=np.int32), np.flatnonzero(local >= 0)
        node[local[inside]] = inside
        return Region(local, node)

    def _pass_from(self, number: int, region: Region, costs: ArcCosts) -> CostToGo:
        """Return the cost to go to a destination."""
        star, count = self.star, len(region.node)
        arcs = int((star.indptr[region.node + 1] - star.indptr[region.node]).sum())
        indptr, (head, column) = np.zeros(count + 1, dtype=np.int32), np.empty((2, arcs), dtype=np.int32)
        free_cost, free_bins = np.empty((2, arcs), dtype=np.float32)
        compact_star(
            star, costs.row, self.problem.cost.free_flow, costs.step, region.node, region.local, indptr, head, column,
            free_cost, free_bins,
        )  # fmt: skip
        cost = np.empty((len(costs.cost) + 1, count), dtype=np.float32)
        cost[-1] = self.trees.seconds[number, region.node]
        order = np.argsort(cost[-1], kind="stable").astype(np.int32)
        root = int(region.local[self.trees.destinations[number]])
        go_back(
            indptr, head, column, free_cost, free_bins, costs.step, costs.cost, costs.bins, root, order, MOST_PASSES,
            cost,
        )  # fmt: skip
        return CostToGo(region.local, cost, costs.step)
