"""``evacuation:contraflow`` through the registry, on small towns."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsProcessingException

from tests.processing.routing_layers import Log, at, layer, line, rows_of

FIELDS = "&field=name:string&field=highway:string&field=oneway:string&field=maxspeed:double&field=capacity:double"


def roads(rows):
    return layer("LineString", FIELDS, [(shape, list(values)) for shape, values in rows], "streets")


def town(narrow=600, way_round=True):
    """A primary road from a zone to a shelter, narrow in its middle third, crossed by secondary roads; a way round."""
    rows = [
        (line((0, 0), (500, 0), (1000, 0)), ("first", "primary", "no", 60, 900)),
        (line((1000, 0), (2000, 0)), ("middle", "primary", "no", 60, narrow)),
        (line((2000, 0), (3000, 0)), ("last", "primary", "no", 60, 900)),
        (line((1000, -500), (1000, 0)), ("south", "secondary", "no", 60, 900)),
        (line((2000, -500), (2000, 0)), ("east", "secondary", "no", 60, 900)),
        (line((0, 0), (0, 300)), ("lane", "residential", "no", 30, 300)),
        (line((0, 0), (-300, 0)), ("stub", "secondary", "no", 60, 900)),
        (line((3000, 0), (3300, 0)), ("end", "secondary", "no", 60, 900)),
    ]
    if way_round:  # slow, and only inward: nobody leaves by it
        rows += [(line((3000, 0), (3000, 800), (0, 800), (0, 300)), ("round", "residential", "yes", 30, 300)),
                 (line((1000, 800), (1000, 0)), ("a", "residential", "yes", 30, 300)),
                 (line((2000, 800), (2000, 0)), ("b", "residential", "yes", 30, 300))]  # fmt: skip
    return roads(rows)


def trips(people=300, goal=(3000, 0)):
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:integer"
    return layer("LineString", fields, [(line((0, 0), goal), ["z", "s", people])], "trips")


def given(**more):
    values = {
        "TRIPS": trips(), "NETWORK": town(), "DEPARTURE_PROFILE": 0, "PEOPLE_PER_VEHICLE": 1, "EFFORT": 0,
        "OUTPUT": "TEMPORARY_OUTPUT", "OUTPUT_STRETCHES": "TEMPORARY_OUTPUT", **more,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value is not None}


def run(log=None, **more):
    return processing.run("evacuation:contraflow", given(**more), feedback=log or Log())


def routed(network, **more):
    """Return the total time of ``routeevacuation`` on a network, with the same inputs."""
    values = given(NETWORK=network, **more)
    for name in ("OUTPUT_STRETCHES", "MAX_STRETCHES", "KEEP_LANES", "CLASSES", "MAX_LENGTH"):
        values.pop(name, None)
    return processing.run("evacuation:routeevacuation", values, feedback=Log())["TOTAL_TIME"]


def test_the_narrow_stretch_is_turned_first_and_routing_on_the_output_gives_the_same_to_the_last_bit():
    found = run(MAX_STRETCHES=1)
    steps = [row for row in rows_of(found, "OUTPUT_STRETCHES") if row["status"] == "turned"]
    assert [row["stretch"] for row in steps] and "middle" in steps[0]["stretch"]
    assert found["TURNED"] == 1 and found["TURNED_KM"] == pytest.approx(1.0, rel=1e-3)
    assert found["TOTAL_TIME_BEFORE"] == routed(town())
    assert found["TOTAL_TIME"] == routed(found["OUTPUT"])
    assert steps[0]["gain_s"] == pytest.approx(found["TOTAL_TIME_BEFORE"] - found["TOTAL_TIME"])
    turned = [row for row in rows_of(found) if row["turned"] == 1]
    assert [(row["name"], row["lanes_forward"], row["lanes_backward"]) for row in turned] == [("middle", 2, 0)]
    assert (turned[0]["capacity_forward"], turned[0]["capacity_backward"], turned[0]["step"]) == (1200, 0, 1)
    others = {row["name"]: row for row in rows_of(found) if row["turned"] == 0}
    assert others["first"]["capacity_forward"] == others["first"]["capacity_backward"] == 900
    assert (others["round"]["lanes_forward"], others["round"]["lanes_backward"]) == (1, 0)


def test_no_other_stretch_beats_the_first_by_more_than_a_tenth():
    wide = town(narrow=700)
    best = run(NETWORK=wide, MAX_STRETCHES=1, EFFORT=1)
    every = run(NETWORK=wide, MAX_STRETCHES=1, EFFORT=2)
    rows = [
        row for row in rows_of(every, "OUTPUT_STRETCHES") if row["gain_s"] is not None and row["status"] != "refused"
    ]
    assert len(rows) >= 2
    gain = best["TOTAL_TIME_BEFORE"] - best["TOTAL_TIME"]
    assert max(row["gain_s"] for row in rows) <= 1.1 * gain


def test_the_search_ends_where_turning_stops_paying_and_says_so():
    log = Log()
    found = run(log, MAX_STRETCHES=5)
    assert 1 <= found["TURNED"] < 5 and "turning stops paying" in log.text
    assert found["TOTAL_TIME"] == routed(found["OUTPUT"])
    again = run(MAX_STRETCHES=5)
    assert again["TOTAL_TIME"] == found["TOTAL_TIME"]


def test_a_stretch_that_would_cut_off_a_zone_is_refused_with_the_reason():
    corners = [(-400, -600), (1500, -600), (1500, 400), (-400, 400), (-400, -600)]
    water = layer("Polygon", "&field=n:integer", [(f"POLYGON(({', '.join(at(*p) for p in corners)}))", [1])], "water")
    found = run(NETWORK=town(way_round=False), HAZARD=water)
    assert found["TURNED"] == 0 and found["TOTAL_TIME"] == found["TOTAL_TIME_BEFORE"]
    refused = [row for row in rows_of(found, "OUTPUT_STRETCHES") if row["status"] == "refused"]
    assert refused and all("no way in from outside any more to zone z" in row["reason"] for row in refused)
    assert not any(row["turned"] for row in rows_of(found))


def test_a_place_to_keep_reachable_and_the_longest_length():
    depot = layer("Point", "&field=n:integer", [(f"POINT({at(500, 0)})", [1])], "depots")
    rows = [row for row in rows_of(run(KEEP_REACHABLE=depot), "OUTPUT_STRETCHES") if row["status"] == "refused"]
    assert not any("KEEP_REACHABLE" in row["reason"] for row in rows)  # the way round leads there
    found = run(MAX_LENGTH=0.5)
    assert found["TURNED"] == 0
    assert {row["reason"] for row in rows_of(found, "OUTPUT_STRETCHES")} == {"longer than what MAX_LENGTH leaves"}


def test_a_lane_that_stays_inbound():
    rows = [(shape, values) for shape, values in [
        (line((0, 0), (1000, 0)), ("main", "primary", "no", 60, 600)),
        (line((0, 0), (-300, 0)), ("stub", "secondary", "no", 60, 900)),
        (line((1000, 0), (1300, 0)), ("end", "secondary", "no", 60, 1800)),
    ]]  # fmt: skip
    wide = layer(
        "LineString", FIELDS + "&field=lanes:integer", [(s, [*v, 4 if v[0] == "main" else 2]) for s, v in rows], "w"
    )
    found = run(NETWORK=wide, TRIPS=trips(300, (1000, 0)))
    turned = [row for row in rows_of(found) if row["turned"] == 1]
    assert [(row["lanes_forward"], row["lanes_backward"]) for row in turned] == [(3, 1)]
    assert (turned[0]["capacity_forward"], turned[0]["capacity_backward"]) == (900, 300)


def test_the_report_and_bad_input(tmp_path):
    path = tmp_path / "turn.html"
    run(MAX_STRETCHES=1, OUTPUT_HTML=str(path))
    text = path.read_text(encoding="utf-8")
    assert "middle" in text and "vehicle-hours" in text
    for wrong, word in (({"FLOW_MODEL": 0}, "FLOW_MODEL"), ({"CLASSES": " , "}, "CLASSES")):
        with pytest.raises(QgsProcessingException) as caught:
            run(**wrong)
        assert word in str(caught.value)
