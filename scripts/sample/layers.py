"""The layers of the sample: their fields, what each field means, and their rows."""

from __future__ import annotations

from collections.abc import Sequence

from shapely.geometry.base import BaseGeometry

from .counts import METHOD, WEEK, Series, hour_time, occupancy
from .flood import BRIDGES, NOTICE, Band
from .flood import LABEL as FLOOD_LABEL
from .geopackage import Field, Layer
from .hazard import LABEL, NEAR_LABEL, WIDTH
from .on_foot import CARLESS_NOTE, REQUEST_NOTE, TOWER_NOTE, Depot, Request, Tower
from .roads import Road
from .sites import Entrance, Site
from .traffic import NOTE as TRAFFIC_NOTE
from .traffic import Sensor
from .traffic import hour_time as traffic_time
from .zones import CLASS_SOURCE, Zone

BORROWED = "yes"


def roads_layer(roads: Sequence[Road]) -> Layer:
    """Return the layer of roads."""
    fields = (
        Field("road_id", "text", "OpenStreetMap way id"),
        Field("name", "text", "street name (OpenStreetMap)"),
        Field("highway", "text", "OpenStreetMap class; link roads are counted with their class"),
        Field("oneway", "text", "yes = only in the drawn direction, no = both directions (OpenStreetMap)"),
        Field("maxspeed", "text", "speed, km/h; see speed_source"),
        Field("lanes", "text", "lanes of both directions together, of a one-way road: all; see lanes_source"),
        Field("speed_source", "text", "osm = tagged in OpenStreetMap, filled by class = set by the sample's script"),
        Field("lanes_source", "text", "osm = tagged in OpenStreetMap, filled by class = set by the sample's script"),
    )
    names = [field.name for field in fields]
    rows = [(road.geometry, [getattr(road, name) for name in names]) for road in roads]
    return Layer("roads", "Roads (OpenStreetMap, gaps filled by class)", "line", fields, rows)


def zones_layer(zones: Sequence[Zone]) -> Layer:
    """Return the layer of zones."""
    rows = [(z.geometry, [z.zone_id, z.population, *z.classes, CLASS_SOURCE]) for z in zones]
    title = "Zones with people (AequilibraE; classes by census shares)"
    return Layer("zones", title, "multipolygon", _people_fields(), rows)


def _people_fields() -> tuple[Field, ...]:
    """Return the fields of a zone and its people."""
    return (
        Field("zone_id", "int", "zone id (AequilibraE)"),
        Field("population", "int", "people; the source's fraction of a person is cut off"),
        Field("children", "int", "people aged 0 to 14; see class_source"),
        Field("adults", "int", "people aged 15 to 64; see class_source"),
        Field("elderly", "int", "people aged 65 and over; see class_source"),
        Field("class_source", "text", "where the division into classes comes from"),
    )


def sites_layer(sites: Sequence[Site]) -> Layer:
    """Return the layer of candidate shelters."""
    fields = (
        Field("site_id", "text", "site id, from north to south"),
        Field("name", "text", "kind and the street it stands by; not an official name"),
        Field("kind", "text", "kind of place (illustrative)"),
        Field("area_m2", "int", "open area, m2 (illustrative)"),
        Field("rule", "text", "required, forbidden or empty (illustrative)"),
        Field("illustrative", "text", "yes: not an official shelter"),
        Field("note", "text", "what is illustrative about it"),
    )
    rows = [(s.geometry, [s.site_id, s.name, s.kind, s.area_m2, s.rule, "yes", s.note]) for s in sites]
    return Layer("sites", "Candidate shelters (illustrative)", "polygon", fields, rows)


def entrances_layer(entrances: Sequence[Entrance]) -> Layer:
    """Return the layer of the shelters' entrances."""
    fields = (
        Field("site_id", "text", "site that is entered here"),
        Field("name", "text", "street from which it is entered (OpenStreetMap)"),
        Field("illustrative", "text", "yes: not a surveyed entrance"),
        Field("note", "text", "what is illustrative about it"),
    )
    rows = [(e.geometry, [e.site_id, e.name, "yes", e.note]) for e in entrances]
    return Layer("entrances", "Entrances of the shelters (illustrative)", "point", fields, rows)


def hazard_layer(hazard: BaseGeometry) -> Layer:
    """Return the layer with the tsunami strip."""
    fields = (
        Field("label", "text", "what the area is"),
        Field("width_m", "real", "width of the strip behind the shore, m"),
        Field("illustrative", "text", "yes: not an official hazard map"),
    )
    return Layer("hazard", "Tsunami strip (illustrative)", "polygon", fields, [(hazard, [LABEL, WIDTH, "yes"])])


