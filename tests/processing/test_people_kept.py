"""Nobody is lost or counted twice: zones without geometry, fields of one's own, exact room, nobody at risk."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsApplication, QgsProcessingException, QgsProject, QgsVectorLayer

from tests.processing.shelter_layers import EAST, NORTH, Log, box, make_layer, point, rows_of

ZONE = "field=zone_id:string&field=children:double&field=adults:double&field=elderly:double&field=pop_sum:integer"
EVERYWHERE = box(-9000, -9000, 9000, 9000)


def roads():
    line = f"LINESTRING({EAST - 500} {NORTH},{EAST} {NORTH},{EAST + 2500} {NORTH})"
    return make_layer("LineString", "field=n:integer", [(line, [1])], "roads")


def hazard(wkt=EVERYWHERE):
    return make_layer("Polygon", "field=n:integer", [(wkt, [1])], "water")


def zones(rows, fields=ZONE):
    return make_layer("Polygon", fields, rows, "quarters")


def sites(rows=((1500, 500), (2000, 500)), extra=""):
    made = [(point(x, 5), [f"s{k}", room]) for k, (x, room) in enumerate(rows)]
    return make_layer("Point", f"field=site_id:string&field=capacity:double{extra}", made, "sites")


def at_risk(layer, log=None, output="memory:", **given):
    given = {"ZONES": layer, "HAZARD": hazard(), "OUTPUT": output, **given}
    return processing.run("evacuation:zonesatrisk", given, feedback=log or Log())


def recommend(layer, log=None, **given):
    given = {"SITES": sites(), "ZONES": layer, "NETWORK": roads(), "MAX_SNAP_DISTANCE": 5000, **given}
    sinks = {"OUTPUT": "memory:", "OUTPUT_SELECTED": "memory:"}
    return processing.run("evacuation:recommendshelters", {**sinks, **given}, feedback=log or Log())


def allocate(layer, shelters, log=None, **given):
    sinks = dict.fromkeys(("OUTPUT", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED"), "memory:")
    given = {"ZONES": layer, "SHELTERS": shelters, "SPLIT": 2, **given, **sinks}
    return processing.run("evacuation:allocatecrowd", given, feedback=log or Log())


def people(layer):
    return sum(row["people"] for row in rows_of(layer))


def test_zones_without_geometry_are_people_in_every_step():
    layer = zones(
        [(box(0, 0, 100, 100), ["a", 1.5, 2, 3, 0]), (None, ["b", 0.5, 7, 2.2, 0]), (None, ["c", 0, 0, 0.8, 0])]
    )
    risk = at_risk(layer)  # 2 + 9 + 6 people, whole field by field
    assert (risk["PEOPLE_AT_RISK"], risk["PEOPLE_STAYING"], risk["PEOPLE_WITHOUT_PLACE"]) == (7, 0, 10)
    log = Log()
    shelters = recommend(layer, log)
    assert (shelters["PEOPLE"], shelters["UNCOVERED_PEOPLE"]) == (17, 10)
    assert log.warned("10 people", "b: 9 (no geometry)", "c: 1 (no geometry)")
    found = allocate(layer, shelters["OUTPUT_SELECTED"])
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (7, 10)
    assert people(found["OUTPUT"]) == 7 and people(found["OUTPUT_UNALLOCATED"]) == 10


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(box(0, 0, 9, 9), ["a", 1, 2, 3, 0]), (None, ["a", 1, 2, 3, 0])], "zone_id.*same value.*a"),
        ([(box(0, 0, 9, 9), ["a", 1, 2, 3, 0]), (None, ["b", -1, 2, 3, 0])], "feature b.*-1.*children"),
        ([(box(0, 0, 9, 9), ["a", 1e19, 2, 3, 0])], "children.*1e\\+19"),
    ],
)
@pytest.mark.parametrize("step", [recommend, lambda layer: allocate(layer, sites(), CAPACITY_FIELD="capacity")])
def test_people_that_cannot_be_are_named_wherever_they_live(step, rows, words):
    with pytest.raises(QgsProcessingException, match=f"ZONES.*{words}"):
        step(zones(rows))


def test_places_that_cannot_be_are_named():
    one = zones([(box(0, 0, 9, 9), ["a", 1, 2, 3, 0])])
    many = sites([(1500, 1e19)])
    for step in (lambda: recommend(one, SITES=many), lambda: allocate(one, many, CAPACITY_FIELD="capacity")):
        with pytest.raises(QgsProcessingException, match="feature s0 has 1e\\+19"):
            step()


@pytest.mark.parametrize("ending", ["memory:", "gpkg", "geojson", "shp"])
def test_the_next_steps_take_the_fields_that_were_scaled(ending, tmp_path):
    # pop_sum is another census than the classes; half of the zone is at risk.
    rows = [(box(0, 0, 100, 100), ["a", 300, 2000, 500, 100]), (box(200, 0, 300, 100), ["b", 10, 20, 30, 40])]
    log = Log()
    output = ending if ending == "memory:" else str(tmp_path / f"risk.{ending}")
    risk = at_risk(zones(rows), log, output, POPULATION_FIELDS=["pop_sum"], HAZARD=hazard(box(-9, -9, 50, 109)))
    assert (risk["PEOPLE_AT_RISK"], risk["PEOPLE_STAYING"]) == (50, 90)
    assert log.warned("children, adults, elderly", "scaled")
    layer = risk["OUTPUT"] if ending == "memory:" else QgsVectorLayer(output, "risk", "ogr")
    (row,) = rows_of(layer)
    assert [row[name] for name in ("children", "adults", "elderly", "pop_sum")] == [150, 1000, 250, 50]
    for given in ({}, {"POPULATION_FIELDS": "children;adults;elderly"}):  # a dialog passes the default names on
        shelters = recommend(layer, **given)
        assert (shelters["PEOPLE"], shelters["UNCOVERED_PEOPLE"]) == (50, 0)
        found = allocate(
            layer, shelters["OUTPUT_SELECTED"], **({"GROUP_FIELDS": "children;adults;elderly"} if given else {})
        )
        assert found["ALLOCATED"] == 50 and {row["class"] for row in rows_of(found["OUTPUT"])} == {"pop_sum"}
    again = at_risk(layer)
    assert again["PEOPLE_AT_RISK"] == 50


def test_long_field_names_survive_a_shapefile(tmp_path):
    fields = "field=zone_id:string&field=inhabitants_2020:integer&field=population:integer"
    output = str(tmp_path / "risk.shp")
    at_risk(zones([(box(0, 0, 9, 9), ["a", 7, 900])], fields), None, output, POPULATION_FIELDS=["inhabitants_2020"])
    assert recommend(QgsVectorLayer(output, "risk", "ogr"))["PEOPLE"] == 7


def test_a_field_that_is_no_count_does_not_travel_under_a_name_of_people():
    log = Log()
    fields = "field=zone_id:string&field=pop_sum:integer&field=population:string"
    risk = at_risk(zones([(box(0, 0, 9, 9), ["a", 7, "many"])], fields), log, POPULATION_FIELDS=["pop_sum"])
    assert risk["OUTPUT"].fields().names() == ["zone_id", "pop_sum", "share_at_risk", "people_in"]
    assert log.warned("population", "left out")


def test_one_zone_does_not_prove_that_a_class_is_a_total():
    assert at_risk(zones([(box(0, 0, 9, 9), ["a", 1, 2, 3, 0])]))["PEOPLE_AT_RISK"] == 6


@pytest.mark.parametrize(
    ("reserve", "rooms", "crowd"), [(20, (40, 40, 40), 100), (12.5, (45, 90), 120), (10, (11, 22), 30)]
)
def test_room_that_fits_exactly_holds_everybody(reserve, rooms, crowd):
    layer = zones([(box(0, 0, 9, 9), ["a", 0, crowd, 0, 0])])
    found = recommend(layer, RESERVE=reserve, SITES=sites([(1000 + 100 * k, room) for k, room in enumerate(rooms)]))
    assert (found["UNCOVERED_PEOPLE"], found["SELECTED_COUNT"]) == (0, len(rooms))
    one_more = zones([(box(0, 0, 9, 9), ["a", 0, crowd + 1, 0, 0])])
    found = recommend(one_more, RESERVE=reserve, SITES=sites([(1000 + 100 * k, room) for k, room in enumerate(rooms)]))
    assert found["UNCOVERED_PEOPLE"] == 1


def test_sites_left_closed_by_the_bound_say_so():
    layer = zones([(box(0, 0, 9, 9), ["a", 0, 700, 0, 0])])
    found = recommend(layer, MAX_SITES=1, SITES=sites([(1500, 500), (1800, 400), (2000, 300)]))
    reasons = {row["site_id"]: row["reason"] for row in rows_of(found["OUTPUT"])}
    assert found["UNCOVERED_PEOPLE"] == 200 and "serves 500" in reasons["s0"]
    assert all("over MAX_SITES" in reasons[site] for site in ("s1", "s2"))
    enough = recommend(zones([(box(0, 0, 9, 9), ["a", 0, 9, 0, 0])]))
    assert sorted("SITE_MINUTES" in row["reason"] for row in rows_of(enough["OUTPUT"])) == [False, True]
    fewest = recommend(zones([(box(0, 0, 9, 9), ["a", 0, 9, 0, 0])]), CHOICE=1)
    assert sorted("not needed" in row["reason"] for row in rows_of(fewest["OUTPUT"])) == [False, True]


@pytest.mark.parametrize("ending", ["memory:", "gpkg", "geojson"])
@pytest.mark.parametrize("fields", [None, ["pop_sum"]])
def test_nobody_at_risk_is_a_success_through_the_whole_chain(ending, fields, tmp_path):
    def keep(result, name="OUTPUT"):
        if ending == "memory:":
            return result[name]
        path = str(tmp_path / f"{name}{len(list(tmp_path.iterdir()))}.{ending}")
        return processing.run("native:savefeatures", {"INPUT": result[name], "OUTPUT": path})["OUTPUT"]

    given = {} if fields is None else {"POPULATION_FIELDS": fields}
    risk = at_risk(zones([(box(0, 0, 9, 9), ["a", 1, 2, 3, 4])]), HAZARD=hazard(box(500, 500, 600, 600)), **given)
    assert risk["PEOPLE_AT_RISK"] == 0
    log = Log()
    shelters = recommend(keep(risk), log, SITES=sites([]))
    assert (shelters["PEOPLE"], shelters["SELECTED_COUNT"]) == (0, 0) and log.warned("nobody is at risk")
    found = allocate(keep(risk), keep(shelters, "OUTPUT_SELECTED"))
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (0, 0)
    sinks = dict.fromkeys(("OUTPUT", "OUTPUT_ROADS", "OUTPUT_CLEARANCE", "OUTPUT_UNROUTED"), "memory:")
    routes = processing.run(
        "evacuation:routeevacuation", {"NETWORK": roads(), "TRIPS": keep(found), **sinks}, feedback=Log()
    )
    assert (routes["VEHICLES"], routes["UNROUTED"]) == (0, 0)


def test_spikes_leave_the_polygon():
    spike = f"POLYGON(({EAST} {NORTH},{EAST + 10} {NORTH},{EAST + 10} {NORTH + 10},{EAST + 5} {NORTH + 10}," \
            f"{EAST + 5} {NORTH + 15},{EAST + 5} {NORTH + 10},{EAST} {NORTH + 10},{EAST} {NORTH}))"  # fmt: skip
    layer = zones([(spike, ["a", 1, 2, 3, 0])])
    risk = at_risk(layer, HAZARD=hazard(spike))
    assert risk["PEOPLE_AT_RISK"] == 6
    (shape,) = (feature.geometry() for feature in risk["OUTPUT"].getFeatures())
    assert shape.area() == pytest.approx(100.0)
    places = make_layer("Polygon", "field=site_id:string&field=capacity:double", [(spike, ["s", 9])], "sites")
    assert recommend(risk["OUTPUT"], SITES=places)["SELECTED_COUNT"] == 1


@pytest.mark.parametrize(("west", "fields", "risk"), [(500, [], 0), (-9, ["pop_sum"], 140)])
def test_the_model_plans_for_nobody_and_for_a_field_of_ones_own(west, fields, risk):
    rows = [(box(0, 0, 100, 100), ["a", 300, 2000, 500, 100]), (box(200, 0, 300, 100), ["b", 10, 20, 30, 40])]
    given = {"ZONES": zones(rows), "HAZARD": hazard(box(west, -9, 700, 109)), "SITES": sites(), "ROADS": roads()}
    QgsProject.instance().addMapLayers(list(given.values()))
    ids = [layer.id() for layer in given.values()]
    try:
        model = QgsApplication.processingRegistry().algorithmById("evacuation:evacuationplan")
        sinks = {d.name(): "memory:" for d in model.parameterDefinitions() if d.type() == "sink"}
        if fields:
            given["POPULATION_FIELDS"] = fields
        found = processing.run(
            "evacuation:evacuationplan", {**given, "MAX_SNAP_DISTANCE": 5000, **sinks}, feedback=Log()
        )
    finally:
        QgsProject.instance().removeMapLayers(ids)
    assert sum(row["pop_sum"] for row in rows_of(found["zonesatrisk:ZONES_AT_RISK"])) == risk
    placed, left = found["allocatecrowd:ALLOCATION"], found["allocatecrowd:UNALLOCATED"]
    assert people(placed) + people(left) == risk
    assert sum(row["people"] for row in rows_of(found["routeevacuation:ROUTES"])) == people(placed)
