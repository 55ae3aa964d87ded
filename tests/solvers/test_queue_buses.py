"""Buses in the queue model: 2.5 places, 2.5 headways, 2.5 turns."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.routing.queue.adjoint import delay_values
from evacuation_planner.plugin.solvers.routing.queue.places import places_of
from evacuation_planner.plugin.solvers.routing.queue.traffic import road_traffic
from evacuation_planner.plugin.solvers.routing.shared.problem import BUS, CAR, Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import LINEAR, road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.solvers.queue_cases import case_of, closed, moments, random_case, seconds, town, with_buses


def timed(case):
    """Return the run and everybody's moments in seconds; the slow evaluator must say the same."""
    run = case.run()
    assert moments(case, run) == case.told().moments
    return run, seconds(case, run)


def test_the_exit_of_a_bus_is_followed_by_two_and_a_half_headways():
    roads = town([(0, 1, 10.0, 900.0, 99.0)])
    _, times = timed(with_buses(case_of(roads, [(0.0, [0])] * 4), [False, True, False, True]))
    assert [trip[-1] for trip in times] == [10, 14, 24, 28]


def test_a_bus_enters_while_fewer_than_the_room_are_there_and_takes_two_and_a_half_places():
    # A headway of 1 s; the second road is left every 100 s and has room for 3.
    roads = town([(0, 1, 10.0, 3600.0, 99.0), (1, 2, 10.0, 36.0, 3.0)])
    run, times = timed(with_buses(case_of(roads, [(0.0, [0, 1])] * 4), [False, True, False, False]))
    entries = [trip[1] for trip in times]
    assert entries[:2] == [10, 11]  # one is there: the bus enters, and with it 3.5 places are taken
    assert entries[2] == times[0][2] == 20  # when the car has left 2.5 are taken: one more fits
    assert times[1][2] == 120
    assert entries[3] == 120  # 3.5 were taken until the bus left
    assert run.forced == 0


def test_after_a_bus_the_other_road_of_a_merge_has_more_turns():
    roads = town([(0, 2, 10.0, 900.0, 99.0), (1, 2, 10.0, 900.0, 99.0), (2, 3, 4.0, 900.0, 1.0)])
    trips = [(0.0, [0, 2])] * 20 + [(0.0, [1, 2])] * 60
    _, times = timed(with_buses(case_of(roads, trips), [True] * 20 + [False] * 60))
    order = sorted(range(80), key=lambda trip: times[trip][1])[:35]
    buses = sum(trip < 20 for trip in order)
    assert abs(buses - 35 / 3.5) <= 1  # equal capacities: as much of the road to each, five cars for two buses


@pytest.mark.parametrize("patience", [300.0, 20.0, 0.0])
@pytest.mark.parametrize("closes", [False, True])
def test_two_evaluators_agree_to_the_last_event_with_buses(patience, closes):
    forced = 0
    for seed in range(40):
        case = random_case(seed, *((5, 12, 30), (3, 6, 20))[seed % 2])
        if closes:
            case = closed(case, seed)
        buses = (np.random.default_rng([seed, 7]).random(len(case.ways)) < 0.3).tolist()
        case = with_buses(case, buses)
        run, told = case.run(patience), case.told(patience)
        assert moments(case, run) == told.moments, seed
        assert run.forced == told.forced, seed
        assert [None if fate is None else fate[1] for fate in told.fates] == [
            None if fate == 0 else when for fate, when in zip(run.fate.tolist(), run.caught.tolist())
        ]
        forced += run.forced
    assert forced > 20 or not patience


def test_what_a_delay_costs_is_what_the_run_with_the_delay_says():
    """Nobody but the first is delayed at an origin: then all that wait for it come so much later."""
    roads = town([(0, 1, 10.0, 900.0, 99.0), (1, 2, 5.0, 600.0, 99.0)])
    trips = [(3.0 * k, [0, 1]) for k in range(12)]
    buses = [k % 3 == 0 for k in range(12)]
    run = with_buses(case_of(roads, trips), buses).run(record_order=True)
    value = delay_values(roads, run)[run.plan.move[0]]
    later = with_buses(case_of(roads, [(0.001, [0, 1]), *trips[1:]]), buses).run()
    assert (later.arrival().sum() - run.arrival().sum()) / 1000 == pytest.approx(value)
    assert value > 6


def test_a_head_behind_a_bus_is_not_blocked_while_the_headway_lasts():
    roads = town([(0, 1, 10.0, 900.0, 99.0)])
    case = with_buses(case_of(roads, [(0.0, [0])] * 3), [True, False, False])
    traffic = road_traffic(roads, case.run())
    assert traffic.blocked_minutes.tolist() == [0.0]


def test_methods_route_buses_and_count_them_as_one_vehicle():
    free = np.array([10.0, 10.0, 12.0, 12.0])
    arcs = Arcs(
        4, [0, 1, 0, 2], [1, 3, 2, 3], road_cost(LINEAR, free, np.full(4, 6.0), 0.05, 4.0),
        capacity=np.full(4, 900.0), storage=np.full(4, 9.0),
    )  # fmt: skip
    trips = TripTable([0] * 20, [3] * 20, np.arange(20.0), size=np.where(np.arange(20) % 2, BUS, CAR))
    problem = routing_problem(arcs, trips)
    assert places_of(problem).size.tolist() == problem.size.tolist()
    assert places_of(routing_problem(arcs, trips._replace(size=None))) is None
    with_cars = solve(routing_problem(arcs, trips._replace(size=None)))
    found = solve(problem)
    assert len(found.travel) == 20
    assert found.travel.sum() > with_cars.travel.sum()
