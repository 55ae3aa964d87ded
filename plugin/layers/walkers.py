"""People of zones who are on foot, in columns beside those of the fields with everybody; nobody is counted twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qgis.core import QgsProcessingFeedback

from ..solvers.naming import first_of
from .errors import LayerError
from .fields import Column
from .people import counts, refuse_more_than_there_are, whole_people
from .places import Places
from .population_fields import FOOT, column_beside

FOOT_FIELDS = "FOOT_FIELDS"
MODE = Column("mode", "text", "how they travel: car or foot")


def foot_columns(zones: Places, classes: Sequence[str], named: Sequence[str], parameter: str) -> dict[str, str]:
    """Return the columns of those on foot by the field of everybody; fields of which nobody walks are not in it.

    Parameters
    ----------
    classes : sequence of str
        The fields with everybody, of ``parameter``.
    named : sequence of str
        FOOT_FIELDS: each is that of the class whose name it begins with, or they are in the order of the classes;
        without any, each ``<class>_foot`` that there is.

    Raises
    ------
    LayerError
        When a field is that of no class, or is one of the ``classes`` itself, whose people would count twice.
    """
    own = {name: column_beside(zones.fields.names(), name, FOOT) for name in classes}
    _refuse_classes(zones, classes, [column for column in (*own.values(), *named) if column], parameter)
    if not named:
        return {name: column for name, column in own.items() if column}
    found = {name: column for name, column in own.items() if column in named}
    strange = [name for name in named if name not in found.values()]
    if strange and not found and len(named) == len(classes):
        return dict(zip(classes, named))
    if strange:
        raise LayerError(
            f"{FOOT_FIELDS}: “{strange[0]}” of “{zones.name}” is not named after a field of {parameter} "
            f"({first_of(list(classes))}). Call it such as {(*classes, 'adults')[0]}{FOOT}, or give as many fields as "
            f"there are in {parameter}, in their order."
        )
    return found


def _refuse_classes(zones: Places, classes: Sequence[str], columns: Sequence[str], parameter: str) -> None:
    twice = [name for name in classes if name in columns]
    if twice:
        raise LayerError(
            f"{parameter}: “{twice[0]}” of “{zones.name}” lists people on foot who are among those of another field "
            f"already and would be counted twice. Leave it out of {parameter}, or rename it."
        )


def people_on_foot(
    zones: Places,
    classes: Sequence[str],
    people: tuple[np.ndarray, np.ndarray],
    named: Sequence[str],
    parameter: str,
    feedback: QgsProcessingFeedback,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many of the people (k, c) of zones and (r, c) of rejected features are on foot, shaped as they are.

    Parameters
    ----------
    classes, named, parameter
        As in :func:`foot_columns`.
    people : tuple
        As :func:`.people.whole_people` returns them of ``classes``.

    Raises
    ------
    LayerError
        As :func:`foot_columns`; text or a negative value; more on foot than there are, with the zone's name.
    """
    columns = foot_columns(zones, classes, named, parameter)
    out = np.zeros_like(people[0]), np.zeros_like(people[1])
    ids = [*zones.ids, *(key for key, _ in zones.rejected)]
    for k, name in enumerate(classes):
        if name not in columns:
            continue
        column = columns[name]
        there, walking = (np.nan_to_num(counts(zones, field, with_rejected=True)) for field in (name, column))
        refuse_more_than_there_are(zones, ids, walking, there, column, FOOT_FIELDS, f"“{name}”")
        for whole, everybody, found in zip(whole_people(zones, [column], feedback), people, out):
            found[:, k] = np.minimum(whole[:, 0], everybody[:, k])  # of fractions, each rounded by itself
    count = int(sum(each.sum() for each in out))
    if columns:
        feedback.pushInfo(
            f"{FOOT_FIELDS}: {count:,} of the {int(sum(each.sum() for each in people)):,} people of “{zones.name}” are "
            f"on foot ({first_of(list(columns.values()))})."
        )
    return out
