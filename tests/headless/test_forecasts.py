"""Points to counts to forecast to shelters, as a user without a desktop runs them; and what a bad table says."""

from __future__ import annotations

import csv
import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any


def rows_of(path: Path, table: str, *columns: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(path) as file:
        return file.execute(f"select {', '.join(columns)} from {table}").fetchall()


def phones(folder: Path) -> str:
    """Write positions of phones as GeoJSON: three in the square on every day from 8 to 18, one in the night."""
    features = []
    for hour in range(24 * 15):
        moment = datetime(2026, 3, 2) + timedelta(hours=hour, minutes=10)
        for phone in range(3 if 8 <= moment.hour < 18 else 1):
            features.append(
                {
                    "type": "Feature",
                    "properties": {"id": f"p{phone}", "time": moment.isoformat()},
                    "geometry": {"type": "Point", "coordinates": [10.005, 50.005]},
                }
            )
    path = folder / "phones.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return str(path)


def square(folder: Path) -> str:
    ring = [[10, 50], [10.01, 50], [10.01, 50.01], [10, 50.01], [10, 50]]
    path = folder / "sites.geojson"
    feature = {
        "type": "Feature",
        "properties": {"site_id": "square"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return str(path)


def test_points_become_counts_become_a_forecast(qgis_process, tmp_path):
    counts, forecast, errors = (tmp_path / f"{name}.gpkg" for name in ("counts", "forecast", "errors"))
    done = qgis_process(
        "evacuation:countpresence", POINTS=phones(tmp_path), PLACES=square(tmp_path), OUTPUT=str(counts)
    )
    assert done.exit_code == 0, done.said
    assert len(rows_of(counts, "counts", "place")) == 24 * 15
    assert {value for (value,) in rows_of(counts, "counts", "value")} == {1, 3}
    done = qgis_process(
        "evacuation:forecastflow", COUNTS=str(counts), HORIZON=12, OUTPUT=str(forecast), OUTPUT_BACKTEST=str(errors)
    )
    assert done.exit_code == 0, done.said
    rows = rows_of(forecast, "forecast", "place", "time", "forecast", "lower", "upper")
    assert len(rows) == 12 and {row[0] for row in rows} == {"square"}
    assert [round(row[2]) for row in rows] == [1] * 8 + [3] * 4
    assert all(row[3] <= row[2] <= row[4] for row in rows)
    assert rows[0][1].startswith("2026-03-17T00:00:00")
    assert done.results["MAE"] < 0.05
    assert len(rows_of(errors, "errors", "method")) == 3 * 12


def test_the_forecast_of_the_sample_feeds_the_recommendation(qgis_process, sample, tmp_path):
    forecast, sites = tmp_path / "forecast.gpkg", tmp_path / "sites.gpkg"
    done = qgis_process(
        "evacuation:forecastflow", COUNTS=f"{sample}|layername=counts", HORIZON=24, OUTPUT=str(forecast)
    )
    assert done.exit_code == 0, done.said
    done = qgis_process(
        "evacuation:recommendshelters", FORECAST=str(forecast), SITES=f"{sample}|layername=sites",
        ZONES=f"{sample}|layername=zones", NETWORK=f"{sample}|layername=roads", MAX_SNAP_DISTANCE=1200, EFFORT=0,
        OUTPUT=str(sites), OUTPUT_SELECTED=str(tmp_path / "selected.gpkg"),
    )  # fmt: skip
    assert done.exit_code == 0, done.said
    assert sum(predicted or 0 for (predicted,) in rows_of(sites, "sites", "predicted")) > 0


def test_all_pairs_of_the_sample_have_a_route(qgis_process, sample, tmp_path):
    routes = tmp_path / "routes.gpkg"
    done = qgis_process(
        "evacuation:nearestshelters", ZONES=f"{sample}|layername=zones", SHELTERS=f"{sample}|layername=sites",
        NETWORK=f"{sample}|layername=roads", MAX_SNAP_DISTANCE=1200, K=0, OUTPUT=str(routes),
    )  # fmt: skip
    assert done.exit_code == 0, done.said
    zones, sites = (len(rows_of(sample, table, "1")) for table in ("zones", "sites"))
    assert done.results["ROUTES"] + done.results["UNREACHABLE"] == zones * sites
    assert done.results["ROUTES"] == len(rows_of(routes, "routes", "rank")) > 0
    assert len(rows_of(routes, "layer_styles", "styleName")) == 1


def test_a_table_without_readable_times_fails_with_a_sentence(qgis_process, tmp_path):
    path, output = tmp_path / "counts.csv", tmp_path / "forecast.gpkg"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("place", "time", "value"), ("a", "noon", 1), ("a", "evening", 2)])
    done = qgis_process("evacuation:forecastflow", COUNTS=str(path), OUTPUT=str(output))
    assert done.exit_code != 0
    assert "no row of “counts” has a time that can be read" in done.said
    assert not output.exists()
