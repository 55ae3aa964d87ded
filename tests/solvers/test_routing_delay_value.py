"""Timetables, the values of delays, costs to go and regions: each by itself, by hand or against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from evacuation_planner.plugin.solvers.routing.present.adjoint import LARGEST, valued_timetable
from evacuation_planner.plugin.solvers.routing.present.cost_to_go import CostToGo, go_back, remaining, sort_again
from evacuation_planner.plugin.solvers.routing.present.region import compact_star, mark_region
from evacuation_planner.plugin.solvers.routing.present.resimulation_record import first_from, record_of
from evacuation_planner.plugin.solvers.routing.present.simulation import ORDER, TIMETABLE, simulate
from evacuation_planner.plugin.solvers.routing.shared.choices import DENSITY, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.timetable import (
    Timetable,
    add_stay,
    copied,
    count_until,
    drop_stay,
    empty_timetable,
    hop_at,
    make_room,
    seek,
)
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from tests.solvers.routing_oracle import random_case
from tests.solvers.test_routing_simulation import drawn_routes, rows

NOBODY = np.inf, np.inf
THREE = [(10, 40, 1.0), (20, 50, 2.0), (30, 60, 4.0)]


def timetable_of(stays: list[list[tuple[float, float, float]]]) -> Timetable:
    """Roads with (entry, exit, worth of a delay) each, sorted."""
    table = empty_timetable(np.array([len(road) for road in stays]))
    for road, first in zip(stays, table.start):
        part = slice(first, first + len(road))
        table.entries[part], table.exits[part] = ([stay[k] for stay in road] for k in (0, 1))
        table.delay_value[part] = np.cumsum([stay[2] for stay in road])
    return table


def content(table: Timetable, road: int) -> tuple[list, list, list]:
    part = slice(table.start[road], table.start[road] + table.size[road])
    return table.entries[part].tolist(), table.exits[part].tolist(), table.delay_value[part].tolist()


def test_room_of_a_new_timetable():
    table = empty_timetable(np.array([0, 3, 8]))
    assert table.room.tolist() == [4, 7, 14] and table.start.tolist() == [0, 4, 11] and table.used.tolist() == [25]
    assert len(table.entries) == len(table.exits) == len(table.delay_value) == 50


def test_a_list_that_is_full_moves_to_the_end_of_the_pools():
    table = timetable_of([[(1, 2, 1.0)], THREE, []])
    assert make_room(table, 1) and table.start[1] == 5  # it has room
    table.room[1] = 3
    assert make_room(table, 1) and (table.start[1], table.room[1], table.used[0]) == (16, 10, 26)
    assert content(table, 1) == ([10, 20, 30], [40, 50, 60], [1, 3, 7]) and content(table, 0) == ([1], [2], [1])


def test_where_the_new_room_lies():
    table = timetable_of([[(1, 2, 1.0)], []])
    table.size[1] = table.room[1] = 2  # full: 2 * 2 + 4 places from 9 on, of 18
    assert make_room(table, 1) and (table.start[1], table.room[1], table.used[0]) == (9, 8, 17)
    table.size[1], table.room[1] = 8, 8
    assert not make_room(table, 1) and (table.start[1], table.used[0]) == (9, 17)
    table.used[0], table.size[1], table.room[1] = 10, 2, 2  # just enough
    assert make_room(table, 1) and (table.start[1], table.used[0]) == (10, 18)


@pytest.mark.parametrize(
    ("stays", "entry", "leave", "entries", "exits", "worth"),
    [
        (THREE, 15, 45, [10, 15, 20, 30], [40, 45, 50, 60], [1, 3, 5, 9]),  # worth what the next one is
        (THREE, 20, 50, [10, 20, 20, 30], [40, 50, 50, 60], [1, 3, 7, 11]),  # behind who comes at the same moment
        (THREE, 5, 70, [5, 10, 20, 30], [40, 50, 60, 70], [1, 2, 4, 8]),
        (THREE, 35, 39, [10, 20, 30, 35], [39, 40, 50, 60], [1, 3, 7, 11]),  # nobody behind: what the last one is
        (THREE[:1], 35, 39, [10, 35], [39, 40], [1, 2]),
        ([(10, 40, 3.0)], 35, 39, [10, 35], [39, 40], [3, 6]),
        (THREE[:2], 35, 39, [10, 20, 35], [39, 40, 50], [1, 3, 5]),
        ([], 35, 39, [35], [39], [1]),
    ],
)
def test_a_stay_is_put_in_and_taken_out(stays, entry, leave, entries, exits, worth):
    beside = [(1, 2, 5.0), (3, 4, 6.0)]
    table = timetable_of([beside, stays, beside])
    add_stay(table, 1, np.float32(entry), np.float32(leave))
    assert content(table, 1) == (entries, exits, worth)
    drop_stay(table, 1, np.float32(entry), np.float32(leave))
    assert content(table, 1)[:2] == ([s[0] for s in stays], [s[1] for s in stays])
    assert table.delay_value[table.start[1] :][: len(stays)] == pytest.approx(np.cumsum([s[2] for s in stays]))
    for road in (0, 2):
        assert content(table, road) == ([1, 3], [2, 4], [5, 11])


def test_who_is_taken_out_takes_the_own_worth_along():
    for at, worth in ((0, [2, 6]), (1, [1, 5]), (2, [1, 3])):
        table = timetable_of([[(0, 1, 9.0)], THREE])
        drop_stay(table, 1, np.float32(THREE[at][0]), np.float32(THREE[at][1]))
        assert content(table, 1)[2] == worth and content(table, 0)[2] == [9.0]


def test_counting_in_sorted_values():
    values = np.array([9.0, 1.0, 2.0, 2.0, 5.0, 0.0])
    for limit, count in ((0.0, 0), (1.0, 1), (1.5, 1), (2.0, 3), (4.9, 3), (5.0, 4), (9.0, 4)):
        assert count_until(values, 1, 5, limit) == count
        assert [seek(values, 1, 5, near, limit) for near in range(5)] == [count] * 5
    assert count_until(values, 3, 3, 9.0) == 0 and seek(values, 3, 3, 0, 9.0) == 0


@pytest.mark.parametrize(
    ("now", "own", "seconds", "delay"),
    [
        (3.0, NOBODY, 11.0, 7.0),  # one there; until 14 those of 5 and 14 come, worth 3 and 4
        (2.9, NOBODY, 11.0, 3.0),  # the one of 14 comes after 13.9
        (3.0, (5.0, 20.0), 11.0, 3.5),  # one of the two is its own: half of what both are worth
        (3.0, (14.0, 30.0), 11.0, 3.5),
        (3.0, (1.0, 12.0), 10.0, 3.0),  # its own is the one that is there: until 13 only one comes
        (1.0, (1.0, 12.0), 10.0, 3.0),
        (12.0, (1.0, 12.0), 11.0, 4.0),  # who leaves at 12 is gone; that of 5 is there
        (12.0, (5.0, 20.0), 10.0, 4.0),
        (14.0, NOBODY, 12.0, 0.0),
        (50.0, NOBODY, 10.0, 0.0),
        (-20.0, NOBODY, 10.0, 0.0),  # until -10: nobody comes
        (-9.0, NOBODY, 10.0, 2.0),  # until 1: the first one
    ],
)
def test_a_hop_by_hand(now, own, seconds, delay):
    """A road of 10 s and 1 s more for each vehicle, with delays worth 2, 3 and 4 to the three on it."""
    cost = road_cost(LINEAR, np.array([99.0, 10.0]), a=0.1)
    table = timetable_of([[(0, 90, 7.0)], [(1, 12, 2.0), (5, 20, 3.0), (14, 30, 4.0)]])
    assert hop_at(cost, table, 1, now, *own) == pytest.approx((seconds, delay))


def worth_by_definition(case, schedule) -> list[list[float]]:
    """W of each vehicle on each arc, in the order of entry, by the two equations from the last exit to the first."""
    leave, last = schedule.exits(), set((schedule.indptr[1:] - 1).tolist())
    hops = [(int(a), float(e), float(x), k) for k, (a, e, x) in enumerate(zip(schedule.arc, schedule.entry, leave))]
    worth, value = {}, {}

    def slower(arc, flow, time):
        flow += case.there_anyway(arc, time)
        return case.seconds(arc, flow + 1) - case.seconds(arc, flow)

    for arc, enter, out, hop in sorted(hops, key=lambda h: -h[2]):
        entries = sorted((e, k) for a, e, x, k in hops if a == arc)
        exits = [x for a, e, x, k in hops if a == arc]
        half = (out - enter) / 2
        w = 1.0 if hop in last else value[hop + 1]
        behind = [k for e, k in entries if e > out]
        if behind:
            rate = sum(out - half < e <= out + half for e, _ in entries) / (2 * half)
            there = sum(e <= out for e, _ in entries) - sum(x <= out for x in exits)
            w += rate * slower(arc, there, out) * worth.get(behind[0], 1.0)
        worth[hop] = min(max(w, 0.0), LARGEST)
        rate = sum(enter - half < x <= enter + half for x in exits) / (2 * half)
        there = sum(e < enter for e, _ in entries) - sum(x <= enter for x in exits)
        value[hop] = min(max(worth[hop] * (1 - slower(arc, there, enter) * rate), 0.0), LARGEST)
    return [[worth[k] for _, k in sorted((e, k) for a, e, x, k in hops if a == arc)]
            for arc in range(case.problem.arcs)]  # fmt: skip


@pytest.mark.parametrize(("kind", "background"), [(LINEAR, False), (DENSITY, True), (LINEAR, True)])
def test_worth_of_delays_against_its_two_equations(kind, background):
    seen = []
    for seed in range(0, 24, 2):
        case = random_case(seed, kind, nodes=5, trips=16, background=background)
        schedule = simulate(case.problem, rows(drawn_routes(case, seed)), record=TIMETABLE)
        table = valued_timetable(case.problem, schedule)
        for road, expected in enumerate(worth_by_definition(case, schedule)):
            found = np.diff(content(table, road)[2], prepend=0.0)
            assert found == pytest.approx(expected, rel=1e-4, abs=1e-4), (seed, road)
            seen += expected
    seen = np.array(seen)
    assert (seen > 1.5).sum() > 20 and (seen < 0.9).sum() > 20


def test_a_live_record_finds_places_among_moments_that_are_equal_when_rounded():
    """Against counting the events that are before (moment, trip), from every place to begin at."""
    cost = road_cost(LINEAR, np.array([10.0, 5.0]), a=0.0)
    # Single precision tells moments near 1000 apart by 6e-5 s; some are equal altogether.
    departure = 1000.0 + np.array([0, 0, 1, 1, 2, 3, 3, 9, 40, 40, 41, 500]) * 1e-5
    trips = len(departure)
    problem = routing_problem(Arcs(3, [0, 1], [1, 2], cost), TripTable([0] * trips, [2] * trips, departure))
    schedule = simulate(problem, rows([[0, 1]] * trips), record=ORDER)
    record, order = record_of(problem, schedule, 5)
    assert order.tolist() == sorted(order, key=lambda hop: (record.entry[hop + 1], record.trip[hop]))
    for road in (0, 1):
        first, last = record.table.start[road], record.table.start[road] + record.table.size[road]
        for hops, times, offset in (
            (record.entering, record.table.entries, 0),
            (record.leaving, record.table.exits, 1),
        ):
            events = [(float(record.entry[h + offset]), int(record.trip[h])) for h in hops[first:last]]
            assert events == sorted(events)
            for now in {e for e, _ in events} | {0.0, events[3][0] + 4e-6, 1e6}:
                for trip in (0, 3, 6, 11, 12):
                    expected = first + sum(event < (now, trip) for event in events)
                    for near in (0, first, first + 1, first + 6, last - 1, last, last + 3):
                        assert first_from(record, hops, times, offset, road, now, trip, near) == expected


def test_sorting_what_is_nearly_sorted():
    values = np.array([5.0, 3.0, 3.0, 1.0, 4.0])
    order = np.array([3, 2, 1, 0, 4], dtype=np.int32)
    sort_again(order, values)
    assert order.tolist() == [3, 2, 1, 4, 0]  # equal ones stay as they were
    order = np.array([1, 4, 3, 0], dtype=np.int32)
    sort_again(order, values)
    assert order.tolist() == [3, 1, 4, 0]


def going_back(arcs, last_row, arc_cost, arc_bins, passes, root):
    """``arcs`` are (tail, head, column, free cost, free bins), of a network whose last row is given."""
    nodes = len(last_row)
    arcs = sorted(arcs, key=lambda a: a[0])
    indptr = np.r_[0, np.cumsum(np.bincount([a[0] for a in arcs], minlength=nodes))]
    head, column = (np.array([a[k] for a in arcs]) for k in (1, 2))
    free, bins = (np.array([a[k] for a in arcs], dtype=np.float32) for k in (3, 4))
    cost = np.full((len(arc_cost) + 1, nodes), np.nan, dtype=np.float32)
    cost[-1] = last_row
    order = np.argsort(last_row, kind="stable").astype(np.int32)
    arc_cost, arc_bins = np.array(arc_cost, dtype=np.float32), np.array(arc_bins, dtype=np.float32)
    go_back(indptr, head, column, free, bins, 10.0, arc_cost, arc_bins, root, order, passes, cost)
    return cost


@pytest.mark.parametrize("passes", [1, 2, 5])
def test_going_back_through_time_by_hand(passes):
    """Bins of 10 s. Nodes 0 -> 1 -> 2, 0 -> 2 and 3 -> 1; 2 is the destination.

    In bin 1 the way 1 -> 2 costs 25 and 0 -> 2 only 12, so that in bin 0 node 0 is looked at before node 1 is known: it
    waits for the next bin, 6 + 25 + 4, and takes 0 -> 2 for 30. Once 1 is known to cost 9 in bin 0 and 25 in bin 1, it
    is 9 + 0.6 * 16 at the moment in which 0 -> 1 is driven, with the 6 of that road 24.6.
    From 3 one comes to 1 after 1.25 bins: in bin 0 at 25 + 0.25 * (8 - 25).
    """
    arcs = [(0, 1, -1, 6.0, 0.6), (0, 2, 0, 0.0, 0.0), (1, 2, 1, 0.0, 0.0), (3, 1, -1, 12.5, 1.25)]
    cost = going_back(
        arcs, [14.0, 8.0, 0.0, 20.5], [[30, 9], [12, 25], [40, 8]], [[3, 0.5], [1.2, 1.5], [4, 2]], passes, 2
    )
    assert cost[2].tolist() == [14.0, 8.0, 0.0, 20.5] and cost[1].tolist() == [12.0, 25.0, 0.0, 20.5]
    assert cost[0] == pytest.approx([30.0 if passes == 1 else 24.6, 9.0, 0.0, 33.25])


@pytest.mark.parametrize(
    ("passes", "expected"),
    [(1, [12, 13, 2, 0]), (2, [12.8, 4.2, 2, 0]), (3, [5.76, 4.2, 2, 0]), (9, [5.76, 4.2, 2, 0])],
)
def test_passes_within_a_bin(passes, expected):
    """A chain of roads of 2 s, 0.2 bins, that the last row has in the wrong order: each pass settles one node more."""
    chain = [(k, k + 1, -1, 2.0, 0.2) for k in range(3)]
    cost = going_back(chain, [1.0, 2.0, 3.0, 0.0], np.zeros((1, 0)), np.zeros((1, 0)), passes, 3)
    assert cost[0] == pytest.approx(expected)


@pytest.mark.parametrize(("late", "expected"), [(12.9, [17.0, 14.9, 12.9, 0.0]), (12.7, [16.7, 14.7, 12.7, 0.0])])
def test_a_pass_that_changes_little_is_the_last(late, expected):
    """Node 0 takes 2 + 2 + 10 s as seen from the bin behind, then 2 + 15; node 1 takes 15 s, then 2 + ``late``.

    Where that is 0.1 s less, a hundredth of the bin, node 0 is not looked at again; where it is 0.3 s, it is.
    """
    chain = [(0, 1, -1, 2.0, 0.0), (1, 2, -1, 2.0, 0.0), (2, 3, -1, late, 0.0)]
    cost = going_back(chain, [1.0, 2.0, 3.0, 0.0], np.zeros((1, 0)), np.zeros((1, 0)), 9, 3)
    assert cost[0] == pytest.approx(expected)


def test_what_is_still_to_come_between_the_middles_of_bins():
    to_go = CostToGo(np.array([1, -1, 0]), np.array([[9, 100], [9, 120], [9, 80], [9, 50]], dtype=np.float32), 20.0)
    assert remaining(to_go, 1, 30.0) == np.inf
    for time, cost in ((-5, 100), (0, 100), (10, 100), (15, 105), (30, 120), (40, 100), (50, 80), (60, 65), (70, 50)):
        assert remaining(to_go, 0, float(time)) == pytest.approx(cost)
    assert remaining(to_go, 0, 1e9) == 50.0 and remaining(to_go, 2, 30.0) == 9.0


def test_a_region_holds_the_nodes_on_ways_that_cost_little_more():
    """Against all distances by another program; whole numbers, so that some ways cost just as much as is allowed."""
    left_out = on_the_edge = 0
    for seed in range(1, 160, 2):
        case = random_case(seed, nodes=12)
        problem, star, rng = case.problem, case.problem.star(), np.random.default_rng(seed)
        weight = problem.cost.free_flow
        graph = np.full((12, 12), np.inf)
        np.minimum.at(graph, (problem.tail, problem.head), weight)
        between = dijkstra(csr_matrix(np.where(np.isfinite(graph), graph, 0.0)))
        goal, sources = 0, rng.choice(np.arange(1, 12), 2, replace=False)
        onward, slack = between[:, goal].copy(), float(rng.integers(0, 20)) / 4
        local, label = np.full(12, -1, dtype=np.int32), np.full(12, np.inf)
        size = problem.arcs + 12
        count = mark_region(
            star, weight, onward, sources, 1.25, slack, label, np.empty(size), np.empty(size, dtype=np.int64), local
        )
        above = np.array([between[s] + onward - 1.25 * onward[s] for s in sources]).min(axis=0)
        assert np.array_equal(local >= 0, above <= slack), seed
        assert sorted(local[local >= 0].tolist()) == list(range(count))
        left_out, on_the_edge = left_out + (local < 0).sum(), on_the_edge + (above == slack).sum()
        # The star of the region: the arcs between its nodes, by their new numbers.
        node = np.argsort(np.where(local < 0, 99, local), kind="stable")[:count].astype(np.int32)
        row = rng.integers(-1, 5, problem.arcs).astype(np.int32)
        indptr, head, column = np.zeros(count + 1, dtype=np.int64), *np.empty((2, problem.arcs), dtype=np.int32)
        cost, bins = np.empty((2, problem.arcs))
        arcs = compact_star(star, row, weight, 4.0, node, local, indptr, head, column, cost, bins)
        found = [
            (int(node[i]), int(node[head[k]]), int(column[k]), cost[k], bins[k])
            for i in range(count) for k in range(indptr[i], indptr[i + 1])
        ]  # fmt: skip
        inside = [k for k in range(problem.arcs) if local[problem.tail[k]] >= 0 and local[problem.head[k]] >= 0]
        ends = zip(problem.tail[inside].tolist(), problem.head[inside].tolist())
        assert arcs == indptr[-1] == len(inside)
        expected = [(*pair, int(row[k]), weight[k], weight[k] / 4) for pair, k in zip(ends, inside)]
        assert sorted(found) == sorted(expected)
    assert left_out > 50 and on_the_edge > 10


def test_a_copied_timetable_has_the_same_content_and_changes_alone():
    table = timetable_of([[(1, 2, 5.0)], [], THREE])
    other = copied(table)
    add_stay(other, 0, np.float32(7), np.float32(8))
    assert content(table, 0) == ([1], [2], [5]) and content(other, 0) == ([1, 7], [2, 8], [5, 10])
    assert content(other, 2) == content(table, 2) == ([10, 20, 30], [40, 50, 60], [1, 3, 7])
