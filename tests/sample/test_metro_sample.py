"""The Nanjing case as shipped: made by its script, labelled, and a project that opens."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

import environment

SCRIPTS = str(environment.ROOT / "scripts")
if SCRIPTS not in sys.path:
    sys.path.insert(0, SCRIPTS)

import make_metro_sample

FOLDER = environment.ROOT / "resources" / "metro" / "sample"
SCENARIOS = ("scenario_fire", "scenario_flood", "scenario_arson", "scenario_infection")
EXAMPLES = ("candidates", "candidates_supply", "demand_ten_types", *SCENARIOS)
LAYERS = (
    "rescue_points", "supply", "incidents", "demand", "travel", "metro_stations", "metro_intervals", *EXAMPLES
)  # fmt: skip


def contents(path: Path) -> dict[str, list]:
    """Return all rows of all layers but their geometries' bytes."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as database:
        out = {}
        for layer in LAYERS:
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{layer}")') if row[1] != "geom"]
            out[layer] = database.execute(f'SELECT {", ".join(columns)} FROM "{layer}" ORDER BY fid').fetchall()
        return out


def test_the_script_makes_what_is_shipped(tmp_path, qgis_app):
    make_metro_sample.make(tmp_path / "again.gpkg")
    assert contents(tmp_path / "again.gpkg") == contents(FOLDER / "nanjing.gpkg")


def test_every_row_of_the_case_says_where_it_comes_from():
    rows = contents(FOLDER / "nanjing.gpkg")
    for layer in ("rescue_points", "supply", "travel"):
        assert all(row[-1].startswith("reconstructed") for row in rows[layer])
    for layer in ("incidents", "demand"):
        assert all(row[-1].startswith("published") for row in rows[layer])


def test_examples_beside_the_case_say_that_they_are_made_up():
    rows = contents(FOLDER / "nanjing.gpkg")
    assert all(row[-1] == "made up as an example" for layer in EXAMPLES for row in rows[layer])
    assert [row[1] for row in rows["candidates"]][:5] == [row[1] for row in rows["rescue_points"]]
    case = {tuple(row[1:5]) for row in rows["supply"]}
    assert len(rows["candidates"]) == 10 and case <= {tuple(row[1:5]) for row in rows["candidates_supply"]}
    assert len(rows["scenario_flood"]) == 2
    assert {row[2] for layer in SCENARIOS for row in rows[layer]} == {
        "natural disaster", "production safety", "social security", "public health"
    }  # fmt: skip


def test_transfer_stations_are_on_several_lines_and_intervals_join_neighbours():
    rows = contents(FOLDER / "nanjing.gpkg")
    lines: dict[str, set] = {}
    for _, station, line, _, _ in rows["metro_stations"]:
        lines.setdefault(station, set()).add(line)
    assert lines["Andemen"] == {"1", "10"} and lines["Yuantong"] == {"2", "10"}
    assert all(
        (transfer == "yes") == (len(lines[station]) > 1) for _, station, _, _, transfer in rows["metro_stations"]
    )
    assert len(rows["metro_intervals"]) == len(rows["metro_stations"]) - 4  # one fewer than stations on each line
    assert all(0.3 < km < 4 for *_, km in rows["metro_intervals"])


def test_the_project_opens_with_its_layers_styled(tmp_path, qgis_app):
    from qgis.core import QgsProject

    for name in ("nanjing.gpkg", "nanjing.qgz"):
        shutil.copy(FOLDER / name, tmp_path)
    project = QgsProject()
    assert project.read(str(tmp_path / "nanjing.qgz"))
    layers = list(project.mapLayers().values())
    assert len(layers) == len(LAYERS) and all(layer.isValid() for layer in layers)
    shown = {layer.name() for layer in project.layerTreeRoot().checkedLayers() if layer.isSpatial()}
    assert shown == {"Incident", "Rescue points (reconstructed)", "Metro stations (approximate)", "Metro lines"}
    assert "reconstructed" in project.metadata().abstract()
    (metro,) = project.mapLayersByName("Metro lines")
    assert [item.label() for item in metro.renderer().legendSymbolItems()] == ["Line 1", "Line 2", "Line 3", "Line 10"]
