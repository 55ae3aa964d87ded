"""A hazard that comes, without a desktop: the ready model from zones to orders and waves in one call."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.headless.town import PEOPLE, write_town

pytest.importorskip("shapely")

TABLES = {
    "zonesatrisk:ZONES_AT_RISK": "risk", "recommendshelters:SITES": "sites", "timetosafety:MINUTES": "minutes",
    "timetosafety:ZONES_IN_TIME": "in_time", "allocatecrowd:ALLOCATION": "allocation",
    "allocatecrowd:SHELTERS": "shelters", "allocatecrowd:UNALLOCATED": "unallocated",
    "routeevacuation:ROUTES": "routes", "routeevacuation:CAUGHT": "caught",
    "routeevacuation:UNROUTED": "unrouted", "routeevacuation:VEHICLES": "vehicles", "routeevacuation:PATHS": "paths",
    "latestdeparture:LATEST_ORDERS": "latest", "stagedeparture:WAVES": "waves", "stagedeparture:TRIPS": "trips",
}  # fmt: skip


@pytest.fixture(scope="module")
def plan(qgis_process: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[sqlite3.Connection, Path]]:
    """The tables of the plan of the town, whose drivers take the quickest way, and the folder with its reports."""
    folder = tmp_path_factory.mktemp("plan")
    town, file = write_town(folder), folder / "plan.gpkg"
    outputs = {name: f"ogr:dbname='{file}' table=\"{table}\" (geom)" for name, table in TABLES.items()}
    steps = ("timetosafety", "routeevacuation", "latestdeparture", "stagedeparture")
    reports = {f"{step}:REPORT": str(folder / f"{step}.html") for step in steps}
    finished = qgis_process(
        "evacuation:hazardplan", ROADS=town["streets"], ZONES=town["zones"], SITES=town["schools"],
        HAZARD=town["flood"], CAPACITY_FIELD="capacity", EFFORT=0, METHOD=0, DEPARTURE_WINDOW=5, WAVES=2,
        STEP_MINUTES=2, REACTION_MINUTES=3, **outputs, **reports,
    )  # fmt: skip
    assert finished.exit_code == 0, finished.said
    with closing(sqlite3.connect(file)) as database:
        yield database, folder


def one(database: sqlite3.Connection, sql: str) -> Any:
    return database.execute(sql).fetchone()[0]


def test_everybody_is_in_every_step(plan: tuple[sqlite3.Connection, Path]) -> None:
    database, _ = plan
    assert one(database, "select sum(children + adults + elderly) from risk") == PEOPLE
    people = {
        table: one(database, f"select coalesce(sum(people), 0) from {table}")
        for table in ("allocation", "unallocated", "routes", "caught", "unrouted", "vehicles", "trips", "latest")
    }
    assert people["allocation"] + people["unallocated"] == PEOPLE
    assert people["routes"] + people["caught"] + people["unrouted"] == people["allocation"]
    assert people["vehicles"] == people["trips"] == people["latest"] == people["routes"] + people["caught"]
    assert people["caught"] == 0  # two minutes of queue at the most, and fourteen of time


def test_times_are_those_worked_out_by_hand(plan: tuple[sqlite3.Connection, Path]) -> None:
    database, _ = plan
    rows = database.execute("select zone_id, minutes_to_safety, latest_minute, margin_minutes from in_time").fetchall()
    assert len(rows) == 14
    metres = 71.6 * 1000 * 3 * 0.001  # 0.003 degrees of longitude at 50 degrees north
    for zone, minutes, latest, margin in rows:
        # 1.5 or 0.5 blocks to where the water ends, at 30 km/h; half a block to the border of the band's own water.
        column, arrival = (0, 14) if zone.startswith("z0") else (1, 26)
        assert minutes == pytest.approx((1.5 - column) * metres / 500, rel=0.01), zone
        assert latest == pytest.approx(arrival - 0.5 * metres / 500, abs=0.01), zone
        assert margin == pytest.approx(latest - 3, abs=0.01), zone
    for zone, latest, result in database.execute("select zone_id, latest_order, result from latest"):
        # The last of some 40 vehicles leaves 4 min 52 s after the order, and has a quarter of a minute to drive.
        arrival = 14 if zone.startswith("z0") else 26
        assert result == "latest order" and arrival - 7 < latest <= arrival - 5, zone


def test_waves_are_few_and_in_the_trips(plan: tuple[sqlite3.Connection, Path]) -> None:
    database, folder = plan
    waves = dict(database.execute("select zone_id, order_time from waves"))
    assert len(waves) == 14 and len(set(waves.values())) <= 2
    for zone, minute in waves.items():
        assert minute % 2 == 0 and 0 <= minute <= (14 if zone.startswith("z0") else 26)
    assert dict(database.execute("select zone_id, order_time from trips")) == waves
    for step in ("timetosafety", "routeevacuation", "latestdeparture", "stagedeparture"):
        assert (folder / f"{step}.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
