"""Doors of sites, by hand: where they are guessed, what they let in, how limits act."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

shapely = pytest.importorskip("shapely", minversion="2")
pytest.importorskip("scipy")

from evacuation_planner.plugin.solvers.roads.connectors import DESTINATION, ORIGIN
from evacuation_planner.plugin.solvers.roads.doors import DoorPoints, doors_of, merged
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.guessed_doors import guess_doors
from evacuation_planner.plugin.solvers.roads.joining import OnRoads, join_points
from evacuation_planner.plugin.solvers.roads.one_part import Demand
from evacuation_planner.plugin.solvers.roads.reach import ReachesNode
from tests.solvers.road_drawings import network, network_with

BLOCK = [[(0, 0), (400, 0)], [(400, 0), (400, 400)], [(400, 400), (0, 400)], [(0, 400), (0, 0)]]


def guess(roads, *sites, starts=(0,), most=2, usable=None):
    usable = np.ones(roads.piece_count, dtype=bool) if usable is None else np.array(usable)
    return guess_doors(roads, [shapely.to_wkb(site) for site in sites], usable, np.array(starts), most)


def places(roads, found):
    """Return the position of each door, rounded to centimetres."""
    lines = [shapely.LineString(roads.piece_xy[a:b]) for a, b in zip(roads.piece_start[:-1], roads.piece_start[1:])]
    points = [lines[p].interpolate(m) for p, m in zip(found.piece.tolist(), found.measure.tolist())]
    return [(round(point.x, 2), round(point.y, 2)) for point in points]


def doors(site, points, limit=None, guessed=True):
    count = len(site)
    limit = np.full(count, np.inf) if limit is None else np.array(limit, dtype=float)
    return DoorPoints(
        np.array(site), [np.array(p) for p in points], np.full(count, guessed), limit, np.zeros(count), [""] * count
    )


# --- where ----------------------------------------------------------------------------------------------------------


def test_a_road_beside_a_site_has_a_door_in_the_middle_of_where_it_runs_beside_it():
    roads = network(BLOCK)
    found = guess(roads, shapely.box(100, 10, 200, 100), shapely.box(100, 16, 200, 100))
    assert found.site.tolist() == [0] and places(roads, found) == [(150, 0)]
    assert found.distance[0] == pytest.approx(10)


def test_roads_that_cross_the_border_have_doors_on_it():
    roads = network(BLOCK)
    found = guess(roads, shapely.box(100, -50, 200, 100))
    assert sorted(places(roads, found)) == [(100, 0), (200, 0)] and found.distance.tolist() == [0, 0]
    assert places(roads, guess(roads, shapely.box(100, -50, 200, 100), most=1)) == [(100, 0)]
    # doors 40 m from each other are one
    assert len(guess(roads, shapely.box(100, -50, 140, 100)).site) == 1


def test_the_most_capable_come_first_then_the_lowest_id():
    roads = network_with(BLOCK, lanes=[2, 2, 6, 2])  # of both directions
    site = shapely.box(10, 10, 390, 390)
    first = guess(roads, site, most=1)
    # a door in mid-road lets both directions in: 3 lanes each way on the north road, 1 on the others
    assert places(roads, first) == [(200, 400)]
    assert places(roads, guess(roads, site, most=2))[1] == (200, 0)
    assert len(guess(roads, site, most=9).site) == 4


def test_a_door_on_a_dead_end_lets_in_one_direction_and_one_on_a_through_street_two():
    # a through street of 900 each way north of the site, a dead end of 1,200 each way south of it
    roads = network_with(
        [
            [(0, 0), (0, 400)],
            [(0, 400), (600, 400)],
            [(600, 400), (600, 900)],
            [(600, 900), (0, 400)],
            [(0, 0), (500, 0)],
        ],
        capacities=[900, 900, 900, 900, 1200],
    )
    site = shapely.box(100, 10, 400, 390)
    assert places(roads, guess(roads, site, most=1)) == [(250, 400)]  # 1,800 against 1,200


def test_motorways_and_bridges_are_passed_over_by_whom_asks():
    roads = network(BLOCK)
    found = guess(roads, shapely.box(10, 10, 390, 390), usable=[False, True, True, False], most=4)
    assert sorted(found.piece.tolist()) == [1, 2]


def test_a_road_that_is_reached_only_through_the_site_is_no_door():
    # a street leads into the site and, behind it, to a dead end
    roads = network([[(0, 0), (100, 0)], [(100, 0), (500, 0)], [(500, 0), (600, 0)]])
    site = shapely.box(200, -50, 400, 50)
    assert places(roads, guess(roads, site, starts=[0])) == [(200, 0)]
    assert places(roads, guess(roads, site, starts=[0, 3])) == [(200, 0), (400, 0)]
    # one-way streets count in the direction in which they can be driven
    lines = [[(0, 0), (500, 0)], [(500, 0), (500, 300)], [(500, 300), (0, 300)], [(0, 300), (0, 0)]]
    circle = network(lines, ["yes"] * 4)
    assert places(circle, guess(circle, site)) == [(200, 0)]
    assert places(circle, guess(circle, shapely.box(200, 250, 400, 350))) == [(400, 300)]


def test_nobody_starts_and_no_site_give_no_door():
    roads = network(BLOCK)
    assert len(guess(roads, shapely.box(10, 10, 390, 390), starts=[]).site) == 0
    assert len(guess(roads).site) == 0


# --- what they let in -----------------------------------------------------------------------------------------------


def test_a_door_lets_in_what_enters_it_from_where_somebody_starts():
    """0 --- 1 --- 2 --- 3 with 900, 1200, 600 vehicles/h each way."""
    roads = straight_network([[0, 0], [100, 0], [200, 0], [300, 0]], [0, 1, 2], [1, 2, 3], capacity=[900, 1200, 600])
    _, found = doors_of(roads, ["s"], doors([0], [[2]]), np.array([0]))
    assert found.capacity.tolist() == [1200]  # from node 3 nobody comes but through the door
    _, found = doors_of(roads, ["s"], doors([0], [[2]]), np.array([0, 3]))
    assert found.capacity.tolist() == [1800] and found.arc.tolist() == [2, 5]
    _, found = doors_of(roads, ["s"], doors([0, 0], [[1], [2]]), np.array([0]))
    assert found.capacity.tolist() == [900, 0]  # the second lies behind the first
    assert found.site_capacity().tolist() == [900] and found.number.tolist() == [1, 2]
    _, found = doors_of(roads, ["s", "t"], doors([0, 1], [[1], [2]]), np.array([0]))
    assert found.capacity.tolist() == [900, 1200]  # others may pass a door that is not theirs


def test_a_limit_is_shared_by_the_pieces_of_its_door():
    roads = straight_network([[0, 0], [100, 0], [200, 0]], [0, 1], [1, 2], capacity=[900, 600])
    limited, found = doors_of(roads, ["s"], doors([0], [[1]], [500]), np.array([0, 2]))
    assert limited.capacity.tolist() == [300, 900, 600, 200]  # 900 and 600 enter: 500 * 3/5 and 500 * 2/5
    assert found.capacity.tolist() == pytest.approx([500])
    same, found = doors_of(roads, ["s"], doors([0], [[1]], [1500]), np.array([0, 2]))
    assert same.capacity.tolist() == roads.capacity.tolist() and found.capacity.tolist() == [1500]
    # of two sites with the same door the lower limit holds
    limited, found = doors_of(roads, ["s", "t"], doors([0, 1], [[1], [1]], [750, 300]), np.array([0, 2]))
    assert limited.capacity[[0, 3]].tolist() == [180, 120] and found.capacity.tolist() == pytest.approx([300, 300])


def test_doors_of_a_site_at_one_node_are_one():
    given_doors = doors([0, 0, 0, 1], [[4], [5, 6], [6], [5]], [100, 200, 300, 50])
    made, pairs = merged(given_doors)
    assert pairs == [(2, 1)] and made.limit.tolist() == [100, 500, 50]
    assert [points.tolist() for points in made.points] == [[4], [5, 6], [5]]
    assert merged(made) == (made, [])


def test_the_door_of_a_trip_is_where_it_comes_in():
    roads = straight_network([[0, 0], [100, 0], [200, 0], [300, 0]], [0, 1, 2], [1, 2, 3])
    _, found = doors_of(roads, ["s", "t"], doors([0, 0, 1], [[1], [3], [1, 2]]), np.array([0]))
    asked = np.array([0, 0, 1, 1, 1, 0, 1]), np.array([1, 3, 1, 2, 3, -1, -1])
    assert found.door_at(*asked).tolist() == [0, 1, 2, 2, -1, -1, -1]


@st.composite
def small(draw):
    count = draw(st.integers(3, 9))
    pairs = draw(
        st.lists(st.tuples(*[st.integers(0, count - 1)] * 2).filter(lambda p: p[0] != p[1]), min_size=2, max_size=18)
    )
    two_way = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    capacity = draw(st.lists(st.sampled_from([300.0, 600.0, 900.0]), min_size=len(pairs), max_size=len(pairs)))
    site = sorted(draw(st.lists(st.integers(0, 2), min_size=1, max_size=4)))
    points = draw(st.lists(st.integers(0, count - 1), min_size=len(site), max_size=len(site)))
    starts = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3))
    xy = [(100.0 * k, 37.0 * (k * k % 7)) for k in range(count)]
    roads = straight_network(xy, *np.array(pairs).T, capacity=np.array(capacity), two_way=np.array(two_way))
    return roads, site, points, starts


@settings(max_examples=150, deadline=None)
@given(small())
def test_capacity_by_brute_force(case):
    roads, site, points, starts = case
    made, _ = merged(doors(site, [[p] for p in points]))
    _, found = doors_of(roads, ["a", "b", "c"], made, np.array(starts))
    for door, (own, nodes) in enumerate(zip(made.site.tolist(), made.points)):
        closed = {int(n) for k, p in enumerate(made.points) if made.site[k] == own for n in p}
        graph = networkx.DiGraph()
        graph.add_nodes_from(range(roads.node_count))
        graph.add_edges_from((u, v) for u, v in zip(roads.tail.tolist(), roads.head.tolist()) if u not in closed)
        reached = set(starts).union(*(networkx.descendants(graph, start) for start in set(starts)))
        counted = [
            arc for arc in range(roads.arc_count)
            if roads.head[arc] in nodes.tolist() and roads.tail[arc] in reached and roads.tail[arc] not in closed
        ]  # fmt: skip
        assert found.arc[found.arc_door == door].tolist() == counted
        assert found.capacity[door] == roads.capacity[counted].sum()


@settings(max_examples=60, deadline=None)
@given(small())
def test_who_can_reach_a_node(case):
    roads, _, points, _ = case
    graph = networkx.DiGraph(list(zip(roads.tail.tolist(), roads.head.tolist())))
    graph.add_nodes_from(range(roads.node_count))
    nodes = np.arange(roads.node_count)
    can = ReachesNode(roads).can(nodes, points[0])
    assert set(nodes[can].tolist()) == {points[0]} | networkx.ancestors(graph, points[0])


# --- joining --------------------------------------------------------------------------------------------------------


def test_places_of_a_site_share_a_node_that_nobody_passes():
    roads = network(BLOCK)
    xy = np.array([[0.0, 0], [100, -5], [405, 100], [200, 420]])
    role = np.array([ORIGIN, DESTINATION, DESTINATION, DESTINATION])
    joined = join_points(roads, xy, 500, Demand(role), site=np.array([-1, 0, 0, 1]))
    assert joined.node[1] == joined.node[2] != joined.node[3]
    at = joined.network.node_xy
    assert [at[points[0]].tolist() for points in joined.points[1:]] == [[100, 0], [400, 100], [200, 400]]
    into = joined.network.tail[joined.network.head == joined.node[1]]
    assert sorted(into.tolist()) == sorted(int(points[0]) for points in joined.points[1:3])
    assert not (joined.network.tail == joined.node[1]).any()


def test_one_entrance_of_two_that_is_far_from_any_road_leaves_the_other():
    joined = join_points(
        network(BLOCK),
        np.array([[100.0, -5], [100, -900]]),
        500,
        Demand(np.full(2, DESTINATION)),
        site=np.zeros(2, int),
    )
    assert joined.node[0] >= 0 and joined.node[1] == -1
    assert joined.reasons[1] == "900 m from the nearest road that can be reached (limit 500 m)"


def test_places_known_on_roads_join_there_and_nowhere_else():
    roads = network(BLOCK)
    known = OnRoads(np.array([0, 1]), np.array([1, 3]), np.array([150.0, np.nan]))
    joined = join_points(
        roads, np.array([[0.0, 0], [0, 300]]), 500, Demand(np.array([DESTINATION, ORIGIN])), None, known
    )
    assert joined.network.node_xy[joined.node[0]].tolist() == [400, 150]
    assert joined.node[1] == -1 and joined.network.piece_count == 5
