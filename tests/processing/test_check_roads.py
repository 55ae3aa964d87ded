"""``evacuation:checkroads`` through the registry: problems found, network as routed, bad input named."""

from __future__ import annotations

from pathlib import Path

import processing
import pytest
from qgis.core import (
    NULL,
    QgsApplication,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsVectorLayer,
    QgsWkbTypes,
)

from tests.layers.road_layers import ROADS, layer

NUMBERS = (
    "COMPONENTS", "DEAD_ENDS", "CANNOT_LEAVE", "CANNOT_REACH", "NEAR_MISSES", "MISSING_SPEEDS", "ABSURD_SPEEDS",
    "DUPLICATES", "UNUSABLE", "NOT_ROADS", "CLOSED_ROADS", "ZERO_VALUES", "UNKNOWN_DIRECTIONS", "SPEED_UNITS", "PIECES",
    "NODES", "CLOSING_ROADS",
)  # fmt: skip
FIELDS = "&field=name:string&field=oneway:string&field=maxspeed:string"
EAST, NORTH = 500_000, 6_700_000


def line(*vertices: tuple[float, float]) -> str:
    return "LINESTRING(" + ",".join(f"{EAST + x} {NORTH + y}" for x, y in vertices) + ")"


def town() -> QgsVectorLayer:
    """A square of sound streets, and one road of each kind of problem."""
    rows = [
        (line((0, 0), (100, 0), (200, 0)), "south", "no", "50"),
        (line((200, 0), (200, 200)), "east", "no", "50"),
        (line((200, 200), (0, 200)), "north", "no", "50"),
        (line((0, 200), (0, 0)), "west", "no", "50"),
        (line((200, 0), (300, 0)), "out", "yes", "30 mph"),
        (line((0, 0), (-50, 0)), "in", "-1", "50"),
        (line((50, 0.6), (50, 90)), "short", "no", "50"),
        (line((200, 200), (0, 200)), "again", "no", "50"),
        (line((900, 900), (950, 900)), "island", "no", NULL),
        (line((900, 900), (900, 960)), "pier", "no", "999"),
        (line((7, 7), (7, 7)), "dot", "no", "50"),
        (None, "nothing", "no", "50"),
    ]
    return layer([row[0] for row in rows], FIELDS, [row[1:] for row in rows])


def check(network, feedback=None, **parameters):
    return processing.run(
        "evacuation:checkroads",
        {"NETWORK": network, "OUTPUT": "memory:", "OUTPUT_NETWORK": "memory:", **parameters},
        feedback=feedback,
    )


class Heard(QgsProcessingFeedback):
    """Keeps the warnings."""

    def __init__(self) -> None:
        super().__init__(False)
        self.warned: list[str] = []

    def pushWarning(self, text: str) -> None:
        self.warned.append(text)


def test_each_kind_of_problem_is_found_on_its_road():
    found = check(town(), NETWORK_ID_FIELD="name")
    problems = {(f["problem"], f["road_id"]) for f in found["OUTPUT"].getFeatures()}
    assert problems == {
        ("component", "short"),
        ("component", "pier"),
        ("dead_end", "out"),
        ("dead_end", "in"),
        ("near_miss", "short"),
        ("duplicate", "again"),
        ("missing_speed", "island"),
        ("absurd_speed", "pier"),
        ("unusable", "dot"),
        ("unusable", "nothing"),
    }
    assert {name: found[name] for name in NUMBERS} == {
        "COMPONENTS": 3, "DEAD_ENDS": 2, "CANNOT_LEAVE": 0, "CANNOT_REACH": 0, "NEAR_MISSES": 1, "MISSING_SPEEDS": 1,
        "ABSURD_SPEEDS": 1, "DUPLICATES": 1, "UNUSABLE": 2, "NOT_ROADS": 0, "CLOSED_ROADS": 0, "CLOSING_ROADS": 0,
        "ZERO_VALUES": 0, "UNKNOWN_DIRECTIONS": 0, "SPEED_UNITS": 0, "PIECES": 9, "NODES": 11,
    }  # fmt: skip
    where = {f["problem"]: f.geometry().asPoint() for f in found["OUTPUT"].getFeatures() if f["road_id"] == "short"}
    assert (where["near_miss"].x() - EAST, where["near_miss"].y() - NORTH) == pytest.approx((50, 0.6), abs=1e-6)
    nowhere = [f["road_id"] for f in found["OUTPUT"].getFeatures() if not f.hasGeometry()]
    assert nowhere == ["nothing"]
    assert all(f["detail"] for f in found["OUTPUT"].getFeatures())


