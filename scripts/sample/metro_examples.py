"""Layers of the Nanjing sample that go beyond the paper's case: ten candidate rescue points, and four scenarios.

All numbers are made up as examples; every row says so. S1 to S5 are those of the case.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from shapely import Point

from .geopackage import Field, Layer

MADE_UP = "made up as an example"
CATALOGUE = Path(__file__).resolve().parents[2] / "resources" / "metro" / "catalogue.csv"

# Rescue points beyond the five: metro station, then stock and unit cost of the case's three types. S6 has enough for
# the whole demand but is dear; S7 to S9 have a little at a low cost; S10 is dear and has little.
MORE_POINTS = {
    "S6": ("Olympic Center", (400, 60.0), (100, 75.0), (15, 230.0)),
    "S7": ("Software Avenue", (40, 36.0), (4, 44.0), (1, 160.0)),
    "S8": ("Xiaohang", (12, 38.0), (2, 46.0), (0, 166.0)),
    "S9": ("Zhongsheng", (8, 39.0), (2, 47.0), (0, 167.0)),
    "S10": ("Gulou", (60, 65.0), (15, 80.0), (2, 240.0)),
}
# Units a rescue point has and what one costs, for resources that are not like most (8 units at 120).
VEHICLE, BULK, SMALL = (2, 2500.0), (160, 6.0), (30, 25.0)
KINDS = {
    VEHICLE: "bus; fire engine; electric equipment inspection car; epidemic prevention vehicle; lifeboat",
    BULK: "wet towel; gunny bag; raincoat; life jacket; bandage; vaccine; medical protective mask; disinfectant",
    SMALL: "fluorescent indicator rod; glare flashlight; emergency medicine; safety helmet; first-aid kit; intercom; "
    "interphone; protective glasses; anti-erode gloves; fireproof gloves; fireproof suit; stretcher",
}
MOST_ARE_LIKE = (8, 120.0)
# The demand for counting types: the paper's three first, in the order of urgency.
TEN_TYPES = {
    "gas mask": 368, "emergency searchlight": 86, "fume extractor": 12, "fire engine": 3, "stretcher": 6,
    "fireproof suit": 10, "oxygen ventilator": 2, "emergency medicine": 13, "bus": 5, "emergency tool kit": 3,
}  # fmt: skip

ELEMENTS = (
    "emergency_type", "cause", "interruption", "fatalities", "wounded", "stage", "flow_volume", "stranded", "period",
    "spot", "weather", "weather_later",
)  # fmt: skip
# Layer: title, rows of (station, values in the order of ELEMENTS).
SCENARIOS = {
    "scenario_fire": (
        "Scenario: fire at Andemen",
        (
            ("Andemen", "production safety", "electrical equipment", "60..120", "0", "5..12", "initial", "1800",
             "368", "off-peak", "platform", "clear", "clear"),
        ),
    ),
    "scenario_flood": (
        "Scenario: flood, two incidents",
        (
            ("Mochou Lake", "natural disaster", "torrential rain", "180..360", "0", "0..6", "initial", "1500",
             "90..140", "peak", "tunnel", "flood", "heavy rain"),
            ("Zhonghuamen", "natural disaster", "torrential rain", "120..240", "0", "0..3", "initial", "1200",
             "40..70", "peak", "platform", "heavy rain", "rain"),
        ),
    ),
    "scenario_arson": (
        "Scenario: arson at Xinjiekou",
        (
            ("Xinjiekou", "social security", "arson in a carriage", "90..150", "0..2", "10..25", "middle", "6000",
             "150..220", "secondary peak", "carriage", "clear", "clear"),
        ),
    ),
    "scenario_infection": (
        "Scenario: infection at Nanjing South",
        (
            ("Nanjing South", "public health", "suspected epidemic", "30..60", "0", "0", "initial", "4000",
             "180..260", "off-peak", "gate", "snow", "snow"),
        ),
    ),
}  # fmt: skip


def resources() -> list[str]:
    """Return every resource of the catalogue once."""
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row["resource"] for row in csv.DictReader(file)))


def usual(resource: str) -> tuple[int, float]:
    """Return units and unit cost of a resource at most rescue points."""
    return next((kind for kind, names in KINDS.items() if resource in names.split("; ")), MOST_ARE_LIKE)


def candidate_layers(five: Mapping[str, tuple], types: list[str], at: Mapping[str, tuple[float, float]]) -> list[Layer]:
    """Return the ten candidates, their stocks of every resource of the catalogue, and a demand of ten types.

    ``five`` are the case's rescue points and ``types`` its resources, as in the script that makes the sample.
    """
    origin = Field("origin", "text", "where the row comes from")
    ten = {**five, **MORE_POINTS}
    points, supply = [], []
    for place, (name, (metro, *stocks)) in enumerate(ten.items()):
        points.append((Point(at[metro]), (name, metro, MADE_UP)))
        supply += [(None, (name, kind, units, cost, MADE_UP)) for kind, (units, cost) in zip(types, stocks) if units]
        for order, resource in enumerate(name for name in resources() if name not in types):
            units, cost = usual(resource)
            if (place + order) % 3:  # nobody has everything
                dearer = 1.0 + 0.02 * ((3 * place + order) % 7)
                supply.append((None, (name, resource, units, round(cost * dearer, 2), MADE_UP)))
    station = Field("station_id", "text", "rescue point")
    resource_field = Field("resource", "text", "resource type")
    demand_fields = (
        Field("incident_id", "text", "incident"), resource_field, Field("quantity", "int", "units wanted"), origin,
    )  # fmt: skip
    demand = [(None, ("Andemen", kind, units, MADE_UP)) for kind, units in TEN_TYPES.items()]
    return [
        Layer(
            "candidates", "Ten candidate rescue points", "point",
            (station, Field("name", "text", "metro station it is at"), origin), points,
        ),
        Layer(
            "candidates_supply", "Supply of the ten candidates", None,
            (
                station, resource_field, Field("inventory", "int", "units in stock"),
                Field("unit_cost", "real", "cost of one unit, deployment included"), origin,
            ),
            supply,
        ),
        Layer("demand_ten_types", "Demand of ten types, by urgency", None, demand_fields, demand),
    ]  # fmt: skip


def scenario_layers(at: Mapping[str, tuple[float, float]]) -> list[Layer]:
    """Return the incidents of the four scenarios, with the elements of the form as fields."""
    fields = (
        Field("incident_id", "text", "metro station of the incident"),
        *(Field(element, "text", "element of the scenario; numbers may be intervals lo..hi") for element in ELEMENTS),
        Field("origin", "text", "where the row comes from"),
    )
    return [
        Layer(name, title, "point", fields, [(Point(at[row[0]]), (*row, MADE_UP)) for row in rows])
        for name, (title, rows) in SCENARIOS.items()
    ]
