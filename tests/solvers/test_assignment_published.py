"""User equilibrium of Sioux Falls and Anaheim against the best known objectives."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.routing.cumulative.cost import ArcCost
from evacuation_planner.plugin.solvers.routing.cumulative.problem import AssignmentProblem
from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve
from tests.solvers import tntp

pytestmark = pytest.mark.skipif(
    not tntp.DATA.is_dir(), reason="the instances of ../shared/data/traffic_assignment are not here"
)


@pytest.mark.parametrize("name", ["SiouxFalls", "Anaheim"])
def test_user_equilibrium_objective(name: str) -> None:
    case = tntp.read(name)
    cost = ArcCost.bpr(case.free_flow, case.capacity, case.b, case.power)
    problem = AssignmentProblem(
        case.tail, case.head, cost, case.source, case.destination, demand=case.demand, nodes=case.nodes
    )
    result = solve(problem, objective="user", integer=False, target_gap=1e-3)
    best = tntp.BEST_KNOWN[name]
    assert result.value == pytest.approx(best, rel=1e-5)
    assert result.lower_bound <= best * (1 + 1e-9)
    assert result.gap <= 1e-3
    balance = np.zeros(case.nodes)
    np.add.at(balance, case.tail, result.flow)
    np.add.at(balance, case.head, -result.flow)
    np.add.at(balance, case.source, -case.demand)
    np.add.at(balance, case.destination, case.demand)
    assert np.abs(balance).max() < 1e-6 * case.demand.sum()
