"""Moments of a run: numbers after START_TIME, and dates and times, in fields of any type.

Time runs on evenly from START_TIME (t = 0): a time without an offset from universal time is local time of START_TIME,
whatever the zone of the computer, and a clock that is put forward or back within the run is not followed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Union

import numpy as np
from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import QDateTime, Qt

from .errors import LayerError
from .times import DAY, ClockTime, clock_value, time_of
from .values import blank, plain

LONGEST_BEFORE, LONGEST_AFTER = 7 * DAY, 30 * DAY
LAST_SECOND = 253_402_300_799.0  # 9999-12-31T23:59:59: what a date and time field can hold
UNITS = {1.0: "seconds", 60.0: "minutes"}
Moment = Union[float, ClockTime]


@dataclass(frozen=True)
class Start:
    """The date and time of t = 0.

    Attributes
    ----------
    shown : float
        Seconds since 1970-01-01T00:00 as the clock shows.
    offset : float or None
        Seconds that this clock is ahead of universal time; None where nothing says it.
    """

    shown: float
    offset: float | None = None

    def value(self, seconds: float) -> QDateTime | None:
        """Return the date and time of a second after t = 0 as a field's value, None beyond the year 9999."""
        if not self.shown + seconds <= LAST_SECOND:
            return None
        moment = clock_value(self.shown + seconds)
        if self.offset is not None:
            moment = QDateTime(moment.date(), moment.time(), Qt.TimeSpec.OffsetFromUTC, int(self.offset))
        return moment

    def text(self, seconds: float = 0.0, form: str = "yyyy-MM-ddTHH:mm:ss") -> str:
        """Return the date and time of a second after t = 0 as the clock shows it, in a form of Qt."""
        moment = self.value(seconds)
        return "after the year 9999" if moment is None else moment.toString(form)

    def seconds_to(self, moment: Moment) -> float:
        """Return the seconds from t = 0 to a moment."""
        if not isinstance(moment, ClockTime):
            return moment
        if moment.offset is None or self.offset is None:
            return moment.shown - self.shown
        return moment.seconds + self.offset - self.shown


@dataclass(frozen=True)
class MomentColumn:
    """The moments of one field.

    Attributes
    ----------
    parameter, layer, field : str
        The parameter that names the field, the layer's name, the field's name.
    unit : float
        Seconds of the unit that numbers count, 1 or 60.
    features : list of str
        Words that name each row, such as "feature 3".
    raw : list
        Values as they are in the layer.
    moments : list of float, ClockTime or None
        Seconds after t = 0, dates and times, None where the row has none.
    """

    parameter: str
    layer: str
    field: str
    unit: float
    features: list[str]
    raw: list[Any]
    moments: list[Moment | None]

    def of(self, rows: Sequence[int | None]) -> MomentColumn:
        """Return the moments of these rows, of None no moment."""
        return MomentColumn(
            self.parameter, self.layer, self.field, self.unit,
            ["" if k is None else self.features[k] for k in rows], [None if k is None else self.raw[k] for k in rows],
            [None if k is None else self.moments[k] for k in rows],
        )  # fmt: skip

    @property
    def clock_times(self) -> list[ClockTime]:
        """The dates and times among the moments."""
        return [moment for moment in self.moments if isinstance(moment, ClockTime)]

    def seconds(
        self, start: Start, feedback: QgsProcessingFeedback, anywhen: bool = False, late_is_never: bool = False
    ) -> np.ndarray:
        """Return the seconds (k,) from t = 0, NaN where a row has no moment; the log says what they mean.

        Parameters
        ----------
        anywhen : bool
            Whether moments far from t = 0 are a warning only.
        late_is_never : bool
            Whether one more than 30 days after t = 0 is never reached: infinite, which is logged.

        Raises
        ------
        LayerError
            For a moment more than 7 days before or 30 days after t = 0, unless ``anywhen``.
        """
        out = np.array([math.nan if m is None else start.seconds_to(m) for m in self.moments], dtype=float)
        late = np.flatnonzero(out > LONGEST_AFTER) if late_is_never else np.empty(0, dtype=np.int64)
        if len(late):
            feedback.pushInfo(
                f"{self.parameter}: {len(late)} value(s) of “{self.layer}” in “{self.field}” are more than 30 days "
                f"after START_TIME and count as never, such as “{_shown(self.raw[int(late[0])])}” of "
                f"{self.features[int(late[0])]}."
            )
            out[late] = np.inf
        known = out[np.isfinite(out)]
        if not len(known):
            return out
        far = np.flatnonzero((out < -LONGEST_BEFORE) | ((out > LONGEST_AFTER) & np.isfinite(out)))
        if len(far):
            text = self._far(int(far[0]), len(far), float(out[far[0]]), start)
            if not anywhen:
                raise LayerError(f"{text} Correct the value, or choose a START_TIME that is near it.")
            feedback.pushWarning(f"{text} Check the values and START_TIME.")
        feedback.pushInfo(
            f"{self.parameter}: numbers in “{self.field}” are {UNITS[self.unit]} after START_TIME; first "
            f"{start.text(float(known.min()))}, last {start.text(float(known.max()))}."
        )
        return out

    def _far(self, row: int, count: int, seconds: float, start: Start) -> str:
        side = "after" if seconds > 0 else "before"
        more = f" (as are {count - 1} more)" if count > 1 else ""
        return (
            f"{self.parameter}: {self.features[row]} of “{self.layer}” has “{_shown(self.raw[row])}” in the field "
            f"“{self.field}”, which is {abs(seconds) / DAY:,.1f} days {side} START_TIME ({start.text()}){more}."
        )


