"""Of equally good plans every solver gives the same one, and the log says where that is not proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")
pytest.importorskip("networkx")

from evacuation_planner.plugin.solvers.location.coverage import Coverage
from evacuation_planner.plugin.solvers.mip import highs
from evacuation_planner.plugin.solvers.mip.equal_plans import MAY_DIFFER, SETTLED, fixed_weights
from evacuation_planner.plugin.solvers.shelters import covering, facility_location
from evacuation_planner.plugin.solvers.shelters.covering import CoveringProblem
from evacuation_planner.plugin.solvers.shelters.stage import Stage
from tests.solvers.shelter_oracle import cheapest_plan


def by_both(monkeypatch: pytest.MonkeyPatch, run: Callable[[], Any]) -> list[Any]:
    """What HiGHS gives, where it is installed, and what CBC and scipy give without it."""
    found = [run()]
    with monkeypatch.context() as patch:
        patch.setattr(highs, "usable", lambda: False)
        return [*found, run()]


def shelters(seed: int) -> CoveringProblem:
    """Few whole minutes and rooms, so that many sets and flows are equal; some have too little room for all."""
    rng = np.random.default_rng(seed)
    zones, sites = int(rng.integers(4, 14)), int(rng.integers(4, 12))
    minutes = rng.integers(1, int(rng.integers(3, 8)), (zones, sites)).astype(float)
    minutes[rng.random((zones, sites)) < 0.2] = np.inf
    people, room = rng.integers(1, 6, zones) * 10, rng.integers(2, 9, sites) * 20.0
    return CoveringProblem(people, minutes, room, np.zeros(sites, bool), int(rng.integers(0, 5)))


def lightest_best_set(problem: CoveringProblem, sites: int) -> list[int]:
    """Of all sets of at most so many sites that shelter most at the least minutes, the one of the least weight."""
    weights, best = fixed_weights(len(problem.room)), None
    for size in range(1, sites + 1):
        for chosen in combinations(range(len(problem.room)), size):
            covered, cost = cheapest_plan(problem.people, problem.minutes, problem.room, chosen)
            key = (-covered, cost, weights[list(chosen)].sum(), list(chosen))
            best = key if best is None or key < best else best
    return best[-1]


@pytest.mark.parametrize("seed", [1, 17, 23, 27, 34])
def test_equal_sets_and_flows_are_settled(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, said = shelters(seed), []
    one, other = by_both(monkeypatch, lambda: covering.solve(problem, control=Control(log=said.append)))
    assert one.chosen.tolist() == other.chosen.tolist()
    assert one.flow == pytest.approx(other.flow, abs=1e-6)
    assert one.flow == pytest.approx(np.round(one.flow), abs=1e-6)
    assert float((one.flow * np.where(one.flow > 0, problem.minutes, 0)).sum()) == pytest.approx(one.stages[-1].value)
    assert said.count(SETTLED) == 2 and MAY_DIFFER not in said
    most = problem.max_sites or int(one.stages[1].value)
    assert np.flatnonzero(one.chosen).tolist() == lightest_best_set(problem, most)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MOST_PAIRS", 0),
        ("settle", lambda *arguments, **options: False),
        ("held", lambda value: value - 1.0),  # what the second solve gave is dearer
    ],
)
def test_without_both_proofs_the_set_found_first_stays_and_the_log_says_so(
    name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, said = shelters(1), []
    best = covering.solve(problem)
    monkeypatch.setattr(facility_location, name, value)
    found = covering.solve(problem, control=Control(log=said.append))
    assert found.stages[-1].value == best.stages[-1].value and found.uncovered == best.uncovered
    assert said[-1] == MAY_DIFFER


def test_a_proof_that_lacks_before_travel_counts_is_no_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    true, said = covering.fewest_sites, []

    def unproved(*arguments: Any) -> Any:
        best, stage = true(*arguments)
        return best, replace(stage, bound=stage.value - 1.0)

    monkeypatch.setattr(covering, "fewest_sites", unproved)
    covering.solve(shelters(34), control=Control(log=said.append))
    assert said[-1] == MAY_DIFFER


def test_open_are_the_required_sites_and_those_that_someone_goes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    flow, stage = np.array([9.5, 0.5, 0.0, 0.0]), Stage("person-minutes", 1.0, 1.0, True, "", 0.0)
    found = facility_location.Location(np.array([True, True, True, False]), flow, stage, True)
    monkeypatch.setattr(covering, "least_travel", lambda *arguments: found)
    problem = CoveringProblem(np.array([10]), np.ones((1, 4)), np.full(4, 12.0), np.zeros(4, bool), 4)
    assert covering.solve(problem).chosen.tolist() == [True, True, False, False]
    problem = replace(problem, required=np.array([False, False, True, False]))
    assert covering.solve(problem).chosen.tolist() == [True, True, True, False]


def test_pairs_are_those_of_people_with_room_in_reach() -> None:
    minutes = np.array([[3.0, np.inf, 5.0], [1.0, 2.0, 4.0], [7.0, 8.0, 9.0]])
    people, room, required = np.array([4, 0, 1]), np.array([0.5, 3.0, 0.0]), np.zeros(3, bool)
    coverage = Coverage(people, np.isfinite(minutes), room)
    found = covering._location_problem(CoveringProblem(people, minutes, room, required), coverage, 4, 2)
    assert list(zip(found.zone.tolist(), found.site.tolist(), found.minutes.tolist())) == [
        (0, 0, 3.0), (2, 0, 7.0), (2, 1, 8.0)
    ]  # fmt: skip
    assert (found.room.tolist(), found.target, found.max_sites) == ([0.5, 1.0, 0.0], 2.0, 2)  # two units a person


def test_nobody_to_shelter_leaves_nothing_to_agree_on() -> None:
    said: list[str] = []
    covering.solve(
        CoveringProblem(np.array([0]), np.ones((1, 2)), np.ones(2), np.zeros(2, bool)), control=Control(log=said.append)
    )
    assert SETTLED not in said and MAY_DIFFER not in said
