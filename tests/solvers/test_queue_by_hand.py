"""The queue model on networks that are small enough to work out every moment by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.routing.queue.network import Background
from tests.solvers.queue_cases import case_of, seconds, town

WIDE = 3600.0  # vehicles/h: one every second


def both(case, stuck_seconds=300.0):
    """Run a case; the slow evaluator must say the same."""
    run, told = case.run(stuck_seconds), case.told(stuck_seconds)
    assert [[moment / 1e6 for moment in trip] for trip in told.moments] == seconds(case, run)
    assert (run.forced, run.rings) == (told.forced, len(told.rings))
    return run, seconds(case, run)


def test_one_bottleneck_lets_each_leave_when_there_but_a_headway_after_the_one_before():
    roads = town([(0, 1, 10.0, WIDE, 99.0), (1, 2, 5.0, 450.0, 99.0)])
    departures = [0.0, 3.0, 6.0, 9.0, 12.0, 100.0, 103.0]
    run, times = both(case_of(roads, [(departure, [0, 1]) for departure in departures]))
    expected, before = [], -np.inf
    for departure in departures:
        before = max(departure + 15.0, before + 3600 / 450)
        expected.append(before)
    assert [trip[-1] for trip in times] == expected == [15, 23, 31, 39, 47, 115, 123]
    assert run.total() == sum(expected) * 1e6 - sum(departures) * 1e6
    assert run.forced == run.rings == 0


@pytest.mark.parametrize(
    "capacities, arrivals", [((900.0, 450.0), [15, 23, 31, 39]), ((450.0, 900.0), [15, 23, 31, 39]),
                             ((900.0, 1800.0), [15, 19, 23, 27])]
)  # fmt: skip
def test_of_two_roads_in_series_the_narrower_decides(capacities, arrivals):
    roads = town([(0, 1, 10.0, capacities[0], 99.0), (1, 2, 5.0, capacities[1], 99.0)])
    _, times = both(case_of(roads, [(0.0, [0, 1])] * 4))
    assert [trip[-1] for trip in times] == arrivals


def test_a_narrow_road_after_a_wide_one_fills_it_to_its_end():
    roads = town([(0, 1, 10.0, WIDE, 10.0), (1, 2, 4.0, 900.0, 1.0)])
    _, times = both(case_of(roads, [(0.0, [0, 1])] * 12))
    # One every 4 s from the second road, in which one finds room; ten on the first, so that two wait at the origin.
    assert [trip[2] for trip in times] == [14 + 4 * k for k in range(12)]
    assert [trip[1] for trip in times] == [10 + 4 * k for k in range(12)]
    assert [trip[0] for trip in times] == [0] * 10 + [10, 14]


def test_a_merge_shares_in_proportion_to_capacities():
    # Both queues never end; one every 4 s leaves the common road, which has room for one.
    roads = town([(0, 2, 10.0, 1800.0, 99.0), (1, 2, 10.0, 900.0, 99.0), (2, 3, 4.0, 900.0, 1.0)])
    _, times = both(case_of(roads, [(0.0, [0, 2])] * 60 + [(0.0, [1, 2])] * 60))
    order = sorted(range(120), key=lambda trip: times[trip][1])
    first = [trip < 60 for trip in order[:90]]
    assert [times[trip][1] for trip in order[:90]] == [10 + 4 * k for k in range(90)]
    assert first.count(True) == 60
    assert {sum(first[k : k + 3]) for k in range(3, 87)} == {2}


def test_an_origin_beside_a_full_road_takes_turns_with_it_as_a_road_of_the_same_capacity():
    roads = town([(0, 1, 10.0, 1800.0, 99.0), (1, 2, 4.0, 900.0, 1.0)])
    case = case_of(roads, [(0.0, [0, 1])] * 40 + [(10.0, [1])] * 40)
    run, times = both(case)
    order = sorted(range(80), key=lambda trip: times[trip][-2])
    from_origin = [trip >= 40 for trip in order[:60]]
    assert [times[trip][-2] for trip in order[:60]] == [10 + 4 * k for k in range(60)]
    assert from_origin.count(True) == 20
    waited = run.waiting()[40:] / 1e6
    assert waited.tolist() == [times[trip][0] - 10 for trip in range(40, 80)]
    assert run.total() == sum((trip[-1] - 10 * (k >= 40)) for k, trip in enumerate(times)) * 1e6
    assert order[0] == 0  # the road and the origin are ready at the same moment: the origin last


def test_a_full_road_blocks_the_junction_and_with_it_who_does_not_want_to_use_it():
    roads = town([(0, 1, 10.0, WIDE, 9.0), (1, 2, 5.0, 120.0, 1.0), (1, 3, 5.0, WIDE, 9.0)])
    trips = [(0.0, [0, 1]), (0.0, [0, 1]), (0.0, [0, 2])]
    _, times = both(case_of(roads, trips))
    assert times == [[0, 10, 15], [0, 15, 45], [0, 16, 21]]
    _, free = both(case_of(roads, trips), stuck_seconds=0.0)
    assert free == [[0, 10, 15], [0, 11, 45], [0, 12, 17]]


RING = [(0, 1, 4.0, 900.0, 1.0), (1, 2, 4.0, 900.0, 1.0), (2, 0, 4.0, 900.0, 1.0)]


def test_a_loop_that_would_stand_still_is_opened_after_a_while():
    case = case_of(town(RING), [(0.0, [0, 1]), (0.0, [1, 2]), (0.0, [2, 0])])
    run, times = both(case)
    assert times == [[0, 304, 308]] * 3
    assert (run.forced, run.rings) == (1, 1)
    assert [sorted(ring.tolist()) for ring in run.ring_roads] == [[0, 1, 2]]
    assert [set(ring.tolist()) for ring in run.ring_roads] == case.told().rings
    assert both(case, stuck_seconds=60.0)[1] == [[0, 64, 68]] * 3


def test_without_spillback_nothing_is_ever_full():
    case = case_of(town(RING), [(0.0, [0, 1]), (0.0, [1, 2]), (0.0, [2, 0])])
    run, times = both(case, stuck_seconds=0.0)
    assert times == [[0, 4, 8]] * 3
    assert (run.forced, run.rings, run.ring_roads) == (0, 0, ())


def test_who_is_let_in_from_outside_opens_no_ring():
    # The three of the loop wait for each other from 4 s on; the fourth wants to enter road 0 already from 1 s on.
    case = case_of(town([*RING, (3, 0, 1.0, WIDE, 1.0)]), [(0.0, way) for way in ([0, 1], [1, 2], [2, 0], [3, 0])])
    run, times = both(case)
    # At 301 s he is let in, one too many. At 304 s road 1 has stood too long, a ring, then road 2, whose way ahead ends
    # at him, who leaves for good at 308 s: 4 s after the exit before his.
    assert times == [[0, 304, 308], [0, 304, 312], [0, 308, 312], [0, 301, 308]]
    assert (run.forced, run.rings) == (3, 1)
    assert [sorted(ring.tolist()) for ring in run.ring_roads] == [[0, 1, 2]]


def test_a_road_that_nobody_enters_for_long_is_forced_but_not_one_where_the_queue_moves():
    # The narrow road lets one out every 360 s: after 300 s without an entry the next is let in above its room.
    roads = town([(0, 1, 10.0, WIDE, 9.0), (1, 2, 5.0, 10.0, 1.0)])
    run, times = both(case_of(roads, [(0.0, [0, 1])] * 3))
    assert [trip[1] for trip in times] == [10, 15, 316]
    assert (run.forced, run.rings) == (1, 0)
    # Every 10 s one comes in, but for the second of the small road it is a long wait.
    roads = town([(0, 2, 10.0, WIDE, 200.0), (1, 2, 10.0, 30.0, 9.0), (2, 3, 10.0, 360.0, 1.0)])
    run, times = both(case_of(roads, [(0.0, [0, 2])] * 150 + [(0.0, [1, 2])] * 2))
    assert times[151][1] - (times[150][1] + 120) > 600
    assert run.forced == 0


def test_background_takes_capacity_and_room_and_gives_them_back():
    # Two others from 20 s to 60 s: 180 vehicles/h instead of 900, room for 3 instead of 5.
    others = Background(np.array([20.0, 60.0]), np.array([0]), np.array([[2.0, 0.0]]))
    roads = town([(0, 1, 10.0, 900.0, 5.0)], others)
    _, times = both(case_of(roads, [(0.0, [0])] * 10))
    assert [trip[0] for trip in times] == [0, 0, 0, 0, 0, 10, 14, 18, 60, 60]
    assert [trip[1] for trip in times] == [10, 14, 18, 22, 42, 62, 66, 70, 74, 78]


def test_who_starts_at_a_door_arrives_when_he_departs_and_uses_none():
    roads = town([(0, 1, 5.0, 450.0, 9.0), (1, 2, 0.0, np.inf, 0.0)])
    case = case_of(roads, [(0.0, [0, 1]), (1.0, []), (2.0, [1]), (3.0, [0, 1])])
    run, times = both(case)
    assert times == [[0, 5], [], [], [3, 13]]
    assert run.arrival().tolist() == [5_000_000, 1_000_000, 2_000_000, 13_000_000]
    assert run.total() == 15_000_000
    assert run.waiting().tolist() == [0, 0, 0, 0]
    assert case_of(roads, [(4.0, [])]).run().total() == 0
    assert case_of(roads, []).run().arrival().tolist() == []


def test_a_road_of_no_length_is_left_at_the_moment_of_entry():
    roads = town([(0, 1, 0.0, 900.0, 1.0), (1, 2, 0.0, 900.0, 1.0), (2, 3, 3.0, 900.0, 1.0)])
    _, times = both(case_of(roads, [(0.0, [0, 1, 2])] * 3))
    assert times == [[0, 0, 0, 3], [0, 4, 4, 7], [4, 8, 8, 11]]
