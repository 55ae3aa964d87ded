"""The parameters of the forecast at sensors and of how its flows are put on roads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ...base import EvacuationAlgorithm
from ...field_parameters import add_field
from ..roads.network_parameters import MAX_SNAP_DISTANCE
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.forecasting.background_flow import SensorOptions

ANY = QgsProcessingParameterField.DataType.Any
# What a field of the forecast holds: its parameter, and names that serve where its default name is missing.
FORECAST_FIELDS: dict[str, tuple[str, list[list[str]]]] = {
    "place": (names.FORECAST_PLACE_FIELD, []),
    "time": (names.FORECAST_TIME_FIELD, []),
    "value": (names.FORECAST_VALUE_FIELD, [["value"]]),
}
SENSOR_REACH = 50.0  # m


def add_sensor_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the forecast, the sensors and what their values are."""
    _add_forecast(algorithm)
    _add_values(algorithm)
    _add_spread(algorithm)


def _add_forecast(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.FORECAST, tr("Forecast of vehicles"), [QgsProcessing.SourceType.TypeVector]
        ),
        "Table with a row for each place and time, such as the output of “Forecast flows” made of counts of vehicles. "
        "Of rows with the same place and time the mean counts, with a warning.",
    )
    for name, title, default, text in (
        (names.FORECAST_PLACE_FIELD, tr("Place of the forecast"), "place",
         "The sensor's id. Default: “place” if there is one."),
        (names.FORECAST_TIME_FIELD, tr("Time of the forecast"), "time",
         "From when on a value holds: date and time, or seconds after the start time of the algorithm that reads the "
         "output. Times keep their clock; those that tell their offset are written in universal time (UTC), and the "
         "start time needs its offset then. Default: “time” if there is one."),
        (names.FORECAST_VALUE_FIELD, tr("Value of the forecast"), "forecast",
         "What is expected; a band (lower, upper) serves as well. A road keeps its value until the next one: where a "
         "value is missing or negative, the one before it holds on. Default: “forecast”, else “value”."),
    ):  # fmt: skip
        add_field(algorithm, name, title, default, names.FORECAST, ANY, text, advanced=False)
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.SENSORS, tr("Sensors"), [QgsProcessing.SourceType.TypeVectorPoint]
        ),
        "Points at which vehicles are counted, in any CRS. Each counts the road nearest to it.",
    )  # fmt: skip
    add_field(
        algorithm, names.SENSOR_ID_FIELD, tr("Sensor id field"), "sensor_id", names.SENSORS, ANY,
        "Names a sensor, as in the place field of the forecast. Default: “sensor_id”, else “place”, else the feature "
        "id.",
        advanced=False,
    )  # fmt: skip


def _add_values(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterEnum(
            names.VALUE_IS,
            tr("The value is"),
            [tr("Vehicles per hour"), tr("Vehicles per interval"), tr("Vehicles present on the sensor's road")],
            defaultValue=0,
        ),
        "Vehicles per interval: counted from one time of the place to the next. Vehicles present: those on the whole "
        "road at that moment, not those that pass. Speeds and pedestrians are none of these.",
    )
    algorithm.add_number(
        names.INTERVAL,
        tr("Interval (minutes)"),
        None,
        "Length of the intervals of vehicles per interval. Empty: until the place's next row, the last as long as the "
        "one before it. Give it where rows are missing.",
        least=0.01,
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterEnum(
            names.SENSORS_COUNT,
            tr("A sensor counts"),
            [tr("Both directions of a road together"), tr("One direction")],
            defaultValue=0,
        ),
        "One direction: the other one of a two-way road has as many vehicles. On one-way roads it makes no difference.",
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            MAX_SNAP_DISTANCE, tr("Longest way to a road (m)"), QgsProcessingParameterNumber.Type.Double, SENSOR_REACH,
            minValue=0.0,
        ),
        "A sensor farther than this from the nearest road counts none and is listed as not used.",
        advanced=True,
    )  # fmt: skip


def _add_spread(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterEnum(
            names.SPREAD,
            tr("Roads with vehicles"),
            [tr("The sensors' own roads only"), tr("Every road of a sensor's class near one")],
            defaultValue=0,
        ),
        "Near: a road without a sensor takes the flow of the nearest one of its class (road class field), measured "
        "along the network whichever way it may be driven, times its capacity over that of the sensor's road. Roads of "
        "other classes and farther ones have no vehicles. Without a class field all roads are of one class.",
    )
    algorithm.add_number(
        names.MAX_DISTANCE,
        tr("Farthest sensor (km)"),
        5.0,
        "Along the network, from the sensor to the nearest end or junction of the road.",
        advanced=True,
    )


def read_sensor_options(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> SensorOptions:
    """Read what values are and how flows are spread; the log names what is given and plays no part."""
    from ....plugin.layers.forecasting.background_flow import SensorOptions
    from ....plugin.layers.forecasting.sensor_forecast import PER_INTERVAL

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    def choice(name: str) -> int:
        return int(algorithm.parameterAsEnum(parameters, name, context))

    def given(name: str) -> bool:
        return parameters.get(name) not in (None, "", algorithm.parameterDefinition(name).defaultValue())

    value_is, spread = choice(names.VALUE_IS), choice(names.SPREAD)
    if given(names.INTERVAL) and value_is != PER_INTERVAL:
        feedback.pushInfo(f"{names.INTERVAL}: plays no part: VALUE_IS is not vehicles per interval.")
    if given(names.MAX_DISTANCE) and not spread:
        feedback.pushInfo(f"{names.MAX_DISTANCE}: plays no part: SPREAD is the sensors' own roads.")
    return SensorOptions(
        value_is=value_is,
        minutes=number(names.INTERVAL) if given(names.INTERVAL) else None,
        spread=1000.0 * number(names.MAX_DISTANCE) if spread else None,
        one_direction=bool(choice(names.SENSORS_COUNT)),
        reach=number(MAX_SNAP_DISTANCE),
    )
