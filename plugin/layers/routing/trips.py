"""Trips: lines from an origin to a destination with people, such as the output of ``allocatecrowd``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
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

from ...solvers.modes import BUS, CAR, FOOT, MODES, travel_of
from ...solvers.naming import NAMED_IN_LOG
from ...solvers.rounding import largest_remainder
from ...solvers.routing.shared.vehicles import vehicles_of
from ..carrying import SHELTER_NAME, ZONE_NAME
from ..errors import LayerError
from ..moments import MomentColumn, Start, moment_column
from ..places import Places
from ..shapes import features_of
from ..values import id_text, number

PARAMETER = "TRIPS"
MOST_PEOPLE = 10_000_000_000  # more than there are on Earth: a slip, and beyond what whole numbers are kept exact for
MOST_VEHICLES = 100_000_000
SECOND, MINUTE = 1.0, 60.0
CLASS = "class"  # where allocations have it


@dataclass(frozen=True)
class TripFields:
    """Fields of the layer of trips, None where there is none."""

    origin: str | None = None
    destination: str | None = None
    count: str | None = None
    occupancy: str | None = None
    departure: str | None = None
    order: str | None = None
    mode: str | None = None


@dataclass(frozen=True)
class Seats:
    """People in a vehicle where a row does not tell, in a car and in a bus, and how they travel where it does not."""

    car: float
    bus: float = 40.0
    mode: str = CAR

    def of(self, mode: str) -> float:
        """Return the people in a unit of a mode; everybody on foot is one."""
        return {CAR: self.car, FOOT: 1.0, BUS: self.bus}[mode]


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
    departure, order : MomentColumn or None
        When the vehicles leave, and when their order to leave comes; None without a field.
    origin_name, destination_name : list of str or None
        What people call the ends, "" where that is not known; None: of none.
    origin_order : MomentColumn or None
        When the order comes to the origin of those that have neither of their own; None without a field.
    classes : list of str or None
        Class of the people, "" where that is not known; None: of none.
    modes : list of str or None
        How they travel, of :data:`...solvers.modes.MODES`; None: all by car.
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
    departure: MomentColumn | None
    order: MomentColumn | None
    origin_name: list[str] | None = None
    destination_name: list[str] | None = None
    origin_order: MomentColumn | None = None
    classes: list[str] | None = None
    modes: list[str] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def moments(self) -> list[MomentColumn]:
        """The columns of moments there are."""
        return [column for column in (self.departure, self.order, self.origin_order) if column is not None]

    def ordered(self, origins: Sequence[str], order: MomentColumn) -> TripRows:
        """Return the rows with the order of their origin, by id, where they have no moment of their own."""
        number = {name: k for k, name in enumerate(origins)}
        own = [column.moments for column in (self.departure, self.order) if column is not None]
        told = [any(moments[k] is not None for moments in own) for k in range(len(self))]
        return replace(
            self, origin_order=order.of([None if has else number.get(key) for key, has in zip(self.origin, told)])
        )

    def named(self, origins: Mapping[str, str], destinations: Mapping[str, str]) -> TripRows:
        """Return the rows with the names of their ends by id, where there are any."""

        def called(ids: list[str], known: list[str] | None, names: Mapping[str, str]) -> list[str]:
            return [names.get(key) or own for key, own in zip(ids, known or [""] * len(ids))]

        return replace(
            self,
            origin_name=called(self.origin, self.origin_name, origins),
            destination_name=called(self.destination, self.destination_name, destinations),
        )

    def mode_of(self, row: int) -> str:
        """Return how the people of a row travel."""
        return self.modes[row] if self.modes else CAR

    @property
    def on_foot(self) -> np.ndarray:
        """Which rows (k,) are on foot."""
        return np.array([self.mode_of(k) == FOOT for k in range(len(self))], dtype=bool)

    @property
    def travel(self) -> int:
        """Whether all go by car or bus, all on foot, or some so and some so (:func:`...solvers.modes.travel_of`)."""
        return travel_of(self.on_foot)

    def only(self, rows: np.ndarray) -> TripRows:
        """Return some ``rows`` (k,), in this order."""
        few = rows.tolist()

        def some(values: list[str] | None) -> list[str] | None:
            return None if values is None else [values[k] for k in few]

        def moments(column: MomentColumn | None) -> MomentColumn | None:
            return None if column is None else column.of(few)

        return TripRows(
            self.name, self.crs, *([values[k] for k in few] for values in (self.ids, self.origin, self.destination)),
            self.people[rows], self.occupancy[rows], self.first[rows], self.last[rows], moments(self.departure),
            moments(self.order), some(self.origin_name), some(self.destination_name), moments(self.origin_order),
            some(self.classes), some(self.modes),
        )  # fmt: skip

    def class_of(self, row: int) -> str | None:
        """Return the class of the people of a row, None where it is not known."""
        return (self.classes[row] if self.classes else "") or None

    def names(self, row: int) -> list[str | None]:
        """Return the names of both ends of a row, None for those that are not known."""
        return [(known[row] if known else "") or None for known in (self.origin_name, self.destination_name)]

    def starts(self, rows: np.ndarray) -> tuple[Places, np.ndarray]:
        """Return the distinct starts of ``rows`` (k,) as places, and the place (k,) of each."""
        return self._distinct(rows, self.first, self.origin, frozenset())

    def finishes(self, rows: np.ndarray, together: Set[str]) -> tuple[Places, np.ndarray]:
        """Return the distinct ends of ``rows`` (k,) as places, and the place (k,) of each.

        Rows to a destination whose id is among ``together`` end at one place, wherever their lines do.
        """
        return self._distinct(rows, self.last, self.destination, together)

    def _distinct(
        self, rows: np.ndarray, xy: np.ndarray, names: list[str], together: Set[str]
    ) -> tuple[Places, np.ndarray]:
        ids = [names[k] for k in rows.tolist()]
        one = {name: k for k, name in enumerate(sorted(set(ids) & together))}
        group = np.array([one.get(name, -1) for name in ids], dtype=float)
        keys = np.column_stack([group, np.nan_to_num(xy[rows], nan=np.inf)])
        keys[keys[:, 0] >= 0, 1:] = 0.0
        _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        at = rows[first]
        shown = [names[k] or f"feature {self.ids[k]}" for k in at.tolist()]
        none: list[Any] = [[] for _ in shown]
        places = Places(
            PARAMETER, self.name, shown, xy[at].reshape(-1, 2), self.crs, np.full(len(at), np.nan),
            [QgsGeometry() for _ in shown], none, QgsFields(),
        )  # fmt: skip
        return places, inverse.ravel()


def read_trips(
    source: QgsProcessingFeatureSource, fields: TripFields, seats: Seats, feedback: QgsProcessingFeedback
) -> TripRows:
    """Read a line layer of trips; rows without people are left out and counted.

    Parameters
    ----------
    seats : Seats
        People in a vehicle, and how they travel, where the row does not tell.

    Raises
    ------
    LayerError
        Not lines, no CRS, people that are negative, text or more than there are on Earth, fewer than one in a vehicle,
        a mode that is none.
    """
    name, crs = source.sourceName(), source.sourceCrs()
    some = source.featureCount() != 0  # some formats keep neither geometry type nor CRS without features
    if some and QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.LineGeometry:
        raise LayerError(f"{PARAMETER}: “{name}” holds no lines. Choose lines from origin to destination.")
    if some and not crs.isValid():
        raise LayerError(
            f"{PARAMETER}: “{name}” has no coordinate reference system. Set it in the layer's properties (Source)."
        )
    rows = [_row(feature, source, fields, seats) for feature in features_of(source)]
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
    _refuse_masses(people[keep], np.array([row["occupancy"] for row in kept], dtype=float), name, fields.count)
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
        _moments(kept, "departure", "DEPARTURE_FIELD", name, fields.departure, SECOND),
        _moments(kept, "order", "ORDER_TIME_FIELD", name, fields.order, MINUTE),
        [row["origin_name"] for row in kept],
        [row["destination_name"] for row in kept],
        classes=[row["class"] for row in kept],
        modes=[row["mode"] for row in kept],
    )


def _moments(
    rows: list[dict[str, Any]], key: str, parameter: str, layer: str, field: str | None, unit: float
) -> MomentColumn | None:
    if not field:
        return None
    names = [f"feature {row['id']}" for row in rows]
    return moment_column([row[key] for row in rows], names, parameter, layer, field, unit)


def _refuse_masses(people: np.ndarray, occupancy: np.ndarray, layer: str, field: str | None) -> None:
    vehicles = int(vehicles_of(people, occupancy).sum())
    if vehicles > MOST_VEHICLES:
        raise LayerError(
            f"{PARAMETER}: the {int(people.sum()):,} people in the field “{field}” of “{layer}” take {vehicles:,} "
            f"vehicles, more than the {MOST_VEHICLES:,} that can be routed. Check COUNT_FIELD and PEOPLE_PER_VEHICLE."
        )


def _row(feature: Any, source: QgsProcessingFeatureSource, fields: TripFields, seats: Seats) -> dict[str, Any]:
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
        if people > MOST_PEOPLE:
            raise LayerError(
                f"{PARAMETER}: feature {identifier} of “{name}” has {people:g} people in the field “{fields.count}”, "
                f"more than there are on Earth. Correct the value or choose another COUNT_FIELD."
            )
    mode = _mode(feature, source, fields.mode, seats.mode)
    in_vehicle = seats.of(mode)
    if fields.occupancy and mode != FOOT:
        in_vehicle = number(feature[fields.occupancy], PARAMETER, name, identifier, fields.occupancy, in_vehicle)
        if in_vehicle < 1:
            raise LayerError(
                f"{PARAMETER}: feature {identifier} of “{name}” has {in_vehicle:g} people in a vehicle in the field "
                f"“{fields.occupancy}”; it must be at least 1. Correct the value."
            )
    return {
        "id": identifier,
        "origin": id_text(feature[fields.origin]) if fields.origin else identifier,
        "destination": id_text(feature[fields.destination]) if fields.destination else identifier,
        "people": people,
        "occupancy": in_vehicle,
        "first": first,
        "last": last,
        "departure": feature[fields.departure] if fields.departure else None,
        "order": feature[fields.order] if fields.order else None,
        "origin_name": _text(feature, source, ZONE_NAME),
        "destination_name": _text(feature, source, SHELTER_NAME),
        "class": _text(feature, source, CLASS),
        "mode": mode,
    }


def _mode(feature: Any, source: QgsProcessingFeatureSource, field: str | None, otherwise: str) -> str:
    """Return how the people of a feature travel."""
    word = id_text(feature[field]).strip().casefold() if field else ""
    if word and word not in MODES:
        raise LayerError(
            f"{PARAMETER}: feature {feature.id()} of “{source.sourceName()}” travels by “{id_text(feature[field])}” in "
            f"the field “{field}”; it must be car, foot or bus, or empty. Correct the value or choose another "
            "MODE_FIELD."
        )
    return word or otherwise


def _text(feature: Any, source: QgsProcessingFeatureSource, field: str) -> str:
    """Return what an earlier step wrote into a field, "" where there is no such field."""
    position = source.fields().lookupField(field)
    return id_text(feature[position]) if position >= 0 else ""


def _ends(shape: QgsGeometry) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the first and the last vertex of a line, of several parts as well; NaN without one."""
    nowhere = (float("nan"), float("nan"))
    if shape.isNull() or shape.isEmpty():
        return nowhere, nowhere
    count = shape.constGet().nCoordinates()
    first, last = shape.vertexAt(0), shape.vertexAt(count - 1)
    ends = ((first.x(), first.y()), (last.x(), last.y()))
    return ends if np.isfinite(ends).all() else (nowhere, nowhere)


