"""Proofs: what solvers claim against exhaustive search, and against values that do not bear the claim out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation import model
from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.first_fit import first_fit, people_at
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.mip import cbc as solver_cbc
from evacuation_planner.plugin.solvers.mip import highs
from evacuation_planner.plugin.solvers.mip import solve as integer_program
from evacuation_planner.plugin.solvers.mip.program import IntegerProgram, from_pulp
from evacuation_planner.plugin.solvers.mip.run import Run
from evacuation_planner.plugin.solvers.mip.solution import judge
from evacuation_planner.plugin.solvers.mip.solve import solve_arrays

HIGHS = pytest.mark.skipif(not highs.usable(), reason="no highspy")
SOLVERS = ["CBC", pytest.param("HiGHS", marks=HIGHS)]


def left_behind(sizes: list[int], room: list[float], allowed: np.ndarray) -> int:
    """The fewest people who find no place, over every way to place whole groups (a group nobody may take stays out)."""
    best = 0
    for places in itertools.product(range(-1, len(room)), repeat=len(sizes)):
        load = [0] * len(room)
        for size, i, j in zip(sizes, range(len(sizes)), places):
            if j >= 0:
                load[j] += size if allowed[i, j] else 10**6
        if all(used <= most for used, most in zip(load, room)):
            best = max(best, sum(load))
    return sum(size for size, some in zip(sizes, allowed.any(axis=1)) if some) - best


def draw_case(rng: np.random.Generator) -> tuple[IntegerProgram, np.ndarray, int]:
    """A small program of least people left behind, a start for it, and its optimum."""
    while True:
        groups, shelters = int(rng.integers(3, 6)), int(rng.integers(1, 4))
        sizes, room = rng.integers(1, 9, groups), rng.integers(2, 14, shelters).astype(float)
        allowed = rng.random((groups, shelters)) < 0.85
        problem = AllocationProblem(sizes, room, np.ones(allowed.shape), allowed)
        usable = problem.usable()
        if usable.any():
            break
    made = model.build(problem, usable, model.PEOPLE)
    shelter_of = first_fit(problem, usable) if rng.random() < 0.5 else np.full(groups, -1)
    made.start_from(people_at(problem, shelter_of))
    program, variables = from_pulp(made.program)
    start = np.array([variable.varValue for variable in variables], dtype=float)
    return program, start, left_behind(sizes.tolist(), room.tolist(), usable)


def never_wrong(program: IntegerProgram, start: np.ndarray | None, optimum: int, solver: str, effort: Effort) -> str:
    solution, x = solve_arrays(program, start=start, control=Control(effort=effort), mip_gap=0.0, solver=solver)
    assert start is None or x is not None, "a checked start is never lost"
    assert solution.status != "infeasible"
    if x is not None:
        assert program.infeasibility(x) <= 1e-9
        assert solution.objective == program.objective(x) >= optimum
        assert start is None or solution.objective <= program.objective(start)
    if solution.bound is not None:
        assert solution.bound <= optimum + 1e-6
    if solution.status == "optimal":
        assert solution.objective == optimum == solution.bound
        assert solution.gap == 0.0
    return solution.status


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize(("solver", "count"), [("CBC", 40), pytest.param("HiGHS", 120, marks=HIGHS)])
def test_every_proof_holds_against_exhaustive_search(solver: str, count: int, warm: bool) -> None:
    rng = np.random.default_rng(17 + warm)
    for _ in range(count):
        program, start, optimum = draw_case(rng)
        assert never_wrong(program, start if warm else None, optimum, solver, Effort()) == "optimal"


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
def test_nothing_wrong_is_claimed_when_the_time_is_over_at_once(
    solver: str, warm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integer_program, "LEAST_SECONDS", 1e-3)
    rng = np.random.default_rng(5)
    for _ in range(40):
        program, start, optimum = draw_case(rng)
        effort = Effort(1, float(rng.choice([1e-4, 5e-3, 2e-2])))
        status = never_wrong(program, start if warm else None, optimum, solver, effort)
        assert status == "optimal" or effort.stopped_early


@HIGHS
def test_a_warm_start_that_highs_scores_wrongly() -> None:
    """HiGHS 1.16 gives the start back as optimal with the value 0: two people, who stay behind, are not counted."""
    sizes, room = np.array([7, 6, 3, 2]), np.array([10.0, 11.0])
    allowed = np.array([[1, 1], [1, 1], [1, 1], [1, 0]], dtype=bool)
    problem = AllocationProblem(sizes, room, np.ones((4, 2)), allowed)  # 7 + 3 fill one, 6 goes to the other, or 8 + 9
    made = model.build(problem, problem.usable(), model.PEOPLE)
    made.start_from(people_at(problem, first_fit(problem, problem.usable())))
    program, variables = from_pulp(made.program)
    start = np.array([variable.varValue for variable in variables], dtype=float)
    assert (
        never_wrong(program, start, left_behind(sizes.tolist(), room.tolist(), allowed), "HiGHS", Effort()) == "optimal"
    )


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_number_of_people_placed_is_the_greatest(solver: str) -> None:
    """Sizes 4, 3, 4, 4 in 10 and 3: two of 4 in the first (8) and the 3 in the second; 12 would be three of 4."""
    found = solve(
        AllocationProblem(np.array([4, 3, 4, 4]), np.array([10.0, 3.0]), np.ones((4, 2)), np.ones((4, 2), bool)),
        solver=solver,
    )
    assert (int(found.people.sum()), found.more_people) == (11, 0)
    found = solve(
        AllocationProblem(np.array([4, 3, 4, 4]), np.array([9.0, 4.0]), np.ones((4, 2)), np.ones((4, 2), bool)),
        solver=solver,
    )
    assert (int(found.people.sum()), found.more_people) == (12, 0)


ONE = IntegerProgram(  # minimise 3 x + 2 y with x + y >= 1, both 0 or 1: 2
    cost=np.array([3.0, 2.0]), lower=np.zeros(2), upper=np.ones(2), integer=np.ones(2, dtype=bool),
    indptr=np.array([0, 2]), indices=np.array([0, 1]), values=np.ones(2),
    row_lower=np.array([1.0]), row_upper=np.array([np.inf]),
)  # fmt: skip
DEAR, CHEAP = np.array([1.0, 0.0]), np.array([0.0, 1.0])


@pytest.mark.parametrize(
    ("claim", "x", "bound", "known", "expected"),
    [
        ("optimal", CHEAP, 2.0, None, ("optimal", 2.0, 2.0, True)),
        ("optimal", DEAR, 2.0, None, ("feasible", 3.0, 2.0, False)),  # the bound does not bear out the word
        ("optimal", DEAR, 3.0, CHEAP, ("feasible", 2.0, None, False)),  # a known solution is better than the bound
        ("optimal", CHEAP, None, None, ("feasible", 2.0, None, False)),  # a word without a bound
        ("optimal", None, 2.0, None, ("none", None, 2.0, False)),  # a word without values
        ("optimal", None, 2.0, DEAR, ("feasible", 3.0, 2.0, False)),
        ("infeasible", None, None, DEAR, ("feasible", 3.0, None, False)),
        ("infeasible", None, None, None, ("infeasible", None, None, True)),
        ("feasible", DEAR, 1.5, None, ("feasible", 3.0, 1.5, True)),
        ("feasible", DEAR, 2.99, None, ("optimal", 3.0, 2.99, True)),  # within 1 %, whatever it is called
        ("none", None, None, DEAR, ("feasible", 3.0, None, True)),
    ],
)
def test_a_claim_is_worth_what_value_and_bound_say(claim, x, bound, known, expected) -> None:
    found = judge(ONE, claim, x, bound, known, 0.01)
    assert (found.status, found.objective, found.bound, found.sound) == expected


def test_a_claim_that_does_not_hold_is_put_again_without_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def lying(program, start, limits, run, plain=False):
        asked.append((start is not None, plain))
        run.status, run.x, run.bound = ("optimal", CHEAP, 2.0) if plain else ("optimal", DEAR, 1.0)

    monkeypatch.setattr(solver_cbc, "run", lying)
    solution, x = solve_arrays(ONE, start=DEAR, mip_gap=0.0, solver="CBC")
    assert asked == [(True, False), (False, True)]
    assert (solution.status, solution.objective) == ("optimal", 2.0) and x.tolist() == [0.0, 1.0]


def test_values_that_never_hold_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def lying(program, start, limits, run, plain=False):
        run.status, run.x, run.bound = "optimal", np.zeros(2), 0.0

    monkeypatch.setattr(solver_cbc, "run", lying)
    with pytest.raises(SolverError, match="whole numbers"):
        solve_arrays(ONE, mip_gap=0.0, solver="CBC")


def test_cbc_out_of_time_in_preprocessing_proves_nothing(tmp_path) -> None:
    """It then writes "infeasible" too; a claim made within its time stands."""
    answer = tmp_path / "answer.txt"
    answer.write_text("Integer infeasible - objective value 2.00000000\n")
    late, early = Run(), Run()
    solver_cbc._read(ONE, answer, [], late, in_time=False)
    solver_cbc._read(ONE, answer, [], early, in_time=True)
    assert (late.status, late.by_clock) == ("none", True)
    assert (early.status, early.by_clock) == ("infeasible", False)
