"""The best rescue points of each number against an exhaustive search and each other; weights; sentences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.metro import weights
from evacuation_planner.plugin.solvers.metro.exact import solve_exact
from evacuation_planner.plugin.solvers.metro.sensitivity import (
    by_parameter,
    by_rescue_points,
    by_resource_types,
    enough,
    parameter_sentence,
    rescue_points_sentence,
    resource_types_sentence,
    sample_of,
    scaled_demand,
    scaled_stock,
    scaled_ways,
    steps,
)
from evacuation_planner.plugin.solvers.metro.subsets import MOST_EXHAUSTIVE, exhaustive_choices, program_choices
from tests.solvers.metro_cases import make_problem, nanjing, random_problem

pytest.importorskip("pulp")


def rank(choice):
    return choice.missing, choice.late, round(choice.fitness.total, 6)


def limited(problem, members):
    """The problem with the stocks of the members only."""
    from dataclasses import replace

    inside = np.isin(np.arange(len(problem.stations)), members)
    return replace(problem, inventory=problem.inventory * inside[:, None])


@pytest.mark.parametrize("incidents", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_choices_are_the_best_of_all_subsets_solved_one_by_one(seed, incidents):
    problem = random_problem(np.random.default_rng(seed), 4, incidents, 2)
    choices = program_choices(problem)
    if incidents == 1:
        assert [rank(a) for a in exhaustive_choices(problem)] == [rank(b) for b in choices]
    for choice in choices:
        keys = []
        for members in itertools.combinations(range(4), choice.count):
            units = solve_exact(limited(problem, members)).units
            sample = sample_of(problem, 0, units, (), True)
            keys.append((sample.missing, sample.late, round(sample.fitness.total, 6)))
        assert rank(choice) == min(keys)
        assert choice.proved and len(choice.stations) <= choice.count


@pytest.mark.parametrize("seed", range(20))
def test_the_program_and_the_exhaustive_search_agree(seed):
    problem = random_problem(np.random.default_rng(100 + seed), 6, 1, 3)
    assert [rank(a) for a in exhaustive_choices(problem)] == [rank(b) for b in program_choices(problem)]


def test_all_rescue_points_together_are_the_optimum():
    samples = by_rescue_points(nanjing())
    assert samples[-1].fitness.total == pytest.approx(solve_exact(nanjing()).fitness.total)
    assert samples[2].chosen == ("S1", "S3", "S4") and enough(samples).value == 3


def test_exhaustive_search_refuses_what_it_cannot_do():
    rng = np.random.default_rng(0)
    for problem in (random_problem(rng, 3, 2, 1), random_problem(rng, MOST_EXHAUSTIVE + 1, 1, 1)):
        with pytest.raises(SolverError):
            exhaustive_choices(problem)


def test_more_points_than_can_be_gone_through_are_chosen_by_the_program():
    samples = by_rescue_points(random_problem(np.random.default_rng(5), MOST_EXHAUSTIVE + 1, 1, 2))
    assert len(samples) == MOST_EXHAUSTIVE + 1 and all(sample.proved for sample in samples)


def test_a_run_can_be_cancelled():
    problem = random_problem(np.random.default_rng(1), 5, 2, 2)
    with pytest.raises(Cancelled):
        program_choices(problem, control=Control(cancelled=lambda: True))
    with pytest.raises(Cancelled):
        exhaustive_choices(nanjing(), control=Control(cancelled=lambda: True))
    with pytest.raises(Cancelled):
        by_parameter([1.0], lambda value: nanjing(), control=Control(cancelled=lambda: True))


def test_types_add_up_to_the_optimum_in_their_order():
    problem = random_problem(np.random.default_rng(7), 5, 2, 6, stock=20, demand=6)
    samples = by_resource_types(problem)
    wanted = np.flatnonzero(problem.demand.any(axis=0))
    assert len(samples) == len(wanted)
    for count, sample in enumerate(samples, start=1):
        keep = np.isin(np.arange(6), wanted[:count])
        alone = solve_exact(problem.with_demand(problem.demand * keep))
        assert sample.fitness.total == pytest.approx(alone.fitness.total)


def test_scaling():
    problem = nanjing()
    assert scaled_demand(problem, 0.5).demand.tolist() == [[184, 43, 6]]
    assert scaled_demand(problem, 1.001).demand.tolist() == [[369, 87, 13]]
    assert scaled_stock(problem, 0.99).inventory[0].tolist() == [99, 24, 2]
    assert scaled_ways(problem, 2.0).minutes[0, 0] == pytest.approx(8.2)


def test_steps_hold_both_ends_and_refuse_an_empty_range():
    assert steps(0.0, 0.3, 4) == [0.0, 0.1, 0.2, 0.3]
    for first, last, count in ((1, 1, 3), (2, 1, 3), (0, 1, 1)):
        with pytest.raises(SolverError):
            steps(first, last, count)


def test_sentences_say_where_it_stops_and_what_cannot_be_served():
    text = rescue_points_sentence(by_rescue_points(nanjing()))
    assert text.startswith("From 3 rescue point(s) on, another one stops helping: the best are S1, S3, S4")
    assert "Fewer than 2 cannot serve" in text
    short = make_problem([[5], [5]], [[1], [2]], [[100]], [[5.0], [5.0]])
    text = rescue_points_sentence(by_rescue_points(short))
    assert "Every rescue point helps" in text and text.endswith("leave 90 unit(s) missing.")
    tardy = make_problem([[5], [5]], [[1], [2]], [[7]], [[25.0], [30.0]])
    assert rescue_points_sentence(by_rescue_points(tardy)).endswith("leave 1 demand(s) without a unit on time.")
    alone = make_problem([[5]], [[1]], [[1]], [[5.0]])
    assert "one rescue point only" in rescue_points_sentence(by_rescue_points(alone))
    assert "R1 adds most" in resource_types_sentence(by_resource_types(nanjing()))
    still = by_parameter([1.0, 2.0], lambda value: nanjing())
    assert "does not answer to X" in parameter_sentence("X", still)
    scarce = by_parameter([0.1, 1.0], lambda value: scaled_stock(nanjing(), value))
    assert "cannot be served" in parameter_sentence("STOCK_SCALE", scarce)


def test_pairwise_weights_of_known_matrices():
    two = weights.pairwise_weights(weights.parse_matrix("1, 7/3; 3/7, 1"))
    assert two.weights == pytest.approx([0.7, 0.3]) and two.consistency_ratio == 0.0
    three = weights.pairwise_weights(weights.parse_matrix("1 3 5\n1/3 1 3\n1/5 1/3 1"))
    assert three.weights == pytest.approx([0.637, 0.258, 0.105], abs=1e-3)  # Saaty's textbook example
    assert three.consistency_ratio == pytest.approx(0.033, abs=2e-3)
    true = np.array([0.5, 0.3, 0.15, 0.05])
    consistent = weights.pairwise_weights(true[:, None] / true)
    assert consistent.weights == pytest.approx(true) and consistent.consistency_ratio == pytest.approx(0.0, abs=1e-9)
    circle = weights.pairwise_weights(weights.parse_matrix("1 9 1/9; 1/9 1 9; 9 1/9 1"))
    assert circle.consistency_ratio > 1
    assert weights.objective_weights(true, ["delay", "cost", "delay", "cost"]) == pytest.approx((0.65, 0.35))


@pytest.mark.parametrize("text", ["", "1 2; 1", "1 a; 1 1", "1 1/0; 1 1", "1 2; 2 1", "2 1; 1 1", "1 -2; -1/2 1"])
def test_bad_judgements_are_refused(text):
    with pytest.raises(SolverError, match="PAIRWISE"):
        weights.pairwise_weights(weights.parse_matrix(text))


def test_entropy_weighs_what_differs():
    alike = np.array([[1.0, 5.0], [2.0, 5.0], [30.0, 5.0]])
    assert weights.entropy_weights(alike) == pytest.approx([1.0, 0.0])
    same = np.array([[1.0, 1.0], [4.0, 4.0]])
    assert weights.entropy_weights(same) == pytest.approx([0.5, 0.5])
    for bad in (np.ones((3, 2)), np.ones((1, 2))):
        with pytest.raises(SolverError, match="ntropy"):
            weights.entropy_weights(bad)
