"""Safe exits: crossings outward of a border from which the largest part outside can be reached."""

from __future__ import annotations

import numpy as np
import pytest

shapely = pytest.importorskip("shapely", minversion="2")
nx = pytest.importorskip("networkx")
pytest.importorskip("scipy")

from evacuation_planner.plugin.solvers.roads.exits import safe_exits, united
from tests.solvers.road_drawings import network

AREA = shapely.box(-50, -50, 50, 50)


def exits_of(roads, area=AREA):
    found = safe_exits(roads, shapely.to_wkb(area))
    return found, [tuple(xy) for xy in np.round(found.network.node_xy[found.node], 6).tolist()]


def town_around(*inside, oneway=None):
    """Return roads through the area, and a ring of roads 100 m away from its middle."""
    corners = [(-100, -100), (0, -100), (100, -100), (100, 0), (100, 100), (0, 100), (-100, 100), (-100, 0)]
    ring = [[first, last] for first, last in zip(corners, [*corners[1:], corners[0]])]
    ways = None if oneway is None else [*oneway, *[""] * len(ring)]
    return network([*inside, *ring], ways)


def test_each_crossing_to_the_ring_is_an_exit_with_the_capacity_of_its_piece():
    roads = town_around([(-100, 0), (0, 0), (100, 0)], [(0, -100), (0, 0), (0, 100)])
    found, at = exits_of(roads)
    assert sorted(at) == [(-50, 0), (0, -50), (0, 50), (50, 0)]
    into, of = found.crossing(found.network, shapely.to_wkb(AREA))
    assert of.tolist() == [0, 1, 2, 3] and (found.network.capacity[into] == 900.0).all()
    assert found.network.piece_lengths().sum() == pytest.approx(1200.0)
    assert found.outside == pytest.approx(2 * (800 + 200))


def test_only_ways_from_inside_come_to_an_exit_and_who_passes_one_may_drive_no_further():
    roads = town_around([(-100, 0), (0, 0), (100, 0)], [(0, 0), (0, 70)])
    area = shapely.to_wkb(AREA)
    found = safe_exits(roads, area)
    into, of = found.crossing(found.network, area)
    assert of.tolist() == [0, 1]
    assert (np.abs(found.network.node_xy[found.network.tail[into]]).max(axis=1) <= 50).all()
    sealed = found.sealed(found.network, area)
    graph = nx.DiGraph(zip(sealed.tail.tolist(), sealed.head.tolist()))
    middle = int(np.argmin(np.hypot(*sealed.node_xy.T)))
    there = {tuple(sealed.node_xy[node].tolist()) for node in nx.descendants(graph, middle)}
    assert there == {(-50, 0), (50, 0), (0, 50), (0, 70)}  # the dead end is no exit, and stays open
    assert sealed.arc_count == found.network.arc_count


def test_a_road_that_ends_outside_and_one_that_comes_back_are_no_exits():
    dead_end = [(0, 0), (0, 70)]
    round_about = [(0, 0), (-30, 0), (-30, -70), (-20, -70), (-20, 20), (0, 0)]
    found, at = exits_of(town_around([(0, 0), (100, 0)], dead_end, round_about))
    assert at == [(50, 0)]
    assert [found.network.road_ids[k] for k in found.refused] == ["r1", "r2"]


def test_a_street_one_way_inward_is_no_exit():
    found, at = exits_of(town_around([(0, 0), (100, 0)], [(0, 100), (0, 0)], oneway=["", "yes"]))
    assert at == [(50, 0)] and found.refused == []


def test_a_clearing_in_the_area_is_not_outside():
    hole = AREA.difference(shapely.box(-10, -10, 10, 10))
    found, at = exits_of(town_around([(0, 0), (100, 0)]), hole)
    assert at == [(50, 0)] and len(found.refused) == 1


def test_no_exit_where_the_roads_end_at_the_border():
    found, at = exits_of(network([[(-40, 0), (40, 0)]]))
    assert at == [] and found.outside == 0.0


def test_an_area_over_all_roads_has_no_exit():
    found, at = exits_of(network([[(-100, 0), (100, 0)], [(0, -100), (0, 100)]]), shapely.box(-500, -500, 500, 500))
    assert at == [] and found.refused == []


