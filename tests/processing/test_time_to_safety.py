"""``evacuation:timetosafety`` through the registry, on a street worked out by hand."""

from __future__ import annotations

from itertools import combinations

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import NULL, QgsGeometry, QgsProcessingException

from tests.processing.routing_layers import Log, at, layer, line, rows_of

OUTPUTS = ("OUTPUT", "OUTPUT_ZONES", "OUTPUT_AREAS", "OUTPUT_CURVE")
NEAR = {"abs": 0.02}  # minutes: metres on the ellipsoid are 0.04 % longer than those of the drawing


def box(low, bottom, high, top):
    ring = ", ".join(at(*p) for p in ((low, bottom), (high, bottom), (high, top), (low, top), (low, bottom)))
    return f"POLYGON(({ring}))"


def roads():
    """A street at 10 m/s from x = -300 to 2800, and a way round outside; both ends lead on."""
    rows = [
        (line((-300, 0), (0, 0)), ["w", 36]),
        (line((0, 0), (1000, 0)), ["a", 36]),
        (line((1000, 0), (2000, 0)), ["b", 36]),
        (line((2000, 0), (2800, 0)), ["c", 36]),
        (line((2800, 0), (2800, 3000), (-300, 3000), (-300, 0)), ["round", 36]),
    ]
    return layer("LineString", "&field=name:string&field=maxspeed:double", rows, "streets")


def water(first=10, second=5):
    """West of x = 1400 from the 10th minute on, east of it to 2500 from the 5th; exits are at -100 and 2500."""
    rows = [(box(-100, -50, 1400, 50), [first]), (box(1400, -50, 2500, 50), [second])]
    return layer("Polygon", "&field=hazard_arrival:double", rows, "water")


def zones():
    """A zone at the junction x = 0, one at 2000, one outside, which no road is near."""
    rows = [
        (box(-60, -40, 60, 40), ["west", 10, 20, 0]),
        (box(1900, -40, 2100, 40), ["east", 0, 40, 0]),
        (box(1000, 1500, 1100, 1600), ["out", 10, 20, 0]),
    ]
    return layer(
        "Polygon",
        "&field=zone_id:string&field=children:integer&field=adults:integer&field=elderly:integer",
        rows,
        "quarters",
    )


def run(log=None, **more):
    given = {
        "NETWORK": roads(), "HAZARD": water(), "REACTION_MINUTES": 5, "NETWORK_ID_FIELD": "name",
        **dict.fromkeys(OUTPUTS, "TEMPORARY_OUTPUT"), **more,
    }  # fmt: skip
    return processing.run(
        "evacuation:timetosafety", {k: v for k, v in given.items() if v is not None}, feedback=log or Log()
    )


def failure(**more):
    with pytest.raises(QgsProcessingException) as caught:
        run(**more)
    return str(caught.value)


def inside(found):
    """Return the rows of pieces inside, by road."""
    return {row["road_id"]: row for row in rows_of(found) if row["status"] != "outside the hazard"}


def test_minutes_last_minute_place_and_margin_of_each_piece():
    found = run()
    rows = inside(found)
    minutes = {"w": 5 / 60, "a": 60 / 60, "b": 100 / 60, "c": 25 / 60}
    assert {k: row["minutes_to_safety"] for k, row in rows.items()} == pytest.approx(minutes, **NEAR)
    # w and a leave the west by second 600; b comes by 100 m to x = 1400, c by 250 m to 2500, which close at 300
    latest = {"w": 595 / 60, "a": 540 / 60, "b": 290 / 60, "c": 275 / 60}
    assert {k: row["latest_minute"] for k, row in rows.items()} == pytest.approx(latest, **NEAR)
    margin = {k: minute - 5 for k, minute in latest.items()}
    assert {k: row["margin_minutes"] for k, row in rows.items()} == pytest.approx(margin, **NEAR)
    assert {k: row["safe_place"] for k, row in rows.items()} == {"w": "w", "a": "w", "b": "w", "c": "c"}
    assert {k: row["nearest_place"] for k, row in rows.items()} == {"w": "w", "a": "w", "b": "c", "c": "c"}
    assert {k: row["status"] for k, row in rows.items()} == {
        "w": "in time", "a": "in time", "b": "too late", "c": "too late"
    }  # fmt: skip
    outside = [row for row in rows_of(found) if row["status"] == "outside the hazard"]
    assert {row["road_id"] for row in outside} == {"w", "c", "round"}
    assert all(row["minutes_to_safety"] == 0 and row["latest_minute"] == NULL for row in outside)


