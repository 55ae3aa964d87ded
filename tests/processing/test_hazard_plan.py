"""The ready model of a hazard that comes, through the registry: orders through all steps, and nobody at risk."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

import processing
from qgis.core import QgsApplication, QgsProcessingFeedback

from tests.processing.city import fields, make_city, make_layer, square
from tests.processing.shelter_layers import rows_of


def run(**more):
    city = make_city(6)
    algorithm = QgsApplication.processingRegistry().algorithmById("evacuation:hazardplan")
    given = {
        "ROADS": city["streets"], "ZONES": city["quarters"], "SITES": city["parks"], "ZONE_ID_FIELD": "quarter",
        "POPULATION_FIELDS": ["people", "guests"], "SITE_ID_FIELD": "park", "CAPACITY_FIELD": "room", "EFFORT": 0,
        "METHOD": 0, "DEPARTURE_WINDOW": 5, "START_TIME": "2026-05-01T06:00:00", "WAVES": 2, **more,
        **{d.name(): "memory:" for d in algorithm.parameterDefinitions() if d.type() == "sink"},
    }  # fmt: skip
    return processing.run("evacuation:hazardplan", given, feedback=QgsProcessingFeedback(False))


def water(x, arrival):
    rows = [(square(x, -1, 7.6), [arrival])]
    return make_layer("Polygon", "EPSG:4326", fields("comes:string"), rows, "water")


def test_orders_and_arrivals_reach_every_step():
    city = make_city(6)
    column = "case when \"quarter\" like 'q0-%' then 20 end"
    told = processing.run(
        "native:fieldcalculator",
        {"INPUT": city["quarters"], "FIELD_NAME": "told", "FIELD_TYPE": 1, "FORMULA": column, "OUTPUT": "memory:"},
    )["OUTPUT"]
    found = run(
        ZONES=told, ORDER_TIME_FIELD="told", HAZARD=water(-5.1, "2026-05-01T07:00:00"), HAZARD_TIME_FIELD="comes",
        DECISION_MINUTES=4, REACTION_MINUTES=7,
    )  # fmt: skip
    orders = {"q0": 20, "q1": 0, "q2": 0}
    for row in rows_of(found["timetosafety:ZONES_IN_TIME"]):
        assert row["margin_minutes"] == pytest.approx(row["latest_minute"] - orders[row["zone_id"][:2]] - 7)
    latest = {row["quarter"]: row for row in rows_of(found["latestdeparture:LATEST_ORDERS"])}
    for zone, row in latest.items():
        assert row["order_minute"] == orders[zone[:2]] and row["result"] in ("latest order", "no limit")
        if row["result"] == "latest order":  # the last of all leaves within five minutes of it
            assert row["latest_decision"] == row["latest_order"] - 4 and 50 < row["latest_order"] <= 55
    assert [row["result"] for row in latest.values()].count("latest order") > 12
    entered = {(row["origin_id"], row["order_s"]) for row in rows_of(found["routeevacuation:VEHICLES"])}
    assert entered == {(zone, 60.0 * orders[zone[:2]]) for zone in latest}
    assert {row["quarter"] for row in rows_of(found["stagedeparture:WAVES"])} == set(latest)
    assert found["latestdeparture:LATEST_ORDERS"].featureCount() == 18


def test_nobody_at_risk_is_a_plan_without_people():
    found = run(HAZARD=water(-30, "2026-05-01T07:00:00"), HAZARD_TIME_FIELD="comes")
    assert all(
        found[name].featureCount() == 0
        for name in ("zonesatrisk:ZONES_AT_RISK", "routeevacuation:VEHICLES", "latestdeparture:LATEST_ORDERS",
                     "stagedeparture:WAVES", "stagedeparture:TRIPS", "routeevacuation:CAUGHT")
    )  # fmt: skip
