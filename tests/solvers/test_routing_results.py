"""What a run tells: figures, curves, sentences and progress, against slow programs and values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control, never
from evacuation_planner.plugin.solvers.effort import NORMAL, QUICK, THOROUGH, Effort
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.routing import solve as solve_module
from evacuation_planner.plugin.solvers.routing.capacity_floor import CapacityFloor, capacity_floor, claims_too_little
from evacuation_planner.plugin.solvers.routing.clearance import Inside, clearance
from evacuation_planner.plugin.solvers.routing.cumulative import refined as refined_static_module
from evacuation_planner.plugin.solvers.routing.evaluation import Found
from evacuation_planner.plugin.solvers.routing.present import plan as plan_module
from evacuation_planner.plugin.solvers.routing.present.plan import make_plan
from evacuation_planner.plugin.solvers.routing.present.simulation import simulate
from evacuation_planner.plugin.solvers.routing.road_use import road_use
from evacuation_planner.plugin.solvers.routing.shared import greedy as greedy_module
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
from evacuation_planner.plugin.solvers.routing.shared.greedy import greedy_routes
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct, match_rows
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.solvers.assignment_cases import grid
from tests.solvers.routing_oracle import random_case
from tests.solvers.test_routing_refinement import OneStep
from tests.solvers.test_routing_simulation import drawn_routes, rows

METHODS = (INDIVIDUAL, GREEDY, REFINED, SYSTEM_OPTIMAL)


def drawn_inside(rng, arcs: int, trips: int) -> Inside:
    """Up to two stretches an arc, some of them over its whole length or up to its end."""
    stretches = []
    for _ in range(arcs):
        cuts = np.sort(rng.choice(np.r_[0.0, 1.0, rng.random(4)], 4, replace=False))
        stretches.append([(cuts[0], cuts[1]), (cuts[2], cuts[3])][: rng.integers(0, 3)])
    flat = np.array(sum(stretches, [])).reshape(-1, 2)
    indptr = np.r_[0, np.cumsum([len(s) for s in stretches])]
    return Inside(indptr, flat[:, 0], flat[:, 1], rng.random(trips) < 0.4, rng.random(trips) < 0.4, 5)


@pytest.mark.parametrize(("flow_model", "kind"), [(PRESENT, DENSITY), (CUMULATIVE, LINEAR)])
def test_who_is_inside_the_hazard_against_looking_for_each_vehicle_at_each_second(flow_model, kind):
    for seed in range(12):
        rng, case = np.random.default_rng(seed), random_case(seed, kind, nodes=8, trips=9)
        problem = case.problem
        # Node 8 lies apart: the trips to it have no route, and the others keep their own part of the hazard.
        destination = np.where(rng.random(9) < 0.3, 8, problem.destination)
        problem = routing_problem(
            Arcs(9, problem.tail, problem.head, problem.cost),
            TripTable(problem.source, destination, problem.departure, problem.people),
        )
        result, inside = solve(problem, method=GREEDY, flow_model=flow_model), drawn_inside(rng, problem.arcs, 9)
        curve, schedule = clearance(result, inside), result.schedule()
        assert result.routed.tolist() == np.flatnonzero(destination < 8).tolist()
        expected = np.full(len(curve.seconds), 5)
        for k, trip in enumerate(result.routed):
            hops = range(schedule.indptr[k], schedule.indptr[k + 1])
            moments = [*schedule.entry[hops.start : hops.stop].tolist(), float(schedule.arrival[k])]
            for row, now in enumerate(curve.seconds):
                there = bool(inside.home[trip]) if now < problem.departure[trip] else False
                for come, leave, hop in zip(moments, moments[1:], hops):
                    arc = schedule.arc[hop]
                    share = (now - come) / (leave - come)
                    for p in range(inside.indptr[arc], inside.indptr[arc + 1]):
                        there |= 0.0 <= share < 1.0 and inside.begin[p] <= share < inside.end[p]
                there |= bool(inside.goal[trip]) and now >= result.arrival[k]
                expected[row] += there * int(problem.people[trip])
        assert curve.in_hazard.tolist() == expected.tolist(), seed
        for moments, told in ((result.problem.departure, curve.departed), (result.arrival, curve.arrived)):
            people = result.problem.people
            assert told.tolist() == [int(people[moments <= now].sum()) for now in curve.seconds]
        assert (curve.on_road == curve.departed - curve.arrived).all() and curve.arrived[-1] == people.sum()


def one_road(travel: float, departure: float = 100.0):
    problem = routing_problem(
        Arcs(2, [0], [1], road_cost(LINEAR, np.array([travel]), a=0.0)), TripTable([0], [1], [departure])
    )
    return solve(problem, method=INDIVIDUAL)


def test_the_floor_of_a_plan_at_its_edges():
    result = one_road(20.0)
    assert capacity_floor(result, np.array([60.0])) == CapacityFloor(0, 1, 120.0)
    # Before t = 0 there is nothing to claim.
    assert capacity_floor(one_road(20.0, -20.0), np.array([60.0])) is None
    assert capacity_floor(one_road(20.0, -19.5), np.array([60.0])).seconds == 0.5
    # One second less is not spoken of, more is.
    for seconds, spoken in ((120.5, False), (121.0, False), (121.01, True)):
        assert claims_too_little(result, CapacityFloor(0, 1, seconds)) == spoken
    assert not claims_too_little(result, None)
    nobody = solve(result.problem.only(np.arange(0)), method=INDIVIDUAL)
    assert capacity_floor(nobody, np.array([60.0])) is None


def test_the_floor_is_not_above_the_plan_by_rounding():
    """Three roads of a tenth each: the sums differ in the last digit, which is no claim; a millionth is one."""
    free = np.full(3, 0.1)
    problem = routing_problem(Arcs(4, [0, 1, 2], [1, 2, 3], road_cost(LINEAR, free, a=0.0)), TripTable([0], [3], [0.0]))
    result = solve(problem, method=INDIVIDUAL)
    plain = capacity_floor(result, np.full(3, 60.0)).seconds
    for change, kept in ((1e-12, True), (-1e-12, False), (1e-6, False)):
        claimed = plain / (1.0 + change)
        result.travel[:] = claimed
        assert capacity_floor(result, np.full(3, 60.0)).seconds == (claimed if kept else plain)


def test_a_plan_is_written_in_slices(monkeypatch):
    case = random_case(2, nodes=8, trips=6)
    schedule = simulate(case.problem, rows(drawn_routes(case, 2)))
    asked: list[int] = []
    monkeypatch.setattr(plan_module, "SLICE", 3)
    plan = make_plan(schedule, Control(cancelled=lambda: bool(asked.append(1))))
    hops = len(schedule.arc)
    assert plan.arc[:hops].tolist() == schedule.arc.tolist() and len(asked) == -(-hops // 3)
    assert plan.entry[:hops].tolist() == schedule.entry.astype(np.float32).tolist()
    assert not plan.arc[hops:].any() and not plan.entry[hops:].any()


def test_rows_with_the_same_hash_are_told_apart():
    """All hashes equal: each row is compared with those before until one is the same."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        made = [rng.integers(0, 2, rng.integers(0, 4)).tolist() for _ in range(40)]
        group = rng.integers(0, 2, 40)
        indptr = np.cumsum([0, *(len(row) for row in made)])
        hashes = np.sort(rng.integers(0, 2, 40))
        group = group + 2 * hashes  # rows with different hashes are different
        first = np.full(40, -7)
        for part in ((0, 15), (15, 40)):
            match_rows(indptr, np.array(sum(made, [])), group, hashes, np.arange(40), first, *part)
        known = list(zip(group.tolist(), made))
        assert first.tolist() == [known.index(row) for row in known]


