"""``evacuation:flowtobackground``: forecast flows at sensors as vehicles that are on the roads anyway."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
)

from ....plugin.layers.writing import OutputLayer
from ...base import EvacuationAlgorithm
from ..roads.network_parameters import NetworkParameters, add_network_parameters
from . import names
from .flow_parameters import FORECAST_FIELDS, add_sensor_parameters, read_sensor_options

NUMBERS = {
    "ROADS": "Roads with vehicles",
    "ROADS_WITHOUT": "Roads without",
    "SENSORS_USED": "Sensors that are used",
    "SENSORS_UNUSED": "Sensors that are not used",
    "ROWS_USED": "Rows of the forecast that are used",
    "ROWS_UNUSED": "Rows of the forecast that are not used",
    "MOST_VEHICLES": "Most vehicles present at a time, on all roads",
    "OVER_CAPACITY": "Roads whose flow exceeds their capacity at some time",
    "OVER_ROOM": "Roads with more vehicles than there is room for at some time",
}


class FlowToBackground(EvacuationAlgorithm):
    """Turns forecast flows into background traffic."""

    ID = "flowtobackground"
    TITLE = "Forecast flows as background traffic"
    TAGS = ("background", "traffic", "forecast", "flow", "sensor", "detector", "loop", "counts", "vehicles")
    SUMMARY = (
        "Turns a forecast of vehicles at sensors, such as that of “Forecast flows”, into the vehicles that are on the "
        "roads anyway: the table “Background traffic” of “Route the evacuation” and the other algorithms that drive.\n"
        "Vehicles present on a road are flow × free-flow time of the whole road, all lines with its id and both "
        "directions together; each direction of a two-way road has the same flow. Of several sensors on a road the "
        "mean counts. A road without a sensor has no vehicles, or those of the nearest sensor of its class at the same "
        "share of its own capacity.\n"
        "Speeds, people and pedestrians are no flow of vehicles: nothing meaningful comes of them. A forecast of usual "
        "traffic is not the traffic of an emergency, when people stay at home, or drive home first.\n"
        "The vehicles are f'(t) of Xu et al. 2023 (Chinese Journal of Computers, doi 10.11897/SP.J.1016.2023.01427), "
        "which they forecast by road; how sensors become roads is not theirs."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_sensor_parameters(self)
        add_network_parameters(self, factor=False, places=False, travel=False)
        tr, table = self.tr, QgsProcessing.SourceType.TypeVector
        self.add(
            QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Background traffic"), table),
            "Table with road_id (as the road id field says; the algorithm that reads the table must have the same "
            "one), time, value (vehicles present on the road), source (the sensors) and factor (flow on the road over "
            "the flow that the sensors count).",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                names.OUTPUT_UNUSED, tr("Not used"), table, optional=True, createByDefault=True
            ),
            "Table with the sensors, and rows of the forecast counted by place, that are not used, with the reason.",
        )
        for name, title in NUMBERS.items():
            self.addOutput(QgsProcessingOutputNumber(name, tr(title)))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.forecasting.background_flow import background_flow, unused_forecast
        from ....plugin.layers.forecasting.background_rows import columns
        from ....plugin.layers.forecasting.sensor_forecast import read_forecast
        from ....plugin.layers.places import read_places

        options = read_sensor_options(self, parameters, context, feedback)
        forecast = self.required_source(parameters, names.FORECAST, context)
        fields = {
            key: self.fields(parameters, name, forecast, context, feedback, fallbacks=others)[0]
            for key, (name, others) in FORECAST_FIELDS.items()
        }
        rows = read_forecast(forecast, fields, feedback)
        source = self.required_source(parameters, names.SENSORS, context)
        found = self.fields(parameters, names.SENSOR_ID_FIELD, source, context, feedback, False, [["place"]])
        id_field = found[0] if found else None
        sensors = read_places(source, names.SENSORS, id_field, context, feedback, empty_is_error=True)
        if not len(rows):
            feedback.pushWarning(f"FORECAST: “{rows.name}” has no rows; there is no background traffic.")
            unused = unused_forecast(rows, sensors)
            numbers = {**dict.fromkeys(NUMBERS, 0), "SENSORS_UNUSED": len(unused)}
            return {**self._write(parameters, context, columns(rows.clock), [], unused), **numbers}
        roads = NetworkParameters.read(self, parameters, context, feedback, {})
        read = roads.network(context, feedback, self.control(feedback, 0.0, 70.0))
        flow = background_flow(rows, sensors, read, options, context, feedback, self.control(feedback, 70.0, 90.0))
        feedback.pushInfo(
            f"NETWORK_ID_FIELD: road_id is {_id_words(roads.options.id_field)}; choose the same one where this table "
            f"is BACKGROUND."
        )
        return {**self._write(parameters, context, columns(rows.clock), flow.rows(), flow.unused), **flow.numbers}

    def _write(
        self, parameters: dict[str, Any], context: QgsProcessingContext, columns: Any, rows: Any, unused: list[Any]
    ) -> dict[str, Any]:
        from ....plugin.layers.forecasting.background_rows import UNUSED_COLUMNS

        written = {names.OUTPUT: self.write(parameters, names.OUTPUT, context, OutputLayer(columns, rows))}
        table = self.write(parameters, names.OUTPUT_UNUSED, context, OutputLayer(UNUSED_COLUMNS, unused))
        return written if table is None else {**written, names.OUTPUT_UNUSED: table}


def _id_words(field: str | None) -> str:
    return "the feature id" if field is None else f"the field “{field}”"
