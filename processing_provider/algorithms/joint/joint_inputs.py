"""What the parameters of ``jointplan`` say, read once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ....plugin.solvers.control import Control
from ....plugin.solvers.effort import Effort
from ....plugin.solvers.errors import SolverError
from ....plugin.solvers.joint.kinds import HAZARD, WHOLE
from ....plugin.solvers.modes import BOTH
from ....plugin.solvers.routing.shared.choices import QUEUE, USUAL_COST
from ...base import EvacuationAlgorithm
from ...effort_parameters import read_effort
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ..allocation import names as allocation
from ..allocation.allocation_inputs import keyed_table
from ..roads.door_parameters import PEOPLE_PER_VEHICLE, read_door_use
from ..roads.hazard_parameters import HazardParameters, given, rule_of
from ..roads.network_parameters import MAX_SNAP_DISTANCE, NetworkParameters
from ..roads.travel_parameters import walks
from ..roads.walk_parameters import read_foot_fields
from ..routing import names as routing
from ..routing.routing_inputs import background_rows, read_departures
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.joint.demand import JointSources
    from ....plugin.layers.joint.options import JointOptions
    from ....plugin.layers.moments import Start
    from ....plugin.layers.roads.options import ReadNetwork


@dataclass(frozen=True)
class JointParameters:
    """What the parameters of ``jointplan`` say.

    Attributes
    ----------
    sources : JointSources
        The layers and tables; what only some runs need is read when it is asked for.
    options : JointOptions
        What counts.
    unit, split, aim : int
        As in :mod:`plugin.solvers.joint.problem`.
    preference_seconds : float
    max_routes : int
        Most ways from a zone to a destination, 0 for no limit.
    certify : bool
    effort : Effort
    report : str
        Path of the report, "" for none.
    """

    sources: JointSources
    options: JointOptions
    unit: int
    split: int
    aim: int
    preference_seconds: float
    max_routes: int
    certify: bool
    effort: Effort
    report: str

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> JointParameters:
        """Read the parameters and the background traffic; nothing of the roads but their fields.

        Raises
        ------
        QgsProcessingException, LayerError
            When a layer cannot be opened, a field is not in it, or a value in it is not usable.
        """
        unit, split, aim = (
            int(algorithm.parameterAsEnum(parameters, name, context))
            for name in (names.UNIT, allocation.SPLIT, names.AIM)
        )
        return cls(
            _sources(algorithm, parameters, context, feedback),
            _options(algorithm, parameters, context, feedback, bool(unit) or split != WHOLE, aim == HAZARD),
            unit,
            split,
            aim,
            float(algorithm.parameterAsDouble(parameters, names.PREFERENCE_SECONDS, context)),
            int(algorithm.parameterAsInt(parameters, routing.MAX_ROUTES, context)),
            bool(algorithm.parameterAsBoolean(parameters, routing.CERTIFY, context)),
            read_effort(algorithm, parameters, context),
            algorithm.report_path(parameters, routing.OUTPUT_HTML, context),
        )


def refuse_choices(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
    """Raise SolverError where destinations or the aim need a hazard that is not given."""
    tr = algorithm.tr
    if given(parameters):
        return
    if algorithm.parameterAsBoolean(parameters, names.EXITS, context):
        raise SolverError(tr("EXITS: safe exits are those of a hazard; give HAZARD, or shelters alone."))
    if parameters.get(allocation.SHELTERS) in (None, ""):
        raise SolverError(
            tr("SHELTERS: there is nowhere to go; give shelters, or HAZARD to bring everybody to its safe exits.")
        )
    if algorithm.parameterAsEnum(parameters, names.AIM, context) == HAZARD:
        raise SolverError(tr("AIM: least time in the hazard needs HAZARD; give one, or choose another aim."))


def _sources(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> JointSources:
    from ....plugin.layers.allocation.columns import NameFields
    from ....plugin.layers.joint.demand import JointSources

    def field(name: str, source: QgsProcessingFeatureSource | None, required: bool = False) -> str | None:
        if source is None:
            return None
        return algorithm.field(parameters, name, source, context, feedback, required)

    def roads(needed: bool, travel: int | None, start: Start, control: Control) -> tuple[ReadNetwork, ...]:
        read = NetworkParameters.read(algorithm, parameters, context, feedback, {}, needed, travel)
        if travel == BOTH:
            return read.networks(context, feedback, control, danger.at(start))
        return (read.network(context, feedback, control, danger.at(start)),)

    danger = HazardParameters.read(algorithm, parameters, context, feedback)
    zones = algorithm.source(parameters, allocation.ZONES, context)
    shelters = algorithm.source(parameters, allocation.SHELTERS, context)
    zone_id = field(allocation.ZONE_ID_FIELD, zones)
    classes = algorithm.fields(
        parameters, allocation.GROUP_FIELDS, zones, context, feedback, fallbacks=[["population"]]
    )
    return JointSources(
        zones=zones,
        shelters=shelters,
        zone_id=zone_id,
        shelter_id=field(allocation.SHELTER_ID_FIELD, shelters),
        classes=classes,
        foot=read_foot_fields(algorithm, parameters, zones, context, feedback),
        capacity=lambda needed: field(allocation.CAPACITY_FIELD, shelters, needed),
        names=NameFields(
            shelter=field(SHELTER_NAME_FIELD, shelters),
            zone=field(ZONE_NAME_FIELD, zones),
            order=field(allocation.ORDER_TIME_FIELD, zones),
        ),
        preferences=lambda: keyed_table(algorithm, parameters, allocation.PREFERENCES, context, feedback),
        danger=danger.at(),
        rule=rule_of(algorithm, parameters, shelters, context, feedback),
        window=60.0 * float(algorithm.parameterAsDouble(parameters, routing.DEPARTURE_WINDOW, context)),
        start=algorithm.moment(parameters, routing.START_TIME, context),
        background=background_rows(algorithm, parameters, context, feedback),
        roads=roads,
    )


def _options(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    divide: bool,
    hazard_aim: bool,
) -> JointOptions:
    from ....plugin.layers.joint.options import JointOptions
    from ....plugin.layers.routing.case import CostChoice

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    def given(name: str) -> bool:
        return parameters.get(name) not in (None, "")

    def yes(name: str) -> bool:
        return bool(algorithm.parameterAsBoolean(parameters, name, context))

    return JointOptions(
        keep_together=yes(names.KEEP_TOGETHER),
        use_standby=yes(names.USE_STANDBY),
        exits=yes(names.EXITS) or not given(allocation.SHELTERS),
        default_preference=number(allocation.DEFAULT_PREFERENCE),
        preference_decay=number(allocation.PREFERENCE_DECAY) if given(allocation.PREFERENCE_DECAY) else None,
        max_distance=number(allocation.MAX_DISTANCE) if given(allocation.MAX_DISTANCE) else math.inf,
        max_travel_time=number(allocation.MAX_TRAVEL_TIME) if given(allocation.MAX_TRAVEL_TIME) else math.inf,
        divide=divide,
        hazard_aim=hazard_aim,
        doors=read_door_use(algorithm, parameters, context, feedback),
        doors_on_foot=lambda: read_door_use(algorithm, parameters, context, feedback, True),
        occupancy=1.0 if walks(algorithm, parameters, context) else number(PEOPLE_PER_VEHICLE),
        departures=read_departures(algorithm, parameters, context),
        choice=CostChoice(
            QUEUE, USUAL_COST[QUEUE], 0.0, 0.0, 1.0, 3600.0, number(routing.STUCK_SECONDS),
            number(routing.REROUTE_MINUTES),
        ),
        max_snap_distance=number(MAX_SNAP_DISTANCE),
    )  # fmt: skip
