"""Reading the layers, tables and travel times of a metro allocation from an algorithm's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ....plugin.solvers.control import Control
from ...base import EvacuationAlgorithm
from ..roads.network_parameters import NETWORK, NetworkParameters
from . import metro_parameters as shared

if TYPE_CHECKING:
    from ....plugin.layers.metro.tables import Rows
    from ....plugin.layers.metro.travel import MetroTravel
    from ....plugin.layers.places import Places
    from ....plugin.solvers.metro.problem import MetroProblem


def read_metro_places(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    layer: str,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Places:
    """Read STATIONS, which must not be empty, or INCIDENTS."""
    from ....plugin.layers.places import read_places

    (id_field,) = shared.field_names(layer)
    source = algorithm.source(parameters, layer, context)
    field = algorithm.field(parameters, id_field, source, context, feedback)
    return read_places(source, layer, field, context, feedback, empty_is_error=layer == "STATIONS")


def read_metro_rows(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    layer: str,
    keys: tuple[str, ...],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    optional: tuple[str, ...] = (),
) -> Rows | None:
    """Read a table by the fields its parameters name, under ``keys``; fields of ``optional`` keys may be absent."""
    from ....plugin.layers.metro.tables import read_rows

    source = algorithm.source(parameters, layer, context)
    if source is None:
        return None
    fields = {}
    for key, parameter in zip(keys, shared.field_names(layer)):
        name = algorithm.field(parameters, parameter, source, context, feedback, required=key not in optional)
        if name is not None:
            fields[key] = name
    return read_rows(source, layer, fields)


def read_metro_travel(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    stations: Places,
    incidents: Places,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> MetroTravel:
    """Return travel by the table TRAVEL, else over NETWORK, else along straight lines."""
    from ....plugin.layers.metro.travel import by_roads, by_straight_line, by_table

    rules = shared.read_travel_rules(algorithm, parameters, context)
    keys = ("station", "incident", "minutes", "km")
    rows = read_metro_rows(algorithm, parameters, "TRAVEL", keys, context, feedback, optional=("minutes", "km"))
    if rows is not None:
        if parameters.get(NETWORK) is not None:
            feedback.pushInfo(algorithm.tr("NETWORK: not used, as TRAVEL gives the times."))
        needs_km = algorithm.parameterAsDouble(parameters, "COST_PER_KM", context) > 0
        return by_table(rows, stations, incidents, rules, needs_km, context, feedback)
    roads = NetworkParameters.read_optional(algorithm, parameters, context, feedback, needed=bool(len(incidents)))
    if roads is None:
        return by_straight_line(stations, incidents, rules, context)
    read = roads.network(context, feedback, control)
    return by_roads(read, stations, incidents, roads.max_snap_distance, rules, context, feedback, control)


def read_metro_problem(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    stations: Places,
    incidents: Places,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> tuple[MetroProblem, MetroTravel]:
    """Read everything an allocation needs, with the travel behind it."""
    from ....plugin.layers.metro.tables import read_stock_and_need
    from ....plugin.solvers.metro.problem import MetroProblem, parse_tiers

    supply_keys = ("station", "resource", "inventory", "cost")
    supply = read_metro_rows(algorithm, parameters, "SUPPLY", supply_keys, context, feedback)
    demand_keys = ("incident", "resource", "quantity")
    demand = read_metro_rows(algorithm, parameters, "DEMAND", demand_keys, context, feedback)
    stock = read_stock_and_need(supply, demand, stations, incidents, feedback)
    travel = read_metro_travel(algorithm, parameters, stations, incidents, context, feedback, control)
    feedback.pushInfo(algorithm.tr("Travel times: {source}.").format(source=travel.source))

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    problem = MetroProblem(
        tuple(stations.ids),
        tuple(incidents.ids),
        stock.resources,
        stock.inventory,
        stock.use_cost,
        stock.demand,
        travel.minutes,
        travel.km,
        number("LIMIT_MINUTES"),
        parse_tiers(algorithm.parameterAsString(parameters, "PENALTY_TIERS", context)),
        number("WEIGHT_DELAY"),
        number("WEIGHT_COST"),
        number("COST_PER_KM"),
    )
    return problem, travel
