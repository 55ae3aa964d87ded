"""``evacuation:routeevacuation``: trips that start in polygons and end at doors."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from tests.processing.routing_layers import INDIVIDUAL, Log, at, failure, layer, line, rows_of, run, trips

WAY = line((0, 0), (2000, 0))
STREETS = [
    (line((0, 0), (1000, 0)), ["west", "no", 36, "West Street", "residential"]),
    (line((1000, 0), (2000, 0)), ["east", "no", 36, "East Street", "residential"]),
    (line((2000, 0), (2000, 600)), ["north", "no", 36, "North Street", "residential"]),
    (line((0, 0), (0, 600)), ["up", "no", 36, None, "residential"]),
    (line((0, 600), (2000, 600)), ["top", "no", 36, "Top Road", "trunk"]),
]


def box(x: float, y: float, x2: float, y2: float) -> str:
    return f"POLYGON(({at(x, y)}, {at(x2, y)}, {at(x2, y2)}, {at(x, y2)}, {at(x, y)}))"


def streets(rows=None):
    fields = "".join(
        f"&field={name}"
        for name in ("road_id:string", "oneway:string", "maxspeed:double", "name:string", "highway:string")
    )
    return layer("LineString", fields, rows or STREETS, "streets")


def zones(*rows, fields="&field=zone_id:string"):
    return layer("Polygon", fields, list(rows), "zones")


def sites(*rows, kind="Polygon", fields="&field=site_id:string"):
    return layer(kind, fields, list(rows), "shelters")


def entrances(*rows):
    made = [(f"POINT({at(*xy)})", [site, limit]) for xy, site, limit in rows]
    return layer("Point", "&field=site_id:string&field=gate:double", made, "gates")


def route(log=None, people=100, **parameters):
    base = {
        "NETWORK": streets(), "DEFAULT_LANE_CAPACITY": 900, "METHOD": INDIVIDUAL,
        "TRIPS": trips([(WAY, ["a", "s", people])]),
        "ENTRANCES_CAPACITY_FIELD": "gate" if "ENTRANCES" in parameters else None,
    }  # fmt: skip
    return run(log, **{**base, **parameters})


# --- origins --------------------------------------------------------------------------------------------------------


def test_vehicles_start_at_the_junctions_of_their_zone_by_the_roads_that_meet_there():
    log = Log()
    # inside: 700 m of West and 600 m of Up, whose far end is inside too: weights 650 at (0, 0) and 300 at (0, 600)
    found = route(log, ORIGINS=zones((box(-50, -50, 700, 650), ["a"]), (box(5000, 0, 5100, 100), ["z"])))
    routes = rows_of(found)
    assert sum(row["vehicles"] for row in routes) == found["VEHICLES"] == 100 and found["UNROUTED"] == 0
    started = {row["length_m"] > 2050: row["vehicles"] for row in routes}
    assert started == {False: 68, True: 32}  # 68.4 and 31.6
    assert [row["access_m"] for row in routes] == [0, 0]
    assert "1 trip(s) start at 2 junctions inside 1 polygons of “zones”" in log.text and not log.warnings


def test_only_the_part_in_the_hazard_counts_and_the_hazard_has_a_buffer():
    zone = zones((box(-50, -50, 1500, 650), ["a"]))
    plain = route(ORIGINS=zone)
    water = zones((box(-300, -300, 500, 650), ["water"]))
    part = route(ORIGINS=zone, HAZARD=water)
    wider = route(ORIGINS=zone, HAZARD=water, HAZARD_BUFFER=600)
    assert [sum(row["starts"] for row in rows_of(found)) for found in (plain, part, wider)] == [3, 2, 3]
    assert min(row["length_m"] for row in rows_of(part)) == pytest.approx(2000, rel=1e-3)
    assert min(row["length_m"] for row in rows_of(wider)) < 2000
    for found in (part, wider):
        first = rows_of(found, "OUTPUT_CLEARANCE")[0]
        assert (first["departed"], first["in_hazard"]) == (0, 100)


def test_a_zone_without_a_junction_and_a_trip_without_a_zone_start_at_the_nearest_road():
    log = Log()
    both = trips([(WAY, ["a", "s", 10]), (WAY, ["b", "s", 20]), (WAY, ["c", "s", 30])])
    found = route(log, TRIPS=both, ORIGINS=zones((box(300, 100, 400, 200), ["a"]), (box(-50, -50, 100, 100), ["b"])))
    assert found["ROUTED"] == 60
    assert not any("could not be joined" in text for text in log.warnings)
    assert any("1 polygon(s) of “zones” hold no junction" in t and ": a." in t for t in log.warnings)
    assert any("1 origin(s) have no polygon in “zones”" in t and ": c." in t for t in log.warnings)


def test_zones_that_overlap_are_named():
    log = Log()
    two = trips([(WAY, ["a", "s", 10]), (WAY, ["b", "s", 20])])
    found = route(log, TRIPS=two, ORIGINS=zones((box(-50, -50, 100, 100), ["a"]), (box(-50, 0, 100, 700), ["b"])))
    assert found["ROUTED"] == 30
    assert any("1 pair(s) of polygons of “zones” overlap: a and b" in text for text in log.warnings)


def test_origins_that_match_no_trip_are_refused():
    text = failure(ORIGINS=zones(*((box(k, 0, k + 1, 1), [f"z{k}"]) for k in range(5))))
    assert "ORIGINS: no id of “zones” (“z0”, “z1”, “z2”)" in text and "(“a”)" in text
    lines = layer("LineString", "&field=zone_id:string", [(WAY, ["a"])], "zones")
    assert "holds no polygons" in failure(ORIGINS=lines)
    by_feature = failure(ORIGINS=zones((box(0, 0, 1, 1), ["a"]), fields="&field=other:string"))
    assert "no id of “zones” (“1”)" in by_feature and "Choose the id fields" in by_feature
    assert "ORIGINS_ID_FIELD" in failure(ORIGINS=zones((box(0, 0, 1, 1), ["a"])), ORIGINS_ID_FIELD="other")


def test_zones_that_are_points_start_at_the_nearest_road():
    log = Log()
    points = layer("Point", "&field=zone_id:string", [(f"POINT({at(0, 0)})", ["a"])], "zones")
    found = route(log, ORIGINS=points)
    assert rows_of(found) == rows_of(route()) and found["ROUTED"] == 100
    assert "“zones” holds points; trips start at the nearest roads" in log.text


def test_a_row_starts_only_where_its_destination_can_be_reached():
    one_way = [row if row[1][0] != "up" else (row[0], ["up", "yes", 36, None, "residential"]) for row in STREETS[:4]]
    found = route(NETWORK=streets(one_way), ORIGINS=zones((box(-50, -50, 700, 650), ["a"])))
    assert [row["vehicles"] for row in rows_of(found)] == [100] and found["UNROUTED"] == 0


# --- doors ----------------------------------------------------------------------------------------------------------


def test_surveyed_entrances_are_the_doors_and_each_vehicle_takes_the_better_one():
    log = Log()
    gates = entrances(((1500, -30), "s", None), ((40, 500), "s", None), ((0, -700), "t", None))
    two = trips([(WAY, ["a", "s", 60]), (line((0, 600), (2000, 0)), ["b", "s", 40])])
    found = route(
        log, TRIPS=two, DESTINATIONS=sites((box(1900, 100, 1990, 200), ["s"])), ENTRANCES=gates, ACCESS_SPEED=6
    )
    routes = {row["origin_id"]: row for row in rows_of(found)}
    assert routes["a"]["length_m"] == pytest.approx(500, rel=1e-3)
    assert routes["b"]["length_m"] == pytest.approx(100, rel=2e-3)
    assert routes["a"]["door"] == routes["b"]["door"] == 2 and routes["a"]["access_m"] == pytest.approx(40)
    assert routes["a"]["access_minutes"] == pytest.approx(0.4) == found["ACCESS_MINUTES_95"]
    assert any("1 of 3 entrance(s) of “gates” belong to no destination" in t and "(of “t”)" in t for t in log.said)
    assert "Doors guessed" not in log.text


def test_entrances_of_destinations_to_which_nobody_goes_are_no_mistake():
    log = Log()
    two = sites((box(1900, 100, 1990, 200), ["s"]), (box(100, 100, 190, 200), ["t"]))
    gates = entrances(((1500, -30), "s", None), ((140, 10), "t", None))
    (row,) = rows_of(route(log, DESTINATIONS=two, ENTRANCES=gates))
    assert row["length_m"] == pytest.approx(1500, rel=1e-3) and not log.warnings


def test_entrances_need_no_layer_of_destinations():
    log = Log()
    found = route(log, ENTRANCES=entrances(((1500, -30), "s", None)))
    (row,) = rows_of(found)
    assert row["length_m"] == pytest.approx(1500, rel=1e-3) and row["access_m"] == pytest.approx(30)
    assert row["access_minutes"] == pytest.approx(30 / 1.1 / 60)


def test_doors_of_a_polygon_are_guessed_and_said():
    log = Log()
    shelter = sites((box(1300, -40, 1990, 590), ["s"]))
    found = route(log, DESTINATIONS=shelter)
    text = next(text for text in log.said if "Doors guessed, not surveyed" in text)
    # East Street crosses the border at x = 1300 and 1990, each end for one direction; Top Road is a trunk road
    assert "s door 1 on East Street (900 vehicles/h); s door 2 on East Street (900 vehicles/h)" in text
    (row,) = rows_of(found)
    assert row["door"] == 1 and row["length_m"] == pytest.approx(1300, rel=1e-3) and row["access_m"] == 0
    from_top = trips([(line((2000, 600), (0, 0)), ["a", "s", 9])])
    (row,) = rows_of(route(DESTINATIONS=shelter, TRIPS=from_top))
    assert row["door"] == 2 and row["length_m"] == pytest.approx(610, rel=1e-3) and row["access_m"] == 0
    log = Log()
    route(log, DESTINATIONS=shelter, MAX_DOORS=1)
    assert "s door 1 on East Street (1,800 vehicles/h) (1 in all)" in log.text  # round by the north, and on through it
    # only North Street runs within 15 m of this one, and brings vehicles from both sides
    (row,) = rows_of(route(log, DESTINATIONS=sites((box(1300, 20, 1990, 580), ["s"])), TRIPS=from_top))
    assert "s door 1 on North Street (1,800 vehicles/h) (1 in all)" in log.text
    assert row["length_m"] == pytest.approx(300, rel=2e-3) and row["access_m"] == pytest.approx(10)


def test_a_point_and_a_polygon_far_from_roads_take_the_nearest_road():
    log = Log()
    for made in (sites((f"POINT({at(1500, 40)})", ["s"]), kind="Point"), sites((box(1450, 20, 1550, 60), ["s"]))):
        (row,) = rows_of(route(log, DESTINATIONS=made))
        assert row["length_m"] == pytest.approx(1500, rel=1e-3) and row["access_m"] == pytest.approx(40)
    assert log.text.count("s door 1 on East Street (1,800 vehicles/h) (1 in all)") == 2


def test_long_ways_to_the_road_are_counted():
    log = Log()
    far = trips([(line((500, -60), (1500, -90)), ["a", "s", 7]), (line((500, -20), (1500, -30)), ["b", "t", 9])])
    found = route(log, TRIPS=far)
    access = {row["origin_id"]: row["access_m"] for row in rows_of(found)}
    assert access == pytest.approx({"a": 150, "b": 50})
    assert (
        "1 trip(s) with 7 people have more than 100 m between places and road, both ends together; most 150 m"
        in log.text
    )


def test_ids_may_be_called_shelter_id():
    made = sites((f"POINT({at(1500, 40)})", ["s"]), kind="Point", fields="&field=shelter_id:string")
    (row,) = rows_of(route(DESTINATIONS=made))
    assert row["length_m"] == pytest.approx(1500, rel=1e-3)


def test_destinations_and_entrances_that_match_no_trip_are_refused():
    others = [(box(k, 0, k + 1, 1), [f"p{k}"]) for k in range(4)]
    text = failure(DESTINATIONS=sites(*others))
    assert "DESTINATIONS: no id of “shelters” (“p0”, “p1”, “p2”) is that of a destination of TRIPS (“s”)" in text
    text = failure(ENTRANCES=entrances(((0, 0), "q", None), ((1, 0), "r", None)))
    assert "ENTRANCES: no id of “gates” (“q”, “r”) is that of a destination (“s”)" in text


def test_destinations_without_a_feature_go_to_the_nearest_road_and_are_counted():
    log = Log()
    two = trips([(WAY, ["a", "s", 10]), (line((0, 0), (1000, 30)), ["a", "t", 20])])
    found = route(log, TRIPS=two, DESTINATIONS=sites((f"POINT({at(1500, 40)})", ["s"]), kind="Point"))
    routes = {row["destination_id"]: row for row in rows_of(found)}
    assert routes["t"]["length_m"] == pytest.approx(1000, rel=1e-3) and found["ROUTED"] == 30
    assert any("1 trip(s) to 1 destination(s) without a feature in “shelters”" in text for text in log.warnings)


# --- closed, far, limited --------------------------------------------------------------------------------------------


def test_a_destination_all_doors_of_which_are_closed_or_far_is_listed_with_the_reason():
    log = Log()
    two = trips([(WAY, ["a", "s", 10]), (WAY, ["a", "t", 20]), (WAY, ["a", "u", 30])])
    gates = entrances(
        ((1500, 0), "s", 0), ((500, 0), "s", 0), ((1500, -3000), "t", None), ((1500, 5), "u", 0), ((1400, 5), "u", 9)
    )
    found = route(log, TRIPS=two, ENTRANCES=gates)
    assert (found["ROUTED"], found["UNROUTED"]) == (30, 30)
    reasons = {row["destination_id"]: row["reason"] for row in rows_of(found, "OUTPUT_UNROUTED")}
    assert reasons["s"] == "destination: all 2 of its entrances are closed (ENTRANCES_CAPACITY_FIELD is 0)"
    assert "entrance 3: 3,000 m from the nearest road that can be reached (limit 500 m)" in reasons["t"]
    assert any("1 destination(s) cannot be entered: s: all 2" in text for text in log.warnings)
    assert any("“gates” could not be joined to the road network: 3" in text for text in log.warnings)
    assert "must be at least 0" in failure(ENTRANCES=entrances(((0, 0), "s", -1)), ENTRANCES_CAPACITY_FIELD="gate")


def test_a_limit_lets_the_last_pieces_pass_less():
    gate = entrances(((1500, 0), "s", 90))
    free = route(people=60, FLOW_MODEL=1, ANALYSIS_PERIOD=60)
    limited = route(people=60, FLOW_MODEL=1, ANALYSIS_PERIOD=60, ENTRANCES=gate)
    # 60 vehicles an hour on the last 500 m, for 45: half of the limit on each of the two directions that lead there
    slow = 50 * (1 + 0.15 * (60 / 45) ** 4) + 100 * (1 + 0.15 * (60 / 900) ** 4)
    assert limited["TOTAL_TIME"] == pytest.approx(60 * slow, rel=2e-3)
    assert free["TOTAL_TIME"] == pytest.approx(60 * 200, rel=2e-3)


def test_everybody_is_counted_whatever_the_ends():
    rows = [(WAY, [f"z{k % 4}", f"s{k % 3}", 7 + k]) for k in range(12)]
    many = trips([*rows, (None, ["z0", "s0", 5]), (None, ["q", "s1", 9])])
    total = sum(7 + k for k in range(12)) + 14
    found = route(
        TRIPS=many,
        ORIGINS=zones((box(-50, -50, 700, 650), ["z0"]), (box(1500, -50, 2100, 700), ["z1"])),
        DESTINATIONS=sites((box(1300, -40, 1990, 590), ["s0"]), (box(200, 20, 300, 90), ["s1"])),
        ENTRANCES=entrances(((100, 0), "s1", None), ((1800, 9), "s1", 600)),
    )
    assert found["ROUTED"] + found["UNROUTED"] == total
    unrouted = rows_of(found, "OUTPUT_UNROUTED")
    assert sum(row["people"] for row in rows_of(found)) == found["ROUTED"]
    assert {(row["origin_id"], row["destination_id"]) for row in unrouted} == {("q", "s1")}
