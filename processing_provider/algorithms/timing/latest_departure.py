"""``evacuation:latestdeparture``: by when each zone must be told to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
)

from ...base import EvacuationAlgorithm
from ...effort_parameters import stopped_early
from ...result_parameters import add_numbers, add_report
from ..roads.travel_parameters import add_walk_on_lanes
from ..routing.plan_parameters import add_plan_parameters
from . import names
from .zone_parameters import INTEGER, ZoneInputs, add_moment_field, add_step_minutes, add_zones, threads

if TYPE_CHECKING:
    from ....plugin.layers.timing.latest_rows import LatestCase


class LatestDeparture(EvacuationAlgorithm):
    """Finds for each zone the last minute at which the order to leave can come."""

    ID = "latestdeparture"
    TITLE = "Latest orders"
    TAGS = ("hazard", "order", "deadline", "warning", "time", "decision", "zones", "plan")
    SUMMARY = (
        "For each zone the last minute at which the order to leave can come, so that the zone gets out by the routes "
        "of a plan and nobody else is caught because of it.\n"
        "The order of one zone is moved, all others stay as they are in the plan, and the plan is simulated again: "
        "queues, closings and the hazard decide. The boundary is found by bisection and then checked downwards in "
        "steps to the start time, since a later order may meet an emptier road; the answer is the last minute up to "
        "which every order tried works.\n"
        "The times are for one zone at a time. Told at their own last minutes together, zones meet in the queues: "
        "TOGETHER_CAUGHT says how many people are caught then.\n"
        "Where some of the plan drive and some walk, a zone is told as a whole: its latest order is the earlier one.\n"
        "Make the plan with orders that come early enough: vehicles that have no way in it have none here."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        tr = self.tr
        add_zones(self)
        add_moment_field(
            self, names.ORDER_TIME_FIELD, tr("Order time field"), "order_time",
            "When each zone is told, against which its margin counts: minutes after the start time, or date and time. "
            "Empty values, and without the field: as in the plan. Default: “order_time” if there is one.",
        )  # fmt: skip
        self.add_number(
            names.DECISION_MINUTES, tr("From decision to order (minutes)"), 0,
            "What passes until a decision has become an order: latest_decision is so much earlier.", kind=INTEGER,
        )  # fmt: skip
        add_step_minutes(self, "Below each answer an order is tried every so many minutes, down to the start time.")
        self.add(
            QgsProcessingParameterBoolean(names.REROUTE, tr("Find routes anew"), False),
            "Finds the best routes again for each zone told a minute too late, and says how many minutes they add: a "
            "search for routes for every zone, which takes long.",
            advanced=True,
        )
        add_plan_parameters(self)
        add_walk_on_lanes(self)
        self.add(
            QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Latest orders")),
            "The zones with latest_order, latest_decision, margin (minutes), bottleneck (the road it hangs on), and "
            "later_window where a later minute works again; the zones' other fields behind. Each time is for that zone "
            "alone.",
        )
        add_report(
            self, "Latest orders by urgency, what they hang on, and what happens where all zones wait for theirs."
        )
        add_numbers(
            self,
            {
                names.TOGETHER_CAUGHT: tr("People caught where each zone is told at its own latest order"),
                names.CAUGHT: tr("People caught at the orders of the plan"),
                names.LEAST_MARGIN: tr("Least minutes between a zone's order in the plan and its latest one"),
                names.TOO_LATE_ZONES: tr("Zones that do not get out even if told at the start time"),
                names.UNLIMITED_ZONES: tr("Zones that get out whenever they are told"),
            },
        )

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.timing.latest_rows import LatestCase, latest_layer
        from ....plugin.solvers.timing.latest_departures import latest_departures
        from ....plugin.solvers.timing.rerouting import rerouted_orders

        given = ZoneInputs(self, parameters, [names.ORDER_TIME_FIELD], context, feedback)
        told = given.columns[names.ORDER_TIME_FIELD]
        case = given.case(told, context, feedback, self.control(feedback, 0.0, 20.0))
        step = self.parameterAsInt(parameters, names.STEP_MINUTES, context)
        again = self.parameterAsBoolean(parameters, names.REROUTE, context)
        feedback.setProgressText(self.tr("Moving the orders"))
        control = self.control(feedback, 20.0, 50.0 if again else 95.0, given.plan.effort)
        parts = [~case.walks, case.walks] if case.mixed else []
        latest = latest_departures(case.plan, case.order, step, control, threads(), parts)
        rerouted = None
        if again:
            feedback.setProgressText(self.tr("Finding routes anew"))
            control = self.control(feedback, 50.0, 95.0, given.plan.effort)
            rerouted = rerouted_orders(case.plan, case.order, latest.latest, step, control)
        decision = self.parameterAsInt(parameters, names.DECISION_MINUTES, context)
        found = LatestCase(case, latest, decision, rerouted)
        numbers = {**self._numbers(found), **stopped_early(given.plan.effort, feedback)}
        layer = latest_layer(found, given.source.wkbType(), given.id_field, feedback)
        outputs: dict[str, Any] = {names.OUTPUT: self.write(parameters, names.OUTPUT, context, layer)}
        path = self.parameterAsFileOutput(parameters, names.OUTPUT_HTML, context)
        if path:
            from ....plugin.reports.timing import write_latest_report

            with self.reporting(names.OUTPUT_HTML, path):
                write_latest_report(path, found, numbers)
            outputs[names.OUTPUT_HTML] = path
        return {**outputs, **numbers}

    def _numbers(self, found: LatestCase) -> dict[str, Any]:
        """Return the numbers, and log what they mean."""
        from ....plugin.layers.timing.latest_rows import (
            LATEST,
            NO_WAY,
            SOME_STAY,
            TOO_LATE,
            UNLIMITED,
            counts,
            least_margin,
        )

        results, margin = counts(found), least_margin(found)
        numbers: dict[str, Any] = {
            names.TOGETHER_CAUGHT: found.together_caught,
            names.CAUGHT: found.base_caught,
            names.TOO_LATE_ZONES: results[TOO_LATE] + results[SOME_STAY] + results[NO_WAY],
            names.UNLIMITED_ZONES: results[UNLIMITED],
        }
        self.feedback.pushInfo(
            f"{results[LATEST]} zone(s) have a latest order, {results[UNLIMITED]} get out whenever they are told, "
            f"{results[TOO_LATE]} have none: told at START_TIME, somebody of theirs is caught, or somebody else who "
            "was not before. The times are for one zone at a time: told at their own latest orders together, "
            f"{found.together_caught:,} people are caught ({found.base_caught:,} by the plan)."
        )
        staying = int(round(float(found.case.staying.sum())))
        if staying:
            zones = int((found.case.staying > 0).sum())
            self.feedback.pushWarning(
                f"PLAN: {staying:,} people of {zones} zone(s) have no way in the plan, so they do not get out even "
                f"if told at once. The others of {results[SOME_STAY]} of these zones get out until latest_of_rest. "
                "Make the plan with earlier orders, or plan other help for them."
            )
        if margin is not None:
            numbers[names.LEAST_MARGIN] = margin
        return numbers
