"""The roads' attributes through the algorithms: which parameters there are, what they change, what plays no part."""

from __future__ import annotations

import processing
import pytest
from qgis.core import QgsApplication

from tests.layers.road_layers import layer
from tests.processing.routing_layers import INDIVIDUAL, UTM, Log, at, line, run

NEW = ("ROAD_CLASS_FIELD", "USE_CLASSES", "ROAD_CLASSES", "ALL_LINES", "USE_TAGS", "SPEED_UNIT", "DEFAULT_SPEED",
       "LENGTH_FIELD")  # fmt: skip


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


def bpr(log=None, given=None, **street_values):
    """500 vehicles in 20 minutes on a street of 100 s; the capacity over that time is a third of that an hour."""
    given = {"TRIPS": one_trip(), "LENGTH_FIELD": "metres", "METHOD": INDIVIDUAL, "FLOW_MODEL": 1, **(given or {})}
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
    # 2 lanes both ways: 600 an hour each way on a residential street, v / c = 5 / 2
    assert bpr(log, capacity="1,500") == pytest.approx(500 * 100 * (1 + 0.15 * 2.5**4))
    assert any("“1,500” not understood" in text for text in log.warnings)


def test_one_lane_is_one_each_way_and_three_are_one_and_a_half():
    assert bpr(capacity="", lanes="1") == pytest.approx(500 * 100 * (1 + 0.15 * 2.5**4))
    assert bpr(capacity="", lanes="3") == pytest.approx(500 * 100 * (1 + 0.15 * (5 / 3) ** 4))


def slowed(seconds, capacity):
    """The total of 500 vehicles in 20 minutes on a street of so many seconds and vehicles an hour."""
    return pytest.approx(500 * seconds * (1 + 0.15 * (500 / (capacity / 3)) ** 4), rel=1e-3)


@pytest.mark.parametrize(
    ("given", "seconds", "capacity"),
    [
        ({}, 120, 600),  # residential: 30 km/h, 1 lane of 600
        ({"ROAD_CLASSES": "classes_urban.csv"}, 240, 600),
        ({"USE_CLASSES": False}, 90, 900),
        ({"DEFAULT_SPEED": 60}, 60, 600),
        ({"DEFAULT_LANE_CAPACITY": 1200}, 120, 1200),
        ({"CAPACITY_FACTOR": 0.5}, 120, 300),
        ({"CAPACITY_FACTOR": 2, "DEFAULT_LANE_CAPACITY": 1000, "DEFAULT_SPEED": 36}, 100, 2000),
        ({"ROAD_CLASS_FIELD": None}, 90, 900),
    ],
)
def test_what_a_road_takes_that_has_no_values_of_its_own(given, seconds, capacity):
    found = bpr(None, given, capacity="", lanes="", speed="")
    assert found == slowed(seconds, capacity)


def test_what_a_road_has_itself_comes_first():
    given = {"DEFAULT_SPEED": 60, "DEFAULT_LANE_CAPACITY": 1200}
    assert bpr(None, given) == slowed(100, 1500)
    assert bpr(None, {**given, "CAPACITY_FACTOR": 0.6}) == slowed(100, 900)


def test_a_table_of_classes_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(Exception, match="ROAD_CLASSES: .*none.csv” cannot be read .*Choose another file"):
        bpr(None, {"ROAD_CLASSES": str(tmp_path / "none.csv")})
    table = tmp_path / "table.csv"
    table.write_text("class,car,foot,oneway\nresidential,1,1,0\n", encoding="utf-8")
    with pytest.raises(Exception, match="ROAD_CLASSES: “table.csv” has no column speed, lanes, capacity, rank"):
        bpr(None, {"ROAD_CLASSES": str(table)})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"capacity": "0", "lanes": "2"}, ["1 of 1 roads have a capacity of 0", "times that of their class"]),
        ({"capacity": "", "lanes": "0"}, ["no usable number of lanes (“0” not understood): that of their class taken"]),
        ({"capacity": "", "lanes": "40"}, ["no usable number of lanes (“40” not understood)"]),
        ({"capacity": "", "lanes": "", "length": "0"}, ["1 road(s) have no usable length in “metres”"]),
        (
            {"capacity": "", "lanes": "", "kind": "lane;residential"},
            ["classes that are not known, taken for roads: lane"],
        ),
    ],
)
def test_odd_values_are_named_and_the_class_takes_their_place(values, words):
    log = Log()
    assert bpr(log, **{"speed": "", **values}) == slowed(120, 600)
    for word in words:
        assert word in log.text


