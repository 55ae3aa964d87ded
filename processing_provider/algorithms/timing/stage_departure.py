"""``evacuation:stagedeparture``: when to call which zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSink,
)

from ....plugin.solvers.errors import SolverError
from ...base import EvacuationAlgorithm
from ...effort_parameters import stopped_early
from ...result_parameters import add_numbers, add_report
from ..roads.travel_parameters import add_walk_on_lanes
from ..routing.plan_parameters import add_plan_parameters
from . import names
from .zone_parameters import INTEGER, ZoneInputs, add_moment_field, add_step_minutes, add_zones, threads

if TYPE_CHECKING:
    from ....plugin.layers.timing.case import TimedCase
    from ....plugin.layers.timing.stage_rows import StagedCase

# How much is searched, by effort.
SPLITS, OWN_SWEEPS, SWEEPS, SWAPS, REROUTINGS = (4, 10, 30), (1, 2, 10), (3, 10, 30), (0, 100, 1000), (0, 1, 2)


class StageDeparture(EvacuationAlgorithm):
    """Finds waves in which to call the zones of a plan."""

    ID = "stagedeparture"
    TITLE = "Stage the departures"
    TAGS = ("staging", "phased", "waves", "order", "hazard", "zones", "plan", "departure")
    SUMMARY = (
        "Finds when to call which zone, in waves: fewest people caught by the hazard, then the last arrival within a "
        "limit, then least time on the road and waiting to get onto it.\n"
        "It begins with everybody at once, waves by the hazard's arrival, waves by bottleneck, and a time of its own "
        "for each zone, joined to waves; moves one zone or wave after the other by a step, and keeps what the exact "
        "simulation of the plan finds better, never worse than everybody at once. Routes are found anew when moves "
        "gain nothing (not with a quick effort).\n"
        "Where some of the plan drive and some walk, all of a zone are called together.\n"
        "Where waves gain nothing it says so; and where people are caught, which road explains it: how many it lets "
        "pass before it, or a road behind it, closes."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        tr = self.tr
        add_zones(self)
        moment = "minutes after the start time, or date and time. Empty: {}."
        add_moment_field(
            self, names.EARLIEST_FIELD, tr("Earliest order"), None,
            "Before which a zone cannot be told: " + moment.format("the start time"),
        )  # fmt: skip
        add_moment_field(
            self, names.LATEST_FIELD, tr("Latest order"), None,
            "After which it must not be: " + moment.format("when the hazard first reaches the zone"),
        )  # fmt: skip
        self.add_number(
            names.WAVES, tr("Waves"), 3, "How many calls there may be; zones of a wave are told together.",
            kind=INTEGER, least=1,
        )  # fmt: skip
        self.add_number(
            names.MAX_CLEARANCE, tr("Last arrival at the latest (minutes)"), None,
            "Staging may not take longer than this. Empty: what everybody at once takes, and a tenth.", least=0.01,
        )  # fmt: skip
        add_step_minutes(self, "Waves are called at whole multiples of this after the start time.")
        add_plan_parameters(self)
        add_walk_on_lanes(self)
        self._add_outputs()

    def _add_outputs(self) -> None:
        tr = self.tr
        self.add(
            QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Zones with their orders")),
            "The zones with order_time (minutes after the start time) and wave; who is caught, here and if everybody "
            "is told at once; the zones' other fields behind.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                names.OUTPUT_TRIPS, tr("Trips with their orders"), QgsProcessing.SourceType.TypeVectorLine, None, True
            ),
            "A line for each zone, destination and mode of the plan, with people and order_time: TRIPS for “Route the "
            "evacuation”.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                names.OUTPUT_STEPS, tr("Steps of the search"), QgsProcessing.SourceType.TypeVector, None, True
            ),
            "A table of each step that was kept, with what came of it.",
        )
        add_report(self, "The calls, what they bring against everybody at once, and the steps.")
        add_numbers(
            self,
            {
                names.CAUGHT: tr("People caught"),
                names.AT_ONCE_CAUGHT: tr("People caught if everybody is told at once"),
                names.CAUGHT_BOUND: tr("People caught at least by these routes, however zones are called"),
                names.CLEARANCE_TIME: tr("Seconds until the last who gets out has arrived"),
                names.AT_ONCE_CLEARANCE: tr("The same if everybody is told at once"),
                names.TOTAL_TIME: tr("Time on the road and waiting of those who arrive (vehicle- or person-seconds)"),
                names.AT_ONCE_TIME: tr("The same if everybody is told at once"),
                names.WAVES_USED: tr("Calls"),
            },
        )

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.timing.stage_rows import StagedCase, step_layer, trip_layer, zone_layer
        from ....plugin.solvers.timing.rerouting import routes_anew
        from ....plugin.solvers.timing.staging import Staging, stage_departures

        moments = [names.EARLIEST_FIELD, names.LATEST_FIELD]
        given = ZoneInputs(self, parameters, moments, context, feedback)
        case = given.case(None, context, feedback, self.control(feedback, 0.0, 20.0))
        earliest, latest = self._bounds(given, case, feedback)
        effort, limit = given.plan.effort, None
        if parameters.get(names.MAX_CLEARANCE) not in (None, ""):
            limit = int(60e6 * self.parameterAsDouble(parameters, names.MAX_CLEARANCE, context))
        step, waves = (self.parameterAsInt(parameters, key, context) for key in (names.STEP_MINUTES, names.WAVES))
        counted = (effort.pick(*levels) for levels in (SPLITS, OWN_SWEEPS, SWEEPS, SWAPS, REROUTINGS))
        asked = Staging(case.plan, earliest, latest, case.arrival, step, waves, limit, *counted)
        feedback.setProgressText(self.tr("Calling zones in waves"))
        control = self.control(feedback, 20.0, 95.0, effort)
        found = StagedCase(case, stage_departures(asked, routes_anew, control, threads()))
        numbers = {**self._numbers(found), **stopped_early(effort, feedback)}
        outputs: dict[str, Any] = {}
        for name, layer in (
            (names.OUTPUT, zone_layer(found, given.source.wkbType(), given.id_field, feedback)),
            (names.OUTPUT_TRIPS, trip_layer(found, context)),
            (names.OUTPUT_STEPS, step_layer(found)),
        ):
            destination = self.write(parameters, name, context, layer)
            if destination is not None:
                outputs[name] = destination
        path = self.parameterAsFileOutput(parameters, names.OUTPUT_HTML, context)
        if path:
            from ....plugin.reports.timing import write_stage_report

            with self.reporting(names.OUTPUT_HTML, path):
                write_stage_report(path, found, numbers)
            outputs[names.OUTPUT_HTML] = path
        return {**outputs, **numbers}

    def _bounds(
        self, given: ZoneInputs, case: TimedCase, feedback: QgsProcessingFeedback
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return between which moments (z,) µs each zone can be told."""
        from ....plugin.solvers.routing.queue.network import microseconds

        found = []
        for name, otherwise in (
            (names.EARLIEST_FIELD, np.zeros(len(case.zones), dtype=np.int64)), (names.LATEST_FIELD, case.arrival),
        ):  # fmt: skip
            column = given.columns[name]
            if column is None:
                found.append(otherwise)
                continue
            seconds = column.seconds(given.plan.start, feedback)
            known = np.isfinite(seconds)
            found.append(np.where(known, microseconds(np.maximum(np.where(known, seconds, 0.0), 0.0)), otherwise))
        earliest, latest = found
        wrong = np.flatnonzero(latest < earliest)
        if len(wrong):
            raise SolverError(
                f"EARLIEST_FIELD, LATEST_FIELD: zone {case.zones.ids[wrong[0]]} of “{case.zones.name}” can be told "
                f"{earliest[wrong[0]] / 6e7:g} min after START_TIME at the earliest and must be after "
                f"{latest[wrong[0]] / 6e7:g} min at the latest (when the hazard reaches it, where the field is empty). "
                f"Correct one of them."
            )
        return earliest, latest

    def _numbers(self, found: StagedCase) -> dict[str, Any]:
        """Return the numbers, and log what they mean."""
        staged = found.found
        numbers = {
            names.CAUGHT: staged.value[0],
            names.AT_ONCE_CAUGHT: staged.at_once_value[0],
            names.CAUGHT_BOUND: staged.bound.people,
            names.CLEARANCE_TIME: staged.outcome.last / 1e6,
            names.AT_ONCE_CLEARANCE: staged.at_once.last / 1e6,
            names.TOTAL_TIME: staged.value[2] / 1e6,
            names.AT_ONCE_TIME: staged.at_once_value[2] / 1e6,
            names.WAVES_USED: len(np.unique(staged.wave)),
        }
        for text in (found.verdict(), found.explanation()):
            if text:
                self.feedback.pushInfo(text)
        if staged.bound.staying:
            self.feedback.pushWarning(
                f"PLAN: {staged.bound.staying:,.0f} people have no way in the plan, nor in routes found anew: they do "
                "not get out whenever they are called and count as caught. Route OUTPUT_TRIPS again, or plan other "
                "help for them."
            )
        return numbers