def test_routes_are_numbered_by_their_first_trip_and_groups_are_kept_apart():
    made = [[3, 1], [2], [3, 1], [], [2], []]
    routes = distinct(
        np.cumsum([0, *(len(row) for row in made)]), np.array(sum(made, [])), np.array([0, 0, 1, 0, 0, 0])
    )
    assert routes.of_trip.tolist() == [0, 1, 2, 3, 1, 3]
    assert [routes.route(k).tolist() for k in range(routes.count)] == [[3, 1], [2], [3, 1], []]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("flow_model", [PRESENT, CUMULATIVE])
def test_progress_runs_from_0_to_1_and_not_back(method, flow_model):
    told = []
    case = random_case(3, LINEAR, nodes=9, trips=12)
    solve(case.problem, method=method, flow_model=flow_model, control=Control(progress=lambda *said: told.append(said)))
    shares = [share for share, _ in told]
    assert shares[0] == 0.0 and shares[-1] == 1.0 and shares == sorted(shares)
    texts = [text for _, text in told if text]
    name = ("individual", "greedy", "refined", "system optimal")[method]
    assert "Fastest ways to each destination" in texts and (0.1, f"Routes, {name}") in told
    assert max(share for share in shares[: told.index((0.1, f"Routes, {name}"))]) == pytest.approx(0.1)
    greedy_ends = {GREEDY: 0.95, REFINED: 0.1 + 0.85 * 0.3, SYSTEM_OPTIMAL: 0.1 + 0.85 * 0.1}.get(method, 1.0)
    if (method, flow_model) != (SYSTEM_OPTIMAL, CUMULATIVE):
        assert pytest.approx(greedy_ends) in shares
    assert shares[-2] <= 0.95 + 1e-9


