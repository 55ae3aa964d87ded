"""What a log says of vehicles it says of people where everybody walks, and of both where some do."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("qgis.core")

import processing

from evacuation_planner.plugin.layers.speaking import Speaking, speak_of
from evacuation_planner.plugin.solvers.modes import BOTH, BY_CAR, ON_FOOT
from tests.processing.joint_layers import OUTPUTS
from tests.processing.routing_layers import Log, layer
from tests.processing.test_open_ground import START, halls, plan, roads, run, trips, water, zones

CAR_WORDS = re.compile(r"[Vv]ehicle|[Dd]river")


def of_cars(log):
    """Texts that speak of vehicles, but in the names of fields and layers."""
    said = (text for text in log.said + log.warnings if not text.startswith("Results"))
    return [text for text in said if CAR_WORDS.search(re.sub("“[^”]*”", "", text))]


def test_words_by_who_travels():
    log = Log()
    speaking = Speaking(log)
    for who in (BY_CAR, ON_FOOT, BOTH):
        speak_of(speaking, who)
        speaking.pushInfo("2 vehicles, 3.0 vehicle-hours of “vehicles”")
        speaking.pushWarning("1 vehicle(s)")
    assert log.said == [
        "2 vehicles, 3.0 vehicle-hours of “vehicles”",
        "2 people on foot, 3.0 person-hours of “vehicles”",
        "2 vehicles and people on foot, 3.0 unit-hours of “vehicles”",
    ]
    assert log.warnings == ["1 vehicle(s)", "1 person(s) on foot", "1 vehicle(s) or people on foot"]
    assert not speaking.isCanceled()
    log.cancel()
    assert speaking.isCanceled()
    speak_of(log, ON_FOOT)  # who does not speak so is left alone


def test_the_logs_of_walkers_know_no_vehicles():
    log = Log()
    plan(log, TRAVEL_MODE=1, SHELTERS=halls())
    given = {"TRIPS": trips(), "ORIGINS": zones("Polygon"), "TRAVEL_MODE": 1, "EFFORT": 0}
    tables = ("OUTPUT_VEHICLES", "OUTPUT_PATHS")
    wet = run("routeevacuation", log, outputs=("OUTPUT", *tables), **given)
    run("routeevacuation", log, outputs=("OUTPUT",), **{**given, "HAZARD": None, "MAX_ROUTES": 1})
    few = {"ZONES": zones(), "TRAVEL_MODE": 1}
    run("nearestshelters", log, outputs=("OUTPUT", "OUTPUT_UNREACHABLE"), SHELTERS=halls(), **few)
    run("timetosafety", log, outputs=("OUTPUT",), **few)
    told = {"PLAN": wet["OUTPUT_VEHICLES"], "PLAN_PATHS": wet["OUTPUT_PATHS"], "ZONES": zones("Polygon")}
    run("latestdeparture", log, outputs=("OUTPUT",), TRAVEL_MODE=1, STEP_MINUTES=20, **told)
    assert len(log.said) > 40 and not of_cars(log)


def test_a_log_of_both_speaks_of_each_in_his_part_and_of_both_at_last():
    fields = "&field=zone_id:string&field=population:integer&field=population_foot:integer"
    few = layer("Point", fields, [("POINT(501500 5400000)", ["z", 60, 20])], "quarters")
    log = Log()
    given = {"ZONES": few, "SHELTERS": halls(), "NETWORK": roads(), "HAZARD": water(), "START_TIME": START,
             "PEOPLE_PER_VEHICLE": 2, "EFFORT": 0}  # fmt: skip
    processing.run("evacuation:jointplan", {**given, **dict.fromkeys(OUTPUTS, "TEMPORARY_OUTPUT")}, feedback=log)
    car, foot = log.said.index("By car:"), log.said.index("On foot:")
    assert any("60 people of 2 groups, 40 vehicles and people on foot" in text for text in log.said[foot:])
    alone = [text for text in log.said[foot:-1] if "vehicles" in text.replace("vehicles and people on foot", "")]
    assert car < foot and not alone
