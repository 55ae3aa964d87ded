"""The tables of published plans, and which layer of a scenario goes to which of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from qgis.core import QgsMapLayer, QgsVectorLayer, QgsWkbTypes

from .contents import StoredLayer
from .opening import Scenario

TEXT, WHOLE, NUMBER, MOMENT = "text", "bigint", "double precision", "timestamp"
LINES, SHAPES = "MultiLineString", "Geometry"
VIEW = "current_{}"
PLAN = "plan"
_LINE = QgsWkbTypes.GeometryType.LineGeometry
_NONE = QgsWkbTypes.GeometryType.NullGeometry
_SHELTER_IDS = ("shelter_id", "site_id")
_OWN = frozenset({"fid", "ogc_fid"})  # columns that a file format adds by itself


@dataclass(frozen=True)
class PlanTable:
    """A table of published plans.

    Attributes
    ----------
    name : str
    columns : dict
        Name and type, in order; besides them ``row_id``, ``plan_id``, ``attributes`` and ``geom``.
    signs : tuple of frozenset of str
        Sets of fields, in small letters; a layer that has all of one is of this table, the first ones most.
    geometry : str
        Type of ``geom``, "" for a table without.
    never : frozenset of str
        Fields that a layer of this table does not have.
    also : dict
        Other names of a column's field.
    """

    name: str
    columns: dict[str, str]
    signs: tuple[frozenset[str], ...]
    geometry: str = SHAPES
    never: frozenset[str] = frozenset()
    also: dict[str, str] = field(default_factory=dict)

    def fits(self, layer: QgsVectorLayer) -> bool:
        """Whether a layer is of this table, by its fields and shapes."""
        if _folded(layer) & self.never or self.sign_of(layer) == len(self.signs):
            return False
        kind = layer.geometryType()
        if self.geometry == LINES:
            return bool(kind == _LINE)
        return bool(self.name == "closure" or (kind == _NONE) == (not self.geometry) and kind != _LINE)

    def sign_of(self, layer: QgsVectorLayer) -> int:
        """Return the number of the first sign that a layer has, their count for none."""
        names = _folded(layer)
        return next((k for k, sign in enumerate(self.signs) if sign <= names), len(self.signs))

    def sources(self, names: Iterable[str]) -> dict[str, str]:
        """Return the field of each column, as far as a layer with these fields has it."""
        folded = {name.casefold(): name for name in names}
        found = {}
        for column in self.columns:
            name = folded.get(column, folded.get(self.also.get(column, ""), ""))
            if name:
                found[column] = name
        return found


def _folded(layer: QgsVectorLayer) -> set[str]:
    return {one.name().casefold() for one in layer.fields()}


def _signs(*texts: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(text.split()) for text in texts)


def _typed(text: str, whole: str = "", number: str = "", moment: str = "") -> dict[str, str]:
    """Return names and types of columns."""
    kinds = ((text, TEXT), (whole, WHOLE), (number, NUMBER), (moment, MOMENT))
    return {name: kind for names, kind in kinds for name in names.split()}


TABLES = (
    PlanTable(
        "route",
        _typed(
            "origin_id origin_name destination_id destination_name mode streets",
            "route_id people vehicles door starts",
            "length_m free_flow_s travel_time_s detour first_departure_s last_arrival_s access_m access_minutes wait_s "
            "margin_s",
            "first_departure last_arrival",
        ),
        _signs("origin_id destination_id vehicles travel_time_s"),
        LINES,
    ),
    PlanTable(
        "road",
        _typed(
            "road_id direction mode name",
            "vehicles peak_vehicles peak_flow longest_queue inbound_free",
            "free_flow_s mean_s delay_s capacity queue_minutes blocked_minutes",
            "peak_time first_entry last_exit",
        ),
        _signs("road_id direction vehicles peak_vehicles"),
        LINES,
    ),
    PlanTable(
        "zone",
        _typed("zone_id zone_name name order_time", "", "population children adults elderly share_at_risk"),
        _signs("zone_id"),
        never=frozenset({"shelter_id", "reason"}),
    ),
    PlanTable(
        "shelter",
        _typed(
            "shelter_id site_id shelter_name name status rule reason",
            "load capacity residual predicted doors door_capacity rank people_in_reach",
            "utilisation score mean_minutes",
        ),
        _signs(*(f"{key} {sign}" for sign in ("load", "capacity", "residual", "status") for key in _SHELTER_IDS)),
        never=frozenset({"zone_id", "guessed"}),
        also={"shelter_id": "site_id"},
    ),
    PlanTable(
        "closure",
        _typed("road_id name closed_from closed_to direction known_time"),
        _signs("closed_from", "closed_to"),
    ),
    PlanTable(
        "clearance",
        _typed("mode", "waiting departed arrived on_road caught in_hazard staying", "seconds", "time"),
        _signs("seconds departed arrived"),
        "",
    ),
    PlanTable(
        "flow",
        _typed("road_id direction mode", "entered", "queue delay_s blocked_minutes", "begin end"),
        _signs("road_id direction begin end entered"),
        LINES,
    ),
)


class Placed(NamedTuple):
    """A layer of a scenario and its table."""

    table: PlanTable
    stored: StoredLayer
    layer: QgsVectorLayer

    def attributes(self) -> list[str]:
        """Return the fields that have no column, which go to ``attributes``."""
        taken = set(self.table.sources(self._names()).values())
        return [name for name in self._names() if name not in taken and name.casefold() not in _OWN]

    def columns(self) -> dict[str, str]:
        """Return the field of each column that the layer fills."""
        return self.table.sources(self._names())

    def _names(self) -> list[str]:
        return [one.name() for one in self.layer.fields()]


def placed_layers(scenario: Scenario) -> tuple[list[Placed], list[str]]:
    """Return the layers by table, and a sentence on each that has no place.

    Where several would go to one table, a result of the run is taken before an input of it, this before others, then
    the one with the first sign (shelters with a load before sites), then the one that fills most columns.
    """
    inputs = {one.source for one in scenario.run.inputs}
    found: dict[str, list[tuple[tuple[bool, bool, int, int], Placed]]] = {}
    homeless: list[str] = []
    for stored, layer in scenario.layers:
        table = table_of(layer)
        if table is None or not isinstance(layer, QgsVectorLayer):
            homeless.append(f"“{stored.name}” is published nowhere: {_why_not(layer)}.")
            continue
        one = Placed(table, stored, layer)
        rank = (bool(stored.output), stored.source in inputs, -table.sign_of(layer), len(one.columns()))
        found.setdefault(table.name, []).append((rank, one))
    placed = []
    for table in TABLES:
        several = found.get(table.name, [])
        if not several:
            continue
        best = max(range(len(several)), key=lambda k: (several[k][0], -k))
        placed.append(several[best][1])
        homeless += [
            f"“{one.stored.name}” is published nowhere: the table {table.name} takes “{placed[-1].stored.name}”."
            for k, (_, one) in enumerate(several)
            if k != best
        ]
    return placed, homeless


def table_of(layer: QgsMapLayer) -> PlanTable | None:
    """Return the table to which a layer goes, by its fields and shapes; None for none."""
    if not isinstance(layer, QgsVectorLayer):
        return None
    order: Sequence[str] = ("flow", "road", "route", "clearance", "closure", "shelter", "zone")
    fitting = {table.name: table for table in TABLES if table.fits(layer)}
    return next((fitting[name] for name in order if name in fitting), None)


def _why_not(layer: QgsMapLayer) -> str:
    if not isinstance(layer, QgsVectorLayer):
        return "it is a raster"
    tables = ", ".join(table.name for table in TABLES)
    return f"its fields are those of none of the tables {tables}"
