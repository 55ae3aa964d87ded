"""The one reader of dates and times: times in fields of any type as seconds, and time zones as clocks.

A value that does not say how far its clock is from universal time is what a clock on the spot shows: the zone of the
computer plays no part, so that the same data give the same result everywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime, QTimeZone

from ..solvers.forecasting.clock import Clock
from .errors import LayerError
from .values import blank, plain

JULIAN_1970 = 2_440_588
DAY = 86_400.0
MILLISECONDS_FROM = 1e11  # a number this large counts milliseconds since 1970, not seconds
NAMED = 5
EPOCH = datetime(1970, 1, 1)
WRITTEN = re.compile(
    r"(\d{4})(?P<mark>[-/]?)(\d\d)(?P=mark)(\d\d)"
    r"(?:(?:[T ]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?|(?<=\d{8})(\d\d)(\d\d)(\d\d))"
    r"\s*(?:([zZ])|([+-])(\d\d):?(\d\d)?)?)?"
)


class ClockTime(NamedTuple):
    """A date and time.

    Attributes
    ----------
    seconds : float
        Since 1970; of universal time where ``offset`` is known, else as the clock shows.
    offset : float or None
        Seconds that the clock is ahead of universal time; None where the value does not say.
    """

    seconds: float
    offset: float | None

    @property
    def shown(self) -> float:
        """Seconds since 1970 as the clock shows."""
        return self.seconds + (self.offset or 0.0)


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
    """Read times: date and time fields, dates, ISO 8601 texts with or without an offset, Unix seconds.

    Numbers are dates where all of them read as a date such as 20260501.
    """
    seconds = np.full(len(values), np.nan)
    aware = np.zeros(len(values), dtype=bool)
    offset = np.zeros(len(values))
    empty, unreadable = 0, []
    plain_values = [plain(raw) for raw in values]
    as_dates = _dates_in_digits(plain_values)
    known: dict[Any, ClockTime | None] = {}
    for row, value in enumerate(plain_values):
        if blank(value):
            empty += 1
            continue
        if as_dates and isinstance(value, (int, float)):
            value = str(int(value))
        if isinstance(value, str):
            if value not in known:
                known[value] = time_of(value) or _unix_text(value)
            found = known[value]
        else:
            found = time_of(value) or _unix(value)
        if found is None:
            unreadable.append((row + 1, str(value)))
            continue
        seconds[row] = found.seconds
        if found.offset is not None:
            aware[row], offset[row] = True, found.offset
    return Times(seconds, aware, offset, empty, unreadable)


def time_of(value: Any) -> ClockTime | None:
    """Return the date and time that a text or a value of a date field says, None for anything else."""
    if isinstance(value, str):
        return _time_of_text(value)
    if isinstance(value, QDateTime):
        if value.timeSpec() == Qt.TimeSpec.LocalTime:  # invalid also where this computer's own clock skips the hour
            there = value.date().isValid() and value.time().isValid()
            return ClockTime(_clock_seconds(value.date(), value.time()), None) if there else None
        if not value.isValid():
            return None
        return ClockTime(value.toMSecsSinceEpoch() / 1000.0, float(value.offsetFromUtc()))
    if isinstance(value, QDate):
        return ClockTime(_clock_seconds(value, QTime(0, 0)), None) if value.isValid() else None
    return None


def _time_of_text(text: str) -> ClockTime | None:
    """Read ISO 8601 and its like: 2026-05-01, 2026/05/01 06:30, 20260501T0630, 2026-05-01T06:30:00.5+12:00, or Z."""
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    year, _, month, day, *time, zulu, sign, ahead, minutes = match.groups()
    hour, minute, second = (int(long or short or 0) for long, short in zip(time[:3], time[4:]))
    try:
        moment = datetime(int(year), int(month), int(day), hour, minute, second)
    except ValueError:
        return None
    seconds = (moment - EPOCH).total_seconds() + float(f"0.{time[3] or 0}")
    if zulu:
        return ClockTime(seconds, 0.0)
    if not sign:
        return ClockTime(seconds, None)
    offset = (3600.0 * int(ahead) + 60.0 * int(minutes or 0)) * (-1.0 if sign == "-" else 1.0)
    return ClockTime(seconds - offset, offset) if abs(offset) < DAY and int(minutes or 0) < 60 else None


def _dates_in_digits(values: Sequence[Any]) -> bool:
    """Return whether there are numbers and all of them read as a date such as 20260501."""
    numbers = {v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)}
    return bool(numbers) and all(19e6 < n < 21e6 and n == int(n) and time_of(str(int(n))) for n in numbers)


def _unix(value: Any) -> ClockTime | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return ClockTime(value / 1000.0 if abs(value) >= MILLISECONDS_FROM else float(value), 0.0)
    return None


def _unix_text(text: str) -> ClockTime | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return _unix(number) if abs(number) > DAY else None  # a year or an hour alone is no time


def _clock_seconds(date: QDate, time: QTime) -> float:
    return (date.toJulianDay() - JULIAN_1970) * DAY + time.msecsSinceStartOfDay() / 1000.0


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
    begin, end = (universal_value(moment) for moment in (first - 2 * DAY, last + 2 * DAY))
    changes, offsets = [], [float(named.offsetFromUtc(begin))]
    for change in named.transitions(begin, end) if named.hasTransitions() else []:
        if change.offsetFromUtc != offsets[-1]:
            changes.append(change.atUtc.toMSecsSinceEpoch() / 1000.0)
            offsets.append(float(change.offsetFromUtc))
    return Clock(np.array(changes), np.array(offsets))


def universal_value(seconds: float) -> QDateTime:
    """Return a moment, seconds since 1970 of universal time, as a value of a date and time field."""
    return QDateTime.fromMSecsSinceEpoch(int(round(seconds * 1000.0)), Qt.TimeSpec.UTC)


def date_times(seconds: np.ndarray, universal: bool) -> list[QDateTime]:
    """Return moments (k,) as values of a date and time field.

    ``universal`` marks them as universal time; otherwise they are what a clock shows and say nothing of a zone.
    """
    return [universal_value(second) if universal else clock_value(second) for second in seconds.tolist()]


def clock_value(shown: float) -> QDateTime:
    """Return what a clock shows ``shown`` seconds after 1970-01-01T00:00, as a value that says nothing of a zone."""
    day, milliseconds = divmod(int(round(shown * 1000.0)), int(1000 * DAY))
    date, time = QDate.fromJulianDay(day + JULIAN_1970), QTime.fromMSecsSinceStartOfDay(milliseconds)
    local = QDateTime(date, time)
    return local if local.isValid() else QDateTime(date, time, Qt.TimeSpec.UTC)  # this computer's clock skips the hour
