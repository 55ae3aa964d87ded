"""evacuation:allocatemetroresources: which rescue point sends how much of what to which metro incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ....plugin.layers.writing import OutputLayer
from ...base import EvacuationAlgorithm
from ...effort_parameters import add_effort, read_effort, stopped_early
from ...result_parameters import add_report
from ..roads.network_parameters import add_network_parameters
from . import metro_parameters as shared
from . import names
from .metro_inputs import read_metro_case

if TYPE_CHECKING:
    from ....plugin.layers.metro.case import MetroCase
    from ....plugin.solvers.effort import Effort
    from ....plugin.solvers.metro.dispatch import UnmetDemand
    from ....plugin.solvers.metro.response import Response


_SINKS = (
    (
        names.OUTPUT,
        "Deliveries",
        QgsProcessing.SourceType.TypeVectorLine,
        False,
        "A line for each rescue point, incident and resource type that is sent, with the units, the time and the cost.",
    ),
    (
        names.OUTPUT_STATIONS,
        "What is left in stock",
        QgsProcessing.SourceType.TypeVectorPoint,
        True,
        "A point for each rescue point and resource type it stocks, with the units before, sent and left.",
    ),
    (
        names.OUTPUT_UNMET,
        "What is missing or late",
        QgsProcessing.SourceType.TypeVectorPoint,
        True,
        "A point for each incident and resource type that is short of units, or of which no unit comes in time, with "
        "the reason.",
    ),
    (
        names.OUTPUT_CONVERGENCE,
        "Convergence of the swarm",
        QgsProcessing.SourceType.TypeVector,
        True,
        "Table: the best fitness by iteration, for the plain swarm and the one with repair. Empty with the exact "
        "method.",
    ),
)
_NUMBERS = {
    names.FITNESS: "Fitness: weighted delay penalty and cost",
    names.DELAY_PENALTY: "Delay penalty, unweighted",
    names.ALLOCATION_COST: "Allocation cost, unweighted",
    names.OPTIMUM: "Fitness of the exact optimum",
    names.GAP: "Gap to the optimum or its bound (%)",
    names.UNMET: "Units that are missing",
}


class AllocateMetroResources(EvacuationAlgorithm):
    """Reads layers into a metro problem, solves it, and writes deliveries, stocks, shortages and the report."""

    ID = "allocatemetroresources"
    TITLE = "Allocate metro resources"
    GROUP = ("metro", "Metro emergencies")
    SUMMARY = (
        "Decides which rescue point sends how many units of which resource to which metro incident.\n"
        "Minimises the weighted sum of a penalty for late units and of the allocation cost, keeps to the stocks, and "
        "brings one unit of each demanded type to each incident within the time limit (Lu and Sun, Sustainability "
        "2020, 12(16), 6380, section 4; here for several incidents too). Where that cannot be done, as many units as "
        "possible are sent, and what is missing is listed with the reason.\n"
        "Several allocations can be equally good; HiGHS and CBC give the same one where the log says that every solver "
        "agrees on it, else it may depend on the solver."
    )
    TAGS = ("metro", "subway", "emergency", "resources", "rescue", "particle swarm", "pso", "stock")

    def initAlgorithm(self, config: dict[str, Any] | None = None) -> None:
        for layer in (names.STATIONS, names.SUPPLY, names.INCIDENTS, names.DEMAND, names.TRAVEL):
            shared.add_layer(self, layer)
        add_network_parameters(self, optional=True, capacity="", factor=False, travel=False)
        shared.add_travel_numbers(self)
        shared.add_model_parameters(self)
        shared.add_method(self)
        shared.add_swarm_parameters(self)
        seed = QgsProcessingParameterNumber(names.SEED, self.tr("Seed of the swarm"), defaultValue=0, minValue=0)
        self.add(seed, "The same seed gives the same answer.", advanced=True)
        add_effort(self)
        _add_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        shared.MetroParameters.read(self, parameters, context)
        shared.read_swarm_parameters(self, parameters, context)

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.solvers.metro.response import respond

        case = read_metro_case(self, parameters, context, feedback, self.control(feedback, 0.0, 40.0))
        if not case.problem.demand.any():
            feedback.pushWarning(self.tr("DEMAND: nothing is demanded, so nothing is sent."))
        control = self.control(feedback, 40.0, 95.0, read_effort(self, parameters, context))
        swarm = None
        if self.parameterAsEnum(parameters, names.METHOD, context) == shared.SWARM:
            swarm = shared.read_swarm_parameters(self, parameters, context)
        response = respond(
            case.problem,
            swarm=swarm,
            repair=self.parameterAsBool(parameters, names.SWARM_REPAIR, context),
            seed=self.parameterAsInt(parameters, names.SEED, context),
            control=control,
            warn=feedback.pushWarning,
        )
        return self._write(parameters, context, feedback, case, response, control.effort)

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        case: MetroCase,
        response: Response,
        effort: Effort,
    ) -> dict[str, Any]:
        from ....plugin.layers.metro import outputs as rows
        from ....plugin.reports.metro import write_metro_report

        problem, travel, units = case.problem, case.travel, response.dispatch.units
        pairs = rows.sent_pairs(units)
        routes = dict(zip(pairs, travel.routes(pairs)))
        unmet_demands = rows.with_notes(response.unmet_demands, travel.notes)
        for short in unmet_demands:
            place, resource = problem.incidents[short.incident], problem.resources[short.resource]
            feedback.pushWarning(f"{place}, {resource}: {short.delivered} of {short.demanded} units; {short.reason}.")
        report, warning = self.parameterAsFileOutput(parameters, names.OUTPUT_HTML, context), effort.warning()
        if report:
            with self.reporting(names.OUTPUT_HTML, report):
                write_metro_report(report, case, response, unmet_demands, routes, context, warning)
        outputs = {
            **{
                name: self.write(parameters, name, context, layer)
                for name, layer in _layers(case, response, routes, unmet_demands).items()
            },
            names.OUTPUT_HTML: report or None,
        }
        numbers = {
            names.FITNESS: response.dispatch.fitness.total,
            names.DELAY_PENALTY: response.dispatch.fitness.delay_penalty,
            names.ALLOCATION_COST: response.dispatch.fitness.allocation_cost,
            names.OPTIMUM: response.optimum,
            names.GAP: response.gap,
            names.UNMET: sum(short.unmet for short in unmet_demands),
            **stopped_early(effort, feedback),
        }
        return {name: value for name, value in {**outputs, **numbers}.items() if value is not None}


def _layers(
    case: MetroCase, response: Response, routes: dict[Any, Any], unmet_demands: list[UnmetDemand]
) -> dict[str, OutputLayer]:
    """Return the layers by the names of their outputs."""
    from ....plugin.layers.metro import outputs as rows

    problem, units, stations = case.problem, response.dispatch.units, case.stations
    line, point, style = QgsWkbTypes.Type.LineString, QgsWkbTypes.Type.Point, "allocatemetroresources_{}".format
    sent = rows.sent_rows(problem, units, case.travel, routes)
    left = rows.remaining_rows(problem, units, stations)
    unmet = rows.unmet_rows(problem, unmet_demands, case.incidents)
    curve = rows.convergence_rows(response.histories, response.optimum)
    return {
        names.OUTPUT: OutputLayer(rows.SENT, sent, line, stations.crs, style("output")),
        names.OUTPUT_STATIONS: OutputLayer(rows.REMAINING, left, point, stations.crs, style("output_stations")),
        names.OUTPUT_UNMET: OutputLayer(rows.UNMET, unmet, point, case.incidents.crs, style("output_unmet")),
        names.OUTPUT_CONVERGENCE: OutputLayer(rows.CONVERGENCE, curve),
    }


def _add_outputs(algorithm: EvacuationAlgorithm) -> None:
    """Add the layers, the report and the numbers an allocation gives."""
    for name, title, kind, optional, text in _SINKS:
        wanted = name != names.OUTPUT_CONVERGENCE
        sink = QgsProcessingParameterFeatureSink(name, algorithm.tr(title), kind, None, optional, wanted)
        algorithm.add(sink, text)
    add_report(
        algorithm,
        "Figures, a map extract, the plan by rescue point and incident, shortages and the comparison of methods.",
    )
    for name, title in _NUMBERS.items():
        algorithm.addOutput(QgsProcessingOutputNumber(name, algorithm.tr(title)))
