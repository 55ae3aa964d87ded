"""Travel from rescue points to incidents: from a table, over roads, or in a straight line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np
from qgis.core import QgsDistanceArea, QgsGeometry, QgsPointXY, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.naming import first_of
from ..errors import LayerError
from ..places import Places
from ..roads.options import ReadNetwork
from ..roads.working_crs import ellipsoid_of
from ..transforming import transform_xy
from .tables import Rows

Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class MetroTravel:
    """Travel between every rescue point and incident.

    Attributes
    ----------
    minutes, km : ndarray, shape (i, j)
        Infinite where there is no way. Minutes include the factors for weather and period.
    source : str
        Where they come from, for the log and the report.
    notes : list of str
        For each incident why nothing can reach it, "" where something can.
    routes : callable
        Lines of the given pairs (i, j), in the CRS of the rescue points.
    by_speed, by_detour : bool
        Whether all minutes come from one speed, and all ways from straight lines times one detour factor.
    """

    minutes: np.ndarray
    km: np.ndarray
    source: str
    notes: list[str]
    routes: Callable[[Pairs], list[QgsGeometry]]
    by_speed: bool = False
    by_detour: bool = False


@dataclass(frozen=True)
class TravelRules:
    """How distances become minutes: km/h, detour over the straight line, factors on the time."""

    speed: float
    detour: float
    weather: float
    period: float

    @property
    def factor(self) -> float:
        """Weather and period together."""
        return self.weather * self.period


@dataclass(frozen=True)
class Ways:
    """Where travel comes from: the table where there is one, else the roads, else straight lines.

    Attributes
    ----------
    rules : TravelRules
    table : Rows or None
        Rows with the keys station and incident, and minutes or km or both.
    roads : callable or None
        Reads the road network when it is needed.
    max_snap_distance : float
        Metres beyond which a place is not joined to the roads.
    needs_km : bool
        Whether distances cost anything, so that the log must say where they are not known.
    """

    rules: TravelRules
    table: Rows | None = None
    roads: Callable[[], ReadNetwork] | None = None
    max_snap_distance: float = 500.0
    needs_km: bool = False


def travel_between(
    stations: Places,
    incidents: Places,
    ways: Ways,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    *,
    control: Control | None = None,
) -> MetroTravel:
    """Return the travel from every rescue point to every incident.

    Raises
    ------
    LayerError
        When the table cannot be used, see :func:`by_table`.
    Cancelled
    """
    if ways.table is not None:
        return by_table(ways.table, stations, incidents, ways.rules, ways.needs_km, context, feedback)
    if ways.roads is None:
        return by_straight_line(stations, incidents, ways.rules, context)
    return by_roads(
        ways.roads(), stations, incidents, ways.max_snap_distance, ways.rules, context, feedback, control or Control()
    )


def straight_lines(stations: Places, incidents: Places, context: QgsProcessingContext) -> np.ndarray:
    """Return ellipsoidal distances in km, shape (i, j)."""
    measure = QgsDistanceArea()
    measure.setSourceCrs(stations.crs, context.transformContext())
    measure.setEllipsoid(ellipsoid_of(context, stations.crs))
    ends = transform_xy(incidents.xy, incidents.crs, stations.crs, context.transformContext())
    km = np.empty((len(stations), len(incidents)))
    for i, start in enumerate(stations.xy):
        for j, end in enumerate(ends):
            km[i, j] = measure.measureLine(QgsPointXY(*start), QgsPointXY(*end)) / 1000.0
    return km


def by_straight_line(
    stations: Places, incidents: Places, rules: TravelRules, context: QgsProcessingContext
) -> MetroTravel:
    """Return travel along the straight line times the detour factor, at one speed."""
    km = straight_lines(stations, incidents, context) * rules.detour
    source = f"straight line times {rules.detour:g} at {rules.speed:g} km/h"
    return MetroTravel(
        km / rules.speed * 60.0 * rules.factor,
        km,
        source,
        [""] * len(incidents),
        _straight_routes(stations, incidents, context),
        by_speed=True,
        by_detour=True,
    )


def by_table(
    rows: Rows,
    stations: Places,
    incidents: Places,
    rules: TravelRules,
    needs_km: bool,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> MetroTravel:
    """Return travel as a table has it; pairs without a row count as no way, and the log names them.

    Raises
    ------
    LayerError
        When there are neither times nor distances, no row fits a rescue point and an incident, or a number is
        negative or unreadable.
    """
    if not {"minutes", "km"} & set(rows.values):
        raise LayerError(
            f"TRAVEL: “{rows.layer}” has neither times nor distances. Choose TRAVEL_MINUTES_FIELD or TRAVEL_KM_FIELD."
        )
    at = {name: i for i, name in enumerate(stations.ids)}
    to = {name: j for j, name in enumerate(incidents.ids)}
    minutes = np.full((len(stations), len(incidents)), np.inf)
    km = np.full(minutes.shape, np.nan)
    unknown = 0
    for row in range(len(rows)):
        pair = at.get(rows.values["station"][row]), to.get(rows.values["incident"][row])
        given = rows.number(row, "minutes") if "minutes" in rows.values else math.nan
        distance = rows.number(row, "km") if "km" in rows.values else math.nan
        if None in pair:
            unknown += 1
            continue
        if math.isnan(given) and not math.isnan(distance):
            given = distance / rules.speed * 60.0
        minutes[pair] = math.inf if math.isnan(given) else given * rules.factor
        km[pair] = distance
    if unknown == len(rows) and len(incidents):
        raise LayerError(
            f"TRAVEL: no row of “{rows.layer}” is for a rescue point of “{stations.name}” and an incident of "
            f"“{incidents.name}”. Check TRAVEL_STATION_FIELD and TRAVEL_INCIDENT_FIELD."
        )
    if unknown:
        feedback.pushInfo(f"TRAVEL: {unknown} row(s) are for other rescue points or incidents and were ignored.")
    missing = np.argwhere(np.isinf(minutes))
    if len(missing):
        shown = first_of([f"{stations.ids[i]} to {incidents.ids[j]}" for i, j in missing], "; ", brackets=True)
        feedback.pushWarning(f"TRAVEL: no time is given for {shown}; nothing is sent that way.")
    unmeasured = np.isnan(km)
    if unmeasured.any():
        km = np.where(unmeasured, straight_lines(stations, incidents, context) * rules.detour, km)
        if needs_km:
            feedback.pushWarning(
                f"TRAVEL: {int(unmeasured.sum())} way(s) have no distance; COST_PER_KM uses the straight line times "
                f"{rules.detour:g} there."
            )
    notes = ["" if np.isfinite(column).any() else "TRAVEL gives no time to this incident" for column in minutes.T]
    return MetroTravel(
        minutes,
        km,
        f"table “{rows.layer}”",
        notes,
        _straight_routes(stations, incidents, context),
        by_speed="minutes" not in rows.values,
    )


def by_roads(
    read: ReadNetwork,
    stations: Places,
    incidents: Places,
    max_distance: float,
    rules: TravelRules,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> MetroTravel:
    """Return travel along the fastest routes of a road network at its own speeds."""
    from ...solvers.roads.shortest_paths import fastest_paths, travel
    from ..roads.joining import join_places
    from ..roads.route_geometry import arcs_geometries

    joined_read, (start, end) = join_places(read, [stations, incidents], max_distance, context, feedback)
    network = joined_read.network
    minutes = np.full((len(stations), len(incidents)), np.inf)
    km = np.full(minutes.shape, np.inf)
    able, near = np.flatnonzero(start.node >= 0), np.flatnonzero(end.node >= 0)
    if len(able) and len(near):
        found = travel(network, start.node[able], end.node[near], control=control)
        minutes[np.ix_(able, near)] = found.seconds / 60.0 * rules.factor
        km[np.ix_(able, near)] = found.metres / 1000.0
    notes = []
    for j in range(len(incidents)):
        if end.node[j] < 0:
            notes.append(f"not joined to the road network: {end.reasons[j]}")
        else:
            notes.append("" if np.isfinite(minutes[:, j]).any() else "no road leads there from any rescue point")

    def routes(pairs: Pairs) -> list[QgsGeometry]:
        chains = fastest_paths(network, [(int(start.node[i]), int(end.node[j])) for i, j in pairs])
        lines = arcs_geometries(joined_read, chains, stations.crs, context)
        direct = _straight_routes(stations, incidents, context)(pairs)
        # A rescue point at the incident's own place of the road has no arcs to drive.
        return [straight if line.isNull() else line for line, straight in zip(lines, direct)]

    return MetroTravel(minutes, km, f"road network “{read.layer}”", notes, routes)


def _straight_routes(
    stations: Places, incidents: Places, context: QgsProcessingContext
) -> Callable[[Pairs], list[QgsGeometry]]:
    def routes(pairs: Pairs) -> list[QgsGeometry]:
        ends = transform_xy(incidents.xy, incidents.crs, stations.crs, context.transformContext())
        return [QgsGeometry.fromPolylineXY([QgsPointXY(*stations.xy[i]), QgsPointXY(*ends[j])]) for i, j in pairs]

    return routes
