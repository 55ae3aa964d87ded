"""The assignment under a time limit, cancelled, in several threads and without numba."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import NORMAL, Effort
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.graph.reverse_tree import grow_tree
from evacuation_planner.plugin.solvers.graph.stars import ReverseStar
from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve
from tests.solvers.assignment_cases import check_routes, grid
from tests.solvers.test_assignment_small import solve_case

ROOT = Path(__file__).resolve().parents[2]


def test_same_result_whatever_the_number_of_threads() -> None:
    case = grid(15, 600, 9, seed=5)
    one, three = (solve_case(case, target_gap=0.3, threads=threads) for threads in (1, 3))
    for rows, others in zip(one.routes.expanded(), three.routes.expanded()):
        assert (rows == others).all()
    assert (one.value, one.lower_bound, one.iterations) == (three.value, three.lower_bound, three.iterations)


def test_cancelled_at_any_moment() -> None:
    """Asked the n-th time, ``cancelled`` says yes: the search ends at once, in every phase."""
    case = grid(10, 200, 5, seed=6)
    asked = [0]

    def count() -> bool:
        asked[0] += 1
        return False

    solve_case(case, control=Control(cancelled=count), threads=2)
    for when in range(1, asked[0], max(1, asked[0] // 40)):
        left = [when]

        def cancelled(left=left) -> bool:
            left[0] -= 1
            return left[0] <= 0

        with pytest.raises(Cancelled):
            solve_case(case, control=Control(cancelled=cancelled), threads=2)
        assert left[0] == 0, "went on after it was cancelled"


def test_time_limit_returns_the_best_so_far_with_its_gap() -> None:
    case = grid(30, 4000, 20, seed=7)
    solve_case(grid(5, 20, 2, seed=7))
    start = time.monotonic()
    result = solve_case(case, target_gap=0.0, control=Control(effort=Effort(NORMAL, 0.5)))
    assert time.monotonic() - start < 20
    check_routes(case, result)
    assert 0 < result.lower_bound <= result.value
    assert np.isfinite(result.gap)


def test_no_time_at_all_still_gives_routes() -> None:
    case = grid(10, 200, 5, seed=8)
    result = solve_case(case, control=Control(effort=Effort(NORMAL, 1e-9)))
    check_routes(case, result)
    assert 0 < result.lower_bound <= result.value


def test_progress_ends_high_and_stays_within_its_range() -> None:
    told: list[float] = []
    control = Control(progress=lambda share, text: told.append(share))
    solve_case(grid(10, 200, 5, seed=9), target_gap=1.0, control=control)
    assert told
    assert told == sorted(told)
    assert told[0] >= 0.0
    assert told[-1] == pytest.approx(1.0)


def test_bounds_rise_and_fractional_values_fall() -> None:
    history = solve_case(grid(12, 400, 5, seed=10), target_gap=0.1).history
    fractional = [step.value for step in history if step.phase == "fractional"]
    assert all(a >= b * (1 - 1e-12) for a, b in zip(fractional, fractional[1:]))
    assert all(a.lower_bound <= b.lower_bound for a, b in zip(history, history[1:]))
    assert len(fractional) > 2


def test_trees_are_those_of_scipy() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    from scipy.sparse.csgraph import dijkstra

    rng = np.random.default_rng(0)
    for _ in range(20):
        nodes, arcs = 60, 150
        tail, head = rng.integers(0, nodes, (2, arcs))
        cost = rng.choice([rng.uniform(0.1, 1.0, arcs), 10.0 ** rng.uniform(-3, 4, arcs)])
        star = ReverseStar(nodes, tail, head)
        seconds, toward = np.empty(nodes), np.empty(nodes, dtype=np.int32)
        grow_tree(star.indptr, star.arc, star.tail, cost[star.arc], 7, seconds, toward)
        least = np.full((nodes, nodes), np.inf)
        np.minimum.at(least, (head, tail), cost)
        expected = dijkstra(sparse.csr_matrix(np.where(np.isfinite(least), least, 0.0)), indices=7)
        np.testing.assert_allclose(seconds, expected, rtol=1e-12)
        assert toward[7] == -1
        for node in np.flatnonzero(np.isfinite(seconds) & (np.arange(nodes) != 7)):
            assert tail[toward[node]] == node
            assert seconds[node] == pytest.approx(cost[toward[node]] + seconds[head[toward[node]]])
        assert (toward[~np.isfinite(seconds)] == -1).all()


def test_plain_python_gives_the_same_routes() -> None:
    script = (
        "import hashlib, sys; sys.path[:0] = ['build/plugins', '.']\n"
        "from tests.solvers.assignment_cases import grid\n"
        "from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve\n"
        "from evacuation_planner.plugin.solvers.graph.reverse_tree import grow_tree\n"
        "c = grid(7, 60, 3, seed=11)\n"
        "r = solve(c.problem(), target_gap=1.0)\n"
        "print(hasattr(grow_tree, 'py_func'), r.iterations, r.routes.expanded()[1].tolist())\n"
    )
    environment = {**os.environ, "EVACUATION_NO_NUMBA": "1"}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200
    )
    assert run.returncode == 0, run.stderr
    plain, _, rest = run.stdout.partition(" ")
    assert plain == "False"
    case = grid(7, 60, 3, seed=11)
    result = solve(case.problem(), target_gap=1.0)
    assert rest.strip() == f"{result.iterations} {result.routes.expanded()[1].tolist()}"
