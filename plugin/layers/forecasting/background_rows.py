"""Vehicles of sensors on roads as rows: what BACKGROUND reads, and what could not be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...solvers.forecasting.held import Held, mean_of
from ...solvers.roads.sensed import Loads, RoadSums
from ..fields import Column
from ..times import date_times
from .sensor_forecast import SECONDS_AFTER, UNIVERSAL

SENSOR, ROWS = "sensor", "forecast"  # kinds of what could not be used
UNUSED_COLUMNS = (
    Column("kind", "text", "sensor, or forecast (rows of the table)"),
    Column("place", "text", "the sensor, or the place of the rows"),
    Column("rows", "int", "rows of the forecast that are not used; of a sensor 0"),
    Column("reason", "text", "why"),
)


def columns(clock: str) -> tuple[Column, ...]:
    """Return the columns of the background table; ``clock`` is that of the forecast."""
    numbers = clock == SECONDS_AFTER
    return (
        Column("road_id", "text", "road: all lines with this id, both directions together"),
        Column("time", "float" if numbers else "datetime", "from when on" + (f": {SECONDS_AFTER}" if numbers else "")),
        Column("value", "float", "vehicles present on the road"),
        Column("source", "text", "sensors that it comes from"),
        Column("factor", "float", "flow on the road over the flow that the sensors count"),
    )


@dataclass(frozen=True)
class BackgroundFlow:
    """Vehicles present on roads.

    Attributes
    ----------
    sums : RoadSums
    sensors : list of str
        Ids.
    series : dict of int to Held
        Of the sensors that are used.
    loads : Loads
    clock : str
        What the moments count, see :mod:`.sensor_forecast`.
    unused : list of (None, values)
        Rows by :data:`UNUSED_COLUMNS`.
    numbers : dict
        Declared outputs.
    """

    sums: RoadSums
    sensors: list[str]
    series: dict[int, Held]
    loads: Loads
    clock: str
    unused: list[tuple[None, list[Any]]]
    numbers: dict[str, float]

    def loads_by_road(self, chosen: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Yield the loads (s,) of each road; ``chosen`` (k,) bool leaves out loads of others."""
        every = np.arange(len(self.loads.road)) if chosen is None else np.flatnonzero(chosen)
        road = self.loads.road[every]
        first = np.flatnonzero(np.r_[True, np.diff(road) != 0][: len(road)])
        for low, high in zip(first.tolist(), [*first[1:].tolist(), len(road)]):
            yield every[low:high]

    def on_road(self, own: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the moments (m,) of a road with the loads ``own`` (s,), the vehicles (m,), who is in them (m, s)."""
        return mean_of([self.series[k] for k in self.loads.sensor[own].tolist()], self.loads.vehicles[own])

    def rows(self) -> Iterator[tuple[None, list[Any]]]:
        """Yield a row by :func:`columns` for each road and moment, roads in the order of the layer."""
        alone: dict[int, tuple[list[Any], np.ndarray]] = {}  # of a sensor by itself: times and values, for many roads
        for own in self.loads_by_road():
            road, sensors, factors = self.loads.road[own[0]], self.loads.sensor[own], self.loads.factor[own]
            if len(own) > 1:
                moments, values, known = self.on_road(own)
                for time, value, who in zip(self._times(moments), values.tolist(), known):
                    source = ", ".join(self.sensors[k] for k in sensors[who].tolist())
                    yield None, [self.sums.ids[road], time, value, source, float(factors[who].mean())]
                continue
            sensor = int(sensors[0])
            if sensor not in alone:
                moments, values, _ = mean_of([self.series[sensor]], np.ones(1))
                alone[sensor] = self._times(moments), values
            times, values = alone[sensor]
            source, factor = self.sensors[sensor], float(factors[0])
            for time, value in zip(times, (self.loads.vehicles[own[0]] * values).tolist()):
                yield None, [self.sums.ids[road], time, value, source, factor]

    def _times(self, moments: np.ndarray) -> list[Any]:
        if self.clock == SECONDS_AFTER:
            return list(moments.tolist())
        return list(date_times(moments, self.clock == UNIVERSAL))
