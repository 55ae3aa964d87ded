#!/usr/bin/env python3
"""Make resources/models/evacuationplan.model3 and jointevacuationplan.model3: from zones and hazard to a plan.

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

from model_building import assemble, link, make_children, write_models
from plan_inputs import plan_inputs
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


def stepwise_model() -> QgsProcessingModelAlgorithm:
    """Return the model that allocates people to shelters and then routes them."""
    children = make_children(STEPWISE)
    link(children, "recommendshelters", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "allocatecrowd", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "allocatecrowd", "SHELTERS", "recommendshelters", "OUTPUT_SELECTED")
    link(children, "routeevacuation", "TRIPS", "allocatecrowd", "OUTPUT")
    link(children, "routeevacuation", "ORIGINS", "zonesatrisk", "OUTPUT")
    link(children, "routeevacuation", "DESTINATIONS", "recommendshelters", "OUTPUT_SELECTED")
    description = (
        "From zones, hazard, candidate shelters and roads to a routed evacuation plan: who is at risk, which shelters "
        "to open, who goes where, by which streets. Each step is an algorithm of its own with more options. “Joint "
        "evacuation plan” chooses shelters and streets at once, which is seldom slower and often much quicker."
    )
    return assemble("Evacuation plan", "Evacuation plan", description, plan_inputs(list(STEPWISE)), children)


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
    return assemble("Joint evacuation plan", "Evacuation plan", description, plan_inputs(list(JOINT)), children)


if __name__ == "__main__":
    models = {"evacuationplan": stepwise_model, "jointevacuationplan": joint_model}
    sys.exit(write_models({MODELS / f"{name}.model3": make for name, make in models.items()}))
