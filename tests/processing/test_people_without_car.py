"""People without a car in the steps up to the routing: groups by mode, costs by mode, shared shelters, bad input.

By car it is 2 km from the zone to the hall, over a street that goes round; a path of 1 km leads straight there. A
school lies 3 km away by street.
"""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")

import processing
from qgis.core import QgsProcessingException

from tests.processing.joint_layers import base as joint_base
from tests.processing.routing_layers import Log, at, layer, line
from tests.processing.shelter_layers import rows_of

KM = pytest.approx
MINUTE = 66.0  # m on foot


def roads():
    rows = [
        (line((0, 0), (0, 500), (1000, 500), (1000, 0)), ["street", "residential", 60]),
        (line((0, 0), (1000, 0)), ["path", "path", None]),
        (line((0, 0), (-3000, 0)), ["lane", "residential", 60]),
    ]
    return layer("LineString", "&field=name:string&field=highway:string&field=maxspeed:double", rows, "streets")


FIELDS = "&field=zone_id:string&field=children:double&field=adults:double&field=adults_foot:double"


def zones(*rows, fields=FIELDS):
    rows = rows or (["z", 20, 100, 30],)
    shapes = [None if row[0] == "lost" else f"POINT({at(0, 0)})" for row in rows]
    return layer("Point", fields, list(zip(shapes, rows)), "quarters")


def shelters(hall=1000, school=1000):
    rows = [(f"POINT({at(1000, 0)})", ["hall", hall]), (f"POINT({at(-3000, 0)})", ["school", school])]
    return layer("Point", "&field=site_id:string&field=residual:integer", rows, "halls")


