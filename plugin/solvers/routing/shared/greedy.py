"""All trips advance together, each hop by the least estimated time (Gosrpqm, [E] Algorithm 2 and eq. 19).

A trip at node v_a takes the neighbour v_j that minimises ``EGT = T(pi_a) + t(e(v_a, v_j)) + t_min(v_j, d)`` among those
with ``t_min(v_j, d) < t_min(v_a, d)``: that strict decrease rules out loops and dead ends by itself, so line 21's extra
condition is left out, and the last term is the least time to the destination where eq. 19 prints an edge's. Under
``present`` the flow on an edge is what is on it now; under ``cumulative`` it is every trip that has chosen it so far
and the choosing one.

Where something closes, only edges count from which one can still arrive in time on empty roads, with the wait until
they open; who has none among them takes, from his origin on, the quickest way that does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control, Slices
from ...graph.heap import drop_first, fill_heap, replace_first
from ...kernels import compiled
from .choices import CUMULATIVE
from .closed_arcs import NOTHING_CLOSES, entry_in_time, waits_until, watch_of
from .problem import RoutingProblem
from .routes import Routes, distinct, with_routes_of
from .trees import Trees
from .volume_delay import background_at, travel_time

BLOCK = 4_000_000  # hops: they are noted block by block


class InTime(NamedTuple):
    """What is known of ways that arrive before what closes.

    Attributes
    ----------
    routes : Routes
        The quickest of each trip on empty roads.
    latest : (d, m) float64
        Until when one may be ready at the end of each arc and still arrive at each destination on empty roads.
    """

    routes: Routes
    latest: np.ndarray


@compiled
def greedy_steps(
    cost, watch, latest, star, static, seconds, row, node, last, since, load, hop_arc, hop_trip, counts, keys, trips,
    steps
):  # fmt: skip
    """Handle up to ``steps`` arrivals at a node; stop early when ``hop_arc`` is full.

    Parameters
    ----------
    cost, star
        Roads.
    watch, latest
        What closes, and as in :class:`InTime`; ``watch.fate`` is filled with 1 for trips that find no way in time.
    static : (m,) float64
        Background of ``cumulative``; empty with ``present``.
    seconds, row
        Least times to the destinations (d, n), row of each trip (t,).
    node, last : (t,) int32
        Node of each trip and the arc by which it has come, -1 before the first.
    since : (t,) float64
        When it entered that.
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
        here = node[trip]
        tree = row[trip]
        heeds = len(latest) > 0 and watch.fate[trip] == 0
        if heeds:
            limit = waits_until(watch, trip, last[trip], since[trip])
        if last[trip] >= 0 and not cumulative:
            load[last[trip]] -= 1
        best = -1
        best_total = np.inf
        best_time = 0.0
        best_wait = 0.0
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
            wait = 0.0
            if heeds:
                wait = entry_in_time(cost, watch, latest[tree], arc, now, limit) - now
            if wait + hop_time + onward < best_total:
                best_total = wait + hop_time + onward
                best_time = hop_time
                best_wait = wait
                best = k
        if best < 0 and heeds and seconds[tree, here] > 0.0:  # finds no way in time: goes on as if nothing closed
            watch.fate[trip] = 1
            if last[trip] >= 0:
                load[last[trip]] += 1
            continue
        if best < 0:  # at the destination
            size = drop_first(keys, trips, size)
            continue
        if best_wait > 0.0:  # chooses anew when that opens
            if last[trip] >= 0:
                load[last[trip]] += 1
            replace_first(keys, trips, size, now + best_wait, trip)
            continue
        arc = star.arc[best]
        load[arc] += 1
        hop_arc[hops] = arc
        hop_trip[hops] = trip
        last[trip] = arc
        since[trip] = now
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
    problem: RoutingProblem,
    trees: Trees,
    flow_model: int,
    static: np.ndarray,
    control: Control | None = None,
    in_time: InTime | None = None,
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
    in_time : InTime, optional
        Ways that arrive before what closes (``present``), where anything does.
    """
    control = control or Control()
    watch, latest = NOTHING_CLOSES, np.empty((0, 0))
    if in_time is not None:
        watch, latest = watch_of(problem.closings, problem.cost.free_flow, problem.source), in_time.latest
    trips, star = problem.trips, problem.star()
    node, last = problem.source.copy(), np.full(trips, -1, dtype=np.int32)
    load, since = np.zeros(problem.arcs, dtype=np.int64), np.empty(trips)
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
                problem.cost, watch, latest, star, static, trees.seconds, trees.row, node, last, since, load, hop_arc,
                hop_trip, counts, keys, items, slices.next(),
            )  # fmt: skip
            control.progress(1.0 - counts[0] / max(trips, 1), "")
        blocks.append((hop_arc[: counts[1]], hop_trip[: counts[1]]))
        hops += np.bincount(blocks[-1][1], minlength=trips)
    indptr = np.r_[0, np.cumsum(hops)].astype(np.int64)
    arcs, place = np.empty(int(indptr[-1]), dtype=np.int32), indptr[:-1].copy()
    for hop_arc, hop_trip in blocks:
        control.stop_if_cancelled()
        sort_hops(hop_arc, hop_trip, place, arcs)
    found = distinct(indptr, arcs, problem.source, control)
    return found if in_time is None else with_routes_of(found, np.flatnonzero(watch.fate), in_time.routes)
