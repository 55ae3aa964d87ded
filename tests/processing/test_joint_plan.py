"""``evacuation:jointplan`` through the registry, on cases whose answer is worked out by hand, and on a made-up city."""

from __future__ import annotations

import collections

import pytest

pytest.importorskip("qgis.core")

import processing

from tests.processing.city import make_city
from tests.processing.joint_layers import (
    BY_GROUP,
    CLEARANCE,
    FREE,
    HAZARD,
    OUTPUTS,
    WHERE_NEEDED,
    WHOLE,
    Log,
    base,
    layer,
    line,
    roads,
    run,
    sent,
    shelters,
    square,
    water,
    zones,
)
from tests.processing.routing_layers import rows_of

HEADWAY, NEAR, FAR = 12.0, 100.0, 300.0  # s: of 300 vehicles/h, 1 km and 3 km at 36 km/h
DRAWN = 1e-3  # what lengths on the map are longer or shorter on the ellipsoid


def time_of(west, east):
    """Seconds of all who leave at once: the k-th leaves its road a headway after the one before."""
    queued = sum(HEADWAY * k for k in range(west)) + sum(HEADWAY * k for k in range(east))
    return NEAR * west + FAR * east + queued


def last_of(west, east):
    return max(
        NEAR + HEADWAY * (west - 1) if west else 0.0,
        FAR + HEADWAY * (east - 1) if east else 0.0,
    )


BEST_TIME = min(time_of(k, 100 - k) for k in range(101))
BEST_LAST = min(last_of(k, 100 - k) for k in range(101))


def test_shelters_and_streets_together_are_as_good_as_trying_every_number_to_each():
    found = run(EFFORT=1)
    assert found["STEPWISE_VALUE"] == pytest.approx(time_of(100, 0), rel=DRAWN)  # all to the near one, which has room
    assert found["STEPWISE_CLEARANCE"] == pytest.approx(last_of(100, 0), rel=DRAWN)
    assert found["VALUE"] == pytest.approx(BEST_TIME, rel=0.003)
    assert found["LOWER_BOUND"] <= BEST_TIME * (1 + DRAWN)
    assert found["GAP"] == pytest.approx(100 * (1 - found["LOWER_BOUND"] / found["VALUE"]), abs=0.01)
    assert found["TOTAL_TIME"] == pytest.approx(found["VALUE"])
    loads = {row["shelter_id"]: row["load"] for row in rows_of(found, "OUTPUT_SHELTERS")}
    assert time_of(loads["west"], loads["east"]) == pytest.approx(found["VALUE"], rel=DRAWN)


def test_clearance_as_the_aim_is_the_last_arrival():
    found = run(AIM=CLEARANCE, EFFORT=1)
    assert found["STEPWISE_VALUE"] == pytest.approx(last_of(100, 0), rel=DRAWN)
    assert found["VALUE"] == pytest.approx(found["CLEARANCE_TIME"])
    assert BEST_LAST * (1 - DRAWN) <= found["VALUE"] <= BEST_LAST + 2 * HEADWAY
    assert found["LOWER_BOUND"] <= BEST_LAST * (1 + DRAWN)


def test_dissatisfaction_weighs_as_many_seconds_as_asked():
    everybody = run(PREFERENCE_SECONDS=600, DEFAULT_PREFERENCE=0.25, EFFORT=1)
    assert everybody["STEPWISE_VALUE"] == pytest.approx(time_of(100, 0) + 100 * 600 * 0.75, rel=DRAWN)
    assert everybody["VALUE"] == pytest.approx(everybody["PERSON_TIME"] + 100 * 600 * 0.75)


def test_a_group_stays_whole_where_it_is_asked_to():
    found = run(UNIT=BY_GROUP, SPLIT=WHOLE)
    assert sent(found) == {("z", "west"): 100}
    free = run(UNIT=BY_GROUP, SPLIT=FREE, EFFORT=1)
    assert len(sent(free)) == 2 and free["VALUE"] < found["VALUE"]
    assert sent(run(UNIT=BY_GROUP, SPLIT=WHERE_NEEDED)) == {("z", "west"): 100}  # it fits, so it is not divided


def test_classes_of_a_zone_share_vehicles_or_go_each_alone():
    people = zones((("z", (0, 0), 30, 31),))
    together = run(ZONES=people, PEOPLE_PER_VEHICLE=4)
    assert together["VEHICLES"] == 16  # 61 / 4
    apart = run(ZONES=people, PEOPLE_PER_VEHICLE=4, KEEP_TOGETHER=False)
    assert apart["VEHICLES"] == 8 + 8
    for found in (together, apart):
        by_class = collections.Counter()
        for row in rows_of(found, "OUTPUT_ALLOCATION"):
            by_class[row["class"]] += row["people"]
        assert by_class == {"children": 30, "adults": 31}