def test_what_the_attributes_say_is_checked():
    rows = [["residential", "F", 13.9, 900.0] for _ in range(41)]
    rows[3] = ["footway", NULL, NULL, NULL]
    rows[5] = [NULL, NULL, NULL, NULL]
    rows[7][3] = 0.0
    rows[9][2] = 0.0
    for k in (11, 12, 13):
        rows[k][1] = "T"
    memory = layer(
        [line((k * 50, 0), (k * 50 + 50, 0)) for k in range(41)],
        "&field=HIGHWAY:string&field=dir:string&field=freespeed:double&field=capacity:double",
        rows,
    )
    given = {"ROAD_CLASS_FIELD": "HIGHWAY", "DIRECTION_FIELD": "dir", "SPEED_FIELD": "freespeed"}
    found = check(memory, **given)
    kinds = {}
    for feature in found["OUTPUT"].getFeatures():
        kinds.setdefault(feature["problem"], []).append(feature["road_id"])
    assert kinds["not_a_road"] == ["4", "6"]
    assert sorted(kinds["closed_road"]) == ["10", "8"]
    assert len(kinds["unknown_direction"]) == 37
    assert kinds["speed_unit"] == ["1"]
    assert "zero_value" not in kinds and found["ZERO_VALUES"] == 0
    counts = ("NOT_ROADS", "CLOSED_ROADS", "UNKNOWN_DIRECTIONS", "SPEED_UNITS")
    assert [found[name] for name in counts] == [2, 2, 37, 1]
    right = check(memory, **given, SPEED_UNIT=2, VALUE_FORWARD="F", VALUE_BACKWARD="T")
    assert [right[name] for name in counts] == [2, 2, 0, 0]
    assert {round(f["speed"], 2) for f in right["OUTPUT_NETWORK"].getFeatures()} == {50.04}
    every = check(memory, **given, ALL_LINES=True)
    assert (every["NOT_ROADS"], every["PIECES"]) == (0, 39)


def test_the_network_as_routed():
    found = check(town(), NETWORK_ID_FIELD="name")
    pieces, ways = {}, {}
    for f in found["OUTPUT_NETWORK"].getFeatures():
        pieces[f["road_id"]] = f
        ways.setdefault(f["road_id"], []).append(f["direction"])
    assert [field.name() for field in found["OUTPUT_NETWORK"].fields()] == [
        "road_id", "direction", "length_m", "speed", "free_flow_s", "component", "piece", "source", "target",
        "capacity", "lanes",
    ]  # fmt: skip
    assert (ways["south"], ways["out"], ways["in"]) == (["forward", "backward"], ["forward"], ["backward"])
    assert pieces["out"]["speed"] == pytest.approx(48.28032)
    assert pieces["out"]["length_m"] == pytest.approx(100 / 0.9996, rel=1e-5)
    assert pieces["out"]["free_flow_s"] == pytest.approx(3.6 * pieces["out"]["length_m"] / 48.28032)
    assert {pieces[name]["component"] for name in ("south", "north", "out")} == {1}
    assert {pieces[name]["component"] for name in ("island", "pier")} == {2}
    assert found["OUTPUT_NETWORK"].crs().authid() == "EPSG:32719"
    drawn = pieces["out"].geometry().asPolyline()
    assert [(round(p.x() - EAST), round(p.y() - NORTH)) for p in drawn] == [(200, 0), (300, 0)]


def test_a_larger_tolerance_joins_what_nearly_met():
    found = check(town(), TOLERANCE=1.0)
    assert found["NEAR_MISSES"] == 1  # no vertex within reach, so the road in the middle still passes by
    near_vertex = layer([line((0, 0), (50, 0), (100, 0)), line((50, 0.6), (50, 90))])
    assert check(near_vertex)["COMPONENTS"] == 2
    assert check(near_vertex)["NEAR_MISSES"] == 1
    joined = check(near_vertex, TOLERANCE=1.0)
    assert (joined["COMPONENTS"], joined["NEAR_MISSES"], joined["PIECES"]) == (1, 0, 3)


def test_without_a_speed_field_speeds_are_not_checked():
    heard = Heard()
    found = check(layer([line((0, 0), (50, 0))]), heard)
    assert found["MISSING_SPEEDS"] == 0
    assert any("speeds are not checked" in text for text in heard.warned)


def test_300_parts_are_listed_and_said():
    heard = Heard()
    found = check(layer([line((k * 50, 0), (k * 50 + 40, 0)) for k in range(300)]), heard)
    assert found["COMPONENTS"] == 300
    assert sum(f["problem"] == "component" for f in found["OUTPUT"].getFeatures()) == 299
    assert any("fall into 300 parts" in text for text in heard.warned)


