"""METHOD 4 of ``forecastflow`` in a real ``qgis_process``, on the sample's counts."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")

from tests.headless.conftest import qgis_process, sample  # noqa: F401  (fixtures)


def test_the_samples_counts(qgis_process, sample, tmp_path):  # noqa: F811
    given = {
        "COUNTS": f"{sample}|layername=counts", "PLACES": f"{sample}|layername=sites", "METHOD": 4, "HORIZON": 12,
        "SEED": 2,
    }  # fmt: skip
    model, output = tmp_path / "model.npz", tmp_path / "forecast.gpkg"
    first = qgis_process("evacuation:forecastflow", **given, EPOCHS=2, OUTPUT=output, OUTPUT_MODEL=model)
    assert first.exit_code == 0, first.stderr
    assert model.is_file() and 0 < first.results["MAE"] <= first.results["RMSE"]
    again = qgis_process("evacuation:forecastflow", **given, OUTPUT=tmp_path / "again.gpkg", MODEL=model)
    assert again.exit_code == 0, again.stderr
    assert again.results["MAE"] == first.results["MAE"] and again.results["WINKLER"] == first.results["WINKLER"]
    with np.load(model, allow_pickle=False) as opened:
        assert all(opened[name].dtype.kind in "fiu" for name in opened.files)
