"""The roads' attributes through the algorithms: which parameters there are, what they change, what plays no part."""

from __future__ import annotations

import processing
import pytest
from qgis.core import QgsApplication

from tests.layers.road_layers import layer
from tests.processing.routing_layers import INDIVIDUAL, UTM, Log, line, run

NEW = ("ROAD_CLASS_FIELD", "ALL_LINES", "USE_TAGS", "SPEED_UNIT", "LENGTH_FIELD")


def street(capacity="1 500", lanes="2", speed="36", length="1000", kind="residential", fields="highway"):
    uri = f"&field=road_id:string&field={fields}:string&field=MaxSpeed:string&field=LANES:string&field=Capacity:string"
    rows = [["street", kind, speed, lanes, capacity, length]]
    return layer([line((0, 0), (1000, 0))], f"{uri}&field=metres:string", rows, UTM)


def one_trip():
    return layer(
        [line((0, 0), (1000, 0))],
        "&field=zone_id:string&field=shelter_id:string&field=people:double",
        [["a", "s", 500]],
        UTM,
    )


def bpr(log=None, **street_values):
    """500 vehicles in 20 minutes on a street of 100 s; the capacity over that time is a third of that an hour."""
    given = {"TRIPS": one_trip(), "LENGTH_FIELD": "metres", "METHOD": INDIVIDUAL, "FLOW_MODEL": 1}
    return run(log, NETWORK=street(**street_values), ANALYSIS_PERIOD=20, **given)["TOTAL_TIME"]


def test_every_algorithm_with_roads_and_both_models_have_the_parameters():
    registry = QgsApplication.processingRegistry()
    with_roads = [
        algorithm
        for algorithm in registry.providerById("evacuation").algorithms()
        if algorithm.parameterDefinition("NETWORK") is not None or algorithm.parameterDefinition("ROADS") is not None
    ]
    assert {"checkroads", "routeevacuation", "metroscenario", "nearestshelters"} <= {a.name() for a in with_roads}
    for algorithm in with_roads:
        for name in NEW:
            definition = algorithm.parameterDefinition(name)
            assert definition is not None, (algorithm.id(), name)
            assert definition.help(), (algorithm.id(), name)


def test_a_capacity_in_text_and_names_in_another_case():
    log = Log()
    assert bpr(log) == pytest.approx(500 * 115.0)  # v / c = 1
    assert "CAPACITY_FIELD: using the field Capacity" in log.text
    assert "plays no part" not in log.text


def test_a_capacity_that_can_be_read_two_ways_is_not_guessed():
    log = Log()
    # 2 lanes both ways: 900 an hour each way, v / c = 5 / 3
    assert bpr(log, capacity="1,500") == pytest.approx(500 * 100 * (1 + 0.15 * (5 / 3) ** 4))
    assert any("“1,500” not understood" in text for text in log.warnings)


def test_one_lane_is_one_each_way_and_three_are_one_and_a_half():
    assert bpr(capacity="", lanes="1") == pytest.approx(500 * 100 * (1 + 0.15 * (5 / 3) ** 4))
    assert bpr(capacity="", lanes="3") == pytest.approx(500 * 100 * (1 + 0.15 * (10 / 9) ** 4))


def test_given_length_and_unit():
    given = {"TRIPS": one_trip(), "METHOD": INDIVIDUAL, "FLOW_MODEL": 1}
    found = run(NETWORK=street(speed="12.5", length="2000"), SPEED_UNIT=2, LENGTH_FIELD="metres", **given)
    assert found["FREE_FLOW_TIME"] == pytest.approx(500 * 160)
    found = run(NETWORK=street(speed="25", length="1609.344"), SPEED_UNIT=1, LENGTH_FIELD="metres", **given)
    assert found["FREE_FLOW_TIME"] == pytest.approx(500 * 144)


@pytest.mark.parametrize(
    ("cost", "model", "fields"),
    [
        (None, 0, ["CAPACITY_FIELD"]),
        (0, 0, ["CAPACITY_FIELD", "LANES_FIELD"]),
        (0, 1, ["CAPACITY_FIELD", "LANES_FIELD"]),
    ],
)
def test_fields_that_play_no_part_are_said_to(cost, model, fields):
    log = Log()
    given = {"TRIPS": one_trip(), "METHOD": INDIVIDUAL, "FLOW_MODEL": model, "COST": cost}
    first = run(log, NETWORK=street(), **given)
    for name in ("CAPACITY_FIELD", "LANES_FIELD"):
        assert (f"{name}: “" in log.text and "plays no part" in log.text.split(f"{name}: “")[1]) == (name in fields)
        assert (f"{name}: using the field" in log.text) == (name not in fields)
    other = {"CAPACITY_FIELD": {"capacity": "60"}, "LANES_FIELD": {"lanes": "8"}}
    for name in fields:
        assert run(NETWORK=street(**other[name]), **given)["TOTAL_TIME"] == first["TOTAL_TIME"]


def test_lanes_play_no_part_where_nobody_is_on_the_road():
    log = Log()
    place = layer([line((0, 0), (1, 0)).replace("LINESTRING(", "POINT(").split(",")[0] + ")"],
                  "&field=zone_id:string&field=site_id:string", [["a", "s"]], UTM, "Point")  # fmt: skip
    processing.run(
        "evacuation:nearestshelters",
        {"ZONES": place, "SHELTERS": place, "NETWORK": street(), "OUTPUT": "TEMPORARY_OUTPUT"},
        feedback=log,
    )
    assert "LANES_FIELD: “LANES” plays no part: travel times are those of empty roads." in log.said


def test_a_footway_is_no_road_for_cars():
    with pytest.raises(Exception, match=r"none of the 1 lines of “roads” is a road for cars \(footway \(1\)\)"):
        bpr(kind="footway", fields="Highway")
    assert bpr(kind="footway", fields="street_type") == pytest.approx(500 * 115.0)
