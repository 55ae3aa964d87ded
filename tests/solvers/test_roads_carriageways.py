"""A place joins every carriageway beside it, as one place that nobody passes through."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.roads.connectors import DESTINATION, ORIGIN, meeting_points
from evacuation_planner.plugin.solvers.roads.cutting import cut
from evacuation_planner.plugin.solvers.roads.joining import join_points
from evacuation_planner.plugin.solvers.roads.network import NO_PIECE
from evacuation_planner.plugin.solvers.roads.one_part import Demand
from evacuation_planner.plugin.solvers.roads.shortest_paths import fastest_paths, travel
from tests.solvers.road_drawings import network

pytest.importorskip("shapely", minversion="2")
pytest.importorskip("scipy")

# two one-way halves 10 m apart with a road across at each end
EAST, WEST = [(0, 0), (2000, 0)], [(2000, 10), (0, 10)]
ENDS = [[(0, 0), (0, 10)], [(2000, 0), (2000, 10)]]


def metres(roads, xy, origins, max_distance=500):
    """Return the metres (o, d) from the first places to the rest."""
    role = np.where(np.arange(len(xy)) < origins, ORIGIN, DESTINATION)
    joined = join_points(roads, np.array(xy, dtype=float), max_distance, Demand(role))
    return travel(joined.network, joined.node[:origins], joined.node[origins:]).metres


def points_of(roads, place, role=ORIGIN):
    """Return where on the roads one place is joined, sorted."""
    joined = join_points(roads, np.array([place], dtype=float), 500, Demand(np.array([role])))
    node, net = joined.node[0], joined.network
    if not net.is_road.all():
        near = net.head[~net.is_road] if role == ORIGIN else net.tail[~net.is_road]
        return sorted(np.round(net.node_xy[near], 3).tolist())
    return [np.round(net.node_xy[node], 3).tolist()]


def test_a_place_leaves_and_is_reached_by_both_halves_of_a_dual_carriageway():
    roads = network([EAST, WEST, *ENDS], ["yes", "yes", "no", "no"])
    there = metres(roads, [(1000, -5), (2000, -1), (0, -1)], 1)
    assert there == pytest.approx(np.array([[1000, 1000]]))
    back = metres(roads, [(2000, 0), (0, 0), (1000, -5)], 2)
    assert back.ravel() == pytest.approx([1000, 1000])


def test_one_way_lines_a_step_apart_count_as_equally_near():
    roads = network([[(0, 0), (2000, 0)], [(2000, 0.5), (0, 0.5)], [(0, 0), (0, 0.5)], [(2000, 0), (2000, 0.5)]],
                    ["yes", "yes", "no", "no"])  # fmt: skip
    there = metres(roads, [(1000, 5), (2000, 0), (0, 0)], 1)
    assert there.ravel() == pytest.approx([1000, 1000], abs=1)


def test_nobody_passes_through_a_place():
    roads = network([EAST, WEST, *ENDS], ["yes", "yes", "no", "no"])
    role = np.array([ORIGIN, DESTINATION, ORIGIN, DESTINATION])
    xy = np.array([(1000.0, -5), (1000, -5), (900, 12), (1100, 12)])
    joined = join_points(roads, xy, 500, Demand(role))
    start, end = joined.node[[0, 2]], joined.node[[1, 3]]
    assert start[0] != end[0]
    found = travel(joined.network, start, end).metres
    assert found == pytest.approx(np.array([[0, 100], [100, 200]]))
    nodes = np.arange(roads.node_count)
    assert travel(joined.network, nodes, nodes).metres == pytest.approx(travel(roads, nodes, nodes).metres)
    # no arc leads into an origin's own node, none out of a destination's
    assert not np.isin(joined.network.head, start[start >= roads.node_count + 8]).any()
    assert not np.isin(joined.network.tail, end[end >= roads.node_count + 8]).any()


def test_connectors_are_no_roads():
    roads = network([EAST, WEST, *ENDS], ["yes", "yes", "no", "no"])
    joined = join_points(roads, np.array([(1000.0, -5)]), 500)
    net = joined.network
    assert (net.piece[~net.is_road] == NO_PIECE).all() and (~net.is_road).sum() == 2
    assert net.piece_count == 6 and net.piece_lengths().sum() == pytest.approx(4020)
    assert [net.arc_road(arc) for arc in np.flatnonzero(~net.is_road)] == ["", ""]
    assert np.isinf(net.capacity[~net.is_road]).all() and (net.free_flow[~net.is_road] == 0).all()
    assert sorted(np.bincount(net.piece[net.is_road]).tolist()) == [1] * 4 + [2] * 2
    assert np.count_nonzero(~net.forward[net.is_road]) == 2
    start, end = net.piece_ends()
    assert net.piece_xy[net.piece_start[:-1]] == pytest.approx(net.node_xy[start])
    assert net.piece_xy[net.piece_start[1:] - 1] == pytest.approx(net.node_xy[end])
    arcs = fastest_paths(net, [(joined.node[0], 0)])[0]
    assert not net.is_road[arcs[0]] and net.is_road[arcs[1:]].all()
    assert net.path_xy(arcs).tolist() == [[1000, 10], [0, 10], [0, 0]]
    assert net.path_xy(arcs[:1]).shape == (0, 2)
    again, _ = cut(net, np.array([0]), np.array([5.0]))
    assert (~again.is_road).sum() == 2 and np.array_equal(again.tail[~again.is_road], net.tail[~net.is_road])
    assert again.piece_lengths().sum() == pytest.approx(4020)


def test_who_starts_where_he_goes_does_not_travel():
    roads = network([EAST, WEST, *ENDS], ["yes", "yes", "no", "no"])
    role = np.array([ORIGIN, DESTINATION, DESTINATION])
    joined = join_points(roads, np.array([(1000.0, -5), (1000, -5), (1500, -5)]), 500, Demand(role))
    first, last = meeting_points(joined.network, joined.node[[0, 0]], joined.node[[1, 2]])
    assert first[0] == last[0]
    assert joined.network.node_xy[first[0]].tolist() in ([1000, 0], [1000, 10])
    assert (first[1], last[1]) == (joined.node[0], joined.node[2])


@pytest.mark.parametrize("name, lines, oneway, place, expected", [
    ("parallel streets of a one-way grid", [[(0, 0), (500, 0)], [(500, 100), (0, 100)], [(0, 0), (0, 100)],
     [(500, 0), (500, 100)]], "yynn", (250, -5), [[250, 0]]),
    ("a slip road of the same direction", [[(0, 0), (500, 0)], [(0, 20), (500, 20)], [(0, 0), (0, 20)],
     [(500, 0), (500, 20)], [(500, 0), (500, -200), (0, -200), (0, 0)]], "yynny", (250, -5), [[250, 0]]),
    ("a two-way street beside a one-way one", [[(0, 0), (500, 0)], [(500, 20), (0, 20)], [(0, 0), (0, 20)],
     [(500, 0), (500, 20)]], "ynnn", (250, -5), [[250, 0]]),
    ("one-way streets that meet head on", [[(0, 0), (100, 0)], [(200, 0), (100, 0)], [(100, 0), (100, -90),
     (0, -90), (0, 0)], [(0, -90), (200, -90), (200, 0)]], "yynn", (90, 5), [[90, 0]]),
    ("a street of many pieces", [[(k * 10.0, 0), (k * 10.0 + 10, 0)] for k in range(30)], "n" * 30, (154, 100),
     [[154, 0]]),
    ("a place between two streets", [[(0, 0), (500, 0)], [(500, 40), (0, 40)], [(0, 0), (0, 40)],
     [(500, 0), (500, 40)]], "nnnn", (250, 20.4), [[250, 0], [250, 40]]),
    ("a half that begins where its other half's road forks", [[(-200, 0), (0, 0)], [(0, 0), (200, -10)],
     [(200, 10), (0, 0)], [(200, -10), (300, 0)], [(300, 0), (200, 10)]], "nyynn", (100, -30),
     [[100.742, 5.037], [101.247, -5.062]]),
])  # fmt: skip
def test_which_roads_are_joined(name, lines, oneway, place, expected):
    roads = network(lines, ["yes" if way == "y" else "no" for way in oneway])
    found = points_of(roads, place)
    assert len(found) == len(expected), name
    assert np.array(found) == pytest.approx(np.array(expected), abs=2e-3), name


def test_the_halves_of_a_curved_dual_carriageway_belong_together():
    turn = np.linspace(0, np.pi, 60)
    inner = [(300 * np.cos(a), 300 * np.sin(a)) for a in turn]
    outer = [(325 * np.cos(a), 325 * np.sin(a)) for a in turn[::-1]]
    lines = [inner, outer, [inner[0], outer[-1]], [inner[-1], outer[0]]]
    roads = network(lines, ["yes", "yes", "no", "no"])
    for angle in (0.4, 1.3, 2.9):
        place = (340 * np.cos(angle), 340 * np.sin(angle))
        radii = np.hypot(*np.array(points_of(roads, place)).T)
        assert sorted(radii) == pytest.approx([300, 325], abs=0.5)
    # a one-way ring, whose sides are far apart, has no other half
    ring = network([[*inner, (300, -1), (300, 0)]], ["yes"])
    assert len(points_of(ring, (0, 310))) == 1


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 300), st.floats(0, 200)), min_size=2, max_size=8),
    st.lists(st.sampled_from(["yes", "no", "-1"]), min_size=17, max_size=17),
)
def test_travel_equals_the_least_over_all_points_by_another_program(places, oneway):
    grid = [[(x, y), (x + 100, y)] for y in (0, 100, 200) for x in (0, 100, 200)]
    grid += [[(x, y), (x, y + 100)] for y in (0, 100) for x in (0, 100, 200, 300)]
    roads = network(grid, oneway)
    role = np.arange(len(places)) % 2
    joined = join_points(roads, np.array(places), 500, Demand(role))
    net, able = joined.network, joined.node >= 0
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(net.node_count))
    for tail, head, length, road in zip(net.tail.tolist(), net.head.tolist(), net.length.tolist(), net.is_road):
        if road:
            graph.add_edge(tail, head, weight=length)
    ends = {k: [int(joined.node[k])] for k in np.flatnonzero(able).tolist()}
    for k, nodes in ends.items():
        own = net.head[(net.tail == nodes[0]) & ~net.is_road] if role[k] == 0 else (
            net.tail[(net.head == nodes[0]) & ~net.is_road])  # fmt: skip
        ends[k] = own.tolist() or nodes
    first, last = np.flatnonzero(able & (role == 0)), np.flatnonzero(able & (role == 1))
    found = travel(net, joined.node[first], joined.node[last], net.length).metres
    for i, k in enumerate(first.tolist()):
        reach = networkx.multi_source_dijkstra_path_length(graph, ends[k])
        for j, other in enumerate(last.tolist()):
            best = min((reach.get(node, np.inf) for node in ends[other]), default=np.inf)
            assert found[i, j] == pytest.approx(best, abs=1e-6)