def test_people_who_make_it_by_zone_class_and_minute():
    found = run(ZONES=zones())
    assert (found["PEOPLE"], found["TOO_LATE"], found["PEOPLE_WITHOUT_PLACE"]) == (100, 40, 0)
    assert found["MINUTES_95"] == pytest.approx(310 / 60, **NEAR)  # 57 of 60: outside at once, the others at 300 + 10 s
    rows = {row["zone_id"]: row for row in rows_of(found, "OUTPUT_ZONES")}
    west, east, out = rows["west"], rows["east"], rows["out"]
    assert [west[k] for k in ("children_safe", "children_too_late", "adults_safe", "adults_too_late")] == [10, 0, 20, 0]
    assert [east[k] for k in ("children_safe", "children_too_late", "adults_safe", "adults_too_late")] == [0, 0, 0, 40]
    assert (west["safe"], west["too_late"], east["safe"], east["too_late"], east["no_way"]) == (30, 0, 0, 40, 0)
    assert west["latest_minute"] == pytest.approx(590 / 60, **NEAR)
    assert east["latest_minute"] == pytest.approx(250 / 60, **NEAR)
    assert east["margin_minutes"] == pytest.approx(250 / 60 - 5, **NEAR) and east["status"] == "too late"
    assert (out["safe"], out["status"], out["minutes_to_safety"]) == (30, "outside the hazard", 0)
    curve = rows_of(found, "OUTPUT_CURVE")
    assert (curve[0]["safe"], curve[-1]["safe"]) == (30, 60)
    assert all(row["safe"] + row["not_yet"] + row["too_late"] == 100 for row in curve)
    sooner = run(ZONES=zones(), REACTION_MINUTES=4)
    assert sooner["TOO_LATE"] == 0 and sooner["MINUTES_95"] == pytest.approx(290 / 60, **NEAR)


def test_an_order_delays_the_start_and_shortens_the_margin():
    rows = [(box(-60, -40, 60, 40), ["west", 30, 4])]
    people = layer("Polygon", "&field=zone_id:string&field=population:integer&field=order_time:double", rows, "one")
    found = run(ZONES=people)
    zone = rows_of(found, "OUTPUT_ZONES")[0]
    assert zone["order_minute"] == 4 and zone["margin_minutes"] == pytest.approx(590 / 60 - 9, **NEAR)
    assert found["TOO_LATE"] == 0 and run(ZONES=people, REACTION_MINUTES=6)["TOO_LATE"] == 30


def test_areas_do_not_overlap_and_hold_everybody_who_has_to_leave():
    found = run(ZONES=zones(), BREAKS="0.5; 1.5")
    rows = [(feature.geometry(), feature["people"]) for feature in found["OUTPUT_AREAS"].getFeatures()]
    assert sum(people for _, people in rows) == 70
    assert sum(row["too_late"] for row in rows_of(found, "OUTPUT_AREAS")) == 40
    for (one, _), (other, _) in combinations(rows, 2):
        assert one.intersection(other).area() < 1e-3
    whole = QgsGeometry.unaryUnion([shape for shape, _ in rows])
    assert whole.area() == pytest.approx(2600 * 100, rel=1e-6)  # within 500 m of a road: all of the water
    assert {row["minutes"] for row in rows_of(found, "OUTPUT_AREAS")} == {"under 0.5", "0.5 to 1.5", "1.5 and more"}
    assert {row["nearest_place"] for row in rows_of(found, "OUTPUT_AREAS")} == {"w", "c"}


