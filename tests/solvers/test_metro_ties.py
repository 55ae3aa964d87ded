"""Of equally good allocations of metro resources every solver gives the same one, and the log says so."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.metro import exact, subsets
from evacuation_planner.plugin.solvers.metro.problem import MetroProblem
from evacuation_planner.plugin.solvers.mip.equal_plans import MAY_DIFFER, SETTLED
from tests.solvers.metro_cases import exhaustive, make_problem
from tests.solvers.test_shelters_ties import by_both


def equal_costs(seed: int) -> MetroProblem:
    """Two unit costs and whole minutes, some late: many allocations cost the same."""
    rng = np.random.default_rng(seed)
    stocks, costs, demand = rng.integers(0, 6, (4, 2)), rng.integers(1, 3, (4, 2)) * 10, rng.integers(0, 7, (2, 2))
    return make_problem(stocks, costs, demand, rng.integers(2, 9, (4, 2)) * 5.0)


@pytest.mark.parametrize("seed", [4, 7, 8, 18])
def test_equal_allocations_are_settled(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, said = equal_costs(seed), []
    one, other = by_both(monkeypatch, lambda: exact.solve_exact(problem, control=Control(log=said.append)))
    assert one.units.tolist() == other.units.tolist()
    missing, _, fitness, ways = exhaustive(problem)
    assert (problem.demand.sum() - one.units.sum(), ways > 1) == (missing, True)
    assert one.fitness.total == pytest.approx(fitness)
    assert said.count(SETTLED) == 2 and MAY_DIFFER not in said
    choices = by_both(monkeypatch, lambda: subsets.program_choices(problem, control=Control(log=said.append)))
    assert [c.stations for c in choices[0]] == [c.stations for c in choices[1]]
    assert said.count(SETTLED) == 4 and MAY_DIFFER not in said


def test_without_the_second_proof_the_first_allocation_stays_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem, said = equal_costs(4), []
    for module in (exact, subsets):
        monkeypatch.setattr(module, "settle", lambda *arguments, **options: False)
    assert exact.solve_exact(problem, control=Control(log=said.append)).fitness.total == pytest.approx(
        exhaustive(problem)[2]
    )
    subsets.program_choices(problem, control=Control(log=said.append))
    assert said.count(MAY_DIFFER) == 2 and SETTLED not in said
