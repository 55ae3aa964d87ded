"""Reading what ``allocatecrowd`` is asked for from its parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ....plugin.solvers.control import Control
from ....plugin.solvers.modes import BOTH, ON_FOOT, travel_of
from ...base import EvacuationAlgorithm
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ..roads.door_parameters import idle_fields, read_door_use
from ..roads.hazard_parameters import HazardParameters, rule_of
from ..roads.network_parameters import NetworkParameters
from ..roads.travel_parameters import walks
from ..roads.walk_parameters import max_walk, read_foot_fields
from . import names
from .allocation_parameters import TABLE_FIELDS

if TYPE_CHECKING:
    from ....plugin.layers.allocation.case import AllocationOptions, AllocationSources
    from ....plugin.layers.allocation.groups import Groups
    from ....plugin.layers.allocation.preferences import KeyedTable
    from ....plugin.layers.allocation.separation import RoadsByMode
    from ....plugin.layers.roads.options import ReadNetwork
    from ....plugin.solvers.walks import MaxWalk


@dataclass(frozen=True)
class AllocationParameters:
    """What the parameters of ``allocatecrowd`` say, read once.

    Attributes
    ----------
    sources : AllocationSources
        The layers and tables; what only some runs need is read when it is asked for.
    options : AllocationOptions
        What counts and how far people may go.
    points : int
        Of the trade-off curve, 0 where it is not asked for.
    report : str
        Path of the report, "" for none.
    limit : MaxWalk
        How far people can be asked to walk.
    everybody_walks : bool
    """

    sources: AllocationSources
    options: AllocationOptions
    points: int
    report: str
    limit: MaxWalk
    everybody_walks: bool

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> AllocationParameters:
        """Read the parameters.

        Raises
        ------
        QgsProcessingException
            When a layer cannot be opened or a field is not in it.
        """
        asked = any(parameters.get(name) not in (None, "") for name in (names.OUTPUT_TRADEOFF, names.OUTPUT_HTML))
        count = algorithm.parameterAsInt(parameters, names.TRADEOFF_POINTS, context)
        return cls(
            sources=_sources(algorithm, parameters, context, feedback),
            options=_options(algorithm, parameters, context),
            points=count if asked and count >= 2 else 0,
            report=algorithm.report_path(parameters, names.OUTPUT_HTML, context),
            limit=max_walk(algorithm, parameters, context),
            everybody_walks=walks(algorithm, parameters, context),
        )


def _options(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> AllocationOptions:
    from ....plugin.layers.allocation.case import AllocationOptions

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    def choice(name: str) -> int:
        return int(algorithm.parameterAsEnum(parameters, name, context))

    def given(name: str) -> bool:
        return parameters.get(name) not in (None, "")

    return AllocationOptions(
        default_preference=number(names.DEFAULT_PREFERENCE),
        preference_decay=number(names.PREFERENCE_DECAY) if given(names.PREFERENCE_DECAY) else None,
        impedance=choice(names.IMPEDANCE),
        normalisation=choice(names.NORMALISATION),
        weight_preference=number(names.WEIGHT_PREFERENCE),
        weight_distance=number(names.WEIGHT_DISTANCE),
        weight_by=choice(names.WEIGHT_BY),
        max_distance=number(names.MAX_DISTANCE) if given(names.MAX_DISTANCE) else math.inf,
        max_travel_time=number(names.MAX_TRAVEL_TIME) if given(names.MAX_TRAVEL_TIME) else math.inf,
        split=choice(names.SPLIT),
    )


def _sources(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> AllocationSources:
    from ....plugin.layers.allocation.case import AllocationSources
    from ....plugin.layers.allocation.columns import NameFields

    def field(name: str, source: QgsProcessingFeatureSource, required: bool = False) -> str | None:
        return algorithm.field(parameters, name, source, context, feedback, required)

    def table(name: str) -> KeyedTable | None:
        return keyed_table(algorithm, parameters, name, context, feedback)

    def roads(groups: Groups, control: Control) -> RoadsByMode | None:
        from ....plugin.layers.allocation.separation import RoadsByMode, RoadsToDoors

        travel = travel_of(groups.on_foot) if groups.by_mode else None
        network = NetworkParameters.read_optional(
            algorithm, parameters, context, feedback, idle_fields(parameters), travel=travel
        )
        if network is None:
            if danger.timed or danger.closures is not None:
                feedback.pushWarning(
                    algorithm.tr("HAZARD and CLOSURES: close no way without NETWORK; distances are not over roads.")
                )
            return None
        silent = QgsProcessingFeedback(False)  # the field was named with the others that the output carries
        order = algorithm.field(parameters, names.ORDER_TIME_FIELD, zones, context, silent, required=False)
        orders = danger.orders(algorithm, parameters, groups.zones, order, context, feedback)

        def to_doors(read: ReadNetwork, on_foot: bool | None) -> RoadsToDoors:
            use = read_door_use(algorithm, parameters, context, feedback, on_foot)
            return RoadsToDoors(read, network.max_snap_distance, use, orders.seconds)

        if travel == BOTH:
            car, foot = network.networks(context, feedback, control, danger.at(orders.start))
            return RoadsByMode(to_doors(car, False), to_doors(foot, True))
        read = network.network(context, feedback, control, danger.at(orders.start))
        one = to_doors(read, None if travel is None else travel == ON_FOOT)
        return RoadsByMode(None, one) if travel == ON_FOOT else RoadsByMode(one, None)

    danger = HazardParameters.read(algorithm, parameters, context, feedback)
    zones = algorithm.source(parameters, names.ZONES, context)
    zone_id = field(names.ZONE_ID_FIELD, zones)
    classes = algorithm.fields(parameters, names.GROUP_FIELDS, zones, context, feedback, fallbacks=[["population"]])
    shelters = algorithm.source(parameters, names.SHELTERS, context)
    return AllocationSources(
        zones=zones,
        shelters=shelters,
        zone_id=zone_id,
        shelter_id=field(names.SHELTER_ID_FIELD, shelters),
        classes=classes,
        foot=read_foot_fields(algorithm, parameters, zones, context, feedback),
        capacity=lambda needed: field(names.CAPACITY_FIELD, shelters, needed),
        names=lambda: NameFields(
            shelter=field(SHELTER_NAME_FIELD, shelters),
            zone=field(ZONE_NAME_FIELD, zones),
            order=field(names.ORDER_TIME_FIELD, zones),
        ),
        preferences=lambda: table(names.PREFERENCES),
        distances=lambda: table(names.DISTANCES),
        roads=roads,
        hazard=danger.hazard,
        rule=lambda: rule_of(algorithm, parameters, shelters, context, feedback),
    )


def keyed_table(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    name: str,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> KeyedTable | None:
    """Return the table ``name``, PREFERENCES or DISTANCES, with its fields; None without one.

    Raises
    ------
    QgsProcessingException
        When the table cannot be opened or a field is not in it.
    """
    from ....plugin.layers.allocation.preferences import KeyedTable

    source = algorithm.source(parameters, name, context)
    if source is None:
        return None
    columns = {
        key: str(algorithm.field(parameters, parameter, source, context, feedback, required=True))
        for key, parameter, _ in TABLE_FIELDS[name]
    }
    return KeyedTable(source, columns)
