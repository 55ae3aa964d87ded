"""A scenario as rows: the demand, the travel and the incidents with their elements."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qgis.core import QgsGeometry, QgsPointXY

from ...solvers.metro.metro_network import Ride
from ...solvers.metro.scenario import Interval, Scenario
from ...solvers.metro.scenario_demand import Need
from ..fields import Column
from ..places import Places
from .scenario_case import AdjustedTravel
from .scenarios import ELEMENTS

Row = tuple[Any, list[Any]]

DEMAND = (
    Column("incident_id", "text", "incident"),
    Column("resource", "text", "resource type"),
    Column("class", "text", "class of the resource"),
    Column("quantity", "int", "units wanted, at the demand level chosen"),
    Column("low", "int", "units with the lower ends of the estimates"),
    Column("expected", "int", "units with the middles of the estimates"),
    Column("high", "int", "units with the upper ends of the estimates"),
    Column("in_stock", "int", "units at all rescue points; empty without a supply table"),
    Column("basis", "text", "rules that give the units"),
)
TRAVEL = (
    Column("station_id", "text", "rescue point"),
    Column("incident_id", "text", "incident"),
    Column("minutes", "float", "travel time by road, adjusted by weather and period, minutes; empty: no way"),
    Column("km", "float", "distance by road, km"),
    Column("free_minutes", "float", "travel time without the factors, minutes"),
    Column("weather_factor", "float", "factor of the weather now"),
    Column("period_factor", "float", "factor of the passenger flow period"),
    Column("minutes_later", "float", "travel time in the weather to come, minutes"),
    Column("metro_km", "float", "distance along the metro lines between the nearest stations, km"),
    Column("metro_intervals", "int", "intervals of that way"),
    Column("transfers", "int", "changes of line on that way"),
    Column("metro_way", "text", "nearest stations and lines of that way"),
)
INCIDENTS = (Column("incident_id", "text", "incident"), *(Column(element, "text", "") for element in ELEMENTS))


def demand_rows(needs: Sequence[Need], level: str, stock: Mapping[str, int] | None) -> Iterator[Row]:
    """Yield a row for each incident and resource."""
    for need in needs:
        there = None if stock is None else stock.get(need.resource, 0)
        cells = [need.incident, need.resource, need.group, need.at(level), need.low, need.expected, need.high]
        yield None, [*cells, there, need.basis]


def travel_rows(adjusted: AdjustedTravel, stations: Places, scenarios: Sequence[Scenario]) -> Iterator[Row]:
    """Yield a row for each rescue point and incident; times and distance are empty where there is no way."""
    for j, scenario in enumerate(scenarios):
        for i, station in enumerate(stations.ids):
            free = float(adjusted.travel.minutes[i, j])
            weather, period, later = (float(f[j]) for f in (adjusted.weather, adjusted.period, adjusted.later))
            times: list[Any] = [None, None, None, weather, period, None]
            if math.isfinite(free):
                km = float(adjusted.travel.km[i, j])
                times = [free * weather * period, km, free, weather, period, free * later * period]
            yield None, [station, scenario.incident, *times, *_ride_cells(adjusted.rides[i][j])]


def _ride_cells(ride: Ride | None) -> list[Any]:
    if ride is None:
        return [None, None, None, None]
    lines = f" (line {', '.join(ride.lines)})" if ride.lines else ""
    return [ride.km, ride.intervals, ride.transfers, f"{ride.stations[0]} – {ride.stations[-1]}{lines}"]


def incident_rows(scenarios: Sequence[Scenario], incidents: Places) -> Iterator[Row]:
    """Yield a point for each incident with the elements of its scenario, which can be read again."""
    for row, scenario in enumerate(scenarios):
        values = [getattr(scenario, element) for element in ELEMENTS]
        texts = [str(value) if isinstance(value, Interval) else value for value in values]
        yield QgsGeometry.fromPointXY(QgsPointXY(*incidents.xy[row])), [scenario.incident, *texts]
