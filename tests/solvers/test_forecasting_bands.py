"""The bands: against exact probabilities, under drift, from too little, and without a look ahead."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np
import pytest

pytest.importorskip("scipy")
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from evacuation_planner.plugin.solvers.forecasting import historical_average, methods
from evacuation_planner.plugin.solvers.forecasting.automatic import ForecastProblem, solve
from evacuation_planner.plugin.solvers.forecasting.backtest import run
from evacuation_planner.plugin.solvers.forecasting.bands import (
    PLACE_RATE,
    Tracker,
    bands,
    bands_of_spread,
    conformal_bound,
)
from evacuation_planner.plugin.solvers.forecasting.clock import Clock
from evacuation_planner.plugin.solvers.forecasting.error_scale import ErrorScale, deviations, spread_of
from evacuation_planner.plugin.solvers.forecasting.interval_scores import coverage, winkler
from evacuation_planner.plugin.solvers.forecasting.seasons import profile_of
from evacuation_planner.plugin.solvers.forecasting.series import DAY, Series

HOUR = 3600
TRAINING, HELD_OUT = 240, 960  # steps
QUANTILES = st.sampled_from([0.5, 0.6, 0.75, 0.9, 0.95])


def series_of(values) -> Series:
    values = np.asarray(values, dtype=float)
    return Series([str(p) for p in range(values.shape[1])], 0.0, HOUR, values, Clock())


def noise(kind: str, seed: int, steps: int, places: int) -> np.ndarray:
    """Independent errors whose size depends on the hour and the place."""
    draw = np.random.default_rng(seed)
    size = (steps, places)
    made = {
        "normal": draw.normal,
        "skewed": lambda size: draw.exponential(size=size) - np.log(2.0),  # with a median of 0
        "heavy": lambda size: draw.standard_t(3, size),
    }
    hour = 1.0 + 0.8 * np.sin(2 * np.pi * np.arange(steps) / 24)
    return made[kind](size=size) * hour[:, None] * (1.0 + np.arange(places))


def held_out(values: np.ndarray, horizons: int = 2):
    """Return a series, all origins behind its training part and a forecast of 100 at each."""
    origins = np.arange(TRAINING, len(values) - horizons + 1)
    return series_of(values), origins, np.full((len(origins), horizons, values.shape[1]), 100.0)


def misses(found, series, origins, since):
    """Return the shares of values below and above the bands of the origins from ``since`` on."""
    steps = found.lower.shape[1]
    actual = np.stack([series.values[o : o + steps] for o in origins])[since:]
    return (actual < found.lower[since:]).mean(), (actual > found.upper[since:]).mean()


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=40, unique=True), QUANTILES)
def test_the_split_conformal_bound_holds_exactly_for_whoever_is_left_out(values, q):
    # Any of n exchangeable errors is the new one: it lies at or below the k-th of the others iff its rank is k at most.
    errors, n = np.array(values, dtype=float), len(values)
    inside = sum(errors[i] <= conformal_bound(np.delete(errors, i), q) for i in range(n))
    rank = ceil(n * Fraction(str(q)))
    assert inside == min(rank, n - 1)
    if rank < n:
        assert Fraction(inside, n) >= Fraction(str(q))


@given(st.lists(st.one_of(st.none(), st.floats(-9, 9)), min_size=1, max_size=30), QUANTILES)
def test_the_bound_leaves_missing_errors_out(values, q):
    known = sorted(value for value in values if value is not None)
    found = conformal_bound(np.array([np.nan if value is None else value for value in values]), q)
    if known:
        assert found == known[min(ceil((len(known) + 1) * Fraction(str(q))), len(known)) - 1]
    else:
        assert np.isnan(found)


@pytest.mark.parametrize("adaptive", [True, False])
@settings(max_examples=6, deadline=None)
@given(st.sampled_from(["normal", "skewed", "heavy"]), st.integers(0, 10_000), st.sampled_from([0.75, 0.9]))
def test_exchangeable_errors_are_covered_as_promised(adaptive, kind, seed, q):
    series, origins, forecast = held_out(100.0 + noise(kind, seed, TRAINING + HELD_OUT, 8))
    first = len(origins) // 2
    found = bands(series, origins, forecast, q, adaptive=adaptive)
    assert found.first == first and not found.widest
    # Both the first half, which gives the bound, and the second, which is counted, are samples of 8 x 480 / 2 horizons.
    limit = 4.5 * np.sqrt(q * (1 - q) * 2 / (8 * 480)) + 0.01
    for share in misses(found, series, origins, first):
        assert share == pytest.approx(1 - q, abs=limit)


def moved(kind: str, seed: int) -> np.ndarray:
    """Standard normal errors around 100 that change after three fifths: their level by 3, or their size threefold."""
    error = np.random.default_rng(seed).normal(size=(TRAINING + HELD_OUT, 8))
    late = np.arange(len(error)) >= TRAINING + 3 * HELD_OUT // 5
    return 100.0 + (error + 3.0 * late[:, None] if kind == "level" else error * np.where(late, 3.0, 1.0)[:, None])


@pytest.mark.parametrize("kind", ["level", "size"])
@pytest.mark.parametrize("seed", range(3))
def test_drift_defeats_fixed_bands_and_adaptive_ones_follow(kind, seed):
    series, origins, forecast = held_out(moved(kind, seed))
    since = 3 * HELD_OUT // 5 + 100
    bound = norm.ppf(0.9)
    fails = 1 - norm.cdf(bound - 3.0) if kind == "level" else 1 - norm.cdf(bound / 3.0)
    below, above = misses(bands(series, origins, forecast, 0.9, adaptive=False), series, origins, since)
    assert above == pytest.approx(fails, abs=0.05) and above > 0.3
    below, above = misses(bands(series, origins, forecast, 0.9), series, origins, since)
    assert above == pytest.approx(0.1, abs=0.05)  # after a leap bands are somewhat too wide for a while
    # A band that keeps its forecast inside cannot also lie above it, so that nothing is below it then.
    assert below == pytest.approx(0.0 if kind == "level" else 0.1, abs=0.05)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=50, max_size=300), st.floats(0, 1), st.sampled_from([0.75, 0.9]))
def test_whatever_comes_misses_no_more_often_than_the_tracker_promises(errors, begin, q):
    # The bound cannot pass 1 + rate; summing its steps bounds the misses (Angelopoulos et al. 2023, proposition 1).
    tracker, count = Tracker(np.zeros((1, 1)), np.full((1, 1), begin), q), 0
    for error in errors:
        count += error > tracker.high[0, 0]
        tracker.learn(np.array([0]), np.full((1, 1), error), tracker.low, tracker.high)
    rate = PLACE_RATE
    clipped = len(errors) * rate * (1 - q)  # at 0 no inward step is taken, which lowers the misses only
    assert rate * count <= 1 + rate + clipped + 1e-9


@pytest.mark.parametrize("moment", [718, 720, 1000])  # 718 is the first origin with a band
def test_no_band_looks_behind_its_origin(moment):
    values = 100.0 + noise("normal", 3, TRAINING + HELD_OUT, 3)
    series, origins, forecast = held_out(values, horizons=5)
    before = bands(series, origins, forecast, 0.9)
    assert origins[before.first] <= 718
    changed = values.copy()
    changed[moment:] += 50.0
    after = bands(series_of(changed), origins, forecast, 0.9)
    early = origins <= moment
    assert np.array_equal(before.upper[early], after.upper[early], equal_nan=True)
    assert np.array_equal(before.lower[early], after.lower[early], equal_nan=True)
    assert (before.upper[~early] != after.upper[~early]).all()  # and from the next origin on everything is used


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.6), QUANTILES, st.integers(1, 9), st.integers(1, 3))
def test_bands_hold_their_forecast_and_never_fall_below_nothing(seed, missing, q, stride, places):
    draw = np.random.default_rng(seed)
    values = draw.poisson(2.0, (400, places)).astype(float)
    values[draw.random(values.shape) < missing] = np.nan
    series, origins = series_of(values), np.append(np.arange(TRAINING, 396, stride), 400)
    forecast = draw.random((len(origins), 4, places)) * 4
    found, again = bands(series, origins, forecast, q), bands(series, origins, forecast, q)
    assert (found.lower[found.first :] >= 0).all()
    assert (found.lower[found.first :] <= forecast[found.first :]).all()
    assert (found.upper[found.first :] >= forecast[found.first :]).all()
    assert np.isnan(found.lower[: found.first]).all()
    assert np.array_equal(found.lower, again.lower, equal_nan=True)
    assert np.array_equal(found.upper, again.upper, equal_nan=True)


def test_a_constant_series_has_no_width_and_widens_when_it_wakes():
    values = np.full((TRAINING + HELD_OUT, 2), 7.0)
    values[:, 1] += np.random.default_rng(4).normal(size=len(values))
    series, origins, forecast = held_out(values)
    forecast = np.full(forecast.shape, 7.0)
    found = bands(series, origins, forecast, 0.9)
    for bound in (found.lower, found.upper):
        assert bound[found.first :, :, 0] == pytest.approx(7.0, abs=1e-6)
    values[-400:, 0] += np.random.default_rng(5).normal(size=400)
    woken = bands(series_of(values), origins, forecast, 0.9)
    actual = np.stack([values[o : o + 2] for o in origins])[-100:, :, :1]
    assert 0.7 < coverage(woken.lower[-100:, :, :1], woken.upper[-100:, :, :1], actual) < 0.9


def test_too_few_errors_reach_to_the_widest_seen():
    values = 10.0 + np.random.default_rng(9).normal(size=(TRAINING + 4, 1))
    values[-4:, 0] = [11.0, 13.0, 8.0, 10.0]
    origins = np.arange(TRAINING, TRAINING + 5)
    found = bands(series_of(values), origins, np.full((5, 1, 1), 10.0), 0.9)
    assert found.widest and found.errors == 4 and found.first == 4
    training = series_of(values[:TRAINING])
    scale = ErrorScale(series_of(values), spread_of(training, profile_of(training, DAY)), 1)
    size = {}
    for i, origin in enumerate(origins):
        size[i] = scale.at(origin)[0, 0]
        if i < 4:
            scale.learn(origin + 1, origins[i : i + 1], values[origin : origin + 1] - 10.0)
    assert found.upper[-1, 0, 0] == pytest.approx(10.0 + 3.0 / size[1] * size[4])
    assert found.lower[-1, 0, 0] == pytest.approx(10.0 - 2.0 / size[2] * size[4])


def test_many_horizons_of_few_origins_are_few_errors():
    values = 100.0 + noise("normal", 12, 24 * 28, 1)  # a week ahead from four weeks: two origins, an hour apart
    found = solve(problem(series_of(values), steps=168))
    assert any("there are 2;" in note and "widest error" in note for note in found.notes)
    actual = np.stack([values[o : o + 168] for o in run(series_of(values), 168).origins])
    assert ((actual >= found.lower) & (actual <= found.upper)).mean() > 0.98  # of 336, where 80 % are asked for


def test_the_size_of_errors_is_learned_by_place_and_hour():
    values = np.full((TRAINING + 24 * 60, 2), 50.0)
    values[:TRAINING] += np.random.default_rng(10).normal(size=(TRAINING, 2))
    series = series_of(values)
    scale = ErrorScale(series, spread_of(series.before(TRAINING), profile_of(series.before(TRAINING), 0)), 1)
    at_noon = np.where(np.arange(len(values)) % 24 == 12, 6.0, 2.0)[:, None] * [1.0, 10.0]
    for step in range(TRAINING, len(values)):
        scale.learn(step + 1, np.array([step]), at_noon[step : step + 1])
    for hour in (0, 12):
        assert scale.at(len(values) - 24 + hour)[0] == pytest.approx(at_noon[hour], rel=0.25)
    for step in range(24 * 60):  # sizes of long ago are forgotten
        scale.learn(
            len(values) + 1 + step, np.array([TRAINING + step]), at_noon[TRAINING + step : TRAINING + step + 1] / 4
        )
    assert scale.at(len(values) - 12)[0] == pytest.approx(at_noon[12] / 4, rel=0.4)


def test_the_spread_of_short_steps_is_that_of_an_hour():
    values = np.random.default_rng(16).normal(size=(4 * 144, 1)) * np.tile(np.arange(1, 145), 4)[:, None]
    series = replace(series_of(values), step=600)  # four days by ten minutes
    profile = profile_of(series, DAY)
    slots = np.abs(deviations(series, profile)).reshape(4, 144).mean(axis=0)
    smooth = [np.mean([slots[(k + off) % 144] for off in range(-3, 4)]) for k in range(144)]
    assert spread_of(series, profile).mean[:, 0] == pytest.approx(np.maximum(smooth, 0.1 * slots.mean()))


@pytest.mark.parametrize("hours", [20, 400])
def test_one_reading_is_no_certainty(hours):
    values = 100.0 + noise("normal", 14, hours, 3)
    values[:, 2] = np.nan
    values[5, 2] = 50.0
    found = solve(problem(series_of(values), steps=6 if hours > 100 else 12))
    width = found.upper - found.lower
    assert found.value[:, 2] == pytest.approx(50.0)
    # Half as high as the others, half as wide: those are 2 x 1.28 wide, and twice that, or 1.5 times on average.
    assert 0.5 < width[:, 2].mean() / (1.5 * 2 * 1.28 / 2) < 2.0
    few = [note for note in found.notes if "next to no values" in note]
    assert few == [] if hours < 100 else few[0].endswith("others: 2.")


def test_the_spread_is_that_around_the_mean_of_the_others():
    values = np.random.default_rng(15).normal(size=(240, 2))
    values[::7, 0] = np.nan
    series = series_of(values)
    found = deviations(series, profile_of(series, DAY))
    for step, place in ((0, 1), (50, 0), (239, 0)):
        others = [values[k, place] for k in range(step % 24, 240, 24) if k != step]
        assert found[step, place] == pytest.approx(values[step, place] - np.nanmean(others))
    hourly = np.nanmean(np.abs(found).reshape(10, 24, 2), axis=0)
    assert spread_of(series, profile_of(series, DAY)).mean == pytest.approx(
        np.maximum(hourly, 0.1 * hourly.mean(axis=0))
    )


def test_without_any_error_nothing_is_promised():
    values = 100.0 + noise("normal", 13, TRAINING + 5, 2)
    values[TRAINING:] = np.nan
    found = bands(series_of(values), np.arange(TRAINING, TRAINING + 6), np.full((6, 3, 2), 100.0), 0.9)
    assert found.widest and found.errors == 0
    assert np.isinf(found.upper[-1]).all() and (found.lower[-1] == 0.0).all()


def problem(series, **changes) -> ForecastProblem:
    given_ = {
        "series": series, "adjacency": None, "method": historical_average.NAME, "first": 1, "steps": 6, "quantile": 0.9
    }  # fmt: skip
    return ForecastProblem(**{**given_, **changes})


def test_little_data_are_said_to_be_little():
    values = 100.0 + noise("normal", 5, 240, 1)
    high = solve(problem(series_of(values), quantile=0.999))
    assert any("0.999 needs 1000 errors" in note and "widest error" in note for note in high.notes)
    assert not any("widest error" in note for note in solve(problem(series_of(values))).notes)


def test_a_day_of_data_is_as_wide_as_its_own_spread():
    values = np.array([[3.0], [5.0], [4.0], [8.0]] * 6)
    found = solve(problem(series_of(values), steps=20))
    assert any("too short for a back-test" in note for note in found.notes)
    assert found.coverage is None and found.winkler is None
    # Each value against the mean of the 23 others: 5, less or more; the 23rd of 24 such distances is 3 * 24 / 23.
    assert found.value == pytest.approx(np.full((20, 1), 5.0))
    assert found.upper == pytest.approx(np.full((20, 1), 5.0 + 3 * 24 / 23))
    assert found.lower == pytest.approx(np.full((20, 1), 5.0 - 2 * 24 / 23))
    few = bands_of_spread(series_of(values[:8]), np.full((2, 1), 5.0), 0.9)
    assert few.widest and few.errors == 8 and few.upper[0, 0, 0] == pytest.approx(5.0 + 3 * 8 / 7)


def test_a_held_out_part_without_values_is_no_evidence():
    values = 100.0 + noise("normal", 6, 400, 2)
    values[290:] = np.nan
    found = solve(problem(series_of(values)))
    assert any("all missing" in note for note in found.notes) and found.coverage is None
    true = 2 * norm.ppf(0.9) * (1.0 + 0.8 * np.sin(2 * np.pi * np.arange(400, 406) / 24))[:, None] * [1.0, 2.0]
    assert 0.8 < (found.upper - found.lower).mean() / true.mean() < 2.5
    values[:, 0] = 100.0 + noise("normal", 7, 400, 1)[:, 0]  # one place knows, the other has none of its own
    found = solve(problem(series_of(values)))
    assert 0.8 < (found.upper - found.lower).mean() / true.mean() < 2.5 and found.coverage is not None


@pytest.mark.parametrize("name", methods.NAMES)
def test_the_forecast_ends_with_the_band_that_the_backtest_would_give(name):
    hour = np.arange(24 * 42)
    values = 30 + 6 * np.sin(2 * np.pi * hour / 24)[:, None] + noise("normal", 8, len(hour), 2)
    series = series_of(values)
    test = run(series, 3)
    found = solve(problem(series, method=name, steps=3))
    now = test.bands(name, 0.9, found.value)
    assert np.array_equal(now.upper[-1], found.upper) and np.array_equal(now.lower[-1], found.lower)
    actual = np.stack([values[o : o + 3] for o in test.origins])
    assert found.coverage == coverage(now.lower[:-1], now.upper[:-1], actual)
    assert found.winkler == winkler(now.lower[:-1], now.upper[:-1], actual, 0.9)
    assert 0.74 < found.coverage < 0.86


def test_scores_by_hand():
    low, high = np.array([0.0, 0.0, 0.0, np.nan, 0.0]), np.array([2.0, 2.0, 2.0, 2.0, 2.0])
    actual = np.array([2.0, 3.0, -0.5, 1.0, np.nan])
    assert coverage(low, high, actual) == pytest.approx(1 / 3)
    assert winkler(low, high, actual, 0.9) == pytest.approx((2 + 2 + 10 * 1 + 2 + 10 * 0.5) / 3)
    assert np.isnan(coverage(low[3:], high[3:], actual[3:])) and np.isnan(winkler(low[3:], high[3:], actual[3:], 0.9))
