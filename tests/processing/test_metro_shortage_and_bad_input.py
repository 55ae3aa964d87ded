"""evacuation:allocatemetroresources with too little, too late, or wrong input: partial plans and clear sentences."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")

from qgis.core import QgsProcessingException

from .metro_case import (
    DEMAND,
    PUBLISHED,
    SUPPLY,
    TRAVEL,
    Said,
    copy_case,
    layer,
    nanjing,
    points,
    rows,
    run,
    small,
    table,
)


@pytest.fixture(scope="module", autouse=True)
def case_file(tmp_path_factory):
    copy_case(tmp_path_factory.mktemp("case"))


# --- unmet demand: the best partial answer and what is missing ---------------------------------------------------


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
    "too large a stock": ({"SUPPLY": [["A", "mask", 1e19, 9.0]]}, "SUPPLY: row 1 (A, mask) of “made” has 1e+19 in"),
    "too large a cost": ({"SUPPLY": [["A", "mask", 5, 1e300]]}, "has 1e+300 in the field “unit_cost”; more than"),
    "too long a way": ({"TRAVEL": [["A", "E", 1e300, 1.0]]}, "“made” has 1e+300 in the field “minutes”; more than"),
    "too large a demand": ({"DEMAND": [["E", "mask", 1e300]]}, "DEMAND: row 1 (E, mask) of “made” has 1e+300"),
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
