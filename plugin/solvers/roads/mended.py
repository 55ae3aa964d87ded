"""The rows of a mended road layer: stretches of lines between cuts, doubles left out and merged into the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..control import Control
from .directions import BACKWARD, BOTH, FORWARD
from .doubles import Coinciding, coinciding, ways_of
from .mending import SPOTS, Drawing
from .network import RoadNetwork, Ways
from .splitting import Pieces
from .traffic import Traffic, network_of

LOOK_EVERY = 5000  # rows between two looks at the cancel button


@dataclass(frozen=True)
class Values:
    """What a merged road has: its direction (0 forward, 1 backward, 2 both), km/h, lanes and vehicles/h of one way."""

    direction: int
    speed: float
    lanes: float
    capacity: float


@dataclass(frozen=True)
class Row:
    """A feature to be written.

    Attributes
    ----------
    feature : int
        The feature it comes from.
    spot : (v,) int64
        Places of its vertices.
    share : float
        Its part of the feature's length.
    merged : list of int
        Features that were drawn on top of it and are left out.
    values : Values or None
        What it has where merging changed it.
    was_cut : bool
        Whether its feature was cut.
    """

    feature: int
    spot: np.ndarray
    share: float
    merged: list[int]
    values: Values | None
    was_cut: bool


def rows_of(
    drawing: Drawing,
    pieces: Pieces,
    level: np.ndarray,
    traffic: Traffic,
    tolerance: float,
    remove: bool,
    can_say: Callable[[Values, int], bool],
    control: Control | None = None,
) -> tuple[list[Row], set[int]]:
    """Return the rows in the order of the features, and the features of which something is left out.

    Parameters
    ----------
    drawing : Drawing
    pieces : Pieces
        The drawing split, as it is when read.
    level : (r,) int
    traffic : Traffic
        Of the features.
    tolerance : float
        Metres.
    remove : bool
        Whether doubles are left out.
    can_say : callable
        Whether the layer can say of a road, given by its number, that it has these values; doubles that need others
        stay.

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    network = network_of(pieces, traffic, [])
    found, ways = _merging(network, pieces, level, traffic, tolerance, remove, can_say)
    leads = found.leader == np.arange(len(pieces))
    copies: dict[int, list[int]] = {}
    for k in np.flatnonzero(~leads).tolist():
        copies.setdefault(int(found.leader[k]), []).append(int(pieces.road[k]))
    values = {k: _values(ways, k, int(pieces.road[k]), traffic) for k in copies}
    cut = np.isin(pieces.road * SPOTS + pieces.spot[pieces.offset[:-1]], _numbers(drawing))
    total = np.bincount(pieces.road, weights=pieces.length)
    was_cut = set(drawing.cuts[:, 0].tolist())
    rows: list[Row] = []
    for number, run in enumerate(_runs(pieces, leads, cut, values)):
        if number % LOOK_EVERY == 0:
            control.stop_if_cancelled()
        feature = int(pieces.road[run[0]])
        parts = [pieces.spot[pieces.offset[k] + (k != run[0]) : pieces.offset[k + 1]] for k in run]
        share = float(pieces.length[run].sum() / total[feature])
        merged = sorted({road for k in run for road in copies.get(k, ()) if road != feature})
        spot = np.concatenate(parts)
        of_run: list[Values | None] = list(values.get(run[0]) or ()) or [None]
        for value in of_run:
            rows.append(Row(feature, spot, share, merged, value, feature in was_cut))
    return rows, {road for roads in copies.values() for road in roads}


def _numbers(drawing: Drawing) -> np.ndarray:
    numbers: np.ndarray = drawing.cuts[:, 0] * SPOTS + drawing.cuts[:, 1]
    return numbers


def _merging(
    network: RoadNetwork,
    pieces: Pieces,
    level: np.ndarray,
    traffic: Traffic,
    tolerance: float,
    remove: bool,
    can_say: Callable[[Values, int], bool],
) -> tuple[Coinciding, Ways]:
    """Find the doubles that are left out, and what their first copies have for it."""
    none = Coinciding(np.arange(len(pieces)), np.zeros(len(pieces), dtype=bool))
    has_speed = traffic.speed_problem == 0
    if not remove:
        return none, ways_of(network, none, has_speed)
    found = coinciding(pieces, level, tolerance)
    ways = ways_of(network, found, has_speed)
    members: dict[int, list[int]] = {}
    for k in np.flatnonzero(found.leader != none.leader).tolist():
        members.setdefault(int(found.leader[k]), [int(found.leader[k])]).append(k)
    leader, flipped = found.leader.copy(), found.flipped.copy()
    for first, group in members.items():
        values = _values(ways, first, int(pieces.road[first]), traffic) or []
        one_each_way = len(values) == 2 and len(group) == 2
        told_apart = bool(traffic.each.own[pieces.road[group]].any())  # the fields of two roads, which one cannot hold
        if one_each_way or told_apart or not all(can_say(value, int(pieces.road[first])) for value in values):
            leader[group], flipped[group] = group, False
    kept = replace(found, leader=leader, flipped=flipped)
    return kept, ways_of(network, kept, has_speed)


def _values(ways: Ways, piece: int, road: int, traffic: Traffic) -> list[Values] | None:
    """Return what the road of a merged piece has, two of them where its directions differ; None where as before."""
    of_way = [(ways.speed[piece, k], ways.lanes[piece, k], ways.capacity[piece, k]) for k in (0, 1)]
    is_open = ways.open[piece]
    if is_open.all() and of_way[0] != of_way[1]:
        return [Values(way, *map(float, of_way[way])) for way in (FORWARD, BACKWARD)]
    direction = BOTH if is_open.all() else FORWARD if is_open[0] else BACKWARD
    found = Values(direction, *map(float, of_way[1 if direction == BACKWARD else 0]))
    own = Values(
        int(traffic.direction[road]), float(traffic.speed[road]), float(traffic.lanes[road]),
        float(traffic.capacity[road]),
    )  # fmt: skip
    return None if found == own else [found]


def _runs(
    pieces: Pieces, leads: np.ndarray, cut: np.ndarray, values: dict[int, list[Values] | None]
) -> list[list[int]]:
    """Group the pieces that stay into stretches of one line that nothing cuts and that have the same throughout."""
    runs: list[list[int]] = []
    for k in np.flatnonzero(leads).tolist():
        goes_on = (
            bool(runs)
            and runs[-1][-1] == k - 1
            and pieces.line[k] == pieces.line[k - 1]
            and not cut[k]
            and values.get(k) == values.get(k - 1)
        )
        if goes_on:
            runs[-1].append(k)
        else:
            runs.append([k])
    return runs
