"""The particle swarm: never better than the optimum, repeatable, the paper's parameters, and no trace of its import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evacuation_planner.plugin.solvers import dependencies
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.metro.dispatch import unmet_demands
from evacuation_planner.plugin.solvers.metro.exact import solve_exact
from evacuation_planner.plugin.solvers.metro.optimum import solve_direct
from evacuation_planner.plugin.solvers.metro.swarm import SwarmParameters, solve_swarm
from evacuation_planner.plugin.solvers.metro.swarm_space import Repair, SwarmSpace
from tests.solvers.metro_cases import make_problem, nanjing, random_problem

pytest.importorskip("pyswarms")

QUICK = SwarmParameters(particles=40, iterations=150)


def test_parameters_of_table_4_and_inertia_of_equation_7():
    parameters = SwarmParameters()
    assert (parameters.particles, parameters.iterations) == (200, 1000)
    assert (parameters.x_max, parameters.v_max, parameters.c1, parameters.c2) == (250, 10, 1.424, 1.424)
    assert parameters.inertia(1) == pytest.approx(0.9 - 0.5 * (1 / 800) ** 0.2)
    assert parameters.inertia(400) == pytest.approx(0.9 - 0.5 * 0.5**0.2)
    assert parameters.inertia(800) == parameters.inertia(1000) == 0.4
    assert SwarmSpace.of(nanjing(), 250).size == 15


def test_plain_swarm_on_the_paper_s_case_is_near_but_never_below_the_optimum():
    problem = nanjing()
    optimum = solve_direct(problem).fitness.total
    for seed in range(3):
        result = solve_swarm(problem, seed=seed)
        assert result.violation == 0 and unmet_demands(problem, result.dispatch.units) == []
        assert optimum - 1e-9 <= result.dispatch.fitness.total <= 1.06 * optimum
        assert (result.dispatch.units[:, 0] <= problem.inventory).all()


def test_repaired_swarm_reaches_the_optimum_in_18_of_20_seeds():
    problem = nanjing()
    optimum = solve_direct(problem).fitness.total
    parameters = SwarmParameters(iterations=300)  # fewer than the paper's, to keep the test short
    results = [solve_swarm(problem, parameters, seed=seed, repair=True) for seed in range(20)]
    assert sum(abs(r.dispatch.fitness.total - optimum) < 1e-6 for r in results) >= 18


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_random_problems_are_never_below_the_optimum(seed, repair):
    problem = random_problem(np.random.default_rng(seed), 4, 1 + seed % 3, 2)
    exact = solve_exact(problem)
    served = problem.with_demand(np.minimum(problem.demand, exact.units.sum(axis=0)))
    result = solve_swarm(served, QUICK, seed=seed, repair=repair)
    units = result.dispatch.units
    assert (units.sum(axis=1) <= problem.inventory).all() and (units >= 0).all()
    if result.violation == 0:
        assert result.dispatch.fitness.total >= exact.fitness.total - 1e-7
        assert (units.sum(axis=0) >= served.demand).all()


@pytest.mark.parametrize("repair", [False, True])
def test_same_seed_same_answer_whatever_numpy_s_global_generator_did(repair):
    np.random.seed(1)  # noqa: NPY002
    first = solve_swarm(nanjing(), QUICK, seed=5, repair=repair)
    np.random.seed(2)  # noqa: NPY002
    second = solve_swarm(nanjing(), QUICK, seed=5, repair=repair)
    assert (first.dispatch.units == second.dispatch.units).all()
    np.testing.assert_array_equal(first.history.best, second.history.best)
    if not repair:
        other = solve_swarm(nanjing(), QUICK, seed=6)
        assert not np.array_equal(first.history.best, other.history.best, equal_nan=True)


def test_history_falls_and_violation_comes_first():
    history = solve_swarm(nanjing(), QUICK, seed=3).history
    feasible = ~np.isnan(history.best)
    assert len(history.best) == QUICK.iterations and feasible.any()
    first = int(np.argmax(feasible))
    assert feasible[first:].all() and (np.diff(history.best[first:]) <= 1e-9).all()
    assert (history.violation[:first] > 0).all() and (history.violation[first:] == 0).all()
    assert (np.diff(history.violation[:first]) <= 1e-9).all()


def test_repair_keeps_to_stocks_and_demands():
    rng = np.random.default_rng(11)
    for _ in range(40):
        problem = random_problem(rng, 5, int(rng.integers(1, 4)), 3)
        space = SwarmSpace.of(problem, 250)
        if space.size == 0:
            continue
        position = rng.uniform(0, 1, (30, space.size)) * (space.upper + 5)
        for row in Repair(problem, space)(position):
            units = space.units(row)
            assert (units.sum(axis=1) <= problem.inventory).all()
            assert (units.sum(axis=0) <= problem.demand).all()
            within = np.where(problem.reachable, problem.inventory[:, None, :].transpose(2, 0, 1), 0).sum(axis=1).T
            if len(problem.incidents) == 1:
                assert (units.sum(axis=0) == np.minimum(problem.demand, within)).all()
                timely = np.where(problem.on_time[:, :, None], units, 0).sum(axis=0)
                can = (problem.on_time & (problem.inventory.T[:, :, None] > 0)).any(axis=1).T
                assert (timely[(problem.demand > 0) & can] > 0).all()


def test_coordinates_give_way_where_x_max_is_below_the_demand():
    said = []
    problem = make_problem([[900], [300]], [[1], [2]], [[1000]], [[5.0], [6.0]])
    result = solve_swarm(problem, QUICK, repair=True, control=Control(log=said.append))
    assert result.violation == 0 and result.dispatch.units.sum() == 1000
    assert "250" in said[0] and "R1" in said[0]


def test_swarm_without_a_feasible_particle_is_mended():
    """Every unit in stock is needed, so only one position is feasible and two particles do not hit it."""
    said = []
    problem = make_problem([[100], [90], [80]], [[1], [2], [3]], [[270]], [[5.0], [6.0], [7.0]])
    result = solve_swarm(problem, SwarmParameters(particles=2, iterations=1), seed=0, control=Control(log=said.append))
    assert result.violation > 0 and np.isnan(result.history.best).all()
    assert result.dispatch.units[:, 0, 0].tolist() == [100, 90, 80]
    assert "mended" in said[-1]


def test_nothing_demanded():
    result = solve_swarm(make_problem([[5]], [[9]], [[0]], [[5.0]]), QUICK)
    assert not result.dispatch.units.any() and result.violation == 0


def test_too_large_a_swarm_is_refused():
    problem = random_problem(np.random.default_rng(0), 60, 20, 60)
    with pytest.raises(SolverError, match="exact method"):
        solve_swarm(problem)


def test_cancelled_swarm_stops():
    with pytest.raises(Cancelled):
        solve_swarm(nanjing(), control=Control(cancelled=lambda: True))


def test_time_limit_ends_the_search():
    result = solve_swarm(nanjing(), SwarmParameters(iterations=100_000), control=Control(effort=Effort(1, 0.2)))
    assert len(result.history.best) < 100_000 and result.dispatch.seconds < 5.0


@pytest.mark.parametrize(
    "options", [{"particles": 0}, {"iterations": 0}, {"v_max": 0.0}, {"inertia_min": 0.95}, {"x_max": 0.0}]
)
def test_senseless_parameters_are_refused(options):
    with pytest.raises(SolverError, match="swarm"):
        SwarmParameters(**options)


def test_missing_pyswarms_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyswarms", None)
    with pytest.raises(dependencies.MissingDependency, match="pyswarms.*particle swarm"):
        solve_swarm(nanjing(), QUICK)


def test_import_leaves_no_report_log_and_no_root_handlers(tmp_path):
    """In a fresh process, in a folder that cannot be written to: no report.log, the root logger untouched."""
    build = Path(__file__).resolve().parents[2] / "build" / "plugins"
    script = (
        "import logging, os\n"
        "handler = logging.NullHandler(); logging.getLogger().addHandler(handler)\n"
        "from evacuation_planner.plugin.solvers.metro.swarm_library import load_swarm_library\n"
        "load_swarm_library()\n"
        "print(logging.getLogger().handlers == [handler], os.environ.get('LOG_CFG'), os.getcwd())\n"
    )
    tmp_path.chmod(0o500)
    environment = {name: value for name, value in os.environ.items() if name != "LOG_CFG"}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(build)},
        capture_output=True,
        text=True,
        check=True,
    )
    tmp_path.chmod(0o700)
    assert run.stdout.split() == ["True", "None", str(tmp_path)]
    assert list(tmp_path.iterdir()) == []
