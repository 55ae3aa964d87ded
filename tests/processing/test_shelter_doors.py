"""Shelters by their doors in ``recommendshelters``, ``allocatecrowd`` and ``nearestshelters``, worked out by hand.

A straight road of 12 km at 60 km/h, a kilometre a minute, whose lane lets 12 vehicles/h through; zones at kilometres 0
and 4, 11 m beside it (10 s on foot).
"""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")
pytest.importorskip("shapely")

import processing
from qgis.core import QgsProcessingException

from tests.processing.shelter_layers import EAST, NORTH, Log, box, make_layer, point, rows_of

FOOT = 1.1 * 60  # m a minute
PEOPLE = 150


def road():
    rows = [
        (f"LINESTRING({EAST + 1000 * k} {NORTH},{EAST + 1000 * k + 1000} {NORTH})", [str(k), 60]) for k in range(12)
    ]
    return make_layer("LineString", "field=road_id:string&field=maxspeed:integer", rows, "streets")


def zones(*rows):
    rows = rows or ((point(0, 11), ["z0", 100]), (point(4000, 11), ["z4", 50]))
    return make_layer("Point", "field=zone_id:string&field=population:integer", list(rows), "quarters")


def sites(*rows, kind="Point"):
    """A at kilometre 1 with 120 places, B at 3 with 60, C at 9 with 1,000; 11 m beside the road."""
    rows = rows or ((point(1000, 11), ["A", 120]), (point(3000, 11), ["B", 60]), (point(9000, 11), ["C", 1000]))
    fields = "field=site_id:string&field=capacity:integer&field=residual:integer"
    return make_layer(kind, fields, [(where, [*values, values[1]]) for where, values in rows], "parks")


def gates(*rows):
    made = [(point(*xy), [site, limit]) for xy, site, limit in rows]
    return make_layer("Point", "field=site_id:string&field=gate:double", made, "gates")


def run(algorithm, log=None, **parameters):
    places = "SITES" if algorithm == "recommendshelters" else "SHELTERS"
    given = {
        "NETWORK": road(), "ZONES": zones(), places: sites(), "DEFAULT_LANE_CAPACITY": 12, "OUTPUT": "memory:",
        "ENTRANCES_CAPACITY_FIELD": "gate" if "ENTRANCES" in parameters else None, **parameters,
    }  # fmt: skip
    extra = {
        "recommendshelters": {"OUTPUT_SELECTED": "memory:", "OUTPUT_CATCHMENTS": "memory:"},
        "allocatecrowd": {"OUTPUT_SHELTERS": "memory:", "OUTPUT_UNALLOCATED": "memory:", "MIP_GAP": 0},
        "nearestshelters": {"OUTPUT_UNREACHABLE": "memory:"},
    }[algorithm]
    given = {name: value for name, value in {**extra, **given}.items() if value is not None}
    return processing.run(f"evacuation:{algorithm}", given, feedback=log or Log())


def by_id(layer, key="site_id"):
    return {row[key]: row for row in rows_of(layer)}


# --- recommendshelters ----------------------------------------------------------------------------------------------


def test_what_doors_let_in_counts_and_residual_stays():
    log = Log()
    found = run("recommendshelters", log, DOOR_MINUTES=60)
    rows = by_id(found["OUTPUT"])
    # A and B are entered from both sides, 24 vehicles/h; to C nobody comes from beyond it
    assert {site: (row["doors"], row["door_capacity"]) for site, row in rows.items()} == {
        "A": (1, 60), "B": (1, 60), "C": (1, 30),
    }  # fmt: skip
    assert {site: row["residual"] for site, row in rows.items()} == {"A": 120, "B": 60, "C": 1000}
    assert {row["status"] for row in rows.values()} == {"selected"} and found["UNCOVERED_PEOPLE"] == 0
    served = {}
    for row in rows_of(found["OUTPUT_CATCHMENTS"]):
        served[row["site_id"]] = served.get(row["site_id"], 0) + row["people"]
    assert served == pytest.approx({"A": 60, "B": 60, "C": 30})
    assert any("in 60 minutes the doors of 2 of 3 site(s) let in fewer people" in text for text in log.said)
    assert any("A (60 of 120), C (30 of 1,000)" in text for text in log.said)
    fewest = by_id(run("recommendshelters", CHOICE=1)["OUTPUT"])
    assert [site for site, row in fewest.items() if row["status"] == "selected"] == ["C"]


