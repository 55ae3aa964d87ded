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

from make_model import link
from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtCore import QPointF, QSizeF

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


def definitions() -> list[tuple[QgsProcessingParameterDefinition, dict[str, str]]]:
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
    numbers = [(limit, (ALLOCATION,), "LIMIT_MINUTES")]
    return [(definition, dict.fromkeys(children, name)) for definition, children, name in layers + copied + numbers]


def make_model() -> QgsProcessingModelAlgorithm:
    """Return the model with its inputs, its two children and its outputs."""
    model = QgsProcessingModelAlgorithm("Respond to a metro emergency (all steps)", "Metro emergencies", "metro")
    model.setName("metroresponse")
    children = {name: child(name, row) for row, name in enumerate((SCENARIO, ALLOCATION))}
    helps = {
        "ALG_DESC": "From the description of a metro emergency to the resources it needs and the rescue points that "
        "send them. Each of the two steps is an algorithm of its own with more options.",
        "ALG_CREATOR": "Evacuation Planner",
    }
    for place, (definition, feeds) in enumerate(definitions()):
        helps[definition.name()] = definition.help() or definition.description()
        component = QgsProcessingModelParameter(definition.name())
        component.setPosition(QPointF(140 + 230 * (place % 5), 60 + 70 * (place // 5)))
        model.addModelParameter(definition, component)
        for name, parameter in feeds.items():
            value = QgsProcessingModelChildParameterSource.fromModelParameter(definition.name())
            children[name].addParameterSources(parameter, [value])
    link(children, ALLOCATION, "DEMAND", SCENARIO, "OUTPUT")
    link(children, ALLOCATION, "TRAVEL", SCENARIO, "OUTPUT_TRAVEL")
    link(children, ALLOCATION, "INCIDENTS", SCENARIO, "OUTPUT_INCIDENTS")
    for step in children.values():
        model.addChildAlgorithm(step)
    model.setHelpContent(helps)
    return model


def child(step: str, row: int) -> QgsProcessingModelChildAlgorithm:
    """Return one step of the model with the outputs it hands to the user."""
    algorithm = QgsProcessingModelChildAlgorithm(f"evacuation:{step}")
    algorithm.setChildId(step)
    algorithm.setDescription(QgsApplication.processingRegistry().algorithmById(f"evacuation:{step}").displayName())
    algorithm.setPosition(QPointF(300 + 420 * row, 420))
    outputs = {}
    for place, (name, (alias, title)) in enumerate(OUTPUTS[step].items()):
        output = QgsProcessingModelOutput(alias, title)
        output.setChildId(step)
        output.setChildOutputName(name)
        output.setPosition(QPointF(420 + 420 * row, 520 + 55 * place))
        output.setSize(QSizeF(200, 30))
        outputs[alias] = output
    algorithm.setModelOutputs(outputs)
    return algorithm


def main() -> int:
    """Write the model file."""
    application = QgsApplication([], False)
    application.initQgis()
    from evacuation_planner.plugin.evacuation_plugin import EvacuationPlugin

    plugin = EvacuationPlugin(None)
    plugin.initProcessing()
    model = make_model()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    if not model.toFile(str(TARGET)):
        print(f"{TARGET} could not be written", file=sys.stderr)
        return 1
    print(f"{TARGET.relative_to(ROOT)}: {len(model.parameterDefinitions())} parameters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
