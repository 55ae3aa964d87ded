"""Lanes and capacity of each direction: they win over those of the road, close and open."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")

from evacuation_planner.plugin.solvers.roads.directed import DirectedColumns
from evacuation_planner.plugin.solvers.roads.directions import BACKWARD, BOTH, CLOSED, FORWARD
from evacuation_planner.plugin.solvers.roads.traffic import TrafficColumns, TrafficRules, network_of, read_traffic
from tests.solvers.road_drawings import pieces_of


def read(directions, lanes=None, capacities=None, each_lanes=(None, None), each_capacity=(None, None)):
    columns = DirectedColumns(each_lanes, each_capacity)
    return read_traffic(
        TrafficColumns(len(directions), (), directions, None, lanes, capacities, directed=columns), TrafficRules()
    )


def test_lanes_of_a_direction_win_and_the_other_has_the_rest():
    found = read(["no"] * 4, [3, 3, None, 2], each_lanes=([2, None, 2, None], [1, 2, None, None]))
    assert found.each.lanes.tolist() == [[2, 1], [1, 2], [2, 1], [1, 1]]
    assert found.each.capacity.tolist() == [[1800, 900], [900, 1800], [1800, 900], [900, 900]]
    assert found.each.own.tolist() == [True, True, True, False]
    assert any("3 road(s) have lanes or a capacity of their own for a direction" in note for note in found.notes)


def test_a_capacity_of_a_direction_wins_over_that_of_the_road_and_lanes_do_not():
    found = read(["no", "no"], None, [1000, 1000], each_lanes=([2, 2], None), each_capacity=([None, 1500], None))
    assert found.each.capacity.tolist() == [[1000, 1000], [1500, 1000]]


def test_zero_closes_a_direction_and_both_the_road():
    found = read(
        ["no", "no", "yes", "no"], each_lanes=([0, None, 0, 0], None), each_capacity=(None, [None, 0, None, 0])
    )
    assert found.direction.tolist() == [BACKWARD, FORWARD, CLOSED, CLOSED]
    assert sorted(found.closed) == [2, 3] and "0 lanes" in found.closed[2]


def test_a_capacity_opens_what_the_direction_field_closes_and_lanes_do_not():
    found = read(
        ["yes", "yes", "-1"],
        [2, 2, 2],
        each_lanes=(None, [1, 1, None]),
        each_capacity=([None, 0, 700], [None, 800, None]),
    )
    assert found.direction.tolist() == [FORWARD, BACKWARD, BOTH]
    assert found.each.lanes[1, 1] == 1 and found.each.capacity[1, 1] == 800
    assert found.each.lanes[2, 0] == 2 and found.each.capacity[2].tolist() == [700, 1800]


def test_what_is_not_understood_is_warned_of_and_the_road_s_own_taken():
    found = read(["no"], [4], each_lanes=(["two"], [-1]))
    assert found.each.lanes.tolist() == [[2, 2]]
    assert sum("not understood or negative" in warning for warning in found.warnings) == 2


def test_the_arcs_have_them():
    pieces = pieces_of([[(0, 0), (100, 0)], [(100, 0), (200, 0)]])
    found = read(["no", "yes"], each_lanes=([3, None], [1, None]), each_capacity=(None, [None, 600]))
    network = network_of(pieces, found, ["a", "b"])
    assert network.lanes.tolist() == [3, 1, 1, 1]
    assert network.capacity.tolist() == [2700, 900, 900, 600] and network.forward.tolist() == [True, False] * 2