def test_reserve_is_of_the_room_not_of_the_doors():
    log = Log()
    found = run("recommendshelters", log, DOOR_MINUTES=60, RESERVE=100)
    # min(120 / 2, 60), min(60 / 2, 60), min(1000 / 2, 30)
    assert found["UNCOVERED_PEOPLE"] == PEOPLE - 60 - 30 - 30
    assert log.warned("find no room", "DOOR_MINUTES")
    assert log.warned("doors: those of the sites in reach let in no more in DOOR_MINUTES")


@pytest.mark.parametrize(
    ("minutes", "people", "expected"), [(30, 2.5, (30, 15)), (60, 1.2, (28, 14)), (1, 2.5, (1, 0))]
)
def test_door_capacity_by_hand(minutes, people, expected):
    found = run("recommendshelters", DOOR_MINUTES=minutes, PEOPLE_PER_VEHICLE=people)
    rows = by_id(found["OUTPUT"])
    assert (rows["A"]["door_capacity"], rows["C"]["door_capacity"]) == expected
    for site, row in rows.items():
        taken = sum(line["people"] for line in rows_of(found["OUTPUT_CATCHMENTS"]) if line["site_id"] == site)
        assert taken <= row["door_capacity"] + 1e-6
    assert found["UNCOVERED_PEOPLE"] == PEOPLE - sum(row["door_capacity"] for row in rows.values())


def test_doors_at_junctions_let_in_less_where_vehicles_give_way():
    rows = [
        (f"LINESTRING({EAST} {NORTH},{EAST + 1000} {NORTH})", ["a", 60, "residential"]),
        (f"LINESTRING({EAST + 1000} {NORTH - 900},{EAST + 1000} {NORTH})", ["b", 60, "primary"]),
        (f"LINESTRING({EAST + 1000} {NORTH},{EAST + 1000} {NORTH + 900})", ["c", 60, "primary"]),
    ]
    fields = "field=road_id:string&field=maxspeed:integer&field=highway:string"
    crossing = make_layer("LineString", fields, rows, "streets")
    given = {
        "NETWORK": crossing, "ZONES": zones((point(0, 11), ["z0", 100])), "SITES": sites((point(1000, 0), ["A", 120])),
        "DOOR_MINUTES": 60,
    }  # fmt: skip
    for delay, people in ((0, 30), (300, 15)):  # 300 s between two vehicles, and 300 s more
        row = by_id(run("recommendshelters", JUNCTION_DELAY=delay, **given)["OUTPUT"])["A"]
        assert row["door_capacity"] == people


def test_a_site_whose_doors_let_in_too_few_is_rejected_for_its_doors():
    log = Log()
    found = run("recommendshelters", log, DOOR_MINUTES=60, MIN_CAPACITY=40)
    row = by_id(found["OUTPUT"])["C"]
    assert (row["status"], row["residual"]) == ("rejected", 1000)
    assert row["reason"] == "doors: 1 door lets in 30 people in DOOR_MINUTES, the minimum is 40"
    assert any("1 doors" in text for text in log.said)


def test_travel_is_to_the_quickest_entrance_with_both_ways_on_foot():
    log = Log()
    entrances = gates(((2000, 22), "C", None), ((1500, 400), "C", None), ((3500, -11), "A", 6))
    found = run("recommendshelters", log, ENTRANCES=entrances, DOOR_MINUTES=60, MAX_SITES=3)
    rows = by_id(found["OUTPUT"])
    # from z0 2 min and 33 m on foot, against 1.5 min and 411 m; from z4 2 min and 33 m
    assert rows["C"]["mean_minutes"] == pytest.approx(2 + 33 / FOOT, abs=2e-3)
    # 12 vehicles/h from the west at 1.5 km, and 12 from the east at 2 km: who comes to the other side passed a door
    assert (rows["C"]["doors"], rows["C"]["door_capacity"]) == (2, 60)
    assert (rows["A"]["doors"], rows["A"]["door_capacity"]) == (1, 15)  # the gate lets in 6 vehicles/h
    assert rows["B"]["door_capacity"] == 60
    (said,) = [text for text in log.said if "Doors guessed, not surveyed" in text]
    assert "B door 1" in said and "A door" not in said and "C door" not in said


