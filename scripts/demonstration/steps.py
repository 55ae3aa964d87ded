"""The steps of the plan: which algorithm, from what, to which tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sample.stories import START_TIME

INFORMED = 4  # METHOD: drivers with navigation, nobody plans
NEAR_REACTION = 5  # minutes from the shaking until people walk
NEAR_WINDOW = 10  # minutes from the shaking in which all drive off, in the picture of what not to do


@dataclass(frozen=True)
class Step:
    """One run of an algorithm of the provider."""

    algorithm: str
    question: str
    parameters: dict[str, object]
    outputs: dict[str, str]
    """Output parameter to table of the result file; a name with a dot is a file of its own beside it."""


def table(path: Path, name: str) -> str:
    """Return the source string of a table in a GeoPackage."""
    return f"{path}|layername={name}"


def plan_steps(sample: Path, result: Path) -> list[Step]:
    """Return the steps from the sample's layers to the tables of ``result``, a GeoPackage."""
    # The middle of zone 95 lies 1.1 km from the nearest road in the data, beyond the default limit of 500 m.
    network = {"NETWORK": table(sample, "roads"), "MAX_SNAP_DISTANCE": 1200}
    hazard = {"HAZARD": table(sample, "hazard")}
    at_risk = {"ZONES": table(result, "zones_at_risk")}
    entrances = {"ENTRANCES": table(sample, "entrances")}
    return [
        Step(
            "zonesatrisk",
            "Who must leave?",
            {"ZONES": table(sample, "zones"), **hazard},
            {"OUTPUT": "zones_at_risk"},
        ),
        Step(
            "recommendshelters",
            "Which shelters open?",
            # A tenth more room than needed opens: nobody knows to the person who comes.
            {
                "SITES": table(sample, "sites"),
                "FORECAST": table(sample, "occupancy"),
                "RESERVE": 10,
                **at_risk,
                **hazard,
                **network,
                **entrances,
            },
            {"OUTPUT": "candidate_sites", "OUTPUT_SELECTED": "shelters"},
        ),
        Step(
            "jointplan",
            "Who goes where, and by which streets?",
            {
                "SHELTERS": table(result, "candidate_sites"),
                "NETWORK_ID_FIELD": "road_id",
                "START_TIME": START_TIME,
                "UNIT": 1,  # neighbours may go to different shelters
                "EFFORT": 0,
                **at_risk,
                **hazard,
                **network,
                **entrances,
            },
            {
                "OUTPUT_ALLOCATION": "allocation",
                "OUTPUT_SHELTERS": "shelter_load",
                "OUTPUT_UNALLOCATED": "unallocated",
                "OUTPUT": "routes",
                "OUTPUT_ROADS": "road_flow",
                "OUTPUT_FLOWS": "flows",
                "OUTPUT_CLEARANCE": "clearance",
                "OUTPUT_UNROUTED": "unrouted",
                "OUTPUT_HTML": "joint.html",
            },
        ),
    ]


def near_field_step(sample: Path, result: Path) -> Step:
    """Return the run of the plan's people by car before a near-field tsunami: what not to do."""
    parameters = {
        "TRIPS": table(result, "allocation"),
        "ORIGINS": table(result, "zones_at_risk"),
        "DESTINATIONS": table(result, "candidate_sites"),
        "NETWORK": table(sample, "roads"),
        "MAX_SNAP_DISTANCE": 1200,
        "NETWORK_ID_FIELD": "road_id",
        "HAZARD": table(sample, "nearfield"),
        "DEPARTURE_WINDOW": NEAR_WINDOW,
        "ENTRANCES": table(sample, "entrances"),
        "START_TIME": START_TIME,
        "METHOD": INFORMED,
    }
    question = "What not to do: who is caught by a near-field tsunami if all go by car?"
    outputs = {"OUTPUT": "near_routes", "OUTPUT_CAUGHT": "near_caught", "OUTPUT_UNROUTED": "near_unrouted"}
    return Step("routeevacuation", question, parameters, outputs)


def on_foot_step(sample: Path, result: Path) -> Step:
    """Return the run that says who has the time to walk from a near-field tsunami, out of it or up a tall building."""
    parameters = {
        "NETWORK": table(sample, "roads"),
        "MAX_SNAP_DISTANCE": 1200,
        "HAZARD": table(sample, "nearfield"),
        "ZONES": table(result, "zones_at_risk"),
        "SHELTERS": table(sample, "towers"),
        "TRAVEL_MODE": 1,
        "ELEVATION": str(sample.with_name("elevation.tif")),
        "REACTION_MINUTES": NEAR_REACTION,
        "START_TIME": START_TIME,
    }
    return Step("timetosafety", "And who has the time on foot?", parameters, {"OUTPUT": "near_walk"})


def mixed_steps(sample: Path, result: Path) -> list[Step]:
    """Return the steps of a plan in which those without a car walk and the others drive."""
    network = {"NETWORK": table(sample, "roads"), "MAX_SNAP_DISTANCE": 1200, "HAZARD": table(sample, "hazard")}
    walk = {"ELEVATION": str(sample.with_name("elevation.tif"))}
    at_risk = {"ZONES": table(result, "zones_at_risk")}
    entrances = {"ENTRANCES": table(sample, "entrances")}
    limit = {"MAX_WALK": "2"}
    return [
        Step(
            "zonesatrisk",
            "Who must leave, and who of them has no car?",
            {"ZONES": table(sample, "near_zones"), "HAZARD": table(sample, "hazard"), "CARLESS_FIELD": "carless"},
            {"OUTPUT": "zones_at_risk"},
        ),
        Step(
            "recommendshelters",
            "Which shelters open?",
            {"SITES": table(sample, "sites"), "RESERVE": 10, **at_risk, **network, **entrances, **walk},
            {"OUTPUT": "candidate_sites", "OUTPUT_SELECTED": "shelters"},
        ),
        Step(
            "allocatecrowd",
            "Who drives where, and who walks where?",
            # By time those who walk are sent to nearer shelters than by kilometres, which are the same for all.
            {
                "SHELTERS": table(result, "shelters"),
                "IMPEDANCE": 1,
                "EFFORT": 0,
                **at_risk,
                **network,
                **entrances,
                **walk,
                **limit,
            },
            {"OUTPUT": "allocation", "OUTPUT_SHELTERS": "shelter_load", "OUTPUT_UNALLOCATED": "unallocated"},
        ),
        Step(
            "routeevacuation",
            "By which streets?",
            {
                "TRIPS": table(result, "allocation"),
                "ORIGINS": table(result, "zones_at_risk"),
                "DESTINATIONS": table(result, "shelters"),
                "NETWORK_ID_FIELD": "road_id",
                "START_TIME": START_TIME,
                "EFFORT": 0,
                **network,
                **entrances,
                **walk,
                **limit,
            },
            {
                "OUTPUT": "routes",
                "OUTPUT_ROADS": "road_flow",
                "OUTPUT_UNROUTED": "unrouted",
                "OUTPUT_HTML": "mixed.html",
            },
        ),
    ]


def destinations(step: Step, result: Path) -> dict[str, str]:
    """Return the value of each destination parameter of a step, all tables in the one file ``result``."""
    values = {}
    for parameter, name in step.outputs.items():
        if "." in name:
            values[parameter] = str(result.parent / name)
        else:
            values[parameter] = f"ogr:dbname='{result}' table=\"{name}\" (geom)"
    return values
