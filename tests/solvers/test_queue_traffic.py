"""What queues on the roads: worked out by hand, and counted again moment by moment."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.routing.flows import flows_of
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, Background
from evacuation_planner.plugin.solvers.routing.queue.traffic import (
    Traffic,
    arrivals_by_door,
    headways,
    road_traffic,
    stays_on_roads,
)
from tests.solvers.queue_cases import Case, case_of, random_case, town


def traffic(case: Case, stuck_seconds: float = 300.0) -> Traffic:
    return road_traffic(case.roads, case.run(stuck_seconds))


def test_who_waits_longer_than_a_headway_after_the_free_flow_time_queues():
    # One road of 10 s that lets one out every 4 s; ten leave at once: out at 10, 14, ..., 46, queued from 14 on.
    found = traffic(case_of(town([(0, 1, 10.0, 900.0, 99.0)]), [(0.0, [0])] * 10))
    assert found.arc.tolist() == [0]
    assert found.longest_queue.tolist() == [8]  # just after 14: two have left
    assert found.queue_minutes.tolist() == pytest.approx([(38 - 14) / 60])  # three until the eighth leaves
    assert found.peak_flow.tolist() == [40]
    assert found.blocked_minutes.tolist() == [0.0]
    assert not found.over_capacity.any()


def test_the_peak_flow_counts_900_seconds_without_their_end():
    # One every 9 s: 100 leave in [0, 900), the 101st would be the first of the next.
    found = traffic(case_of(town([(0, 1, 10.0, 400.0, 999.0)]), [(0.0, [0])] * 150))
    assert found.peak_flow.tolist() == [400]


@pytest.mark.parametrize("vehicles, over", [(79, True), (78, False)])
def test_three_in_the_queue_for_five_minutes_without_a_break_are_over_capacity(vehicles, over):
    # Out at 10 + 4 k; three queue from 14 s until the last but two leaves at 10 + 4 (vehicles - 3).
    found = traffic(case_of(town([(0, 1, 10.0, 900.0, 99.0)]), [(0.0, [0])] * vehicles))
    held = 4 * (vehicles - 3) + 10 - 14
    assert found.queue_minutes[0] == pytest.approx(held / 60)
    assert found.over_capacity.tolist() == [over]
    assert (held >= 300) == over


def test_a_break_begins_the_five_minutes_anew():
    road = town([(0, 1, 10.0, 900.0, 99.0)])
    found = traffic(case_of(road, [(0.0, [0])] * 60 + [(1000.0, [0])] * 60))
    assert found.queue_minutes[0] == pytest.approx(2 * (4 * 57 - 4) / 60)
    assert found.queue_minutes[0] > 5
    assert not found.over_capacity.any()


def test_a_head_before_a_full_road_is_blocked_and_its_own_capacity_is_not():
    # The second road lets one out every 8 s and has room for one; the first could let one out every 2 s.
    case = case_of(town([(0, 1, 10.0, 1800.0, 99.0), (1, 2, 8.0, 450.0, 1.0)]), [(0.0, [0, 1])] * 4)
    found = traffic(case)
    # Out of the first at 10, 18, 26, 34, ready at 10, 12, 20, 28.
    assert found.blocked_minutes.tolist() == pytest.approx([18 / 60, 0.0])
    assert traffic(case, 0.0).blocked_minutes.tolist() == [0.0, 0.0]  # nothing is ever full


def test_without_a_trip_there_is_nothing():
    found = traffic(case_of(town([(0, 1, 10.0, 900.0, 99.0)]), [(0.0, [])]))
    assert all(len(column) == 0 for column in found)


def test_the_headway_of_the_moment_counts():
    others = Background(np.array([20.0, 50.0]), np.array([0, -1]), np.array([[1.0, 0.0]]))
    roads = town([(0, 1, 10.0, 900.0, 99.0), (1, 2, 10.0, 600.0, 99.0)], others)
    moment = np.array([19.9, 20.0, 49.9, 50.0, 30.0]) * SECOND
    slow = int(roads.change_headway[0])
    assert slow > 4 * SECOND
    expected = [4 * SECOND, slow, slow, 4 * SECOND, 6 * SECOND]
    assert headways(roads, np.array([0, 0, 0, 0, 1]), moment.astype(np.int64)).tolist() == expected


def test_the_queue_before_a_door_is_that_of_those_who_come_in_by_it():
    # As in the first test, every other one by door 0, the last one by none; out at 10 + 4 k, queued from 14 on.
    case = case_of(town([(0, 1, 10.0, 900.0, 99.0)]), [(0.0, [0])] * 10 + [(0.0, [])])
    door = np.array([0, 1] * 5 + [-1])
    # By door 0 leave 10, 18, ..., 42, by door 1 14, 22, ..., 46: four of each are still there just after 14.
    assert arrivals_by_door(case.roads, case.run(), door, 3).tolist() == [4, 4, 0]
    assert arrivals_by_door(case.roads, case.run(), np.full(11, -1), 2).tolist() == [0, 0]


def counted(case: Case, stuck_seconds: float) -> dict[int, tuple]:
    """The same, by looking at every road between any two moments at which something happens anywhere."""
    roads, run, plan = case.roads, case.run(stuck_seconds), case.plan
    stays: dict[int, list[tuple]] = {}  # of each road: (entry, exit, next road or -1)
    for trip, way in enumerate(case.ways):
        times = run.moment[plan.move[trip] : plan.move[trip + 1]].tolist()
        for k, road in enumerate(way):
            stays.setdefault(road, []).append((times[k], times[k + 1], way[k + 1] if k + 1 < len(way) else -1))
    changes = list(zip(roads.change_time.tolist(), roads.change_arc.tolist(), *(c.tolist() for c in roads[8:10])))

    def now(road: int, at: int, column: int, value: int) -> int:
        for change in changes:
            if change[1] == road and change[0] <= at:
                value = change[column]
        return value

    def headway(road: int, at: int) -> int:
        return now(road, at, 2, int(roads.headway[road]))

    queues = {
        road: [(t + int(roads.travel[road]) + headway(road, t + int(roads.travel[road])), out) for t, out, _ in own]
        for road, own in stays.items()
    }
    marks = {m for own in stays.values() for stay in own for m in stay[:2]}
    marks |= {m for own in queues.values() for begin, _ in own for m in [begin]} | {c[0] for c in changes}
    for road, own in stays.items():
        marks |= {t + int(roads.travel[road]) for t, _, _ in own} | {out + headway(road, out) for _, out, _ in own}
    marks = sorted(marks)
    found = {}
    for road, own in stays.items():
        own.sort()
        exits = sorted(out for _, out, _ in own)
        flow = 4 * max(sum(e <= other < e + 900 * SECOND for other in exits) for e in exits)
        longest, held, blocked, stretch, best = 0, 0, 0, 0, 0
        for begin, end in zip(marks[:-1], marks[1:]):
            queued = sum(b <= begin and end <= out for b, out in queues[road])
            longest = max(longest, queued)
            stretch = stretch + end - begin if queued >= 3 else 0
            held, best = held + (end - begin if queued >= 3 else 0), max(best, stretch)
            heads = [stay for stay in own if stay[0] <= begin and end <= stay[1]]
            if not heads:
                continue
            entry, out, ahead = heads[0] if len(heads) == 1 else min(heads, key=lambda stay: stay[:2])
            before = [e for e in exits if e <= begin]
            ready = entry + int(roads.travel[road])
            if before:
                ready = max(ready, before[-1] + headway(road, before[-1]))
            if ready <= begin:
                load = sum(t <= begin and end <= out for t, out, _ in stays[ahead])
                assert load >= now(ahead, begin, 3, int(roads.room[ahead]))
                blocked += end - begin
        found[road] = (flow, longest, held / 6e7, blocked / 6e7, best >= 300 * SECOND)
    return found


@pytest.mark.parametrize("patience", [300.0, 20.0])
def test_counting_between_all_moments_gives_the_same(patience):
    queued = blocked = background = over = 0
    for seed in range(24):
        case = random_case(seed, 4, 8, 40)
        found, expected = traffic(case, patience), counted(case, patience)
        assert found.arc.tolist() == sorted(expected)
        for k, road in enumerate(found.arc.tolist()):
            flow, longest, held, stood, full = expected[road]
            assert (found.peak_flow[k], found.longest_queue[k]) == (flow, longest), (seed, road)
            assert found.queue_minutes[k] == pytest.approx(held, abs=1e-9), (seed, road)
            assert found.blocked_minutes[k] == pytest.approx(stood, abs=1e-9), (seed, road)
            assert found.over_capacity[k] == full, (seed, road)
        queued, blocked = queued + (found.longest_queue > 2).sum(), blocked + (found.blocked_minutes > 0).sum()
        background, over = background + bool(len(case.roads.change_arc)), over + found.over_capacity.sum()
    assert min(queued, blocked, background, over) > 5


@pytest.mark.parametrize("width", [7.0, 0.5])
def test_intervals_add_up_to_the_whole(width):
    for seed in range(12):
        case = random_case(seed, 4, 8, 40)
        run = case.run(20.0)
        stays, found = stays_on_roads(case.roads, run), traffic(case, 20.0)
        flows = flows_of(stays, round(width * SECOND))
        for k, road in enumerate(found.arc.tolist()):
            own, there = flows.arc == road, stays.arc == road
            assert flows.entered[own].sum() == there.sum()
            delay = (stays.exit - stays.passed)[there].sum() / SECOND
            assert flows.delay[own].sum() == pytest.approx(delay, abs=1e-6)
            assert flows.blocked[own].sum() == pytest.approx(found.blocked_minutes[k], abs=1e-9)
            queued = np.maximum(stays.exit - stays.queued, 0)[there].sum() / SECOND
            assert (flows.queue[own] * width).sum() == pytest.approx(queued, abs=1e-6)
            assert (np.diff(flows.begin[own]) > 0).all()
