"""evacuation:allocatemetroresources through the registry: the Nanjing case, the ways to travel, and bad input."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")

from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsVectorLayer,
)

import environment

ALGORITHM = "evacuation:allocatemetroresources"
SAMPLE = environment.ROOT / "resources" / "metro" / "sample" / "nanjing.gpkg"
SINKS = dict.fromkeys(("OUTPUT", "OUTPUT_STATIONS", "OUTPUT_UNMET", "OUTPUT_CONVERGENCE"), "memory:")
SUPPLY = "station_id:string(20),resource:string(40),inventory:double,unit_cost:double"
DEMAND = "incident_id:string(20),resource:string(40),quantity:double"
TRAVEL = "station_id:string(20),incident_id:string(20),minutes:double,km:double"


FILES: dict[str, Path] = {}


@pytest.fixture(scope="module", autouse=True)
def case_file(tmp_path_factory):
    """Work with a copy of the sample: QGIS changes the header of a GeoPackage that it opens."""
    FILES["case"] = Path(shutil.copy(SAMPLE, tmp_path_factory.mktemp("case")))


class Said(QgsProcessingFeedback):
    """Keeps what is said."""

    def __init__(self):
        super().__init__()
        self.warnings, self.infos = [], []

    def pushWarning(self, warning):
        self.warnings.append(warning)

    def pushInfo(self, info):
        self.infos.append(info)

    @property
    def warned(self):
        return "\n".join(self.warnings)


def layer(kind, fields, rows, crs="EPSG:4326"):
    """Make a memory layer; rows are (WKT or None, values)."""
    parts = "&".join(f"field={field}" for field in fields.split(","))
    made = QgsVectorLayer(f"{kind}{'?crs=' + crs + '&' if kind != 'None' else '?'}{parts}", "made", "memory")
    assert made.isValid()
    features = []
    for wkt, values in rows:
        feature = QgsFeature(made.fields())
        if wkt:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        feature.setAttributes(list(values))
        features.append(feature)
    assert made.dataProvider().addFeatures(features)[0]
    return made


def points(field, rows, crs="EPSG:4326"):
    """Make a point layer of (id, x, y)."""
    return layer("Point", f"{field}:string(20)", [(f"POINT({x} {y})", [name]) for name, x, y in rows], crs)


def table(fields, rows):
    """Make a table."""
    return layer("None", fields, [(None, row) for row in rows])


def small(**changes):
    """Two rescue points, one incident, one type: A is near with 5 units at 9, B far with 50 at 1."""
    given = {
        "STATIONS": points("station_id", [("A", 118.75, 32.0), ("B", 118.90, 32.0)]),
        "SUPPLY": table(SUPPLY, [["A", "mask", 5, 9.0], ["B", "mask", 50, 1.0]]),
        "INCIDENTS": points("incident_id", [("E", 118.76, 32.0)]),
        "DEMAND": table(DEMAND, [["E", "mask", 20]]),
        **SINKS,
    }
    return {**given, **changes}


def run(parameters, feedback=None):
    import processing

    return processing.run(ALGORITHM, parameters, feedback=feedback or Said())


def rows(made, *names):
    """Return the values of the named fields, sorted."""
    return sorted(tuple(feature[name] for name in names) for feature in made.getFeatures())


def nanjing(**changes):
    """The sample case's parameters."""
    names = {
        "STATIONS": "rescue_points",
        "SUPPLY": "supply",
        "INCIDENTS": "incidents",
        "DEMAND": "demand",
        "TRAVEL": "travel",
    }
    given = {parameter: f"{FILES['case']}|layername={name}" for parameter, name in names.items()}
    return {**given, **SINKS, **changes}


PUBLISHED = [
    ("S1", "emergency searchlight", 25),
    ("S1", "fume extractor", 3),
    ("S1", "gas mask", 100),
    ("S3", "emergency searchlight", 50),
    ("S3", "fume extractor", 9),
    ("S3", "gas mask", 200),
    ("S4", "emergency searchlight", 11),
    ("S4", "gas mask", 68),
]


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


# --- shortages: the best partial answer and what is missing ---------------------------------------------------


def test_type_that_nobody_stocks():
    said = Said()
    results = run(small(DEMAND=table(DEMAND, [["E", "masks", 3], ["E", "mask", 2]])), said)
    assert results["UNMET"] == 3
    assert rows(results["OUTPUT_UNMET"], "resource", "demanded", "delivered", "unmet", "reason") == [
        ("masks", 3, 0, 3, "no rescue point stocks masks")
    ]
    assert "Is “mask” meant?" in said.warned
    assert sum(feature["quantity"] for feature in results["OUTPUT"].getFeatures()) == 2