def test_shelters_standing_by_are_for_the_joint_plan_alone():
    halls = shelters((("west", (-1000, 0), 100, "selected"), ("east", (3000, 0), 100, "standby")))
    found = run(SHELTERS=halls, EFFORT=1)
    assert found["STEPWISE_VALUE"] == pytest.approx(time_of(100, 0), rel=DRAWN)
    assert found["VALUE"] == pytest.approx(BEST_TIME, rel=0.003)
    without = run(SHELTERS=halls, USE_STANDBY=False)
    assert sent(without) == {("z", "west"): 100} and without["VALUE"] == pytest.approx(time_of(100, 0), rel=DRAWN)
    for status in ("rejected", "forbidden"):
        closed = shelters((("west", (-1000, 0), 100, "selected"), ("east", (3000, 0), 100, status)))
        assert sent(run(SHELTERS=closed)) == {("z", "west"): 100}


def test_exits_empty_the_area_as_fast_as_their_road_lets_vehicles_out():
    """200 vehicles, two roads of 300/h out after 200 m (20 s): the last of 100 by each needs 99 headways more."""
    network = roads(
        [
            (line((0, 0), (-1000, 0)), ["west street", 300]),
            (line((0, 0), (1000, 0)), ["east street", 300]),
            (line((-1000, 0), (-1000, 3000), (1000, 3000), (1000, 0)), ["ring", 900]),
        ]
    )
    given = {
        "SHELTERS": None, "NETWORK": network, "NAME_FIELD": "name", "HAZARD": water((-200, -200, 200, 200)),
        "ZONES": zones((("in", (0, 0), 200, 0), ("out", (0, 3000), 50, 0))), "EFFORT": 1, "MAX_SNAP_DISTANCE": 50,
    }  # fmt: skip
    log = Log()
    found = run(log, AIM=CLEARANCE, **given)
    ends = [row for row in rows_of(found, "OUTPUT") if row["destination_id"] != "outside"]
    assert {row["destination_name"] for row in ends} == {"west street", "east street"}
    assert all(row["destination_name"] == row["destination_id"] for row in ends)
    assert found["VALUE"] == pytest.approx(20.0 + 99 * HEADWAY, abs=2 * HEADWAY)
    assert found["LOWER_BOUND"] <= (20.0 + 99 * HEADWAY) * (1 + DRAWN)
    assert {pair[1] for pair in sent(found) if pair[0] == "in"} == {"west street", "east street"}
    assert sent(found)["out", "outside"] == 50
    assert any("50 people in 1 zone(s) start outside the hazard" in text for text in log.said)
    assert not any("start at roads outside it" in text for text in log.warnings)
    assert any("2 safe exit(s)" in text and "600 vehicles/h" in text for text in log.said)
    safe = [row for row in rows_of(found, "OUTPUT_VEHICLES") if row["origin_id"] == "out"]
    assert len(safe) == 50 and all(row["arrival_s"] == row["departure_s"] == 0 for row in safe)
    doors = {row["site_id"]: row["capacity"] for row in rows_of(found, "OUTPUT_DOORS")}
    assert doors == {"west street": 300.0, "east street": 300.0}
    assert all(row["capacity"] is None or str(row["capacity"]) == "NULL" for row in rows_of(found, "OUTPUT_SHELTERS"))
    empty = rows_of(found, "OUTPUT_CLEARANCE")
    assert empty[0]["in_hazard"] == 200 and empty[-1]["in_hazard"] == 0


@pytest.mark.parametrize("shape", ["point", "polygon"])
def test_who_lives_in_the_water_but_starts_at_a_road_outside_it_is_safe_when_he_is_there(shape):
    """From (90, 0) the road at x = 300 is nearest, 100 m outside the water, from (-150, 0) the one there, inside."""
    network = roads(
        [
            (line((300, 0), (300, 1500)), ["dry", 300]),
            (line((-150, -900), (-150, -700), (-150, 1500), (300, 1500)), ["wet", 300]),
        ]
    )
    place = {"point": zones((("far", (90, 0), 7, 0), ("near", (-150, 0), 5, 0)))}
    fields = "&field=zone_id:string&field=children:integer&field=adults:integer"
    boxes = ((square(80, -10, 100, 10), ["far", 7, 0]), (square(-160, -10, -140, 10), ["near", 5, 0]))
    place["polygon"] = layer("Polygon", fields, boxes, "quarters")
    log = Log()
    given = {"NETWORK": network, "HAZARD": water((-200, -200, 200, 200)), "ZONES": place[shape]}
    found = run(log, SHELTERS=None, MAX_SNAP_DISTANCE=300, **given)
    told = [text for text in log.warnings if "start at roads outside it: far" in text]
    assert len(told) == 1 and "7 people of 1 zone(s)" in told[0] and "up to 210 m from the nearest" in told[0]
    (arrival,) = {row["arrival_s"] for row in rows_of(found, "OUTPUT_VEHICLES") if row["origin_id"] == "far"}
    assert arrival == pytest.approx(210.0 / 1.1, abs=0.1)