def test_the_roads_capacity_has_a_name_of_its_own_beside_shelters():
    registry = QgsApplication.processingRegistry()
    for name in ("recommendshelters", "allocatecrowd", "nearestshelters"):
        algorithm = registry.algorithmById(f"evacuation:{name}")
        roads = algorithm.parameterDefinition("ROAD_CAPACITY_FIELD")
        assert (roads.parentLayerParameterName(), roads.defaultValue()) == ("NETWORK", "capacity")
        shelters = algorithm.parameterDefinition("CAPACITY_FIELD")
        assert shelters is None or shelters.parentLayerParameterName() != "NETWORK"
    for name in ("routeevacuation", "checkroads", "mendroads"):
        algorithm = registry.algorithmById(f"evacuation:{name}")
        assert algorithm.parameterDefinition("ROAD_CAPACITY_FIELD") is None
        assert algorithm.parameterDefinition("CAPACITY_FIELD").parentLayerParameterName() == "NETWORK"


def test_shelters_and_routes_find_the_same_capacity_on_every_piece(monkeypatch):
    from evacuation_planner.plugin.layers.roads import network

    read, found = network.read_network, []

    def remember(*given):
        found.append(read(*given))
        return found[-1]

    monkeypatch.setattr(network, "read_network", remember)
    roads = layer(
        [line((0, 0), (500, 0)), line((500, 0), (500, 500)), line((500, 0), (1000, 0))],
        "&field=highway:string&field=lanes:string&field=capacity:string&field=flow:string",
        [["primary", "4", "", "1"], ["residential", "", "450", "2"], ["tertiary", "2", None, "3"]],
        UTM,
    )
    fields = "&field=zone_id:string&field=site_id:string&field=capacity:double"
    place = layer([f"POINT({at(0, 0)})"], fields, [["a", "s", 9]], UTM, "Point")
    shelters = {"ZONES": place, "SHELTERS": place, "NETWORK": roads, "OUTPUT": "TEMPORARY_OUTPUT"}
    trips = {"TRIPS": one_trip(), "NETWORK": roads, "NETWORK_ID_FIELD": None, "METHOD": INDIVIDUAL}
    processing.run("evacuation:nearestshelters", shelters)
    run(**trips)
    processing.run("evacuation:nearestshelters", {**shelters, "ROAD_CAPACITY_FIELD": "flow"})
    run(**trips, CAPACITY_FIELD="flow")
    first, second, third, fourth = [one.network.capacity.tolist() for one in found]
    assert first == second == [3000, 3000, 450, 450, 600, 600]
    assert third == fourth == [1, 1, 2, 2, 3, 3]


def crossing():
    """A residential street of 1000 m that ends at a primary one."""
    rows = [["street", "residential"], ["main", "primary"], ["main", "primary"]]
    lines = [line((0, 0), (1000, 0)), line((1000, -500), (1000, 0)), line((1000, 0), (1000, 500))]
    return layer(lines, "&field=road_id:string&field=highway:string", rows, UTM)


@pytest.mark.parametrize(("delay", "capacity"), [(0, 600), (6, 300), (2, 450)])
def test_who_gives_way_leaves_later(delay, capacity):
    log = Log()
    given = {"NETWORK": crossing(), "TRIPS": one_trip(), "METHOD": INDIVIDUAL, "FLOW_MODEL": 1, "ANALYSIS_PERIOD": 20}
    found = run(log, JUNCTION_DELAY=delay, **given)
    assert found["TOTAL_TIME"] == slowed(found["FREE_FLOW_TIME"] / 500, capacity)
    assert ("1 directed pieces of road end at a junction" in log.text) == (delay > 0)
    assert found["FREE_FLOW_TIME"] == pytest.approx(500 * 120, rel=1e-3)


def test_nobody_gives_way_without_classes():
    log = Log()
    given = {"NETWORK": crossing(), "TRIPS": one_trip(), "METHOD": INDIVIDUAL, "ROAD_CLASS_FIELD": None}
    run(log, JUNCTION_DELAY=6, **given)
    assert any("JUNCTION_DELAY: no road of “roads” has a class with a rank" in text for text in log.warnings)


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
