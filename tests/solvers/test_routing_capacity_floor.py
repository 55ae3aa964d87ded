"""How long the vehicles of a plan need at capacity, by hand and against letting them pass one by one."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.routing.capacity_floor import capacity_floor, claims_too_little
from evacuation_planner.plugin.solvers.routing.shared.choices import GREEDY, INDIVIDUAL, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.solvers.routing_oracle import random_case


def chain(departures, capacity):
    cost = road_cost(LINEAR, np.array([10.0, 20.0]), a=0.0)
    ends = len(departures)
    problem = routing_problem(Arcs(3, [0, 1], [1, 2], cost), TripTable([0] * ends, [2] * ends, departures))
    return solve(problem, method=INDIVIDUAL), np.array(capacity)


@pytest.mark.parametrize(
    ("departures", "capacity", "arc", "seconds"),
    [
        ([0.0] * 5, [360.0, np.inf], 0, 10 + 4 * 10 + 20),  # 10 s apart from 10 s on, then 20 s more
        ([0.0, 0.0, 0.0, 100.0], [360.0, np.inf], 0, 100 + 30),  # the last one comes when the others are through
        ([0.0, 90.0, 90.0, 90.0], [360.0, np.inf], 0, 100 + 2 * 10 + 20),
        ([0.0] * 5, [360.0, 180.0], 1, 30 + 4 * 20),
        ([0.0] * 5, [np.inf, np.inf], None, None),
    ],
)
def test_worked_out_by_hand(departures, capacity, arc, seconds):
    result, capacity = chain(departures, capacity)
    floor = capacity_floor(result, capacity)
    if arc is None:
        assert floor is None
        return
    assert (floor.arc, floor.seconds, floor.vehicles) == (arc, seconds, len(departures))
    claimed = max(departures) + 30
    assert claims_too_little(result, capacity_floor(result, capacity)) == (seconds > claimed + 1)


def test_against_letting_them_pass_one_by_one():
    for seed in range(30):
        result = solve(random_case(seed, trips=8).problem, method=GREEDY)
        capacity = np.random.default_rng(seed).uniform(200, 2000, result.problem.arcs)
        free, worst = result.problem.cost.free_flow, 0.0
        routes = [result.routes.of(k).tolist() for k in range(result.problem.trips)]
        for arc in range(result.problem.arcs):
            users = [(k, route.index(arc)) for k, route in enumerate(routes) if arc in route]
            if not users:
                continue
            out = -np.inf
            for ready in sorted(result.problem.departure[k] + free[routes[k][: i + 1]].sum() for k, i in users):
                out = max(ready, out + 3600 / capacity[arc])
            worst = max(worst, out + min(free[routes[k][i + 1 :]].sum() for k, i in users))
        assert capacity_floor(result, capacity).seconds == pytest.approx(worst, rel=1e-9)
