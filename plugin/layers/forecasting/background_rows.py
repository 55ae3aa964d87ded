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

    def by_road(self) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield each road with its loads (s,), its moments (m,), vehicles (m,) and who is in them (m, s)."""
        first = np.flatnonzero(np.r_[True, np.diff(self.loads.road) != 0][: len(self.loads.road)])
        alone = {sensor: mean_of([held], np.ones(1)) for sensor, held in self.series.items()}
        for low, high in zip(first.tolist(), [*first[1:].tolist(), len(self.loads.road)]):
            own = np.arange(low, high)
            sensors, weights = self.loads.sensor[own].tolist(), self.loads.vehicles[own]
            if len(own) == 1:
                moments, values, known = alone[sensors[0]]
                values = weights[0] * values
            else:
                moments, values, known = mean_of([self.series[k] for k in sensors], weights)
            yield int(self.loads.road[low]), own, moments, values, known

    def rows(self) -> Iterator[tuple[None, list[Any]]]:
        """Yield a row by :func:`columns` for each road and moment, roads in the order of the layer."""
        written: dict[int, list[Any]] = {}
        for road, own, moments, values, known in self.by_road():
            sensors, factors = self.loads.sensor[own], self.loads.factor[own]
            key = int(sensors[0]) if len(own) == 1 else -1
            times = written.get(key) or self._times(moments)
            if key >= 0:
                written[key] = times
            for time, value, who in zip(times, values.tolist(), known):
                source = ", ".join(self.sensors[k] for k in sensors[who].tolist())
                yield None, [self.sums.ids[road], time, value, source, float(factors[who].mean())]

    def _times(self, moments: np.ndarray) -> list[Any]:
        if self.clock == SECONDS_AFTER:
            return list(moments.tolist())
        return list(date_times(moments, self.clock == UNIVERSAL))
