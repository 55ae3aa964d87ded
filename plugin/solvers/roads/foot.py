"""Roads on foot: how wide they are, how many people pass and stand on them, and how fast they walk.

Flow and room are after the SFPE Handbook of Fire Protection Engineering (Gwynne and Rosenbaum, Employing the hydraulic
model in assessing emergency movement): 1.3 persons/s at most pass a metre of effective width, 3.8 persons/m2 stand
where nobody moves, and a person walks 1.19 m/s where nobody is in the way, so that who walks more slowly passes fewer.
A strip at each edge (0.2 m) does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .classes import RoadClass, class_row, class_texts, names_in
from .directed import EachWay
from .directions import BOTH, CLOSED
from .network import KMH_PER_MS, DrawnPieces, RoadNetwork, Ways, arcs_on_pieces
from .osm import MOST_LANES, Values, lane_count, metres
from .tobler import STEPS_SHARE
from .traffic import Traffic

WALKING_SPEED = 1.1  # m/s
SLOWEST, FASTEST = 0.1, 6.0  # m/s
FOOT_CAPACITY = 1.3  # persons/s and metre of effective width
FOOT_DENSITY = 3.8  # persons/m2 where nobody moves
FREE_SPEED = 1.19  # m/s, at which FOOT_CAPACITY passes
EDGES = 0.4  # m of the width, both edges together
LEAST_WIDTH = 0.2  # m of effective width: people go one by one
LANE_WIDTH, PATH_WIDTH = 3.0, 2.0  # m
PAVEMENTS = 3.0  # m: both together, of a road on which cars drive
MOST_WIDTH = 200.0  # m
STEPS = "steps"
VEHICLE_SPACE = 7.5  # m: a lane holds a vehicle in so much, see :func:`standing_lanes`


@dataclass(frozen=True)
class Walking:
    """How people walk: m/s on the flat, persons/s and metre of effective width, persons/m2 standing."""

    speed: float = WALKING_SPEED
    capacity: float = FOOT_CAPACITY
    density: float = FOOT_DENSITY


@dataclass(frozen=True)
class WidthColumns:
    """What the widths (m) of ``count`` roads are read from; None for a column that the layer does not have.

    Attributes
    ----------
    count : int
    widths, lanes : sequences of length r, optional
        Metres; lanes of both directions together.
    lanes_each : pair of sequences, optional
        Lanes of each direction.
    of_class : (r,) float64
        Lanes of one direction by the class, NaN without.
    direction : (r,) int8
        As :mod:`.directions` numbers them.
    no_cars : (r,) bool
        Ways that are not for cars.
    """

    count: int
    widths: Sequence[Any] | None
    lanes: Sequence[Any] | None
    lanes_each: tuple[Sequence[Any] | None, Sequence[Any] | None]
    of_class: np.ndarray
    direction: np.ndarray
    no_cars: np.ndarray


def widths_of(columns: WidthColumns, beside_cars: bool = False) -> tuple[np.ndarray, list[str], list[str]]:
    """Return the width (r,) of each road, both directions together, with warnings and notes for the log.

    Its own; else 3 m for each of its lanes (``beside_cars``: 3 m for both pavements), or 2 m where it is not for cars.
    """
    warnings: list[str] = []
    own = np.full(columns.count, np.nan)
    if columns.widths is not None:
        values = Values(columns.widths)
        own = values.each(metres)
        odd = ~((own > 0) & (own <= MOST_WIDTH)) & ~values.empty()
        if odd.any():
            warnings.append(
                f"{int(odd.sum())} road(s) have a width that is not understood, not above 0 or above {MOST_WIDTH:g} m "
                f"(“{'”, “'.join(values.texts(odd)[:5])}”): that of their lanes taken."
            )
        own = np.where((own > 0) & (own <= MOST_WIDTH), own, np.nan)
    by_lanes = np.where(columns.no_cars, PATH_WIDTH, PAVEMENTS if beside_cars else LANE_WIDTH * _all_lanes(columns))
    given = np.isfinite(own)
    beside = f"{PAVEMENTS:g} m (both pavements, beside cars)" if beside_cars else f"{LANE_WIDTH:g} m a lane"
    note = (
        f"Widths, in roads: {int(given.sum())} own, {int((~given & ~columns.no_cars).sum())} at {beside}, "
        f"{int((~given & columns.no_cars).sum())} at {PATH_WIDTH:g} m (not for cars)."
    )
    return np.where(given, own, by_lanes), warnings, [note]


def _all_lanes(columns: WidthColumns) -> np.ndarray:
    """Return the lanes (r,) of both directions together, at least one."""
    ways = np.where((columns.direction == BOTH) | (columns.direction == CLOSED), 2.0, 1.0)
    lanes = np.where(np.isfinite(columns.of_class), columns.of_class, 1.0) * ways
    for column in (columns.lanes, _sum_of(columns.lanes_each, columns.count)):
        if column is not None:
            number = Values(column).each(lane_count)
            lanes = np.where((number > 0) & (number <= MOST_LANES), number, lanes)
    return np.maximum(lanes, 1.0)


def _sum_of(each: tuple[Sequence[Any] | None, Sequence[Any] | None], count: int) -> list[float] | None:
    """Return the lanes (r,) of both directions, NaN where one has none; None without both columns."""
    if each[0] is None or each[1] is None:
        return None
    total: list[float] = (Values(each[0]).each(lane_count) + Values(each[1]).each(lane_count)).tolist()
    return total


def classes_on_foot(
    classes: dict[str, RoadClass], values: Sequence[Any] | None, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return which roads (r,) are not for cars by their class, and which are steps."""
    if values is None:
        return np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    column = Values(class_texts(values, count))

    def no_cars(text: str) -> bool:
        rows = [class_row(classes, name) for name in names_in(text)]
        return bool(rows) and all(row is not None and not row.car for row in rows)

    return column.each(no_cars, np.bool_), column.each(lambda text: STEPS in names_in(text), np.bool_)


