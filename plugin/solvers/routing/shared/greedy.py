"""All trips advance together, each hop by the least estimated time (Gosrpqm, [E] Algorithm 2 and eq. 19).

A trip at node v_a takes the neighbour v_j that minimises ``EGT = T(pi_a) + t(e(v_a, v_j)) + t_min(v_j, d)`` among those
with ``t_min(v_j, d) < t_min(v_a, d)``: that strict decrease rules out loops and dead ends by itself, so line 21's extra
condition is left out, and the last term is the least time to the destination where eq. 19 prints an edge's. Under
``present`` the flow on an edge is what is on it now; under ``cumulative`` it is every trip that has chosen it so far
and the choosing one.
"""

from __future__ import annotations

import numpy as np

from ...control import Control, Slices
from ...graph.heap import drop_first, fill_heap, replace_first
from ...kernels import compiled
from .choices import CUMULATIVE
from .problem import RoutingProblem
from .routes import Routes, distinct
from .trees import Trees
from .volume_delay import background_at, travel_time

BLOCK = 4_000_000  # hops: they are noted block by block


@compiled
def greedy_steps(cost, star, static, seconds, row, node, last, load, hop_arc, hop_trip, counts, keys, trips, steps):
    """Handle up to ``steps`` arrivals at a node; stop early when ``hop_arc`` is full.

    Parameters
    ----------
    cost, star
        Roads.
    static : (m,) float64
        Background of ``cumulative``; empty with ``present``.
    seconds, row
        Least times to the destinations (d, n), row of each trip (t,).
    node, last : (t,) int32
        Node of each trip and the arc by which it has come, -1 before the first.
    load : (m,) int64
        Trips on each arc.
    hop_arc, hop_trip
        Block of hops in the order of time: arc and trip.
    counts : (2,) int64
        Size of the heap and number of hops in the block.
    """
    size = counts[0]
    hops = counts[1]
    cumulative = len(static) > 0
    while size > 0 and steps > 0 and hops < len(hop_arc):
        steps -= 1
        now = keys[0]
        trip = trips[0]
        if last[trip] >= 0 and not cumulative:
            load[last[trip]] -= 1
        here = node[trip]
        tree = row[trip]
        best = -1
        best_total = np.inf
        best_time = 0.0
        for k in range(star.indptr[here], star.indptr[here + 1]):
            onward = seconds[tree, star.head[k]]
            if onward >= seconds[tree, here]:
                continue
            arc = star.arc[k]
            if cumulative:
                flow = load[arc] + 1 + static[arc]
            else:
                flow = load[arc] + background_at(cost, arc, now)
            hop_time = travel_time(cost, arc, flow)
            if hop_time + onward < best_total:
                best_total = hop_time + onward
                best_time = hop_time
                best = k
        if best < 0:  # at the destination
            size = drop_first(keys, trips, size)
            continue
        arc = star.arc[best]
        load[arc] += 1
        hop_arc[hops] = arc
        hop_trip[hops] = trip
        last[trip] = arc
        hops += 1
        node[trip] = star.head[best]
        replace_first(keys, trips, size, now + best_time, trip)
    counts[0] = size
    counts[1] = hops


@compiled
def sort_hops(hop_arc, hop_trip, place, arcs):
    """Write hops by trip into ``arcs`` (k,), in each trip as they come, from the trips' ``place`` (t,) on, moved on."""
    for hop in range(len(hop_arc)):
        trip = hop_trip[hop]
        arcs[place[trip]] = hop_arc[hop]
        place[trip] += 1


def greedy_routes(
    problem: RoutingProblem, trees: Trees, flow_model: int, static: np.ndarray, control: Control | None = None
) -> Routes:
    """Return the routes of Algorithm 2.

    Parameters
    ----------
    problem : RoutingProblem
        Every trip must be able to reach its destination.
    trees : Trees
        Free-flow reverse trees of the destinations.
    flow_model : int
        PRESENT or CUMULATIVE.
    static : (m,) float64
        Background flow of ``cumulative``.
    """
    control = control or Control()
    trips, star = problem.trips, problem.star()
    node, last = problem.source.copy(), np.full(trips, -1, dtype=np.int32)
    load = np.zeros(problem.arcs, dtype=np.int64)
    keys, items = np.empty(trips), np.empty(trips, dtype=np.int64)
    counts = np.array([fill_heap(keys, items, problem.departure), 0], dtype=np.int64)
    static = static if flow_model == CUMULATIVE else np.empty(0)
    blocks: list[tuple[np.ndarray, np.ndarray]] = []
    slices, hops = Slices(), np.zeros(trips, dtype=np.int64)
    while counts[0] > 0:
        hop_arc, hop_trip = np.empty((2, BLOCK), dtype=np.int32)
        counts[1] = 0
        while counts[0] > 0 and counts[1] < BLOCK:
            control.stop_if_cancelled()
            greedy_steps(
                problem.cost, star, static, trees.seconds, trees.row, node, last, load, hop_arc, hop_trip, counts,
                keys, items, slices.next(),
            )  # fmt: skip
            control.progress(1.0 - counts[0] / max(trips, 1), "")
        blocks.append((hop_arc[: counts[1]], hop_trip[: counts[1]]))
        hops += np.bincount(blocks[-1][1], minlength=trips)
    indptr = np.r_[0, np.cumsum(hops)].astype(np.int64)
    arcs, place = np.empty(int(indptr[-1]), dtype=np.int32), indptr[:-1].copy()
    for hop_arc, hop_trip in blocks:
        control.stop_if_cancelled()
        sort_hops(hop_arc, hop_trip, place, arcs)
    return distinct(indptr, arcs, problem.source, control)
