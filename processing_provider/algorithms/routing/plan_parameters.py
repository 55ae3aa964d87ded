"""The parameters of algorithms that take a plan as data: its two tables, and the roads on which it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
)

from ....plugin.solvers.control import Control
from ....plugin.solvers.effort import Effort
from ....plugin.solvers.modes import BOTH, CAR, FOOT, ON_FOOT, travel_of
from ....plugin.solvers.routing.shared.choices import STUCK_SECONDS as USUAL_STUCK_SECONDS
from ...base import EvacuationAlgorithm
from ...effort_parameters import ROUTING_SECONDS, add_effort, read_effort
from ..roads.door_parameters import read_door_rules
from ..roads.hazard_parameters import (
    START_TIME,
    HazardParameters,
    add_closures,
    add_hazard,
    add_rule_field,
    add_start_time,
    rule_of,
)
from ..roads.network_parameters import NetworkParameters, add_network_parameters, add_road_name_field
from ..roads.road_attributes import CAPACITY_FIELD, add_junction_delay
from ..roads.travel_parameters import WALK_ON_LANES, walks
from . import names
from .end_parameters import add_destination_parameters, read_destinations
from .routing_inputs import NO_BACKGROUND, background_rows
from .routing_parameters import add_background

if TYPE_CHECKING:
    import numpy as np

    from ....plugin.layers.moments import MomentColumn, Start
    from ....plugin.layers.routing.background import BackgroundRows
    from ....plugin.layers.routing.plan import PlanOnRoads
    from ....plugin.layers.routing.plan_sites import PlanEnds
    from ....plugin.layers.routing.plan_tables import PlanTables

    Flow = tuple[np.ndarray, np.ndarray, np.ndarray]  # as background_on gives it


def add_plan_parameters(algorithm: EvacuationAlgorithm, capacity: str = CAPACITY_FIELD) -> None:
    """Add the plan's tables, and what says on which roads it was made, as ``routeevacuation`` has it.

    ``capacity`` names the parameter of the roads' capacity field.
    """
    tr, table = algorithm.tr, [QgsProcessing.SourceType.TypeVector]
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.PLAN, tr("Plan: vehicles"), table),
        "The table OUTPUT_VEHICLES of “Route the evacuation”: each vehicle with its departure and its path.",
    )
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.PLAN_PATHS, tr("Plan: paths"), table),
        "The table OUTPUT_PATHS of the same run. A road that the network lacks is an error that names it.",
    )
    add_destination_parameters(algorithm)
    add_network_parameters(algorithm, capacity=capacity)
    add_junction_delay(algorithm)
    add_road_name_field(algorithm)
    add_start_time(algorithm)
    algorithm.parameterDefinition(START_TIME).setHelp(
        "Date and time of t = 0, as in the run that made the plan: the plan counts seconds from it. Needed where "
        "orders, closures or the hazard's arrivals are dates."
    )
    add_background(algorithm)
    add_hazard(
        algorithm,
        "Polygons that become dangerous (below). From then on nobody enters their roads, and who is still there is "
        "caught.",
    )
    add_closures(algorithm)
    add_rule_field(algorithm, names.DESTINATIONS)
    algorithm.add_number(
        names.STUCK_SECONDS,
        tr("Stuck after (s)"),
        USUAL_STUCK_SECONDS,
        "Where nobody has entered a full road for this long, though somebody wants to, one vehicle is let in, be it "
        "that the road stands still or that it moves more slowly than that. 0: no road is ever full.",
        advanced=True,
    )
    add_effort(algorithm, ROUTING_SECONDS)
    algorithm.add_number(
        names.SEED, tr("Seed"), 1, "Of what is drawn: nothing where routes and departures are those of the plan.",
        kind=QgsProcessingParameterNumber.Type.Integer, advanced=True,
    )  # fmt: skip


@dataclass(frozen=True)
class PlanParameters:
    """What the parameters of :func:`add_plan_parameters` say, read once; ``stuck_seconds`` in s.

    ``ends_on_foot`` are the destinations with the doors of walkers, where some drive and some walk; ``walk_on_lanes``
    says whether these have the lanes of roads without cars.
    """

    tables: PlanTables
    roads: NetworkParameters
    ends: PlanEnds
    start: Start
    background: BackgroundRows | None
    stuck_seconds: float
    danger: HazardParameters
    effort: Effort
    ends_on_foot: PlanEnds | None = None
    walk_on_lanes: bool = False

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        orders: Sequence[MomentColumn] = (),
        every_mode: bool = False,
    ) -> PlanParameters:
        """Read the parameters and all layers but the roads; ``orders`` are moments that the algorithm has besides.

        ``every_mode``: take the plan as it is, whoever walks or drives, else only those who drive.

        Raises
        ------
        QgsProcessingException, LayerError
            When a layer cannot be opened, a field is not in it, or a value in it is not usable.
        """
        from ....plugin.layers.moments import start_time
        from ....plugin.layers.routing.plan_tables import read_plan

        sources = [algorithm.required_source(parameters, name, context) for name in (names.PLAN, names.PLAN_PATHS)]
        on_foot = walks(algorithm, parameters, context)
        whole = read_plan(sources[0], sources[1], feedback, FOOT if on_foot else CAR)
        tables = whole if every_mode else whole.by_vehicle(feedback)
        travel = travel_of(tables.on_foot) if len(tables.start) else int(on_foot)
        background = background_rows(algorithm, parameters, context, feedback)
        if background is not None and travel == ON_FOOT:
            feedback.pushWarning(NO_BACKGROUND)
            background = None
        danger = HazardParameters.read(algorithm, parameters, context, feedback)
        danger.tell_buffer(feedback)
        others = [] if background is None else [background.time]
        given = algorithm.moment(parameters, START_TIME, context)
        others += danger.known_moments
        dated = [column for column in (*orders, *danger.moments, *others) if column.clock_times]
        if given is None and dated:
            raise QgsProcessingException(
                f"START_TIME: {dated[0].parameter} has dates in “{dated[0].field}” of “{dated[0].layer}”, and the plan "
                f"counts seconds from the START_TIME of the run that made it. Give that one."
            )
        roads = NetworkParameters.read(algorithm, parameters, context, feedback, {}, travel=travel)
        if travel == ON_FOOT and not whole.on_foot.all():  # the widths with which it was made
            roads = replace(roads, options=replace(roads.options, beside_cars=True))
        ends = _ends(algorithm, parameters, travel == ON_FOOT, roads.max_snap_distance, context, feedback)
        return cls(
            tables,
            roads,
            ends,
            start_time(given, orders, others, feedback, danger.moments),
            background,
            algorithm.parameterAsDouble(parameters, names.STUCK_SECONDS, context),
            danger,
            read_effort(algorithm, parameters, context),
            _with_doors_on_foot(algorithm, parameters, ends, context, feedback) if travel == BOTH else None,
            every_mode and algorithm.parameterAsBoolean(parameters, WALK_ON_LANES, context),
        )

    def on_roads(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback, control: Control
    ) -> tuple[PlanOnRoads, Flow | None]:
        """Read the roads and put the plan on them; return it and the background traffic there.

        Raises
        ------
        LayerError
            When the roads are not usable or lack one of the plan.
        Cancelled
        """
        from ....plugin.layers.routing.background import background_on
        from ....plugin.layers.routing.mixed_plan import mixed_plan
        from ....plugin.layers.routing.plan import plan_on_roads

        danger, walks = self.danger.at(self.start), self.tables.on_foot
        if self.ends_on_foot is None:
            read = self.roads.network(context, feedback, control, danger)
            plan = driven = plan_on_roads(read, self.tables, self.ends, context, feedback)
        else:
            reads = self.roads.networks(context, feedback, control, danger)
            feedback.pushInfo(EvacuationAlgorithm.tr("By car and bus") + ":")
            driven = plan_on_roads(reads[0], self.tables.only(~walks), self.ends, context, feedback)
            feedback.pushInfo(EvacuationAlgorithm.tr("On foot") + ":")
            walked = plan_on_roads(reads[1], self.tables.only(walks), self.ends_on_foot, context, feedback)
            plan = mixed_plan(driven, walked, walks, self.walk_on_lanes)
        if self.background is None:
            return plan, None
        return plan, background_on(self.background, driven.read.network, self.start, feedback)


def _with_doors_on_foot(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    ends: PlanEnds,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> PlanEnds:
    """Return the destinations with the doors of walkers."""
    return replace(ends, doors=read_door_rules(algorithm, parameters, context, feedback, True))


def _ends(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    on_foot: bool,
    max_distance: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> PlanEnds:
    """Read the destinations, with the doors of walkers or of vehicles."""
    from ....plugin.layers.routing.plan_sites import PlanEnds

    destinations = algorithm.source(parameters, names.DESTINATIONS, context)
    return PlanEnds(
        read_destinations(algorithm, parameters, context, feedback),
        read_door_rules(algorithm, parameters, context, feedback, on_foot),
        max_distance,
        rule_of(algorithm, parameters, destinations, context, feedback),
    )
