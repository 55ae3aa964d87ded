"""Volume-delay functions: the travel time of a road with the vehicles on it.

Three functions share one kernel, told apart by their number (``COST`` of the spec), so that every method and both flow
models evaluate the same thing:

* ``LINEAR`` ([E] Definition 7 and eq. 15 as corrected): ``t = t_w (1 + a f / s)`` with ``s`` one vehicle.
* ``DENSITY`` (Greenshields: speed falls linearly with density): ``t = t_w / max(a, 1 - f / s)`` with the storage
  ``s = lanes * max(length, 30 m) / 7.5 m`` in vehicles and ``a`` the least share of the free-flow speed.
* ``BPR`` (Bureau of Public Roads): ``t = t_w (1 + a (f / s)^b)`` where ``s = c * period`` is the number of vehicles
  that pass in the analysis period at capacity.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...errors import SolverError
from ...kernels import compiled
from .choices import BPR, COST_NAMES, DENSITY, LINEAR

LEAST_LENGTH = 30.0  # m: shorter pieces count as this long, else a 3 m piece would jam at the first vehicle
VEHICLE_SPACE = 7.5  # m a vehicle takes in a standing queue
LEAST_SPEED_SHARE = 0.05  # of the free-flow speed, however dense the traffic


class RoadCost(NamedTuple):
    """Volume-delay parameters and background flow of every directed arc, as the kernels read them.

    Attributes
    ----------
    kind : int
        LINEAR, DENSITY or BPR.
    free_flow : (m,) float64
        Time at zero flow ``t_w`` in seconds.
    room : (m,) float64
        Vehicles: storage (DENSITY), capacity over the period (BPR); ones with LINEAR. Infinite on an arc that no
        traffic slows.
    a, b : float
        Parameters of the function, see the module.
    background_times : (k,) float64
        Seconds from which each column of ``background_value`` holds; before the first there is none.
    background_row : (m,) int32
        Row of ``background_value`` of an arc, -1 without background.
    background_value : (r, k) float64
        Vehicles on the arc that are not ours, f'_e(t) of [E] Definition 6.
    """

    kind: int
    free_flow: np.ndarray
    room: np.ndarray
    a: float
    b: float
    background_times: np.ndarray
    background_row: np.ndarray
    background_value: np.ndarray


def storage(length: np.ndarray, lanes: np.ndarray) -> np.ndarray:
    """Return the vehicles (m,) that find room on an arc of ``length`` m (m,) with ``lanes`` (m,)."""
    return lanes * np.maximum(length, LEAST_LENGTH) / VEHICLE_SPACE


@compiled
def travel_time(cost, arc, flow):
    """Return the seconds that ``arc`` takes with ``flow`` vehicles."""
    free = cost.free_flow[arc]
    if cost.kind == 0:
        return free * (1.0 + cost.a * (flow / cost.room[arc]))
    share = flow / cost.room[arc]
    if cost.kind == 1:
        return free / max(cost.a, 1.0 - share)
    if cost.b == 4.0:
        share = share * share
        return free * (1.0 + cost.a * (share * share))
    return free * (1.0 + cost.a * share**cost.b)


@compiled
def background_at(cost, arc, time):
    """Return the background vehicles on ``arc`` at ``time`` seconds."""
    row = cost.background_row[arc]
    if row < 0:
        return 0.0
    column = np.searchsorted(cost.background_times, time, side="right") - 1
    if column < 0:
        return 0.0
    return cost.background_value[row, column]


@compiled
def slowing(cost, arc, flow, time):
    """Return the seconds by which one vehicle more slows who enters ``arc`` at ``time`` and meets ``flow``."""
    flow += background_at(cost, arc, time)
    return travel_time(cost, arc, flow + 1.0) - travel_time(cost, arc, flow)


@compiled
def fill_times(cost, flow, seconds):
    """Fill ``seconds`` (m,) with the travel time of every arc at ``flow`` (m,)."""
    for arc in range(len(flow)):
        seconds[arc] = travel_time(cost, arc, flow[arc])


def times_at(cost: RoadCost, flow: np.ndarray) -> np.ndarray:
    """Return the travel time (m,) in seconds at ``flow`` (m,).

    Examples
    --------
    With a = 0.25, BPR takes 1.25 times the free-flow time at capacity.

    >>> cost = road_cost(BPR, np.array([100.0, 100.0]), np.array([50.0, 50.0]), 0.25, 4.0)
    >>> times_at(cost, np.array([0.0, 50.0])).tolist()
    [100.0, 125.0]
    """
    seconds = np.empty(len(cost.free_flow))
    fill_times(cost, np.ascontiguousarray(flow, dtype=np.float64), seconds)
    return seconds


def least_background(cost: RoadCost) -> np.ndarray:
    """Return the least background flow (m,) over all time; 0 where the first column starts late or there is none."""
    least = np.zeros(len(cost.free_flow))
    known = cost.background_row >= 0
    if known.any() and len(cost.background_times) and cost.background_times[0] <= 0.0:
        least[known] = cost.background_value.min(axis=1)[cost.background_row[known]]
    return least


def mean_background(cost: RoadCost, first: float, last: float) -> np.ndarray:
    """Return the mean number of background vehicles present (m,) between two times in seconds."""
    mean = np.zeros(len(cost.free_flow))
    known = cost.background_row >= 0
    if not known.any() or not len(cost.background_times):
        return mean
    if last <= first:
        last = first + 1.0
    edges = np.clip(np.append(cost.background_times, np.inf), first, last)
    share = np.diff(edges) / (last - first)
    mean[known] = (cost.background_value @ share)[cost.background_row[known]]
    return mean


def passing_background(cost: RoadCost, period: float) -> np.ndarray:
    """Return the background vehicles (m,) that pass in ``period`` seconds from t = 0: f'_e of the static flow model.

    The background counts the vehicles present on an arc, a stock. Each takes the free-flow time to drive it, so that
    ``present / t_w`` pass in a second, however the road is cut into arcs.
    """
    return mean_background(cost, 0.0, period) / cost.free_flow * period


def road_cost(
    kind: int,
    free_flow: np.ndarray,
    room: np.ndarray | None = None,
    a: float = 0.02,
    b: float = 1.0,
    background: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> RoadCost:
    """Return checked parameters; ``background`` is (times (k,), row of each arc (m,), vehicles (r, k)).

    Raises
    ------
    SolverError
        When a time, room or parameter is not usable.
    """
    free_flow = np.ascontiguousarray(free_flow, dtype=np.float64)
    if kind not in (LINEAR, DENSITY, BPR):
        raise SolverError(f"COST: {kind} is none of 0 (linear), 1 (density) and 2 (BPR).")
    if len(free_flow) and not (np.isfinite(free_flow).all() and (free_flow > 0).all()):
        arc = int(np.flatnonzero(~(np.isfinite(free_flow) & (free_flow > 0)))[0])
        raise SolverError(f"The free-flow time of arc {arc} is {free_flow[arc]} s; it must be above 0.")
    room = np.ones(len(free_flow)) if room is None else np.ascontiguousarray(room, dtype=np.float64)
    if not (room > 0).all():
        raise SolverError(f"Arc {int(np.flatnonzero(~(room > 0))[0])} has no capacity; give it a lane or a capacity.")
    if not (np.isfinite(a) and a >= 0 and np.isfinite(b) and b >= 0):
        raise SolverError(f"The parameters of the {COST_NAMES[kind]} cost must be at least 0, not {a} and {b}.")
    if kind == DENSITY and not 0 < a <= 1:
        raise SolverError(f"The least share of the free-flow speed must be above 0 and at most 1, not {a}.")
    if background is None:
        times, row, value = np.zeros(1), np.full(len(free_flow), -1), np.zeros((1, 1))
    else:
        times, row, value = background
    value = np.ascontiguousarray(value, dtype=np.float64)
    if not (np.isfinite(value).all() and (value >= 0).all()):
        raise SolverError("BACKGROUND: the vehicles must be numbers of at least 0.")
    times = np.ascontiguousarray(times, dtype=np.float64)
    return RoadCost(
        int(kind), free_flow, room, float(a), float(b), times, np.ascontiguousarray(row, dtype=np.int32), value
    )
