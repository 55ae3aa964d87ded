"""The parameters and outputs of a metro allocation, declared once for every algorithm that solves one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ....plugin.solvers.metro.problem import DEFAULT_TIERS, DispatchObjective, parse_tiers
from ...base import EvacuationAlgorithm
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.metro.travel import TravelRules
    from ....plugin.solvers.metro.swarm import SwarmParameters

_PLACES = [QgsProcessing.SourceType.TypeVectorPoint, QgsProcessing.SourceType.TypeVectorPolygon]
_TABLE = [QgsProcessing.SourceType.TypeVector]
_DOUBLE = QgsProcessingParameterNumber.Type.Double
_INTEGER = QgsProcessingParameterNumber.Type.Integer

EXACT, SWARM = 0, 1

# parameter, title, help, the layer's parameter, default name
_FIELDS = {
    names.STATIONS: [("STATION_ID_FIELD", "Rescue point id field", "Field with the rescue points' ids.", "station_id")],
    names.SUPPLY: [
        ("SUPPLY_STATION_FIELD", "Supply: rescue point field", "Id of the rescue point of a row.", "station_id"),
        ("SUPPLY_RESOURCE_FIELD", "Supply: resource field", "Name of the resource type.", "resource"),
        ("SUPPLY_INVENTORY_FIELD", "Supply: inventory field", "Units in stock, whole; rounded down.", "inventory"),
        ("SUPPLY_COST_FIELD", "Supply: unit cost field", "Cost of one unit, without COST_PER_KM.", "unit_cost"),
    ],
    names.INCIDENTS: [("INCIDENT_ID_FIELD", "Incident id field", "Field with the incidents' ids.", "incident_id")],
    names.DEMAND: [
        ("DEMAND_INCIDENT_FIELD", "Demand: incident field", "Id of the incident of a row.", "incident_id"),
        ("DEMAND_RESOURCE_FIELD", "Demand: resource field", "Name of the resource type, as in the supply.", "resource"),
        ("DEMAND_QUANTITY_FIELD", "Demand: quantity field", "Units wanted, whole; rounded up.", "quantity"),
    ],
    names.TRAVEL: [
        ("TRAVEL_STATION_FIELD", "Travel: rescue point field", "Id of the rescue point of a row.", "station_id"),
        ("TRAVEL_INCIDENT_FIELD", "Travel: incident field", "Id of the incident of a row.", "incident_id"),
        ("TRAVEL_MINUTES_FIELD", "Travel: minutes field", "Travel time, minutes.", "minutes"),
        ("TRAVEL_KM_FIELD", "Travel: distance field (km)", "Distance in km, for COST_PER_KM; optional.", "km"),
    ],
}
_LAYERS = {
    names.STATIONS: ("Rescue points", _PLACES, False, "Points or polygons: where resources are stored."),
    names.SUPPLY: (
        "Supply",
        _TABLE,
        False,
        "Table: a row for each rescue point and resource type, with stock and unit cost.",
    ),
    names.INCIDENTS: ("Incidents", _PLACES, False, "Points: where resources are needed, one or several."),
    names.DEMAND: ("Demand", _TABLE, False, "Table: a row for each incident and resource type, with the units wanted."),
    names.TRAVEL: (
        "Travel times",
        _TABLE,
        True,
        "Table: a row for each rescue point and incident. Without it the road network gives the times, and without "
        "that the straight line.",
    ),
}
_TRAVEL_NUMBERS = (
    (names.DETOUR_FACTOR, "Detour over the straight line", 1.3, 1.0, "Straight lines are made longer by this factor."),
    (
        names.SPEED,
        "Speed (km/h)",
        40.0,
        0.1,
        "Of rescue vehicles along straight lines, and of table rows with only a distance. Lu and Sun (2020), 5.1.",
    ),
    (
        names.WEATHER_FACTOR,
        "Weather factor",
        1.0,
        0.01,
        "All travel times are multiplied by it. Leave 1 where the table is already adjusted.",
    ),
    (names.PERIOD_FACTOR, "Period factor", 1.0, 0.01, "All travel times are multiplied by it too, for peak hours."),
)
_MODEL_NUMBERS = (
    (
        names.COST_PER_KM,
        "Transport cost of a unit per km",
        0.0,
        0.0,
        "Added to the unit cost of the table, times the distance in km.",
    ),
    (
        names.LIMIT_MINUTES,
        "Time limit for a delivery (min)",
        20.0,
        0.0,
        "T of Lu and Sun (2020): later units are penalised, and one of each demanded type must come within it.",
    ),
    (names.WEIGHT_DELAY, "Weight of the delay penalty", 0.7, 0.0, "η1 of Lu and Sun (2020) section 4.1.3."),
    (names.WEIGHT_COST, "Weight of the allocation cost", 0.3, 0.0, "η2 of Lu and Sun (2020) section 4.1.3."),
)
_X_MAX = "x_max of Lu and Sun (2020) Table 4; gives way where it would keep the demand from being met."
_SWARM_NUMBERS = (
    ("SWARM_PARTICLES", "Swarm: particles", _INTEGER, 200, 1, "N of Lu and Sun (2020) Table 4."),
    ("SWARM_ITERATIONS", "Swarm: iterations", _INTEGER, 1000, 1, "T_max of Lu and Sun (2020) Table 4."),
    ("SWARM_X_MAX", "Swarm: largest position (units)", _DOUBLE, 250.0, 1.0, _X_MAX),
    ("SWARM_V_MAX", "Swarm: largest velocity (units)", _DOUBLE, 10.0, 0.01, "v_max of Lu and Sun (2020) Table 4."),
    ("SWARM_C1", "Swarm: self-cognition coefficient", _DOUBLE, 1.424, 0.0, "c1 of Lu and Sun (2020) Table 4."),
    ("SWARM_C2", "Swarm: group-cognition coefficient", _DOUBLE, 1.424, 0.0, "c2 of Lu and Sun (2020) Table 4."),
    ("SWARM_INERTIA_MAX", "Swarm: first inertia weight", _DOUBLE, 0.9, 0.0, "δ_max of Lu and Sun (2020) Table 4."),
    ("SWARM_INERTIA_MIN", "Swarm: last inertia weight", _DOUBLE, 0.4, 0.0, "δ_min of Lu and Sun (2020) Table 4."),
)


def add_layer(algorithm: EvacuationAlgorithm, name: str, optional: bool | None = None) -> None:
    """Add one of the layers and tables with its fields; ``optional`` overrides whether it may be left out."""
    title, kinds, by_default, text = _LAYERS[name]
    optional = by_default if optional is None else optional
    algorithm.add(QgsProcessingParameterFeatureSource(name, algorithm.tr(title), kinds, optional=optional), text)
    for field, field_title, field_text, default in _FIELDS[name]:
        definition = QgsProcessingParameterField(
            field,
            algorithm.tr(field_title),
            default,
            name,
            QgsProcessingParameterField.DataType.Any,
            optional=True,
        )
        algorithm.add(definition, f"{field_text} Default: the field “{default}” if there is one.", advanced=optional)


def add_travel_numbers(algorithm: EvacuationAlgorithm, chosen: tuple[str, ...] = ()) -> None:
    """Add how distances become times: all of it, or the parameters named."""
    for name, title, default, least, text in (row for row in _TRAVEL_NUMBERS if not chosen or row[0] in chosen):
        number = QgsProcessingParameterNumber(name, algorithm.tr(title), _DOUBLE, default, minValue=least)
        algorithm.add(number, text)


def add_model_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add limit, penalty and weights."""
    for name, title, default, least, text in _MODEL_NUMBERS:
        number = QgsProcessingParameterNumber(name, algorithm.tr(title), _DOUBLE, default, minValue=least)
        algorithm.add(number, text)
    algorithm.add(
        QgsProcessingParameterString(names.PENALTY_TIERS, algorithm.tr("Penalty by late minutes"), DEFAULT_TIERS),
        "“late minutes:coefficient” for each tier, lowest first, the last one inf. A unit that is late costs its "
        "coefficient times the minutes beyond the limit (Lu and Sun (2020) Table 3).",
    )


