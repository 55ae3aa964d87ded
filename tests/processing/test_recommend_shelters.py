"""``evacuation:recommendshelters`` through the registry: a road by hand, every rule of the choice, and bad input."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")

import processing
from qgis.core import QgsProcessingException, QgsVectorLayer

from tests.processing.shelter_layers import EAST, NORTH, Log, box, make_layer, point, rows_of

FIELDS = [
    "site_id",
    "status",
    "rank",
    "score",
    "reason",
    "capacity",
    "predicted",
    "residual",
    "people_in_reach",
    "mean_minutes",
    "doors",
    "door_capacity",
]
SITE = "field=site_id:string&field=capacity:integer&field=rule:string"


def road(crs="EPSG:32719"):
    """A straight road at 60 km/h, a kilometre a minute, in lines of 1 km; and an island nobody can reach."""
    starts = [(1000 * k, 0) for k in range(12)] + [(1000 * k, 50_000) for k in range(3)]
    rows = [
        (f"LINESTRING({EAST + x} {NORTH + y},{EAST + x + 1000} {NORTH + y})", [str(k), 60])
        for k, (x, y) in enumerate(starts)
    ]
    return make_layer("LineString", "field=road_id:string&field=maxspeed:integer", rows, "streets", crs)


def zones(rows=None, crs="EPSG:32719"):
    """100 people at kilometre 0, 50 at kilometre 4."""
    rows = rows or [(point(0, 10), ["z0", 60, 40]), (point(4000, 10), ["z4", 50, 0])]
    return make_layer("Point", "field=zone_id:string&field=men:integer&field=women:integer", rows, "quarters", crs)


def sites(rows=None, crs="EPSG:32719", fields=SITE, kind="Point"):
    """A at kilometre 1 holds 120, B at 3 holds 60, C at 9 holds 1,000."""
    rows = rows or [
        (point(1000, 5), ["A", 120, None]),
        (point(3000, 5), ["B", 60, None]),
        (point(9000, 5), ["C", 1000, None]),
    ]
    return make_layer(kind, fields, rows, "parks", crs)


def forecast(rows, fields="field=place:string&field=time:string&field=upper:double"):
    return make_layer("None", fields, [(None, row) for row in rows], "expected")


def run(log=None, **parameters):
    given = {
        "SITES": sites(),
        "ZONES": zones(),
        "POPULATION_FIELDS": ["men", "women"],
        "NETWORK": road(),
        "OUTPUT": "memory:",
        "OUTPUT_SELECTED": "memory:",
        **parameters,
    }
    return processing.run("evacuation:recommendshelters", given, feedback=log or Log())


def by_id(result, name="OUTPUT"):
    return {row["site_id"]: row for row in rows_of(result[name])}


CATCHMENTS = "OUTPUT_CATCHMENTS"


def status(result):
    return {site: row["status"] for site, row in by_id(result).items()}


def test_by_hand_one_site_that_holds_everybody():
    log = Log()
    result = run(log, CHOICE=1)
    assert status(result) == {"A": "standby", "B": "standby", "C": "selected"}
    assert result["OUTPUT"].fields().names() == result["OUTPUT_SELECTED"].fields().names() == [*FIELDS, "rule"]
    assert [(row["doors"], row["door_capacity"]) for row in rows_of(result["OUTPUT"])] == [(1, None)] * 3
    row = by_id(result)["C"]
    assert (row["rank"], row["capacity"], row["predicted"], row["residual"]) == (1, 1000, 0, 1000)
    assert row["people_in_reach"] == 150
    assert row["mean_minutes"] == pytest.approx((100 * 9 + 50 * 5) / 150 + 15 / 1.1 / 60, abs=0.02)
    assert row["reason"] == "serves 150 people of 2 zones, 7.9 min on average"
    numbers = {name: result[name] for name in ("SELECTED_COUNT", "SELECTED_CAPACITY", "PEOPLE", "UNCOVERED_PEOPLE")}
    assert numbers == {"SELECTED_COUNT": 1, "SELECTED_CAPACITY": 1000, "PEOPLE": 150, "UNCOVERED_PEOPLE": 0}
    assert result["GAP"] == pytest.approx(0.0)
    assert [row["site_id"] for row in rows_of(result["OUTPUT_SELECTED"])] == ["C"]
    assert log.warned("FORECAST", "none given")
    assert any("SPLIT 1" in line and "SPLIT 0" in line for line in log.said)
    assert sorted(row["rank"] for row in by_id(result).values()) == [1, 2, 3]


def test_balanced_choice_by_hand():
    """C alone holds all 150, 1,180 person-minutes away; A and B, each next to a zone, are 8 minutes nearer to both."""
    log = Log()
    result = run(log)
    assert status(result) == {"A": "selected", "B": "selected", "C": "standby"}
    assert by_id(result)["C"]["reason"] == "not opened: the travel it would save is worth less than SITE_MINUTES"
    assert any(
        "SITE_MINUTES" in text and "300.0 person-minutes" in text and "over 1 site," in text for text in log.said
    )

    def travel(**given):
        lines = rows_of(run(OUTPUT_CATCHMENTS="memory:", **given)[CATCHMENTS])
        return sum(row["people"] * row["minutes"] for row in lines)

    saved = travel(CHOICE=1) - travel()
    assert saved > 300.0
    # one site more is opened exactly where it saves more than SITE_MINUTES
    assert status(run(SITE_MINUTES=saved - 1.0))["C"] == "standby"
    assert status(run(SITE_MINUTES=saved + 1.0)) == {"A": "standby", "B": "standby", "C": "selected"}


def test_all_suitable_sites_are_opened_and_not_those_rejected():
    log = Log()
    result = run(log, CHOICE=2, MAX_TRAVEL_TIME=2.0, SITE_MINUTES=5)
    assert status(result) == {"A": "selected", "B": "selected", "C": "rejected"}
    everything = run(CHOICE=2)
    assert set(status(everything).values()) == {"selected"} and everything["GAP"] == 0.0
    assert by_id(everything)["C"]["reason"] == "nobody needs it in the plan"
    assert any("SITE_MINUTES: plays no part" in text for text in log.said)
    with pytest.raises(QgsProcessingException, match="MAX_SITES is 2, but CHOICE 2 opens all"):
        run(CHOICE=2, MAX_SITES=2)


@pytest.mark.parametrize(("value", "words"), [(-1, "too small"), ("much", "not a number"), ("nan", "not a finite")])
def test_what_a_site_cannot_be_worth(value, words):
    with pytest.raises(QgsProcessingException, match=f"SITE_MINUTES: .*{words}"):
        run(SITE_MINUTES=value)


def test_travel_limit_changes_the_choice():
    result = run(MAX_TRAVEL_TIME=2.0)
    assert status(result) == {"A": "selected", "B": "selected", "C": "rejected"}
    rows = by_id(result)
    assert rows["C"]["rank"] is None and rows["C"]["reason"].startswith("beyond the travel limit from every zone")
    assert (rows["A"]["people_in_reach"], rows["B"]["people_in_reach"]) == (100, 50)


def test_limit_on_sites_serves_most_people_then_shortens_travel():
    one = run(MAX_SITES=1, MAX_TRAVEL_TIME=3.5)
    assert status(one) == {"A": "selected", "B": "standby", "C": "rejected"}
    assert one["UNCOVERED_PEOPLE"] == 30  # 120 of 150
    assert status(run(MAX_SITES=2)) == {"A": "selected", "B": "selected", "C": "standby"}


def test_reserve_and_shortage_are_reported_by_zone():
    log = Log()
    result = run(log, MAX_TRAVEL_TIME=2.0, RESERVE=50.0)
    # A holds 80 of the 100, B 40 of the 50.
    assert result["UNCOVERED_PEOPLE"] == 30 and result["SELECTED_COUNT"] == 2
    assert log.warned("30 of 150 people find no room")
    assert log.warned("zone z0: 20 of 100") and log.warned("zone z4: 10 of 50")


def test_forecast_takes_room_by_its_largest_value():
    log = Log()
    rows = [["C", "2025-01-01T00:00", 10.0], ["C", "2025-01-01T01:00", 870.2], ["C", "2025-01-01T02:00", None],
            ["D", "2025-01-01T00:00", 5.0], ["A", "2025-01-01T00:00", -3.0]]  # fmt: skip
    result = run(log, FORECAST=forecast(rows))
    row = by_id(result)["C"]
    assert (row["predicted"], row["residual"]) == (871, 129)
    assert status(result) == {"A": "selected", "B": "selected", "C": "standby"}
    assert log.warned("FORECAST", "1 site(s) have no series", "B")
    assert log.warned("FORECAST", "no site", "D")
    assert log.warned("have no value") and log.warned("negative")
    assert any("2025-01-01T00:00 to 2025-01-01T02:00" in line for line in log.said)


def test_capacity_from_area_standard_and_polygons():
    rows = [(box(900, -50, 1000, 50), ["A"]), (box(3000, -50, 3300, 50), ["B"])]
    layer = sites(rows, "EPSG:4326", "field=site_id:string", "Polygon")
    result = run(SITES=layer, AREA_STANDARD=4, USABLE_SHARE=0.5)
    # 10,000 and 30,000 m² (on the ellipsoid a hair more or less than in UTM), half of it, 3.5 m² a person.
    assert by_id(result)["A"]["capacity"] == pytest.approx(10_000 * 0.5 / 3.5, rel=2e-3)
    assert by_id(result)["B"]["capacity"] == pytest.approx(30_000 * 0.5 / 3.5, rel=2e-3)
    assert result["OUTPUT"].crs().authid() == "EPSG:4326"
    feet = run(SITES=layer, AREA_STANDARD=5, USABLE_SHARE=1.0)
    assert by_id(feet)["A"]["capacity"] == pytest.approx(10_000 / 1.858, rel=2e-3)


def test_capacity_field_overrides_area_where_filled():
    fields = "field=site_id:string&field=area_m2:double&field=capacity:integer"
    rows = [
        (point(1000, 0), ["A", 1000.0, 150]),
        (point(3000, 0), ["B", 1000.0, None]),
        (point(5000, 0), ["C", None, None]),
    ]
    log = Log()
    result = run(log, SITES=sites(rows, fields=fields))
    assert {site: row["capacity"] for site, row in by_id(result).items()} == {"A": 150, "B": 350, "C": 0}
    assert log.warned("CAPACITY_FIELD", "B") and log.warned("neither a capacity nor an area", "C")
    assert by_id(result)["C"]["reason"] == "capacity 0 is below the minimum of 1"


def test_every_site_keeps_its_row_with_the_reason():
    rows = [
        (point(1000, 5), ["wet", 120, None]),
        (point(1700, 5), ["damp", 120, None]),
        (point(5000, 5), ["closed", 500, "Forbidden"]),
        (point(6000, 900), ["far off", 500, None]),
        (point(1000, 50_000), ["island", 500, None]),
        (point(7000, 5), ["tiny", 20, None]),
        (point(8000, 5), ["full", 400, None]),
        (point(9000, 5), ["good", 1000, "required"]),
        (None, ["nowhere", 10, None]),
    ]
    water = make_layer("Polygon", "field=n:integer", [(box(-900, -900, 1500, 900), [1])], "water", "EPSG:4326")
    result = run(
        SITES=sites(rows),
        HAZARD=water,
        HAZARD_BUFFER=300,
        MIN_CAPACITY=30,
        FORECAST=forecast([["full", "2025-01-01", 395]]),
    )
    reasons = {site: row["reason"] for site, row in by_id(result).items() if row["status"] == "rejected"}
    assert set(reasons) == {"wet", "damp", "closed", "far off", "island", "tiny", "full", "nowhere"}
    assert reasons["wet"] == "inside the hazard"
    assert reasons["damp"] == "within 300 m of the hazard"
    assert reasons["closed"] == "forbidden by the rule field"
    assert "not joined to the road network" in reasons["far off"] and "500 m" in reasons["far off"]
    assert "not reachable by road" in reasons["island"] or "not joined" in reasons["island"]
    assert reasons["tiny"] == "capacity 20 is below the minimum of 30"
    assert reasons["full"].startswith("no room left")
    assert reasons["nowhere"] == "no geometry"
    assert status(result)["good"] == "selected"


def test_required_site_is_opened_and_one_that_cannot_be_is_named():
    rows = [
        (point(1000, 5), ["A", 120, "required"]),
        (point(3000, 5), ["B", 60, "REQUIRED"]),
        (point(9000, 5), ["C", 1000, "maybe"]),
    ]
    water = make_layer("Polygon", "field=n:integer", [(box(2500, -900, 3500, 900), [1])], "water")
    log = Log()
    result = run(log, SITES=sites(rows), HAZARD=water)
    assert status(result) == {"A": "selected", "B": "rejected", "C": "selected"}
    assert log.warned("site B is required but cannot be used: inside the hazard")
    assert log.warned("RULE_FIELD", "maybe")


def test_zones_off_the_road_are_named_and_counted_as_left_out():
    log = Log()
    result = run(log, ZONES=zones([(point(0, 10), ["z0", 60, 40]), (point(4000, 9000), ["hill", 7, 0])]))
    assert (result["PEOPLE"], result["UNCOVERED_PEOPLE"]) == (107, 7)
    assert log.warned("zone hill: 7 of 7", "not joined to the road network")


def test_all_sites_rejected_goes_on_and_says_so():
    water = make_layer("Polygon", "field=n:integer", [(box(-900, -900, 20_000, 900), [1])], "water")
    log = Log()
    result = run(log, HAZARD=water)
    assert (result["SELECTED_COUNT"], result["UNCOVERED_PEOPLE"]) == (0, 150)
    assert result["OUTPUT"].featureCount() == 3 and result["OUTPUT_SELECTED"].featureCount() == 0
    assert log.warned("every site is rejected", "3 inside the hazard")


@pytest.mark.parametrize(("sites_crs", "zones_crs", "road_crs"), [
    ("EPSG:4326", "EPSG:3857", "EPSG:32719"), ("EPSG:3857", "EPSG:4326", "EPSG:4326"),
])  # fmt: skip
def test_layers_may_each_have_a_system_of_their_own(sites_crs, zones_crs, road_crs):
    result = run(SITES=sites(crs=sites_crs), ZONES=zones(crs=zones_crs), NETWORK=road(road_crs), MAX_TRAVEL_TIME=2.0)
    assert status(result) == {"A": "selected", "B": "selected", "C": "rejected"}
    assert result["OUTPUT"].crs().authid() == sites_crs


def test_barriers_close_the_way():
    wall = make_layer("Polygon", "field=n:integer", [(box(5400, -50, 5600, 50), [1])], "fallen bridge")
    result = run(BARRIERS=wall)
    assert status(result) == {"A": "selected", "B": "selected", "C": "rejected"}
    assert by_id(result)["C"]["reason"] == "not reachable by road from any zone"


@pytest.mark.parametrize("rows", [[], [(point(0, 10), ["z0", 0, None])]])
def test_nobody_to_shelter_is_a_success_with_empty_outputs(rows):
    log = Log()
    layer = make_layer("Point", "field=zone_id:string&field=men:integer&field=women:integer", rows, "quarters")
    result = run(log, ZONES=layer)
    for name in ("SELECTED_COUNT", "SELECTED_CAPACITY", "PEOPLE", "UNCOVERED_PEOPLE"):
        assert result[name] == 0
    assert "GAP" not in result
    assert result["OUTPUT"].featureCount() == result["OUTPUT_SELECTED"].featureCount() == 0
    assert result["OUTPUT"].fields().names() == [*FIELDS, "rule"]
    assert log.warned("nobody is at risk")


NUMBERED = "field=site_id:string&field=capacity:string&field=rule:string"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SITES": lambda: make_layer("Point", SITE, [], "parks")}, ("SITES", "no usable feature")),
        (
            {"SITES": lambda: sites([(point(0, 0), ["A", 5, None]), (point(9, 0), ["A", 5, None])])},
            ("SITES", "same value", "A"),
        ),
        ({"SITES": lambda: sites([(point(0, 0), ["A", -5, None])])}, ("SITES", "feature A", "-5", "capacity")),
        (
            {"SITES": lambda: sites([(point(0, 0), ["A", None, None])]), "CAPACITY_FIELD": lambda: "capacity"},
            ("CAPACITY_FIELD", "empty for every site"),
        ),
        (
            {"SITES": lambda: sites([(point(0, 0), ["A", None, None])])},
            ("SITES", "no site", "CAPACITY_FIELD", "AREA_FIELD"),
        ),
        (
            {"SITES": lambda: sites([(point(0, 0), ["A", "plenty", None])], fields=NUMBERED)},
            ("SITES", "feature A", "plenty", "not a number"),
        ),
        ({"SITES": lambda: sites(crs="")}, ("SITES", "no coordinate reference system")),
        ({"ZONES": lambda: zones(crs="")}, ("ZONES", "no coordinate reference system")),
        ({"ZONES": lambda: zones([(point(0, 0), ["z", -3, 0])])}, ("ZONES", "feature z", "-3", "men")),
        (
            {"ZONES": lambda: zones([(point(0, 0), ["z", 3, 0]), (point(9, 0), ["z", 3, 0])])},
            ("ZONES", "same value", "z"),
        ),
        ({"AREA_FIELD": lambda: "hectares"}, ("AREA_FIELD", "hectares", "capacity")),
        ({"POPULATION_FIELDS": lambda: ["souls"]}, ("POPULATION_FIELDS", "souls")),
        (
            {
                "FORECAST": lambda: forecast(
                    [["A", "", "many"]], "field=place:string&field=time:string&field=upper:string"
                )
            },
            ("FORECAST", "row 1", "place A", "many"),
        ),
        (
            {"FORECAST": lambda: forecast([["A", 1.0]], "field=place:string&field=people:double")},
            ("FORECAST_VALUE_FIELD", "upper", "people"),
        ),
        (
            {
                "SITES": lambda: sites([(point(0, 0), ["A", 50, "required"]), (point(900, 0), ["B", 50, "required"])]),
                "MAX_SITES": lambda: 1,
            },
            ("MAX_SITES is 1", "2 sites are required"),
        ),
        (
            {"NETWORK": lambda: make_layer("LineString", "field=road_id:string", [], "streets")},
            ("NETWORK", "no features"),
        ),
    ],
)
def test_bad_input_is_named_with_what_to_mend(changes, words, tmp_path):
    output = tmp_path / "sites.gpkg"
    with pytest.raises(QgsProcessingException) as error:
        run(OUTPUT=str(output), **{name: make() for name, make in changes.items()})
    for word in words:
        assert word in str(error.value)
    assert not output.exists()


def test_cancelling_writes_nothing(tmp_path):
    output = tmp_path / "sites.gpkg"
    log = Log(stop_at="Bounding")
    result = run(log, OUTPUT=str(output))
    assert result == {} and not output.exists()
    assert log.warned("Cancelled")


def test_output_files_feed_the_next_step_and_carry_their_style(tmp_path):
    import sqlite3

    output, selected = str(tmp_path / "sites.gpkg"), str(tmp_path / "selected.gpkg")
    run(OUTPUT=output, OUTPUT_SELECTED=selected, MAX_TRAVEL_TIME=2.0)
    for path in (output, selected):
        with sqlite3.connect(path) as file:
            assert "Selected shelter" in file.execute("select styleQML from layer_styles").fetchone()[0]
    allocation = processing.run(
        "evacuation:allocatecrowd",
        {
            "ZONES": zones(),
            "GROUP_FIELDS": ["men", "women"],
            "SHELTERS": QgsVectorLayer(selected, "selected", "ogr"),
            "NETWORK": road(),
            "OUTPUT": "memory:",
            "OUTPUT_SHELTERS": "memory:",
            "OUTPUT_UNALLOCATED": "memory:",
        },
        feedback=Log(),
    )
    assert allocation["ALLOCATED"] == 150


def test_catchments_are_lines_with_the_people_of_the_plan():
    result = run(MAX_TRAVEL_TIME=2.0, OUTPUT_CATCHMENTS="memory:", ZONES=zones(crs="EPSG:4326"))
    lines = result["OUTPUT_CATCHMENTS"]
    assert lines.crs().authid() == "EPSG:4326"
    assert lines.fields().names() == ["zone_id", "site_id", "people", "share", "minutes"]
    rows = {(row["zone_id"], row["site_id"]): row for row in rows_of(lines)}
    assert set(rows) == {("z0", "A"), ("z4", "B")}
    assert (rows["z0", "A"]["people"], rows["z0", "A"]["share"]) == (100, 1)
    # a kilometre a minute, 10 m from the zone to the road and 5 m to the site at 1.1 m/s
    assert rows["z0", "A"]["minutes"] == pytest.approx(1.0 + 15 / 1.1 / 60, abs=0.02)
    ends = {feature["site_id"]: feature.geometry().asPolyline() for feature in lines.getFeatures()}
    homes = {feature["zone_id"]: feature.geometry().asPoint() for feature in zones(crs="EPSG:4326").getFeatures()}
    places = {feature["site_id"]: feature.geometry().asPoint() for feature in sites(crs="EPSG:4326").getFeatures()}
    for site, zone in (("A", "z0"), ("B", "z4")):
        assert ends[site][0].distance(homes[zone]) < 1e-9
        assert ends[site][1].distance(places[site]) < 1e-9


def test_catchments_share_a_zone_and_leave_out_who_finds_no_room():
    """One site with 90 places for 150 people: its lines carry 90."""
    few = sites([(point(1000, 5), ["A", 90, None])])
    result = run(SITES=few, OUTPUT_CATCHMENTS="memory:")
    rows = rows_of(result["OUTPUT_CATCHMENTS"])
    assert sum(row["people"] for row in rows) == pytest.approx(90)
    assert result["UNCOVERED_PEOPLE"] == 60
    for row in rows:
        assert row["share"] == pytest.approx(row["people"] / {"z0": 100, "z4": 50}[row["zone_id"]], abs=1e-5)


def test_catchments_are_optional_and_empty_when_nobody_leaves():
    assert "OUTPUT_CATCHMENTS" not in run()
    nobody = zones([(point(0, 10), ["z0", 0, 0])])
    assert run(ZONES=nobody, OUTPUT_CATCHMENTS="memory:")["OUTPUT_CATCHMENTS"].featureCount() == 0


def test_zero_capacity_and_fractions_go_on_with_a_warning_or_a_reason():
    some = sites([(point(1000, 5), ["A", 0, None]), (point(3000, 5), ["B", 500, None])])
    fields = "field=zone_id:string&field=men:double&field=women:double"
    halves = make_layer("Point", fields, [(point(0, 10), ["z0", 10.5, 4.5]), (point(4000, 10), ["z4", 7.5, 0.5])], "q")
    log = Log()
    result = run(log, SITES=some, ZONES=halves)
    assert (result["PEOPLE"], result["UNCOVERED_PEOPLE"]) == (23, 0)
    assert log.warned("fractions of people")
    assert status(result) == {"A": "rejected", "B": "selected"}
    assert by_id(result)["A"]["reason"] == "capacity 0 is below the minimum of 1"


def test_a_class_that_is_text_is_named():
    fields = "field=zone_id:string&field=men:string&field=women:string"
    words = make_layer("Point", fields, [(point(0, 10), ["z0", "several", "4"])], "quarters")
    with pytest.raises(QgsProcessingException, match=r"ZONES.*z0.*“several”.*men.*not a number"):
        run(ZONES=words)


def test_a_reserve_that_no_set_can_meet_leaves_people_out_and_says_so():
    """180 places at a reserve of 100 % are 90 for 150 people."""
    two = sites([(point(1000, 5), ["A", 120, None]), (point(3000, 5), ["B", 60, None])])
    log = Log()
    result = run(log, SITES=two, RESERVE=100)
    assert (result["SELECTED_COUNT"], result["UNCOVERED_PEOPLE"]) == (2, 60)
    assert log.warned("60 of 150 people find no room", "RESERVE")