def test_refining_fills_what_greedy_leaves_of_the_bar(monkeypatch):
    """The method has 0.1 to 0.95, greedy three tenths of that; then each of twelve trips in one pass its part."""
    monkeypatch.setattr(refined_static_module, "Slices", OneStep)
    monkeypatch.setattr(refined_static_module, "MOST_PASSES", (1, 1, 1))
    case, told = random_case(3, LINEAR, nodes=9, trips=12), []
    solve(
        case.problem,
        method=REFINED,
        flow_model=CUMULATIVE,
        control=Control(progress=lambda share, text: told.append(share)),
    )
    assert told[-13:] == pytest.approx([*(0.1 + 0.85 * (0.3 + 0.7 * np.arange(1, 13) / 12)), 1.0])


def test_progress_of_greedy_is_the_share_that_has_arrived(monkeypatch):
    monkeypatch.setattr(greedy_module, "Slices", OneStep)
    case, told = random_case(3, LINEAR, nodes=9, trips=12), []
    routes = greedy_routes(
        case.problem,
        reverse_trees(case.problem),
        PRESENT,
        np.zeros(case.problem.arcs),
        Control(progress=lambda share, text: told.append(share)),
    )
    assert sorted(set(told)) == pytest.approx(np.arange(13) / 12)
    assert len(told) == routes.hops().sum() + 12  # one arrival at a node each


def crossing():
    """Four from 0 to 1 on a road of 10 s, a way over 2 of 24 s beside it: 120 s in all, 111 s if one goes around."""
    cost = road_cost(LINEAR, np.array([10.0, 12.0, 12.0]), a=0.5)
    return routing_problem(Arcs(3, [0, 0, 2], [1, 2, 1], cost), TripTable([0] * 4, [1] * 4, np.zeros(4)))


def test_what_is_said_of_a_refinement():
    said: list[str] = []
    result = solve(crossing(), method=REFINED, flow_model=CUMULATIVE, control=Control(log=said.append))
    assert "1 changes (Add, Drop, Swap) save 9 of 120 vehicle-seconds." in said
    assert result.history[0] == (0.0, 120.0) and result.history[1][1] == 111.0 and len(result.history) == 2
    assert 0.0 <= result.history[1][0] <= result.seconds
    assert result.names == ("refined", "cumulative") and result.warnings == ()
    assert said[0] == "Flow model cumulative, cost linear: 4 vehicles on 3 nodes and 3 directed arcs."
    assert any("offered to reproduce the paper" in text for text in said)
    said.clear()
    solve(random_case(1, DENSITY).problem, method=INDIVIDUAL, control=Control(log=said.append))
    assert said[0].startswith("Flow model present, cost density: 3 vehicles on 6 nodes and ")
    assert not any("paper" in text for text in said)


def test_what_is_taken_when_nothing_is_asked_for():
    plain = solve(crossing())
    assert plain.names == ("system optimal", "present") and plain.lower_bound == 40.0
    assert plain.bound_name.startswith("free-flow bound")
    assert solve(crossing(), method=GREEDY).lower_bound is None and solve(crossing(), method=GREEDY).bound_name == ""
    assert solve(crossing(), certify=False).lower_bound is None
    # Two take 30 s each, or one of them 20 s and the other one twice the free-flow time of the way around.
    for around, changed in ((19.5, True), (19.75, False)):  # gains 1 s, more than 2 % of 30 s, and 0.5 s
        cost = road_cost(LINEAR, np.array([10.0, 5.0, around - 5.0]), a=1.0)
        problem = routing_problem(Arcs(3, [0, 0, 2], [1, 2, 1], cost), TripTable([0] * 2, [1] * 2, np.zeros(2)))
        total = solve(problem, method=REFINED, flow_model=CUMULATIVE).total_time
        assert total == pytest.approx(20 + 2 * around if changed else 60.0)


def test_the_background_of_an_hour_passes_when_no_period_is_given():
    cost = road_cost(LINEAR, np.array([10.0]), a=0.001, background=(np.zeros(1), np.zeros(1), np.array([[2.0]])))
    problem = routing_problem(Arcs(2, [0], [1], cost), TripTable([0], [1], [0.0]))
    result = solve(problem, flow_model=CUMULATIVE)
    assert result.static.tolist() == [720.0] and result.total_time == pytest.approx(10 * (1 + 0.001 * 721))
    assert result.bound_name.startswith("convex relaxation")


