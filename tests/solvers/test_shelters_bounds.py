"""Bounds of the shelter choice, and what prices rule out, against every set of sites and a linear program."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")
pytest.importorskip("networkx")

from evacuation_planner.plugin.solvers.control import never
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.location import location_problem
from evacuation_planner.plugin.solvers.location.exchange import fixed_by_price
from evacuation_planner.plugin.solvers.location.location_problem import (
    LinearRelaxation,
    LocationProblem,
    linear_relaxation,
)
from evacuation_planner.plugin.solvers.mip import solve as integer_program
from evacuation_planner.plugin.solvers.shelters import covering, facility_location
from evacuation_planner.plugin.solvers.shelters.covering import CoveringProblem
from tests.solvers.shelter_oracle import best_choice, cheapest_plan


def case(seed: int, zones: int = 6, sites: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """People, whole minutes, whole rooms, and how many sites may open; all sites together have room for everybody."""
    rng = np.random.default_rng(seed)
    people = rng.integers(5, 40, zones)
    room = np.ceil(people.sum() * rng.uniform(0.3, 0.6, sites))
    return people, rng.integers(1, 60, (zones, sites)).astype(float), room, 3


def travel(people: np.ndarray, minutes: np.ndarray, room: np.ndarray, most: int) -> LocationProblem:
    zone, site = np.nonzero(np.isfinite(minutes))
    return LocationProblem(
        people.astype(float),
        room,
        zone,
        site,
        minutes[zone, site],
        np.zeros(len(room), bool),
        float(people.sum()),
        most,
    )


def least_of_the_relaxation(people: np.ndarray, minutes: np.ndarray, room: np.ndarray, most: int) -> float:
    """The relaxation with every row flow <= most * open, variable by variable: rounds reach no more."""
    zones, sites = minutes.shape
    reach = np.isfinite(minutes).ravel()
    cost = np.concatenate([np.where(reach, minutes.ravel(), 0.0), np.zeros(sites)])
    above, below, equal, demand = [], [], [], []
    for i in range(zones):
        row = np.zeros(len(cost))
        row[i * sites : (i + 1) * sites] = 1.0
        equal.append(row)
        demand.append(people[i])
        for j in range(sites):
            row = np.zeros(len(cost))
            row[i * sites + j], row[zones * sites + j] = 1.0, -min(people[i], room[j])
            above.append(row)
            below.append(0.0)
    for j in range(sites):
        row = np.zeros(len(cost))
        row[j : zones * sites : sites], row[zones * sites + j] = 1.0, -room[j]
        above.append(row)
        below.append(0.0)
    row = np.zeros(len(cost))
    row[zones * sites :] = 1.0
    above.append(row)
    below.append(float(most))
    bounds = [(0.0, None if near else 0.0) for near in reach] + [(0.0, 1.0)] * sites
    answer = linprog(cost, np.array(above), below, np.array(equal), demand, bounds)
    return float(answer.fun)


def sets_that_hold_everybody(people: np.ndarray, minutes: np.ndarray, room: np.ndarray, most: int) -> list:
    """(open sites, person-minutes) of every set of at most ``most`` sites that shelters all."""
    out = []
    for size in range(1, most + 1):
        for chosen in combinations(range(len(room)), size):
            covered, cost = cheapest_plan(people, minutes, room, chosen)
            if covered == people.sum():
                out.append((set(chosen), cost))
    return out


@pytest.mark.parametrize("seed", range(20))
def test_the_relaxation_is_below_every_set_and_near_the_whole_linear_program(seed: int) -> None:
    people, minutes, room, most = case(seed)
    found = linear_relaxation(travel(people, minutes, room, most), Control(cancelled=never, effort=Effort()))
    whole = least_of_the_relaxation(people, minutes, room, most)
    assert found.bound <= whole * (1.0 + 1e-9)
    assert found.bound >= whole * (1.0 - 1e-9)
    assert found.bound <= min(cost for _, cost in sets_that_hold_everybody(people, minutes, room, most)) + 1e-6


@pytest.mark.parametrize("seed", [52, 75, 159, 337])
def test_rounds_go_on_where_the_first_only_moves_the_flows_to_equal_ones(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many whole minutes are equal, and there is room for everybody: the first rows added do not raise the bound."""
    zones, sites, rng = 7, 6, np.random.default_rng(seed)
    people, minutes = 10 * rng.integers(1, 6, zones), rng.integers(1, 6, (zones, sites)).astype(float)
    minutes[rng.random(minutes.shape) < 0.3] = np.inf
    room, most = np.full(sites, float(people.sum())), 3
    problem = travel(people, minutes, room, most)
    found = linear_relaxation(problem, Control(cancelled=never, effort=Effort())).bound
    monkeypatch.setattr(location_problem, "MOST_ROUNDS", 2)
    assert linear_relaxation(problem, Control(cancelled=never, effort=Effort())).bound < 0.99 * found
    assert found == pytest.approx(least_of_the_relaxation(people, minutes, room, most), rel=1e-9)
    assert found <= min(cost for _, cost in sets_that_hold_everybody(people, minutes, room, most)) + 1e-6


