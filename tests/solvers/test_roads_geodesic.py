"""Lengths on the ellipsoid against published figures and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.roads.geodesic import (
    WGS84_A,
    WGS84_F,
    middle_latitude,
    segment_lengths,
    vincenty,
)


def length(lon1: float, lat1: float, lon2: float, lat2: float, a: float = WGS84_A, f: float = WGS84_F) -> float:
    return float(segment_lengths(*(np.array([v]) for v in (lon1, lat1, lon2, lat2)), a, f)[0])


def test_flinders_peak_to_buninyong():
    # the worked example of the Geocentric Datum of Australia technical manual, GRS 80
    flinders = -(37 + 57 / 60 + 3.72030 / 3600), 144 + 25 / 60 + 29.52440 / 3600
    buninyong = -(37 + 39 / 60 + 10.15610 / 3600), 143 + 55 / 60 + 35.38390 / 3600
    found = length(flinders[1], flinders[0], buninyong[1], buninyong[0], 6378137.0, 1 / 298.257222101)
    assert found == pytest.approx(54972.271, abs=0.001)


def test_along_the_equator_and_a_meridian():
    assert length(10, 0, 11, 0) == pytest.approx(np.radians(1) * WGS84_A, rel=1e-12)
    # a quarter of the meridian of WGS 84
    assert length(25, 0, 25, 90) == pytest.approx(10_001_965.729, abs=0.001)


def test_across_the_date_line_the_short_way():
    assert length(179.999, -17, -179.999, -17) == pytest.approx(length(10, -17, 10.002, -17), rel=1e-9)


def test_same_point_and_no_number():
    assert length(5, 50, 5, 50) == 0
    assert np.isnan(length(float("nan"), 50, 5, 50))


def test_nearly_opposite_points_are_said_not_to_converge():
    assert np.isnan(length(0, 0, 179.9, 0.3))


@given(st.floats(-180, 180), st.floats(-74, 74), st.floats(-0.0099, 0.0099), st.floats(-0.0099, 0.0099))
def test_short_formula_agrees_with_vincenty(lon, lat, turn, climb):
    one = [np.array([v]) for v in (turn, lat, climb)]
    short = middle_latitude(*one, WGS84_A, WGS84_F)[0]
    exact = vincenty(one[0], one[1], one[1] + one[2], WGS84_A, WGS84_F)[0]
    assert short == pytest.approx(exact, rel=1e-7, abs=1e-6)
