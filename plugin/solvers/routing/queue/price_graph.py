"""The small graph on which ways are sought when only a few roads have a price: between them times are constant."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from .bounds import least_headway
from .doors import Doors, FreeTrees, Journeys
from .network import SECOND, QueueRoads

NO_WAY = 2**60  # microseconds
DOOR_SECONDS = 60.0  # about the length of a price's slice at a door
ROAD_SECONDS = 12.0  # and at another road
BEYOND = 1.1  # prices at doors end so much later than their least queues


class Slices(NamedTuple):
    """Slices of time in each of which a road has one price.

    Attributes
    ----------
    first : (r + 1,) int64
        Offsets of each road's slices.
    origin, length : (r,) int64
        Microseconds: beginning of its first slice, and length of each, a whole multiple of its least headway.
    headway : (s,) int64
        The least headway within each slice.
    begin : (s,) int64
        When it begins.
    most : (s,) int64
        Exits that fit into it at most.
    """

    first: np.ndarray
    origin: np.ndarray
    length: np.ndarray
    headway: np.ndarray
    begin: np.ndarray
    most: np.ndarray


class PriceGraph(NamedTuple):
    """Priced roads and doors, the times between them, and the trips.

    Attributes
    ----------
    step : int
        Microseconds of the grid on which costs to go are kept.
    steps, all_steps : int
        Steps until no road but doors has a price any more; and until nobody asks any more.
    roads : (p,) int64
        The priced roads.
    pair_first : (p + 1,) int64, pair_to, pair_time, pair_steps : (q,) int64
        From the end of each priced road to the end of others without passing a third: the other, microseconds, and
        whole steps.
    free : (p, d) float64
        Least time from the end of each priced road to each destination.
    inside : (p, d) bool
        Whether that end is at the destination.
    door_goal : (e,) int64
        Destination of each door road, as its place among the destinations.
    door_road : (e,) int64
        The road.
    to_door, to_door_free : (p, e) int64
        From the end of a priced road to the end of a door road: passing no other priced road, and any.
    start_road : (s, p), start_door : (s, e) int64
        From each source to the ends of priced roads and door roads, passing no other priced road.
    source, goal, departure : (t,) int64
        Of each trip: row of its source, place of its destination, microseconds.
    road_slices, door_slices : Slices
        Of prices.
    """

    step: int
    steps: int
    all_steps: int
    roads: np.ndarray
    pair_first: np.ndarray
    pair_to: np.ndarray
    pair_time: np.ndarray
    pair_steps: np.ndarray
    free: np.ndarray
    inside: np.ndarray
    door_goal: np.ndarray
    door_road: np.ndarray
    to_door: np.ndarray
    to_door_free: np.ndarray
    start_road: np.ndarray
    start_door: np.ndarray
    source: np.ndarray
    goal: np.ndarray
    departure: np.ndarray
    road_slices: Slices
    door_slices: Slices


def price_graph(
    roads: QueueRoads,
    journeys: Journeys,
    doors: list[Doors],
    priced: np.ndarray,
    until: int,
    steps: int,
    last_exit: int,
    control: Control,
) -> PriceGraph:
    """Return the small graph.

    Parameters
    ----------
    doors : list of Doors
        Of the destinations whose trips count, each with trips.
    priced : (p,) int64
        Roads whose exits have a price for everybody; a door's roads have one for its own trips unless they are here.
    until : int
        Microseconds until which these may have a price.
    steps : int
        Of the grid until then.
    last_exit : int
        Before when the doors' least queues end.
    """
    trees = FreeTrees(roads, journeys)
    trips = np.concatenate([door.trips for door in doors])
    goal = np.repeat(np.arange(len(doors)), [len(door.trips) for door in doors])
    order = np.argsort(trips, kind="stable")
    trips, goal = trips[order], goal[order]
    places, source = np.unique(journeys.source[trips], return_inverse=True)
    ends = journeys.head[priced]
    between, start_road = _ways_to(trees, roads, journeys, priced, ends, places, control)
    np.fill_diagonal(between, NO_WAY)
    door_goal = np.repeat(np.arange(len(doors)), [len(door.roads) for door in doors])
    door_road = np.concatenate([door.roads for door in doors])
    ways = _ways_to_doors(trees, roads, journeys, doors, priced, places, control)
    row, column = np.nonzero(between < NO_WAY)
    time = between[row, column]
    step = max(-(-max(until, int(time.max(initial=0))) // steps), 1)
    reach = int((time // step).max(initial=0))
    free = np.column_stack([trees.grown(door.node)[0][ends] for door in doors])
    departure = journeys.departure[trips].astype(np.int64)
    ready = np.full(len(places), NO_WAY, dtype=np.int64)
    np.minimum.at(ready, source, departure)
    begin = _first_ready(ready, start_road, between)
    first_at_door = np.concatenate([np.min(door.ready, axis=0) for door in doors])
    return PriceGraph(
        step, until // step + 1, until // step + reach + 3, priced,
        np.searchsorted(row, np.arange(len(priced) + 1)), column, time, time // step, free,
        np.column_stack([np.isin(priced, door.all_roads) for door in doors]), door_goal, door_road, *ways[:2],
        start_road, ways[2], source.ravel().astype(np.int64), goal.astype(np.int64), departure,
        slices_of(roads, priced, begin, until, ROAD_SECONDS),
        slices_of(roads, door_road, first_at_door.astype(np.int64), int(last_exit * BEYOND), DOOR_SECONDS),
    )  # fmt: skip


def _whole(time: np.ndarray) -> np.ndarray:
    """Return microseconds as int64, NO_WAY where infinite."""
    return np.where(np.isfinite(time), time, NO_WAY).astype(np.int64)


def _ways_to(
    trees: FreeTrees,
    roads: QueueRoads,
    journeys: Journeys,
    priced: np.ndarray,
    ends: np.ndarray,
    places: np.ndarray,
    control: Control,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the times to the end of each priced road without another one: from their ends (p, p), and places."""
    between = np.empty((len(priced), len(priced)), dtype=np.int64)
    start = np.empty((len(places), len(priced)), dtype=np.int64)
    for k, road in enumerate(priced.tolist()):
        control.stop_if_cancelled()
        time = trees.grown(int(journeys.tail[road]), without=priced)[0] + roads.travel[road]
        between[:, k], start[:, k] = _whole(time[ends]), _whole(time[places])
    return between, start


