"""The roads by which vehicles enter their destinations, and when each vehicle can be there at the earliest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...control import Control
from ...graph.reverse_tree import grow_tree
from ...graph.stars import ReverseStar, arcs_at
from .network import QueueRoads


class Journeys(NamedTuple):
    """Who wants to go where.

    Attributes
    ----------
    nodes : int
        Number of nodes n.
    tail, head : (m,) int32
        Nodes that each arc leaves and enters.
    source, destination : (t,) int32
        Nodes of each trip.
    departure : (t,) int64
        Microseconds from t = 0.
    """

    nodes: int
    tail: np.ndarray
    head: np.ndarray
    source: np.ndarray
    destination: np.ndarray
    departure: np.ndarray


class FreeTrees:
    """Least times on empty roads to a node, from all others, without some roads if asked."""

    def __init__(self, roads: QueueRoads, journeys: Journeys) -> None:
        self.star = ReverseStar(journeys.nodes, journeys.tail, journeys.head)
        self.travel = roads.travel.astype(np.float64)

    def grown(self, root: int, without: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return microseconds (n,) float64, inf where there is no way, and the next arc (n,) int32 of the tree.

        Whole microseconds stay exact as float64.
        """
        cost = self.travel
        if without is not None:
            cost = cost.copy()
            cost[without] = np.inf
        star, nodes = self.star, self.star.nodes
        time, toward = np.empty(nodes), np.empty(nodes, dtype=np.int32)
        grow_tree(star.indptr, star.arc, star.tail, cost[star.arc], root, time, toward)
        return time, toward


@dataclass(frozen=True)
class Doors:
    """The last roads of one destination.

    Attributes
    ----------
    node : int
        The destination.
    trips : (k,) int64
        The trips that go there and must pass one of the roads; who starts at a door and who has no way is left out.
    all_roads : (a,) int64
        All roads whose head reaches the destination by connectors alone.
    roads : (e,) int64
        Those that some trip can pass as the first of them. Every one of the trips leaves one of these.
    ready : (k, e) float64
        Microseconds: when each trip can have driven each of ``roads`` at the earliest, passing no other of them;
        infinite where it cannot.
    """

    node: int
    trips: np.ndarray
    all_roads: np.ndarray
    roads: np.ndarray
    ready: np.ndarray

    @property
    def first_ready(self) -> np.ndarray:
        """Return when each trip (k,) can leave one of the roads at the earliest, int64 microseconds."""
        return self.ready.min(axis=1, initial=np.inf).astype(np.int64)


def all_doors(roads: QueueRoads, journeys: Journeys, control: Control | None = None) -> list[Doors]:
    """Return the doors of every destination, ascending by node.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    trees = FreeTrees(roads, journeys)
    indptr, entering = arcs_at(journeys.head, journeys.nodes)
    found = []
    destinations = np.unique(journeys.destination)
    for k, node in enumerate(destinations.tolist()):
        control.stop_if_cancelled()
        control.progress(k / len(destinations), "")
        there, last = _last_roads(roads, journeys, node, indptr, entering)
        trips = np.flatnonzero(journeys.destination == node)
        trips = trips[~there[journeys.source[trips]]]
        ready = np.empty((len(trips), len(last)))
        place, place_of = np.unique(journeys.source[trips], return_inverse=True)
        for column, road in enumerate(last.tolist()):
            time, _ = trees.grown(int(journeys.tail[road]), without=last)
            ready[:, column] = journeys.departure[trips] + (time[place] + roads.travel[road])[place_of.ravel()]
        passed = np.isfinite(ready)
        used, routed = passed.any(axis=0), passed.any(axis=1)
        found.append(Doors(node, trips[routed], last, last[used], ready[routed][:, used]))
    return found


def _last_roads(
    roads: QueueRoads, journeys: Journeys, node: int, indptr: np.ndarray, entering: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return which nodes (n,) reach ``node`` by connectors alone, and the roads that enter one of them."""
    there = np.zeros(journeys.nodes, dtype=bool)
    there[node] = True
    stack, last = [node], []
    while stack:
        at = stack.pop()
        for arc in entering[indptr[at] : indptr[at + 1]].tolist():
            tail = int(journeys.tail[arc])
            if roads.is_road[arc]:
                last.append(arc)
            elif not there[tail]:
                there[tail] = True
                stack.append(tail)
    return there, np.array(sorted(last), dtype=np.int64)
