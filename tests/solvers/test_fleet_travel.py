"""Travel of a fleet on roads that close, against a search on the roads moment by moment."""

from __future__ import annotations

import heapq
from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.fleet import travel as fleet_travel
from evacuation_planner.plugin.solvers.fleet.arrays import NEVER
from evacuation_planner.plugin.solvers.fleet.rolling import play
from evacuation_planner.plugin.solvers.fleet.travel import Reached, road_travel
from evacuation_planner.plugin.solvers.fleet.windows import ArcsClosed, lengthened_as_needed, windows_of
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from tests.solvers.test_fleet import line


def city(seed, side=5):
    """A lattice of streets of 100 to 400 m with speeds of its own."""
    draw = np.random.default_rng(seed)
    xy = np.array([[x, y] for y in range(side) for x in range(side)]) * 300.0 + draw.uniform(-90, 90, (side * side, 2))
    pairs = [(k, k + 1) for k in range(side * side) if (k + 1) % side]
    pairs += [(k, k + side) for k in range(side * side - side)]
    tail, head = np.array(pairs).T
    speed = draw.choice([20, 36, 50], len(pairs))
    return straight_network(xy, tail, head, speed=speed, two_way=draw.random(len(pairs)) < 0.8)


def closings(network, seed, count=8):
    draw = np.random.default_rng(seed)
    since = draw.choice([-np.inf, 100.0, 250.0, 400.0, 900.0], count)
    until = np.maximum(since, 0.0) + draw.choice([np.inf, 60.0, 300.0], count)
    known = draw.choice([-np.inf, 200.0, 500.0, 1000.0], count)
    return ArcsClosed(draw.integers(0, network.arc_count, count), since, until, known)


def best(network, closed, here, there, moment):
    """Arrival (s) by the ways that are open from setting out to arriving, setting out at any moment from then on."""
    moments = sorted({moment, *(u for u in closed.until.tolist() if moment < u < np.inf)})
    found = np.inf
    for leave in moments:
        ends = sorted({*(s for s in closed.since.tolist() if s > leave), np.inf})
        for end in ends:  # without what is closed at any time before it
            shut = set(closed.arc[(closed.since < end) & (closed.until > leave)].tolist())
            arrival = leave + dijkstra(network, shut, here, there)
            if arrival < end:
                found = min(found, arrival)
    return found


def dijkstra(network, shut, here, there):
    time, heap = {here: 0.0}, [(0.0, here)]
    while heap:
        t, node = heapq.heappop(heap)
        if node == there:
            return t
        for arc in np.flatnonzero(network.tail == node).tolist():
            after = t + float(network.free_flow[arc])
            if arc not in shut and after < time.get(int(network.head[arc]), np.inf):
                time[int(network.head[arc])] = after
                heapq.heappush(heap, (after, int(network.head[arc])))
    return np.inf


@pytest.mark.parametrize("seed", range(6))
def test_arrivals_are_those_of_the_best_open_way(seed):
    network = city(seed)
    closed = closings(network, seed)
    nodes = np.random.default_rng(seed).choice(network.node_count, 6, replace=False)
    never = [Reached(-np.inf, np.full(6, np.inf))]
    travel = road_travel(network, nodes, nodes, closed, never, 300.0)
    assert travel.longer == 0.0 and travel.knowledge[0].since == -np.inf
    assert travel.knowledge[-1].since == np.inf
    for level, until in zip(travel.knowledge, [*(k.since for k in travel.knowledge[1:]), np.inf]):
        known = closed.only(closed.known <= max(level.since, -1.0))
        begin = max(level.since, 0.0) if level.since < np.inf else 0.0
        for moment in (begin, begin + 77.0, min(until, 2000.0) - 1.0):
            for i in range(6):
                for j in range(6):
                    if i == j:
                        continue
                    leg = level.times.leg(i, j, round(moment * 1000))
                    expected = best(network, known, int(nodes[i]), int(nodes[j]), moment)
                    assert (leg is None) == np.isinf(expected)
                    assert leg is None or leg[0] / 1000 == pytest.approx(expected, abs=0.002)
    legs = [(i, j, m) for i in range(6) for j in range(6) if i != j for m in (0, 260_000, 1_500_000)]
    for (i, j, m), arcs in zip(legs, travel.ways(legs, Control())):
        leg = travel.truth.leg(i, j, m)
        if leg is None:
            assert not len(arcs)
            continue
        assert network.tail[arcs[0]] == nodes[i] and network.head[arcs[-1]] == nodes[j]
        assert (network.head[arcs[:-1]] == network.tail[arcs[1:]]).all()
        assert network.free_flow[arcs].sum() * 1000 == pytest.approx(leg[1], abs=2)
        leave, shut = leg[0] - leg[1], np.isin(closed.arc, arcs)
        assert not (shut & (closed.since * 1000 <= leg[0]) & (closed.until * 1000 > leave)).any()


