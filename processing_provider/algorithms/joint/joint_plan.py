"""``evacuation:jointplan``: who goes where and by which streets, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...base import EvacuationAlgorithm
from ...effort_parameters import STOPPED_EARLY
from ..allocation.allocation_outputs import write_allocation
from ..roads.walk_parameters import add_max_walk, max_walk, told_walks
from ..routing import names as routing
from ..routing.routing_outputs import tell, write_layers
from . import names
from .joint_inputs import JointParameters, refuse_choices
from .joint_outputs import joint_numbers, tell_plan
from .joint_parameters import add_joint_outputs, add_joint_parameters

if TYPE_CHECKING:
    from ....plugin.layers.joint.case import JointCase
    from ....plugin.solvers.control import Control
    from ....plugin.solvers.joint.result import JointResult


class JointPlan(EvacuationAlgorithm):
    """Chooses shelters and streets together, for doors and bridges decide who should go where."""

    ID = "jointplan"
    TITLE = "Plan shelters and streets together"
    TAGS = ("joint", "plan", "shelter", "route", "allocation", "exit", "clearance", "congestion", "traffic", "optimum")
    SUMMARY = (
        "Chooses for everybody a shelter and the streets there at once, so that travel time (or the last arrival, or "
        "the time in the hazard) is least: who goes to the nearest shelter first and is routed then may queue for "
        "hours at its doors while others stand empty.\n"
        "Vehicles queue on roads with a capacity at their end and room for so many (the flow model “queue” of “Route "
        "the evacuation”). No shelter takes more people than it has room for, groups stay whole as you ask, and as "
        "many people as possible have a place before anything else counts.\n"
        "Beside it stands the step-wise plan, “Allocate people to shelters” by travel time and then “Route the "
        "evacuation”: the search starts there and is never worse, and the report compares both: map, clearance "
        "curves, loads, who is sent elsewhere and what that costs him. The gap says how much better a plan could be at "
        "most.\n"
        "Without shelters, or where “Safe exits” is chosen, people go where roads leave the hazard for good: how long "
        "until this area is empty?"
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_joint_parameters(self)
        add_joint_outputs(self)
        add_max_walk(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        refuse_choices(self, parameters, context)
        max_walk(self, parameters, context)

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.joint.case import joint_case
        from ....plugin.layers.joint.plans import allocation_case, allocation_of, classes_of, routed_plan, walks_of_plan
        from ....plugin.layers.routing.capacity import capacity_warning

        given = JointParameters.read(self, parameters, context, feedback)
        limit = max_walk(self, parameters, context)
        case = joint_case(given.sources, given.options, context, feedback, self.control(feedback, 0.0, 20.0))
        limit.refuse_unknown(case.demand.classes.classes)
        control = self.control(feedback, 20.0, 90.0, given.effort)
        result = self._solved(case, given, control)
        feedback.setProgressText(self.tr("Traffic on the roads"))
        quiet = control.unseen()
        found = routed_plan(case, result.plan, context, quiet)
        placed = allocation_of(case, result.plan)
        numbers = joint_numbers(found, placed, case, result)
        numbers[STOPPED_EARLY] = int(control.effort.stopped_early)
        warning = capacity_warning(found.case, found.result, found.floor)
        tell(self, found, {**numbers, routing.UNROUTED: 0}, warning)  # who stays is told with the allocation
        tell_plan(self, case, result, numbers)
        by_class, caught = classes_of(case, placed, result.plan)
        whole = allocation_case(case, result, caught)
        numbers |= told_walks(walks_of_plan(case, found, limit), limit, feedback)
        outputs = write_allocation(self, parameters, context, by_class, whole, names.OUTPUT_ALLOCATION)
        outputs.update(write_layers(self, parameters, found, context))
        if given.report:
            from ....plugin.reports.joint import write_joint_report

            beside = routed_plan(case, result.stepwise, context, quiet)
            with self.reporting(routing.OUTPUT_HTML, given.report):
                write_joint_report(given.report, case, result, found, beside, numbers, warning)
            outputs[routing.OUTPUT_HTML] = given.report
        return {**outputs, **numbers}

    def _solved(self, case: JointCase, given: JointParameters, control: Control) -> JointResult:
        from ....plugin.solvers.joint.solve import solve

        return solve(
            case.problem,
            unit=given.unit,
            split=given.split,
            aim=given.aim,
            preference_seconds=given.preference_seconds,
            stuck_seconds=given.options.choice.stuck_seconds,
            reroute_minutes=given.options.choice.reroute_minutes,
            max_routes=given.max_routes,
            certify=given.certify,
            seed=given.options.departures.seed,
            control=control,
        )
