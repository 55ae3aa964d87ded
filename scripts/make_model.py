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
os.environ["QT_HASH_SEED"] = "0"  # Qt writes attributes of XML in an order of chance otherwise
sys.path[:0] = [str(ROOT / "build" / "plugins"), str(ROOT / "scripts")]

from model_building import assemble, link, make_children, road_inputs, write_model
from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

TARGET = ROOT / "resources" / "models" / "evacuationplan.model3"
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


EVERY = ("recommendshelters", "allocatecrowd", "routeevacuation")
ROAD_ATTRIBUTES = ("ROAD_CLASS_FIELD", "USE_CLASSES", "ROAD_CLASSES", "ALL_LINES", "USE_TAGS", "DIRECTION_FIELD",
                   "SPEED_FIELD", "SPEED_UNIT", "DEFAULT_SPEED", "LANES_FIELD", "DEFAULT_LANE_CAPACITY",
                   "CAPACITY_FACTOR", "LENGTH_FIELD")  # fmt: skip
WITH_ZONES = ("zonesatrisk", "recommendshelters", "allocatecrowd")
Explained = tuple[QgsProcessingParameterDefinition, str, dict[str, str]]


def layer_inputs() -> list[Explained]:
    """Return the layers the model takes: (definition, help, {child: parameter it feeds})."""
    lines, points, polygons = (
        [getattr(QgsProcessing.SourceType, f"TypeVector{n}")] for n in ("Line", "Point", "Polygon")
    )
    source = QgsProcessingParameterFeatureSource
    hazard = dict.fromkeys(("zonesatrisk", "recommendshelters", "routeevacuation"), "HAZARD")
    return [
        (
            source("ROADS", "Roads", lines),
            "Road lines, in any coordinate reference system.",
            dict.fromkeys(EVERY, "NETWORK"),
        ),
        (
            source("ZONES", "Zones with people", polygons + points),
            "Points or polygons with the number of people in each zone.",
            {"zonesatrisk": "ZONES"},
        ),
        (
            source("SITES", "Candidate shelters", points + polygons),
            "Points or polygons that could shelter people.",
            {"recommendshelters": "SITES"},
        ),
        (source("HAZARD", "Hazard", polygons), "Polygons from which everyone must leave.", hazard),
        (
            source("FORECAST", "People expected at the sites", [QgsProcessing.SourceType.TypeVector], None, True),
            "Table with place, time and upper: people already at each site. Without it, sites count as empty.",
            {"recommendshelters": "FORECAST"},
        ),
        (
            source("ENTRANCES", "Entrances of the sites", points, None, True),
            "Points at which vehicles enter the sites, surveyed. Without them the doors of a polygon are guessed, and "
            "a point is entered from its nearest road.",
            dict.fromkeys(EVERY, "ENTRANCES"),
        ),
    ]


def choice_inputs() -> list[Explained]:
    """Return the numbers and choices the model takes, as :func:`layer_inputs`."""
    standards = QgsApplication.processingRegistry().algorithmById("evacuation:recommendshelters")
    options = standards.parameterDefinition("AREA_STANDARD").options()
    area = standards.parameterDefinition("AREA_PER_PERSON")
    both = ("recommendshelters", "allocatecrowd")
    # name, title, default (None: may stay empty), least value, help, children that take it under the same name
    numbers = (
        ("HAZARD_BUFFER", "Safety distance around the hazard (m)", 0.0, 0.0,
         "People within this distance of the hazard leave too, and no shelter is chosen there.",
         ("zonesatrisk", "recommendshelters")),
        ("RESERVE", "Reserve of room (percent)", 10.0, 0.0,
         "Room kept free when shelters are chosen, so that groups that are not divided still fit.", both[:1]),
        ("MAX_TRAVEL_TIME", "Longest travel time (minutes)", None, 0.0,
         "Shelters farther away than this at free-flow speed are not used. Empty: no limit.", both),
        ("DOOR_MINUTES", "Everybody is let in within (minutes)", None, 0.01,
         "A shelter counts no more people than its doors let in within this time. Empty: doors are not looked at.",
         both),
        ("MAX_SNAP_DISTANCE", "Farthest distance to a road (m)", 500.0, 0.0,
         "Zones and sites farther from the nearest road than this are named and left out.", EVERY),
        ("DEPARTURE_WINDOW", "Departures are spread over (minutes)", 60.0, 0.0,
         "Everyone leaves within this time after the order to leave, else after the start time.", ("routeevacuation",)),
        ("PEOPLE_PER_VEHICLE", "People per vehicle", 2.5, 1.0,
         "Average number of people in a car.", EVERY),
    )  # fmt: skip
    kind = QgsProcessingParameterNumber.Type.Double
    made: list[Explained] = [
        (
            QgsProcessingParameterEnum("AREA_STANDARD", "Area per person", options, False, 0),
            "Living space per sheltered person; custom takes the number below.",
            {"recommendshelters": "AREA_STANDARD"},
        ),
        (area.clone(), area.help(), {"recommendshelters": "AREA_PER_PERSON"}),
    ]
    for name, title, default, least, text, children in numbers:
        definition = QgsProcessingParameterNumber(name, title, kind, default, default is None, least)
        made.append((definition, text, dict.fromkeys(children, name)))
    effort = standards.parameterDefinition("EFFORT")
    made.append((effort.clone(), effort.help(), dict.fromkeys(EVERY, "EFFORT")))
    start = QgsProcessingParameterDateTime("START_TIME", "Start time", optional=True)
    text = "Date and time from which orders count. Empty: the earliest order that is a date and time, else 2000-01-01."
    made.append((start, text, {"routeevacuation": "START_TIME"}))
    return made


