"""OpenStreetMap's texts and QGIS's values for direction, speed, lanes and capacity."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.roads.class_values import class_values
from evacuation_planner.plugin.solvers.roads.classes import read_classes
from evacuation_planner.plugin.solvers.roads.directions import DirectionRule
from evacuation_planner.plugin.solvers.roads.implicit_limits import read_limits
from evacuation_planner.plugin.solvers.roads.osm import flow_capacity, lane_count, plain_text, speed_kmh
from evacuation_planner.plugin.solvers.roads.speeds import (
    ABSURD,
    MISSING,
    NOT_POSITIVE,
    NOT_UNDERSTOOD,
    unit_doubt,
)
from evacuation_planner.plugin.solvers.roads.traffic import TrafficColumns, TrafficRules, read_traffic


def codes(rule, *values):
    """What each value means where the column has all of them; -1 where that is not understood."""
    texts = [plain_text(value) for value in values]
    meaning, _ = rule.meaning(texts)
    return [meaning.get(text, -1) for text in texts]


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
    assert codes(DirectionRule(), value) == [code]


def test_given_values_come_first():
    rule = DirectionRule("no", "B", "2W")
    assert codes(rule, "no", "B", "2W", "yes", "b") == [0, 1, 2, 0, -1]
    only_given = DirectionRule("1", "2", "3", osm=False)
    assert codes(only_given, 1, 2.0, "3", "yes", 0) == [0, 1, 2, -1, -1]


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


@pytest.mark.parametrize("value", [None, "", "signals", "CL:airport", "variable", "50 furlongs", True])
def test_speeds_that_are_not_understood(value):
    assert math.isnan(speed_kmh(value))


@pytest.mark.parametrize(
    ("value", "speed"),
    [
        ("RO:urban", 50), ("ro:urban", 50), ("RO:rural", 90), ("DE:rural", 100), ("DE:motorway", 130), ("FR:rural", 80),
        ("RU:urban", 60), ("CL:urban", 50), ("BE-VLG:rural", 70), ("BE-WAL:rural", 90), ("BE-WAL:motorway", 120),
        ("none", 130), ("walk", 7), ("DE:walk", 7), ("urban", 50), ("DE:zone:30", 30), ("IT:zone30", 30),
        ("GB:zone20", 32.18688), ("GB:nsl_single", 96.56), ("RO:urban;30", 30), ("['RO:urban', 'RO:rural']", 50),
    ],
)  # fmt: skip
def test_limits_that_a_text_implies(value, speed):
    assert speed_kmh(value) == pytest.approx(speed)
    assert speed_kmh(value, "mph") == pytest.approx(speed if value != "RO:urban;30" else 48.28032)


def test_roads_with_an_implied_limit_are_counted():
    found = traffic(speeds=["RO:urban", "DE:rural", "50", "none", "signals"])
    assert found.speed.tolist() == [50, 100, 50, 130, 40]
    assert found.speed_problem.tolist() == [0, 0, 0, 0, NOT_UNDERSTOOD]
    assert "Speed: 4 own (3 of them implied, as in “RO:urban”), 1 at 40 km/h." in found.notes[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("country,limit,speed\nRO,urban,50\nro,Urban,60\n", "line 3 .* “ro:urban” is there twice"),
        ("country,limit,speed\nRO,urban,fast\n", "“fast” in the column speed must be a number above 0"),
        ("country,limit\nRO,urban\n", "has no column speed"),
    ],
)
def test_a_table_of_limits_that_cannot_be_read(tmp_path, text, words):
    path = tmp_path / "limits.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SolverError, match=words):
        read_limits(path)


def test_lanes():
    assert [lane_count(v) for v in ("2", 3, "2;3", "1.5")] == [2, 3, 2, 1.5]
    assert math.isnan(lane_count("two"))


def test_equal_numbers_have_equal_texts():
    assert {plain_text(v) for v in (12, 12.0, "12", " 12 ")} == {"12"}


def traffic(directions=None, speeds=None, lanes=None, capacities=None, rule=None):
    count = len(next(c for c in (directions, speeds, lanes, capacities) if c is not None))
    return read_traffic(
        TrafficColumns(count, (), directions, speeds, lanes, capacities), TrafficRules(rule or DirectionRule())
    )


def test_unusable_speeds_give_the_default_and_are_counted():
    found = traffic(speeds=["50", None, "", "0", "-3", "999", "0.2", "signals", "30 mph"])
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
    assert "1 road(s) have a speed that is not understood (“signals”)" in text


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


def by_class(kinds, rules=None, **columns):
    """Roads read with their class, by the shipped table."""
    given = class_values(read_classes(), kinds, len(kinds))
    return read_traffic(TrafficColumns(len(kinds), classes=given, **columns), rules or TrafficRules())


def test_own_field_before_a_given_default_before_the_class_before_the_last_resort():
    kinds = ["primary", "residential", "primary", "spaceway", None]
    columns = {"speeds": ["70", None, "", "-4", None], "lanes": [6, None, "x", 0, 40],
               "capacities": [1100, None, "", None, 0]}  # fmt: skip
    found = by_class(kinds, **columns)
    assert found.speed.tolist() == [70, 30, 80, 40, 40]
    assert found.lanes.tolist() == [3, 1, 1, 1, 1]
    assert found.capacity.tolist() == [1100, 600, 1500, 900, 900]
    given = by_class(kinds, TrafficRules(default_speed=55, lane_capacity=700), **columns)
    assert given.speed.tolist() == [70, 55, 55, 55, 55]
    assert given.capacity.tolist() == [1100, 700, 700, 700, 700]
    without = by_class(kinds, TrafficRules(use_classes=False), **columns)
    assert without.speed.tolist() == [70, 40, 40, 40, 40]
    assert without.capacity.tolist() == [1100, 900, 900, 900, 900]


def test_the_lanes_of_a_class_are_those_of_one_direction():
    found = by_class(["motorway", "motorway"], directions=["yes", "no"])
    assert found.lanes.tolist() == [2, 2]
    assert found.capacity.tolist() == [4000, 4000]
    assert found.speed.tolist() == [120, 120]


def test_the_log_says_how_many_roads_took_what_from_where():
    kinds = ["primary", "residential", "primary", "spaceway", None]
    columns = {"speeds": ["70", None, "", "-4", None], "lanes": [6, None, "x", 0, 40],
               "capacities": [1100, None, "", None, 0]}  # fmt: skip
    found = by_class(kinds, **columns)
    assert found.notes[-1] == (
        "Where values come from, in roads. Speed: 1 own, 2 by class, 2 at 40 km/h. Lanes: 1 own, 2 by class, 2 at 1 "
        "lane a direction. Capacity: 1 own, 2 by class, 2 at 900 vehicles/h and lane."
    )
    text = "\n".join(found.warnings)
    # What the class says in silence is no warning; what is odd is, and what nothing says.
    assert "1 road(s) have no speed: 40 km/h taken." in text
    assert "3 road(s) have no usable number of lanes (“0”, “40”, “x” not understood): that of their class" in text
    assert "2 road(s) have no usable capacity: their lanes times 900 vehicles/h and lane taken." in text
    given = by_class(kinds, TrafficRules(default_speed=55), **columns)
    assert "Speed: 1 own, 4 at 55 km/h." in given.notes[-1]


@pytest.mark.parametrize("value", ["1,500", "50,30", "60,000"])
def test_speeds_with_a_comma_that_means_two_things(value):
    assert math.isnan(speed_kmh(value))


def test_speeds_in_the_unit_of_the_column():
    assert speed_kmh(13.9, "m/s") == pytest.approx(50.04)
    assert speed_kmh("30", "mph") == pytest.approx(48.28032)
    assert speed_kmh("50 km/h", "mph") == 50
    assert speed_kmh("13.9 m/s") == pytest.approx(50.04)


def test_capacities_and_lanes_in_text():
    assert [flow_capacity(v) for v in ("1500", 1500, "1 500", "1'500", "1,500.0", "900;1500")] == [1500] * 5 + [900]
    assert math.isnan(flow_capacity("1,500"))
    assert math.isnan(lane_count("2,3"))


def test_capacities_that_cannot_be_read_are_named():
    found = traffic(capacities=["1,500", "-5", None, "1200", "1.5"])
    assert found.capacity.tolist() == [900, 900, 900, 1200, 1.5]
    assert any("3 road(s) have no usable capacity (“-5”, “1,500” not understood" in w for w in found.warnings)
    assert any("1 road(s) have a capacity below 50 vehicles/h (“1.5”)" in w for w in found.warnings)


@pytest.mark.parametrize("zero", [0, 0.0, "0", "0.0"])
def test_a_zero_in_few_roads_closes_them(zero):
    ids = [f"r{k}" for k in range(21)]
    columns = TrafficColumns(21, ids, speeds=[50] * 20 + [zero], capacities=[zero] + ["1500"] * 20)
    found = read_traffic(columns, TrafficRules())
    assert found.closed == {0: "a capacity of 0", 20: "a speed of 0"}
    assert found.zeros == {}
    assert found.open().tolist() == [False, *[True] * 19, False]
    assert "1 road(s) have a capacity of 0 and are closed: r0." in found.warnings
    assert "1 road(s) have a speed of 0 and are closed: r20." in found.warnings
    assert not any("taken" in text for text in found.warnings)


def test_a_zero_in_one_road_of_twenty_counts_as_missing():
    columns = TrafficColumns(20, speeds=[50] * 19 + [0], capacities=[0] + [1500] * 19)
    found = read_traffic(columns, TrafficRules())
    assert found.closed == {}
    assert found.zeros == {0: "a capacity of 0", 19: "a speed of 0"}
    assert (found.capacity[0], found.speed[19]) == (900, 40)
    assert any("1 of 20 roads have a capacity of 0" in w and "close roads with BARRIERS" in w for w in found.warnings)


def test_negative_and_missing_values_never_close():
    columns = TrafficColumns(40, speeds=[-5, None] + [50] * 38, capacities=[None, -1] + [1500] * 38)
    found = read_traffic(columns, TrafficRules())
    assert found.closed == {} and found.zeros == {}
    assert found.speed[:3].tolist() == [40, 40, 50]
    assert found.capacity[:3].tolist() == [900, 900, 1500]


def test_one_lane_both_ways_is_a_lane_each_way():
    found = traffic(directions=["no", "no", "no", "yes", "no"], lanes=["1", "3", "2", "1", "1.5"])
    assert found.lanes.tolist() == [1, 1.5, 1, 1, 1]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ("B F T", [2, 0, 1]),
        ("b f t n", [2, 0, 1, 3]),
        ("B T", [2, 1]),
        ("B", [2]),
        ("FT TF N", [0, 1, 3]),
        ("FT N", [0, 3]),
        ("B F R", [2, 0, 1]),
        ("F R", [0, 1]),
        ("H T B", [0, 1, 2]),
        ("H T", [0, 1]),
        ("B P N", [2, 0, 1]),
        ("Y N", [0, 2]),
        ("Both With Against", [2, 0, 1]),
        ("bothDirections inDirection inOppositeDirection", [2, 0, 1]),
    ],
)
def test_codings_of_other_makers(values, read):
    found = traffic(directions=[*values.split(), None])
    assert found.direction.tolist() == [*read, 2]
    assert not any("not understood" in text for text in found.warnings)
    assert any(text.startswith("Directions are read as") for text in found.notes)


@pytest.mark.parametrize("values", ["F T", "F", "T", "N", "F T N", "B N", "t f", "1 2 3", "0 1 2", "2", "B F T X", "R"])
def test_codings_that_could_be_another_are_not_guessed(values):
    found = traffic(directions=values.split(), rule=DirectionRule(default=1))
    assert set(found.direction.tolist()) == {1}
    assert found.direction_unknown.all()
    assert any("VALUE_FORWARD, VALUE_BACKWARD and VALUE_BOTH" in text for text in found.warnings)


def test_numbers_of_ones_own_coding_are_not_read_as_those_of_openstreetmap():
    rule = DirectionRule(value_forward="2", value_backward="3")
    assert codes(rule, "1", "2", "3", "no") == [-1, 0, 1, 2]
    assert codes(DirectionRule(value_both="reversible"), "1", "-1", "reversible") == [0, 1, 2]


def test_a_direction_closed_both_ways_closes_the_road():
    found = traffic(directions=["B", "F", "T", "N"])
    assert found.closed == {3: "closed in both directions"}


def test_roads_that_are_one_way_without_a_value():
    columns = TrafficColumns(4, directions=[None, "no", "-1", None], one_way=np.array([True, True, True, False]))
    found = read_traffic(columns, TrafficRules())
    assert found.direction.tolist() == [0, 2, 1, 2]
    without = read_traffic(TrafficColumns(2, one_way=np.array([True, False])), TrafficRules())
    assert without.direction.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("speeds", "unit", "words"),
    [
        ([13.89, 8.33, 13.89, 22.2], "km/h", "as if they were in m/s"),
        ([25, 35, 45, 30, 35], "km/h", "usual in mph"),
        ([50, 30, 50, 80], "m/s", "as if they were in mph or km/h"),
        ([90, 100, 120], "mph", "as if they were in km/h"),
        ([50, 30, 50, 80], "km/h", ""),
        ([25, 35, 45, 30, 35], "mph", ""),
        ([13.89, 8.33, 13.89], "m/s", ""),
    ],
)
def test_speeds_that_look_like_another_unit(speeds, unit, words):
    columns = TrafficColumns(len(speeds), speeds=speeds)
    found = read_traffic(columns, TrafficRules(speed_unit=unit))
    assert words in found.speed_doubt
    assert bool(found.speed_doubt) == bool(words)
    assert any("Check SPEED_UNIT" in text for text in found.warnings) == bool(words)


def test_speeds_that_name_their_unit_are_in_no_doubt():
    assert traffic(speeds=["10 mph", "8 mph"]).speed_doubt == ""
    assert unit_doubt(np.array([]), "km/h") == ""
