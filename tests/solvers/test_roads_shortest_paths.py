"""Shortest paths against networkx on small random networks, and by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.shortest_paths import (
    fastest_paths,
    reverse_trees,
    travel,
)

networkx = pytest.importorskip("networkx")
pytest.importorskip("scipy")


@st.composite
def networks(draw):
    """Small random networks with parallel pieces, loops, one-ways and pieces of no length."""
    n = draw(st.integers(1, 7))
    node = st.integers(0, n - 1)
    edges = draw(
        st.lists(
            st.tuples(node, node, st.integers(0, 9), st.integers(1, 4), st.booleans()),
            min_size=1,
            max_size=16,
        )
    )
    a, b, length, speed, both = zip(*edges)
    xy = np.random.default_rng(n).uniform(0, 100, (n, 2))
    return straight_network(xy, a, b, np.array(length) * 100.0, np.array(speed) * 18.0, two_way=np.array(both))


def as_networkx(network, weight):
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(range(network.node_count))
    for arc in range(network.arc_count):
        graph.add_edge(int(network.tail[arc]), int(network.head[arc]), weight=float(weight[arc]))
    return graph


@given(networks())
def test_reverse_trees_agree_with_networkx(network):
    graph = as_networkx(network, network.free_flow).reverse()
    trees = reverse_trees(network, range(network.node_count))
    for goal in range(network.node_count):
        expected = np.full(network.node_count, np.inf)
        for node, seconds in networkx.single_source_dijkstra_path_length(graph, goal).items():
            expected[node] = seconds
        assert trees[goal] == pytest.approx(expected, abs=1e-6)


@given(networks(), st.booleans())
def test_travel_adds_up_along_its_routes(network, by_length):
    weight = network.length if by_length else None
    nodes = np.arange(network.node_count)
    found = travel(network, nodes, nodes, weight)
    best = reverse_trees(network, nodes, weight).T
    assert (found.metres if by_length else found.seconds) == pytest.approx(best, abs=1e-6)
    pairs = [(o, d) for o in nodes for d in nodes]
    for (origin, goal), arcs in zip(pairs, fastest_paths(network, pairs, weight)):
        if not np.isfinite(best[origin, goal]) or origin == goal:
            assert len(arcs) == 0
            continue
        assert network.tail[arcs[0]] == origin
        assert network.head[arcs[-1]] == goal
        assert np.array_equal(network.head[arcs[:-1]], network.tail[arcs[1:]])
        assert network.free_flow[arcs].sum() == pytest.approx(found.seconds[origin, goal], abs=1e-6)
        assert network.length[arcs].sum() == pytest.approx(found.metres[origin, goal], abs=1e-6)


def test_the_faster_of_parallel_roads_is_taken_not_their_sum():
    network = straight_network([(0, 0), (1000, 0)], [0, 0], [1, 1], [1000, 1500], [36, 72])
    assert reverse_trees(network, [1])[0].tolist() == pytest.approx([75, 0])
    assert fastest_paths(network, [(0, 1)])[0].tolist() == [2]
    found = travel(network, [0], [1])
    assert found.metres[0, 0] == 1500
    assert travel(network, [0], [1], network.length).metres[0, 0] == 1000


def test_one_way_and_infinite_weights_close_roads():
    network = straight_network([(0, 0), (100, 0), (200, 0)], [0, 1], [1, 2], speed=36.0, two_way=[False, True])
    assert travel(network, [2], [0]).seconds[0, 0] == np.inf
    assert travel(network, [0], [2]).seconds[0, 0] == pytest.approx(20)
    closed = network.free_flow.copy()
    closed[0] = np.inf
    assert travel(network, [0], [2], closed).seconds[0, 0] == np.inf
    assert len(fastest_paths(network, [(0, 2)], closed)[0]) == 0


def test_places_that_are_not_joined_reach_nothing():
    network = straight_network([(0, 0), (100, 0)], [0], [1])
    found = travel(network, [-1, 0], [1, -1, 1])
    assert np.isinf(found.seconds[0]).all()
    assert np.isinf(found.metres[:, 1]).all()
    assert found.seconds[1, 0] == found.seconds[1, 2] < np.inf
    assert [len(arcs) for arcs in fastest_paths(network, [(-1, 1), (0, -1), (0, 1)])] == [0, 0, 1]


def test_weights_are_checked():
    network = straight_network([(0, 0), (100, 0)], [0], [1])
    with pytest.raises(ValueError, match="negative"):
        reverse_trees(network, [1], np.array([-1.0, 1.0]))
    with pytest.raises(ValueError, match="shape"):
        reverse_trees(network, [1], np.array([1.0]))


def test_cancelling_stops_within_a_second():
    side = 150
    number = np.arange(side * side).reshape(side, side)
    start = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    end = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    xy = np.column_stack([number.ravel() % side, number.ravel() // side]) * 100.0
    network = straight_network(xy, start, end)
    calls = []

    def cancelled() -> bool:
        calls.append(time.process_time())
        return len(calls) > 3

    with pytest.raises(Cancelled):
        reverse_trees(network, np.arange(5000), control=Control(cancelled=cancelled))
    assert len(calls) == 4
    assert max(np.diff(calls)) < 1.0
