"""Counts of people: whole numbers, never negative, totals kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qgis.core import QgsProcessingFeedback

from ..solvers.rounding import largest_remainder
from .places import Places


def whole_people(places: Places, fields: Sequence[str], feedback: QgsProcessingFeedback) -> np.ndarray:
    """Return the people of each place and field as whole numbers, shape (k, len(fields)).

    NULL counts as 0 and fractions are rounded by largest remainder within the layer, field by field; both with a
    warning.

    Raises
    ------
    LayerError
        When a value is text or negative.
    """
    out = np.zeros((len(places), len(fields)), dtype=np.int64)
    for k, name in enumerate(fields):
        values = places.numbers(name, minimum=0.0)
        empty = np.isnan(values)
        if empty.any():
            shown = ", ".join(places.ids[i] for i in np.flatnonzero(empty)[:10])
            feedback.pushWarning(
                f"{places.parameter}: the field “{name}” of “{places.name}” is empty in {int(empty.sum())} feature(s) "
                f"({shown}); counted as 0 people."
            )
        values = np.where(empty, 0.0, values)
        whole = largest_remainder(values)
        if np.any(whole != values):
            feedback.pushWarning(
                f"{places.parameter}: the field “{name}” of “{places.name}” holds fractions of people; rounded to "
                f"whole people with the layer's total kept at {int(whole.sum())}."
            )
        out[:, k] = whole
    return out
