"""The wrapper around HiGHS and CBC: right answers, honest proofs, time limits, and a stop that is obeyed."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pulp = pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.mip import cbc as solver_cbc
from evacuation_planner.plugin.solvers.mip import highs
from evacuation_planner.plugin.solvers.mip import solve as integer_program
from evacuation_planner.plugin.solvers.mip.program import from_pulp, new_variable
from evacuation_planner.plugin.solvers.mip.run import Run
from evacuation_planner.plugin.solvers.mip.solve import solve_program

SOLVERS = ["CBC", pytest.param("HiGHS", marks=pytest.mark.skipif(not highs.usable(), reason="no highspy"))]


def assignment(jobs: int, agents: int, seed: int) -> pulp.LpProblem:
    """A generalised assignment problem of the hard kind (cost falls where consumption rises)."""
    draw = np.random.default_rng(seed)
    use = draw.integers(5, 25, (jobs, agents))
    cost = 111 - use + draw.integers(-10, 10, (jobs, agents))
    problem = pulp.LpProblem("assignment", pulp.LpMinimize)
    x = [[pulp.LpVariable(f"x_{i}_{j}", cat="Binary") for j in range(agents)] for i in range(jobs)]
    problem += pulp.lpSum(int(cost[i, j]) * x[i][j] for i in range(jobs) for j in range(agents))
    for i in range(jobs):
        problem += pulp.lpSum(x[i]) == 1
    for j in range(agents):
        problem += pulp.lpSum(int(use[i, j]) * x[i][j] for i in range(jobs)) <= 0.8 * use.sum() / agents**2
    return problem


def test_new_variables_work_with_the_installed_pulp() -> None:
    problem = pulp.LpProblem("made", pulp.LpMinimize)
    x = new_variable(problem, "x", 0, 9, "Integer")
    problem += 2 * x
    problem += x >= 2.5
    assert solve_program(problem).objective == 6
    assert x.varValue == 3


def best_by_search(problem: pulp.LpProblem) -> float | None:
    """The optimum over every 0/1 vector."""
    program, _ = from_pulp(problem)
    best = None
    for choice in itertools.product((0.0, 1.0), repeat=len(program.cost)):
        x = np.array(choice)
        if program.infeasibility(x) <= 1e-9:
            value = program.objective(x)
            better = best is None or (value > best if program.maximise else value < best)
            best = value if better else best
    return best


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="child processes are read from /proc")


def children() -> set[str]:
    """The child processes of this one."""
    found = set()
    for task in os.listdir("/proc/self/task"):
        # A thread may have ended since the folder was read.
        with contextlib.suppress(OSError), open(f"/proc/self/task/{task}/children", encoding="ascii") as file:
            found.update(file.read().split())
    return found


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("maximise", [False, True])
def test_agrees_with_exhaustive_search(solver: str, maximise: bool) -> None:
    draw = np.random.default_rng(7)
    seen = set()
    for _ in range(6):
        problem = pulp.LpProblem("small", pulp.LpMaximize if maximise else pulp.LpMinimize)
        x = [pulp.LpVariable(f"x{k}", cat="Binary") for k in range(8)]
        problem += pulp.lpSum(int(c) * v for c, v in zip(draw.integers(-9, 10, 8), x)) + 3
        for _row in range(4):
            row = draw.integers(-5, 6, 8)
            problem += pulp.lpSum(int(a) * v for a, v in zip(row, x)) <= int(draw.integers(-9, 3))
        problem += pulp.lpSum(x[:4]) >= 1
        expected = best_by_search(problem)
        solution = solve_program(problem, solver=solver, mip_gap=0.0)
        seen.add(expected is None)
        if expected is None:
            assert (solution.status, solution.objective) == ("infeasible", None)
            continue
        assert solution.status == "optimal"
        assert solution.objective == pytest.approx(expected)
        assert solution.bound == pytest.approx(expected, abs=2e-3)
        assert pulp.value(problem.objective) == pytest.approx(expected)
        assert all(type(v.varValue) is int for v in x)
    assert seen == {True, False}


@pytest.mark.parametrize("solver", SOLVERS)
def test_mixed_model_with_equality_bounds_and_free_variable(solver: str) -> None:
    problem = pulp.LpProblem("mixed", pulp.LpMinimize)
    a = pulp.LpVariable("a", -3.5, 8, cat="Integer")
    b = pulp.LpVariable("b")
    c = pulp.LpVariable("c", 0, None)
    problem += 2 * a + b + 5 * c
    problem += a + b == -1.25
    problem += b >= -6.5
    problem += c - 0.5 * b >= 1
    solution = solve_program(problem, solver=solver, mip_gap=0.0)
    # By hand: with a = -3, b = 1.75 and c = 1.875 the value is 5.125; a unit more of a costs 2 - 1 and saves 2.5 of c
    # while c > 0, that is until b = -2: a = 0, b = -1.25, c = 0.375 gives 0.625; a = 1, b = -2.25, c = 0 gives -0.25.
    assert solution.objective == pytest.approx(-0.25)
    assert (a.varValue, type(a.varValue)) == (1, int)
    assert b.varValue == pytest.approx(-2.25)
    assert solution.gap == pytest.approx(0.0, abs=1e-6) or solution.bound <= solution.objective


@pytest.mark.parametrize("solver", SOLVERS)
def test_plain_linear_program_has_its_own_bound(solver: str) -> None:
    problem = pulp.LpProblem("lp", pulp.LpMaximize)
    x, y = pulp.LpVariable("x", 0), pulp.LpVariable("y", 0)
    problem += 3 * x + 2 * y
    problem += x + y <= 4
    problem += x + 3 * y <= 6
    problem += x <= 3
    solution = solve_program(problem, solver=solver)
    assert (solution.status, solution.objective, solution.gap) == ("optimal", pytest.approx(11.0), 0.0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_time_limit_gives_the_best_found_with_a_bound_below(solver: str) -> None:
    start = time.monotonic()
    solution = solve_program(assignment(200, 20, 0), solver=solver, mip_gap=0.0, control=Control(effort=Effort(1, 1.5)))
    assert time.monotonic() - start < 5.0
    assert solution.status == "feasible"
    assert solution.bound < solution.objective
    assert solution.gap == pytest.approx(100 * (solution.objective - solution.bound) / solution.objective)


@needs_proc
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("delay", [0.3, 1.5])
def test_cancel_within_a_second_and_nothing_left(solver: str, delay: float) -> None:
    problem = assignment(200, 20, 1)
    before = children()
    asked: list[float] = []
    timer = threading.Timer(delay, lambda: asked.append(time.monotonic()))
    timer.start()
    with pytest.raises(Cancelled):
        solve_program(
            problem, solver=solver, mip_gap=0.0, control=Control(cancelled=lambda: bool(asked), effort=Effort(1, 60.0))
        )
    assert time.monotonic() - asked[0] < 1.0
    timer.join()
    assert children() <= before
    deadline = time.monotonic() + 10.0
    while any(t.name == "integer-program" for t in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(t.name == "integer-program" for t in threading.enumerate())


@needs_proc
def test_cbc_really_is_a_child_while_it_runs() -> None:
    """Guards the test above against looking for children that never exist."""
    before, during = children(), set()

    def look() -> bool:
        during.update(children() - before)
        return bool(during)

    with pytest.raises(Cancelled):
        solve_program(
            assignment(200, 20, 1), solver="CBC", mip_gap=0.0, control=Control(cancelled=look, effort=Effort(1, 20.0))
        )
    assert during
    assert not children() & during


@pytest.mark.parametrize("solver", SOLVERS)
def test_stopped_before_any_solution_is_none_not_fractions(solver: str) -> None:
    """CBC writes the fractions of the relaxation into its answer when it has found nothing whole."""
    draw = np.random.default_rng(5)
    problem = pulp.LpProblem("market_split", pulp.LpMinimize)
    x = [pulp.LpVariable(f"x{k}", cat="Binary") for k in range(50)]
    problem += 0 * x[0]
    for _ in range(6):
        row = draw.integers(0, 100, 50)
        problem += pulp.lpSum(int(a) * v for a, v in zip(row, x)) == int(row.sum() // 2)
    solution = solve_program(problem, solver=solver, mip_gap=0.0, control=Control(effort=Effort(1, 1.0)))
    assert (solution.status, solution.objective, solution.gap) == ("none", None, None)
    assert not solution.found


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_start_is_improved_on_and_never_lost(solver: str) -> None:
    problem = assignment(200, 20, 0)
    first = solve_program(problem, solver=solver, mip_gap=0.05, control=Control(effort=Effort(1, 10.0)))
    values = [v.varValue for v in problem.variables()]
    again = solve_program(
        problem, solver=solver, mip_gap=0.05, control=Control(effort=Effort(1, 0.05)), warm_start=True
    )
    assert again.found
    assert again.objective <= first.objective
    for variable, value in zip(problem.variables(), values):
        variable.varValue = 1 - value  # nonsense is checked and left aside
    fresh = solve_program(
        problem, solver=solver, mip_gap=0.05, control=Control(effort=Effort(1, 10.0)), warm_start=True
    )
    assert fresh.objective == pytest.approx(first.objective, rel=0.06)


@pytest.mark.parametrize("solver", SOLVERS)
def test_unbounded_is_a_sentence(solver: str) -> None:
    problem = pulp.LpProblem("unbounded", pulp.LpMaximize)
    x = pulp.LpVariable("x", 0, None, cat="Integer")
    problem += x
    problem += x >= 1
    with pytest.raises(SolverError, match="unbounded"):
        solve_program(problem, solver=solver)


def test_a_model_without_variables() -> None:
    problem = pulp.LpProblem("empty", pulp.LpMinimize)
    solution = solve_program(problem)
    assert (solution.status, solution.objective, solution.gap) == ("optimal", 0.0, 0.0)


def test_rounding_that_breaks_a_row_is_mended_by_the_continuous_part() -> None:
    """A binary at 1 - 5e-5 lets a big flow through short of its limit; rounded to 0 the flow must go."""
    program = integer_program.IntegerProgram(
        cost=np.array([10.0, -1e-3]),
        lower=np.zeros(2),
        upper=np.array([1.0, 1e6]),
        integer=np.array([True, False]),
        indptr=np.array([0, 2]),
        indices=np.array([0, 1]),
        values=np.array([-1e6, 1.0]),  # flow <= 1e6 * open
        row_lower=np.array([-np.inf]),
        row_upper=np.array([0.0]),
    )

    x = integer_program._whole(solver_cbc, program, np.array([5e-5, 50.0]), Control(cancelled=lambda: False))
    assert program.infeasibility(x) <= 1e-6
    assert x.tolist() == [0.0, 0.0]


def test_solver_without_any_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (pulp.PULP_CBC_CMD, pulp.COIN_CMD):
        monkeypatch.setattr(command, "available", lambda self: False)
    with pytest.raises(SolverError, match="pip install"):
        solve_program(assignment(3, 2, 0), solver="CBC")


def test_works_inside_a_running_event_loop() -> None:
    import asyncio

    async def inside() -> str:
        return solve_program(assignment(12, 3, 2), solver="CBC", mip_gap=0.0).status

    assert asyncio.run(inside()) == "optimal"


def test_a_solver_that_does_not_look_at_the_clock_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presolve may run on for minutes; the start is given back as the best found, and the thread ends when it asks."""
    ended = threading.Event()

    def deaf(program: object, start: object, limits: object, run: Run, plain: bool = False) -> None:
        run.stop.wait(30.0)
        ended.set()

    problem = assignment(12, 3, 2)
    known = solve_program(problem, solver="CBC")
    monkeypatch.setattr(solver_cbc, "run", deaf)
    monkeypatch.setattr(solver_cbc, "longest_overtime", lambda limit: 0.3)
    begun = time.monotonic()
    again = solve_program(problem, solver="CBC", control=Control(effort=Effort(1, 0.2)), warm_start=True)
    assert time.monotonic() - begun < 2.0
    assert (again.status, again.objective, again.bound) == ("feasible", known.objective, None)
    assert ended.wait(2.0)
