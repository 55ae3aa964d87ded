"""The same plan every time: work is counted, so that neither clock, load nor threads have a say."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from evacuation_planner.plugin.solvers import control
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import NORMAL, QUICK, THOROUGH, Effort
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.kernels import kernels_compiled
from evacuation_planner.plugin.solvers.routing import solve as solve_module
from evacuation_planner.plugin.solvers.routing.present import sweep as sweep_part
from evacuation_planner.plugin.solvers.routing.present import system_optimal as sweep
from evacuation_planner.plugin.solvers.routing.shared.choices import (
    BPR,
    CUMULATIVE,
    DENSITY,
    GREEDY,
    PRESENT,
    REFINED,
    SYSTEM_OPTIMAL,
)
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.conftest import ROOT
from tests.solvers.routing_oracle import random_case
from tests.solvers.test_routing_marginal import crowded_grid

SEARCHES = ((SYSTEM_OPTIMAL, PRESENT, DENSITY), (REFINED, PRESENT, DENSITY), (SYSTEM_OPTIMAL, CUMULATIVE, BPR))


def plans(effort: int = NORMAL, trips: int = 900) -> list:
    """All that the searching methods find on two crowded problems, to the last bit."""
    found = []
    for method, flow_model, kind in SEARCHES:
        result = solve(random_case(4, kind, nodes=16, trips=120).problem, method=method, flow_model=flow_model)
        found.append((result.routes.expanded()[1].tolist(), result.travel.tolist(), result.lower_bound))
    result = solve(crowded_grid(trips=trips, side=7), control=Control(effort=Effort(effort)))
    return [*found, (result.routes.expanded()[1].tolist(), result.travel.tolist(), result.lower_bound)]


def test_a_clock_that_runs_fast_changes_nothing(monkeypatch):
    before = plans()
    hours = itertools.count(0.0, 3600.0)
    monkeypatch.setattr(control.time, "monotonic", lambda: next(hours))
    monkeypatch.setattr(control.time, "perf_counter", lambda: next(hours))
    assert plans() == before


def test_neither_load_nor_the_number_of_threads_changes_anything(monkeypatch):
    before, stop = plans(trips=300), threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(1000))

    spinning = [threading.Thread(target=spin) for _ in range(3)]
    try:
        for thread in spinning:
            thread.start()
        for threads in (1, 2):
            monkeypatch.setattr(os, "cpu_count", lambda count=threads: count)
            assert plans(trips=300) == before
    finally:
        stop.set()
        for thread in spinning:
            thread.join()


def test_a_larger_effort_goes_on_where_a_smaller_one_ends():
    problem = crowded_grid(trips=900, side=7)
    total = [solve(problem, control=Control(effort=Effort(level))).total_time for level in (QUICK, NORMAL, THOROUGH)]
    assert total[0] >= total[1] >= total[2]
    assert total[2] < total[0]


def test_the_search_ends_when_its_counted_work_is_done(monkeypatch):
    problem, said = crowded_grid(trips=900, side=7), []
    whole = solve(problem)
    monkeypatch.setattr(sweep, "MOST_WORK", (5_000, 5_000, 5_000))
    found = [solve(problem, control=Control(log=said.append)) for _ in range(2)]
    assert found[0].routes.expanded()[1].tolist() == found[1].routes.expanded()[1].tolist()
    assert whole.total_time < found[0].total_time < found[0].history[0][1]
    assert sum("5,000 counted steps" in text for text in said) == 2
    assert found[0].warnings == ()


def test_work_is_looked_at_after_each_batch_of_vehicles(monkeypatch):
    problem = crowded_grid(trips=900, side=7)
    monkeypatch.setattr(sweep, "MOST_WORK", (1, 1, 1))
    monkeypatch.setattr(sweep_part, "BATCH", 16)
    found = solve(problem), solve(problem, method=GREEDY)
    routes = [[one.routes.of(k).tolist() for k in range(900)] for one in found]
    assert 1 <= sum(a != b for a, b in zip(*routes)) <= 16


def test_a_search_that_finds_nothing_says_so(monkeypatch):
    problem = crowded_grid(trips=900, side=7)
    monkeypatch.setattr(sweep, "MOST_WORK", (0, 0, 0))
    result = solve(problem)
    assert result.total_time == solve(problem, method=GREEDY).total_time
    assert len(result.warnings) == 1 and "nothing better than the greedy routes" in result.warnings[0]
    assert "A larger EFFORT" in result.warnings[0]
    assert "A larger EFFORT" not in solve(problem, control=Control(effort=Effort(THOROUGH))).warnings[0]
    alone = problem.only(np.array([0]))  # one vehicle, on its fastest way: nothing to find
    assert solve(alone).warnings == ()


def test_where_there_is_one_way_only_no_larger_effort_is_advised():
    cost = road_cost(DENSITY, np.array([60.0]), np.array([50.0]), 0.1)
    there, all_at_once = np.ones(40, dtype=int), np.zeros(40)
    crowd = routing_problem(Arcs(2, np.array([0]), np.array([1]), cost), TripTable(0 * there, there, all_at_once))
    said = []
    result = solve(crowd, control=Control(log=said.append))
    assert result.total_time > result.free_flow_time and result.warnings == ()
    assert sum("could not be improved on" in text for text in said) == 1


@pytest.mark.parametrize("total", [0.1 + 0.2, 1e6 / 3])
def test_the_bound_is_not_above_the_total_by_rounding(total):
    assert solve_module._undercut(total * (1 + 1e-12), total) == total
    assert solve_module._undercut(total * (1 + 1e-6), total) > total  # a fault is not hidden
    assert solve_module._undercut(0.9 * total, total) == 0.9 * total and solve_module._undercut(None, total) is None


def test_the_fence_starts_when_everything_is_compiled(monkeypatch):
    now, problem = [0.0], crowded_grid(trips=200, side=5)

    def compiles(*_) -> None:
        now[0] += 100.0

    monkeypatch.setattr(control.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(solve_module, "_compile", compiles)
    effort = Effort(NORMAL, 50.0)
    result = solve(problem, control=Control(effort=effort))
    assert not effort.stopped_early and result.warnings == () and result.seconds == 0.0
    assert result.total_time == solve(problem).total_time


def test_a_fence_that_is_reached_is_told():
    effort = Effort(NORMAL, 1e-9)
    result = solve(crowded_grid(trips=200, side=5), control=Control(effort=effort))
    assert effort.stopped_early and "TIME_LIMIT" in result.warnings[0]


@pytest.mark.skipif(not kernels_compiled(), reason="nothing to compile without numba")
def test_compiling_can_be_cancelled_between_two_kernels(monkeypatch):
    monkeypatch.setattr(solve_module, "_compiled", set())
    left = [5]

    def cancelled() -> bool:
        left[0] -= 1
        return left[0] < 0

    started = time.monotonic()
    with pytest.raises(Cancelled):
        solve(crowded_grid(trips=2, side=3), control=Control(cancelled=cancelled))
    assert not solve_module._compiled and time.monotonic() - started < 60


COMPILED = """
import sys; sys.path[:0] = {paths!r}
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.routing import solve as module
from evacuation_planner.plugin.solvers.routing.shared.choices import BPR, DENSITY, LINEAR
from tests.solvers.test_queue_methods import grid
from tests.solvers.routing_oracle import random_case
from tests.solvers.test_routing_marginal import crowded_grid

