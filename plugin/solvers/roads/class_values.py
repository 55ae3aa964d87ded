"""What the class of a road says of its speed, lanes and capacity where its own fields say nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .classes import RoadClass, class_row, class_texts, names_in
from .osm import Values

GIVEN, CLASS, LAST = 1, 2, 3  # where a value comes from that is not the road's own


@dataclass(frozen=True)
class ClassValues:
    """What the roads' classes say, (r,) float64 each; NaN where they say nothing.

    Attributes
    ----------
    speed : float64
        km/h.
    lanes : float64
        Of one direction.
    lane_capacity : float64
        Vehicles/h of a lane.
    rank : float64
        1 for the highest class.
    """

    speed: np.ndarray
    lanes: np.ndarray
    lane_capacity: np.ndarray
    rank: np.ndarray

    @staticmethod
    def none(count: int) -> ClassValues:
        """Return that no class says anything of ``count`` roads."""
        nothing = np.full(count, np.nan)
        return ClassValues(nothing, nothing, nothing, nothing)

    def only(self, keep: np.ndarray) -> ClassValues:
        """Return those of the roads of the mask ``keep`` (r,)."""
        return ClassValues(self.speed[keep], self.lanes[keep], self.lane_capacity[keep], self.rank[keep])


def class_values(classes: Mapping[str, RoadClass], values: Sequence[Any] | None, count: int) -> ClassValues:
    """Return what the classes of ``count`` lines say, see :func:`.classes.choose_roads`.

    Of several classes of a line the lowest counts that is for cars.
    """
    if values is None:
        return ClassValues.none(count)
    column = Values(class_texts(values, count))
    rows = {text: _lowest([class_row(classes, name) for name in names_in(text)]) for text in column.different}

    def each(name: str) -> np.ndarray:
        return column.each(lambda text: np.nan if rows[text] is None else getattr(rows[text], name))

    return ClassValues(each("speed"), each("lanes"), each("capacity"), each("rank"))


def _lowest(rows: Sequence[RoadClass | None]) -> RoadClass | None:
    known = [row for row in rows if row is not None]
    used = [row for row in known if row.car] or known
    return max(used, key=lambda row: 0.0 if np.isnan(row.rank) else row.rank, default=None)


@dataclass(frozen=True)
class Fallback:
    """What a road takes where its own field gives nothing, (r,) each: the value, and where it comes from.

    ``source`` is :data:`GIVEN`, :data:`CLASS` or :data:`LAST`; ``given`` and ``last`` say the two numbers with their
    unit.
    """

    value: np.ndarray
    source: np.ndarray
    given: str
    last: str

    @staticmethod
    def of(given: float | None, of_class: np.ndarray, last: float, unit: str) -> Fallback:
        """Return the default that is given, else what the classes say (r,), else ``last``."""
        known = np.isfinite(of_class)
        value = np.where(known, of_class, last) if given is None else np.full(len(known), float(given))
        source = np.where(known, CLASS, LAST) if given is None else np.full(len(known), GIVEN)
        text = "" if given is None else f"{given:g} {unit}"
        return Fallback(value, source.astype(np.int8), text, f"{last:g} {unit}")

    def unsaid(self) -> np.ndarray:
        """Return which roads (r,) have no class that gives the value."""
        return np.asarray(self.source != CLASS)

    def taken(self, roads: np.ndarray) -> str:
        """Return the end of a sentence on the roads of a mask: what they take."""
        words = {GIVEN: self.given, CLASS: "that of their class", LAST: self.last}
        counts = self._counts(roads)
        if len(counts) == 1:
            return f"{words[counts[0][0]]} taken"
        return " or ".join(f"{words[source]} ({number})" for source, number in counts) + " taken"

    def sources(self, own: np.ndarray, remark: str = "") -> str:
        """Return how many roads take the value from where.

        ``own`` (r,) are those that have it themselves, ``remark`` is said of them.
        """
        words = {GIVEN: f"at {self.given}", CLASS: "by class", LAST: f"at {self.last}"}
        counts = [f"{number} {words[source]}" for source, number in self._counts(~own)]
        return ", ".join(([f"{int(own.sum())} own{remark}"] if own.any() else []) + counts)

    def _counts(self, roads: np.ndarray) -> list[tuple[int, int]]:
        """Return (source, number) of the roads of a mask, sources that none has left out."""
        counted = [(source, int((roads & (self.source == source)).sum())) for source in (GIVEN, CLASS, LAST)]
        return [(source, number) for source, number in counted if number]
