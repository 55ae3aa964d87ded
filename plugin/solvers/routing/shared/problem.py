"""The routing problem as plain arrays ([E] Definitions 5 to 8): roads, trips, flow model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ... import modes
from ...errors import SolverError
from ...graph.stars import ForwardStar
from .closings import Closings
from .volume_delay import RoadCost

CAR, BUS = 2, 5  # room that vehicles take, in halves of a car's: a bus takes 2.5 places
SIZES = {modes.CAR: CAR, modes.FOOT: CAR, modes.BUS: BUS}  # of the unit that each mode moves, on its own network


class NodeSets(NamedTuple):
    """Nodes of each origin's area.

    Attributes
    ----------
    start : (g + 1,) int64
        Those of area g are ``node[start[g]:start[g + 1]]``.
    node : (k,) int64
    """

    start: np.ndarray
    node: np.ndarray

    @classmethod
    def none(cls, areas: int) -> NodeSets:
        """Return areas without nodes."""
        return cls(np.zeros(areas + 1, dtype=np.int64), np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class RoutingProblem:
    """A road network with costs, and one trip a vehicle.

    Attributes
    ----------
    nodes : int
        Number of nodes n.
    tail, head : (m,) int32
        Nodes that each directed arc leaves and enters.
    cost : RoadCost
        Volume-delay function, free-flow times in seconds, background flow.
    source, destination : (t,) int32
        Nodes of each trip.
    departure : (t,) float64
        Seconds from t = 0, not falling: the trip index breaks ties, so it follows the departures.
    people : (t,) float64
        People in each vehicle.
    size : (t,) int64
        Room that each vehicle takes and road that it needs (``queue``), in halves of a car's: CAR or BUS.
    length : (m,) float64
        Metres; only for reports.
    limit : (m,) float64
        Vehicles above which an arc counts as over capacity: present at once (``present``) or in the whole period
        (``cumulative``). Infinite where unknown.
    capacity : (m,) float64
        Vehicles per hour that may leave an arc (``queue``); infinite on connectors.
    storage : (m,) float64
        Standing vehicles that fit on an arc (``queue``), not rounded.
    origin : (t,) int64
        Number of the place that each trip comes from; several nodes where its vehicles start at many junctions.
    inside : NodeSets
        Junctions inside the area of each of these places; none where it is a point.
    closings : Closings
        When roads close, and where the hazard is when.
    opposite : (m,) int32
        The arc with which each shares its width (:mod:`.widths`), -1 for none: ``capacity`` and ``storage`` are then
        those of the whole width.
    """

    nodes: int
    tail: np.ndarray
    head: np.ndarray
    cost: RoadCost
    source: np.ndarray
    destination: np.ndarray
    departure: np.ndarray
    people: np.ndarray
    length: np.ndarray
    limit: np.ndarray
    capacity: np.ndarray
    storage: np.ndarray
    origin: np.ndarray
    inside: NodeSets
    closings: Closings
    size: np.ndarray
    opposite: np.ndarray

    @property
    def shares_widths(self) -> bool:
        """Whether any two arcs share a width."""
        return bool((self.opposite >= 0).any())

    @property
    def arcs(self) -> int:
        """Number of directed arcs m."""
        return len(self.tail)

    @property
    def trips(self) -> int:
        """Number of trips t."""
        return len(self.source)

    def star(self) -> ForwardStar:
        """Return the arcs by the node they leave."""
        return ForwardStar.of(self.nodes, self.tail, self.head)

    def only(self, trips: np.ndarray) -> RoutingProblem:
        """Return the problem with only the ``trips`` (indices, in order)."""
        return replace(
            self,
            source=self.source[trips],
            destination=self.destination[trips],
            departure=self.departure[trips],
            people=self.people[trips],
            origin=self.origin[trips],
            size=self.size[trips],
        )

    def bound_for(self, destination: np.ndarray) -> RoutingProblem:
        """Return the same with the trips going to the nodes ``destination`` (t,)."""
        return replace(self, destination=np.ascontiguousarray(destination, dtype=np.int32))


class Arcs(NamedTuple):
    """The roads of a problem; attributes as in :class:`RoutingProblem`, of any number type."""

    nodes: int
    tail: ArrayLike
    head: ArrayLike
    cost: RoadCost
    length: ArrayLike | None = None
    limit: ArrayLike | None = None
    capacity: ArrayLike | None = None
    storage: ArrayLike | None = None
    closings: Closings | None = None
    opposite: ArrayLike | None = None


class TripTable(NamedTuple):
    """The trips of a problem; attributes as in :class:`RoutingProblem`, of any number type.

    Without ``origin`` trips come from the same place that start at the same node; without ``size`` all are cars.
    """

    source: ArrayLike
    destination: ArrayLike
    departure: ArrayLike
    people: ArrayLike | None = None
    origin: ArrayLike | None = None
    inside: NodeSets | None = None
    size: ArrayLike | None = None


def routing_problem(arcs: Arcs, trips: TripTable) -> RoutingProblem:
    """Return a checked problem with arrays of the types that the kernels expect.

    By default there is one person in each vehicle, arcs are 0 m long, none is ever over capacity, and none has a
    capacity, so that all are connectors to ``queue``.

    Raises
    ------
    SolverError
        When shapes differ, a node does not exist, or departures are not numbers in ascending order.
    """
    nodes, cost = arcs.nodes, arcs.cost
    tail, head = (np.ascontiguousarray(a, dtype=np.int32) for a in (arcs.tail, arcs.head))
    source, destination = (np.ascontiguousarray(a, dtype=np.int32) for a in (trips.source, trips.destination))
    departure = np.ascontiguousarray(trips.departure, dtype=np.float64)
    people = _numbers(trips.people, len(source), 1.0)
    length, limit = _numbers(arcs.length, len(tail), 0.0), _numbers(arcs.limit, len(tail), np.inf)
    capacity, standing = _numbers(arcs.capacity, len(tail), np.inf), _numbers(arcs.storage, len(tail), 1.0)
    opposite = np.full(len(tail), -1) if arcs.opposite is None else np.asarray(arcs.opposite)
    shapes = {len(each) for each in (tail, head, cost.free_flow, length, limit, capacity, standing, opposite)}
    if len(shapes) != 1:
        raise SolverError(f"The arrays of the roads differ in length: {sorted(shapes)}.")
    if trips.origin is None:
        origin = np.unique(source, return_inverse=True)[1].ravel().astype(np.int64)
    else:
        origin = np.ascontiguousarray(trips.origin, dtype=np.int64)
    size = np.full(len(source), CAR) if trips.size is None else np.ascontiguousarray(trips.size, dtype=np.int64)
    inside = trips.inside or NodeSets.none(int(origin.max(initial=-1)) + 1)
    if len({len(source), len(destination), len(departure), len(people), len(origin), len(size)}) != 1:
        raise SolverError("The arrays of the trips differ in length.")
    for name, array in (("tail", tail), ("head", head), ("source", source), ("destination", destination)):
        if len(array) and (array.min() < 0 or array.max() >= nodes):
            raise SolverError(f"A {name} names node {array.min()} or {array.max()} of {nodes} nodes.")
    if not np.isfinite(departure).all():
        raise SolverError("A trip has no departure time.")
    if (np.diff(departure) < 0).any():
        raise SolverError("Trips must be sorted by departure.")
    return RoutingProblem(
        nodes, tail, head, cost, source, destination, departure, people, length, limit, capacity, standing, origin,
        inside, arcs.closings or Closings.none(nodes), size, np.ascontiguousarray(opposite, dtype=np.int32),
    )  # fmt: skip


def _numbers(values: ArrayLike | None, count: int, otherwise: float) -> np.ndarray:
    """Return ``values`` as float64, without any ``otherwise`` (count,) times."""
    if values is None:
        return np.full(count, otherwise)
    return np.ascontiguousarray(values, dtype=np.float64)