def test_the_travel_limit_includes_the_ways_on_foot():
    far = zones((point(0, 264), ["z0", 100]))  # 4 minutes on foot
    two = sites((point(1000, 11), ["A", 120]), (point(3000, 11), ["B", 200]))
    kept = {site: row["reason"] for site, row in by_id(run(
        "recommendshelters", ZONES=far, SITES=two, MAX_TRAVEL_TIME=6)["OUTPUT"]).items()}  # fmt: skip
    assert kept["A"].startswith("serves 100 people") and "limit" in kept["B"] and "nearest 7.2 min" in kept["B"]
    driven = run("recommendshelters", ZONES=far, SITES=two, MAX_TRAVEL_TIME=6, ACCESS_SPEED=39.6)  # 11 m/s
    row = by_id(driven["OUTPUT"])["B"]
    assert row["mean_minutes"] == pytest.approx(3 + 275 / 660, abs=2e-3)


def test_closed_entrances_and_a_polygon_without_any():
    plots = sites((box(900, 5, 1100, 90), ["A", 120]), (box(2900, 5, 3100, 90), ["B", 160]), kind="Polygon")
    log = Log()
    found = run("recommendshelters", log, SITES=plots, ENTRANCES=gates(((3000, 0), "B", 0)), DOOR_MINUTES=60)
    rows = by_id(found["OUTPUT"])
    assert (rows["B"]["status"], rows["B"]["doors"], rows["B"]["door_capacity"]) == ("rejected", 0, 0)
    assert rows["B"]["reason"].startswith("not joined to the road network: all 1 of its entrances are closed")
    # two lines of the road run within 15 m of A, to 14.14 m beyond its ends: doors guessed in the middle of both
    middle = (0.9 - 0.01414 + 1) / 2
    assert (rows["A"]["doors"], rows["A"]["door_capacity"]) == (2, 60)
    assert rows["A"]["mean_minutes"] == pytest.approx((100 * middle + 50 * (2 + middle)) / 150 + 16 / FOOT, abs=2e-3)
    assert any("Doors guessed, not surveyed" in text and "A door 2" in text for text in log.said)


# --- allocatecrowd --------------------------------------------------------------------------------------------------


def test_no_shelter_takes_more_than_its_doors_let_in(tmp_path):
    log, page = Log(), tmp_path / "report.html"
    people = zones(*((point(200 * k, 11), [f"z{k:02}", 10]) for k in range(1, 5)), (point(4000, 11), ["far", 25]))
    report = {"OUTPUT_HTML": str(page), "TRADEOFF_POINTS": 0}
    found = run("allocatecrowd", log, ZONES=people, DOOR_MINUTES=20, GROUP_FIELDS=["population"], SPLIT=0, **report)
    loads = by_id(found["OUTPUT_SHELTERS"], "shelter_id")
    # 20, 20 and 10 people; the room stays what it was
    assert {s: (row["doors"], row["door_capacity"], row["capacity"]) for s, row in loads.items()} == {
        "A": (1, 20, 120), "B": (1, 20, 60), "C": (1, 10, 1000),
    }  # fmt: skip
    assert all(row["load"] <= row["door_capacity"] for row in loads.values())
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (40, 25)
    (left,) = rows_of(found["OUTPUT_UNALLOCATED"])
    assert (left["zone_id"], left["people"], left["reason"]) == ("far", 25, "doors")
    assert "Doors let in" in page.read_text(encoding="utf-8") and "only the places count" in page.read_text("utf-8")
    assert log.warned("cannot go together") and log.warned("DOOR_MINUTES", "A (20 of 120)")
    assert sum(row["people"] for row in rows_of(found["OUTPUT"])) == 40
    divided = run("allocatecrowd", ZONES=people, DOOR_MINUTES=20, SPLIT=2, GROUP_FIELDS=["population"])
    assert (divided["ALLOCATED"], divided["UNALLOCATED"]) == (50, 15)
    assert {row["reason"] for row in rows_of(divided["OUTPUT_UNALLOCATED"])} == {"doors"}
    assert by_id(run("allocatecrowd", ZONES=people)["OUTPUT_SHELTERS"], "shelter_id")["A"]["door_capacity"] is None


