"""The same input and effort give the same plan to the last bit, whatever clock and machine do."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers import control
from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.mip import highs
from evacuation_planner.plugin.solvers.shelters import covering
from evacuation_planner.plugin.solvers.shelters.covering import CoveringProblem

SOLVERS = ["CBC", pytest.param("HiGHS", marks=pytest.mark.skipif(not highs.usable(), reason="no highspy"))]


def short_of_room() -> AllocationProblem:
    """Goes through the exchanges and ends at its nodes before a proof."""
    draw = np.random.default_rng(2)
    sizes = draw.integers(1, 40, 30)
    room = np.floor(draw.dirichlet(np.full(4, 5.0)) * sizes.sum() * 0.9)
    return AllocationProblem(sizes, room, draw.random((30, 4)) * sizes[:, None], draw.random((30, 4)) < 0.9)


def room_for_all() -> AllocationProblem:
    draw = np.random.default_rng(4)
    sizes = draw.integers(5, 40, 80)
    room = np.full(6, np.floor(sizes.sum() / 6 * 1.03))
    return AllocationProblem(sizes, room, draw.random((80, 6)) * sizes[:, None], np.ones((80, 6), dtype=bool))


def sites() -> CoveringProblem:
    draw = np.random.default_rng(8)
    minutes = draw.uniform(1.0, 40.0, (30, 16))
    minutes[draw.random(minutes.shape) < 0.4] = np.inf
    return CoveringProblem(draw.integers(5, 60, 30), minutes, draw.uniform(60.0, 160.0, 16), np.zeros(16, bool), 8)


@contextmanager
def fast_clock(monkeypatch: pytest.MonkeyPatch):
    """A clock that runs 50 times faster, as on a machine 50 times slower."""
    true, begun = time.monotonic, time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: begun + 50.0 * (true() - begun))
        yield


@contextmanager
def busy():
    """Other threads that keep the machine busy."""
    over = threading.Event()

    def work() -> None:
        values = np.random.default_rng(0).random((200, 200))
        while not over.is_set():
            values = values @ values % 1.0

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("make", [short_of_room, room_for_all])
def test_an_allocation_does_not_depend_on_the_clock(solver: str, make, monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> tuple:
        effort = Effort(0, 600.0)
        found = solve(make(), control=Control(effort=effort), solver=solver)
        return found.people.tolist(), found.objective, found.bound, found.more_people, effort.stopped_early

    first = run()
    assert not first[-1]
    with fast_clock(monkeypatch):
        assert run() == first
    with busy():
        assert run() == first


def test_a_choice_of_sites_does_not_depend_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> tuple:
        effort = Effort(1, 600.0)
        found = covering.solve(sites(), control=Control(effort=effort))
        evidence = [(stage.name, stage.value, stage.bound, stage.proved) for stage in found.stages]
        return found.chosen.tolist(), found.flow.tolist(), evidence, effort.stopped_early

    first = run()
    assert not first[-1]
    with fast_clock(monkeypatch):
        assert run() == first
    with busy():
        assert run() == first


def test_reaching_the_fence_is_said_and_the_plan_still_holds() -> None:
    effort = Effort(1, 1e-6)
    problem = room_for_all()
    found = solve(problem, control=Control(effort=effort))
    assert effort.stopped_early and "TIME_LIMIT" in effort.warning()
    assert found.people.sum() == problem.sizes.sum() and np.all(found.load <= problem.capacity)
    assert found.bound is None or found.bound <= found.objective


def test_the_fence_does_not_count_what_came_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control.time, "monotonic", lambda: 0.0)
    effort = Effort(1, 600.0)
    solve(
        AllocationProblem(np.array([3]), np.array([5.0]), np.ones((1, 1)), np.ones((1, 1), bool)),
        control=Control(effort=effort),
    )
    assert not effort.stopped_early
