"""A metro emergency through a real qgis_process: scenario, allocation and sensitivity by files, and the model."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import environment

SAMPLE = environment.ROOT / "resources" / "metro" / "sample" / "nanjing.gpkg"
TYPES = "gas mask; emergency searchlight; fume extractor"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work with a copy of the sample: QGIS changes the header of a GeoPackage that it opens."""
    return Path(shutil.copy(SAMPLE, tmp_path_factory.mktemp("case")))


def fire(case: Path) -> dict[str, object]:
    """Return the layers of the fire at Andemen."""
    return {
        "STATIONS": f"{case}|layername=rescue_points",
        "SUPPLY": f"{case}|layername=supply",
        "METRO_STATIONS": f"{case}|layername=metro_stations",
        "RESOURCES": TYPES,
    }


def sent(path: Path) -> list[tuple]:
    """Return rescue point, resource and units of a deliveries file."""
    with closing(sqlite3.connect(path)) as database:
        (name,) = database.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchone()
        return database.execute(f'SELECT station_id, resource, quantity FROM "{name}" ORDER BY 1, 2').fetchall()


PUBLISHED = [
    ("S1", "emergency searchlight", 25), ("S1", "fume extractor", 3), ("S1", "gas mask", 100),
    ("S3", "emergency searchlight", 50), ("S3", "fume extractor", 9), ("S3", "gas mask", 200),
    ("S4", "emergency searchlight", 11), ("S4", "gas mask", 68),
]  # fmt: skip


def test_scenario_then_allocation_by_files_without_naming_a_field(qgis_process, case: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name.lower()}.gpkg" for name in ("OUTPUT", "OUTPUT_TRAVEL", "OUTPUT_INCIDENTS")}
    page = tmp_path / "scenario.html"
    described = qgis_process(
        "evacuation:metroscenario", **fire(case), STATION="Andemen", STRANDED="368", OUTPUT_HTML=page, **files
    )
    assert described.exit_code == 0, described.said
    assert (described.results["UNITS"], described.results["UNREACHABLE"]) == (466, 0)
    assert "Andemen" in page.read_text(encoding="utf-8")
    layers = {"DEMAND": files["OUTPUT"], "TRAVEL": files["OUTPUT_TRAVEL"], "INCIDENTS": files["OUTPUT_INCIDENTS"]}
    supply = {name: fire(case)[name] for name in ("STATIONS", "SUPPLY")}
    plan = tmp_path / "plan.gpkg"
    answer = qgis_process("evacuation:allocatemetroresources", **supply, **layers, OUTPUT=plan)
    assert answer.exit_code == 0, answer.said
    assert sent(plan) == PUBLISHED and answer.results["FITNESS"] == pytest.approx(6269, abs=1.0)
    curve = tmp_path / "curve.csv"
    varied = qgis_process("evacuation:metrosensitivity", **supply, **layers, OUTPUT=curve)
    assert varied.exit_code == 0, varied.said
    assert varied.results["ENOUGH_RESCUE_POINTS"] == 3 and "stops helping" in varied.results["SENTENCE"]
    assert len(curve.read_text(encoding="utf-8").splitlines()) == 1 + 5 + 3


def test_the_model_answers_the_fire(qgis_process, case: Path, tmp_path: Path) -> None:
    scenario = {f"metroscenario:{name}": tmp_path / f"{name}.gpkg" for name in ("DEMAND", "TRAVEL", "INCIDENTS")}
    plan, page = tmp_path / "plan.gpkg", tmp_path / "plan.html"
    outputs = {"DELIVERIES": plan, "STOCK": tmp_path / "s.gpkg", "UNMET": tmp_path / "u.gpkg", "REPORT": page}
    allocation = {f"allocatemetroresources:{name}": path for name, path in outputs.items()}
    finished = qgis_process(
        "evacuation:metroresponse", **fire(case), PLACES=f"{case}|layername=scenario_fire", **scenario, **allocation
    )
    assert finished.exit_code == 0, finished.said
    assert sent(plan) == PUBLISHED
    assert "fume extractor" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"STRANDED": "many"}, "STRANDED: “many” cannot be read"),
        ({"STATION": "Andeman"}, "Is “Andemen” meant?"),
        ({"STATION": ""}, "Where is the incident?"),
    ],
)
def test_bad_input_fails_with_a_sentence_and_writes_nothing(qgis_process, case, tmp_path, changes, sentence) -> None:
    files = {name: tmp_path / f"{name.lower()}.gpkg" for name in ("OUTPUT", "OUTPUT_TRAVEL", "OUTPUT_INCIDENTS")}
    finished = qgis_process("evacuation:metroscenario", **{**fire(case), "STATION": "Andemen", **changes}, **files)
    assert finished.exit_code != 0, finished.said
    assert sentence in finished.said
    assert list(tmp_path.iterdir()) == []
