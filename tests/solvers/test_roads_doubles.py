"""Roads drawn twice are one road, direction by direction, and the network is the one without the copies."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.roads.cutting import cut, keep_arcs
from evacuation_planner.plugin.solvers.roads.doubles import drawn_on
from evacuation_planner.plugin.solvers.roads.levels import level_codes, level_of_roads
from tests.solvers.road_drawings import network, network_with

LEFT, RIGHT = [(0, 0), (1000, 0)], [(1000, 0), (2000, 0)]


def arcs(roads, decimals=6):
    """Return the arcs as (from, to, length, speed, lanes, capacity, road), sorted."""
    xy = roads.node_xy.round(decimals).tolist()
    return sorted(
        (tuple(xy[a]), tuple(xy[b]), round(length, decimals), speed, lanes, capacity, roads.arc_road(k))
        for k, (a, b, length, speed, lanes, capacity) in enumerate(
            zip(roads.tail, roads.head, roads.length, roads.speed, roads.lanes, roads.capacity)
        )
    )


def same(one, other):
    assert arcs(one) == arcs(other)
    assert np.array_equal(one.node_xy, other.node_xy)
    assert np.array_equal(one.piece_start, other.piece_start)
    assert np.array_equal(one.piece_xy, other.piece_xy)
    assert np.array_equal(one.forward, other.forward)
    assert one.free_flow == pytest.approx(3.6 * one.length / one.speed)


def test_two_way_streets_written_once_for_each_direction():
    found = network([LEFT, RIGHT, LEFT[::-1], RIGHT[::-1]])
    same(found, network([LEFT, RIGHT]))
    assert found.capacity.tolist() == [900] * 4
    assert drawn_on(found) == [(2, 0, [0]), (3, 1, [1])]


def test_copies_of_a_bent_road_leave_no_nodes_behind():
    bent = [(0, 0), (300, 50), (600, 0), (1000, 0)]
    side = [(600, 0), (600, 500)]
    same(network([bent, side, bent[::-1], side]), network([bent, side]))
    assert network([bent, bent[::-1], bent]).node_count == 2


def test_one_way_and_its_reverse_are_one_two_way_road():
    found = network_with([LEFT, LEFT[::-1]], oneway=["yes", "yes"], speeds=[30, 60], capacities=[500, 800])
    assert arcs(found) == [
        ((0, 0), (1000, 0), 1000, 30, 1, 500, "r0"),
        ((1000, 0), (0, 0), 1000, 60, 1, 800, "r0"),
    ]


def test_a_direction_takes_the_most_of_the_copies_open_that_way():
    found = network_with(
        [LEFT, LEFT[::-1], LEFT],
        oneway=["no", "yes", "-1"],
        speeds=[50, 30, 70],
        lanes=[2, 3, 2],
        capacities=[700, 600, 1500],
    )
    # forward: only r0; backward: r0, r1 (its drawn direction) and r2
    assert arcs(found) == [
        ((0, 0), (1000, 0), 1000, 50, 1, 700, "r0"),
        ((1000, 0), (0, 0), 1000, 30, 3, 1500, "r0"),
    ]


def test_a_default_speed_gives_way_to_a_speed_of_a_copy():
    assert set(network_with([LEFT, LEFT], speeds=[None, 80]).speed) == {80}
    assert set(network_with([LEFT, LEFT], speeds=[90, 80]).speed) == {80}
    assert set(network_with([LEFT, LEFT], speeds=[None, None]).speed) == {36}


def test_other_levels_and_other_ways_are_other_roads():
    assert network_with([LEFT, LEFT], bridges=["no", "yes"]).piece_count == 2
    assert network_with([LEFT, LEFT], bridges=["yes", "viaduct"]).piece_count == 1
    assert network([[(0, 0), (50, 9), (100, 0)], [(0, 0), (50, -9), (100, 0)]]).piece_count == 2
    between = [[(0, 0), (50, 9), (100, 0)], [(0, 0), (50, -9), (100, 0)], [(100, 0), (50, -9), (0, 0)]]
    found = network(between)
    assert found.piece_count == 2
    assert drawn_on(found) == [(2, 1, [1])]


def test_vertices_within_the_tolerance_are_the_same_drawing():
    rough = [(1000.005, 0.005), (400, 0.008), (0, -0.004)]
    found = network([[(0, 0), (400, 0), (1000, 0)], rough])
    assert found.piece_count == 1
    assert found.piece_xy == pytest.approx(np.array([[0, 0], [400, 0], [1000, 0]]), abs=0.01)
    assert network([[(0, 0), (400, 0), (1000, 0)], [(1000, 0), (400, 0.02), (0, 0)]]).piece_count == 2


def test_a_ring_drawn_again_from_elsewhere():
    ring = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
    turned = ring[2:-1] + ring[:3]
    once = network([ring], ["yes"])
    same(network([ring, turned], ["yes", "yes"]), once)
    against = network([ring, turned[::-1]], ["yes", "yes"])
    assert against.piece_count == against.node_count == 1
    assert sorted(against.forward.tolist()) == [False, True]
    # drawn again from the same vertex, within the tolerance only
    near = [(x, y + 0.004) for x, y in ring]
    same(network([ring, near], ["yes", "yes"]), once)
    assert network([ring, near[::-1]], ["yes", "yes"]).arc_count == 2


def test_a_road_along_itself():
    there_and_back = network([[(0, 0), (500, 0), (1000, 0), (1000, 50), (1000, 0), (500, 0), (0, 0)]])
    assert there_and_back.length.max() == pytest.approx(1000)
    assert there_and_back.copies[:, 1].tolist() == [0] * len(there_and_back.copies)
    assert drawn_on(there_and_back) == []


def test_a_copy_of_a_part_with_more_lanes_keeps_its_stretch():
    road = [(0, 0), (500, 0), (1000, 0)]
    found = network_with([road, road[:2]], lanes=[2, 6])
    assert sorted(zip(found.length, found.lanes)) == [(500, 1), (500, 1), (500, 3), (500, 3)]
    assert network_with([road, road[:2]], lanes=[2, 2]).piece_count == 1


def test_every_road_knows_its_arcs():
    found = network_with([LEFT, RIGHT, LEFT[::-1]], oneway=["yes", "no", "yes"])
    pairs = {}
    for arc, road in zip(*found.road_arcs()):
        pairs.setdefault(int(road), set()).add((found.tail[arc], found.head[arc]))
    assert pairs == {0: {(0, 1)}, 1: {(1, 2), (2, 1)}, 2: {(1, 0)}}
    # cut, and with a piece taken out, they still do
    parts, _ = cut(found, np.array([0]), np.array([250.0]))
    arc, road = parts.road_arcs()
    assert {k: parts.length[arc[road == k]].sum() for k in (0, 1, 2)} == {0: 1000, 1: 2000, 2: 1000}
    kept = keep_arcs(parts, parts.piece_road[parts.piece] == 0)[0]
    arc, road = kept.road_arcs()
    assert {k: kept.length[arc[road == k]].sum() for k in (0, 1, 2)} == {0: 1000, 1: 0, 2: 1000}


def test_levels_are_read_from_numbers_and_words():
    assert level_of_roads(4, [1, "1", None, "-1"], None, None)[:, 0].tolist() == [1, 1, 0, -1]
    assert level_of_roads(2, ["roads_north", "1"], None, None).tolist() == [[0, 0], [0, 0]]
    assert level_of_roads(5, None, ["yes", "no", None, "T", "F"], [None, "building_passage", "", "no", 0])[
        :, 1
    ].tolist() == [1, 2, 0, 1, 0]
    assert level_codes(np.array([[0, 1], [0, 0], [0, 1]], dtype=float)).tolist() == [1, 0, 1]


GRID = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=6, unique=True),
    min_size=1,
    max_size=6,
)


@given(GRID, st.data())
def test_copies_of_anything_change_nothing(lines, data):
    """Copies, whole or in parts, come after the roads; the network is the one of the roads alone."""
    once = [line for line in lines if shapely.is_simple(shapely.linestrings(line))]
    assume(once)
    again = []
    for line in data.draw(st.lists(st.sampled_from(once), max_size=5)):
        low = data.draw(st.integers(0, len(line) - 2))
        high = data.draw(st.integers(low + 1, len(line) - 1))
        part = line[low : high + 1]
        again.append(part[::-1] if data.draw(st.booleans()) else part)
    same(network([*once, *again]), network(once))


SIDE = [(500, 0), (500, 400)]


@pytest.mark.parametrize("shift", [0.0, 0.006])
@pytest.mark.parametrize("turned", [False, True])
def test_a_long_line_over_short_ones(shift, turned):
    long = [(0, shift), (2000, shift)]
    short = [[(0, 0), (500, 0)], [(500, 0), (1000, 0)], RIGHT, SIDE]
    found = network([*short, long[::-1] if turned else long])
    same(found, network(short))
    assert drawn_on(found) == [(4, 0, [0]), (4, 1, [1]), (4, 2, [2])]
    # the other way round the long line is split where the side street leaves it, and nowhere else
    first = network([long, *short])
    assert first.length.tolist() == pytest.approx([500, 500, 1500, 1500, 400, 400], abs=0.02)


def test_lines_that_overlap_in_part():
    found = network([[(0, 0), (2000, 0)], [(1000, 0), (3000, 0)]])
    assert sorted(zip(found.length.tolist(), [found.arc_road(k) for k in range(found.arc_count)])) == [
        (1000, "r1"), (1000, "r1"), (2000, "r0"), (2000, "r0"),
    ]  # fmt: skip
    assert drawn_on(found) == [(1, 0, [0])]
    assert found.node_xy.tolist() == [[0, 0], [2000, 0], [3000, 0]]


def test_a_copy_with_other_vertices_meets_the_side_streets_of_the_first():
    road = [(0, 0), (500, 0), (800, 100), (1200, 100)]
    rough = [(0, 0.003), (250, 0.004), (500, 0.005), (800, 100.004), (1200, 100)]
    near = [(0, 0.003), (250, 0.004), (500.004, 0.003), (800, 100.004), (1200, 100)]
    for copy in (rough, near, near[::-1]):
        assert arcs(network([road, SIDE, copy]), 1) == arcs(network([road, SIDE]), 1)


def test_what_only_touches_or_crosses_is_left_alone():
    for other in ([(400, 0), (400, 300)], [(400, -300), (400, 300)], [(400, 0), (800, 30)]):
        found = network([LEFT, other])
        assert (found.piece_count, found.node_count, len(found.copies)) == (2, 4, 0)
    # nor what lies on another level
    found = network_with([LEFT, [(200, 0), (800, 0)]], bridges=["no", "yes"])
    assert (found.piece_count, found.node_count) == (2, 4)


def test_a_leftover_shorter_than_the_tolerance_vanishes():
    road = [(0, 0), (500, 0), (1000, 0)]
    rest = [(500, 0), (500, 0.004)]
    found = network([road, SIDE, [(0, 0.004), (500, 0.004), (1000, 0.004)], rest])
    assert found.length.max() == 500
    assert found.node_count == 4


@given(
    st.lists(st.integers(1, 19), min_size=2, max_size=6, unique=True),
    st.lists(st.integers(1, 19), max_size=6, unique=True),
    st.floats(0, 6.2),
)
def test_copies_drawn_with_any_vertices_change_nothing(first, second, turn):
    """A straight road with side streets in any direction, and its copy with vertices elsewhere."""
    c, s = np.cos(turn), np.sin(turn)

    def at(metres, aside=0.0):
        return (metres * c - aside * s, metres * s + aside * c)

    ends = sorted({0, 20, *first})
    roads = [[at(100 * a), at(100 * b)] for a, b in zip(ends, ends[1:])]
    sides = [[at(100 * k), at(100 * k, 70)] for k in first]
    copy = [at(100 * k) for k in sorted({0, 20, *second})]
    same(network([*roads, *sides, copy]), network([*roads, *sides]))