def test_lines_tell_the_way_on_foot_and_kilometres_are_of_the_road():
    entrances = gates(((3000, 440), "A", None), ((1000, 33), "B", None), ((9000, 0), "C", None))
    found = run("allocatecrowd", ZONES=zones((point(0, 22), ["z0", 60])), ENTRANCES=entrances, IMPEDANCE=1)
    (row,) = rows_of(found["OUTPUT"])
    assert row["shelter_id"] == "B" and row["distance_km"] == pytest.approx(1, rel=1e-3)
    assert row["access_m"] == pytest.approx(55, abs=0.1)
    assert row["access_minutes"] == pytest.approx(55 / FOOT, abs=1e-3)
    assert row["minutes"] == pytest.approx(1 + 55 / FOOT, abs=2e-3)


def test_impedance_time_and_the_limit_include_the_way_on_foot():
    two = sites((point(1000, 462), ["near", 100]), (point(3000, 0), ["far", 100]))  # 7 minutes on foot

    def shelter(**parameters):
        found = run("allocatecrowd", ZONES=zones((point(0, 0), ["z", 9])), SHELTERS=two, **parameters)
        return [row["shelter_id"] for row in rows_of(found["OUTPUT"])]

    assert shelter(IMPEDANCE=0) == ["near"] and shelter(IMPEDANCE=1) == ["far"]
    assert shelter(IMPEDANCE=1, ACCESS_SPEED=20) == ["near"]  # 1.4 minutes
    assert shelter(IMPEDANCE=0, MAX_TRAVEL_TIME=7.9) == ["far"] and shelter(IMPEDANCE=0, MAX_TRAVEL_TIME=8.1) == [
        "near"
    ]


def test_entrances_of_shelters_left_aside_are_passed_over_in_silence():
    log = Log()
    fields = "field=site_id:string&field=residual:integer&field=status:string"
    rows = [(point(1000, 11), ["A", 120, "rejected"]), (point(3000, 11), ["B", 160, "selected"])]
    chosen = make_layer("Point", fields, rows, "parks")
    found = run("allocatecrowd", log, SHELTERS=chosen, ENTRANCES=gates(((1000, 0), "A", None)))
    assert found["ALLOCATED"] == PEOPLE and not any("ENTRANCES" in text for text in log.warnings)


def test_minutes_and_doors_are_of_the_roads_beside_a_table_of_distances():
    rows = [(None, [zone, site, 7.0]) for zone in ("z0", "z4") for site in "ABC"]
    table = make_layer("None", "field=zone_id:string&field=shelter_id:string&field=distance_km:double", rows, "km")
    found = run("allocatecrowd", DISTANCES=table, DOOR_MINUTES=120)
    assert {row["distance_km"] for row in rows_of(found["OUTPUT"])} == {7.0}
    assert all(row["access_m"] == pytest.approx(22, abs=0.1) for row in rows_of(found["OUTPUT"]))
    loads = by_id(found["OUTPUT_SHELTERS"], "shelter_id")
    assert {s: row["door_capacity"] for s, row in loads.items()} == {"A": 120, "B": 120, "C": 60}
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (PEOPLE, 0)


