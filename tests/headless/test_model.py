"""The graphical model through a real qgis_process: the sample city's plan in one call, and a failure that says why."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample" / "sample.gpkg"
LAYERS = {
    "zonesatrisk:ZONES_AT_RISK": "risk",
    "recommendshelters:SITES": "sites",
    "allocatecrowd:ALLOCATION": "allocation",
    "allocatecrowd:SHELTERS": "shelters",
    "allocatecrowd:UNALLOCATED": "unallocated",
    "routeevacuation:ROUTES": "routes",
    "routeevacuation:ROADS": "used_roads",
    "routeevacuation:CLEARANCE": "clearance",
    "routeevacuation:UNROUTED": "unrouted",
}


def layer(name):
    return f"{SAMPLE}|layername={name}"


def inputs(**changes):
    given = {"ROADS": layer("roads"), "ZONES": layer("zones"), "SITES": layer("sites"), "HAZARD": layer("hazard")}
    given["EFFORT"] = 0  # quick: how good the routes are is not looked at here
    given.update(ENTRANCES=layer("entrances"), DOOR_MINUTES=120)
    return {**given, **changes}


def outputs(gpkg):
    return {name: f"ogr:dbname='{gpkg}' table=\"{table}\" (geom)" for name, table in LAYERS.items()}


@pytest.fixture(scope="module")
def plan(qgis_process, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    report = {"routeevacuation:REPORT": str(folder / "report.html")}
    finished = qgis_process("evacuation:evacuationplan", **inputs(), **outputs(folder / "plan.gpkg"), **report)
    assert finished.exit_code == 0, finished.said
    with sqlite3.connect(folder / "plan.gpkg") as database:
        yield database, folder


def one(database, sql):
    return database.execute(sql).fetchone()[0]


def test_nobody_appears_or_vanishes_along_the_model(plan):
    database, _ = plan
    at_risk = one(database, "select sum(children + adults + elderly) from risk")
    allocated = one(database, "select sum(people) from allocation")
    left_out = one(database, "select coalesce(sum(people), 0) from unallocated")
    routed = one(database, "select sum(people) from routes")
    unrouted = one(database, "select coalesce(sum(people), 0) from unrouted")
    assert at_risk > 40_000
    assert allocated + left_out == at_risk
    assert routed + unrouted == allocated
    assert one(database, "select max(arrived) from clearance") == routed
    assert one(database, "select count(*) from shelters where load > capacity or load > door_capacity") == 0


def test_doors_bind_in_every_step_of_the_model(plan):
    database, _ = plan
    # the sample's entrances; S09 has room for 11,130, and two doors that let in 6,000 in two hours
    assert one(database, "select count(*) from sites where doors is null or door_capacity is null") == 0
    assert one(database, "select door_capacity from sites where site_id = 'S09'") == 6000
    assert one(database, "select residual from sites where site_id = 'S09'") == 11130
    loads = database.execute("select shelter_id, doors, door_capacity from shelters order by shelter_id").fetchall()
    known = {row[0]: row[1:] for row in database.execute("select site_id, doors, door_capacity from sites")}
    assert loads and all(known[site] == (doors, people) for site, doors, people in loads)
    assert one(database, "select count(distinct door) from routes") > 1
    assert one(database, "select count(*) from allocation where access_m is null or minutes < access_minutes") == 0


def test_layers_carry_their_styles_and_the_report_is_whole(plan):
    database, folder = plan
    styled = {row[0] for row in database.execute("select f_table_name from layer_styles where useAsDefault")}
    assert {"risk", "sites", "allocation", "shelters", "routes", "used_roads"} <= styled
    assert (folder / "report.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_a_missing_field_stops_the_model_with_its_name(qgis_process, tmp_path):
    finished = qgis_process(
        "evacuation:evacuationplan", **inputs(POPULATION_FIELDS="inhabitants"), **outputs(tmp_path / "plan.gpkg")
    )
    assert finished.exit_code != 0
    assert "POPULATION_FIELDS" in finished.said and "inhabitants" in finished.said
    assert not (tmp_path / "plan.gpkg").exists()
