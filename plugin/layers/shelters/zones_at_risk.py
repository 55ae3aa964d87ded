"""Zones at risk as an output layer: the zones' own fields, those with people scaled, and what later steps need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from qgis.core import QgsWkbTypes

from ..carrying import ORDER_TIME, ZONE_NAME, renamed
from ..errors import LayerError
from ..fields import Column
from ..places import Places
from ..population_fields import (
    CLASSES,
    EVERYBODY,
    FOOT,
    PEOPLE_IN,
    REFUSING,
    SHADOW,
    column_beside,
    found_by_default,
    typed,
)
from .outputs import OutputLayer

SHARE = "share_at_risk"
BESIDE = {
    REFUSING: "people at risk who stay though told to leave",
    SHADOW: "of the people who leave, those not at risk",
    FOOT: "of the people who leave, those on foot",
}


def zones_at_risk(
    zones: Places,
    kind: QgsWkbTypes.Type,
    taken: np.ndarray,
    people: Mapping[str, np.ndarray],
    share: np.ndarray,
    counted: Sequence[str],
    dropped: Sequence[str],
    name_field: str | None,
    order_field: str | None,
    beside: Mapping[str, Mapping[str, np.ndarray]],
) -> OutputLayer:
    """Return the layer of the zones ``taken``, (k,) bool.

    Parameters
    ----------
    kind : geometry type
        Of the zones' layer; its multipart form is used where a mended or cut polygon has several parts.
    people : mapping
        The people who leave, (k,) int64, by the field that holds them.
    share : (k,) float64
        Part of each zone at risk.
    counted, dropped : sequences of str
        The fields that later steps are to add up, and those to leave out.
    name_field, order_field : str or None
        Fields with what people call the zones and with when their order comes, given on as ``zone_name`` and
        ``order_time``; without one there is no such column.
    beside : mapping
        By the ending of their columns, such as ``_refusing``, the people by field, to be listed beside ``people``.

    Raises
    ------
    LayerError
        When people are in a field whose name is that of a column of the output.
    """
    endings = {REFUSING, SHADOW, *beside}
    _refuse_own(zones, counted, tuple(endings))
    own_name = None if name_field == ZONE_NAME else name_field
    own_order = None if (order_field or "").casefold() == ORDER_TIME else order_field
    extra_columns = [(name, ending) for ending, columns in beside.items() for name in columns]
    left_out = {SHARE, PEOPLE_IN, *(name.casefold() + ending for name in people for ending in endings)}
    left_out |= {column_beside(zones.fields.names(), name, FOOT).casefold() for name in beside.get(FOOT, ())}
    if own_order or order_field is None:
        left_out.add(ORDER_TIME)
    kept = [
        k
        for k, field in enumerate(zones.fields)
        if field.name() not in (*dropped, ZONE_NAME if own_name else "") and field.name().casefold() not in left_out
    ]
    fields = [zones.fields.at(k) for k in kept]
    recorded = [] if found_by_default([field.name() for field in fields]) == list(counted) else [";".join(counted)]
    title = renamed(zones, {ZONE_NAME: own_name, ORDER_TIME: own_order})
    if any(zones.geometries[i].wkbType() != kind for i in np.flatnonzero(taken)):
        kind = QgsWkbTypes.multiType(kind)
    rows = []
    for i in np.flatnonzero(taken).tolist():
        values = _scaled(zones, i, people)
        others = [int(beside[ending][name][i]) for name, ending in extra_columns]
        extra = [float(share[i]), *recorded, *others, *title.of(zones.attributes[i])]
        rows.append((zones.geometries[i].coerceToType(kind)[0], [values[k] for k in kept] + extra))
    columns = [*fields, Column(SHARE, "float", "part of the zone's area inside hazard and buffer, 0 to 1")]
    if recorded:
        columns.append(Column(PEOPLE_IN, "text", "fields that hold the people who leave"))
    columns += [Column(name + ending, "int", BESIDE[ending]) for name, ending in extra_columns]
    return OutputLayer([*columns, *title.fields], rows, kind, zones.crs, _style(kind, counted))


def _refuse_own(zones: Places, counted: Sequence[str], endings: tuple[str, ...]) -> None:
    """Refuse people in a field whose name is that of a column of the output."""
    own = [n for n in counted if n.casefold() in (SHARE, PEOPLE_IN) or n.casefold().endswith(endings)]
    if own:
        raise LayerError(
            f"POPULATION_FIELDS: the output has a column {own[0]} of its own, so that the people in “{own[0]}” of "
            f"“{zones.name}” would be lost. Rename the field in the layer."
        )


def _scaled(zones: Places, i: int, people: Mapping[str, np.ndarray]) -> list[Any]:
    """Return the attributes of zone ``i`` with the people who leave in their fields."""
    values = list(zones.attributes[i])
    for field, column in people.items():
        position = zones.fields.indexFromName(field)
        values[position] = typed(zones.fields.at(position), values[position], int(column[i]))
    return values


def _style(kind: QgsWkbTypes.Type, counted: Sequence[str]) -> str:
    """Return the name of the style: by people where later steps find them by name, else by the share at risk."""
    points = QgsWkbTypes.geometryType(kind) == QgsWkbTypes.GeometryType.PointGeometry
    by_people = list(counted) in ([*CLASSES], [EVERYBODY])
    return f"zonesatrisk_output{'' if by_people else '_share'}{'_point' if points else ''}"