@pytest.mark.parametrize("slack", [1.0, 1.03, 1.2])
def test_no_set_that_is_better_opens_what_prices_close_or_closes_what_they_open(slack: float) -> None:
    fixed = 0
    for seed in range(10):
        people, minutes, room, most = case(seed)
        found = linear_relaxation(travel(people, minutes, room, most), Control(cancelled=never, effort=Effort()))
        every = sets_that_hold_everybody(people, minutes, room, most)
        value = slack * min(cost for _, cost in every)
        closed, opened = fixed_by_price(value, found)
        fixed += int(closed.sum() + opened.sum())
        for chosen, cost in every:
            if cost <= value:
                assert not chosen & set(np.flatnonzero(closed).tolist())
                assert chosen >= set(np.flatnonzero(opened).tolist())
    assert fixed > 3  # it does rule sites out


def test_prices_by_hand() -> None:
    """Bound 100; opening site 1 costs 11 at least, closing site 2 costs 30, site 3 is half open and says nothing."""
    relaxation = LinearRelaxation(
        100.0, np.array([1.0, 0.0, 1.0, 0.5]), np.array([-5.0, 11.0, -30.0, 0.0]), np.zeros(0, dtype=np.int64),
        np.zeros(1), np.zeros(1),
    )  # fmt: skip
    for value, closed, opened in ((110.0, [1], [2]), (112.0, [], [2]), (104.0, [1], [0, 2]), (131.0, [], [])):
        found = fixed_by_price(value, relaxation)
        assert (np.flatnonzero(found[0]).tolist(), np.flatnonzero(found[1]).tolist()) == (closed, opened)


@pytest.mark.parametrize("seed", range(12))
def test_bounds_stand_below_the_optimum_where_the_search_ends_early(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gap of 20 % is soon reached, and one node is not enough: whatever is then stated must be true."""
    monkeypatch.setattr(integer_program, "WORK", (1, 1, 1))
    monkeypatch.setattr(integer_program, "FEWEST_NODES", (1, 1, 1))
    people, minutes, room, most = case(seed)
    _, _, best = best_choice(people, minutes, room, max_sites=most)
    for gap in (0.0, 0.05, 0.2):
        cover = covering.solve(
            CoveringProblem(people, minutes, room, np.zeros(len(room), bool), most),
            control=Control(effort=Effort(0, mip_gap=gap)),
        )
        stage = cover.stages[-1]
        reached = float((cover.flow * minutes).sum())
        assert stage.value == pytest.approx(reached)
        assert stage.bound <= best + 1e-6 <= stage.value + 2e-6
        assert stage.proved == (stage.value - stage.bound <= gap * stage.value)
        if stage.proved:
            assert reached <= best / (1.0 - gap) + 1e-6


def test_the_bound_stated_is_the_better_one_of_prices_and_solver_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that stops 2 % short of its value: no more than that is stated, less only where prices prove more."""
    stated, true = [], facility_location.solve_program

    def short(*arguments, **options):
        solution = true(*arguments, **options)
        stated.append(0.98 * solution.objective)
        return replace(solution, status="feasible", bound=stated[-1])

    monkeypatch.setattr(facility_location, "solve_program", short)
    for seed in range(12):
        people, minutes, room, most = case(seed)
        asked = len(stated)
        problem = CoveringProblem(people, minutes, room, np.zeros(len(room), bool), most)
        stage = covering.solve(problem, control=Control(effort=Effort(mip_gap=0.0))).stages[-1]
        if len(stated) > asked:
            prices = linear_relaxation(
                travel(people, minutes, room, most), Control(cancelled=never, effort=Effort())
            ).bound
            assert stage.bound == pytest.approx(max(stated[-1], prices), rel=1e-9)
            assert stage.proved == (stage.bound == stage.value)
    assert len(stated) > 2
