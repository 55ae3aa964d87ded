"""A real county: the gap that is promised, against what an independent prototype certified on the same draw."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.graph.reverse_tree import grow_tree
from evacuation_planner.plugin.solvers.routing.cumulative.cost import ArcCost
from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve
from tests.solvers.assignment_cases import Case, check_routes, total_time

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
pytestmark = [
    pytest.mark.skipif(not CASES.is_dir(), reason="the cases of ../shared/cases are not here"),
    pytest.mark.skipif(not hasattr(grow_tree, "py_func"), reason="no numba: a county takes too long here"),
]


def test_county_within_one_percent() -> None:
    spec = importlib.util.spec_from_file_location("routing_cases", CASES / "routing_cases.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["routing_cases"] = module
    spec.loader.exec_module(module)
    net = module.network("TG")
    trips = module.county(net, 0)
    case = Case(
        len(net.xy), net.tail, net.head, ArcCost.linear(net.free_flow, 0.02), np.zeros(len(net.tail)),
        trips.source, trips.destination,
    )  # fmt: skip
    result = solve(case.problem(background=None, nodes=case.nodes), target_gap=1.0)
    known = json.loads((CASES / "prototype.json").read_text())["TG county(0) cumulative alpha=0.02"]
    check_routes(case, result)
    assert result.value == pytest.approx(total_time(case, result.flow))
    assert result.gap <= 1.0
    assert result.value >= known["lower_bound"]
    assert result.lower_bound <= known["fractional_value"]
    assert 100 * (1 - result.value / known["individual"]) > 53.0
