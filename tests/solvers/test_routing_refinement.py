"""Algorithm 3 as a whole against a second, slow program that works everything out anew after each change."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control, never, no_progress
from evacuation_planner.plugin.solvers.effort import NORMAL, QUICK, THOROUGH, Effort
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.routing.cumulative import refined as refined_static
from evacuation_planner.plugin.solvers.routing.cumulative.refined import refined_static_routes
from evacuation_planner.plugin.solvers.routing.present import refined as refined_present
from evacuation_planner.plugin.solvers.routing.present.refined import refined_present_schedule
from evacuation_planner.plugin.solvers.routing.present.simulation import ORDER, simulate
from evacuation_planner.plugin.solvers.routing.shared.choices import BPR, DENSITY, LINEAR
from tests.solvers.routing_oracle import present_moments, random_case, static_total
from tests.solvers.test_routing_operations import saved_on
from tests.solvers.test_routing_simulation import drawn_routes, rows


class OneStep:
    """Slices of one step each: every kernel is left and entered again as often as can be."""

    def __init__(self, steps: int = 500) -> None:
        self.steps = steps

    def next(self) -> int:
        return 1


def changes_at(problem, route: list[int], k: int, nodes: set[int]) -> list[tuple[int, list[int]]]:
    """Add, Drop and Swap at the k-th arc of a route: arcs removed and new ones, no new one over ``nodes``."""
    ends = list(zip(problem.tail.tolist(), problem.head.tolist()))
    here, over = ends[route[k]]
    beyond = ends[route[k + 1]][1] if k + 1 < len(route) else None
    found = [(2, [arc]) for arc, end in enumerate(ends) if end == (here, beyond)]
    for first, (a, x) in enumerate(ends):
        if a == here and x not in nodes and x != over:
            found += [(1, [first, arc]) for arc, end in enumerate(ends) if end == (x, over)]
            found += [(2, [first, arc]) for arc, end in enumerate(ends) if end == (x, beyond)]
    return found


def on(problem, route: list[int]) -> set[int]:
    return {int(node) for arc in route for node in (problem.tail[arc], problem.head[arc])}


def enough(own: float, epsilon: float) -> float:
    """The gain from which on T / (T - gain) > 1 + epsilon."""
    return own - own / (1 + max(epsilon, 1e-9))


def stays_of(routes, moments) -> set[tuple[int, int, float, float]]:
    """(Arc, trip, entry, exit) of every hop."""
    return {(arc, trip, *moments[trip][k : k + 2]) for trip, route in enumerate(routes) for k, arc in enumerate(route)}


def refined_by_definition(case, routes, epsilon: float, passes: int):
    """Label after label in the order of time; of the changes that may gain enough the best one is made."""
    problem, routes = case.problem, [list(route) for route in routes]
    changes, altered, moments = 0, {}, present_moments(case, routes)
    for number in range(1, passes + 1):
        failed, at, before = set(), 0, changes
        while True:
            labels = sorted((moments[t][k + 1], t, k) for t, route in enumerate(routes) for k in range(len(route)))
            if at == len(labels):
                break
            _, trip, k = labels[at]
            route, own = routes[trip], moments[trip][-1] - moments[trip][0]
            looked_at = {*route[k : k + 2], *(arc for _, new in changes_at(problem, route, k, set()) for arc in new)}
            at += 1
            # From the second pass on only what changes since the last one's beginning concern.
            if not any(altered.get(key, 0) >= number - 1 for key in [("trip", trip), *looked_at]):
                continue
            entries = [(arc, *moments[t][i : i + 2], (t, i)) for t, r in enumerate(routes) for i, arc in enumerate(r)]
            spared = np.cumsum([saved_on(case, entries, (trip, i)) for i in range(k, min(k + 2, len(route)))])
            best, most = None, enough(own, epsilon)
            for removed, new in changes_at(problem, route, k, on(problem, route)):
                key = (trip, route[k], removed, *new)
                if spared[removed - 1] - problem.cost.free_flow[new].sum() <= enough(own, epsilon) or key in failed:
                    continue
                failed.add(key)
                changed = [*routes[:trip], [*route[:k], *new, *route[k + removed :]], *routes[trip + 1 :]]
                after = present_moments(case, changed)
                gain = sum(m[-1] for m in moments) - sum(m[-1] for m in after)
                if gain > most:
                    best, most = (changed, after), gain
            if best is None:
                continue
            now, stays = moments[trip][k], stays_of(routes, moments)
            for arc, other, *_ in stays ^ stays_of(*best):
                altered[arc] = altered["trip", other] = number
            routes, moments = best
            changes += 1
            at = sum(m[i + 1] < now for m, r in zip(moments, routes) for i in range(len(r)))
        if changes == before:
            break
    return routes, changes


def refine(case, routes, epsilon=0.02, effort=None, progress=no_progress, cancelled=never, log=print):
    start = simulate(case.problem, rows(routes), record=ORDER)
    schedule, changes = refined_present_schedule(
        case.problem,
        start,
        epsilon,
        Control(progress=progress, cancelled=cancelled, log=log, effort=effort or Effort(THOROUGH)),
    )
    found = [schedule.arc[slice(*schedule.indptr[k : k + 2])].tolist() for k in range(case.problem.trips)]
    np.testing.assert_allclose(schedule.arrival, [m[-1] for m in present_moments(case, found)], rtol=1e-12)
    return found, changes


@pytest.mark.parametrize("kind", [LINEAR, DENSITY])
def test_under_present_against_a_slow_program(kind, monkeypatch):
    made = passes = 0
    for seed in range(0, 40, 2):  # even ones: no two moments are the same
        case = random_case(seed, kind, nodes=8, trips=10, background=seed % 4 == 0)
        routes = drawn_routes(case, seed)
        for epsilon in (0.0, 0.3):
            expected = refined_by_definition(case, routes, epsilon, 20)
            assert refine(case, routes, epsilon) == expected, (seed, epsilon)
            with monkeypatch.context() as patch:
                patch.setattr(refined_present, "Slices", OneStep)
                assert refine(case, routes, epsilon) == expected, (seed, epsilon)
            made += expected[1]
            passes += refined_by_definition(case, routes, epsilon, 1)[0] != expected[0]
    assert made > 150 and passes >= 2  # one pass is not always enough


def crowd():
    """Twenty trips on twelve nodes, on the first routes that come to hand: much to refine."""
    case = random_case(6, DENSITY, nodes=12, trips=20)
    return case, drawn_routes(case, 6)


def test_passes_and_events_under_present_are_those_of_the_effort(monkeypatch):
    case, routes = crowd()
    every = refine(case, routes)
    monkeypatch.setattr(refined_present, "MOST_PASSES", (1, 2, 3))
    for level, passes in ((QUICK, 1), (NORMAL, 2), (THOROUGH, 3)):
        assert refine(case, routes, effort=Effort(level)) == refined_by_definition(case, routes, 0.02, passes)
    monkeypatch.setattr(refined_present, "MOST_EVENTS", (0, 800, 10**9))
    monkeypatch.setattr(refined_present, "Slices", OneStep)
    said = []
    assert refine(case, routes, effort=Effort(QUICK), log=said.append) == (routes, 0)
    assert said == ["EFFORT: the search has ended after following 0 events; a larger one goes on."]
    found, changes = refine(case, routes, effort=Effort(NORMAL), log=said.append)
    assert 0 < changes < every[1] and "following 800 events" in said.pop()
    monkeypatch.setattr(refined_present, "MOST_PASSES", (20, 20, 20))
    said.clear()
    assert refine(case, routes, effort=Effort(THOROUGH), log=said.append) == every and not said


def test_under_present_progress_fence_and_cancelling(monkeypatch):
    case, routes = crowd()
    monkeypatch.setattr(refined_present, "Slices", OneStep)
    monkeypatch.setattr(refined_present, "MOST_PASSES", (4, 4, 4))
    told = []
    whole = refine(case, routes, progress=lambda share, text: told.append(share))
    assert max(told) <= 1.0 and min(told) >= 0.0 and max(b - a for a, b in zip(told, told[1:])) <= 0.06
    # A pass is a quarter: within the first one the bar reaches it, and never falls below where its pass begins.
    assert 0.25 in told and all(share >= 0.25 for share in told[told.index(0.25) :])
    stopped = refine(case, routes, effort=Effort(NORMAL, 1e-9))
    assert stopped == (routes, 0) and whole[1] > 0
    with pytest.raises(Cancelled):
        refine(case, routes, cancelled=lambda: True)


def test_under_present_trips_that_stay_are_left_alone():
    case = random_case(0, nodes=6, trips=3)
    problem = case.problem.only(np.arange(2))
    start = simulate(problem, rows([[], []]), record=ORDER)
    assert refined_present_schedule(
        problem, start, 0.0, Control(progress=no_progress, cancelled=never, log=print, effort=Effort())
    ) == (start, 0)


def refined_static_by_definition(case, routes, static, epsilon: float, passes: int):
    """Trip after trip, arc after arc: the best change that gains enough is made, then that arc is looked at again."""
    problem, routes, changes = case.problem, [list(route) for route in routes], 0
    for _ in range(passes):
        before = changes
        for trip in range(problem.trips):
            k = 0
            while k < len(routes[trip]):
                route, now = routes[trip], static_total(case, routes, static)
                flow = static + np.bincount([arc for r in routes for arc in r], minlength=problem.arcs)
                own = sum(case.seconds(arc, flow[arc]) for arc in route)
                best, most = None, enough(own, epsilon)
                for removed, new in changes_at(problem, route, k, on(problem, route)):
                    changed = [*route[:k], *new, *route[k + removed :]]
                    gain = now - static_total(case, [*routes[:trip], changed, *routes[trip + 1 :]], static)
                    if gain > most:
                        best, most = changed, gain
                if best is None:
                    k += 1
                    continue
                routes[trip] = best
                changes += 1
        if changes == before:
            break
    return routes, changes


def refine_static(case, routes, static, epsilon=0.0, effort=None, progress=no_progress, cancelled=never, log=print):
    found, changes = refined_static_routes(
        case.problem,
        rows(routes),
        static,
        epsilon,
        Control(progress=progress, cancelled=cancelled, log=log, effort=effort or Effort(THOROUGH)),
    )
    return [found.of(k).tolist() for k in range(case.problem.trips)], changes


@pytest.mark.parametrize("kind", [LINEAR, BPR])
def test_under_cumulative_against_a_slow_program(kind, monkeypatch):
    made = passes = 0
    for seed in range(0, 24, 2):
        case = random_case(seed, kind, nodes=8, trips=10)
        routes, static = drawn_routes(case, seed), np.random.default_rng(seed).uniform(0, 3, case.problem.arcs)
        for epsilon in (0.0, 0.3):
            expected = refined_static_by_definition(case, routes, static, epsilon, 20)
            assert refine_static(case, routes, static, epsilon) == expected, (seed, epsilon)
            with monkeypatch.context() as patch:
                patch.setattr(refined_static, "BLOCK", 4)
                assert refine_static(case, routes, static, epsilon) == expected, (seed, epsilon)
                patch.setattr(refined_static, "Slices", OneStep)
                assert refine_static(case, routes, static, epsilon) == expected, (seed, epsilon)
            made += expected[1]
            passes += refined_static_by_definition(case, routes, static, epsilon, 1)[0] != expected[0]
    assert made > 100 and passes >= 2


def test_passes_fence_and_progress_under_cumulative(monkeypatch):
    case, (_, routes) = random_case(6, BPR, nodes=12, trips=20), crowd()
    static = np.zeros(case.problem.arcs)
    whole = refine_static(case, routes, static)
    monkeypatch.setattr(refined_static, "Slices", OneStep)
    monkeypatch.setattr(refined_static, "BLOCK", 8)
    monkeypatch.setattr(refined_static, "MOST_PASSES", (1, 2, 9))
    for level, passes in ((QUICK, 1), (NORMAL, 2)):
        said: list[str] = []
        expected = refined_static_by_definition(case, routes, static, 0.0, passes)
        assert refine_static(case, routes, static, effort=Effort(level), log=said.append) == expected
        assert said == [f"EFFORT: the search has ended after {passes} passes; a larger one goes on."]
    said, told = [], []
    assert refine_static(case, routes, static, progress=lambda s, text: told.append(s), log=said.append) == whole
    # Twenty trips a pass, at most nine passes; the bar does not go back when the next pass begins.
    assert not said and len(told) % 20 == 0 and told == pytest.approx(np.arange(1, len(told) + 1) / 180)
    # At the fence the trip in hand is finished: the first one of each block of eight.
    found, _ = refine_static(case, routes, static, effort=Effort(NORMAL, 1e-9))
    assert {k for k in range(20) if found[k] != routes[k]} <= {0, 8, 16}
    assert found != routes
    with pytest.raises(Cancelled):
        refine_static(case, routes, static, cancelled=lambda: True)
    nobody = case.problem.only(np.arange(0))
    said.clear()
    left, changes = refined_static_routes(
        nobody, rows([]), static, 0.0, Control(progress=no_progress, cancelled=never, log=said.append, effort=Effort())
    )
    assert left.count == changes == 0 and not said
