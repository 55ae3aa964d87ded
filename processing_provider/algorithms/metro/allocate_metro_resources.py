"""evacuation:allocatemetroresources: which rescue point sends how much of what to which metro incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ...base import EvacuationAlgorithm
from ...effort_parameters import add_effort, read_effort, stopped_early
from ..roads.network_parameters import add_network_parameters
from . import metro_parameters as shared
from .metro_inputs import read_metro_places, read_metro_problem

if TYPE_CHECKING:
    from ....plugin.layers.metro.travel import MetroTravel
    from ....plugin.layers.places import Places
    from ....plugin.solvers.effort import Effort
    from ....plugin.solvers.metro.problem import MetroProblem
    from ....plugin.solvers.metro.response import Response


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
        for layer in ("STATIONS", "SUPPLY", "INCIDENTS", "DEMAND", "TRAVEL"):
            shared.add_layer(self, layer)
        add_network_parameters(self, optional=True, capacity=False)
        shared.add_travel_numbers(self)
        shared.add_model_parameters(self)
        shared.add_method(self)
        shared.add_swarm_parameters(self)
        seed = QgsProcessingParameterNumber("SEED", self.tr("Seed of the swarm"), defaultValue=0, minValue=0)
        self.add(seed, "The same seed gives the same answer.", advanced=True)
        add_effort(self)
        shared.add_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        from ....plugin.solvers.metro.problem import check_weights, parse_tiers

        parse_tiers(self.parameterAsString(parameters, "PENALTY_TIERS", context))
        check_weights(*(self.parameterAsDouble(parameters, w, context) for w in ("WEIGHT_DELAY", "WEIGHT_COST")))
        shared.read_swarm_parameters(self, parameters, context)

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.solvers.metro.response import respond

        stations = read_metro_places(self, parameters, "STATIONS", context, feedback)
        incidents = read_metro_places(self, parameters, "INCIDENTS", context, feedback)
        control = self.control(feedback, 0.0, 40.0)
        problem, travel = read_metro_problem(self, parameters, stations, incidents, context, feedback, control)
        if not problem.demand.any():
            feedback.pushWarning(self.tr("DEMAND: nothing is demanded, so nothing is sent."))
        control = self.control(feedback, 40.0, 95.0, read_effort(self, parameters, context))
        swarm = None
        if self.parameterAsEnum(parameters, "METHOD", context) == shared.SWARM:
            swarm = shared.read_swarm_parameters(self, parameters, context)
        response = respond(
            problem,
            swarm=swarm,
            repair=self.parameterAsBool(parameters, "SWARM_REPAIR", context),
            seed=self.parameterAsInt(parameters, "SEED", context),
            control=control,
            warn=feedback.pushWarning,
        )
        return self._write(
            parameters, context, feedback, problem, travel, stations, incidents, response, control.effort
        )

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        problem: MetroProblem,
        travel: MetroTravel,
        stations: Places,
        incidents: Places,
        response: Response,
        effort: Effort,
    ) -> dict[str, Any]:
        from ....plugin.layers.metro import outputs as rows
        from ....plugin.reports.metro import write_metro_report

        units = response.dispatch.units
        pairs = rows.sent_pairs(units)
        routes = dict(zip(pairs, travel.routes(pairs)))
        unmet_demands = rows.with_notes(response.unmet_demands, travel.notes)
        for short in unmet_demands:
            place, resource = problem.incidents[short.incident], problem.resources[short.resource]
            feedback.pushWarning(f"{place}, {resource}: {short.delivered} of {short.demanded} units; {short.reason}.")
        line, point = QgsWkbTypes.Type.LineString, QgsWkbTypes.Type.Point
        sent = rows.sent_rows(problem, units, travel, routes)
        left = rows.remaining_rows(problem, units, stations)
        unmet = rows.unmet_rows(problem, unmet_demands, incidents)
        curve = rows.convergence_rows(response.histories, response.optimum)
        style = "allocatemetroresources_{}".format
        report, warning = self.parameterAsFileOutput(parameters, "OUTPUT_HTML", context), effort.warning()
        if report:
            with self.reporting("OUTPUT_HTML", report):
                write_metro_report(
                    report, problem, response, unmet_demands, travel, stations, incidents, routes, context, warning
                )
        outputs = {
            "OUTPUT": self.write(parameters, "OUTPUT", context, rows.SENT, sent, line, stations.crs, style("output")),
            "OUTPUT_STATIONS": self.write(
                parameters,
                "OUTPUT_STATIONS",
                context,
                rows.REMAINING,
                left,
                point,
                stations.crs,
                style("output_stations"),
            ),
            "OUTPUT_UNMET": self.write(
                parameters, "OUTPUT_UNMET", context, rows.UNMET, unmet, point, incidents.crs, style("output_unmet")
            ),
            "OUTPUT_CONVERGENCE": self.write(parameters, "OUTPUT_CONVERGENCE", context, rows.CONVERGENCE, curve),
            "OUTPUT_HTML": report or None,
        }
        numbers = {
            "FITNESS": response.dispatch.fitness.total,
            "DELAY_PENALTY": response.dispatch.fitness.delay_penalty,
            "ALLOCATION_COST": response.dispatch.fitness.allocation_cost,
            "OPTIMUM": response.optimum,
            "GAP": response.gap,
            "UNMET": sum(short.unmet for short in unmet_demands),
            **stopped_early(effort, feedback),
        }
        return {name: value for name, value in {**outputs, **numbers}.items() if value is not None}
