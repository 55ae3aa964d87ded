"""Tables keyed by zone, class and shelter: preferences and distances."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import first_of
from ..errors import LayerError
from ..tables import read_table
from ..values import id_text, number
from .groups import Groups, Shelters

VALUE = "value"


@dataclass(frozen=True)
class KeyedTable:
    """A table and its fields of "zone", "shelter" and "value", and "class" where it has classes of people."""

    source: QgsProcessingFeatureSource
    columns: Mapping[str, str]


def read_preferences(
    table: KeyedTable | None,
    groups: Groups,
    shelters: Shelters,
    default: float | None,
    feedback: QgsProcessingFeedback,
) -> np.ndarray:
    """Return the preference of each group for each shelter, shape (g, n), in [0, 1], NaN where none is known.

    Parameters
    ----------
    table : KeyedTable or None
        None: ``default`` everywhere.
    default : float or None
        Preference of a pair that is not in the table; None leaves it unknown.

    Raises
    ------
    LayerError
        A value that is no number or outside 0..1, or two different values for the same three.
    """
    out = np.full((len(groups.sizes), len(shelters.capacity)), np.nan if default is None else default)
    if table is None:
        return out
    known = {"zone": _zone_ids(groups), "class": set(groups.classes), "shelter": shelters.all_ids}
    found = read_keyed(table, "PREFERENCES", known, feedback, least=0.0, most=1.0)
    given = np.zeros(out.shape, dtype=bool)
    for i, (zone, kind) in enumerate(groups.keys()):
        for j, shelter in enumerate(shelters.places.ids):
            value = found.get((zone, kind, shelter))
            if value is not None:
                out[i, j], given[i, j] = value, True
    if not given.all():
        feedback.pushInfo(
            f"PREFERENCES: {int(given.sum())} of {given.size} pairs of group and shelter are in the table; the others "
            + ("fall with the distance." if default is None else f"have the default preference {default:g}.")
        )
    return out


def read_distances(
    table: KeyedTable, groups: Groups, shelters: Shelters, feedback: QgsProcessingFeedback
) -> np.ndarray:
    """Return the kilometres from each zone to each shelter, shape (m, n), infinite where the table has none.

    Raises
    ------
    LayerError
        A value that is no number or negative, two different values for one pair, or no row for any pair.
    """
    known = {"zone": _zone_ids(groups), "shelter": shelters.all_ids}
    found = read_keyed(table, "DISTANCES", known, feedback, least=0.0)
    out = np.full((len(groups.zones), len(shelters.capacity)), np.inf)
    for m, zone in enumerate(groups.zones.ids):
        for j, shelter in enumerate(shelters.places.ids):
            out[m, j] = found.get((zone, shelter), np.inf)
    missing = np.isinf(out[np.unique(groups.zone)])
    if missing.size and missing.all():
        raise LayerError(
            f"DISTANCES: no row of “{table.source.sourceName()}” names a zone with people and a shelter. Compare its "
            "ids with those of the layers (ZONE_ID_FIELD, SHELTER_ID_FIELD, DIST_ZONE_FIELD, DIST_SHELTER_FIELD)."
        )
    if missing.any():
        feedback.pushWarning(
            f"DISTANCES: {int(missing.sum())} of {missing.size} pairs of zone and shelter are not in the table; they "
            "count as out of reach."
        )
    return out


def read_keyed(
    keyed: KeyedTable,
    parameter: str,
    known: Mapping[str, Collection[str]],
    feedback: QgsProcessingFeedback,
    least: float,
    most: float = np.inf,
) -> dict[tuple[str, ...], float]:
    """Return the values of a table by the keys in the order of ``known``; rows with unknown keys are named in the log.

    Raises
    ------
    LayerError
        A missing field, a value that is no number or outside ``least``..``most``, or two values for one key.
    """
    table = read_table(keyed.source, parameter, keyed.columns)
    name, field = keyed.source.sourceName(), keyed.columns[VALUE]
    keys = list(zip(*(map(id_text, table[key]) for key in known)))
    out: dict[tuple[str, ...], float] = {}
    unknown: dict[str, dict[str, int]] = {key: {} for key in known}
    empty = 0
    for parts, raw in zip(keys, table[VALUE]):
        strange = [(key, part) for key, part in zip(known, parts) if part not in known[key]]
        for key, part in strange:
            unknown[key][part] = unknown[key].get(part, 0) + 1
        row = ", ".join(f"{key} {part}" for key, part in zip(known, parts))
        value = number(raw, parameter, name, f"({row})", field)
        if np.isnan(value):
            empty += 1
            continue
        _refuse_outside(value, least, most, f"{parameter}: the row ({row}) of “{name}” has {value:g} in “{field}”")
        if strange:
            continue
        if out.setdefault(parts, value) != value:
            raise LayerError(
                f"{parameter}: “{name}” has two rows for {row}, with {out[parts]:g} and {value:g}. Remove one."
            )
    for key, parts_seen in unknown.items():
        if parts_seen:
            feedback.pushWarning(_unknown(parameter, name, key, parts_seen))
    if empty:
        feedback.pushWarning(f"{parameter}: {empty} row(s) of “{name}” have no value in “{field}” and are passed over.")
    return out


def _zone_ids(groups: Groups) -> set[str]:
    return {*groups.zones.ids, *(i for i, _ in groups.zones.rejected)}


def _refuse_outside(value: float, least: float, most: float, start: str) -> None:
    if value < least or value > most:
        allowed = f"from {least:g} to {most:g}" if np.isfinite(most) else f"{least:g} or more"
        raise LayerError(f"{start}; it must be {allowed}. Correct the value.")


def _unknown(parameter: str, name: str, key: str, seen: dict[str, Any]) -> str:
    shown = first_of([f"“{part}”" for part in seen])
    return (
        f"{parameter}: {sum(seen.values())} row(s) of “{name}” name a {key} that is not in the layers: {shown}; "
        "they are passed over."
    )
