"""``evacuation:forecastflow``: how many people or vehicles to expect at each place, with quantiles and a back-test."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
)

from ....plugin.layers.writing import OutputLayer
from ...base import EvacuationAlgorithm
from . import names
from .forecast_inputs import ForecastParameters, read_neighbours
from .forecast_parameters import add_count_parameters, add_method_parameters, add_neighbour_parameters
from .network_parameters import add_model_output, add_network_parameters

if TYPE_CHECKING:
    from ....plugin.solvers.forecasting.wavelet_network.saving import Model


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
        "“automatic” takes it.\n"
        "Lower and upper come from the same errors, in the same way for every method: split conformal bounds by place "
        "and horizon of the errors divided by their usual size at that hour, which then follow the later errors, wider "
        "after a miss and narrower after none, so that they hold where the level drifts (conformal PID control, "
        "Angelopoulos et al. 2023). The log tells how much of the back-test lay inside.\n"
        "Xu et al. 2023 (Chinese Journal of Computers, doi 10.11897/SP.J.1016.2023.01427) forecast road flows with the "
        "network GWNN-STGM (Jiang et al. 2021, Journal of Software 32). Of METHOD 4 three parts are theirs: a layer of "
        "graph wavelets, an adjacency learned from embeddings of the places, and stacked dilated causal convolutions "
        "whose receptive field grows from layer to layer. They give neither sizes nor formulas: the filter exp(−s L) "
        "by Chebyshev polynomials at three learned scales, gates, residual and skip connections, the linear path for "
        "last value and profile, inputs and training are ours.\n"
        "The graph ridge smooths neighbours with the same wavelets, but learns by ridge regression, in seconds; it is "
        "not their network."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_count_parameters(self)
        add_neighbour_parameters(self)
        add_method_parameters(self)
        add_network_parameters(self)
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
        add_model_output(self)
        for name, description in (
            (names.MAE, tr("Mean absolute error in the back-test")),
            (names.RMSE, tr("Root mean squared error in the back-test")),
            (names.MAPE, tr("Mean absolute percentage error in the back-test (%)")),
            (names.COVERAGE, tr("Values between lower and upper in the back-test (%)")),
            (names.WINKLER, tr("Winkler (interval) score of lower and upper in the back-test")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, description))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.forecasting.case import forecast_case
        from ....plugin.layers.forecasting.outputs import backtest_rows, forecast_rows, report
        from ....plugin.layers.forecasting.solving import solved
        from ....plugin.solvers.dependencies import require

        require("scipy", "forecasting")
        given = ForecastParameters.read(self, parameters, context, feedback)
        neighbours = partial(read_neighbours, self, parameters, context, feedback)
        case = forecast_case(given.counts, given.options, neighbours, context, feedback)
        if case is None:
            layer = given.counts.source.sourceName()
            feedback.pushWarning(f"COUNTS: “{layer}” has no rows; there is nothing to forecast.")
            return self._write(parameters, context, [], [])
        control = self.control(feedback, 5.0, 95.0)
        found, model = solved(case, control)
        numbers = report(found, case.problem.quantile, feedback)
        rows = forecast_rows(case.problem.series, found, case.universal)
        kept = self._keep(parameters, context, model)
        return {**self._write(parameters, context, rows, backtest_rows(found)), **kept, **numbers}

    def _keep(self, parameters: dict[str, Any], context: QgsProcessingContext, model: Model | None) -> dict[str, str]:
        """Write the trained networks where they are asked for."""
        path = self.parameterAsFileOutput(parameters, names.OUTPUT_MODEL, context)
        if not path or model is None:
            return {}
        from ....plugin.solvers.forecasting.wavelet_network.saving import save

        save(model, Path(path))
        self._wrote(names.OUTPUT_MODEL, path)
        return {names.OUTPUT_MODEL: path}

    def _write(
        self, parameters: dict[str, Any], context: QgsProcessingContext, rows: Any, scores: list[Any]
    ) -> dict[str, Any]:
        from ....plugin.layers.forecasting.outputs import BACKTEST_COLUMNS, COLUMNS

        outputs = {names.OUTPUT: self.write(parameters, names.OUTPUT, context, OutputLayer(COLUMNS, rows))}
        table = self.write(parameters, names.OUTPUT_BACKTEST, context, OutputLayer(BACKTEST_COLUMNS, scores))
        return outputs if table is None else {**outputs, names.OUTPUT_BACKTEST: table}
