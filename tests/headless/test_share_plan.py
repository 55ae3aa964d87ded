"""A run without a desktop kept as a scenario: what qgis_process prints is the command."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any


def test_what_qgis_process_printed_is_the_command(qgis_process: Any, sample: Path, tmp_path: Path) -> None:
    risk = tmp_path / "risk.gpkg"
    done = qgis_process(
        "evacuation:zonesatrisk",
        ZONES=f"{sample}|layername=zones",
        HAZARD=f"{sample}|layername=hazard",
        OUTPUT=str(risk),
    )
    assert done.exit_code == 0, done.said
    path = tmp_path / "scenario.gpkg"
    kept = qgis_process(
        "evacuation:savescenario",
        LAYERS=[str(risk), f"{sample}|layername=zones"],
        COMMAND=done.stdout,
        OUTPUT=str(path),
    )
    assert kept.exit_code == 0, kept.said
    assert (kept.results["LAYER_COUNT"], kept.results["INPUT_COUNT"]) == (2, 2)
    with sqlite3.connect(path) as database:
        (inputs, layers, command) = database.execute("SELECT inputs, layers, command FROM scenario_run").fetchone()
        styles = database.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault").fetchall()
    assert [(one["parameter"], one["fingerprint"]["people"]) for one in json.loads(inputs)][0] == ("ZONES", 451834.0)
    assert [(one["table"], one["output"]) for one in json.loads(layers)] == [("risk", "OUTPUT"), ("zones", "")]
    assert json.loads(command)["results"]["PEOPLE_AT_RISK"] == done.results["PEOPLE_AT_RISK"]
    assert sorted(table for table, _ in styles) == ["risk", "zones"]
    assert "attribute($currentfeature, 'children')" in dict(styles)["risk"]  # the style that the run had saved
