"""Where the vehicles of a zone start, by hand; and that none is lost or made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

shapely = pytest.importorskip("shapely", minversion="2")
pytest.importorskip("scipy")

from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.kinds import road_kinds
from evacuation_planner.plugin.solvers.roads.starts import Junctions, junctions_inside, overlapping, start_nodes
from tests.solvers.road_drawings import network

# a cross of four streets of 200, 300, 400 and 100 m that meet in (0, 0)
CROSS = [[(0, 0), (200, 0)], [(0, 0), (0, 300)], [(0, 0), (-400, 0)], [(0, 0), (0, -100)]]


def inside(roads, *zones, hazard=None, counted=None):
    counted = np.ones(roads.piece_count, dtype=bool) if counted is None else np.array(counted)
    area = None if hazard is None else shapely.to_wkb(hazard)
    return junctions_inside(roads, [shapely.to_wkb(zone) for zone in zones], counted, area)


def by_place(roads, found, zone=0):
    where = found.of(zone)
    return {
        tuple(roads.node_xy[node].tolist()): weight
        for node, weight in zip(found.node[where].tolist(), found.weight[where].tolist())
    }


def test_a_junction_weighs_half_the_length_inside_of_what_meets_there():
    roads = network(CROSS)
    found = inside(roads, shapely.box(-150, -150, 250, 120))
    # inside: 200 to the east, 120 to the north, 150 to the west, 100 to the south; the north and west ends are outside
    assert by_place(roads, found) == pytest.approx({(0, 0): 285, (200, 0): 100, (0, -100): 50})


def test_motorways_have_no_weight():
    roads = network(CROSS)
    found = inside(roads, shapely.box(-150, -150, 250, 120), counted=[False, True, True, True])
    assert by_place(roads, found) == pytest.approx({(0, 0): 185, (0, -100): 50})
    kinds = road_kinds(4, ["motorway_link", "trunk", "primary", None])
    assert kinds.through.tolist() == [True, True, False, False]


def test_only_the_part_in_the_hazard_counts_where_it_has_a_junction():
    roads = network(CROSS)
    zone, empty = shapely.box(-150, -150, 250, 120), shapely.box(1000, 0, 1100, 100)
    found = inside(roads, zone, empty, hazard=shapely.box(50, -50, 900, 50))
    assert by_place(roads, found) == pytest.approx({(200, 0): 75}) and found.counts.tolist() == [1, 0]
    nothing_there = inside(roads, zone, hazard=shapely.box(20, 20, 250, 50))
    assert by_place(roads, nothing_there) == pytest.approx(by_place(roads, inside(roads, zone)))
    outside = inside(roads, zone, hazard=shapely.box(500, 500, 600, 600))
    assert by_place(roads, outside) == pytest.approx(by_place(roads, inside(roads, zone)))


def test_zones_that_overlap_are_named_and_neighbours_are_not():
    zones = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100), shapely.box(190, 0, 290, 100)]
    wkb = [shapely.to_wkb(zone) for zone in zones]
    assert overlapping(wkb) == [(1, 2)] and overlapping(wkb[:2]) == []


def line_of(count):
    """Nodes 0, 1, 2, ... in a row, one-way from left to right."""
    return straight_network([[100.0 * k, 0] for k in range(count)], range(count - 1), range(1, count), two_way=False)


def test_shares_by_largest_remainder_only_where_the_destination_can_be_reached():
    roads = line_of(6)
    junctions = Junctions(np.array([0, 4]), np.array([0, 1, 2, 4]), np.array([1.0, 1, 2, 4]))
    zone, goal, vehicles = np.array([0, 0]), np.array([3, 5]), np.array([9, 10])
    node = start_nodes(roads, junctions, ["z"], zone, goal, vehicles, 1)
    # node 3 cannot be reached from 4: 9 vehicles by 1, 1, 2 are 2.25, 2.25, 4.5
    assert np.bincount(node[:9], minlength=6).tolist() == [2, 2, 5, 0, 0, 0]
    assert np.bincount(node[9:], minlength=6).tolist() == [1, 1, 3, 0, 5, 0]  # 1.25, 1.25, 2.5, 5: one more to 2.5


def test_rows_that_can_start_at_the_same_junctions_are_shared_together():
    roads = line_of(4)
    junctions = Junctions(np.array([0, 2]), np.array([0, 1]), np.array([1.0, 1.0]))
    # ten rows of one vehicle: each alone would round to the first junction
    node = start_nodes(roads, junctions, ["z"], np.zeros(10, int), np.tile([2, 3], 5), np.ones(10, int), 1)
    assert np.bincount(node).tolist() == [5, 5]
    assert not (node == np.repeat([0, 1], 5)).all()  # dealt in an order of the seed's
    again = start_nodes(roads, junctions, ["z"], np.zeros(10, int), np.tile([2, 3], 5), np.ones(10, int), 1)
    other = start_nodes(roads, junctions, ["z"], np.zeros(10, int), np.tile([2, 3], 5), np.ones(10, int), 2)
    assert (node == again).all() and not (node == other).all()


def test_a_row_without_a_way_starts_somewhere_and_one_without_junctions_nowhere():
    roads = line_of(4)
    junctions = Junctions(np.array([0, 2, 2]), np.array([1, 2]), np.array([1.0, 1.0]))
    node = start_nodes(roads, junctions, ["z", "w"], np.array([0, 1, -1, 0]), np.array([0, 3, 3, -1]), np.full(4, 2), 1)
    assert sorted(node[:2].tolist()) == [1, 2] and node[2:].tolist() == [-1] * 6


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_vehicle_starts_at_a_junction_of_its_zone_that_reaches_its_goal(data):
    roads = line_of(8)
    sizes = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    nodes = [sorted(data.draw(st.sets(st.integers(0, 6), min_size=s, max_size=s))) for s in sizes]
    flat = np.array([n for own in nodes for n in own], dtype=np.int64)
    weight = np.array(data.draw(st.lists(st.floats(0.1, 500), min_size=len(flat), max_size=len(flat))))
    junctions = Junctions(np.r_[0, np.cumsum(sizes)].astype(np.int64), flat, weight)
    rows = data.draw(st.integers(1, 6))
    zone = np.array(data.draw(st.lists(st.integers(-1, len(sizes) - 1), min_size=rows, max_size=rows)))
    goal = np.array(data.draw(st.lists(st.integers(0, 7), min_size=rows, max_size=rows)))
    vehicles = np.array(data.draw(st.lists(st.integers(0, 12), min_size=rows, max_size=rows)))
    names = [f"z{k}" for k in range(len(sizes))]
    node = start_nodes(roads, junctions, names, zone, goal, vehicles, data.draw(st.integers(0, 9)))
    assert len(node) == vehicles.sum()
    shares = {}
    for row, own in enumerate(np.split(node, np.cumsum(vehicles)[:-1])):
        if zone[row] < 0 or not sizes[zone[row]]:
            assert (own == -1).all()
            continue
        able = tuple(n for n in nodes[zone[row]] if n <= goal[row]) or tuple(nodes[zone[row]])
        assert set(own.tolist()) <= set(able)
        shares.setdefault((zone[row], able, any(n <= goal[row] for n in nodes[zone[row]])), []).extend(own.tolist())
    for (z, able, _), started in shares.items():
        own = {n: w for n, w in zip(nodes[z], weight[junctions.of(int(z))].tolist()) if n in able}
        for n in able:
            assert abs(started.count(n) - len(started) * own[n] / sum(own.values())) < 1
