"""Long tables on a regular grid: clocks, gaps, repeats, steps; seasons and profiles. Presence counts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.forecasting.clock import Clock
from evacuation_planner.plugin.solvers.forecasting.presence import count_distinct
from evacuation_planner.plugin.solvers.forecasting.seasons import profile_of, season_of, season_sentence
from evacuation_planner.plugin.solvers.forecasting.series import DAY, WEEK, Readings, Series, regularise

zoneinfo = pytest.importorskip("zoneinfo")
HOUR = 3600.0
UNIVERSAL = Clock()
EPOCH = datetime(1970, 1, 1)
MONDAY = (datetime(2026, 3, 2) - EPOCH).total_seconds()
# Auckland 2026: clocks back on 5 April at 3:00 (UTC+13 to +12), forward on 27 September at 2:00.
BACK = (datetime(2026, 4, 4, 14) - EPOCH).total_seconds()
FORWARD = (datetime(2026, 9, 26, 14) - EPOCH).total_seconds()
AUCKLAND = Clock(np.array([BACK, FORWARD]), np.array([13.0, 12.0, 13.0]) * HOUR)


def wall(*moment: int) -> float:
    return (datetime(*moment) - EPOCH).total_seconds()


def readings(place, seconds, value, aware=False):
    size = len(seconds)
    return Readings(
        np.asarray(place, dtype=np.int64),
        np.asarray(seconds, dtype=float),
        np.full(size, aware),
        np.asarray(value, float),
    )


@given(st.integers(int(BACK) - 200 * DAY, int(FORWARD) + 90 * DAY), st.booleans())
def test_the_clock_agrees_with_pythons_time_zones(second, later):
    try:
        zone = zoneinfo.ZoneInfo("Pacific/Auckland")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zones are installed")
    moment = datetime.fromtimestamp(second, timezone.utc).astimezone(zone)
    if second < int(BACK) - 180 * DAY:  # the change before these two
        return
    shown = (moment.replace(tzinfo=None) - EPOCH).total_seconds()
    assert AUCKLAND.to_wall(np.array([float(second)]))[0] == shown
    back = AUCKLAND.to_universal(np.array([shown]), np.array([bool(moment.fold)]))[0]
    assert back == second


def test_times_that_come_twice_or_never():
    times = np.array([wall(2026, 4, 5, 1, 59), wall(2026, 4, 5, 2), wall(2026, 4, 5, 2, 59), wall(2026, 4, 5, 3)])
    assert AUCKLAND.comes_twice(times).tolist() == [False, True, True, False]
    first = AUCKLAND.to_universal(times)
    second = AUCKLAND.to_universal(times, np.ones(4, dtype=bool))
    assert (second - first).tolist() == [0, HOUR, HOUR, 0]
    gap = np.array([wall(2026, 9, 27, 1, 59), wall(2026, 9, 27, 2, 30), wall(2026, 9, 27, 3)])
    assert AUCKLAND.is_skipped(gap).tolist() == [False, True, False]
    assert AUCKLAND.to_wall(AUCKLAND.to_universal(gap))[1] == wall(2026, 9, 27, 3, 30)


def test_a_day_of_25_hours_has_25_values():
    begin = AUCKLAND.to_universal(np.array([wall(2026, 4, 5)]))[0]
    moments = begin + HOUR * np.arange(25)
    series, notes = regularise(readings(np.zeros(25), AUCKLAND.to_wall(moments), np.arange(25)), ["a"], AUCKLAND)
    assert series.values[:, 0].tolist() == list(range(25))
    assert len(notes) == 1 and "2 time(s) come twice" in notes[0]


def test_gaps_repeats_order_and_times_between_steps():
    seconds = MONDAY + HOUR * np.array([3, 0, 1, 1, 5, 6, 7.25])
    series, notes = regularise(readings([0] * 7, seconds, [3, 0, 1, 2, np.nan, 6, 7]), ["a"], Clock())
    expected = [0, 1.5, np.nan, 3, np.nan, np.nan, 6, 7]
    np.testing.assert_equal(series.values[:, 0], expected)
    assert series.step == HOUR
    text = " ".join(notes)
    assert "1 moment(s) of a place have several rows, 1 of them with different values" in text
    assert "3 of 8 values" in text and "1 time(s) lie between" in text


def test_jitter_gives_the_usual_step_and_a_stray_time_is_refused():
    seconds = MONDAY + 300 * np.arange(100) + np.where(np.arange(100) % 3 == 0, 0, 1)
    assert regularise(readings([0] * 100, seconds, np.ones(100)), ["a"], Clock())[0].step == 300
    with pytest.raises(SolverError, match="stray time"):
        regularise(readings([0] * 101, [*seconds, MONDAY + 400_000 * DAY], np.ones(101)), ["a"], Clock())
    with pytest.raises(SolverError, match="two different times"):
        regularise(readings([0, 0], [MONDAY, MONDAY], [1, 2]), ["a"], Clock())


def hourly(hours: int, clock: Clock = UNIVERSAL) -> Series:
    """Every value is its clock's hour of the week, Monday 0:00 = 0."""
    series = Series(["a", "b"], MONDAY, 3600, np.zeros((hours, 2)), clock)
    series.values[:] = series.slots(0, hours, WEEK)[:, None]
    return series


