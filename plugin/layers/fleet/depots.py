"""Vehicles and where they stand: one row of the layer is one or several vehicles of a kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import first_of
from ..allocation.groups import by_id
from ..errors import LayerError
from ..moments import MomentColumn, Start, moment_column
from ..places import Places, read_places

FLEET, MINUTE = "FLEET", 60.0
VEHICLES_FIELD, SEATS_FIELD, WHEELCHAIR_PLACES_FIELD = "VEHICLES_FIELD", "SEATS_FIELD", "WHEELCHAIR_PLACES_FIELD"
AVAILABLE_FIELD = "AVAILABLE_FIELD"
USUAL_SEATS, MOST_VEHICLES = 40, 5000


@dataclass(frozen=True)
class DepotFields:
    """Fields of the layer, None where there is none."""

    key: str | None = None
    vehicles: str | None = None
    seats: str | None = None
    wheelchair_places: str | None = None
    available: str | None = None


@dataclass(frozen=True)
class Depots:
    """Depots in the order of their ids, those without vehicles left out.

    Attributes
    ----------
    places : Places
    vehicles, seats, chairs : (d,) int64
        Vehicles there, seats of each, places for wheelchairs of these.
    available : MomentColumn or None
    """

    places: Places
    vehicles: np.ndarray
    seats: np.ndarray
    chairs: np.ndarray
    available: MomentColumn | None

    def available_seconds(self, start: Start, feedback: QgsProcessingFeedback) -> np.ndarray:
        """Return from when on the vehicles of each depot may drive (d,), s from t = 0 and not before it."""
        if self.available is None:
            return np.zeros(len(self.places))
        return np.maximum(np.nan_to_num(self.available.seconds(start, feedback), nan=0.0), 0.0)

    def names(self, depot: int) -> list[str]:
        """Return what the vehicles of a depot are called; no other depot's id."""
        key, count, taken = self.places.ids[depot], int(self.vehicles[depot]), frozenset(self.places.ids)
        if count == 1:
            return [key]
        mark = "-"
        while any(f"{key}{mark}{k}" in taken for k in range(1, count + 1)):
            mark += "-"
        return [f"{key}{mark}{k}" for k in range(1, count + 1)]


def read_depots(
    source: QgsProcessingFeatureSource,
    fields: DepotFields,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Depots:
    """Read a layer of vehicles.

    Raises
    ------
    LayerError
        As :func:`.places.read_places`; a vehicle without seats, a number that is not whole, too many vehicles, a moment
        that is none.
    """
    places = by_id(read_places(source, FLEET, fields.key, context, feedback, empty_is_error=True))
    vehicles = _whole(places, fields.vehicles, VEHICLES_FIELD, 1)
    if vehicles.sum() > MOST_VEHICLES:
        raise LayerError(
            f"{VEHICLES_FIELD}: the field “{fields.vehicles}” of “{places.name}” adds up to {int(vehicles.sum()):,} "
            f"vehicles; at most {MOST_VEHICLES:,} can be planned for. Correct the values."
        )
    there = np.flatnonzero(vehicles > 0)
    if len(there) < len(places):
        none = [places.ids[k] for k in np.flatnonzero(vehicles == 0).tolist()]
        feedback.pushWarning(f"{VEHICLES_FIELD}: {len(none)} depot(s) have no vehicles: {first_of(none)}.")
    places, vehicles = places.subset(there.tolist()), vehicles[there]
    seats = _whole(places, fields.seats, SEATS_FIELD, USUAL_SEATS)
    bare = np.flatnonzero(seats < 1)
    if len(bare):
        raise LayerError(
            f"{SEATS_FIELD}: the vehicles of {places.ids[bare[0]]} of “{places.name}” have no seats "
            f"(“{fields.seats}” is 0), so they can fetch nobody. Fill in the "
            "seats, or take the vehicles out (0 in VEHICLES_FIELD)."
        )
    chairs = np.minimum(_whole(places, fields.wheelchair_places, WHEELCHAIR_PLACES_FIELD, 0), seats)
    column = None
    if fields.available is not None:
        features = [f"depot {name}" for name in places.ids]
        column = moment_column(
            places.values(fields.available), features, AVAILABLE_FIELD, places.name, fields.available, MINUTE
        )
    return Depots(places, vehicles, seats, chairs, column)


def _whole(places: Places, field: str | None, parameter: str, usual: int) -> np.ndarray:
    """Return whole numbers of a field (d,), ``usual`` where it is empty or there is none."""
    if field is None:
        return np.full(len(places), usual, dtype=np.int64)
    found = places.numbers(field, null=float(usual), minimum=0.0)
    broken = np.flatnonzero(found != np.floor(found))
    if len(broken):
        raise LayerError(
            f"{parameter}: {places.ids[broken[0]]} of “{places.name}” has {found[broken[0]]:g} in “{field}”, which is "
            "not a whole number. Correct the value."
        )
    return np.minimum(found, 1e9).astype(np.int64)
