"""A forecast as rows of its output tables and as lines of the log."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from qgis.core import QgsProcessingFeedback

from ...solvers.forecasting.automatic import Forecast
from ...solvers.forecasting.series import Series
from ..fields import Column
from ..times import date_times

COLUMNS = (
    Column("place", "text", "place"),
    Column("time", "datetime", "beginning of the step"),
    Column("forecast", "float", "expected value"),
    Column("lower", "float", "lower quantile (1 - QUANTILE)"),
    Column("upper", "float", "upper quantile (QUANTILE)"),
)
BACKTEST_COLUMNS = (
    Column("method", "text", "forecasting method"),
    Column("horizon", "float", "hours ahead"),
    Column("MAE", "float", "mean absolute error, in the unit of the values"),
    Column("RMSE", "float", "root of the mean squared error, in the unit of the values"),
    Column("MAPE", "float", "mean absolute error, percent of values other than 0"),
    Column("values", "int", "values compared; missing ones are left out"),
)
DECIMALS = 3


def forecast_rows(series: Series, found: Forecast, universal: bool) -> Iterator[tuple[None, list[Any]]]:
    """Yield a row by :data:`COLUMNS` for each place and step; in universal time where the counts told it."""
    times = date_times(found.moments if universal else series.clock.to_wall(found.moments), universal)
    for k, place in enumerate(series.places):
        columns = (found.value[:, k].tolist(), found.lower[:, k].tolist(), found.upper[:, k].tolist())
        for time, value, lower, upper in zip(times, *columns):
            yield None, [place, time, round(value, DECIMALS), round(lower, DECIMALS), round(upper, DECIMALS)]


def backtest_rows(found: Forecast) -> list[tuple[None, list[Any]]]:
    """Return a row by :data:`BACKTEST_COLUMNS` for each method and horizon; empty where nothing could be compared."""
    rows: list[tuple[None, list[Any]]] = []
    for score in found.scores:
        off = score.errors
        numbers = [_rounded(value) for value in (off.mae, off.rmse, off.mape)]
        rows.append((None, [score.method, round(score.hours, 6), *numbers, off.count]))
    return rows


def report(found: Forecast, quantile: float, feedback: QgsProcessingFeedback) -> dict[str, float]:
    """Say in the log how the forecast was made and how good it was; return the numbers of the chosen method."""
    for note in found.notes:
        feedback.pushWarning(note)
    for method in dict.fromkeys(score.method for score in found.scores):
        known = [s.errors.mae for s in found.scores if s.method == method and not math.isnan(s.errors.mae)]
        if known:
            feedback.pushInfo(
                f"Back-test, {method}: mean absolute error {known[0]:.4g} at the first step, {known[-1]:.4g} at the "
                f"last, {sum(known) / len(known):.4g} on average."
            )
    feedback.pushInfo(f"Method: {found.method}.")
    if found.coverage is not None and found.winkler is not None:
        feedback.pushInfo(
            f"Between lower and upper, made from what was known before, lay {100 * found.coverage:.1f} % of the values "
            f"in the back-test's later half; {100 * (2 * quantile - 1):.4g} % are aimed at. Winkler score "
            f"{found.winkler:.4g}: the mean width, and {1 / (1 - quantile):.4g} times the distance of a value outside."
        )
    if found.total is None:
        return {}
    numbers = {"MAE": found.total.mae, "RMSE": found.total.rmse, "MAPE": found.total.mape}
    if found.coverage is not None and found.winkler is not None:
        numbers.update({"COVERAGE": 100.0 * found.coverage, "WINKLER": found.winkler})
    return {name: value for name, value in numbers.items() if not math.isnan(value)}


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
