"""A whole forecast by GWNN-STGM: one network for the back-test, one for what comes, kept together as a model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from ...control import Control
from ...dependencies import available, require
from .. import automatic
from ..automatic import Forecast, ForecastProblem
from ..backtest import BackTest, run
from ..series import DAY, Series
from . import forecaster
from .forecaster import MOST_PLACES, NAME, PURPOSE, WaveletNetwork, too_short
from .saving import Model, load

_Made = tuple[str, np.ndarray, Optional[BackTest]]
TRAINING_SHARE = 0.6  # of the data: what the network of the back-test learns from, once


@dataclass(frozen=True)
class Wanted:
    """How to come by the networks.

    Attributes
    ----------
    options : Options
        How to train.
    file : Path or None
        A model to use instead of training.
    """

    options: forecaster.Options = forecaster.Options()
    file: Path | None = None


def solve(problem: ForecastProblem, wanted: Wanted, *, control: Control | None = None) -> tuple[Forecast, Model]:
    """Forecast every series of a problem by the network; return the forecast and the networks.

    Raises
    ------
    MissingDependency
        Without PyTorch.
    SolverError
        As :func:`..automatic.solve`, :func:`.forecaster.fit` and :func:`.saving.load`.
    Cancelled
    """
    require("torch", PURPOSE)
    used: list[Model] = []

    def by(asked: ForecastProblem, steps: int, notes: list[str], inner: Control) -> _Made:
        value, test, model = _forecast(asked, steps, wanted, notes, inner)
        used.append(model)
        return NAME, value, test

    found = automatic.solve(problem, by=by, control=control)
    return found, used[0]


def _forecast(
    problem: ForecastProblem, steps: int, wanted: Wanted, notes: list[str], control: Control
) -> tuple[np.ndarray, BackTest | None, Model]:
    """Return forecasts (steps, p), the back-test where the data suffice, and the networks.

    In the back-test all methods learn from the same first part of the data. Sentences on what was assumed are added
    to ``notes``.
    """
    series, adjacency = problem.series, problem.adjacency
    given = None if wanted.file is None else load(wanted.file, series)
    training = _training(series, steps, given)
    test, early = None, None if given is None else given.backtest
    if training is None:
        notes.append(_without_test(series, given))
    else:
        test = run(series, steps, adjacency, training=training, control=control.part(0.0, 0.1))
        if early is None:
            known = series.before(training)
            early = forecaster.fit(known, adjacency, wanted.options, control=control.part(0.1, 0.4))
        if test is not None:
            inner = control.part(0.4, 0.5)
            test.forecast[NAME] = early.predict(series, test.origins, steps, control=inner)
    if given is None:
        final = forecaster.fit(series, adjacency, wanted.options, control=control.part(0.5, 0.95))
    else:
        final = given.forecast
        _say_when(final, series, notes, control)
    value = final.predict(series, np.array([len(series)]), steps, control=control.part(0.95, 1.0))[0]
    return value, test, Model(final, early) if given is None else given


def _training(series: Series, steps: int, given: Model | None) -> int | None:
    """Return how many steps the network of the back-test knows, None where there is none or no test behind them."""
    if given is None:
        training = int(TRAINING_SHARE * len(series))
        if too_short(series.before(training)):
            return None
    elif given.backtest is None:
        return None
    else:
        training = math.ceil((given.backtest.until - series.start) / series.step - 1e-6)
    return training if 2 * steps <= training < len(series) - steps else None


def _without_test(series: Series, given: Model | None) -> str:
    """Return the sentence that says why there is no back-test."""
    days = len(series) * series.step / DAY
    why = (
        f"{days:.1f} days are too short for a back-test of this HORIZON by the GWNN-STGM, which learns from the first "
        f"{100 * TRAINING_SHARE:.0f} % of them"
        if given is None
        else "they hold too little before or behind the moment up to which the network of MODEL for the back-test has "
        "learned, for a back-test of this HORIZON"
    )
    return f"COUNTS: {why}; its errors are unknown, and the quantiles follow from the spread of the data."


def _say_when(network: WaveletNetwork, series: Series, notes: list[str], control: Control) -> None:
    """Say what a network from a file has learned from."""
    days = (series.start + series.step * len(series) - network.until) / DAY
    if days < -1e-9:
        notes.append(
            f"MODEL: its network has learned from data up to {-days:.2g} days after the start of the forecast, which "
            f"is therefore none; the back-test is."
        )
    else:
        control.log(
            f"MODEL: nothing was trained; its network has learned from data up to {days:.2g} days before the end "
            f"of those given, with the neighbours it was trained with."
        )


def suggestion(series: Series) -> str:
    """Return a sentence for those who let the method be chosen, "" where the network could learn nothing here."""
    if too_short(series) or len(series.places) > MOST_PLACES:
        return ""
    there = "is installed" if available("torch") else "is not installed"
    return f"Automatic never takes the {NAME} (METHOD 4); it could be tried. It needs PyTorch, which {there} here."
