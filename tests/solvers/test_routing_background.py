"""Background traffic in every method, model and bound, against values worked out by hand and exhaustive search."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.routing.cumulative.refined import time_added, time_saved
from evacuation_planner.plugin.solvers.routing.road_use import road_use
from evacuation_planner.plugin.solvers.routing.shared.choices import (
    BPR,
    CUMULATIVE,
    DENSITY,
    GREEDY,
    INDIVIDUAL,
    LINEAR,
    PRESENT,
    REFINED,
    SYSTEM_OPTIMAL,
)
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import passing_background, road_cost, slowing
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.solvers.routing_oracle import best_total, present_arrivals, random_case, static_total

METHODS = (INDIVIDUAL, GREEDY, REFINED, SYSTEM_OPTIMAL)
PERIOD = 40.0


def passing(case) -> np.ndarray:
    """Background vehicles that pass each arc in PERIOD, second by second (the tables change at 0, 10 and 25 s)."""
    present = [np.mean([case.there_anyway(a, t) for t in np.arange(0.5, PERIOD)]) for a in range(case.problem.arcs)]
    return np.array(present) * PERIOD / case.problem.cost.free_flow


@pytest.mark.parametrize(
    ("flow_model", "kind"), [(PRESENT, LINEAR), (PRESENT, DENSITY), (CUMULATIVE, LINEAR), (CUMULATIVE, BPR)]
)
def test_with_background_no_method_beats_exhaustive_search_and_no_bound_exceeds_it(flow_model, kind):
    above = []
    for seed in range(25):
        case = random_case(seed, kind, background=True)
        static = passing(case)

        def evaluate(routes, case=case, static=static):
            if flow_model == PRESENT:
                return present_arrivals(case, routes).sum() - case.problem.departure.sum()
            return static_total(case, routes, static)

        best = best_total(case, evaluate)
        totals = {}
        for method in METHODS:
            result = solve(case.problem, method=method, flow_model=flow_model, certify=True, epsilon=0.0, period=PERIOD)
            routes = [result.routes.of(k).tolist() for k in range(case.problem.trips)]
            assert evaluate(routes) == pytest.approx(result.total_time, rel=1e-9), (seed, method)
            assert best * (1 - 1e-9) <= result.total_time, (seed, method)
            assert result.lower_bound <= best * (1 + 1e-9), (seed, method)
            totals[method] = result.total_time
            assert result.individual_time == pytest.approx(totals[INDIVIDUAL], rel=1e-12)
        assert totals[REFINED] <= totals[GREEDY] * (1 + 1e-9)
        above.append([totals[method] / best - 1 for method in METHODS])
    # One move at a time can end in a local optimum where roads hold a vehicle or two (density).
    assert np.mean([values[-1] for values in above]) <= (0.05 if kind == DENSITY else 0.005)


def two_ways(kind: int, background, room=None, departures=(0.0, 0.0, 0.0)):
    """Roads of 10 and 11 s from node 0 to node 1; the background is on the first."""
    table = (np.array(background[0]), np.array([0, -1]), np.array([background[1]]))
    cost = road_cost(kind, np.array([10.0, 11.0]), room, 0.02 if kind == LINEAR else 0.15, 4.0, table)
    ends = len(departures)
    return routing_problem(
        Arcs(2, [0, 0], [1, 1], cost, limit=np.array([52.0, 2.5])), TripTable([0] * ends, [1] * ends, departures)
    )


@pytest.mark.parametrize("method", METHODS)
def test_cumulative_linear_by_hand(method):
    # 10 vehicles for half of 100 s are 5 on average; each takes 10 s, so 50 pass. The first road takes
    # 10 (1 + 0.02 (50 + f)), at least 20.2 s, the second 11 (1 + 0.02 f): all three take it at 11.66 s.
    problem = two_ways(LINEAR, ([0.0, 50.0], [10.0, 0.0]))
    assert passing_background(problem.cost, 100.0).tolist() == [50.0, 0.0]
    result = solve(problem, method=method, flow_model=CUMULATIVE, period=100.0, certify=True)
    alone = 3 * 10 * (1 + 0.02 * 53)  # everybody on the way that is shortest when empty
    assert result.individual_time == pytest.approx(alone)
    assert result.total_time == pytest.approx(alone if method == INDIVIDUAL else 34.98)
    assert result.lower_bound == pytest.approx(34.98, rel=2e-3) and result.lower_bound <= 34.98 * (1 + 1e-9)
    # 53 with the background are over 52, 3 without it over 2.5.
    assert road_use(result).over_capacity.tolist() == [True]


def test_cumulative_bpr_by_hand():
    # 4.5 vehicles present pass 4.5 / 10 * 100 = 45: 10 (1 + 0.15 (48 / 50)^4) with all three.
    problem = two_ways(BPR, ([0.0], [4.5]), np.array([50.0, 1.0]))
    result = solve(problem, method=SYSTEM_OPTIMAL, flow_model=CUMULATIVE, period=100.0)
    assert result.total_time == pytest.approx(3 * 10 * (1 + 0.15 * 0.96**4))
    assert not road_use(result).over_capacity.any()


@pytest.mark.parametrize("pieces", [1, 4])
def test_cutting_a_road_changes_nothing(pieces):
    # 900 vehicles on a road of 180 s: 18,000 pass in an hour, 20 times what it lets pass; one of ours besides.
    free = np.full(pieces, 180.0 / pieces)
    table = (np.zeros(1), np.arange(pieces), np.full((pieces, 1), 900.0 / pieces))
    cost = road_cost(BPR, free, np.full(pieces, 900.0), 0.15, 4.0, table)
    nodes = np.arange(pieces)
    problem = routing_problem(Arcs(pieces + 1, nodes, nodes + 1, cost), TripTable([0], [pieces], [0.0]))
    result = solve(problem, flow_model=CUMULATIVE, period=3600.0, certify=True)
    assert result.total_time == pytest.approx(180 * (1 + 0.15 * (18_001 / 900) ** 4), rel=1e-12)
    assert result.lower_bound == pytest.approx(result.total_time, rel=2e-3)


@pytest.mark.parametrize("method", METHODS)
def test_present_by_hand(method):
    # 50 vehicles until 100 s make the first road 10 (1 + 0.02 * 50) = 20 s, then it takes 10 s.
    problem = two_ways(LINEAR, ([0.0, 100.0], [50.0, 0.0]), departures=(0.0, 200.0))
    result = solve(problem, method=method, flow_model=PRESENT, certify=True)
    assert result.travel.tolist() == ([20, 10] if method == INDIVIDUAL else [11, 10])
    assert result.individual_time == 30 and result.lower_bound == 20
    # 25 vehicles remain: the first road takes at least 15 s at any time, so that nobody is quicker than 11 s.
    problem = two_ways(LINEAR, ([0.0, 100.0], [50.0, 25.0]), departures=(0.0, 200.0))
    assert solve(problem, method=method, flow_model=PRESENT, certify=True).lower_bound == 22


def test_peak_over_capacity_counts_the_background_at_each_moment():
    # 51 and one of ours fit into 52. At 4 s, while ours is on the road, there are 52: one too many. At 30 s it is away;
    # at -1 s it has not come yet and meets 52.
    for when, over in ((4.0, True), (30.0, False), (-1.0, True)):
        problem = two_ways(LINEAR, ([-2.0, when], [51.0, 52.0]), departures=(0.0,))
        use = road_use(solve(problem, method=INDIVIDUAL))
        assert use.over_capacity.tolist() == [over] and use.peak.tolist() == [1]


def test_a_change_weighs_the_background():
    # 10 (1 + (f / 10)^4) with 10 in the background: 20 s for the others, 24.641 s with one of ours, 30.736 with two.
    cost = road_cost(BPR, np.array([10.0]), np.array([10.0]), 1.0, 4.0)
    static, load = np.array([10.0]), np.array([1.0])
    assert time_saved(cost, static, load, 0) == pytest.approx(24.641)
    assert time_added(cost, static, load, 0) == pytest.approx(2 * 30.736 - 24.641)
    # 10 / (1 - f / 10) with 5 in the background: 20 s, 25 s with one more, that slows who comes next by 5 s.
    cost = road_cost(DENSITY, np.array([10.0]), np.array([10.0]), 0.05, background=(np.zeros(1), [0], [[5.0]]))
    assert slowing(cost, 0, 0.0, 3.0) == pytest.approx(5.0)
