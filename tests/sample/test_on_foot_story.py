"""The near-field tsunami on foot: the figures that the README promises, and that people arrive."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsProcessingFeedback

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample"
START = "2025-03-12T10:00:00"


@pytest.fixture(scope="module")
def city(provider, tmp_path_factory):
    """A copy of the sample, and the people at risk of the near-field tsunami."""
    folder = tmp_path_factory.mktemp("city")
    for name in ("sample.gpkg", "elevation.tif"):
        shutil.copy(SAMPLE / name, folder)
    table = f"{folder / 'sample.gpkg'}|layername="
    given = {"ZONES": f"{table}near_zones", "HAZARD": f"{table}nearfield", "CARLESS_FIELD": "carless"}
    found = processing.run("evacuation:zonesatrisk", {**given, "OUTPUT": str(folder / "risk.gpkg")})
    return folder, table, found


def walk(city, **more):
    folder, table, _ = city
    return {
        "ZONES": str(folder / "risk.gpkg"),
        "NETWORK": f"{table}roads",
        "HAZARD": f"{table}nearfield",
        "START_TIME": START,
        "TRAVEL_MODE": 1,
        "ELEVATION": str(folder / "elevation.tif"),
        "MAX_SNAP_DISTANCE": 1200,
        **more,
    }


def in_readme(*numbers):
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("### Ten minutes on foot")[1].split("\n## ")[0]
    return all(f"{number:,}" in text for number in numbers)


def test_people_at_risk_and_without_a_car(city):
    folder, _, found = city
    assert found["PEOPLE_AT_RISK"] == 50_521
    with closing(sqlite3.connect(folder / "risk.gpkg")) as database:
        on_foot = database.execute("SELECT sum(population_foot) FROM risk").fetchone()[0]
    assert in_readme(found["PEOPLE_AT_RISK"], on_foot)


def test_who_has_the_time_on_foot(city):
    _, table, _ = city
    given = walk(city, REACTION_MINUTES=5, OUTPUT="TEMPORARY_OUTPUT")
    out, up = (
        processing.run("evacuation:timetosafety", {**given, **to}) for to in ({}, {"SHELTERS": f"{table}towers"})
    )
    assert out["PEOPLE"] == up["PEOPLE"] == 50_521
    assert 0 < up["TOO_LATE"] < out["TOO_LATE"]
    assert in_readme(out["TOO_LATE"], up["TOO_LATE"])


def test_people_of_a_zone_walk_out_or_up_and_everybody_is_accounted_for(city):
    """The plan of one zone: every person in a tall building, beyond an exit, caught or without a place."""
    folder, table, _ = city
    tables = ("OUTPUT_ALLOCATION", "OUTPUT_UNALLOCATED", "OUTPUT_CAUGHT")
    zone = f'{walk(city)["ZONES"]}|subset="zone_id" = 68'
    given = {"ZONES": zone, "SHELTERS": f"{table}towers", "CAPACITY_FIELD": "capacity", "EXITS": True, "UNIT": 1}
    written = (*tables, "OUTPUT_SHELTERS", "OUTPUT")
    wanted = {**given, **dict.fromkeys(written, "TEMPORARY_OUTPUT"), "EFFORT": 0, "DEPARTURE_WINDOW": 10}
    found = processing.run("evacuation:jointplan", walk(city, **wanted), feedback=QgsProcessingFeedback(False))
    rows = {name: list(found[name].getFeatures()) for name in written}
    arrived = sum(row["people"] for row in rows["OUTPUT_ALLOCATION"])
    caught, left = (sum(row["people"] for row in rows[name]) for name in ("OUTPUT_CAUGHT", "OUTPUT_UNALLOCATED"))
    assert (found["ALLOCATED"], found["CAUGHT"], found["UNALLOCATED"]) == (arrived, caught, left)
    with closing(sqlite3.connect(folder / "risk.gpkg")) as database:
        assert database.execute("SELECT population FROM risk WHERE zone_id = 68").fetchone() == (
            arrived + caught + left,
        )
    assert all(row["load"] <= row["capacity"] for row in rows["OUTPUT_SHELTERS"] if row["shelter_id"].startswith("T"))
    assert 0 < found["CAUGHT"] <= found["INDIVIDUAL_CAUGHT"] < arrived
    # Nobody walks faster than 1.19 times the speed on the flat, Tobler's most, and each for himself.
    for row in rows["OUTPUT"]:
        assert row["vehicles"] == row["people"]
        assert row["length_m"] <= 1.1 * 1.192 * row["travel_time_s"] + 1.0


def test_buses_fetch_those_behind_the_strip_alone(city):
    folder, table, _ = city
    given = {name: walk(city)[name] for name in ("ZONES", "NETWORK", "HAZARD", "START_TIME", "MAX_SNAP_DISTANCE")}
    processing.run(
        "evacuation:recommendshelters",
        {**given, "SITES": f"{table}sites", "ENTRANCES": f"{table}entrances", "RESERVE": 10,
         "FORECAST": f"{table}occupancy", "OUTPUT": "TEMPORARY_OUTPUT", "OUTPUT_SELECTED": str(folder / "open.gpkg")},
    )  # fmt: skip
    del given["ZONES"], given["MAX_SNAP_DISTANCE"]
    told = {"REQUESTS": f"{table}requests", "FLEET": f"{table}depots", "SHELTERS": str(folder / "open.gpkg")}
    outputs = dict.fromkeys(("OUTPUT", "OUTPUT_UNSERVED"), "TEMPORARY_OUTPUT")
    found = processing.run("evacuation:dispatchfleet", {**given, **told, **outputs})
    assert found["SERVED"] + found["UNSERVED"] == 391 and in_readme(found["SERVED"], found["UNSERVED"])
    with closing(sqlite3.connect(folder / "sample.gpkg")) as database:
        never = {row[0] for row in database.execute("SELECT request_id FROM requests WHERE known_time IS NULL")}
    left = {row["request_id"]: row for row in found["OUTPUT_UNSERVED"].getFeatures()}
    strip = processing.run(
        "native:extractbylocation",
        {"INPUT": f"{table}requests", "PREDICATE": [0], "INTERSECT": f"{table}hazard", "OUTPUT": "TEMPORARY_OUTPUT"},
    )["OUTPUT"]
    assert {row["request_id"] for row in strip.getFeatures()} == set(left) - never
