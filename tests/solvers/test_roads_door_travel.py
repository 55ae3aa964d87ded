"""Travel to the quickest doors: by hand, and by brute force over all doors."""

from __future__ import annotations

from dataclasses import replace

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy")

from evacuation_planner.plugin.solvers.roads.door_travel import people_let_in, travel_to_doors
from evacuation_planner.plugin.solvers.roads.doors import Doors
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network

INF = np.inf


def doors_at(sites, access):
    """Return doors, a list of nodes for each door of each site, with their metres on foot by door."""
    flat = [(s, d, nodes) for s, doors in enumerate(sites) for d, nodes in enumerate(doors)]
    count = len(flat)
    point = [(node, k) for k, (_, _, nodes) in enumerate(flat) for node in nodes]
    return replace(
        Doors.none([f"s{k}" for k in range(len(sites))]),
        site=np.array([s for s, _, _ in flat], dtype=np.int64),
        number=np.array([d + 1 for _, d, _ in flat], dtype=np.int64),
        names=[""] * count,
        access=np.array(access, dtype=float),
        capacity=np.full(count, 900.0),
        point=np.array([node for node, _ in point], dtype=np.int64),
        point_door=np.array([door for _, door in point], dtype=np.int64),
    )


def street():
    """A street of 1 km pieces at 36 km/h, 100 s each, from node 0 to node 4; the last is one-way."""
    xy = [[1000 * k, 0] for k in range(5)]
    return straight_network(xy, [0, 1, 2, 3], [1, 2, 3, 4], speed=36, two_way=[True, True, True, False])


def test_the_way_on_foot_decides_between_doors_by_hand():
    # the site's doors: at node 1, 440 m off the road, and at nodes 2 and 3 (two carriageways), 22 m off it
    doors = doors_at([[[1], [2, 3]], [], [[4]]], [440.0, 22.0, 0.0])
    origins, far = np.array([0, 4, 3, -1]), np.array([11.0, 0.0, 0.0, 5.0])
    walked = travel_to_doors(street(), origins, far, doors, 1.1)
    # 100 s + 400 s on foot against 200 s + 20 s; both from 11 m beside the road, 10 s
    assert walked.door[0, 0] == 1 and walked.point[0, 0] == 2
    assert (walked.road.seconds[0, 0], walked.road.metres[0, 0]) == (200.0, 2000.0)
    assert (walked.access[0, 0], walked.seconds[0, 0]) == (33.0, pytest.approx(230.0))
    driven = travel_to_doors(street(), origins, far, doors, 22.0)  # 100 + 20.5 against 200 + 1.5
    assert driven.door[0, 0] == 0 and driven.seconds[0, 0] == pytest.approx(120.5)
    shortest = travel_to_doors(street(), origins, far, doors, 1.1, shortest=True)
    assert shortest.road.metres[0, 0] == 1000.0 and shortest.access[0, 0] == 451.0
    for found in (walked, driven, shortest):
        assert found.seconds[2, 0] == pytest.approx(22 / (1.1 if found is not driven else 22.0))  # at a door
        assert found.point[2, 0] == 3 and found.road.metres[2, 0] == 0.0
        assert (found.door[:, 1] == -1).all() and np.isinf(found.seconds[:, 1]).all()  # no doors
        assert np.isinf(found.seconds[3]).all() and (found.point[3] == -1).all()  # not joined
        assert np.isinf(found.seconds[1, 0]) and found.seconds[1, 2] == 0.0  # one-way
    assert walked.access_to_nearest().tolist() == [33.0, 0.0, 22.0, 0.0]
    assert travel_to_doors(street(), origins, far, Doors.none([]), 1.1).access_to_nearest().tolist() == [0.0] * 4


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6))
def test_the_quickest_door_by_brute_force(seed):
    rng = np.random.default_rng(seed)
    nodes, arcs = 9, 20
    tail, head = rng.integers(0, nodes, arcs), rng.integers(0, nodes, arcs)
    real = tail != head
    roads = straight_network(
        rng.uniform(0, 900, (nodes, 2)), tail[real], head[real], speed=rng.uniform(10, 90, int(real.sum())),
        two_way=False,
    )  # fmt: skip
    counts = rng.integers(0, 4, 3)
    sites = [[rng.choice(nodes, rng.integers(1, 3), replace=False).tolist() for _ in range(n)] for n in counts]
    doors = doors_at(sites, rng.uniform(0, 300, counts.sum()))
    origins, far, speed = rng.integers(0, nodes, 4), rng.uniform(0, 200, 4), float(rng.uniform(0.5, 20))
    found = travel_to_doors(roads, origins, far, doors, speed)
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from(zip(roads.tail.tolist(), roads.head.tolist(), roads.free_flow.tolist()))
    for o, origin in enumerate(origins.tolist()):
        times = networkx.single_source_dijkstra_path_length(graph, origin)
        for s, several in enumerate(sites):
            first = int(counts[:s].sum())
            ways = [
                times.get(node, INF) + (far[o] + doors.access[first + d]) / speed
                for d, points in enumerate(several)
                for node in points
            ]
            assert found.seconds[o, s] == pytest.approx(min(ways, default=INF), rel=1e-6, abs=1e-6)
            if np.isfinite(found.seconds[o, s]):
                door = found.door[o, s]
                assert doors.site[door] == s and found.point[o, s] in several[door - first]
                assert found.road.seconds[o, s] == pytest.approx(times[int(found.point[o, s])], abs=1e-6)


def test_what_doors_let_in_by_hand():
    doors = doors_at([[[1], [2, 3]], [], [[4]]], [0.0, 0.0, 0.0])
    assert people_let_in(doors, 60.0, 2.5).tolist() == [4500, 0, 2250]
    assert people_let_in(doors, 20.0, 1.3).tolist() == [780, 0, 390]
    assert people_let_in(replace(doors, capacity=np.array([0.1, 0.2, 7.0])), 60.0, 1.0).tolist() == [0, 0, 7]
    # a third of an hour at 0.3 vehicles/h of 10 people is one person, whatever binary fractions make of it
    assert people_let_in(replace(doors, capacity=np.array([0.1, 0.2, 0.0])), 20.0, 10.0).tolist() == [1, 0, 0]
