"""The whole answer: the optimum, the swarms beside it, gaps that mean something, missing packages."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.dependencies import MissingDependency
from evacuation_planner.plugin.solvers.metro.dispatch import Dispatch, fitness_of
from evacuation_planner.plugin.solvers.metro.response import gap_to, respond
from evacuation_planner.plugin.solvers.metro.swarm import SwarmParameters
from tests.solvers.metro_cases import PUBLISHED, make_problem, nanjing, random_problem

pytest.importorskip("pulp")

QUICK = SwarmParameters(particles=40, iterations=120)


def test_exact_answer_is_its_own_optimum():
    response = respond(nanjing())
    assert (response.dispatch.units[:, 0] == PUBLISHED).all()
    assert response.optimum == response.dispatch.fitness.total and response.gap == 0.0
    assert response.swarms == {} and response.unmet_demands == []


@pytest.mark.parametrize("repair", [False, True])
def test_swarm_answers_beside_the_optimum(repair):
    pytest.importorskip("pyswarms")
    response = respond(nanjing(), swarm=QUICK, repair=repair, seed=2)
    chosen = response.swarms["repair" if repair else "plain"].dispatch
    assert response.dispatch is chosen
    assert response.optimum == pytest.approx(6268.8)
    fitness = chosen.fitness.total
    assert response.gap == pytest.approx(100 * (fitness - response.optimum) / fitness, abs=1e-9)
    assert set(response.histories) == {"plain", "repair"}


@pytest.mark.parametrize("seed", range(10))
def test_swarm_with_shortages_of_several_incidents_keeps_to_what_can_be_served(seed):
    pytest.importorskip("pyswarms")
    problem = random_problem(np.random.default_rng(seed), 4, 2, 2, stock=5, demand=15)
    response = respond(problem, swarm=QUICK, repair=True, seed=seed)
    served, best = response.dispatch.units.sum(axis=0), response.exact.units.sum(axis=0)
    assert (served <= best).all()
    assert (response.dispatch.units.sum(axis=1) <= problem.inventory).all()
    if response.gap is None:
        assert (served < best).any() or response.swarms["repair"].violation > 0
    else:
        assert response.gap >= 0.0


def test_no_gap_where_less_is_served_or_nothing_is_on_time():
    problem = make_problem([[5], [5]], [[9], [1]], [[5]], [[5.0], [25.0]])
    exact = respond(problem).exact

    def other(units):
        units = np.array(units).reshape(2, 1, 1)
        return Dispatch(units, fitness_of(problem, units), "made up", None, 0.0)

    assert exact.units.ravel().tolist() == [5, 0] or exact.units.ravel().tolist() == [1, 4]
    assert gap_to(problem, other([4, 0]), exact) is None
    assert gap_to(problem, other([0, 5]), exact) is None
    assert gap_to(problem, other(exact.units), exact) == pytest.approx(0.0, abs=1e-9)


def test_without_pulp(monkeypatch):
    monkeypatch.setitem(sys.modules, "pulp", None)
    warned = []
    response = respond(nanjing(), warn=warned.append)
    assert (response.dispatch.units[:, 0] == PUBLISHED).all() and response.gap == 0.0
    assert "direct rule" in warned[0] and "pip install" in warned[0]
    with pytest.raises(MissingDependency, match="pulp"):
        respond(make_problem([[5]], [[9]], [[1], [1]], [[5.0, 5.0]]))


def test_both_swarms_are_held_against_the_optimum_and_the_repaired_one_is_near_it():
    """Three incidents: as published the swarm ends at several times the optimum, with repair within a percent."""
    pytest.importorskip("pyswarms")
    problem = random_problem(np.random.default_rng(0), 6, 3, 4, stock=60, demand=60)
    said = []
    response = respond(problem, swarm=SwarmParameters(iterations=300), seed=0, control=Control(log=said.append))
    assert response.dispatch is response.swarms["repair"].dispatch
    assert response.dispatch.fitness.total <= 1.02 * response.optimum
    times = response.swarms["plain"].dispatch.fitness.total / response.optimum
    assert times > 3.0
    assert f"Particle swarm, as published: {times:.1f} times the optimum." in said
    assert any(text.startswith("Particle swarm with our repair step: ") and "% above" in text for text in said)
