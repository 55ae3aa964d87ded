"""Dual carriageways, islands and barriers through the algorithms: the values are worked out by hand."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

import processing

from tests.processing.routing_layers import Log, layer, line, roads, rows_of, run, trips

METRE = 1 / 0.9996  # the ellipsoid's for one of UTM in the zone's middle
PRESENT, CUMULATIVE = 0, 1
LINEAR, DENSITY, BPR = range(3)


def dual():
    """Two one-way halves of 2 km, 10 m apart, joined by a road across at both ends; 36 km/h."""
    return roads(
        [
            (line((0, 0), (2000, 0)), ["east", "yes", 36]),
            (line((2000, 10), (0, 10)), ["west", "yes", 36]),
            (line((0, 0), (0, 10)), ["a", "no", 36]),
            (line((2000, 0), (2000, 10)), ["b", "no", 36]),
        ]
    )


@pytest.mark.parametrize("method", range(4))
@pytest.mark.parametrize(
    "model, cost", [(PRESENT, LINEAR), (PRESENT, DENSITY), (CUMULATIVE, LINEAR), (CUMULATIVE, BPR)]
)
def test_trips_start_on_the_half_that_leads_their_way(method, model, cost):
    both_ways = trips([(line((1000, -5), (2000, 0)), ["z", "e", 30]), (line((1000, -5), (0, 0)), ["z", "w", 30]),
                       (line((500, -5), (500, -5)), ["stay", "here", 5])])  # fmt: skip
    found = run(TRIPS=both_ways, NETWORK=dual(), METHOD=method, FLOW_MODEL=model, COST=cost)
    assert found["UNROUTED"] == 0 and found["ROUTED"] == 65
    routes = {row["destination_id"]: row for row in rows_of(found)}
    for destination in ("e", "w"):
        assert routes[destination]["length_m"] == pytest.approx(1000 * METRE, abs=0.02)
        assert routes[destination]["free_flow_s"] == pytest.approx(100 * METRE, abs=1e-3)
    assert routes["here"]["length_m"] == 0 and routes["here"]["travel_time_s"] == 0
    used = rows_of(found, "OUTPUT_ROADS")
    assert {(row["road_id"], row["vehicles"]) for row in used} == {("east", 30), ("west", 30)}
    assert found["FREE_FLOW_TIME"] == pytest.approx(60 * 100 * METRE, abs=1e-2)
    shapes = {f["destination_id"]: f.geometry() for f in found["OUTPUT"].getFeatures()}
    assert shapes["w"].asPolyline()[0].y() - 5_400_000 == pytest.approx(10, abs=1e-6)
    assert len(shapes["e"].asPolyline()) == 2 and len(shapes["here"].asPolyline()) == 2


@pytest.mark.parametrize(
    "model, cost", [(PRESENT, LINEAR), (PRESENT, DENSITY), (CUMULATIVE, LINEAR), (CUMULATIVE, BPR)]
)
def test_a_place_with_two_points_costs_what_one_does(model, cost):
    """A place beside one half only has one point; 400 vehicles from it, all on one road, take the same time."""
    two = trips([(line((1000, -5), (2000, 0)), ["z", "e", 400])])
    together, apart = dual(), roads(
        [
            (line((0, 0), (2000, 0)), ["east", "yes", 36]),
            (line((2000, 100), (0, 100)), ["west", "yes", 36]),
            (line((0, 0), (0, 100)), ["a", "no", 36]),
            (line((2000, 0), (2000, 100)), ["b", "no", 36]),
        ]
    )  # fmt: skip
    options = {"TRIPS": two, "FLOW_MODEL": model, "COST": cost, "DEPARTURE_WINDOW": 5, "METHOD": 3}
    first, second = run(NETWORK=together, **options), run(NETWORK=apart, **options)
    for name in ("TOTAL_TIME", "INDIVIDUAL_TIME", "CLEARANCE_TIME", "LOWER_BOUND"):
        assert first[name] == pytest.approx(second[name], rel=1e-9, abs=1e-4), name
    assert first["OVER_CAPACITY_ROADS"] == second["OVER_CAPACITY_ROADS"]


def test_both_halves_count_for_the_nearest_shelter():
    points = [("Point", "&field=zone_id:string", [("POINT(501000 5399995)", ["z"])], "zones"),
              ("Point", "&field=site_id:string", [("POINT(500000 5400000)", ["w"]), ("POINT(502000 5400000)", ["e"])],
               "sites")]  # fmt: skip
    zones, sites = (layer(*each) for each in points)
    found = processing.run(
        "evacuation:nearestshelters",
        {"ZONES": zones, "SHELTERS": sites, "NETWORK": dual(), "K": 0, "OUTPUT": "TEMPORARY_OUTPUT"},
        feedback=Log(),
    )
    lengths = {row["shelter_id"]: row["length_m"] for row in rows_of(found)}
    assert lengths == pytest.approx({"w": 1000 * METRE, "e": 1000 * METRE}, abs=0.02)


def test_layers_nowhere_near_the_roads_get_one_sentence_each():
    log = Log()
    far = "POLYGON((10 0, 11 0, 11 1, 10 0))"
    rows = [(f"LINESTRING({10 + k / 100} 0, 10 1)", [f"z{k}", "s", 5]) for k in range(30)]
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:double"
    hazard = layer("Polygon", "", [(far, [])], "flood", "EPSG:4326")
    groups = layer("LineString", fields, rows, "groups", "EPSG:4326")
    found = run(log, TRIPS=groups, HAZARD=hazard)
    assert (found["ROUTED"], found["UNROUTED"]) == (0, 150)
    distant = [text for text in log.warnings if "lies nowhere near the roads of NETWORK “streets”" in text]
    assert [text.split(":")[0] for text in distant] == ["TRIPS", "HAZARD"]
    assert all("EPSG:4326 (WGS 84)" in text and "EPSG:32633 (" in text for text in distant)
    assert not any("could not be joined" in text for text in log.warnings)


def test_an_origin_inside_a_barrier_is_unrouted_with_the_reason():
    wall = layer("Polygon", "", [("POLYGON((499950 5399950, 500300 5399950, 500300 5400050, 499950 5400050, "
                                  "499950 5399950))", [])], "closed")  # fmt: skip
    log = Log()
    rows = trips([(line((0, 0), (2000, 0)), ["in", "s", 40]), (line((600, 0), (2000, 0)), ["out", "s", 10])])
    found = run(log, TRIPS=rows, BARRIERS=wall)
    assert (found["ROUTED"], found["UNROUTED"]) == (10, 40)
    assert [(row["origin_id"], row["reason"]) for row in rows_of(found, "OUTPUT_UNROUTED")] == [
        ("in", "origin: inside a barrier")
    ]
    assert any("TRIPS: 1 of 2 place(s) of “groups” lie inside a barrier" in text for text in log.warnings)