def oracle(lines, ways, area):
    """Return the exits of straight roads, worked out with networkx on sub-segments cut by shapely."""
    outside, inward, first = nx.DiGraph(), nx.DiGraph(), set()
    for (a, b), way in zip(lines, ways):
        line = shapely.LineString([a, b])
        cuts = shapely.get_coordinates(shapely.intersection(line, area.boundary)).tolist()
        along = sorted({0.0, 1.0, *(shapely.line_locate_point(line, shapely.Point(c), normalized=True) for c in cuts)})
        spots = [tuple(np.round(shapely.get_coordinates(line.interpolate(t, normalized=True))[0], 6)) for t in along]
        for s, t in zip(spots[:-1], spots[1:]):
            if s == t:
                continue
            middle = shapely.Point((np.array(s) + t) / 2)
            graph = inward if area.contains(middle) else outside
            for u, v in [(s, t)] * (way != "-1") + [(t, s)] * (way != "yes"):
                graph.add_edge(u, v, metres=np.hypot(*(np.array(u) - v)))
    parts = sorted(nx.strongly_connected_components(outside), key=lambda p: outside.subgraph(p).size("metres"))
    if not parts or outside.subgraph(parts[-1]).size("metres") == 0:
        return set(), 0.0
    largest = parts[-1]
    for node in outside:
        crossed = node in inward and inward.in_degree(node) and outside.out_degree(node)
        if crossed and largest & ({node} | nx.descendants(outside, node)):
            first.add(node)
    return first, outside.subgraph(largest).size("metres")


@pytest.mark.parametrize("seed", range(40))
def test_random_towns_against_networkx(seed):
    drawn = np.random.default_rng(seed)
    n = 6
    grid = 100.0 * np.stack(np.meshgrid(np.arange(n), np.arange(n)), -1).reshape(-1, 2)
    xy = grid + drawn.uniform(-25, 25, grid.shape)
    pairs = [(k, k + 1) for k in range(n * n) if (k + 1) % n] + [(k, k + n) for k in range(n * (n - 1))]
    pairs = [pair for pair in pairs if drawn.random() > 0.25]
    lines = [[tuple(xy[a]), tuple(xy[b])] for a, b in pairs]
    ways = drawn.choice(["", "yes", "-1"], len(pairs), p=[0.4, 0.3, 0.3]).tolist()
    corners = drawn.uniform(50, 450, (8, 2))
    area = shapely.convex_hull(shapely.multipoints(corners[:5]))
    area |= shapely.Point(corners[6]).buffer(drawn.uniform(30, 90))
    roads = network(lines, ways)
    found, at = exits_of(roads, area)
    expected, metres = oracle(lines, ways, area)
    assert found.outside == pytest.approx(metres, abs=1e-3)
    assert len(at) == len(expected)
    for spot in at:
        assert min(np.hypot(*(np.array(spot) - other)) for other in expected) < 2e-3
    assert seed or expected


def test_parts_nearer_than_200_metres_are_one_and_others_stay_apart():
    area = shapely.union_all(shapely.box([0, 0, 520], [0, 450, 0], [300, 300, 800], [300, 700, 300]))
    one = shapely.from_wkb(united(shapely.to_wkb(area)))
    assert shapely.get_num_geometries(one) == 2
    # ground between two parts counts by its distances to both
    spots = shapely.points(np.random.default_rng(1).uniform(-50, 900, (4000, 2)))
    parts = shapely.get_parts(area)
    far = np.sort(np.stack([shapely.distance(part, spots) for part in parts]), axis=0)[:2].sum(axis=0)
    taken = shapely.intersects(one, spots)
    apart = shapely.intersects(area, spots)
    assert taken[(far <= 198.0) & ~apart].all() and not taken[(far > 221.0) & ~apart].any()


def test_one_part_and_far_parts_stay_as_they_are():
    for area in (AREA, shapely.union_all([AREA, shapely.box(300, 0, 400, 100)])):
        assert united(shapely.to_wkb(area)) == shapely.to_wkb(area)


def test_a_road_between_two_near_parts_is_no_way_out():
    parts = shapely.union_all([AREA, shapely.box(-50, 150, 50, 250)])
    roads = network(
        [[(0, 0), (0, 100)], [(-20, 100), (0, 100), (20, 100)], [(0, 0), (300, 0)], [(300, -300), (300, 0), (300, 300)]]
    )
    apart, _ = exits_of(roads, parts)
    assert len(apart.refused) == 1
    found = safe_exits(roads, united(shapely.to_wkb(parts)))
    assert found.refused == [] and len(found.node) == 1
