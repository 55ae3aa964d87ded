"""How sweeps follow each other: what is kept, how large the next part is, when the search ends, what is told of it.

The parts themselves are played from a script.
"""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import NORMAL, QUICK, THOROUGH, Effort
from evacuation_planner.plugin.solvers.routing.present import system_optimal as sweep_module
from evacuation_planner.plugin.solvers.routing.present.run import as_run
from evacuation_planner.plugin.solvers.routing.present.sweep import Driven, driven
from evacuation_planner.plugin.solvers.routing.present.system_optimal import system_optimal_schedule
from evacuation_planner.plugin.solvers.routing.shared.choices import LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, RoutingProblem, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.schedule import Schedule
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost

LEVELS = [(QUICK, 5, 0.02, 40_000_000), (NORMAL, 20, 1e-3, 400_000_000), (THOROUGH, 100, 1e-5, 8_000_000_000)]


def departing(trips: int) -> RoutingProblem:
    """One road; a trip leaves each second."""
    cost = road_cost(LINEAR, np.array([10.0]))
    return routing_problem(Arcs(2, [0], [1], cost), TripTable([0] * trips, [1] * trips, np.arange(float(trips))))


def lasting(problem: RoutingProblem, total: float) -> Schedule:
    """A schedule in which all together travel for ``total`` seconds."""
    arrival = problem.departure + total / max(problem.trips, 1)
    return Schedule(np.arange(problem.trips + 1), np.zeros(problem.trips, dtype=np.int32), problem.departure, arrival)


def plan_of(problem: RoutingProblem, schedule: Schedule) -> Driven:
    """A schedule in which everybody arrives, with what it is judged by."""
    return driven(problem, schedule.indptr, schedule.arc, as_run(schedule, problem.departure))


class Script:
    """A sweep of parts in which so many trips are looked at, the total then is such, and so many have moved."""

    def __init__(self, problem: RoutingProblem, first: float, parts: list[tuple[int, float, int]], step: int) -> None:
        self.problem, self.parts, self.step, self.work, self.threads = problem, parts, step, 0, 0
        self.asked: list[tuple[float, np.ndarray, int, int]] = []
        self.told: list[float] = []
        self.said: list[str] = []
        self.start = lasting(problem, first)

    def __call__(self, problem, trees, pool, threads, latest) -> Script:
        self.threads = threads
        return self

    def run(self, now, order, most, most_work, control):
        looked, total, moved = self.parts[len(self.asked)]
        self.asked.append((now.seconds, order, most, most_work))
        control.progress(0.0, "")
        control.progress(1.0, "")
        self.work += self.step
        return plan_of(self.problem, lasting(self.problem, total)), looked, moved


def play(monkeypatch, trips, first, parts, *, effort=NORMAL, step=0):
    """Play the parts, all of which must be asked for; return the script, the totals that are kept, if work ran out."""
    script = Script(departing(trips), first, parts, step)
    monkeypatch.setattr(sweep_module, "Sweep", script)
    best, history, used_up = system_optimal_schedule(
        script.problem,
        reverse_trees(script.problem),
        script.start,
        Control(progress=lambda share, text: script.told.append(share), log=script.said.append, effort=Effort(effort)),
    )
    assert len(script.asked) == len(parts)
    assert best.arrival.sum() - script.problem.departure.sum() == pytest.approx(history[-1][1])
    return script, [total for _, total in history], used_up


