"""OpenStreetMap's texts and QGIS's values for direction, speed, lanes and capacity."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.roads.osm import DirectionRule, lane_count, plain_text, speed_kmh
from evacuation_planner.plugin.solvers.roads.traffic import (
    ABSURD,
    MISSING,
    NOT_POSITIVE,
    NOT_UNDERSTOOD,
    read_traffic,
)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("yes", 0),
        ("true", 0),
        ("1", 0),
        (1, 0),
        (1.0, 0),
        (True, 0),
        (" YES ", 0),
        ("-1", 1),
        (-1, 1),
        ("reverse", 1),
        ("no", 2),
        ("false", 2),
        ("0", 2),
        (False, 2),
        ("reversible", 2),
        ("", -1),
        (None, -1),
        ("maybe", -1),
    ],
)
def test_osm_direction(value, code):
    assert DirectionRule().direction(value) == code


def test_given_values_come_first():
    rule = DirectionRule("no", "B", "2W")
    assert [rule.direction(v) for v in ("no", "B", "2W", "yes", "b")] == [0, 1, 2, 0, -1]
    only_given = DirectionRule("1", "2", "3", osm=False)
    assert [only_given.direction(v) for v in (1, 2.0, "3", "yes", 0)] == [0, 1, 2, -1, -1]


@pytest.mark.parametrize(
    ("value", "speed"),
    [
        ("50", 50),
        (50, 50),
        (62.5, 62.5),
        ("50 km/h", 50),
        ("50kmh", 50),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("10 knots", 18.52),
        ("50;30", 30),
        ("50 ; 30 mph", 48.28032),
        ("50|80", 50),
        ("7,5", 7.5),
        ("50;signals", 50),
        ("['50', '30']", 30),
        ('["30 mph"]', 48.28032),
        ("-5", -5),
        (0, 0),
    ],
)
def test_speeds(value, speed):
    assert speed_kmh(value) == pytest.approx(speed)


@pytest.mark.parametrize("value", [None, "", "none", "walk", "signals", "CL:urban", "variable", "50 furlongs", True])
def test_speeds_that_are_not_understood(value):
    assert math.isnan(speed_kmh(value))


def test_lanes():
    assert [lane_count(v) for v in ("2", 3, "2;3", "1.5")] == [2, 3, 2, 1.5]
    assert math.isnan(lane_count("two"))


def test_equal_numbers_have_equal_texts():
    assert {plain_text(v) for v in (12, 12.0, "12", " 12 ")} == {"12"}


def traffic(directions=None, speeds=None, lanes=None, capacities=None, rule=None):
    count = len(next(c for c in (directions, speeds, lanes, capacities) if c is not None))
    return read_traffic(count, directions, rule or DirectionRule(), speeds, 40.0, lanes, capacities, 900.0)


def test_unusable_speeds_give_the_default_and_are_counted():
    found = traffic(speeds=["50", None, "", "0", "-3", "999", "0.2", "none", "30 mph"])
    assert found.speed.tolist() == pytest.approx([50, 40, 40, 40, 40, 40, 40, 40, 48.28032])
    assert found.speed_problem.tolist() == [
        0,
        MISSING,
        MISSING,
        NOT_POSITIVE,
        NOT_POSITIVE,
        ABSURD,
        ABSURD,
        NOT_UNDERSTOOD,
        0,
    ]
    text = "\n".join(found.warnings)
    assert "2 road(s) have no speed" in text
    assert "2 road(s) have a speed of zero or less (“-3”, “0”)" in text
    assert "2 road(s) have an absurd speed" in text
    assert "1 road(s) have a speed that is not understood (“none”)" in text


def test_lists_of_values_are_read_as_several():
    found = traffic(directions=[["yes"], None], speeds=[["50", "30"], "40"])
    assert found.speed.tolist() == [30, 40]
    assert found.direction.tolist() == [0, 2]


def test_numbers_that_are_not_numbers_are_missing_speeds():
    found = traffic(speeds=[float("nan"), 30.0])
    assert found.speed.tolist() == [40, 30]
    assert found.speed_problem.tolist() == [MISSING, 0]


def test_unknown_directions_take_the_default_and_are_counted():
    found = traffic(directions=["yes", "sometimes", None, "reversible"], rule=DirectionRule(default=1))
    assert found.direction.tolist() == [0, 1, 1, 2]
    assert any("1 road(s) have a direction that is not understood (“sometimes”)" in w for w in found.warnings)
    assert any("1 road(s) change direction" in w for w in found.warnings)


def test_lanes_are_halved_on_two_way_roads_only():
    found = traffic(directions=["yes", "no", "-1", "no", "no"], lanes=["2", "4", 3, None, "-2"])
    assert found.lanes.tolist() == [2, 2, 3, 1, 1]
    assert np.array_equal(found.capacity, found.lanes * 900)
    assert any("2 road(s) have no usable number of lanes" in w for w in found.warnings)


def test_a_capacity_is_taken_as_given_for_one_direction():
    found = traffic(directions=["no", "no", "yes"], lanes=[2, 2, 2], capacities=["1500", None, 0])
    assert found.capacity.tolist() == [1500, 900, 1800]
    assert any("2 road(s) have no usable capacity" in w for w in found.warnings)
