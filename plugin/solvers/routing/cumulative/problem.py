"""The assignment problem as arrays, and its checks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...errors import SolverError
from .cost import ArcCost
from .network import Network


class AssignmentProblem(NamedTuple):
    """Roads with costs, and trips.

    Attributes
    ----------
    tail, head : (m,) int
        Nodes that each directed arc leaves and enters; parallel arcs are welcome.
    cost : ArcCost
        Volume-delay function of every arc; times in seconds.
    source, destination : (t,) int
        Nodes of each trip, one vehicle each.
    background : (m,) float64, optional
        Flow that is there already and stays; its own delay is not part of the objective.
    demand : (t,) float64, optional
        Vehicles of each trip, where the flow may be fractional.
    nodes : int, optional
        By default the largest node number and one.
    """

    tail: np.ndarray
    head: np.ndarray
    cost: ArcCost
    source: np.ndarray
    destination: np.ndarray
    background: np.ndarray | None = None
    demand: np.ndarray | None = None
    nodes: int | None = None


def node_array(values: np.ndarray, name: str, nodes: int) -> np.ndarray:
    """Return node numbers as int32, or raise SolverError when one is not a node."""
    array = np.ascontiguousarray(values, dtype=np.int32)
    if len(array) and (array.min() < 0 or array.max() >= nodes):
        raise SolverError(f"A {name} names node {int(array.min())} or {int(array.max())} of {nodes} nodes.")
    return array


def checked_network(problem: AssignmentProblem) -> tuple[Network, np.ndarray, np.ndarray]:
    """Return the network and the ends of the trips as int32, or raise SolverError."""
    tail, head, source, destination = problem.tail, problem.head, problem.source, problem.destination
    nodes = problem.nodes
    if nodes is None:
        nodes = 1 + max((int(np.max(a)) for a in (tail, head, source, destination) if len(a)), default=-1)
    source, destination = node_array(source, "source", nodes), node_array(destination, "destination", nodes)
    if len(source) != len(destination):
        raise SolverError(f"There are {len(source)} sources and {len(destination)} destinations of trips.")
    tail, head = node_array(tail, "tail of an arc", nodes), node_array(head, "head of an arc", nodes)
    return Network.of(nodes, tail, head), source, destination


def checked_background(background: np.ndarray | None, arcs: int) -> np.ndarray:
    """Return the background flow (m,), zero by default, or raise SolverError."""
    if background is None:
        return np.zeros(arcs)
    background = np.asarray(background, dtype=np.float64)
    if background.shape != (arcs,) or not (np.isfinite(background) & (background >= 0)).all():
        raise SolverError("The background flow must be a finite number of at least 0 on every arc.")
    return background


def checked_weight(demand: np.ndarray | None, trips: int, integer: bool) -> np.ndarray:
    """Return the number of vehicles of each trip (t,), or raise SolverError."""
    if demand is None:
        return np.ones(trips)
    if integer:
        raise SolverError("Whole vehicles go one a trip: leave demand out, or ask for the fractional flow only.")
    weight = np.ascontiguousarray(demand, dtype=np.float64)
    if weight.shape != (trips,) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise SolverError("The demand of every trip must be a finite number of at least 0.")
    return weight
