"""Derivatives of the objective against finite differences, and the times against the formulas."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.routing.cumulative.cost import (
    FLOW,
    ArcCost,
    curvature_of,
    marginal_of,
    table_of,
    total_value,
    value_of,
)

STEP = 1e-5


@pytest.mark.parametrize("system", [True, False])
@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0])
@pytest.mark.parametrize("background", [0.0, 2.0])
@pytest.mark.parametrize("flow", [0.7, 3.0])
def test_derivatives(system: bool, power: float, background: float, flow: float) -> None:
    def value(x: float) -> float:
        return value_of(system, 2.0, 0.3, power, background, x)

    def marginal(x: float) -> float:
        return marginal_of(system, 2.0, 0.3, power, background, x)

    slope = (value(flow + STEP) - value(flow - STEP)) / (2 * STEP)
    assert marginal(flow) == pytest.approx(slope, rel=1e-6)
    bend = (marginal(flow + STEP) - marginal(flow - STEP)) / (2 * STEP)
    assert curvature_of(system, 0.3, power, background, flow) == pytest.approx(bend, rel=1e-5, abs=1e-6)


def test_marginal_cost_of_the_linear_function() -> None:
    """Without background t_w (1 + 2 alpha f)."""
    assert marginal_of(True, 10.0, 10.0 * 0.02, 1.0, 0.0, 7.0) == pytest.approx(10.0 * (1 + 2 * 0.02 * 7.0))


def test_times_of_both_functions() -> None:
    free = np.array([10.0, 20.0])
    assert ArcCost.linear(free, 0.02).times(np.array([0.0, 50.0])) == pytest.approx([10.0, 40.0])
    bpr = ArcCost.bpr(free, np.array([100.0, 50.0]))
    assert bpr.times(np.array([100.0, 100.0])) == pytest.approx([11.5, 20.0 * (1 + 0.15 * 16)])


def test_objective_at_zero_flow_is_zero_whatever_the_background() -> None:
    table = table_of(ArcCost.bpr(np.ones(3), np.ones(3)), np.array([0.0, 5.0, 50.0]))
    assert total_value(True, table) == total_value(False, table) == 0.0
    table[:, FLOW] = [2.0, 0.0, 0.0]
    assert total_value(True, table) == pytest.approx(2.0 * (1 + 0.15 * 16))