def test_a_zone_off_the_road_goes_by_the_table_and_has_no_minutes():
    rows = [(None, ["hill", site, 7.0]) for site in "ABC"]
    table = make_layer("None", "field=zone_id:string&field=shelter_id:string&field=distance_km:double", rows, "km")
    given = {"ZONES": zones((point(0, 9000), ["hill", 9])), "DISTANCES": table}
    found = run("allocatecrowd", **given)
    (row,) = rows_of(found["OUTPUT"])
    assert (row["distance_km"], row["minutes"], row["access_m"], row["access_minutes"]) == (7.0, None, None, None)
    (left,) = rows_of(run("allocatecrowd", MAX_TRAVEL_TIME=60, **given)["OUTPUT_UNALLOCATED"])
    assert (left["people"], left["reason"]) == (9, "no shelter in reach")


@pytest.mark.parametrize("minutes", [1, 7, 33, 120])
@pytest.mark.parametrize("split", [0, 1, 2])
def test_nobody_is_lost_from_step_to_step_whatever_the_doors_let_in(minutes, split):
    plots = sites(
        (box(900, 5, 1100, 90), ["A", 70]),
        (box(2950, -30, 3100, 60), ["B", 40]),
        (box(8900, 20, 9100, 60), ["C", 500]),
        kind="Polygon",
    )
    people = zones(*((point(700 * k, 11), [f"z{k}", 7 * k + 3]) for k in range(8)))
    total = sum(7 * k + 3 for k in range(8))
    step = run("recommendshelters", ZONES=people, SITES=plots, DOOR_MINUTES=minutes, RESERVE=10)
    chosen = by_id(step["OUTPUT_SELECTED"])
    assert step["PEOPLE"] == total
    found = run("allocatecrowd", ZONES=people, SHELTERS=step["OUTPUT_SELECTED"], DOOR_MINUTES=minutes, SPLIT=split)
    assert found["ALLOCATED"] + found["UNALLOCATED"] == total
    left = rows_of(found["OUTPUT_UNALLOCATED"])
    assert sum(row["people"] for row in rows_of(found["OUTPUT"])) == found["ALLOCATED"]
    assert sum(row["people"] for row in left) == found["UNALLOCATED"] and all(row["reason"] for row in left)
    for site, row in by_id(found["OUTPUT_SHELTERS"], "shelter_id").items():
        assert row["load"] <= min(chosen[site]["residual"], chosen[site]["door_capacity"])
        assert (row["doors"], row["door_capacity"]) == (chosen[site]["doors"], chosen[site]["door_capacity"])
    if split:  # what the doors let in is used up, or everybody has a place
        assert found["UNALLOCATED"] <= step["UNCOVERED_PEOPLE"]


def test_without_roads_doors_are_unknown():
    with pytest.raises(QgsProcessingException, match="DOOR_MINUTES.*give NETWORK"):
        run("allocatecrowd", NETWORK=None, DOOR_MINUTES=60)
    log = Log()
    found = run("allocatecrowd", log, NETWORK=None, ENTRANCES=gates(((1000, 0), "A", None)))
    assert log.warned("ENTRANCES", "play no part without NETWORK")
    assert {(row["access_m"], row["access_minutes"]) for row in rows_of(found["OUTPUT"])} == {(None, None)}
    assert {(row["doors"], row["door_capacity"]) for row in rows_of(found["OUTPUT_SHELTERS"])} == {(None, None)}


# --- nearestshelters ------------------------------------------------------------------------------------------------