def test_barriers_are_left_out():
    wall = line((140, -9), (160, -9), (160, 9), (140, -9)).replace("LINESTRING(", "POLYGON((") + ")"
    found = check(
        layer([line((0, 0), (100, 0), (200, 0)), line((100, 0), (100, 90))]), BARRIERS=layer([wall], kind="Polygon")
    )
    assert found["PIECES"] == 4  # the triangle covers the road from 150 to 160 m and splits it in two


@pytest.mark.parametrize(
    ("network", "parameters", "message"),
    [
        (lambda: layer([]), {}, "NETWORK: “roads” has no features"),
        (lambda: layer([line((0, 0), (1, 0))], crs=""), {}, "NETWORK: “roads” has no coordinate reference system"),
        (lambda: layer([line((1, 1), (1, 1))]), {}, "none of the 1 feature"),
        (
            lambda: layer([line((0, 0), (1, 0))], "&field=name:string", [["a"]]),
            {"SPEED_FIELD": "limit"},
            "SPEED_FIELD: the layer “roads” has no field “limit”. Its fields are: name",
        ),
        (
            lambda: layer([line((0, 0), (1, 0))], "&field=name:string", [["a"]]),
            {"NETWORK_ID_FIELD": "osm"},
            "NETWORK_ID_FIELD: the layer “roads” has no field “osm”",
        ),
        (
            lambda: layer([line((0, 0), (1, 0))]),
            {"BARRIERS": lambda: layer([f"POINT({EAST} {NORTH})"], kind="Point", crs="")},
            "BARRIERS",
        ),
    ],
)
def test_bad_input_gets_a_clear_sentence(network, parameters, message):
    given = {name: value() if callable(value) else value for name, value in parameters.items()}
    with pytest.raises(QgsProcessingException, match=message.replace("(", r"\(")):
        check(network(), **given)


def test_bad_input_leaves_no_file(tmp_path: Path):
    target = tmp_path / "problems.gpkg"
    with pytest.raises(QgsProcessingException):
        check(layer([]), OUTPUT=str(target), OUTPUT_NETWORK=str(tmp_path / "roads.gpkg"))
    assert list(tmp_path.iterdir()) == []


def test_a_default_field_that_was_passed_on_but_is_missing_is_a_warning():
    heard = Heard()
    check(layer([line((0, 0), (50, 0))]), heard, SPEED_FIELD="maxspeed")
    assert "SPEED_FIELD: “roads” has no field “maxspeed”; it is read without one." in heard.warned


def test_cancelling_writes_nothing(tmp_path: Path):
    heard = Heard()
    heard.cancel()
    many = layer([line((k, 0), (k + 1, 0)) for k in range(6_000)])
    target = tmp_path / "problems.gpkg"
    check(many, heard, OUTPUT=str(target), OUTPUT_NETWORK=str(tmp_path / "roads.gpkg"))
    assert list(tmp_path.iterdir()) == []
    assert any("Cancelled" in text for text in heard.warned)


def test_the_algorithm_explains_itself():
    algorithm = QgsApplication.processingRegistry().algorithmById("evacuation:checkroads")
    assert algorithm.shortHelpString()
    for definition in algorithm.parameterDefinitions():
        assert definition.help(), definition.name()
    assert {output.name() for output in algorithm.outputDefinitions()} == {"OUTPUT", "OUTPUT_NETWORK", *NUMBERS}


@pytest.mark.skipif(not ROADS.is_file(), reason="the sample city is not there (make setup)")
def test_the_sample_city_with_defaults_and_styles(tmp_path: Path):
    target, network = tmp_path / "problems.gpkg", tmp_path / "network.gpkg"
    found = processing.run(
        "evacuation:checkroads",
        {"NETWORK": f"{ROADS}|layername=roads", "OUTPUT": str(target), "OUTPUT_NETWORK": str(network)},
    )
    assert found["PIECES"] > 10_000
    assert found["MISSING_SPEEDS"] == 0
    labels = {}
    for path in (target, network):
        written = QgsVectorLayer(str(path), path.stem, "ogr")
        assert written.loadDefaultStyle()[1]
        labels[path.stem] = [item.label() for item in written.renderer().legendSymbolItems()]
        expected = QgsWkbTypes.GeometryType.PointGeometry if path == target else QgsWkbTypes.GeometryType.LineGeometry
        assert written.geometryType() == expected
    assert "Road end that stops short of another road" in labels["problems"]
    assert "30 to below 50 km/h" in labels["network"]
