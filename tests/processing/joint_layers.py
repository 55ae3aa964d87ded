"""Small cases for the tests of ``evacuation:jointplan``: layers, a run, its rows."""

from __future__ import annotations

import processing
import pytest
from qgis.core import QgsProcessingException

from tests.processing.routing_layers import Log, at, layer, line, rows_of

OUTPUTS = (
    "OUTPUT_ALLOCATION", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED", "OUTPUT", "OUTPUT_ROADS", "OUTPUT_DOORS",
    "OUTPUT_CLEARANCE", "OUTPUT_VEHICLES", "OUTPUT_UNROUTED",
)  # fmt: skip
BY_GROUP, BY_VEHICLE = 0, 1
WHOLE, WHERE_NEEDED, FREE = 0, 1, 2
TIME, CLEARANCE, HAZARD = 0, 1, 2


def roads(rows=None):
    """A street from (0, 0) west to (-1000, 0) and one east to (3000, 0); 36 km/h, 300 vehicles/h."""
    if rows is None:
        rows = [(line((0, 0), (-1000, 0)), ["west", 300]), (line((0, 0), (3000, 0)), ["east", 300])]
    rows = [(shape, [name, "no", 36, capacity]) for shape, (name, capacity) in rows]
    fields = "&field=name:string&field=oneway:string&field=maxspeed:double&field=capacity:double"
    return layer("LineString", fields, rows, "streets")


def zones(rows=(("z", (0, 0), 100, 0),)):
    """Points with children and adults; rows of (id, position, children, adults)."""
    fields = "&field=zone_id:string&field=children:integer&field=adults:integer"
    return layer("Point", fields, [(f"POINT({at(*xy)})", [k, c, a]) for k, xy, c, a in rows], "quarters")


def shelters(rows=(("west", (-1000, 0), 100, "selected"), ("east", (3000, 0), 100, "selected"))):
    """Points; rows of (id, position, room, status)."""
    fields = "&field=site_id:string&field=residual:integer&field=status:string"
    return layer("Point", fields, [(f"POINT({at(*xy)})", [k, room, status]) for k, xy, room, status in rows], "halls")


def square(low, bottom, high, top):
    ring = ", ".join(at(*p) for p in ((low, bottom), (high, bottom), (high, top), (low, top), (low, bottom)))
    return f"POLYGON(({ring}))"


def water(*boxes):
    return layer("Polygon", "&field=n:integer", [(square(*box), [k]) for k, box in enumerate(boxes)], "water")


def base(**more):
    """The parameters of a run: everybody leaves at once, one in a vehicle, preferences do not count."""
    given = {
        "ZONES": zones(), "GROUP_FIELDS": ["children", "adults"], "SHELTERS": shelters(), "NETWORK": roads(),
        "DEPARTURE_PROFILE": 0, "PEOPLE_PER_VEHICLE": 1, "PREFERENCE_SECONDS": 0, "UNIT": BY_VEHICLE, "EFFORT": 0,
        "NETWORK_ID_FIELD": "name", **dict.fromkeys(OUTPUTS, "TEMPORARY_OUTPUT"),
    }  # fmt: skip
    return {name: value for name, value in {**given, **more}.items() if value is not None}


def run(log=None, **more):
    return processing.run("evacuation:jointplan", base(**more), feedback=log or Log())


def failure(**more):
    with pytest.raises(QgsProcessingException) as caught:
        run(**more)
    return str(caught.value)


def sent(found):
    """Return the people by zone and destination."""
    out = {}
    for row in rows_of(found, "OUTPUT_ALLOCATION"):
        key = row["zone_id"], row["shelter_id"]
        out[key] = out.get(key, 0) + row["people"]
    return out
