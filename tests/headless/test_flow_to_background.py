"""Counts of vehicles to a forecast to background traffic to routes, as a user without a desktop runs them."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path


def trips(folder: Path) -> str:
    """Write a car that leaves the peninsula for the north as GeoJSON."""
    path = folder / "trips.geojson"
    feature = {
        "type": "Feature",
        "properties": {"zone_id": "a", "shelter_id": "s", "people": 2},
        "geometry": {"type": "LineString", "coordinates": [[-71.337, -29.96], [-71.25, -29.9]]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return str(path)


def test_forecast_traffic_slows_the_evacuation(qgis_process, sample, tmp_path):
    forecast, traffic, unused = (tmp_path / f"{name}.gpkg" for name in ("forecast", "traffic", "unused"))
    roads = {"NETWORK": f"{sample}|layername=roads", "NETWORK_ID_FIELD": "road_id"}
    done = qgis_process("evacuation:forecastflow", COUNTS=f"{sample}|layername=traffic_counts", OUTPUT=str(forecast))
    assert done.exit_code == 0, done.said
    done = qgis_process(
        "evacuation:flowtobackground", FORECAST=str(forecast), SENSORS=f"{sample}|layername=traffic_sensors", SPREAD=1,
        OUTPUT=str(traffic), OUTPUT_UNUSED=str(unused), **roads,
    )  # fmt: skip
    assert done.exit_code == 0, done.said
    assert (done.results["SENSORS_USED"], done.results["SENSORS_UNUSED"]) == (16, 0)
    assert (done.results["ROWS_USED"], done.results["ROWS_UNUSED"]) == (16 * 24, 0)
    assert done.results["OVER_CAPACITY"] == done.results["OVER_ROOM"] == 0
    with sqlite3.connect(traffic) as file:
        rows = file.execute("select count(*), count(distinct road_id), max(value) from traffic").fetchone()
        assert rows[:2] == (24 * done.results["ROADS"], done.results["ROADS"]) and rows[2] > 0
    done = qgis_process(
        "evacuation:routeevacuation", TRIPS=trips(tmp_path), FLOW_MODEL=0, METHOD=0, BACKGROUND=str(traffic),
        START_TIME="2025-03-12T08:00:00", OUTPUT=str(tmp_path / "routes.gpkg"), **roads,
    )  # fmt: skip
    assert done.exit_code == 0, done.said
    assert "not in the network" not in done.said
    assert done.results["VEHICLES"] == 1 and done.results["TOTAL_TIME"] > 1.05 * done.results["FREE_FLOW_TIME"]


def test_sensors_far_from_any_road_fail_with_a_sentence(qgis_process, sample, tmp_path):
    table, points, output = tmp_path / "flows.csv", tmp_path / "points.geojson", tmp_path / "traffic.gpkg"
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("place", "time", "value"), ("a", "2025-03-12 08:00", 300)])
    feature = {"type": "Feature", "properties": {"sensor_id": "a"},
               "geometry": {"type": "Point", "coordinates": [-71.4, -29.9]}}  # fmt: skip
    points.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    done = qgis_process(
        "evacuation:flowtobackground", FORECAST=str(table), SENSORS=str(points), NETWORK=f"{sample}|layername=roads",
        OUTPUT=str(output),
    )  # fmt: skip
    assert done.exit_code != 0
    assert "SENSORS: no sensor of “points” can be used" in done.said and "raise MAX_SNAP_DISTANCE" in done.said
    assert not output.exists()
