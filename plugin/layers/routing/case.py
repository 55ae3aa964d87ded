"""Layers as a routing problem: trips joined to the roads, vehicles, volume-delay functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.roads.connectors import meeting_points
from ...solvers.roads.network import RoadNetwork
from ...solvers.routing.result import RoutingResult
from ...solvers.routing.shared.problem import CUMULATIVE, RoutingProblem, routing_problem
from ...solvers.routing.shared.vehicles import PROFILE_NAMES, fill_vehicles, spread_departures
from ...solvers.routing.shared.volume_delay import (
    BPR,
    DENSITY,
    LEAST_SPEED_SHARE,
    LINEAR,
    RoadCost,
    road_cost,
    storage,
)
from ..moments import Start
from ..roads.joining import Trips, join_places
from ..roads.options import ReadNetwork
from .trips import TripRows, row_times

LEAST_TIME = 1e-3  # s: roads of no length or with absurd speeds still take some time, so that every hop gets nearer
CONNECTOR_TIME = 1e-8  # s: enough to get nearer, too little to be seen in any result
OUTLET = "cannot be reached from the origin: the roads between are not connected, or one-way the other way"


@dataclass(frozen=True)
class Departures:
    """How departures are spread: the window in seconds, its profile, and the seed of the draw."""

    window: float
    profile: int
    seed: int


@dataclass(frozen=True)
class CostChoice:
    """Cost function and its parameters as the user gives them; ``period`` in seconds."""

    kind: int
    alpha: float
    bpr_a: float
    bpr_b: float
    period: float


@dataclass(frozen=True)
class RoutingCase:
    """What is routed, and where it comes from.

    Attributes
    ----------
    read : ReadNetwork
        The roads, with a node for each joined end of a trip.
    rows : TripRows
    start : Start
        Date and time of t = 0.
    row : (v,) int64
        Row of each vehicle of the problem.
    departure, people : (v,) float64
        Of each vehicle, sorted by departure.
    source, destination : (v,) int32
    unjoined : list of (row, reason)
        Rows that could not be joined to the roads.
    """

    read: ReadNetwork
    rows: TripRows
    start: Start
    row: np.ndarray
    departure: np.ndarray
    people: np.ndarray
    source: np.ndarray
    destination: np.ndarray
    unjoined: list[tuple[int, str]]

    def without_route(self, result: RoutingResult) -> np.ndarray:
        """Return the rows that have no route, ascending."""
        lost = {int(k) for k in self.row[result.unreachable]} | {k for k, _ in self.unjoined}
        return np.array(sorted(lost), dtype=np.int64)

    def problem(
        self,
        choice: CostChoice,
        flow_model: int,
        background: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    ) -> RoutingProblem:
        """Return the problem in arrays under a cost function and with a background flow."""
        network = self.read.network
        return routing_problem(
            network.node_count,
            network.tail,
            network.head,
            cost_of(network, choice, background),
            self.source,
            self.destination,
            self.departure,
            self.people,
            network.length,
            limit_of(network, choice.period, flow_model),
        )


def cost_of(
    network: RoadNetwork, choice: CostChoice, background: tuple[np.ndarray, np.ndarray, np.ndarray] | None
) -> RoadCost:
    """Return the volume-delay function of every arc."""
    free_flow = np.where(network.is_road, np.maximum(network.free_flow, LEAST_TIME), CONNECTOR_TIME)
    if choice.kind == LINEAR:
        room = np.where(network.is_road, 1.0, np.inf)
        return road_cost(LINEAR, free_flow, room, a=choice.alpha, background=background)
    if choice.kind == DENSITY:
        room = storage(network.length, network.lanes)
        return road_cost(DENSITY, free_flow, room, LEAST_SPEED_SHARE, background=background)
    room = network.capacity * (choice.period / 3600.0)
    return road_cost(BPR, free_flow, room, choice.bpr_a, choice.bpr_b, background)


def limit_of(network: RoadNetwork, period: float, flow_model: int) -> np.ndarray:
    """Return the vehicles (m,) above which a road is over capacity: its storage, or what passes in the period."""
    if flow_model == CUMULATIVE:
        return network.capacity * (period / 3600.0)
    return storage(network.length, network.lanes)


def routing_case(
    read: ReadNetwork,
    rows: TripRows,
    start: Start,
    departures: Departures,
    max_snap_distance: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> RoutingCase:
    """Join the trips to the roads and make vehicles of them.

    Raises
    ------
    LayerError
        A departure before t = 0.
    """
    at, order = row_times(rows, start, feedback)
    places, where = rows.ends()
    trips = Trips(np.column_stack(where), rows.people.astype(float))
    read, joined = join_places(read, places, max_snap_distance, context, feedback, trips=trips)
    ends = [group.node[place] for group, place in zip(joined, where)]
    node = meeting_points(read.network, *ends)
    unjoined = []
    for k in np.flatnonzero((node[0] < 0) | (node[1] < 0)).tolist():
        end, word = (0, "origin") if node[0][k] < 0 else (1, "destination")
        unjoined.append((k, f"{word}: {joined[end].reasons[where[end][k]]}"))
    usable = np.ones(len(rows), dtype=bool)
    usable[[k for k, _ in unjoined]] = False
    row, people = fill_vehicles(rows.people, rows.occupancy)
    # A place in the window for every vehicle, whether it needs one or not: nobody's changes with another's order.
    place = spread_departures(len(row), departures.window, departures.profile, np.random.default_rng(departures.seed))
    departure = np.where(np.isnan(at[row]), order[row] + place, at[row])
    spread = int((np.isnan(at[row]) & usable[row]).sum())
    if spread:
        feedback.pushInfo(
            f"{spread} vehicles leave {PROFILE_NAMES[departures.profile]} within {departures.window / 60:g} minutes "
            f"(SEED {departures.seed})."
        )
    chosen = np.flatnonzero(usable[row])
    chosen = chosen[np.argsort(departure[chosen], kind="stable")]
    row = row[chosen]
    return RoutingCase(
        read,
        rows,
        start,
        row,
        departure[chosen],
        people[chosen],
        node[0][row].astype(np.int32),
        node[1][row].astype(np.int32),
        unjoined,
    )
