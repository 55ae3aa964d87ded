"""Model files: the same to the bit, and every damaged or foreign one refused by a sentence."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.forecasting.automatic import ForecastProblem
from evacuation_planner.plugin.solvers.forecasting.wavelet_network.forecaster import NAME, Options
from evacuation_planner.plugin.solvers.forecasting.wavelet_network.method import Wanted, solve
from evacuation_planner.plugin.solvers.forecasting.wavelet_network.saving import load, save
from tests.torch.graph_processes import days, named, ring

SERIES = named(days(24 * 15, 3))


def forecast(series=SERIES, file=None):
    """The forecast of six hours, and its networks."""
    problem = ForecastProblem(series, ring(3), NAME, 1, 6, 0.9)
    return solve(problem, Wanted(Options(2, 1), file))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A forecast and the file of its networks."""
    found, model = forecast()
    path = tmp_path_factory.mktemp("models") / "new folder" / "model.npz"
    save(model, path)
    return found, path


def test_a_loaded_model_forecasts_the_same_to_the_bit(made):
    found, path = made
    again, _ = forecast(file=path)
    for name in ("value", "lower", "upper"):
        assert np.array_equal(getattr(found, name), getattr(again, name))
    assert found.scores == again.scores and found.total == again.total
    assert not list(path.parent.glob("*.part"))
    once_more = path.with_name("again.npz")
    save(load(path, SERIES), once_more)
    with np.load(path) as one, np.load(once_more) as other:
        assert sorted(one.files) == sorted(other.files)
        assert all(one[key].tobytes() == other[key].tobytes() for key in one.files)


def test_a_model_goes_on_with_newer_data(made):
    longer = named(days(24 * 18, 3))
    found, _ = forecast(longer, file=made[1])
    assert found.total is not None and np.isfinite(found.value).all()
    begin = int(0.6 * len(SERIES))
    count = next(score for score in found.scores if score.method == NAME).errors.count
    assert 3 * (len(longer) - begin) * 0.8 < count <= 3 * (len(longer) - begin)


def test_a_start_before_what_the_model_knows_is_told(made):
    found, _ = forecast(SERIES.before(300), file=made[1])
    assert any("has learned from data up to 2.5 days after the start" in note for note in found.notes)


def test_too_little_behind_the_model_is_told(made):
    found, _ = forecast(SERIES.before(220), file=made[1])
    assert found.total is None and any("too little before or behind" in note for note in found.notes)


def rewritten(path, target, about=None, arrays=None):
    """Write a copy of a model with other arrays (None: left out) or another description."""
    with np.load(path) as opened:
        all_arrays = {name: opened[name] for name in opened.files}
    if about:
        told = json.loads(all_arrays["about"].tobytes())
        told.update(about)
        all_arrays["about"] = np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)
    all_arrays.update(arrays or {})
    np.savez(target, **{name: value for name, value in all_arrays.items() if value is not None})
    return target


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_cut_short(made, tmp_path, share):
    data = made[1].read_bytes()
    cut = tmp_path / "cut.npz"
    cut.write_bytes(data[: int(share * len(data))])
    with pytest.raises(SolverError, match=r"MODEL: .*cut\.npz” is no complete model file .* OUTPUT_MODEL"):
        load(cut, SERIES)


def test_a_flipped_byte(made, tmp_path):
    data = bytearray(made[1].read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "flipped.npz").write_bytes(bytes(data))
    with pytest.raises(SolverError, match="MODEL: "):
        load(tmp_path / "flipped.npz", SERIES)


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_a_pickle_is_never_opened(made, tmp_path):
    (tmp_path / "raw.npz").write_bytes(pickle.dumps(Trap()))
    np.save(tmp_path / "array.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    inside = rewritten(made[1], tmp_path / "inside.npz")
    with zipfile.ZipFile(inside, "a") as archive:
        archive.writestr("more.npy", (tmp_path / "array.npy").read_bytes())
    for name in ("raw.npz", "inside.npz"):
        with pytest.raises(SolverError, match="MODEL: "):
            load(tmp_path / name, SERIES)


def test_an_array_that_claims_to_be_huge(made, tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)})
    huge = rewritten(made[1], tmp_path / "huge.npz")
    with zipfile.ZipFile(huge, "a") as archive:
        archive.writestr("more.npy", header.getvalue() + b"12345678")
    with pytest.raises(SolverError, match="not what it claims to be"):
        load(huge, SERIES)


@pytest.mark.parametrize(
    ("about", "arrays", "words"),
    [
        ({"format": 2}, {}, "another program or version"),
        ({"steps": 24}, {}, "forecasts 24 steps"),
        ({"step": 300}, {}, "steps of 300 s; those of COUNTS are 3600 s"),
        ({"places": ["p0", "p1", "elsewhere"]}, {}, "not in the file: p2; not in COUNTS: elsewhere"),
        ({"places": ["p1", "p0", "p2"]}, {}, "another order"),
        ({"networks": {}}, {}, "another shape"),
        ({}, {"forecast/mean": np.zeros(4)}, "mean has the shape"),
        ({}, {"forecast/scale": np.zeros(3)}, "below 0|scale"),
        ({}, {"forecast/near_indices": np.array([9] * 6)}, "another shape"),
        ({}, {"forecast/weight/out.bias": np.zeros(13, dtype=np.float32)}, "out.bias has the shape"),
        ({}, {"forecast/weight/out.bias": np.full(12, np.nan, dtype=np.float32)}, "finite"),
        ({}, {"backtest/weight/out.bias": None}, "other names"),
        ({}, {"forecast/near_data": np.full(6, np.nan)}, "finite"),
        ({}, {"forecast/profile": np.array(["a"])}, "finite"),
        ({"networks": {"forecast": {"until": float("nan"), "season": 604_800}}}, {}, "last moment"),
        ({"networks": {"forecast": {"until": 0.0, "season": 7200}}}, {}, "season"),
        ({"networks": {"forecast": {}}}, {}, "another shape"),
        ({}, {"about": None}, "no complete model file"),
    ],
)  # fmt: skip
def test_a_model_of_another_shape(made, tmp_path, about, arrays, words):
    changed = rewritten(made[1], tmp_path / "changed.npz", about, arrays)
    with pytest.raises(SolverError, match=words):
        load(changed, SERIES)


def test_other_places(made):
    with pytest.raises(SolverError, match="other places"):
        load(made[1], replace(SERIES, places=["a", "b", "c"]))


def test_nothing_stays_of_a_file_that_could_not_be_written(made, tmp_path, monkeypatch):
    def full(file, **arrays):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        save(load(made[1], SERIES), tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []
