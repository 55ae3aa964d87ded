"""Moments given as seconds or as date and time, in fields of any type."""

from __future__ import annotations

import math
from typing import Any, Union

from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

from ..errors import LayerError
from ..values import plain

DEFAULT_START = "2000-01-01T00:00:00"
Moment = Union[float, QDateTime]


def default_start() -> QDateTime:
    """Return the date and time of t = 0 where nothing tells it."""
    return QDateTime.fromString(DEFAULT_START, Qt.DateFormat.ISODate)


def read_moment(value: Any, parameter: str, layer: str, feature: str, field: str) -> Moment | None:
    """Return seconds, or a QDateTime, or None for NULL.

    Numbers and texts with a number are seconds from t = 0; dates and texts in ISO 8601 are date and time.

    Raises
    ------
    LayerError
        When the value is neither.
    """
    value = plain(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, QDateTime):
        return value if value.isValid() else None
    if isinstance(value, QDate):
        return QDateTime(value, QTime(0, 0))
    if isinstance(value, str):
        for form in (Qt.DateFormat.ISODateWithMs, Qt.DateFormat.ISODate):
            moment = QDateTime.fromString(value.strip().replace(" ", "T", 1), form)
            if moment.isValid() and "-" in value[1:]:
                return moment
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise LayerError(
            f"{parameter}: feature {feature} of “{layer}” has “{value}” in the field “{field}”, which is neither a "
            f"number of seconds nor a date and time such as 2026-05-01T06:30:00. Correct it or choose another field."
        )
    return seconds


def seconds_after(moment: Moment, start: QDateTime) -> float:
    """Return the seconds from ``start`` (t = 0) to a moment."""
    if isinstance(moment, QDateTime):
        return start.msecsTo(moment) / 1000.0
    return moment


def at_second(start: QDateTime, seconds: float) -> QDateTime:
    """Return the date and time of a second after ``start``."""
    return start.addMSecs(int(round(seconds * 1000.0)))
