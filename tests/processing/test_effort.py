"""EFFORT, TIME_LIMIT, MIP_GAP and STOPPED_EARLY as users meet them, in every algorithm that searches."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")

from qgis import processing
from qgis.core import QgsApplication, QgsProcessingContext

from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.processing_provider.effort_parameters import read_effort
from tests.processing.metro_case import Said
from tests.processing.routing_layers import layer

SEARCHING = {
    "recommendshelters": 600.0,
    "allocatecrowd": 600.0,
    "allocatemetroresources": 600.0,
    "metrosensitivity": 600.0,
    "routeevacuation": 0.0,
}


def algorithm(name: str):
    return QgsApplication.processingRegistry().createAlgorithmById(f"evacuation:{name}")


@pytest.mark.parametrize("name", SEARCHING)
def test_every_search_has_an_effort_and_only_a_fence(name: str) -> None:
    found = algorithm(name)
    effort = found.parameterDefinition("EFFORT")
    assert (len(effort.options()), effort.defaultValue()) == (3, 1)
    assert found.parameterDefinition("TIME_LIMIT").defaultValue() == SEARCHING[name]
    assert any(output.name() == "STOPPED_EARLY" for output in found.outputDefinitions())


@pytest.mark.parametrize("name", ["recommendshelters", "allocatecrowd"])
def test_the_gap_is_the_effort_s_unless_it_is_given(name: str) -> None:
    found, context = algorithm(name), QgsProcessingContext()
    assert found.parameterDefinition("MIP_GAP").defaultValue() is None
    read = [read_effort(found, {"EFFORT": level}, context) for level in (0, 1, 2)]
    assert [(effort.level, effort.mip_gap, effort.seconds) for effort in read] == [
        (0, 1e-2, 600.0), (1, 1e-4, 600.0), (2, 1e-6, 600.0)
    ]  # fmt: skip
    assert read_effort(found, {"EFFORT": 2, "MIP_GAP": 0.0}, context).mip_gap == 0.0
    assert read_effort(found, {"TIME_LIMIT": 0}, context).seconds == float("inf")


def crowd(**parameters) -> tuple[dict, Said]:
    """40 zones in a row, 4 shelters with little room to spare."""
    draw = np.random.default_rng(3)
    people = draw.integers(5, 40, 40).tolist()
    zones = layer(
        "Point", "&field=zone_id:integer&field=population:integer",
        [(f"POINT({300000 + 50 * k} 6700000)", [k, count]) for k, count in enumerate(people)], "zones",
    )  # fmt: skip
    room = int(sum(people) / 4 * 1.02)
    shelters = layer(
        "Point", "&field=site_id:integer&field=residual:integer",
        [(f"POINT({300000 + 700 * k} 6700200)", [k, room]) for k in range(4)], "shelters",
    )  # fmt: skip
    said = Said()
    outputs = dict.fromkeys(("OUTPUT", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED"), "memory:")
    given = {"ZONES": zones, "GROUP_FIELDS": ["population"], "SHELTERS": shelters, **outputs, **parameters}
    return processing.run("evacuation:allocatecrowd", given, feedback=said), said


def test_a_run_that_ends_by_itself_says_so_and_one_stopped_by_the_clock_too(tmp_path) -> None:
    results, said = crowd(EFFORT=0)
    assert results["STOPPED_EARLY"] == 0 and not any("TIME_LIMIT" in text for text in said.warnings)
    everybody = results["ALLOCATED"]
    page = tmp_path / "report.html"
    results, said = crowd(EFFORT=0, TIME_LIMIT=1e-6, OUTPUT_HTML=str(page), TRADEOFF_POINTS=0)
    assert results["STOPPED_EARLY"] == 1 and results["ALLOCATED"] == everybody
    assert sum("TIME_LIMIT: the search was stopped" in text for text in said.warnings) == 1
    assert "TIME_LIMIT: the search was stopped" in page.read_text(encoding="utf-8")


def test_the_same_plan_at_the_first_and_at_the_third_run() -> None:
    def plan() -> list:
        results, _ = crowd()
        return [results["OBJECTIVE"], sorted(f.attributes() for f in results["OUTPUT"].getFeatures())]

    first = plan()
    assert plan() == plan() == first


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Exception, match="EFFORT"):
        Effort(3)
