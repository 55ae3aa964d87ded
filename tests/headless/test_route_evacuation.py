"""``evacuation:routeevacuation`` without a desktop: the sample's roads through a real qgis_process."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("shapely")

# From the shore of La Serena and Coquimbo to places inland.
TRIPS = (
    ("shore", "hill", 300, (-71.2760, -29.9050), (-71.2350, -29.9150)),
    ("port", "plateau", 200, (-71.3330, -29.9560), (-71.2500, -29.9600)),
    ("sea", "hill", 7, (-71.9000, -29.9000), (-71.2350, -29.9150)),
)


def write_trips(path: Path, leave: Any = 60) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"zone_id": origin, "shelter_id": destination, "people": people, "leave": leave},
            "geometry": {"type": "LineString", "coordinates": [start, end]},
        }
        for origin, destination, people, start, end in TRIPS
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return str(path)


def route(qgis_process: Any, sample: Path, folder: Path, trips: str, **parameters: Any) -> Any:
    tables = {
        "OUTPUT": "routes",
        "OUTPUT_ROADS": "roads",
        "OUTPUT_CLEARANCE": "clearance",
        "OUTPUT_UNROUTED": "unrouted",
    }
    outputs = {name: f"ogr:dbname='{folder}/plan.gpkg' table=\"{table}\" (geom)" for name, table in tables.items()}
    return qgis_process(
        "evacuation:routeevacuation",
        TRIPS=trips,
        NETWORK=f"{sample}|layername=roads",
        OUTPUT_HTML=str(folder / "report.html"),
        **outputs,
        **parameters,
    )


def test_a_plan_in_one_geopackage_with_its_styles_twice(qgis_process: Any, sample: Path, tmp_path: Path) -> None:
    trips = write_trips(tmp_path / "trips.geojson")
    first = route(qgis_process, sample, tmp_path, trips)
    assert first.exit_code == 0, first.stderr
    assert first.results["ROUTED"] == 500 and first.results["UNROUTED"] == 7 and first.results["VEHICLES"] == 200
    assert 0 <= first.results["GAP"] <= 100 and first.results["TOTAL_TIME"] >= first.results["LOWER_BOUND"]
    assert None not in first.results.values()
    with sqlite3.connect(tmp_path / "plan.gpkg") as plan:
        count = {t: plan.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in ("routes", "roads", "unrouted")}
        people, last = plan.execute("SELECT sum(people), max(last_arrival_s) FROM routes").fetchone()
        styles = {row[0] for row in plan.execute("SELECT f_table_name FROM layer_styles")}
        reason = plan.execute("SELECT reason FROM unrouted").fetchone()[0]
    assert people == 500 and last == pytest.approx(first.results["CLEARANCE_TIME"], abs=0.01)
    assert count["routes"] >= 2 and count["roads"] > 10 and count["unrouted"] == 1 and "nearest road" in reason
    assert {"routes", "roads", "unrouted"} <= styles
    assert "Clearance" in (tmp_path / "report.html").read_text(encoding="utf-8")
    second = route(qgis_process, sample, tmp_path, trips)  # replaces tables and styles, and is the same plan
    numbers = {k: v for k, v in first.results.items() if isinstance(v, (int, float))}
    assert second.exit_code == 0 and {k: second.results[k] for k in numbers} == numbers


def test_bad_input_ends_with_a_sentence_and_a_failure(qgis_process: Any, sample: Path, tmp_path: Path) -> None:
    trips = write_trips(tmp_path / "trips.geojson", "soon")
    done = route(qgis_process, sample, tmp_path, trips, DEPARTURE_FIELD="leave")
    assert done.exit_code != 0
    assert "soon" in done.stdout + done.stderr and "DEPARTURE" not in (done.results or {})
    assert not (tmp_path / "plan.gpkg").exists() and not (tmp_path / "report.html").exists()
    wrong = route(qgis_process, sample, tmp_path, write_trips(tmp_path / "good.geojson"), FLOW_MODEL=1, COST=1)
    assert wrong.exit_code != 0 and "density needs FLOW_MODEL present" in wrong.stdout + wrong.stderr
