"""Algorithm 2 of [E] under ``queue``: all trips advance together, each onto the road that looks quickest.

A trip takes the road e that minimises ``t(e) + t_min(v_j, d)`` among those whose end is nearer to its destination; t(e)
is the seen time of :mod:`.informed`. It sees the queue on the next road only. Where something closes, only roads count
from which one can still arrive in time on empty roads; who has none among them takes, from his origin on, the quickest
way that does.
"""

from __future__ import annotations

import numpy as np

from ...control import Control, Slices
from ...kernels import compiled
from ..shared.choices import STUCK_SECONDS
from ..shared.greedy import sort_hops
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes, distinct, rerouted, rows_at
from ..shared.trees import Trees
from .bars import NEVER
from .events import DEPARTED, HEAP, Plan
from .informed import seen_time
from .moments import (
    join_origin,
    make_moves,
    next_moment,
    note_standstill,
    register_changes,
    register_head,
    take_event,
)
from .network import SECOND, QueueRoads, microseconds
from .places import places_of
from .safe_ways import entry_of, latest_moments
from .simulation import plan_of, starting_state

BLOCK = 4_000_000  # hops: they are noted block by block


@compiled
def next_nearer(roads, state, star, seconds, tree, latest, here, now, heed):
    """Return the place in ``star`` of the arc from ``here`` that looks quickest, -1 without one; see the module."""
    best = -1
    least = np.inf
    for k in range(star.indptr[here], star.indptr[here + 1]):
        onward = seconds[tree, star.head[k]]
        if onward >= seconds[tree, here]:
            continue
        arc = star.arc[k]
        took = seen_time(roads, state, arc, now) / 1e6 if roads.is_road[arc] else 0.0
        if heed:
            entry = entry_of(roads, latest[tree], arc, now, NEVER - 1)
            if entry == NEVER:
                continue
            took += (entry - now) / 1e6
        if took + onward < least:
            least = took + onward
            best = k
    return best


@compiled
def choose_road(roads, plan, state, star, seconds, row, latest, lost, node, trip, now, hop_arc, hop_trip, noted):
    """Choose the next road of a trip at ``node[trip]``; return the number of hops noted.

    The plan knows of a trip only its next road: ``plan.arc[trip]`` is that, wherever the trip is.
    """
    here = node[trip]
    tree = row[trip]
    road = -1
    while road < 0:
        best = next_nearer(roads, state, star, seconds, tree, latest, here, now, len(latest) > 0)
        if best < 0 and len(latest) > 0 and seconds[tree, here] > 0.0:
            lost[trip] = True
            best = next_nearer(roads, state, star, seconds, tree, latest, here, now, False)
        if best < 0:
            break
        here = star.head[best]
        if roads.is_road[star.arc[best]]:
            road = star.arc[best]
    node[trip] = here
    hop = state.hop[trip] + 1
    plan.first[trip] = trip - hop
    if road < 0:
        plan.hops[trip] = hop
        return noted
    plan.hops[trip] = hop + 1
    plan.arc[trip] = road
    hop_arc[noted] = road
    hop_trip[noted] = trip
    return noted + 1


@compiled
def run_greedy(roads, plan, state, star, seconds, row, latest, lost, node, patience, hop_arc, hop_trip, counts, events):
    """Handle about ``events`` events; return whether there is more to come. ``counts`` (1,): hops in the block."""
    arcs = len(roads.travel)
    left = events
    noted = counts[0]
    while left > 0 and noted + 2 * arcs < len(hop_arc):
        now = next_moment(roads, plan, state)
        if now == NEVER:
            counts[0] = noted
            return False
        register_changes(roads, state, now)
        trip = state.counts[DEPARTED]
        while trip < len(plan.departure) and plan.departure[trip] <= now and noted + arcs < len(hop_arc):
            noted = choose_road(
                roads, plan, state, star, seconds, row, latest, lost, node, trip, now, hop_arc, hop_trip, noted
            )
            if plan.hops[trip] > 0 and state.fate[trip] == 0:
                join_origin(roads, plan, state, trip, now)
            trip += 1
            left -= 1
        state.counts[DEPARTED] = trip
        while state.counts[HEAP] > 0 and state.keys[0] == now and noted < len(hop_arc):
            item = take_event(state)
            left -= 1
            if item >= arcs:
                note_standstill(state, item - arcs)
                continue
            if state.fate[state.head[item]] != 0:
                continue
            noted = choose_road(
                roads, plan, state, star, seconds, row, latest, lost, node, state.head[item], now, hop_arc, hop_trip,
                noted,
            )  # fmt: skip
            register_head(roads, plan, state, item, now)
        make_moves(roads, plan, state, patience, now)
        left -= 1
    counts[0] = noted
    return True


def greedy_queue_routes(
    problem: RoutingProblem,
    roads: QueueRoads,
    trees: Trees,
    *,
    stuck_seconds: float = STUCK_SECONDS,
    safe: Routes | None = None,
    control: Control | None = None,
) -> Routes:
    """Return the ways (without connectors) of Algorithm 2 among queues.

    Parameters
    ----------
    safe : Routes, optional
        Where something closes: ways that arrive in time on empty roads.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    trips, arcs = problem.trips, problem.arcs
    plan = Plan(
        microseconds(problem.departure), np.zeros(trips, dtype=np.int64), np.zeros(trips, dtype=np.int64),
        np.zeros(trips, dtype=np.int32), np.zeros(trips + 1, dtype=np.int64),
    )  # fmt: skip
    latest, lost = np.empty((0, arcs), dtype=np.int64), np.zeros(trips, dtype=bool)
    places = places_of(problem)
    if places is not None:
        plan = places.known_to(plan)
    if safe is not None and problem.closings:
        latest = latest_moments(problem, roads, trees, control)
    state = starting_state(roads, plan, False)._replace(moment=np.empty(problem.nodes + 2, dtype=np.int64))
    star, node = problem.star(), problem.source.copy()
    blocks, more, slices = [], True, Slices()
    while more:
        hop_arc, hop_trip = np.empty((2, BLOCK + 2 * arcs), dtype=np.int32)
        counts = np.zeros(1, dtype=np.int64)
        while more and counts[0] < BLOCK:
            control.stop_if_cancelled()
            more = run_greedy(
                roads, plan, state, star, trees.seconds, trees.row, latest, lost, node,
                int(round(stuck_seconds * SECOND)), hop_arc, hop_trip, counts, slices.next(),
            )  # fmt: skip
            control.progress(state.counts[DEPARTED] / max(trips, 1), "")
            if counts[0] + 2 * arcs >= len(hop_arc):
                break
        blocks.append((hop_arc[: counts[0]], hop_trip[: counts[0]]))
    hops = sum((np.bincount(block[1], minlength=trips) for block in blocks), np.zeros(trips, dtype=np.int64))
    indptr = np.r_[0, np.cumsum(hops)].astype(np.int64)
    way, place = np.empty(int(indptr[-1]), dtype=np.int32), indptr[:-1].copy()
    for hop_arc, hop_trip in blocks:
        sort_hops(hop_arc, hop_trip, place, way)
    found = distinct(indptr, way, problem.source, control)
    lost |= trees.seconds[trees.row, node] > 0.0  # who stood to the end has chosen no more than his next road
    if safe is None or not lost.any():
        return found
    who = np.flatnonzero(lost)
    other = plan_of(roads, plan.departure, safe)
    ways = rows_at(other.first[who], other.hops[who], other.arc)
    return rerouted(found, who, np.r_[0, np.cumsum(other.hops[who])], ways)