def near_field_layer(bands: Sequence[tuple[float, int, BaseGeometry]]) -> Layer:
    """Return the layer with the strip as a near-field tsunami reaches it."""
    fields = (
        Field("label", "text", "what the area is"),
        Field("distance_m", "real", "distance from the shore up to which the band reaches, m"),
        Field("hazard_arrival", "int", "minutes after START_TIME until the water is there"),
        Field("illustrative", "text", "yes: not an official hazard map"),
    )
    rows = [(area, [NEAR_LABEL, distance, arrival, "yes"]) for distance, arrival, area in bands]
    return Layer(
        "nearfield", "Near-field tsunami (illustrative): what not to flee by car", "multipolygon", fields, rows
    )


def flood_layer(bands: Sequence[Band]) -> Layer:
    """Return the layer with the flood by the minute of its arrival."""
    fields = (
        Field("label", "text", "what the area is"),
        Field("hazard_arrival", "int", "minutes after START_TIME until the water is there"),
        Field("illustrative", "text", "yes: not an official hazard map"),
    )
    rows = [(band.geometry, [FLOOD_LABEL, band.arrival, "yes"]) for band in bands]
    return Layer("flood", "Flood front (illustrative)", "multipolygon", fields, rows)


def flood_zones_layer(orders: Sequence[tuple[Zone, int, int | None]]) -> Layer:
    """Return the layer of the zones that the flood meets, with the orders to leave."""
    fields = (
        *_people_fields(),
        Field("first_arrival", "int", "minutes after START_TIME until the water is in the zone"),
        Field("order_time", "int", "minutes after START_TIME until the order to leave; empty: at START_TIME"),
        Field("illustrative", "text", "yes: the order is made up"),
        Field("note", "text", "how the order was made up"),
    )
    note = f"order {NOTICE} minutes before the water, at once where that has passed; not an official plan"
    rows = [
        (zone.geometry, [zone.zone_id, zone.population, *zone.classes, CLASS_SOURCE, arrival, order, "yes", note])
        for zone, arrival, order in orders
    ]
    return Layer("flood_zones", "Zones that the flood meets, with orders (illustrative)", "multipolygon", fields, rows)


def closures_layer() -> Layer:
    """Return the table of bridges that close."""
    fields = (
        Field("road_id", "text", "road that is closed"),
        Field("name", "text", "its name (OpenStreetMap)"),
        Field("closed_from", "int", "minutes after START_TIME from which on it is closed"),
        Field("closed_to", "int", "minutes after START_TIME until it is open again; empty: it stays closed"),
        Field("illustrative", "text", "yes: not an official plan"),
        Field("note", "text", "why it is closed"),
    )
    rows = [(None, [road, name, begin, end, "yes", why]) for road, name, begin, end, why in BRIDGES]
    return Layer("closures", "Bridges that close in the flood (illustrative)", None, fields, rows)


def near_zones_layer(shares: Sequence[tuple[Zone, float]]) -> Layer:
    """Return the layer of the zones that the near-field tsunami meets, with the share of people without a car."""
    fields = (
        *_people_fields(),
        Field("carless", "real", "share of the people of the zone who have no car, 0 to 1"),
        Field("illustrative", "text", "yes: the share is made up"),
        Field("note", "text", "how the share was made up"),
    )
    rows = [
        (zone.geometry, [zone.zone_id, zone.population, *zone.classes, CLASS_SOURCE, share, "yes", CARLESS_NOTE])
        for zone, share in shares
    ]
    title = "Zones that the near-field tsunami meets, with people without a car (illustrative)"
    return Layer("near_zones", title, "multipolygon", fields, rows)


def towers_layer(towers: Sequence[Tower]) -> Layer:
    """Return the layer of tall buildings inside the strip."""
    fields = (
        Field("site_id", "text", "id of the building, from north to south"),
        Field("name", "text", "the street it stands by; not an official name"),
        Field("storeys", "int", "storeys (illustrative)"),
        Field("capacity", "int", "people for whom there is room above the water (illustrative)"),
        Field("rule", "text", "vertical: safe at any time, though the water stands around it"),
        Field("illustrative", "text", "yes: not an official vertical shelter"),
        Field("note", "text", "what is illustrative about it"),
    )
    rows = [(t.geometry, [t.tower_id, t.name, t.storeys, t.capacity, "vertical", "yes", TOWER_NOTE]) for t in towers]
    return Layer("towers", "Tall buildings to climb (illustrative)", "polygon", fields, rows)