def test_who_can_reach_different_exits_goes_to_different_ones_though_his_zone_is_one_group():
    """A zone of two streets that do not meet inside: nobody passes an exit on his way to another."""
    streets = [(line((x, 0), (x, 100), (x, 1000)), [name, 600]) for x, name in ((-150, "one"), (150, "two"))]
    network = roads([*streets, (line((-150, 1000), (150, 1000), (2000, 1000)), ["ring", 900])])
    fields = "&field=zone_id:string&field=children:integer&field=adults:integer"
    zone = layer("Polygon", fields, [(square(-180, -50, 180, 150), ["z", 40, 0])], "quarter")
    given = {"SHELTERS": None, "NETWORK": network, "HAZARD": water((-200, -200, 200, 200)), "ZONES": zone}
    found = run(UNIT=BY_GROUP, SPLIT=WHOLE, **given)
    assert sent(found) == {("z", "one"): 20, ("z", "two"): 20}
    assert found["UNALLOCATED"] == 0


def test_exits_of_one_street_are_told_apart_and_parts_of_a_hazard_near_each_other_are_one():
    """A street through two fields of water 100 m apart: between them is no way out, at its ends there is."""
    street = [(x, 0) for x in (-1000, -400, 0, 400, 1000)]
    network = roads(
        [(line(*street), ["Main", 600]), (line((-1000, 0), (-1000, 900), (1000, 900), (1000, 0)), ["ring", 900])]
    )
    wet = water((-500, -200, -50, 200), (50, -200, 500, 200))
    found = run(SHELTERS=None, NETWORK=network, NAME_FIELD="name", HAZARD=wet, ZONES=zones((("z", (0, 0), 40, 0),)))
    exits = {row["shelter_id"]: row["load"] for row in rows_of(found, "OUTPUT_SHELTERS")}
    assert set(exits) == {"Main", "Main (2)"} and sum(exits.values()) == 40
    # from the middle of the gap it is 500 m to either end: 50 s, and a headway of 6 s for each before
    assert found["CLEARANCE_TIME"] == pytest.approx(50.0 + 19 * 6.0, abs=6.5)


def test_a_buffer_moves_the_exits_and_time_in_the_hazard_counts_its_stretch():
    network = roads(
        [(line((0, 0), (1000, 0)), ["street", 300]), (line((1000, -900), (1000, 0), (1000, 900)), ["x", 900])]
    )
    given = {
        "SHELTERS": None, "NETWORK": network, "HAZARD": water((-200, -200, 200, 200)), "AIM": HAZARD,
        "ZONES": zones((("z", (0, 0), 3, 0),)), "HAZARD_BUFFER": 100,
    }  # fmt: skip
    found = run(**given)
    assert found["CLEARANCE_TIME"] == pytest.approx(30.0 + 2 * HEADWAY, rel=DRAWN)  # 300 m, then two headways
    assert found["VALUE"] == pytest.approx(3 * 30.0 + 3 * HEADWAY, abs=0.1)


