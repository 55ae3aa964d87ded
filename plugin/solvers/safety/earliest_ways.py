"""Quickest ways on empty roads that close in time, from many places to many, each left at a moment of its own."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..graph.stars import arcs_at
from ..routing.shared.closings import Closings
from .parts import Parts
from .search import settle

LOOK_EVERY = 4_000_000  # arcs searched between two looks at the cancel button


class EarliestWays(NamedTuple):
    """What lies between q origins and d destinations.

    Attributes
    ----------
    seconds : (q, d) float64
        From the moment of leaving until the arrival, waits for roads that open again included; infinite where the
        hazard or a closure cuts every way.
    metres : (q, d) float64
        Length of the same ways.
    paths : dict of (int, int) to (k,) int32
        The arcs of the ways that were asked for, by origin and destination; those of no way and of no length are empty.
    """

    seconds: np.ndarray
    metres: np.ndarray
    paths: dict[tuple[int, int], np.ndarray]


def earliest_ways(
    tail: np.ndarray,
    head: np.ndarray,
    travel: np.ndarray,
    closings: Closings,
    origins: np.ndarray,
    leave: np.ndarray,
    destinations: np.ndarray,
    length: np.ndarray,
    pairs: Collection[tuple[int, int]] = (),
    control: Control | None = None,
) -> EarliestWays:
    """Return the quickest way from each origin, left at its moment, to each destination.

    Parameters
    ----------
    tail, head, travel : (m,)
        Arcs and their seconds on empty roads, >= 0.
    closings : Closings
    origins : (q,) int
        Nodes; -1 reaches nothing.
    leave : (q,) float64
        Seconds from t = 0.
    destinations : (d,) int
        Nodes; -1 cannot be reached.
    length : (m,) float64
        Metres of the arcs.
    pairs : collection of (int, int)
        Origins and destinations, by position, whose arcs are asked for.

    Raises
    ------
    Cancelled

    Examples
    --------
    The road is closed from the start and opens after two minutes; the hazard reaches its end after three.

    >>> import numpy as np
    >>> two = np.zeros(2, int), np.array([0.0, 0.9]), np.array([1.0, 1.0]), np.array([-np.inf, 180.0])
    >>> closings = Closings(*two, np.array([120.0, np.inf]), np.array([False, True]), *np.full((2, 2), np.inf))
    >>> road = np.array([0]), np.array([1]), np.array([60.0])
    >>> earliest_ways(*road, closings, [0, 0], [0.0, 121.0], [1], np.array([500.0])).seconds.tolist()
    [[180.0], [inf]]
    """
    control = control or Control()
    origins, destinations = np.asarray(origins, dtype=np.int64), np.asarray(destinations, dtype=np.int64)
    nodes, arcs = len(closings.start_reached), len(tail)
    tail, head = np.asarray(tail, dtype=np.int64), np.asarray(head, dtype=np.int64)
    travel = np.ascontiguousarray(travel, dtype=np.float64)
    out, out_arc = arcs_at(tail, nodes)
    into, into_arc = arcs_at(head, nodes)
    parts = Parts.of(closings, arcs)
    room = int(np.diff(into)[tail].sum()) + arcs + 1
    keys, items = np.empty(room), np.empty(room, dtype=np.int64)
    entered, before = np.full(arcs, np.inf), np.empty(arcs, dtype=np.int32)
    touched, nowhere = np.empty(arcs, dtype=np.int64), np.empty(0, dtype=np.bool_)
    seconds = np.full((len(origins), len(destinations)), np.inf)
    metres, wanted = seconds.copy(), frozenset(pairs)
    paths = {pair: np.empty(0, dtype=np.int32) for pair in wanted}
    rounds = max(1, LOOK_EVERY // max(arcs, 1))
    for k, (origin, ready) in enumerate(zip(origins.tolist(), np.asarray(leave, dtype=np.float64).tolist())):
        if k % rounds == 0:
            control.stop_if_cancelled()
            control.progress(k / len(origins), "Ways that stay open")
        if origin < 0 or ready > closings.start_reached[origin]:
            continue
        reached = float(closings.start_reached[origin])
        _, count = settle(
            out, out_arc, head, travel, parts, origin, ready, reached, nowhere, entered, before, touched, keys, items
        )
        arrival = entered + travel
        for d, goal in enumerate(destinations.tolist()):
            if goal == origin:
                seconds[k, d] = metres[k, d] = 0.0
            elif goal >= 0:
                last = into_arc[into[goal] : into[goal + 1]]
                if len(last) and arrival[last].min() < np.inf:
                    arc = int(last[np.argmin(arrival[last])])
                    way = _back(arc, before)
                    seconds[k, d], metres[k, d] = arrival[arc] - ready, length[way].sum()
                    if (k, d) in wanted:
                        paths[k, d] = way
        entered[touched[:count]] = np.inf
    return EarliestWays(seconds, metres, paths)


def _back(arc: int, before: np.ndarray) -> np.ndarray:
    arcs = [arc]
    while before[arcs[-1]] >= 0:
        arcs.append(int(before[arcs[-1]]))
    return np.array(arcs[::-1], dtype=np.int32)
