"""The graph-wavelet network GWNN-STGM beside the graph ridge, LightGBM and yesterday repeated, on two real series.

All learn from the same days and forecast from every step of the test, using the values before it. The network needs
PyTorch in the Python that runs this, LightGBM comes with ``requirements-bench.txt``. A window takes minutes, so what
was measured is kept in ``forecasting_network.json``; windows are measured anew with

    nice .venv/bin/python benchmarks/forecasting_network.py "METR-LA" "Auckland 2025-02-10"

and all of them with ``--only network``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]
    sys.path = [path for path in sys.path if Path(path or ".").resolve() != ROOT / "benchmarks"]

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks import forecasting
from benchmarks.bench_venv import NoPeer, run_peer
from benchmarks.forecast_bands import Window, bands_table
from benchmarks.measuring import timed
from benchmarks.table import Table, outcome
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.dependencies import MissingDependency
from evacuation_planner.plugin.solvers.forecasting import graph_ridge
from evacuation_planner.plugin.solvers.forecasting.backtest import BackTest, errors
from evacuation_planner.plugin.solvers.forecasting.graph import heat_wavelets
from evacuation_planner.plugin.solvers.forecasting.seasons import season_of
from evacuation_planner.plugin.solvers.forecasting.series import DAY, Series
from evacuation_planner.plugin.solvers.forecasting.wavelet_network import forecaster
from evacuation_planner.plugin.solvers.forecasting.wavelet_network.inputs import (
    AVERAGES,
    OUT,
    SEASONS_BACK,
    Inputs,
    frame_of,
    inputs_of,
)

KEPT = Path(__file__).with_suffix(".json")
NETWORK, RIDGE, TREES, YESTERDAY = forecaster.NAME, "graph ridge", "LightGBM", "yesterday"
METHODS = (NETWORK, RIDGE, TREES, YESTERDAY)
LOS_ANGELES, AUCKLAND = "METR-LA", tuple(f"Auckland {begin}" for begin in forecasting.WINDOWS)
LEARNED, TESTED = 4, 5  # days: Thursday to Sunday to learn from, Tuesday and Wednesday to test
AHEAD = {LOS_ANGELES: (3, 6, 12), **dict.fromkeys(AUCKLAND, (1, 2, 3))}  # steps
MOST_SECONDS = 900.0  # of the network's training
SEED = 1
# Chosen on days that lie before the test: METR-LA's Friday, Auckland's four weeks before 12 May 2025.
SETTINGS = {
    LOS_ANGELES: {"rounds": 300, "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 500},
    **dict.fromkeys(AUCKLAND, {"rounds": 300, "learning_rate": 0.05, "num_leaves": 63, "min_data_in_leaf": 100}),
}
SAMPLED = {"feature_fraction": 0.8, "bagging_fraction": 0.8, "bagging_freq": 1}
LAGS, SCALES, GRAPH_LAGS = range(12), (0.5, 2.0, 8.0), (0, 1, 3)


def case(name: str) -> tuple[Series, csr_matrix, int, np.ndarray]:
    """Return a window: series, neighbours, the steps to learn from, and the origins to forecast at."""
    if name == LOS_ANGELES:
        series, adjacency = forecasting.metr_la()
        day = forecasting.SLOTS
        return series, adjacency, LEARNED * day, np.arange(TESTED * day, len(series) - OUT + 1)
    series, adjacency, _ = forecasting.auckland()
    wall = (datetime.fromisoformat(name.split()[1]) - forecasting.EPOCH).total_seconds()
    first = int((series.clock.to_universal(np.array([wall]))[0] - series.start) / series.step)
    learned = forecasting.HOURS_LEARNED
    part = forecasting.window(series, first - learned, learned, forecasting.HOURS_TESTED)
    return part, adjacency, learned, np.arange(learned, len(part) - OUT + 1)


def features(inputs: Inputs, adjacency: csr_matrix, horizon: int) -> np.ndarray:
    """Return what the network sees, for trees: (t, p, f), known at each step, to forecast ``horizon`` steps later."""
    z = np.nan_to_num(inputs.scaled)
    steps, places = z.shape

    def lagged(values: np.ndarray, lag: int) -> np.ndarray:
        out = np.zeros_like(values)
        out[lag:] = values[: steps - lag] if lag < steps else 0.0
        return out

    total = np.vstack([np.zeros((1, places)), np.cumsum(z, axis=0)])
    end = np.arange(1, steps + 1)
    found = [lagged(z, lag) for lag in LAGS]
    found += [(total[end] - total[np.maximum(end - width, 0)]) / width for width in (6, *AVERAGES)]
    for smooth in heat_wavelets(adjacency, z, SCALES):
        found += [lagged(smooth, lag) for lag in GRAPH_LAGS]
    for season in SEASONS_BACK:
        length = season // inputs.step
        found.append(lagged(z, -(-horizon // length) * length - horizon))
    found += [inputs.profile[:steps], inputs.profile[horizon : steps + horizon]]
    found += [np.broadcast_to(inputs.time[:steps, k, None], z.shape) for k in range(inputs.time.shape[1])]
    found.append(np.broadcast_to(np.arange(places), z.shape))  # which place
    return np.stack(found, axis=-1).astype(np.float32)


def trees(name: str, series: Series, adjacency: csr_matrix, learned: int, origins: np.ndarray) -> Any:
    """Return the forecasts of LightGBM, (o, OUT, p), NaN at other horizons, and its figures; it learns the change
    from the last value.

    Raises
    ------
    NoPeer
    """
    known = series.before(learned)
    frame = frame_of(known, season_of(known))
    learn, ask = inputs_of(known, frame, OUT, learning=True), inputs_of(series, frame, OUT)
    given: dict[str, Any] = {"horizons": np.array(AHEAD[name])}
    for h in AHEAD[name]:
        change = learn.scaled[h:] - learn.scaled[:-h]
        there = ~np.isnan(change)
        given[f"learn{h}"] = features(learn, adjacency, h)[:-h][there]
        given[f"target{h}"] = change[there]
        given[f"ask{h}"] = features(ask, adjacency, h)[origins - 1].reshape(-1, given[f"learn{h}"].shape[1])
    out = np.full((len(origins), OUT, len(series.places)), np.nan)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "case.npz", Path(folder) / "found.npz"
        np.savez(source, **given)
        settings = json.dumps({**SETTINGS[name], **SAMPLED})
        arguments = (str(source), settings, str(target))
        figures = json.loads(run_peer("fit_with_lightgbm.py", *arguments, timeout=1800.0, cwd=ROOT))
        with np.load(target) as found:
            for h in AHEAD[name]:
                change = found[f"found{h}"].reshape(len(origins), -1)
                out[:, h - 1] = frame.unscaled(np.nan_to_num(ask.scaled[origins - 1]) + change)
    return out, figures


def measure(name: str) -> dict[str, Any]:
    """Return the errors of every method in a window by steps ahead, and what the network's training took.

    Raises
    ------
    MissingDependency
        Without PyTorch.
    """
    series, adjacency, learned, origins = case(name)
    said: list[str] = []
    trained = timed(
        forecaster.fit, series.before(learned), adjacency, forecaster.Options(seed=SEED),
        control=Control(log=said.append, progress=_shown(name)),
    )  # fmt: skip
    found = {NETWORK: trained.result.predict(series, origins, OUT)}
    known = series.before(learned)
    ridge = graph_ridge.fit(known, season_of(known), OUT, adjacency)
    found[RIDGE] = ridge.predict(series, origins, OUT)
    back = DAY // series.step
    found[YESTERDAY] = np.stack([series.values[o - back : o - back + OUT] for o in origins])
    kept: dict[str, Any] = {"wall": trained.wall, "cpu": trained.cpu, "said": said, "errors": {}}
    try:
        found[TREES], kept["trees"] = trees(name, series, adjacency, learned, origins)
    except NoPeer as error:
        kept["trees"] = {"missing": str(error)}
    if name == LOS_ANGELES:
        kept["bands"] = bands_of(trained.result, series, learned)
    actual = np.stack([series.values[o : o + OUT] for o in origins])
    for method, forecast in found.items():
        off = [errors(forecast[:, h - 1], actual[:, h - 1]) for h in AHEAD[name]]
        kept["errors"][method] = [[one.mae, one.rmse, one.count] for one in off]
    return kept


def bands_of(model: forecaster.WaveletNetwork, series: Series, learned: int) -> dict[str, str]:
    """Return what the bands of the network are worth on the days to test, calibrated on the day before."""
    origins = np.arange(learned, len(series) - OUT + 1)
    actual = np.stack([series.values[o : o + OUT] for o in origins])
    forecast = {NETWORK: model.predict(series, origins, OUT)}
    test = BackTest(series, learned, model.frame.profile.season, origins, actual, forecast)
    table = bands_table("", [Window("", test, TESTED * forecasting.SLOTS)], "mph")
    return dict(zip(table.header, table.rows[0]))


def _shown(name: str) -> Any:
    shown = [""]

    def progress(fraction: float, text: str = "") -> None:
        if text and text != shown[0]:
            shown[0] = text
            print(f"{name}: {text}", flush=True)

    return progress


def keep(name: str) -> None:
    """Measure a window and keep its figures."""
    figures = measure(name)
    rows = kept()
    rows[name] = figures
    KEPT.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def kept() -> dict[str, Any]:
    """Return the figures that are kept, by window."""
    return dict(json.loads(KEPT.read_text(encoding="utf-8"))) if KEPT.is_file() else {}


def table_of(title: str, names: list[str], rows: dict[str, Any], hour: float, unit: str) -> Table:
    """Return the errors by horizon, those of several windows weighed by their values."""
    header = ("ahead", *(f"{method}, {what}" for what in ("MAE", "RMSE") for method in METHODS), "windows won", "")
    table = Table(title, header)
    for i, steps in enumerate(AHEAD[names[0]]):
        mae, rmse = ([_pooled(rows, names, method, i, power) for method in METHODS] for power in (1, 2))
        won = sum(_won(rows[name], i) for name in names)
        best = not any(other <= mae[0] for other in mae[1:])
        ahead = f"{steps * hour:g} h" if hour >= 1 else f"{steps * hour * 60:g} min"
        cells = (*(f"{value:.3f}" for value in mae), *(f"{value:.2f}" for value in rmse))
        wall, cpu = (max(rows[name][clock] for name in names) for clock in ("wall", "cpu"))
        table.add(ahead, *cells, f"{won} of {len(names)}", outcome(best, wall, cpu, MOST_SECONDS))
    table.notes.append(
        f"Errors in {unit}; missing values are left out. Target: the network below all others in MAE, trained within "
        f"15 minutes. A window is won where it is below the graph ridge and LightGBM. Training the network, at most 60 "
        f"epochs in one thread, took {_span([rows[name]['cpu'] for name in names])} s of processor, "
        f"{_span([rows[name]['wall'] for name in names])} s by the clock; LightGBM's three horizons "
        f"{_span([rows[name]['trees'].get('cpu', np.nan) for name in names])} s of processor. One seed. LightGBM has "
        f"the network's inputs, the graph ridge's smoothed neighbours and the place, and learns the change from the "
        f"last value with absolute errors."
    )
    return table


def _span(values: list[float]) -> str:
    low, high = f"{min(values):.0f}", f"{max(values):.0f}"
    return low if low == high else f"{low} to {high}"


def _pooled(rows: dict[str, Any], names: list[str], method: str, i: int, power: int) -> float:
    """Return the mean absolute error (power 1) or the root of the mean squared one (2) over windows."""
    found = [rows[name]["errors"].get(method, [[np.nan] * 3] * 3)[i] for name in names]
    count = np.array([one[2] for one in found])
    value = np.array([one[power - 1] for one in found]) ** power
    return float(((value * count).sum() / count.sum()) ** (1.0 / power))


def _won(row: dict[str, Any], i: int) -> bool:
    found = row["errors"]
    return all(found[NETWORK][i][0] < found[other][i][0] for other in (RIDGE, TREES) if other in found)


def tables(asked: bool = False) -> list[Table]:
    """Return the tables, from what is kept; where they are asked for, measured anew."""
    notes = []
    if asked:
        try:
            for name in (LOS_ANGELES, *AUCKLAND):
                keep(name)
        except (MissingDependency, OSError) as error:
            notes.append(f"Not measured anew: {str(error).splitlines()[0]}")
    rows, found = kept(), []
    if LOS_ANGELES in rows:
        title = "The forecasting network: METR-LA, 207 detectors by five minutes"
        found.append(table_of(title, [LOS_ANGELES], rows, 1.0 / 12.0, "mph"))
        found[-1].notes.append(
            "Thursday to Sunday to learn from, Tuesday and Wednesday to forecast; every step an origin. The network's "
            "dropout and LightGBM's leaves were chosen on that Friday, held out of what was learned from."
        )
        bands = rows[LOS_ANGELES].get("bands")
        if bands:
            found[-1].notes.append(
                f"Bands of 80 %, calibrated on Monday and made as those of the other methods: {bands['covered']} of "
                f"all values inside, series with 70 to 90 % inside: {bands['series within 70 to 90 %']}; Winkler score "
                f"{bands['Winkler score, mph']} mph."
            )
    windows = [name for name in AUCKLAND if name in rows]
    if windows:
        title = "The forecasting network: Auckland's pedestrians, 21 sensors by the hour"
        found.append(table_of(title, windows, rows, 1.0, "people an hour"))
        found[-1].notes.append(
            f"Four weeks from {', '.join(name.split()[1] for name in windows)}, each after 52 weeks to learn from; "
            f"every hour an origin. At 1, 2 and 3 hours, since the counts are hourly."
        )
    found = found or [Table("The forecasting network", (), notes=["Nothing is kept in forecasting_network.json."])]
    notes.append("Kept figures; `--only network` measures them anew where PyTorch is installed.")
    found[-1].notes += notes
    return found


def main() -> int:
    """Measure the windows that are named and print the tables of all."""
    for name in sys.argv[1:]:
        keep(name)
    for table in tables():
        print(table.text(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
