"""Roads as the flow model ``queue`` sees them: free-flow time, exit capacity and room, in whole numbers.

Time is whole microseconds, rounded once, here: equal times are equal on every machine. Each road (directed arc that is
no connector) has a free-flow time, a headway ``h = 3600 / c`` between two exits, and room for so many vehicles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...errors import SolverError
from ...graph.stars import ForwardStar, spread_rows
from ..shared.closings import Closings
from ..shared.problem import RoutingProblem
from ..shared.volume_delay import VEHICLE_SPACE
from .bars import SECOND as SECOND
from .bars import Bars, bars_of

HOUR = 3600 * SECOND
LEAST_SHARE = 0.1  # of a road's capacity: so much is left to ours, however many others are on it
ROUNDING = 1e-9  # of a count of vehicles that is meant to be whole


class QueueRoads(NamedTuple):
    """What the queue model knows of every directed arc, as its kernels read it.

    Attributes
    ----------
    travel : (m,) int64
        Free-flow time, microseconds; 0 on a connector.
    headway : (m,) int64
        Least time between two exits, microseconds; 0 on a connector.
    room : (m,) int64
        Vehicles that find room; at least 1.
    is_road : (m,) bool
        False for connectors: routes are driven without them.
    follow_start : (m + 1,) int64, follow : (k,) int32
        The roads that a vehicle can enter from the end of each arc, also across connectors: ``follow[follow_start[e]:
        follow_start[e + 1]]``, ascending.
    change_time : (b,) int64
        When background traffic changes a road, microseconds from t = 0, ascending.
    change_arc : (b,) int32
        The road.
    change_headway, change_room : (b,) int64
        Its headway and room from then on.
    bars : Bars
        When which road may not be entered, and where the hazard catches whom.
    """

    travel: np.ndarray
    headway: np.ndarray
    room: np.ndarray
    is_road: np.ndarray
    follow_start: np.ndarray
    follow: np.ndarray
    change_time: np.ndarray
    change_arc: np.ndarray
    change_headway: np.ndarray
    change_room: np.ndarray
    bars: Bars


class Background(NamedTuple):
    """Vehicles on the roads that are not ours: ``value`` (r, b) from ``times`` (b,) s on; ``row`` (m,), -1 without."""

    times: np.ndarray
    row: np.ndarray
    value: np.ndarray


def microseconds(seconds: np.ndarray) -> np.ndarray:
    """Return times in whole microseconds, int64.

    Examples
    --------
    >>> microseconds(np.array([0.1, 4.0])).tolist()
    [100000, 4000000]
    """
    return np.rint(np.asarray(seconds, dtype=np.float64) * SECOND).astype(np.int64)


def queue_roads(
    star: ForwardStar,
    head: np.ndarray,
    free_flow: np.ndarray,
    capacity: np.ndarray,
    storage: np.ndarray,
    background: Background | None = None,
    closings: Closings | None = None,
) -> QueueRoads:
    """Return the roads of the queue model (spec of the queue model, section 11).

    Parameters
    ----------
    star : ForwardStar
        The arcs by the node that they leave.
    head : (m,) int
        The node that each arc enters.
    free_flow : (m,) float
        Seconds at free flow.
    capacity : (m,) float
        Vehicles per hour that may leave; infinite on a connector, which has no limit and no room to stand.
    storage : (m,) float
        Standing vehicles that fit, ``lanes * length / 7.5 m``; see :func:`standing_room`.
    background : Background, optional
        Vehicles that are there anyway.
    closings : Closings, optional
        When roads close; of places only :func:`.simulation.plan_of` knows.

    Raises
    ------
    SolverError
        A capacity that is not above 0, or a time that is not a number of at least 0.

    Examples
    --------
    A road of 10 s and 100 m with one lane that passes 900 vehicles an hour: one every 4 s, and 13 find room.

    >>> star = ForwardStar.of(2, np.array([0]), np.array([1]))
    >>> roads = queue_roads(star, np.array([1]), np.array([10.0]), np.array([900.0]), standing_room([100.0], [1.0]))
    >>> roads.travel.tolist(), roads.headway.tolist(), roads.room.tolist()
    ([10000000], [4000000], [13])
    """
    free_flow, capacity = np.asarray(free_flow, dtype=np.float64), np.asarray(capacity, dtype=np.float64)
    if not (capacity > 0).all():
        raise SolverError(f"Road {int(np.argmin(capacity > 0))} has a capacity of 0: close it instead.")
    if not (np.isfinite(free_flow) & (free_flow >= 0)).all():
        raise SolverError("A road has no free-flow time.")
    is_road = np.isfinite(capacity)
    travel = np.where(is_road, microseconds(free_flow), 0)
    headway = np.zeros(len(travel), dtype=np.int64)
    headway[is_road] = np.maximum(np.rint(HOUR / capacity[is_road]).astype(np.int64), 1)
    standing = np.where(is_road, np.floor(np.asarray(storage, dtype=np.float64) + ROUNDING), 1.0).astype(np.int64)
    room = room_of(standing, travel, np.where(is_road, capacity, 0.0))
    start, follow = _following(star, head, is_road)
    changes = _changes(background, is_road, travel, capacity, standing)
    bars = bars_of(closings, travel, is_road)
    return QueueRoads(travel, headway, room, is_road, start, follow, *changes, bars)


def roads_of(problem: RoutingProblem, factor: float = 1.0) -> QueueRoads:
    """Return the roads of a routing problem, with all capacities times ``factor``.

    Raises
    ------
    SolverError
        When no arc has a capacity.
    """
    if problem.arcs and not np.isfinite(problem.capacity).any():
        raise SolverError("FLOW_MODEL queue needs the capacity of the roads: none of them has one.")
    cost = problem.cost
    background = Background(cost.background_times, cost.background_row, cost.background_value)
    return queue_roads(
        problem.star(), problem.head, cost.free_flow, problem.capacity * factor, problem.storage, background,
        problem.closings,
    )  # fmt: skip


def standing_room(length: np.ndarray, lanes: np.ndarray) -> np.ndarray:
    """Return the vehicles (m,) that can stand on roads of ``length`` m with ``lanes``; not rounded."""
    return np.asarray(lanes, dtype=np.float64) * np.asarray(length, dtype=np.float64) / VEHICLE_SPACE


def room_of(standing: np.ndarray, travel: np.ndarray, capacity: np.ndarray) -> np.ndarray:
    """Return the room: who can stand there, and at least who is on the way at full flow, and at least one."""
    moving = np.ceil(capacity * travel / HOUR - ROUNDING).astype(np.int64)
    return np.maximum(np.maximum(standing, moving), 1)


def _following(star: ForwardStar, head: np.ndarray, is_road: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the roads that can be entered from the end of each arc, in compressed rows."""
    start, arc = star.indptr, star.arc
    degree = np.diff(start)
    rows, found = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int32)]
    row = step = np.arange(len(head))
    while len(step):  # on across connectors, which lead into a place or out of one: at most a few in a row
        of, place = spread_rows(start[head[step]], degree[head[step]])
        row, step = row[of], arc[place]
        real = is_road[step]
        rows.append(row[real])
        found.append(step[real])
        row, step = row[~real], step[~real]
    pairs = np.unique(np.column_stack([np.concatenate(rows), np.concatenate(found)]), axis=0)
    indptr = np.r_[0, np.cumsum(np.bincount(pairs[:, 0], minlength=len(head)))].astype(np.int64)
    return indptr, pairs[:, 1].astype(np.int32)


def _changes(
    background: Background | None, is_road: np.ndarray, travel: np.ndarray, capacity: np.ndarray, standing: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return when background traffic changes which road, and its headway and room from then on."""
    if background is None or not len(background.times):
        none = np.empty(0, dtype=np.int64)
        return none, none.astype(np.int32), none, none
    touched = np.flatnonzero((background.row >= 0) & is_road)
    value = background.value[background.row[touched]]  # (touched, times)
    before = np.column_stack([np.zeros(len(touched)), value[:, :-1]])
    which, column = np.nonzero(value != before)
    order = np.lexsort((which, column))
    arc, column = touched[which[order]], column[order]
    others = value[which[order], column]
    free = np.maximum(travel[arc], 1)
    left = np.maximum(capacity[arc] - others * HOUR / free, capacity[arc] * LEAST_SHARE)
    headway = np.maximum(np.rint(HOUR / left).astype(np.int64), 1)
    room = room_of(standing[arc] - np.floor(others + ROUNDING).astype(np.int64), travel[arc], left)
    return microseconds(background.times)[column], arc.astype(np.int32), headway, room
