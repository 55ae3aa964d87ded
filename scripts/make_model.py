#!/usr/bin/env python3
"""Make resources/models/evacuationplan.model3: the four steps from zones and hazard to routes, as a graphical model.

Child ids and output names are an interface (a model's outputs are called ``child:NAME``); the README lists them.
Run with the oldest supported QGIS, so that every later one reads the file:

    QT_QPA_PLATFORM=offscreen .venv/bin/python scripts/make_model.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(ROOT / "build" / "plugins"))

from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtCore import QPointF, QSizeF

TARGET = ROOT / "resources" / "models" / "evacuationplan.model3"
STEPS = ("zonesatrisk", "recommendshelters", "allocatecrowd", "routeevacuation")
# child: {output of the child: (name in the model, title)}
OUTPUTS = {
    "zonesatrisk": {"OUTPUT": ("ZONES_AT_RISK", "Zones at risk")},
    "recommendshelters": {"OUTPUT": ("SITES", "Sites with their status")},
    "allocatecrowd": {
        "OUTPUT": ("ALLOCATION", "Who goes where"),
        "OUTPUT_SHELTERS": ("SHELTERS", "Load of the shelters"),
        "OUTPUT_UNALLOCATED": ("UNALLOCATED", "People without a shelter"),
    },
    "routeevacuation": {
        "OUTPUT": ("ROUTES", "Routes"),
        "OUTPUT_ROADS": ("ROADS", "Used roads"),
        "OUTPUT_CLEARANCE": ("CLEARANCE", "Clearance curve"),
        "OUTPUT_UNROUTED": ("UNROUTED", "Trips without a route"),
        "OUTPUT_HTML": ("REPORT", "Report"),
    },
}


def definitions() -> list[tuple[QgsProcessingParameterDefinition, str, dict[str, str]]]:
    """Return the model's inputs: (definition, help, {child: parameter it feeds})."""
    kind = QgsProcessing.SourceType
    number = QgsProcessingParameterNumber.Type
    source, field = QgsProcessingParameterFeatureSource, QgsProcessingParameterField
    real, multiple = number.Double, True
    every = ("recommendshelters", "allocatecrowd", "routeevacuation")
    zones = ("zonesatrisk", "recommendshelters", "allocatecrowd")
    return [
        (
            source("ROADS", "Roads", [kind.TypeVectorLine]),
            "Road lines, in any coordinate reference system.",
            dict.fromkeys(every, "NETWORK"),
        ),
        (
            source("ZONES", "Zones with people", [kind.TypeVectorPolygon, kind.TypeVectorPoint]),
            "Points or polygons with the number of people in each zone.",
            {"zonesatrisk": "ZONES"},
        ),
        (
            source("SITES", "Candidate shelters", [kind.TypeVectorPoint, kind.TypeVectorPolygon]),
            "Points or polygons that could shelter people.",
            {"recommendshelters": "SITES"},
        ),
        (
            source("HAZARD", "Hazard", [kind.TypeVectorPolygon]),
            "Polygons from which everyone must leave.",
            {"zonesatrisk": "HAZARD", "recommendshelters": "HAZARD", "routeevacuation": "HAZARD"},
        ),
        (
            QgsProcessingParameterNumber(
                "HAZARD_BUFFER", "Safety distance around the hazard (m)", real, 0.0, False, 0.0
            ),
            "People within this distance of the hazard leave too, and no shelter is chosen there.",
            {"zonesatrisk": "HAZARD_BUFFER", "recommendshelters": "HAZARD_BUFFER"},
        ),
        (
            source("FORECAST", "People expected at the sites (optional)", [kind.TypeVector], None, True),
            "Table place, time, upper: people already at each site. Without it sites count as empty.",
            {"recommendshelters": "FORECAST"},
        ),
        (
            QgsProcessingParameterEnum("AREA_STANDARD", "Area per person", AREA_STANDARDS, False, 0),
            "Living space per sheltered person; custom takes 2.0 m² per person.",
            {"recommendshelters": "AREA_STANDARD"},
        ),
        (
            QgsProcessingParameterNumber(
                "MAX_TRAVEL_TIME", "Longest travel time (minutes, optional)", real, None, True, 0.0
            ),
            "Shelters farther away than this, at free-flow speed, are not used. Empty: no limit.",
            {"recommendshelters": "MAX_TRAVEL_TIME", "allocatecrowd": "MAX_TRAVEL_TIME"},
        ),
        (
            QgsProcessingParameterNumber(
                "DEPARTURE_WINDOW", "Departures are spread over (minutes)", real, 60.0, False, 0.0
            ),
            "Everyone leaves within this time after the order to leave.",
            {"routeevacuation": "DEPARTURE_WINDOW"},
        ),
        (
            QgsProcessingParameterNumber("PEOPLE_PER_VEHICLE", "People per vehicle", real, 2.5, False, 0.1),
            "Average number of people in a car.",
            {"routeevacuation": "PEOPLE_PER_VEHICLE"},
        ),
        (
            field("ZONE_ID_FIELD", "Id of the zones", None, "ZONES", field.DataType.Any, False, True),
            "Default: zone_id where the layer has it.",
            dict.fromkeys(zones, "ZONE_ID_FIELD"),
        ),
        (
            field("POPULATION_FIELDS", "Fields with people", None, "ZONES", field.DataType.Numeric, multiple, True),
            "One field a class of people. Default: children, adults, elderly where the layer has them, else population.",
            {
                "zonesatrisk": "POPULATION_FIELDS",
                "recommendshelters": "POPULATION_FIELDS",
                "allocatecrowd": "GROUP_FIELDS",
            },
        ),
        (
            field("SITE_ID_FIELD", "Id of the sites", None, "SITES", field.DataType.Any, False, True),
            "Default: site_id where the layer has it.",
            {"recommendshelters": "SITE_ID_FIELD"},
        ),
        (
            field("AREA_FIELD", "Area of the sites (m²)", None, "SITES", field.DataType.Numeric, False, True),
            "Default: area_m2 where the layer has it, else the polygon's own area.",
            {"recommendshelters": "AREA_FIELD"},
        ),
        (
            field("DIRECTION_FIELD", "Direction of the roads", None, "ROADS", field.DataType.Any, False, True),
            "Default: oneway where the layer has it (OSM values are understood).",
            dict.fromkeys(every, "DIRECTION_FIELD"),
        ),
        (
            field("SPEED_FIELD", "Speed on the roads (km/h)", None, "ROADS", field.DataType.Any, False, True),
            "Default: maxspeed where the layer has it (OSM values are understood).",
            dict.fromkeys(every, "SPEED_FIELD"),
        ),
    ]


