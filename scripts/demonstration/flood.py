"""The flood of the demo: who is caught under which order to leave, and an animation of roads and water."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from sample.stories import FLOOD, START_TIME, STEP

from .steps import Step, table

INFORMED = 4
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
        Step(
            "routeevacuation",
            "Flood: who drives where and when, with navigation and at the zones' own orders?",
            {
                "TRIPS": table(result, "allocation"),
                "ORIGINS": table(result, "zones_at_risk"),
                "DESTINATIONS": table(result, "shelters"),
                "NETWORK_ID_FIELD": "road_id",
                "START_TIME": START_TIME,
                "METHOD": INFORMED,
                **hazard,
                **network,
                **entrances,
            },
            {
                "OUTPUT": "routes",
                "OUTPUT_ROADS": "road_flow",
                "OUTPUT_FLOWS": "flows",
                "OUTPUT_CLEARANCE": "clearance",
                "OUTPUT_UNROUTED": "unrouted",
            },
        ),
    ]


def write_texts(folder: Path) -> None:
    """Write folder/play.json, what the animation of folder/flood.gpkg says and how long it plays."""
    with closing(sqlite3.connect(f"file:{folder / RESULT}?mode=ro", uri=True)) as database:
        last = database.execute("SELECT max(seconds) FROM clearance").fetchone()[0] or 0.0
    minutes = max(FLOOD.minutes, -(-int(last) // (60 * STEP)) * STEP)
    texts = {"title": TITLE, "begin": START_TIME, "minutes": minutes}
    (folder / "play.json").write_text(json.dumps(texts), encoding="utf-8")