def kernels():
    loaded = [m for name, m in sys.modules.items() if ".plugin.solvers." in name]
    held = [value for m in loaded for value in vars(m).values() if hasattr(value, "py_func")]
    return {{f.py_func.__module__ + "." + f.py_func.__name__: list(f.signatures) for f in held}}

for flow_model, kind in ((0, DENSITY), (1, BPR)):
    for method in range(4):
        module._compile(module.Choices(method, flow_model, 0.02, True, 3600.0, 300.0, 5.0), kind, Control())
        before = kernels()
        problem = random_case(4, kind, nodes=16, trips=300, background=True).problem
        module.solve(problem, method=method, flow_model=flow_model, certify=True, epsilon=0.0)
        if flow_model == 0:
            module.solve(crowded_grid(trips=900, side=7), method=method, certify=True, epsilon=0.0)
        after = kernels()
        late = [name for name in after if after[name] != before.get(name, [])]
        print(flow_model, method, len(after), late)
for method in (0, 1, 3, 4):
    module._compile(module.Choices(method, 2, 0.02, True, 3600.0, 300.0, 5.0), LINEAR, Control())
    before = kernels()
    module.solve(grid(1), method=method, certify=True)
    after = kernels()
    print(2, method, len(after), [name for name in after if after[name] != before.get(name, [])])
for flow_model, kind, problem in (
    (0, DENSITY, crowded_grid(trips=300, side=5)), (1, BPR, random_case(4, BPR, nodes=16, trips=300).problem),
    (2, LINEAR, grid(1)),
):
    module._compile(module.Choices(3, flow_model, 0.02, True, 3600.0, 300.0, 5.0, 2), kind, Control())
    before = kernels()
    module.solve(problem, flow_model=flow_model, certify=True, max_routes=2)
    after = kernels()
    print(flow_model, "limited", len(after), [name for name in after if after[name] != before.get(name, [])])
"""


@pytest.mark.skipif(not kernels_compiled(), reason="nothing to compile without numba")
def test_nothing_is_left_to_be_compiled_once_the_clock_runs():
    """In a process of its own, where no other test has had a kernel loaded or compiled."""
    script = COMPILED.format(paths=[str(ROOT), str(ROOT / "build" / "plugins")])
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    lines = run.stdout.strip().splitlines()
    assert len(lines) == 15 and all(line.endswith("[]") for line in lines), run.stdout
