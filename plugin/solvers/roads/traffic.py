"""Direction, speed, lanes and capacity of every road, with what had to be replaced by a default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .class_values import ClassValues, Fallback
from .directed import DirectedColumns, EachWay, each_way
from .directions import BOTH, CLOSED, DirectionRule, read_directions
from .network import DEFAULT_LANE_CAPACITY, DEFAULT_SPEED, RoadNetwork, Ways, arcs_on_pieces
from .osm import MOST_LANES, Values, flow_capacity, lane_count
from .speeds import Speeds, Zeros, judge_zeros, read_speeds
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
    classes : ClassValues, optional
        What the roads' classes say.
    directed : DirectedColumns
        Lanes and capacities told apart by direction.
    """

    count: int
    ids: Sequence[str] = ()
    directions: Sequence[Any] | None = None
    speeds: Sequence[Any] | None = None
    lanes: Sequence[Any] | None = None
    capacities: Sequence[Any] | None = None
    one_way: np.ndarray | None = None
    classes: ClassValues | None = None
    directed: DirectedColumns = DirectedColumns()


@dataclass(frozen=True)
class TrafficRules:
    """How the columns are read.

    What a road's own field does not give is ``default_speed`` (km/h) and ``lane_capacity`` (vehicles/h) where they are
    given, else what its class says (``use_classes``), else :data:`.network.DEFAULT_SPEED` and
    :data:`.network.DEFAULT_LANE_CAPACITY`; without a class a direction has one lane.
    """

    direction: DirectionRule = field(default_factory=DirectionRule)
    default_speed: float | None = None
    speed_unit: str = "km/h"
    lane_capacity: float | None = None
    use_classes: bool = True


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
        km/h, of the class or a default where the layer gives none.
    speed_problem : int8
        0 where the layer's speed was taken, else why not, see :mod:`.speeds`.
    speed_doubt : str
        Why the speeds look like another unit; empty where they do not.
    lanes, capacity : float64
        Of one direction by the fields of the whole road; vehicles/h.
    each : EachWay
        The same of each direction, where fields tell them apart.
    lane_capacity : float64
        Vehicles/h of a lane, for roads without a capacity of their own.
    rank : float64
        Of the class, 1 for the highest; NaN where it has none.
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
    each: EachWay
    lane_capacity: np.ndarray
    rank: np.ndarray
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
    count = columns.count
    classes = columns.classes or ClassValues.none(count)
    said = classes if rules.use_classes else ClassValues.none(count)
    found = read_directions(count, columns.directions, rules.direction, columns.one_way)
    slow = Fallback.of(rules.default_speed, said.speed, DEFAULT_SPEED, "km/h")
    speeds = read_speeds(count, columns.speeds, slow, rules.speed_unit, columns.ids)
    warnings = found.warnings + speeds.warnings
    one = Fallback.of(None, said.lanes, 1.0, "lane a direction")
    lanes, total = _lanes(count, columns.lanes, found.code, one, warnings)
    own_lanes = np.isfinite(total)
    lane = Fallback.of(rules.lane_capacity, said.lane_capacity, DEFAULT_LANE_CAPACITY, "vehicles/h and lane")
    capacity, zero_capacity, own_capacity = _capacities(columns, lanes, lane, warnings)
    notes = [*found.notes, _sources(speeds, slow, own_lanes, one, own_capacity, lane)]
    closed = {int(k): "closed in both directions" for k in np.flatnonzero(found.code == CLOSED)}
    if closed:
        warnings.append(f"{len(closed)} road(s) are closed in both directions by their direction field.")
    each = each_way(
        columns.directed, found.code, lanes, total, capacity, own_capacity, lane.value, warnings
    )  # fmt: skip
    if each.own.any():
        notes.append(f"{int(each.own.sum())} road(s) have lanes or a capacity of their own for a direction.")
    for k in np.flatnonzero((each.direction == CLOSED) & (found.code != CLOSED)).tolist():
        closed[k] = "0 lanes or a capacity of 0 in each of its directions"
    zeros: dict[int, str] = {}
    for zero, what in ((speeds.zeros, "speed"), (zero_capacity, "capacity")):
        for roads, mask in ((closed, zero.closed), (zeros, zero.missing)):
            for k in np.flatnonzero(mask).tolist():
                roads[k] = f"{roads[k]}, a {what} of 0" if k in roads else f"a {what} of 0"
    return Traffic(
        each.direction,
        found.unknown,
        speeds.kmh,
        speeds.problem,
        speeds.doubt,
        lanes,
        capacity,
        each,
        lane.value,
        classes.rank,
        closed,
        zeros,
        warnings,
        notes,
    )


