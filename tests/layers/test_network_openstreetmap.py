"""OpenStreetMap's lines as GDAL opens them, MATSim's links, and other road layers whose attributes need reading."""

from __future__ import annotations

import numpy as np
import pytest
from qgis.core import NULL, QgsVectorLayer

from evacuation_planner.plugin.layers.errors import LayerError
from tests.layers.road_layers import Log, layer, read

# Ways between nodes of a ladder at 48 degrees north; every way is 0.001 degrees of longitude long.
WAYS = (
    (101, {"highway": "residential", "maxspeed": "30", "lanes": "1", "name": 'Rue "du Pont" => 5'}),
    (102, {"highway": "primary", "maxspeed": "50", "lanes": "3", "oneway": "yes"}),
    (103, {"highway": "motorway", "maxspeed": "110"}),
    (104, {"highway": "tertiary", "junction": "roundabout", "maxspeed": "20 mph"}),
    (105, {"highway": "motorway_link", "oneway": "no", "maxspeed": "60"}),
    (106, {"highway": "secondary", "oneway": "-1", "maxspeed": "50", "note": '"oneway"=>"no"'}),
    (107, {"highway": "footway"}),
    (108, {"highway": "steps"}),
    (109, {"waterway": "river", "maxspeed": "10"}),
    (110, {"railway": "rail", "maxspeed": "160"}),
    (111, {"highway": "service", "access": "no"}),
    (112, {"highway": "service", "access": "private"}),
    (113, {"highway": "track", "motor_vehicle": "yes"}),
)
ROADS = ["101", "102", "103", "104", "105", "106", "112", "113"]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A file in OpenStreetMap's XML."""
    nodes, ways = [], []
    for k, (way, tags) in enumerate(WAYS):
        for end in (0, 1):
            nodes.append(f'<node id="{2 * k + end + 1}" lat="{48 + k * 0.01}" lon="{2 + end * 0.001}" version="1"/>')
        text = "".join(f'<tag k="{key}" v="{value.replace(chr(34), "&quot;")}"/>' for key, value in tags.items())
        ways.append(f'<way id="{way}" version="1"><nd ref="{2 * k + 1}"/><nd ref="{2 * k + 2}"/>{text}</way>')
    path = tmp_path_factory.mktemp("osm") / "town.osm"
    path.write_text(f'<osm version="0.6">{"".join(nodes + ways)}</osm>', encoding="utf-8")
    return path


def lines_of(path) -> QgsVectorLayer:
    opened = QgsVectorLayer(f"{path}|layername=lines", "lines", "ogr")
    assert opened.isValid() and "other_tags" in opened.fields().names()
    assert "maxspeed" not in opened.fields().names()
    return opened


def by_road(found):
    """Direction, speed, lanes and capacity of each road."""
    net, out = found.network, {}
    for arc in range(net.arc_count):
        road, way = net.arc_road(arc), "forward" if net.forward[arc] else "backward"
        values = float(net.speed[arc]), float(net.lanes[arc]), float(net.capacity[arc])
        out[road] = (way, *values) if road not in out else ("both", *values)
    return out


def test_openstreetmap_as_qgis_opens_it(town):
    log = Log()
    found = by_road(read(lines_of(town), log=log, class_field="highway", id_field="osm_id"))
    assert found == {
        "101": ("both", 30.0, 1.0, 600.0),
        "102": ("forward", 50.0, 3.0, 4500.0),
        "103": ("forward", 110.0, 2.0, 4000.0),
        "104": ("forward", pytest.approx(32.18688), 1.0, 600.0),
        "105": ("both", 60.0, 1.0, 1500.0),
        "106": ("backward", 50.0, 1.0, 1000.0),
        "112": ("both", 15.0, 1.0, 300.0),
        "113": ("both", 40.0, 1.0, 900.0),  # a track has no values: what everybody takes who has nothing
    }
    said = "\n".join(log.said)
    assert "read from the tags of “lines”: oneway, maxspeed, lanes" in said
    assert (
        "5 of 13 lines of “lines” are no roads for cars and are left out: footway (1), steps (1), waterway river (1), "
        "railway rail (1), access no (1). ALL_LINES keeps them." in said
    )
    assert (
        "Where values come from, in roads. Speed: 6 own, 1 by class, 1 at 40 km/h. Lanes: 2 own, 5 by class, 1 at 1 "
        "lane a direction. Capacity: 7 by class, 1 at 900 vehicles/h and lane." in said
    )
    assert "2 motorway(s) and roundabout(s) without a direction of their own are one-way" in said


