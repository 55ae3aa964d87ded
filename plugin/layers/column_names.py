"""Names of an output's columns that its file format takes, and ids of features that it can keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qgis.core import QgsField, QgsFields

from ..solvers.control import Control
from .values import plain

Row = tuple[Any, Sequence[Any]]
_FEATURE_ID, _GEOMETRY = "fid", "geom"  # columns that a GeoPackage has of its own
_LOOK_EVERY = 1000  # rows between two looks at the cancel button


def fitting(
    fields: QgsFields, rows: Iterable[Row], in_geopackage: bool, control: Control
) -> tuple[QgsFields, Iterable[Row], list[tuple[str, str]]]:
    """Return fields and rows that a file can hold, with the (old, new) names of the columns that were renamed.

    Most formats do not tell columns apart by case. A GeoPackage keeps the ids of its features in ``fid``: a column of
    that name stays where it holds whole numbers, each once and none missing, and is renamed otherwise, as QGIS does.
    """
    taken: set[str] = set()
    position = fields.lookupField(_FEATURE_ID) if in_geopackage else -1
    if in_geopackage:
        taken.add(_GEOMETRY)
    if position >= 0:
        rows = _held(rows, control)
        if not _are_ids([values[position] for _, values in rows]):
            taken.add(_FEATURE_ID)
    out, renamed = QgsFields(), []
    for field in fields:
        name, count = field.name(), 1
        while name.casefold() in taken:
            name, count = f"{field.name()}_{count}", count + 1
        taken.add(name.casefold())
        if name != field.name():
            renamed.append((field.name(), name))
            field = QgsField(field)
            field.setName(name)
        out.append(field)
    return out, rows, renamed


def _held(rows: Iterable[Row], control: Control) -> list[Row]:
    held = []
    for row in rows:
        if len(held) % _LOOK_EVERY == 0:
            control.stop_if_cancelled()
        held.append(row)
    return held


def _are_ids(values: list[Any]) -> bool:
    """Whether the values can be the ids of features: whole numbers, each once."""
    plain_values = [plain(value) for value in values]
    return all(type(value) is int for value in plain_values) and len(set(plain_values)) == len(plain_values)
