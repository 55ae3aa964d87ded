"""Trips: lines from an origin to a destination with people, such as the output of ``allocatecrowd``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFields,
    QgsGeometry,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDateTime

from ...solvers.rounding import largest_remainder
from ..errors import LayerError
from ..places import NAMED_IN_LOG, Places, features_of
from ..values import id_text, number
from .moments import Moment, default_start, read_moment, seconds_after

PARAMETER = "TRIPS"


@dataclass(frozen=True)
class TripFields:
    """Fields of the layer of trips, None where there is none."""

    origin: str | None = None
    destination: str | None = None
    count: str | None = None
    occupancy: str | None = None
    departure: str | None = None


@dataclass(frozen=True)
class TripRows:
    """Rows of the layer with people, in its order.

    Attributes
    ----------
    name : str
        The layer's name.
    crs : QgsCoordinateReferenceSystem
    ids, origin, destination : list of str
        Feature ids, ids of the ends.
    people : (k,) int64
    occupancy : (k,) float64
        People in a full vehicle.
    first, last : (k, 2) float64
        Start and end of the line in ``crs``; NaN without a geometry.
    departure : list
        Seconds or QDateTime; None where the row has none.
    """

    name: str
    crs: QgsCoordinateReferenceSystem
    ids: list[str]
    origin: list[str]
    destination: list[str]
    people: np.ndarray
    occupancy: np.ndarray
    first: np.ndarray
    last: np.ndarray
    departure: list[Moment | None]

    def __len__(self) -> int:
        return len(self.ids)

    def ends(self) -> tuple[list[Places], list[np.ndarray]]:
        """Return the distinct starts and the distinct ends as places, and the place (k,) of each row in both."""
        places, where = [], []
        for xy, names in ((self.first, self.origin), (self.last, self.destination)):
            keys = np.nan_to_num(xy, nan=np.inf)
            _, at, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
            ids = [names[k] or f"feature {self.ids[k]}" for k in at.tolist()]
            none: list[Any] = [[] for _ in ids]
            places.append(
                Places(
                    PARAMETER, self.name, ids, xy[at].reshape(-1, 2), self.crs, np.full(len(ids), np.nan),
                    [QgsGeometry() for _ in ids], none, QgsFields(),
                )
            )  # fmt: skip
            where.append(inverse.ravel())
        return places, where


def read_trips(
    source: QgsProcessingFeatureSource, fields: TripFields, occupancy: float, feedback: QgsProcessingFeedback
) -> TripRows:
    """Read a line layer of trips; rows without people are left out and counted.

    Parameters
    ----------
    occupancy : float
        People in a vehicle where the row does not tell.

    Raises
    ------
    LayerError
        Not lines, no CRS, people that are negative or text, an occupancy of 0 or less.
    """
    name, crs = source.sourceName(), source.sourceCrs()
    if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.LineGeometry:
        raise LayerError(f"{PARAMETER}: “{name}” holds no lines. Choose lines from origin to destination.")
    if not crs.isValid():
        raise LayerError(
            f"{PARAMETER}: “{name}” has no coordinate reference system. Set it in the layer's properties (Source)."
        )
    rows = [_row(feature, source, fields, occupancy) for feature in features_of(source)]
    counts = np.array([row["people"] for row in rows], dtype=float)
    empty = np.isnan(counts)
    people = largest_remainder(np.where(empty, 0.0, counts))
    if (people != np.where(empty, 0.0, counts)).any():
        feedback.pushWarning(
            f"{PARAMETER}: the field “{fields.count}” of “{name}” holds fractions of people; rounded to whole people "
            f"with the layer's total kept at {int(people.sum())}."
        )
    without = [row["id"] for row, count in zip(rows, people) if count == 0]
    if without:
        shown = ", ".join(without[:NAMED_IN_LOG])
        feedback.pushWarning(f"{PARAMETER}: {len(without)} feature(s) of “{name}” have no people and no trip: {shown}.")
    keep = np.flatnonzero(people > 0)
    kept = [rows[k] for k in keep]
    return TripRows(
        name,
        crs,
        [row["id"] for row in kept],
        [row["origin"] for row in kept],
        [row["destination"] for row in kept],
        people[keep].astype(np.int64),
        np.array([row["occupancy"] for row in kept], dtype=float),
        np.array([row["first"] for row in kept], dtype=float).reshape(-1, 2),
        np.array([row["last"] for row in kept], dtype=float).reshape(-1, 2),
        [row["departure"] for row in kept],
    )


def _row(feature: Any, source: QgsProcessingFeatureSource, fields: TripFields, occupancy: float) -> dict[str, Any]:
    """Return one feature's values."""
    name, identifier = source.sourceName(), str(feature.id())
    first, last = _ends(feature.geometry() if feature.hasGeometry() else QgsGeometry())
    people = 1.0
    if fields.count:
        people = number(feature[fields.count], PARAMETER, name, identifier, fields.count)
        if people < 0:
            raise LayerError(
                f"{PARAMETER}: feature {identifier} of “{name}” has {people:g} people in the field “{fields.count}”; "
                f"it must be at least 0. Correct the value."
            )
    in_vehicle = occupancy
    if fields.occupancy:
        in_vehicle = number(feature[fields.occupancy], PARAMETER, name, identifier, fields.occupancy, occupancy)
        if in_vehicle <= 0:
            raise LayerError(
                f"{PARAMETER}: feature {identifier} of “{name}” has {in_vehicle:g} people in a vehicle in the field "
                f"“{fields.occupancy}”; it must be above 0. Correct the value."
            )
    departure = None
    if fields.departure:
        departure = read_moment(feature[fields.departure], PARAMETER, name, identifier, fields.departure)
    return {
        "id": identifier,
        "origin": id_text(feature[fields.origin]) if fields.origin else identifier,
        "destination": id_text(feature[fields.destination]) if fields.destination else identifier,
        "people": people,
        "occupancy": in_vehicle,
        "first": first,
        "last": last,
        "departure": departure,
    }


