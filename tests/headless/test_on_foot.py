"""Everybody walks, without a desktop: the ready model of a hazard that comes, from zones to waves, on foot."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.headless.town import PEOPLE, write_town

pytest.importorskip("shapely")

TABLES = {
    "zonesatrisk:ZONES_AT_RISK": "risk", "recommendshelters:SITES": "sites", "timetosafety:ZONES_IN_TIME": "in_time",
    "allocatecrowd:ALLOCATION": "allocation", "allocatecrowd:SHELTERS": "shelters",
    "allocatecrowd:UNALLOCATED": "unallocated",
    "routeevacuation:ROUTES": "routes", "routeevacuation:CAUGHT": "caught", "routeevacuation:UNROUTED": "unrouted",
    "routeevacuation:VEHICLES": "vehicles", "routeevacuation:PATHS": "paths", "timetosafety:MINUTES": "minutes",
    "latestdeparture:LATEST_ORDERS": "latest", "stagedeparture:WAVES": "waves", "stagedeparture:TRIPS": "trips",
}  # fmt: skip


def test_a_town_walks(qgis_process: Any, tmp_path: Path) -> None:
    town, file = write_town(tmp_path), tmp_path / "plan.gpkg"
    outputs = {name: f"ogr:dbname='{file}' table=\"{table}\" (geom)" for name, table in TABLES.items()}
    finished = qgis_process(
        "evacuation:hazardplan", ROADS=town["streets"], ZONES=town["zones"], SITES=town["schools"],
        HAZARD=town["flood"], CAPACITY_FIELD="capacity", EFFORT=0, METHOD=0, DEPARTURE_WINDOW=5, WAVES=2,
        STEP_MINUTES=2, REACTION_MINUTES=3, TRAVEL_MODE=1, WALKING_SPEED=1.52, **outputs,
        **{"routeevacuation:REPORT": str(tmp_path / "routes.html")},
    )  # fmt: skip
    assert finished.exit_code == 0, finished.said
    with closing(sqlite3.connect(file)) as database:

        def total(what: str, table: str) -> int:
            return int(database.execute(f"select coalesce(sum({what}), 0) from {table}").fetchone()[0])

        people = {name: total("people", name) for name in ("allocation", "unallocated", "routes", "caught", "unrouted")}
        assert people["allocation"] + people["unallocated"] == PEOPLE
        assert people["routes"] + people["caught"] + people["unrouted"] == people["allocation"]
        assert total("vehicles", "routes") == people["routes"]  # a vehicle is one person
        quickest = database.execute("select min(length_m / travel_time_s), max(length_m / travel_time_s) from routes")
        slow, fast = quickest.fetchone()
        assert slow > 0 and fast <= 1.52 * 1.001
    assert "Cars and walkers do not hinder each other" in (tmp_path / "routes.html").read_text(encoding="utf-8")


def test_some_of_a_town_walk_and_some_drive(qgis_process: Any, tmp_path: Path) -> None:
    town, file = write_town(tmp_path), tmp_path / "plan.gpkg"
    tables = [f"jointplan:{name}" for name in ("ALLOCATION", "UNALLOCATED", "ROUTES", "CAUGHT", "SHELTERS")]
    outputs = {
        name: f"ogr:dbname='{file}' table=\"{name.split(':')[1].lower()}\" (geom)"
        for name in (*tables, "zonesatrisk:ZONES_AT_RISK", "recommendshelters:SITES")
    }
    finished = qgis_process(
        "evacuation:jointevacuationplan", ROADS=town["streets"], ZONES=town["zones"], SITES=town["schools"],
        HAZARD=town["water"], CAPACITY_FIELD="capacity", EFFORT=0, DEPARTURE_WINDOW=5, CARLESS_FIELD="elderly",
        CARLESS_UNIT=2, MAX_WALK="1", **outputs, **{"jointplan:REPORT": str(tmp_path / "plan.html")},
    )  # fmt: skip
    assert finished.exit_code == 0, finished.said
    with closing(sqlite3.connect(file)) as database:
        modes = dict(database.execute("select mode, sum(people) from routes group by mode").fetchall())
        left = database.execute("select coalesce(sum(people), 0) from unallocated").fetchone()[0]
        assert sum(modes.values()) + left == PEOPLE and 0 < modes["foot"] <= 14 * 9 < modes["car"]
        loads = database.execute("select shelter_id, sum(people) from allocation group by shelter_id").fetchall()
        assert max(load for _, load in loads) <= 900
    text = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "By mode of travel" in text and "MAX_WALK" in text
