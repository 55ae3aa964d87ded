"""Calls of evacuation:metroscenario and evacuation:metrosensitivity on the Nanjing sample."""

from __future__ import annotations

from .metro_case import FILES, Said

DEMAND = "incident_id:string(20),resource:string(40),quantity:double"
SCENARIO_SINKS = dict.fromkeys(("OUTPUT", "OUTPUT_TRAVEL", "OUTPUT_INCIDENTS"), "memory:")
PAPER_TYPES = "gas mask; emergency searchlight; fume extractor"


def sample_layer(name):
    """Return the source of a layer of the sample."""
    return f"{FILES['case']}|layername={name}"


def scenario(**changes):
    """Return the parameters of the fire at Andemen for its three types."""
    given = {
        "STATIONS": sample_layer("rescue_points"),
        "SUPPLY": sample_layer("supply"),
        "INCIDENTS": sample_layer("scenario_fire"),
        "METRO_STATIONS": sample_layer("metro_stations"),
        "RESOURCES": PAPER_TYPES,
        **SCENARIO_SINKS,
    }
    return {**given, **changes}


def describe(feedback=None, **changes):
    """Run metroscenario."""
    import processing

    return processing.run("evacuation:metroscenario", scenario(**changes), feedback=feedback or Said())


def respond(described, feedback=None, **changes):
    """Run allocatemetroresources on what metroscenario gave, by default names."""
    import processing

    given = {
        "STATIONS": sample_layer("rescue_points"),
        "SUPPLY": sample_layer("supply"),
        "INCIDENTS": described["OUTPUT_INCIDENTS"],
        "DEMAND": described["OUTPUT"],
        "TRAVEL": described["OUTPUT_TRAVEL"],
        "OUTPUT": "memory:",
        "OUTPUT_UNMET": "memory:",
    }
    return processing.run("evacuation:allocatemetroresources", {**given, **changes}, feedback=feedback or Said())


def vary(feedback=None, **changes):
    """Run metrosensitivity on the case."""
    import processing

    given = {
        "STATIONS": sample_layer("rescue_points"),
        "SUPPLY": sample_layer("supply"),
        "INCIDENTS": sample_layer("incidents"),
        "DEMAND": sample_layer("demand"),
        "TRAVEL": sample_layer("travel"),
        "OUTPUT": "memory:",
    }
    return processing.run("evacuation:metrosensitivity", {**given, **changes}, feedback=feedback or Said())


def curve(layer, analysis):
    """Return the points of one curve as dictionaries, in their order."""
    names = layer.fields().names()
    rows = [dict(zip(names, feature.attributes())) for feature in layer.getFeatures()]
    return [row for row in rows if row["analysis"] == analysis]