def _ends(shape: QgsGeometry) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the first and the last vertex of a line, of several parts as well; NaN without one."""
    nowhere = (float("nan"), float("nan"))
    if shape.isNull() or shape.isEmpty():
        return nowhere, nowhere
    count = shape.constGet().nCoordinates()
    first, last = shape.vertexAt(0), shape.vertexAt(count - 1)
    ends = ((first.x(), first.y()), (last.x(), last.y()))
    return ends if np.isfinite(ends).all() else (nowhere, nowhere)


def start_of(rows: TripRows, given: QDateTime | None, feedback: QgsProcessingFeedback) -> QDateTime:
    """Return the date and time of t = 0: the one given, else the earliest in the layer, else 2000-01-01T00:00."""
    if given is not None and given.isValid():
        return given
    moments = [moment for moment in rows.departure if isinstance(moment, QDateTime)]
    start, origin = (min(moments), "the earliest departure") if moments else (default_start(), "none was given")
    feedback.pushInfo(f"START_TIME: t = 0 is {start.toString('yyyy-MM-ddTHH:mm:ss')} ({origin}).")
    return start


def row_departures(rows: TripRows, start: QDateTime) -> np.ndarray:
    """Return the seconds (k,) from t = 0 at which each row departs, NaN where it does not tell.

    Raises
    ------
    LayerError
        When a row departs before t = 0.
    """
    seconds = np.array([np.nan if m is None else seconds_after(m, start) for m in rows.departure], dtype=float)
    early = np.flatnonzero(seconds < 0)
    if len(early):
        raise LayerError(
            f"{PARAMETER}: feature {rows.ids[early[0]]} of “{rows.name}” departs {-seconds[early[0]]:,.0f} s before "
            f"START_TIME ({start.toString('yyyy-MM-ddTHH:mm:ss')}). Choose an earlier START_TIME or correct the value."
        )
    return seconds
