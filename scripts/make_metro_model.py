#!/usr/bin/env python3
"""Make resources/models/metroresponse.model3: from a metro emergency's description to the resources sent, as a model.

Child ids and output names are an interface (a model's outputs are called ``child:NAME``); the README of resources/metro
lists them. Run with the oldest supported QGIS, so that every later one reads the file:

    QT_QPA_PLATFORM=offscreen .venv/bin/python scripts/make_metro_model.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_HASH_SEED"] = "0"  # Qt writes attributes of XML in an order of chance otherwise
sys.path[:0] = [str(ROOT / "build" / "plugins"), str(ROOT / "scripts")]

from model_building import Input, assemble, link, make_children, passed_inputs, write_models
from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
)

TARGET = ROOT / "resources" / "models" / "metroresponse.model3"
SCENARIO, ALLOCATION = "metroscenario", "allocatemetroresources"
# child: {output of the child: (name in the model, title)}
OUTPUTS = {
    SCENARIO: {
        "OUTPUT": ("DEMAND", "Demand"),
        "OUTPUT_TRAVEL": ("TRAVEL", "Travel times"),
        "OUTPUT_INCIDENTS": ("INCIDENTS", "Incidents"),
        "OUTPUT_HTML": ("SCENARIO_REPORT", "Scenario report"),
    },
    ALLOCATION: {
        "OUTPUT": ("DELIVERIES", "Deliveries"),
        "OUTPUT_STATIONS": ("STOCK", "What is left in stock"),
        "OUTPUT_UNMET": ("UNMET", "What is missing or late"),
        "OUTPUT_HTML": ("REPORT", "Allocation report"),
    },
}
# The form's parameters that the model asks for, as the scenario algorithm declares them.
FORM = (
    "EMERGENCY_TYPE",
    "WOUNDED",
    "STRANDED",
    "STAGE",
    "PERIOD",
    "SPOT",
    "WEATHER",
    "WEATHER_LATER",
    "STATION",
    "RESOURCES",
    "KNOWN_QUANTITIES",
    "DEMAND_LEVEL",
    "SPEED",
)
ROAD_ATTRIBUTES = (
    "ROAD_CLASS_FIELD",
    "USE_CLASSES",
    "ROAD_CLASSES",
    "ALL_LINES",
    "USE_TAGS",
    "DIRECTION_FIELD",
    "SPEED_FIELD",
    "SPEED_UNIT",
    "DEFAULT_SPEED",
    "LENGTH_FIELD",
)


def definitions() -> list[Input]:
    """Return the model's inputs with the parameters of the children that they feed."""
    kind, source = QgsProcessing.SourceType, QgsProcessingParameterFeatureSource
    both = (SCENARIO, ALLOCATION)
    number = QgsProcessingParameterNumber
    layers = [
        (source("STATIONS", "Rescue points", [kind.TypeVectorPoint, kind.TypeVectorPolygon]), both, "STATIONS"),
        (source("SUPPLY", "Supply", [kind.TypeVector]), both, "SUPPLY"),
        (source("PLACES", "Incidents (or a STATION)", [kind.TypeVectorPoint], None, True), (SCENARIO,), "INCIDENTS"),
        (
            source("METRO_STATIONS", "Metro stations", [kind.TypeVectorPoint], None, True),
            (SCENARIO,),
            "METRO_STATIONS",
        ),
        (source("ROADS", "Roads (else straight lines)", [kind.TypeVectorLine], None, True), both, "NETWORK"),
    ]
    scenario = QgsApplication.processingRegistry().algorithmById(f"evacuation:{SCENARIO}")
    copied = [(scenario.parameterDefinition(name).clone(), (SCENARIO,), name) for name in FORM]
    limit = number("LIMIT_MINUTES", "Time limit for a delivery (min)", number.Type.Double, 20.0, False, 0.0)
    effort = QgsApplication.processingRegistry().algorithmById(f"evacuation:{ALLOCATION}").parameterDefinition("EFFORT")
    numbers = [(limit, (ALLOCATION,), "LIMIT_MINUTES"), (effort.clone(), (ALLOCATION,), "EFFORT")]
    inputs = [(definition, dict.fromkeys(children, name)) for definition, children, name in layers + copied + numbers]
    return inputs + passed_inputs(both[::-1], ROAD_ATTRIBUTES)


def make_model() -> QgsProcessingModelAlgorithm:
    """Return the model with its inputs, its two children and its outputs."""
    children = make_children(OUTPUTS, apart=420.0)
    link(children, ALLOCATION, "DEMAND", SCENARIO, "OUTPUT")
    link(children, ALLOCATION, "TRAVEL", SCENARIO, "OUTPUT_TRAVEL")
    link(children, ALLOCATION, "INCIDENTS", SCENARIO, "OUTPUT_INCIDENTS")
    description = (
        "From the description of a metro emergency to the resources it needs and the rescue points that send them. "
        "Each of the two steps is an algorithm of its own with more options."
    )
    return assemble("Metro response", "Metro emergencies", description, definitions(), children)


if __name__ == "__main__":
    sys.exit(write_models({TARGET: make_model}))
