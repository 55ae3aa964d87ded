"""The scenario form: the two-level elements of Lu and Sun (2020), section 3.3, as parameters."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ....plugin.layers.times import clock_value
from ....plugin.solvers.errors import SolverError
from ....plugin.solvers.metro.scenario import CLOSED_LISTS, parse_interval
from ...base import EvacuationAlgorithm
from . import names

_INTERVAL = "A number, or an interval “lo..hi”."
FROM_METRO = "by the metro stations"

# kind, parameter, title, default, help; in the order of the paper's dimensions. The element of the solver is the
# parameter's name in lower case.
_FORM: tuple[tuple[str, str, str, Any, str], ...] = (
    ("list", "EMERGENCY_TYPE", "Event: type", "production safety", "Decides which resources are needed."),
    ("text", "CAUSE", "Event: cause", "", "In words, for the report."),
    ("interval", "INTERRUPTION", "Event: interruption of service (min)", "0", _INTERVAL),
    ("interval", "FATALITIES", "Event: fatalities", "0", _INTERVAL),
    ("interval", "WOUNDED", "Event: wounded", "0", _INTERVAL),
    ("interval", "PROPERTY_LOSS", "Event: property loss", "0", _INTERVAL),
    ("list", "STAGE", "Event: stage", "initial", "How far the emergency has come."),
    ("interval", "FLOW_VOLUME", "Passengers: flow volume (people/h)", "0", _INTERVAL),
    ("interval", "FLOW_DENSITY", "Passengers: flow density (people/m²)", "0", _INTERVAL),
    ("interval", "STRANDED", "Passengers: stranded people", "0", _INTERVAL),
    ("time", "OCCURRED", "Time: occurrence", None, "When it happened, for the report."),
    ("time", "NOW", "Time: current time", None, "When this description was made, for the report."),
    ("list", "PERIOD", "Time: passenger flow period", "off-peak", "Lengthens travel times by FACTORS_FILE."),
    ("list", "SPECIAL_DATE", "Time: date", "working day", "For rules that ask for it, and the report."),
    ("text", "LINE", "Location: line", "", "Empty: the lines of the station."),
    (
        "text",
        names.STATION,
        "Location: station",
        "",
        "Without INCIDENTS the incident is at this station of METRO_STATIONS. Empty: the nearest station.",
    ),
    ("list", names.STATION_TYPE, "Location: station type", FROM_METRO, "By the lines that stop there, or as chosen."),
    ("list", "SPOT", "Location: spot", "platform", "Where in the station or between stations."),
    ("list", "WEATHER", "Environment: weather now", "clear", "Lengthens travel times by FACTORS_FILE."),
    ("list", "WEATHER_LATER", "Environment: weather to come", "clear", "Gives a second travel time, minutes_later."),
)
_METRO_FIELDS = (
    ("METRO_STATION_FIELD", "Metro stations: name field", "station"),
    ("METRO_LINE_FIELD", "Metro stations: line field", "line"),
    ("METRO_ORDER_FIELD", "Metro stations: order field", "line_order"),
)
_FILES = (
    (names.CATALOGUE_FILE, "Resource catalogue", "Which resources each emergency type needs"),
    (names.RULES_FILE, "Quantity rules", "How many units of each resource"),
    (names.FACTORS_FILE, "Travel factors", "How weather and period lengthen travel times"),
)
_FACTORS = (
    (names.WEATHER_FACTOR, "Weather factor", "weather now"),
    (names.PERIOD_FACTOR, "Period factor", "passenger flow period"),
)


def add_form(algorithm: EvacuationAlgorithm) -> None:
    """Add event, passengers, time, location and environment."""
    tr = algorithm.tr
    for kind, name, title, default, text in _FORM:
        definition: QgsProcessingParameterDefinition
        if kind == "list":
            options = _options(name)
            definition = QgsProcessingParameterEnum(
                name, tr(title), [tr(option) for option in options], defaultValue=options.index(default)
            )
        elif kind == "time":
            moment = QgsProcessingParameterDateTime.Type.DateTime
            definition = QgsProcessingParameterDateTime(name, tr(title), moment, optional=True)
        else:
            definition = QgsProcessingParameterString(name, tr(title), default, optional=True)
        algorithm.add(definition, text)


def _options(name: str) -> list[str]:
    own = list(CLOSED_LISTS[name.lower()])
    return [FROM_METRO, *own] if name == names.STATION_TYPE else own


def read_form(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> dict[str, str]:
    """Return the form's texts by element; what is left to the metro is empty.

    Raises
    ------
    SolverError
        For an interval that cannot be read, or a current time before the occurrence.
    """
    out = {}
    for kind, name, *_ in _FORM:
        if kind == "list":
            chosen = _options(name)[algorithm.parameterAsEnum(parameters, name, context)]
            text = "" if chosen == FROM_METRO else chosen
        elif kind == "time":
            moment = algorithm.moment(parameters, name, context)
            text = "" if moment is None else clock_value(moment.shown).toString("yyyy-MM-dd HH:mm")
        else:
            text = (algorithm.parameterAsString(parameters, name, context) or "").strip()
            if kind == "interval":
                parse_interval(text, name)
        out[name.lower()] = text
    if out["occurred"] and out["now"] and out["now"] < out["occurred"]:
        raise SolverError(f"NOW ({out['now']}) lies before OCCURRED ({out['occurred']}). Exchange the two.")
    return out


def add_metro_stations(algorithm: EvacuationAlgorithm) -> None:
    """Add the metro's stations with their fields."""
    tr = algorithm.tr
    points = [QgsProcessing.SourceType.TypeVectorPoint]
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.METRO_STATIONS, tr("Metro stations"), points, optional=True),
        "Points, one for each station and line, with the place in the line's order. They locate STATION, tell the "
        "station type and give the way along the lines, with transfers, beside the road times.",
    )
    for name, title, default in _METRO_FIELDS:
        kind = QgsProcessingParameterField.DataType.Any
        field = QgsProcessingParameterField(name, tr(title), default, names.METRO_STATIONS, kind, optional=True)
        algorithm.add(field, f"Default: the field “{default}”.", advanced=True)


def metro_field_names() -> tuple[tuple[str, str], ...]:
    """Return (key, parameter) of the metro's fields."""
    return tuple(zip(("station", "line", "order"), (name for name, *_ in _METRO_FIELDS)))


def add_files_and_factors(algorithm: EvacuationAlgorithm) -> None:
    """Add the user's own copies of the tables, and the factors instead of them."""
    tr = algorithm.tr
    for name, title, text in _FILES:
        file = QgsProcessingParameterFile(name, tr(title), extension="csv", optional=True)
        algorithm.add(
            file, f"{text}: your own copy of the table in resources/metro. Empty: the one shipped.", advanced=True
        )
    double = QgsProcessingParameterNumber.Type.Double
    for name, title, element in _FACTORS:
        number = QgsProcessingParameterNumber(name, tr(title), double, None, True, 0.01)
        algorithm.add(number, f"Takes the place of FACTORS_FILE for the {element}. Empty: by the table.", advanced=True)


def read_factor(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], name: str, context: QgsProcessingContext
) -> float | None:
    """Return an optional number, None where it is left empty."""
    if parameters.get(name) in (None, ""):
        return None
    return float(algorithm.parameterAsDouble(parameters, name, context))