def test_parts_shrink_where_they_fail_and_grow_where_they_succeed(monkeypatch):
    """Of 240 trips a part moves at most 48, and at least 3 may move."""
    first_sweep = [
        (100, 228_000.0, 7), (40, 229_200.0, 5), (30, 228_000.0, 4), (20, 240_000.0, 4), (10, 230_400.0, 4),
        (10, 228_240.0, 4), (5, 228_000.0, 0), (5, 226_800.0, 3), (10, 216_000.0, 2), (10, 180_000.0, 11),
    ]  # fmt: skip
    second_sweep = [
        (100, 179_760.0, 1), (10, 179_520.0, 2), (10, 179_280.0, 3), (10, 179_040.0, 4), (110, 178_800.0, 5),
    ]  # fmt: skip
    parts = [*first_sweep, *second_sweep, (240, 178_800.0, 0)]
    script, kept, used_up = play(monkeypatch, 240, 240_000.0, parts)
    assert [most for _, _, most, _ in script.asked] == [48, 48, 24, 12, 6, 3, 3, 3, 5, 8, 13, 20, 31, 47, 48, 48]
    best = [240_000.0, *[228_000.0] * 7, 226_800.0, 216_000.0, *(total for _, total, _ in parts[9:15])]
    assert [total for total, _, _, _ in script.asked] == pytest.approx(best)
    assert kept == pytest.approx(sorted(set(best), reverse=True)) and not used_up
    assert script.said == [
        "Sweep 1: 23 changes of route, total time 50.0 vehicle-hours.",
        "Sweep 2: 15 changes of route, total time 49.7 vehicle-hours.",
        "Sweep 3: 0 changes of route, total time 49.7 vehicle-hours.",
    ]
    told, sweeps = iter(script.told), []
    for number, sweep in enumerate([first_sweep, second_sweep, parts[-1:]], start=1):
        at, orders = 0, script.asked[: len(sweep)]
        del script.asked[: len(sweep)]
        whole = orders[0][1]
        for (_, order, _, _), (looked, _, _) in zip(orders, sweep):
            assert order.tolist() == whole[at:].tolist()
            assert next(told) == pytest.approx((number - 1 + at / 240) / 20)
            assert next(told) == pytest.approx(number / 20)
            at += looked
        assert sorted(whole.tolist()) == list(range(240))
        sweeps.append(whole.tolist())
    assert len({tuple(sweep) for sweep in [*sweeps, range(240)]}) == 4  # another order each time


@pytest.mark.parametrize(
    ("trips", "sizes"),
    [(1, [1]), (4, [1, 1]), (14, [2, 1, 1]), (15, [3, 1, 1]), (1280, [256, 128, 64, 32, 16, 16])],
)
def test_a_part_moves_a_sixteenth_of_the_first_and_one_trip_at_least(trips, sizes, monkeypatch):
    looked = [1] * (len(sizes) - 1) + [trips - len(sizes) + 1]
    script, kept, _ = play(monkeypatch, trips, 100.0, [(many, 200.0, 1) for many in looked])
    assert [most for _, _, most, _ in script.asked] == sizes and len(kept) == 1


def test_where_nobody_travels_one_sweep_is_enough(monkeypatch):
    _, kept, used_up = play(monkeypatch, 2, 0.0, [(2, 0.0, 0)])
    assert kept == [0.0] and not used_up


def test_without_trips_there_is_nothing_to_sweep(monkeypatch):
    script, kept, used_up = play(monkeypatch, 0, 0.0, [])
    assert kept == [0.0] and not used_up and script.said == []


@pytest.mark.parametrize(("effort", "sweeps", "gain", "work"), LEVELS)
def test_another_sweep_follows_one_that_gained_enough_until_all_are_made(effort, sweeps, gain, work, monkeypatch):
    falling = [1e6 * (1 + 1.01 * gain) ** -k for k in range(sweeps + 1)]
    script, kept, used_up = play(monkeypatch, 2, falling[0], [(2, total, 1) for total in falling[1:]], effort=effort)
    assert kept == pytest.approx(falling) and not used_up and script.told[-1] == pytest.approx(1.0)
    assert script.asked[0][3] == work
    play(monkeypatch, 2, 1e6, [(2, 1e6 / (1 + 0.99 * gain), 1)], effort=effort)


@pytest.mark.parametrize(("effort", "sweeps", "gain", "work"), LEVELS)
def test_the_search_ends_on_the_way_when_its_work_is_done(effort, sweeps, gain, work, monkeypatch):
    parts = [(10, 900.0, 3), (10, 800.0, 3), (10, 700.0, 3)]
    script, kept, used_up = play(monkeypatch, 40, 1000.0, parts[:2], effort=effort, step=work // 2)
    assert used_up and kept == pytest.approx([1000.0, 900.0, 800.0])
    assert script.said[0].startswith("Sweep 1: 6 changes") and f"{work:,} counted steps" in script.said[1]
    assert len(script.said) == 2
    _, kept, used_up = play(monkeypatch, 40, 1000.0, parts, effort=effort, step=work // 2 - 1)
    assert used_up and len(kept) == 4
    # Used up with the last trip of the last sweep: nothing was left undone.
    _, _, used_up = play(monkeypatch, 40, 1000.0, [(40, 1000.0, 0)], effort=effort, step=work)
    assert not used_up


@pytest.mark.parametrize(("processors", "threads"), [(None, 1), (1, 1), (3, 3), (64, 8)])
def test_threads_are_as_many_as_processors_up_to_eight(processors, threads, monkeypatch):
    monkeypatch.setattr(sweep_module.os, "cpu_count", lambda: processors)
    script, _, _ = play(monkeypatch, 2, 10.0, [(2, 10.0, 0)])
    assert script.threads == threads