def test_a_shelter_that_the_hazard_reaches_is_safe_only_where_it_is_vertical():
    fields = "&field=site_id:string&field=rule:string"

    def tower(rule):
        return layer("Point", fields, [(f"POINT({at(1000, 0)})", ["tower", rule])], "towers")

    assert inside(run(SHELTERS=tower("vertical")))["a"]["minutes_to_safety"] == pytest.approx(50 / 60, **NEAR)
    b = inside(run(SHELTERS=tower("Vertical ")))["b"]
    assert (b["safe_place"], b["nearest_place"]) == ("tower", "tower")
    log = Log()
    assert inside(run(log, SHELTERS=tower("")))["a"]["minutes_to_safety"] == pytest.approx(60 / 60, **NEAR)
    assert "tower" in log.text and "no safe places" in log.text


def test_shelters_alone_and_a_closure_that_ends():
    sites = layer("Point", "&field=site_id:string", [(f"POINT({at(2000, 0)})", ["hall"])], "halls")
    closed = layer(
        "None", "&field=road_id:string&field=closed_from:double&field=closed_to:double", [(None, ["b", 1, 3])], "works"
    )
    found = run(HAZARD=None, SHELTERS=sites, CLOSURES=closed, ZONES=zones(), REACTION_MINUTES=2)
    rows = inside(found)
    assert rows["a"]["minutes_to_safety"] == pytest.approx(150 / 60, **NEAR) and rows["a"]["status"] == "at any time"
    assert rows["round"]["status"] == "at any time"
    # at minute 2 the way from x = 0 is open until 1000, there people wait from 220 s on: it opens at 180
    curve = rows_of(found, "OUTPUT_CURVE")
    assert found["TOO_LATE"] == 30 and curve[-1]["safe"] == 70  # nobody at “out” comes to a road
    sooner = run(HAZARD=None, SHELTERS=sites, CLOSURES=closed, ZONES=zones(), REACTION_MINUTES=1)
    assert sooner["MINUTES_95"] == pytest.approx(280 / 60, **NEAR)  # 60 + 100 s, wait until 180, 100 s


def test_a_hazard_without_arrivals_closes_nothing():
    still = layer("Polygon", "&field=n:integer", [(box(-100, -50, 2500, 50), [1])], "water")
    rows = inside(run(HAZARD=still))
    assert {row["status"] for row in rows.values()} == {"at any time"}
    assert rows["b"]["minutes_to_safety"] == pytest.approx(100 / 60, **NEAR)
    assert rows["b"]["latest_minute"] == NULL and rows["b"]["margin_minutes"] == NULL
    assert rows["b"]["safe_place"] == "c"


def test_the_report_says_who_makes_it(tmp_path):
    path = tmp_path / "safety.html"
    run(ZONES=zones(), OUTPUT_HTML=str(path))
    text = path.read_text(encoding="utf-8")
    assert "60 of 100 people make it" in text and "east" in text and "<svg" in text


def test_bad_input_gets_a_sentence():
    assert "HAZARD and SHELTERS" in failure(HAZARD=None)
    assert "BREAKS" in failure(BREAKS="10, 5") and "BREAKS" in failure(BREAKS="soon")
    away = layer("Polygon", "&field=n:integer", [(box(90_000, 0, 90_100, 100), [1])], "elsewhere")
    assert "HAZARD" in failure(HAZARD=away)
    early = layer(
        "Polygon", "&field=zone_id:string&field=population:integer&field=order_time:double",
        [(box(-60, -40, 60, 40), ["west", 30, -4])], "one",
    )  # fmt: skip
    assert "ORDER_TIME_FIELD" in failure(ZONES=early)


def test_a_hazard_that_reaches_no_road_leaves_everybody_safe():
    log = Log()
    found = run(log, HAZARD=layer("Polygon", "", [(box(200, 500, 300, 600), [])], "pond"), ZONES=zones())
    assert (found["PEOPLE"], found["TOO_LATE"]) == (100, 0)
    assert all(row["minutes_to_safety"] == 0 for row in rows_of(found))
    assert "no road leads out" not in log.text
