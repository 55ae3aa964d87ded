"""Forecast flows of sensors put on roads as the vehicles present there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.forecasting.held import Held
from ...solvers.naming import first_of
from ...solvers.roads.sensed import RoadSums, Standing, loads_of, stand_on_roads
from ..errors import LayerError
from ..places import Places
from ..roads.distant import far_from_roads
from ..roads.options import ReadNetwork
from ..transforming import transform_vertices
from .background_log import PARAMETER, log_sensors, peaks
from .background_rows import ROWS, SENSOR, BackgroundFlow
from .sensor_forecast import PRESENT, ForecastRows, log_rows, series_of, warn_of_no_flow

NO_ROW = "no row of the forecast has its id"
NO_VALUE = "none of its rows has a value and a time"


@dataclass(frozen=True)
class SensorOptions:
    """How sensors are read.

    Attributes
    ----------
    value_is : int
        What the forecast's values are, see :mod:`.sensor_forecast`.
    minutes : float or None
        Length of their intervals, where their times do not say it.
    spread : float or None
        Metres within which roads without a sensor take the nearest one's flow; None for no such roads.
    one_direction : bool
        Whether values are those of one direction.
    reach : float
        Metres from a road beyond which a sensor counts none.
    """

    value_is: int
    minutes: float | None
    spread: float | None
    one_direction: bool
    reach: float


def unused_forecast(rows: ForecastRows, sensors: Places) -> list[tuple[None, list[Any]]]:
    """Return the rows by :data:`UNUSED_COLUMNS` where the forecast is empty."""
    every = [*sensors.ids, *(sensor for sensor, _ in sensors.rejected)]
    return [(None, [SENSOR, sensor, 0, NO_ROW]) for sensor in every] + _unused_rows(rows, {})


def background_flow(
    rows: ForecastRows,
    sensors: Places,
    read: ReadNetwork,
    options: SensorOptions,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> BackgroundFlow:
    """Put sensors on roads and return the vehicles that their forecast has on them.

    Raises
    ------
    LayerError
        When no row of the forecast can be used.
    Cancelled
    """
    network, sums = read.network, RoadSums.of(read.network, read.kinds.classes)
    xy = transform_vertices(sensors.xy, sensors.crs, read.crs, context.transformContext())
    standing = stand_on_roads(network, sums, xy, options.reach)
    control.stop_if_cancelled()
    found = series_of(rows, sensors.ids, options.value_is, options.minutes, feedback)
    reasons = _reasons(rows, sensors, standing, found.series, options.reach)
    on_road = {sensor: held for sensor, held in found.series.items() if standing.piece[sensor] >= 0}
    used = found.used & np.array([not reasons.get(place, "") for place in rows.place], dtype=bool)
    if not used.any():
        raise LayerError(_nothing(rows, sensors, read, xy, reasons, options.reach))
    told = np.isin(np.arange(len(sensors)), list(on_road))
    standing = Standing(
        np.where(told, standing.piece, -1), standing.measure, standing.distance, standing.other, standing.other_distance
    )
    loads = loads_of(
        network, sums, standing, options.spread, options.one_direction, options.value_is == PRESENT, control
    )
    unused = [(None, [SENSOR, sensor, 0, why]) for sensor, why in reasons.items() if why]
    unused += _unused_rows(rows, reasons)
    numbers = {
        "ROADS": len(np.unique(loads.road)),
        "ROADS_WITHOUT": len(sums.ids) - len(np.unique(loads.road)),
        "SENSORS_USED": len(on_road),
        "SENSORS_UNUSED": sum(bool(why) for why in reasons.values()),
        "ROWS_USED": int(used.sum()),
        "ROWS_UNUSED": int((~used).sum()),
    }
    flow = BackgroundFlow(sums, sensors.ids, on_road, loads, rows.clock, unused, numbers)
    log_rows(rows, used, feedback)
    warn_of_no_flow(rows, list(on_road.values()), options.value_is, feedback)
    log_sensors(flow, sensors, read, standing, reasons, options.spread is not None, feedback)
    numbers.update(peaks(flow, feedback))
    return flow


def _reasons(
    rows: ForecastRows, sensors: Places, standing: Standing, series: dict[int, Held], reach: float
) -> dict[str, str]:
    """Return why each sensor cannot be used, by id; "" where it can."""
    named = set(rows.place)
    reasons = dict(sensors.rejected)
    for k, sensor in enumerate(sensors.ids):
        far = float(standing.distance[k])
        if sensor not in named:
            reasons[sensor] = NO_ROW
        elif not np.isfinite(far):
            reasons[sensor] = "it has no position that can be compared with the roads"
        elif standing.piece[k] < 0:
            reasons[sensor] = f"{far:,.0f} m from the nearest road (MAX_SNAP_DISTANCE {reach:,.0f} m)"
        else:
            reasons[sensor] = "" if k in series else NO_VALUE
    return reasons


def _unused_rows(rows: ForecastRows, reasons: dict[str, str]) -> list[tuple[None, list[Any]]]:
    """Return the rows of the forecast that are not used, counted by place and reason."""
    counted: Counter[tuple[str, str]] = Counter()
    for place, reason in zip(rows.place, rows.reason):
        why = reason
        if place and place not in reasons:
            why = "no sensor has this id"
        elif place and reasons[place] and reasons[place] != NO_VALUE:
            why = f"its sensor is not used: {reasons[place]}"
        if why:
            counted[place, why] += 1
    return [(None, [ROWS, place, number, why]) for (place, why), number in counted.items()]


def _nothing(
    rows: ForecastRows, sensors: Places, read: ReadNetwork, xy: np.ndarray, reasons: dict[str, str], reach: float
) -> str:
    """Return the sentence for a forecast of which nothing can be used."""
    both = set(rows.place) & set(reasons)
    if not both:
        return (
            f"{PARAMETER}: no place of FORECAST “{rows.name}” ({first_of(sorted(set(rows.place))[:3])}) is the id of a "
            f"sensor of “{sensors.name}” ({first_of(list(reasons)[:3])}). Check SENSOR_ID_FIELD and "
            f"FORECAST_PLACE_FIELD."
        )
    far = far_from_roads(read.network, xy, PARAMETER, sensors.name, sensors.crs, read.layer, read.layer_crs)
    if far:
        return far
    whys = [f"{sensor}: {reasons[sensor] or NO_VALUE}" for sensor in reasons if sensor in both]
    return (
        f"{PARAMETER}: no sensor of “{sensors.name}” can be used: {first_of(whys, '; ')}. Fill the values, move the "
        f"sensors to their roads, or raise MAX_SNAP_DISTANCE."
    )