def _shown(value: Any) -> str:
    return value.toString(Qt.DateFormat.ISODate) if hasattr(value, "toString") else str(value)


def moment_column(
    values: Sequence[Any], features: Sequence[str], parameter: str, layer: str, field: str, unit: float
) -> MomentColumn:
    """Read the moments of a field: dates and times in fields or texts, numbers of ``unit`` seconds after t = 0.

    Raises
    ------
    LayerError
        When a value is neither.
    """
    raw = [plain(value) for value in values]
    moments = [_moment(value, name, parameter, layer, field, unit) for value, name in zip(raw, features)]
    return MomentColumn(parameter, layer, field, unit, list(features), raw, moments)


def _moment(value: Any, feature: str, parameter: str, layer: str, field: str, unit: float) -> Moment | None:
    if blank(value):
        return None
    found = time_of(value)
    if found is not None:
        return found
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise LayerError(
            f"{parameter}: {feature} of “{layer}” has “{_shown(value)}” in the field “{field}”, which is neither a "
            f"number of {UNITS[unit]} after START_TIME nor a date and time such as 2026-05-01T06:30:00. Correct it or "
            f"choose another field."
        )
    return number * unit


DEFAULT_START = Start(946_684_800.0)  # 2000-01-01T00:00


def known_seconds(column: MomentColumn | None, rows: int, start: Start, feedback: QgsProcessingFeedback) -> np.ndarray:
    """Return the seconds from t = 0 at which each of ``rows`` becomes known; -inf for what is known from the start.

    That is what has no moment, or one that is not after t = 0.

    Raises
    ------
    LayerError
        A moment more than 7 days before or 30 days after t = 0.
    """
    if column is None:
        return np.full(rows, -np.inf)
    seconds = column.seconds(start, feedback)
    return np.where(seconds > 0.0, seconds, -np.inf)


def start_time(
    given: ClockTime | None,
    columns: Sequence[MomentColumn],
    others: Sequence[MomentColumn],
    feedback: QgsProcessingFeedback,
    dangers: Sequence[MomentColumn] = (),
    ahead: float = 0.0,
) -> Start:
    """Return t = 0: the START_TIME given, else what the layers say, else 2000-01-01T00:00.

    That is the earliest date and time in ``columns``; where they have none, the earliest in ``dangers`` less ``ahead``,
    with a warning. Where START_TIME does not say its offset from universal time but a moment does, it is a time of that
    clock.

    Parameters
    ----------
    given : ClockTime or None
        The parameter's value.
    columns : sequence of MomentColumn
        Departures and orders.
    others : sequence of MomentColumn
        Columns that do not make t = 0 but may say the offset.
    dangers : sequence of MomentColumn
        Arrivals of the hazard, and closures.
    ahead : float
        Seconds: DEPARTURE_WINDOW.

    Raises
    ------
    LayerError
        When the columns have several offsets and START_TIME says none.
    """
    times, later = ([moment for column in group for moment in column.clock_times] for group in (columns, dangers))
    if given is not None:
        start = Start(given.shown, given.offset)
    elif not times and not later:
        start = DEFAULT_START
        feedback.pushInfo(f"START_TIME: t = 0 is {start.text()} (none was given).")
    elif times:
        start = _earliest(times)
        feedback.pushInfo(f"START_TIME: t = 0 is {start.text()} (the earliest date and time in the layer).")
    else:
        first = _earliest(later)
        start = Start(first.shown - ahead, first.offset)
        feedback.pushWarning(
            f"START_TIME: none was given, and neither departures nor orders have a date; t = 0 is taken to be "
            f"{start.text()}, {ahead / 60.0:g} minutes before the earliest closure or arrival of the hazard. Give "
            f"START_TIME if people leave at another time."
        )
    return start if start.offset is not None else _of_their_clock(start, [*columns, *others, *dangers], feedback)


def _earliest(times: Sequence[ClockTime]) -> Start:
    aware = all(t.offset is not None for t in times)
    first = min(times, key=lambda t: t.seconds if aware else t.shown)
    return Start(first.shown, first.offset if aware else None)


def _of_their_clock(start: Start, columns: Sequence[MomentColumn], feedback: QgsProcessingFeedback) -> Start:
    """Return a start without an offset with that of the columns' moments, if they have one."""
    offsets = sorted({t.offset for column in columns for t in column.clock_times if t.offset is not None})
    if not offsets:
        return start
    names = ", ".join(c.parameter for c in columns if any(t.offset is not None for t in c.clock_times))
    if len(offsets) > 1:
        raise LayerError(
            f"START_TIME: {names} has times with several offsets from universal time "
            f"({', '.join(offset_text(o) for o in offsets)}), and nothing tells which is that of START_TIME. Write it "
            f"with its offset, such as {start.text()}{offset_text(offsets[0])}."
        )
    feedback.pushWarning(
        f"START_TIME: {start.text()} has no offset from universal time and is taken to be of the same clock as the "
        f"times of {names}, {offset_text(offsets[0])}. Write START_TIME with its offset if it is another."
    )
    return Start(start.shown, offsets[0])


def offset_text(offset: float) -> str:
    """Return an offset from universal time such as +12:00."""
    hours, minutes = divmod(int(abs(offset)) // 60, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}"
