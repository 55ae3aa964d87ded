#!/usr/bin/env python3
"""Make resources/models/evacuationplan.model3, jointevacuationplan.model3, hazardplan.model3: from zones to a plan.

Child ids and output names are an interface (a model's outputs are called ``child:NAME``); the README lists them.
Run with the oldest supported QGIS, so that every later one reads the files:

    QT_QPA_PLATFORM=offscreen .venv/bin/python scripts/make_model.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_HASH_SEED"] = "0"  # Qt writes attributes of XML in an order of chance otherwise
sys.path[:0] = [str(ROOT / "build" / "plugins"), str(ROOT / "scripts")]

from model_building import Children, assemble, link, make_children, write_models
from plan_inputs import TIMING, plan_inputs
from qgis.core import QgsProcessingModelAlgorithm

MODELS = ROOT / "resources" / "models"
# child: {output of the child: (name in the model, title)}
FIRST = {
    "zonesatrisk": {"OUTPUT": ("ZONES_AT_RISK", "Zones at risk")},
    "recommendshelters": {"OUTPUT": ("SITES", "Sites with their status")},
}
PLACES = {
    "OUTPUT_SHELTERS": ("SHELTERS", "Load of the shelters"),
    "OUTPUT_UNALLOCATED": ("UNALLOCATED", "People without a shelter"),
}
ROUTES = {
    "OUTPUT": ("ROUTES", "Routes"),
    "OUTPUT_ROADS": ("ROADS", "Used roads"),
    "OUTPUT_CLEARANCE": ("CLEARANCE", "Clearance curve"),
    "OUTPUT_CAUGHT": ("CAUGHT", "People caught"),
    "OUTPUT_UNROUTED": ("UNROUTED", "Trips without a route"),
    "OUTPUT_HTML": ("REPORT", "Report"),
}
STEPWISE = {
    **FIRST,
    "allocatecrowd": {"OUTPUT": ("ALLOCATION", "Who goes where"), **PLACES},
    "routeevacuation": ROUTES,
}
JOINT = {**FIRST, "jointplan": {"OUTPUT_ALLOCATION": ("ALLOCATION", "Who goes where"), **PLACES, **ROUTES}}
PLAN_TABLES = {"OUTPUT_VEHICLES": ("VEHICLES", "Vehicles of the plan"), "OUTPUT_PATHS": ("PATHS", "Paths of the plan")}
AGAINST_TIME = {
    **FIRST,
    "timetosafety": {
        "OUTPUT": ("MINUTES", "Minutes to safety"),
        "OUTPUT_ZONES": ("ZONES_IN_TIME", "Zones that can be safe in time"),
        "OUTPUT_AREAS": ("AREAS", "Areas by minutes to safety"),
        "OUTPUT_HTML": ("REPORT", "Report on the time to safety"),
    },
    "allocatecrowd": STEPWISE["allocatecrowd"],
    "routeevacuation": {**ROUTES, **PLAN_TABLES, "OUTPUT_FLOWS": ("FLOWS", "Flows to play")},
    "latestdeparture": {
        "OUTPUT": ("LATEST_ORDERS", "Latest orders"),
        "OUTPUT_HTML": ("REPORT", "Report on the latest orders"),
    },
    "stagedeparture": {
        "OUTPUT": ("WAVES", "Zones with their waves"),
        "OUTPUT_TRIPS": ("TRIPS", "Trips with their waves"),
        "OUTPUT_HTML": ("REPORT", "Report on the waves"),
    },
}
# What a model does not ask for:
NO_FLOWS = ("FLOW_MINUTES",)  # of a layer that it does not give
ONE_MODEL = ("FLOW_MODEL",)  # a plan as data is simulated again under queue


def stepwise_children(outputs: dict[str, dict[str, tuple[str, str]]]) -> Children:
    """Return the steps of ``outputs``, linked from the zones at risk to the routes to the shelters selected."""
    children = make_children(outputs)
    link(children, "recommendshelters", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "allocatecrowd", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "allocatecrowd", "SHELTERS", "recommendshelters", "OUTPUT_SELECTED")
    link(children, "routeevacuation", "TRIPS", "allocatecrowd", "OUTPUT")
    link(children, "routeevacuation", "ORIGINS", "zonesatrisk", "OUTPUT")
    link(children, "routeevacuation", "DESTINATIONS", "recommendshelters", "OUTPUT_SELECTED")
    return children


def stepwise_model() -> QgsProcessingModelAlgorithm:
    """Return the model that allocates people to shelters and then routes them."""
    children = stepwise_children(STEPWISE)
    description = (
        "From zones, hazard, candidate shelters and roads to a routed evacuation plan: who is at risk, which shelters "
        "to open, who goes where, by which streets. Each step is an algorithm of its own with more options. “Joint "
        "evacuation plan” chooses shelters and streets at once, which is seldom slower and often much quicker."
    )
    return assemble("Evacuation plan", "Evacuation plan", description, plan_inputs(list(STEPWISE), NO_FLOWS), children)


def joint_model() -> QgsProcessingModelAlgorithm:
    """Return the model that chooses shelters and streets together."""
    children = make_children(JOINT)
    link(children, "recommendshelters", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "jointplan", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "jointplan", "SHELTERS", "recommendshelters", "OUTPUT")  # with those standing by
    description = (
        "From zones, hazard, candidate shelters and roads to an evacuation plan that chooses shelters and streets "
        "together: who is at risk, which shelters to open or keep standing by, and at once who goes where and by which "
        "streets. The report shows it beside the plan made step by step."
    )
    inputs = plan_inputs(list(JOINT), NO_FLOWS)
    return assemble("Joint evacuation plan", "Evacuation plan", description, inputs, children)


def model_against_time() -> QgsProcessingModelAlgorithm:
    """Return the model of a hazard that comes: the plan step by step, by when each zone must be told, and in waves."""
    children = stepwise_children(AGAINST_TIME)
    link(children, "timetosafety", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "timetosafety", "SHELTERS", "recommendshelters", "OUTPUT_SELECTED")
    for step in TIMING:
        link(children, step, "ZONES", "zonesatrisk", "OUTPUT")
        link(children, step, "PLAN", "routeevacuation", "OUTPUT_VEHICLES")
        link(children, step, "PLAN_PATHS", "routeevacuation", "OUTPUT_PATHS")
        link(children, step, "DESTINATIONS", "recommendshelters", "OUTPUT_SELECTED")
    description = (
        "For a hazard that comes: who is at risk and how many minutes they are from safety, which shelters to open, "
        "who goes where and by which streets, by when each zone must be told, and in which waves to call them. Give "
        "the hazard's arrivals (HAZARD_TIME_FIELD or HAZARD_RASTER), or closures; without them no order is ever too "
        "late.\n"
        "Latest orders and waves are those of the plan's routes under the flow model queue. A latest order is for one "
        "zone at a time. People without a way in the plan have none in the later steps: give orders that come early "
        "enough.\n"
        "Which road to turn (“Roads to make one-way outbound”) is a step of its own: it takes many runs of the "
        "routing, and whether a road is turned is decided by those who can staff it. Its roads go into this model "
        "as ROADS."
    )
    inputs = plan_inputs(list(AGAINST_TIME), ONE_MODEL)
    return assemble("Evacuation plan against the hazard", "Evacuation plan", description, inputs, children)


if __name__ == "__main__":
    models = {"evacuationplan": stepwise_model, "jointevacuationplan": joint_model, "hazardplan": model_against_time}
    sys.exit(write_models({MODELS / f"{name}.model3": make for name, make in models.items()}))
