"""Roads that cross on different levels are not joined; ends are."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.roads.levels import level_codes, level_of_roads, part_crossings
from evacuation_planner.plugin.solvers.roads.lines import clean
from evacuation_planner.plugin.solvers.roads.merging import equal_spots
from evacuation_planner.plugin.solvers.roads.splitting import SpotLines, split, swallowed
from evacuation_planner.plugin.solvers.roads.wkb import Lines
from tests.solvers.road_drawings import drawn, pieces_of, planar_steps

EAST, NORTH = [(0, 0), (10, 0), (20, 0)], [(10, -9), (10, 0), (10, 9)]


def parted(lines, layers=None, bridges=None, heights=None, tolerance=0.01):
    fit, _ = clean(drawn(lines))
    if heights is not None:
        fit = Lines(fit.xy, fit.start, fit.feature, np.array([z for line in heights for z in line], dtype=float))
    level = level_of_roads(len(lines), layers, bridges, None)
    places, place = equal_spots(fit.xy)
    place, origin, apart = part_crossings(fit, place, places, level)
    return split(SpotLines(fit, place, places[origin], planar_steps(fit)), tolerance, level_codes(level), apart)


def ends_met(pieces, road):
    """Return the roads that meet each end of a road of one piece."""
    (k,) = np.flatnonzero(pieces.road == road)
    return [
        set(pieces.road[(pieces.start == node) | (pieces.end == node)].tolist()) - {road}
        for node in (pieces.start[k], pieces.end[k])
    ]


@pytest.mark.parametrize("tolerance", [0.0, 0.01, 2.0])
def test_roads_that_cross_on_different_levels_are_not_joined(tolerance):
    for how in (
        {"layers": ["0", "1"]},
        {"layers": [None, -1]},
        {"bridges": [None, "yes"]},
        {"heights": [[0, 0, 0], [5, 5, 5]]},
        {"heights": [[0, 1, 0], [5, 3.1, 5]]},
    ):
        pieces = parted([EAST, NORTH], **how, tolerance=tolerance)
        assert (len(pieces), len(pieces.node_xy)) == (2, 4), how


def test_roads_of_one_level_are():
    for how in (
        {},
        {"layers": [0, None]},
        {"layers": ["1", "1"], "bridges": ["yes", "yes"]},
        {"heights": [[0, 1, 0], [5, 3, 5]]},  # just 2 m apart where they meet
        {"heights": [[0, 1, 0], [9, np.nan, 9]]},
    ):
        pieces = parted([EAST, NORTH], **how)
        assert (len(pieces), len(pieces.node_xy)) == (4, 5), how


def test_a_bridge_stays_joined_to_its_approaches():
    before, bridge, after = [(0, 0), (10, 0)], [(10, 0), (15, 0), (20, 0)], [(20, 0), (30, 0)]
    under = [(15, -9), (15, 0), (15, 9)]
    pieces = parted([before, bridge, after, under], layers=[0, 1, 0, 0], bridges=["", "yes", "", ""])
    assert len(pieces) == 4
    assert ends_met(pieces, 1) == [{0}, {2}]
    assert ends_met(pieces, 3) == [set(), set()]
    heights = [[0, 6], [6, 6, 6], [6, 0], [0, 0, 0]]
    assert ends_met(parted([before, bridge, after, under], heights=heights), 1) == [{0}, {2}]


def test_an_end_is_joined_whatever_its_level():
    ramp = [(10, 0), (15, 5)]
    pieces = parted([EAST, ramp], layers=[1, 0])
    assert (len(pieces), len(pieces.node_xy)) == (3, 4)
    # where roads of both levels pass, to that of its own, else to the nearest
    for own, other, layers in ((0, 1, [0, 2, 0]), (1, 0, [0, 2, 2]), (1, 0, [0, 3, 2])):
        pieces = parted([EAST, NORTH, ramp], layers=layers)
        assert ends_met(pieces, 2)[0] == {own}
        assert np.bincount(pieces.road).tolist() == [[2, 1, 1], [1, 2, 1]][own]
        assert other not in ends_met(pieces, 2)[0]
    pieces = parted([EAST, NORTH, ramp], heights=[[0, 0, 0], [7, 7, 7], [6, 0]])
    assert ends_met(pieces, 2)[0] == {1}


def test_three_levels_at_one_place():
    rising = [(0, -9), (10, 0), (20, 9)]
    pieces = parted([EAST, NORTH, rising, [(0, 9), (10, 0), (20, -9)]], layers=[0, 1, 2, 1])
    assert np.bincount(pieces.road).tolist() == [1, 2, 1, 2]
    pieces = parted([EAST, NORTH, rising], heights=[[0, 0, 0], [1.9, 1.9, 1.9], [3.8, 3.8, 3.8]])
    assert len(pieces) == 6  # no gap of more than 2 m between one and the next


def test_a_ring_passes_through_where_it_is_closed():
    ring = [(10, 0), (20, 10), (0, 10), (10, 0)]
    assert len(parted([EAST, ring], layers=[0, 1])) == 2
    assert len(parted([EAST, ring], layers=[0, 0])) == 3


def test_pieces_shorter_than_the_tolerance_vanish():
    streets = [[(100 * k, 100 * n), (100 * k + 100, 100 * n)] for k in range(3) for n in range(4)]
    blocks = streets + [[(y, x) for x, y in street] for street in streets]
    assert not swallowed(pieces_of(blocks, 60.0)).any()
    lost = swallowed(pieces_of(blocks, 150.0))  # all crossings become two, next to each other
    assert np.flatnonzero(~lost).tolist() == [12]
    ring = [[(0, 0), (100, 0), (100, 100), (0, 0.5)]]
    assert not swallowed(pieces_of(ring, 1.0)).any()
