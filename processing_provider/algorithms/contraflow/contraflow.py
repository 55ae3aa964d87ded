"""``evacuation:contraflow``: which roads to make one-way outbound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsVectorLayer

from ....plugin.solvers.errors import SolverError
from ....plugin.solvers.routing.shared.choices import QUEUE
from ...base import EvacuationAlgorithm
from ...effort_parameters import STOPPED_EARLY
from ..roads import road_attributes as roads
from ..roads.network_parameters import NETWORK, NETWORK_ID_FIELD
from ..roads.travel_parameters import refuse_on_foot
from ..routing.routing_inputs import RoutingParameters, chosen_cost, refuse_choices
from . import names
from .contraflow_parameters import add_contraflow_outputs, add_contraflow_parameters

if TYPE_CHECKING:
    from ....plugin.layers.contraflow.candidates import Routed
    from ....plugin.layers.contraflow.search import Limits, Turning
    from ....plugin.layers.places import Places
    from ....plugin.layers.roads.options import ReadNetwork
    from ....plugin.solvers.control import Control

EACH_WAY = (
    roads.LANES_FORWARD_FIELD, roads.LANES_BACKWARD_FIELD, roads.CAPACITY_FORWARD_FIELD, roads.CAPACITY_BACKWARD_FIELD,
)  # fmt: skip


class Contraflow(EvacuationAlgorithm):
    """Turns stretches of road outbound, one after the other, as long as that saves time."""

    ID = "contraflow"
    TITLE = "Roads to make one-way outbound"
    TAGS = ("contraflow", "lane reversal", "one-way", "outbound", "capacity", "traffic", "lanes")
    SUMMARY = (
        "Finds the stretches of road whose inbound lanes help most when they are given to those who leave, and says "
        "where turning stops paying.\n"
        "A stretch lies between two junctions where its class meets another of at least secondary; of a divided road "
        "between two crossings of its carriageways. One after the other the stretch is turned that saves most, each "
        "judged by a full run of “Route the evacuation” (flow model queue). A stretch is refused where turning it "
        "would leave a zone, a shelter or a place to keep reachable without a way in from outside the hazard.\n"
        "The roads come out with lanes and capacities by direction, so that every algorithm here can go on with them. "
        "Each run takes as long as the routing; EFFORT says how many stretches are tried in each step."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_contraflow_parameters(self)
        add_contraflow_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        why = "on foot there are no lanes to turn, for people walk both ways on every road."
        refuse_on_foot(self, parameters, context, why)
        refuse_choices(self, parameters, context)
        if chosen_cost(self, parameters, context)[0] != QUEUE:
            raise SolverError(
                self.tr("FLOW_MODEL: which road to turn is seen from its queues; choose FLOW_MODEL 2 (queue).")
            )
        if not self._classes(parameters, context):
            raise SolverError(self.tr("CLASSES: none is given; write them like primary, secondary."))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.contraflow.drawing import id_column, with_ways
        from ....plugin.layers.contraflow.findings import numbers_of, roads_layer, stretches_layer
        from ....plugin.layers.contraflow.search import Runs, turn

        report = self.report_path(parameters, names.OUTPUT_HTML, context)
        given = RoutingParameters.read(self, parameters, context, feedback).by_vehicle(feedback)
        kept = self._kept(parameters, context, feedback)
        control = self.control(feedback, 5.0, 95.0, given.effort)
        source = self.source(parameters, NETWORK, context)
        id_field = given.roads.options.id_field
        read = self._plain(given, context, feedback, control.unseen())
        layer = with_ways(source, read, id_field)
        own = {name: value for name, value in parameters.items() if name not in EACH_WAY}
        own[NETWORK_ID_FIELD] = id_column(source, id_field)
        quiet = QgsProcessingFeedback(False)

        def asked(drawn: QgsVectorLayer) -> RoutingParameters:
            return RoutingParameters.read(self, {**own, NETWORK: drawn}, context, quiet).by_vehicle(quiet)

        early: list[bool] = []

        def route(drawn: QgsVectorLayer) -> Routed:
            one = asked(drawn)
            routed = self._route(one, context, quiet, control)
            early.append(one.effort.stopped_early)
            return routed

        runs = Runs(lambda drawn: self._plain(asked(drawn), context, quiet, control.unseen()), route)
        limits = self._limits(parameters, context, given)
        found = turn(layer, runs, limits, kept, given.effort, context, feedback, control)
        numbers = {**numbers_of(found), STOPPED_EARLY: int(any(early))}
        self._tell(found, feedback)
        outputs = self._write(parameters, context, roads_layer(found), stretches_layer(found, context))
        if report:
            from ....plugin.reports.contraflow import write_contraflow_report

            with self.reporting(names.OUTPUT_HTML, report):
                write_contraflow_report(report, found, numbers)
            outputs[names.OUTPUT_HTML] = report
        return {**outputs, **numbers}

    def _plain(
        self, given: RoutingParameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback, control: Control
    ) -> ReadNetwork:
        """Read the roads alone: no barriers, no closures, capacities as they are on a dry day."""
        from dataclasses import replace

        plain = replace(given.roads, barriers=None, options=replace(given.roads.options, capacity_factor=1.0))
        return plain.network(context, feedback, control)

    def _route(
        self, given: RoutingParameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback, control: Control
    ) -> Routed:
        """Run the routing in full, as “Route the evacuation” does."""
        from ....plugin.layers.contraflow.candidates import Routed
        from ....plugin.solvers.routing.road_use import road_use

        unseen = control.unseen().unlogged()
        case = given.case(context, feedback, unseen)
        result = given.solved(case.problem, unseen.with_effort(given.effort), certify=False)
        return Routed(case, result, road_use(result, case.read.network.is_road, unseen))

    def _kept(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Places | None:
        from ....plugin.layers.places import read_places

        source = self.source(parameters, names.KEEP_REACHABLE, context)
        return None if source is None else read_places(source, names.KEEP_REACHABLE, None, context, feedback)

    def _classes(self, parameters: dict[str, Any], context: QgsProcessingContext) -> list[str]:
        text = self.parameterAsString(parameters, names.CLASSES, context).replace(";", ",")
        return [part.strip().casefold() for part in text.split(",") if part.strip()]

    def _limits(self, parameters: dict[str, Any], context: QgsProcessingContext, given: RoutingParameters) -> Limits:
        from ....plugin.layers.contraflow.search import Limits

        def number(name: str) -> float | None:
            return None if parameters.get(name) in (None, "") else self.parameterAsDouble(parameters, name, context)

        most = number(names.MAX_LENGTH)
        return Limits(
            self._classes(parameters, context),
            self.parameterAsInt(parameters, names.MAX_STRETCHES, context),
            float("inf") if most is None else most,
            number(names.KEEP_LANES),
            given.roads.options.road_classes,
            given.roads.options.length_field,
            given.roads.max_snap_distance,
            given.choice.stuck_seconds,
        )

    def _tell(self, found: Turning, feedback: QgsProcessingFeedback) -> None:
        for judged in found.others:
            if judged.reason:
                feedback.pushInfo(f"{judged.candidate.name} is not turned: {judged.reason}.")
        feedback.pushInfo(found.sentence)

    def _write(
        self, parameters: dict[str, Any], context: QgsProcessingContext, turned: Any, stretches: Any
    ) -> dict[str, Any]:
        outputs = {names.OUTPUT: self.write(parameters, names.OUTPUT, context, turned)}
        table = self.write(parameters, names.OUTPUT_STRETCHES, context, stretches)
        if table is not None:
            outputs[names.OUTPUT_STRETCHES] = table
        return outputs