def depots_layer(depots: Sequence[Depot]) -> Layer:
    """Return the layer of depots."""
    fields = (
        Field("fleet_id", "text", "id of the depot"),
        Field("name", "text", "the street it stands by; not an official name"),
        Field("vehicles", "int", "buses that stand here"),
        Field("seats", "int", "people each takes at most, wheelchairs included"),
        Field("wheelchair_places", "int", "wheelchairs each takes at most"),
        Field("available_time", "int", "minutes after START_TIME from which on they may drive"),
        Field("illustrative", "text", "yes: no bus stands here"),
    )
    rows = [
        (d.geometry, [d.fleet_id, d.name, d.vehicles, d.seats, d.wheelchair_places, d.available_time, "yes"])
        for d in depots
    ]
    return Layer("depots", "Bus depots (illustrative)", "point", fields, rows)


def requests_layer(requests: Sequence[Request]) -> Layer:
    """Return the layer of people who ask to be fetched."""
    fields = (
        Field("request_id", "text", "id of the request, from north to south"),
        Field("kind", "text", "care home, clinic or home"),
        Field("people", "int", "people to fetch, wheelchairs included"),
        Field("wheelchairs", "int", "how many of them use a wheelchair"),
        Field("ready_time", "int", "minutes after START_TIME from which on they wait"),
        Field("known_time", "int", "minutes after START_TIME at which they call; 0: on a list; empty: they never do"),
        Field("probability", "real", "of an expected request: how likely they call; empty: no expectation"),
        Field("illustrative", "text", "yes: made up"),
        Field("note", "text", "what is illustrative about it"),
    )
    rows = [
        (
            r.geometry,
            [r.request_id, r.kind, r.people, r.wheelchairs, r.ready_time, r.known_time, r.probability]
            + ["yes", REQUEST_NOTE],
        )
        for r in requests
    ]
    return Layer("requests", "People to fetch: requests (illustrative)", "point", fields, rows)


def counts_layer(series: Sequence[Series]) -> Layer:
    """Return the table of hourly counts."""
    fields = (
        Field("place", "text", "site_id of the site the series is given to"),
        Field("time", "time", "beginning of the hour, Auckland's local time"),
        Field("value", "int", "pedestrians counted in that hour"),
        Field("source", "text", "the sensor in Auckland that counted"),
        Field("borrowed", "text", "yes: counted in Auckland, not in Chile"),
    )
    rows = [
        (None, [one.site_id, hour_time(i), int(value), one.sensor, BORROWED])
        for one in series
        for i, value in enumerate(one.values)
    ]
    return Layer("counts", "Hourly pedestrian counts (Auckland, borrowed)", None, fields, rows)


def occupancy_layer(series: Sequence[Series]) -> Layer:
    """Return the table of people to expect at the sites, for the week that follows the counts."""
    fields = (
        Field("place", "text", "site_id"),
        Field("time", "time", "beginning of the hour"),
        Field("upper", "int", "people to expect at the site: an hour's count read as people there"),
        Field("method", "text", "how the estimate was made from the table counts"),
        Field("borrowed", "text", "yes: from counts in Auckland"),
    )
    rows = []
    for one in series:
        after = len(one.values)
        expected = occupancy(one)
        rows += [(None, [one.site_id, hour_time(after + i), int(expected[i]), METHOD, BORROWED]) for i in range(WEEK)]
    return Layer("occupancy", "People to expect at the sites (from borrowed counts)", None, fields, rows)


def traffic_sensors_layer(sensors: Sequence[Sensor]) -> Layer:
    """Return the layer of the places at which vehicles are counted."""
    fields = (
        Field("sensor_id", "text", "id of the sensor, from north to south"),
        Field("road_id", "text", "the road it counts, both directions together"),
        Field("name", "text", "class and name of that road (OpenStreetMap)"),
        Field("illustrative", "text", "yes: no sensor stands here"),
        Field("note", "text", "what is illustrative about it"),
    )
    rows = [(s.geometry, [s.sensor_id, s.road_id, s.name, "yes", TRAFFIC_NOTE]) for s in sensors]
    return Layer("traffic_sensors", "Sensors that count vehicles (illustrative)", "point", fields, rows)


def traffic_counts_layer(sensors: Sequence[Sensor]) -> Layer:
    """Return the table of hourly counts of vehicles."""
    fields = (
        Field("place", "text", "sensor_id"),
        Field("time", "time", "beginning of the hour, local time"),
        Field("value", "int", "vehicles in that hour, both directions together"),
        Field("illustrative", "text", "yes: made up by road class and hour of the week"),
    )
    rows = [
        (None, [one.sensor_id, traffic_time(i), int(value), "yes"])
        for one in sensors
        for i, value in enumerate(one.values)
    ]
    return Layer("traffic_counts", "Hourly counts of vehicles (illustrative)", None, fields, rows)
