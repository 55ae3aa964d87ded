"""Direction, speed, lanes and capacity of every road, with what had to be replaced by a default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .network import RoadNetwork, arcs_on_pieces
from .osm import (
    BACKWARD,
    BOTH,
    FORWARD,
    HIGHEST_SPEED,
    LOWEST_SPEED,
    MOST_LANES,
    DirectionRule,
    Values,
    changes_direction,
    lane_count,
    plain_text,
    speed_kmh,
)
from .splitting import Pieces

MISSING, NOT_POSITIVE, ABSURD, NOT_UNDERSTOOD = 1, 2, 3, 4  # why a road has the default speed; 0: it has its own


@dataclass(frozen=True)
class Traffic:
    """The roads' traffic attributes, (r,) each.

    Attributes
    ----------
    direction : int8
        0 forward, 1 backward, 2 both.
    speed : float64
        km/h, the default where the layer gives none.
    speed_problem : int8
        0 where the layer's speed was taken, else :data:`MISSING`, :data:`NOT_POSITIVE`, :data:`ABSURD` or
        :data:`NOT_UNDERSTOOD`.
    lanes, capacity : float64
        Of one direction; vehicles/h.
    warnings : list of str
        Counts of what was replaced, for the log.
    """

    direction: np.ndarray
    speed: np.ndarray
    speed_problem: np.ndarray
    lanes: np.ndarray
    capacity: np.ndarray
    warnings: list[str]


def read_traffic(
    count: int,
    directions: Sequence[Any] | None,
    rule: DirectionRule,
    speeds: Sequence[Any] | None,
    default_speed: float,
    lanes: Sequence[Any] | None,
    capacities: Sequence[Any] | None,
    lane_capacity: float,
) -> Traffic:
    """Read the columns of ``count`` roads; None for a column the layer does not have.

    Parameters
    ----------
    count : int
        Number of roads r.
    directions, speeds, lanes, capacities : sequences of length r, optional
        Attribute values, NULL as None; numbers or text.
    rule : DirectionRule
    default_speed : float
        km/h for roads without a usable speed.
    lane_capacity : float
        Vehicles/h of a lane.
    """
    warnings: list[str] = []
    direction = _directions(count, directions, rule, warnings)
    speed, problem = _speeds(count, speeds, default_speed, warnings)
    per_direction = _lanes(count, lanes, direction, warnings)
    capacity = per_direction * lane_capacity
    if capacities is not None:
        given = Values(capacities).each(lane_count)
        usable = np.isfinite(given) & (given > 0)
        capacity = np.where(usable, given, capacity)
        if not usable.all():
            warnings.append(
                f"{int((~usable).sum())} road(s) have no usable capacity: their lanes times {lane_capacity:g} "
                "vehicles/h taken."
            )
    return Traffic(direction, speed, problem, per_direction, capacity, warnings)


def _directions(count: int, values: Sequence[Any] | None, rule: DirectionRule, warnings: list[str]) -> np.ndarray:
    if values is None:
        return np.full(count, rule.default, dtype=np.int8)
    column = Values(values)
    code = column.each(rule.direction, np.int8)
    unknown = (code < 0) & column.each(lambda value: bool(plain_text(value)), np.bool_)
    if unknown.any():
        word = ("forward", "backward", "both directions")[rule.default]
        warnings.append(
            f"{int(unknown.sum())} road(s) have a direction that is not understood "
            f"(“{'”, “'.join(column.texts(unknown)[:5])}”): the default direction, {word}, taken."
        )
    changing = int(column.each(changes_direction, np.bool_).sum()) if rule.osm else 0
    if changing:
        warnings.append(f"{changing} road(s) change direction with the time (reversible): taken as open both ways.")
    return np.where(code < 0, rule.default, code).astype(np.int8)


def _speeds(
    count: int, values: Sequence[Any] | None, default: float, warnings: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    if values is None:
        return np.full(count, float(default)), np.full(count, MISSING, dtype=np.int8)
    column = Values(values)
    speed = column.each(speed_kmh)
    empty = column.each(lambda value: plain_text(value) in ("", "nan"), np.bool_)
    problem = np.zeros(count, dtype=np.int8)
    problem[~np.isfinite(speed)] = NOT_UNDERSTOOD
    problem[empty] = MISSING
    problem[speed <= 0] = NOT_POSITIVE
    problem[(speed > HIGHEST_SPEED) | ((speed > 0) & (speed < LOWEST_SPEED))] = ABSURD
    for code, text in (
        (MISSING, "no speed"),
        (NOT_POSITIVE, "a speed of zero or less"),
        (ABSURD, f"an absurd speed (below {LOWEST_SPEED:g} or above {HIGHEST_SPEED:g} km/h)"),
        (NOT_UNDERSTOOD, "a speed that is not understood"),
    ):
        here = problem == code
        if here.any():
            some = "" if code == MISSING else f" (“{'”, “'.join(column.texts(here)[:5])}”)"
            warnings.append(f"{int(here.sum())} road(s) have {text}{some}: {default:g} km/h taken.")
    return np.where(problem == 0, speed, float(default)), problem


def _lanes(count: int, values: Sequence[Any] | None, direction: np.ndarray, warnings: list[str]) -> np.ndarray:
    """Lanes of one direction: the field counts both directions together, so it is halved on two-way roads."""
    if values is None:
        return np.ones(count)
    lanes = Values(values).each(lane_count)
    usable = np.isfinite(lanes) & (lanes > 0) & (lanes <= MOST_LANES)
    missing = int((~usable).sum())
    if missing:
        warnings.append(f"{missing} road(s) have no usable number of lanes: one lane a direction taken.")
    return np.where(usable, np.where(direction == BOTH, lanes / 2, lanes), 1.0)


def network_of(pieces: Pieces, traffic: Traffic, road_ids: list[str]) -> RoadNetwork:
    """Lay the arcs of the roads' directions on their pieces."""
    road = pieces.road
    direction = traffic.direction[road]
    return arcs_on_pieces(
        node_xy=pieces.node_xy,
        start=pieces.start,
        end=pieces.end,
        length=pieces.length,
        speed=traffic.speed[road],
        lanes=traffic.lanes[road],
        capacity=traffic.capacity[road],
        open_forward=direction != BACKWARD,
        open_backward=direction != FORWARD,
        piece_road=road,
        road_ids=road_ids,
        piece_start=pieces.offset,
        piece_xy=pieces.xy,
    )
