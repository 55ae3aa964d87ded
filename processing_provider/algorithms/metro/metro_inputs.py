"""Reading the layers, tables and travel times of a metro allocation from an algorithm's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ....plugin.solvers.control import Control
from ...base import EvacuationAlgorithm
from ..roads.network_parameters import NETWORK, NetworkParameters
from . import metro_parameters as shared
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.metro.case import MetroCase
    from ....plugin.layers.metro.tables import Rows
    from ....plugin.layers.metro.travel import TravelRules, Ways
    from ....plugin.layers.places import Places

SUPPLY_KEYS = ("station", "resource", "inventory", "cost")
DEMAND_KEYS = ("incident", "resource", "quantity")
TRAVEL_KEYS = ("station", "incident", "minutes", "km")


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
    return read_places(source, layer, field, context, feedback, empty_is_error=layer == names.STATIONS)


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


def read_roads(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    rules: TravelRules,
    needed: bool,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> Ways:
    """Return travel over NETWORK, else along straight lines; ``needed`` tells whether anybody travels."""
    from ....plugin.layers.metro.travel import Ways

    roads = NetworkParameters.read_optional(algorithm, parameters, context, feedback, needed=needed)
    if roads is None:
        return Ways(rules)
    read = roads.network(context, feedback, control)
    return Ways(rules, roads=lambda: read, max_snap_distance=roads.max_snap_distance)


def read_metro_case(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> MetroCase:
    """Read the layers, tables and numbers of a dispatch, and build its case."""
    from ....plugin.layers.metro.case import metro_case
    from ....plugin.layers.metro.tables import read_stock_and_need
    from ....plugin.layers.metro.travel import Ways

    numbers = shared.MetroParameters.read(algorithm, parameters, context)
    stations = read_metro_places(algorithm, parameters, names.STATIONS, context, feedback)
    incidents = read_metro_places(algorithm, parameters, names.INCIDENTS, context, feedback)
    supply = read_metro_rows(algorithm, parameters, names.SUPPLY, SUPPLY_KEYS, context, feedback)
    demand = read_metro_rows(algorithm, parameters, names.DEMAND, DEMAND_KEYS, context, feedback)
    stock = read_stock_and_need(supply, demand, stations, incidents, feedback)
    optional = ("minutes", "km")
    table = read_metro_rows(algorithm, parameters, names.TRAVEL, TRAVEL_KEYS, context, feedback, optional)
    if table is None:
        ways = read_roads(algorithm, parameters, numbers.rules, bool(len(incidents)), context, feedback, control)
    else:
        if parameters.get(NETWORK) is not None:
            feedback.pushInfo(algorithm.tr("NETWORK: not used, as TRAVEL gives the times."))
        ways = Ways(numbers.rules, table, needs_km=numbers.objective.cost_per_km > 0)
    return metro_case(stations, incidents, stock, ways, numbers.objective, context, feedback, control=control)
