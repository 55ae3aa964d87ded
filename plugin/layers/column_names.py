"""Names of an output's columns that its file format takes, and ids of features that it can keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsField, QgsFields

from ..solvers.control import Control
from .values import plain

Row = tuple[Any, Sequence[Any]]
_LOOK_EVERY = 1000  # rows between two looks at the cancel button


@dataclass(frozen=True)
class OwnColumns:
    """Columns that a table has of its own, for the rows' numbers and shapes, and the bytes that a name may have."""

    key: str = "fid"
    geometry: str = "geom"
    name_bytes: int | None = None


IN_GEOPACKAGE = OwnColumns()


def fitting(
    fields: QgsFields, rows: Iterable[Row], own: OwnColumns | None, control: Control
) -> tuple[QgsFields, Iterable[Row], list[tuple[str, str]]]:
    """Return fields and rows that a file or table can hold, with the (old, new) names of the columns that were renamed.

    Most formats do not tell columns apart by case. A GeoPackage keeps the ids of its features in ``fid``: a column of
    that name stays where it holds whole numbers, each once and none missing, and is renamed otherwise, as QGIS does.
    """
    taken: set[str] = set()
    if own is not None:
        taken.add(own.geometry.casefold())
        position = fields.lookupField(own.key)
        if position >= 0:
            rows = _held(rows, control)
            if not _are_ids([values[position] for _, values in rows]):
                taken.add(own.key.casefold())
    size = own.name_bytes if own is not None else None
    out, renamed = QgsFields(), []
    for field in fields:
        wanted = name = beginning(field.name(), size)
        count = 1
        while name.casefold() in taken:
            end = f"_{count}"
            name, count = beginning(wanted, None if size is None else size - len(end)) + end, count + 1
        taken.add(name.casefold())
        if name != field.name():
            renamed.append((field.name(), name))
            field = QgsField(field)
            field.setName(name)
        out.append(field)
    return out, rows, renamed


def beginning(text: str, size: int | None) -> str:
    """Return the beginning of a text that has at most ``size`` bytes, all of it for None."""
    return text if size is None else text.encode()[:size].decode(errors="ignore")


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
