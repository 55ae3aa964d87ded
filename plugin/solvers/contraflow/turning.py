"""What turning a stretch does to the lanes and capacities of its pieces, and what capacity is worth at the margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..graph.components import components, found_from
from ..roads.network import RoadNetwork
from ..routing.queue.adjoint import traffic_of
from ..routing.queue.network import SECOND, roads_of
from ..routing.queue.simulation import simulate_queues
from ..routing.result import RoutingResult
from .stretches import Stretch

HOUR = 3600.0
MANY_LANES = 3.0  # a road with so many keeps one lane inbound


class Turned(NamedTuple):
    """Pieces (k,) of a stretch as they are after turning; columns: as drawn, against.

    Attributes
    ----------
    piece : (k,) int64
    lanes, capacity : (k, 2) float64
        0 in a direction that is closed.
    """

    piece: np.ndarray
    lanes: np.ndarray
    capacity: np.ndarray


def turned(network: RoadNetwork, stretch: Stretch, outbound: bool, keep: float | None) -> Turned | None:
    """Return the pieces of a stretch with the lanes of one direction given to the other; None where none can be given.

    Of an undivided road the lanes against ``outbound`` go to it, of a divided one those of the other carriageway. A
    lane takes its share of the capacity along.

    Parameters
    ----------
    outbound : bool
        Whether the direction that gets the lanes is ``stretch.there``.
    keep : float or None
        Lanes that stay inbound; None: one on roads of at least 3 lanes (both directions; of a divided road those of the
        inbound carriageway), else none.
    """
    inbound = stretch.back if outbound else stretch.there
    lanes, capacity = ways_of_pieces(network)
    piece, side = network.piece[inbound], np.where(network.forward[inbound], 0, 1)
    old_lanes, old_capacity = lanes[piece].copy(), capacity[piece].copy()
    row = np.arange(len(piece))
    there = old_lanes.sum(axis=1)  # of a one-way piece those of its one direction
    stay = np.where(there >= MANY_LANES, 1.0, 0.0) if keep is None else np.full(len(piece), keep)
    given = np.maximum(old_lanes[row, side] - stay, 0.0)
    if not (given > 0).all():
        return None
    share = given / old_lanes[row, side]
    new_lanes, new_capacity = old_lanes, old_capacity
    new_lanes[row, 1 - side] += given
    new_capacity[row, 1 - side] += share * new_capacity[row, side]
    new_lanes[row, side] -= given
    new_capacity[row, side] *= 1.0 - share
    gone = new_lanes[row, side] <= 0
    new_capacity[row[gone], side[gone]] = 0.0
    return Turned(piece.astype(np.int64), new_lanes, new_capacity)


def ways_of_pieces(network: RoadNetwork) -> tuple[np.ndarray, np.ndarray]:
    """Return lanes and capacity (p, 2) of the directions of each piece, as drawn and against; 0 where it is closed."""
    lanes, capacity = np.zeros((network.piece_count, 2)), np.zeros((network.piece_count, 2))
    road = np.flatnonzero(network.is_road)
    at = network.piece[road], np.where(network.forward[road], 0, 1)
    lanes[at], capacity[at] = network.lanes[road], network.capacity[road]
    return lanes, capacity


def worth_of_headway(result: RoutingResult, stuck_seconds: float) -> np.ndarray:
    """Return what each arc (m,) would save everybody for each second of its headway less, in vehicle-seconds.

    The multipliers of the exits that the exit before them bound, of the exact run: the marginal worth of capacity.
    """
    worth = np.zeros(result.problem.arcs)
    if result.queue is None or not result.problem.trips:
        return worth
    roads = result.queue.roads
    run = simulate_queues(roads, result.queue.run.plan, stuck_seconds=stuck_seconds, record_order=True)
    traffic = traffic_of(roads, run)
    arc = np.repeat(np.arange(len(worth)), np.diff(traffic.start))
    held = np.zeros(len(arc), dtype=bool)
    held[1:] = (arc[1:] == arc[:-1]) & (np.diff(traffic.exit) <= roads.headway[arc[1:]])
    worth += np.bincount(arc[held], weights=traffic.value[held], minlength=len(worth))
    return worth


def saved_on_the_same_ways(result: RoutingResult, arcs: np.ndarray, factor: np.ndarray, stuck_seconds: float) -> float:
    """Return what everybody saves, vehicle-seconds, by the same ways with some roads wider: an exact run.

    Parameters
    ----------
    arcs : (k,) int
    factor : (k,) float64
        By which their capacity and their room grow.
    """
    if result.queue is None:
        return 0.0
    problem = result.problem
    capacity, storage = problem.capacity.copy(), problem.storage.copy()
    capacity[arcs] *= factor
    storage[arcs] *= factor
    roads = roads_of(replace(problem, capacity=capacity, storage=storage))
    run = simulate_queues(roads, result.queue.run.plan, stuck_seconds=stuck_seconds)
    return float(result.queue.run.total() - run.total()) / SECOND


def saved_headway(capacity: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Return the seconds by which ``more`` vehicles/h (k,) shorten the headway of roads of ``capacity`` (k,)."""
    out: np.ndarray = HOUR / capacity - HOUR / (capacity + more)
    return out


@dataclass(frozen=True)
class Reach:
    """From where responders come, and where they must come to.

    Attributes
    ----------
    network : RoadNetwork
    outside : (n,) bool
        Nodes outside the hazard.
    names : list of str
        Zones, shelters and whatever else has to be kept reachable.
    nodes : list of (k,) int64
        The nodes of each; one of them is enough.
    """

    network: RoadNetwork
    outside: np.ndarray
    names: list[str]
    nodes: list[np.ndarray]

    def reached(self, tail: np.ndarray, head: np.ndarray) -> np.ndarray:
        """Return which of the places can be reached from the roads outside by these arcs (k,) of roads.

        Those outside are the strong component with most nodes outside.
        """
        count = self.network.node_count
        label = components(count, tail, head, strong=True)
        there = label[self.outside]
        if not len(there):
            return np.zeros(len(self.names), dtype=bool)
        largest = int(np.argmax(np.bincount(there)))
        found = found_from(tail, head, count, np.flatnonzero((label == largest) & self.outside))
        return np.array([bool(found[own].any()) for own in self.nodes], dtype=bool)
