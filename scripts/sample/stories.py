"""The stories of the sample city: for each its project's name, words and layers."""

from __future__ import annotations

from dataclasses import dataclass

# The beginning of every story: in the week for which the sample says how many people to expect at the sites.
START_TIME = "2025-03-12T10:00:00"
STEP = 5  # minutes; FLOW_MINUTES of routing by default
SOURCES = (
    "Roads © OpenStreetMap contributors (ODbL), by way of AequilibraE; pedestrian counts: Heart of the City Auckland "
    "(CC BY 4.0), borrowed. See README.md."
)


@dataclass(frozen=True)
class Story:
    """A ready project: its file's name, title, abstract, layers (table, title; from top to bottom) and minutes."""

    name: str
    title: str
    abstract: str
    layers: tuple[tuple[str, str], ...]
    """A name that ends in .tif is a raster beside the GeoPackage."""
    view: tuple[str, ...]
    """The tables whose extent the map shows."""
    minutes: int
    """How long the temporal controller plays."""
    hidden: tuple[str, ...] = ()
    """The tables that are not drawn at first."""


_SHELTERS = (
    ("entrances", "Entrances of the shelters (illustrative)"),
    ("sites", "Candidate shelters (illustrative)"),
)
_GROUND = (("roads", "Roads"), ("zones", "Zones: people"))
_TABLES = (
    ("counts", "Hourly pedestrian counts (borrowed from Auckland)"),
    ("occupancy", "People to expect at the sites"),
)

FAR_FIELD = Story(
    "sample",
    "Sample city: La Serena and Coquimbo",
    "The sample city of the Evacuation Planner: a far-field tsunami warning, hours of notice, people leave the strip "
    f"along the bay by car. Sites and hazard are illustrative, not official. {SOURCES}",
    (
        *_SHELTERS,
        ("traffic_sensors", "Sensors that count vehicles (illustrative)"),
        ("hazard", "Tsunami strip (illustrative)"),
        *_GROUND,
        *_TABLES,
        ("traffic_counts", "Hourly counts of vehicles (illustrative)"),
    ),
    ("hazard", "sites"),
    240,
    ("traffic_sensors",),
)
FLOOD = Story(
    "sample_flood",
    "Sample city: a flood that takes hours",
    "A flood front comes down the Elqui through La Serena: in 30 minutes it enters the valley, after 240 it has all of "
    "its width. Bridges close on the way. Who leaves first, by when must each zone be told, which road to turn? Flood, "
    f"orders, closures and sites are illustrative, not official. {SOURCES}",
    (
        *_SHELTERS,
        ("flood", "Flood front: minutes to its arrival (illustrative)"),
        ("flood_zones", "Zones that the flood meets: order times (illustrative)"),
        *_GROUND,
        ("closures", "Bridges that close (illustrative)"),
        *_TABLES,
    ),
    ("flood", "flood_zones"),
    270,
)
NEAR_FIELD = Story(
    "sample_nearfield",
    "Sample city: a near-field tsunami by car - what NOT to do",
    "What NOT to do. An earthquake off the coast: the water is there 15 to 25 minutes after the shaking. The strip is "
    "800 m wide, 12 minutes on foot; by car the entrances of the shelters alone need an hour and more, and whoever "
    "queues is caught. After a strong or long earthquake at a coast go on foot, at once, inland and uphill. The "
    f"project shows why, by car. Hazard and sites are illustrative, not official. {SOURCES}",
    (
        *_SHELTERS,
        ("nearfield", "Near-field tsunami: do NOT flee by car (illustrative)"),
        *_GROUND,
        *_TABLES,
    ),
    ("nearfield", "sites"),
    120,
)
ON_FOOT = Story(
    "sample_nearfield_on_foot",
    "Sample city: a near-field tsunami on foot",
    "An earthquake off the coast: the water is there 15 to 25 minutes after the shaking, and people walk, out of the "
    "strip or up a tall building. The strip is 800 m wide, 12 minutes on foot straight inland, half an hour by some "
    "streets. Who is too late even if he leaves at once, where does a tall building help, who has no car, and whom can "
    "buses fetch? Hazard, heights of the ground, tall buildings, shares without a car, depots, requests and "
    f"sites are illustrative, not official. {SOURCES}",
    (
        ("requests", "People to fetch: requests (illustrative)"),
        ("depots", "Bus depots (illustrative)"),
        ("towers", "Tall buildings to climb (illustrative)"),
        *_SHELTERS,
        ("nearfield", "Near-field tsunami: minutes to its arrival (illustrative)"),
        ("near_zones", "Zones that the tsunami meets: people without a car (illustrative)"),
        *_GROUND,
        ("elevation.tif", "Height of the ground (made up)"),
        *_TABLES,
    ),
    ("nearfield", "depots"),
    120,
    ("zones",),
)
STORIES = (FAR_FIELD, FLOOD, NEAR_FIELD, ON_FOOT)
