"""Names, orders and the other fields of zones and shelters go through the chain."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsProcessingException, edit

import evacuation_planner.plugin.solvers.allocation.allocate
from tests.processing.shelter_layers import Log, box, make_layer, point, rows_of
from tests.processing.test_people_kept import allocate, at_risk, recommend, roads, sites

ZONE = "field=zone_id:string&field=name:string&field=district:string&field=population:integer&field=order_time:integer"


def zones(fields=ZONE):
    rows = [(box(0, 0, 100, 100), ["a", "Old Town", "north", 300, 20]), (None, ["b", "Harbour", "south", 5, None])]
    return make_layer("Polygon", fields, rows, "quarters")


def halls():
    fields = "field=site_id:string&field=capacity:double&field=name:string&field=keeper:string&field=status:string"
    rows = [
        (point(1500, 5), ["s0", 200, "Town hall", "Ana", "new"]),
        (point(2000, 5), ["s1", 90, "School", "Ben", "old"]),
    ]
    return make_layer("Point", fields, rows, "halls")


@pytest.mark.parametrize("own", ["name", "quarter"])
def test_names_and_orders_reach_every_output(own):
    layer = zones(ZONE.replace("field=name", f"field={own}"))
    risk = at_risk(layer, **({} if own == "name" else {"ZONE_NAME_FIELD": own}))
    (row,) = rows_of(risk["OUTPUT"])
    assert (row["zone_name"], row[own], row["district"], row["order_time"]) == ("Old Town", "Old Town", "north", 20)
    log = Log()
    shelters = recommend(risk["OUTPUT"], log, SITES=halls(), OUTPUT_CATCHMENTS="memory:")
    for output in ("OUTPUT", "OUTPUT_SELECTED"):
        made = {row["site_id"]: row for row in rows_of(shelters[output])}
        assert [made[site]["shelter_name"] for site in ("s0", "s1")] == ["Town hall", "School"]
        assert [made[site]["keeper"] for site in ("s0", "s1")] == ["Ana", "Ben"]
        assert {row["status"] for row in made.values()} == {"selected"}
        assert shelters[output].fields().names()[:2] == ["site_id", "status"]
    assert any("status" in text and "halls" in text and "not carried on" in text for text in log.said)
    catchments = {(row["zone_name"], row["shelter_name"]) for row in rows_of(shelters["OUTPUT_CATCHMENTS"])}
    assert catchments == {("Old Town", "Town hall"), ("Old Town", "School")}
    found = allocate(risk["OUTPUT"], shelters["OUTPUT_SELECTED"])
    assert {(row["zone_name"], row["order_time"]) for row in rows_of(found["OUTPUT"])} == {("Old Town", 20)}
    assert {row["shelter_name"] for row in rows_of(found["OUTPUT"])} == {"Town hall", "School"}
    loads = {row["shelter_name"]: row for row in rows_of(found["OUTPUT_SHELTERS"])}
    assert (loads["School"]["keeper"], loads["School"]["load"], loads["School"]["shelter_id"]) == ("Ben", 90, "s1")
    assert {row["zone_name"] for row in rows_of(found["OUTPUT_UNALLOCATED"])} == {"Old Town"}
    near = processing.run(
        "evacuation:nearestshelters",
        {"ZONES": risk["OUTPUT"], "SHELTERS": shelters["OUTPUT"], "NETWORK": roads(), "OUTPUT": "memory:"},
    )
    pairs = [(row["zone_name"], row["shelter_name"], row["rank"]) for row in rows_of(near["OUTPUT"])]
    assert sorted(pairs) == [("Old Town", "School", 2), ("Old Town", "Town hall", 1)]


@pytest.mark.parametrize("source", ["trips", "layers", "own fields"])
def test_routes_say_what_people_call_their_ends(source):
    risk = at_risk(zones())
    shelters = recommend(risk["OUTPUT"], SITES=halls())
    trips = allocate(risk["OUTPUT"], shelters["OUTPUT_SELECTED"])["OUTPUT"]
    given = {"TRIPS": trips, "NETWORK": roads(), "METHOD": 0, "OUTPUT": "memory:"}
    expected = {("Old Town", "Town hall"), ("Old Town", "School")}
    if source != "trips":  # the layers say it, whatever the trips do
        with edit(trips):
            for feature in trips.getFeatures():
                for name in ("zone_name", "shelter_name"):
                    trips.changeAttributeValue(feature.id(), trips.fields().lookupField(name), "other")
        given.update(ORIGINS=risk["OUTPUT"], DESTINATIONS=shelters["OUTPUT_SELECTED"])
    if source == "own fields":
        given.update(ZONE_NAME_FIELD="district", SHELTER_NAME_FIELD="keeper")
        expected = {("north", "Ana"), ("north", "Ben")}
    made = processing.run("evacuation:routeevacuation", given)["OUTPUT"]
    assert {(row["origin_name"], row["destination_name"]) for row in rows_of(made)} == expected


def test_people_without_a_place_keep_the_name_of_their_zone():
    found = allocate(zones(), sites(), CAPACITY_FIELD="capacity")
    left = [(row["zone_name"], row["people"]) for row in rows_of(found["OUTPUT_UNALLOCATED"])]
    assert left == [("Harbour", 5)]


@pytest.mark.parametrize("ending", ["gpkg", "shp", "geojson"])
def test_carried_fields_work_in_files(ending, tmp_path):
    from qgis.core import QgsVectorLayer

    path = str(tmp_path / f"halls_in.{ending}")
    processing.run("native:savefeatures", {"INPUT": halls(), "OUTPUT": path})
    made = recommend(at_risk(zones())["OUTPUT"], SITES=path, OUTPUT=str(tmp_path / f"sites.{ending}"))
    layer = QgsVectorLayer(made["OUTPUT"], "sites", "ogr")
    assert {row["keeper"] for row in rows_of(layer)} == {"Ana", "Ben"}


@pytest.mark.parametrize("name", ["ZONE_NAME_FIELD", "SHELTER_NAME_FIELD", "ORDER_TIME_FIELD"])
def test_a_field_that_is_not_there_is_refused_before_the_search(name, monkeypatch):
    def searched(*given, **known):
        pytest.fail("the search ran")

    monkeypatch.setattr(evacuation_planner.plugin.solvers.allocation.allocate, "solve", searched)
    with pytest.raises(QgsProcessingException, match=f"{name}.*“nowhere”"):
        allocate(zones(), halls(), CAPACITY_FIELD="capacity", **{name: "nowhere"})
