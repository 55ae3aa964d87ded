"""Roads of the queue model as edges of SUMO's mesoscopic model, with the same free-flow times, capacities and rooms.

What SUMO takes, and how it comes to ours:

- lanes are whole numbers, rounded up. An edge holds a vehicle for every 7.5 m of lane, so its length is 7.5 m for each
  vehicle of our room, shared among the lanes, and its speed such that the free-flow time stays.
- Where it is not blocked, a vehicle leaves an edge of n lanes at least ``(tau + 7.5 m / speed) / n`` after the one
  before: SUMO adds the time in which a vehicle drives its own 7.5 m. So ``tauff``, ``taufj`` and ``taujf`` are
  ``n * headway - 7.5 / speed``, which our room keeps from being negative; ``taujj`` stays at SUMO's 1.4 s (a gap moves
  backwards at 5.4 m/s).
- SUMO applies no headway where a trip ends. So an *exit edge* without a headway lies behind each node at which vehicles
  arrive, and the road before it is metered like any other.
- A closed edge holds whoever is on it. So before each edge that may not be entered for a while lies a *gate*, an edge
  without a headway that holds one vehicle a lane: it closes, and who is behind it drives off. A gate where trips begin
  has a *start* before it, on which they wait.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..graph.stars import spread_rows
from .queue.network import SECOND, QueueRoads
from .shared.routes import Routes
from .shared.volume_delay import VEHICLE_SPACE

ROUNDING = 1e-9  # of a number of lanes that is meant to be whole


class Ends(NamedTuple):
    """The nodes that each directed arc (m,) leaves and enters."""

    tail: np.ndarray
    head: np.ndarray


class SumoRoads(NamedTuple):
    """The edges.

    Attributes
    ----------
    arc : (k,) int64
        Arcs that are edges, ascending; the arrays below are of these.
    tail, head : (k,) int64
        Nodes.
    lanes : (k,) int64
    length, speed, tau : (k,) float64
        m, m/s, s.
    turns : (j, 2) int64
        Positions in ``arc`` of the edge before and after each turn that is allowed: all but turning back, and the turns
        back that the routes take.
    exits : (x,) int64
        Nodes at which vehicles arrive, ascending.
    gated, begun : (k,) bool
        Edges that have a gate, and those whose gate has a start.
    shut : list of (int, int, int)
        Position of an edge, and from when until before when its gate is closed, microseconds.
    """

    arc: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    lanes: np.ndarray
    length: np.ndarray
    speed: np.ndarray
    tau: np.ndarray
    turns: np.ndarray
    exits: np.ndarray
    gated: np.ndarray
    begun: np.ndarray
    shut: list[tuple[int, int, int]]


def busiest(roads: QueueRoads, until: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the longest headway (m,) and the least room (m,) that background traffic brings up to ``until``.

    Edges of SUMO have one capacity for all of the time. Microseconds and vehicles.
    """
    headway, room = roads.headway.copy(), roads.room.copy()
    now = roads.change_time <= until
    np.maximum.at(headway, roads.change_arc[now], roads.change_headway[now])
    np.minimum.at(room, roads.change_arc[now], roads.change_room[now])
    return headway, room


def sumo_roads(roads: QueueRoads, ends: Ends, lanes: np.ndarray, routes: Routes, until: int) -> SumoRoads:
    """Return the edges of a network on which routes, which name roads alone, are driven up to ``until`` microseconds.

    Examples
    --------
    A road of 10 s with one lane that passes 900 vehicles an hour and holds 13, and the arc back:

    >>> from evacuation_planner.plugin.solvers.graph.stars import ForwardStar
    >>> from .queue.network import queue_roads
    >>> tail, head = np.array([0, 1]), np.array([1, 0])
    >>> roads = queue_roads(ForwardStar.of(2, tail, head), head, [10.0] * 2, [900.0] * 2, [13.0] * 2)
    >>> routes = Routes(np.array([0, 1]), np.array([0]), np.array([0]))
    >>> edges = sumo_roads(roads, Ends(tail, head), np.ones(2), routes, 0)
    >>> edges.length.tolist(), edges.speed.tolist(), edges.tau.round(3).tolist(), edges.exits.tolist()
    ([97.5, 97.5], [9.75, 9.75], [3.231, 3.231], [1])
    """
    tail, head = (np.asarray(node, dtype=np.int64) for node in ends)
    used = np.zeros(len(tail), dtype=bool)
    used[routes.arcs] = True
    arc = np.flatnonzero(roads.is_road & ((tail != head) | used))
    whole = np.maximum(np.ceil(lanes[arc] - ROUNDING), 1).astype(np.int64)
    headway, room = busiest(roads, until)
    seconds = np.maximum(roads.travel[arc], 1) / SECOND
    length = VEHICLE_SPACE * room[arc] / whole
    speed = length / seconds
    tau = np.maximum(whole * headway[arc] / SECOND - VEHICLE_SPACE / speed, 0.0)
    driven = np.diff(routes.indptr) > 0
    last = routes.arcs[routes.indptr[1:][driven] - 1]
    bars = roads.bars
    gated = np.diff(bars.start)[arc] > 0
    begun = gated & np.isin(arc, routes.arcs[routes.indptr[:-1][driven]])
    shut = [
        (k, int(bars.since[row]), int(bars.until[row]))
        for k in np.flatnonzero(gated).tolist()
        for row in range(int(bars.start[arc[k]]), int(bars.start[arc[k] + 1]))
    ]
    return SumoRoads(
        arc, tail[arc], head[arc], whole, length, speed, tau, _turns(arc, tail, head, routes), np.unique(head[last]),
        gated, begun, shut,
    )  # fmt: skip


def _turns(arc: np.ndarray, tail: np.ndarray, head: np.ndarray, routes: Routes) -> np.ndarray:
    """Return the turns (j, 2) as positions of edges."""
    order = np.argsort(tail[arc], kind="stable")
    first = np.searchsorted(tail[arc][order], head[arc], side="left")
    count = np.searchsorted(tail[arc][order], head[arc], side="right") - first
    before, place = spread_rows(first, count)
    after = order[place]
    on = head[arc[after]] != tail[arc[before]]
    inner = np.ones(len(routes.arcs), dtype=bool)
    inner[routes.indptr[1:][np.diff(routes.indptr) > 0] - 1] = False
    at = np.flatnonzero(inner)
    taken = np.searchsorted(arc, np.column_stack([routes.arcs[at], routes.arcs[at + 1]]))
    turns: np.ndarray = np.unique(np.concatenate([np.column_stack([before, after])[on], taken]), axis=0)
    return turns