def test_without_classes_everybody_takes_the_last_resort_and_given_defaults_come_before_the_class(town):
    options = {"class_field": "highway", "id_field": "osm_id"}
    found = by_road(read(lines_of(town), use_classes=False, **options))
    assert (found["103"], found["112"]) == (("forward", 110.0, 1.0, 900.0), ("both", 40.0, 1.0, 900.0))
    found = by_road(read(lines_of(town), default_speed=55.0, default_lane_capacity=700.0, **options))
    assert (found["103"], found["112"]) == (("forward", 110.0, 2.0, 1400.0), ("both", 55.0, 1.0, 700.0))


def test_a_factor_scales_every_capacity(town):
    log, options = Log(), {"class_field": "highway", "id_field": "osm_id"}
    as_is = read(lines_of(town), **options).network
    at_night = read(lines_of(town), log=log, capacity_factor=0.7, **options).network
    assert at_night.capacity == pytest.approx(0.7 * as_is.capacity)
    assert np.array_equal(at_night.free_flow, as_is.free_flow) and np.array_equal(at_night.lanes, as_is.lanes)
    assert "CAPACITY_FACTOR: every capacity of a road times 0.7." in log.said


def test_a_table_of_ones_own(town, tmp_path):
    log, options = Log(), {"class_field": "highway", "id_field": "osm_id"}
    table = tmp_path / "own.csv"
    table.write_text(
        "class;car;foot;oneway;speed;lanes;capacity;rank\nservice;1;1;0;5;1;100;9\nprimary;1;1;0;;2;;3\n", "utf-8"
    )
    found = by_road(read(lines_of(town), log=log, road_classes=str(table), **options))
    assert found["112"] == ("both", 5.0, 1.0, 100.0)
    assert found["102"] == ("forward", 50.0, 3.0, 2700.0)
    assert any("ROAD_CLASSES: 2 classes of" in text and "own.csv" in text for text in log.said)
    assert any("classes that are not known, taken for roads: footway (1), motorway (1)" in text for text in log.said)
    urban = by_road(read(lines_of(town), road_classes="classes_urban.csv", use_tags=False, **options))
    assert (urban["101"][1], urban["106"][1], urban["102"][1]) == (15.0, 30.0, 80.0)


def test_all_lines_are_kept_on_request(town):
    found = by_road(read(lines_of(town), class_field="highway", id_field="osm_id", all_lines=True))
    assert set(found) == {str(way) for way, _ in WAYS}
    assert found["109"][1] == 10.0
    assert found["103"][0] == "forward"


def test_tags_are_left_alone_on_request(town):
    found = by_road(read(lines_of(town), class_field="highway", id_field="osm_id", use_tags=False))
    assert found["102"][1] == 80.0 and found["106"][0] == "both"
    assert set(found) == {*ROADS, "111"} - {"113"}


def test_a_field_of_ones_own_wins_over_the_tags(town):
    opened = lines_of(town)
    found = by_road(read(opened, class_field="highway", id_field="osm_id", speed_field="z_order"))
    assert found["101"][1] != 30.0


def test_the_left_out_lines_come_back_with_their_place(town):
    found = read(lines_of(town), class_field="highway", id_field="osm_id")
    assert [row[:2] for row in found.left_out] == [
        ("not_a_road", way) for way in ("107", "108", "109", "110", "111")
    ]  # fmt: skip
    assert found.left_out[2][2] == "no road for cars: waterway river"
    assert found.left_out_xy[0].tolist() == pytest.approx([2, 48.06])


def road(k: int) -> str:
    return f"LINESTRING({500_000 + 100 * k} 6700000, {500_100 + 100 * k} 6700000)"


def test_a_layer_with_no_road_for_cars_says_so():
    memory = layer([road(0), road(1)], "&field=highway:string", [["footway"], ["steps"]])
    with pytest.raises(LayerError, match=r"none of the 2 lines of “roads” is a road for cars \(footway \(1\), steps"):
        read(memory, class_field="highway")
    assert read(memory, class_field="highway", all_lines=True).network.piece_count == 2


def test_classes_that_are_not_openstreetmaps_are_all_roads():
    log = Log()
    memory = layer([road(0), road(1)], "&field=mtfcc:string", [["S1400"], [NULL]])
    assert read(memory, log=log, class_field="mtfcc").network.piece_count == 2
    assert any("no value of “mtfcc” is a class of OpenStreetMap" in text for text in log.said)


def test_motorways_without_a_direction_field_and_with_one_that_is_left_aside():
    log = Log()
    rows = [["motorway"], ["primary"]]
    found = by_road(read(layer([road(0), road(1)], "&field=highway:string", rows), log=log, class_field="highway"))
    assert [row[0] for row in found.values()] == ["forward", "both"]
    assert "NETWORK: no direction field; every other road is open both ways." in log.said
    log = Log()
    rows = [["motorway", "yes"], ["primary", "-1"]]
    memory = layer([road(0), road(1)], "&field=highway:string&field=OneWay:string", rows)
    found = by_road(read(memory, log=log, class_field="highway", direction_field=None))
    assert [row[0] for row in found.values()] == ["both", "both"]
    assert "NETWORK: no direction field; every road is open both ways." in log.said


