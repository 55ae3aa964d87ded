"""``evacuation:forecastflow``: how many people or vehicles to expect at each place, with quantiles and a back-test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
)

from ...base import EvacuationAlgorithm
from . import names
from .forecast_parameters import (
    ADJACENCY_FIELDS,
    add_count_parameters,
    add_method_parameters,
    add_neighbour_parameters,
)

if TYPE_CHECKING:
    from ....plugin.layers.forecasting.counts import Counts
    from ....plugin.solvers.forecasting.automatic import ForecastProblem


class ForecastFlow(EvacuationAlgorithm):
    """Forecasts counts by place."""

    ID = "forecastflow"
    TITLE = "Forecast flows"
    TAGS = ("forecast", "prediction", "time series", "pedestrian", "traffic", "occupancy", "graph wavelet", "backtest")
    SUMMARY = (
        "Forecasts counts (people at a site, pedestrians past a sensor, vehicles or speeds on a road) for the hours "
        "after the data, with a lower and an upper quantile; its output is the forecast that “Recommend shelters” "
        "asks for.\n"
        "Every method is put to a back-test: it forecasts the last quarter of the data, eight weeks at most, from what "
        "lay before, at every horizon; missing values are left out. The table of errors shows which is best, and "
        "“automatic” takes it. The quantiles come from the same errors, by place, horizon and time of day.\n"
        "Xu et al. 2023 (Chinese Journal of Computers, doi 10.11897/SP.J.1016.2023.01427) forecast road flows with a "
        "graph-wavelet neural network. The graph ridge here smooths neighbours with the same wavelets, exp(−s L) of "
        "the graph's normalised Laplacian, but learns by ridge regression, so that it needs no graphics card; "
        "it is not their network."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_count_parameters(self)
        add_neighbour_parameters(self)
        add_method_parameters(self)
        tr, table = self.tr, QgsProcessing.SourceType.TypeVector
        self.add(
            QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Forecast"), table),
            "Table with place, time, forecast, lower and upper.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                names.OUTPUT_BACKTEST, tr("Back-test"), table, optional=True, createByDefault=True
            ),
            "Table with the errors of each method by horizon (hours): MAE, RMSE, MAPE and the number of values.",
        )
        for name, description in (
            ("MAE", tr("Mean absolute error in the back-test")),
            ("RMSE", tr("Root mean squared error in the back-test")),
            ("MAPE", tr("Mean absolute percentage error in the back-test (%)")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, description))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.forecasting.counts import read_counts
        from ....plugin.layers.forecasting.outputs import backtest_rows, forecast_rows, report
        from ....plugin.solvers.dependencies import require
        from ....plugin.solvers.forecasting.automatic import solve

        require("scipy", "forecasting")
        source = self.source(parameters, names.COUNTS, context)
        fields = {
            key: str(self.field(parameters, name, source, context, feedback))
            for key, name in (("place", names.PLACE_FIELD), ("time", names.TIME_FIELD), ("value", names.VALUE_FIELD))
        }
        zone = self.parameterAsString(parameters, names.TIMEZONE, context)
        counts = read_counts(source, fields, zone, feedback)
        if counts is None:
            feedback.pushWarning(f"COUNTS: “{source.sourceName()}” has no rows; there is nothing to forecast.")
            return self._write(parameters, context, [], [])
        problem = self._problem(parameters, context, feedback, counts)
        control = self.control(feedback, 5.0, 95.0)
        found = solve(problem, control=control)
        numbers = report(found, problem.quantile, feedback)
        rows = forecast_rows(problem.series, found, counts.universal)
        return {**self._write(parameters, context, rows, backtest_rows(found)), **numbers}

    def _problem(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback, counts: Counts
    ) -> ForecastProblem:
        from ....plugin.solvers.forecasting import methods
        from ....plugin.solvers.forecasting.automatic import AUTOMATIC, ForecastProblem

        series = counts.series
        first = 1
        if parameters.get(names.START) not in (None, ""):
            begin = self._start(parameters, context, counts)
            series = series.before(min(max(begin, 0), len(series)))
            if begin < len(counts.series):
                feedback.pushInfo(
                    f"START: {len(counts.series) - begin} step(s) of data from the start on are left aside."
                )
            first = begin - len(series) + 1
        hours = self.parameterAsDouble(parameters, names.HORIZON, context)
        steps = max(1, math.ceil(hours * 3600.0 / series.step - 1e-9))
        if steps * series.step > hours * 3600.0 * (1.0 + 1e-9):
            feedback.pushWarning(
                f"HORIZON: {hours:g} hours are no whole number of steps of {series.step / 60:g} minutes; "
                f"{steps * series.step / 3600:g} hours are forecast."
            )
        name = (AUTOMATIC, *methods.NAMES)[self.parameterAsEnum(parameters, names.METHOD, context)]
        adjacency = self._adjacency(parameters, context, feedback, series.places)
        quantile = self.parameterAsDouble(parameters, names.QUANTILE, context)
        return ForecastProblem(series, adjacency, name, first, steps, quantile)

    def _start(self, parameters: dict[str, Any], context: QgsProcessingContext, counts: Counts) -> int:
        """Return the step of START, 0 for the first one of the data."""
        import numpy as np

        from ....plugin.layers.times import read_times

        given = self.parameterAsDateTime(parameters, names.START, context)
        text = parameters[names.START]
        times = read_times([text if isinstance(text, str) else given])
        if not times.known[0]:
            raise QgsProcessingException(
                f"START: “{text}” is no date and time. Write it as 2026-05-01T06:30:00, or leave it empty."
            )
        series = counts.series
        second = times.seconds if times.aware[0] else series.clock.to_universal(times.seconds)
        step = int(np.ceil((second[0] - series.start) / series.step - 1e-6))
        learned = counts.series.values[: max(step, 0)]
        silent = [p for p, there in zip(series.places, (~np.isnan(learned)).any(axis=0).tolist()) if not there]
        if step < 2 or silent:
            where = f" for {', '.join(silent[:10])}" if step >= 2 else ""
            raise QgsProcessingException(
                f"START: there are no data before “{text if isinstance(text, str) else given.toString()}” to learn "
                f"from{where}. Choose a later start, or give counts from an earlier time."
            )
        return step

    def _adjacency(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        ids: list[str],
    ) -> Any:
        """Return the weights between neighbours: of the table, else of the positions, else None."""
        from ....plugin.layers.forecasting.neighbours import by_position, by_table
        from ....plugin.layers.places import read_places

        table, source = (self.source(parameters, name, context) for name in (names.ADJACENCY, names.PLACES))
        if table is not None:
            if source is not None:
                feedback.pushWarning("PLACES: left aside, since ADJACENCY tells the neighbours.")
            fields = {
                key: self.field(parameters, name, table, context, feedback, required=key != "weight")
                for key, name in ADJACENCY_FIELDS.items()
            }
            return by_table(table, {key: field for key, field in fields.items() if field}, ids, feedback)
        if source is not None:
            id_field = self.field(parameters, names.PLACES_ID_FIELD, source, context, feedback, required=False)
            return by_position(read_places(source, names.PLACES, id_field, context, feedback), ids, context, feedback)
        feedback.pushInfo("No PLACES and no ADJACENCY: places whose counts move together are taken as neighbours.")
        return None

    def _write(
        self, parameters: dict[str, Any], context: QgsProcessingContext, rows: Any, scores: list[Any]
    ) -> dict[str, Any]:
        from ....plugin.layers.forecasting.outputs import BACKTEST_COLUMNS, COLUMNS

        outputs = {names.OUTPUT: self.write(parameters, names.OUTPUT, context, COLUMNS, rows)}
        table = self.write(parameters, names.OUTPUT_BACKTEST, context, BACKTEST_COLUMNS, scores)
        return outputs if table is None else {**outputs, names.OUTPUT_BACKTEST: table}
