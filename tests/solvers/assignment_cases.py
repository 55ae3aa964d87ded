"""Small road networks for the assignment, and the checks that any result must pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evacuation_planner.plugin.solvers.routing.cumulative.cost import ArcCost
from evacuation_planner.plugin.solvers.routing.cumulative.problem import AssignmentProblem


@dataclass(frozen=True)
class Case:
    """A network of a few nodes with trips."""

    nodes: int
    tail: np.ndarray
    head: np.ndarray
    cost: ArcCost
    background: np.ndarray
    source: np.ndarray
    destination: np.ndarray

    def problem(self, **given) -> AssignmentProblem:
        """Return what the assignment is asked to solve."""
        given = {"background": self.background, **given}
        return AssignmentProblem(self.tail, self.head, self.cost, self.source, self.destination, **given)


def tiny(seed: int) -> Case:
    """A strongly connected network of 4 or 5 nodes with parallel arcs, up to 4 trips, linear or BPR cost."""
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(4, 6))
    extra = rng.integers(0, nodes, (int(rng.integers(4, 8)), 2))
    extra = extra[extra[:, 0] != extra[:, 1]]
    ring = np.c_[np.arange(nodes), np.roll(np.arange(nodes), -1)]
    arcs = np.r_[ring, extra]
    free = rng.integers(1, 20, len(arcs)).astype(float)
    if seed % 3:
        cost = ArcCost.linear(free, float(rng.choice([0.0, 0.02, 0.5, 2.0])))
    else:
        cost = ArcCost.bpr(free, rng.uniform(0.5, 3.0, len(arcs)), b=float(rng.choice([0.0, 0.5, 1.5, 3.0, 4.0])))
    background = rng.choice([0.0, 0.0, 1.0, 2.5], len(arcs))
    trips = int(rng.integers(1, 5))
    ends = rng.integers(0, nodes, (trips, 2))
    return Case(nodes, arcs[:, 0], arcs[:, 1], cost, background, ends[:, 0], ends[:, 1])


def grid(side: int, trips: int, destinations: int, seed: int, bpr: bool = False) -> Case:
    """A square grid with both directions of every street, random times, and trips to a few places."""
    rng = np.random.default_rng(seed)
    index = np.arange(side * side).reshape(side, side)
    a = np.r_[index[:, :-1].ravel(), index[:-1].ravel()]
    b = np.r_[index[:, 1:].ravel(), index[1:].ravel()]
    free = np.tile(rng.uniform(5.0, 20.0, len(a)), 2)
    cost = ArcCost.bpr(free, rng.uniform(5.0, 30.0, len(free))) if bpr else ArcCost.linear(free, 0.02)
    targets = rng.choice(side * side, destinations, replace=False)
    source = rng.integers(0, side * side, trips)
    destination = targets[rng.integers(0, destinations, trips)]
    return Case(side * side, np.r_[a, b], np.r_[b, a], cost, np.zeros(len(free)), source, destination)


def total_time(case: Case, flow: np.ndarray) -> float:
    """Return the time that the trips of ``flow`` spend, straight from the definition."""
    volume = case.background + flow
    return float((flow * case.cost.free_flow * (1.0 + case.cost.factor * volume**case.cost.power)).sum())


def beckmann(case: Case, flow: np.ndarray) -> float:
    """Return Beckmann's objective by its closed form."""
    cost, power = case.cost, case.cost.power + 1.0
    rise = ((case.background + flow) ** power - case.background**power) / power
    return float((cost.free_flow * (flow + cost.factor * rise)).sum())


def check_routes(case: Case, result) -> None:
    """Every route is a path from its source to its destination, and together they are the flow."""
    flow = np.zeros(len(case.tail), dtype=int)
    lost = set(result.unreachable.tolist())
    start, route_arcs = result.routes.expanded()
    for trip, (source, destination) in enumerate(zip(case.source, case.destination)):
        arcs = route_arcs[start[trip] : start[trip + 1]]
        if trip in lost or source == destination:
            assert len(arcs) == 0
            continue
        nodes = np.r_[case.tail[arcs], destination]
        assert nodes[0] == source
        assert (case.head[arcs] == nodes[1:]).all()
        assert len(set(nodes.tolist())) == len(nodes), "a route passes a place twice"
        np.add.at(flow, arcs, 1)
    assert (flow == result.flow).all()


def all_routes(case: Case, source: int, destination: int) -> list[list[int]]:
    """Return every route without a repeated node."""
    if source == destination:
        return [[]]
    found = []
    stack = [(source, [], {source})]
    while stack:
        node, arcs, seen = stack.pop()
        for arc in np.flatnonzero(case.tail == node):
            head = int(case.head[arc])
            if head == destination:
                found.append([*arcs, int(arc)])
            elif head not in seen:
                stack.append((head, [*arcs, int(arc)], seen | {head}))
    return found


def exhaustive(case: Case) -> float:
    """Return the least total time over all combinations of routes."""
    options = []
    for source, destination in zip(case.source, case.destination):
        rows = np.zeros((0, len(case.tail)))
        for route in all_routes(case, int(source), int(destination)):
            row = np.zeros((1, len(case.tail)))
            np.add.at(row[0], route, 1.0)
            rows = np.r_[rows, row]
        options.append(rows)
    flows = np.zeros((1, len(case.tail)))
    for rows in options:
        flows = np.unique((flows[:, None, :] + rows[None, :, :]).reshape(-1, len(case.tail)), axis=0)
    volume = case.background + flows
    times = flows * case.cost.free_flow * (1.0 + case.cost.factor * volume**case.cost.power)
    return float(times.sum(axis=1).min())
