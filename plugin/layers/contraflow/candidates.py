"""Stretches that could be turned: what they are called, where they are in a routed case, what they would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from qgis.core import QgsProcessingContext

from ...solvers.contraflow.stretches import Stretch, stretches
from ...solvers.contraflow.turning import Reach, Turned, saved_headway, saved_on_the_same_ways, turned, worth_of_headway
from ...solvers.roads.classes import read_classes, table_of
from ...solvers.roads.near_pieces import NearPieces
from ...solvers.roads.network import RoadNetwork
from ...solvers.routing.result import RoutingResult
from ...solvers.routing.road_use import RoadUse
from ..places import Places
from ..positions import positions_inside
from ..roads.options import ReadNetwork
from ..routing.case import RoutingCase
from ..transforming import transform_vertices

LOWEST_CLASS = "secondary"
TOLERANCE = 1e-2  # m along a road
LOOKED_AT = 40  # stretches whose worth is also looked at by an exact run on the same ways


class Routed(NamedTuple):
    """A full run of the routing on a road layer."""

    case: RoutingCase
    result: RoutingResult
    use: RoadUse

    @property
    def caught(self) -> float:
        """People who do not arrive though they have a way."""
        return float(self.result.caught.people.sum())

    @property
    def roads_driven(self) -> int:
        """Roads that all vehicles drive together: how much work a run is."""
        return 0 if self.result.queue is None else int(self.result.queue.run.plan.hops.sum())

    @property
    def value(self) -> tuple[float, float]:
        """What counts: people who do not arrive, then the total travel time in vehicle-seconds."""
        without = float(self.case.problem.people[self.result.unreachable].sum())
        return self.caught + without, self.result.total_time


@dataclass(frozen=True)
class Candidate:
    """A stretch with what turning it does.

    Attributes
    ----------
    stretch : Stretch
        Arcs of the roads as they were read.
    outbound : bool
        Whether ``stretch.there`` is the direction that gets the lanes.
    turned : Turned
    name : str
    kilometres : float
        Of the inbound direction.
    minutes : float
        In which vehicles queue on the outbound direction, all its pieces together.
    worth : float
        Vehicle-seconds that the capacity is worth at the margin.
    saved : float
        Vehicle-seconds that it saves on the same ways.
    """

    stretch: Stretch
    outbound: bool
    turned: Turned
    name: str
    kilometres: float
    minutes: float
    worth: float
    saved: float

    @property
    def inbound(self) -> np.ndarray:
        """The arcs (k,) that lose lanes, in the order in which they are driven."""
        return self.stretch.back if self.outbound else self.stretch.there


def candidates(
    read: ReadNetwork, routed: Routed, classes: Sequence[str], keep: float | None, table: str, stuck_seconds: float
) -> list[Candidate]:
    """Return the stretches on which vehicles queue, in the order in which to try them.

    Parameters
    ----------
    read : ReadNetwork
        The roads without places, barriers and closures.
    routed : Routed
        The solution on the same roads.
    """
    network, kinds = read.network, read.kinds
    if read.traffic is None or not network.piece_count:
        return []
    street = [ref or name for ref, name in zip(kinds.refs, kinds.names)]
    lowest = read_classes(table_of(table))[LOWEST_CLASS].rank
    place = ArcsOnRoads(routed.case.read.network)
    minutes = np.zeros(routed.case.read.network.arc_count)
    if routed.use.traffic is not None:
        minutes[routed.use.traffic.arc] = routed.use.traffic.queue_minutes
    worth = worth_of_headway(routed.result, stuck_seconds)
    found = []
    for stretch in stretches(network, kinds.classes, street, read.traffic.rank, lowest, classes):
        ways = [place.arcs(network, arcs) for arcs in (stretch.there, stretch.back)]
        queues = [float(minutes[arcs].sum()) for arcs in ways]
        outbound = queues[0] >= queues[1]
        change = turned(network, stretch, outbound, keep) if max(queues) > 0.0 else None
        if change is None:
            continue
        gets = ways[0] if outbound else ways[1]
        inbound = stretch.back if outbound else stretch.there
        capacity = routed.case.read.network.capacity[gets]
        more = np.full(len(gets), _given(network, change, inbound))
        value = float(worth[gets] @ saved_headway(capacity, more))
        name, length = _called(read, inbound), float(network.length[inbound].sum()) / 1000.0
        one = Candidate(stretch, outbound, change, name, length, max(queues), value, 0.0)
        found.append((one, gets, 1.0 + more / capacity))
    found.sort(key=lambda row: (-row[0].worth, -row[0].minutes, row[0].name))
    return _ranked(found, routed.result, stuck_seconds)


def _ranked(
    found: list[tuple[Candidate, np.ndarray, np.ndarray]], result: RoutingResult, stuck_seconds: float
) -> list[Candidate]:
    """Return candidates, by worth, with their arcs and how much wider these get, in the order in which to try them.

    The worth at the margin sees what a wider road would draw, but not where the next queue begins; an exact run on the
    same ways sees the queue, but nobody who would come. So the two ranks are added.
    """
    saved = [
        saved_on_the_same_ways(result, arcs, wider, stuck_seconds) if k < LOOKED_AT else -np.inf
        for k, (_, arcs, wider) in enumerate(found)
    ]
    rank = np.empty(len(found))
    rank[np.argsort([-value for value in saved], kind="stable")] = np.arange(len(found))
    order = np.argsort(rank + np.arange(len(found)), kind="stable")
    return [replace(found[k][0], saved=saved[k]) for k in order.tolist()]


def _given(network: RoadNetwork, change: Turned, inbound: np.ndarray) -> float:
    """Return the vehicles/h that the outbound direction gets: the least of the pieces."""
    side = np.where(network.forward[inbound], 0, 1)
    left = change.capacity[np.arange(len(inbound)), side]
    return float((network.capacity[inbound] - left).min())


def _called(read: ReadNetwork, arcs: np.ndarray) -> str:
    """Return the name of a stretch: its street, and the roads between which it lies by their ids."""
    network = read.network
    name = read.arc_name(int(arcs[0]))
    first, last = network.arc_road(int(arcs[0])), network.arc_road(int(arcs[-1]))
    between = first if first == last else f"{first} to {last}"
    return name if name == between else f"{name} ({between})"


class ArcsOnRoads:
    """The arcs of a network by road and the metres along it."""

    def __init__(self, network: RoadNetwork) -> None:
        arc = np.flatnonzero(network.is_road)
        road = network.piece_road[network.piece[arc]].astype(np.int64)
        begin = network.piece_begin[network.piece[arc]]
        order = np.lexsort((begin, network.forward[arc], road))
        self.arc, self.begin = arc[order], begin[order]
        self.end = self.begin + network.length[self.arc]
        self.key = road[order] * 2 + network.forward[self.arc]

    def arcs(self, network: RoadNetwork, arcs: np.ndarray) -> np.ndarray:
        """Return the arcs that lie on ``arcs`` of another network of the same roads."""
        found = [np.empty(0, dtype=np.int64)]
        for a in arcs.tolist():
            piece = int(network.piece[a])
            low = float(network.piece_begin[piece])
            high = low + float(network.length[a])
            key = int(network.piece_road[piece]) * 2 + int(network.forward[a])
            rows = slice(*np.searchsorted(self.key, [key, key + 1]))
            on = (self.begin[rows] >= low - TOLERANCE) & (self.end[rows] <= high + TOLERANCE)
            found.append(self.arc[rows][on])
        return np.concatenate(found)


def reach_of(case: RoutingCase, kept: Places | None, max_distance: float, context: QgsProcessingContext) -> Reach:
    """Return the zones, shelters and places to keep reachable, on the roads of a case."""
    network, ends = case.read.network, case.ends
    outside = ~positions_inside(case.hazard, network.node_xy) if case.hazard is not None else None
    nodes: dict[str, list[np.ndarray]] = {}
    leads = np.flatnonzero(~network.is_road)
    for z, name in enumerate(ends.names):
        own = ends.junctions.node[ends.junctions.of(z)]
        if len(own):
            nodes.setdefault(f"zone {name}", []).append(own)
    for row, (origin, goal) in enumerate(zip(ends.origin.tolist(), ends.destination.tolist())):
        if origin >= 0:
            points = network.head[leads[network.tail[leads] == origin]]
            nodes.setdefault(f"zone {case.rows.origin[row]}", []).append(points if len(points) else np.array([origin]))
        if goal >= 0:
            nodes.setdefault(f"shelter {case.rows.destination[row]}", []).append(np.array([goal]))
    if kept is not None and len(kept):
        xy = transform_vertices(kept.xy, kept.crs, case.read.crs, context.transformContext())
        near = NearPieces(network).nearest(xy, np.arange(network.piece_count), max_distance)
        start, end = network.piece_ends()
        for k, piece in zip(near.place.tolist(), near.piece.tolist()):
            nodes.setdefault(f"{kept.parameter} {kept.ids[k]}", []).append(np.array([start[piece], end[piece]]))
    names = list(nodes)
    everywhere = np.ones(network.node_count, dtype=bool)
    return Reach(
        network, everywhere if outside is None else outside, names,
        [np.unique(np.concatenate(nodes[name])).astype(np.int64) for name in names],
    )  # fmt: skip


def cut_off(reach: Reach, read: ReadNetwork, candidate: Candidate) -> list[str]:
    """Return the places that could be reached from the roads outside, and could not with the stretch turned."""
    network = reach.network
    arcs = ArcsOnRoads(network).arcs(read.network, candidate.inbound)
    side = np.where(read.network.forward[candidate.inbound], 0, 1)
    shut = candidate.turned.lanes[np.arange(len(candidate.inbound)), side] <= 0
    closed = ArcsOnRoads(network).arcs(read.network, candidate.inbound[shut])
    open_arcs = np.ones(network.arc_count, dtype=bool)
    before = reach.reached(network.tail, network.head)
    open_arcs[closed] = False
    more = arcs if candidate.stretch.divided else arcs[:0]  # driven the other way from now on
    tail = np.concatenate([network.tail[open_arcs], network.head[more]])
    head = np.concatenate([network.head[open_arcs], network.tail[more]])
    after = reach.reached(tail, head)
    return [name for name, was, still in zip(reach.names, before.tolist(), after.tolist()) if was and not still]
