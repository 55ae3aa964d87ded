"""Fields of a zone layer that hold people, and the totals among them, so that nobody is counted twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from qgis.core import QgsField, QgsProcessingFeedback

from ..errors import LayerError
from ..places import Places


def totals_among(zones: Places, fields: Sequence[str], feedback: QgsProcessingFeedback) -> list[str]:
    """Return the fields of ``fields`` that are, in every zone, the sum of all the others (two or more), at most one."""
    if len(fields) < 3:
        return []
    columns = {name: _values(zones, name) for name in fields}
    for name in fields:
        others = sum(column for other, column in columns.items() if other != name)
        if columns[name].any() and np.allclose(columns[name], others, rtol=0.0, atol=1e-6):
            feedback.pushWarning(
                f"POPULATION_FIELDS: “{name}” of “{zones.name}” is the sum of the other fields given; it is scaled as "
                f"that sum and its people are not counted twice."
            )
            return [name]
    return []


def totals_besides(zones: Places, fields: Sequence[str], feedback: QgsProcessingFeedback) -> list[str]:
    """Return the numeric fields that were not given but are, in every zone, the sum of those given.

    Left as they are they would show people who stay. Other numeric fields are named in the log.
    """
    given = sum((_values(zones, name) for name in fields), np.zeros(len(zones)))
    totals, others = [], []
    for field in zones.fields:
        name = field.name()
        if name in fields or not field.isNumeric() or name.lower() in ("fid", "share_at_risk"):
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
