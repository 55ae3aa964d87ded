"""Times in fields of any type as seconds, and time zones as clocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime, QTimeZone

from ...solvers.forecasting.clock import Clock
from ..errors import LayerError
from ..values import plain

JULIAN_1970 = 2_440_588
DAY = 86_400.0
MILLISECONDS_FROM = 1e11  # a number this large counts milliseconds since 1970, not seconds
NAMED = 5
EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Times:
    """Times of the rows of a table.

    Attributes
    ----------
    seconds : ndarray, shape (r,)
        Seconds since 1970, of universal time where ``aware``, else as the clock shows; NaN where unreadable or empty.
    aware : ndarray of bool, shape (r,)
        Whether the value says how far its clock is from universal time.
    offset : ndarray, shape (r,)
        Seconds that the value's clock is ahead of universal time, 0 where it does not say.
    empty : int
        Rows without a value.
    unreadable : list of (int, str)
        Row (from 1) and value of what is no time.
    """

    seconds: np.ndarray
    aware: np.ndarray
    offset: np.ndarray
    empty: int
    unreadable: list[tuple[int, str]]

    @property
    def known(self) -> np.ndarray:
        """Which rows have a time, (r,) bool."""
        return np.isfinite(self.seconds)

    def warnings(self, parameter: str, layer: str, field: str) -> list[str]:
        """Return what a user should know of rows without a usable time.

        Raises
        ------
        LayerError
            When there are rows but none has a time.
        """
        total, problems = len(self.seconds), []
        shown = ", ".join(f"“{text}” (row {row})" for row, text in self.unreadable[:NAMED])
        if total and not self.known.any():
            raise LayerError(
                f"{parameter}: no row of “{layer}” has a time that can be read in the field “{field}”"
                + (f": {shown}" if shown else ", which is empty throughout")
                + ". Use date and time fields, or texts such as 2026-05-01 06:30 or 2026-05-01T06:30:00+12:00."
            )
        if self.unreadable:
            problems.append(
                f"{parameter}: {len(self.unreadable)} of {total} row(s) of “{layer}” have a time that cannot be read "
                f"in the field “{field}” and were passed over: {shown}."
            )
        if self.empty:
            problems.append(f"{parameter}: {self.empty} row(s) of “{layer}” have no time and were passed over.")
        return problems


def read_times(values: Sequence[Any]) -> Times:
    """Read times: date and time fields, dates, ISO 8601 texts with or without an offset, Unix seconds."""
    seconds = np.full(len(values), np.nan)
    aware = np.zeros(len(values), dtype=bool)
    offset = np.zeros(len(values))
    empty, unreadable = 0, []
    known: dict[Any, tuple[float, float | None] | None] = {}
    for row, raw in enumerate(values):
        value = plain(raw)
        if value is None or (isinstance(value, str) and not value.strip()):
            empty += 1
            continue
        if isinstance(value, str):
            if value not in known:
                known[value] = _of_text(value.strip())
            found = known[value]
        else:
            found = _of_value(value)
        if found is None:
            unreadable.append((row + 1, str(value)))
            continue
        seconds[row] = found[0]
        if found[1] is not None:
            aware[row], offset[row] = True, found[1]
    return Times(seconds, aware, offset, empty, unreadable)


def _of_value(value: Any) -> tuple[float, float | None] | None:
    """Return seconds, and the clock's offset where it is known, of a value that is no text."""
    if isinstance(value, QDateTime):
        if value.timeSpec() == Qt.TimeSpec.LocalTime:  # invalid also where this computer's own clock skips the hour
            there = value.date().isValid() and value.time().isValid()
            return (_clock_seconds(value.date(), value.time()), None) if there else None
        if not value.isValid():
            return None
        return value.toMSecsSinceEpoch() / 1000.0, float(value.offsetFromUtc())
    if isinstance(value, QDate):
        return (_clock_seconds(value, QTime(0, 0)), None) if value.isValid() else None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return (value / 1000.0 if abs(value) >= MILLISECONDS_FROM else float(value)), 0.0
    return None


def _clock_seconds(date: QDate, time: QTime) -> float:
    return (date.toJulianDay() - JULIAN_1970) * DAY + time.msecsSinceStartOfDay() / 1000.0


def _of_text(text: str) -> tuple[float, float | None] | None:
    iso = text.replace("/", "-")
    if iso[-1] in "zZ":
        iso = iso[:-1] + "+00:00"
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        try:
            number = float(text)
        except ValueError:
            return None
        return _of_value(number) if abs(number) > DAY else None  # a year or an hour alone is no time
    shift = moment.utcoffset()
    if shift is None:
        return (moment - EPOCH).total_seconds(), None
    return moment.astimezone(timezone.utc).timestamp(), shift.total_seconds()


def clock_of(zone: str, first: float, last: float, parameter: str = "TIMEZONE") -> Clock:
    """Return the clock of a time zone between two moments, seconds since 1970.

    Raises
    ------
    LayerError
        When there is no such zone.
    """
    named = QTimeZone(zone.strip().encode())
    if not named.isValid():
        raise LayerError(
            f"{parameter}: “{zone}” is no time zone. Write a name such as Pacific/Auckland or America/Santiago, or an "
            f"offset such as UTC+12:00; leave it empty to take times as they are written."
        )
    begin, end = (_universal(moment) for moment in (first - 2 * DAY, last + 2 * DAY))
    changes, offsets = [], [float(named.offsetFromUtc(begin))]
    for change in named.transitions(begin, end) if named.hasTransitions() else []:
        if change.offsetFromUtc != offsets[-1]:
            changes.append(change.atUtc.toMSecsSinceEpoch() / 1000.0)
            offsets.append(float(change.offsetFromUtc))
    return Clock(np.array(changes), np.array(offsets))


def _universal(seconds: float) -> QDateTime:
    return QDateTime.fromMSecsSinceEpoch(int(round(seconds * 1000.0)), Qt.TimeSpec.UTC)


def date_times(seconds: np.ndarray, universal: bool) -> list[QDateTime]:
    """Return moments (k,) as values of a date and time field.

    ``universal`` marks them as universal time; otherwise they are what a clock shows and say nothing of a zone.
    """
    if universal:
        return [_universal(second) for second in seconds.tolist()]
    days, rest = np.divmod(seconds, DAY)
    return [
        QDateTime(QDate.fromJulianDay(int(day) + JULIAN_1970), QTime.fromMSecsSinceStartOfDay(int(round(part * 1e3))))
        for day, part in zip(days.tolist(), rest.tolist())
    ]