def field_inputs() -> list[Explained]:
    """Return the fields the model takes, all optional, as :func:`layer_inputs`."""
    kinds = QgsProcessingParameterField.DataType
    groups = {**dict.fromkeys(WITH_ZONES[:2], "POPULATION_FIELDS"), "allocatecrowd": "GROUP_FIELDS"}
    site = ("recommendshelters",)
    # name, title, layer, kind, help, what it feeds
    fields = (
        ("ZONE_ID_FIELD", "Id of the zones", "ZONES", kinds.Any,
         "Default: zone_id where the layer has it.",
         {**dict.fromkeys(WITH_ZONES[1:], "ZONE_ID_FIELD"), "routeevacuation": "ORIGINS_ID_FIELD"}),
        ("ZONE_NAME_FIELD", "Name of the zones", "ZONES", kinds.Any,
         "What people call them. Default: name where the layer has it.",
         dict.fromkeys(WITH_ZONES[:1], "ZONE_NAME_FIELD")),
        ("ORDER_TIME_FIELD", "When the zones are told to leave", "ZONES", kinds.Any,
         "Minutes after the start time, or date and time; empty values take the start time. Default: order_time where "
         "the layer has it.", {"allocatecrowd": "ORDER_TIME_FIELD"}),
        ("POPULATION_FIELDS", "Fields with people", "ZONES", kinds.Numeric,
         "One field a class of people. Default: children, adults, elderly where the layer has them, else population.",
         groups),
        ("SITE_ID_FIELD", "Id of the sites", "SITES", kinds.Any,
         "Default: site_id where the layer has it.", dict.fromkeys(site, "SITE_ID_FIELD")),
        ("SHELTER_NAME_FIELD", "Name of the sites", "SITES", kinds.Any,
         "What people call them. Default: name where the layer has it.", dict.fromkeys(site, "SHELTER_NAME_FIELD")),
        ("AREA_FIELD", "Area of the sites (m²)", "SITES", kinds.Numeric,
         "Default: area_m2 where the layer has it, else the polygon's own area.", dict.fromkeys(site, "AREA_FIELD")),
        ("CAPACITY_FIELD", "Room at the sites (people)", "SITES", kinds.Numeric,
         "People a site can take; where given it overrides area and area per person.",
         dict.fromkeys(site, "CAPACITY_FIELD")),
        ("ENTRANCES_ID_FIELD", "Site of the entrances", "ENTRANCES", kinds.Any,
         "Id of the site that an entrance belongs to. Default: site_id, else shelter_id.",
         dict.fromkeys(EVERY, "ENTRANCES_ID_FIELD")),
        ("ENTRANCES_CAPACITY_FIELD", "Capacity of the entrances (vehicles/h)", "ENTRANCES", kinds.Numeric,
         "Most vehicles an hour that an entrance lets in, where that is less than its roads bring; 0 closes it.",
         dict.fromkeys(EVERY, "ENTRANCES_CAPACITY_FIELD")),
    )  # fmt: skip
    return [
        (
            QgsProcessingParameterField(
                name, title, default_name(feeds), layer, kind, name == "POPULATION_FIELDS", True
            ),
            text,
            feeds,
        )
        for name, title, layer, kind, text, feeds in fields
    ]


def default_name(feeds: dict[str, str]) -> str | None:
    """Return the default name of the field parameter that an input feeds, so that a dialog shows it chosen."""
    registry = QgsApplication.processingRegistry()
    definitions = (
        registry.algorithmById(f"evacuation:{child}").parameterDefinition(name) for child, name in feeds.items()
    )
    found = next(definition.defaultValue() for definition in definitions if definition is not None)
    return None if found is None else str(found)


def make_model() -> QgsProcessingModelAlgorithm:
    """Return the model with its inputs, its four children and its outputs."""
    children = make_children(OUTPUTS)
    link(children, "recommendshelters", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "allocatecrowd", "ZONES", "zonesatrisk", "OUTPUT")
    link(children, "allocatecrowd", "SHELTERS", "recommendshelters", "OUTPUT_SELECTED")
    link(children, "routeevacuation", "TRIPS", "allocatecrowd", "OUTPUT")
    link(children, "routeevacuation", "ORIGINS", "zonesatrisk", "OUTPUT")
    link(children, "routeevacuation", "DESTINATIONS", "recommendshelters", "OUTPUT_SELECTED")
    description = (
        "From zones, hazard, candidate shelters and roads to a routed evacuation plan: who is at risk, which shelters "
        "to open, who goes where, by which streets. Each step is an algorithm of its own with more options."
    )
    inputs = []
    for definition, text, feeds in (*layer_inputs(), *choice_inputs(), *field_inputs()):
        definition.setHelp(text)
        inputs.append((definition, feeds))
    inputs += road_inputs("routeevacuation", EVERY, ROAD_ATTRIBUTES)
    capacity = dict.fromkeys(EVERY[:2], "ROAD_CAPACITY_FIELD") | {"routeevacuation": "CAPACITY_FIELD"}
    inputs += [(definition, capacity) for definition, _ in road_inputs(EVERY[0], EVERY, ["ROAD_CAPACITY_FIELD"])]
    inputs += road_inputs("routeevacuation", EVERY, ["JUNCTION_DELAY", "MAX_DOORS", "ACCESS_SPEED"])
    return assemble("Evacuation plan", "Evacuation plan", description, inputs, children)


if __name__ == "__main__":
    sys.exit(write_model(make_model, TARGET))
