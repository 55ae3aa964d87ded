"""The columns of an allocation's outputs: their own, and what they keep of zones and shelters."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import QgsProcessingFeedback

from ..carrying import ORDER_TIME, SHELTER_NAME, ZONE_NAME, Carried, all_others, renamed
from ..fields import Column
from ..values import id_text
from ..walkers import MODE
from .groups import Groups, Shelters

CLASS_AT = 2  # columns of ALLOCATION and UNALLOCATED up to the class
ALLOCATION = [
    Column("zone_id", "text", "zone the people leave"),
    Column("class", "text", "class of people: the group field's name"),
    Column("shelter_id", "text", "shelter they go to"),
    Column("people", "int", "people"),
    Column("preference", "float", "preference of the group for the shelter, 0 to 1"),
    Column("distance_km", "float", "distance, km"),
    Column(
        "minutes", "float", "least travel time without congestion, from place to door, minutes; empty where not known"
    ),
    Column("access_m", "float", "straight metres between places and road, both ends together; empty where not known"),
    Column("access_minutes", "float", "minutes that they take, part of minutes; empty where not known"),
]
SHELTERS = [
    Column("shelter_id", "text", "shelter"),
    Column("load", "int", "people sent there"),
    Column("capacity", "int", "room, people; empty for a safe exit, which has no limit"),
    Column("utilisation", "float", "load / capacity, 0 to 1; empty without a capacity"),
    Column("doors", "int", "places at which vehicles enter; empty without a road network"),
    Column("door_capacity", "int", "people whom the doors let in in DOOR_MINUTES; empty where not looked at"),
]
UNALLOCATED = [
    Column("zone_id", "text", "zone"),
    Column("class", "text", "class of people: the group field's name"),
    Column("people", "int", "people without a place"),
    Column("reason", "text", "why"),
]
TRADEOFF = [
    Column("weight_preference", "float", "weight of dissatisfaction; both weights add up to 1"),
    Column("weight_distance", "float", "weight of the scaled distance"),
    Column("z1", "float", "dissatisfaction before its weight"),
    Column("z2", "float", "scaled distance before its weight"),
    Column("mean_preference", "float", "mean preference of the people, 0 to 1"),
    Column("mean_km", "float", "mean distance of the people, km"),
    Column("extra_km", "float", "mean distance above the nearest plan of this table, km"),
    Column("gap", "float", "gap to the proven bound, percent; empty where there is none"),
    Column("plan", "int", "1 for the weights of the plan itself"),
    Column("efficient", "int", "1 unless another row is better in one of z1 and z2 and as good in the other"),
]


def with_mode(columns: list[Column], groups: Groups) -> list[Column]:
    """Return the columns with the mode of travel behind the class where groups are told apart by it."""
    return [*columns[:CLASS_AT], MODE, *columns[CLASS_AT:]] if groups.by_mode else columns


@dataclass(frozen=True)
class CarriedOn:
    """What the outputs keep of zones and shelters: names, the zones' orders, and the shelters' other fields."""

    zone: Carried
    shelter: Carried
    order: Carried
    shelter_fields: Carried


@dataclass(frozen=True)
class NameFields:
    """The fields of zones and shelters with what people call them, and of the zones with the orders to leave."""

    zone: str | None = None
    shelter: str | None = None
    order: str | None = None


def carried_on(groups: Groups, shelters: Shelters, fields: NameFields, feedback: QgsProcessingFeedback) -> CarriedOn:
    """Return what is kept of both layers; fields of the shelters that cannot be are named in the log."""
    shelter = renamed(shelters.places, {SHELTER_NAME: fields.shelter})
    return CarriedOn(
        renamed(groups.zones, {ZONE_NAME: fields.zone}),
        shelter,
        renamed(groups.zones, {ORDER_TIME: fields.order}),
        all_others(shelters.places, [*SHELTERS, *shelter.fields], None, feedback),
    )


def shelter_labels(shelters: Shelters, carried: CarriedOn) -> list[str]:
    """Return what readers call each shelter: its name and id, or the id alone."""
    names = [[id_text(value) for value in carried.shelter.of(row)] for row in shelters.places.attributes]
    return [f"{name[0]} ({key})" if name and name[0] else key for name, key in zip(names, shelters.places.ids)]
