"""Fields of a zone layer that hold people: which they are, the totals among them; nobody is counted twice.

Of a layer of people at risk later steps have to take the fields that were scaled. Where these are not the ones that
default names find, the layer says which they are in a column of its own, :data:`PEOPLE_IN`, which every file format
keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from qgis.core import QgsField, QgsProcessingFeatureSource, QgsProcessingFeedback

from .errors import LayerError
from .people import whole_people
from .places import Places
from .values import id_text

PEOPLE_IN = "people_in"  # short enough for a Shapefile
CLASSES = ("children", "adults", "elderly")
EVERYBODY = "population"
REFUSING, SHADOW, FOOT = "_refusing", "_shadow", "_foot"  # endings of columns beside those with the people who leave
SHAPEFILE_NAME = 10  # characters that a Shapefile keeps of a field's name


def found_by_default(names: Sequence[str]) -> list[str]:
    """Return the fields among ``names`` that the default names of later steps find, whatever their case."""
    for wanted in (CLASSES, (EVERYBODY,)):
        found = [name for default in wanted for name in names if name.casefold() == default]
        if len(found) == len(wanted):
            return found
    return []


def recorded_fields(source: QgsProcessingFeatureSource, parameter: str) -> list[str] | None:
    """Return the fields that the layer's own column :data:`PEOPLE_IN` names, None where it has no such column.

    Raises
    ------
    LayerError
        When the column does not name the same fields of the layer in every row.
    """
    column = source.fields().indexFromName(PEOPLE_IN)
    words = {id_text(value) for value in source.uniqueValues(column)} if column >= 0 else set()
    if not words:
        return None
    there = source.fields().names()
    names = [_present(name, there) for name in next(iter(words)).split(";")]
    if len(words) > 1 or "" in names or len(set(names)) < len(names):
        raise LayerError(
            f"{parameter}: the column “{PEOPLE_IN}” of “{source.sourceName()}” says which fields hold the people at "
            f"risk, but {', '.join(sorted(words))} is not the same fields of this layer in every row. Name the fields."
        )
    return names


def tell_refusing(zones: Places, classes: Sequence[str], feedback: QgsProcessingFeedback) -> str:
    """Return and log a sentence on the people who stay though told to leave, "" for none.

    The columns beside ``classes`` list them.
    """
    there = [column_beside(zones.fields.names(), name, REFUSING) for name in classes]
    count = int(sum(_values(zones, name).sum() for name in there if name))
    if not count:
        return ""
    text = f"{count:,} people at risk refuse to leave and stay; they are in no other number here."
    feedback.pushInfo(f"{zones.parameter}: {text}")
    return text


def column_beside(there: Sequence[str], name: str, ending: str) -> str:
    """Return which of a layer's fields lists people beside those of the field ``name``; "" for none.

    A Shapefile shortens it; another spelling of upper and lower case is the same.
    """
    whole = (name + ending).casefold()
    short = whole[:SHAPEFILE_NAME] if len(name) < SHAPEFILE_NAME - 1 else whole
    found = {field.casefold(): field for field in there if field != name}
    return found.get(whole) or found.get(short, "")


def refuse_shortened(names: Sequence[str], path: str) -> None:
    """Refuse a Shapefile at ``path`` for people on foot: of fields ``names`` with long names they could not be found.

    Raises
    ------
    LayerError
    """
    lost = [name for name in names if len(name) >= SHAPEFILE_NAME - 1]
    if lost and path.casefold().endswith((".shp", ".dbf")):
        raise LayerError(
            f"OUTPUT: a Shapefile keeps {SHAPEFILE_NAME} characters of a name, so that no later step would find who is "
            f"on foot of “{lost[0]}” ({lost[0]}{FOOT}) and all would drive. Write a GeoPackage, or shorten the field's "
            "name."
        )


def _present(name: str, there: Sequence[str]) -> str:
    """Return a field as a layer spells it, which a Shapefile shortens; "" where it has none."""
    wanted = name.strip()
    short = wanted[:SHAPEFILE_NAME]
    return wanted if wanted in there else short if short in there else ""


def totals_among(
    zones: Places, fields: Sequence[str], feedback: QgsProcessingFeedback, parameter: str = "POPULATION_FIELDS"
) -> list[str]:
    """Return the fields of ``fields`` that are, in every zone, the sum of all the others (two or more), at most one.

    One zone, or several in one proportion, prove nothing, and no class of the default names is a total.
    """
    if len(fields) < 3 or len(zones) < 2:
        return []
    columns = {name: _values(zones, name) for name in fields}
    if np.linalg.matrix_rank(np.column_stack(list(columns.values()))) < 2:
        return []
    for name in fields:
        others = sum(column for other, column in columns.items() if other != name)
        if name.casefold() not in CLASSES and np.allclose(columns[name], others, rtol=0.0, atol=1e-6):
            feedback.pushWarning(
                f"{parameter}: “{name}” of “{zones.name}” is the sum of the other fields given; its people are not "
                f"counted twice."
            )
            return [name]
    return []


def others_with_people(
    zones: Places, fields: Sequence[str], feedback: QgsProcessingFeedback
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the fields that were not given but that default names would find, and those that must not travel on.

    The first as whole people by zone, (k,) int64, to be scaled like those given; the second hold something else.
    """
    scaled: dict[str, np.ndarray] = {}
    dropped = []
    for name in zones.fields.names():
        if name in fields or name.casefold() not in (*CLASSES, EVERYBODY):
            continue
        try:
            scaled[name] = whole_people(zones, [name], feedback)[0][:, 0]
        except LayerError as error:
            dropped.append(name)
            feedback.pushWarning(f"ZONES: the field “{name}” is left out of the output, being no count: {error}")
    if scaled:
        feedback.pushWarning(
            f"ZONES: {', '.join(scaled)} of “{zones.name}” are not in POPULATION_FIELDS, but later steps would look "
            f"for people there; they are scaled to the share at risk as well and not added up."
        )
    return scaled, dropped


def totals_besides(
    zones: Places, fields: Sequence[str], but: Sequence[str], feedback: QgsProcessingFeedback
) -> list[str]:
    """Return the numeric fields that were not given but are, in every zone, the sum of those given.

    Left as they are they would show people who stay. Other numeric fields are named in the log. The fields ``but`` are
    known to be none.
    """
    given = sum((_values(zones, name) for name in fields), np.zeros(len(zones)))
    totals, others = [], []
    for field in zones.fields:
        name = field.name()
        if name in (*fields, *but) or not field.isNumeric() or name.lower() in ("fid", "share_at_risk"):
            continue
        try:
            column = _values(zones, name)
        except LayerError:
            others.append(name)
            continue
        (totals if given.any() and np.allclose(column, given, rtol=0.0, atol=1e-6) else others).append(name)
    for name in totals:
        feedback.pushWarning(
            f"ZONES: “{name}” of “{zones.name}” was not given in POPULATION_FIELDS, but it is the sum of "
            f"{', '.join(fields)} in every zone; it is scaled as that sum, so that it does not show people who stay."
        )
    others = [name for name in others if name.casefold() not in (*CLASSES, EVERYBODY)]
    if others:
        feedback.pushInfo(f"ZONES: fields that are not in POPULATION_FIELDS keep their values: {', '.join(others)}.")
    return totals


def typed(field: QgsField, old: Any, value: int) -> Any:
    """Return a whole number in the type that ``field`` had for the value it replaces."""
    if not field.isNumeric():
        return str(value)
    return float(value) if isinstance(old, float) else value


def _values(zones: Places, name: str) -> np.ndarray:
    return np.nan_to_num(zones.numbers(name))
