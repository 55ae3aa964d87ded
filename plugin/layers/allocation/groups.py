"""Groups of people and the shelters that may take them, read from the layers of zones and shelters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.rounding import whole_below
from ..closing.hazard import read_hazard, reasons_inside
from ..closing.hazard_layers import HazardLayers
from ..closing.places_reached import vertical
from ..errors import LayerError
from ..people import counts, say_unplaced, whole_people
from ..places import Places, read_places
from ..population_fields import totals_among
from ..values import id_text
from ..walkers import people_on_foot

STATUS_FIELD, REASON_FIELD, SELECTED, STANDBY = "status", "reason", "selected", "standby"


class Stranded(NamedTuple):
    """People of a zone whose geometry cannot be used: the zone's id, their class, how many, whether on foot."""

    zone: str
    kind: str
    people: int
    on_foot: bool = False


@dataclass(frozen=True)
class Groups:
    """The non-empty groups (zone, class, by car or on foot), by zone, class in the order of the fields, cars first.

    Attributes
    ----------
    zones : Places
        In the order of their ids, so that the order of the layer's features changes nothing.
    classes : list of str
        Names of the group fields.
    zone, kind : (g,) int64
        Position of each group's zone and class.
    sizes : (g,) int64
    on_foot : (g,) bool
        Who walks while others may drive. Where everybody walks (TRAVEL_MODE 1) nobody is marked.
    stranded : list of Stranded
    """

    zones: Places
    classes: list[str]
    zone: np.ndarray
    kind: np.ndarray
    sizes: np.ndarray
    on_foot: np.ndarray
    stranded: list[Stranded]

    def keys(self) -> list[tuple[str, str]]:
        """Return (zone id, class) of each group."""
        return [(self.zones.ids[m], self.classes[k]) for m, k in zip(self.zone.tolist(), self.kind.tolist())]

    @property
    def by_mode(self) -> bool:
        """Whether anybody is marked as on foot, so that ways are told apart by mode."""
        return bool(self.on_foot.any()) or any(each.on_foot for each in self.stranded)

    @property
    def row(self) -> np.ndarray:
        """Row (g,) of each group where there is one for each zone by car, and behind these one for each on foot."""
        return self.zone + len(self.zones) * self.on_foot

    def only(self, which: np.ndarray) -> Groups:
        """Return the groups of the mask ``which`` (g,)."""
        return replace(
            self, zone=self.zone[which], kind=self.kind[which], sizes=self.sizes[which], on_foot=self.on_foot[which]
        )


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
    foot_fields: Sequence[str] | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Groups:
    """Read the people of each zone and class; those on foot are groups of their own.

    ``foot_fields`` are the fields that list them, by default all that are named so; None: all people travel alike.

    Raises
    ------
    LayerError
        As :func:`read_places`, :func:`whole_people` and :func:`..walkers.people_on_foot`.
    """
    places = by_id(read_places(source, "ZONES", id_field, context, feedback))
    totals = totals_among(places, fields, feedback, "GROUP_FIELDS")
    classes = [name for name in fields if name not in totals]
    people, unplaced = whole_people(places, classes, feedback)
    say_unplaced(places, unplaced.sum(axis=1), feedback)
    foot, lost = np.zeros_like(people), np.zeros_like(unplaced)
    if foot_fields is not None:
        foot, lost = people_on_foot(places, classes, (people, unplaced), foot_fields, "GROUP_FIELDS", feedback)
    by_mode = np.stack([people - foot, foot], axis=2)
    zone, kind, mode = np.nonzero(by_mode)
    without_place = np.stack([unplaced - lost, lost], axis=2)
    stranded = [
        Stranded(places.rejected[r][0], classes[k], int(without_place[r, k, walks]), bool(walks))
        for r, k, walks in zip(*(index.tolist() for index in np.nonzero(without_place)))
    ]
    return Groups(places, classes, zone, kind, by_mode[zone, kind, mode], mode == 1, stranded)


