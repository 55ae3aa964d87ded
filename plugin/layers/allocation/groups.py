"""Groups of people and the shelters that may take them, read from the layers of zones and shelters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ..errors import LayerError
from ..people import whole_people
from ..places import NAMED_IN_LOG, Places, features_of, read_places
from ..values import id_text, number

STATUS_FIELD, SELECTED = "status", "selected"


@dataclass(frozen=True)
class Groups:
    """The non-empty groups (zone, class), by zone and class in the order of the fields.

    Attributes
    ----------
    zones : Places
        In the order of their ids, so that the order of the layer's features changes nothing.
    classes : list of str
        Names of the group fields.
    zone, kind : (g,) int64
        Position of each group's zone and class.
    sizes : (g,) int64
    stranded : list of (zone id, class, people)
        Groups of zones whose geometry cannot be used.
    """

    zones: Places
    classes: list[str]
    zone: np.ndarray
    kind: np.ndarray
    sizes: np.ndarray
    stranded: list[tuple[str, str, int]]

    def keys(self) -> list[tuple[str, str]]:
        """Return (zone id, class) of each group."""
        return [(self.zones.ids[m], self.classes[k]) for m, k in zip(self.zone.tolist(), self.kind.tolist())]


@dataclass(frozen=True)
class Shelters:
    """Shelters that take part, in the order of their ids; ``all_ids`` names those left aside as well."""

    places: Places
    capacity: np.ndarray
    all_ids: frozenset[str]


def natural(identifier: str) -> list[tuple[int, int, str]]:
    """Return a sort key under which "S2" comes before "S10"."""
    parts = re.split(r"(\d+)", identifier)
    return [(0, int(p), "") if p.isdigit() and p.isascii() else (1, 0, p) for p in parts if p]


def by_id(places: Places) -> Places:
    """Return the places in the order of their ids."""
    return places.subset(sorted(range(len(places)), key=lambda i: (natural(places.ids[i]), places.ids[i])))


def read_groups(
    source: QgsProcessingFeatureSource,
    id_field: str | None,
    fields: Sequence[str],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Groups:
    """Read the people of each zone and class.

    Raises
    ------
    LayerError
        As :func:`read_places` and :func:`whole_people`.
    """
    places = by_id(read_places(source, "ZONES", id_field, context, feedback))
    people = whole_people(places, fields, feedback)
    zone, kind = np.nonzero(people)
    stranded = _stranded(source, id_field, fields, {i for i, _ in places.rejected}) if places.rejected else []
    return Groups(places, list(fields), zone, kind, people[zone, kind], stranded)


def _stranded(
    source: QgsProcessingFeatureSource, id_field: str | None, fields: Sequence[str], rejected: set[str]
) -> list[tuple[str, str, int]]:
    out = []
    for feature in features_of(source):
        identifier = id_text(feature.attribute(id_field)) if id_field else str(feature.id())
        if identifier in rejected:
            for name in fields:
                value = number(feature.attribute(name), "ZONES", source.sourceName(), identifier, name, 0.0)
                if round(value) > 0:
                    out.append((identifier, name, round(value)))
    return out


def read_shelters(
    source: QgsProcessingFeatureSource,
    id_field: str | None,
    capacity_field: str,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Shelters:
    """Read the shelters with status "selected" (all, where there is no such field) and their room in whole people.

    Raises
    ------
    LayerError
        No usable shelter, every capacity NULL, a capacity that is negative or no number, or as :func:`read_places`.
    """
    places = read_places(source, "SHELTERS", id_field, context, feedback, empty_is_error=True)
    everything = frozenset([*places.ids, *(i for i, _ in places.rejected)])
    places = by_id(_selected(places, feedback))
    capacity = places.numbers(capacity_field, minimum=0.0)
    empty = np.isnan(capacity)
    if empty.all():
        raise LayerError(
            f"SHELTERS: the field “{capacity_field}” (CAPACITY_FIELD) of “{places.name}” is empty in every shelter. "
            "Fill in how many people each can take, or choose another field."
        )
    for which, text in ((empty, "is empty"), (capacity == 0, "is 0")):
        if which.any():
            feedback.pushWarning(
                f"SHELTERS: “{capacity_field}” {text} in {int(which.sum())} shelter(s) "
                f"({_some([places.ids[j] for j in np.flatnonzero(which)])}); nobody is sent there."
            )
    return Shelters(places, np.floor(np.where(empty, 0.0, capacity)), everything)


def _selected(places: Places, feedback: QgsProcessingFeedback) -> Places:
    column = places.fields.lookupField(STATUS_FIELD)
    if column < 0:
        return places
    keep = [k for k, row in enumerate(places.attributes) if _text(row[column]) == SELECTED]
    if not keep:
        raise LayerError(
            f"SHELTERS: none of the {len(places)} features of “{places.name}” has the status “{SELECTED}”, so no "
            "shelter is left. Set the status of those to be used, or remove the field “status”."
        )
    if len(keep) < len(places):
        left = [places.ids[k] for k in sorted(set(range(len(places))) - set(keep))]
        feedback.pushInfo(
            f"SHELTERS: {len(left)} of {len(places)} features have a status other than “{SELECTED}” and are ignored "
            f"({_some(left)})."
        )
    return places.subset(keep)


def _text(value: Any) -> str:
    return id_text(value).lower()


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED_IN_LOG]) + (", ..." if len(names) > NAMED_IN_LOG else "")