def test_weeks_begin_on_monday_and_slots_follow_the_clock():
    assert hourly(200).slots(0, 1, WEEK)[0] == 0
    series = hourly(24 * 40, AUCKLAND)
    first = int((BACK - MONDAY) / HOUR)
    assert series.slots(first - 2, first + 3, DAY).tolist() == [1, 2, 2, 3, 4]


@pytest.mark.parametrize(
    ("hours", "season", "words"),
    [(336, WEEK, None), (335, DAY, "shorter than 2 weeks"), (47, 0, "shorter than 2 days")],
)
def test_the_season_is_one_that_the_series_holds_twice(hours, season, words):
    series = hourly(hours)
    assert season_of(series) == season
    sentence = season_sentence(series, season)
    assert sentence is None if words is None else words in sentence


def test_profiles_leave_missing_values_out():
    series = hourly(24 * 21)
    series.values[5, 0] = np.nan
    series.values[10::168, 1] = np.nan  # the whole slot: the time of day stands in
    profile = profile_of(series, WEEK)
    assert profile.mean[5, 0] == 5
    assert profile.mean[10, 1] == pytest.approx(np.mean([10 + 24 * day for day in range(1, 7)]))
    assert profile_of(hourly(10), 0).at(hourly(10), 10, 13).tolist() == [[4.5, 4.5]] * 3


def test_distinct_counts_against_a_simple_loop():
    draw = np.random.default_rng(4)
    size, places = 500, 4
    seconds = draw.uniform(MONDAY + 5 * HOUR, MONDAY + 15 * HOUR, size)
    identity, place = draw.integers(0, 30, size), draw.integers(-1, places, size)
    reading = np.flatnonzero(place >= 0)
    found = count_distinct(seconds, reading, place[reading], identity, places, 1800.0)
    expected: dict[tuple[int, int], set[int]] = {}
    for second, who, where in zip(seconds, identity, place):
        expected.setdefault((int((second - found.start[0]) // 1800), int(where)), set()).add(int(who))
    for interval in range(len(found.start)):
        for where in range(places):
            assert found.count[interval, where] == len(expected.get((interval, where), set()))
    assert (found.start - MONDAY) % 1800 == pytest.approx(0)


def test_a_stray_time_is_refused_before_it_fills_the_memory():
    seconds = np.array([MONDAY, MONDAY + 10_000 * DAY])
    with pytest.raises(SolverError, match="INTERVAL.*stray"):
        count_distinct(seconds, np.array([0]), np.array([0]), np.array([0, 0]), 50, 60.0)


def test_seasons_step_back_by_the_clock():
    from evacuation_planner.plugin.solvers.forecasting import seasonal_naive

    series = hourly(24 * 42, AUCKLAND)
    before = int((BACK - MONDAY) / HOUR) - 24
    model = seasonal_naive.fit(series.before(before), WEEK)
    forecast = model.predict(series, np.array([before]), 72)[0, :, 0]
    expected = series.slots(before, before + 72, WEEK)
    assert (forecast == expected).all()


def test_half_hours_of_time_zones():
    clock = Clock(offsets=np.array([5.5 * HOUR]))
    series = Series(["a"], MONDAY, 1800, np.zeros((100, 1)), clock)
    assert series.slots(0, 1, DAY)[0] == 11
    assert timedelta(seconds=float(clock.to_wall(np.array([0.0]))[0])) == timedelta(hours=5, minutes=30)
