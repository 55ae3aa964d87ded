"""Times as strangers write them, and moments relative to the start of a run."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

from evacuation_planner.plugin.layers.errors import LayerError
from evacuation_planner.plugin.layers.moments import Start, moment_column, start_time
from evacuation_planner.plugin.layers.times import ClockTime, clock_value, read_times, time_of

EPOCH = datetime(1970, 1, 1)
HALF_PAST_SIX = (datetime(2026, 5, 1, 6, 30) - EPOCH).total_seconds()


@pytest.mark.parametrize(
    "text",
    ["2026-05-01 06:30", "2026-05-01T06:30", "2026/05/01 06:30:00", "20260501T0630", "20260501 06:30", "20260501063000",
     " 2026-05-01T06:30:00.000 ", "2026-05-01  06:30:00,0"],
)  # fmt: skip
def test_one_time_in_many_forms(text):
    assert time_of(text) == ClockTime(HALF_PAST_SIX, None)


@pytest.mark.parametrize("offset", ["Z", "z", "+00:00", "+12:00", "-0330", "+05"])
def test_offsets_against_the_standard_library(offset):
    hours = {"Z": 0, "z": 0, "+00:00": 0, "+12:00": 12, "-0330": -3.5, "+05": 5}[offset]
    aware = datetime(2026, 5, 1, 6, 30, tzinfo=timezone(timedelta(hours=hours)))
    found = time_of(f"2026-05-01T06:30{offset}")
    assert found == ClockTime(aware.timestamp(), 3600.0 * hours) and found.shown == HALF_PAST_SIX


@pytest.mark.parametrize(
    "text",
    ["06:30", "2026", "2026-05", "2026-13-01", "2026-02-30", "2026-05-01T25:00", "2026-0501", "3600", "1e5", "", "noon",
     "2026-05-01T06:30+25:00", "01.05.2026", "2026-05-01Z", 3600, 1.5, True, None, QTime(6, 30)],
)  # fmt: skip
def test_what_is_no_date_and_time(text):
    assert time_of(text) is None


def test_values_of_date_fields():
    midnight = (datetime(2026, 5, 1) - EPOCH).total_seconds()
    assert time_of(QDate(2026, 5, 1)) == ClockTime(midnight, None)
    assert time_of(QDateTime(QDate(2026, 5, 1), QTime(6, 30))) == ClockTime(HALF_PAST_SIX, None)
    assert time_of(QDateTime(QDate(2026, 5, 1), QTime(6, 30), Qt.TimeSpec.UTC)) == ClockTime(HALF_PAST_SIX, 0.0)
    assert time_of(QDateTime()) is None
    for shown in (HALF_PAST_SIX, HALF_PAST_SIX + 0.0004, -86_400.0001, midnight - 0.0001):
        assert time_of(clock_value(shown)).shown == pytest.approx(shown, abs=6e-4)


def test_numbers_that_are_all_dates_are_dates_and_others_unix_seconds():
    assert read_times([20260501, 20260502]).seconds.tolist() == [
        (datetime(2026, 5, day) - EPOCH).total_seconds() for day in (1, 2)
    ]
    assert read_times(["20260501"]).seconds.tolist() == [(datetime(2026, 5, 1) - EPOCH).total_seconds()]
    assert read_times([20260501, 20260599]).seconds.tolist() == [20260501, 20260599]
    assert read_times([1_777_617_000, 1_777_617_000_000]).seconds.tolist() == [1_777_617_000] * 2


def column(*values, unit: float = 60.0):
    return moment_column(values, [f"feature {k}" for k in range(len(values))], "ORDER_TIME_FIELD", "x", "o", unit)


def test_start_and_its_clock():
    silent = QgsProcessingFeedback()
    start = start_time(None, [column("2026-05-01T07:00", "2026-05-01T06:30", 5, None)], [], silent)
    assert start == Start(HALF_PAST_SIX, None)
    seconds = column("2026-05-01T07:00", 5, "2.5", None).seconds(start, silent)
    assert seconds[:3].tolist() == [1800, 300, 150] and np.isnan(seconds[3])
    assert start_time(None, [column(5)], [], silent).text() == "2000-01-01T00:00:00"
    # A background with an offset does not make t = 0, but tells whose clock it is.
    assert start_time(None, [], [column("2026-05-01T06:30-03:00")], silent).offset == -3 * 3600
    aware = start_time(time_of("2026-05-01T06:30+12:00"), [], [], silent)
    assert aware.seconds_to(time_of("2026-04-30T19:00Z")) == 1800 and aware.value(90.0).offsetFromUtc() == 12 * 3600
    assert aware.text(90.0) == "2026-05-01T06:31:30"


def test_what_no_field_can_hold_is_left_empty():
    start = Start(HALF_PAST_SIX)
    assert start.value(1e12) is None and start.value(np.inf) is None and start.value(1e300) is None
    assert start.value(2.5e11).date().year() > 9000 and "9999" in start.text(1e12)


def test_far_moments_are_an_error_unless_they_may_be_anywhen():
    start, silent = Start(HALF_PAST_SIX), QgsProcessingFeedback()
    assert column(-7 * 1440, 30 * 1440).seconds(start, silent).tolist() == [-7 * 86_400, 30 * 86_400]
    for value in (-7 * 1440 - 1, 30 * 1440 + 1, "2026-06-01", 20260501):
        with pytest.raises(LayerError, match="ORDER_TIME_FIELD: feature 0 of “x”"):
            column(value).seconds(start, silent)
    assert column(1e9).seconds(start, silent, anywhen=True).tolist() == [6e10]
    with pytest.raises(LayerError, match="neither a number of minutes"):
        column("noon")
