"""The covering model against exhaustive search, by hand, and by invariants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")
pytest.importorskip("networkx")

from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.location.coverage import Coverage
from evacuation_planner.plugin.solvers.shelters import covering
from evacuation_planner.plugin.solvers.shelters.covering import CoveringProblem
from tests.solvers.shelter_oracle import best_balance, best_choice, cheapest_plan

INF = np.inf


def random_case(seed, zones=6, sites=6):
    """A case with whole minutes and rooms; some are short of room, some have zones out of reach."""
    rng = np.random.default_rng(seed)
    people = rng.integers(0, 40, zones)
    minutes = rng.integers(1, 30, (zones, sites)).astype(float)
    minutes[rng.random((zones, sites)) < rng.uniform(0.0, 0.6)] = INF
    room = rng.integers(5, int(rng.integers(30, 120)), sites).astype(float)
    return people, minutes, room


def reached(cover, minutes):
    person_minutes = float((cover.flow * np.where(np.isfinite(minutes), minutes, 0.0)).sum())
    return cover.uncovered, int(cover.chosen.sum()), person_minutes


def check_flow(problem, cover):
    """Whoever is not uncovered has a place, within reach and within the room of a chosen site."""
    flow = cover.flow
    assert np.all(flow >= 0.0)
    assert np.all(flow.sum(axis=1) <= problem.people + 1e-6)
    assert np.all(flow.sum(axis=0) <= np.where(cover.chosen, problem.room, 0.0) + 1e-6)
    assert np.all(flow[~np.isfinite(problem.minutes)] == 0.0)
    assert flow.sum() + cover.uncovered == pytest.approx(problem.people.sum(), abs=1e-6)


@pytest.mark.parametrize("seed", range(40))
def test_fewest_sites_then_least_travel_as_by_exhaustive_search(seed):
    people, minutes, room = random_case(seed)
    problem = CoveringProblem(people, minutes, room, np.zeros(len(room), bool))
    cover = covering.solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    check_flow(problem, cover)
    assert reached(cover, minutes) == pytest.approx(best_choice(people, minutes, room))
    assert cover.gap == pytest.approx(0.0)
    assert all(stage.proved for stage in cover.stages)


@pytest.mark.parametrize("seed", range(100, 125))
def test_a_limit_on_sites_gives_least_uncovered_then_least_travel(seed):
    people, minutes, room = random_case(seed)
    most = 1 + seed % 4
    problem = CoveringProblem(people, minutes, room, np.zeros(len(room), bool), most)
    cover = covering.solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    check_flow(problem, cover)
    uncovered, count, cost = reached(cover, minutes)
    assert count <= most
    assert (uncovered, None, cost) == pytest.approx(best_choice(people, minutes, room, max_sites=most))


@pytest.mark.parametrize("seed", range(200, 215))
def test_required_sites_are_open_and_the_rest_is_chosen_around_them(seed):
    people, minutes, room = random_case(seed)
    required = [seed % len(room), (3 * seed + 1) % len(room)]
    mask = np.zeros(len(room), bool)
    mask[required] = True
    cover = covering.solve(CoveringProblem(people, minutes, room, mask), control=Control(effort=Effort(mip_gap=0.0)))
    assert cover.chosen[required].all()
    assert reached(cover, minutes) == pytest.approx(best_choice(people, minutes, room, required=required))


@pytest.mark.parametrize("seed", range(400, 430))
def test_the_balanced_choice_as_by_exhaustive_search(seed):
    people, minutes, room = random_case(seed)
    draw = np.random.default_rng(seed)
    most = 0 if seed % 3 else int(draw.integers(1, 5))
    required = [int(draw.integers(len(room)))] if seed % 4 == 0 else []
    mask = np.zeros(len(room), bool)
    mask[required] = True
    worth = float(draw.integers(0, 400))
    problem = CoveringProblem(people, minutes, room, mask, most, covering.BALANCED, worth)
    cover = covering.solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    check_flow(problem, cover)
    uncovered, count, travel = reached(cover, minutes)
    expected = best_balance(people, minutes, room, worth, required, most)
    assert (uncovered, travel + worth * count) == pytest.approx(expected)
    assert all(stage.proved for stage in cover.stages) and (not most or count <= most)
    assert cover.chosen[required].all()


@pytest.mark.parametrize("seed", range(430, 436))
def test_what_a_site_is_worth_where_nobody_says(seed):
    people, minutes, room = random_case(seed)
    said: list[str] = []
    problem = CoveringProblem(people, minutes, room, np.zeros(len(room), bool), choice=covering.BALANCED)
    cover = covering.solve(problem, control=Control(log=said.append, effort=Effort(mip_gap=0.0)))
    uncovered, fewest, _ = best_choice(people, minutes, room)
    worth = 2.0 * (people.sum() - uncovered) / fewest
    assert any(f"counts as {worth:,.1f} person-minutes" in text for text in said)
    _, count, travel = reached(cover, minutes)
    assert travel + worth * count == pytest.approx(best_balance(people, minutes, room, worth)[1])


@pytest.mark.parametrize("worth", [1e6, 1e12, 1e30])
def test_a_site_worth_more_than_all_travel_is_one_of_the_fewest(worth):
    people, minutes, room = random_case(405)
    problem = CoveringProblem(people, minutes, room, np.zeros(len(room), bool))
    fewest = covering.solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    dear = replace(problem, choice=covering.BALANCED, site_minutes=worth)
    cover = covering.solve(dear, control=Control(effort=Effort(mip_gap=0.0)))
    assert reached(cover, minutes) == pytest.approx(reached(fewest, minutes))


def test_all_sites_are_open_with_the_least_travel():
    people, minutes, room = random_case(7)
    problem = CoveringProblem(people, minutes, room, np.zeros(len(room), bool), choice=covering.ALL_SITES)
    cover = covering.solve(problem)
    check_flow(problem, cover)
    assert cover.chosen.all()
    covered, travel = cheapest_plan(people, minutes, room, range(len(room)))
    assert (people.sum() - cover.uncovered, reached(cover, minutes)[2]) == pytest.approx((covered, travel))


@pytest.mark.parametrize("seed", range(300, 310))
def test_rooms_that_are_not_whole_are_kept_exactly(seed):
    people, minutes, room = random_case(seed)
    problem = CoveringProblem(people, minutes, room / 1.1, np.zeros(len(room), bool))
    cover = covering.solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    check_flow(problem, cover)
    # In elevenths of a person everything is whole, and exhaustive search can follow.
    expected = best_choice(people * 11, minutes, room * 10)
    got = reached(cover, minutes)
    assert (got[0] * 11, got[1], got[2] * 11) == pytest.approx(expected, rel=1e-6)


def test_by_hand_one_large_site_beats_two_near_ones():
    # 60 + 40 people; site 2 alone holds all 100, farther away than sites 0 and 1 together.
    people = np.array([60, 40])
    minutes = np.array([[5.0, 20.0, 12.0], [20.0, 5.0, 12.0]])
    room = np.array([60.0, 40.0, 100.0])
    cover = covering.solve(CoveringProblem(people, minutes, room, np.zeros(3, bool)))
    assert cover.chosen.tolist() == [False, False, True]
    assert reached(cover, minutes) == (0.0, 1, 1200.0)
    # With up to two sites the travel decides: 60 * 5 + 40 * 5.
    cover = covering.solve(CoveringProblem(people, minutes, room, np.zeros(3, bool), 2))
    assert cover.chosen.tolist() == [True, True, False]
    assert reached(cover, minutes) == (0.0, 2, 500.0)


def test_shortage_shelters_as_many_as_there_is_room_for():
    people = np.array([30, 50, 20])
    minutes = np.array([[1.0, INF], [2.0, 4.0], [INF, INF]])
    cover = covering.solve(CoveringProblem(people, minutes, np.array([25.0, 40.0]), np.zeros(2, bool)))
    # Zone 2 reaches nothing (20); zones 0 and 1 find 65 of their 80 places.
    assert cover.uncovered == 35.0
    assert cover.stages[0].proved and cover.stages[0].value == 35.0


def test_a_reserve_that_only_fractions_of_people_can_meet_is_met():
    # 181 people, two sites of 100 with a reserve of 10 %: 2 * 90.909 = 181.8 places.
    minutes = np.ones((1, 2))
    cover = covering.solve(CoveringProblem(np.array([181]), minutes, np.array([100, 100]) / 1.1, np.zeros(2, bool)))
    assert cover.uncovered == 0.0 and cover.chosen.all()


def test_same_input_same_answer_and_a_tie_is_broken_the_same_way():
    people, minutes, room = np.array([10, 10]), np.ones((2, 4)), np.full(4, 20.0)
    answers = [covering.solve(CoveringProblem(people, minutes, room, np.zeros(4, bool))) for _ in range(3)]
    assert all(np.array_equal(a.chosen, answers[0].chosen) for a in answers)
    assert all(np.array_equal(a.flow, answers[0].flow) for a in answers)
    assert answers[0].chosen.sum() == 1


def test_nobody_to_shelter_and_no_site_at_all():
    nobody = covering.solve(CoveringProblem(np.zeros(2, int), np.ones((2, 3)), np.full(3, 5.0), np.zeros(3, bool)))
    assert nobody.uncovered == 0.0 and not nobody.chosen.any()
    nowhere = covering.solve(CoveringProblem(np.array([4, 5]), np.ones((2, 0)), np.zeros(0), np.zeros(0, bool)))
    assert nowhere.uncovered == 9.0
    apart = covering.solve(CoveringProblem(np.array([4]), np.full((1, 2), INF), np.full(2, 9.0), np.zeros(2, bool), 5))
    assert apart.uncovered == 4.0 and not apart.chosen.any()


def test_more_required_sites_than_allowed_is_refused():
    with pytest.raises(SolverError, match="MAX_SITES is 1, but 2 sites are required"):
        covering.solve(CoveringProblem(np.array([5]), np.ones((1, 3)), np.full(3, 5.0), np.array([1, 1, 0], bool), 1))


def test_cancelling_stops_the_choice():
    people, minutes, room = random_case(1)
    with pytest.raises(Cancelled):
        covering.solve(
            CoveringProblem(people, minutes, room, np.zeros(len(room), bool)), control=Control(cancelled=lambda: True)
        )


@pytest.mark.parametrize("seed", range(20))
def test_coverage_is_the_maximum_flow(seed):
    people, minutes, room = random_case(seed)
    coverage = Coverage(people, np.isfinite(minutes), room)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        chosen = rng.random(len(room)) < 0.5
        expected, _ = cheapest_plan(people, minutes, room, np.flatnonzero(chosen).tolist())
        assert coverage.sheltered(chosen) == expected * coverage.units


def test_a_middling_case_with_a_gap_certificate():
    rng = np.random.default_rng(7)
    zones, sites = 60, 16
    at, to = rng.uniform(0, 20, (zones, 2)), rng.uniform(0, 20, (sites, 2))
    minutes = 1.0 + np.hypot(*(at[:, None, :] - to[None, :, :]).transpose(2, 0, 1))
    minutes[minutes > 12.0] = INF
    people = rng.integers(50, 800, zones)
    problem = CoveringProblem(people, minutes, rng.integers(1500, 5000, sites).astype(float), np.zeros(sites, bool))
    lines = []
    cover = covering.solve(problem, control=Control(log=lines.append))
    check_flow(problem, cover)
    assert [stage.name for stage in cover.stages] == ["uncovered people", "sites", "person-minutes"]
    assert cover.gap is not None and cover.gap <= 0.01 + 1e-9
    assert any("person-minutes" in line for line in lines)


def plain_program(problem, most):
    """Return the least person-minutes with at most ``most`` sites by scipy: every row, no pruning."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    zones, sites = problem.minutes.shape
    size = zones * sites + sites
    rows, low, high = [], [], []

    def row(entries, lower, upper):
        line = np.zeros(size)
        for column, value in entries:
            line[column] = value
        rows.append(line)
        low.append(lower)
        high.append(upper)

    for i in range(zones):
        row([(i * sites + j, 1.0) for j in range(sites)], problem.people[i], problem.people[i])
    for j in range(sites):
        row([(i * sites + j, 1.0) for i in range(zones)] + [(zones * sites + j, -problem.room[j])], -np.inf, 0.0)
    row([(zones * sites + j, 1.0) for j in range(sites)], 0, most)
    reach = np.isfinite(problem.minutes).ravel()
    cost = np.concatenate([np.where(reach, problem.minutes.ravel(), 0.0), np.zeros(sites)])
    top = np.concatenate([np.where(reach, np.repeat(problem.people, sites), 0.0), np.ones(sites)])
    whole = np.concatenate([np.zeros(zones * sites), np.ones(sites)])
    constraints = LinearConstraint(np.array(rows), low, high)
    answer = milp(cost, integrality=whole, bounds=Bounds(0, top), constraints=constraints,
                  options={"mip_rel_gap": 0.0})  # fmt: skip
    return answer.fun if answer.status == 0 else None


