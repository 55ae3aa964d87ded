"""Direction, speed, lanes and capacity of every road, with what had to be replaced by a default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .directions import BACKWARD, BOTH, CLOSED, FORWARD, DirectionRule, read_directions
from .network import DEFAULT_LANE_CAPACITY, RoadNetwork, Ways, arcs_on_pieces
from .osm import MOST_LANES, Values, flow_capacity, lane_count
from .speeds import Zeros, judge_zeros, read_speeds
from .splitting import Pieces

FEW_VEHICLES = 50.0  # vehicles/h; less is no capacity of a road, but taken as given


@dataclass(frozen=True)
class TrafficColumns:
    """The columns of a road layer that traffic depends on, (r,) each; NULL as None, numbers or text.

    Attributes
    ----------
    count : int
        Number of roads r.
    ids : list of str
        For messages; empty: their place in the layer.
    directions, speeds, lanes, capacities : sequences of length r, optional
        None for a column the layer does not have.
    one_way : (r,) bool, optional
        Roads that are one-way where they have no direction of their own.
    """

    count: int
    ids: Sequence[str] = ()
    directions: Sequence[Any] | None = None
    speeds: Sequence[Any] | None = None
    lanes: Sequence[Any] | None = None
    capacities: Sequence[Any] | None = None
    one_way: np.ndarray | None = None


@dataclass(frozen=True)
class TrafficRules:
    """How the columns are read: the direction's values, km/h where there is no speed, vehicles/h of a lane."""

    direction: DirectionRule = field(default_factory=DirectionRule)
    default_speed: float = 40.0
    speed_unit: str = "km/h"
    lane_capacity: float = DEFAULT_LANE_CAPACITY


@dataclass(frozen=True)
class Traffic:
    """The roads' traffic attributes, (r,) each.

    Attributes
    ----------
    direction : int8
        0 forward, 1 backward, 2 both, 3 closed.
    direction_unknown : bool
        Whether the value was not understood and the default taken.
    speed : float64
        km/h, the default where the layer gives none.
    speed_problem : int8
        0 where the layer's speed was taken, else why not, see :mod:`.speeds`.
    speed_doubt : str
        Why the speeds look like another unit; empty where they do not.
    lanes, capacity : float64
        Of one direction; vehicles/h.
    closed : dict of int to str
        Roads that nobody can use, each with the reason.
    zeros : dict of int to str
        Roads with a 0 that counts as missing.
    warnings, notes : list of str
        What was replaced and how values were read, for the log.
    """

    direction: np.ndarray
    direction_unknown: np.ndarray
    speed: np.ndarray
    speed_problem: np.ndarray
    speed_doubt: str
    lanes: np.ndarray
    capacity: np.ndarray
    closed: dict[int, str]
    zeros: dict[int, str]
    warnings: list[str]
    notes: list[str]

    def open(self) -> np.ndarray:
        """Return which roads (r,) can be used."""
        usable = np.ones(len(self.direction), dtype=bool)
        usable[list(self.closed)] = False
        return usable


def read_traffic(columns: TrafficColumns, rules: TrafficRules) -> Traffic:
    """Read the traffic attributes of the roads.

    A speed or capacity of 0 closes a road where few roads have it, see :func:`.speeds.judge_zeros`; NULL, negative and
    what is not understood gives the default.
    """
    found = read_directions(columns.count, columns.directions, rules.direction, columns.one_way)
    speeds = read_speeds(columns.count, columns.speeds, rules.default_speed, rules.speed_unit, columns.ids)
    warnings = found.warnings + speeds.warnings
    lanes = _lanes(columns.count, columns.lanes, found.code, warnings)
    capacity, zero_capacity = _capacities(columns, lanes * rules.lane_capacity, rules.lane_capacity, warnings)
    closed = {int(k): "closed in both directions" for k in np.flatnonzero(found.code == CLOSED)}
    if closed:
        warnings.append(f"{len(closed)} road(s) are closed in both directions by their direction field.")
    zeros: dict[int, str] = {}
    for zero, what in ((speeds.zeros, "speed"), (zero_capacity, "capacity")):
        for roads, mask in ((closed, zero.closed), (zeros, zero.missing)):
            for k in np.flatnonzero(mask).tolist():
                roads[k] = f"{roads[k]}, a {what} of 0" if k in roads else f"a {what} of 0"
    return Traffic(
        found.code,
        found.unknown,
        speeds.kmh,
        speeds.problem,
        speeds.doubt,
        lanes,
        capacity,
        closed,
        zeros,
        warnings,
        found.notes,
    )


def _capacities(
    columns: TrafficColumns, by_lanes: np.ndarray, lane_capacity: float, warnings: list[str]
) -> tuple[np.ndarray, Zeros]:
    """Return the capacities of one direction (r,), and the roads with 0."""
    if columns.capacities is None:
        return by_lanes, Zeros.none(columns.count)
    column = Values(columns.capacities)
    given = column.each(flow_capacity)
    zeros = judge_zeros(given == 0, "capacity", columns.ids)
    warnings += zeros.warnings
    usable = np.isfinite(given) & (given > 0)
    without = ~usable & ~zeros.closed
    if without.any():
        odd = without & ~column.empty() & (given != 0)
        some = f" (“{'”, “'.join(column.texts(odd)[:5])}” not understood or negative)" if odd.any() else ""
        warnings.append(
            f"{int(without.sum())} road(s) have no usable capacity{some}: their lanes times {lane_capacity:g} "
            "vehicles/h taken."
        )
    small = usable & (given < FEW_VEHICLES)
    if small.any():
        warnings.append(
            f"{int(small.sum())} road(s) have a capacity below {FEW_VEHICLES:g} vehicles/h "
            f"(“{'”, “'.join(column.texts(small)[:5])}”); taken as given. Capacities are vehicles per hour."
        )
    return np.where(usable, given, by_lanes), zeros


def _lanes(count: int, values: Sequence[Any] | None, direction: np.ndarray, warnings: list[str]) -> np.ndarray:
    """Lanes of one direction: the field counts both directions together, so it is halved on two-way roads.

    A two-way road has at least one lane each way: where it is drawn with one, the directions take turns on it, but
    each finds it as wide as a lane. An odd number gives halves (3 lanes: 1.5 each way), the middle lane being used
    by both.
    """
    if values is None:
        return np.ones(count)
    column = Values(values)
    lanes = column.each(lane_count)
    usable = np.isfinite(lanes) & (lanes > 0) & (lanes <= MOST_LANES)
    missing = ~usable
    if missing.any():
        odd = missing & ~column.empty()
        some = f" (“{'”, “'.join(column.texts(odd)[:5])}” not understood)" if odd.any() else ""
        warnings.append(
            f"{int(missing.sum())} road(s) have no usable number of lanes{some}: one lane a direction taken."
        )
    return np.where(usable, np.where(direction == BOTH, np.maximum(1.0, lanes / 2), lanes), 1.0)


def network_of(pieces: Pieces, traffic: Traffic, road_ids: list[str]) -> RoadNetwork:
    """Lay the arcs of the roads' directions on their pieces."""
    road = pieces.road
    direction = traffic.direction[road]
    ways = Ways(
        np.column_stack([direction != BACKWARD, direction != FORWARD]),
        traffic.speed[road],
        traffic.lanes[road],
        traffic.capacity[road],
    )
    return arcs_on_pieces(pieces, ways, road_ids)
