"""Cases and plans that our evaluator and the independent simulators judge alike: plain arrays.

A case is a network with capacities and one trip a vehicle; a plan gives each vehicle its route, arc by arc. A vehicle
whose route is empty starts at its destination and arrives when it departs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks import cases
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import NORMAL, QUICK, THOROUGH, Effort
from evacuation_planner.plugin.solvers.routing.queue.network import standing_room
from evacuation_planner.plugin.solvers.routing.shared import volume_delay
from evacuation_planner.plugin.solvers.routing.shared.choices import (
    DENSITY,
    INFORMED,
    LINEAR,
    PRESENT,
    QUEUE,
    SYSTEM_OPTIMAL,
)
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct
from evacuation_planner.plugin.solvers.routing.solve import solve

SAMPLE_CAPACITIES = ("900", "1800", "class")
DISTRICTS = ("TG", "OL")
VEHICLE_SPACE = 7.5  # m
DISTRICT_CAPACITY, DISTRICT_SPEED = 900.0, 60.0  # vehicles/h and direction, km/h; one lane
KEPT_PLANS = Path(__file__).resolve().parent / "plans"
SLACK, LEAST_HORIZON = 3600.0, 5 * 3600.0  # simulated seconds
FEW = 3  # ways of a pair, what `routeevacuation` does by default
NO_PIECE = -9999  # what scipy writes where there is no predecessor


class Look(NamedTuple):
    """What SUMO guesses the right of way at junctions from: a class (m,), higher goes first; vertices of each piece."""

    priority: np.ndarray
    shapes: Sequence[np.ndarray]


@dataclass(frozen=True)
class Case:
    """A network and the trips on it.

    Attributes
    ----------
    name : str
        What the case is called in tables and in the file of kept figures.
    xy : (n, 2) float64
        Positions of the nodes, m.
    tail, head : (m,) int64
        Nodes that each directed piece leaves and enters.
    free_flow, length, lanes, capacity, room : (m,)
        Seconds, m, lanes of the direction, vehicles/h, vehicles that find room.
    source, destination : (t,) int64
        Nodes of each trip.
    departure : (t,) float64
        Seconds, ascending.
    look : Look, optional
        Without it all pieces are straight and of one class.
    """

    name: str
    xy: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    free_flow: np.ndarray
    length: np.ndarray
    lanes: np.ndarray
    capacity: np.ndarray
    room: np.ndarray
    source: np.ndarray
    destination: np.ndarray
    departure: np.ndarray
    look: Look | None = None


@dataclass(frozen=True)
class Plan:
    """Routes of all trips of a case: trip k drives ``arcs[indptr[k]:indptr[k + 1]]``."""

    name: str
    indptr: np.ndarray
    arcs: np.ndarray

    def digest(self) -> str:
        """Return a short name of these very routes, by which kept figures find them again."""
        both = self.indptr.astype("<i8").tobytes() + self.arcs.astype("<i8").tobytes()
        return hashlib.sha256(both).hexdigest()[:16]


@dataclass(frozen=True)
class Outcome:
    """What came of a plan in a simulator.

    Attributes
    ----------
    total_time : float
        Vehicle-hours of those who arrived, from departure to arrival, the wait at the origin included.
    last_95, last : float
        Minutes after which 95 % of all vehicles, and the last that arrives, have arrived.
    arrived, vehicles : int
    """

    total_time: float
    last_95: float
    last: float
    arrived: int
    vehicles: int

    @staticmethod
    def of(departure: np.ndarray, arrival: np.ndarray) -> Outcome:
        """Return the figures of departures and arrivals (t,) in seconds; not a number for those who never arrive."""
        there = np.isfinite(arrival)
        moments = np.sort(np.where(there, arrival, np.inf))
        return Outcome(
            float((arrival - departure)[there].sum() / 3600.0),
            float(moments[int(np.ceil(0.95 * len(moments))) - 1] / 60.0),
            float(arrival[there].max() / 60.0),
            int(there.sum()),
            len(departure),
        )


def room(lanes: np.ndarray, length: np.ndarray, capacity: np.ndarray, free_flow: np.ndarray) -> np.ndarray:
    """Return how many vehicles (m,) a piece holds: standing in its lanes, at least what drives on it at capacity."""
    standing = np.floor(lanes * length / VEHICLE_SPACE)
    return np.maximum(np.maximum(standing, np.ceil(capacity * free_flow / 3600.0)), 1.0).astype(np.int64)


def sample_file() -> Path:
    """Return the file with the arrays of the sample city."""
    return cases.SHARED / "cases" / "sample_city.npz"


def sample_city(lane_capacity: str) -> Case:
    """Return the sample city with lanes of ``lane_capacity`` vehicles/h: a number, or ``class`` for those by class."""
    given = np.load(sample_file())
    of_a_lane = given["lane_capacity"].astype(np.float64) if lane_capacity == "class" else float(lane_capacity)
    lanes, length, free_flow = given["lanes"], given["length"], given["free_flow"]
    capacity = lanes * of_a_lane
    return Case(
        f"sample, {lane_capacity}", given["node_xy"].astype(np.float64), given["tail"].astype(np.int64),
        given["head"].astype(np.int64), free_flow, length, lanes, capacity, room(lanes, length, capacity, free_flow),
        given["source"].astype(np.int64), given["destination"].astype(np.int64), given["departure"],
    )  # fmt: skip


def district(name: str, draw: int = 0) -> Case:
    """Return a district of ``TG`` or ``OL`` whose roads have one lane a direction."""
    roads = cases.network(name)
    trips = cases.shared_cases().district(roads, draw)
    one = np.ones(len(roads.tail))
    capacity, length = DISTRICT_CAPACITY * one, roads.free_flow * DISTRICT_SPEED / 3.6
    return Case(
        f"{name} district({draw})", roads.xy, roads.tail.astype(np.int64), roads.head.astype(np.int64),
        roads.free_flow, length, one, capacity, room(one, length, capacity, roads.free_flow),
        trips.source.astype(np.int64), trips.destination.astype(np.int64), trips.departure,
    )  # fmt: skip


def case_of(name: str) -> Case:
    """Return a case by the name that it has in tables."""
    if name.startswith("sample, "):
        return sample_city(name.split(", ")[1])
    return district(name.split()[0], int(name.split("(")[1].rstrip(")")))


def horizon(case: Case, plan: Plan) -> int:
    """Return simulated seconds after which who has not arrived is taken never to: five hours or what doors need.

    The judges know no way out of a standstill (a ring of full roads that wait for each other), so some plans never end.
    """
    last = plan.arcs[plan.indptr[1:][np.diff(plan.indptr) > 0] - 1]
    through = np.bincount(last, minlength=len(case.tail)) * 3600.0 / case.capacity
    return int(max(1.15 * through.max() + case.departure.max() + SLACK, LEAST_HORIZON))


def plan_of(name: str, routes: list[np.ndarray]) -> Plan:
    """Return the plan of one route a trip."""
    indptr = np.r_[0, np.cumsum([len(route) for route in routes])].astype(np.int64)
    return Plan(name, indptr, np.concatenate([*routes, np.empty(0, dtype=np.int64)]).astype(np.int64))


def individual_plan(case: Case) -> Plan:
    """Return everybody's quickest way on empty roads, of parallel pieces the quickest, found by scipy."""
    nodes = len(case.xy)
    order = np.lexsort((case.free_flow, case.head, case.tail))
    pair = case.tail[order] * nodes + case.head[order]
    keep = order[np.r_[True, np.diff(pair) > 0]]
    of_pair = {(int(case.tail[e]), int(case.head[e])): int(e) for e in keep}
    backwards = csr_matrix((case.free_flow[keep], (case.head[keep], case.tail[keep])), (nodes, nodes))
    targets, row = np.unique(case.destination, return_inverse=True)
    toward = dijkstra(backwards, indices=targets, return_predecessors=True)[1]
    known: dict[tuple[int, int], np.ndarray] = {}
    for start, to in sorted(set(zip(case.source.tolist(), row.tolist()))):
        route, node = [], start
        while node != targets[to]:
            beyond = int(toward[to, node])
            if beyond == NO_PIECE:
                raise ValueError(f"{case.name}: no way leads from node {start} to node {targets[to]}.")
            route.append(of_pair[node, beyond])
            node = beyond
        known[start, to] = np.array(route, dtype=np.int64)
    return plan_of("individual", [known[key] for key in zip(case.source.tolist(), row.tolist())])


