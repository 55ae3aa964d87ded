"""Long tables of counts: a place, a time and a value in every row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.forecasting.clock import Clock
from ...solvers.forecasting.series import Readings, Series, regularise
from ...solvers.naming import NAMED_IN_LOG, first_of
from ..errors import LayerError
from ..tables import read_table
from ..times import Times, clock_of, read_times
from ..values import id_text, number


@dataclass(frozen=True)
class CountsTable:
    """A long table of counts.

    Attributes
    ----------
    source : QgsProcessingFeatureSource
    fields : dict
        Names of the fields with ``place``, ``time`` and ``value``.
    zone : str
        Time zone of clock times, and of the seasons; "" where none was given.
    """

    source: QgsProcessingFeatureSource
    fields: dict[str, str]
    zone: str = ""


@dataclass(frozen=True)
class Counts:
    """Counts as series.

    Attributes
    ----------
    series : Series
    universal : bool
        Whether the table's times say their offset; else they, and the forecast's, are clock times.
    """

    series: Series
    universal: bool


def read_counts(counts: CountsTable, feedback: QgsProcessingFeedback, parameter: str = "COUNTS") -> Counts | None:
    """Read a long table as series on a regular grid; None where it has no rows.

    Raises
    ------
    LayerError
        A missing field, a value that is no number, no time that can be read, no value at all, an unknown zone.
    SolverError
        Fewer than two times, or a stray one.
    """
    fields, name = counts.fields, counts.source.sourceName()
    table = read_table(counts.source, parameter, fields)
    if not table["place"]:
        return None
    times = read_times(table["time"])
    for warning in times.warnings(parameter, name, fields["time"]):
        feedback.pushWarning(warning)
    ids = [id_text(value) for value in table["place"]]
    value = np.array(
        [
            number(raw, parameter, name, f"in row {row} (place {place or 'without a name'})", fields["value"])
            for row, (raw, place) in enumerate(zip(table["value"], ids), start=1)
        ]
    )
    named = np.array([bool(place) for place in ids])
    if not named.all():
        feedback.pushWarning(
            f"{parameter}: {int((~named).sum())} row(s) of “{name}” have no place in the field “{fields['place']}” and "
            f"were passed over."
        )
    keep = named & times.known
    places, unknown = _with_values(ids, keep, value)
    if unknown:
        feedback.pushWarning(
            f"{parameter}: {len(unknown)} place(s) of “{name}” have no value at all and get no forecast: "
            f"{first_of(unknown)}."
        )
    if not places:
        raise LayerError(
            f"{parameter}: “{name}” has no value in the field “{fields['value']}” with a time and a place. Choose the "
            f"field with the counts."
        )
    index = {place: k for k, place in enumerate(places)}
    rows = np.flatnonzero(keep & np.array([place in index for place in ids]))
    place = np.array([index[ids[row]] for row in rows], dtype=np.int64)
    readings = Readings(place, times.seconds[rows], times.aware[rows], value[rows])
    series, notes = regularise(readings, places, _clock(times, counts.zone, parameter, name, feedback))
    for note in notes:
        feedback.pushWarning(f"{parameter}: {note}")
    _describe(series, parameter, name, feedback)
    return Counts(series, bool(times.aware[rows].any()))


def _with_values(ids: list[str], keep: np.ndarray, value: np.ndarray) -> tuple[list[str], list[str]]:
    """Return the places with a value, in their order, and those without any."""
    counted: dict[str, bool] = {}
    for place, kept, known in zip(ids, keep.tolist(), (~np.isnan(value)).tolist()):
        if place:
            counted[place] = counted.get(place, False) or (kept and known)
    return [place for place, there in counted.items() if there], [
        place for place, there in counted.items() if not there
    ]


def _clock(times: Times, zone: str, parameter: str, name: str, feedback: QgsProcessingFeedback) -> Clock:
    """Return the clock of the zone, or the one that the times themselves show."""
    known = times.known
    seconds, aware = times.seconds[known], times.aware[known]
    if zone.strip():
        year = 366 * 86_400.0  # the forecast may lie beyond a change of the clocks
        return clock_of(zone, float(seconds.min()), float(seconds.max()) + year)
    if not aware.any():
        feedback.pushInfo(
            f"{parameter}: the times of “{name}” are taken as they are written. Give TIMEZONE if clocks are changed "
            f"during the year."
        )
        return Clock()
    offsets, count = np.unique(times.offset[known & times.aware], return_counts=True)
    usual = float(offsets[np.argmax(count)])
    if len(offsets) > 1:
        shown = ", ".join(_offset(offset) for offset in offsets.tolist()[:NAMED_IN_LOG])
        feedback.pushWarning(
            f"{parameter}: the times of “{name}” have different offsets from universal time ({shown}). Times of day "
            f"follow the commonest, {_offset(usual)}; give TIMEZONE to follow the clocks."
        )
    if not aware.all():
        feedback.pushWarning(
            f"{parameter}: {int((~aware).sum())} of {len(aware)} times of “{name}” do not say their offset from "
            f"universal time; they were read at {_offset(usual)} as the others. Give TIMEZONE if that is wrong."
        )
    return Clock(offsets=np.array([usual]))


def _offset(seconds: float) -> str:
    sign, minutes = "-" if seconds < 0 else "+", int(abs(seconds)) // 60
    return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _describe(series: Series, parameter: str, name: str, feedback: QgsProcessingFeedback) -> None:
    days = len(series) * series.step / 86_400.0
    feedback.pushInfo(
        f"{parameter}: {len(series.places)} series of “{name}” over {days:.1f} days in steps of {series.step / 60:g} "
        f"minutes."
    )
    last = np.array([np.flatnonzero(~np.isnan(column))[-1] for column in series.values.T])
    ended = [place for place, step in zip(series.places, last) if (len(series) - 1 - step) * series.step > 86_400]
    if ended:
        feedback.pushWarning(
            f"{parameter}: {len(ended)} series of “{name}” end more than a day before the others; they are forecast "
            f"from their season and their neighbours: {first_of(ended)}."
        )