def test_a_plan_knows_of_a_closing_from_the_next_period_on_and_sees_a_hazard_that_has_come():
    street = straight_network([[0, 0], [100, 0], [200, 0]], [0, 1], [1, 2], speed=36)
    closed = ArcsClosed(np.array([0]), np.array([50.0]), np.array([np.inf]), np.array([310.0]))
    reached = [Reached(-np.inf, np.full(3, np.inf)), Reached(2000.0, np.array([np.inf, 700.0, np.inf]))]
    travel = road_travel(street, np.arange(3), np.arange(3), closed, reached, 300.0)
    assert [level.since for level in travel.knowledge] == [-np.inf, 600.0, 2100.0, np.inf]
    before, known, _, truth = (level.times for level in travel.knowledge)
    assert before.leg(0, 1, 60_000) == (70_000, 10_000) and known.leg(0, 1, 600_000) is None
    assert truth.leg(0, 1, 60_000) is None and truth.leg(0, 1, 0) == (10_000, 10_000)
    assert before.until.tolist() == known.until.tolist() == [NEVER] * 3
    assert truth.until.tolist() == [NEVER, 699_999, NEVER]


def test_many_moments_are_put_together_on_the_safe_side():
    count = 200
    closed = ArcsClosed(np.arange(count), np.arange(count) * 31.0 + 5, np.full(count, np.inf), np.full(count, -np.inf))
    assert len(windows_of(closed)) == count + 1
    longer, (windows,) = lengthened_as_needed(closed, [], 24)
    assert 200 * 31 / 24 - 31 <= longer < 360 and len(windows) <= 24  # no coarser than the next step: 24 of 300 s
    for window in windows:  # whatever closes by the end of a window is closed in it
        assert set(np.flatnonzero(closed.since * 1000 <= window.closes).tolist()) <= set(window.closed.tolist())
    assert lengthened_as_needed(closed, [], 500)[0] == 0.0


def test_a_bus_at_many_closing_moments_by_hand():
    """A street of 100 m a piece, 10 s each, whose piece k closes, or opens again, at 1,000 + 10 k s."""
    count = 100
    street = straight_network([[100.0 * k, 0] for k in range(count + 1)], range(count), range(1, count + 1), speed=36)
    arc = np.array([int(np.flatnonzero((street.tail == k) & (street.head == k + 1))[0]) for k in range(count)])
    since, never = 1000.0 + 10.0 * np.arange(count), [Reached(-np.inf, np.full(4, np.inf))]
    closed = ArcsClosed(arc, since, np.full(count, np.inf), np.full(count, -np.inf))
    nodes = np.array([0, 8, 7, 9])
    travel = road_travel(street, nodes, nodes, closed, never, 900.0)
    assert 0.0 < travel.longer <= 40.0
    assert travel.truth.leg(0, 1, 919_999) == (999_999, 80_000)
    assert travel.truth.leg(0, 1, 920_000) is None  # piece 0 closes at the very moment
    # From 700 to 900 m: pieces 7 and 8 close at 1,070 and 1,080 s, and count as closed from their group's first on.
    latest = max(m for m in range(1_000_000, 1_080_000, 100) if travel.truth.leg(2, 3, m) is not None)
    assert 1_070_000 - 1000 * travel.longer - 20_100 <= latest < 1_050_000
    again = ArcsClosed(arc, np.full(count, -np.inf), since, np.full(count, -np.inf))
    travel = road_travel(street, nodes, nodes, again, never, 900.0)
    arrival, drive = travel.truth.leg(2, 3, 0)
    assert drive == 20_000 and 1_080_000 + 20_000 <= arrival <= 1_080_000 + 20_000 + 1000 * travel.longer


