"""``evacuation:contraflow`` through the registry, on small towns."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import numpy as np
import processing
from qgis.core import NULL, QgsProcessingException

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


def trips(people=300, goal=(3000, 0), start=(0, 0)):
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:integer"
    return layer("LineString", fields, [(line(start, goal), ["z", "s", people])], "trips")


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


def grid(seed, wide=4, high=3, block=600):
    """Streets at right angles, primary and secondary, of random capacities, and four trips from west to east."""
    rng = np.random.default_rng(seed)
    rows = []
    for across in (True, False):
        for y in range(high if across else high - 1):
            for x in range(wide - 1 if across else wide):
                kind = "primary" if rng.random() < (1.0 if across and y == 1 else 0.3) else "secondary"
                end = ((x + 1) * block, y * block) if across else (x * block, (y + 1) * block)
                capacity = float(rng.choice([400, 600, 900]))
                rows.append((line((x * block, y * block), end), (f"{across} {x} {y}", kind, "no", 50, capacity)))
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:integer"
    ends = [(k, *(int(rng.integers(0, high)) * block for _ in range(2))) for k in range(4)]
    trip = [(line((0, a), ((wide - 1) * block, b)), [f"z{k}", f"s{b}", int(rng.integers(80, 200))]) for k, a, b in ends]
    return roads(rows), layer("LineString", fields, trip, "trips")


def turned_by_hand(network, stretch):
    """Return the layer with the capacity of the stretch (vertices, outbound) doubled outbound and shut inbound."""
    names = ("capacity_forward", "capacity_backward", "lanes_forward", "lanes_backward")
    ways = "".join(f"&field={name}:double" for name in names)
    place = {vertex: k for k, vertex in enumerate(stretch)}
    rows = []
    for feature in network.getFeatures():
        ends = [place.get((round(p.x()), round(p.y()))) for p in feature.geometry().asPolyline()]
        each = [NULL] * 4
        if None not in ends:
            wide = 2 * feature["capacity"]
            each = [wide, 0.0, 2.0, 0.0] if ends[0] < ends[1] else [0.0, wide, 0.0, 2.0]
        rows.append((feature.geometry().asWkt(6), [*feature.attributes(), *each]))
    return layer("LineString", FIELDS + ways, rows, "streets")


@pytest.mark.parametrize("seed", [0, 6])
def test_of_all_stretches_of_a_small_town_none_beats_the_first_by_more_than_a_tenth(seed):
    network, some = grid(seed)
    found = run(NETWORK=network, TRIPS=some, MAX_STRETCHES=1, EFFORT=0)
    assert found["TURNED"] == 1
    gains = []
    for feature in found["OUTPUT_STRETCHES"].getFeatures():
        vertices = [(round(p.x()), round(p.y())) for p in feature.geometry().asPolyline()]
        gain = found["TOTAL_TIME_BEFORE"] - routed(turned_by_hand(network, vertices), TRIPS=some)
        if feature["gain_s"] != NULL:
            assert gain == pytest.approx(feature["gain_s"], abs=1e-6)
        gains.append(gain)
    assert len(gains) >= 4
    assert max(gains) <= 1.1 * (found["TOTAL_TIME_BEFORE"] - found["TOTAL_TIME"])


def test_the_search_ends_where_turning_stops_paying_and_says_so():
    log = Log()
    found = run(log, MAX_STRETCHES=5)
    assert 1 <= found["TURNED"] < 5 and "turning stops paying" in log.text
    assert found["TOTAL_TIME"] == routed(found["OUTPUT"])
    again = run(MAX_STRETCHES=5)
    assert again["TOTAL_TIME"] == found["TOTAL_TIME"]


def test_queues_on_roads_of_another_class_are_told():
    """All queue before the narrow road, which is primary."""
    log = Log()
    found = run(log, CLASSES="secondary", MAX_STRETCHES=1)
    assert found["TURNED"] == 0
    assert "lost in queues 0 % are on roads of the classes asked for; 100 % are on primary, most on" in log.text
    assert "Add primary to CLASSES" in log.text
    log = Log()
    run(log, MAX_STRETCHES=1)
    assert "CLASSES: of the" not in log.text


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


def test_the_inbound_carriageway_of_a_divided_road_is_turned():
    """Two carriageways 20 m apart that meet at both ends; the way back is a slow lane."""
    rows = [
        (line((0, 0), (20, -10), (980, -10), (1000, 0)), ("out", "primary", "yes", 60, 600)),
        (line((1000, 0), (980, 10), (20, 10), (0, 0)), ("in", "primary", "yes", 60, 600)),
        (line((0, 0), (-300, 0)), ("stub", "secondary", "no", 60, 1800)),
        (line((1000, 0), (1300, 0)), ("end", "secondary", "no", 60, 1800)),
        (line((1000, 0), (1000, 800), (0, 800), (0, 0)), ("lane", "residential", "yes", 30, 300)),
    ]
    named = layer(
        "LineString", FIELDS + "&field=ref:string",
        [(shape, [*values, "B1" if values[1] == "primary" else ""]) for shape, values in rows], "streets",
    )  # fmt: skip
    found = run(NETWORK=named, TRIPS=trips(300, (1000, 0)))
    turned = [row for row in rows_of(found) if row["turned"] == 1]
    assert [row["name"] for row in turned] == ["in"]
    assert (turned[0]["lanes_forward"], turned[0]["lanes_backward"], turned[0]["capacity_backward"]) == (0, 1, 600)
    assert found["TOTAL_TIME"] == routed(found["OUTPUT"], TRIPS=trips(300, (1000, 0)))
    assert found["TOTAL_TIME"] < 0.7 * found["TOTAL_TIME_BEFORE"]
    assert [row["divided"] for row in rows_of(found, "OUTPUT_STRETCHES") if row["status"] == "turned"] == [1]


def test_a_stretch_within_a_road_becomes_a_feature_of_its_own():
    """One drawn road from end to end: only its middle third is turned, and the copy drawn on it is closed there."""
    main = line((0, 0), (1000, 0), (1500, 0), (2000, 0), (3000, 0))
    rows = [(shape, values) for shape, values in [
        (main, ("main", "primary", "no", 60, 600)),
        (line((2000, 0), (1500, 0), (1000, 0)), ("copy", "primary", "no", 60, 600)),
        (line((1000, -500), (1000, 0)), ("south", "secondary", "no", 60, 900)),
        (line((2000, -500), (2000, 0)), ("east", "secondary", "no", 60, 900)),
        (line((0, 0), (-300, 0)), ("stub", "secondary", "no", 60, 900)),
        (line((3000, 0), (3300, 0)), ("end", "secondary", "no", 60, 900)),
        (line((3000, 0), (3000, 800), (0, 800), (0, 0)), ("lane", "residential", "yes", 30, 300)),
        (line((2000, 800), (2000, 0)), ("a", "residential", "yes", 30, 300)),
        (line((1000, 800), (1000, 0)), ("b", "residential", "yes", 30, 300)),
    ]]  # fmt: skip
    network = roads(rows)
    goal = trips(300, (2000, -500), (1000, -500))  # only the middle third is narrower than the roads to it
    found = run(NETWORK=network, TRIPS=goal, MAX_STRETCHES=3)
    assert found["TOTAL_TIME_BEFORE"] == routed(network, TRIPS=goal)
    assert found["TOTAL_TIME"] == routed(found["OUTPUT"], TRIPS=goal)
    parts = [row for row in rows_of(found) if row["name"] == "main"]
    assert 2 <= len(parts) <= 3 and {row["turned"] for row in parts} == {0, 1}
    assert found["TURNED"] >= 1 and all(row["capacity_forward"] == 1200 for row in parts if row["turned"])
    copies = [row for row in rows_of(found) if row["name"] == "copy" and row["turned"]]
    assert all((row["lanes_forward"], row["lanes_backward"]) == (0, 0) for row in copies)


def test_with_a_hazard_that_comes_and_a_closure_the_output_still_gives_the_same():
    corners = [(-400, -600), (1500, -600), (1500, 900), (-400, 900), (-400, -600)]
    ring = f"POLYGON(({', '.join(at(*p) for p in corners)}))"
    more = {
        "HAZARD": layer("Polygon", "&field=hazard_arrival:double", [(ring, [20])], "water"),
        "CLOSURES": layer(
            "None", "&field=road_id:string&field=closed_from:double&field=closed_to:double",
            [(None, ["last", 6, 9]), (None, ["stub", None, None])], "works",
        ),
        "NETWORK_ID_FIELD": "name",
    }  # fmt: skip
    found = run(MAX_STRETCHES=2, **more)
    assert found["TURNED"] >= 1
    assert found["TOTAL_TIME_BEFORE"] == routed(town(), **more)
    assert found["TOTAL_TIME"] == routed(found["OUTPUT"], **more)
    assert found["CAUGHT"] <= found["CAUGHT_BEFORE"]
