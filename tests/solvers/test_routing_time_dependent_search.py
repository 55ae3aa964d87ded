"""What one vehicle more costs on a road, and what the search of a way learns, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.graph.heap import drop_first, push
from evacuation_planner.plugin.solvers.routing.present.adjoint import valued_timetable
from evacuation_planner.plugin.solvers.routing.present.cost_to_go import CostToGo, arc_costs, raise_to, remaining
from evacuation_planner.plugin.solvers.routing.present.simulation import TIMETABLE, simulate_rows
from evacuation_planner.plugin.solvers.routing.present.time_dependent_search import find_way, search_space
from evacuation_planner.plugin.solvers.routing.shared.choices import DENSITY, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.closed_arcs import NOTHING_CLOSES
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.timetable import (
    Timetable,
    add_stay,
    copied,
    empty_timetable,
    hop_at,
)
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost

NOBODY = (np.inf, np.inf)


def timetable_of(stays: list[tuple[float, float]], roads: int = 1) -> Timetable:
    """The first road with these stays; a delay to each is worth a second."""
    table = copied(empty_timetable(np.array([4] + [0] * (roads - 1))))
    table.size[:] = 0
    for entry, leave in stays:
        add_stay(table, 0, np.float32(entry), np.float32(leave))
    return table


ROAD = road_cost(LINEAR, np.array([10.0]), a=0.1)


def test_a_hop_counts_who_is_there_and_delays_who_comes():
    """Two are on it at 3: 12 s, until 15; two come meanwhile, each of them 1 s slower."""
    table = timetable_of([(0, 12), (2, 14), (5, 20), (15, 30), (15.5, 30)])
    assert hop_at(ROAD, table, 0, 3.0, *NOBODY) == pytest.approx((12.0, 2.0))
    assert hop_at(ROAD, table, 0, 12.0, *NOBODY) == pytest.approx((12.0, 2.0))  # who leaves now is gone, until 24
    assert hop_at(ROAD, table, 0, 50.0, *NOBODY) == pytest.approx((10.0, 0.0))


def test_a_vehicle_neither_meets_nor_delays_its_own_present_stay():
    table = timetable_of([(0, 10), (4, 15), (6, 20)])
    # Its own stay is that from 0 to 10: alone at 0, 10 s, and the two who come at 4 and 6 are slowed by 1 s each.
    assert hop_at(ROAD, table, 0, 0.0, 0.0, 10.0) == pytest.approx((10.0, 2.0))
    assert hop_at(ROAD, table, 0, 0.0, *NOBODY) == pytest.approx((11.0, 2.0))
    # Its own is that from 4 to 15; entering at 1 it meets the first, 11 s, and delays the third alone.
    assert hop_at(ROAD, table, 0, 1.0, 4.0, 15.0) == pytest.approx((11.0, 1.0))
    assert hop_at(ROAD, table, 0, 1.0, *NOBODY) == pytest.approx((11.0, 2.0))
    # At 15 it has left its stay; at 14.9 it is still in it, with the third beside.
    assert hop_at(ROAD, table, 0, 14.9, 4.0, 15.0) == pytest.approx((11.0, 0.0))
    assert hop_at(ROAD, table, 0, 15.0, 4.0, 15.0) == pytest.approx((11.0, 0.0))
    without = timetable_of([(0, 10), (6, 20)])
    for now in (0.5, 1.0, 3.9, 4.0, 5.0, 9.9, 12.0, 14.9, 15.0, 19.0):
        assert hop_at(ROAD, table, 0, now, 4.0, 15.0) == pytest.approx(hop_at(ROAD, without, 0, now, *NOBODY))


def test_background_on_a_road_slows_and_steepens():
    """Room for 5, one of them always taken: 10 / (1 - 1/5) s alone, 10 / (1 - 2/5) s for who comes behind."""
    always = np.zeros(1), np.zeros(1, dtype=np.int32), np.ones((1, 1))
    cost = road_cost(DENSITY, np.array([10.0]), np.array([5.0]), 0.05, background=always)
    assert hop_at(cost, timetable_of([]), 0, 0.0, *NOBODY) == pytest.approx((12.5, 0.0))
    assert hop_at(cost, timetable_of([(5, 20)]), 0, 0.0, *NOBODY) == pytest.approx((12.5, 50 / 3 - 12.5))


def test_what_a_delay_is_worth_on_two_roads_one_after_the_other():
    """Three vehicles leave at 0, 4 and 12 for a road of 10 s and one of 20 s; one more on it slows by 1 s and 2 s.

    They leave the first at 10, 15 and 23, the second at 30, 37 and 47. The third enters the second at 23: from 11 to
    35, half its stay before and after, one leaves it, so that to enter later is worth 1 - 2 * 1 / 24. When the first
    leaves the first road at 10, the third is the next to enter: from 5 to 15 one enters, in a stay of 10 s, slowed by
    1 s.
    """
    cost = road_cost(LINEAR, np.array([10.0, 20.0]), a=0.1)
    problem = routing_problem(Arcs(3, [0, 1], [1, 2], cost), TripTable([0] * 3, [2] * 3, [0.0, 4.0, 12.0]))
    schedule = simulate_rows(problem, np.arange(0, 7, 2), np.tile([0, 1], 3).astype(np.int32), record=TIMETABLE)
    assert schedule.arrival.tolist() == [30.0, 37.0, 47.0]
    table = valued_timetable(problem, schedule)
    first, second = (np.diff(table.delay_value[table.start[road] :][:3], prepend=0.0) for road in (0, 1))
    assert first == pytest.approx([1 + 0.1 * 11 / 12, 1.0, 11 / 12])
    assert second == pytest.approx([1.0, 1.0, 1.0])


def test_the_costs_of_a_road_in_bins_of_time():
    """Two bins of 20 s, at their middles 10 and 30; the second road is never used."""
    table = timetable_of([(0, 10.5), (5, 16), (15, 27), (35, 45)], roads=2)
    cost = road_cost(LINEAR, np.array([10.0, 7.0]), a=0.1)
    problem = routing_problem(Arcs(3, [0, 1], [1, 2], cost), TripTable([0], [2], [0.0]))
    costs = arc_costs(problem, table, 40.0, 2)
    assert costs.step == 20.0 and costs.row.tolist() == [0, -1]
    # At 10 two are on it: 12 s, and the one who enters at 15 is slowed by 1 s. At 30 nobody is, and one comes at 35.
    assert costs.cost[:, 0].tolist() == [13.0, 11.0]
    assert costs.bins[:, 0] == pytest.approx([12 / 20, 10 / 20])
    # Three enter in the first bin, one in the second: (3 * 13 + 11) / 4 = 12.5 on average, 2.5 above the free 10 s.
    assert costs.mean == pytest.approx([10 + 0.5 * 2.5, 7.0])


def line():
    """Roads 0-1 and 1-2 of 10 s each, empty; nothing is known of what is still to come but that it is not negative."""
    cost = road_cost(LINEAR, np.array([10.0, 10.0]), a=0.1)
    problem = routing_problem(Arcs(3, [0, 1], [1, 2], cost), TripTable([0], [2], [0.0]))
    to_go = CostToGo(np.arange(3, dtype=np.int32), np.zeros((5, 3), dtype=np.float32), 20.0)
    return (
        problem,
        to_go,
        search_space(problem.nodes, problem.arcs),
        copied(empty_timetable(np.zeros(2, dtype=np.int64))),
    )


def look(problem, to_go, search, table, departure, limit):
    """Whether a way of less than ``limit`` s was found, and how many nodes were settled for it."""
    before = search.number[1]
    search.number[0] += 1
    nothing = NOTHING_CLOSES, np.empty(0)
    found = find_way(problem.cost, problem.star(), *nothing, table, search, to_go, 0, 0, 2, departure, limit)
    return bool(found), int(search.number[1] - before)


def test_a_search_notes_in_the_guide_what_it_has_found_out():
    problem, to_go, search, table = line()
    assert look(problem, to_go, search, table, 10.0, 100.0) == (True, 2)
    assert search.cost[2] == 20.0 and search.time[2] == 30.0
    assert remaining(to_go, 0, 10.0) == pytest.approx(20.0)  # 10 s is the middle of the first bin
    assert remaining(to_go, 1, 20.0) == pytest.approx(10.0)  # half-way to the middle of the second
    assert remaining(to_go, 0, 1000.0) == 0.0  # the last row, of empty roads, is left alone


def test_a_search_in_vain_is_not_made_twice():
    problem, to_go, search, table = line()
    assert look(problem, to_go, search, table, 10.0, 15.0) == (False, 2)
    assert remaining(to_go, 0, 10.0) == pytest.approx(15.0)  # no way costs less than the limit
    assert look(problem, to_go, search, table, 10.0, 15.0) == (False, 0)
    assert look(problem, to_go, search, table, 10.0, 21.0) == (True, 2)


def test_a_guide_is_only_ever_raised():
    to_go = CostToGo(np.zeros(1, dtype=np.int32), np.full((4, 1), 8.0, dtype=np.float32), 20.0)
    raise_to(to_go, 0, 20.0, 5.0)
    assert to_go.cost[:, 0].tolist() == [8.0] * 4
    raise_to(to_go, 0, 20.0, 11.0)  # between the middles of bins 0 and 1: both by 3
    assert to_go.cost[:, 0].tolist() == [11.0, 11.0, 8.0, 8.0]
    raise_to(to_go, 0, 60.0, 12.0)  # between bin 2 and the row of empty roads, which stays
    assert to_go.cost[:, 0].tolist() == [11.0, 11.0, 12.0, 8.0]
    raise_to(to_go, 0, 500.0, 99.0)
    assert to_go.cost[:, 0].tolist() == [11.0, 11.0, 12.0, 8.0]


def test_the_heap_gives_all_back_in_order_and_equal_keys_by_number():
    rng = np.random.default_rng(0)
    keys, items, size = np.empty(200), np.empty(200, dtype=np.int64), 0
    for item in rng.permutation(200):
        size = push(keys, items, size, float(item // 7), int(item))
    out = []
    while size:
        out.append(int(items[0]))
        size = drop_first(keys, items, size)
    assert out == list(range(200))