def present_plan(case: Case) -> Plan:
    """Return the system optimum under ``present`` with the density cost, run to its end; it knows no capacities."""
    storage = volume_delay.storage(case.length, case.lanes)
    cost = volume_delay.road_cost(DENSITY, case.free_flow, storage, volume_delay.LEAST_SPEED_SHARE)
    arcs = Arcs(len(case.xy), case.tail, case.head, cost, length=case.length)
    return _solved(case, "present", arcs, SYSTEM_OPTIMAL, PRESENT, THOROUGH)


def informed_plan(case: Case) -> Plan:
    """Return what drivers with navigation and no plan take under ``queue``."""
    return _solved(case, "informed", _queue_arcs(case), INFORMED, QUEUE, NORMAL)


def queue_plan(case: Case) -> Plan:
    """Return the system optimum under ``queue``, without a limit to the ways; EFFORT 0 on a district, else 1."""
    effort = NORMAL if case.name.startswith("sample") else QUICK
    return _solved(case, "queue", _queue_arcs(case), SYSTEM_OPTIMAL, QUEUE, effort)


def few_ways_plan(case: Case) -> Plan:
    """Return the system optimum under ``queue`` with FEW ways at most from an origin to a destination, EFFORT 1."""
    return _solved(case, "few ways", _queue_arcs(case), SYSTEM_OPTIMAL, QUEUE, NORMAL, FEW)