@pytest.mark.parametrize("seed", range(8))
def test_proofs_by_price_never_lose_the_optimum(seed):
    rng = np.random.default_rng(1000 + seed)
    zones, sites = 20, 12
    at, to = rng.uniform(0, 20, (zones, 2)), rng.uniform(0, 20, (sites, 2))
    minutes = np.round(1.0 + np.hypot(*(at[:, None, :] - to[None, :, :]).transpose(2, 0, 1)), 3)
    minutes[minutes > (14.0 if seed % 2 else 100.0)] = INF
    people = rng.integers(20, 200, zones)
    room = rng.integers(300, 900, sites).astype(float)
    problem = CoveringProblem(people, minutes, room, np.zeros(sites, bool))
    cover = covering.solve(problem, control=Control(effort=Effort(mip_gap=0.0)))
    assert cover.uncovered == 0.0
    count = int(cover.chosen.sum())
    assert plain_program(problem, count - 1) is None
    assert reached(cover, minutes)[2] == pytest.approx(plain_program(problem, count), rel=1e-6)


@pytest.mark.parametrize("seed", [0, 3, 7, 14, 17])
def test_without_highs_the_choice_is_as_good(monkeypatch, seed):
    from evacuation_planner.plugin.solvers.mip import highs

    monkeypatch.setattr(highs, "usable", lambda: False)
    people, minutes, room = random_case(seed)
    cover = covering.solve(
        CoveringProblem(people, minutes, room, np.zeros(len(room), bool)), control=Control(effort=Effort(mip_gap=0.0))
    )
    assert reached(cover, minutes) == pytest.approx(best_choice(people, minutes, room))
