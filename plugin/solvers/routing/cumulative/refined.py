"""Refinement of routes by Add, Drop and Swap under ``cumulative`` (IGosrpqm, [E] Algorithm 3).

Here the gain of a change is exact from the flows of the few arcs it touches. ``EPSILON`` is read per route (spec 9): a
change counts when ``T / (T - gain) > 1 + epsilon`` with the route's own time T.
"""

from __future__ import annotations

import numpy as np

from ...control import Control, Slices
from ...kernels import compiled, compiled_with_arrays
from ..shared.local_changes import candidates, least_gain, may_change, open_turns
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes, distinct
from ..shared.volume_delay import travel_time

BLOCK = 20_000  # trips refined in one go
SPARE_COLUMNS = 16
MOST_PASSES = (5, 30, 200)  # over all trips, by effort


@compiled
def time_saved(cost, static, load, arc):
    """Return the vehicle-seconds on ``arc`` that one vehicle fewer saves, itself and the others."""
    flow = load[arc]
    full = flow * travel_time(cost, arc, flow + static[arc])
    return full - (flow - 1) * travel_time(cost, arc, flow - 1 + static[arc])


@compiled
def time_added(cost, static, load, arc):
    """Return the vehicle-seconds on ``arc`` that one vehicle more costs, itself and the others."""
    flow = load[arc] + 1
    full = flow * travel_time(cost, arc, flow + static[arc])
    return full - (flow - 1) * travel_time(cost, arc, flow - 1 + static[arc])


@compiled
def best_change(cost, static, load, found, count, first_saved, both_saved, least):
    """Return the candidate that gains most, -1 when none gains more than ``least`` vehicle-seconds."""
    best = -1
    most = least
    for c in range(count):
        saved = first_saved if found[c, 0] == 0 else both_saved
        bound = saved - cost.free_flow[found[c, 1]]
        if found[c, 2] >= 0:
            bound -= cost.free_flow[found[c, 2]]
        if bound <= most:  # cannot gain enough, however empty the new roads
            continue
        gain = saved - time_added(cost, static, load, found[c, 1])
        if found[c, 2] >= 0:
            gain -= time_added(cost, static, load, found[c, 2])
        if gain > most:
            most = gain
            best = c
    return best


@compiled_with_arrays
def refine_steps(cost, static, star, turns, tail, head, load, size, arcs, epsilon, on_route, state, steps):
    """Refine up to ``steps`` trips of a block, each from its first node to its last.

    Parameters
    ----------
    load : (m,) int64
        Trips on each arc.
    size : (b,) int64, arcs : (b, h) int32
        Routes of the block; a route of h arcs cannot take an Add.
    on_route : (n,) int64
        Scratch space.
    state : (3,) int64
        Next trip of the block, changes so far, number of the last route looked at.
    """
    found = np.empty((64, 3), np.int64)
    last = min(state[0] + steps, len(size))
    for trip in range(state[0], last):
        row = arcs[trip]
        state[2] += 1
        number = state[2]
        own = route_time(cost, static, load, row, size[trip])
        if size[trip] > 0:
            on_route[tail[row[0]]] = number
        for k in range(size[trip]):
            on_route[head[row[k]]] = number
        k = 0
        while k < size[trip]:
            if not may_change(turns, row[k], row[k + 1] if k + 1 < size[trip] else -1):
                k += 1
                continue
            beyond = head[row[k + 1]] if k + 1 < size[trip] else -1
            count = candidates(star, tail[row[k]], head[row[k]], beyond, on_route, number, found)
            best = -1
            if count > 0:
                first = time_saved(cost, static, load, row[k])
                both = first + (time_saved(cost, static, load, row[k + 1]) if beyond >= 0 else 0.0)
                least = least_gain(own, epsilon)
                best = best_change(cost, static, load, found, count, first, both, least)
            if best < 0 or (found[best, 0] == 0 and size[trip] == len(row)):
                k += 1
                continue
            size[trip] = apply_change(row, size[trip], k, found[best], load, head, on_route, number)
            own = route_time(cost, static, load, row, size[trip])
            state[1] += 1
    state[0] = last


@compiled
def route_time(cost, static, load, row, size):
    """Return the seconds that a route of ``size`` arcs takes at the present flows."""
    total = 0.0
    for k in range(size):
        total += travel_time(cost, row[k], load[row[k]] + static[row[k]])
    return total


@compiled
def apply_change(row, size, k, change, load, head, on_route, number):
    """Put a change at position ``k`` of a route into ``row`` and the flows; return the route's new number of arcs."""
    load[row[k]] -= 1
    if change[0] == 0:  # Add
        for j in range(size, k + 1, -1):
            row[j] = row[j - 1]
        size += 1
    else:
        load[row[k + 1]] -= 1
        on_route[head[row[k]]] = 0
    if change[0] == 1:  # Drop
        for j in range(k + 1, size - 1):
            row[j] = row[j + 1]
        size -= 1
    else:
        on_route[head[change[1]]] = number
        row[k + 1] = change[2]
        load[change[2]] += 1
    row[k] = change[1]
    load[change[1]] += 1
    return size


def refined_static_routes(
    problem: RoutingProblem, routes: Routes, static: np.ndarray, epsilon: float, control: Control
) -> tuple[Routes, int]:
    """Return routes that no Add, Drop or Swap improves by more than ``epsilon``, and the number of changes made.

    Passes over all trips are repeated until one changes nothing, those of the effort are used up, or the time is.
    """
    star, turns, load = problem.star(), open_turns(problem), routes.flow(problem.arcs).astype(np.int64)
    on_route, slices, changes = np.zeros(problem.nodes, dtype=np.int64), Slices(200), 0
    state = np.zeros(3, dtype=np.int64)
    passes = control.effort.pick(*MOST_PASSES)
    for number in range(passes if problem.trips else 0):
        indptr, arcs = routes.expanded(control)
        blocks, sizes, state[1] = [], [], 0
        for first in range(0, problem.trips, BLOCK):
            size, block = padded(indptr[first : first + BLOCK + 1], arcs)
            state[0] = 0
            while state[0] < len(size):
                control.stop_if_cancelled()
                refine_steps(
                    problem.cost, static, star, turns, problem.tail, problem.head, load, size, block, epsilon, on_route,
                    state, slices.next(),
                )  # fmt: skip
                control.progress((number + (first + state[0]) / problem.trips) / passes, "")
                if state[0] < len(size) and control.effort.passed():
                    break
            blocks.append(block[np.arange(block.shape[1]) < size[:, None]])
            sizes.append(size)
        routes = distinct(np.r_[0, np.cumsum(np.concatenate(sizes))], np.concatenate(blocks), problem.source, control)
        changes += int(state[1])
        if state[1] == 0 or control.effort.stopped_early:
            break
    else:
        if problem.trips:
            control.log(control.effort.used_up(f"{passes} passes"))
    return routes, changes


def padded(indptr: np.ndarray, arcs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sizes (b,) and arcs (b, h) of a block of rows, with room for a few arcs more in each."""
    size = np.diff(indptr).astype(np.int64)
    block = np.zeros((len(size), int(size.max(initial=0)) + SPARE_COLUMNS), dtype=np.int32)
    block[np.arange(block.shape[1]) < size[:, None]] = arcs[indptr[0] : indptr[-1]]
    return size, block