def _queue_arcs(case: Case) -> Arcs:
    """Return the roads as the queue model takes them."""
    cost = volume_delay.road_cost(LINEAR, case.free_flow, a=0.0)
    standing = standing_room(case.length, case.lanes)
    return Arcs(len(case.xy), case.tail, case.head, cost, length=case.length, capacity=case.capacity, storage=standing)


def _solved(case: Case, name: str, arcs: Arcs, method: int, flow_model: int, effort: int, max_routes: int = 0) -> Plan:
    """Return the plan of one of our methods."""
    problem = routing_problem(arcs, TripTable(case.source, case.destination, case.departure))
    result = solve(
        problem, method=method, flow_model=flow_model, max_routes=max_routes, certify=False,
        control=Control(effort=Effort(effort)),
    )  # fmt: skip
    if len(result.unreachable):
        raise ValueError(f"{case.name}: {len(result.unreachable)} trips have no way.")
    indptr, arcs_driven = result.routes.expanded()
    return Plan(name, indptr, arcs_driven.astype(np.int64))


def kept_plan_file(case: Case, name: str) -> Path:
    """Return where the plan ``name`` of a case is kept; one for all capacities where it knows none."""
    place = case.name.split(",")[0] if name == "present" else case.name
    file = f"{place}_{name}.npz"
    for mark, instead in ((", ", "_"), (" ", "_"), ("(", ""), (")", "")):
        file = file.replace(mark, instead)
    return KEPT_PLANS / file


def keep_plan(case: Case, plan: Plan) -> None:
    """Write a plan: each distinct route once, and the route of every trip."""
    routes = distinct(plan.indptr, plan.arcs)
    file = kept_plan_file(case, plan.name)
    file.parent.mkdir(exist_ok=True)
    kind = np.uint16 if len(case.tail) <= np.iinfo(np.uint16).max else np.uint32
    np.savez_compressed(
        file, arcs=routes.arcs.astype(kind), hops=np.diff(routes.indptr).astype(np.uint16),
        of_trip=routes.of_trip.astype(np.uint16),
    )  # fmt: skip


def kept_plan(case: Case, name: str) -> Plan | None:
    """Return a plan that was kept; None where there is none."""
    file = kept_plan_file(case, name)
    if not file.is_file():
        return None
    with np.load(file) as given:
        routes = np.split(given["arcs"].astype(np.int64), np.cumsum(given["hops"])[:-1])
        return plan_of(name, [routes[k] for k in given["of_trip"]])
