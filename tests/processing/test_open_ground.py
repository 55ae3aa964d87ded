"""Who lives in the hazard where no road is, and starts at a road outside it: one story in every algorithm.

A street along y = 0, dry; north of y = 200 the water comes at minute 10. At 1.1 m/s people 800 m north of the street
take 727 s to it, and drown; those 450 m north take 409 s, and do not.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import NULL

from tests.processing.closing_layers import box, hazard, raster
from tests.processing.joint_layers import OUTPUTS
from tests.processing.routing_layers import EAST, NORTH, Log, at, layer, line, rows_of

PEOPLE = {"far": 40, "near": 30, "dry": 20, "street": 10}
PLACES = {"far": (1000, 800), "near": (1000, 450), "dry": (500, 0), "street": (2000, 1000)}
EVERYBODY = sum(PEOPLE.values())
WALK = {"far": 800 / 1.1, "near": 450 / 1.1}
ARRIVAL = 600.0
START = "2025-03-12T10:00:00"


def roads():
    rows = [
        (line((0, 0), (500, 0), (2000, 0), (3000, 0)), ["street", "no", 36]),
        (line((2000, 0), (2000, 1500)), ["north", "no", 36]),
    ]
    return layer("LineString", "&field=road_id:string&field=oneway:string&field=maxspeed:double", rows, "streets")


def water():
    return hazard([(box(-500, 200, 3500, 2000), 10)])


def zones(kind="Point"):
    """Polygons of which only the north lies in the water; the point on surface of the farthest lies outside it."""
    fields = "&field=zone_id:string&field=population:integer"
    shapes = {name: f"POINT({at(*xy)})" for name, xy in PLACES.items()}
    if kind == "Polygon":
        shapes = {
            "far": box(900, -1400, 1100, 1400),  # its part in the water: from 200 to 1400, 800 m north on average
            "near": box(1100, 200, 1200, 700),
            "dry": box(450, -50, 550, 50),
            "street": box(1950, 900, 2050, 1600),
        }
    return layer(kind, fields, [(shapes[name], [name, people]) for name, people in PEOPLE.items()], "quarters")


def halls():
    fields = "&field=site_id:string&field=residual:integer&field=status:string"
    return layer("Point", fields, [(f"POINT({at(3000, 0)})", ["hall", 500, "selected"])], "halls")


def trips():
    """From every zone to the hall."""
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:integer"
    rows = [(line(PLACES[name], (3000, 0)), [name, "hall", people]) for name, people in PEOPLE.items()]
    return layer("LineString", fields, rows, "allocation")


def run(name, log=None, *, outputs, **more):
    given = {"NETWORK": roads(), "HAZARD": water(), "START_TIME": START, "MAX_SNAP_DISTANCE": 2000, **more}
    given |= dict.fromkeys(outputs, "TEMPORARY_OUTPUT")
    return processing.run(f"evacuation:{name}", given, feedback=log or Log())


def plan(log=None, **more):
    given = {"ZONES": zones(), "GROUP_FIELDS": ["population"], "EXITS": True, "UNIT": 1, "PEOPLE_PER_VEHICLE": 1,
             "DEPARTURE_PROFILE": 0, "EFFORT": 0}  # fmt: skip
    return run("jointplan", log, outputs=(*OUTPUTS, "OUTPUT_CAUGHT"), **{**given, **more})


def people_by(found, name, key="zone_id"):
    out = {}
    for row in rows_of(found, name):
        out[row[key]] = out.get(row[key], 0) + row["people"]
    return out


def test_time_to_safety_counts_the_way_to_the_road_and_who_drowns_on_it():
    log = Log()
    found = run("timetosafety", log, outputs=("OUTPUT", "OUTPUT_ZONES"), ZONES=zones(), REACTION_MINUTES=0)
    rows = {row["zone_id"]: row for row in rows_of(found, "OUTPUT_ZONES")}
    assert found["PEOPLE"] == EVERYBODY and found["TOO_LATE"] == PEOPLE["far"] == rows["far"]["too_late"]
    for name in ("far", "near"):
        assert rows[name]["minutes_to_safety"] == pytest.approx(WALK[name] / 60.0, abs=0.01)
        assert rows[name]["latest_minute"] == pytest.approx((ARRIVAL - WALK[name]) / 60.0, abs=0.01)
    assert (rows["far"]["status"], rows["near"]["status"]) == ("too late", "in time")
    assert rows["dry"]["status"] == "outside the hazard" and rows["street"]["safe"] == PEOPLE["street"]
    assert any("70 people of 2 zone(s)" in text and "far (800 m), near (450 m)" in text for text in log.warnings)
    later = run("timetosafety", outputs=("OUTPUT", "OUTPUT_ZONES"), ZONES=zones(), REACTION_MINUTES=4)
    assert later["TOO_LATE"] == PEOPLE["far"] + PEOPLE["near"]  # 240 + 409 s


@pytest.mark.parametrize("kind", ["Point", "Polygon"])
@pytest.mark.parametrize("mode", [0, 1])
def test_a_joint_plan_lists_them_instead_of_counting_them_as_safe(kind, mode):
    log = Log()
    found = plan(log, ZONES=zones(kind), TRAVEL_MODE=mode)
    assert people_by(found, "OUTPUT_UNALLOCATED") == {"far": PEOPLE["far"]}
    (row,) = rows_of(found, "OUTPUT_UNALLOCATED")
    assert "800 m to the nearest road" in row["reason"] and "minute 10" in row["reason"]
    caught = people_by(found, "OUTPUT_CAUGHT", "origin_id")
    arrived = people_by(found, "OUTPUT_ALLOCATION")
    assert {**arrived, **caught, "far": PEOPLE["far"]} == PEOPLE
    assert caught == ({"street": 10} if mode == 1 else {})  # 800 m along the street to the border, on foot 727 s
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (sum(arrived.values()), PEOPLE["far"])
    assert found["ALLOCATED"] + found["UNALLOCATED"] + found["CAUGHT"] == EVERYBODY
    assert any("40 people" in text and "far (800 m)" in text for text in log.warnings)
    arrivals = {row["origin_id"]: row["arrival_s"] for row in rows_of(found, "OUTPUT_VEHICLES")}
    assert arrivals["near"] == pytest.approx(450 / 1.1 if kind == "Point" else 250 / 1.1 + 200 / 1.1, abs=0.5)
    assert arrivals["dry"] == 0.0


@pytest.mark.parametrize("steps", [False, True])
def test_of_those_who_leave_over_a_window_the_late_are_caught_at_home(steps):
    """Who is 450 m away has to leave within 191 s: of 30 over 5 minutes about 19."""
    spread = {"DEPARTURE_PROFILE": 1, "DEPARTURE_WINDOW": 5}
    if steps:
        outputs = ("OUTPUT", "OUTPUT_CAUGHT", "OUTPUT_VEHICLES", "OUTPUT_UNROUTED")
        found = run("routeevacuation", outputs=outputs, TRIPS=trips(), EFFORT=0, PEOPLE_PER_VEHICLE=1, **spread)
    else:
        found = plan(**spread)
    left = people_by(found, "OUTPUT_UNROUTED", "origin_id")
    caught = people_by(found, "OUTPUT_CAUGHT", "origin_id")
    near = [row for row in rows_of(found, "OUTPUT_VEHICLES") if row["origin_id"] == "near"]
    arrived = [row["departure_s"] for row in near if row["arrival_s"] != NULL]
    assert left == {"far": 40} and set(caught) == {"near"}
    assert len(arrived) + caught["near"] == PEOPLE["near"] and 14 <= len(arrived) <= 24
    assert all(WALK["near"] <= seconds < ARRIVAL for seconds in arrived)
    assert all(row["reason_code"] == "too late to leave" for row in rows_of(found, "OUTPUT_CAUGHT"))


def test_a_hazard_that_does_not_come_catches_nobody_but_the_way_counts():
    found = plan(HAZARD=layer("Polygon", "&field=n:int", [(box(-500, 200, 3500, 2000), [1])], "strip"))
    assert people_by(found, "OUTPUT_ALLOCATION") == PEOPLE
    assert found["CLEARANCE_TIME"] == pytest.approx(WALK["far"], abs=0.5)


@pytest.mark.parametrize("kind", ["Point", "Polygon"])
def test_the_steps_tell_the_same_people(kind):
    log = Log()
    given = {"ZONES": zones(kind), "GROUP_FIELDS": ["population"], "SHELTERS": halls()}
    steps = run("allocatecrowd", log, outputs=("OUTPUT", "OUTPUT_UNALLOCATED", "OUTPUT_SHELTERS"), **given)
    assert people_by(steps, "OUTPUT") == {name: count for name, count in PEOPLE.items() if name != "far"}
    (row,) = rows_of(steps, "OUTPUT_UNALLOCATED")
    assert (row["zone_id"], row["people"]) == ("far", 40) and "800 m to the nearest road" in row["reason"]
    given = {"ZONES": zones(kind), "POPULATION_FIELDS": ["population"], "SITES": halls(), "CAPACITY_FIELD": "residual"}
    sites = run("recommendshelters", outputs=("OUTPUT", "OUTPUT_SELECTED"), **given)
    assert (sites["PEOPLE"], sites["UNCOVERED_PEOPLE"]) == (EVERYBODY, PEOPLE["far"])
    near = run("nearestshelters", outputs=("OUTPUT", "OUTPUT_UNREACHABLE"), ZONES=zones(kind), SHELTERS=halls())
    (row,) = rows_of(near, "OUTPUT_UNREACHABLE")
    assert row["zone_id"] == "far" and "800 m to the nearest road" in row["reason"]
    origins = {"ORIGINS": zones(kind)} if kind == "Polygon" else {}
    routed = run("routeevacuation", outputs=("OUTPUT", "OUTPUT_UNROUTED"), TRIPS=trips(), EFFORT=0,
                 PEOPLE_PER_VEHICLE=1, DEPARTURE_PROFILE=0, **origins)  # fmt: skip
    (row,) = rows_of(routed, "OUTPUT_UNROUTED")
    assert row["origin_id"] == "far" and "800 m to the nearest road" in row["reason"]
    assert (routed["ROUTED"], routed["UNROUTED"], routed["CAUGHT"]) == (EVERYBODY - 40, 40, 0)


def test_a_raster_of_arrivals_says_the_same(tmp_path):
    values = np.full((18, 40), 10.0)
    wet = raster(tmp_path, values, EAST - 500, NORTH + 2000, 100.0, name="arrivals")
    found = plan(ZONES=zones("Polygon"), HAZARD=None, HAZARD_RASTER=wet)
    assert people_by(found, "OUTPUT_UNALLOCATED") == {"far": PEOPLE["far"]}


def test_who_lives_near_the_road_outside_is_safe_when_he_leaves():
    """90 m: nothing to say."""
    log = Log()
    few = layer("Point", "&field=zone_id:string&field=population:integer", [(f"POINT({at(800, 260)})", ["z", 9])], "q")
    street = layer("LineString", "&field=road_id:string&field=maxspeed:double", [
        (line((0, 170), (2000, 170), (3000, 170)), ["street", 36]), (line((2000, 170), (2000, 1500)), ["north", 36]),
    ], "streets")  # fmt: skip
    found = plan(log, ZONES=few, NETWORK=street)
    assert people_by(found, "OUTPUT_ALLOCATION") == {"z": 9} and found["CLEARANCE_TIME"] == 0.0
    assert not any("where no road is" in text or "has no road" in text for text in log.warnings)
