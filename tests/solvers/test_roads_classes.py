"""Which lines are roads for cars, tags kept in one text, and lengths that a layer gives."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.roads.class_values import class_values
from evacuation_planner.plugin.solvers.roads.classes import TABLES, choose_roads, read_classes, table_of
from evacuation_planner.plugin.solvers.roads.lengths import with_given_lengths
from evacuation_planner.plugin.solvers.roads.osm import tags_in
from tests.solvers.road_drawings import pieces_of

CLASSES = read_classes()
HEAD = "class,car,foot,oneway,speed,lanes,capacity,rank"


def choose(values, **tags):
    return choose_roads(CLASSES, values, tags, len(values))


@pytest.mark.parametrize(
    "value",
    ["motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street", "service",
     "road", "trunk_link", "primary_link", "tertiary_link", "Residential", ["footway", "service"], "path;service",
     "['footway', 'residential']"],
)  # fmt: skip
def test_what_cars_use(value):
    assert choose([value]).reason == [""]


@pytest.mark.parametrize(
    "value",
    ["footway", "path", "pedestrian", "steps", "track", "cycleway", "bridleway", "corridor", "construction",
     "proposed", "razed", "abandoned", "raceway", "platform", "bus_guideway", "busway", "escape", "elevator"],
)  # fmt: skip
def test_what_cars_do_not_use(value):
    assert choose([value, "primary"]).reason == [value, ""]


def test_walkers_may_use_ways_that_are_not_for_cars_but_not_building_sites():
    foot = {name for name, row in CLASSES.items() if row.foot and not row.car}
    assert {"footway", "path", "pedestrian", "steps", "track", "cycleway", "bridleway", "corridor"} <= foot
    assert not any(CLASSES[name].foot for name in ("motorway", "construction", "raceway", "proposed"))


def test_lines_without_a_class_are_told_by_their_other_tags():
    found = choose(
        [None, "", None, "primary", None],
        waterway=["river", None, None, None, None],
        railway=[None, "rail", None, "tram", None],
        route=[None, None, "ferry", None, None],
    )
    assert found.reason == ["waterway river", "railway rail", "route ferry", "", "no class"]


def test_access_the_most_specific_tag_counts():
    found = choose(
        ["service"] * 8,
        access=["no", "private", "no", "yes", "no", None, "destination", "no"],
        vehicle=[None, None, None, None, "yes", None, None, "yes"],
        motor_vehicle=[None, None, "yes", "no", None, "agricultural;forestry", None, "no"],
        motorcar=[None, None, None, None, None, None, None, "yes"],
    )
    closed = ["access no", "", "", "motor_vehicle no", "", "motor_vehicle agricultural;forestry", "", ""]
    assert found.reason == closed


def test_a_way_for_walkers_that_its_own_tag_opens():
    found = choose(
        ["track", "pedestrian", "track", "construction", "track"],
        motor_vehicle=["yes", "permissive", "private", "yes", None],
        access=[None, None, None, None, "yes"],
    )
    assert found.reason == ["", "", "track", "construction", "track"]


def test_roundabouts_and_motorways_are_one_way():
    found = choose(
        ["motorway", "motorway_link", "trunk", "residential", "service", ["motorway", "trunk"]],
        junction=[None, None, None, "roundabout", "circular", None],
    )
    assert found.one_way.tolist() == [True, True, False, True, True, False]


def test_a_class_field_that_is_not_openstreetmaps_leaves_every_line():
    found = choose(["S1400", "S1100", None], access=["no", None, None])
    assert not found.known
    assert found.reason == ["", "", ""]
    assert choose([None, None]).reason == ["", ""]


def test_a_class_that_is_not_known_is_taken_for_a_road_and_counted():
    found = choose(["primary", "superhighway", "superhighway", None])
    assert found.reason == ["", "", "", "no class"]
    assert found.unknown == {"superhighway": 2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}\nfootway,0,1,0,,,,\nfootway,0,1,0,,,,\n", "is there twice"),
        (f"{HEAD}\nfootway,no,1,0,,,,\n", "“no” in the column car must be 0 or 1"),
        ("class,car\nfootway,0\n", "has no column foot, oneway, speed, lanes, capacity, rank"),
        (f"{HEAD}\nlane,1,1,0,fast,1,600,7\n", "line 2 of “classes.csv”: “fast” in the column speed must be a number"),
        (f"{HEAD}\nlane,1,1,0,30,0,600,7\n", "“0” in the column lanes must be a number above 0"),
        (f"{HEAD}\nlane,1,1,0,300,1,600,7\n", "“300” in the column speed must be between 1 and 200"),
        (f"{HEAD}\nlane,1,1,0,30,40,600,7\n", "“40” in the column lanes must be between 0.5 and 24"),
        (f"{HEAD}\nlane,1,1,0,30,1,60000,7\n", "“60000” in the column capacity must be between 1 and 10000"),
        ("", "has no column class"),
    ],
)
def test_a_table_of_classes_that_cannot_be_read(tmp_path, text, words):
    path = tmp_path / "classes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SolverError, match=words):
        read_classes(path)


def test_a_table_may_have_further_columns(tmp_path):
    path = tmp_path / "classes.csv"
    path.write_text(f"{HEAD},note\nlane,1,1,0,30,1,600,7,ours\npath,0,1,0,,,,,\n", encoding="utf-8")
    found = read_classes(path)
    assert found["lane"] == (True, True, False, 30, 1, 600, 7)
    assert found["path"][:3] == (False, True, False) and all(map(math.isnan, found["path"][3:]))


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(SolverError, match="ROAD_CLASSES: .*none.csv” cannot be read .*Choose another file"):
        read_classes(table_of(str(tmp_path / "none.csv")))


def test_a_shipped_table_goes_by_its_name_alone(tmp_path, monkeypatch):
    assert table_of("") == TABLES / "classes.csv"
    assert table_of("classes_urban.csv") == TABLES / "classes_urban.csv"
    own = tmp_path / "classes_urban.csv"
    assert table_of(str(own)) == own
    own.write_text(HEAD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert table_of("classes_urban.csv") == Path("classes_urban.csv")  # a file here comes first


# MATSim's OsmNetworkReader before 2016 (service: ours): km/h, lanes a direction, vehicles/h and lane.
VALUES = {
    "motorway": (120, 2, 2000), "motorway_link": (80, 1, 1500), "trunk": (80, 1, 2000), "trunk_link": (50, 1, 1500),
    "primary": (80, 1, 1500), "primary_link": (60, 1, 1500), "secondary": (60, 1, 1000), "tertiary": (45, 1, 600),
    "unclassified": (45, 1, 600), "road": (45, 1, 600), "residential": (30, 1, 600), "living_street": (15, 1, 300),
    "service": (15, 1, 300), "secondary_link": (60, 1, 1000), "tertiary_link": (45, 1, 600),
}  # fmt: skip
URBAN = {"secondary": 30, "secondary_link": 30, "tertiary": 25, "tertiary_link": 25, "unclassified": 15, "road": 15,
         "residential": 15, "living_street": 10}  # fmt: skip


@pytest.mark.parametrize(("table", "slower"), [("classes.csv", {}), ("classes_urban.csv", URBAN)])
def test_the_values_of_the_shipped_tables(table, slower):
    names = list(VALUES)
    found = class_values(read_classes(TABLES / table), names, len(names))
    rows = np.column_stack([found.speed, found.lanes, found.lane_capacity]).tolist()
    assert dict(zip(names, rows)) == {
        name: [slower.get(name, speed), lanes, capacity] for name, (speed, lanes, capacity) in VALUES.items()
    }


def test_the_tables_differ_in_speeds_alone():
    ours, urban = read_classes(), read_classes(TABLES / "classes_urban.csv")
    assert list(ours) == list(urban)
    for name, row in ours.items():
        assert str(row._replace(speed=0)) == str(urban[name]._replace(speed=0))


def test_classes_from_the_highest_down():
    order = [
        "motorway", "trunk_link", "primary", "secondary_link", "tertiary", "unclassified", "residential", "service",
    ]  # fmt: skip
    assert class_values(CLASSES, order, 8).rank.tolist() == list(range(1, 9))


def test_of_several_classes_the_lowest_for_cars_counts():
    values = ["primary;residential", ["residential", "tertiary"], "footway;tertiary", "footway", "spaceway", None]
    found = class_values(CLASSES, values, 6)
    assert found.speed[:3].tolist() == [30, 30, 45]
    assert np.isnan(found.speed[3:]).all()
    assert np.isnan(class_values(CLASSES, None, 2).lanes).all()


@pytest.mark.parametrize(
    "value",
    [
        '"maxspeed"=>"50","lanes"=>"2","name"=>"a \\"b\\" => c","source"=>"x\\\\y"',
        '"name"=>"a \\"b\\" => c", "lanes" => "2", "maxspeed" => "50", "ref"=>NULL',
        '{"maxspeed": "50", "lanes": 2, "name": "a \\"b\\" => c", "ref": null}',
        {"maxspeed": "50", "lanes": 2, "name": 'a "b" => c', "ref": None},
    ],
)
def test_tags_kept_together(value):
    assert tags_in(value, {"maxspeed", "lanes", "name", "ref"}) == {
        "maxspeed": "50", "lanes": "2", "name": 'a "b" => c',
    }  # fmt: skip


def test_a_value_that_looks_like_a_tag_is_none():
    assert tags_in('"note"=>"\\"oneway\\"=>\\"yes\\"","lanes"=>"1"', {"oneway", "lanes"}) == {"lanes": "1"}


@pytest.mark.parametrize("value", ["", "shop, school", "{broken", "[1]", 5, None, True])
def test_what_holds_no_tags(value):
    assert tags_in(value, {"oneway"}) == {}


def test_given_lengths_are_shared_by_the_pieces():
    # A road of 30 m in pieces of 10 and 20, one of 40 m in pieces of 15 and 25 m, crossing at (10, 0).
    pieces = pieces_of([[(0, 0), (10, 0), (30, 0)], [(10, -15), (10, 0), (10, 25)]])
    changed, warnings = with_given_lengths(pieces, [45.0, "60 m"], ["a", "b"], "length")
    assert changed.length.tolist() == pytest.approx([15, 30, 22.5, 37.5])
    assert warnings == []


@pytest.mark.parametrize("value", [None, 0, -3, "", "long", "1,500", float("nan")])
def test_a_road_without_a_usable_length_is_as_drawn(value):
    pieces = pieces_of([[(0, 0), (10, 0), (30, 0)], [(10, -15), (10, 0), (10, 25)]])
    changed, warnings = with_given_lengths(pieces, [value, 60], ["a", "b"], "length")
    assert changed.length.tolist() == pytest.approx([10, 20, 22.5, 37.5])
    assert len(warnings) == 1 and "1 road(s) have no usable length in “length”" in warnings[0]


def test_lengths_far_from_the_drawing_are_a_warning():
    pieces = pieces_of([[(0, 0), (30, 0)], [(0, 9), (30, 9)], [(0, 20), (30, 20)]])
    changed, warnings = with_given_lengths(pieces, [98.4, 14.9, 60.0], ["feet", "short", "twice"], "len")
    assert np.allclose(changed.length, [98.4, 14.9, 60.0])
    assert len(warnings) == 1
    assert "2 road(s)" in warnings[0] and "feet (98 m given, 30 m drawn), short" in warnings[0]
