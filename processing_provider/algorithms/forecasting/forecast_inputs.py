"""Reading what ``forecastflow`` is asked for from its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...base import EvacuationAlgorithm
from . import names
from .forecast_parameters import ADJACENCY_FIELDS, COUNT_FIELDS
from .network_parameters import read_network

if TYPE_CHECKING:
    from ....plugin.layers.forecasting.case import ForecastOptions, Neighbours
    from ....plugin.layers.forecasting.counts import CountsTable


@dataclass(frozen=True)
class ForecastParameters:
    """What the parameters of ``forecastflow`` say, read once; those of the neighbours are :func:`read_neighbours`."""

    counts: CountsTable
    options: ForecastOptions

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> ForecastParameters:
        """Read the table with its fields, and what is to be forecast.

        Raises
        ------
        QgsProcessingException
            When the table cannot be opened or a field is not in it.
        """
        from ....plugin.layers.forecasting.case import ForecastOptions
        from ....plugin.layers.forecasting.counts import CountsTable
        from ....plugin.solvers.forecasting.automatic import AUTOMATIC
        from ....plugin.solvers.forecasting.methods import NAMES
        from ....plugin.solvers.forecasting.wavelet_network.forecaster import NAME

        source = algorithm.source(parameters, names.COUNTS, context)
        fields = {
            key: str(algorithm.field(parameters, name, source, context, feedback)) for key, name in COUNT_FIELDS.items()
        }
        zone = algorithm.parameterAsString(parameters, names.TIMEZONE, context)
        start = parameters.get(names.START)
        if start in (None, ""):
            start = None
        elif not isinstance(start, str):
            start = algorithm.parameterAsDateTime(parameters, names.START, context)
        method = (AUTOMATIC, *NAMES, NAME)[algorithm.parameterAsEnum(parameters, names.METHOD, context)]
        options = ForecastOptions(
            method=method,
            start=start,
            hours=algorithm.parameterAsDouble(parameters, names.HORIZON, context),
            quantile=algorithm.parameterAsDouble(parameters, names.QUANTILE, context),
            network=read_network(algorithm, parameters, context, feedback, method),
        )
        return cls(CountsTable(source, fields, zone), options)


def read_neighbours(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Neighbours:
    """Read where the neighbours are written; asked only where there is something to forecast.

    Raises
    ------
    QgsProcessingException
        When a layer cannot be opened or a field is not in it.
    """
    from ....plugin.layers.forecasting.case import Neighbours

    table, places = (algorithm.source(parameters, name, context) for name in (names.ADJACENCY, names.PLACES))
    if table is not None:
        if places is not None:
            feedback.pushWarning("PLACES: left aside, since ADJACENCY tells the neighbours.")
        fields = {
            key: algorithm.field(parameters, name, table, context, feedback, required=key != "weight")
            for key, name in ADJACENCY_FIELDS.items()
        }
        return Neighbours(table, {key: field for key, field in fields.items() if field})
    if places is None:
        return Neighbours()
    id_field = algorithm.field(parameters, names.PLACES_ID_FIELD, places, context, feedback, required=False)
    return Neighbours(places=places, id_field=id_field)
