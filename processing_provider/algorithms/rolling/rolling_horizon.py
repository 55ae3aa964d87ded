"""``evacuation:rollinghorizon``: a running evacuation by car and bus, planned anew as things become known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ....plugin.solvers.errors import SolverError
from ...base import EvacuationAlgorithm
from ...effort_parameters import stopped_early
from ..roads.travel_parameters import refuse_on_foot
from ..routing import names as routing
from ..routing.plan_parameters import PlanParameters
from ..routing.routing_outputs import routing_numbers, write_layers
from . import names
from .rolling_parameters import add_rolling_outputs, add_rolling_parameters

if TYPE_CHECKING:
    from ....plugin.layers.allocation.groups import Shelters
    from ....plugin.layers.rolling.case import RunningCase
    from ....plugin.layers.routing.outputs import RoutedCase
    from ....plugin.solvers.rolling.game import Played


class RollingHorizon(EvacuationAlgorithm):
    """Plays an evacuation and tells those on the way other ways when something new is known."""

    ID = "rollinghorizon"
    TITLE = "Re-plan a running evacuation"
    TAGS = ("rolling horizon", "replanning", "dynamic", "closure", "information", "plan", "now", "traffic")
    SUMMARY = (
        "Carries a plan by car and bus out, minute by minute, and makes it anew when something becomes known: a bridge "
        "that is out, a flood that comes earlier.\n"
        "Hazard and closures act from their own moments; HAZARD_KNOWN_FIELD and CLOSURES_KNOWN_FIELD say from when "
        "they are known. Until then everybody follows the plan, and who comes to a closed road stands at the last "
        "junction before it. At a re-planning everybody on the road stays where he is and can be sent another way "
        "from the next junction on, who has not left yet from his origin on; by what is known then fewest people are "
        "caught, then the least person-time is spent. What has happened before does not change.\n"
        "Beside it stand the plan that nobody changes and the best plan found for who knows everything from the start: "
        "the difference is what knowing earlier would have been worth. With everything known from the start nothing "
        "changes. A new plan is the better one by what is known; if what becomes known later makes it the worse one, "
        "the report says so.\n"
        "Cars and buses, and only those with a way in the plan; who walks is left out and counted in the log."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_rolling_parameters(self)
        add_rolling_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        refuse_on_foot(self, parameters, context, "a running evacuation is planned anew for vehicles alone.")
        change = self.parameterAsBoolean(parameters, names.CHANGE_SHELTER, context)
        if change and parameters.get(names.SHELTERS) in (None, ""):
            raise SolverError(
                self.tr(
                    "CHANGE_SHELTER: other shelters may be chosen, but SHELTERS is empty. Give the shelters with their "
                    "ids (SHELTER_ID_FIELD) and capacities (CAPACITY_FIELD)."
                )
            )

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.rolling.carried import routed_case
        from ....plugin.layers.rolling.case import running_case
        from ....plugin.solvers.rolling.game import play

        given = PlanParameters.read(self, parameters, context, feedback)
        shelters = self._shelters(parameters, context, feedback)
        if shelters is not None:
            given = replace(given, ends=replace(given.ends, more=shelters.places))
        on_roads, background = given.on_roads(context, feedback, self.control(feedback, 0.0, 15.0))
        now, step = (self._minutes(parameters, name, context) for name in (names.NOW_MINUTES, names.REPLAN_MINUTES))
        case = running_case(on_roads, background, shelters, now, step, given.start, given.stuck_seconds, feedback)
        feedback.setProgressText(self.tr("Carrying the plan out"))
        played = play(case.game, self.control(feedback, 15.0, 85.0, given.effort))
        feedback.setProgressText(self.tr("Traffic on the roads"))
        target = given.roads.source.sourceCrs()
        control = self.control(feedback, 85.0, 95.0)
        found = routed_case(case, played, given.danger.hazard, target, context, control)
        numbers = {
            **routing_numbers(found), **self._numbers(played), **stopped_early(given.effort, feedback),
        }  # fmt: skip
        self._tell(case, played)
        outputs = write_layers(self, parameters, found, context)
        outputs.update(self._layers(parameters, case, played, context))
        outputs.update(self._report(parameters, case, played, found, numbers, context))
        return {**outputs, **numbers}

    def _minutes(self, parameters: dict[str, Any], name: str, context: QgsProcessingContext) -> float | None:
        if parameters.get(name) in (None, ""):
            return None
        return float(self.parameterAsDouble(parameters, name, context))

    def _shelters(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Shelters | None:
        """Return the shelters that may be chosen, None where none may."""
        from ....plugin.layers.allocation.groups import read_shelters

        if not self.parameterAsBoolean(parameters, names.CHANGE_SHELTER, context):
            if parameters.get(names.SHELTERS) not in (None, ""):
                feedback.pushWarning(self.tr("SHELTERS: play no part without CHANGE_SHELTER."))
            return None
        source = self.source(parameters, names.SHELTERS, context)
        key = self.fields(parameters, names.SHELTER_ID_FIELD, source, context, feedback, fallbacks=[["shelter_id"]])[0]
        capacity = str(self.field(parameters, names.CAPACITY_FIELD, source, context, feedback))
        return read_shelters(source, key, capacity, True, context, feedback)

    def _numbers(self, played: Played) -> dict[str, Any]:
        return {
            names.CAUGHT_FIXED: int(round(played.fixed.caught)),
            names.CAUGHT_REPLANNED: int(round(played.carried.caught)),
            names.CAUGHT_PERFECT: int(round(played.perfect.caught)),
            names.TIME_FIXED: played.fixed.person_time,
            names.TIME_REPLANNED: played.carried.person_time,
            names.TIME_PERFECT: played.perfect.person_time,
        }

    def _tell(self, case: RunningCase, played: Played) -> None:
        from ....plugin.layers.rolling.rows import verdict, worth

        people = case.game.problem.people
        for told in played.told:
            text = self.tr("Minute {minute:g}: {vehicles:,} vehicles with {people:,.0f} people are told another way.")
            self.feedback.pushInfo(
                text.format(minute=told.moment / 60e6, vehicles=len(told.trips), people=float(people[told.trips].sum()))
            )
        say = self.feedback.pushWarning if played.carried.rank > played.fixed.rank else self.feedback.pushInfo
        say(verdict(played))
        self.feedback.pushInfo(worth(played))

    def _layers(
        self, parameters: dict[str, Any], case: RunningCase, played: Played, context: QgsProcessingContext
    ) -> dict[str, Any]:
        from ....plugin.layers.rolling.rows import changes_layer, comparison_layer

        target = self.source(parameters, "NETWORK", context).sourceCrs()
        out = {}
        for name, layer in (
            (names.OUTPUT_CHANGES, changes_layer(case, played, target, context)),
            (names.OUTPUT_COMPARISON, comparison_layer(case, played)),
        ):
            destination = self.write(parameters, name, context, layer)
            if destination is not None:
                out[name] = destination
        return out

    def _report(
        self,
        parameters: dict[str, Any],
        case: RunningCase,
        played: Played,
        found: RoutedCase,
        numbers: dict[str, Any],
        context: QgsProcessingContext,
    ) -> dict[str, Any]:
        path = self.parameterAsFileOutput(parameters, routing.OUTPUT_HTML, context)
        if not path:
            return {}
        from ....plugin.reports.rolling import write_rolling_report

        with self.reporting(routing.OUTPUT_HTML, path):
            write_rolling_report(path, case, played, found, numbers)
        return {routing.OUTPUT_HTML: path}