def test_what_a_reader_must_know_of_a_search_that_found_nothing():
    def warned(level, in_vain, used_up, fence=False):
        effort = Effort(level, 1e-9 if fence else 0.0)
        assert effort.passed() == fence
        return solve_module._warnings(Found(rows([[]]), used_up=used_up), effort, in_vain)

    assert warned(NORMAL, True, False) == warned(NORMAL, False, True) == ()
    (text,) = warned(QUICK, True, True)
    assert "nothing better than the greedy routes" in text and text.endswith(" A larger EFFORT searches further.")
    (text,) = warned(THOROUGH, True, True)
    assert text.endswith("the greedy method.")
    first, second = warned(NORMAL, True, False, fence=True)
    assert "TIME_LIMIT" in first and "nothing better" in second
    assert len(warned(NORMAL, False, False, fence=True)) == 1

    def in_vain(method, flow_model, steps, delay):
        choices = solve_module.Choices(method, flow_model, 0.02, False, 3600.0, 300.0, 5.0)
        return solve_module._in_vain(choices, Found(rows([[]]), history=((0.0, 1.0),) * steps), delay)

    assert in_vain(SYSTEM_OPTIMAL, PRESENT, 1, 1.0)
    for other in ((REFINED, PRESENT, 1, 1.0), (SYSTEM_OPTIMAL, CUMULATIVE, 1, 1.0), (SYSTEM_OPTIMAL, PRESENT, 2, 1.0)):
        assert not in_vain(*other)
    assert not in_vain(SYSTEM_OPTIMAL, PRESENT, 1, 1e-9) and not in_vain(SYSTEM_OPTIMAL, PRESENT, 0, 1.0)


def test_a_search_in_vain_is_told_only_where_there_is_a_delay():
    """Two in a row on one road slow each other, and there is no other way; one alone has nothing to save."""
    for trips, told in ((2, True), (1, False)):
        cost, said = road_cost(LINEAR, np.array([10.0]), a=0.5), []
        result = solve(
            routing_problem(Arcs(2, [0], [1], cost), TripTable([0] * trips, [1] * trips, np.zeros(trips))),
            control=Control(log=said.append),
        )
        assert result.warnings == () and any("No change of a route saves anything" in text for text in said) == told


@pytest.mark.parametrize(
    ("total", "bound", "told"),
    [(100.0, 100.0 + 5e-8, 100.0), (100.0, 100.0 + 2e-7, 100.0 + 2e-7), (100.0, 99.0, 99.0), (100.0, None, None)],
)
def test_a_bound_above_the_total_by_the_last_digits(total, bound, told):
    assert solve_module._undercut(bound, total) == told


@pytest.mark.parametrize(
    "asked",
    [{"method": -1}, {"method": 5}, {"flow_model": 3}, {"flow_model": -1}, {"epsilon": -1e-9}, {"epsilon": np.inf}],
)
def test_choices_that_do_not_exist_are_refused(asked):
    with pytest.raises(SolverError, match="does not exist|EPSILON"):
        solve(crossing(), **asked)


def test_the_bound_of_the_static_assignment_is_as_near_as_the_effort_says():
    """A certified bound within 1, 0.1 and 0.01 % of the optimum; the quick one leaves some of that."""
    streets, rng = grid(5, 100, 3, seed=3, bpr=True), np.random.default_rng(1)
    cost = road_cost(BPR, streets.cost.free_flow, rng.uniform(5.0, 30.0, len(streets.tail)), 0.15, 4.0)
    problem = routing_problem(
        Arcs(25, streets.tail, streets.head, cost), TripTable(streets.source, streets.destination, np.zeros(100))
    )
    bounds = [
        solve(
            problem, method=INDIVIDUAL, flow_model=CUMULATIVE, certify=True, control=Control(effort=Effort(level))
        ).lower_bound
        for level in (QUICK, NORMAL, THOROUGH)
    ]
    best = bounds[2] * (1 + 1e-4)
    for bound, percent in zip(bounds, (1.0, 0.1, 0.01)):
        assert bound >= best / (1 + percent / 100) * (1 - 1e-4)
    assert bounds[0] < bounds[1] < bounds[2]


def test_use_of_roads_that_are_not_used_or_not_roads():
    result = solve(random_case(3, LINEAR, nodes=8, trips=9).problem, method=GREEDY, control=Control(cancelled=never))
    use, arcs = road_use(result), np.zeros(result.problem.arcs, dtype=bool)
    assert len(road_use(result, arcs).arc) == 0
    arcs[use.arc[1]] = True
    assert road_use(result, arcs).arc.tolist() == [use.arc[1]]
