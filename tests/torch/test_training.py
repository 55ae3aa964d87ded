"""What training learns, what it leaves out, and that it gives the same each time and stops when asked."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.forecasting import graph_ridge
from evacuation_planner.plugin.solvers.forecasting.wavelet_network import forecaster, training
from evacuation_planner.plugin.solvers.forecasting.wavelet_network.forecaster import Options
from evacuation_planner.plugin.solvers.forecasting.wavelet_network.inputs import (
    CHANNELS,
    OUT,
    VALUE,
    frame_of,
    inputs_of,
    targets_of,
)
from tests.torch.graph_processes import days, diffusion, named, ring

FEW = Options(epochs=3, seed=1)


def test_inputs_are_the_values_in_the_places_spread():
    series = named(days(24 * 20, 3))
    frame = frame_of(series, 604_800)
    assert frame.mean == pytest.approx(series.values.mean(axis=0))
    assert frame.scale == pytest.approx(series.values.std(axis=0))
    steps = np.array([[100, 101, 102]])
    x = inputs_of(series, frame, OUT).windows(steps, np.array([103]))
    assert x.shape == (1, 3, 3, len(CHANNELS)) and x.dtype == np.float32
    scaled = (series.values - frame.mean) / frame.scale
    assert x[0, :, :, VALUE] == pytest.approx(scaled[100:103], abs=1e-6)
    day = x[0, :, :, CHANNELS.index("a day before")]
    assert day == pytest.approx(scaled[100 + OUT - 24 : 103 + OUT - 24], abs=1e-6)
    mean = x[0, 2, :, CHANNELS.index("mean of 24")]
    assert mean == pytest.approx(scaled[79:103].mean(axis=0), abs=1e-6)
    hour = 2 * np.pi * (101 % 24) / 24
    assert x[0, 1, 0, CHANNELS.index("sine of day")] == pytest.approx(np.sin(hour), abs=1e-6)


def test_the_profile_leaves_a_value_out_of_its_own():
    values = np.tile(np.arange(24.0)[:, None], (4, 1))
    values[30] = 1000.0  # the second day's 6 o'clock
    series = named(values)
    frame = frame_of(series, 86_400)
    inputs = inputs_of(series, frame, OUT, learning=True)
    unscaled = frame.unscaled(inputs.profile)
    assert unscaled[30, 0] == pytest.approx(6.0) and unscaled[6, 0] == pytest.approx((1000 + 6 + 6) / 3)
    assert frame.unscaled(inputs_of(series, frame, OUT).profile)[30, 0] == pytest.approx((1000 + 3 * 6) / 4)


def test_inputs_see_nothing_from_the_origin_on():
    series = named(days(24 * 20, 2))
    frame = frame_of(series, 86_400)
    steps, origin = np.arange(80, 120)[None], np.array([100])
    before = inputs_of(series, frame, OUT).windows(steps, origin)
    values = series.values.copy()
    values[100:] = 1e6
    after = inputs_of(replace(series, values=values), frame, OUT).windows(steps, origin)
    assert (before == after).all()
    assert (before[0, 20:, :, VALUE] == 0).all() and (before[0, 20:, :, CHANNELS.index("known")] == 0).all()


def test_forecasts_that_are_fed_back_stand_where_values_would():
    series = named(days(24 * 20, 2))
    frame = frame_of(series, 86_400)
    inputs = inputs_of(series, frame, 3 * OUT)
    steps = np.arange(395, 412)[None]
    with_values = inputs.windows(steps, np.array([412]))
    fed = inputs.scaled[None, 400:412]
    assert inputs.windows(steps, np.array([400]), fed) == pytest.approx(with_values, abs=1e-5)


def test_targets_are_what_follows():
    targets = targets_of(np.arange(40.0)[:, None])
    assert targets[3, 0].tolist() == list(range(4, 4 + OUT))
    assert np.isnan(targets[-1]).all() and targets[-2, 0, 0] == 39 and np.isnan(targets[-2, 0, 1])


def test_missing_targets_have_no_part_in_error_and_gradient():
    forecast = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    target = torch.tensor([[0.0, float("nan"), 5.0]])
    error = training.masked_error(forecast, target)
    error.backward()
    assert error.item() == pytest.approx(1.5) and forecast.grad.tolist() == [[0.5, 0.0, -0.5]]
    assert training.masked_error(forecast, torch.full((1, 3), float("nan"))).item() == 0.0


def test_steps_held_out_are_not_learned_from():
    series = named(days(24 * 20, 2))
    inputs = inputs_of(series, frame_of(series, 86_400), OUT, learning=True)
    parts = training._examples(inputs)
    learned, held = (~torch.isnan(part) for part in (parts.learned, parts.held_out))
    both = ~np.isnan(targets_of(inputs.scaled)).swapaxes(0, 1)
    assert not (learned & held).any() and ((learned | held).numpy() == both).all()
    assert 0.1 < held.sum() / both.sum() < 0.15
    starts = training._starts(parts.learned_steps, 7)
    covered = {step for start in starts for step in range(start, start + training.CHUNK)}
    assert set(parts.learned_steps.tolist()) <= covered


def test_it_learns_a_process_on_a_graph_better_with_the_graph():
    places, steps = 8, 1200
    series = named(diffusion(steps, places))
    origins = np.arange(900, steps - OUT)
    actual = series.values[origins]

    def error(adjacency) -> float:
        model = forecaster.fit(series.before(900), adjacency, Options(12, 1))
        return float(np.abs(model.predict(series, origins, 1)[:, 0] - actual).mean())

    best = float(
        np.abs(series.values[origins] - 0.95 * series.values[origins - 1] @ (ring(places).toarray() / 2)).mean()
    )
    with_graph, without = error(ring(places)), error(csr_matrix((places, places)))
    alone = graph_ridge.fit(series.before(900), 0, OUT, csr_matrix((places, places))).predict(series, origins, 1)[:, 0]
    assert with_graph < 0.95 * without  # the network without it has its learned adjacency still
    assert with_graph < 0.95 * float(np.abs(alone - actual).mean())  # a regression on each place's own past
    assert best < with_graph < 1.25 * best  # the law of the process itself leaves the noise


def test_a_wave_of_days_is_forecast_at_any_horizon():
    series, law = named(days(24 * 40, 3)), days(24 * 40, 3, noise=0.0)
    model = forecaster.fit(series.before(900), ring(3), Options(12, 1))
    for steps in (1, 12, 13, 30):
        found = model.predict(series, np.array([900, 911]), steps)
        assert found.shape == (2, steps, 3)
        for k, origin in enumerate((900, 911)):
            off = np.abs(found[k] - law[origin : origin + steps])
            assert (off.mean(axis=0) < 0.1 * law.std(axis=0)).all()
    assert model.predict(series, np.array([900]), 30)[0, :12] == pytest.approx(
        model.predict(series, np.array([900]), 12)[0]
    )


def test_no_forecast_looks_behind_its_origin():
    series = named(days(24 * 20, 3))
    model = forecaster.fit(series.before(400), ring(3), FEW)
    origins = np.array([401, 410, 433])
    before = model.predict(series, origins, 14)
    values = series.values.copy()
    values[433:] = 1e6
    values[420:425] += 50.0  # behind the first two origins, before the third
    after = model.predict(replace(series, values=values), origins, 14)
    assert (after[:2] == before[:2]).all() and (after[2] != before[2]).any()
    alone = [model.predict(series.before(origin), np.array([origin]), 14)[0] for origin in origins]
    assert np.stack(alone) == pytest.approx(before, rel=1e-5)


def test_the_same_seed_gives_the_same_network_and_another_another():
    series, seen = named(days(24 * 10, 3)), torch.get_num_threads()
    state = torch.random.get_rng_state()
    one, same, other = (forecaster.fit(series, None, Options(2, seed)) for seed in (5, 5, 6))
    assert all(np.array_equal(value, same.weights[name]) for name, value in one.weights.items())
    assert any(not np.array_equal(value, other.weights[name]) for name, value in one.weights.items())
    # PyTorch is left as it was.
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == seen and not torch.are_deterministic_algorithms_enabled()


def test_training_ends_early_and_keeps_the_best(monkeypatch):
    monkeypatch.setattr(training, "PATIENCE", 3)
    noise = named(np.random.default_rng(0).normal(size=(200, 2)))  # nothing can be learned
    said = []
    forecaster.fit(noise, None, Options(200, 1), control=Control(log=said.append))
    epochs, best = (
        int(word) for word in (said[0].split(": ")[1].split()[0], said[0].split("best was ")[1].split(";")[0])
    )
    assert epochs == best + 3 < 200


def test_progress_only_grows_and_cancelling_stops_at_once():
    series, seen = named(days(24 * 30, 20)), []
    forecaster.fit(series, ring(20), FEW, control=Control(progress=lambda fraction, text: seen.append(fraction)))
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) > 10
    begun = time.perf_counter()
    asked = []

    def cancelled() -> bool:
        asked.append(time.perf_counter())
        return asked[-1] - begun > 1.0

    with pytest.raises(Cancelled):
        forecaster.fit(series, ring(20), Options(1000, 1), control=Control(cancelled=cancelled))
    assert max(np.diff(asked)) < 1.0


def test_missing_values_are_bridged_and_one_that_was_never_seen_stays_unknown():
    values = days(24 * 20, 4)
    values[np.random.default_rng(5).random(values.shape) < 0.3] = np.nan
    values[300:, 2] = np.nan  # a sensor that died
    series = named(values)
    model = forecaster.fit(series, ring(4), FEW)
    assert np.isfinite(model.predict(series, np.array([len(series)]), 20)).all()
    values[:, 1] = np.nan
    model = forecaster.fit(named(values), ring(4), FEW)
    found = model.predict(named(values), np.array([480]), 3)[0]
    assert np.isnan(found[:, 1]).all() and np.isfinite(found[:, [0, 2, 3]]).all()


def test_one_series_and_a_constant_one():
    series = named(days(24 * 20, 1))
    found = forecaster.fit(series, None, FEW).predict(series, np.array([480]), 12)
    assert found.shape == (1, 12, 1) and np.isfinite(found).all()
    still = named(np.full((24 * 10, 2), 7.0))
    found = forecaster.fit(still, None, Options(10, 1)).predict(still, np.array([240]), 24)
    assert found == pytest.approx(7.0, abs=0.05)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        (named(days(24, 2)), "1.0 days .* too short"),
        (named(days(1200, 2), step=60), "0.8 days .* too short .* 2 days"),
        (named(np.full((24 * 20, 2), np.nan)), "too many values are missing"),
        (named(np.zeros((24 * 20, 501))), "501 places .* 500 .*METHOD 3"),
        (named(np.where(np.arange(480)[:, None] == 3, 5.0, np.nan)), "missing"),
    ],
)
def test_what_nothing_can_be_learned_from_is_named(series, words):
    with pytest.raises(SolverError, match=words):
        forecaster.fit(series, None, FEW)
