"""The evaluators of routes: event simulation and static flow against naive ones, and what must hold of any schedule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.routing.cumulative.static_flow import static_schedule, static_travel
from evacuation_planner.plugin.solvers.routing.present.simulation import simulate
from evacuation_planner.plugin.solvers.routing.shared import routes as routes_module
from evacuation_planner.plugin.solvers.routing.shared.choices import BPR, DENSITY, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import (
    least_background,
    mean_background,
    road_cost,
    storage,
    times_at,
)
from tests.solvers.routing_oracle import best_total, present_arrivals, random_case, simple_paths, static_total


def rows(routes: list[list[int]]):
    return distinct(np.cumsum([0] + [len(r) for r in routes]), np.array(sum(routes, []), dtype=np.int32))


def drawn_routes(case, seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    choices = [
        simple_paths(case.problem, int(s), int(d)) for s, d in zip(case.problem.source, case.problem.destination)
    ]
    return [list(c[rng.integers(len(c))]) for c in choices]


@pytest.mark.parametrize("kind", [LINEAR, DENSITY])
@pytest.mark.parametrize("background", [False, True])
def test_simulation_agrees_with_the_definition(kind, background):
    for seed in range(60):
        case = random_case(seed, kind, trips=8, background=background)
        routes = drawn_routes(case, seed)
        schedule = simulate(case.problem, rows(routes))
        np.testing.assert_allclose(schedule.arrival, present_arrivals(case, routes), rtol=1e-12)


@given(st.integers(0, 10_000))
def test_every_vehicle_is_somewhere_from_departure_to_arrival(seed):
    case = random_case(seed, DENSITY, trips=6)
    routes = drawn_routes(case, seed)
    schedule = simulate(case.problem, rows(routes))
    leave = schedule.exits()
    assert (leave - schedule.entry >= case.problem.cost.free_flow[schedule.arc] * (1 - 1e-12)).all()
    for trip, route in enumerate(routes):
        mine = slice(schedule.indptr[trip], schedule.indptr[trip + 1])
        assert schedule.arc[mine].tolist() == route
        assert schedule.entry[mine][0] == case.problem.departure[trip]
        assert leave[mine][-1] == schedule.arrival[trip]
        assert (leave[mine][:-1] == schedule.entry[mine][1:]).all()


def test_second_vehicle_meets_the_first_and_the_first_meets_nobody():
    cost = road_cost(LINEAR, np.array([10.0]), a=0.02)
    problem = routing_problem(Arcs(2, [0], [1], cost), TripTable([0, 0, 0], [1, 1, 1], [0.0, 0.0, 10.0]))
    schedule = simulate(problem, rows([[0], [0], [0]]))
    # The second meets one; the third comes as the first leaves (a lower index: gone) and meets the second alone.
    assert schedule.arrival.tolist() == [10.0, 10.2, 20.2]


def test_a_vehicle_of_a_higher_index_that_leaves_at_the_same_moment_is_still_there():
    cost = road_cost(LINEAR, np.array([10.0, 10.0]), a=0.02)
    # Trip 0 reaches node 1 at 10, when trip 1, which entered road 1 at 0, is just about to leave it.
    problem = routing_problem(Arcs(3, [0, 1], [1, 2], cost), TripTable([0, 1], [2, 2], [0.0, 0.0]))
    schedule = simulate(problem, rows([[0, 1], [1]]))
    assert schedule.arrival.tolist() == [20.2, 10.0]


@pytest.mark.parametrize("kind", [LINEAR, BPR])
def test_static_evaluation_agrees_with_the_definition(kind):
    for seed in range(40):
        case = random_case(seed, kind, trips=6, background=True)
        routes = drawn_routes(case, seed)
        static = mean_background(case.problem.cost, 0.0, 50.0)
        travel = static_travel(case.problem, rows(routes), static)
        assert travel.sum() == pytest.approx(static_total(case, routes, static), rel=1e-12)
        schedule = static_schedule(case.problem, rows(routes), static)
        np.testing.assert_allclose(schedule.arrival - case.problem.departure, travel, rtol=1e-9)


def test_exhaustive_search_finds_the_hand_computed_optimum():
    cost = road_cost(LINEAR, np.array([10.0, 11.0]), a=0.5)
    problem = routing_problem(Arcs(2, [0, 0], [1, 1], cost), TripTable([0, 0], [1, 1], [0.0, 0.0]))
    case = random_case(0)
    case.problem, case.room = problem, np.ones(2)
    assert best_total(case, lambda r: present_arrivals(case, r).sum()) == 21.0


def test_cost_functions_at_hand_computed_points():
    free = np.array([10.0])
    assert times_at(road_cost(LINEAR, free, a=0.02), [5]) == pytest.approx([11.0])
    room = storage(np.array([75.0]), np.array([2.0]))
    assert room == pytest.approx([20.0]) and storage(np.array([1.0]), np.array([1.0])) == pytest.approx([4.0])
    density = road_cost(DENSITY, free, room, 0.05)
    assert [times_at(density, [f])[0] for f in (0, 10, 19, 20, 500)] == pytest.approx([10, 20, 200, 200, 200])
    bpr = road_cost(BPR, free, np.array([900.0]), 0.15, 4.0)
    assert [times_at(bpr, [f])[0] for f in (0, 900, 1800)] == pytest.approx([10, 11.5, 34.0])


def test_background_holds_until_the_next_time():
    table = (np.array([100.0, 200.0]), np.array([0, -1]), np.array([[4.0, 1.0]]))
    cost = road_cost(LINEAR, np.array([10.0, 10.0]), a=0.1, background=table)
    departures = [0.0, 99.0, 100.0, 199.0, 200.0]
    problem = routing_problem(Arcs(2, [0, 0], [1, 1], cost), TripTable([0] * 5, [1] * 5, departures))
    routes = rows([[0]] * 5)
    one_by_one = [
        simulate(problem.only(np.array([k])), routes_of_one(routes)).arrival[0] - t for k, t in enumerate(departures)
    ]
    assert one_by_one == pytest.approx([10, 10, 14, 14, 11])
    assert least_background(cost).tolist() == [0.0, 0.0]  # before the first time there is none
    assert mean_background(cost, 0.0, 400.0) == pytest.approx([(4 * 100 + 1 * 200) / 400, 0])


def routes_of_one(routes):
    return distinct(np.array([0, 1]), routes.arcs[:1])


@pytest.mark.parametrize("slice_of_arcs", [1, 7, 10_000_000])
def test_distinct_routes_keep_every_row(slice_of_arcs, monkeypatch):
    monkeypatch.setattr(routes_module, "SLICE", slice_of_arcs)
    rng = np.random.default_rng(3)
    made = [rng.integers(0, 3, rng.integers(0, 4)).tolist() for _ in range(300)]
    group = rng.integers(0, 2, 300)
    routes = distinct(np.cumsum([0] + [len(r) for r in made]), np.array(sum(made, []), dtype=np.int32), group)
    assert [routes.of(k).tolist() for k in range(300)] == made
    assert routes.count == len({(g, tuple(r)) for g, r in zip(group.tolist(), made)})
    assert [routes.arcs[slice(*routes.indptr[k : k + 2])].tolist() for k in routes.of_trip] == made
    indptr, arcs = routes.expanded()
    assert arcs.tolist() == sum(made, [])
    for work in (routes.expanded, lambda control: distinct(indptr, arcs, group, control)):
        with pytest.raises(Cancelled):
            work(Control(cancelled=lambda: True))


def test_trips_that_all_stay_where_they_are_keep_their_places_apart():
    """Without a single arc there is still a row for each trip to compare."""
    group = np.array([7, 3, 7, 9, 3])
    routes = distinct(np.zeros(6, dtype=np.int64), np.empty(0, dtype=np.int32), group)
    assert routes.of_trip.tolist() == [0, 1, 0, 2, 1] and routes.count == 3


def test_cancelling_stops_the_simulation():
    case = random_case(1)
    with pytest.raises(Cancelled):
        simulate(case.problem, rows(drawn_routes(case, 1)), control=Control(cancelled=lambda: True))


@pytest.mark.parametrize(
    ("kind", "free", "room", "a", "part"),
    [
        (LINEAR, [0.0], [1.0], 0.02, "free-flow time of arc 0"),
        (LINEAR, [np.nan], [1.0], 0.02, "free-flow time of arc 0"),
        (DENSITY, [1.0], [0.0], 0.05, "no capacity"),
        (LINEAR, [1.0], [1.0], -1.0, "at least 0"),
        (7, [1.0], [1.0], 0.0, "COST"),
    ],
)
def test_unusable_costs_are_refused(kind, free, room, a, part):
    with pytest.raises(SolverError, match=part):
        road_cost(kind, np.array(free), np.array(room), a)


def test_unsorted_trips_and_unknown_nodes_are_refused():
    cost = road_cost(LINEAR, np.array([1.0]))
    with pytest.raises(SolverError, match="sorted"):
        routing_problem(Arcs(2, [0], [1], cost), TripTable([0, 0], [1, 1], [5.0, 1.0]))
    with pytest.raises(SolverError, match="node"):
        routing_problem(Arcs(2, [0], [1], cost), TripTable([0], [7], [0.0]))
    with pytest.raises(SolverError, match="departure"):
        routing_problem(Arcs(2, [0], [1], cost), TripTable([0], [1], [np.nan]))
