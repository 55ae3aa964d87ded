"""evacuation:metrosensitivity through the registry: the three curves, weights, the report, bad input."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")

from qgis.core import QgsProcessingException

from .metro_case import Said, copy_case, points, table
from .metro_scenario_case import DEMAND, curve, sample_layer, vary


@pytest.fixture(scope="module", autouse=True)
def case_file(tmp_path_factory):
    copy_case(tmp_path_factory.mktemp("case"))


def ten(**changes):
    """The ten candidates instead of the five points."""
    candidates = {"STATIONS": sample_layer("candidates"), "SUPPLY": sample_layer("candidates_supply"), "TRAVEL": None}
    return vary(**{**candidates, **changes})


def test_the_case_needs_three_rescue_points():
    results = vary()
    found = curve(results["OUTPUT"], "rescue points")
    assert [row["value"] for row in found] == [1, 2, 3, 4, 5]
    assert found[2]["chosen"] == "S1, S3, S4" and found[2]["fitness"] == pytest.approx(6268.8)
    assert found[0]["unmet"] > 0 and found[1]["unmet"] == 0
    assert (results["ENOUGH_RESCUE_POINTS"], results["FITNESS"]) == (3, pytest.approx(6268.8))
    assert "From 3 rescue point(s) on, another one stops helping" in results["SENTENCE"]


def test_ten_candidates_fall_to_six_and_stay():
    found = curve(ten(ANALYSES=[0])["OUTPUT"], "rescue points")
    fitness = [row["fitness"] for row in found]
    assert len(found) == 10 and all(row["unmet"] == 0 and row["proved"] == "yes" for row in found)
    assert all(a > b + 1e-6 for a, b in zip(fitness[:5], fitness[1:6]))
    assert fitness[5:] == pytest.approx([fitness[5]] * 5)
    assert fitness[2] == pytest.approx(6268.8)


def test_ten_types_add_up():
    found = curve(ten(ANALYSES=[1], DEMAND=sample_layer("demand_ten_types"))["OUTPUT"], "resource types")
    fitness = [row["fitness"] for row in found]
    assert len(found) == 10 and fitness == sorted(fitness)
    assert found[0]["chosen"] == "gas mask"
    assert found[2]["chosen"].split(", ") == ["gas mask", "emergency searchlight", "fume extractor"]


@pytest.mark.parametrize(
    ("parameter", "first", "last", "changes"),
    [
        (0, 5, 30, {}),
        (3, 0, 10, {}),
        (4, 20, 60, {"TRAVEL": None}),
        (5, 1, 2, {"TRAVEL": None}),
        (6, 1, 3, {}),
        (8, 0.5, 1.5, {}),
        (9, 0.5, 1.5, {}),
    ],
)
def test_a_parameter_over_a_range_agrees_with_the_allocation(parameter, first, last, changes):
    import processing

    from evacuation_planner.processing_provider.algorithms.metro.sensitivity_parameters import VARIED

    name = VARIED[parameter]
    results = vary(ANALYSES=[2], PARAMETER=parameter, RANGE_FROM=first, RANGE_TO=last, STEPS=3, **changes)
    found = curve(results["OUTPUT"], name)
    assert [row["value"] for row in found] == pytest.approx([first, (first + last) / 2, last])
    if name.endswith("SCALE"):
        return
    given = {
        "STATIONS": sample_layer("rescue_points"), "SUPPLY": sample_layer("supply"), "DEMAND": sample_layer("demand"),
        "INCIDENTS": sample_layer("incidents"), "TRAVEL": sample_layer("travel"), "OUTPUT": "memory:",
    }  # fmt: skip
    for row in (found[0], found[-1]):
        one = processing.run(
            "evacuation:allocatemetroresources", {**given, **changes, name: row["value"]}, feedback=Said()
        )
        assert one["FITNESS"] == pytest.approx(row["fitness"], abs=1e-6)


def test_several_incidents_are_chosen_for_by_the_integer_program():
    incidents = points("incident_id", [("Andemen", 118.757, 31.993), ("E2", 118.78, 32.04)])
    demand = table(DEMAND, [["Andemen", "gas mask", 90], ["E2", "gas mask", 110]])
    said = Said()
    results = vary(said, INCIDENTS=incidents, DEMAND=demand, TRAVEL=None, ANALYSES=[0])
    found = curve(results["OUTPUT"], "rescue points")
    assert len(found) == 5 and all(row["proved"] == "yes" for row in found)
    assert [row["fitness"] for row in found] == sorted((row["fitness"] for row in found), reverse=True)
    assert any("integer program" in info for info in said.infos)


def test_weights_by_comparison_and_by_entropy():
    pairwise = vary(WEIGHTING=1, PAIRWISE="1 3 5; 1/3 1 3; 1/5 1/3 1", PAIRWISE_OBJECTIVES="delay, delay, cost")
    assert pairwise["DELAY_WEIGHT"] == pytest.approx(0.8953, abs=1e-3)
    assert pairwise["CONSISTENCY_RATIO"] == pytest.approx(0.033, abs=2e-3)
    entropy = vary(WEIGHTING=2)
    assert entropy["DELAY_WEIGHT"] + entropy["COST_WEIGHT"] == pytest.approx(1.0)
    assert entropy["DELAY_WEIGHT"] > 0.9  # times differ by a factor of five, costs by a tenth
    assert "CONSISTENCY_RATIO" not in entropy
    said = Said()
    vary(said, WEIGHTING=1, PAIRWISE="1 9 1/9; 1/9 1 9; 9 1/9 1", PAIRWISE_OBJECTIVES="delay, delay, cost")
    assert "contradict each other" in said.warned


def test_the_report_has_a_chart_and_a_sentence_for_each_curve(tmp_path):
    pytest.importorskip("matplotlib")
    page = tmp_path / "s.html"
    results = vary(ANALYSES=[0, 1, 2], OUTPUT_HTML=str(page))
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 3 and "stops helping" in text and "adds most" in text
    assert results["SENTENCE"].count("F ") >= 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ANALYSES": [2], "RANGE_FROM": 5, "RANGE_TO": 5}, "RANGE_TO"),
        ({"ANALYSES": [2], "PARAMETER": 4, "RANGE_FROM": 0}, "SPEED cannot be 0"),
        ({"ANALYSES": [2], "PARAMETER": 4, "RANGE_FROM": 20}, "SPEED plays no part"),
        ({"WEIGHTING": 1, "PAIRWISE": "1 2; 2 1"}, "reciprocals"),
        ({"WEIGHTING": 1, "PAIRWISE": "1 2 3; 1"}, "must be square"),
        ({"WEIGHTING": 1, "PAIRWISE_OBJECTIVES": "delay"}, "PAIRWISE_OBJECTIVES"),
        ({"WEIGHT_DELAY": 0, "WEIGHT_COST": 0}, "both 0"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(changes, sentence):
    with pytest.raises(QgsProcessingException, match=sentence):
        vary(**changes)


def test_no_demand_is_an_empty_success():
    said = Said()
    results = vary(said, DEMAND=table(DEMAND, []))
    assert results["OUTPUT"].featureCount() == 0 and "nothing to compare" in said.warned
    assert "ENOUGH_RESCUE_POINTS" not in results
