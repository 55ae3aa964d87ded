"""Small joint problems with everything that makes trouble, and all their plans."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from evacuation_planner.plugin.solvers.joint.kinds import BY_VEHICLE, CLEARANCE, FREE, HAZARD, WHOLE
from evacuation_planner.plugin.solvers.joint.problem import Destinations, JointProblem, Vehicles, joint_problem
from evacuation_planner.plugin.solvers.routing.clearance import Inside
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, QueueRoads, microseconds, roads_of
from evacuation_planner.plugin.solvers.routing.queue.simulation import QueueRun, plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.choices import LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost


class Option(NamedTuple):
    """A destination, -1 for none, and the arcs of a way there."""

    destination: int
    arcs: tuple[int, ...]


def random_problem(
    seed: int, vehicles: int = 4, junctions: int = 5, arcs: int = 9, places: int = 2, groups: int = 0
) -> JointProblem:
    """Return a problem with merges, tiny rooms, forbidden pairs, dislikes, doors, a hazard, empty and late vehicles."""
    rng = np.random.default_rng(seed)
    tail = rng.integers(0, junctions, arcs)
    head = (tail + rng.integers(1, junctions, arcs)) % junctions
    time, capacity = rng.choice([0.5, 1.0, 2.0, 5.0, 10.0], arcs), rng.choice([360.0, 900.0, 900.0, 1800.0], arcs)
    node = junctions + np.arange(places)
    doors = rng.integers(0, junctions, places + 1)  # one place has two of them
    tail, head = np.r_[tail, doors], np.r_[head, node, node[:1]]
    count = len(tail)
    others = None
    if rng.random() < 0.3:
        row = np.where(rng.random(count) < 0.5, np.arange(count), -1).astype(np.int32)
        others = np.array([0.0, 8.0, 20.0]), row, rng.choice([0.0, 1.0, 2.0], (count, 3))
    free = np.r_[time, np.full(places + 1, 1e-3)]
    cost = (
        road_cost(LINEAR, free, np.ones(count), 0.0, 4.0, others)
        if others
        else road_cost(LINEAR, free, np.ones(count), a=0.0)
    )
    groups = groups or int(rng.integers(1, vehicles + 1))
    people = rng.choice([0.0, 1.0, 1.0, 2.0, 3.0], vehicles)
    group = rng.integers(0, groups, vehicles)
    room = np.where(rng.random(places) < 0.2, np.inf, np.ceil(people.sum() * rng.choice([0.2, 0.5, 0.8, 1.5], places)))
    dislike = rng.choice([0.0, 0.0, 0.3, 1.0], (groups, places)) if rng.random() < 0.6 else np.zeros((groups, places))
    hazard = None
    if rng.random() < 0.7:
        inside = rng.random(count) < 0.5
        begin, end = np.sort(rng.choice([0.0, 0.25, 0.5, 1.0], (2, int(inside.sum()))), axis=0)
        home = rng.random(vehicles) < 0.5
        hazard = Inside(
            np.r_[0, np.cumsum(inside)].astype(np.int64), begin, end, home, np.zeros(vehicles, dtype=bool), 0
        )
    return joint_problem(
        Arcs(
            junctions + places, tail, head, cost, np.full(count, 10.0), None,
            np.r_[capacity, np.full(places + 1, np.inf)],
            np.r_[rng.choice([1.0, 1.0, 2.0, 9.0], arcs), np.zeros(places + 1)],
        ),
        Vehicles(
            rng.integers(0, junctions, vehicles), np.sort(rng.choice([0.0, 0.0, 3.0, 9.0], vehicles)), people, group
        ),
        Destinations(node, room),
        dislike,
        rng.random((groups, places)) < 0.85,
        hazard=hazard,
    )  # fmt: skip


def options(problem: JointProblem, vehicle: int) -> list[Option]:
    """Return every simple way of a vehicle to every destination that it may go to, and to stay."""
    network = problem.network
    ends = {int(node): k for k, node in enumerate(problem.node) if problem.allowed[problem.group[vehicle], k]}
    found = [Option(-1, ())]
    stack = [(int(network.source[vehicle]), (), frozenset({int(network.source[vehicle])}))]
    while stack:
        node, way, seen = stack.pop()
        if node in ends:
            found.append(Option(ends[node], way))
        for arc in np.flatnonzero(network.tail == node).tolist():
            to = int(network.head[arc])
            if to not in seen:
                stack.append((to, (*way, arc), seen | {to}))
    return found


def all_plans(problem: JointProblem, unit: int, split: int) -> Iterator[tuple[Option, ...]]:
    """Yield every plan that keeps the rooms; ``unit`` BY_GROUP with WHOLE: all of a group, or none, go to one place.

    Vehicles that can go nowhere do not count.
    """
    choices = [options(problem, vehicle) for vehicle in range(problem.vehicles)]
    whole = unit != BY_VEHICLE and split != FREE
    for plan in itertools.product(*choices):
        where = np.array([option.destination for option in plan])
        if (problem.load(where) > problem.room + 1e-9).any():
            continue
        if whole:
            able = np.array([len(some) > 1 for some in choices]) & (problem.people > 0)
            if any(len(set(where[able & (problem.group == g)].tolist())) > 1 for g in range(problem.groups)):
                continue
        yield plan


def run_of(problem: JointProblem, roads: QueueRoads, plan: tuple[Option, ...]) -> tuple[np.ndarray, QueueRun]:
    """Return the vehicles that go, and their exact run."""
    goes = np.array([k for k, option in enumerate(plan) if option.destination >= 0], dtype=np.int64)
    ways = [plan[k].arcs for k in goes]
    indptr = np.r_[0, np.cumsum([len(way) for way in ways])].astype(np.int64)
    arcs = np.array([arc for way in ways for arc in way], dtype=np.int32)
    departure = microseconds(problem.network.departure[goes])
    return goes, simulate_queues(roads, plan_of(roads, departure, distinct(indptr, arcs)))


def value_of(problem: JointProblem, plan: tuple[Option, ...], aim: int, seconds: float, roads: QueueRoads) -> float:
    """Return the number of the aim by the definition, vehicle by vehicle."""
    goes, run = run_of(problem, roads, plan)
    arrival = run.arrival() / SECOND
    if aim == CLEARANCE:
        return float(arrival.max(initial=0.0))
    total = 0.0
    for row, vehicle in enumerate(goes.tolist()):
        people = problem.people[vehicle]
        if aim != HAZARD:
            dislike = problem.dissatisfaction[problem.group[vehicle], plan[vehicle].destination]
            total += people * (arrival[row] - problem.network.departure[vehicle] + seconds * dislike)
            continue
        inside = problem.hazard
        moves = run.moment[run.plan.move[row] : run.plan.move[row + 1]] / SECOND
        stay = (moves[0] if len(moves) else problem.network.departure[vehicle]) if inside.home[vehicle] else 0.0
        first = run.plan.first[row]
        for hop in range(int(run.plan.hops[row])):
            arc = run.plan.arc[first + hop]
            for k in range(inside.indptr[arc], inside.indptr[arc + 1]):
                stay += (inside.end[k] - inside.begin[k]) * (moves[hop + 1] - moves[hop])
        total += people * stay
    return total


def best_of(
    problem: JointProblem, unit: int, split: int, aim: int, seconds: float, at_least: float
) -> tuple[float, float]:
    """Return the most people that any plan places, and the least value of those that place ``at_least`` people."""
    roads = roads_of(problem.network)
    most, least = 0.0, np.inf
    for plan in all_plans(problem, unit, split):
        placed = sum(problem.people[k] for k, option in enumerate(plan) if option.destination >= 0)
        most = max(most, placed)
        if placed >= at_least - 1e-9:
            least = min(least, value_of(problem, plan, aim, seconds, roads))
    return most, least


__all__ = ["WHOLE", "all_plans", "best_of", "options", "random_problem", "run_of", "value_of"]
