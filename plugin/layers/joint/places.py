"""Where people may go: shelters, the exits of the hazard, and the ground outside it where some start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
)

from ..allocation.groups import STANDBY, STATUS_FIELD, Shelters
from ..places import Places
from ..roads.exits import Exits
from ..roads.options import ReadNetwork
from ..transforming import transform_vertices
from ..values import id_text

SHELTERS = "SHELTERS"
OUTSIDE = "outside"


@dataclass(frozen=True)
class Targets:
    """All destinations: shelters, then exits, then the ground outside where somebody starts there.

    Attributes
    ----------
    shelters : Shelters
        All of them as places; the capacity of those that are no shelter is infinite.
    count : int
        How many are shelters.
    exits : int
        How many are exits; one more may follow.
    """

    shelters: Shelters
    count: int
    exits: int

    def __len__(self) -> int:
        return len(self.shelters.places)

    @property
    def outside(self) -> int:
        """Number of the ground outside, -1 where nobody starts there."""
        return self.count + self.exits if len(self) > self.count + self.exits else -1

    @property
    def stepwise(self) -> np.ndarray:
        """Whether each (n,) is for the step-wise plan too: not a shelter standing by."""
        chosen = np.ones(len(self), dtype=bool)
        column = self.shelters.places.fields.lookupField(STATUS_FIELD)
        if column >= 0:
            rows = self.shelters.places.attributes[: self.count]
            chosen[: self.count] = [id_text(row[column]).lower() != STANDBY for row in rows]
        return chosen


def no_shelters(crs: QgsCoordinateReferenceSystem) -> Shelters:
    """Return no shelters, for a plan to exits alone."""
    return Shelters(_bare([], np.empty((0, 2)), crs, QgsFields()), np.zeros(0), frozenset())


def targets(
    shelters: Shelters,
    exits: Sequence[Exits],
    outside: np.ndarray | None,
    name_field: str | None,
    read: ReadNetwork,
    context: QgsProcessingContext,
) -> Targets:
    """Put shelters, exits (of vehicles, of walkers) and, where somebody starts there, the ground outside in one row.

    Parameters
    ----------
    outside : (2,) float64 or None
        Where to draw the ground outside, working CRS; None where nobody starts there.
    name_field : str or None
        Field of the shelters with their names; exits are called by their streets there.
    """
    names = [name for each in exits for name in each.names]
    xy, found = np.concatenate([each.xy for each in exits]), len(names)
    if outside is not None:
        taken = {*shelters.all_ids, *names}
        own = next(
            name for name in (OUTSIDE, *(f"{OUTSIDE} ({k})" for k in range(2, len(taken) + 3))) if name not in taken
        )
        names, xy = [*names, own], np.vstack([xy, outside])
    count = len(shelters.places)
    if not names:
        return Targets(shelters, count, 0)
    own_crs = shelters.places.crs
    moved = transform_vertices(xy, read.crs, own_crs, context.transformContext())
    more = _bare(names, moved, own_crs, shelters.places.fields, name_field)
    whole = replace(
        shelters.places,
        ids=[*shelters.places.ids, *more.ids],
        xy=np.vstack([shelters.places.xy, more.xy]),
        area=np.concatenate([shelters.places.area, more.area]),
        geometries=[*_points(shelters.places), *more.geometries],
        attributes=[*shelters.places.attributes, *more.attributes],
    )
    room = np.concatenate([shelters.capacity, np.full(len(names), np.inf)])
    return Targets(Shelters(whole, room, shelters.all_ids | set(names)), count, found)


def _points(places: Places) -> list[QgsGeometry]:
    """Return the places as points: beside exits, which are points, a layer has no polygons."""
    return [QgsGeometry.fromPointXY(QgsPointXY(x, y)) for x, y in places.xy.tolist()]


def _bare(
    ids: Sequence[str],
    xy: np.ndarray,
    crs: QgsCoordinateReferenceSystem,
    fields: QgsFields,
    name_field: str | None = None,
) -> Places:
    shapes = [QgsGeometry.fromPointXY(QgsPointXY(x, y)) for x, y in xy.tolist()]
    column = fields.indexFromName(name_field) if name_field else -1
    rows = [[name if k == column else None for k in range(len(fields))] for name in ids]
    return Places(SHELTERS, "exits", list(ids), xy, crs, np.full(len(ids), np.nan), shapes, rows, fields)
