"""Series that hold until their next moment, against a plain walk through time; speeds told from flows."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import environment
from evacuation_planner.plugin.solvers.forecasting.held import (
    Held,
    intervals,
    look_like_speeds,
    mean_of,
    merged,
    usual_interval,
)

SPEEDS = environment.ROOT.parent / "shared" / "data" / "sensors" / "los_speed.csv.gz"
value = st.one_of(st.integers(0, 9).map(float), st.just(np.nan))
series = st.lists(st.tuples(st.integers(0, 30), value), min_size=1, max_size=8, unique_by=lambda row: row[0])


def held(rows) -> Held:
    moments, values = (np.array(column, dtype=float) for column in zip(*sorted(rows)))
    return Held(moments, values, moments[-1] + 5.0)


@given(st.lists(series, min_size=1, max_size=3), st.integers(1, 3))
def test_the_mean_is_that_of_whoever_knows_at_the_moment(several, weight):
    made = [held(rows) for rows in several]
    weights = np.arange(1.0, len(made) + 1) * weight
    moments, mean, known = mean_of(made, weights)
    expected = {}
    for t in sorted({t for rows in several for t, _ in rows}):
        here = []
        for rows, w in zip(several, weights):
            before = [(s, v) for s, v in rows if s <= t]
            if before and t < max(s for s, _ in rows) + 5 and not np.isnan(max(before)[1]):
                here.append(w * max(before)[1])
        if here:
            expected[t] = (sum(here) / len(here), len(here))
    assert moments.tolist() == list(expected)
    for k, t in enumerate(expected):
        assert (mean[k], known[k].sum()) == (pytest.approx(expected[t][0]), expected[t][1])


@given(st.lists(st.tuples(st.integers(0, 5), value), min_size=1, max_size=12))
def test_repeated_moments_are_averaged_and_counted(rows):
    moments, values, twice = merged(*(np.array(column, dtype=float) for column in zip(*rows)))
    by_time = {t: [v for s, v in rows if s == t and not np.isnan(v)] for t, _ in rows}
    assert moments.tolist() == sorted(by_time)
    for t, mean in zip(moments.tolist(), values.tolist()):
        assert np.isnan(mean) if not by_time[t] else mean == pytest.approx(sum(by_time[t]) / len(by_time[t]))
    assert twice == sum(max(len(own) - 1, 0) for own in by_time.values())


def test_intervals_add_up_to_the_time_that_is_covered():
    moments = np.array([0.0, 60.0, 90.0, 300.0])
    assert intervals(moments, 1.0).tolist() == [60.0, 30.0, 210.0, 210.0]
    assert intervals(moments[:1], 7.0).tolist() == [7.0] and intervals(moments[:0], 7.0).size == 0
    assert usual_interval([moments, np.array([0.0, 30.0])]) == 30.0
    assert usual_interval([np.array([1.0])]) == np.inf


def day(values) -> Held:
    moments = np.arange(len(values)) * 3600.0
    return Held(moments, np.asarray(values, dtype=float), moments[-1] + 3600.0)


def test_flows_of_a_quiet_street_are_no_speeds():
    hours = np.arange(24)
    flow = 60 * np.exp(-(((hours - 17) / 5.0) ** 2)) + 5
    speed = 50 - 25 * np.exp(-(((hours - 17) / 2.0) ** 2))
    assert not look_like_speeds([day(flow)]) and look_like_speeds([day(speed)])
    assert not look_like_speeds([day(np.full(24, 40.0))])  # the same at every hour says nothing
    assert not look_like_speeds([day(speed[:12])]) and not look_like_speeds([])
    assert not look_like_speeds([day(10 * speed)])
    assert look_like_speeds([day(speed), day(speed), day(flow)]) and not look_like_speeds([day(speed), day(flow)])


def test_a_week_of_real_speeds_is_recognised_by_the_day():
    if not SPEEDS.exists():
        pytest.skip(f"{SPEEDS} is not there")
    with gzip.open(SPEEDS, "rt") as file:
        speeds = np.array(list(csv.reader(file))[1:], dtype=float)
    moments = np.arange(288) * 300.0
    for first in range(0, len(speeds) - 287, 288):
        chosen = np.where(speeds[first : first + 288] > 0, speeds[first : first + 288], np.nan)
        assert look_like_speeds([Held(moments, column, 86_400.0) for column in chosen.T])