def test_more_demand_than_stock():
    results = run(small(DEMAND=table(DEMAND, [["E", "mask", 100]])))
    assert results["UNMET"] == 45
    assert rows(results["OUTPUT"], "station_id", "quantity") == [("A", 5), ("B", 50)]
    (row,) = rows(results["OUTPUT_UNMET"], "unmet", "reason")
    assert row == (45, "not enough stock: 55 of mask within reach, 100 needed")
    assert results["GAP"] == 0.0


def test_nothing_within_the_limit():
    results = run(small(LIMIT_MINUTES=0.1))
    assert results["UNMET"] == 0 and results["DELAY_PENALTY"] > 0
    (row,) = rows(results["OUTPUT_UNMET"], "unmet", "on_time", "reason")
    assert row[:2] == (0, 0) and "nothing within the limit of 0.1 min" in row[2]


def test_swarm_with_a_shortage_and_several_incidents():
    pytest.importorskip("pyswarms")
    incidents = points("incident_id", [("E", 118.76, 32.0), ("F", 118.89, 32.0)])
    demand = table(DEMAND, [["E", "mask", 40], ["F", "mask", 40]])
    results = run(small(INCIDENTS=incidents, DEMAND=demand, METHOD=1, SWARM_REPAIR=True, SWARM_ITERATIONS=100))
    assert results["UNMET"] == 25
    assert results["FITNESS"] >= results["OPTIMUM"] - 1e-6
    assert sum(feature["quantity"] for feature in results["OUTPUT"].getFeatures()) == 55


def test_pairs_missing_from_the_travel_table_are_no_way():
    said = Said()
    results = run(small(TRAVEL=table(TRAVEL, [["A", "E", 5, 2.0]])), said)
    assert results["UNMET"] == 15 and "TRAVEL: no time is given for B to E" in said.warned


def test_fractions_and_empty_values_are_rounded_with_a_warning():
    said = Said()
    supply = table(SUPPLY, [["A", "mask", 5.7, 9.0], ["B", "mask", None, 1.0]])
    results = run(small(SUPPLY=supply, DEMAND=table(DEMAND, [["E", "mask", 3.2]])), said)
    assert rows(results["OUTPUT"], "station_id", "quantity") == [("A", 4)]
    assert "rounded down: 1 (A, mask): 5.7 to 5" in said.warned
    assert "rounded up: 1 (E, mask): 3.2 to 4" in said.warned
    assert "no value in “inventory” and count as 0: 2 (B, mask)" in said.warned


# --- bad input: a sentence that names the parameter and the row -----------------------------------------------

