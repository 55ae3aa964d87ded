"""METHOD 4 of ``evacuation:forecastflow`` through the registry: a run, its model again, bad files, cancelling."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsProcessingException

from tests.processing.shelter_layers import Log, rows_of
from tests.processing.test_forecast_flow import run, table, wave


@pytest.fixture(scope="module", autouse=True)
def registered(provider):
    """Register the provider before the first test."""
    return provider


def short():
    return table(24 * 16)


def values(result):
    return [(row["place"], row["forecast"], row["lower"], row["upper"]) for row in rows_of(result["OUTPUT"])]


def test_the_network_is_trained_kept_and_used_again(tmp_path):
    model, log = tmp_path / "model.npz", Log()
    result = run(short(), log, METHOD=4, EPOCHS=20, HORIZON=14, OUTPUT_MODEL=str(model))
    assert result["OUTPUT_MODEL"] == str(model) and model.is_file()
    assert any("of 20 epochs" in line for line in log.said)
    for row in rows_of(result["OUTPUT"]):
        expected = wave(24 * 16 + row["time"].time().hour(), "ab".index(row["place"]))
        assert row["forecast"] == pytest.approx(expected, abs=40) and row["lower"] <= row["forecast"] <= row["upper"]
    scores = rows_of(result["OUTPUT_BACKTEST"])
    assert {row["method"] for row in scores} == {"historical average", "seasonal naive", "graph ridge", "GWNN-STGM"}
    # All are tested on the same values: those after the first 60 %.
    assert len({row["values"] for row in scores if row["horizon"] == 1}) == 1
    assert 0 < result["MAE"] <= result["RMSE"] and 50 < result["COVERAGE"] <= 100
    again, log = run(short(), log, METHOD=4, MODEL=str(model), HORIZON=14), log
    assert values(again) == values(result) and again["MAE"] == result["MAE"]
    assert any("nothing was trained" in line for line in log.said)
    longer = run(table(24 * 20), METHOD=4, MODEL=str(model), HORIZON=14)
    assert np.isfinite([row["forecast"] for row in rows_of(longer["OUTPUT"])]).all()


def test_the_same_seed_gives_the_same_forecast():
    one, same, other = (run(short(), METHOD=4, EPOCHS=1, SEED=seed) for seed in (3, 3, 4))
    assert values(one) == values(same) != values(other)


@pytest.mark.parametrize(
    ("make", "changes", "words"),
    [
        (lambda: table(24), {}, ("COUNTS", "too short", "METHOD")),
        (short, {"MODEL": "none.npz"}, ("MODEL", "none.npz")),
        (short, {"MODEL": "text.npz"}, ("MODEL", "no complete model file", "OUTPUT_MODEL")),
        (short, {"OUTPUT_MODEL": "text.npz", "MODEL": "text.npz"}, ("OUTPUT_MODEL", "MODEL", "overwrite")),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(make, changes, words, tmp_path):
    (tmp_path / "text.npz").write_text("place,time,value\n")
    output = tmp_path / "forecast.gpkg"
    given = {name: str(tmp_path / value) for name, value in changes.items()}
    with pytest.raises(QgsProcessingException) as error:
        run(make(), METHOD=4, OUTPUT=str(output), **given)
    for word in words:
        assert word in str(error.value)
    assert not output.exists()


def test_cancelling_writes_nothing(tmp_path):
    output, model = tmp_path / "forecast.gpkg", tmp_path / "model.npz"
    log = Log(stop_at="Training GWNN-STGM: epoch 2")
    run(short(), log, METHOD=4, EPOCHS=500, OUTPUT=str(output), OUTPUT_MODEL=str(model))
    assert list(tmp_path.iterdir()) == []
