"""The chain on a city that is not the sample: nobody appears, vanishes or sleeps where there is no room."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsApplication, QgsFeatureRequest, QgsProcessingFeedback, QgsProject

from evacuation_planner.plugin.layers.fields import Column, make_field

from .city import make_city

FIELDS = {"ZONE_ID_FIELD": "quarter", "POPULATION_FIELDS": ["people", "guests"]}


@pytest.fixture(scope="module")
def city(provider):
    layers = make_city()
    QgsProject.instance().addMapLayers(list(layers.values()))
    yield layers
    QgsProject.instance().removeMapLayers([layer.id() for layer in layers.values()])


def total(layer, *names):
    return sum(feature[name] or 0 for feature in layer.getFeatures() for name in names)


@pytest.fixture(scope="module")
def plan(city):
    import processing

    streets = {"NETWORK": city["streets"]}
    risk = processing.run(
        "evacuation:zonesatrisk",
        {
            "ZONES": city["quarters"],
            "HAZARD": city["water"],
            "HAZARD_BUFFER": 50,
            "OUTPUT": "memory:",
            "POPULATION_FIELDS": FIELDS["POPULATION_FIELDS"],
        },
    )
    shelters = processing.run(
        "evacuation:recommendshelters",
        {
            "SITES": city["parks"],
            "SITE_ID_FIELD": "park",
            "CAPACITY_FIELD": "room",
            "ZONES": risk["OUTPUT"],
            **FIELDS,
            **streets,
            "HAZARD": city["water"],
            "HAZARD_BUFFER": 50,
            "OUTPUT": "memory:",
            "OUTPUT_SELECTED": "memory:",
        },
    )
    allocation = processing.run(
        "evacuation:allocatecrowd",
        {
            "ZONES": risk["OUTPUT"],
            "ZONE_ID_FIELD": "quarter",
            "GROUP_FIELDS": FIELDS["POPULATION_FIELDS"],
            **streets,
            "SHELTERS": shelters["OUTPUT_SELECTED"],
            "OUTPUT": "memory:",
            "OUTPUT_SHELTERS": "memory:",
            "OUTPUT_UNALLOCATED": "memory:",
        },
    )
    routes = processing.run(
        "evacuation:routeevacuation",
        {
            **streets,
            "NETWORK_ID_FIELD": "ref",
            "TRIPS": allocation["OUTPUT"],
            "DEPARTURE_WINDOW": 10,
            "OUTPUT": "memory:",
            "OUTPUT_ROADS": "memory:",
            "OUTPUT_CLEARANCE": "memory:",
            "OUTPUT_UNROUTED": "memory:",
        },
    )
    return {"risk": risk, "shelters": shelters, "allocation": allocation, "routes": routes}


def test_people_at_risk_stay_within_the_population(city, plan):
    everyone = total(city["quarters"], "people", "guests")
    assert 0 < plan["risk"]["PEOPLE_AT_RISK"] < everyone
    assert plan["risk"]["PEOPLE_AT_RISK"] + plan["risk"]["PEOPLE_STAYING"] == everyone
    assert total(plan["risk"]["OUTPUT"], "people", "guests") == plan["risk"]["PEOPLE_AT_RISK"]


def test_everyone_at_risk_is_allocated_or_named(plan):
    allocation = plan["allocation"]
    assert allocation["ALLOCATED"] + allocation["UNALLOCATED"] == plan["risk"]["PEOPLE_AT_RISK"]
    assert total(allocation["OUTPUT"], "people") == allocation["ALLOCATED"]
    assert total(allocation["OUTPUT_UNALLOCATED"], "people") == allocation["UNALLOCATED"]
    for shelter in allocation["OUTPUT_SHELTERS"].getFeatures():
        assert 0 <= shelter["load"] <= shelter["capacity"]


def test_shelters_are_the_selected_sites_and_outside_the_water(plan):
    selected = {feature["site_id"] for feature in plan["shelters"]["OUTPUT_SELECTED"].getFeatures()}
    used = {feature["shelter_id"] for feature in plan["allocation"]["OUTPUT"].getFeatures()}
    assert used and used <= selected and len(selected) == plan["shelters"]["SELECTED_COUNT"]


def test_everyone_allocated_is_routed_and_arrives(plan):
    routes = plan["routes"]
    assert routes["UNROUTED"] == 0
    assert total(routes["OUTPUT"], "people") == plan["allocation"]["ALLOCATED"]
    assert total(routes["OUTPUT"], "vehicles") == routes["VEHICLES"]
    for route in routes["OUTPUT"].getFeatures():
        assert route["last_arrival_s"] >= route["first_departure_s"]
        assert route["travel_time_s"] >= route["free_flow_s"] - 1e-6
    last = max(routes["OUTPUT_CLEARANCE"].getFeatures(), key=lambda row: row["seconds"])
    assert last["arrived"] == plan["allocation"]["ALLOCATED"] and last["on_road"] == 0


def test_routes_start_at_their_zone_and_end_at_their_shelter(city, plan):
    trips = {(f["zone_id"], f["shelter_id"]): f.geometry() for f in plan["allocation"]["OUTPUT"].getFeatures()}
    near = 0.003  # degrees: well over half a block, well under two
    for route in plan["routes"]["OUTPUT"].getFeatures():
        line = list(route.geometry().vertices())
        ends = list(trips[route["origin_id"], route["destination_id"]].vertices())
        assert line[0].distance(ends[0]) < near and line[-1].distance(ends[-1]) < near


def test_one_way_streets_are_driven_one_way(city, plan):
    one_way = {feature["ref"] for feature in city["streets"].getFeatures() if feature["oneway"] == "yes"}
    used = {(road["road_id"], road["direction"]) for road in plan["routes"]["OUTPUT_ROADS"].getFeatures()}
    directions = {direction for road, direction in used if road in one_way}
    assert directions == {"forward"}
    assert {direction for _, direction in used} == {"forward", "backward"}


def model_run(city, **changes):
    import processing

    given = {
        "ROADS": city["streets"],
        "ZONES": city["quarters"],
        "SITES": city["parks"],
        "HAZARD": city["water"],
        "HAZARD_BUFFER": 50,
        "ZONE_ID_FIELD": "quarter",
        "POPULATION_FIELDS": ["people", "guests"],
        "SITE_ID_FIELD": "park",
        "CAPACITY_FIELD": "room",
        "DEPARTURE_WINDOW": 10,
    }
    model = QgsApplication.processingRegistry().algorithmById("evacuation:evacuationplan")
    sinks = {d.name(): "memory:" for d in model.parameterDefinitions() if d.type() == "sink"}
    given = {**given, **sinks, **changes}
    return processing.run("evacuation:evacuationplan", given, feedback=QgsProcessingFeedback(False))


def test_the_model_gives_the_same_plan(city, plan):
    result = model_run(city)
    assert total(result["allocatecrowd:ALLOCATION"], "people") == plan["allocation"]["ALLOCATED"]
    assert total(result["routeevacuation:ROUTES"], "vehicles") == plan["routes"]["VEHICLES"]


def test_orders_of_the_zones_reach_the_routes_of_the_model(city, plan):
    told = city["quarters"].materialize(QgsFeatureRequest())
    told.dataProvider().addAttributes([make_field(Column("told", "text"))])
    told.updateFields()
    column = told.fields().indexFromName("told")
    ids = [feature.id() for feature in told.getFeatures()]
    told.dataProvider().changeAttributeValues({k: {column: "30"} for k in ids})
    result = model_run(city, ZONES=told, ORDER_TIME_FIELD="told", START_TIME="2026-05-01T06:00:00")
    leave = [f["first_departure_s"] for f in result["routeevacuation:ROUTES"].getFeatures()]
    assert 1800 <= min(leave) <= max(leave) <= 2400
    first = min(f["first_departure"] for f in result["routeevacuation:ROUTES"].getFeatures())
    assert first.toString("yyyy-MM-ddTHH:mm").startswith("2026-05-01T06:3")
