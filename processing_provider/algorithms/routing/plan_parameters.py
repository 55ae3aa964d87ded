"""The parameters of algorithms that take a plan as data: its two tables, and the roads on which it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFeatureSource,
)

from ....plugin.solvers.control import Control
from ....plugin.solvers.routing.shared.choices import STUCK_SECONDS as USUAL_STUCK_SECONDS
from ...base import EvacuationAlgorithm
from ..roads.door_parameters import read_door_rules
from ..roads.network_parameters import NetworkParameters, add_network_parameters, add_road_name_field
from ..roads.road_attributes import add_junction_delay
from . import names
from .end_parameters import add_destination_parameters, read_destinations
from .routing_inputs import background_rows
from .routing_parameters import add_background

if TYPE_CHECKING:
    from ....plugin.layers.moments import Start
    from ....plugin.layers.routing.background import BackgroundRows
    from ....plugin.layers.routing.plan import PlanEnds, PlanOnRoads
    from ....plugin.layers.routing.plan_tables import PlanTables
    from ....plugin.solvers.routing.queue.network import QueueRoads


def add_plan_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the plan's tables, and what says on which roads it was made, as ``routeevacuation`` has it."""
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
    add_network_parameters(algorithm)
    add_junction_delay(algorithm)
    add_road_name_field(algorithm)
    algorithm.add(
        QgsProcessingParameterDateTime(names.START_TIME, tr("Start time"), optional=True),
        "Date and time of t = 0, as in the run that made the plan: the plan counts seconds from it. Only background "
        "traffic with dates needs it.",
        advanced=True,
    )
    add_background(algorithm)
    algorithm.add_number(
        names.STUCK_SECONDS,
        tr("Stuck after (s)"),
        USUAL_STUCK_SECONDS,
        "Where nobody has entered a full road for this long, though somebody wants to, one vehicle is let in, be it "
        "that the road stands still or that it moves more slowly than that. 0: no road is ever full.",
        advanced=True,
    )


@dataclass(frozen=True)
class PlanParameters:
    """What the parameters of :func:`add_plan_parameters` say, read once; ``stuck_seconds`` in s."""

    tables: PlanTables
    roads: NetworkParameters
    ends: PlanEnds
    start: Start
    background: BackgroundRows | None
    stuck_seconds: float

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> PlanParameters:
        """Read the parameters and all layers but the roads.

        Raises
        ------
        QgsProcessingException, LayerError
            When a layer cannot be opened, a field is not in it, or a value in it is not usable.
        """
        from ....plugin.layers.moments import start_time
        from ....plugin.layers.routing.plan import PlanEnds
        from ....plugin.layers.routing.plan_tables import read_plan

        sources = []
        for name in (names.PLAN, names.PLAN_PATHS):
            source = algorithm.source(parameters, name, context)
            if source is None:
                raise QgsProcessingException(algorithm.invalidSourceError(parameters, name))
            sources.append(source)
        tables = read_plan(sources[0], sources[1], feedback)
        background = background_rows(algorithm, parameters, context, feedback)
        others = [] if background is None else [background.time]
        roads = NetworkParameters.read(algorithm, parameters, context, feedback, {})
        return cls(
            tables,
            roads,
            PlanEnds(
                read_destinations(algorithm, parameters, context, feedback),
                read_door_rules(algorithm, parameters, context, feedback),
                roads.max_snap_distance,
            ),
            start_time(algorithm.moment(parameters, names.START_TIME, context), [], others, feedback),
            background,
            algorithm.parameterAsDouble(parameters, names.STUCK_SECONDS, context),
        )

    def on_roads(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback, control: Control
    ) -> tuple[PlanOnRoads, QueueRoads]:
        """Read the roads and put the plan on them.

        Raises
        ------
        LayerError
            When the roads are not usable or lack one of the plan.
        Cancelled
        """
        from ....plugin.layers.routing.background import background_on
        from ....plugin.layers.routing.plan import plan_on_roads, queue_roads_of

        read = self.roads.network(context, feedback, control)
        plan = plan_on_roads(read, self.tables, self.ends, context, feedback)
        network = plan.read.network
        others = None if self.background is None else background_on(self.background, network, self.start, feedback)
        return plan, queue_roads_of(network, others)