AREA_STANDARDS: list[str] = []


def make_model() -> QgsProcessingModelAlgorithm:
    """Return the model with its inputs, its four children and its outputs."""
    registry = QgsApplication.processingRegistry()
    standards = registry.algorithmById("evacuation:recommendshelters").parameterDefinition("AREA_STANDARD")
    AREA_STANDARDS[:] = standards.options()
    model = QgsProcessingModelAlgorithm("Evacuation plan (all steps)", "Evacuation plan", "plan")
    model.setName("evacuationplan")
    children = {step: child(step, row) for row, step in enumerate(STEPS)}
    helps = {
        "ALG_DESC": "From zones, hazard, candidate shelters and roads to a routed evacuation plan: who is at risk, which "
        "shelters to open, who goes where, by which streets. Each step is an algorithm of its own with more options.",
        "ALG_CREATOR": "Evacuation Planner",
    }
    for place, (definition, text, feeds) in enumerate(definitions()):
        definition.setHelp(text)
        helps[definition.name()] = text
        component = QgsProcessingModelParameter(definition.name())
        component.setPosition(QPointF(140 + 230 * (place % 5), 60 + 70 * (place // 5)))
        model.addModelParameter(definition, component)
        for name, parameter in feeds.items():
            value = QgsProcessingModelChildParameterSource.fromModelParameter(definition.name())
            children[name].addParameterSources(parameter, [value])
    link(children, "recommendshelters", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "allocatecrowd", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "allocatecrowd", "SHELTERS", "recommendshelters", "OUTPUT_SELECTED")
    link(children, "routeevacuation", "TRIPS", "allocatecrowd", "OUTPUT")
    for name in STEPS:
        model.addChildAlgorithm(children[name])
    model.setHelpContent(helps)
    return model


def child(step: str, row: int) -> QgsProcessingModelChildAlgorithm:
    """Return one step of the model with the outputs it hands to the user."""
    algorithm = QgsProcessingModelChildAlgorithm(f"evacuation:{step}")
    algorithm.setChildId(step)
    algorithm.setDescription(QgsApplication.processingRegistry().algorithmById(f"evacuation:{step}").displayName())
    algorithm.setPosition(QPointF(300 + 260 * row, 420 + 60 * row))
    outputs = {}
    for place, (name, (alias, title)) in enumerate(OUTPUTS[step].items()):
        output = QgsProcessingModelOutput(alias, title)
        output.setChildId(step)
        output.setChildOutputName(name)
        output.setPosition(QPointF(420 + 260 * row, 560 + 60 * row + 55 * place))
        output.setSize(QSizeF(200, 30))
        outputs[alias] = output
    algorithm.setModelOutputs(outputs)
    return algorithm


def link(children: dict[str, QgsProcessingModelChildAlgorithm], to: str, parameter: str, of: str, output: str) -> None:
    """Feed an output of one child into a parameter of a later one."""
    value = QgsProcessingModelChildParameterSource.fromChildOutput(of, output)
    children[to].addParameterSources(parameter, [value])


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
