"""evacuation:metroscenario through the registry: the fire, the other emergencies, the chain, own tables, bad input."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsProcessingException, QgsVectorLayer

import environment

from .metro_case import PUBLISHED, Said, copy_case, layer, points, rows
from .metro_scenario_case import describe, respond, sample_layer

TABLES = environment.ROOT / "resources" / "metro"


@pytest.fixture(scope="module", autouse=True)
def case_file(tmp_path_factory):
    copy_case(tmp_path_factory.mktemp("case"))


def wanted(results, *names):
    return rows(results["OUTPUT"], "incident_id", "resource", *(names or ("quantity",)))


def travel_of(results):
    return {
        (feature["station_id"], feature["incident_id"]): feature for feature in results["OUTPUT_TRAVEL"].getFeatures()
    }


def test_the_fire_gives_the_published_demand_and_the_published_allocation():
    pytest.importorskip("pulp")
    described = describe()
    assert wanted(described) == [
        ("Andemen", "emergency searchlight", 86), ("Andemen", "fume extractor", 12), ("Andemen", "gas mask", 368)
    ]  # fmt: skip
    assert (described["RESOURCE_TYPES"], described["UNITS"], described["UNREACHABLE"]) == (3, 466, 0)
    answer = respond(described)
    assert rows(answer["OUTPUT"], "station_id", "resource", "quantity") == PUBLISHED
    assert answer["FITNESS"] == pytest.approx(6269, abs=1.0)


def test_weather_and_period_lengthen_the_travel():
    free, wet = describe(), describe(PERIOD=0, WEATHER_FACTOR=2.0)
    (fire,) = describe(INCIDENTS=points("incident_id", [("E", 118.757, 31.993)]), PERIOD=0, WEATHER=2)[
        "OUTPUT_INCIDENTS"
    ].getFeatures()
    assert (fire["period"], fire["weather"]) == ("peak", "rain")
    dry, rain = travel_of(free)["S1", "Andemen"], travel_of(wet)["S1", "Andemen"]
    assert dry["minutes"] == dry["free_minutes"] and dry["weather_factor"] == 1.0
    # the sample's incident has a period of its own, so only the factor that was given changes anything
    assert rain["minutes"] == pytest.approx(2.0 * dry["minutes"]) and rain["period_factor"] == 1.0
    assert rain["km"] == dry["km"]


def test_the_form_counts_where_the_incident_has_no_attribute():
    made = points("incident_id", [("E", 118.757, 31.993)])
    described = describe(INCIDENTS=made, STRANDED="100..200", PERIOD=1, WEATHER=2, WEATHER_LATER=3)
    assert wanted(described, "low", "expected", "high")[-1] == ("E", "gas mask", 100, 150, 200)
    row = travel_of(described)["S1", "E"]
    assert row["minutes"] == pytest.approx(row["free_minutes"] * 1.2 * 1.2)
    assert row["minutes_later"] == pytest.approx(row["free_minutes"] * 1.2 * 1.5)
    assert described["UNITS_LOW"] < described["UNITS"] < described["UNITS_HIGH"]
    high = describe(INCIDENTS=made, STRANDED="100..200", DEMAND_LEVEL=2)
    assert wanted(high)[-1] == ("E", "gas mask", 200)


def test_metro_stations_locate_the_incident_and_give_the_way_along_the_lines():
    described = describe(INCIDENTS=None, STATION="Andemen", STRANDED="10")
    (incident,) = described["OUTPUT_INCIDENTS"].getFeatures()
    assert (incident["incident_id"], incident["line"], incident["station_type"]) == ("Andemen", "1, 10", "transfer")
    assert incident.geometry().asPoint().x() == pytest.approx(118.757)
    way = travel_of(described)["S3", "Andemen"]  # Yuantong
    assert (way["metro_intervals"], way["transfers"]) == (3, 0) and 3.5 < way["metro_km"] < 6


def test_incidents_can_be_read_again_as_they_were_written():
    first = describe(INCIDENTS=sample_layer("scenario_flood"), RESOURCES="")
    again = describe(INCIDENTS=first["OUTPUT_INCIDENTS"], RESOURCES="")
    assert wanted(again, "low", "expected", "high") == wanted(first, "low", "expected", "high")
    assert len({row[0] for row in wanted(first)}) == 2


@pytest.mark.parametrize(
    ("scenario", "types", "some"),
    [
        ("scenario_flood", 24, ("Mochou Lake", "lifeboat", 6)),
        ("scenario_arson", 19, ("Xinjiekou", "gas mask", 185)),
        ("scenario_infection", 10, ("Nanjing South", "medical protective mask", 440)),
    ],
)
def test_the_other_emergencies_go_through_to_an_allocation(scenario, types, some):
    pytest.importorskip("pulp")
    supply = {"STATIONS": sample_layer("candidates"), "SUPPLY": sample_layer("candidates_supply")}
    described = describe(INCIDENTS=sample_layer(scenario), RESOURCES="", **supply)
    assert some in wanted(described)
    incidents = described["OUTPUT_INCIDENTS"].featureCount()
    assert described["OUTPUT"].featureCount() == types * incidents
    answer = respond(described, **supply)
    assert answer["FITNESS"] > 0 and answer["GAP"] == 0.0
    sent = sum(feature["quantity"] for feature in answer["OUTPUT"].getFeatures())
    assert sent + answer["UNMET"] == described["UNITS"]


def test_own_tables_take_the_place_of_the_shipped_ones(tmp_path):
    rules = tmp_path / "mine.csv"
    rules.write_text(
        "emergency_type;resource;units;per;every;when\nany;gas mask;2..3;stranded;1;\nany;sand;1;fixed;1;\n",
        encoding="utf-8-sig",
    )
    said = Said()
    described = describe(said, RULES_FILE=str(rules))
    assert wanted(described, "low", "high")[-1] == ("Andemen", "gas mask", 736, 1104)
    assert "not in the catalogue: sand" in said.warned
    assert "no rule for emergency searchlight, fume extractor" in said.warned
    catalogue = shutil.copy(TABLES / "catalogue.csv", tmp_path / "catalogue.csv")
    with open(catalogue, "a", encoding="utf-8") as file:
        file.write("production safety,life rescue,smoke hood\n")
    known = describe(CATALOGUE_FILE=str(catalogue), RESOURCES="smoke hood", KNOWN_QUANTITIES="smoke hood: 20..30")
    assert wanted(known, "low", "quantity", "high") == [("Andemen", "smoke hood", 20, 25, 30)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"STRANDED": "many"}, "STRANDED: “many” cannot be read"),
        ({"WOUNDED": "9..4"}, "Exchange the two"),
        ({"OCCURRED": "2026-05-04T10:00", "NOW": "2026-05-04T09:00"}, "NOW .* lies before OCCURRED"),
        ({"FATALITIES": "-1"}, "FATALITIES: “-1” is negative"),
        ({"INCIDENTS": None, "STATION": "Andeman"}, "Is “Andemen” meant"),
        ({"INCIDENTS": None}, "Where is the incident"),
        ({"RESOURCES": "gas masks"}, "Is “gas mask” meant"),
        ({"KNOWN_QUANTITIES": "gas mask"}, "KNOWN_QUANTITIES: “gas mask” cannot be read"),
        ({"RULES_FILE": "/nowhere/rules.csv"}, "RULES_FILE"),
        ({"CATALOGUE_FILE": str(TABLES / "rules.csv")}, "has no column class"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(changes, sentence):
    with pytest.raises(QgsProcessingException, match=sentence):
        describe(**changes)


def test_an_attribute_outside_its_list_names_the_incident():
    made = layer("Point", "incident_id:string(20),weather:string(20)", [("POINT(118.757 31.993)", ["E", "hail"])])
    with pytest.raises(QgsProcessingException, match="Incident E .*“hail” is no weather"):
        describe(INCIDENTS=made)


def test_attributes_may_be_written_with_capitals():
    made = layer("Point", "incident_id:string(20),weather:string(20)", [("POINT(118.757 31.993)", ["E", "Heavy Rain"])])
    (incident,) = describe(INCIDENTS=made)["OUTPUT_INCIDENTS"].getFeatures()
    assert incident["weather"] == "heavy rain"


def test_no_incident_is_an_empty_success():
    said = Said()
    described = describe(said, INCIDENTS=points("incident_id", []))
    assert (described["UNITS"], described["OUTPUT"].featureCount()) == (0, 0) and "nothing is needed" in said.warned


def test_an_incident_far_from_any_road_is_said_and_has_no_time(tmp_path):
    road = layer("LineString", "road_id:string(9)", [("LINESTRING(118.769 32.009, 118.757 31.993)", ["r"])])
    made = points("incident_id", [("far", 119.5, 31.0), ("near", 118.757, 31.993)])
    said = Said()
    page = tmp_path / "s.html"
    described = describe(said, INCIDENTS=made, NETWORK=road, STRANDED="5", OUTPUT_HTML=str(page))
    ways = travel_of(described)
    assert not ways["S1", "far"]["minutes"] and ways["S1", "near"]["minutes"] > 0
    assert "far: not joined to the road network" in said.warned
    assert "No way" in page.read_text(encoding="utf-8")
    pytest.importorskip("pulp")
    answer = respond(described)
    missing = {incident for incident, _ in rows(answer["OUTPUT_UNMET"], "incident_id", "unmet")}
    assert "far" in missing and answer["UNMET"] > 0


def test_the_report_holds_all_dimensions_and_escapes_what_users_write(tmp_path):
    page = tmp_path / "scenario.html"
    describe(INCIDENTS=points("incident_id", [("E", 118.757, 31.993)]), CAUSE="<script>", OUTPUT_HTML=str(page))
    text = page.read_text(encoding="utf-8")
    for word in ("Event", "Passengers", "Time", "Location", "Environment", "Demand", "Travel", "gas mask"):
        assert word in text
    assert "<script>" not in text and "&lt;script&gt;" in text


def test_the_incidents_are_styled(tmp_path):
    target = str(tmp_path / "incidents.gpkg")
    describe(OUTPUT_INCIDENTS=target)
    stored = QgsVectorLayer(target, "incidents", "ogr")
    assert [item.label() for item in stored.renderer().legendSymbolItems()] == [
        "natural disaster", "production safety", "social security", "public health"
    ]  # fmt: skip
