"""The inputs of the models that plan an evacuation, each with the parameters of the steps that it feeds."""

from __future__ import annotations

from collections.abc import Sequence

from model_building import Input, passed_inputs
from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

Explained = tuple[QgsProcessingParameterDefinition, str, dict[str, str]]
PLACING = ("allocatecrowd", "jointplan")
TIMING = ("latestdeparture", "stagedeparture")
ON_ROADS = ("recommendshelters", "timetosafety", *TIMING, "allocatecrowd", "routeevacuation", "jointplan")
# What steps call by one name, in the order in which the dialog shows it.
ROAD_ATTRIBUTES = (
    "TRAVEL_MODE", "WALKING_SPEED", "ELEVATION", "ELEVATION_UNIT", "WIDTH_FIELD", "FOOT_CAPACITY", "FOOT_DENSITY",
    "WALK_ON_LANES", "ROAD_CLASS_FIELD", "USE_CLASSES", "ROAD_CLASSES", "ALL_LINES", "USE_TAGS", "DIRECTION_FIELD",
    "VALUE_FORWARD", "VALUE_BACKWARD", "VALUE_BOTH", "DEFAULT_DIRECTION", "SPEED_FIELD", "SPEED_UNIT", "DEFAULT_SPEED",
    "LANES_FIELD",
    "LANES_FORWARD_FIELD", "LANES_BACKWARD_FIELD", "CAPACITY_FORWARD_FIELD", "CAPACITY_BACKWARD_FIELD",
    "DEFAULT_LANE_CAPACITY", "CAPACITY_FACTOR", "LENGTH_FIELD", "NETWORK_ID_FIELD", "NAME_FIELD", "TOLERANCE",
    "BARRIERS", "JUNCTION_DELAY", "MAX_DOORS", "ACCESS_SPEED",
)  # fmt: skip
DANGERS = (
    "HAZARD_TIME_FIELD", "HAZARD_RASTER", "HAZARD_RASTER_UNIT", "CLOSURES", "CLOSURES_FROM_FIELD", "CLOSURES_TO_FIELD",
    "CLOSURES_ROAD_FIELD", "CLOSURES_DIRECTION_FIELD",
)  # fmt: skip
CHOICES = (
    "CARLESS_UNIT", "MAX_WALK", "COMPLIANCE", "SHADOW_SHARE", "SHADOW_DISTANCE",
    "MIN_CAPACITY", "USABLE_SHARE", "MAX_SITES", "CHOICE", "SITE_MINUTES", "UNIT", "KEEP_TOGETHER",
    "SPLIT", "AIM", "PREFERENCE_SECONDS",
    "USE_STANDBY", "EXITS", "PREFERENCES", "PREF_ZONE_FIELD", "PREF_CLASS_FIELD", "PREF_SHELTER_FIELD",
    "PREF_VALUE_FIELD", "DEFAULT_PREFERENCE", "PREFERENCE_DECAY", "FLOW_MODEL", "METHOD", "MAX_ROUTES",
    "STUCK_SECONDS", "REROUTE_MINUTES", "DEPARTURE_PROFILE", "FLOW_MINUTES", "BACKGROUND", "BACKGROUND_ROAD_FIELD",
    "BACKGROUND_TIME_FIELD", "BACKGROUND_VALUE_FIELD", "SEED", "CERTIFY", "REACTION_MINUTES", "BREAKS",
    "DECISION_MINUTES", "REROUTE", "WAVES", "MAX_CLEARANCE",
)  # fmt: skip


def plan_inputs(steps: Sequence[str], without: Sequence[str] = ()) -> list[Input]:
    """Return the inputs of a model of these steps, in the order of its dialog, save those called as in ``without``.

    What the steps of a plan share with those that take it is explained as in the plan's.
    """
    steps = sorted(steps, key=lambda step: step not in (*TIMING, "timetosafety"))
    inputs: list[Input] = []
    for definition, text, feeds in (*layer_inputs(), *choice_inputs(steps), *field_inputs()):
        definition.setHelp(text)
        inputs.append((definition, {step: name for step, name in feeds.items() if step in steps}))
    inputs += passed_inputs(steps, DANGERS)
    inputs += passed_inputs(steps, CHOICES)
    inputs += passed_inputs(steps, ROAD_ATTRIBUTES)
    capacity = {step: "ROAD_CAPACITY_FIELD" for step in steps if step in ON_ROADS}
    capacity.update({step: "CAPACITY_FIELD" for step in steps if step in ("routeevacuation", *TIMING)})  # the roads'
    inputs += [(definition, capacity) for definition, _ in passed_inputs(steps, ["ROAD_CAPACITY_FIELD"])]
    return [(definition, feeds) for definition, feeds in inputs if feeds and definition.name() not in without]