def _sources(
    speeds: Speeds, speed: Fallback, lanes: np.ndarray, lane: Fallback, capacity: np.ndarray, lane_capacity: Fallback
) -> str:
    """Say how many roads took what from where; ``lanes`` and ``capacity`` are the roads (r,) that have their own."""
    implicit = f" ({speeds.implicit} of them implied, as in “RO:urban”)" if speeds.implicit else ""
    return (
        f"Where values come from, in roads. Speed: {speed.sources(speeds.problem == 0, implicit)}. "
        f"Lanes: {lane.sources(lanes)}. Capacity: {lane_capacity.sources(capacity)}."
    )


def _capacities(
    columns: TrafficColumns, lanes: np.ndarray, lane: Fallback, warnings: list[str]
) -> tuple[np.ndarray, Zeros, np.ndarray]:
    """Return the capacities of one direction (r,), the roads with 0, and which have their own."""
    by_lanes = lanes * lane.value
    if columns.capacities is None:
        return by_lanes, Zeros.none(columns.count), np.zeros(columns.count, dtype=bool)
    column = Values(columns.capacities)
    given = column.each(flow_capacity)
    zeros = judge_zeros(given == 0, "capacity", columns.ids)
    warnings += zeros.warnings
    usable = np.isfinite(given) & (given > 0)
    empty = column.empty()
    without = ~usable & ~zeros.closed & (lane.unsaid() | ~empty)
    if without.any():
        odd = without & ~empty & (given != 0)
        some = f" (“{'”, “'.join(column.texts(odd)[:5])}” not understood or negative)" if odd.any() else ""
        warnings.append(
            f"{int(without.sum())} road(s) have no usable capacity{some}: their lanes times {lane.taken(without)}."
        )
    small = usable & (given < FEW_VEHICLES)
    if small.any():
        warnings.append(
            f"{int(small.sum())} road(s) have a capacity below {FEW_VEHICLES:g} vehicles/h "
            f"(“{'”, “'.join(column.texts(small)[:5])}”); taken as given. Capacities are vehicles per hour."
        )
    return np.where(usable, given, by_lanes), zeros, usable


def _lanes(
    count: int, values: Sequence[Any] | None, direction: np.ndarray, one: Fallback, warnings: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lanes of one direction (r,) and the roads' own numbers, NaN where they have none.

    The field counts both directions together, so it is halved on two-way roads. A two-way road has at least one lane
    each way: where it is drawn with one, the directions take turns on it, but each finds it as wide as a lane. An odd
    number gives halves (3 lanes: 1.5 each way), the middle lane being used by both.
    """
    if values is None:
        return one.value, np.full(count, np.nan)
    column = Values(values)
    lanes = column.each(lane_count)
    usable = np.isfinite(lanes) & (lanes > 0) & (lanes <= MOST_LANES)
    empty = column.empty()
    missing = ~usable & (one.unsaid() | ~empty)
    if missing.any():
        odd = missing & ~empty
        some = f" (“{'”, “'.join(column.texts(odd)[:5])}” not understood)" if odd.any() else ""
        warnings.append(f"{int(missing.sum())} road(s) have no usable number of lanes{some}: {one.taken(missing)}.")
    of_way = np.where(direction == BOTH, np.maximum(1.0, lanes / 2), lanes)
    return np.where(usable, of_way, one.value), np.where(usable, lanes, np.nan)


def network_of(pieces: Pieces, traffic: Traffic, road_ids: list[str]) -> RoadNetwork:
    """Lay the arcs of the roads' directions on their pieces."""
    road, each = pieces.road, traffic.each
    ways = Ways(each.open[road], traffic.speed[road], each.lanes[road], each.capacity[road])
    return arcs_on_pieces(pieces, ways, road_ids)
