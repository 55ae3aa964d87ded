"""Counts, neighbours and the moment to begin at as the problem of a forecast."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback
from qgis.PyQt.QtCore import QDateTime

from ...solvers.forecasting.automatic import AUTOMATIC, ForecastProblem
from ...solvers.forecasting.series import Series
from ...solvers.forecasting.wavelet_network.method import Wanted
from ...solvers.naming import NAMED_IN_LOG
from ..errors import LayerError
from ..places import read_places
from ..times import read_times
from .counts import CountsTable, read_counts
from .neighbours import by_position, by_table


@dataclass(frozen=True)
class ForecastOptions:
    """What is to be forecast, named as the parameters of ``forecastflow``.

    Attributes
    ----------
    method : str
        ``AUTOMATIC``, one of :data:`...solvers.forecasting.methods.NAMES`, or the GWNN-STGM.
    start : QDateTime or str, optional
        First moment; None: right after the data.
    hours : float
        From the start, above 0.
    quantile : float
        Of the upper bound, from 0.5 to below 1.
    network : Wanted
        How to come by the networks of the GWNN-STGM.
    """

    method: str = AUTOMATIC
    start: QDateTime | str | None = None
    hours: float = 24.0
    quantile: float = 0.9
    network: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True)
class Neighbours:
    """Where it is written which places are neighbours: a table, else the positions of places, else nowhere.

    Attributes
    ----------
    table : QgsProcessingFeatureSource or None
    fields : dict
        Its fields with ``from``, ``to`` and, if there is one, ``weight``.
    places : QgsProcessingFeatureSource or None
    id_field : str or None
        Of the places.
    """

    table: QgsProcessingFeatureSource | None = None
    fields: dict[str, str] = field(default_factory=dict)
    places: QgsProcessingFeatureSource | None = None
    id_field: str | None = None


@dataclass(frozen=True)
class ForecastCase:
    """A problem, how to come by the networks of the GWNN-STGM, and whether the table tells universal time."""

    problem: ForecastProblem
    network: Wanted
    universal: bool


def forecast_case(
    table: CountsTable,
    options: ForecastOptions,
    neighbours: Callable[[], Neighbours],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> ForecastCase | None:
    """Return the problem of a table of counts; None where it has no rows.

    Parameters
    ----------
    neighbours : callable
        Asked only where there is something to forecast.

    Raises
    ------
    LayerError
        A start that is no time or has no data before it, or as :func:`.counts.read_counts`, :func:`.places.read_places`
        and :func:`.neighbours.by_table`.
    """
    counts = read_counts(table, feedback)
    if counts is None:
        return None
    series, first = counts.series, 1
    if options.start is not None:
        begin = _first_step(options.start, counts.series)
        series = series.before(min(max(begin, 0), len(series)))
        if begin < len(counts.series):
            feedback.pushInfo(f"START: {len(counts.series) - begin} step(s) of data from the start on are left aside.")
        first = begin - len(series) + 1
    steps = _steps(options.hours, series.step, feedback)
    adjacency = _adjacency(neighbours(), series.places, context, feedback)
    problem = ForecastProblem(series, adjacency, options.method, first, steps, options.quantile)
    return ForecastCase(problem, options.network, counts.universal)


def _first_step(start: QDateTime | str, series: Series) -> int:
    """Return the step of START, 0 for the first one of the data."""
    times = read_times([start])
    if not times.known[0]:
        raise LayerError(f"START: “{start}” is no date and time. Write it as 2026-05-01T06:30:00, or leave it empty.")
    second = times.seconds if times.aware[0] else series.clock.to_universal(times.seconds)
    step = int(np.ceil((second[0] - series.start) / series.step - 1e-6))
    learned = series.values[: max(step, 0)]
    silent = [p for p, there in zip(series.places, (~np.isnan(learned)).any(axis=0).tolist()) if not there]
    if step < 2 or silent:
        where = f" for {', '.join(silent[:NAMED_IN_LOG])}" if step >= 2 else ""
        raise LayerError(
            f"START: there are no data before “{start if isinstance(start, str) else start.toString()}” to learn "
            f"from{where}. Choose a later start, or give counts from an earlier time."
        )
    return step


def _steps(hours: float, step: float, feedback: QgsProcessingFeedback) -> int:
    """Return how many steps (s) fill the hours, with a warning where they fill more."""
    steps = max(1, math.ceil(hours * 3600.0 / step - 1e-9))
    if steps * step > hours * 3600.0 * (1.0 + 1e-9):
        feedback.pushWarning(
            f"HORIZON: {hours:g} hours are no whole number of steps of {step / 60:g} minutes; "
            f"{steps * step / 3600:g} hours are forecast."
        )
    return steps


def _adjacency(
    neighbours: Neighbours, ids: list[str], context: QgsProcessingContext, feedback: QgsProcessingFeedback
) -> Any:
    """Return the weights between neighbours: of the table, else of the positions, else None."""
    if neighbours.table is not None:
        return by_table(neighbours.table, neighbours.fields, ids, feedback)
    if neighbours.places is not None:
        places = read_places(neighbours.places, "PLACES", neighbours.id_field, context, feedback)
        return by_position(places, ids, context, feedback)
    feedback.pushInfo("No PLACES and no ADJACENCY: places whose counts move together are taken as neighbours.")
    return None
