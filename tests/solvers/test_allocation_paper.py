"""[E] Tables 1 to 5: the paper's example, as printed and corrected."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.objective import Objective, normalised
from evacuation_planner.plugin.solvers.allocation.problem import FREE, Allocation, AllocationProblem
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.mip import highs

SIZES = np.array([50, 60, 40, 30, 40, 60, 50, 40, 30])  # Table 1: A-P1, A-P2, A-P3, B-P1, ...
PREFERENCE = np.array(  # Table 2
    [[0.8, 0.4], [0.1, 0.5], [0.5, 0.5], [0.85, 0.3], [0.75, 0.1], [0.35, 0.75], [0.95, 0.25], [0.5, 0.5], [0.75, 0.45]]
)
DISTANCE = np.repeat([[3.5, 7.0], [5.5, 5.0], [8.5, 7.0]], 3, axis=0)  # Table 3
CAPACITY = np.array([240.0, 230.0])
SOLVERS = ["CBC", pytest.param("HiGHS", marks=pytest.mark.skipif(not highs.usable(), reason="no highspy"))]


def allocate(
    solver: str, form: int, by: int, weights: tuple[float, float] = (1.0, 1.0), split: bool = False
) -> tuple[Allocation, Objective]:
    objective = Objective(1.0 - PREFERENCE, normalised(DISTANCE, form), SIZES, *weights, by)
    problem = AllocationProblem(SIZES, CAPACITY, objective.cost, np.ones((9, 2), dtype=bool), split)
    return solve(problem, solver=solver, control=Control(effort=Effort(mip_gap=0.0))), objective


@pytest.mark.parametrize("solver", SOLVERS)
def test_table_4_as_printed(solver: str) -> None:
    found, objective = allocate(solver, form=1, by=0)
    assert (found.people[:, 1] > 0).tolist() == [True, True, True, False, False, True, False, False, False]
    assert found.load.tolist() == [190, 210]
    assert objective.parts(found.people) == pytest.approx((3.05, 2.80))
    assert found.objective == pytest.approx(5.85)
    assert found.gap == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_table_5_as_printed(solver: str) -> None:
    found, objective = allocate(solver, form=1, by=0, weights=(0.75, 0.25))
    assert (found.people[:, 1] > 0).tolist() == [False, True, True, False, False, True, False, False, False]
    assert found.load.tolist() == [240, 160]
    assert objective.parts(found.people) == pytest.approx((2.65, 3.5))


@pytest.mark.parametrize("solver", SOLVERS)
def test_corrected_values(solver: str) -> None:
    found, _ = allocate(solver, form=0, by=0, weights=(0.75, 0.25))
    assert found.objective == pytest.approx(3.1125)
    found, _ = allocate(solver, form=0, by=0)
    assert found.objective == pytest.approx(7.15)
    found, objective = allocate(solver, form=0, by=1)
    assert found.objective == pytest.approx(311.0)
    assert objective.parts(found.people) == pytest.approx((169.0, 142.0))


@pytest.mark.parametrize("solver", SOLVERS)
def test_dividing_groups_never_costs_more(solver: str) -> None:
    whole, _ = allocate(solver, form=0, by=1)
    divided, objective = allocate(solver, form=0, by=1, split=FREE)
    assert divided.objective <= whole.objective + 1e-9
    assert divided.people.sum(axis=1).tolist() == SIZES.tolist()
    assert np.all(divided.load <= CAPACITY)
    assert sum(objective.parts(divided.people)) == pytest.approx(divided.objective)


def test_the_same_every_time() -> None:
    """The corrected 1:1 problem by groups has two optima; the choice between them never changes."""
    first = allocate("CBC", form=0, by=0)[0].people
    for _ in range(3):
        assert np.array_equal(allocate("CBC", form=0, by=0)[0].people, first)


def test_equal_distances_count_nothing() -> None:
    assert normalised(np.full((2, 3), 4.0)).tolist() == [[0.0] * 3] * 2
    unreachable = normalised(np.array([[1.0, np.inf], [3.0, 2.0]]))
    assert unreachable.tolist() == [[0.0, 0.0], [1.0, 0.5]]
