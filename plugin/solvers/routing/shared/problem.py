"""The routing problem as plain arrays ([E] Definitions 5 to 8): roads, trips, flow model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import SolverError
from ...graph.stars import ForwardStar
from .volume_delay import BPR, DENSITY, RoadCost

PRESENT, CUMULATIVE = 0, 1
FLOW_MODEL_NAMES = ("present", "cumulative")
INDIVIDUAL, GREEDY, REFINED, SYSTEM_OPTIMAL = 0, 1, 2, 3
METHOD_NAMES = ("individual", "greedy", "refined", "system optimal")


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
    length : (m,) float64
        Metres; only for reports.
    limit : (m,) float64
        Vehicles above which an arc counts as over capacity: present at once (``present``) or in the whole period
        (``cumulative``). Infinite where unknown.
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
        return RoutingProblem(
            self.nodes,
            self.tail,
            self.head,
            self.cost,
            self.source[trips],
            self.destination[trips],
            self.departure[trips],
            self.people[trips],
            self.length,
            self.limit,
        )


def routing_problem(
    nodes: int,
    tail: np.ndarray,
    head: np.ndarray,
    cost: RoadCost,
    source: np.ndarray,
    destination: np.ndarray,
    departure: np.ndarray,
    people: np.ndarray | None = None,
    length: np.ndarray | None = None,
    limit: np.ndarray | None = None,
) -> RoutingProblem:
    """Return a checked problem with arrays of the types that the kernels expect; see :class:`RoutingProblem`.

    Raises
    ------
    SolverError
        When shapes differ, a node does not exist, or departures are not numbers in ascending order.
    """
    tail, head = (np.ascontiguousarray(a, dtype=np.int32) for a in (tail, head))
    source, destination = (np.ascontiguousarray(a, dtype=np.int32) for a in (source, destination))
    departure = np.ascontiguousarray(departure, dtype=np.float64)
    people = np.ones(len(source)) if people is None else np.ascontiguousarray(people, dtype=np.float64)
    length = np.zeros(len(tail)) if length is None else np.ascontiguousarray(length, dtype=np.float64)
    limit = np.full(len(tail), np.inf) if limit is None else np.ascontiguousarray(limit, dtype=np.float64)
    shapes = {len(tail), len(head), len(cost.free_flow), len(length), len(limit)}
    if len(shapes) != 1:
        raise SolverError(f"The arrays of the roads differ in length: {sorted(shapes)}.")
    if len({len(source), len(destination), len(departure), len(people)}) != 1:
        raise SolverError("The arrays of the trips differ in length.")
    for name, array in (("tail", tail), ("head", head), ("source", source), ("destination", destination)):
        if len(array) and (array.min() < 0 or array.max() >= nodes):
            raise SolverError(f"A {name} names node {array.min()} or {array.max()} of {nodes} nodes.")
    if not np.isfinite(departure).all():
        raise SolverError("A trip has no departure time.")
    if (np.diff(departure) < 0).any():
        raise SolverError("Trips must be sorted by departure.")
    return RoutingProblem(nodes, tail, head, cost, source, destination, departure, people, length, limit)


def refuse_mismatch(flow_model: int, kind: int) -> None:
    """Raise SolverError for a cost function that does not go with the flow model (spec 5)."""
    if kind == DENSITY and flow_model != PRESENT:
        raise SolverError("COST: density needs FLOW_MODEL present; with cumulative choose BPR or linear.")
    if kind == BPR and flow_model != CUMULATIVE:
        raise SolverError("COST: BPR needs FLOW_MODEL cumulative; with present choose density or linear.")