def read_shelters(
    source: QgsProcessingFeatureSource,
    id_field: str | None,
    capacity_field: str | None,
    needed: bool,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    *,
    standby: bool = False,
) -> Shelters:
    """Read the shelters with status "selected" (all, where there is no such field) and their room in whole people.

    Those with the status "standby" are read as well where ``standby`` says so.

    A recommendation without a selected site, all rejected, is no error: nobody finds a place then, and the log says
    for what reasons the sites were rejected. Where nobody ``needed`` a place, shelters may be missing altogether.

    Raises
    ------
    LayerError
        No usable shelter, every capacity NULL, a capacity that is negative or no number, or as :func:`read_places`.
    """
    recommended = not len(source.fields()) or source.fields().lookupField(STATUS_FIELD) >= 0
    places = read_places(source, "SHELTERS", id_field, context, feedback, empty_is_error=needed and not recommended)
    everything = frozenset([*places.ids, *(i for i, _ in places.rejected)])
    places = by_id(_selected(places, needed, feedback, (SELECTED, STANDBY) if standby else (SELECTED,)))
    if not len(places) or capacity_field is None:
        return Shelters(places.subset([]), np.zeros(0), everything)
    capacity = counts(places, capacity_field)
    empty = np.isnan(capacity)
    if empty.all() and needed:
        raise LayerError(
            f"SHELTERS: the field “{capacity_field}” (CAPACITY_FIELD) of “{places.name}” is empty in every shelter. "
            "Fill in how many people each can take, or choose another field."
        )
    for which, text in ((empty, "is empty"), (capacity == 0, "is 0")):
        if which.any():
            feedback.pushWarning(
                f"SHELTERS: “{capacity_field}” {text} in {int(which.sum())} shelter(s) "
                f"({first_of([places.ids[j] for j in np.flatnonzero(which)])}); nobody is sent there."
            )
    return Shelters(places, whole_below(np.where(empty, 0.0, capacity)), everything)


def outside_hazard(
    shelters: Shelters,
    hazard: HazardLayers | None,
    rule_field: str | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Shelters:
    """Return the shelters that the hazard never reaches, nor its buffer, or that are safe from it at any time.

    The others are named in a warning.

    Raises
    ------
    LayerError
        When the hazard cannot be held against the shelters.
    """
    if hazard is None or not len(shelters.places):
        return shelters
    silent, places = QgsProcessingFeedback(False), shelters.places
    area = read_hazard(hazard, places.crs, context, silent, near=places.extent())
    reasons = reasons_inside(places, area, feedback, vertical(places, rule_field))
    lost = [f"{name}: {why}" for name, why in zip(places.ids, reasons) if why]
    if not lost:
        return shelters
    feedback.pushWarning(
        f"SHELTERS: nobody is sent to {len(lost)} of {len(reasons)} shelter(s), which the hazard reaches: "
        f"{first_of(lost, '; ')}."
    )
    keep = [k for k, why in enumerate(reasons) if not why]
    return replace(shelters, places=places.subset(keep), capacity=shelters.capacity[keep])


def _selected(places: Places, needed: bool, feedback: QgsProcessingFeedback, statuses: Sequence[str]) -> Places:
    column = places.fields.lookupField(STATUS_FIELD)
    keep = [k for k, row in enumerate(places.attributes) if column < 0 or _text(row[column]) in statuses]
    left = [places.ids[k] for k in sorted(set(range(len(places))) - set(keep))]
    if left:
        feedback.pushInfo(
            f"SHELTERS: {len(left)} of {len(places)} features have a status other than “{'” or “'.join(statuses)}” and "
            f"are ignored ({first_of(left)})."
        )
    if not keep and needed:
        feedback.pushWarning(
            f"SHELTERS: no feature of “{places.name}” has the status “{SELECTED}”, so nobody finds a place"
            f"{_reasons(places)}. Add sites or room and recommend again, or set the status of those to be used."
        )
    return places.subset(keep)


def _reasons(places: Places) -> str:
    """Return why the sites of a recommendation were not selected, by site, as a part of a sentence."""
    column = places.fields.lookupField(REASON_FIELD)
    if column < 0 or not len(places):
        return ""
    named = [f"{site}: {id_text(row[column])}" for site, row in zip(places.ids, places.attributes)]
    return f" ({first_of(named, '; ')})"


def _text(value: Any) -> str:
    return id_text(value).lower()