BAD = {
    "negative stock": ({"SUPPLY": [["A", "mask", -5, 9.0]]}, "SUPPLY: row 1 (A, mask) of “made” has -5"),
    "negative cost": ({"SUPPLY": [["A", "mask", 5, -9.0]]}, "SUPPLY: row 1 (A, mask) of “made” has -9"),
    "no cost": ({"SUPPLY": [["A", "mask", 5, None]]}, "has a stock but no unit cost"),
    "negative demand": ({"DEMAND": [["E", "mask", -1]]}, "DEMAND: row 1 (E, mask) of “made” has -1"),
    "empty supply": ({"SUPPLY": []}, "SUPPLY: “made” is empty"),
    "unknown stations only": ({"SUPPLY": [["Z", "mask", 5, 9.0]]}, "SUPPLY: no row of “made” is for a rescue point"),
    "unknown incident": ({"DEMAND": [["X", "mask", 5]]}, "incident X, but there is no such incident in “made”"),
    "row without a station": ({"SUPPLY": [[None, "mask", 5, 9.0]]}, "SUPPLY: row 1 of “made” has no value"),
    "supply twice": ({"SUPPLY": [["A", "mask", 5, 9.0], ["A", "mask", 6, 9.0]]}, "rows 1 and 2 of “made” are both"),
    "demand twice": ({"DEMAND": [["E", "mask", 5], ["E", "mask", 6]]}, "DEMAND: rows 1 and 2 of “made” are both for E"),
    "travel for others": ({"TRAVEL": [["Y", "E", 5, 1.0]]}, "TRAVEL: no row of “made” is for a rescue point"),
    "negative travel": ({"TRAVEL": [["A", "E", -5, 1.0]]}, "TRAVEL: row 1 (A, E) of “made” has -5"),
    "unreadable tiers": ({"PENALTY_TIERS": "0:0, five:1, inf:100"}, "PENALTY_TIERS: “five:1” cannot be read"),
    "no tiers": ({"PENALTY_TIERS": "0:0, 5:1"}, "the last tier must be inf"),
    "both weights zero": ({"WEIGHT_DELAY": 0, "WEIGHT_COST": 0}, "WEIGHT_DELAY and WEIGHT_COST are both 0"),
    "inertia reversed": ({"METHOD": 1, "SWARM_INERTIA_MIN": 0.95}, "lower inertia weight lies above"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    changes, sentence = BAD[case]
    fields = {"SUPPLY": SUPPLY, "DEMAND": DEMAND, "TRAVEL": TRAVEL}
    changes = {name: table(fields[name], value) if name in fields else value for name, value in changes.items()}
    with pytest.raises(QgsProcessingException) as caught:
        run(small(**changes))
    assert sentence in str(caught.value)


def test_duplicate_ids_missing_fields_and_layers_without_a_system():
    twice = points("station_id", [("A", 118.75, 32.0), ("A", 118.90, 32.0)])
    with pytest.raises(QgsProcessingException, match="STATIONS: the id field “station_id”.*same value.*A"):
        run(small(STATIONS=twice))
    with pytest.raises(QgsProcessingException, match="STATION_ID_FIELD.*no field “nummer”"):
        run(small(STATION_ID_FIELD="nummer"))
    with pytest.raises(QgsProcessingException, match="DEMAND_QUANTITY_FIELD: choose a field"):
        run(small(DEMAND=table("incident_id:string,resource:string,n:integer", [["E", "mask", 3]])))
    nowhere = layer("Point", "station_id:string", [("POINT(1 1)", ["A"])], crs="")
    with pytest.raises(QgsProcessingException, match="STATIONS: .* no coordinate reference system"):
        run(small(STATIONS=nowhere))
    with pytest.raises(QgsProcessingException, match="STATIONS: .* no usable feature"):
        run(small(STATIONS=points("station_id", [])))


def test_travel_table_without_times_and_distances():
    travel = table("station_id:string,incident_id:string,t:double", [["A", "E", 5.0]])
    with pytest.raises(QgsProcessingException, match="TRAVEL: “made” has neither times nor distances"):
        run(small(TRAVEL=travel))


def test_text_where_a_number_belongs():
    supply = table("station_id:string,resource:string,inventory:string,unit_cost:double", [["A", "mask", "many", 1.0]])
    with pytest.raises(QgsProcessingException, match="“many” in the field “inventory”.*not a number"):
        run(small(SUPPLY=supply))


def test_failed_run_writes_nothing(tmp_path):
    output, page = tmp_path / "plan.gpkg", tmp_path / "plan.html"
    with pytest.raises(QgsProcessingException):
        run(small(DEMAND=table(DEMAND, [["X", "mask", 5]]), OUTPUT=str(output), OUTPUT_HTML=str(page)))
    assert not output.exists() and not page.exists()


def test_cancelled_run_writes_nothing(tmp_path):
    said = Said()
    said.cancel()
    output = tmp_path / "plan.gpkg"
    run(small(OUTPUT=str(output)), said)
    assert not output.exists()


def test_without_pyswarms_the_swarm_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyswarms", None)
    with pytest.raises(QgsProcessingException, match="pyswarms(.|\n)*pip install"):
        run(small(METHOD=1))
    assert run(small())["UNMET"] == 0


def test_without_pulp_one_incident_is_solved_by_the_direct_rule_and_several_are_explained(monkeypatch):
    expected = run(nanjing())
    monkeypatch.setitem(sys.modules, "pulp", None)
    said = Said()
    results = run(nanjing(), said)
    assert rows(results["OUTPUT"], "station_id", "resource", "quantity") == PUBLISHED
    assert results["OPTIMUM"] == pytest.approx(expected["OPTIMUM"])
    assert "pulp is not installed" in said.warned and "pip install" in said.warned
    incidents = points("incident_id", [("E", 118.76, 32.0), ("F", 118.89, 32.0)])
    with pytest.raises(QgsProcessingException, match="pulp.*metro resources(.|\n)*pip install"):
        run(small(INCIDENTS=incidents, DEMAND=table(DEMAND, [["E", "mask", 2], ["F", "mask", 2]])))


def test_the_sample_says_what_is_reconstructed():
    for name in ("rescue_points", "supply", "travel"):
        made = QgsVectorLayer(f"{FILES['case']}|layername={name}", name, "ogr")
        assert all(feature["origin"].startswith("reconstructed") for feature in made.getFeatures())
    text = Path(SAMPLE).with_name("README.md").read_text(encoding="utf-8")
    assert "**reconstructed**" in text and "made up" in text
