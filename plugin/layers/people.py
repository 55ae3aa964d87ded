"""Counts of people: whole numbers, never negative, totals kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qgis.core import QgsProcessingFeedback

from ..solvers.naming import first_of
from ..solvers.rounding import HAIR, MOST_PEOPLE, largest_remainder
from .errors import LayerError
from .places import Places


def whole_people(
    places: Places, fields: Sequence[str], feedback: QgsProcessingFeedback
) -> tuple[np.ndarray, np.ndarray]:
    """Return the people of each place and field as whole numbers, shape (k, f), and of the rejected features, (r, f).

    NULL counts as 0 and fractions are rounded by largest remainder within the layer, field by field; both with a
    warning. A feature without a place has people like any other.

    Raises
    ------
    LayerError
        When a value is text, negative or more than people can be.
    """
    names = [*places.ids, *(key for key, _ in places.rejected)]
    out = np.zeros((len(names), len(fields)), dtype=np.int64)
    for k, name in enumerate(fields):
        values = counts(places, name, with_rejected=True)
        empty = np.isnan(values)
        if empty.any():
            feedback.pushWarning(
                f"{places.parameter}: the field “{name}” of “{places.name}” is empty in {int(empty.sum())} feature(s) "
                f"({first_of([names[i] for i in np.flatnonzero(empty)])}); counted as 0 people."
            )
        values = np.where(empty, 0.0, values)
        whole = largest_remainder(values)
        if np.any(whole != values):
            feedback.pushWarning(
                f"{places.parameter}: the field “{name}” of “{places.name}” holds fractions of people; rounded to "
                f"whole people with the layer's total kept at {int(whole.sum())}."
            )
        out[:, k] = whole
    return out[: len(places)], out[len(places) :]


def counts(places: Places, field: str, *, with_rejected: bool = False) -> np.ndarray:
    """Return a field's numbers of people or places, (k,) or (k + r,) float64, NaN where empty.

    Raises
    ------
    LayerError
        When a value is no number, negative, or more than people can be.
    """
    out = places.numbers(field, minimum=0.0)
    names = list(places.ids)
    if with_rejected:
        out = np.concatenate([out, places.rejected_numbers(field, minimum=0.0)])
        names += [key for key, _ in places.rejected]
    if np.nansum(out) > MOST_PEOPLE:
        worst = int(np.nanargmax(out))
        raise LayerError(
            f"{places.parameter}: the field “{field}” of “{places.name}” adds up to {np.nansum(out):g}, more than "
            f"people can be; feature {names[worst]} has {out[worst]:g}. Correct the value."
        )
    return out


def refuse_more_than_there_are(
    places: Places, ids: Sequence[str], foot: np.ndarray, people: np.ndarray, field: str, parameter: str, mend: str
) -> None:
    """Refuse zones, called ``ids``, in which more people (k,) are on foot than there are, naming the first.

    Raises
    ------
    LayerError
        With the zone, the field, and ``mend``, what else could be wrong.
    """
    over = np.flatnonzero(foot > people * (1.0 + HAIR))  # sums of fractions may miss it
    if len(over):
        z = int(over[0])
        raise LayerError(
            f"{parameter}: zone {ids[z]} of “{places.name}” has {foot[z]:g} people on foot in the field "
            f"“{field}”, more than the {people[z]:g} there are. Correct the value, or look at {mend}."
        )


def say_unplaced(places: Places, people: np.ndarray, feedback: QgsProcessingFeedback) -> int:
    """Warn of the people (r,) of features that cannot be used, by feature and reason; return how many they are."""
    named = [
        f"{key}: {count} ({reason})" for (key, reason), count in zip(places.rejected, people.tolist()) if count > 0
    ]
    if named:
        feedback.pushWarning(
            f"{places.parameter}: {int(people.sum())} people live in features of “{places.name}” that cannot be used: "
            f"{first_of(named, '; ')}. Give them a geometry, or see to these people apart."
        )
    return int(people.sum())
