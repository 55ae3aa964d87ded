"""Some have no car, without a desktop: the ready model from zones to routes, each mode by its own ways; bad input."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.headless.town import PEOPLE, write_town

TABLES = {
    "zonesatrisk:ZONES_AT_RISK": "risk", "recommendshelters:SITES": "sites", "allocatecrowd:ALLOCATION": "allocation",
    "allocatecrowd:SHELTERS": "shelters", "allocatecrowd:UNALLOCATED": "unallocated",
    "routeevacuation:ROUTES": "routes", "routeevacuation:UNROUTED": "unrouted",
}  # fmt: skip
CLASSES = ("children", "adults", "elderly")


def test_a_town_in_which_a_third_have_no_car(qgis_process: Any, tmp_path: Path) -> None:
    town, file = write_town(tmp_path), tmp_path / "plan.gpkg"
    zones = Path(town["zones"])
    zones.write_text(zones.read_text(encoding="utf-8").replace('"elderly"', '"no_car": 33.3, "elderly"'))
    outputs = {name: f"ogr:dbname='{file}' table=\"{table}\" (geom)" for name, table in TABLES.items()}
    given = {"ROADS": town["streets"], "ZONES": str(zones), "SITES": town["schools"], "HAZARD": town["water"],
             "CAPACITY_FIELD": "capacity", "EFFORT": 0, "METHOD": 0, "DEPARTURE_WINDOW": 5,
             "CARLESS_FIELD": "no_car", "MAX_WALK": "2; elderly:0.5"}  # fmt: skip
    finished = qgis_process("evacuation:evacuationplan", **given, CARLESS_UNIT=1, **outputs)
    assert finished.exit_code == 0, finished.said
    with closing(sqlite3.connect(file)) as database:

        def total(what: str, table: str, where: str = "1") -> int:
            return int(database.execute(f"select coalesce(sum({what}), 0) from {table} where {where}").fetchone()[0])

        for name in CLASSES:  # in = out + listed, by class and mode
            own, all_of_it = f"class = '{name}' and mode = 'foot'", f"class = '{name}'"
            for where, wanted in ((own, f"{name}_foot"), (all_of_it, name)):
                found = total("people", "allocation", where) + total("people", "unallocated", where)
                assert found == total(wanted, "risk")
        foot = total(" + ".join(f"{name}_foot" for name in CLASSES), "risk")
        assert total(" + ".join(CLASSES), "risk") == PEOPLE
        assert abs(foot - 0.333 * PEOPLE) <= 7  # 14 zones, each rounded
        for mode in ("car", "foot"):
            sent = total("people", "allocation", f"mode = '{mode}'")
            assert sent and total("people", "routes", f"mode = '{mode}'") == sent - total("people", "unrouted")
        slow = database.execute("select max(length_m / travel_time_s) from routes where mode = 'foot'").fetchone()[0]
        fast = database.execute("select max(length_m / travel_time_s) from routes where mode = 'car'").fetchone()[0]
        assert slow <= 1.1 * 1.001 and fast > 5 and total("people", "unrouted") == 0
    assert "people are on foot" in finished.said and "farther than MAX_WALK" in finished.said
    given = {
        "ZONES": str(zones),
        "HAZARD": town["water"],
        "CARLESS_FIELD": "no_car",
        "OUTPUT": str(tmp_path / "a.gpkg"),
    }
    failed = qgis_process("evacuation:zonesatrisk", **given)
    assert failed.exit_code != 0 and not (tmp_path / "a.gpkg").exists()
    assert "CARLESS_FIELD" in failed.said and "has 33.3" in failed.said and "CARLESS_UNIT" in failed.said
