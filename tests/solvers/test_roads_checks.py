"""Problems of a road network: each kind on a small drawing made for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.roads.attribute_checks import attribute_problems, speed_problems
from evacuation_planner.plugin.solvers.roads.connection_checks import connection, connection_problems
from evacuation_planner.plugin.solvers.roads.drawing_checks import duplicates, near_misses
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.traffic import TrafficColumns, TrafficRules, network_of, read_traffic
from tests.solvers.road_drawings import network, pieces_of

pytest.importorskip("shapely", minversion="2")
pytest.importorskip("scipy")
networkx = pytest.importorskip("networkx")

TOWN = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 100)], [(0, 100), (0, 0)]]


def found_in(lines, oneway=None):
    roads = network(lines, oneway)
    return connection_problems(roads, connection(roads))


def test_a_sound_town_has_no_problems():
    roads = network(TOWN)
    assert connection_problems(roads, connection(roads)) == []
    assert near_misses(roads, 5) == []
    assert duplicates(roads) == []


def test_a_part_off_the_main_one_is_one_problem_on_its_longest_road():
    problems = found_in([*TOWN, [(500, 0), (510, 0)], [(510, 0), (550, 0)]])
    assert [(p.kind, p.x, p.y, p.road_id) for p in problems] == [("component", 530, 0, "r5")]
    assert problems[0].detail.startswith("part 2 of 2: 2 piece(s), 50 m")


def test_dead_end_one_ways_are_found_at_their_tips():
    problems = found_in([*TOWN, [(100, 0), (200, 0)], [(0, 300), (0, 100)]], ["no"] * 4 + ["yes", "yes"])
    assert sorted((p.kind, p.x, p.y, p.road_id) for p in problems) == [
        ("dead_end", 0, 300, "r5"),
        ("dead_end", 200, 0, "r4"),
    ]
    assert {p.x: "cannot be left" in p.detail for p in problems} == {0: False, 200: True}


def test_junctions_beyond_a_one_way_cannot_be_left():
    problems = found_in([*TOWN, [(100, 0), (200, 0)], [(200, 0), (300, 0)]], ["no"] * 4 + ["yes", "no"])
    assert [(p.kind, p.x) for p in problems] == [("cannot_leave", 200), ("cannot_leave", 300)]
    problems = found_in([*TOWN, [(100, 0), (200, 0)], [(200, 0), (300, 0)]], ["no"] * 4 + ["-1", "no"])
    assert [(p.kind, p.x) for p in problems] == [("cannot_reach", 200), ("cannot_reach", 300)]


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.booleans()), min_size=1, max_size=14),
)
def test_connection_agrees_with_networkx(edges):
    a, b, both = (np.array(column) for column in zip(*edges))
    used, numbered = np.unique(np.concatenate([a, b]), return_inverse=True)
    xy = np.column_stack([used * 10.0, np.zeros(len(used))])
    roads = straight_network(xy, numbered[: len(a)], numbered[len(a) :], np.full(len(a), 9.0), two_way=both)
    graph = networkx.DiGraph(list(zip(roads.tail.tolist(), roads.head.tolist())))
    found = connection(roads)
    assert int(found.part.max()) + 1 == networkx.number_weakly_connected_components(graph)
    for part in networkx.weakly_connected_components(graph):
        assert len(set(found.part[list(part)].tolist())) == 1
        cores = sorted(networkx.strongly_connected_components(graph.subgraph(part)), key=len)
        if len(cores[-1]) < 2 or (len(cores) > 1 and len(cores[-2]) == len(cores[-1])):
            continue  # no core, or a choice of two
        core = next(iter(cores[-1]))
        for node in part:
            assert found.left[node] == networkx.has_path(graph, node, core)
            assert found.reached[node] == networkx.has_path(graph, core, node)


def test_a_road_that_stops_short_of_another_is_a_near_miss():
    lines = [*TOWN, [(50, 0.4), (50, 50)]]
    problems = near_misses(network(lines), 1.0)
    assert [(p.kind, p.x, p.y, p.road_id) for p in problems] == [("near_miss", 50, 0.4, "r4")]
    assert (
        problems[0].detail
        == "the road ends 0.40 m from road r0 without joining it: “Mend roads” joins it with a NEAR_MISS of that much"
    )
    assert near_misses(network(lines), 0.3) == []
    assert near_misses(network(lines), 0.0) == []


def test_facing_ends_are_two_near_misses_and_joined_ones_none():
    gap = [[(0, 0), (100, 0)], [(100.5, 0), (200, 0)]]
    assert [p.x for p in near_misses(network(gap), 1.0)] == [100, 100.5]
    assert near_misses(network(gap, tolerance=0.6), 1.0) == []


def test_a_short_stub_is_not_near_the_road_it_leaves():
    assert near_misses(network([[(0, 0), (50, 0), (100, 0)], [(50, 0), (50, 0.5)]]), 1.0) == []


def test_a_road_drawn_twice_is_found_once():
    again = [(0, 0), (50, 0), (100, 0)]
    problems = duplicates(network([again, again]))
    assert [(p.kind, p.road_id, p.detail) for p in problems] == [
        (
            "duplicate",
            "r1",
            "drawn on top of road r0 over 100 m; the two count as one road. “Mend roads” writes the layer without it",
        )
    ]
    # drawn backwards it is the same road, open both ways or one
    assert len(duplicates(network([again, again[::-1]]))) == 1
    assert len(duplicates(network([again, again[::-1]], ["yes", "yes"]))) == 1
    # another line between the same places is another road
    assert duplicates(network([[(0, 0), (50, 9), (100, 0)], [(0, 0), (50, -9), (100, 0)]])) == []


def test_missing_absurd_and_unlikely_speeds():
    lines = [[(k * 10, 0), (k * 10 + 10, 0)] for k in range(6)]
    traffic = read_traffic(TrafficColumns(6, speeds=["50", None, "signals", "-1", "999", "3"]), TrafficRules())
    roads = network_of(pieces_of(lines), traffic, list("abcdef"))
    problems = speed_problems(roads, traffic)
    assert [(p.kind, p.road_id, p.x) for p in problems] == [
        ("missing_speed", "b", 15),
        ("missing_speed", "c", 25),
        ("absurd_speed", "d", 35),
        ("absurd_speed", "e", 45),
        ("absurd_speed", "f", 55),
    ]
    assert problems[-1].detail == "3 km/h is unlikely; taken as given"
    assert problems[0].detail == "no speed; 40 km/h taken"
    assert attribute_problems(roads, traffic) == []


def test_zeros_unknown_directions_and_another_unit():
    lines = [[(k * 10, 0), (k * 10 + 10, 0)] for k in range(6)]
    columns = TrafficColumns(
        6, directions=["F", "T", None, "F", "T", "F"], speeds=[13.9, 8.3, 0, 13.9, 13.9, 0],
        capacities=[900, 0, 900, 900, 900, "0"],
    )  # fmt: skip
    traffic = read_traffic(columns, TrafficRules())
    roads = network_of(pieces_of(lines), traffic, list("abcdef"))
    problems = attribute_problems(roads, traffic)
    assert [(p.kind, p.road_id, p.x) for p in problems] == [
        ("zero_value", "b", 15),
        ("zero_value", "c", 25),
        ("zero_value", "f", 55),
        ("unknown_direction", "a", 5),
        ("unknown_direction", "b", 15),
        ("unknown_direction", "d", 35),
        ("unknown_direction", "e", 45),
        ("unknown_direction", "f", 55),
        ("speed_unit", "a", 5),
    ]
    assert problems[2].detail == "a speed of 0, a capacity of 0; counts as missing"
    assert "m/s" in problems[-1].detail
    assert [p.road_id for p in speed_problems(roads, traffic)] == []


def test_an_end_on_a_road_without_a_vertex_is_to_be_split_there():
    problems = near_misses(network([[(0, 0), (100, 0)], [(50, 0.004), (50, 90)]]), 1.0)
    assert [(p.kind, p.road_id, p.detail) for p in problems] == [
        (
            "near_miss",
            "r1",
            "the road ends on road r0, which has no vertex there: split where they meet (“Mend roads”)",
        )
    ]
