"""Shelters and streets together without a desktop: the ready model, and the way out by safe exits."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.headless.town import PEOPLE, write_town

pytest.importorskip("shapely")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """People in the west, where the water comes, three schools in the east."""
    return write_town(tmp_path_factory.mktemp("town"))


def one(database: sqlite3.Connection, sql: str) -> Any:
    return database.execute(sql).fetchone()[0]


def test_the_ready_model_places_and_routes_everybody(qgis_process: Any, town: dict[str, str], tmp_path: Path) -> None:
    tables = {
        "zonesatrisk:ZONES_AT_RISK": "risk", "recommendshelters:SITES": "sites", "jointplan:ALLOCATION": "allocation",
        "jointplan:SHELTERS": "shelters", "jointplan:UNALLOCATED": "unallocated", "jointplan:ROUTES": "routes",
        "jointplan:ROADS": "used_roads", "jointplan:CLEARANCE": "clearance",
    }  # fmt: skip
    file = tmp_path / "plan.gpkg"
    outputs = {name: f"ogr:dbname='{file}' table=\"{table}\" (geom)" for name, table in tables.items()}
    finished = qgis_process(
        "evacuation:jointevacuationplan", ROADS=town["streets"], ZONES=town["zones"], SITES=town["schools"],
        HAZARD=town["water"], EFFORT=0, UNIT=1, CHOICE=1, DEPARTURE_WINDOW=5, **outputs,
        **{"jointplan:REPORT": str(tmp_path / "report.html"), "CAPACITY_FIELD": "capacity"},
    )  # fmt: skip
    assert finished.exit_code == 0, finished.said
    with sqlite3.connect(file) as database:
        assert one(database, "select sum(children + adults + elderly) from risk") == PEOPLE
        assert one(database, "select sum(people) from allocation") == PEOPLE
        assert one(database, "select count(*) from unallocated") == 0
        assert one(database, "select sum(people) from routes") == PEOPLE
        assert one(database, "select max(arrived) from clearance") == PEOPLE
        assert one(database, "select count(*) from shelters where load > capacity") == 0
        used = {row[0] for row in database.execute("select distinct shelter_id from allocation")}
        status = dict(database.execute("select site_id, status from sites"))
        assert used and all(status[site] in ("selected", "standby") for site in used)
        assert "standby" in status.values()  # the fewest sites open; the joint plan may use the others
        names = {row[0] for row in database.execute("select distinct shelter_name from allocation")}
        assert names <= {"School 0", "School 3", "School 5"} and names
        assert one(database, "select count(*) from layer_styles") >= 5
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Step by step" in report and "School" in report and report.rstrip().endswith("</html>")


def test_how_long_until_the_area_is_empty(qgis_process: Any, town: dict[str, str], tmp_path: Path) -> None:
    finished = qgis_process(
        "evacuation:jointplan", ZONES=town["zones"], HAZARD=town["water"], NETWORK=town["streets"], EFFORT=0, AIM=1,
        OUTPUT_ALLOCATION=str(tmp_path / "allocation.gpkg"), OUTPUT_SHELTERS=str(tmp_path / "exits.gpkg"),
        OUTPUT_UNALLOCATED=str(tmp_path / "left.gpkg"), OUTPUT=str(tmp_path / "routes.gpkg"),
    )  # fmt: skip
    assert finished.exit_code == 0, finished.said
    results = finished.results
    assert (results["ALLOCATED"], results["UNALLOCATED"]) == (PEOPLE, 0)
    assert results["VALUE"] == pytest.approx(results["CLEARANCE_TIME"])
    assert results["LOWER_BOUND"] <= results["VALUE"] <= results["STEPWISE_VALUE"]
    with sqlite3.connect(tmp_path / "exits.gpkg") as database:
        exits = {row[0] for row in database.execute("select shelter_id from exits")}
    assert exits == {f"Street {k}" for k in range(7)}  # the lanes run along the water
