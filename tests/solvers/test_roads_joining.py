"""Places join the nearest point along a road that can be left and reached."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.graph.components import components
from evacuation_planner.plugin.solvers.roads.connectors import DESTINATION, ORIGIN
from evacuation_planner.plugin.solvers.roads.cutting import cut
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.joining import join_points
from evacuation_planner.plugin.solvers.roads.one_part import Demand
from evacuation_planner.plugin.solvers.roads.shortest_paths import fastest_paths, travel
from evacuation_planner.plugin.solvers.roads.usable import usable_nodes, usable_pieces
from tests.solvers.road_drawings import network

pytest.importorskip("shapely", minversion="2")
pytest.importorskip("scipy")

SQUARE = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 100)], [(0, 100), (0, 0)]]


def node_at(network, x, y):
    """Return the node at a position."""
    return int(np.flatnonzero((network.node_xy == (x, y)).all(axis=1))[0])


def same_trips(before, after):
    """Travel between the old nodes is what it was."""
    nodes = np.arange(before.node_count)
    old, new = travel(before, nodes, nodes), travel(after, nodes, nodes)
    assert new.seconds == pytest.approx(old.seconds, abs=1e-6)
    assert new.metres == pytest.approx(old.metres, abs=1e-6)


def test_a_point_joins_along_the_road_not_at_its_ends():
    before = network(SQUARE)
    joined = join_points(before, np.array([[40.0, -7.0]]), 500)
    node = joined.node[0]
    assert joined.network.node_xy[node].tolist() == [40, 0]
    assert joined.distance[0] == pytest.approx(7)
    assert joined.reasons == [""]
    assert joined.network.piece_count == 5
    assert joined.network.length.sum() == pytest.approx(before.length.sum())
    same_trips(before, joined.network)
    arcs = fastest_paths(joined.network, [(node, node_at(before, 100, 100))])[0]
    assert joined.network.path_xy(arcs).tolist() == [[40, 0], [100, 0], [100, 100]]


def test_several_points_on_one_piece_and_at_one_place():
    joined = join_points(network(SQUARE), np.array([[80.0, 3], [20, 3], [20, -8], [50, 1], [0.0005, -2]]), 500)
    assert joined.node[1] == joined.node[2]
    assert len(set(joined.node.tolist())) == 4
    assert joined.network.node_xy[joined.node[4]].tolist() == [0, 0]  # the corner itself, no sliver
    assert joined.network.piece_count == 4 + 3
    between = travel(joined.network, joined.node[:1], joined.node[1:2])
    assert between.metres[0, 0] == pytest.approx(60)
    assert between.seconds[0, 0] == pytest.approx(6)


def test_a_bent_piece_is_cut_at_the_measure_and_keeps_its_vertices():
    lines = [[(0, 0), (100, 0), (100, 100)], [(100, 100), (0, 0)]]
    joined = join_points(network(lines), np.array([[100.0, 30.0]]), 10)
    arcs = fastest_paths(joined.network, [(joined.node[0], node_at(joined.network, 0, 0))])[0]
    assert joined.network.path_xy(arcs).tolist() == [[100, 30], [100, 0], [0, 0]]
    assert joined.network.length[arcs].sum() == pytest.approx(130)


def test_lengths_are_shared_in_proportion_to_the_drawn_measure():
    before = straight_network([(0, 0), (100, 0)], [0], [1], [400.0], 36.0)
    joined = join_points(before, np.array([[25.0, 0]]), 10)
    assert sorted(joined.network.length.tolist()) == pytest.approx([100, 100, 300, 300])
    assert joined.network.free_flow.sum() == pytest.approx(80)


def test_too_far_is_given_back_with_the_reason():
    joined = join_points(network(SQUARE), np.array([[50.0, -812.0], [50, -499], [np.nan, 0]]), 500)
    assert joined.node.tolist()[0] == -1
    assert joined.node[1] >= 0
    assert joined.reasons[0] == "812 m from the nearest road that can be left (limit 500 m)"
    assert joined.reasons[2] == "it has no position that can be compared with the roads"
    assert joined.distance[0] == pytest.approx(812)


def test_a_dead_end_one_way_and_a_scrap_are_passed_over():
    far_off = [[(50, 300), (60, 300)], [(60, 300), (60, 310)]]
    lines = [*SQUARE, [(100, 0), (200, 0)], *far_off]
    before = network(lines, ["no"] * 4 + ["yes"] + ["no"] * 2)
    joined = join_points(before, np.array([[190.0, 5.0], [60, 305], [50, 20]]), 500)
    assert joined.network.node_xy[joined.node[0]].tolist() == [100, 5]
    assert (joined.farther > 0).tolist() == [True, True, False]  # all three have a road of the square near
    large = [[(k * 10.0, -50), (k * 10.0 + 10, -50)] for k in range(400)]
    joined = join_points(network([*large, *far_off]), np.array([[60.0, 305], [3000, -45]]), 500)
    assert joined.network.node_xy[joined.node[0]].tolist() == [60, -50]
    assert joined.farther.tolist() == [pytest.approx(355, abs=1e-9), 0]


def test_a_one_way_between_roads_can_be_joined():
    ring = network(SQUARE, ["yes"] * 4)
    joined = join_points(ring, np.array([[50.0, -1]]), 10)
    node = joined.node[0]
    assert travel(joined.network, [node], [node]).metres[0, 0] == 0
    assert travel(joined.network, [0], [node]).seconds[0, 0] + travel(joined.network, [node], [0]).seconds[
        0, 0
    ] == pytest.approx(40)


def test_a_ring_with_one_node_can_be_joined():
    joined = join_points(network([[(0, 0), (10, 0), (10, 10), (0, 0)], [(0, 0), (-9, 0)]]), np.array([[10.0, 5]]), 9)
    goal = node_at(joined.network, 0, 0)
    assert travel(joined.network, joined.node, [goal]).metres[0, 0] == pytest.approx(15)


@pytest.mark.parametrize("street", [[], [[(300, 0), (310, 0)]]])
def test_every_road_of_a_network_that_leads_one_way_can_be_left_and_reached(street):
    one_ways = [[(0, 0), (100, 0)], [(100, 0), (300, 0)], [(100, 80), (100, 0)]]
    outward = network([*one_ways, *street], ["yes"] * 3 + ["no"] * len(street))
    roles = Demand(np.array([ORIGIN, ORIGIN, DESTINATION]))
    joined = join_points(outward, np.array([[50.0, 1], [101, 40], [250, -2]]), 500, roles)
    assert joined.reasons == [""] * 3
    metres = travel(joined.network, joined.node[:2], joined.node[2:]).metres
    assert metres[:, 0] == pytest.approx([200, 190])


def test_a_one_way_scrap_beside_a_large_network_is_passed_over():
    main = [[(k * 10.0, 0), (k * 10.0 + 10, 0)] for k in range(100)]
    with_scrap = network([*main, [(300, 20), (100, 20)]], ["no"] * 100 + ["yes"])
    roles = Demand(np.array([ORIGIN, DESTINATION]))
    joined = join_points(with_scrap, np.array([[150.0, 21], [250, 21]]), 500, roles)
    assert travel(joined.network, joined.node[:1], joined.node[1:]).metres[0, 0] == pytest.approx(100)


def test_the_halves_of_a_dual_carriageway_that_nothing_connects_are_one_road():
    halves = network([[(0, 0), (2000, 0)], [(2000, 20), (0, 20)]], ["yes"] * 2)
    roles = Demand(np.array([ORIGIN, DESTINATION, DESTINATION]))
    joined = join_points(halves, np.array([[1000.0, 5], [0, 0], [2000, 0]]), 500, roles)
    assert travel(joined.network, joined.node[:1], joined.node[1:]).metres[0] == pytest.approx([1000, 1000])


def test_a_network_without_roads_has_none_that_can_be_left():
    no_roads = straight_network(np.zeros((2, 2)), *np.empty((2, 0), dtype=int))
    joined = join_points(no_roads, np.array([[5.0, 1]]), 500)
    assert joined.node.tolist() == [-1]
    assert joined.reasons == ["the network has no road that can be left"]
    assert joined.distance[0] == np.inf


def test_components_are_numbered_by_size():
    parts = network([[(0, 0), (1, 0)], [(9, 0), (8, 0)], [(9, 0), (9, 9)]], ["no", "no", "yes"])
    assert np.bincount(components(parts.node_count, parts.tail, parts.head, strong=False)).tolist() == [3, 2]
    assert sorted(np.bincount(components(parts.node_count, parts.tail, parts.head, strong=True)).tolist()) == [1, 2, 2]
    weak = components(parts.node_count, parts.tail, parts.head, strong=False)
    start, end = usable_pieces(parts, weak)
    assert start.tolist() == [True, True, False]
    assert end.tolist() == [True, True, True]  # the one-way leads away from the main roads of its part
    assert (usable_nodes(parts, weak) >= 0).sum() == 4


@given(
    st.lists(st.tuples(st.floats(-20, 120), st.floats(-20, 120)), min_size=1, max_size=12),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_joining_keeps_lengths_and_trips_and_finds_the_nearest_road(points, oneway):
    lines = [*SQUARE, [(0, 0), (40, 60), (100, 100)], [(100, 0), (0, 100)]]
    before = network(lines, ["yes" if way else "no" for way in oneway])
    role = np.arange(len(points)) % 2
    joined = join_points(before, np.array(points), 1000, Demand(role))
    after = joined.network
    assert after.length.sum() == pytest.approx(before.length.sum())
    ways = {road: np.sum(before.piece_road[before.piece] == road) for road in range(6)}
    pieces = {road: np.sum(before.piece_road == road) for road in range(6)}
    for road in range(6):  # each part of a road carries as many arcs as the road did
        arcs = np.sum(after.piece_road[after.piece[after.is_road]] == road)
        assert arcs * pieces[road] == np.sum(after.piece_road == road) * ways[road]
    same_trips(before, after)
    assert after.free_flow == pytest.approx(3.6 * after.length / after.speed)
    assert (after.length[~after.is_road] == 0).all()
    start, end = after.piece_ends()
    assert after.piece_xy[after.piece_start[:-1]] == pytest.approx(after.node_xy[start])
    assert after.piece_xy[after.piece_start[1:] - 1] == pytest.approx(after.node_xy[end])
    both = usable_pieces(before, components(before.node_count, before.tail, before.head, strong=False))
    for (x, y), node, distance, own in zip(points, joined.node, joined.distance, role):
        usable = both[own]
        if not usable.any():
            assert node == -1
            continue
        nearest = min(segment_distance((x, y), before, piece) for piece in np.flatnonzero(usable))
        assert distance == pytest.approx(nearest, abs=1e-9)
        assert np.hypot(*(after.node_xy[node] - (x, y))) == pytest.approx(nearest, abs=2e-3)
    there = travel(after, joined.node[role == 0], joined.node[role == 1]).seconds
    assert np.isfinite(there).all() or (joined.node < 0).any()


def segment_distance(point, network, piece):
    """Distance from a point to a drawn piece, segment by segment."""
    xy = network.piece_xy[network.piece_start[piece] : network.piece_start[piece + 1]]
    best = np.inf
    for a, b in zip(xy[:-1], xy[1:]):
        share = np.clip(np.dot(point - a, b - a) / np.dot(b - a, b - a), 0, 1)
        best = min(best, np.hypot(*(a + share * (b - a) - point)))
    return best


def test_cutting_at_the_same_measures_twice_adds_nothing_new():
    before = network(SQUARE)
    first, nodes = cut(before, np.array([0, 0, 2]), np.array([30.0, 30.0005, 99.9995]))
    assert nodes[0] == nodes[1]
    assert first.node_count == before.node_count + 1
    assert nodes[2] == before.piece_ends()[1][2]
