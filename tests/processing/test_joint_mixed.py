"""``evacuation:jointplan`` where some drive and some walk: shelters' room is shared, roads are not."""

from __future__ import annotations

import itertools

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")
pytest.importorskip("pulp")

from tests.processing.joint_layers import BY_GROUP, BY_VEHICLE, failure, rows_of, run, shelters, water
from tests.processing.routing_layers import Log, at, layer, line

FIELDS = "&field=name:string&field=highway:string&field=maxspeed:double&field=capacity:double&field=width:double"
STREETS = [
    (line((0, 0), (-1000, 0)), ["west", "residential", 36, 300, 2.0]),
    (line((0, 0), (3000, 0)), ["east", "residential", 36, 300, 2.0]),
    (line((0, 0), (500, 300), (1000, 0)), ["path", "footway", None, None, 2.0]),
]


def streets():
    return layer("LineString", FIELDS, STREETS, "streets")


def people(rows):
    """Points with adults and those of them on foot; rows of (id, position, adults, on foot)."""
    fields = "&field=zone_id:string&field=adults:integer&field=adults_foot:integer"
    return layer("Point", fields, [(f"POINT({at(*xy)})", [k, a, f]) for k, xy, a, f in rows], "quarters")


def plan(rows, log=None, **more):
    given = {"GROUP_FIELDS": ["adults"], "NETWORK": streets(), **more}
    return run(log, ZONES=people(rows), **given)


def sent(found):
    """People by zone, mode and destination."""
    return {(r["zone_id"], r["mode"], r["shelter_id"]): r["people"] for r in rows_of(found, "OUTPUT_ALLOCATION")}


def moments(found, mode):
    keys = ("destination_id", "people", "departure_s", "entered_s", "arrival_s")
    rows = [row for row in rows_of(found, "OUTPUT_VEHICLES") if row["mode"] == mode]
    return sorted(tuple(row[k] for k in keys) for row in rows)


@pytest.mark.parametrize("unit", [BY_GROUP, BY_VEHICLE])
def test_room_is_shared_and_each_mode_has_its_roads(unit):
    rows = [("z", (0, 0), 60, 25), ("e", (1500, 0), 40, 20)]
    log = Log()
    found = plan(rows, log, UNIT=unit, SHELTERS=shelters((("west", (-1000, 0), 50, "selected"),
                                                          ("east", (3000, 0), 60, "selected"))))  # fmt: skip
    loads = {row["shelter_id"]: row["load"] for row in rows_of(found, "OUTPUT_SHELTERS")}
    went = sent(found)
    assert loads["west"] <= 50 and loads["east"] <= 60 and sum(loads.values()) == 100
    for shelter, load in loads.items():
        assert load == sum(count for (_, _, place), count in went.items() if place == shelter)
    for (zone, mode), count in {("z", "car"): 35, ("z", "foot"): 25, ("e", "car"): 20, ("e", "foot"): 20}.items():
        assert sum(n for (z, m, _), n in went.items() if (z, m) == (zone, mode)) == count
    assert (found["ON_FOOT"], found["ALLOCATED"], found["VEHICLES"]) == (45, 100, 100)
    walked = {row["road_id"] for row in rows_of(found, "OUTPUT_ROADS") if row["mode"] == "foot"}
    driven = {row["road_id"] for row in rows_of(found, "OUTPUT_ROADS") if row["mode"] == "car"}
    assert "path" not in driven and walked and driven
    rows = rows_of(found, "OUTPUT_CLEARANCE")
    last = {mode: [row for row in rows if row["mode"] == mode][-1]["arrived"] for mode in ("all", "car", "foot")}
    assert last == {"all": 100, "car": 55, "foot": 45}
    assert found["TOTAL_TIME"] <= found["STEPWISE_TIME"] * (1 + 1e-9)


def test_where_there_is_room_for_all_each_mode_does_what_it_does_alone():
    """Vehicles are alike, so that any of them may go farther; how many do, and when they arrive, is the same."""
    halls = shelters((("west", (-1000, 0), 500, "selected"), ("east", (3000, 0), 500, "selected")))
    both, cars, walkers = (
        plan([("z", (0, 0), count, foot)], SHELTERS=halls, EFFORT=1) for count, foot in ((90, 40), (50, 0), (40, 40))
    )
    assert "mode" not in walkers["OUTPUT"].fields().names() and walkers["ON_FOOT"] == 40
    for alone, mode in ((cars, "car"), (walkers, "foot")):
        assert moments(both, mode) == moments(alone, mode) != []
    assert both["TOTAL_TIME"] == pytest.approx(cars["TOTAL_TIME"] + walkers["TOTAL_TIME"], rel=1e-12)
    assert both["LOWER_BOUND"] <= both["TOTAL_TIME"] * (1 + 1e-9)


