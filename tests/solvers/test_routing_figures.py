"""The figures of a plan, each function by itself, worked out by hand: roads, people, background, reserves."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.routing.clearance import people_until, time_grid
from evacuation_planner.plugin.solvers.routing.compiling import small_problem
from evacuation_planner.plugin.solvers.routing.cumulative.static_flow import static_schedule
from evacuation_planner.plugin.solvers.routing.present.simulation import simulate
from evacuation_planner.plugin.solvers.routing.result import RoutingResult, clearance_time
from evacuation_planner.plugin.solvers.routing.road_use import find_fullest, find_peaks, road_use
from evacuation_planner.plugin.solvers.routing.shared import by_arc as by_arc_module
from evacuation_planner.plugin.solvers.routing.shared.by_arc import by_arc
from evacuation_planner.plugin.solvers.routing.shared.choices import (
    BPR,
    CUMULATIVE,
    DENSITY,
    INDIVIDUAL,
    LINEAR,
    PRESENT,
)
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes, distinct, rows_at
from evacuation_planner.plugin.solvers.routing.shared.schedule import Schedule
from evacuation_planner.plugin.solvers.routing.shared.vehicles import spread_departures, vehicles_of
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import (
    least_background,
    mean_background,
    passing_background,
    road_cost,
    times_at,
)


@pytest.mark.parametrize(
    ("people", "occupancy", "vehicles"),
    [
        (0, 2.5, 0), (1, 2.5, 1), (2, 2.5, 1), (3, 2.5, 2), (5, 2.5, 2), (6, 2.5, 3), (10, 1, 10), (101, 50, 3),
        (1, 1e300, 1),
        (42, 1.4, 30), (57, 1.14, 50),  # exactly full; the quotient is 30.000000000000004
        (1e9 + 1, 2, 500_000_001),
    ],
)  # fmt: skip
def test_vehicles_that_people_take(people, occupancy, vehicles):
    assert vehicles_of(np.array([float(people)]), np.array([float(occupancy)])).tolist() == [vehicles]


def test_departures_at_once_without_a_window_without_vehicles_and_of_no_known_profile():
    rng = np.random.default_rng(0)
    assert spread_departures(3, 600.0, 0, rng).tolist() == [0.0] * 3
    assert spread_departures(3, 0.0, 1, rng).tolist() == [0.0] * 3
    assert len(spread_departures(0, 600.0, 2, rng)) == 0
    with pytest.raises(SolverError, match="4 is none of"):
        spread_departures(1, 600.0, 4, rng)
    assert 0.0 < spread_departures(1, 0.5, 1, rng)[0] < 0.5


@pytest.mark.parametrize(
    ("last", "step", "rows"),
    [
        (0.0, 0.0, 1), (0.5, 1.0, 2), (1.0, 1.0, 2), (240.0, 1.0, 241), (240.5, 2.0, 122), (480.0, 2.0, 241),
        (481.0, 5.0, 98), (1200.0, 5.0, 241), (2400.0, 10.0, 241), (3600.0, 15.0, 241), (7200.0, 30.0, 241),
        (14_400.0, 60.0, 241), (28_800.0, 120.0, 241), (72_000.0, 300.0, 241), (144_000.0, 600.0, 241),
        (216_000.0, 900.0, 241), (432_000.0, 1800.0, 241), (864_000.0, 3600.0, 241), (1_728_000.0, 7200.0, 241),
        (3_456_000.0, 14_400.0, 241), (10_368_000.0, 43_200.0, 241), (20_736_000.0, 86_400.0, 241),
        (20_736_001.0, 172_800.0, 122), (41_472_001.0, 432_000.0, 98), (103_680_001.0, 864_000.0, 122),
    ],
)  # fmt: skip
def test_the_steps_of_the_grid(last, step, rows):
    assert np.array_equal(time_grid(last), np.arange(rows) * step)


def test_people_are_counted_up_to_and_with_a_moment():
    moments, people = np.array([30.0, 10.0, 20.0, 10.0]), np.array([4.0, 1.0, 3.0, 2.0])
    assert people_until(moments, people, np.array([0.0, 9.9, 10.0, 20.0, 29.0, 30.0])).tolist() == [0, 0, 3, 6, 6, 10]


def test_hops_by_arc():
    hops = by_arc(np.array([3, 1, 3, 1, 3]))
    assert hops.order.tolist() == [1, 3, 0, 2, 4] and hops.arc.tolist() == [1, 3]
    assert hops.bounds.tolist() == [0, 2, 5] and hops.count.tolist() == [2, 3]
    assert hops.sorted(np.array([9.0, 8.0, 7.0, 2.0, 8.0])).tolist() == [2.0, 8.0, 7.0, 8.0, 9.0]


@pytest.mark.parametrize(("arcs", "looks"), [(1, 1), (2, 1), (3, 2), (5, 3)])
def test_sorting_looks_at_every_second_arc_whether_to_stop(arcs, looks, monkeypatch):
    monkeypatch.setattr(by_arc_module, "SLICE", 2)
    asked = []
    by_arc(np.arange(arcs)).sorted(np.zeros(arcs), Control(cancelled=lambda: bool(asked.append(1))))
    assert len(asked) == looks
    with pytest.raises(Cancelled):
        by_arc(np.arange(arcs), Control(cancelled=lambda: True))


def test_peaks_of_two_roads():
    # On the first three enter at 0, 5 and 10 and leave at 10, 12 and 20: who leaves at 10 makes room for the third.
    # On the second two, then three at once.
    start = np.array([0, 3, 8])
    entries = np.array([0.0, 5.0, 10.0, 1.0, 2.0, 20.0, 21.0, 22.0])
    exits = np.array([10.0, 12.0, 20.0, 4.0, 5.0, 30.0, 31.0, 32.0])
    peak, when = np.zeros(2, dtype=np.int64), np.zeros(2)
    find_peaks(start, entries, exits, peak, when)
    assert peak.tolist() == [2, 3] and when.tolist() == [5.0, 22.0]


@pytest.mark.parametrize(
    ("times", "values", "most"),
    [
        ([0.0, 100.0], [0.0, 50.0], 2.0),  # nobody of ours is left at 100
        ([0.0, 6.0], [1.0, 4.0], 6.0),  # two of ours are there when it rises at 6
        ([0.0, 10.0, 11.0], [1.0, 4.0, 0.0], 5.0),  # at 10 the first has left: 1 + 4
        ([0.0, 5.0], [0.0, 3.0], 5.0),  # the second comes in the moment in which it rises
        ([-5.0, 4.0], [9.0, 0.0], 10.0),  # the first comes when it is still there
        ([12.0], [7.0], 8.0),  # at 12 the second leaves
        ([20.0], [7.0], 2.0),  # at 20 the last one leaves
        ([0.0, 2.0, 3.0], [0.0, 8.0, 0.0], 9.0),  # a rise between two entries
    ],
)
def test_fullest_moment_of_a_road_with_background(times, values, most):
    """Three of ours on the second of two roads: from 0 to 10, 5 to 12 and 11 to 20; one on the first, one after it."""
    table = np.array(times), np.array([-1, 0]), np.array([values])
    cost = road_cost(LINEAR, np.array([10.0, 10.0]), background=table)
    fullest = np.zeros(2)
    entries, exits = np.array([0.0, 5.0, 11.0, -9.0, 6.0]), np.array([10.0, 12.0, 20.0, -8.0, 7.0])
    find_fullest(cost, np.array([1, 0]), np.array([0, 3, 5]), entries, exits, fullest)
    assert fullest.tolist() == [most, 1.0]


def chain_of_two() -> RoutingResult:
    """Three vehicles with 1, 2 and 4 people leave at 0, 4 and 12 over 10 and 20 s; each one there slows by a tenth.

    They leave the first road at 10, 15 and 23, the second at 30, 37 and 47.
    """
    cost = road_cost(LINEAR, np.array([5.0, 10.0, 20.0]), a=0.1)
    limit = np.array([9.0, 1.5, 2.0])
    problem = routing_problem(
        Arcs(3, [0, 0, 1], [2, 1, 2], cost, [10.0, 20.0, 30.0], limit),
        TripTable([0] * 3, [2] * 3, [0.0, 4.0, 12.0], [1, 2, 4]),
    )
    routes = distinct(np.arange(0, 7, 2), np.array([1, 2] * 3))
    schedule = simulate(problem, routes)
    return RoutingResult(
        INDIVIDUAL, PRESENT, np.arange(3), np.empty(0, dtype=np.int64), problem, routes,
        schedule.arrival - problem.departure, np.full(3, 30.0), np.zeros(3), 120.0, 90.0,
    )  # fmt: skip


def test_use_of_roads_by_hand():
    found = chain_of_two()
    use, hops = road_use(found), found.schedule()
    assert use.arc.tolist() == [1, 2] and use.vehicles.tolist() == [3, 3]
    assert use.peak.tolist() == [2, 3] and use.peak_time.tolist() == [4.0, 23.0]
    assert use.first.tolist() == [0.0, 10.0] and use.last.tolist() == [23.0, 47.0]
    assert [hops.entry[hops.arc == arc].min() for arc in (1, 2)] == [0.0, 10.0]
    assert [hops.exits()[hops.arc == arc].max() for arc in (1, 2)] == [23.0, 47.0]
    assert use.mean == pytest.approx([32 / 3, 66 / 3]) and use.delay == pytest.approx([2.0, 6.0])
    assert use.over_capacity.tolist() == [True, True]
    one = road_use(chain_of_two(), np.array([True, False, True]))
    assert one.arc.tolist() == [2] and one.delay == pytest.approx([6.0])


def test_figures_of_a_result_by_hand():
    result = chain_of_two()
    assert result.travel.tolist() == [30.0, 33.0, 35.0] and result.arrival.tolist() == [30.0, 37.0, 47.0]
    assert result.total_time == 98.0 and result.free_flow_time == 90.0 and result.person_time == 30 + 66 + 140
    assert result.reduction == pytest.approx(100 * 22 / 120) and result.gap == pytest.approx(100 * 8 / 98)
    assert result.detours() == pytest.approx([1.0, 1.1, 35 / 30])
    assert result.names == ("individual", "present")


def test_share_of_the_people_who_have_arrived():
    arrival, people = np.array([30.0, 10.0, 20.0]), np.array([1.0, 3.0, 6.0])
    found = [clearance_time(arrival, people, share) for share in (0.0, 0.3, 0.31, 0.9, 0.91, 1.0)]
    assert found == [10.0, 10.0, 20.0, 20.0, 30.0, 30.0]
    assert clearance_time(arrival, np.zeros(3), 0.5) is None
    # Ten times a tenth: the sum of the first seven is 0.7 but for the last digit.
    assert clearance_time(np.arange(10.0), np.full(10, 0.1), 0.7) == 6.0


def test_a_detour_is_never_below_one_and_who_stays_has_none():
    cost = road_cost(LINEAR, np.array([10.0]))
    problem = routing_problem(Arcs(2, [0], [1], cost), TripTable([0, 0], [1, 0], [0.0, 0.0]))
    routes = Routes(np.array([0, 1, 1]), np.array([0], dtype=np.int32), np.array([0, 1], dtype=np.int32))
    travel, fastest = np.array([10.0 - 1e-9, 0.0]), np.array([10.0, 0.0])
    result = RoutingResult(1, CUMULATIVE, np.arange(2), np.arange(0), problem, routes, travel, fastest, np.zeros(1), 0)
    assert result.detours().tolist() == [1.0] and result.reduction is None and result.gap is None


def test_routes_that_trips_share():
    routes = Routes(np.array([0, 2, 3, 3]), np.array([4, 1, 4], dtype=np.int32), np.array([1, 0, 2, 0, 0]))
    assert routes.count == 3 and routes.of(3).tolist() == [4, 1] and routes.hops().tolist() == [1, 2, 0, 2, 2]
    value = np.array([0.0, 10.0, 0.0, 0.0, 3.0])
    assert routes.sums(value).tolist() == [13.0, 3.0, 0.0] and routes.flow(6).tolist() == [0, 3, 0, 0, 4, 0]
    indptr, arcs = routes.expanded()
    assert indptr.tolist() == [0, 1, 3, 3, 5, 7] and arcs.tolist() == [4, 4, 1, 4, 1, 4, 1]
    assert rows_at([3, 0], [1, 2], np.arange(10, 15)).tolist() == [13, 10, 11]


def test_static_schedule_by_hand():
    # Three on both roads: 10 * 1.3 and 20 * (1 + 0.1 * (3 + 2)) with two in the background.
    result = chain_of_two()
    schedule = static_schedule(result.problem, result.routes, np.array([0.0, 0.0, 2.0]))
    assert schedule.entry == pytest.approx([0.0, 13.0, 4.0, 17.0, 12.0, 25.0])
    assert schedule.arrival == pytest.approx([43.0, 47.0, 55.0]) and schedule.indptr.tolist() == [0, 2, 4, 6]


def test_exits_of_trips_with_and_without_arcs():
    schedule = Schedule(
        np.array([0, 2, 2, 3]), np.array([0, 1, 0]), np.array([1.0, 5.0, 3.0]), np.array([9.0, 2.0, 8.0])
    )
    assert schedule.exits().tolist() == [5.0, 9.0, 8.0]


def with_background(times, value, row=(0, -1)):
    free = np.array([10.0, 20.0])
    return road_cost(LINEAR, free, background=(np.array(times), np.array(row), np.array([value])))


def test_mean_and_least_background_by_hand():
    cost = with_background([0.0, 10.0, 30.0], [6.0, 2.0, 4.0])
    assert mean_background(cost, 0.0, 40.0).tolist() == [(60 + 40 + 40) / 40, 0.0]
    assert mean_background(cost, 5.0, 15.0).tolist() == [4.0, 0.0]
    assert mean_background(cost, 10.0, 10.0).tolist() == [2.0, 0.0]  # of no time: as it is then
    assert mean_background(cost, 29.5, 20.0).tolist() == [3.0, 0.0]  # likewise, from 29.5 to 30.5
    assert passing_background(cost, 40.0).tolist() == [3.5 / 10 * 40, 0.0]
    assert least_background(cost).tolist() == [2.0, 0.0]
    assert least_background(with_background([0.5, 10.0], [6.0, 2.0])).tolist() == [0.0, 0.0]
    assert least_background(with_background([-1.0, 10.0], [6.0, 3.0], (-1, 0))).tolist() == [0.0, 3.0]
    assert mean_background(with_background([10.0], [6.0]), 0.0, 40.0).tolist() == [4.5, 0.0]
    assert mean_background(road_cost(LINEAR, np.ones(2)), 0.0, 40.0).tolist() == [0.0, 0.0]


def test_bpr_with_other_exponents():
    free, room = np.array([10.0]), np.array([100.0])
    assert times_at(road_cost(BPR, free, room, 0.5, 2.0), [200.0]).tolist() == [30.0]
    assert times_at(road_cost(BPR, free, room, 0.5, 4.0), [200.0]).tolist() == [90.0]
    assert times_at(road_cost(BPR, free, room, 0.5, 5.0), [200.0]).tolist() == [170.0]
    assert times_at(road_cost(BPR, free, room, 0.5, 3.0), [200.0]).tolist() == [50.0]
    assert times_at(road_cost(BPR, free, room, 0.5, 0.0), [200.0]).tolist() == [15.0]
    density = road_cost(DENSITY, free, room, 0.25)
    assert [times_at(density, [flow])[0] for flow in (0.0, 50.0, 75.0, 90.0)] == [10.0, 20.0, 40.0, 40.0]
    assert times_at(road_cost(LINEAR, free, room, 0.5), [200.0]).tolist() == [20.0]


@pytest.mark.parametrize(
    ("kind", "a", "b", "value", "part"),
    [
        (DENSITY, 0.0, 1.0, 0.0, "above 0 and at most 1, not 0"),
        (DENSITY, 1.5, 1.0, 0.0, "above 0 and at most 1, not 1.5"),
        (BPR, 0.15, -1.0, 0.0, "at least 0, not 0.15 and -1"),
        (BPR, np.inf, 4.0, 0.0, "at least 0, not inf"),
        (LINEAR, 0.02, np.nan, 0.0, "linear cost must be at least 0"),
        (LINEAR, 0.02, 1.0, -1.0, "BACKGROUND"),
        (LINEAR, 0.02, 1.0, np.inf, "BACKGROUND"),
    ],
)
def test_parameters_out_of_their_range_are_refused(kind, a, b, value, part):
    with pytest.raises(SolverError, match=part):
        road_cost(kind, np.ones(1), np.ones(1), a, b, (np.zeros(1), np.zeros(1), np.array([[value]])))


def test_parameters_at_the_ends_of_their_range_are_taken():
    assert times_at(road_cost(DENSITY, np.array([7.0]), np.ones(1), 1.0), [5.0]).tolist() == [7.0]
    assert road_cost(BPR, np.ones(1), np.ones(1), 0.0, 0.0).b == 0.0
    with pytest.raises(SolverError, match="arc 1 is 0"):
        road_cost(LINEAR, np.array([1.0, 0.0]))
    with pytest.raises(SolverError, match="Arc 1 has no capacity"):
        road_cost(LINEAR, np.ones(2), np.array([1.0, 0.0]))


@pytest.mark.parametrize("change", ["tail", "head", "length", "limit", "source", "destination", "departure", "people"])
def test_arrays_of_another_length_are_refused(change):
    given = {
        "tail": [0], "head": [1], "source": [0], "destination": [1], "departure": [0.0], "people": [1], "length": [1.0],
        "limit": [1.0],
    }  # fmt: skip
    given[change] = given[change] * 2
    with pytest.raises(SolverError, match="length"):
        routing_problem(
            Arcs(2, given["tail"], given["head"], road_cost(LINEAR, np.ones(1)), given["length"], given["limit"]),
            TripTable(given["source"], given["destination"], given["departure"], given["people"]),
        )


@pytest.mark.parametrize(("node", "bad"), [(-1, True), (0, False), (1, False), (2, True)])
def test_nodes_are_from_zero_to_before_their_number(node, bad):
    def make():
        return routing_problem(Arcs(2, [0], [1], road_cost(LINEAR, np.ones(1))), TripTable([node], [0], [0.0]))

    if bad:
        with pytest.raises(SolverError, match="source names node"):
            make()
    else:
        assert make().source.tolist() == [node]


def test_the_problem_that_compiles_is_a_grid_of_six_by_six_with_diagonals_both_ways():
    problem = small_problem(DENSITY)
    ends = set(zip(problem.tail.tolist(), problem.head.tolist()))
    streets = {
        ((x, y), (x + i, y + j)) for x in range(6) for y in range(6) for i, j in ((0, 1), (1, 0), (1, 1))
        if x + i < 6 and y + j < 6
    }  # fmt: skip
    both = streets | {(b, a) for a, b in streets}
    assert problem.nodes == 36 and problem.arcs == len(ends) == len(both) == 170
    assert ends == {(6 * a[0] + a[1], 6 * b[0] + b[1]) for a, b in both}
    half = problem.arcs // 2
    assert np.array_equal(problem.tail[:half], problem.head[half:])
    free = problem.cost.free_flow
    assert np.array_equal(free[:half], free[half:]) and set(free.tolist()) == set(np.arange(5.0, 16.0))
    assert free[:4].tolist() == [5.0, 12.0, 8.0, 15.0]
    assert problem.departure[[0, 75, 149]] == pytest.approx([0.0, 30.0, 59.6])
    assert sorted(set(problem.source.tolist())) == list(range(18)) and problem.source[:5].tolist() == [0, 5, 10, 15, 2]
    assert problem.destination[:4].tolist() == [6, 35, 35, 6]
    assert (problem.cost.room == 6.0).all() and (problem.cost.a, problem.cost.b) == (0.05, 4.0)
    assert mean_background(problem.cost, 0.0, 100.0).tolist() == [1.0] * 170