def add_method(algorithm: EvacuationAlgorithm) -> None:
    """Add the choice between the exact method and the swarm."""
    options = [algorithm.tr("Exact (integer program)"), algorithm.tr("Particle swarm, beside the exact optimum")]
    algorithm.add(
        QgsProcessingParameterEnum(names.METHOD, algorithm.tr("Method"), options, defaultValue=EXACT),
        "The exact method proves its answer and takes a fraction of a second. The particle swarm is the method of "
        "Lu and Sun (2020), for comparison: its answer is given with its gap to the optimum and the convergence curve.",
    )


@dataclass(frozen=True)
class MetroParameters:
    """The numbers of :func:`add_travel_numbers` and :func:`add_model_parameters`."""

    rules: TravelRules
    objective: DispatchObjective

    @classmethod
    def read(
        cls, algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> MetroParameters:
        """Read and check them.

        Raises
        ------
        SolverError
            Tiers that cannot be read, or weights that are negative or both zero.
        """
        from ....plugin.layers.metro.travel import TravelRules

        def number(name: str) -> float:
            return float(algorithm.parameterAsDouble(parameters, name, context))

        tiers = parse_tiers(algorithm.parameterAsString(parameters, names.PENALTY_TIERS, context))
        return cls(
            TravelRules(
                number(names.SPEED),
                number(names.DETOUR_FACTOR),
                number(names.WEATHER_FACTOR),
                number(names.PERIOD_FACTOR),
            ),
            DispatchObjective(
                number(names.LIMIT_MINUTES),
                tiers,
                number(names.WEIGHT_DELAY),
                number(names.WEIGHT_COST),
                number(names.COST_PER_KM),
            ),
        )


def add_swarm_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add Lu and Sun (2020) Table 4, advanced."""
    for name, title, kind, default, least, text in _SWARM_NUMBERS:
        number = QgsProcessingParameterNumber(name, algorithm.tr(title), kind, default, minValue=least)
        algorithm.add(number, text, advanced=True)
    algorithm.add(
        QgsProcessingParameterBoolean(names.SWARM_REPAIR, algorithm.tr("Swarm: answer with repair"), defaultValue=True),
        "The repair step is ours, not the paper's: every particle is trimmed to the stocks and filled up to the demand "
        "from the cheapest rescue point. With several incidents the swarm as published often ends at several times the "
        "optimum, with repair within a percent of it. Log and report show both; this chooses which one is the answer.",
        advanced=True,
    )


def read_swarm_parameters(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> SwarmParameters:
    """Read what :func:`add_swarm_parameters` added."""
    from ....plugin.solvers.metro.swarm import SwarmParameters

    values = []
    for name, _, kind, *_ in _SWARM_NUMBERS:
        read = algorithm.parameterAsInt if kind == _INTEGER else algorithm.parameterAsDouble
        values.append(read(parameters, name, context))
    return SwarmParameters(*values)


def field_names(layer: str) -> list[str]:
    """Return the names of the field parameters of one of the layers, in order."""
    return [row[0] for row in _FIELDS[layer]]