@pytest.mark.parametrize("seed", range(4))
def test_nobody_drives_on_a_closed_road_however_many_moments(seed, monkeypatch):
    """Every leg on its own roads, against what is closed in truth; and no arrival is earlier than by all moments."""
    network, draw = city(seed), np.random.default_rng(seed)
    count = 150
    since = draw.uniform(0.0, 3600.0, count)
    until = np.where(draw.random(count) < 0.4, np.inf, since + draw.uniform(30.0, 900.0, count))
    known = np.where(draw.random(count) < 0.5, -np.inf, since + draw.choice([-300.0, 0.0, 300.0], count))
    closed = ArcsClosed(draw.integers(0, network.arc_count, count), since, until, known)
    nodes = draw.choice(network.node_count, 5, replace=False)
    never = [Reached(-np.inf, np.full(5, np.inf))]
    travel = road_travel(network, nodes, nodes, closed, never, 900.0)
    monkeypatch.setattr(fleet_travel, "SETS", 10**6)
    monkeypatch.setattr(fleet_travel, "MOST_SETS", 10**6)
    exact = road_travel(network, nodes, nodes, closed, never, 900.0)
    assert travel.longer > 0.0 and exact.longer == 0.0
    legs = [(i, j, m) for i in range(5) for j in range(5) if i != j for m in range(0, 4_200_000, 300_000)]
    driven = 0
    for (i, j, m), arcs in zip(legs, travel.ways(legs, Control())):
        leg = travel.truth.leg(i, j, m)
        if leg is None:
            continue
        driven += 1
        t = leave = (leg[0] - leg[1]) / 1000
        assert leave >= m / 1000
        for arc in arcs.tolist():
            after = t + float(network.free_flow[arc])
            own = closed.arc == arc
            assert not (own & (closed.since <= after) & (closed.until > t)).any()
            t = after
        assert t == pytest.approx(leg[0] / 1000, abs=0.002)
        assert leg[0] >= exact.truth.leg(i, j, m)[0]
    assert driven > 20


def test_who_is_cut_off_for_good_is_planned_for_once():
    """Roads far away close period by period, nothing of that is new: no plan is made again for who nobody can fetch."""
    street = straight_network([[100.0 * k, 0] for k in range(12)], range(11), range(1, 12), speed=36)
    arcs = np.flatnonzero(street.tail >= 6)[:6]
    closed = ArcsClosed(arcs, 700.0 + 900.0 * np.arange(6), np.full(6, np.inf), np.full(6, -np.inf))
    nodes = np.array([1, 2, 0, 5])
    reached = [Reached(-np.inf, np.array([np.inf, 50.0, np.inf, np.inf]))]  # the second request, before a bus comes
    travel = road_travel(street, nodes, nodes, closed, reached, 900.0)
    assert sum(np.isfinite(each.since) and not each.news for each in travel.knowledge) == 6
    game = line([100, 200, 0, 500], 2, 1, 1, knowledge=travel.knowledge)
    found = play(game, 1, 1)
    # The second plan is made since the bus has driven; from then on nothing happens.
    assert [(each.number, each.left_out, each.fetched) for each in found.periods] == [(0, 1, 1), (1, 1, 0)]
    # What becomes known, on the other hand, is planned for at once.
    later = closed._replace(known=np.full(6, 2000.0))
    travel = road_travel(street, nodes, nodes, later, reached, 900.0)
    found = play(replace(game, knowledge=travel.knowledge), 1, 1)
    assert [each.number for each in found.periods] == [0, 1, 3]
