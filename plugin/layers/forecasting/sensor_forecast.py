"""The forecast of what sensors count, read as series that hold until their next moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.forecasting.held import Held, intervals, look_like_speeds, merged, usual_interval
from ...solvers.naming import first_of
from ..errors import LayerError
from ..moments import MomentColumn, moment_column
from ..tables import read_table
from ..times import ClockTime
from ..values import id_text, number

PARAMETER = "FORECAST"
TIME_FIELD = "FORECAST_TIME_FIELD"
SECONDS_AFTER, CLOCK, UNIVERSAL = "seconds after START_TIME", "clock", "universal time"
PER_HOUR, PER_INTERVAL, PRESENT = range(3)  # VALUE_IS
HOUR = 3600.0
NO_FLOW = ("speed", "km/h", "kmh", "kph", "mph", "veloc", "pedestrian", "people", "persons")


@dataclass(frozen=True)
class ForecastRows:
    """The rows of a forecast.

    Attributes
    ----------
    name : str
        The table's name.
    field : str
        Name of the value field.
    place : list of str
    seconds : (k,) float64
        As ``clock`` says; NaN without a time.
    value : (k,) float64
    reason : list of str
        Why a row cannot be used, whatever the sensors; "" where it can.
    clock : str
        :data:`SECONDS_AFTER`, or seconds since 1970 as a :data:`CLOCK` shows or of :data:`UNIVERSAL` time.
    """

    name: str
    field: str
    place: list[str]
    seconds: np.ndarray
    value: np.ndarray
    reason: list[str]
    clock: str

    def __len__(self) -> int:
        return len(self.place)


def read_forecast(
    source: QgsProcessingFeatureSource, fields: Mapping[str, str], feedback: QgsProcessingFeedback
) -> ForecastRows:
    """Read a table with ``place``, ``time`` and ``value``.

    Raises
    ------
    LayerError
        A missing field, a value that is no number, a time that cannot be read, times that cannot be compared.
    """
    table, name = read_table(source, PARAMETER, fields), source.sourceName()
    place = [id_text(value) for value in table["place"]]
    features = [f"row {row}" for row in range(1, len(place) + 1)]
    told = [f"in {feature} (place {one or 'without a name'})" for feature, one in zip(features, place)]
    value = np.array(
        [number(raw, PARAMETER, name, feature, fields["value"]) for raw, feature in zip(table["value"], told)]
    )
    column = moment_column(table["time"], features, TIME_FIELD, name, fields["time"], 1.0)
    clock = _clock(column)
    seconds = np.array([_seconds(moment) for moment in column.moments], dtype=float)
    reason = [
        _reason(one, moment, number_)
        for one, moment, number_ in zip(place, seconds.tolist(), value.reshape(-1).tolist())
    ]
    if clock == SECONDS_AFTER and len(place):
        feedback.pushInfo(f"{TIME_FIELD}: numbers in “{fields['time']}” are {SECONDS_AFTER}, and stay so.")
    return ForecastRows(name, fields["value"], place, seconds, value.reshape(-1), reason, clock)


def _reason(place: str, seconds: float, value: float) -> str:
    if not place:
        return "no place"
    if np.isnan(seconds):
        return "no time"
    if np.isnan(value):
        return "no value"
    return "negative value" if value < 0 else ""


def _seconds(moment: float | ClockTime | None) -> float:
    if moment is None:
        return np.nan
    return moment.seconds if isinstance(moment, ClockTime) else moment


def _clock(column: MomentColumn) -> str:
    """Return what the times of a column count.

    Raises
    ------
    LayerError
        When they cannot be compared with one another.
    """
    clocks = column.clock_times
    given = sum(moment is not None for moment in column.moments)
    aware = sum(moment.offset is not None for moment in clocks)
    _refuse_mixed(column, len(clocks), given, "dates and times", "numbers of seconds")
    _refuse_mixed(column, aware, len(clocks), "times with an offset from universal time", "times without one")
    if not clocks:
        return SECONDS_AFTER
    return UNIVERSAL if aware else CLOCK


def _refuse_mixed(column: MomentColumn, some: int, every: int, one: str, other: str) -> None:
    if 0 < some < every:
        raise LayerError(
            f"{column.parameter}: the field “{column.field}” of “{column.layer}” has {some} {one} and {every - some} "
            f"{other}, which cannot be compared. Write all of them alike."
        )


@dataclass(frozen=True)
class SensorSeries:
    """The series of sensors that have one, and the rows that were used for them.

    Attributes
    ----------
    series : dict of int to Held
        By the sensor's place in its layer: vehicles/h, or vehicles present.
    used : (k,) bool
        Which rows of the forecast.
    """

    series: dict[int, Held]
    used: np.ndarray


def series_of(
    rows: ForecastRows, sensors: Sequence[str], value_is: int, minutes: float | None, feedback: QgsProcessingFeedback
) -> SensorSeries:
    """Return the series of each sensor; warn of what is not as usual.

    Parameters
    ----------
    sensors : sequence of str
        Ids of the sensors.
    value_is : int
        :data:`PER_HOUR`, :data:`PER_INTERVAL` or :data:`PRESENT`.
    minutes : float, optional
        Length of every interval; by default until the sensor's next row.

    Raises
    ------
    LayerError
        When a value is that of an interval and nothing says how long it is.
    """
    position = {sensor: k for k, sensor in enumerate(sensors)}
    own: dict[int, list[int]] = {}
    for row, (place, seconds) in enumerate(zip(rows.place, rows.seconds.tolist())):
        if place in position and not np.isnan(seconds):
            own.setdefault(position[place], []).append(row)
    usable = np.array([not reason for reason in rows.reason], dtype=bool)
    found, twice = {}, 0
    for sensor, some in own.items():
        if usable[some].any():
            *found[sensor], again = merged(rows.seconds[some], np.where(usable[some], rows.value[some], np.nan))
            twice += again
    if twice:
        feedback.pushWarning(
            f"{PARAMETER}: {twice} row(s) of “{rows.name}” have the place and time of another; the mean of them is "
            f"taken. Remove what is there twice."
        )
    usual = 60.0 * minutes if minutes else usual_interval([moments for moments, _ in found.values()])
    steps = {sensor: intervals(moments, usual) for sensor, (moments, _) in found.items()}
    lengths = {k: np.full(len(own), 60.0 * minutes) for k, own in steps.items()} if minutes else steps
    if value_is == PER_INTERVAL:
        _judge_lengths(rows, lengths, feedback)
    elif value_is == PER_HOUR and np.isfinite(usual) and abs(usual - HOUR) > 1.0:
        feedback.pushWarning(
            f"VALUE_IS: the times of “{rows.name}” lie {usual / 60:g} minutes apart, and its values are taken for "
            f"vehicles per hour. If they are counts of {usual / 60:g} minutes, choose vehicles per interval (1)."
        )
    held = {}
    for sensor, (moments, values) in found.items():
        by_hour = values * HOUR / lengths[sensor] if value_is == PER_INTERVAL else values
        held[sensor] = Held(moments, by_hour, float(moments[-1] + steps[sensor][-1]))
    used = usable & np.array([place in position for place in rows.place], dtype=bool)
    return SensorSeries(held, used)


def _judge_lengths(rows: ForecastRows, lengths: dict[int, np.ndarray], feedback: QgsProcessingFeedback) -> None:
    """Warn of intervals (s) of different length; refuse where one has no end."""
    different, count = np.unique(np.concatenate([np.empty(0), *lengths.values()]).round(3), return_counts=True)
    if not np.isfinite(different).all():
        raise LayerError(
            f"INTERVAL: no place of “{rows.name}” has two rows, so nothing says how long an interval lasts. Give "
            f"INTERVAL (minutes)."
        )
    if len(different) > 1:
        feedback.pushWarning(
            f"INTERVAL: the times of “{rows.name}” lie {different[0] / 60:g} to {different[-1] / 60:g} minutes apart, "
            f"most often {different[np.argmax(count)] / 60:g}; each value counts for the time until its place's next "
            f"row. Where rows are missing, give INTERVAL."
        )


def warn_of_no_flow(rows: ForecastRows, series: Sequence[Held], value_is: int, feedback: QgsProcessingFeedback) -> None:
    """Warn where names or values speak of speeds or of people."""
    names = [text for text in (rows.field, rows.name) if any(word in text.casefold() for word in NO_FLOW)]
    if names:
        feedback.pushWarning(
            f"{PARAMETER}: “{names[0]}” does not sound like vehicles. Speeds and people are no flow of vehicles, and "
            f"what comes of them means nothing. Choose a forecast of vehicles."
        )
    elif value_is != PRESENT and look_like_speeds(series):
        feedback.pushWarning(
            f"{PARAMETER}: the values of “{rows.name}” look like speeds: at most 130, and near their highest for most "
            f"of the day. Speeds are no flow of vehicles, and what comes of them means nothing. Choose a forecast of "
            f"vehicles."
        )


def log_rows(rows: ForecastRows, used: np.ndarray, feedback: QgsProcessingFeedback) -> None:
    """Say how many rows are used, and name the places of the others."""
    feedback.pushInfo(f"{PARAMETER}: {int(used.sum())} of {len(rows)} row(s) of “{rows.name}” are used.")
    left = Counter(rows.reason[row] for row in np.flatnonzero(~used).tolist() if rows.reason[row])
    if left:
        feedback.pushWarning(
            f"{PARAMETER}: row(s) of “{rows.name}” that cannot be used: "
            f"{first_of([f'{number} with {reason}' for reason, number in left.most_common()])}. Roads keep the value "
            f"before; write 0 where a road is empty."
        )
