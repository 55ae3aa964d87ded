"""Methods under ``queue``: drivers who look around, Algorithm 2, least total time, and the adjoint that guides it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import NORMAL, QUICK, Effort
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.routing.queue.adjoint import delay_values, traffic_of
from evacuation_planner.plugin.solvers.routing.queue.marginal import one_more
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND
from evacuation_planner.plugin.solvers.routing.queue.simulation import simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.choices import (
    BPR,
    CUMULATIVE,
    GREEDY,
    INDIVIDUAL,
    INFORMED,
    LINEAR,
    PRESENT,
    QUEUE,
    REFINED,
    SYSTEM_OPTIMAL,
)
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve

from .queue_cases import case_of, random_case, town
from .queue_plans import every_plan, routed, small_network

METHODS = (INDIVIDUAL, GREEDY, INFORMED, SYSTEM_OPTIMAL)


def problem_of(roads, trips):
    """The problem of roads (tail, head, seconds, vehicles/h, standing vehicles) and trips (from, to, departure s)."""
    tail, head, seconds, capacity, standing = (np.array(column) for column in zip(*roads))
    cost = road_cost(LINEAR, seconds.astype(float), a=0.0)
    nodes = int(max(tail.max(), head.max())) + 1
    source, destination, departure = (np.array(column) for column in zip(*trips))
    arcs = Arcs(nodes, tail, head, cost, capacity=capacity.astype(float), storage=standing.astype(float))
    return routing_problem(arcs, TripTable(source, destination, departure))


def two_ways(vehicles=10):
    """A road of 10 s, another of 25 s, one vehicle every 4 s on each; all leave at once."""
    return problem_of([(0, 1, 10, 900, 50), (0, 1, 25, 900, 50)], [(0, 1, 0)] * vehicles)


def grid(seed, side=4, trips=120):
    """Streets crossing each other with one vehicle every 4 to 12 s and little room, to two corners."""
    rng = np.random.default_rng(seed)
    node = np.arange(side * side).reshape(side, side)
    a = np.r_[node[:, :-1].ravel(), node[:-1].ravel()]
    b = np.r_[node[:, 1:].ravel(), node[1:].ravel()]
    tail, head = np.r_[a, b], np.r_[b, a]
    count = len(tail)
    roads = zip(tail, head, rng.integers(3, 12, count), rng.choice([300, 600, 900], count), rng.integers(2, 8, count))
    ends = rng.choice([side * side - 1, side - 1], trips)
    starts = rng.integers(0, side * 2, trips)
    return problem_of(list(roads), sorted(zip(starts, ends, rng.uniform(0, 200, trips)), key=lambda trip: trip[2]))


def check_routes(problem, routes):
    for trip in range(problem.trips):
        way = routes.of(trip)
        at = problem.source[trip]
        for arc in way.tolist():
            assert problem.tail[arc] == at
            at = problem.head[arc]
        assert at == problem.destination[trip]


# --- the adjoint ------------------------------------------------------------------------------------------------------


def test_a_delay_in_a_queue_is_passed_to_all_behind():
    # exits at 10, 14, 18: who leaves first holds up three, entries of the others wait for nothing
    case = case_of(town([(0, 1, 10, 900, 13)]), [(0.0, [0])] * 3)
    run = case.run(record_order=True)
    assert delay_values(case.roads, run).tolist() == [3.0, 3.0, 0.0, 2.0, 0.0, 1.0]
    traffic = traffic_of(case.roads, run)
    assert traffic.exit.tolist() == [10 * SECOND, 14 * SECOND, 18 * SECOND]
    # one more a microsecond before all: out at 10 s, so that the three are each 4 s later
    leave, others = one_more(case.roads, traffic, 0, -1)
    assert leave == 10 * SECOND - 1 and others == (4 * SECOND - 1) * 3
    assert one_more(case.roads, traffic, 0, 5 * SECOND) == (22 * SECOND, 0.0)  # behind all: nobody is held up


@pytest.mark.parametrize("seed", range(40))
def test_the_adjoint_is_the_derivative_of_the_exact_run(seed):
    case = random_case(seed, trips=25)
    rng = np.random.default_rng(seed)
    # moments that are no equal ones, so that a microsecond changes no order
    roads = case.roads._replace(
        travel=np.where(
            case.roads.is_road, case.roads.travel + rng.integers(10_000, 90_000, len(case.roads.travel)), 0
        ),
        change_time=case.roads.change_time[:0],
    )
    plan = case.plan._replace(departure=np.sort(case.plan.departure * 10 + rng.integers(0, 9_999_999, 25)))
    run = simulate_queues(roads, plan, record_order=True)
    if run.forced:  # what a standstill costs is no matter of a microsecond
        return
    value = delay_values(roads, run)
    for trip in np.flatnonzero(plan.hops > 0).tolist():
        later = plan.departure.copy()
        later[trip] += 2
        if (np.diff(later) < 0).any():
            continue
        again = simulate_queues(roads, plan._replace(departure=later))
        first = plan.move[trip]
        bound = value[first] if run.moment[first] == plan.departure[trip] else 0.0
        assert again.arrival().sum() - run.arrival().sum() == 2 * bound


# --- methods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", (INFORMED, GREEDY))
def test_drivers_take_the_other_way_when_the_queue_looks_longer(method):
    # the k-th sees max(10, 4 (k - 1)) s on the first road: seven take it (24 s < 25 s), then three the other
    result = solve(two_ways(), method=method, flow_model=QUEUE)
    assert [result.routes.of(trip).tolist() for trip in range(10)] == [[0]] * 7 + [[1]] * 3
    assert sorted(result.travel.tolist()) == sorted([10.0 + 4 * k for k in range(7)] + [25.0, 29.0, 33.0])


def test_least_total_time_of_two_ways():
    # the k-th on the first road takes 10 + 4 k s, on the other 25 + 4 k s: best is to take the ten least of them
    result = solve(two_ways(), method=SYSTEM_OPTIMAL)
    best = sorted([10.0 + 4 * k for k in range(10)] + [25.0 + 4 * k for k in range(10)])[:10]
    assert result.total_time == sum(best)
    assert result.lower_bound <= result.total_time <= result.queue.informed_time <= result.individual_time


def test_a_driver_looks_again_after_a_while_and_turns_off():
    # five minutes on, ten others, who have no choice, have filled the way ahead: 600 s there, 200 s the other way
    roads = [(0, 1, 330, 900, 200), (1, 3, 10, 60, 20), (3, 2, 1, 900, 9), (3, 4, 1, 900, 9), (1, 2, 200, 900, 60)]
    trips = [(0, 2, 0)] + [(1, 4, 325)] * 10
    result = solve(problem_of(roads, trips), method=INFORMED)
    assert result.routes.of(0).tolist() == [0, 4] and result.travel[0] == 530.0
    blind = solve(problem_of(roads, trips), method=INFORMED, reroute_minutes=60.0)
    assert blind.routes.of(0).tolist() == [0, 1, 2] and blind.travel[0] == 325.0 + 10 + 10 * 60 + 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("method", METHODS)
def test_every_method_routes_everybody(seed, method):
    problem = grid(seed)
    result = solve(problem, method=method, certify=True, control=Control(effort=Effort(QUICK)))
    check_routes(problem, result.routes)
    assert result.lower_bound <= result.total_time
    assert result.queue.clearance_bound.seconds <= result.arrival.max() + 1e-9
    assert (result.travel >= result.fastest - 1e-5).all()
    if method == SYSTEM_OPTIMAL:
        others = [solve(problem, method=other).total_time for other in METHODS[:3]]
        assert result.total_time <= min(others)


def test_never_below_the_best_of_all_plans_nor_above_a_start():
    found = 0
    for seed in range(60):
        queue, journeys = small_network(seed)
        journeys = routed(journeys)
        if not len(journeys.source) or len(queue.change_time):
            continue
        totals = [run.total() for run in every_plan(queue, journeys, (300.0,))]
        if not totals:
            continue
        capacity = np.where(queue.is_road, 3.6e9 / np.maximum(queue.headway, 1), np.inf)
        free = np.where(queue.is_road, np.maximum(queue.travel / SECOND, 1e-6), 1e-8)
        cost = road_cost(LINEAR, free, a=0.0)
        arcs = Arcs(
            journeys.nodes, journeys.tail, journeys.head, cost, capacity=capacity, storage=queue.room.astype(float)
        )
        trips = TripTable(journeys.source, journeys.destination, journeys.departure / SECOND)
        problem = routing_problem(arcs, trips)
        result = solve(problem, method=SYSTEM_OPTIMAL, certify=False)
        best = min(totals) / SECOND
        assert result.total_time >= best - 1e-3
        assert result.total_time <= min(solve(problem, method=m, certify=False).total_time for m in METHODS[:3])
        found += 1
    assert found >= 20


def test_the_same_input_gives_the_same_plan():
    problem = grid(7)
    first, second = (solve(problem, method=SYSTEM_OPTIMAL, certify=False) for _ in range(2))
    assert first.total_time == second.total_time and (first.routes.arcs == second.routes.arcs).all()


def test_more_effort_is_never_worse_than_the_starts_and_says_how_far_it_went():
    problem = grid(3, trips=200)
    quick, normal = (solve(problem, certify=False, control=Control(effort=Effort(level))) for level in (QUICK, NORMAL))
    for result in (quick, normal):
        totals = [total for _, total in result.history]
        assert totals[-1] == pytest.approx(result.total_time) and totals[0] >= totals[-1]


# --- what does not go together ----------------------------------------------------------------------------------------


def test_what_does_not_go_together_is_refused():
    problem = two_ways()
    with pytest.raises(SolverError, match="refined needs"):
        solve(problem, method=REFINED, flow_model=QUEUE)
    for other in (PRESENT, CUMULATIVE):
        with pytest.raises(SolverError, match="informed needs FLOW_MODEL queue"):
            solve(problem, method=INFORMED, flow_model=other)
    with pytest.raises(SolverError, match="leave COST empty"):
        solve(replace(problem, cost=problem.cost._replace(kind=BPR)), flow_model=QUEUE)
    with pytest.raises(SolverError, match="none of them has one"):
        solve(replace(problem, capacity=np.full(2, np.inf)), flow_model=QUEUE)
    with pytest.raises(SolverError, match="STUCK_SECONDS"):
        solve(problem, stuck_seconds=-1.0)
    with pytest.raises(SolverError, match="REROUTE_MINUTES"):
        solve(problem, reroute_minutes=float("nan"))


@pytest.mark.parametrize("method", METHODS)
def test_a_user_can_stop(method):
    with pytest.raises(Cancelled):
        solve(grid(1), method=method, control=Control(cancelled=lambda: True))


def test_nobody_travels():
    problem = two_ways(1)
    for method in METHODS:
        result = solve(problem.only(np.arange(0)), method=method, certify=True)
        assert result.total_time == 0.0 and result.queue.origin_wait == 0.0


def test_the_clearance_is_given_for_other_capacities_too():
    # ten vehicles one by one: 10 s and nine headways, of 4 s / 1.2 and 4 s / 0.8
    problem = problem_of([(0, 1, 10, 900, 50)], [(0, 1, 0)] * 10)
    evidence = solve(problem, method=INDIVIDUAL).queue
    assert evidence.clearance_low == pytest.approx(10 + 9 * 4 / 1.2, abs=1e-5)
    assert evidence.clearance_high == pytest.approx(10 + 9 * 4 / 0.8, abs=1e-5)