def allocate(log=None, **more):
    given = {
        "ZONES": zones(), "GROUP_FIELDS": ["children", "adults"], "SHELTERS": shelters(), "NETWORK": roads(),
        "EFFORT": 0, "MIP_GAP": 0, "OUTPUT": "memory:", "OUTPUT_SHELTERS": "memory:", "OUTPUT_UNALLOCATED": "memory:",
        **more,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    return processing.run("evacuation:allocatecrowd", given, feedback=log or Log())


def rows(found, name="OUTPUT"):
    return {(r["class"], r.get("mode"), r.get("shelter_id")): r for r in rows_of(found[name])}


def by_mode(*layers):
    out = Counter()
    for made in layers:
        for row in rows_of(made):
            out[row["class"], row["mode"]] += row["people"]
    return dict(out)


def failure(**more):
    with pytest.raises(QgsProcessingException) as caught:
        allocate(**more)
    return str(caught.value)


def test_a_group_of_100_with_30_on_foot_becomes_two_with_ways_of_their_own():
    log = Log()
    found = allocate(log, MAX_WALK="adults:0.9")
    made = rows(found)
    assert {key: row["people"] for key, row in made.items()} == {
        ("children", "car", "hall"): 20, ("adults", "car", "hall"): 70, ("adults", "foot", "hall"): 30,
    }  # fmt: skip
    car, foot = made["adults", "car", "hall"], made["adults", "foot", "hall"]
    assert (car["distance_km"], foot["distance_km"]) == (KM(2.0, rel=1e-3), KM(1.0, rel=1e-3))
    assert (car["minutes"], foot["minutes"]) == (KM(2.0, rel=1e-2), KM(1000 / MINUTE, rel=1e-2))
    assert found["OUTPUT"].fields().names()[:4] == ["zone_id", "class", "mode", "shelter_id"]
    assert (found["ON_FOOT"], found["OVER_MAX_WALK"]) == (30, 30) and found["LONGEST_WALK"] == KM(1000, rel=1e-3)
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (120, 0)
    assert "FOOT_FIELDS: 30 of the 120 people" in log.text and "30 people are on foot" in log.text
    near = allocate(MAX_WALK="0.9; adults:1.1")
    assert near["OVER_MAX_WALK"] == 0 and "OVER_MAX_WALK" not in allocate()


def test_without_such_a_field_nothing_is_told_apart():
    found = allocate(ZONES=zones(["z", 20, 100], fields="&field=zone_id:string&field=children:int&field=adults:int"))
    assert "mode" not in found["OUTPUT"].fields().names() + found["OUTPUT_UNALLOCATED"].fields().names()
    assert (found["ON_FOOT"], found["LONGEST_WALK"]) == (0, 0)
    same = allocate(ZONES=zones(["z", 20, 100, 0]))
    assert [row["people"] for row in rows_of(same["OUTPUT"])] == [row["people"] for row in rows_of(found["OUTPUT"])]


def test_all_people_without_a_car_walk_and_their_rows_say_so():
    found = allocate(ZONES=zones(["z", 0, 100, 100]))
    assert by_mode(found["OUTPUT"]) == {("adults", "foot"): 100}
    assert rows(found)["adults", "foot", "hall"]["distance_km"] == KM(1.0, rel=1e-3)


def test_everybody_walks_by_travel_mode_whatever_the_field_says():
    log = Log()
    found = allocate(log, TRAVEL_MODE=1, FOOT_FIELDS=["adults_foot"], MAX_WALK="2")
    assert "mode" not in found["OUTPUT"].fields().names() and "plays no part where everybody walks" in log.text
    assert (found["ON_FOOT"], found["OVER_MAX_WALK"]) == (120, 0) and found["LONGEST_WALK"] == KM(1000, rel=1e-3)


def test_walkers_and_drivers_share_the_room_and_nobody_is_lost_by_mode():
    found = allocate(
        ZONES=zones(["z", 20, 100, 30], ["lost", 3, 5, 2]), SHELTERS=shelters(40, 50), SPLIT=2,
    )  # fmt: skip
    load = {row["shelter_id"]: row["load"] for row in rows_of(found["OUTPUT_SHELTERS"])}
    assert load == {"hall": 40, "school": 50}
    assert by_mode(found["OUTPUT"], found["OUTPUT_UNALLOCATED"]) == {
        ("children", "car"): 23, ("adults", "car"): 73, ("adults", "foot"): 32,
    }  # fmt: skip
    lost = [row for row in rows_of(found["OUTPUT_UNALLOCATED"]) if row["zone_id"] == "lost"]
    assert [(row["class"], row["mode"], row["people"]) for row in lost] == [
        ("children", "car", 3), ("adults", "car", 3), ("adults", "foot", 2),
    ]  # fmt: skip


def test_doors_count_for_those_who_drive_alone():
    # A street of 100 vehicles/h ends at the hall, so it lets in 100 an hour, one in each: 10 in six minutes.
    given = {"DEFAULT_LANE_CAPACITY": 100, "DOOR_MINUTES": 6, "PEOPLE_PER_VEHICLE": 1, "SPLIT": 2,
             "WEIGHT_PREFERENCE": 0}  # fmt: skip
    log = Log()
    found = allocate(log, **given)
    # 20 of 90 who drive are let in; all the room is that of both.
    assert "By car: SHELTERS: there are 70 places too few" in log.text and "\nSHELTERS: there" not in log.text
    assert by_mode(found["OUTPUT"])["adults", "foot"] == 30
    hall = {row["mode"]: row["people"] for row in rows_of(found["OUTPUT"]) if row["shelter_id"] == "hall"}
    driving = Counter()
    for row in rows_of(found["OUTPUT"]):
        driving[row["shelter_id"]] += row["people"] * (row["mode"] == "car")
    assert max(driving.values()) <= 10 and hall["foot"] == 30
    stay = rows_of(found["OUTPUT_UNALLOCATED"])
    assert {(row["mode"], row["reason"]) for row in stay} == {("car", "doors")}
    assert sum(row["people"] for row in stay) == 90 - sum(driving.values())


def test_an_entrance_with_a_mode_limits_that_mode_alone():
    gates = [(f"POINT({at(1000, 250)})", ["hall", "car"])]
    entrances = layer("Point", "&field=site_id:string&field=mode:string", gates, "gates")
    made = rows(allocate(ENTRANCES=entrances))
    assert made["adults", "car", "hall"]["distance_km"] == KM(1.75, rel=1e-3)
    assert made["adults", "foot", "hall"]["distance_km"] == KM(1.0, rel=1e-3)
    gates = [(f"POINT({at(500, 0)})", ["hall", "foot"])]
    entrances = layer("Point", "&field=site_id:string&field=mode:string", gates, "gates")
    made = rows(allocate(ENTRANCES=entrances))
    assert made["adults", "car", "hall"]["distance_km"] == KM(2.0, rel=1e-3)
    assert made["adults", "foot", "hall"]["distance_km"] == KM(0.5, rel=1e-3)


def test_without_roads_both_go_the_same_way():
    found = allocate(NETWORK=None)
    assert by_mode(found["OUTPUT"])["adults", "foot"] == 30
    assert {round(row["distance_km"], 2) for row in rows_of(found["OUTPUT"])} == {1.0}
    table = [(None, ["z", "hall", 7.0]), (None, ["z", "school", 2.5])]
    fields = "&field=zone_id:string&field=shelter_id:string&field=distance_km:double"
    found = allocate(DISTANCES=layer("None", fields, table, "km"), MAX_WALK=2)
    assert {(row["shelter_id"], row["distance_km"]) for row in rows_of(found["OUTPUT"])} == {("school", 2.5)}
    assert (found["LONGEST_WALK"], found["OVER_MAX_WALK"]) == (2500, 30)


def test_fields_by_their_order_and_by_their_names():
    fields = "&field=zone_id:string&field=everybody:int&field=carless:int"
    found = allocate(ZONES=zones(["z", 100, 30], fields=fields), GROUP_FIELDS=["everybody"], FOOT_FIELDS=["carless"])
    assert by_mode(found["OUTPUT"]) == {("everybody", "car"): 70, ("everybody", "foot"): 30}
    text = failure(ZONES=zones(["z", 100, 30], fields=fields), GROUP_FIELDS=["everybody"], FOOT_FIELDS=["walkers"])
    assert "FOOT_FIELDS" in text and "no field “walkers”" in text and "carless" in text
    text = failure(FOOT_FIELDS=["zone_id"])
    assert "FOOT_FIELDS: “zone_id”" in text and "is not named after a field of GROUP_FIELDS (children, adults)" in text
    text = failure(GROUP_FIELDS=["children", "adults", "adults_foot"])
    assert "GROUP_FIELDS: “adults_foot”" in text and "counted twice" in text


@pytest.mark.parametrize(
    ("foot", "words"),
    [
        (101, ["FOOT_FIELDS: zone z", "101 people on foot", "“adults_foot”", "100 there are"]),
        (-1, ["feature z", "-1", "at least 0"]),
    ],
)
def test_more_on_foot_than_there_are_and_fewer_than_nobody(foot, words):
    text = failure(ZONES=zones(["z", 20, 100, foot]))
    assert all(word in text for word in words), text


def test_empty_is_nobody_and_text_is_no_number():
    log = Log()
    found = allocate(log, ZONES=zones(["z", 20, 100, None]))
    assert found["ON_FOOT"] == 0 and "adults_foot” of “quarters” is empty in 1 feature(s) (z)" in log.text
    text = FIELDS.replace("adults_foot:double", "adults_foot:string")
    assert "“some” in the field “adults_foot”" in failure(ZONES=zones(["z", 20, 100, "some"], fields=text))


@pytest.mark.parametrize(
    ("limit", "words"),
    [("far", ["“far”"]), ("pensioners:1", ["no class “pensioners”", "“children”, “adults”"]), ("900", ["not metres"])],
)
def test_a_limit_that_says_nothing_is_refused(limit, words):
    text = failure(MAX_WALK=limit)
    assert "MAX_WALK" in text and all(word in text for word in words)


def test_a_joint_plan_has_those_without_a_car_on_foot():
    found = processing.run("evacuation:jointplan", joint_base(ZONES=zones(["z", 20, 100, 30])), feedback=Log())
    went = {"car": 0, "foot": 0}
    for row in rows_of(found["OUTPUT_ALLOCATION"]):
        went[row["mode"]] += row["people"]
    assert went == {"car": 90, "foot": 30} and found["ON_FOOT"] == 30


# --- recommendshelters ------------------------------------------------------------------------------------------------


def recommend(log=None, **more):
    sites = shelters()
    given = {
        "ZONES": zones(), "POPULATION_FIELDS": ["children", "adults"], "SITES": sites, "CAPACITY_FIELD": "residual",
        "NETWORK": roads(), "EFFORT": 0, "OUTPUT": "memory:", "OUTPUT_SELECTED": "memory:",
        "OUTPUT_CATCHMENTS": "memory:", **more,
    }  # fmt: skip
    return processing.run("evacuation:recommendshelters", given, feedback=log or Log())


def test_a_choice_of_shelters_counts_who_walks_by_his_own_way():
    log = Log()
    found = recommend(log)
    ways = {row["mode"]: row for row in rows_of(found["OUTPUT_CATCHMENTS"])}
    assert {mode: (row["site_id"], row["people"], row["share"]) for mode, row in ways.items()} == {
        "car": ("hall", 90, 0.75), "foot": ("hall", 30, 0.25),
    }  # fmt: skip
    assert (ways["car"]["minutes"], ways["foot"]["minutes"]) == (KM(2.0, rel=1e-2), KM(1000 / MINUTE, rel=1e-2))
    (hall,) = rows_of(found["OUTPUT_SELECTED"])
    assert hall["people_in_reach"] == 120 and "serves 120 people of 1 zone," in hall["reason"]
    assert (found["PEOPLE"], found["UNCOVERED_PEOPLE"]) == (120, 0) and "By car:" in log.said and "On foot:" in log.said


def test_who_would_walk_too_long_is_left_out_by_name_and_the_others_are_not():
    log = Log()
    found = recommend(log, MAX_TRAVEL_TIME=10)
    assert found["UNCOVERED_PEOPLE"] == 30 and "zone z (on foot): 30 of 30 people" in log.text
    assert [(row["mode"], row["people"]) for row in rows_of(found["OUTPUT_CATCHMENTS"])] == [("car", 90)]


def test_all_without_a_car_need_no_street_and_bad_fields_are_refused_there_too():
    found = recommend(ZONES=zones(["z", 0, 100, 100]))
    assert [(row["mode"], row["people"]) for row in rows_of(found["OUTPUT_CATCHMENTS"])] == [("foot", 100)]
    for rows_, words in ((["z", 0, 100, 101], "zone z .* 101 people on foot"), (["z", 0, 100, -1], "at least 0")):
        with pytest.raises(QgsProcessingException, match=words):
            recommend(ZONES=zones(rows_))
    with pytest.raises(QgsProcessingException, match="no field “walkers”"):
        recommend(FOOT_FIELDS=["walkers"])


def test_doors_in_a_choice_of_shelters_count_everybody_and_the_log_says_so():
    log = Log()
    found = recommend(log, DEFAULT_LANE_CAPACITY=100, DOOR_MINUTES=60, PEOPLE_PER_VEHICLE=1)
    served = Counter()
    for row in rows_of(found["OUTPUT_CATCHMENTS"]):
        served[row["site_id"]] += row["people"]
    assert served == {"hall": 100, "school": 20} and "counts who walks at the doors as well" in log.text


def test_places_too_few_in_reach_of_walkers_are_told_of_them_alone():
    log = Log()
    found = allocate(log, SHELTERS=shelters(20, 500), MAX_TRAVEL_TIME=16, WEIGHT_PREFERENCE=0)
    # On foot only the hall, with 20 places, is within 16 minutes; by car both are.
    assert "1 zone with 30 people (z) reach only 1 shelter with 20 places (hall): at least 10 people" in log.text
    assert by_mode(found["OUTPUT"], found["OUTPUT_UNALLOCATED"])["adults", "foot"] == 30
    assert {(row["mode"], row["people"]) for row in rows_of(found["OUTPUT_UNALLOCATED"])} == {("foot", 10)}
