"""Who has no car: part of each zone's people, as a field tells it, or as the zones list them beside their people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.shelters.exposure import Exposure, on_foot
from ..errors import LayerError
from ..people import counts, refuse_more_than_there_are
from ..places import Places
from ..population_fields import FOOT, column_beside

SHARE, PERCENT, PEOPLE = range(3)  # CARLESS_UNIT
WHOLE = {SHARE: 1.0, PERCENT: 100.0}


class Carless(NamedTuple):
    """The field of the zones that tells how many have no car, and what it holds: SHARE, PERCENT or PEOPLE."""

    field: str | None
    unit: int


def listed_on_foot(zones: Places, counted: Sequence[str]) -> list[str]:
    """Return the zones' own columns of those on foot, "" where there is none, of each field with people."""
    found = [column_beside(zones.fields.names(), name, FOOT) for name in counted]
    return ["" if name in counted else name for name in found]


def parts_on_foot(
    zones: Places, counted: Sequence[str], carless: Carless, feedback: QgsProcessingFeedback
) -> np.ndarray | None:
    """Return the part of each zone's people who have no car, (z,), or by class (z, k); None where nobody says.

    Parameters
    ----------
    counted : sequence of str
        The k fields with all people of the zones.
    carless : Carless
        Without a field the zones' own columns, such as adults_foot, tell it.

    Raises
    ------
    LayerError
        Text, a negative value, a share above 1 or 100 percent, more people on foot than there are.
    """
    listed = listed_on_foot(zones, counted)
    if carless.field is None:
        return _by_class(zones, counted, listed, feedback) if any(listed) else None
    if any(listed):
        feedback.pushInfo(f"CARLESS_FIELD: wins over {', '.join(filter(None, listed))} of “{zones.name}”.")
    values = _values(zones, carless.field, "CARLESS_FIELD", feedback)
    if carless.unit == PEOPLE:
        people = np.sum([_people(zones, name) for name in counted], axis=0)
        return _parts(zones, values, people, carless.field, "CARLESS_FIELD", "CARLESS_UNIT")
    whole = WHOLE[carless.unit]
    over = np.flatnonzero(values > whole)
    if len(over):
        what = "a share, 0 to 1" if carless.unit == SHARE else "a percentage, 0 to 100"
        raise LayerError(
            f"CARLESS_FIELD: zone {zones.ids[over[0]]} of “{zones.name}” has {values[over[0]]:g} in the field "
            f"“{carless.field}”, which is {what}: more on foot than there are. Correct the value, or choose in "
            "CARLESS_UNIT what the field holds."
        )
    return values / whole


def columns_on_foot(
    zones: Places,
    counted: Sequence[str],
    columns: Mapping[str, Exposure],
    totals: Sequence[str],
    others: Sequence[str],
    carless: Carless,
    feedback: QgsProcessingFeedback,
) -> dict[str, np.ndarray]:
    """Return of the people who leave those on foot, (z,) int64 by field; empty where nobody says who they are.

    Parameters
    ----------
    counted, totals, others : sequences of str
        Fields with people, those that are their sums, and those that are not added up.
    columns : mapping
        Who leaves, by each of these fields.
    carless : Carless

    Raises
    ------
    LayerError
        As :func:`parts_on_foot`.
    """
    part = parts_on_foot(zones, counted, carless, feedback)
    if part is None:
        return {}
    foot = on_foot(np.column_stack([columns[name].leaving for name in counted]), part)
    _tell(np.sum([columns[name].leaving for name in counted], axis=0), foot.sum(axis=1), feedback)
    out = {name: foot[:, k] for k, name in enumerate(counted)}
    out.update({name: foot.sum(axis=1) for name in totals})
    if others:
        if part.ndim == 2:
            part = parts_on_foot(zones, others, carless, feedback)
        if part is not None:
            foot = on_foot(np.column_stack([columns[name].leaving for name in others]), part)
            out.update({name: foot[:, k] for k, name in enumerate(others)})
    return out


def _tell(leaving: np.ndarray, foot: np.ndarray, feedback: QgsProcessingFeedback) -> None:
    everybody = int(np.sum((foot == leaving) & (leaving > 0)))
    feedback.pushInfo(
        f"On foot: {int(foot.sum()):,} of the {int(leaving.sum()):,} people who leave have no car"
        + (f"; in {everybody} zone(s) everybody." if everybody else ".")
    )


def _by_class(
    zones: Places, counted: Sequence[str], listed: Sequence[str], feedback: QgsProcessingFeedback
) -> np.ndarray:
    out = np.zeros((len(zones), len(counted)))
    feedback.pushInfo(
        f"{zones.parameter}: “{zones.name}” lists who has no car in {', '.join(filter(None, listed))}; scaled with the "
        "people of each class."
    )
    for k, (name, column) in enumerate(zip(counted, listed)):
        if column:
            values = _values(zones, column, zones.parameter, feedback)
            out[:, k] = _parts(zones, values, _people(zones, name), column, zones.parameter, name)
    return out


def _people(zones: Places, field: str) -> np.ndarray:
    return np.nan_to_num(counts(zones, field))


def _values(zones: Places, field: str, parameter: str, feedback: QgsProcessingFeedback) -> np.ndarray:
    values = counts(zones, field)
    empty = np.isnan(values)
    if empty.any():
        feedback.pushWarning(
            f"{parameter}: the field “{field}” of “{zones.name}” is empty in {int(empty.sum())} zone(s) "
            f"({first_of([zones.ids[i] for i in np.flatnonzero(empty)])}); nobody there is taken to be without a car."
        )
    return np.where(empty, 0.0, values)


def _parts(zones: Places, foot: np.ndarray, people: np.ndarray, field: str, parameter: str, mend: str) -> np.ndarray:
    """Return foot / people (z,); ``mend`` is what else could be wrong than the field."""
    refuse_more_than_there_are(zones, zones.ids, foot, people, field, parameter, mend)
    return np.minimum(np.divide(foot, people, out=np.zeros(len(foot)), where=people > 0), 1.0)