@pytest.mark.parametrize("unit, together, exits", [(0, True, False), (1, True, False), (0, False, True)])
def test_nobody_appears_or_vanishes_and_the_steps_are_never_better(unit, together, exits):
    city = make_city()
    given = base(
        ZONES=city["quarters"], ZONE_ID_FIELD="quarter", GROUP_FIELDS=["people", "guests"], SHELTERS=city["parks"],
        SHELTER_ID_FIELD="park", CAPACITY_FIELD="room", NETWORK=city["streets"], NETWORK_ID_FIELD="ref",
        HAZARD=city["water"], DEPARTURE_PROFILE=1, DEPARTURE_WINDOW=10, PEOPLE_PER_VEHICLE=2.5, UNIT=unit,
        KEEP_TOGETHER=together, EXITS=exits, PREFERENCE_SECONDS=600,
    )  # fmt: skip
    found = processing.run("evacuation:jointplan", given, feedback=Log())
    people = {}
    for row in rows_of({"OUTPUT": city["quarters"]}):
        people |= {(row["quarter"], "people"): row["people"], (row["quarter"], "guests"): row["guests"]}
    where = collections.Counter()
    for name in ("OUTPUT_ALLOCATION", "OUTPUT_UNALLOCATED"):
        for row in rows_of(found, name):
            where[row["zone_id"], row["class"]] += row["people"]
    assert where == collections.Counter(people)
    loads = collections.Counter()
    for row in rows_of(found, "OUTPUT_ALLOCATION"):
        loads[row["shelter_id"]] += row["people"]
    for row in rows_of(found, "OUTPUT_SHELTERS"):
        assert row["load"] == loads[row["shelter_id"]]
        assert str(row["capacity"]) == "NULL" or row["load"] <= row["capacity"]
    vehicles = rows_of(found, "OUTPUT_VEHICLES")
    driven = collections.Counter()
    for row in vehicles:
        driven[row["origin_id"], row["destination_id"]] += row["people"]
    assert driven == collections.Counter(sent(found))
    assert found["ROUTED"] == found["ALLOCATED"] == sum(driven.values())
    assert found["ROUTED"] + found["UNROUTED"] == sum(people.values())
    assert found["TOTAL_TIME"] == pytest.approx(sum(row["arrival_s"] - row["departure_s"] for row in vehicles))
    assert rows_of(found, "OUTPUT_CLEARANCE")[-1]["arrived"] == found["ROUTED"]
    assert found["VALUE"] <= found["STEPWISE_VALUE"] * (1 + 1e-12)
    assert found["LOWER_BOUND"] <= found["VALUE"]
    if unit == 0 and not exits:
        split = sum(count > 1 for count in collections.Counter(zone for zone, _ in sent(found)).values())
        assert split <= 2  # where room is short


def test_the_step_wise_plan_is_that_of_the_two_steps():
    halls = shelters((("west", (-1000, 0), 60, "selected"), ("east", (3000, 0), 60, "selected")))
    people = zones((("a", (0, 0), 30, 0), ("b", (100, 0), 35, 0), ("c", (700, 0), 30, 0)))
    given = {"ZONES": people, "SHELTERS": halls, "NETWORK": roads(), "EFFORT": 1}
    joint = run(UNIT=BY_GROUP, **given)
    common = {"NETWORK_ID_FIELD": "name"}
    steps = {"IMPEDANCE": 1, "GROUP_FIELDS": ["children"], "WEIGHT_PREFERENCE": 0, **given, **common}
    outputs = dict.fromkeys(("OUTPUT", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED"), "TEMPORARY_OUTPUT")
    allocated = processing.run("evacuation:allocatecrowd", {**steps, **outputs}, feedback=Log())
    routed = processing.run(
        "evacuation:routeevacuation",
        {
            "TRIPS": allocated["OUTPUT"], "DESTINATIONS": halls, "NETWORK": roads(), "DEPARTURE_PROFILE": 0,
            "PEOPLE_PER_VEHICLE": 1, "EFFORT": 1, "OUTPUT": "TEMPORARY_OUTPUT", **common,
        },
        feedback=Log(),
    )  # fmt: skip
    assert joint["STEPWISE_TIME"] == pytest.approx(routed["TOTAL_TIME"], rel=1e-9)
    assert joint["STEPWISE_CLEARANCE"] == pytest.approx(routed["CLEARANCE_TIME"], rel=1e-9)


def test_the_report_shows_both_plans(tmp_path):
    path = tmp_path / "joint.html"
    run(OUTPUT_HTML=str(path), HAZARD=water((-300, -300, 300, 300)), EFFORT=1)
    text = path.read_text(encoding="utf-8")
    for words in ("Joint plan", "Step by step", "Drivers with navigation", "Who is sent elsewhere", "Load of", "<svg"):
        assert words in text
    assert text.count("<svg") == 3  # map, curves, loads
    assert "people go elsewhere" in text


def test_what_is_not_asked_for_is_not_written():
    given = base()
    for name in OUTPUTS:
        if name not in ("OUTPUT", "OUTPUT_ALLOCATION", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED"):
            del given[name]
    found = processing.run("evacuation:jointplan", given, feedback=Log())
    assert "OUTPUT_ROADS" not in found and "OUTPUT_HTML" not in found
    assert found["OUTPUT"].featureCount() >= 1
