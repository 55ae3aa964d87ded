"""Published road networks: their known counts, and shortest paths on them against networkx."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.graph.components import components
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.joining import join_points
from evacuation_planner.plugin.solvers.roads.network import RoadNetwork
from evacuation_planner.plugin.solvers.roads.shortest_paths import reverse_trees, travel

ROADS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "roads"
METRES = 10.0  # one unit of the normalised coordinates is read as 10 m
pytestmark = pytest.mark.skipif(not ROADS.is_dir(), reason=f"the published networks are not in {ROADS}")


def published(name: str) -> RoadNetwork:
    node = np.loadtxt(ROADS / name / f"{name}.cnode.txt")
    edge = np.loadtxt(ROADS / name / f"{name}.cedge.txt")
    ends = edge[:, 1:3].astype(int)
    return straight_network(node[:, 1:] * METRES, ends[:, 0], ends[:, 1], edge[:, 3] * METRES)


def test_san_joaquin_county_has_its_known_counts():
    pytest.importorskip("scipy")
    network = published("TG")
    assert (network.node_count, network.piece_count, network.arc_count) == (18_263, 23_874, 2 * 23_874)
    assert components(network.node_count, network.tail, network.head, strong=True).max() == 0
    between = np.sort(np.column_stack(network.piece_ends()), axis=1)
    assert network.piece_count - len(np.unique(between, axis=0)) == 77  # parallel edges


def test_oldenburg_agrees_with_networkx():
    networkx = pytest.importorskip("networkx")
    pytest.importorskip("scipy")
    network = published("OL")
    graph = networkx.MultiDiGraph()
    graph.add_weighted_edges_from(zip(network.head.tolist(), network.tail.tolist(), network.free_flow.tolist()))
    goals = [0, 3000, 6104]
    trees = reverse_trees(network, goals)
    for row, goal in enumerate(goals):
        expected = networkx.single_source_dijkstra_path_length(graph, goal)
        assert np.isfinite(trees[row]).sum() == len(expected)
        assert trees[row, list(expected)] == pytest.approx(list(expected.values()), abs=1e-6)


def test_joining_a_thousand_places_changes_no_trip():
    pytest.importorskip("scipy")
    pytest.importorskip("shapely", minversion="2")
    before = published("TG")
    draw = np.random.default_rng(11)
    places = before.node_xy[draw.integers(0, before.node_count, 1000)] + draw.normal(0, 60, (1000, 2))
    joined = join_points(before, places, 500)
    assert (joined.node >= 0).all()
    assert joined.network.length.sum() == pytest.approx(before.length.sum(), rel=1e-12)
    nodes = draw.integers(0, before.node_count, 40)
    old = travel(before, nodes[:20], nodes[20:])
    new = travel(joined.network, nodes[:20], nodes[20:])
    assert new.seconds == pytest.approx(old.seconds)
    assert new.metres == pytest.approx(old.metres)
