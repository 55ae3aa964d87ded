"""Published instances: generalised assignment (OR-Library) and single-source facility location (Holmberg)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.mip import highs

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "allocation"
pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="the instances of ../shared/data/allocation are not here"),
    pytest.mark.skipif(not highs.usable(), reason="no highspy: CBC takes too long here"),
]


def generalised_assignment(name: str) -> tuple[AllocationProblem, float]:
    """Return an instance and its published optimum."""
    numbers = np.array((DATA / "gap" / name).read_text().split(), dtype=float)
    agents, jobs = int(numbers[0]), int(numbers[1])
    size = agents * jobs
    cost = numbers[2 : 2 + size].reshape(agents, jobs).T
    use = numbers[2 + size : 2 + 2 * size].reshape(agents, jobs).T
    capacity = numbers[2 + 2 * size :]
    optima = {
        line.split()[0]: float(line.split()[2]) for line in (DATA / "gap" / "optima.txt").read_text().splitlines()
    }
    problem = AllocationProblem(
        np.ones(jobs, dtype=int), capacity, cost, np.ones((jobs, agents), dtype=bool), consumption=use
    )
    return problem, optima[f"{name}_Min"]


def facility_location(name: str) -> tuple[AllocationProblem, float]:
    """Return an instance and its published optimum."""
    numbers = np.array((DATA / "sscflp" / name).read_text().split(), dtype=float)
    sites, customers = int(numbers[0]), int(numbers[1])
    capacity, opening = numbers[2 : 2 + sites], numbers[2 + sites : 2 + 2 * sites]
    rest = numbers[2 + 2 * sites :]
    demand, cost = rest[:customers], rest[customers:].reshape(customers, sites)
    optimum = float((DATA / "sscflp" / "optima.txt").read_text().split()[int(name[1:]) - 1])
    everything = np.ones((customers, sites), dtype=bool)
    return AllocationProblem(demand.astype(int), capacity, cost, everything, opening=opening), optimum


@pytest.mark.parametrize("name", ["a05100", "a05200", "a10100", "a20200", "c05100"])
def test_generalised_assignment(name: str) -> None:
    problem, optimum = generalised_assignment(name)
    found = solve(problem, control=Control(effort=Effort(2, mip_gap=0.0)))
    load = np.where(found.people > 0, problem.consumption, 0.0).sum(axis=0)
    assert np.all(load <= problem.capacity)
    assert found.people.sum() == len(problem.sizes)
    assert found.objective == pytest.approx(optimum)
    assert found.gap == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", [f"p{k}" for k in range(1, 13)])
def test_facility_location(name: str) -> None:
    problem, optimum = facility_location(name)
    found = solve(problem, control=Control(effort=Effort(2, mip_gap=0.0)))
    assert np.all(found.load <= problem.capacity)
    assert found.people.sum() == problem.sizes.sum()
    assert found.objective == pytest.approx(optimum)
    assert found.gap == pytest.approx(0.0, abs=1e-6)
