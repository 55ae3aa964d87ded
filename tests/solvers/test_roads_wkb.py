"""Well-known binary of lines: every flavour, many features at once, against shapely."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.roads.wkb import parse_lines

shapely = pytest.importorskip("shapely", minversion="2")

COORDINATES = st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=2, max_size=5)


def line(code: int, vertices: list[tuple[float, ...]]) -> bytes:
    ordinates = [value for vertex in vertices for value in vertex]
    return struct.pack("<BII", 1, code, len(vertices)) + struct.pack(f"<{len(ordinates)}d", *ordinates)


def multi(code: int, parts: list[bytes]) -> bytes:
    return struct.pack("<BII", 1, code, len(parts)) + b"".join(parts)


@pytest.mark.parametrize(
    ("code", "extra"),
    [(2, ()), (1002, (7.0,)), (2002, (8.0,)), (3002, (7.0, 8.0)), (0x80000002, (7.0,)), (0xC0000002, (7.0, 8.0))],
)
def test_z_and_m_are_left_out(code, extra):
    lines, unusable = parse_lines([line(code, [(1, 2, *extra), (3, 4, *extra), (5, 6, *extra)])])
    assert lines.xy.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert lines.start.tolist() == [0, 3]
    assert unusable == {}


def test_parts_keep_their_feature_and_order():
    blobs = [
        multi(1005, [line(1002, [(0, 0, 9), (1, 0, 9)]), line(1002, [(5, 5, 9), (6, 5, 9), (7, 5, 9)])]),
        line(2, [(2, 0), (3, 0)]),
        multi(5, [line(2, [(8, 8), (9, 9)])]),
    ]
    lines, unusable = parse_lines(blobs)
    assert lines.feature.tolist() == [0, 0, 1, 2]
    assert np.diff(lines.start).tolist() == [2, 3, 2, 2]
    assert lines.xy[:, 0].tolist() == [0, 1, 5, 6, 7, 2, 3, 8, 9]
    assert unusable == {}


def test_what_is_no_line_is_given_back_with_the_reason():
    point = struct.pack("<BIdd", 1, 1, 3.0, 4.0)
    polygon = shapely.to_wkb(shapely.box(0, 0, 1, 1))
    blobs = [b"", point, polygon, multi(5, []), line(2, []), line(2, [(0, 0), (1, 1)])]
    lines, unusable = parse_lines(blobs)
    assert lines.feature.tolist() == [4, 5]
    assert np.diff(lines.start).tolist() == [0, 2]
    assert set(unusable) == {0, 1, 2, 3}
    assert unusable[0] == "no geometry"
    assert unusable[2] == "the geometry is not a line"


def test_no_features():
    lines, unusable = parse_lines([])
    assert len(lines) == 0
    assert lines.xy.shape == (0, 2)
    assert unusable == {}


@given(st.lists(st.lists(COORDINATES, min_size=1, max_size=3), max_size=6))
def test_as_shapely_reads_them(features):
    shapes = [shapely.MultiLineString(parts) if len(parts) > 1 else shapely.LineString(parts[0]) for parts in features]
    lines, unusable = parse_lines([shapely.to_wkb(shape, byte_order=1) for shape in shapes])
    parts, feature = shapely.get_parts(shapes, return_index=True)
    assert unusable == {}
    assert lines.feature.tolist() == feature.tolist()
    assert np.array_equal(lines.xy, shapely.get_coordinates(parts).reshape(-1, 2))
    assert np.diff(lines.start).tolist() == shapely.get_num_points(parts).tolist()
