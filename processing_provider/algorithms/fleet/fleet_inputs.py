"""What the parameters of ``dispatchfleet`` say, read once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ....plugin.solvers.control import Control
from ...base import EvacuationAlgorithm
from ..roads.hazard_parameters import START_TIME, USUAL_WINDOW, HazardParameters, rule_of
from ..roads.network_parameters import NetworkParameters
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.fleet.case import FleetOptions, FleetSources
    from ....plugin.layers.fleet.depots import Depots
    from ....plugin.layers.fleet.requests import Requests
    from ....plugin.layers.roads.options import ReadNetwork


def read_options(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> FleetOptions:
    """Read how vehicles are planned for."""
    from ....plugin.layers.fleet.case import FleetOptions

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    last = math.inf if parameters.get(names.LAST_MINUTE) in (None, "") else 60.0 * number(names.LAST_MINUTE)
    return FleetOptions(
        number(names.BOARDING_SECONDS), 60.0 * number(names.STOP_MINUTES), 60.0 * number(names.PERIOD_MINUTES),
        algorithm.parameterAsInt(parameters, names.LOOK_AHEAD, context),
        algorithm.parameterAsBoolean(parameters, names.WAIT_FOR_PERIOD, context), last,
    )  # fmt: skip


def read_sources(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> FleetSources:
    """Read everything but the roads.

    Raises
    ------
    QgsProcessingException, LayerError
        When a layer cannot be opened, a field is not in it, or a value in it is not usable.
    """
    from ....plugin.layers.fleet.case import FleetSources
    from ....plugin.layers.fleet.rooms import read_rooms
    from ....plugin.layers.moments import start_time

    requests = _requests(algorithm, parameters, context, feedback)
    depots = _depots(algorithm, parameters, context, feedback)
    needed = bool(len(requests.places))
    danger = HazardParameters.read(algorithm, parameters, context, feedback)
    danger.tell_buffer(feedback)
    source = algorithm.required_source(parameters, names.SHELTERS, context)
    key = algorithm.fields(
        parameters, names.SHELTER_ID_FIELD, source, context, feedback, False, fallbacks=[["site_id"]]
    )
    capacity = algorithm.fields(parameters, names.CAPACITY_FIELD, source, context, feedback, fallbacks=[["capacity"]])
    load = algorithm.field(parameters, names.LOAD_FIELD, source, context, feedback, required=False)
    rule = rule_of(algorithm, parameters, source, context, feedback)
    shelters, room = read_rooms(
        source, key[0] if key else None, capacity[0], load, rule, danger.hazard, needed, context, feedback
    )
    network = NetworkParameters.read(algorithm, parameters, context, feedback, needed=needed)
    columns = requests.moments + ([] if depots.available is None else [depots.available])
    given = algorithm.moment(parameters, START_TIME, context)
    start = start_time(given, columns, danger.known_moments, feedback, danger.moments, USUAL_WINDOW)

    def roads(control: Control) -> ReadNetwork:
        return network.network(context, feedback, control, danger.at(start))

    return FleetSources(requests, depots, shelters, room, roads, start, network.max_snap_distance)


def _requests(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Requests:
    from ....plugin.layers.fleet.requests import RequestFields, read_requests

    source = algorithm.required_source(parameters, names.REQUESTS, context)

    def field(name: str) -> str | None:
        return algorithm.field(parameters, name, source, context, feedback, required=name == names.PEOPLE_FIELD)

    fields = RequestFields(
        field(names.REQUEST_ID_FIELD), str(field(names.PEOPLE_FIELD)), field(names.READY_FIELD),
        field(names.KNOWN_FIELD), field(names.WHEELCHAIR_FIELD), field(names.PROBABILITY_FIELD),
    )  # fmt: skip
    return read_requests(source, fields, context, feedback)


def _depots(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Depots:
    from ....plugin.layers.fleet.depots import DepotFields, read_depots

    source = algorithm.required_source(parameters, names.FLEET, context)
    order = (
        names.FLEET_ID_FIELD, names.VEHICLES_FIELD, names.SEATS_FIELD, names.WHEELCHAIR_PLACES_FIELD,
        names.AVAILABLE_FIELD,
    )  # fmt: skip
    fields = (algorithm.field(parameters, name, source, context, feedback, required=False) for name in order)
    return read_depots(source, DepotFields(*fields), context, feedback)
