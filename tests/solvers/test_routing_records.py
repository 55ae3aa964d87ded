"""Records of who is where when: merging of what has moved, work counted, slices of kernels, room."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers import control as control_module
from evacuation_planner.plugin.solvers.control import Control, Slices
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.routing.compiling import small_problem
from evacuation_planner.plugin.solvers.routing.present import resimulation_record as live_record_module
from evacuation_planner.plugin.solvers.routing.present import simulation as simulation_module
from evacuation_planner.plugin.solvers.routing.present.resimulation import LiveSchedule
from evacuation_planner.plugin.solvers.routing.present.resimulation_record import Record, record_of
from evacuation_planner.plugin.solvers.routing.present.resimulation_update import (
    ENTRY_MOVED,
    EXIT_MOVED,
    drop_moved,
    first_ending,
    merge_hops,
    merge_order,
)
from evacuation_planner.plugin.solvers.routing.present.simulation import ORDER, TIMETABLE, simulate
from evacuation_planner.plugin.solvers.routing.shared.choices import DENSITY, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.timetable import empty_timetable
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from tests.solvers.routing_oracle import random_case
from tests.solvers.test_routing_simulation import drawn_routes, rows


def drawn_record(rng: np.random.Generator, roads: int = 3) -> Record:
    """Rows of up to five hops whose moments are small whole numbers, so that many events fall together.

    A trip may even leave several roads in the same moment, as where rounding swallows their seconds.
    """
    hops = rng.integers(1, 6, 8)
    end = np.cumsum(hops + 1) - 1
    start, places = end - hops, int(end[-1]) + 1
    trip = np.repeat(np.arange(8), hops + 1).astype(np.int32)
    entry = np.concatenate([np.sort(rng.integers(0, 6, n + 1)) for n in hops]).astype(float)
    arc = rng.integers(0, roads, places).astype(np.int32)
    arc[end] = -1
    table = empty_timetable(np.bincount(arc[arc >= 0], minlength=roads))
    return Record(start, end, arc, entry, trip, table, *np.full((2, int(table.used[0])), -1, dtype=np.int32))


def test_hops_that_have_moved_are_merged_into_the_order_of_exits():
    """Against sorting everything: by moment, then trip, then place in the row."""
    together = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        record = drawn_record(rng)
        every = np.flatnonzero(record.arc >= 0).astype(np.int32)
        expected = sorted(every.tolist(), key=lambda h: (record.entry[h + 1], record.trip[h], h))
        gone = rng.random(len(every)) < rng.choice([0.0, 0.3, 1.0])
        moved = np.zeros(len(record.arc), dtype=np.uint8)
        moved[every] = rng.integers(0, 2, len(every)) * ENTRY_MOVED + gone * EXIT_MOVED
        # Those that have moved lie anywhere in the old order.
        old = [h for h in expected if not moved[h] & EXIT_MOVED]
        for hop in every[gone]:
            old.insert(int(rng.integers(0, len(old) + 1)), int(hop))
        ended = np.array([h for h in expected if moved[h] & EXIT_MOVED], dtype=np.int32)
        found = np.full(len(every), -1, dtype=np.int32)
        merge_order(record, np.array(old, dtype=np.int32), moved, ended, found)
        assert found.tolist() == expected, seed
        ends = record.entry[found + 1]
        together += (np.diff(ends) == 0).sum()
        for moment in np.arange(-1.0, 7.0, 0.5):
            assert first_ending(record, found, moment) == (ends < moment).sum()
    assert together > 500


@pytest.mark.parametrize(("offset", "mark"), [(0, ENTRY_MOVED), (1, EXIT_MOVED)])
def test_hops_that_have_moved_are_dropped_from_the_lists_of_roads_and_merged_again(offset, mark):
    """Against sorting each list by moment, then trip; a trip is on each road once."""
    for seed in range(150):
        rng = np.random.default_rng(seed)
        record = drawn_record(rng, roads=12)
        for trip in range(8):
            row = slice(record.start[trip], record.end[trip])
            record.arc[row] = rng.permutation(12)[: record.end[trip] - record.start[trip]]
        on_road = [np.flatnonzero(record.arc == road) for road in range(12)]
        table = empty_timetable(np.array([len(hops) for hops in on_road]))
        record = record._replace(table=table)
        hops, values = (np.full(int(table.used[0]), -1, dtype=kind) for kind in (np.int32, np.float32))
        moved, kept, new, expected = np.zeros(len(record.arc), dtype=np.uint8), np.zeros(12, dtype=np.int64), [], []
        touched = rng.random(12) < 0.7
        for road in range(12):
            there = sorted(on_road[road].tolist(), key=lambda h: (record.entry[h + offset], record.trip[h]))
            expected.append(there)
            gone = [h for h in there if touched[road] and rng.random() < 0.4]
            moved[there] = 3 - mark
            moved[gone] = rng.choice([mark, 3])
            new += gone
            before = [h for h in there if h not in gone]
            kept[road] = len(before)
            for hop in gone:
                before.insert(int(rng.integers(0, len(before) + 1)), hop)
            part = slice(table.start[road], table.start[road] + len(there))
            hops[part], values[part] = before, [99.0 if h in gone else record.entry[h + offset] for h in before]
        drop_moved(record, moved, mark, hops, values, np.flatnonzero(touched).astype(np.int32))
        merge_hops(record, np.array(new, dtype=np.int32), hops, offset, values, kept)
        for road, there in enumerate(expected):
            part = slice(table.start[road], table.start[road] + len(there))
            assert hops[part].tolist() == there and kept[road] == len(there), (seed, road)
            assert values[part].tolist() == record.entry[np.array(there, dtype=int) + offset].tolist()
        outside = np.ones(len(hops), dtype=bool)
        for first, size in zip(table.start, table.size):
            outside[first : first + size] = False
        assert (hops[outside] == -1).all()


def one_goes_another_way(departures: list[float]) -> LiveSchedule:
    """All on a road of 10 s, each other one there 1 s more; the first is asked what another road, of 20 s, gains."""
    trips = len(departures)
    cost = road_cost(LINEAR, np.array([10.0, 20.0]), a=0.1)
    problem = routing_problem(Arcs(2, [0, 0], [1, 1], cost), TripTable([0] * trips, [1] * trips, departures))
    return LiveSchedule(problem, simulate(problem, rows([[0]] * trips), record=ORDER))


@pytest.mark.parametrize(
    ("departures", "gain", "followed"),
    [
        # Its coming and arriving, as it is and as it was.
        ([0.0], -10.0, 4),
        # The second is watched as it comes at 5, then it arrives at 15, no longer at 16: three more.
        ([0.0, 5.0], -9.0, 7),
        # The third is watched, as the next after the second; when it comes nothing is otherwise any more.
        ([0.0, 5.0, 30.0], -9.0, 8),
        # It comes at 12, when of the first nothing is left, and meets the second either way.
        ([0.0, 5.0, 12.0], -9.0, 8),
        # The second leaves at 15, not at 16: nobody comes between, and the fourth is not watched.
        ([0.0, 5.0, 12.0, 30.0], -9.0, 8),
        # After the third, which meets nobody otherwise, nobody is watched any more.
        ([0.0, 5.0, 30.0, 60.0], -9.0, 8),
        # The second leaves at 15, not at 16, so that the third does not meet it at 15.5; likewise the third and the
        # fourth at 26: all three are watched, and arrive 1 s earlier.
        ([0.0, 5.0, 15.5, 26.0], -7.0, 13),
        # Nobody comes before the first would have left, at 10: the second is watched, and that is all.
        ([0.0, 10.5, 12.0], -10.0, 5),
    ],
)
def test_what_is_followed_is_counted(departures, gain, followed):
    live = one_goes_another_way(departures)
    assert live.gain(int(live.record.start[0]), 1, np.array([1])) == pytest.approx(gain)
    assert live.followed == followed
    live.gain(int(live.record.start[0]), 1, np.array([1]))
    assert live.followed == 2 * followed


def test_most_changes_are_taken_over_in_place():
    """Everything is laid out anew only where a list or the rows are full; the record keeps its arrays till then."""
    case = random_case(1, LINEAR, nodes=8, trips=40)
    routes, others = (drawn_routes(case, seed) for seed in (1, 2))
    live, anew, changes = LiveSchedule(case.problem, simulate(case.problem, rows(routes), record=ORDER)), 0, 0
    for trip in range(40):
        if others[trip] == routes[trip]:
            continue
        record = live.record
        live.gain(int(record.start[trip]), len(routes[trip]), np.array(others[trip]))
        live.keep()
        anew, changes = anew + (live.record is not record), changes + 1
    assert live.schedule().arc.tolist() == sum(others, [])
    assert changes > 15 and anew <= changes // 3


@pytest.mark.parametrize("steps", [1, 7])
def test_a_simulation_in_slices_is_the_same_and_tells_how_far_it_is(steps, monkeypatch):
    case = random_case(3, DENSITY, nodes=8, trips=20)
    routes = rows(drawn_routes(case, 3))
    whole = simulate(case.problem, routes, record=TIMETABLE)
    told = []
    monkeypatch.setattr(simulation_module.Slices, "next", lambda self: steps)
    sliced = simulate(
        case.problem, routes, control=Control(progress=lambda share, text: told.append(share)), record=TIMETABLE
    )
    for field in ("entry", "arrival", "order"):
        assert np.array_equal(getattr(sliced, field), getattr(whole, field))
    for road, (first, size) in enumerate(zip(sliced.table.start, sliced.table.size)):
        here, part = whole.arc == road, slice(first, first + size)
        assert sliced.table.entries[part].tolist() == np.sort(whole.entry[here]).astype(np.float32).tolist()
        assert sliced.table.exits[part].tolist() == np.sort(whole.exits()[here]).astype(np.float32).tolist()
        assert sliced.table.delay_value[part].tolist() == list(range(1, here.sum() + 1))
    events = len(whole.arc) + case.problem.trips  # each arrival is one, and each departure but into a hop
    assert len(told) == -(-events // steps) and told == sorted(told) and told[-1] == 1.0
    assert steps > 1 or sorted(set(told)) == pytest.approx(np.arange(len(whole.arc) + 1) / len(whole.arc))


def test_slices_take_about_a_tenth_of_a_second(monkeypatch):
    """At most eight times as many steps as the last one, from 50 to five millions."""
    clock = [0.0]
    monkeypatch.setattr(control_module.time, "perf_counter", lambda: clock[0])
    slices, found = Slices(), []
    for seconds in (0.1, 0.2, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0, 1000.0, 0.1):
        clock[0] += seconds
        found.append(slices.next())
    expected = [500, 250, 500, 4000, 32_000, 256_000, 2_048_000, 5_000_000, 5_000_000, 5000, 50, 50]
    assert found == pytest.approx(expected, rel=0.01) and found[7] == 5_000_000 and found[10] == 50


@pytest.mark.parametrize("size", [1, 5])
def test_a_record_is_filled_slice_by_slice(size, monkeypatch):
    case = random_case(3, LINEAR, trips=12)
    schedule = simulate(case.problem, rows(drawn_routes(case, 3)), record=ORDER)
    whole, order = record_of(case.problem, schedule, 9)
    monkeypatch.setattr(live_record_module, "SLICE", size)
    asked = []
    sliced, order_then = record_of(case.problem, schedule, 9, Control(cancelled=lambda: bool(asked.append(1))))
    assert len(whole.arc) == len(schedule.arc) + 12 + 9 and np.array_equal(order, order_then)
    assert len(asked) >= len(order) // size
    for first, many in zip(whole.table.start, whole.table.size):
        part = slice(first, first + many)
        for lists in ("entering", "leaving"):
            assert np.array_equal(getattr(sliced, lists)[part], getattr(whole, lists)[part])
        assert np.array_equal(sliced.table.entries[part], whole.table.entries[part])
        assert np.array_equal(sliced.table.exits[part], whole.table.exits[part])
        assert sliced.table.delay_value[part].tolist() == list(range(1, many + 1))
    for stop in range(len(asked)):
        left = iter([False] * stop + [True])
        with pytest.raises(Cancelled):
            record_of(case.problem, schedule, 9, Control(cancelled=lambda remaining=left: next(remaining)))


def test_what_compiles_has_a_value_for_each_road():
    cost = small_problem(DENSITY).cost
    assert len(cost.free_flow) == len(cost.room) == len(cost.background_row) == 170
    assert cost.background_times.tolist() == [0.0] and cost.background_value.tolist() == [[1.0]]
    assert not cost.background_row.any()