def row_times(rows: TripRows, start: Start, feedback: QgsProcessingFeedback) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds from t = 0 at which each row departs, NaN where it does not tell, and of its order.

    The order is the row's own, else that of its origin, else 0.

    Raises
    ------
    LayerError
        When a row departs or is ordered to before t = 0, or has both a departure and an order.
    """
    nothing = np.full(len(rows), np.nan)
    departure = nothing if rows.departure is None else rows.departure.seconds(start, feedback)
    order = nothing if rows.order is None else rows.order.seconds(start, feedback)
    zone = nothing if rows.origin_order is None else rows.origin_order.seconds(start, feedback)
    both = np.flatnonzero(np.isfinite(departure) & np.isfinite(order))
    if len(both) and rows.departure is not None and rows.order is not None:
        raise LayerError(
            f"{PARAMETER}: feature {rows.ids[both[0]]} of “{rows.name}” has a departure (“{rows.departure.field}”, "
            f"DEPARTURE_FIELD: all leave then) and an order (“{rows.order.field}”, ORDER_TIME_FIELD: departures are "
            f"spread from then on). Empty one of the two."
        )
    for name, seconds in (("departs", departure), ("is ordered to leave", order), ("has an origin ordered", zone)):
        early = np.flatnonzero(seconds < 0)
        if len(early):
            raise LayerError(
                f"{PARAMETER}: feature {rows.ids[early[0]]} of “{rows.name}” {name} {-seconds[early[0]]:,.0f} s before "
                f"START_TIME ({start.text()}). Choose an earlier START_TIME or correct the value."
            )
    _explain_times(rows, departure, order, zone, feedback)
    return departure, np.where(np.isfinite(order), order, np.nan_to_num(zone))


def order_seconds(rows: TripRows, start: Start) -> np.ndarray:
    """Return the seconds at which the order of each row comes, not a number for one whose departure is given."""
    departure, order = row_times(rows, start, QgsProcessingFeedback())
    return np.where(np.isfinite(departure), np.nan, order)


def _explain_times(
    rows: TripRows, departure: np.ndarray, order: np.ndarray, zone: np.ndarray, feedback: QgsProcessingFeedback
) -> None:
    """Log how many rows leave when, and warn of many vehicles that leave in one second."""
    many = np.flatnonzero(np.isfinite(departure) & (vehicles_of(rows.people, rows.occupancy) > 1))
    if len(many):
        worst = int(many[np.argmax(rows.people[many])])
        feedback.pushWarning(
            f"DEPARTURE_FIELD: in {len(many)} feature(s) of “{rows.name}” several vehicles leave in the same second; "
            f"feature {rows.ids[worst]} sends {int(rows.people[worst]):,} people at once. For the time of an order, "
            f"after which people leave over DEPARTURE_WINDOW, use ORDER_TIME_FIELD."
        )
    if rows.moments:
        at_moment, ordered, by_origin = (int(np.isfinite(moments).sum()) for moments in (departure, order, zone))
        of_origins = f", {by_origin} that of their polygon of ORIGINS" if rows.origin_order is not None else ""
        feedback.pushInfo(
            f"{PARAMETER}: {at_moment} feature(s) have a departure of their own, {ordered} an order{of_origins}; the "
            f"windows of {len(rows) - at_moment - ordered - by_origin} begin at START_TIME."
        )