def test_nearest_routes_end_at_the_quickest_door_and_count_long_ways():
    log = Log()
    entrances = gates(((500, 330), "A", None), ((2000, 11), "A", None), ((3000, 0), "B", None), ((9000, 0), "C", 0))
    found = run("nearestshelters", log, ENTRANCES=entrances, K=1)
    west, east = rows_of(found["OUTPUT"])
    # z0: 0.5 min and 341 m on foot against 2 min and 22 m; z4: B at 1 km
    assert (west["zone_id"], west["shelter_id"], east["shelter_id"]) == ("z0", "A", "B")
    assert west["length_m"] == pytest.approx(2000, rel=1e-3) and west["free_flow_s"] == pytest.approx(120, rel=1e-3)
    assert west["minutes"] == pytest.approx(2 + 22 / FOOT, abs=2e-3)
    assert (west["access_m"], east["access_m"]) == (pytest.approx(22, abs=0.1), pytest.approx(11, abs=0.1))
    line = next(found["OUTPUT"].getFeatures()).geometry().asPolyline()
    assert line[-1].x() == pytest.approx(EAST + 2000, abs=0.5)
    quick = run("nearestshelters", log, ENTRANCES=entrances, K=0, ACCESS_SPEED=20)
    (west,) = [row for row in rows_of(quick["OUTPUT"]) if row["zone_id"] == "z0" and row["shelter_id"] == "A"]
    assert west["length_m"] == pytest.approx(500, rel=1e-3) and west["access_m"] == pytest.approx(341, abs=0.2)
    assert west["access_minutes"] == pytest.approx(341 / (20 / 3.6) / 60, abs=1e-3)
    assert any("1 route(s) have more than 100 m" in text and "(z0 to A)" in text for text in log.said)
    reasons = {row["shelter_id"]: row["reason"] for row in rows_of(quick["OUTPUT_UNREACHABLE"])}
    assert set(reasons) == {"C"} and "all 1 of its entrances are closed" in reasons["C"]


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["recommendshelters", "allocatecrowd", "nearestshelters"])
def test_entrances_of_unknown_shelters_are_refused_by_name(algorithm):
    with pytest.raises(QgsProcessingException, match="ENTRANCES: no id of “gates” .“X”. is that of"):
        run(algorithm, ENTRANCES=gates(((1000, 0), "X", None)))


def test_a_gate_below_zero_and_no_minutes_are_refused():
    with pytest.raises(QgsProcessingException, match="ENTRANCES.*-3.*at least 0"):
        run("recommendshelters", ENTRANCES=gates(((1000, 0), "A", -3)))
    for algorithm in ("recommendshelters", "allocatecrowd"):
        with pytest.raises(QgsProcessingException, match="DOOR_MINUTES"):
            run(algorithm, DOOR_MINUTES=0)


# --- the model ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("polygons", [False, True])
def test_the_model_takes_zones_and_sites_of_points_without_ids_and_of_polygons_with_them(provider, polygons):
    key = "zone_id" if polygons else "quarter"
    places = [((100, "a"), 30), ((4000, "b"), 20)]
    kind = "Polygon" if polygons else "Point"
    rows = [
        (box(x - 60, -60, x + 60, 60) if polygons else point(x, 11), [name, people]) for (x, name), people in places
    ]
    people = make_layer(kind, f"field={key}:string&field=population:integer", rows, "quarters")
    parks = [(point(6000, 11), ["A", 120]), (point(9000, 5), ["B", 99])]
    fields = f"field={'site_id' if polygons else 'park'}:string&field=capacity:integer"
    water = make_layer("Polygon", "field=n:integer", [(box(-500, -500, 4500, 500), [1])], "water")
    model = provider.algorithm("evacuationplan")
    given = dict.fromkeys((d.name() for d in model.destinationParameterDefinitions()), "memory:")
    given = {name: value for name, value in given.items() if not name.endswith("REPORT")}
    given.update(
        ROADS=road(), ZONES=people, SITES=make_layer("Point", fields, parks, "parks"), HAZARD=water, EFFORT=0,
        DEFAULT_LANE_CAPACITY=12, DOOR_MINUTES=120,
    )  # fmt: skip
    found = processing.run(model.create(), given, feedback=Log())
    routes = rows_of(found["routeevacuation:ROUTES"])
    assert sum(row["people"] for row in routes) == 50
    names = ({"a", "b"}, {"A"}) if polygons else ({"1", "2"}, {"1"})
    assert ({row["origin_id"] for row in routes}, {row["destination_id"] for row in routes}) == names
    # two hours at the door of A, from the west only: 24 vehicles
    assert {row["door_capacity"] for row in rows_of(found["allocatecrowd:SHELTERS"])} == {60}
    # zone b has a junction inside, and a none
    assert sorted(row["access_m"] for row in routes) == pytest.approx([11, 11] if polygons else [22, 22], abs=0.1)
