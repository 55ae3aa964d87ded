"""The choices of a sensitivity analysis: what is varied, over which range, and how the two objectives are weighed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ....plugin.solvers.errors import SolverError
from ...base import EvacuationAlgorithm
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.metro.case import MetroCase
    from ....plugin.solvers.metro.problem import MetroProblem

RESCUE_POINTS, RESOURCE_TYPES, PARAMETER = 0, 1, 2
GIVEN, PAIRWISE, ENTROPY = 0, 1, 2
DEMAND_SCALE, STOCK_SCALE = "DEMAND_SCALE", "STOCK_SCALE"
VARIED = (
    names.LIMIT_MINUTES,
    names.WEIGHT_DELAY,
    names.WEIGHT_COST,
    names.COST_PER_KM,
    names.SPEED,
    names.DETOUR_FACTOR,
    names.WEATHER_FACTOR,
    names.PERIOD_FACTOR,
    DEMAND_SCALE,
    STOCK_SCALE,
)
_ABOVE_ZERO = (names.SPEED, names.DETOUR_FACTOR, names.WEATHER_FACTOR, names.PERIOD_FACTOR)


@dataclass(frozen=True)
class Weighing:
    """The problem as weighed, the consistency ratio of a pairwise comparison, and a sentence on the weights."""

    problem: MetroProblem
    ratio: float | None
    sentence: str


def add_choices(algorithm: EvacuationAlgorithm) -> None:
    """Add what is varied and over which range."""
    tr = algorithm.tr
    double = QgsProcessingParameterNumber.Type.Double
    curves = [tr("number of rescue points"), tr("number of resource types"), tr("a parameter over a range")]
    algorithm.add(
        QgsProcessingParameterEnum(names.ANALYSES, tr("Vary"), curves, True, [RESCUE_POINTS, RESOURCE_TYPES]),
        "For each number of rescue points the best subset of that size; the first resource types of the demand table, "
        "one more at a time; or the parameter below.",
    )
    titles = [*VARIED[:-2], tr("demand times a factor"), tr("stock times a factor")]
    algorithm.add(
        QgsProcessingParameterEnum(names.PARAMETER, tr("Parameter"), titles, defaultValue=0),
        "Only with “a parameter over a range”. SPEED needs travel times that come from it, DETOUR_FACTOR needs "
        "straight lines.",
    )
    for name, title, default in ((names.RANGE_FROM, tr("Range from"), 5.0), (names.RANGE_TO, tr("Range to"), 30.0)):
        number = QgsProcessingParameterNumber(name, title, double, default, minValue=0.0)
        algorithm.add(number, "In the parameter's own unit.")
    integer = QgsProcessingParameterNumber.Type.Integer
    algorithm.add(
        QgsProcessingParameterNumber(names.STEPS, tr("Number of values"), integer, 11, minValue=2, maxValue=1000),
        "Evenly spread over the range, both ends included.",
    )


def add_weighing(algorithm: EvacuationAlgorithm) -> None:
    """Add where the weights of delay and cost come from."""
    tr = algorithm.tr
    ways = [tr("as given"), tr("pairwise comparison (AHP)"), tr("entropy")]
    algorithm.add(
        QgsProcessingParameterEnum(names.WEIGHTING, tr("Weights of delay and cost"), ways, defaultValue=GIVEN),
        "As given: WEIGHT_DELAY and WEIGHT_COST. Pairwise comparison: from PAIRWISE. Entropy: the objective weighs "
        "more in which the ways differ more (travel time, mean unit cost of what is demanded). The numbers "
        "DELAY_WEIGHT and COST_WEIGHT of the result can be given to the allocation.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterString(names.PAIRWISE, tr("Pairwise comparison"), "1, 7/3; 3/7, 1"),
        "Matrix: how many times as important the criterion of the row is as that of the column; rows with semicolons. "
        "A consistency ratio above 0.1 gives a warning.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterString(names.PAIRWISE_OBJECTIVES, tr("Objective of each criterion"), "delay, cost"),
        "delay or cost for each row of the matrix; weights of the same objective add up.",
        advanced=True,
    )


def read_range(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> tuple[str, list[float]]:
    """Return the parameter's name and its values.

    Raises
    ------
    SolverError
        When the range is empty, or reaches 0 for a parameter that cannot be 0.
    """
    from ....plugin.solvers.metro.sensitivity import steps

    name = VARIED[algorithm.parameterAsEnum(parameters, names.PARAMETER, context)]
    first, last = (algorithm.parameterAsDouble(parameters, end, context) for end in (names.RANGE_FROM, names.RANGE_TO))
    values = steps(first, last, algorithm.parameterAsInt(parameters, names.STEPS, context))
    least = 1.0 if name == names.DETOUR_FACTOR else 0.0
    if name in _ABOVE_ZERO and (first <= 0 or first < least):
        raise SolverError(f"RANGE_FROM: {name} cannot be {first:g}. Start the range higher.")
    return name, values


def read_weights(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    problem: MetroProblem,
) -> Weighing:
    """Return the problem with the weights asked for, and where they come from."""
    from ....plugin.solvers.metro import weights

    way = algorithm.parameterAsEnum(parameters, names.WEIGHTING, context)
    if way == GIVEN:
        return Weighing(problem, None, algorithm.tr("The weights are given."))
    ratio = None
    if way == PAIRWISE:
        matrix = weights.parse_matrix(algorithm.parameterAsString(parameters, names.PAIRWISE, context))
        found = weights.pairwise_weights(matrix)
        criteria = (
            algorithm.parameterAsString(parameters, names.PAIRWISE_OBJECTIVES, context).replace(";", ",").split(",")
        )
        delay, cost = weights.objective_weights(found.weights, [name.strip() for name in criteria])
        ratio = found.consistency_ratio
        text = algorithm.tr("The weights come from a pairwise comparison (consistency ratio {ratio:.3f}).")
        if ratio > weights.ACCEPTABLE:
            feedback.pushWarning(
                algorithm.tr(
                    "PAIRWISE: the judgements contradict each other (consistency ratio {ratio:.3f}, above 0.1)."
                ).format(ratio=ratio)
            )
    else:
        delay, cost = weights.entropy_weights(weights.alternatives_of(problem)).tolist()
        text = algorithm.tr("The weights come from the entropy of travel times and unit costs.")
    feedback.pushInfo(algorithm.tr("Weights: delay {delay:.4f}, cost {cost:.4f}.").format(delay=delay, cost=cost))
    return Weighing(problem.with_objective(weight_delay=delay, weight_cost=cost), ratio, text.format(ratio=ratio))


def variant_of(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    case: MetroCase,
    name: str,
) -> Callable[[float], MetroProblem]:
    """Return the function from a value of the parameter to the problem with that value.

    Raises
    ------
    SolverError
        When the travel times do not depend on the parameter.
    """
    from ....plugin.solvers.metro import sensitivity as vary

    problem, travel = case.problem, case.travel
    fields = {
        names.LIMIT_MINUTES: "limit",
        names.WEIGHT_DELAY: "weight_delay",
        names.WEIGHT_COST: "weight_cost",
        names.COST_PER_KM: "cost_per_km",
    }
    if name in fields:
        return lambda value: problem.with_objective(**{fields[name]: value})
    if name == DEMAND_SCALE:
        return lambda value: vary.scaled_demand(problem, value)
    if name == STOCK_SCALE:
        return lambda value: vary.scaled_stock(problem, value)
    if (name == names.SPEED and not travel.by_speed) or (name == names.DETOUR_FACTOR and not travel.by_detour):
        raise SolverError(
            f"PARAMETER: {name} plays no part in these travel times ({travel.source}). Leave TRAVEL and NETWORK empty, "
            f"or vary WEATHER_FACTOR."
        )
    now = float(algorithm.parameterAsDouble(parameters, name, context))
    if name == names.SPEED:
        return lambda value: vary.scaled_minutes(problem, now / value)
    if name == names.DETOUR_FACTOR:
        return lambda value: vary.scaled_ways(problem, value / now)
    return lambda value: vary.scaled_minutes(problem, value / now)