def layer_inputs() -> list[Explained]:
    """Return the layers a model takes, each with its help and the steps that it feeds."""
    kinds = QgsProcessing.SourceType
    lines, points, polygons = [kinds.TypeVectorLine], [kinds.TypeVectorPoint], [kinds.TypeVectorPolygon]
    source = QgsProcessingParameterFeatureSource
    return [
        (
            source("ROADS", "Roads", lines),
            "Road lines, in any coordinate reference system.",
            dict.fromkeys(ON_ROADS, "NETWORK"),
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
        (
            source("HAZARD", "Hazard", polygons, None, True),
            "Polygons from which everyone must leave. With an arrival their roads close then. Needed, unless it is "
            "given as a raster of arrivals.",
            dict.fromkeys(("zonesatrisk", *ON_ROADS), "HAZARD"),
        ),
        (
            source("FORECAST", "People expected at the sites", [kinds.TypeVector], None, True),
            "Table with place, time and upper: people already at each site. Without it, sites count as empty.",
            {"recommendshelters": "FORECAST"},
        ),
        (
            source("ENTRANCES", "Entrances of the sites", points, None, True),
            "Points at which vehicles enter the sites, surveyed. Without them the doors of a polygon are guessed, and "
            "a point is entered from its nearest road.",
            dict.fromkeys(ON_ROADS, "ENTRANCES"),
        ),
    ]


def choice_inputs(steps: Sequence[str]) -> list[Explained]:
    """Return the numbers and choices a model of these steps takes, as :func:`layer_inputs`."""
    standards = QgsApplication.processingRegistry().algorithmById("evacuation:recommendshelters")
    options = standards.parameterDefinition("AREA_STANDARD").options()
    area = standards.parameterDefinition("AREA_PER_PERSON")
    reaching = ("recommendshelters", *PLACING)
    # name, title, default (None: may stay empty), least value, help, steps that take it under the same name
    numbers = (
        ("HAZARD_BUFFER", "Safety distance around the hazard (m)", 0.0, 0.0,
         "People within this distance of the hazard leave too, and no shelter is chosen there.",
         ("zonesatrisk", *ON_ROADS)),
        ("RESERVE", "Reserve of room (percent)", 10.0, 0.0,
         "Room kept free when shelters are chosen, so that groups that are not divided still fit.", reaching[:1]),
        ("MAX_DISTANCE", "Longest distance (km)", None, 0.0,
         "Shelters farther away than this are not used. Empty: no limit.", reaching),
        ("MAX_TRAVEL_TIME", "Longest travel time (minutes)", None, 0.0,
         "Shelters farther away than this at free-flow speed are not used. Empty: no limit.", reaching),
        ("DOOR_MINUTES", "Everybody is let in within (minutes)", None, 0.01,
         "A shelter counts no more people than its doors let in within this time. Empty: doors are not looked at.",
         reaching),
        ("MAX_SNAP_DISTANCE", "Farthest distance to a road (m)", 500.0, 0.0,
         "Zones and sites farther from the nearest road than this are named and left out.", ON_ROADS),
        ("DEPARTURE_WINDOW", "Departures are spread over (minutes)", 60.0, 0.0,
         "Everyone leaves within this time after the order to leave, else after the start time.",
         ("routeevacuation", "jointplan")),
        ("PEOPLE_PER_VEHICLE", "People per vehicle", 2.5, 1.0,
         "Average number of people in a car.", ON_ROADS),
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
    for name, title, default, least, text, takers in numbers:
        definition = QgsProcessingParameterNumber(name, title, kind, default, default is None, least)
        made.append((definition, text, dict.fromkeys(_with(name, [step for step in takers if step in steps]), name)))
    effort = standards.parameterDefinition("EFFORT")
    made.append((effort.clone(), effort.help(), dict.fromkeys(_with("EFFORT", steps), "EFFORT")))
    stage = QgsApplication.processingRegistry().algorithmById("evacuation:stagedeparture")
    text = (
        "Waves are called at whole multiples of this after the start time; below each latest order one is tried every "
        "so many minutes."
    )
    made.append((stage.parameterDefinition("STEP_MINUTES").clone(), text, dict.fromkeys(TIMING, "STEP_MINUTES")))
    start = QgsProcessingParameterDateTime("START_TIME", "Start time", optional=True)
    text = (
        "Date and time from which orders, closures and arrivals of the hazard count. Empty: the earliest order with a "
        "date; if none has one, the earliest closure or arrival less the departure window, else 2000-01-01."
    )
    made.append((start, text, dict.fromkeys(ON_ROADS, "START_TIME")))
    return made


def _with(name: str, steps: Sequence[str]) -> list[str]:
    """Return the steps that have a parameter of this name."""
    registry = QgsApplication.processingRegistry()
    return [s for s in steps if registry.algorithmById(f"evacuation:{s}").parameterDefinition(name) is not None]


def field_inputs() -> list[Explained]:
    """Return the fields a model takes, all optional, as :func:`layer_inputs`."""
    kinds = QgsProcessingParameterField.DataType
    groups = {**dict.fromkeys(("zonesatrisk", "recommendshelters", "timetosafety"), "POPULATION_FIELDS"),
              **dict.fromkeys(PLACING, "GROUP_FIELDS")}  # fmt: skip
    zone_ids = {**dict.fromkeys(("recommendshelters", "timetosafety", *TIMING, *PLACING), "ZONE_ID_FIELD"),
                "routeevacuation": "ORIGINS_ID_FIELD"}  # fmt: skip
    site = ("recommendshelters",)
    # name, title, layer, kind, help, what it feeds
    fields = (
        ("ZONE_ID_FIELD", "Id of the zones", "ZONES", kinds.Any,
         "Default: zone_id where the layer has it.", zone_ids),
        ("ZONE_NAME_FIELD", "Name of the zones", "ZONES", kinds.Any,
         "What people call them. Default: name where the layer has it.",
         {"zonesatrisk": "ZONE_NAME_FIELD"}),
        ("ORDER_TIME_FIELD", "When the zones are told to leave", "ZONES", kinds.Any,
         "Minutes after the start time, or date and time; empty values take the start time. Default: order_time where "
         "the layer has it.", {"zonesatrisk": "ORDER_TIME_FIELD"}),
        ("EARLIEST_FIELD", "Earliest order of the zones", "ZONES", kinds.Any,
         "Before which staging calls no zone: minutes after the start time, or date and time. Empty: the start time.",
         {"stagedeparture": "EARLIEST_FIELD"}),
        ("LATEST_FIELD", "Latest order of the zones", "ZONES", kinds.Any,
         "After which staging calls no zone: minutes after the start time, or date and time. Empty: when the hazard "
         "first reaches it.", {"stagedeparture": "LATEST_FIELD"}),
        ("CARLESS_FIELD", "People without a car, by zone", "ZONES", kinds.Numeric,
         "How many of a zone's people have no car and walk, as CARLESS_UNIT says: a share, percent, or people. Empty "
         "values are nobody.", {"zonesatrisk": "CARLESS_FIELD"}),
        ("COMPLIANCE_FIELD", "Percent who leave when told, by zone", "ZONES", kinds.Numeric,
         "Of a zone's people at risk; empty values take COMPLIANCE.", {"zonesatrisk": "COMPLIANCE_FIELD"}),
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
        ("RULE_FIELD", "Rule of the sites", "SITES", kinds.Any,
         "required or forbidden, where a site must or must not be chosen. Default: rule where the layer has it.",
         dict.fromkeys(site, "RULE_FIELD")),
        ("FORECAST_SITE_FIELD", "Site in the forecast", "FORECAST", kinds.Any,
         "Id of the site. Default: place where the table has it.", dict.fromkeys(site, "FORECAST_SITE_FIELD")),
        ("FORECAST_TIME_FIELD", "Time in the forecast", "FORECAST", kinds.Any,
         "Default: time where the table has it.", dict.fromkeys(site, "FORECAST_TIME_FIELD")),
        ("FORECAST_VALUE_FIELD", "People in the forecast", "FORECAST", kinds.Any,
         "Default: upper where the table has it.", dict.fromkeys(site, "FORECAST_VALUE_FIELD")),
        ("ENTRANCES_ID_FIELD", "Site of the entrances", "ENTRANCES", kinds.Any,
         "Id of the site that an entrance belongs to. Default: site_id, else shelter_id.",
         dict.fromkeys(ON_ROADS, "ENTRANCES_ID_FIELD")),
        ("ENTRANCES_CAPACITY_FIELD", "Capacity of the entrances (vehicles/h)", "ENTRANCES", kinds.Numeric,
         "Most vehicles an hour that an entrance lets in, where that is less than its roads bring; 0 closes it.",
         dict.fromkeys(ON_ROADS, "ENTRANCES_CAPACITY_FIELD")),
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
        registry.algorithmById(f"evacuation:{step}").parameterDefinition(name) for step, name in feeds.items()
    )
    found = next(definition.defaultValue() for definition in definitions if definition is not None)
    return None if found is None else str(found)
