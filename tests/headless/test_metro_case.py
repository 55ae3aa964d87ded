"""The Nanjing case through a real qgis_process: the published answer, files with styles, and failing exit codes."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import environment

ALGORITHM = "evacuation:allocatemetroresources"
SAMPLE = environment.ROOT / "resources" / "metro" / "sample" / "nanjing.gpkg"
LAYERS = {
    "STATIONS": "rescue_points",
    "SUPPLY": "supply",
    "INCIDENTS": "incidents",
    "DEMAND": "demand",
    "TRAVEL": "travel",
}


FILES: dict[str, Path] = {}


@pytest.fixture(scope="module", autouse=True)
def case_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Work with a copy of the sample: QGIS changes the header of a GeoPackage that it opens."""
    FILES["case"] = Path(shutil.copy(SAMPLE, tmp_path_factory.mktemp("case")))


def case(**changes: object) -> dict[str, object]:
    """Return the parameters of the sample case."""
    given = {parameter: f"{FILES['case']}|layername={name}" for parameter, name in LAYERS.items()}
    return {**given, **changes}


def plan(path: Path) -> list[tuple]:
    """Return the deliveries in a GeoPackage."""
    with closing(sqlite3.connect(path)) as database:
        (name,) = database.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchone()
        select = f'SELECT station_id, resource, quantity FROM "{name}" ORDER BY 1, 2'
        return database.execute(select).fetchall()


def test_the_published_answer(qgis_process, tmp_path: Path) -> None:
    output, page = tmp_path / "plan.gpkg", tmp_path / "plan.html"
    finished = qgis_process(ALGORITHM, **case(OUTPUT=output, OUTPUT_HTML=page))
    assert finished.exit_code == 0, finished.said
    assert finished.results["FITNESS"] == pytest.approx(6269, abs=1.0)
    assert finished.results["DELAY_PENALTY"] == 0
    assert (finished.results["GAP"], finished.results["UNMET"]) == (0, 0)
    assert plan(output) == [
        ("S1", "emergency searchlight", 25),
        ("S1", "fume extractor", 3),
        ("S1", "gas mask", 100),
        ("S3", "emergency searchlight", 50),
        ("S3", "fume extractor", 9),
        ("S3", "gas mask", 200),
        ("S4", "emergency searchlight", 11),
        ("S4", "gas mask", 68),
    ]
    with closing(sqlite3.connect(output)) as database:
        assert database.execute("SELECT count(*) FROM layer_styles").fetchone() == (1,)
    assert "Andemen" in page.read_text(encoding="utf-8")


def test_the_swarm_leaves_no_log_in_the_working_directory(qgis_process, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "plan.gpkg"
    finished = qgis_process(
        ALGORITHM, **case(METHOD=1, SWARM_REPAIR=True, SWARM_PARTICLES=60, SWARM_ITERATIONS=200, OUTPUT=output)
    )
    assert finished.exit_code == 0, finished.said
    assert finished.results["FITNESS"] == pytest.approx(finished.results["OPTIMUM"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.gpkg"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"PENALTY_TIERS": "0:0, 5:1"}, "the last tier must be inf"),
        ({"WEIGHT_DELAY": 0, "WEIGHT_COST": 0}, "WEIGHT_DELAY and WEIGHT_COST are both 0"),
        ({"SUPPLY_INVENTORY_FIELD": "resource"}, "which is not a number"),
    ],
)
def test_bad_input_fails_with_a_sentence_and_writes_nothing(qgis_process, tmp_path: Path, changes, sentence) -> None:
    output = tmp_path / "plan.gpkg"
    finished = qgis_process(ALGORITHM, **case(OUTPUT=output, **changes))
    assert finished.exit_code != 0, finished.said
    assert sentence in finished.said
    assert not output.exists()
