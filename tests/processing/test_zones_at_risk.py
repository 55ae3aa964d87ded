"""``evacuation:zonesatrisk`` through the registry: shares, buffers, totals, and bad input."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import processing
from osgeo import ogr
from qgis.core import QgsProcessingException, QgsVectorLayer

from evacuation_planner.plugin.layers.population_fields import column_beside
from tests.processing.shelter_layers import Log, box, make_layer, point, rows_of

CLASSES = "field=zone_id:string&field=children:integer&field=adults:integer&field=elderly:integer"


def zones(rows=None, crs="EPSG:32719", fields=CLASSES, kind="Polygon"):
    """Three zones of 1 km by 1 km side by side: west, middle, east."""
    rows = rows or [
        (box(0, 0, 1000, 1000), ["west", 10, 51, 5]),
        (box(1000, 0, 2000, 1000), ["middle", 20, 60, 12]),
        (box(2000, 0, 3000, 1000), ["east", 30, 70, 15]),
    ]
    return make_layer(kind, fields, rows, "quarters", crs)


def hazard(wkt=None, crs="EPSG:32719"):
    """West of x = 1,250 m: all of the west, a quarter of the middle."""
    return make_layer("Polygon", "field=n:integer", [(wkt or box(-500, -500, 1250, 1500), [1])], "water", crs)


def run(log=None, **parameters):
    given = {"ZONES": zones(), "HAZARD": hazard(), "OUTPUT": "memory:", **parameters}
    return processing.run("evacuation:zonesatrisk", given, feedback=log or Log())


def by_id(result, key="zone_id"):
    return {row[key]: row for row in rows_of(result["OUTPUT"])}


def test_share_of_the_area_scales_each_class_and_keeps_its_total():
    result = run()
    rows = by_id(result)
    assert set(rows) == {"west", "middle"}
    assert rows["west"]["share_at_risk"] == 1.0
    assert rows["middle"]["share_at_risk"] == pytest.approx(0.25, abs=2e-4)
    assert [rows["west"][name] for name in ("children", "adults", "elderly")] == [10, 51, 5]
    # A quarter of the middle.
    assert [rows["middle"][name] for name in ("children", "adults", "elderly")] == [5, 15, 3]
    assert (result["PEOPLE_AT_RISK"], result["PEOPLE_STAYING"]) == (89, 273 - 89)
    assert result["OUTPUT"].fields().names() == ["zone_id", "children", "adults", "elderly", "share_at_risk"]
    assert result["OUTPUT"].crs().authid() == "EPSG:32719"


@pytest.mark.parametrize("zones_crs", ["EPSG:32719", "EPSG:4326", "EPSG:3857"])
@pytest.mark.parametrize("hazard_crs", ["EPSG:32719", "EPSG:4326"])
def test_share_and_buffer_are_metres_in_any_system(zones_crs, hazard_crs):
    # The hazard ends 200 m west of the zone, the buffer of 500 m reaches 300 m into it.
    layer = zones([(box(0, 0, 1000, 1000), ["a", 0, 1000, 0])], zones_crs)
    water = hazard(box(-3000, -3000, -200, 4000), hazard_crs)
    result = run(ZONES=layer, HAZARD=water, HAZARD_BUFFER=500)
    (row,) = rows_of(result["OUTPUT"])
    assert row["share_at_risk"] == pytest.approx(0.3, abs=2e-3)  # UTM metres are not quite ellipsoidal ones
    assert result["OUTPUT"].crs().authid() == zones_crs
    assert run(ZONES=layer, HAZARD=water)["PEOPLE_AT_RISK"] == 0


def test_overlapping_hazards_count_once():
    water = make_layer(
        "Polygon", "field=n:integer", [(box(0, 0, 500, 1000), [1]), (box(250, 0, 500, 1000), [2])], "water"
    )
    (row,) = rows_of(run(HAZARD=water)["OUTPUT"])
    assert row["share_at_risk"] == pytest.approx(0.5, abs=1e-3)


def test_points_are_at_risk_with_all_their_people_or_none():
    rows = [(point(1240, 500), ["in", 1, 2, 3]), (point(1260, 500), ["out", 4, 5, 6])]
    result = run(ZONES=zones(rows, kind="Point"))
    assert by_id(result).keys() == {"in"} and by_id(result)["in"]["share_at_risk"] == 1.0
    assert (result["PEOPLE_AT_RISK"], result["PEOPLE_STAYING"]) == (6, 15)
    assert run(ZONES=zones(rows, kind="Point"), HAZARD_BUFFER=20)["PEOPLE_AT_RISK"] == 21


def test_largest_remainder_keeps_the_total_over_many_zones():
    # 30 zones of 7 people, each half inside: 105 people, not 30 * 3 or 30 * 4.
    rows = [(box(0, 1000 * k, 1000, 1000 * (k + 1)), [str(k), 0, 7, 0]) for k in range(30)]
    result = run(ZONES=zones(rows), HAZARD=hazard(box(-10, -10, 500, 31_000)))
    counts = [row["adults"] for row in rows_of(result["OUTPUT"])]
    assert sum(counts) == result["PEOPLE_AT_RISK"] == 105
    assert set(counts) == {3, 4}


def test_a_total_that_was_not_given_is_scaled_with_its_classes():
    fields = CLASSES + "&field=population:integer&field=floors:integer"
    rows = [(box(0, 0, 1000, 1000), ["a", 1, 2, 3, 6, 9]), (box(1000, 0, 2000, 1000), ["b", 4, 40, 4, 48, 7])]
    log = Log()
    rows = by_id(run(log, ZONES=zones(rows, fields=fields)))
    assert rows["b"]["population"] == rows["b"]["children"] + rows["b"]["adults"] + rows["b"]["elderly"] == 12
    assert rows["b"]["floors"] == 7
    assert log.warned("population", "sum of children, adults, elderly")
    assert any("floors" in line for line in log.said)


def test_a_total_given_beside_its_classes_is_not_counted_twice():
    fields = CLASSES + "&field=everybody:integer"
    rows = [(box(0, 0, 1000, 1000), ["a", 1, 2, 3, 6]), (box(1000, 0, 2000, 1000), ["b", 4, 40, 4, 48])]
    log = Log()
    names = ["children", "adults", "elderly", "everybody"]
    result = run(log, ZONES=zones(rows, fields=fields), POPULATION_FIELDS=names)
    assert result["PEOPLE_AT_RISK"] == 18 and result["PEOPLE_STAYING"] == 36
    assert by_id(result)["a"]["everybody"] == 6
    assert log.warned("everybody", "not counted twice")


def test_population_serves_where_there_are_no_classes_and_the_log_says_so():
    log = Log()
    layer = zones([(box(0, 0, 1000, 1000), ["a", 4.0])], fields="field=zone_id:string&field=population:double")
    result = run(log, ZONES=layer)
    assert by_id(result)["a"]["population"] == 4.0
    assert any("POPULATION_FIELDS" in line and "population" in line for line in log.said)


def test_running_again_on_the_output_replaces_the_share():
    once = run()["OUTPUT"]
    again = run(ZONES=once)
    assert again["OUTPUT"].fields().names().count("share_at_risk") == 1
    assert again["OUTPUT"].fields().names()[-1] == "share_at_risk"


def test_invalid_and_missing_geometries_are_mended_or_named():
    bow = f"POLYGON(({280000} {6690000},{281000} {6691000},{281000} {6690000},{280000} {6691000},{280000} {6690000}))"
    log = Log()
    result = run(log, ZONES=zones([(bow, ["bow", 0, 10, 0]), (None, ["lost", 0, 99, 0])]))
    assert result["PEOPLE_AT_RISK"] == 10
    assert log.warned("no geometry") and log.warned("99 (no geometry)")


def test_fractions_of_people_are_rounded_with_a_warning():
    log = Log()
    fields = "field=zone_id:string&field=population:double"
    layer = zones([(box(0, 0, 1000, 1000), ["a", 1.5]), (box(0, 0, 900, 900), ["b", 1.5])], fields=fields)
    assert run(log, ZONES=layer)["PEOPLE_AT_RISK"] == 3
    assert log.warned("fractions")


def test_nothing_to_do_is_a_success_with_a_warning():
    log = Log()
    result = run(log, ZONES=make_layer("Polygon", CLASSES, [], "nobody"))
    assert (result["PEOPLE_AT_RISK"], result["PEOPLE_STAYING"], result["OUTPUT"].featureCount()) == (0, 0, 0)
    assert log.warned("no zones")
    log = Log()
    result = run(log, HAZARD=make_layer("Polygon", "field=n:integer", [], "nothing"))
    assert (result["PEOPLE_AT_RISK"], result["PEOPLE_STAYING"]) == (0, 273)
    assert log.warned("no polygon") and log.warned("Nobody is at risk")
    assert result["OUTPUT"].fields().names()[-1] == "share_at_risk"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ZONES": lambda: zones([(box(0, 0, 9, 9), ["a", -1, 2, 3])])}, ("ZONES", "children", "-1", "at least 0")),
        ({"POPULATION_FIELDS": lambda: ["souls"]}, ("POPULATION_FIELDS", "souls", "children")),
        ({"ZONES": lambda: zones(crs="")}, ("ZONES", "no coordinate reference system")),
        ({"HAZARD": lambda: hazard(crs="")}, ("HAZARD", "no coordinate reference system")),
        (
            {"ZONES": lambda: zones([(box(0, 0, 9, 9), ["a"])], fields="field=zone_id:string")},
            ("POPULATION_FIELDS", "zone_id"),
        ),
    ],
)
def test_bad_input_is_named_with_what_to_mend(changes, words, tmp_path):
    output = tmp_path / "risk.gpkg"
    with pytest.raises(QgsProcessingException) as error:
        run(OUTPUT=str(output), **{name: make() for name, make in changes.items()})
    for word in words:
        assert word in str(error.value)
    assert not output.exists()


def test_output_file_carries_its_style(tmp_path):
    import sqlite3

    output = tmp_path / "risk.gpkg"
    run(OUTPUT=str(output))
    with sqlite3.connect(output) as file:
        ((name, qml),) = file.execute("select styleName, styleQML from layer_styles").fetchall()
    assert name.startswith("zonesatrisk_output") and "people at risk" in qml


@pytest.mark.parametrize("name", ["share_at_risk", "people_in", "Share_At_Risk"])
def test_people_in_a_field_that_the_output_has_itself_are_refused(name):
    layer = make_layer(
        "Polygon", f"field=zone_id:string&field={name}:integer", [(box(0, 0, 500, 1000), ["z", 100])], "zones"
    )
    with pytest.raises(QgsProcessingException, match=f"POPULATION_FIELDS.*{name}.*Rename"):
        run(ZONES=layer, POPULATION_FIELDS=[name])


def test_columns_of_an_earlier_run_are_written_anew_however_spelled(tmp_path):
    fields = "field=zone_id:string&field=pop_sum:integer&field=SHARE_AT_RISK:double&field=People_In:string"
    layer = zones([(box(1000, 0, 2000, 1000), ["z", 100, 0.9, "other"])], fields=fields)
    result = run(ZONES=layer, POPULATION_FIELDS=["pop_sum"], OUTPUT=str(tmp_path / "risk.gpkg"))
    (row,) = rows_of(QgsVectorLayer(result["OUTPUT"]))
    assert [row.get(name) for name in ("pop_sum", "people_in")] == [25, "pop_sum"]
    assert row["share_at_risk"] == pytest.approx(0.25, abs=2e-4) and not {"SHARE_AT_RISK", "People_In"} & set(row)


# --- who has no car ---------------------------------------------------------------------------------------------------

FOOT = ("children_foot", "adults_foot", "elderly_foot")


def carless_zones(values, kind="double"):
    people = [[10, 51, 5], [20, 60, 12], [30, 70, 15]]
    rows = [
        (box(1000 * k, 0, 1000 * k + 1000, 1000), [name, *people[k], values[k]])
        for k, name in enumerate(("west", "middle", "east"))
    ]
    return zones(rows, fields=f"{CLASSES}&field=carless:{kind}")


@pytest.mark.parametrize(("values", "unit"), [((0.3, 1.0, 0.5), 0), ((30, 100, 50), 1), ((19.8, 92, 57.5), 2)])
def test_people_on_foot_are_listed_of_those_who_leave_in_proportion_over_the_classes(values, unit):
    log = Log()
    result = run(log, ZONES=carless_zones(values), CARLESS_FIELD="carless", CARLESS_UNIT=unit)
    rows = by_id(result)
    # 0.3 of 66 is 19.8: 20 in all; 3.0, 15.3 and 1.5 by class. All of the quarter of the middle.
    assert [rows["west"][name] for name in FOOT] == [3, 15, 2]
    assert [rows["middle"][name] for name in FOOT] == [rows["middle"][name[:-5]] for name in FOOT] == [5, 15, 3]
    assert [rows["west"][name[:-5]] for name in FOOT] == [10, 51, 5]  # still everybody
    assert rows["west"]["carless"] == values[0]  # as it was, of the whole zone
    assert result["PEOPLE_AT_RISK"] == 89 and result["ON_FOOT"] == 43
    assert any("On foot: 43 of the 89 people" in line and "in 1 zone(s) everybody" in line for line in log.said)


def test_people_on_foot_with_those_who_refuse_and_a_total():
    fields = CLASSES + "&field=everybody:integer&field=carless:integer"
    rows = [(box(0, 0, 1000, 1000), ["a", 10, 50, 40, 100, 40]), (box(1000, 0, 2000, 1000), ["b", 4, 40, 4, 48, 48])]
    made = run(ZONES=zones(rows, fields=fields), CARLESS_FIELD="carless", CARLESS_UNIT=2, COMPLIANCE=50)
    found = by_id(made)
    assert made["ON_FOOT"] == sum(row["everybody_foot"] for row in found.values())  # once, not again in the total
    assert [found["a"][name] for name in FOOT] == [2, 10, 8] and found["a"]["everybody_foot"] == 20
    for row in found.values():
        assert row["everybody_foot"] == sum(row[name] for name in FOOT) <= row["everybody"]
        assert row["carless"] in (40, 48)  # not taken for a total of the classes, though it is one in b
    assert found["b"]["everybody_foot"] == found["b"]["everybody"]


def test_columns_on_foot_of_the_zones_are_scaled_with_their_class_and_replaced_by_a_second_run():
    log = Log()
    once = run(ZONES=carless_zones((0.3, 1.0, 0.5)), CARLESS_FIELD="carless")["OUTPUT"]
    half = run(log, ZONES=once, HAZARD=hazard(box(-9000, -9000, 510, 9000)))
    (row,) = rows_of(half["OUTPUT"])
    assert half["OUTPUT"].fields().names().count("adults_foot") == 1
    # 0.51 of 10, 51 and 5; of these 3/10, 15/51 and 2/5 had no car: 1.5 + 7.6 + 1.2, ten in all.
    assert [row[name[:-5]] for name in FOOT] == [5, 26, 3]
    assert [row[name] for name in FOOT] == [1, 8, 1]
    assert any("lists who has no car" in line for line in log.said)
    plain = run()
    assert not any(name.endswith("_foot") for name in plain["OUTPUT"].fields().names()) and plain["ON_FOOT"] == 0


@pytest.mark.parametrize(
    ("values", "unit", "words"),
    [
        ((67, 0, 0), 2, ["zone 1", "67 people on foot", "66 there are", "CARLESS_UNIT"]),
        ((0.2, 30, 0.1), 0, ["zone 2", "30", "a share", "CARLESS_UNIT"]),
        ((20, 30, 100.5), 1, ["zone 3", "100.5", "a percentage"]),
        ((0.2, -0.1, 0.1), 0, ["feature 2", "-0.1", "at least 0"]),
    ],
)
def test_more_on_foot_than_there_are_is_refused_with_the_zone(values, unit, words):
    with pytest.raises(QgsProcessingException) as error:
        run(ZONES=carless_zones(values), CARLESS_FIELD="carless", CARLESS_UNIT=unit)
    assert "CARLESS_FIELD" in str(error.value) or "ZONES" in str(error.value)
    assert all(word in str(error.value) for word in words)


def test_an_empty_share_is_nobody_and_said_and_a_text_is_refused():
    log = Log()
    rows = by_id(run(log, ZONES=carless_zones((None, 0.5, None)), CARLESS_FIELD="carless"))
    assert [rows["west"][name] for name in FOOT] == [0, 0, 0]
    assert log.warned("CARLESS_FIELD", "“carless”", "2 zone(s) (1, 3)")
    with pytest.raises(QgsProcessingException, match="feature 2 .* “half” in the field “carless”"):
        run(ZONES=carless_zones(("0.5", "half", "0"), "string"), CARLESS_FIELD="carless")


def test_people_in_a_field_whose_name_is_that_of_people_on_foot_are_refused_only_then():
    layer = zones([(box(0, 0, 1000, 1000), ["a", 8, 4])], fields="field=zone_id:string&field=by_foot:int&field=n:int")
    assert run(ZONES=layer, POPULATION_FIELDS=["by_foot"])["PEOPLE_AT_RISK"] == 8
    with pytest.raises(QgsProcessingException, match="column by_foot of its own"):
        run(ZONES=layer, POPULATION_FIELDS=["by_foot"], CARLESS_FIELD="n", CARLESS_UNIT=2)


def test_a_shapefile_keeps_who_is_on_foot_or_is_refused(tmp_path):
    made = run(ZONES=carless_zones((0.3, 1.0, 0.5)), CARLESS_FIELD="carless", OUTPUT=str(tmp_path / "risk.shp"))
    file = ogr.Open(made["OUTPUT"])
    names = [column.GetName() for column in file.GetLayer().schema]
    kept = [column_beside(names, name, "_foot") for name in ("children", "adults", "elderly")]
    assert kept == ["children_f", "adults_foo", "elderly_fo"]
    fields = "field=zone_id:string&field=population:integer&field=carless:integer"
    layer = zones([(box(0, 0, 1000, 1000), ["a", 10, 3])], fields=fields)
    given = {"ZONES": layer, "CARLESS_FIELD": "carless", "CARLESS_UNIT": 2}
    with pytest.raises(QgsProcessingException, match="“population” .population_foot. and all would drive"):
        run(**given, OUTPUT=str(tmp_path / "people.shp"))
    assert rows_of(run(**given)["OUTPUT"])[0]["population_foot"] == 3


def test_fractions_of_people_who_are_all_on_foot_are_no_more_than_there_are():
    fields = "field=zone_id:string&field=population:double&field=carless:double"
    layer = zones([(box(0, 0, 1000, 1000), ["a", 10.4, 10.4])], fields=fields)
    (row,) = rows_of(run(ZONES=layer, CARLESS_FIELD="carless", CARLESS_UNIT=2)["OUTPUT"])
    assert (row["population"], row["population_foot"]) == (10, 10)
