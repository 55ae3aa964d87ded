"""Recommending shelters: capacity, rejection with reasons, ranks, and who is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.shelters import recommendation
from evacuation_planner.plugin.solvers.shelters.capacity import (
    AREA_STANDARDS,
    area_per_person,
    residual_capacity,
    safe_capacity,
)
from evacuation_planner.plugin.solvers.shelters.ranking import in_reach, scores
from evacuation_planner.plugin.solvers.shelters.recommendation import ShelterProblem
from tests.solvers.shelter_oracle import best_choice

INF = np.inf


def case(**changes):
    """Three zones, three good sites: A and B hold everybody together, C is small and far."""
    sites = ["A", "B", "C"]
    problem = ShelterProblem(
        zone_ids=["z1", "z2", "z3"],
        site_ids=sites,
        people=np.array([100, 50, 30]),
        minutes=np.array([[5.0, 10.0, 20.0], [8.0, 4.0, 20.0], [12.0, 6.0, 20.0]]),
        capacity=np.array([120, 90, 40]),
        predicted=np.array([10, 0, 0]),
        unsafe=["", "", ""],
        unjoined=["", "", ""],
        unjoined_zones=["", "", ""],
        required=np.zeros(3, bool),
        forbidden=np.zeros(3, bool),
    )
    return replace(problem, **changes)


def test_capacity_by_hand_and_by_standard():
    assert safe_capacity(np.array([2000.0, 999.0, 0.0]), 2.0, 0.7).tolist() == [700, 349, 0]
    assert area_per_person(0, 2.5) == 2.5
    assert area_per_person(4, 2.5) == 3.5
    assert [round(area_per_person(i, 0.0), 3) for i in (5, 6)] == [1.858, 3.716]
    assert all(standard.source for standard in AREA_STANDARDS)
    assert residual_capacity(np.array([10, 5]), np.array([3, 9])).tolist() == [7, 0]


@pytest.mark.parametrize(
    ("area", "per_person", "usable", "words"),
    [(-1.0, 2.0, 0.7, "AREA_FIELD"), (5.0, 0.0, 0.7, "AREA_PER_PERSON"), (5.0, 2.0, 1.5, "USABLE_SHARE")],
)
def test_capacity_out_of_range_names_the_parameter(area, per_person, usable, words):
    with pytest.raises(SolverError, match=words):
        safe_capacity(np.array([area]), per_person, usable)


def test_by_hand_two_of_three():
    # 180 people; A has 110 left, B 90: the only pair that holds everybody with two sites is A and B (200).
    result = recommendation.solve(case())
    assert result.status == ["selected", "selected", "standby"]
    assert result.residual.tolist() == [110, 90, 40]
    assert result.selected.tolist() == [True, True, False]
    assert result.reason[2] == "not needed: the selected sites do without it"
    assert replace(result, status=["standby", "".join(["select", "ed"])]).selected.tolist() == [False, True]
    # z1 to A (500), 10 of z2 to A (80) so that B holds 40 of z2 (160) and z3 (180)? B has room for 80: all of both.
    assert float((result.flow * case().minutes).sum()) == 100 * 5 + 50 * 4 + 30 * 6
    assert result.uncovered.tolist() == [0, 0, 0]
    assert result.people_in_reach.tolist() == [180, 180, 180]
    assert result.mean_minutes[1] == pytest.approx((100 * 10 + 50 * 4 + 30 * 6) / 180)
    assert sorted(result.rank[:2].tolist()) == [1, 2] and result.rank[2] == 3
    assert result.reason[0] == "serves 100 people of 1 zone, 5.0 min on average"
    assert result.gap == pytest.approx(0.0)


def test_every_reason_of_rejection():
    sites = [f"s{k}" for k in range(9)]
    minutes = np.full((2, 9), 10.0)
    minutes[:, 4] = INF
    minutes[:, 5] = 45.0
    result = recommendation.solve(
        ShelterProblem(
            zone_ids=["a", "b"],
            site_ids=sites,
            people=np.array([10, 10]),
            minutes=minutes,
            capacity=np.array([100, 100, 100, 100, 100, 100, 3, 100, 100]),
            predicted=np.array([0, 0, 0, 0, 0, 0, 0, 150, 0]),
            unsafe=["inside the hazard", "within 200 m of the hazard", "", "", "", "", "", "", ""],
            unjoined=["", "", "", "farther than 500 m from a road", "", "", "", "", ""],
            unjoined_zones=["", ""],
            required=np.array([1, 0, 0, 0, 0, 0, 0, 0, 0], bool),
            forbidden=np.array([0, 0, 1, 0, 0, 0, 0, 0, 0], bool),
            limit=30.0,
            min_capacity=5,
        )
    )
    assert result.status == ["rejected"] * 8 + ["selected"]
    words = ["inside the hazard", "200 m", "forbidden", "500 m", "not reachable", "beyond the travel limit",
             "below the minimum", "no room left"]  # fmt: skip
    for word, reason in zip(words, result.reason):
        assert word in reason
    assert result.required_but_rejected == ["s0"]
    assert result.rank.tolist() == [0] * 8 + [1]


def test_forecast_that_fills_a_site_moves_the_choice():
    assert recommendation.solve(case(predicted=np.array([0, 90, 0]))).status[1] == "rejected"


def test_reserve_and_limits_leave_people_out_with_the_reason():
    short = recommendation.solve(case(reserve=1.0))
    assert int(short.uncovered.sum()) == 180 - 120  # half of 110, 90 and 40 is 120
    assert set(short.uncovered_reason) <= {"", "no room left in the sites in reach"}
    near = recommendation.solve(case(limit=5.0))
    assert near.uncovered.tolist() == [0, 0, 30]
    assert near.uncovered_reason[2] == "no usable site within the travel limit"
    apart_minutes = np.array([[5.0, 10.0, 20.0], [8.0, 4.0, 20.0], [INF, INF, INF]])
    apart = recommendation.solve(case(minutes=apart_minutes))
    assert apart.uncovered.tolist() == [0, 0, 30]
    assert apart.uncovered_reason[2] == "no site can be reached by road"
    lost = recommendation.solve(case(minutes=apart_minutes, unjoined_zones=["", "", "800 m from a road"]))
    assert lost.uncovered_reason[2] == "not joined to the road network: 800 m from a road"
    one = recommendation.solve(case(max_sites=1))
    assert one.status == ["selected", "standby", "standby"] and int(one.uncovered.sum()) == 70
    assert one.reason[1:] == ["over MAX_SITES: no more than 1 may be opened"] * 2


def test_parts_of_people_left_out_count_as_whole_people():
    # 90 / 1.1 + 110 / 1.1 + 40 / 1.1 = 218.18 places for 300 people: 81.82 people out, 82 whole ones.
    result = recommendation.solve(case(people=np.array([150, 100, 50]), reserve=0.1))
    assert result.uncovered.sum() == 82
    assert result.flow.sum() == pytest.approx(240 / 1.1, abs=0.01)


def test_required_site_is_selected_though_nobody_needs_it():
    result = recommendation.solve(case(required=np.array([0, 0, 1], bool)))
    assert result.status[2] == "selected"
    assert result.reason[2].startswith("required; ")


def test_order_of_features_changes_nothing():
    base = case()
    turned = case(
        zone_ids=base.zone_ids[::-1],
        site_ids=base.site_ids[::-1],
        people=base.people[::-1],
        minutes=base.minutes[::-1, ::-1],
        capacity=base.capacity[::-1],
        predicted=base.predicted[::-1],
    )
    one, other = recommendation.solve(base), recommendation.solve(turned)
    assert other.status[::-1] == one.status
    assert np.array_equal(other.flow[::-1, ::-1], one.flow)
    assert np.array_equal(other.rank[::-1], one.rank)


def test_score_by_hand():
    # Site 0 takes the 10 of zone 0 (nearest there) and 5 of zone 1, to which site 1 is twice as near.
    minutes = np.array([[2.0, 8.0], [6.0, 3.0]])
    score = scores(np.array([10, 10]), minutes, np.array([15.0, 20.0]), np.array([True, True]))
    assert score.tolist() == pytest.approx([100 * (10 + 5 * 0.5) / 20, 100 * (10 + 10 * 0.25) / 20])
    assert scores(np.array([10]), np.array([[0.0, INF]]), np.array([10.0, 10.0]), np.ones(2, bool)).tolist() == [100, 0]


def test_people_in_reach_leave_out_who_cannot_come():
    count, mean = in_reach(np.array([10, 30]), np.array([[4.0, INF], [8.0, INF]]))
    assert count.tolist() == [40, 0]
    assert mean[0] == 7.0 and np.isnan(mean[1])


@pytest.mark.parametrize("max_sites", [0, 2])
@pytest.mark.parametrize("seed", range(8))
def test_with_doors_the_choice_is_the_best_of_all_sets(seed, max_sites):
    rng = np.random.default_rng(seed)
    minutes = rng.integers(1, 30, (4, 5)).astype(float)
    minutes[rng.random((4, 5)) < 0.3] = INF
    problem = ShelterProblem(
        zone_ids=[f"z{k}" for k in range(4)],
        site_ids=[f"s{k}" for k in range(5)],
        people=rng.integers(1, 40, 4),
        minutes=minutes,
        capacity=rng.integers(5, 90, 5),
        predicted=rng.integers(0, 9, 5),
        unsafe=[""] * 5,
        unjoined=[""] * 5,
        unjoined_zones=[""] * 4,
        required=np.zeros(5, bool),
        forbidden=np.zeros(5, bool),
        max_sites=max_sites,
        doors=rng.integers(1, 3, 5),
        door_capacity=rng.integers(0, 60, 5),
    )
    found = recommendation.solve(problem)
    room = np.minimum(np.maximum(problem.capacity - problem.predicted, 0), problem.door_capacity)
    uncovered, sites, cost = best_choice(problem.people, minutes, room, max_sites=max_sites)
    assert int(found.uncovered.sum()) == uncovered
    assert sites is None or int(found.selected.sum()) == sites
    travelled = float((found.flow * np.where(found.flow > 0, minutes, 0.0)).sum())
    assert travelled == pytest.approx(cost, rel=2e-4, abs=1e-6)
    assert (found.flow.sum(axis=0) <= problem.door_capacity + 1e-6).all()
    assert found.residual.tolist() == np.maximum(problem.capacity - problem.predicted, 0).tolist()
    for j in range(5):
        assert found.reason[j].startswith("doors: ") == (
            problem.door_capacity[j] == 0 and found.residual[j] > 0 and np.isfinite(minutes[:, j]).any()
        )