def effective_width(width: np.ndarray) -> np.ndarray:
    """Return the metres of a width that count.

    Examples
    --------
    >>> effective_width(np.array([2.0, 0.5])).tolist()
    [1.6, 0.2]
    """
    return np.maximum(width - EDGES, LEAST_WIDTH)


def people_per_hour(width: np.ndarray, speed: np.ndarray, walking: Walking) -> np.ndarray:
    """Return the persons/h that leave roads of ``width`` m on which they walk ``speed`` m/s where nobody else is.

    Examples
    --------
    A gap of 2 m lets 1.3 * 1.6 persons/s through who walk 1.19 m/s or faster:

    >>> people_per_hour(np.array([2.0]), np.array([1.3]), Walking()).tolist()
    [7488.0]
    """
    slow = np.minimum(1.0, speed / FREE_SPEED)
    flow: np.ndarray = 3600.0 * walking.capacity * effective_width(width) * slow
    return flow


def standing_lanes(width: np.ndarray, walking: Walking) -> np.ndarray:
    """Return the lanes of vehicles that hold as many as people stand on roads of ``width`` m."""
    return walking.density * effective_width(width) * VEHICLE_SPACE


def foot_network(
    pieces: DrawnPieces, width: np.ndarray, steps: np.ndarray, factor: np.ndarray, walking: Walking, road_ids: list[str]
) -> RoadNetwork:
    """Lay arcs for walkers on pieces, both ways on each.

    Each direction has the whole width; see :mod:`..routing.shared.widths` for what walkers both ways leave each other.

    Parameters
    ----------
    pieces : DrawnPieces
    width : (r,) float64
        Of each road, m.
    steps : (r,) bool
    factor : (p, 2) float64
        What slopes make of the speed on each piece, both ways.
    walking : Walking
    road_ids : list of str
    """
    road = pieces.road
    speed = walking.speed * np.where(steps[road][:, None], STEPS_SHARE, factor)
    wide = np.repeat(width[road][:, None], 2, axis=1)
    ways = Ways(
        np.ones((len(pieces.start), 2), dtype=bool), KMH_PER_MS * speed, standing_lanes(wide, walking),
        people_per_hour(wide, speed, walking),
    )  # fmt: skip
    return arcs_on_pieces(pieces, ways, road_ids)


def sharing_arcs(network: RoadNetwork) -> np.ndarray:
    """Return the arc (m,) int32 that runs the other way on the piece of each, -1 where none does."""
    road = np.flatnonzero(network.is_road)
    slot = np.full((network.piece_count, 2), -1, dtype=np.int32)
    side = np.where(network.forward[road], 0, 1)
    slot[network.piece[road], side] = road
    opposite = np.full(network.arc_count, -1, dtype=np.int32)
    opposite[road] = slot[network.piece[road], 1 - side]
    return opposite


def foot_traffic(count: int, rank: np.ndarray, walking: Walking) -> Traffic:
    """Return that ``count`` roads are open both ways to walkers, whatever is said of cars.

    What a road's piece has is worked out by :func:`foot_network`; ``rank`` (r,) is that of the class.
    """
    nothing = np.zeros(count, dtype=bool)
    plain = np.ones((count, 2))
    return Traffic(
        np.full(count, BOTH, dtype=np.int8), nothing, np.full(count, KMH_PER_MS * walking.speed),
        np.zeros(count, dtype=np.int8), "", plain[:, 0], plain[:, 0], EachWay(plain > 0, plain, plain, nothing),
        plain[:, 0], rank, {}, {}, [], [],
    )  # fmt: skip
