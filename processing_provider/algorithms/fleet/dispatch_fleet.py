"""``evacuation:dispatchfleet``: people who can neither walk nor drive are fetched, planned anew period by period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...base import EvacuationAlgorithm
from ...effort_parameters import read_effort, stopped_early
from . import names
from .fleet_inputs import read_options, read_sources
from .fleet_parameters import add_fleet_outputs, add_fleet_parameters

if TYPE_CHECKING:
    from ....plugin.layers.fleet.dispatched import Dispatched


class DispatchFleet(EvacuationAlgorithm):
    """Sends buses to fetch people, by a plan that is made anew each period from what is known then."""

    ID = "dispatchfleet"
    TITLE = "Dispatch a fleet"
    TAGS = ("bus", "buses", "vehicle routing", "pickup", "dial-a-ride", "rolling horizon", "wheelchair", "ambulance")
    SUMMARY = (
        "Fetches people who can neither walk nor drive and brings them to shelters with room, while requests come in.\n"
        "At the start of each period a plan is made for the next few periods from what is known then, expected "
        "requests included; only the tours that start in this period are carried out, the rest is planned anew. A "
        "vehicle gets new requests only when it has finished its earlier ones, and one that finishes inside a period "
        "waits at its last shelter until the next begins: the rolling horizon of Xu et al. 2023 (Chinese Journal of "
        "Computers, doi 10.11897/SP.J.1016.2023.01427), section 3.2.\n"
        "Aim: as many people as possible, then least person-minutes of waiting until aboard, then least driving. The "
        "paper gives neither the length of a period nor an aim: both are ours.\n"
        "Travel times are those of empty roads: where evacuees fill the roads, buses take longer. Hazard and closures "
        "act from their own moments, and plans know of them from when they are known; tours are carried out under all "
        "of them."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_fleet_parameters(self)
        add_fleet_outputs(self)

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.fleet.case import fleet_case
        from ....plugin.layers.fleet.dispatched import dispatch
        from ....plugin.layers.fleet.findings import tell
        from ....plugin.solvers.dependencies import require

        report = self.report_path(parameters, names.OUTPUT_HTML, context)
        use_pyvrp = self.parameterAsBoolean(parameters, names.USE_PYVRP, context)
        if use_pyvrp:
            require("pyvrp", "tours to start from (USE_PYVRP)")
        effort = read_effort(self, parameters, context)
        options = read_options(self, parameters, context)
        sources = read_sources(self, parameters, context, feedback)
        case = fleet_case(sources, options, context, feedback, self.control(feedback, 0.0, 25.0, effort))
        seed = self.parameterAsInt(parameters, names.SEED, context)
        found = dispatch(case, seed, self.control(feedback, 25.0, 95.0, effort), use_pyvrp)
        tell(found, feedback)
        numbers = {**self._numbers(found), **stopped_early(effort, feedback)}
        outputs = self._layers(parameters, found, context)
        if report:
            from ....plugin.reports.fleet import write_fleet_report

            with self.reporting(names.OUTPUT_HTML, report):
                write_fleet_report(report, found, numbers)
            outputs[names.OUTPUT_HTML] = report
        return {**outputs, **numbers}

    def _numbers(self, found: Dispatched) -> dict[str, Any]:
        from ....plugin.layers.fleet.dispatched import MINUTE

        return {
            names.SERVED: found.rolling.served,
            names.UNSERVED: found.left,
            names.LAST_ARRIVAL: found.last_arrival,
            names.WAITING: found.waiting,
            names.PERFECT_INFORMATION: found.perfect.waiting / MINUTE,
        }

    def _layers(self, parameters: dict[str, Any], found: Dispatched, context: QgsProcessingContext) -> dict[str, Any]:
        from ....plugin.layers.fleet.rows import periods_layer, stops_layer, tours_layer, unserved_layer

        target = found.case.read.layer_crs
        out = {}
        for name, layer in (
            (names.OUTPUT, tours_layer(found, target, context)),
            (names.OUTPUT_STOPS, stops_layer(found, target, context)),
            (names.OUTPUT_UNSERVED, unserved_layer(found, target, context)),
            (names.OUTPUT_PERIODS, periods_layer(found)),
        ):
            destination = self.write(parameters, name, context, layer)
            if destination is not None:
                out[name] = destination
        return out
