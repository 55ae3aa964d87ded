"""Parameters on the command line and as JSON on standard input, and standard output that is JSON from end to end."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

import environment


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One residential road of 72 km/h."""
    path = tmp_path_factory.mktemp("road") / "road.geojson"
    line = {"type": "LineString", "coordinates": [[117.0, 32.0], [117.01, 32.0]]}
    feature = {"type": "Feature", "properties": {"MAXSPEED": 72.0, "highway": "residential"}, "geometry": line}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return path


def speed_in(path: Path, table: str) -> float:
    with sqlite3.connect(path) as database:
        return float(database.execute(f'select speed from "{table}"').fetchone()[0])


@pytest.mark.parametrize("given, speed", [
    ({"DEFAULT_SPEED": ""}, 72.0),
    ({"SPEED_FIELD": "", "DEFAULT_SPEED": ""}, 30.0),  # that of the class
    ({"SPEED_FIELD": "", "ROAD_CLASSES": "classes_urban.csv"}, 15.0),
    ({"SPEED_FIELD": "", "USE_CLASSES": "false"}, 40.0),
])  # fmt: skip
def test_an_emptied_field_is_none_and_an_absent_one_its_default(
    qgis_process: Any, road: Path, tmp_path: Path, given: dict[str, str], speed: float
) -> None:
    out = tmp_path / "out.gpkg"
    done = qgis_process("evacuation:checkroads", NETWORK=road, OUTPUT=out, OUTPUT_NETWORK=out, **given)
    assert done.exit_code == 0, done.said
    assert json.loads(done.stdout)["results"]["OUTPUT_NETWORK"] == f"{out}|layername=output_network"
    assert speed_in(out, "output_network") == speed


@pytest.mark.parametrize("given, sentence", [
    ({"DEFAULT_SPEED": "40 km/h"}, "DEFAULT_SPEED: “40 km/h” is not a number"),
    ({"ROAD_CLASSES": "nowhere.csv"}, "ROAD_CLASSES: “nowhere.csv” cannot be read"),
    ({"OUTPUT": "{road}"}, "OUTPUT would overwrite NETWORK"),
])  # fmt: skip
def test_what_cannot_be_is_a_sentence_and_a_failure(
    qgis_process: Any, road: Path, tmp_path: Path, given: dict[str, str], sentence: str
) -> None:
    given = {"OUTPUT": str(tmp_path / "out.gpkg"), **{name: value.format(road=road) for name, value in given.items()}}
    before = road.read_bytes()
    done = qgis_process("evacuation:checkroads", NETWORK=road, **given)
    assert done.exit_code != 0 and sentence in done.said
    assert road.read_bytes() == before and not (tmp_path / "out.gpkg").exists()


def test_parameters_as_json_on_standard_input(qgis_process: Any, road: Path, tmp_path: Path) -> None:
    said = qgis_process.command("--version").said
    release = tuple(int(part) for part in said.split("QGIS ", 1)[1].split("-", 1)[0].split(".")[:2])
    if release < (3, 24):
        pytest.skip("this qgis_process reads no parameters from standard input")
    out = tmp_path / "out.gpkg"
    inputs = {"NETWORK": str(road), "SPEED_FIELD": "", "OUTPUT": str(out), "OUTPUT_NETWORK": str(out)}
    done = subprocess.run(
        [str(environment.qgis_process()), "run", "evacuation:checkroads", "-"],
        input=json.dumps({"inputs": inputs}),
        env=qgis_process.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"]["PIECES"] == 1
    assert speed_in(out, "output_network") == 30.0