def _ways_to_doors(
    trees: FreeTrees,
    roads: QueueRoads,
    journeys: Journeys,
    doors: list[Doors],
    priced: np.ndarray,
    places: np.ndarray,
    control: Control,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the times to the end of each door road: from ends of priced roads without and with others, from places."""
    ends = journeys.head[priced]
    without, free, start = [], [], []
    for door in doors:
        closed = np.union1d(priced, door.all_roads)
        at_door = np.isin(priced, door.all_roads)
        for road in door.roads.tolist():
            control.stop_if_cancelled()
            tail = int(journeys.tail[road])
            time = trees.grown(tail, without=closed)[0] + roads.travel[road]
            if road in priced:  # then its price is paid there
                time = np.full(len(time), np.inf)
            without.append(_whole(time[ends]))
            start.append(_whole(time[places]))
            anyhow = _whole((trees.grown(tail, without=door.all_roads)[0] + roads.travel[road])[ends])
            anyhow[at_door] = 0
            free.append(anyhow)
    return np.column_stack(without), np.column_stack(free), np.column_stack(start)


def _first_ready(ready: np.ndarray, start: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Return when anybody can have driven each priced road at the earliest; NO_WAY where nobody comes."""
    first = np.minimum((ready[:, None] + start).min(axis=0, initial=NO_WAY), NO_WAY)
    while True:
        better = np.minimum(first, (first[:, None] + between).min(axis=0, initial=NO_WAY))
        if (better == first).all():
            return first
        first = better


def slices_of(roads: QueueRoads, priced: np.ndarray, begin: np.ndarray, until: int, seconds: float) -> Slices:
    """Return slices of about ``seconds`` from ``begin`` (r,) on that cover all until ``until``."""
    least = least_headway(roads)[priced]
    length = least * np.maximum(np.rint(seconds * SECOND / least).astype(np.int64), 1)
    count = np.maximum(-(-(until - begin) // length), 0)
    first = np.r_[0, np.cumsum(count)].astype(np.int64)
    which = np.repeat(np.arange(len(priced)), count)
    start = begin[which] + length[which] * (np.arange(first[-1]) - first[which])
    headway = np.empty(len(start), dtype=np.int64)
    for k, road in enumerate(priced.tolist()):
        own = slice(first[k], first[k + 1])
        headway[own] = _headway_within(roads, road, start[own], start[own] + length[k])
    return Slices(first, begin, length, headway, start, -(-length[which] // headway))


def _headway_within(roads: QueueRoads, road: int, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the least headway of a road between ``begin`` and before ``end`` (s,)."""
    changes = np.flatnonzero(roads.change_arc == road)
    since = np.r_[np.iinfo(np.int64).min, roads.change_time[changes]]
    until = np.r_[roads.change_time[changes], np.iinfo(np.int64).max]
    least = np.full(len(begin), np.iinfo(np.int64).max)
    for first, last, headway in zip(since, until, np.r_[roads.headway[road], roads.change_headway[changes]]):
        meets = (begin < last) & (end > first)
        least[meets] = np.minimum(least[meets], headway)
    return least
