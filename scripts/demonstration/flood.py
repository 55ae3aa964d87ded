"""The flood of the demo: who is caught under which order to leave, and an animation of roads and water."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sample.stories import FLOOD, START_TIME, STEP

from .steps import INFORMED, Step, table

ORDERS = (0, 30, 60, 90)  # minutes after START_TIME
CHECKED_EVERY = 30  # minutes between the earlier orders that are tried besides each zone's latest
LATEST = {
    "too late": "none: told at once, somebody (of any zone) is caught",
    "no limit": "whenever",
    "no way": "none: nobody has a way in the plan",
}
RESULT = "flood.gpkg"
GROUND = ("roads", "zones", "flood")
TITLE = "A flood front in La Serena (illustrative): drivers with navigation, each zone at its order"


def flood_steps(sample: Path, result: Path) -> list[Step]:
    """Return the steps from the sample's flood to the tables of ``result``, a GeoPackage."""
    network = {"NETWORK": table(sample, "roads"), "MAX_SNAP_DISTANCE": 1200}
    hazard = {"HAZARD": table(sample, "flood")}
    at_risk = {"ZONES": table(result, "zones_at_risk")}
    entrances = {"ENTRANCES": table(sample, "entrances")}
    return [
        Step(
            "zonesatrisk",
            "Flood: who must leave?",
            {"ZONES": table(sample, "flood_zones"), **hazard},
            {"OUTPUT": "zones_at_risk"},
        ),
        Step(
            "recommendshelters",
            "Flood: which shelters open?",
            {
                "SITES": table(sample, "sites"),
                "FORECAST": table(sample, "occupancy"),
                "RESERVE": 10,
                **at_risk,
                **hazard,
                **network,
                **entrances,
            },
            {"OUTPUT": "candidate_sites", "OUTPUT_SELECTED": "shelters"},
        ),
        Step(
            "allocatecrowd",
            "Flood: who goes where?",
            {"SHELTERS": table(result, "shelters"), **at_risk, **network, **entrances},
            {"OUTPUT": "allocation", "OUTPUT_SHELTERS": "shelter_load", "OUTPUT_UNALLOCATED": "unallocated"},
        ),
    ]


def order_step(sample: Path, result: Path, minute: int | None) -> Step:
    """Return the run with an order at ``minute`` for every zone, or at each zone's own (None), in tables of ``result``.

    Drivers have navigation and nobody plans the streets. The table ``allocation_<minute>`` must be there, see
    :func:`write_orders`.
    """
    parameters = {
        "TRIPS": table(result, "allocation" if minute is None else f"allocation_{minute}"),
        "ORIGINS": table(result, "zones_at_risk"),
        "DESTINATIONS": table(result, "shelters"),
        "NETWORK": table(sample, "roads"),
        "MAX_SNAP_DISTANCE": 1200,
        "NETWORK_ID_FIELD": "road_id",
        "HAZARD": table(sample, "flood"),
        "CLOSURES": table(sample, "closures"),
        "ENTRANCES": table(sample, "entrances"),
        "START_TIME": START_TIME,
        "METHOD": INFORMED,
    }
    if minute is not None:
        question = f"Flood: who is caught if everybody is told at minute {minute}?"
        outputs = {
            "OUTPUT": f"routes_{minute}",
            "OUTPUT_CAUGHT": f"caught_{minute}",
            "OUTPUT_UNROUTED": f"unrouted_{minute}",
        }
        return Step("routeevacuation", question, parameters, outputs)
    outputs = {
        "OUTPUT": "routes",
        "OUTPUT_ROADS": "road_flow",
        "OUTPUT_FLOWS": "flows",
        "OUTPUT_CLEARANCE": "clearance",
        "OUTPUT_UNROUTED": "unrouted",
        "OUTPUT_CAUGHT": "caught",
        "OUTPUT_VEHICLES": "vehicles",
        "OUTPUT_PATHS": "paths",
    }
    return Step("routeevacuation", "Flood: who is caught if each zone has its own order?", parameters, outputs)


