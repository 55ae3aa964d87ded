"""Lanes and capacity of each direction of a road, where a layer tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .directions import BACKWARD, BOTH, CLOSED, FORWARD
from .osm import MOST_LANES, Values, flow_capacity, lane_count

WAYS = ("forward", "backward")


class DirectedColumns(NamedTuple):
    """Columns of lanes and capacities (vehicles/h), forward and backward; None for one that the layer lacks."""

    lanes: tuple[Sequence[Any] | None, Sequence[Any] | None] = (None, None)
    capacities: tuple[Sequence[Any] | None, Sequence[Any] | None] = (None, None)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return any(column is not None for column in (*self.lanes, *self.capacities))


class EachWay(NamedTuple):
    """What roads have in each direction, as drawn and against, (r, 2); ``own`` (r,): where a road's own field says it.

    ``open`` says whether the direction may be driven; lanes and capacity are those of one direction.
    """

    open: np.ndarray
    lanes: np.ndarray
    capacity: np.ndarray
    own: np.ndarray

    @property
    def direction(self) -> np.ndarray:
        """The directions (r,) as :mod:`.directions` numbers them."""
        forward, backward = self.open.T
        code = np.where(forward & backward, BOTH, np.where(forward, FORWARD, np.where(backward, BACKWARD, CLOSED)))
        return code.astype(np.int8)


def each_way(
    columns: DirectedColumns,
    direction: np.ndarray,
    lanes: np.ndarray,
    total: np.ndarray,
    capacity: np.ndarray,
    own_capacity: np.ndarray,
    lane_capacity: np.ndarray,
    warnings: list[str],
) -> EachWay:
    """Return what roads have in each direction; a value of one direction wins over that of the road.

    A 0 closes its direction. A capacity above 0 opens one that the direction field closes, with the lanes given for it
    or else those of the road; lanes alone do not: OpenStreetMap counts the bus lanes against a one-way street, too.
    Where a two-way road has lanes for one direction only, the other has the rest of its lanes, at least one.

    Parameters
    ----------
    columns : DirectedColumns
    direction : (r,) int8
        By the direction field.
    lanes, capacity : (r,) float64
        Of one direction, by the road's other fields.
    total : (r,) float64
        Lanes of both directions together by the road's own field, NaN without one.
    own_capacity : (r,) bool
        Whether the capacity is that of the road's own field.
    lane_capacity : (r,) float64
        Vehicles/h of a lane.
    warnings : list of str
        Is told of values that are not understood.
    """
    is_open = np.column_stack([direction != BACKWARD, direction != FORWARD])
    two_way = direction == BOTH
    given = [_numbers(columns.lanes[k], lane_count, MOST_LANES, f"lanes {WAYS[k]}", warnings) for k in (0, 1)]
    flows = [_numbers(columns.capacities[k], flow_capacity, np.inf, f"capacity {WAYS[k]}", warnings) for k in (0, 1)]
    count = len(direction)
    each_lanes, each_capacity, own = np.empty((count, 2)), np.empty((count, 2)), np.zeros(count, dtype=bool)
    for k in (0, 1):
        mine, other = _or_nothing(given[k], count), _or_nothing(given[1 - k], count)
        rest = np.where(two_way & (other > 0) & np.isfinite(total), np.maximum(total - other, 1.0), lanes)
        each_lanes[:, k] = np.where(mine > 0, mine, rest)
        by_lanes = np.where(own_capacity, capacity, each_lanes[:, k] * lane_capacity)
        flow = _or_nothing(flows[k], count)
        each_capacity[:, k] = np.where(flow > 0, flow, by_lanes)
        is_open[:, k] |= (flow > 0) & (direction != CLOSED)
        is_open[:, k] &= (mine != 0) & (flow != 0)
        own |= np.isfinite(mine) | np.isfinite(flow)
    is_open[direction == CLOSED] = False
    return EachWay(is_open, each_lanes, each_capacity, own)


def _or_nothing(values: np.ndarray | None, count: int) -> np.ndarray:
    return np.full(count, np.nan) if values is None else values


def _numbers(column: Sequence[Any] | None, read: Any, most: float, what: str, warnings: list[str]) -> np.ndarray | None:
    """Return a column's numbers (r,) from 0 to ``most``, NaN where it has none; what is not understood is warned of."""
    if column is None:
        return None
    values = Values(column)
    found: np.ndarray = values.each(read)
    usable = np.isfinite(found) & (found >= 0) & (found <= most)
    odd = ~usable & ~values.empty()
    if odd.any():
        warnings.append(
            f"{int(odd.sum())} road(s) have a value for “{what}” that is not understood or negative "
            f"(“{'”, “'.join(values.texts(odd)[:5])}”); that of both directions is taken."
        )
    return np.where(usable, found, np.nan)
