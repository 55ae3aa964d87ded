"""What an output keeps of its input beside its own columns: names, the moment of an order, the other fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsField, QgsProcessingFeedback

from .fields import Column
from .places import Places

ZONE_NAME, SHELTER_NAME, ORDER_TIME = "zone_name", "shelter_name", "order_time"
_FEATURE_IDS = frozenset({"fid", "ogc_fid"})  # columns that a format adds by itself


@dataclass(frozen=True)
class Carried:
    """Columns of an input as columns of an output.

    Attributes
    ----------
    fields : list of QgsField
        With their names in the output.
    positions : list of int
        Of the columns in the input.
    """

    fields: list[QgsField]
    positions: list[int]

    def of(self, attributes: Sequence[Any]) -> list[Any]:
        """Return the values of one feature."""
        return [attributes[k] for k in self.positions]

    def __add__(self, other: Carried) -> Carried:
        return Carried(self.fields + other.fields, self.positions + other.positions)


def renamed(places: Places, fields: Mapping[str, str | None]) -> Carried:
    """Return the columns of ``fields``, by their names in the output; those that are None are left out."""
    out = Carried([], [])
    for name, source in fields.items():
        if source is None:
            continue
        position = places.fields.indexFromName(source)
        field = QgsField(places.fields.at(position))
        field.setName(name)
        out.fields.append(field)
        out.positions.append(position)
    return out


def all_others(
    places: Places, ours: Sequence[Column | QgsField], id_field: str | None, feedback: QgsProcessingFeedback
) -> Carried:
    """Return the input's columns whose names the output does not have itself; the others are named in the log."""
    taken = {column.name if isinstance(column, Column) else column.name() for column in ours}
    folded = {name.casefold() for name in taken}
    out, lost = Carried([], []), []
    for position, field in enumerate(places.fields):
        name = field.name()
        if name.casefold() in _FEATURE_IDS:
            continue
        if name.casefold() in folded:
            lost.append(name)
            continue
        out.fields.append(QgsField(field))
        out.positions.append(position)
    lost = [name for name in lost if name != id_field]
    if lost:
        feedback.pushInfo(
            f"{places.parameter}: the fields {', '.join(lost)} of “{places.name}” are not carried on; the output has "
            f"its own of that name."
        )
    return out
