"""Orders of zones through the models to departures; who refuses to leave, who leaves untold; nobody is lost."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsApplication, QgsFeatureRequest, QgsProcessingException, QgsProcessingFeedback

from evacuation_planner.plugin.layers.fields import Column, make_field
from tests.processing import routing_layers as routing
from tests.processing.city import make_city
from tests.processing.shelter_layers import box, rows_of
from tests.processing.test_zones_at_risk import by_id, hazard, run, zones

CLASSES = ("children", "adults", "elderly")


# --- who refuses, who leaves untold -------------------------------------------------------------------------------


def test_who_refuses_is_listed_beside_those_who_leave_and_nobody_is_lost():
    whole, result = run(), run(COMPLIANCE=80)
    before, after = by_id(whole), by_id(result)
    for zone, row in after.items():
        for name in CLASSES:
            assert row[name] + row[f"{name}_refusing"] == before[zone][name]
            assert abs(row[f"{name}_refusing"] - 0.2 * before[zone][name]) < 1
    refusing = sum(row[f"{name}_refusing"] for row in after.values() for name in CLASSES)
    # A fifth of each class, rounded for the layer: 15, 66 and 8 at risk.
    assert refusing == result["PEOPLE_REFUSING"] == 3 + 13 + 2
    assert result["PEOPLE_AT_RISK"] == whole["PEOPLE_AT_RISK"] and whole["PEOPLE_REFUSING"] == 0
    assert result["PEOPLE_STAYING"] == whole["PEOPLE_STAYING"]
    assert not any(name.endswith("_refusing") for name in whole["OUTPUT"].fields().names())


def test_compliance_of_a_zone_wins_over_the_number_and_must_be_a_percentage():
    fields = "field=zone_id:string&field=children:integer&field=adults:integer&field=elderly:integer&field=obey:double"
    rows = [(box(0, 0, 1000, 1000), ["west", 10, 50, 40, 50]), (box(0, 1000, 1000, 1400), ["north", 10, 20, 30, None])]
    found = by_id(run(ZONES=zones(rows, fields=fields), COMPLIANCE_FIELD="obey", COMPLIANCE=90))
    assert [found["west"][name] for name in CLASSES] == [5, 25, 20]
    assert [found["north"][f"{name}_refusing"] for name in CLASSES] == [1, 2, 3]
    rows[0][1][-1] = 101
    with pytest.raises(QgsProcessingException, match="feature 1 .* has 101 in the field “obey”"):
        run(ZONES=zones(rows, fields=fields), COMPLIANCE_FIELD="obey")


def test_people_outside_who_leave_are_added_and_listed_again_up_to_the_distance():
    # Within 375 m of x = 1,250: half of the middle; a quarter of it is at risk. 1,250 + 1,000: a quarter of the east.
    near = run(SHADOW_SHARE=40, SHADOW_DISTANCE=500)
    rows = by_id(near)
    assert set(rows) == {"west", "middle"}
    # Two thirds of the middle's 15, 45 and 9 others live within 500 m; 40 % of them leave.
    assert [rows["middle"][f"{name}_shadow"] for name in CLASSES] == [4, 12, 2]
    assert [rows["middle"][name] for name in CLASSES] == [5 + 4, 15 + 12, 3 + 2]
    assert near["PEOPLE_SHADOW"] == 18 and near["PEOPLE_AT_RISK"] == 89 and near["PEOPLE_STAYING"] == 273 - 89
    far = run(SHADOW_SHARE=100, SHADOW_DISTANCE=10_000, COMPLIANCE=0)
    assert far["PEOPLE_REFUSING"] == far["PEOPLE_AT_RISK"] == 89 and far["PEOPLE_SHADOW"] == far["PEOPLE_STAYING"]
    for row in by_id(far).values():
        assert all(row[name] == row[f"{name}_shadow"] for name in CLASSES)
    assert by_id(far)["east"]["share_at_risk"] == 0.0
    with pytest.raises(QgsProcessingException, match="SHADOW_DISTANCE"):
        run(SHADOW_SHARE=10)


def test_a_total_and_a_second_run_keep_their_sums():
    fields = "field=zone_id:string&field=men:integer&field=women:integer&field=all:integer"
    rows = [(box(0, 0, 1000, 1000), ["west", 41, 52, 93]), (box(1000, 0, 2000, 1000), ["middle", 80, 81, 161])]
    given = {"POPULATION_FIELDS": ["men", "women"], "COMPLIANCE": 70, "SHADOW_SHARE": 30, "SHADOW_DISTANCE": 200}
    once = run(ZONES=zones(rows, fields=fields), **given)
    for row in rows_of(once["OUTPUT"]):
        for ending in ("", "_refusing", "_shadow"):
            assert row[f"all{ending}"] == row[f"men{ending}"] + row[f"women{ending}"]
    again = run(ZONES=once["OUTPUT"], HAZARD=hazard(box(-9000, -9000, 9000, 9000)), POPULATION_FIELDS=["men", "women"])
    assert again["PEOPLE_AT_RISK"] == once["PEOPLE_AT_RISK"] - once["PEOPLE_REFUSING"] + once["PEOPLE_SHADOW"]
    assert not [n for n in again["OUTPUT"].fields().names() if n.endswith(("_refusing", "_shadow"))]


# --- orders -------------------------------------------------------------------------------------------------------


def told_zones(values, fields="&field=zone_id:string&field=order_time:string"):
    boxes = {"a": (-50, -50, 50, 50), "b": (-50, -500, 50, -60)}
    rows = []
    for name, value in values.items():
        x, y, x2, y2 = boxes[name]
        ring = ", ".join(routing.at(*p) for p in ((x, y), (x2, y), (x2, y2), (x, y2), (x, y)))
        rows.append((f"POLYGON(({ring}))", [name, value]))
    return routing.layer("Polygon", fields, rows, "zones")


def test_an_order_is_the_trips_own_else_that_of_its_polygon_else_the_start():
    way = routing.line((0, 0), (2000, 0))
    rows = [
        (way, ["a", "s", 3, None]),
        (way, ["a", "s2", 3, 5]),
        (way, ["b", "s", 3, None]),
        (way, ["c", "s", 3, None]),
    ]
    trips = routing.trips(rows, "&field=order_time:integer")
    log = routing.Log()
    found = routing.run(log, TRIPS=trips, ORIGINS=told_zones({"a": "20", "b": "2000-01-01T00:30:00"}),
                        START_TIME="2000-01-01T00:00:00", DEPARTURE_PROFILE=0)  # fmt: skip
    first = {(r["origin_id"], r["destination_id"]): r["first_departure_s"] for r in routing.rows_of(found)}
    assert first == {("a", "s"): 1200.0, ("a", "s2"): 300.0, ("b", "s"): 1800.0, ("c", "s"): 0.0}
    assert "1 an order, 2 that of their polygon of ORIGINS; the windows of 1 begin at START_TIME" in log.text
    # A field that only the polygons have; one that nobody has.
    plain = routing.trips([(way, ["a", "s", 3])])
    named = {
        "TRIPS": plain,
        "DEPARTURE_PROFILE": 0,
        "ORIGINS": told_zones({"a": "7"}, "&field=zone_id:string&field=told:string"),
    }
    found = routing.run(ORDER_TIME_FIELD="told", **named)
    assert routing.rows_of(found)[0]["first_departure_s"] == 420.0
    assert "has no field “tald”" in routing.failure(ORDER_TIME_FIELD="tald", **named)
    emptied = routing.run(TRIPS=plain, DEPARTURE_PROFILE=0, ORIGINS=told_zones({"a": "7"}), ORDER_TIME_FIELD=None)
    assert routing.rows_of(emptied)[0]["first_departure_s"] == 0.0


def test_a_departure_wins_over_the_order_of_the_polygon_and_an_early_order_is_refused():
    way = routing.line((0, 0), (2000, 0))
    trips = routing.trips([(way, ["a", "s", 1, 60])], "&field=leave:integer")
    found = routing.run(TRIPS=trips, DEPARTURE_FIELD="leave", ORIGINS=told_zones({"a": "20"}))
    assert routing.rows_of(found)[0]["first_departure_s"] == 60.0
    assert "has an origin ordered 60 s before START_TIME" in routing.failure(ORIGINS=told_zones({"a": "-1"}))


def test_a_flow_model_that_knows_no_time_refuses_orders():
    way = routing.line((0, 0), (2000, 0))
    given = {"FLOW_MODEL": routing.CUMULATIVE, "ORIGINS": told_zones({"a": None})}
    trips = routing.trips([(way, ["a", "s", 3, 5])], "&field=order_time:integer")
    assert "knows no time" in routing.failure(**{**given, "TRIPS": trips})
    plain = {**given, "TRIPS": routing.trips([(way, ["a", "s", 3])])}
    assert routing.run(**plain)["ROUTED"] == 3  # nobody has an order
    assert "“zones” has orders" in routing.failure(**{**plain, "ORIGINS": told_zones({"a": "7"})})


def test_the_rayleigh_curve_ends_at_twice_the_window_and_says_so():
    log = routing.Log()
    trips = routing.trips([(routing.line((0, 0), (2000, 0)), ["a", "s", 2000])])
    found = routing.run(
        log, TRIPS=trips, DEPARTURE_WINDOW=10, DEPARTURE_PROFILE=3, METHOD=0, OUTPUT_VEHICLES="TEMPORARY_OUTPUT"
    )
    leave = np.sort([row["departure_s"] for row in routing.rows_of(found, "OUTPUT_VEHICLES")])
    expected = 1.0 - np.exp(-np.pi * (leave / 600.0) ** 2)
    assert np.abs(expected - (np.arange(2000) + 0.5) / 2000).max() < 0.51 / 2000
    assert leave.mean() == pytest.approx(300, rel=0.01) and (leave > 600).mean() == pytest.approx(0.0432, abs=6e-4)
    assert leave.max() <= 1200 and "along a Rayleigh curve within 20 minutes" in log.text


@pytest.fixture(scope="module")
def city():
    return make_city()


@pytest.mark.parametrize("model, routes", [("evacuationplan", "routeevacuation"), ("jointevacuationplan", "jointplan")])
def test_orders_of_zones_drive_departures_through_the_models(city, model, routes):
    told = city["quarters"].materialize(QgsFeatureRequest())
    told.dataProvider().addAttributes([make_field(Column("told", "float")), make_field(Column("order_time", "float"))])
    told.updateFields()
    order = {f.id(): 15.0 * (k % 3) if k % 4 else None for k, f in enumerate(told.getFeatures())}
    column, other = (told.fields().indexFromName(name) for name in ("told", "order_time"))
    told.dataProvider().changeAttributeValues({k: {column: value, other: 500.0} for k, value in order.items()})
    expected = {f["quarter"]: 60.0 * (order[f.id()] or 0.0) for f in told.getFeatures()}
    algorithm = QgsApplication.processingRegistry().algorithmById(f"evacuation:{model}")
    given = {
        "ROADS": city["streets"], "ZONES": told, "SITES": city["parks"], "HAZARD": city["water"], "HAZARD_BUFFER": 50,
        "ZONE_ID_FIELD": "quarter", "POPULATION_FIELDS": ["people", "guests"], "SITE_ID_FIELD": "park",
        "CAPACITY_FIELD": "room", "DEPARTURE_WINDOW": 5, "DEPARTURE_PROFILE": 3, "COMPLIANCE": 50, "EFFORT": 0,
        "ORDER_TIME_FIELD": "told", "START_TIME": "2026-05-01T06:00:00",
        **{d.name(): "memory:" for d in algorithm.parameterDefinitions() if d.type() == "sink"},
    }  # fmt: skip
    found = processing.run(f"evacuation:{model}", given, feedback=QgsProcessingFeedback(False))
    leave = {}
    for row in rows_of(found[f"{routes}:ROUTES"]):
        leave.setdefault(row["origin_id"], []).append(row["first_departure_s"])
    for zone, seconds in leave.items():
        assert expected[zone] <= min(seconds) <= max(seconds) <= expected[zone] + 600.0, zone
    assert len({expected[zone] for zone in leave}) == 3
    risk = rows_of(found["zonesatrisk:ZONES_AT_RISK"])
    assert sum(row["people_refusing"] for row in risk) > 0
    routed = sum(row["people"] for row in rows_of(found[f"{routes}:ROUTES"]))
    assert routed <= sum(row["people"] + row["guests"] for row in risk)
