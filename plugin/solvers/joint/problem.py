"""Who leaves, where they may go and by which roads: shelters and streets together, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..errors import SolverError
from ..routing.clearance import Inside
from ..routing.shared.problem import Arcs, NodeSets, RoutingProblem, TripTable, routing_problem
from .kinds import AIM_NAMES as AIM_NAMES
from .kinds import BY_GROUP as BY_GROUP
from .kinds import BY_VEHICLE as BY_VEHICLE
from .kinds import CLEARANCE as CLEARANCE
from .kinds import FREE as FREE
from .kinds import HAZARD as HAZARD
from .kinds import PREFERENCE_SECONDS as PREFERENCE_SECONDS
from .kinds import SPLIT_NAMES as SPLIT_NAMES
from .kinds import TIME as TIME
from .kinds import UNIT_NAMES as UNIT_NAMES
from .kinds import WHERE_NEEDED as WHERE_NEEDED
from .kinds import WHOLE as WHOLE

ROUNDING = 1e-9  # of a number of people


class Vehicles(NamedTuple):
    """The vehicles, in the order of their departures; any number types.

    Attributes
    ----------
    source : (t,) int
        Node where each starts.
    departure : (t,) float
        Seconds from t = 0, not falling: the vehicle's number breaks ties.
    people : (t,) float
        People in each; 0 is allowed.
    group : (t,) int
        Group of each, a row of ``dissatisfaction`` and ``allowed``. With families kept together a group is a zone, else
        a zone and class.
    origin : (t,) int, optional
        Number of the place that each comes from, for the limit on ways from a place to a destination; by default those
        that start at one node come from one place.
    inside : NodeSets, optional
        Junctions inside the area of each of these places.
    size : (t,) int, optional
        Room that each takes, in halves of a car's; by default all are cars.
    """

    source: ArrayLike
    departure: ArrayLike
    people: ArrayLike
    group: ArrayLike
    origin: ArrayLike | None = None
    inside: NodeSets | None = None
    size: ArrayLike | None = None


class Destinations(NamedTuple):
    """Where vehicles may go: shelters and safe exits; any number types.

    Attributes
    ----------
    node : (n,) int
        The node at which a vehicle has arrived: behind several doors a node of its own, with a connector from each
        door.
    room : (n,) float
        Most people; infinite for an exit.
    inside : (n,) float, optional
        Room if its doors let everybody in, at least ``room``; only the reasons depend on it.
    stepwise : (n,) bool, optional
        Whether the step-wise plan may use it (selected shelters; not those standing by). By default all.
    """

    node: ArrayLike
    room: ArrayLike
    inside: ArrayLike | None = None
    stepwise: ArrayLike | None = None


@dataclass(frozen=True)
class JointProblem:
    """A road network, vehicles on it, and the destinations among which a plan chooses.

    Attributes
    ----------
    network : RoutingProblem
        Roads and vehicles; the trips' destinations there play no part (each is its own source).
    group : (t,) int32
        Group of each vehicle.
    node : (n,) int32
        Node of each destination.
    room, inside : (n,) float64
        Most people of each destination, and the same if its doors let everybody in.
    stepwise : (n,) bool
        Destinations that the step-wise plan may use.
    dissatisfaction : (g, n) float64
        In [0, 1]: 1 less the preference.
    allowed : (g, n) bool
        Pairs within the limits of travel time and distance on empty roads. Whether a vehicle finds a way there at all
        is looked at by the solver.
    impedance : (g, n) float64 or None
        Minutes of each pair, by which the step-wise plan chooses; infinite where there is no way. None: the mean time
        on empty roads of the group's vehicles.
    hazard : Inside or None
        Where the hazard is, for the aim of little time in it. Its ``home`` is of the vehicles; ``goal`` and ``staying``
        play no part: who has arrived is safe.
    """

    network: RoutingProblem
    group: np.ndarray
    node: np.ndarray
    room: np.ndarray
    inside: np.ndarray
    stepwise: np.ndarray
    dissatisfaction: np.ndarray
    allowed: np.ndarray
    impedance: np.ndarray | None = None
    hazard: Inside | None = None

    @property
    def vehicles(self) -> int:
        """Number of vehicles t."""
        return self.network.trips

    @property
    def groups(self) -> int:
        """Number of groups g."""
        return len(self.allowed)

    @property
    def destinations(self) -> int:
        """Number of destinations n."""
        return len(self.node)

    @property
    def people(self) -> np.ndarray:
        """People of each vehicle (t,)."""
        return self.network.people

    def only(self, vehicles: np.ndarray) -> JointProblem:
        """Return the problem with only the ``vehicles`` (numbers, in order)."""
        hazard = self.hazard
        if hazard is not None:
            hazard = replace(hazard, home=hazard.home[vehicles], goal=hazard.goal[vehicles])
        return replace(self, network=self.network.only(vehicles), group=self.group[vehicles], hazard=hazard)

    def without_floods(self) -> JointProblem:
        """Return the problem without ways to destinations that the hazard ever reaches."""
        safe = ~(self.network.closings.goal_reached[self.node] < np.inf)
        return self if safe.all() else replace(self, allowed=self.allowed & safe)

    def trips(self, destination: np.ndarray) -> RoutingProblem:
        """Return the routing problem of the vehicles whose ``destination`` (t,) is not below 0, in their order."""
        placed = np.flatnonzero(destination >= 0)
        some = self.network.only(placed)
        return some.bound_for(self.node[destination[placed]])

    def load(self, destination: np.ndarray) -> np.ndarray:
        """Return the people (n,) sent to each destination by ``destination`` (t,), below 0 where to none."""
        placed = destination >= 0
        return np.bincount(destination[placed], weights=self.people[placed], minlength=self.destinations)


def joint_problem(
    arcs: Arcs,
    vehicles: Vehicles,
    destinations: Destinations,
    dissatisfaction: ArrayLike,
    allowed: ArrayLike,
    impedance: ArrayLike | None = None,
    hazard: Inside | None = None,
) -> JointProblem:
    """Return the problem, checked.

    Parameters
    ----------
    arcs : Arcs
        With capacity (infinite on connectors) and standing room, as the queue model reads them.
    dissatisfaction, allowed, impedance : (g, n)
        See :class:`JointProblem`.

    Raises
    ------
    SolverError
        When shapes differ, a number is out of its range or something named does not exist.

    Examples
    --------
    Two vehicles at one place, a shelter with room for one person on a road of 10 s, another on one of 20 s:

    >>> from evacuation_planner.plugin.solvers.routing.shared.volume_delay import LINEAR, road_cost
    >>> cost = road_cost(0, np.array([10.0, 20.0]), np.ones(2), a=0.0)
    >>> arcs = Arcs(3, [0, 0], [1, 2], cost, capacity=[900.0, 900.0], storage=[13.0, 13.0])
    >>> places = Destinations([1, 2], [1.0, 5.0])
    >>> problem = joint_problem(arcs, Vehicles([0, 0], [0.0, 0.0], [1, 1], [0, 0]), places, [[0, 0]], [[True, True]])
    >>> problem.vehicles, problem.groups, problem.destinations
    (2, 1, 2)
    """
    source = np.ascontiguousarray(vehicles.source, dtype=np.int32)
    network = routing_problem(
        arcs,
        TripTable(source, source, vehicles.departure, vehicles.people, vehicles.origin, vehicles.inside, vehicles.size),
    )
    group = np.ascontiguousarray(vehicles.group, dtype=np.int32)
    node, room = np.ascontiguousarray(destinations.node, dtype=np.int32), _floats(destinations.room)
    inside = room if destinations.inside is None else np.maximum(_floats(destinations.inside), room)
    stepwise = np.ones(len(node), dtype=bool)
    if destinations.stepwise is not None:
        stepwise = np.ascontiguousarray(destinations.stepwise, dtype=bool)
    beta, pairs = _floats(dissatisfaction), np.ascontiguousarray(allowed, dtype=bool)
    minutes = None if impedance is None else _floats(impedance)
    if len(group) != network.trips:
        raise SolverError(f"{len(group)} groups are named for {network.trips} vehicles.")
    if not len(node) == len(room) == len(inside) == len(stepwise):
        raise SolverError("The arrays of the destinations differ in length.")
    for name, table in (("dissatisfaction", beta), ("allowed", pairs), ("impedance", minutes)):
        if table is not None and (table.ndim != 2 or table.shape[1] != len(node) or len(table) != len(pairs)):
            raise SolverError(f"{name} has the shape {table.shape}; groups by destinations are needed.")
    for name, array, count in (("group", group, len(pairs)), ("destination", node, network.nodes)):
        if len(array) and (array.min() < 0 or array.max() >= count):
            raise SolverError(f"A {name} is {array.min()} or {array.max()}; there are {count}.")
    if not ((beta >= 0) & (beta <= 1)).all():
        raise SolverError("A preference is outside [0, 1].")
    if not (room >= 0).all() or not (np.isfinite(network.people) & (network.people >= 0)).all():
        raise SolverError("Room and people cannot be negative.")
    if len(np.unique(node)) != len(node):
        raise SolverError("Two destinations have the same node: give each a node of its own behind its doors.")
    if hazard is not None and (len(hazard.indptr) != network.arcs + 1 or len(hazard.home) != network.trips):
        raise SolverError("The hazard is of other roads or vehicles.")
    return JointProblem(network, group, node, room, inside, stepwise, beta, pairs, minutes, hazard)


def _floats(values: ArrayLike) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float64)
