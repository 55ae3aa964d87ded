"""Routes as ways of a zone: few of them, from its border on, with what is driven before as paths of the starts."""

from __future__ import annotations

import pytest

from tests.processing.closing_layers import box
from tests.processing.routing_layers import SYSTEM_OPTIMAL, Log, layer, line, rows_of, run, trips

# Two streets of a zone, 200 m each, lead to its exit; three streets of 1 to 1.3 km from there to the shelter.
STREETS = [
    (line((0, 0), (200, 100)), ["in 1", "no", 36, "South Street", 600]),
    (line((0, 200), (200, 100)), ["in 2", "no", 36, "North Street", 600]),
    (line((200, 100), (300, 100)), ["out", "no", 36, "Bridge", 1800]),
    (line((300, 100), (1300, 100)), ["mid", "no", 36, "Middle Road", 300]),
    (line((300, 100), (800, 430), (1300, 100)), ["up", "no", 36, "Upper Road", 300]),
    (line((300, 100), (800, -390), (1300, 100)), ["down", "no", 36, "Lower Road", 300]),
]
BORDER = 250.0


@pytest.fixture(scope="module")
def network():
    fields = "&field=road_id:string&field=oneway:string&field=maxspeed:double&field=name:string&field=capacity:double"
    return layer("LineString", fields, STREETS, "streets")


def planned(network, most: int, log: Log | None = None, **more):
    ring = "POLYGON((499900 5399900, 500250 5399900, 500250 5400400, 499900 5400400, 499900 5399900))"
    return run(
        log, TRIPS=trips([(line((0, 100), (1300, 100)), ["a", "s", 300])]), NETWORK=network, METHOD=SYSTEM_OPTIMAL,
        FLOW_MODEL=2, ORIGINS=layer("Polygon", "&field=zone_id:string", [(ring, ["a"])], "zones"), MAX_ROUTES=most,
        DEPARTURE_WINDOW=5, PEOPLE_PER_VEHICLE=1, EFFORT=0, OUTPUT_VEHICLES="memory:", OUTPUT_PATHS="memory:",
        OUTPUT_ROADS="memory:", **more,
    )  # fmt: skip


@pytest.mark.parametrize("most", (1, 2, 3))
def test_at_most_so_many_ways_and_everybody_on_one(network, most):
    found = planned(network, most)
    routes, vehicles = rows_of(found), rows_of(found, "OUTPUT_VEHICLES")
    assert len(routes) == most  # more ways pay: each passes 300 vehicles an hour
    assert sum(r["vehicles"] for r in routes) == len(vehicles) == 300
    assert [r["route_id"] for r in routes] == list(range(1, most + 1))
    for route in routes:
        mine = [v for v in vehicles if v["route_id"] == route["route_id"]]
        assert len(mine) == route["vehicles"] and len({v["start_path"] for v in mine}) == route["starts"]
    assert found["UNLIMITED_TIME"] <= found["TOTAL_TIME"]


def test_a_line_begins_at_the_border_and_names_the_streets_from_there(network):
    found = planned(network, 3)
    for feature in found["OUTPUT"].getFeatures():
        vertices = [point.x() - 500_000 for point in feature.geometry().vertices()]
        assert vertices[0] == pytest.approx(BORDER, abs=1e-3) and vertices[-1] == pytest.approx(1300, abs=1e-3)
        assert feature["streets"] in {f"Bridge, {name} Road" for name in ("Middle", "Upper", "Lower")}
        assert feature["starts"] >= 2


def test_start_path_and_route_are_the_whole_way(network):
    found = planned(network, 2)
    paths: dict[int, list[str]] = {}
    for row in rows_of(found, "OUTPUT_PATHS"):
        paths.setdefault(row["route_id"], []).append(row["road_id"])
    for vehicle in rows_of(found, "OUTPUT_VEHICLES"):
        whole = [*paths.get(vehicle["start_path"], []), *paths[vehicle["route_id"]]]
        assert whole[-2:][0] == "out" and whole[-1] in ("mid", "up", "down")
        assert whole[:-2] in ([], ["in 1"], ["in 2"])
    drivers = {vehicle["start_path"] for vehicle in rows_of(found, "OUTPUT_VEHICLES")}
    assert len(drivers) >= 2


def test_a_limit_is_told_with_what_it_costs_and_idle_elsewhere(network):
    log = Log()
    found = planned(network, 1, log)
    assert found["UNLIMITED_TIME"] < found["TOTAL_TIME"]
    assert "Without MAX_ROUTES" in log.text


def test_where_a_limit_has_more_people_caught_log_and_report_say_how_many(network, tmp_path):
    # The water is at the shelter's end of the three streets at minute 8; each lets one vehicle out every 12 s.
    log, report = Log(), tmp_path / "report.html"
    water = layer("Polygon", "&field=hazard_arrival:double", [(box(1200, 50, 1290, 150), [8])], "water")
    free = planned(network, 0, HAZARD=water)
    found = planned(network, 1, log, HAZARD=water, OUTPUT_HTML=str(report))
    assert found["CAUGHT"] > free["CAUGHT"] > 0
    text = (
        f"MAX_ROUTES: with at most 1 ways from an origin to a destination {found['CAUGHT']} people are caught, without "
        f"the limit {free['CAUGHT']}."
    )
    assert text in log.text and any(text in each for each in log.warnings)
    assert text in report.read_text(encoding="utf-8")


def test_numbers_are_numbers_to_qgis(network):
    found = planned(network, 3)
    assert {type(found[name]) for name in ("TOTAL_TIME", "LOWER_BOUND", "UNLIMITED_TIME", "CLEARANCE_BOUND")} == {float}


def test_responders_come_in_where_nobody_drives_out(network):
    roads = rows_of(planned(network, 1), "OUTPUT_ROADS")
    assert {r["road_id"] for r in roads if r["inbound_free"]} == {r["road_id"] for r in roads}  # all open both ways
