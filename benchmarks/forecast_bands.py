"""How good the bands of forecasts are: coverage and interval score, by window and method.

A window is cut into days to learn from, days to calibrate on and days to test. Every method is fitted once, to the
first; from then on each step is an origin, and its band comes from the errors known before it. Only the origins of
the days to test are judged. Another table tells what ``forecastflow`` gives as it is: a day ahead from moments all over
some years, each time from the weeks before. :mod:`benchmarks.forecasting` has the data and prints the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.table import MET, NOT_MET, Table
from evacuation_planner.plugin.solvers.forecasting.automatic import AUTOMATIC, ForecastProblem, solve
from evacuation_planner.plugin.solvers.forecasting.backtest import BackTest
from evacuation_planner.plugin.solvers.forecasting.bands import bands
from evacuation_planner.plugin.solvers.forecasting.interval_scores import coverage, winkler
from evacuation_planner.plugin.solvers.forecasting.series import Series

QUANTILE = 0.9  # of the upper bound: bands of 80 %
COVERED, SERIES_COVERED, SERIES_SHARE = (0.77, 0.83), (0.7, 0.9), 0.9


@dataclass(frozen=True)
class Window:
    """Forecasts from every origin behind the days to learn from; those from step ``tested`` on are judged."""

    name: str
    test: BackTest
    tested: int


def bands_table(title: str, windows: list[Window], unit: str) -> Table:
    """Return the table of coverage and interval score of every method in every window."""
    header = ("window", "method", "covered", "below", "above", "series within 70 to 90 %", f"Winkler score, {unit}",
              "of fixed bands", "covered by fixed bands", "")  # fmt: skip
    table = Table(title, header)
    for window in windows:
        for name in window.test.forecast:
            table.add(window.name, name, *_row(window, name))
    table.notes.append(
        "Bands of 80 %, between the 10 % and the 90 % quantile. Target: 77 to 83 % of all values inside, and of nine "
        "series in ten 70 to 90 %. The Winkler score is the width, and ten times the distance of a value outside: the "
        "less the better. Fixed bands are those of the calibration alone; they learn nothing during the test."
    )
    return table


def _row(window: Window, name: str) -> tuple[str, ...]:
    test = window.test
    judged = test.origins >= window.tested
    begin = int(np.argmax(judged))
    made = (test.series, test.origins, test.forecast[name], QUANTILE)
    found, fixed = bands(*made, first=begin // 2), bands(*made, first=begin, adaptive=False)
    low, high, actual = found.lower[judged], found.upper[judged], test.actual[judged]
    share = coverage(low, high, actual)
    known = (~np.isnan(actual)).sum()
    each = np.array([coverage(low[..., p], high[..., p], actual[..., p]) for p in range(actual.shape[2])])
    within = ((each >= SERIES_COVERED[0]) & (each <= SERIES_COVERED[1]))[~np.isnan(each)]
    met = COVERED[0] <= share <= COVERED[1] and within.mean() >= SERIES_SHARE
    return (
        f"{100 * share:.1f} %", f"{100 * (actual < low).sum() / known:.1f} %",
        f"{100 * (actual > high).sum() / known:.1f} %", f"{within.sum()} of {len(within)}",
        f"{winkler(low, high, actual, QUANTILE):.2f}",
        f"{winkler(fixed.lower[judged], fixed.upper[judged], actual, QUANTILE):.2f}",
        f"{100 * coverage(fixed.lower[judged], fixed.upper[judged], actual):.1f} %", MET if met else NOT_MET,
    )  # fmt: skip


def in_use_table(
    title: str, series: Series, adjacency: csr_matrix, moments: np.ndarray, learned: int, ahead: int, unit: str
) -> Table:
    """Return the table of whole forecasts, ``ahead`` steps from each moment (k,) by the ``learned`` steps before it."""
    header = ("forecasts", "covered", "below", "above", "in most forecasts", f"Winkler score, {unit}",
              "highest value above highest upper", "above highest forecast")  # fmt: skip
    low, high, middle, actual = [], [], [], []
    for moment in moments.tolist():
        begin = moment - learned
        part = replace(series, start=series.start + begin * series.step, values=series.values[begin:moment])
        found = solve(ForecastProblem(part, adjacency, AUTOMATIC, 1, ahead, QUANTILE))
        silent = np.isnan(part.values).all(axis=0)  # the algorithm forecasts no place that never had a value
        for kept, values in zip(
            (low, high, middle, actual),
            (found.lower, found.upper, found.value, series.values[moment : moment + ahead]),
        ):
            kept.append(np.where(silent, np.nan, values))
    lower, upper, value, came = (np.stack(kept) for kept in (low, high, middle, actual))
    known = ~(np.isnan(came) | np.isnan(upper))
    each = np.array([coverage(*one) for one in zip(lower, upper, came)])
    whole = known.all(axis=1)
    peak = came.max(axis=1)[whole]
    table = Table(title, header)
    table.add(
        len(moments), f"{100 * coverage(lower, upper, came):.1f} %", f"{100 * (came < lower)[known].mean():.1f} %",
        f"{100 * (came > upper)[known].mean():.1f} %",
        f"{100 * np.quantile(each, 0.1):.0f} to {100 * np.quantile(each, 0.9):.0f} %",
        f"{winkler(lower, upper, came, QUANTILE):.2f}", f"{100 * (peak > upper.max(axis=1)[whole]).mean():.1f} %",
        f"{100 * (peak > value.max(axis=1)[whole]).mean():.1f} %",
    )  # fmt: skip
    return table
