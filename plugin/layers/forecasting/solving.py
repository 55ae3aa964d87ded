"""Which solver makes a forecast: the network where it is asked for, else the other methods."""

from __future__ import annotations

from ...solvers.control import Control
from ...solvers.forecasting import automatic
from ...solvers.forecasting.automatic import AUTOMATIC, Forecast
from ...solvers.forecasting.wavelet_network import method
from ...solvers.forecasting.wavelet_network.saving import Model
from .case import ForecastCase


def solved(case: ForecastCase, control: Control) -> tuple[Forecast, Model | None]:
    """Return the forecast of a case, and the networks where they made it.

    Raises
    ------
    MissingDependency, SolverError, Cancelled
    """
    if case.problem.method == method.NAME:
        return method.solve(case.problem, case.network, control=control)
    found = automatic.solve(case.problem, control=control)
    sentence = method.suggestion(case.problem.series)
    if case.problem.method == AUTOMATIC and sentence:
        control.log(sentence)
    return found, None
