"""What the parameters of the time to safety say, read once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ....plugin.solvers.control import Control
from ....plugin.solvers.errors import SolverError
from ...base import EvacuationAlgorithm
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ..roads.hazard_parameters import START_TIME, HazardParameters, given, rule_of
from ..roads.network_parameters import NetworkParameters
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.carrying import Carried
    from ....plugin.layers.places import Places
    from ....plugin.layers.roads.options import ReadNetwork
    from ....plugin.layers.safety.sources import SafetySources


def read_breaks(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> list[float]:
    """Return the minutes of BREAKS.

    Raises
    ------
    SolverError
        Where they are no ascending numbers above 0.
    """
    text = algorithm.parameterAsString(parameters, names.BREAKS, context)
    try:
        breaks = [float(part) for part in text.replace(";", ",").split(",")]
    except ValueError:
        breaks = []
    ascending = all(a < b for a, b in zip([0.0, *breaks], breaks))
    if not breaks or not ascending or not all(math.isfinite(minutes) for minutes in breaks):
        raise SolverError(
            algorithm.tr("BREAKS: “{text}” is no list of ascending minutes; write it like 5, 10, 20, 30.").format(
                text=text
            )
        )
    return breaks


def refuse_nowhere(algorithm: EvacuationAlgorithm, parameters: dict[str, Any]) -> None:
    """Raise SolverError where there is neither a hazard nor a shelter."""
    if not given(parameters) and parameters.get(names.SHELTERS) in (None, ""):
        raise SolverError(
            algorithm.tr("HAZARD and SHELTERS: both are missing, so no place is known to be safe. Give one of the two.")
        )


def read_sources(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> SafetySources:
    """Read everything but the roads.

    Raises
    ------
    QgsProcessingException, LayerError
        When a layer cannot be opened, a field is not in it, or a value in it is not usable.
    """
    from ....plugin.layers.carrying import ZONE_NAME, renamed
    from ....plugin.layers.roads.doors import ACCESS_ON_FOOT
    from ....plugin.layers.safety.sources import SafetySources, read_people, read_refuges
    from ....plugin.layers.zone_orders import zone_orders

    def field(name: str, source: QgsProcessingFeatureSource | None) -> str | None:
        if source is None:
            return None
        return algorithm.field(parameters, name, source, context, feedback, required=False)

    hazard = HazardParameters.read(algorithm, parameters, context, feedback)
    shelters = algorithm.source(parameters, names.SHELTERS, context)
    refuges = read_refuges(
        shelters, field(names.SHELTER_ID_FIELD, shelters), field(SHELTER_NAME_FIELD, shelters),
        rule_of(algorithm, parameters, shelters, context, feedback), hazard.hazard, context, feedback,
    )  # fmt: skip
    source = algorithm.source(parameters, names.ZONES, context)
    classes: list[str] = []
    if source is not None:
        classes = algorithm.fields(
            parameters, names.POPULATION_FIELDS, source, context, feedback, fallbacks=[["population"]]
        )

    def zone_name(zones: Places) -> Carried:
        return renamed(zones, {ZONE_NAME: field(ZONE_NAME_FIELD, source)})

    people = read_people(source, field(names.ZONE_ID_FIELD, source), classes, zone_name, context, feedback)
    begin, told = algorithm.moment(parameters, START_TIME, context), field(names.ORDER_TIME_FIELD, source)
    orders = zone_orders(begin, people.zones, told, hazard.moments, 3600.0, feedback)
    people, start = replace(people, order=orders.seconds), orders.start
    network = NetworkParameters.read(algorithm, parameters, context, feedback)

    def roads(control: Control) -> ReadNetwork:
        return network.network(context, feedback, control, hazard.at(start))

    speed = network.options.walking.speed if network.options.on_foot else ACCESS_ON_FOOT
    return SafetySources(roads, hazard.hazard, refuges, people, start, network.max_snap_distance, speed)