def test_who_gets_the_near_room_is_as_good_as_trying_every_number():
    """Room for 30 in the west: cars queue 12 s apart, walkers do not, but take longer; every share is tried."""
    halls = shelters((("west", (-1000, 0), 30, "selected"), ("east", (3000, 0), 500, "selected")))
    found = plan([("z", (0, 0), 50, 20)], SHELTERS=halls, MAX_ROUTES=0, EFFORT=1)

    def drive(count, metres):  # all at once, a car every 12 s
        return sum(metres / 10 + 12 * k for k in range(count))

    flow = 1.3 * 1.6 * 1.1 / 1.19

    def walk(count, metres):
        return sum(metres / 1.1 + k / flow for k in range(count))

    best = min(
        drive(c, 1000) + drive(30 - c, 3000) + walk(f, 1000) + walk(20 - f, 3000)
        for c, f in itertools.product(range(31), range(21))
        if c + f <= 30
    )
    assert found["TOTAL_TIME"] == pytest.approx(best, rel=2e-3)
    assert found["LOWER_BOUND"] <= found["TOTAL_TIME"] * (1 + 1e-9)


def test_exits_are_those_of_each_mode_and_who_walks_too_far_is_counted(tmp_path):
    report = tmp_path / "report.html"
    log = Log()
    found = plan(
        [("z", (0, 0), 60, 20)], log, SHELTERS=None, HAZARD=water((-400, -200, 700, 400)), MAX_WALK="0.3",
        NETWORK=layer("LineString", FIELDS, [
            *STREETS, (line((1000, 0), (1000, 1500), (3000, 1500), (3000, 0)), ["loop", "residential", 36, 300, 2.0]),
            (line((-1000, 0), (-1000, 1500), (-3000, 1500), (-3000, 0), (-1000, 0)),
             ["ring", "residential", 36, 300, 2.0]),
        ], "streets"), OUTPUT_HTML=str(report),
    )  # fmt: skip
    went = sent(found)
    places = {mode: {place for (_, m, place) in went if m == mode} for mode in ("car", "foot")}
    assert places["car"] and places["foot"] and not places["car"] & places["foot"]
    assert found["ON_FOOT"] == 20 and found["OVER_MAX_WALK"] == 20 and found["LONGEST_WALK"] > 399
    text = report.read_text(encoding="utf-8")
    assert "By mode of travel" in text and "walk farther than MAX_WALK" in text
    assert any("farther than MAX_WALK" in warning for warning in log.warnings)


def test_families_together_and_bad_limits():
    found = plan(
        [("z", (0, 0), 30, 10), ("y", (1500, 0), 20, 0)], KEEP_TOGETHER=True, UNIT=BY_GROUP, MAX_WALK="adults:2"
    )
    went = sent(found)
    assert {(zone, mode) for zone, mode, _ in went} == {("z", "car"), ("z", "foot"), ("y", "car")}
    assert found["OVER_MAX_WALK"] in (0, 10)
    assert "MAX_WALK: there is no class “elders”" in failure(
        ZONES=people([("z", (0, 0), 30, 10)]), GROUP_FIELDS=["adults"], NETWORK=streets(), MAX_WALK="elders:2"
    )


def test_all_without_a_car_walk_and_those_who_cannot_be_are_named():
    log = Log()
    found = plan([("z", (0, 0), 30, 30)], log)
    assert (found["ON_FOOT"], found["ALLOCATED"], found["VEHICLES"]) == (30, 30, 30)
    assert any("TRAVEL_MODE on foot" in text for text in log.said)
    given = {"GROUP_FIELDS": ["adults"], "NETWORK": streets()}
    text = failure(ZONES=people([("z", (0, 0), 30, 31)]), **given)
    assert "FOOT_FIELDS: zone z" in text and "31 people on foot" in text and "30 there are" in text
    text = failure(ZONES=people([("z", (0, 0), 30, 10)]), FOOT_FIELDS=["walkers"], **given)
    assert "FOOT_FIELDS" in text and "no field “walkers”" in text


@pytest.mark.parametrize("known", [None, 6.0])
def test_a_wave_catches_by_mode_and_nobody_is_lost(known):
    """Water over the middle of the street after some minutes: who walks late is caught or stays, and is listed."""
    ring = ", ".join(at(*p) for p in ((900, -50), (1400, -50), (1400, 50), (900, 50), (900, -50)))
    wave = layer("Polygon", "&field=hazard_arrival:double", [(f"POLYGON(({ring}))", [known or 12.0])], "wave")
    found = plan(
        [("z", (0, 0), 40, 15), ("y", (700, 0), 30, 12)], HAZARD=wave, UNIT=BY_VEHICLE, OUTPUT_CAUGHT="memory:",
        SHELTERS=shelters((("west", (-1000, 0), 20, "selected"), ("east", (3000, 0), 100, "selected"))),
    )  # fmt: skip
    totals = {"car": 25 + 18, "foot": 15 + 12}
    for mode, people in totals.items():
        listed = [
            sum(row["people"] for row in rows_of(found, name) if row["mode"] == mode)
            for name in ("OUTPUT_ALLOCATION", "OUTPUT_UNALLOCATED", "OUTPUT_CAUGHT")
        ]
        assert sum(listed) == people
        curve = [row for row in rows_of(found, "OUTPUT_CLEARANCE") if row["mode"] == mode]
        assert (curve[-1]["arrived"], curve[-1]["caught"]) == (listed[0], listed[2])
    assert found["ALLOCATED"] + found["UNALLOCATED"] + found["CAUGHT"] == 70
    assert max(row["load"] - row["capacity"] for row in rows_of(found, "OUTPUT_SHELTERS")) <= 0