def test_columns_of_their_own_for_junction_and_access():
    memory = layer(
        [road(0), road(1), road(2)],
        "&field=highway:string&field=JUNCTION:string&field=Access:string",
        [["tertiary", "roundabout", NULL], ["service", NULL, "no"], ["service", NULL, "yes"]],
    )
    found = by_road(read(memory, class_field="highway"))
    assert {name: row[0] for name, row in found.items()} == {"1": "forward", "3": "both"}


def test_matsim_links():
    # Each link is one direction, drawn 100 m long on a grid with the scale 0.9996.
    memory = layer(
        [road(0), "LINESTRING(500100 6700000, 500000 6700000)", road(1), road(2)],
        "&field=id:string&field=from:string&field=to:string&field=length:double&field=freespeed:double"
        "&field=capacity:double&field=permlanes:double&field=modes:string",
        [
            ["a", "n0", "n1", 120.0, 13.888888888888889, 1800.0, 2.0, "car,bike"],
            ["b", "n1", "n0", 120.0, 8.333333333333334, 600.0, 1.0, "car"],
            ["c", "n1", "n2", NULL, 27.77777777777778, 2000.0, 1.0, "car"],
            ["pt", "n2", "n3", 100.0, 27.77777777777778, 2000.0, 1.0, "pt"],
        ],
    )
    log = Log()
    options = {
        "default_direction": 0, "speed_field": "freespeed", "speed_unit": "m/s", "lanes_field": "permlanes",
        "capacity_field": "capacity", "length_field": "length", "id_field": "id", "class_field": "modes",
    }  # fmt: skip
    net = read(memory, log=log, **options).network
    ends = np.round((net.node_xy[:, 0] - 500_000) / 100).astype(int)
    arcs = {(int(ends[net.tail[k]]), int(ends[net.head[k]])): k for k in range(net.arc_count)}
    assert set(arcs) == {(0, 1), (1, 0), (1, 2)} and net.arc_count == 3
    a, b, c = arcs[0, 1], arcs[1, 0], arcs[1, 2]
    assert net.free_flow[[a, b, c]] == pytest.approx([8.64, 14.4, 3.6 / 0.9996], rel=1e-5)
    assert net.length[[a, b]] == pytest.approx([120, 120])
    assert net.lanes[[a, b, c]].tolist() == [2, 1, 1]
    assert net.capacity[[a, b, c]].tolist() == [1800, 600, 2000]
    assert not any("SPEED_UNIT" in text for text in log.warned)
    assert any("1 road(s) have no usable length in “length”" in text for text in log.warned)
    log = Log()
    read(memory, log=log, **{**options, "speed_unit": "km/h"})
    assert any("as if they were in m/s" in text and "SPEED_UNIT" in text for text in log.warned)


def test_a_capacity_of_zero_closes_a_road_between_others():
    memory = layer(
        [road(k) for k in range(21)], "&field=capacity:double", [[0.0 if k == 10 else 900.0] for k in range(21)]
    )
    log = Log()
    found = read(memory, log=log, capacity_field="capacity")
    assert found.network.piece_count == 20
    assert len(np.unique(np.concatenate([found.network.tail, found.network.head]))) == 22
    assert "NETWORK: 1 road(s) have a capacity of 0 and are closed: 11." in log.warned
    assert found.left_out == [("closed_road", "11", "closed: a capacity of 0")]
    assert found.left_out_xy.tolist() == [[501_000, 6_700_000]]


def test_roads_that_their_direction_closes():
    rows = [["FT"], ["N"], ["TF"], [NULL]]
    found = by_road(read(layer([road(k) for k in range(4)], "&field=dir:string", rows), direction_field="dir"))
    assert {name: row[0] for name, row in found.items()} == {"1": "forward", "3": "backward", "4": "both"}


def test_lanes_of_a_direction_are_read_from_the_tags_and_from_fields():
    line = "LINESTRING(2 48, 2.001 48)"
    tags = '"highway"=>"primary","lanes"=>"3","lanes:forward"=>"2","lanes:backward"=>"1"'
    packed = layer([line], "&field=other_tags:string", [[tags]], "EPSG:4326")
    assert read(packed, class_field=None).network.lanes.tolist() == [2, 1]
    fields = layer([line], "&field=lanes_forward:integer&field=capacity_backward:double", [[0, 1500]], "EPSG:4326")
    found = read(fields, lanes_each=("lanes_forward", None), capacity_each=(None, "capacity_backward")).network
    assert found.forward.tolist() == [False] and found.capacity.tolist() == [1500]
