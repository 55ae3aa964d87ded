"""TRAVEL_MODE on foot through the registry: streets worked out by hand, heights against GDAL, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProject,
    QgsRasterLayer,
)

from evacuation_planner.plugin.layers.roads.elevation import Elevation, heights_at
from evacuation_planner.plugin.layers.roads.network import read_both_networks, read_network
from evacuation_planner.plugin.layers.roads.options import NetworkOptions
from evacuation_planner.plugin.layers.routing.outputs import ROADS
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.processing_provider.outputs import on_foot
from tests.layers.road_layers import source_of
from tests.processing.closing_layers import raster
from tests.processing.routing_layers import EAST, NORTH, UTM, Log, at, layer, line, rows_of

NEAR = {"rel": 1e-3}  # metres on the ellipsoid are 0.04 % longer than those of the drawing
WALK = {"TRAVEL_MODE": 1}
FIELDS = "&field=name:string&field=highway:string&field=foot:string&field=oneway:string&field=maxspeed:double"


def streets(rows=None, fields=FIELDS):
    """A one-way street of 1,000 m uphill, steps of 100 m beside a motorway, a footway closed to walkers."""
    rows = rows or [
        (line((0, 0), (1000, 0)), ["street", "residential", None, "yes", 50]),
        (line((1000, 0), (1000, 100)), ["steps", "steps", None, None, None]),
        (line((1000, 0), (1500, 0)), ["motorway", "motorway", None, None, 120]),
        (line((1000, 100), (0, 0)), ["path", "footway", "no", None, None]),
    ]
    return layer("LineString", fields, rows, "streets")


def tilt(folder, slope=0.1, base=20.0, cell=10.0, name="tilt", west=-200.0, columns=200, hole=None):
    """Heights that rise to the east, base at x = 0; no data where ``hole`` says so of the x of the cells."""
    x = west + cell * (np.arange(columns) + 0.5)
    row = base + slope * x
    if hole is not None:
        row = np.where(hole(x), -9999.0, row)
    return raster(folder, np.tile(row, (80, 1)), EAST + west, NORTH + 400, cell, name=name)


def pieces(log=None, **more):
    given = {"NETWORK": streets(), "NETWORK_ID_FIELD": "name", "OUTPUT_NETWORK": "TEMPORARY_OUTPUT",
             "OUTPUT": "TEMPORARY_OUTPUT", **WALK, **more}  # fmt: skip
    found = processing.run("evacuation:checkroads", given, feedback=log or Log())
    return {row["road_id"]: row for row in rows_of(found, "OUTPUT_NETWORK")}


def failure(**more):
    with pytest.raises(QgsProcessingException) as caught:
        pieces(**more)
    return str(caught.value)


def read(source, mode, elevation=None, log=None, **options):
    chosen = NetworkOptions(id_field="name", class_field="highway", travel_mode=mode, elevation=elevation, **options)
    context = QgsProcessingContext()
    return read_network(source_of(source, context), chosen, None, context, log or Log(), Control())


def seconds(found):
    """Free-flow seconds of each road: as drawn, against it (None where that is closed)."""
    network, out = found.network, {}
    for j in range(network.arc_count):
        out.setdefault(network.arc_road(j), [None, None])[0 if network.forward[j] else 1] = float(network.free_flow[j])
    return out


def test_who_walks_goes_both_ways_at_walking_speed_and_on_no_motorway():
    log = Log()
    found = pieces(log)
    assert set(found) == {"street", "steps"}
    assert found["street"]["direction"] == "backward"  # the last of its rows: one-way signs do not count
    assert found["street"]["free_flow_s"] == pytest.approx(1000 / 1.1, **NEAR)
    assert found["steps"]["free_flow_s"] == pytest.approx(100 / 0.66, **NEAR)
    assert "motorway (1)" in log.text and "foot no (1)" in log.text and "no roads on foot" in log.text


def test_by_car_nothing_of_it_counts():
    given = {"NETWORK": streets(), "NETWORK_ID_FIELD": "name", "OUTPUT_NETWORK": "TEMPORARY_OUTPUT",
             "OUTPUT": "TEMPORARY_OUTPUT"}  # fmt: skip
    log = Log()
    cars = rows_of(processing.run("evacuation:checkroads", given, feedback=Log()), "OUTPUT_NETWORK")
    told = {**given, "TRAVEL_MODE": 0, "WALKING_SPEED": 3.0, "FOOT_DENSITY": 2.0, "WIDTH_FIELD": "maxspeed"}
    again = rows_of(processing.run("evacuation:checkroads", told, feedback=log), "OUTPUT_NETWORK")
    assert cars == again
    assert {row["road_id"] for row in cars} == {"street", "motorway"}
    assert "WIDTH_FIELD: plays no part by car" in log.text


def test_slopes_by_direction(tmp_path):
    ground = Elevation(tilt(tmp_path, 0.1))
    found = seconds(read(streets(), 1, ground))
    up, down = math.exp(0.35), 1.0
    assert found["street"] == [pytest.approx(1000 / 1.1 * up, **NEAR), pytest.approx(1000 / 1.1 * down, **NEAR)]
    assert found["street"][0] / found["street"][1] == pytest.approx(math.exp(0.35), rel=2e-3)
    assert found["steps"] == [pytest.approx(100 / 0.66, **NEAR)] * 2


def test_a_layer_without_classes_is_open_and_the_log_says_so():
    log = Log()
    rows = [(line((0, 0), (100, 0)), ["a"]), (line((100, 0), (200, 0)), ["b"])]
    found = pieces(log, NETWORK=streets(rows, "&field=name:string"))
    assert set(found) == {"a", "b"} and "no class field; every line is open on foot" in log.text


def test_walking_speeds_that_are_none():
    for value, words in ((0, "too small"), (100, "too large"), (float("nan"), "not a finite number")):
        text = failure(WALKING_SPEED=value)
        assert "WALKING_SPEED" in text and words in text
    assert pieces(WALKING_SPEED=3.85)["street"]["free_flow_s"] == pytest.approx(1000 / 3.85, **NEAR)


def test_feet_look_too_high_or_too_steep(tmp_path):
    log = Log()
    feet = pieces(log, ELEVATION=tilt(tmp_path, 0.1 / 0.3048, 20 / 0.3048, name="feet"), ELEVATION_UNIT=1)
    metres = pieces(ELEVATION=tilt(tmp_path, 0.1, 20.0))
    assert feet["street"]["free_flow_s"] == pytest.approx(metres["street"]["free_flow_s"], rel=1e-6)
    assert not log.warnings
    log = Log()
    pieces(log, ELEVATION=QgsRasterLayer(str(tmp_path / "feet.tif")))
    assert any("steeper than 30 %" in text.replace("30%", "30 %") and "ELEVATION_UNIT" in text for text in log.warnings)
    log = Log()
    pieces(log, ELEVATION=tilt(tmp_path, 0.1, 7000.0, name="high"))
    assert any("no road lies above 6,000" in text and "feet" in text for text in log.warnings)


def test_heights_that_are_none(tmp_path):
    log = Log()
    pieces(log, ELEVATION=tilt(tmp_path, 0.1, 32000.0, name="absurd"))
    assert any("above 9,000 m" in text for text in log.warnings)


def test_no_height_under_part_of_the_roads(tmp_path):
    log = Log()
    hole = tilt(tmp_path, 0.1, name="hole", hole=lambda x: (x > 300) & (x < 600))
    found = seconds(read(streets(), 1, Elevation(hole), log))
    assert found["street"][0] == pytest.approx(1000 / 1.1 * math.exp(0.35), **NEAR)  # rises evenly over the hole
    assert any("no height under" in text and "street" in text for text in log.warnings)
    log = Log()
    east = tilt(tmp_path, 0.1, name="east", hole=lambda x: x > 700)
    found = seconds(read(streets(), 1, Elevation(east), log))
    assert found["street"][0] == pytest.approx(700 / 1.1 * math.exp(0.35) + 300 / 1.1, rel=0.03)


def test_no_height_under_any_road(tmp_path):
    tilt(tmp_path, name="away", west=50_000.0)
    text = failure(ELEVATION=str(tmp_path / "away.tif"))
    assert "ELEVATION: “away” has no height under any road" in text


def test_slopes_over_fifty_percent_are_capped(tmp_path):
    log = Log()
    found = seconds(read(streets(), 1, Elevation(tilt(tmp_path, 0.9, name="wall")), log))
    assert found["street"][0] == pytest.approx(1000 / 1.1 * math.exp(3.5 * 0.5), **NEAR)
    assert any("slopes over 50%" in text and "street" in text for text in log.warnings)


def test_a_bridge_does_not_follow_the_ground(tmp_path):
    rows = [
        (line((0, 0), (200, 0)), ["a", "residential", None]),
        (line((200, 0), (500, 0)), ["bridge", "residential", "yes"]),
        (line((500, 0), (700, 0)), ["b", "residential", None]),
    ]
    x = -200 + 10 * (np.arange(120) + 0.5)
    gorge = np.where((x > 220) & (x < 480), -60.0, 30.0)
    ground = raster(tmp_path, np.tile(gorge, (80, 1)), EAST - 200, NORTH + 400, 10.0, name="gorge")
    fields = "&field=name:string&field=highway:string&field=bridge:string"
    log = Log()
    found = seconds(read(streets(rows, fields), 1, Elevation(ground), log))
    assert found["bridge"] == [pytest.approx(300 / 1.1, **NEAR)] * 2
    assert "1 road(s) are bridges or tunnels" in log.text


def test_heights_are_those_that_gdal_samples(tmp_path):
    rng = np.random.default_rng(5)
    values = rng.normal(100, 30, (600, 1100))
    values[100:120, 40:90] = -9999.0
    made = raster(tmp_path, values, EAST, NORTH, 10.0, name="rough")
    # GDAL's bilinear warp to a grid shifted by fractions of a cell: its pixels' centres are our places
    for shift_x, shift_y in ((3.0, 7.0), (0.0, 4.0), (5.0, 5.0)):
        west, north = EAST + 1000 + shift_x, NORTH - 500 - shift_y
        shifted = gdal.Warp(
            "", str(tmp_path / "rough.tif"), format="MEM", resampleAlg="bilinear", xRes=10, yRes=10,
            outputBounds=(west, north - 4000, west + 9000, north), outputType=gdal.GDT_Float64, errorThreshold=0,
        )  # fmt: skip
        want = shifted.ReadAsArray()
        rows, columns = want.shape
        y, x = np.mgrid[:rows, :columns]
        xy = np.column_stack([west + 10 * (x.ravel() + 0.5), north - 10 * (y.ravel() + 0.5)])
        crs = QgsCoordinateReferenceSystem(UTM)
        got = heights_at(Elevation(made), xy, crs, QgsProject.instance().transformContext())
        known = want.ravel() != -9999.0
        np.testing.assert_allclose(got[known], want.ravel()[known], rtol=0, atol=2e-3)
        assert known.mean() > 0.9


def test_a_raster_in_another_reference_system(tmp_path):
    tilt(tmp_path, 0.1, cell=5.0, columns=400)
    gdal.Warp(str(tmp_path / "degrees.tif"), str(tmp_path / "tilt.tif"), dstSRS="EPSG:4326", resampleAlg="bilinear")
    degrees = QgsRasterLayer(str(tmp_path / "degrees.tif"), "degrees")
    assert degrees.crs().isGeographic()
    one = seconds(read(streets(), 1, Elevation(QgsRasterLayer(str(tmp_path / "tilt.tif")))))
    other = seconds(read(streets(), 1, Elevation(degrees)))
    assert other["street"] == pytest.approx(one["street"], rel=2e-3)


def test_both_networks_of_one_reading(tmp_path):
    ground, context = Elevation(tilt(tmp_path)), QgsProcessingContext()
    layer_kept = streets()
    source = source_of(layer_kept, context)
    options = NetworkOptions(id_field="name", class_field="highway", direction_field="oneway", speed_field="maxspeed",
                             elevation=ground)  # fmt: skip
    car, foot = read_both_networks(source, options, None, context, Log(), Control())
    alone = [read_network(source, options.in_mode(mode), None, context, Log(), Control()) for mode in (0, 1)]
    for both, one in zip((car, foot), alone):
        for name in ("node_xy", "tail", "head", "free_flow", "capacity", "lanes", "piece_road"):
            np.testing.assert_array_equal(getattr(both.network, name), getattr(one.network, name))
    assert car.crs == foot.crs and (car.on_foot, foot.on_foot) == (False, True)
    names = ["street", "steps", "motorway", "path"]
    for both in (car, foot):
        assert [names[row] for row in both.arc_rows().tolist()] == [
            both.network.arc_road(j) for j in range(both.network.arc_count)
        ]


@pytest.mark.parametrize("value", ["no", "yes"])
def test_time_to_safety_on_foot(value):
    rows = [
        (line((0, 0), (400, 0)), ["a", "footway", value, None, None]),
        (line((400, 0), (400, 600)), ["b", "path", None, None, None]),
        (line((0, 0), (0, 660)), ["c", "residential", None, "-1", 50]),
        (line((0, 660), (400, 600)), ["d", "steps", None, None, None]),
    ]
    ring = ", ".join(at(*p) for p in ((-50, -50), (330, -50), (330, 440), (-50, 440), (-50, -50)))
    hazard = layer("Polygon", "&field=hazard_arrival:double", [(f"POLYGON(({ring}))", [30.0])], "wave")
    zone = layer("Point", "&field=zone_id:string&field=population:integer",
                 [(f"POINT({at(0, 0)})", ["corner", 100])], "quarters")  # fmt: skip
    found = processing.run(
        "evacuation:timetosafety",
        {"NETWORK": streets(rows), "HAZARD": hazard, "ZONES": zone, "NETWORK_ID_FIELD": "name", "REACTION_MINUTES": 0,
         "OUTPUT_ZONES": "TEMPORARY_OUTPUT", "OUTPUT": "TEMPORARY_OUTPUT", **WALK},
        feedback=Log(),
    )  # fmt: skip
    (row,) = rows_of(found, "OUTPUT_ZONES")
    metres = 330 if value == "yes" else 440  # out of the wave along the footway, else against the one-way street
    assert row["minutes_to_safety"] == pytest.approx(metres / 1.1 / 60, rel=2e-3)


def test_what_does_not_go_on_foot():
    for name, words in (
        ("contraflow", "no lanes to turn"),
        ("exportsumo", "SUMO"),
        ("rollinghorizon", "for vehicles alone"),
    ):
        made = QgsApplication.processingRegistry().createAlgorithmById(f"evacuation:{name}")
        wrong = made._wrong_together({"TRAVEL_MODE": 1}, QgsProcessingContext())
        assert wrong.startswith("TRAVEL_MODE") and words in wrong
    for name in ("metroscenario", "metrosensitivity", "allocatemetroresources", "mendroads"):
        made = QgsApplication.processingRegistry().createAlgorithmById(f"evacuation:{name}")
        assert made.parameterDefinition("TRAVEL_MODE") is None


def crowd(people=400):
    return layer(
        "LineString", "&field=zone_id:string&field=shelter_id:string&field=people:double",
        [(line((0, 0), (1000, 100)), ["a", "s", people])], "groups",
    )  # fmt: skip


def walk(log=None, **more):
    """400 people along the street and down steps of 2 m."""
    rows = [
        (line((0, 0), (1000, 0)), ["street", "residential", None, "yes", 50]),
        (line((1000, 0), (1000, 100)), ["steps", "steps", None, None, None]),
    ]
    outputs = ("OUTPUT", "OUTPUT_ROADS", "OUTPUT_CLEARANCE", "OUTPUT_UNROUTED")
    return processing.run(
        "evacuation:routeevacuation",
        {"TRIPS": crowd(), "NETWORK": streets(rows), "NETWORK_ID_FIELD": "name", "DEPARTURE_WINDOW": 0,
         "PEOPLE_PER_VEHICLE": 4, **dict.fromkeys(outputs, "TEMPORARY_OUTPUT"), **WALK, **more},
        feedback=log or Log(),
    )  # fmt: skip


def test_a_crowd_is_routed_person_by_person(tmp_path):
    found = walk(METHOD=0, OUTPUT_HTML=str(tmp_path / "report.html"))
    assert found["VEHICLES"] == 400
    # a one-way residential street has one lane: 3 m; the steps are 2 m wide and walked at 0.66 m/s
    street, steps = 1.3 * 2.6 * 1.1 / 1.19, 1.3 * 1.6 * 0.66 / 1.19
    last = 1000 / 1.1 + 100 / 0.66 + 399 / min(street, steps)
    assert found["CLEARANCE_TIME"] == pytest.approx(last, rel=2e-3)
    roads = {row["road_id"]: row for row in rows_of(found, "OUTPUT_ROADS")}
    assert roads["steps"]["capacity"] == pytest.approx(3600 * steps, rel=1e-6)
    assert roads["street"]["capacity"] == pytest.approx(3600 * street, rel=1e-6)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Cars and walkers do not hinder each other" in text and ">Lanes<" not in text


def test_by_car_the_report_speaks_of_lanes(tmp_path):
    rows = [(line((0, 0), (1000, 0)), ["street", "residential", None, None, 50]),
            (line((1000, 0), (1000, 100)), ["lane", "service", None, None, None])]  # fmt: skip
    found = walk(TRAVEL_MODE=0, NETWORK=streets(rows), METHOD=0, OUTPUT_HTML=str(tmp_path / "report.html"))
    assert found["VEHICLES"] == 100
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "On foot" not in text and ">Lanes<" in text


def test_comments_of_columns_speak_of_people():
    comments = {column.name: on_foot(column).comment for column in ROADS}
    assert comments["vehicles"] == "people on foot that use this piece in this direction"
    assert comments["delay_s"].endswith("person-seconds")
    assert comments["peak_flow"].startswith("persons/h")


def test_present_on_foot_and_not_cumulative():
    found = walk(FLOW_MODEL=0, METHOD=0)
    assert found["VEHICLES"] == 400 and found["CLEARANCE_TIME"] > 1000 / 1.1 + 100 / 0.66
    with pytest.raises(QgsProcessingException) as caught:
        walk(FLOW_MODEL=1)
    assert "FLOW_MODEL 1 (cumulative)" in str(caught.value) and "TRAVEL_MODE 1" in str(caught.value)


def test_entrances_limit_walkers_only_where_they_are_theirs():
    ring = ", ".join(at(*p) for p in ((990, 90), (1050, 90), (1050, 150), (990, 150), (990, 90)))
    site = layer("Polygon", "&field=shelter_id:string", [(f"POLYGON(({ring}))", ["s"])], "sites")
    fields = "&field=shelter_id:string&field=persons:double&field=mode:string"
    said = []
    for mode, people in (("car", 60), ("foot", 60)):
        gate = layer("Point", fields, [(f"POINT({at(1000, 95)})", ["s", people, mode])], "gates")
        found = walk(METHOD=0, DESTINATIONS=site, ENTRANCES=gate, ENTRANCES_CAPACITY_FIELD="persons")
        said.append(found["CLEARANCE_TIME"])
    assert said[0] < 3600 and said[1] > 399 * 60  # a person a minute through a gate for walkers


@pytest.mark.parametrize("name", ["nearestshelters", "recommendshelters", "allocatecrowd"])
def test_shelters_by_walking_time(name):
    zone = layer(
        "Point", "&field=zone_id:string&field=population:integer", [(f"POINT({at(0, 0)})", ["z", 50])], "zones"
    )
    site = layer("Point", "&field=shelter_id:string&field=capacity:integer", [(f"POINT({at(1000, 100)})", ["s", 80])],
                 "shelters")  # fmt: skip
    rows = [
        (line((0, 0), (1000, 0)), ["street", "path", None, "-1", 50]),
        (line((1000, 0), (1000, 100)), ["steps", "steps", None, None, None]),
    ]
    places = {"nearestshelters": ("SHELTERS", "OUTPUT"), "recommendshelters": ("SITES", "OUTPUT"),
              "allocatecrowd": ("SHELTERS", "OUTPUT")}[name]  # fmt: skip
    people = {
        "recommendshelters": {"POPULATION_FIELDS": ["population"]},
        "allocatecrowd": {"GROUP_FIELDS": ["population"], "CAPACITY_FIELD": "capacity"},
    }
    made = QgsApplication.processingRegistry().createAlgorithmById(f"evacuation:{name}")
    outputs = {d.name(): "TEMPORARY_OUTPUT" for d in made.destinationParameterDefinitions() if d.type() == "sink"}
    found = processing.run(
        f"evacuation:{name}",
        {"ZONES": zone, places[0]: site, "NETWORK": streets(rows), "NETWORK_ID_FIELD": "name", **people.get(name, {}),
         **outputs, **WALK},
        feedback=Log(),
    )  # fmt: skip
    minutes = (1000 / 1.1 + 100 / 0.66) / 60
    values = {
        key: value
        for row in rows_of(found, places[1])
        for key, value in row.items()
        if "min" in key or key == "duration"
    }
    assert any(value == pytest.approx(minutes, rel=2e-3) for value in values.values() if isinstance(value, float)), (
        values
    )


@pytest.mark.parametrize(("side", "safe"), [(600, True), (100, False)])
def test_a_hill_that_the_water_cuts_off_is_safe_for_walkers_if_it_is_large_enough(side, safe):
    """The water lies in the middle; west of it a loop of road of 4 sides, east of it the rest of the city."""
    loop = line((0, 0), (-side, 0), (-side, side), (0, side), (0, 0))
    rows = [
        (line((0, 0), (300, 0)), ["west", "residential", None, None, None]),
        (line((300, 0), (2000, 0)), ["east", "residential", None, None, None]),
        (loop, ["hill", "residential", None, None, None]),
        (line((2000, 0), (2000, 4000), (4000, 4000), (4000, 0), (2000, 0)), ["city", "residential", None, None, None]),
    ]
    ring = ", ".join(at(*p) for p in ((100, -50), (1500, -50), (1500, 50), (100, 50), (100, -50)))
    hazard = layer("Polygon", "&field=hazard_arrival:double", [(f"POLYGON(({ring}))", [30.0])], "wave")
    zone = layer(
        "Point", "&field=zone_id:string&field=population:integer", [(f"POINT({at(300, 0)})", ["z", 9])], "zones"
    )
    given = {"NETWORK": streets(rows), "HAZARD": hazard, "ZONES": zone, "NETWORK_ID_FIELD": "name",
             "REACTION_MINUTES": 0, "OUTPUT_ZONES": "TEMPORARY_OUTPUT", "OUTPUT": "TEMPORARY_OUTPUT"}  # fmt: skip
    metres = {}
    for mode, speed in ((0, 30 / 3.6), (1, 1.1)):
        found = processing.run("evacuation:timetosafety", {**given, "TRAVEL_MODE": mode}, feedback=Log())
        (row,) = rows_of(found, "OUTPUT_ZONES")
        metres[mode] = row["minutes_to_safety"] * 60 * speed
    assert metres[0] == pytest.approx(1200, rel=2e-3)
    assert metres[1] == pytest.approx(200 if safe else 1200, rel=2e-3)


def test_a_plan_on_foot_is_played_as_it_was_made():
    both = layer(
        "LineString", "&field=zone_id:string&field=shelter_id:string&field=people:double",
        [(line((0, 0), (1000, 100)), ["a", "s", 200]), (line((1000, 100), (0, 0)), ["b", "t", 100])], "groups",
    )  # fmt: skip
    made = walk(TRIPS=both, METHOD=0, OUTPUT_VEHICLES="memory:", OUTPUT_PATHS="memory:")
    zones = layer("Point", "&field=zone_id:string", [(f"POINT({at(0, 0)})", ["a"]), (f"POINT({at(1000, 100)})", ["b"])],
                  "zones")  # fmt: skip
    rows = [
        (line((0, 0), (1000, 0)), ["street", "residential", None, "yes", 50]),
        (line((1000, 0), (1000, 100)), ["steps", "steps", None, None, None]),
    ]
    found = processing.run(
        "evacuation:stagedeparture",
        {"PLAN": made["OUTPUT_VEHICLES"], "PLAN_PATHS": made["OUTPUT_PATHS"], "ZONES": zones, "EFFORT": 0, "WAVES": 1,
         "NETWORK": streets(rows), "NETWORK_ID_FIELD": "name", "OUTPUT": "memory:", **WALK},
        feedback=Log(),
    )  # fmt: skip
    assert found["AT_ONCE_TIME"] == pytest.approx(made["TOTAL_TIME"], rel=1e-9)
    # up and down the street at once: two thirds and one third of its width
    steps = 1.3 * 1.6 * 0.66 / 1.19
    assert made["CLEARANCE_TIME"] == pytest.approx(1000 / 1.1 + 100 / 0.66 + 199 / (steps * 2 / 3), rel=5e-3)
