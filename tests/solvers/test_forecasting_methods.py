"""The methods, the graph wavelets, the back-test and the quantiles: against known answers and against leaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("scipy")
from scipy.linalg import expm
from scipy.sparse import csr_matrix

from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.forecasting import graph_ridge, historical_average, methods, seasonal_naive
from evacuation_planner.plugin.solvers.forecasting.automatic import AUTOMATIC, ForecastProblem, solve
from evacuation_planner.plugin.solvers.forecasting.backtest import errors, origins_of, run, split
from evacuation_planner.plugin.solvers.forecasting.clock import Clock
from evacuation_planner.plugin.solvers.forecasting.graph import (
    adjacency_by_correlation,
    adjacency_by_distance,
    heat_wavelets,
)
from evacuation_planner.plugin.solvers.forecasting.seasons import profile_of
from evacuation_planner.plugin.solvers.forecasting.series import DAY, WEEK, Series

HOUR = 3600
MONDAY = 1_772_409_600.0  # 2 March 2026


def waves(hours=24 * 42, places=6, noise=0.3, seed=1, memory=0.9) -> Series:
    """A daily wave, less at the weekend, with disturbances that last and travel from each place to the next."""
    draw = np.random.default_rng(seed)
    hour = np.arange(hours)
    shape = 30 + 6 * np.sin(2 * np.pi * (hour % 24 - 9) / 24) - 3 * (hour // 24 % 7 >= 5)
    swing = np.zeros((hours, places))
    for t in range(1, hours):
        swing[t] = memory * np.roll(swing[t - 1], 1) + draw.normal(0, noise, places)
    return Series([str(p) for p in range(places)], MONDAY, HOUR, shape[:, None] + swing, Clock())


def ring(places=6) -> csr_matrix:
    index = np.arange(places)
    matrix = csr_matrix((np.ones(places), (index, (index + 1) % places)), shape=(places, places))
    return matrix.maximum(matrix.T).tocsr()


def test_heat_wavelets_are_the_exponential_of_the_laplacian():
    adjacency = np.array([[0, 1, 0.5, 0], [1, 0, 0, 0], [0.5, 0, 0, 0], [0, 0, 0, 0]], dtype=float)
    degree = adjacency.sum(axis=1)
    root = np.divide(1, np.sqrt(degree), out=np.zeros(4), where=degree > 0)
    laplacian = np.diag((degree > 0).astype(float)) - root[:, None] * adjacency * root
    signal = np.random.default_rng(2).normal(size=(7, 4))
    for scale, smooth in zip((0.5, 2.0, 8.0), heat_wavelets(csr_matrix(adjacency), signal, (0.5, 2.0, 8.0))):
        assert smooth == pytest.approx(signal @ expm(-scale * laplacian), abs=1e-6)
        assert smooth[:, 3] == pytest.approx(signal[:, 3], abs=1e-6)  # a place alone keeps its own


def test_neighbours_are_near_or_move_together():
    near = adjacency_by_distance(np.array([[0, 0], [10, 0], [5000, 0], [np.nan, 0]]), neighbours=1).toarray()
    assert near[0, 1] == near[1, 0] > 0.9
    assert near[3].sum() == 0 and (near == near.T).all() and near.diagonal().sum() == 0
    draw = np.random.default_rng(3)
    one, other = draw.normal(size=500), draw.normal(size=500)
    signal = np.column_stack([one, other, one + 0.1 * draw.normal(size=500), np.full(500, np.nan)])
    alike = adjacency_by_correlation(signal, neighbours=1).toarray()
    assert alike[0, 2] > 0.9 and alike[0, 1] == alike[1, 2] == 0 and alike[3].sum() == 0


@pytest.mark.parametrize("name", methods.NAMES)
def test_no_method_looks_behind_the_origin(name):
    series = waves()
    model = methods.fit(name, series.before(700), WEEK, 12, ring())
    origins = np.array([701, 710, 733])
    before = model.predict(series, origins, 12)
    changed = series.values.copy()
    changed[733:] = 1e6
    changed[720:725] += 50.0  # behind the first two origins, before the third
    after = model.predict(replace(series, values=changed), origins, 12)
    assert (after[:2] == before[:2]).all()
    if name == graph_ridge.NAME:
        assert (after[2] != before[2]).any()


@pytest.mark.parametrize("name", methods.NAMES)
def test_forecasts_from_many_origins_are_those_from_one(name):
    series = waves()
    model = methods.fit(name, series.before(700), WEEK, 6, ring())
    origins = np.array([705, 800, 950])
    together = model.predict(series, origins, 6)
    for i, origin in enumerate(origins):
        alone = model.predict(series.before(origin), np.array([origin]), 6)
        assert together[i] == pytest.approx(alone[0], abs=1e-9)


def test_forecasts_in_parts_are_those_at_once(monkeypatch):
    series, origins = waves(), np.array([950, 705, 800, 720])
    model = methods.fit(graph_ridge.NAME, series.before(700), WEEK, 6, ring())
    at_once = model.predict(series, origins, 6)
    monkeypatch.setattr(graph_ridge, "MOST_CELLS", 300 * 6)
    assert model.predict(series, origins, 6) == pytest.approx(at_once, abs=1e-12)


def test_every_method_finds_a_pure_season():
    series = waves(noise=0.0)
    for name in methods.NAMES:
        forecast = methods.fit(name, series.before(800), WEEK, 30, ring()).predict(series, np.array([800]), 30)
        assert forecast[0] == pytest.approx(series.values[800:830], abs=1e-6)


def test_missing_values_are_bridged():
    series = waves()
    values = series.values.copy()
    values[np.random.default_rng(5).random(values.shape) < 0.2] = np.nan
    values[600:, 2] = np.nan  # a sensor that died
    holed = replace(series, values=values)
    for name in methods.NAMES:
        forecast = methods.fit(name, holed.before(800), WEEK, 6, ring()).predict(holed, np.array([800]), 6)
        assert np.isfinite(forecast).all()
    naive = seasonal_naive.fit(holed.before(800), WEEK).predict(holed, np.array([800]), 1)[0, 0]
    there = ~np.isnan(values[800 - 168])
    assert naive[there] == pytest.approx(values[800 - 168][there])


def test_graph_ridge_uses_its_neighbours():
    series = waves(hours=24 * 60, noise=1.0)
    with_graph = run(series, 3, ring(), names=(graph_ridge.NAME,))
    alone = run(series, 3, csr_matrix((6, 6)), names=(graph_ridge.NAME,))
    assert with_graph.errors(graph_ridge.NAME, 1).mae < 0.95 * alone.errors(graph_ridge.NAME, 1).mae


def test_the_backtest_chooses_the_best_and_masks_missing_values():
    series = waves(noise=1.0)
    assert run(series, 4, ring()).best() == graph_ridge.NAME
    values = series.values.copy()
    values[900:950] = np.nan
    test = run(replace(series, values=values), 4, ring())
    counted = test.errors(historical_average.NAME, 1).count
    assert counted == (~np.isnan(test.actual[:, 0])).sum() < test.actual[:, 0].size


def test_errors_by_hand():
    found = errors(np.array([1.0, 2.0, 5.0, np.nan]), np.array([2.0, 0.0, np.nan, 1.0]))
    assert (found.mae, found.count) == (1.5, 2)
    assert found.rmse == pytest.approx(np.sqrt(2.5))
    assert found.mape == 50.0  # the value 0 has no percentage
    assert np.isnan(errors(np.array([1.0]), np.array([np.nan])).mae)


def test_origins_cover_every_time_of_the_week():
    series = waves(hours=168 * 40, places=1)
    training = split(series, 24)
    origins = origins_of(series, training, 24)
    assert origins[0] == training and origins[-1] + 24 <= len(series)
    assert set(origins % 168) == set(range(168)) or len(origins) < 168
    assert len(set(origins % 24)) == 24


def problem(series, **changes) -> ForecastProblem:
    given = {"series": series, "adjacency": ring(), "method": AUTOMATIC, "first": 1, "steps": 6, "quantile": 0.9}
    return ForecastProblem(**{**given, **changes})


def test_the_whole_forecast():
    series = waves(noise=1.0)
    found = solve(problem(series))
    assert found.method == graph_ridge.NAME
    assert found.moments[0] == MONDAY + len(series) * HOUR
    assert found.value.shape == found.lower.shape == (6, 6)
    assert (found.lower <= found.value).all() and (found.value <= found.upper).all() and (found.lower >= 0).all()
    assert len(found.scores) == 3 * 6 and 0.6 < found.coverage <= 1.0
    chosen = [score.errors.mae for score in found.scores if score.method == found.method]
    assert found.total.mae == pytest.approx(np.mean(chosen))
    again = solve(problem(series))
    assert (again.value == found.value).all() and (again.upper == found.upper).all()


def test_what_was_never_negative_stays_so():
    series = waves(noise=1.0)
    low = replace(series, values=np.maximum(series.values - 30.0, 0.0))
    found = solve(problem(low))
    assert (found.lower >= 0.0).all() and (found.lower == 0.0).any() and (found.value >= 0.0).all()
    below = solve(problem(replace(series, values=series.values - 30.0)))
    assert (below.lower < 0.0).any()


def test_a_later_start_is_the_tail_of_a_longer_horizon():
    series = waves()
    long, late = solve(problem(series, steps=10)), solve(problem(series, first=5, steps=6))
    assert late.moments.tolist() == long.moments[4:].tolist()
    if late.method == long.method:
        assert late.value == pytest.approx(long.value[4:])


def test_far_horizons_are_interpolated_and_end_in_the_profile():
    nodes = graph_ridge.fitted_horizons(200)
    assert nodes[:12] == list(range(1, 13)) and nodes[-1] == 200 and len(nodes) < 50
    series = waves()
    model = methods.fit(graph_ridge.NAME, series, WEEK, 3000, ring())
    profile = profile_of(series, WEEK).at(series, len(series) + 2900, len(series) + 3000)
    forecast = model.predict(series, np.array([len(series)]), 3000)[0, 2900:]
    assert forecast == pytest.approx(profile, abs=1e-6)


def test_short_series():
    short = solve(problem(waves(hours=30)))
    assert any("shorter than 2 days" in note for note in short.notes)
    shorter = solve(problem(waves(hours=10), steps=24))
    assert shorter.method == historical_average.NAME and shorter.total is None and not shorter.scores
    assert any("too short for a back-test" in note for note in shorter.notes)
    assert (shorter.lower <= shorter.upper).all() and np.isfinite(shorter.upper).all()


def test_days_stand_in_for_weeks():
    series = waves(hours=24 * 10, noise=0.0)
    naive = seasonal_naive.fit(series, DAY).predict(series, np.array([240]), 24)[0]
    assert (naive == series.values[216:240]).all()


def test_too_large_and_cancelled():
    with pytest.raises(SolverError, match="HORIZON"):
        solve(problem(waves(), first=10_000_000))
    calls = []

    def cancelled():
        calls.append(1)
        return len(calls) > 5

    with pytest.raises(Cancelled):
        solve(problem(waves()), control=Control(cancelled=cancelled))
