"""The whole forecast: back-test, choice of the method, fit to all the data, prediction quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..naming import first_of
from . import historical_average, methods
from .backtest import BackTest, Errors, run
from .bands import LEAST_ERRORS, bands_of_spread, floor_of
from .interval_scores import coverage, winkler
from .seasons import season_of, season_sentence
from .series import Series

AUTOMATIC = "automatic"
MOST_CELLS = 5_000_000


@dataclass(frozen=True)
class ForecastProblem:
    """What to forecast.

    Attributes
    ----------
    series : Series
        The data up to the start of the forecast.
    adjacency : csr_matrix or None
        Weights between neighbouring places, shape (p, p).
    method : str
        A name of :data:`.methods.NAMES`, "automatic", or the name of a method that is given to :func:`solve`.
    first : int
        The first step to forecast, 1 for the one after the data.
    steps : int
        How many steps to forecast.
    quantile : float
        Of the upper bound, 0.5 to 1; the lower one is at 1 - quantile.
    """

    series: Series
    adjacency: Any
    method: str
    first: int
    steps: int
    quantile: float


@dataclass(frozen=True)
class Score:
    """A row of the back-test: a method's errors so many hours ahead."""

    method: str
    hours: float
    errors: Errors


@dataclass(frozen=True)
class Forecast:
    """A forecast with its evidence.

    Attributes
    ----------
    moments : ndarray, shape (steps,)
        Seconds since 1970, universal time.
    value, lower, upper : ndarray, shape (steps, p)
    method : str
    scores : list of Score
        By method and horizon; empty without a back-test.
    total : Errors or None
        The chosen method's, over all horizons.
    coverage : float or None
        Share of the back-test between lower and upper, each from what was known before its origin.
    winkler : float or None
        Their mean interval score, in the unit of the values.
    notes : list of str
        What was assumed.
    """

    moments: np.ndarray
    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    method: str
    scores: list[Score]
    total: Errors | None
    coverage: float | None
    winkler: float | None
    notes: list[str]


By = Callable[[ForecastProblem, int, "list[str]", Control], "tuple[str, np.ndarray, BackTest | None]"]


def by_methods(
    problem: ForecastProblem, steps: int, notes: list[str], control: Control
) -> tuple[str, np.ndarray, BackTest | None]:
    """Return the name of the method used, its forecasts (steps, p), and the back-test of all."""
    series, season = problem.series, season_of(problem.series)
    test = run(series, steps, problem.adjacency, control=control.part(0.0, 0.63))
    name = _method(problem, test, notes)
    model = methods.fit(name, series, season, steps, problem.adjacency, control=control.part(0.63, 1.0))
    return name, model.predict(series, np.array([len(series)]), steps)[0], test


def solve(problem: ForecastProblem, *, by: By = by_methods, control: Control | None = None) -> Forecast:
    """Forecast every series of a problem.

    All methods are put to the back-test, whichever is asked for, so that the choice can be judged.

    Parameters
    ----------
    by : callable
        What makes the point forecasts and the back-test, as :func:`by_methods` does.

    Raises
    ------
    SolverError
        When the forecast would be too large; and what ``by`` raises.
    Cancelled

    Examples
    --------
    Five an hour for two days: five in each of the next two hours.

    >>> from evacuation_planner.plugin.solvers.forecasting.clock import Clock
    >>> series = Series(["gate"], 0.0, 3600, np.full((48, 1), 5.0), Clock())
    >>> found = solve(ForecastProblem(series, None, "historical average", 1, 2, 0.9))
    >>> found.value.ravel().tolist(), found.moments.tolist()
    ([5.0, 5.0], [172800.0, 176400.0])
    """
    control = control or Control()
    series, last = problem.series, problem.first + problem.steps - 1
    if last * len(series.places) > MOST_CELLS:
        raise SolverError(
            f"HORIZON: {last:,} steps of {series.step:,} s after the data for {len(series.places)} places are more "
            f"than {MOST_CELLS:,} values. Choose a shorter HORIZON, or a START nearer to the data."
        )
    notes: list[str] = []
    season = season_of(series)
    sentence = season_sentence(series, season)
    if sentence:
        notes.append(sentence)
    name, value, test = by(problem, last, notes, control.part(0.0, 0.95))
    control.stop_if_cancelled()
    floor = floor_of(series)
    lower, upper, covered, score = _bands(problem, test, name, value, notes, control.part(0.95, 1.0))
    kept = slice(problem.first - 1, None)
    value, lower, upper = (np.maximum(array[kept], floor) for array in (value, lower, upper))
    control.progress(1.0, "Forecast")
    moments = series.moments(len(series) + problem.first - 1, len(series) + last)
    total = None if test is None else test.errors(name, first=problem.first)
    return Forecast(moments, value, lower, upper, name, _scores(test, problem), total, covered, score, notes)


def _method(problem: ForecastProblem, test: BackTest | None, notes: list[str]) -> str:
    """Return the name of the method to use."""
    if test is None:
        days = len(problem.series) * problem.series.step / 86_400
        used = historical_average.NAME if problem.method == AUTOMATIC else problem.method
        notes.append(
            f"COUNTS: {days:.1f} days are too short for a back-test of this HORIZON, which needs three times as much; "
            f"the method is {used}, its errors are unknown, and the quantiles follow from the spread of the data."
        )
        return used
    return test.best(problem.first) if problem.method == AUTOMATIC else problem.method


def _bands(
    problem: ForecastProblem, test: BackTest | None, name: str, value: np.ndarray, notes: list[str], control: Control
) -> tuple[np.ndarray, np.ndarray, float | None, float | None]:
    """Return the bounds of a forecast (steps, p), and coverage and interval score of the back-test's own bounds."""
    quantile, kept = problem.quantile, slice(problem.first - 1, None)
    if test is None or np.isnan(test.actual - test.forecast[name]).all():
        if test is not None:
            notes.append(
                "COUNTS: the part held back for the back-test is all missing; the quantiles follow from the "
                "spread of the data before it."
            )
        found = bands_of_spread(problem.series, value, quantile)
    else:
        found = test.bands(name, quantile, value, control)
        few = (~np.isnan(test.actual)).any(axis=1).sum(axis=0) < LEAST_ERRORS
        if few.any() and len(test.origins) >= LEAST_ERRORS:
            names = first_of([place for place, little in zip(problem.series.places, few) if little])
            notes.append(
                f"COUNTS: {few.sum()} place(s) have next to no values in the part held back for the back-test; their "
                f"quantiles follow from the errors of the others: {names}."
            )
    if found.widest:
        notes.append(
            f"QUANTILE: {quantile:g} needs {np.ceil(1.0 / (1.0 - quantile) - 1e-9):.0f} errors to learn from, and "
            f"there are {found.errors:.0f}; lower and upper reach to the widest error seen, and more than "
            f"{100.0 * (1.0 - quantile):.3g} % of what comes may lie beyond each."
        )
    lower, upper = found.lower[-1], found.upper[-1]
    if test is None or len(found.lower) == 1:
        return lower, upper, None, None
    past = found.lower[:-1, kept], found.upper[:-1, kept], test.actual[:, kept]
    share, score = coverage(*past), winkler(*past, quantile)
    return lower, upper, None if math.isnan(share) else share, None if math.isnan(score) else score


def _scores(test: BackTest | None, problem: ForecastProblem) -> list[Score]:
    if test is None:
        return []
    horizons = range(problem.first, problem.first + problem.steps)
    hour = problem.series.step / 3600.0
    return [Score(name, h * hour, test.errors(name, h)) for name in test.forecast for h in horizons]
