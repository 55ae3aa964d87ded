"""evacuation:allocatemetroresources through the registry: the Nanjing case, the swarm, the report, ways to travel."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")

from qgis.core import QgsVectorLayer

from .metro_case import DEMAND, PUBLISHED, TRAVEL, Said, copy_case, layer, nanjing, points, rows, run, small, table


@pytest.fixture(scope="module", autouse=True)
def case_file(tmp_path_factory):
    copy_case(tmp_path_factory.mktemp("case"))


@pytest.mark.parametrize("travel", ["table", "straight line"])
def test_nanjing_gives_the_published_answer(travel):
    results = run(nanjing() if travel == "table" else nanjing(TRAVEL=None))
    assert rows(results["OUTPUT"], "station_id", "resource", "quantity") == PUBLISHED
    assert results["FITNESS"] == pytest.approx(6269, abs=1.0)
    assert results["FITNESS"] == pytest.approx(0.3 * results["ALLOCATION_COST"])
    assert results["DELAY_PENALTY"] == 0.0
    assert results["OPTIMUM"] == pytest.approx(results["FITNESS"])
    assert (results["GAP"], results["UNMET"]) == (0.0, 0)
    assert results["OUTPUT_UNMET"].featureCount() == 0
    assert results["OUTPUT_CONVERGENCE"].featureCount() == 0
    left = {(s, r): n for s, r, n in rows(results["OUTPUT_STATIONS"], "station_id", "resource", "remaining")}
    assert left["S1", "gas mask"] == 0 and left["S4", "gas mask"] == 52 and left["S5", "fume extractor"] == 10
    assert len(left) == 15


def test_line_output_has_the_fields_of_the_interface_and_leads_to_the_incident():
    output = run(nanjing())["OUTPUT"]
    assert output.fields().names() == [
        "station_id", "incident_id", "resource", "quantity", "minutes", "late_minutes", "unit_cost", "penalty"
    ]  # fmt: skip
    for feature in output.getFeatures():
        end = feature.geometry().asPolyline()[-1]
        assert (end.x(), end.y()) == pytest.approx((118.757, 31.993))


def test_swarm_stands_beside_the_optimum():
    pytest.importorskip("pyswarms")
    parameters = nanjing(METHOD=1, SWARM_ITERATIONS=200, SWARM_PARTICLES=80, SEED=4)
    plain, again = run(parameters), run(parameters)
    assert plain["OPTIMUM"] == pytest.approx(6268.8)
    assert plain["FITNESS"] >= plain["OPTIMUM"] - 1e-6
    assert plain["GAP"] == pytest.approx(100 * (plain["FITNESS"] - plain["OPTIMUM"]) / plain["FITNESS"], abs=1e-9)
    assert plain["FITNESS"] == again["FITNESS"]
    assert rows(plain["OUTPUT"], "station_id", "resource", "quantity") == rows(
        again["OUTPUT"], "station_id", "resource", "quantity"
    )
    curve = rows(plain["OUTPUT_CONVERGENCE"], "variant", "iteration")
    assert curve == [(variant, n) for variant in ("plain", "repair") for n in range(1, 201)]
    repaired = run({**parameters, "SWARM_REPAIR": True})
    assert repaired["FITNESS"] == pytest.approx(6268.8) and repaired["GAP"] == pytest.approx(0.0, abs=1e-9)


def test_report_and_styles_are_written_beside_the_layers(tmp_path):
    pytest.importorskip("pyswarms")
    pytest.importorskip("matplotlib")
    outputs = {"OUTPUT": str(tmp_path / "plan.gpkg"), "OUTPUT_HTML": str(tmp_path / "plan.html")}
    run(nanjing(METHOD=1, SWARM_ITERATIONS=50, **outputs))
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2 and "Particle swarm, as published" in page and "fume extractor" in page
    stored = QgsVectorLayer(outputs["OUTPUT"], "plan", "ogr")
    assert stored.renderer().type() == "graduatedSymbol"
    labels = [item.label() for item in stored.renderer().legendSymbolItems()]
    assert labels[0].startswith("on time") and any("min late" in label for label in labels)


def test_report_escapes_names_and_lists_what_is_missing(tmp_path):
    page = tmp_path / "r.html"
    run(small(DEMAND=table(DEMAND, [["E", "<b>mask</b>", 3]]), OUTPUT_HTML=str(page)))
    text = page.read_text(encoding="utf-8")
    assert "<b>mask</b>" not in text and "&lt;b&gt;mask&lt;/b&gt;" in text
    assert "no rescue point stocks" in text


def test_one_unit_on_time_and_the_rest_from_the_cheapest():
    results = run(small(LIMIT_MINUTES=10, PENALTY_TIERS="0:0, inf:0.01"))
    assert rows(results["OUTPUT"], "station_id", "quantity") == [("A", 1), ("B", 19)]
    late = {feature["station_id"]: feature["late_minutes"] for feature in results["OUTPUT"].getFeatures()}
    assert late["A"] == 0.0 and 15.0 < late["B"] < 20.0


def test_straight_line_follows_speed_detour_weather_and_period():
    def minutes(**changes):
        output = run(small(**changes))["OUTPUT"]
        return {feature["station_id"]: feature["minutes"] for feature in output.getFeatures()}["A"]

    usual = minutes()
    assert usual == pytest.approx(0.944 * 1.3 / 40 * 60, rel=0.01)
    assert minutes(SPEED=20, DETOUR_FACTOR=1.0) == pytest.approx(usual * 2 / 1.3)
    assert minutes(WEATHER_FACTOR=1.5, PERIOD_FACTOR=2) == pytest.approx(usual * 3)


def test_cost_per_km_is_part_of_the_unit_cost():
    travel = table(TRAVEL, [["A", "E", 5, 2.0], ["B", "E", 6, 30.0]])
    results = run(small(TRAVEL=travel, COST_PER_KM=0.5))
    assert rows(results["OUTPUT"], "station_id", "quantity", "unit_cost") == [("A", 5, 10.0), ("B", 15, 16.0)]
    assert results["ALLOCATION_COST"] == pytest.approx(5 * 10 + 15 * 16)


def test_table_with_distances_only_and_fields_of_other_names():
    travel = table("von:string,nach:string,weg:double", [["A", "E", 10.0], ["B", "E", 20.0]])
    fields = {"TRAVEL_STATION_FIELD": "von", "TRAVEL_INCIDENT_FIELD": "nach", "TRAVEL_KM_FIELD": "weg"}
    output = run(small(TRAVEL=travel, **fields))["OUTPUT"]
    assert rows(output, "station_id", "minutes") == [("A", 15.0), ("B", 30.0)]


def test_road_network_gives_times_and_routes():
    road = layer(
        "LineString",
        "maxspeed:double",
        [
            ("LINESTRING(118.75 32.0, 118.76 32.05, 118.76 32.0)", [60.0]),
            ("LINESTRING(118.76 32.0, 118.90 32.0)", [30.0]),
        ],
    )
    output = run(small(NETWORK=road))["OUTPUT"]
    minutes = {feature["station_id"]: feature["minutes"] for feature in output.getFeatures()}
    assert minutes["A"] == pytest.approx((5.62 + 5.55), rel=0.02)  # km at 60 km/h
    assert minutes["B"] == pytest.approx(13.21 * 2, rel=0.02)
    vertices = {f["station_id"]: [(p.x(), p.y()) for p in f.geometry().vertices()] for f in output.getFeatures()}
    assert len(vertices["A"]) == 3 and vertices["A"][1] == pytest.approx((118.76, 32.05), abs=1e-6)


def test_incident_far_from_any_road_is_reported():
    road = layer("LineString", "maxspeed:double", [("LINESTRING(118.74 32.3, 118.95 32.3)", [60.0])])
    said = Said()
    results = run(
        small(
            NETWORK=road,
            MAX_SNAP_DISTANCE=200,
            STATIONS=points("station_id", [("A", 118.75, 32.3), ("B", 118.9, 32.3)]),
        ),
        said,
    )
    assert results["UNMET"] == 20 and results["OUTPUT"].featureCount() == 0
    (reason,) = (feature["reason"] for feature in results["OUTPUT_UNMET"].getFeatures())
    assert "can reach the incident" in reason and "not joined to the road network" in reason
    assert "INCIDENTS" in said.warned and "MAX_SNAP_DISTANCE" in said.warned


def test_several_incidents_share_the_stock():
    incidents = points("incident_id", [("E", 118.76, 32.0), ("F", 118.89, 32.0)])
    demand = table(DEMAND, [["E", "mask", 20], ["F", "mask", 20]])
    results = run(small(INCIDENTS=incidents, DEMAND=demand, LIMIT_MINUTES=60))
    sent = rows(results["OUTPUT"], "incident_id", "quantity")
    assert sum(n for name, n in sent if name == "E") == 20 and sum(n for name, n in sent if name == "F") == 20


def test_places_in_different_systems_meet():
    stations = points("station_id", [("A", 665300, 3541800)], "EPSG:32650")
    said = Said()
    output = run(small(STATIONS=stations), said)["OUTPUT"]
    (feature,) = output.getFeatures()
    assert output.crs().authid() == "EPSG:32650"
    end = feature.geometry().asPolyline()[-1]
    assert 600_000 < end.x() < 700_000 and 3_500_000 < end.y() < 3_600_000
    assert "SUPPLY: 1 row(s) are for no rescue point" in said.warned


def test_nothing_demanded_is_a_success():
    for demand in (table(DEMAND, []), table(DEMAND, [["E", "mask", 0]])):
        said = Said()
        results = run(small(DEMAND=demand), said)
        assert (results["FITNESS"], results["UNMET"], results["OUTPUT"].featureCount()) == (0.0, 0, 0)
        assert "nothing is demanded" in said.warned


def test_no_incident_is_a_success():
    results = run(small(INCIDENTS=points("incident_id", []), DEMAND=table(DEMAND, [])))
    assert (results["UNMET"], results["OUTPUT"].featureCount()) == (0, 0)
