"""Barriers close the stretches of road inside them, cut at their border."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

shapely = pytest.importorskip("shapely", minversion="2")
pytest.importorskip("scipy")

from evacuation_planner.plugin.solvers.roads.closures import cut_at_border
from evacuation_planner.plugin.solvers.roads.cutting import keep_arcs
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.shortest_paths import travel
from tests.solvers.road_drawings import network


def closed(roads, *areas):
    """Return the open network, the metres closed, the pieces closed and the cuts."""
    area = shapely.union_all([shapely.from_wkt(each) if isinstance(each, str) else each for each in areas])
    parts, inside, cuts = cut_at_border(roads, shapely.to_wkb(area))
    lengths = parts.piece_lengths()
    assert lengths.sum() == pytest.approx(roads.piece_lengths().sum())
    return keep_arcs(parts, ~inside[parts.piece])[0], float(lengths[inside].sum()), int(inside.sum()), cuts


def box(low, bottom, high, top):
    return shapely.box(low, bottom, high, top)


def test_ten_metres_close_ten_metres_of_a_long_line():
    roads = network([[(0, 0), (40_000, 0)]])
    left, metres, pieces, cuts = closed(roads, box(20_000, -5, 20_010, 5))
    assert (metres, pieces, cuts) == (pytest.approx(10), 1, 2)
    assert sorted(left.piece_lengths().tolist()) == pytest.approx([19_990, 20_000])
    assert np.isinf(travel(left, [0], [1]).metres).all()


@pytest.mark.parametrize("name, area, metres, pieces, cuts", [
    ("wholly inside", box(-1, -1, 101, 1), 100, 1, 0),
    ("along the border", box(20, 0, 80, 50), 0, 0, 0),
    ("the border at a corner", shapely.from_wkt("POLYGON((50 0, 60 10, 40 10, 50 0))"), 0, 0, 0),
    ("a hole over the road", shapely.from_wkt(
        "POLYGON((10 -50, 90 -50, 90 50, 10 50, 10 -50), (40 -9, 60 -9, 60 9, 40 9, 40 -9))"), 60, 2, 4),
    ("an end", box(-10, -10, 30, 10), 30, 1, 1),
    ("two areas that touch", shapely.union_all([box(20, -5, 30, 5), box(30, -5, 40, 5)]), 20, 1, 2),
    ("half along the border, then inside", shapely.from_wkt("POLYGON((20 0, 50 0, 50 -9, 70 -9, 70 20, 20 20, 20 0))"),
     20, 1, 3),
])  # fmt: skip
def test_what_an_area_closes_of_a_straight_road(name, area, metres, pieces, cuts):
    found = closed(network([[(0, 0), (100, 0)]]), area)
    assert found[1] == pytest.approx(metres, abs=1e-9), name
    assert found[2] == pieces, name
    if metres:
        assert found[3] == cuts, name


def test_lengths_are_shared_in_proportion_and_both_directions_close():
    roads = straight_network([(0, 0), (100, 0)], [0], [1], [400.0], 36.0)
    left, metres, _, _ = closed(roads, box(25, -5, 50, 5))
    assert metres == pytest.approx(100)
    assert sorted(left.length.tolist()) == pytest.approx([100, 100, 200, 200])


def test_roads_that_only_cross_over_or_end_at_the_border_stay():
    roads = network([[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(0, 40), (200, 40)]])
    left, metres, pieces, _ = closed(roads, box(100, -9, 150, 9))
    assert (metres, pieces) == (pytest.approx(50), 1)
    assert sorted(left.piece_lengths().tolist()) == pytest.approx([50, 100, 200])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=6, unique=True),
             min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 25), st.integers(1, 25)),
             min_size=1, max_size=3),
)  # fmt: skip
def test_what_is_closed_is_what_another_overlay_finds_inside(lines, boxes):
    roads = network([[(float(x), float(y)) for x, y in line] for line in lines])
    area = shapely.union_all([box(x, y, x + wide, y + high) for x, y, wide, high in boxes])
    _, metres, _, _ = closed(roads, area)
    pieces = [
        shapely.LineString(roads.piece_xy[first:last])
        for first, last in zip(roads.piece_start[:-1], roads.piece_start[1:])
    ]
    # what lies in the area, less what runs along its border
    inside = sum(piece.intersection(area).length - piece.intersection(area.boundary).length for piece in pieces)
    assert metres == pytest.approx(inside, abs=1e-6)
