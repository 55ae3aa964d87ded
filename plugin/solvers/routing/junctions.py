"""Junctions at which ways of a plan merge or cross: where somebody must direct traffic for it to hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .result import RoutingResult
from .road_use import RoadUse

BESIDE = 1e-6  # radians: vehicles come in on one side of a road's middle and go out on the other


class Junctions(NamedTuple):
    """Junctions (k,), those with most vehicles in streams that merge or cross first.

    A stream is all vehicles that come by one road and leave by one other.

    Attributes
    ----------
    node : int64
    vehicles : int64
        Vehicles that pass it.
    streams : int64
        Streams that merge or cross another.
    conflicting : int64
        The vehicles in these.
    delay : float64
        Vehicle-seconds lost on the roads that lead into it.
    blocked : float64 or None
        Minutes in which the heads of these roads stood before a full road, all roads together (``queue`` only).
    """

    node: np.ndarray
    vehicles: np.ndarray
    streams: np.ndarray
    conflicting: np.ndarray
    delay: np.ndarray
    blocked: np.ndarray | None


def streams_of(result: RoutingResult, is_road: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the roads by which vehicles come to a junction, those by which they leave, and how many do, (s,) each."""
    schedule = result.everybody().schedule
    trip = np.repeat(np.arange(len(schedule.arrival)), np.diff(schedule.indptr))
    counts = is_road[schedule.arc]
    arc, trip = schedule.arc[counts].astype(np.int64), trip[counts]
    goes_on = trip[1:] == trip[:-1]
    key, vehicles = np.unique(arc[:-1][goes_on] * result.problem.arcs + arc[1:][goes_on], return_counts=True)
    return key // max(result.problem.arcs, 1), key % max(result.problem.arcs, 1), vehicles


def junctions(
    result: RoutingResult, use: RoadUse, is_road: np.ndarray, bearing: Callable[[int, bool], float]
) -> Junctions:
    """Return the junctions at which streams merge or cross, traffic on the right.

    Parameters
    ----------
    is_road : (m,) bool
    bearing : callable
        The direction, in radians, in which an arc lies as seen from its end (False) or from its beginning (True).
    """
    into, out, vehicles = streams_of(result, is_road)
    at = result.problem.head[into].astype(np.int64)
    order = np.argsort(at, kind="stable")
    nodes, first = np.unique(at[order], return_index=True)
    rows = []
    for node, here in zip(nodes.tolist(), np.split(order, first[1:])):
        roads = list(zip(into[here].tolist(), out[here].tolist()))
        ways = (
            [(a, b, bearing(a, False) + BESIDE, bearing(b, True) - BESIDE) for a, b in roads] if len(here) > 1 else []
        )
        hit = np.array([any(in_conflict(one, other) for other in ways) for one in ways], dtype=bool)
        if hit.any():
            rows.append((node, int(vehicles[here].sum()), int(hit.sum()), int(vehicles[here][hit].sum())))
    rows.sort(key=lambda row: (-row[3], row[0]))
    node, passing, streams, conflicting = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    ends = result.problem.head[use.arc]

    def lost(values: np.ndarray) -> np.ndarray:
        return np.bincount(ends, weights=values, minlength=result.problem.nodes)[node]

    blocked = None if use.traffic is None else lost(use.traffic.blocked_minutes)
    return Junctions(node, passing, streams, conflicting, lost(use.delay), blocked)


Way = tuple[int, int, float, float]  # road in, road out, where they meet the junction's edge, radians


def in_conflict(one: Way, other: Way) -> bool:
    """Return whether two streams through a junction merge or cross.

    Examples
    --------
    From the south to the north and from the west to the east cross; from the south and from the west to the east merge:

    >>> south, west, north, east = -1.57, 3.14, 1.57, 0.0
    >>> in_conflict((0, 2, south, north), (1, 3, west, east)), in_conflict((0, 3, south, east), (1, 3, west, east))
    (True, True)
    >>> in_conflict((0, 2, south, north), (0, 3, south, east)), in_conflict((0, 3, south, east), (1, 2, west, north))
    (False, False)
    """
    if one[0] == other[0]:
        return False  # from one road: one after the other
    if one[1] == other[1]:
        return True
    turn = 2.0 * np.pi
    span = (one[3] - one[2]) % turn
    inside = [(angle - one[2]) % turn < span for angle in other[2:]]
    return bool(inside[0] != inside[1])
