"""Roads that give way at a junction with a much higher one."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.roads.doubles import merge_doubles
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.junctions import giving_way, piece_ranks, with_junction_delay

PRIMARY, SECONDARY, TERTIARY, RESIDENTIAL = 3.0, 4.0, 5.0, 7.0
# A primary street west to east, 0-1-2; a residential one from 3 to its middle; a secondary one from 4 to its end, where
# nothing else is, and on to 5 as residential.
XY = np.array([(0, 0), (100, 0), (200, 0), (100, 100), (300, 0), (400, 0)], dtype=float)
TAIL, HEAD = np.array([0, 1, 3, 1, 2, 4]), np.array([1, 2, 1, 3, 4, 5])


def network(ranks):
    """One-way arcs, each a road of its own, of 900 vehicles/h."""
    return straight_network(XY, TAIL, HEAD, two_way=False), np.array(ranks)


def test_the_lower_road_gives_way_and_only_into_the_junction():
    roads, rank = network([PRIMARY, PRIMARY, RESIDENTIAL, RESIDENTIAL, SECONDARY, RESIDENTIAL])
    # 3 -> 1 ends at the primary street; 1 -> 3 leaves it; where the secondary street becomes a residential one there is
    # no junction, nor where the primary becomes the secondary one.
    assert giving_way(roads, rank).tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize(
    ("lower", "gives"), [(SECONDARY, False), (TERTIARY, True), (RESIDENTIAL, True), (np.nan, False)]
)
def test_one_class_higher_is_not_enough(lower, gives):
    roads, rank = network([PRIMARY, PRIMARY, lower, lower, PRIMARY, PRIMARY])
    assert giving_way(roads, rank)[2] == gives


def test_a_road_without_a_class_is_not_given_way():
    roads, rank = network([np.nan, np.nan, RESIDENTIAL, RESIDENTIAL, np.nan, np.nan])
    assert not giving_way(roads, rank).any()


def test_the_headway_grows_by_the_delay():
    roads, rank = network([PRIMARY, PRIMARY, RESIDENTIAL, RESIDENTIAL, SECONDARY, RESIDENTIAL])
    delayed = with_junction_delay(roads, giving_way(roads, rank), 6.0)
    assert delayed.capacity.tolist() == pytest.approx([900, 900, 360, 900, 900, 900])  # 4 s + 6 s = 10 s
    assert np.array_equal(delayed.free_flow, roads.free_flow)
    assert np.array_equal(roads.capacity, np.full(6, 900.0))


def test_a_merged_street_has_the_highest_class_of_its_copies():
    from evacuation_planner.plugin.solvers.roads.traffic import TrafficColumns, TrafficRules, network_of, read_traffic
    from tests.solvers.road_drawings import pieces_of

    pieces = pieces_of([[(0, 0), (100, 0)], [(0, 0), (100, 0)], [(0, 0), (0, 50)]])
    traffic = read_traffic(TrafficColumns(3), TrafficRules())
    drawn = network_of(pieces, traffic, ["a", "b", "c"])
    merged = merge_doubles(drawn, pieces, np.zeros(3, dtype=np.int64), 0.01, np.ones(3, dtype=bool))
    assert merged.piece_count == 2
    assert piece_ranks(merged, np.array([RESIDENTIAL, PRIMARY, np.nan])).tolist()[0] == PRIMARY
    assert np.isnan(piece_ranks(merged, np.array([RESIDENTIAL, PRIMARY, np.nan]))[1])