def latest_step(sample: Path, result: Path) -> Step:
    """Return the run that says by when each zone must be told, on the routes made for each zone's own order."""
    plan = order_step(sample, result, None).parameters
    shared = ("DESTINATIONS", "NETWORK", "MAX_SNAP_DISTANCE", "NETWORK_ID_FIELD", "HAZARD", "CLOSURES", "ENTRANCES")
    parameters = {
        "ZONES": table(result, "zones_at_risk"),
        "PLAN": table(result, "vehicles"),
        "PLAN_PATHS": table(result, "paths"),
        "STEP_MINUTES": CHECKED_EVERY,
        "START_TIME": START_TIME,
        **{name: plan[name] for name in shared},
    }
    return Step("latestdeparture", "Flood: by when must each zone be told?", parameters, {"OUTPUT": "latest_orders"})


def write_orders(result: Path) -> None:
    """Copy the allocation of ``result`` once for each of ``ORDERS``, with that order for everybody."""
    from osgeo import gdal

    gdal.UseExceptions()
    for minute in ORDERS:
        sql = f'SELECT *, {minute} AS order_time FROM (SELECT {_other_fields(result)} FROM "allocation")'
        options = ["-f", "GPKG", "-update", "-nln", f"allocation_{minute}", "-dialect", "SQLITE", "-sql", sql]
        gdal.VectorTranslate(str(result), str(result), options=options)


def _other_fields(result: Path) -> str:
    """Return the fields of the allocation but its order, as SQL."""
    with closing(sqlite3.connect(f"file:{result}?mode=ro", uri=True)) as database:
        names = [row[1] for row in database.execute("PRAGMA table_info(allocation)")]
    return ", ".join(f'"{name}"' for name in names if name not in ("fid", "order_time"))


def read_zones(result: Path) -> list[dict[str, Any]]:
    """Return zone_id, people who leave and first_arrival of each zone."""
    return _rows(
        result,
        "SELECT z.zone_id, sum(a.people) AS people, z.first_arrival FROM allocation a "
        "JOIN zones_at_risk z ON CAST(z.zone_id AS TEXT) = CAST(a.zone_id AS TEXT) GROUP BY z.zone_id",
    )


def read_latest(result: Path) -> dict[str, str]:
    """Return in words by when each zone must be told, by zone: minutes, or why there are none."""
    said = {}
    for row in _rows(result, "SELECT zone_id, staying, latest_of_rest, result, later_window FROM latest_orders"):
        words = LATEST.get(row["result"], row["result"])
        if row["latest_of_rest"] is not None:
            words = f"{row['latest_of_rest']:g} min"
        elif row["result"] == "some stay":
            words = LATEST["no limit"]
        if row["result"] == "some stay":
            words += f"; {row['staying']:,} have no way in the plan"
        again = f" (again {row['later_window']})" if row["later_window"] else ""
        said[str(row["zone_id"])] = f"{words}{again}"
    return said


def read_caught(result: Path, caught: str = "caught", unrouted: str = "unrouted") -> dict[str, int]:
    """Return the people caught by zone, and those whom the hazard left no route, from the tables of that name."""
    both = " UNION ALL ".join(f'SELECT origin_id, people FROM "{name}"' for name in (caught, unrouted))
    query = f"SELECT origin_id, sum(people) AS people FROM ({both}) GROUP BY origin_id"
    return {str(row["origin_id"]): row["people"] for row in _rows(result, query)}


def read_reasons(result: Path) -> list[dict[str, Any]]:
    """Return why people are caught under each zone's own order: reason, people, most first."""
    query = "SELECT reason_code AS reason, sum(people) AS people FROM caught GROUP BY 1 ORDER BY 2 DESC, 1"
    return _rows(result, query)


def _rows(path: Path, query: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query)]


def write_texts(folder: Path) -> None:
    """Write folder/play.json, what the animation of folder/flood.gpkg says and how long it plays."""
    last = _rows(folder / RESULT, "SELECT max(seconds) AS seconds FROM clearance")[0]["seconds"] or 0.0
    minutes = max(FLOOD.minutes, -(-int(last) // (60 * STEP)) * STEP)
    texts = {"title": TITLE, "begin": START_TIME, "minutes": minutes}
    (folder / "play.json").write_text(json.dumps(texts), encoding="utf-8")
