"""``evacuation:routeevacuation``: by which streets everybody goes ([E] section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ....plugin.layers.speaking import speak_of
from ....plugin.solvers.modes import BOTH, BY_CAR, ON_FOOT
from ...base import EvacuationAlgorithm
from ...effort_parameters import STOPPED_EARLY
from ...outputs import TRAVEL_MODE
from ..roads.travel_parameters import WALK_ON_LANES, add_walk_on_lanes
from ..roads.walk_parameters import add_max_walk, max_walk, told_walks
from . import names
from .routing_inputs import RoutingParameters, refuse_choices
from .routing_outputs import routing_numbers, tell, write_layers, write_report
from .routing_parameters import add_routing_outputs, add_routing_parameters

if TYPE_CHECKING:
    from ....plugin.layers.closing.hazard_layers import HazardLayers
    from ....plugin.layers.routing.case import RoutingCase
    from ....plugin.solvers.control import Control
    from ....plugin.solvers.routing.clearance import Inside
    from ....plugin.solvers.routing.result import RoutingResult


class RouteEvacuation(EvacuationAlgorithm):
    """Finds routes for all vehicles together, so that the total travel time is small."""

    ID = "routeevacuation"
    TITLE = "Route the evacuation"
    TAGS = ("route", "routing", "traffic", "assignment", "congestion", "system optimum", "clearance", "path")
    SUMMARY = (
        "Finds by which streets everybody goes, so that the total travel time of all vehicles is as small as possible, "
        "and tells what the plan brings against drivers with navigation, and how far from the best possible plan it "
        "can be.\n"
        "By default roads have a capacity at their end and room for so many vehicles, which queue (“queue”). The "
        "global optimal route problem of Xu et al. 2023 (Chinese Journal of Computers, doi "
        "10.11897/SP.J.1016.2023.01427), Definitions 5 to 8: individual routes, Algorithm 2 and Algorithm 3 of the "
        "paper, and a system-optimal method of our own (the default). The paper defines the flow on a road as the "
        "vehicles present on it (“present”); its reported figures fit the vehicles that ever use it (“cumulative”). "
        "Both are offered beside queue, and every result names its model.\n"
        "Trips may go by car, on foot or by bus (MODE_FIELD), each with ways of its own.\n"
        "Faster with the Python package numba; works without."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_routing_parameters(self)
        add_walk_on_lanes(self)
        add_routing_outputs(self)
        add_max_walk(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        refuse_choices(self, parameters, context)
        max_walk(self, parameters, context)

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.routing.capacity import capacity_warning
        from ....plugin.layers.routing.inside import staying_in
        from ....plugin.layers.routing.mode_rows import mode_figures, walks_in
        from ....plugin.layers.routing.outputs import RoutedCase
        from ....plugin.solvers.routing.capacity_floor import capacity_floor
        from ....plugin.solvers.routing.clearance import clearance
        from ....plugin.solvers.routing.road_use import road_use

        given = RoutingParameters.read(self, parameters, context, feedback)
        parameters = {**parameters, TRAVEL_MODE: int(given.rows.trips.travel == ON_FOOT)}  # the rows' where they tell
        limit = max_walk(self, parameters, context)
        if len(given.rows.trips):
            limit.refuse_unknown(dict.fromkeys(filter(None, given.rows.trips.classes or [])))
        cases = given.cases(context, feedback, self.control(feedback, 0.0, 20.0))
        control = self.control(feedback, 25.0, 90.0, given.effort)
        case, result = self._routed(given, cases, self.parameterAsBoolean(parameters, WALK_ON_LANES, context), control)
        feedback.setProgressText(self.tr("Traffic on the roads"))
        inside = self._inside(given.danger.hazard, case, result, context)
        staying = None if case.hazard is None else staying_in(case.hazard, case, result, context)
        found = RoutedCase(
            case,
            result,
            road_use(result, case.read.network.is_road, control.unseen()),
            clearance(result, inside),
            capacity_floor(result, case.read.network.capacity, control.unseen()),
            tuple(mode_figures(case, result, inside, staying)),
        )
        walked = told_walks(walks_in(case, result, limit), limit, feedback)
        numbers = {**routing_numbers(found), **walked, STOPPED_EARLY: int(control.effort.stopped_early)}
        warning = capacity_warning(case, result, found.floor)
        tell(self, found, numbers, warning)
        outputs = write_layers(self, parameters, found, context)
        path = self.parameterAsFileOutput(parameters, names.OUTPUT_HTML, context)
        report = write_report(self, path, found, numbers, given.choice, warning)
        return {**outputs, **report, **numbers}

    def _routed(
        self, given: RoutingParameters, cases: list[RoutingCase], walk_on_lanes: bool, control: Control
    ) -> tuple[RoutingCase, RoutingResult]:
        """Return routes of the one case, or of vehicles and then of walkers, put together."""
        from ....plugin.layers.routing.united import on_free_lanes, united_case

        if len(cases) == 1:
            return cases[0], given.solved(cases[0].problem, control)
        car, foot = cases
        speak_of(self.feedback, BY_CAR)
        self.feedback.pushInfo(self.tr("By car and bus:"))
        driven = given.solved(car.problem, control.part(0.0, 0.5))
        speak_of(self.feedback, ON_FOOT)
        self.feedback.pushInfo(self.tr("On foot:"))
        if walk_on_lanes:
            foot = on_free_lanes(foot, car, driven, control.log)
        walked = given.solved(foot.problem, control.part(0.5, 0.95))
        speak_of(self.feedback, BOTH)
        return united_case(car, foot, given.rows.trips, (driven, walked), given.choice, control.part(0.95, 1.0))

    def _inside(
        self,
        hazard: HazardLayers | None,
        case: RoutingCase,
        result: RoutingResult,
        context: QgsProcessingContext,
    ) -> Inside | None:
        """Return what of the plan lies inside the hazard, None without a hazard."""
        from ....plugin.layers.roads.distant import warn_if_far
        from ....plugin.layers.routing.inside import inside_of

        if hazard is None or case.hazard is None:
            return None
        inside = inside_of(case.hazard, case, result, context, self.control(self.feedback).unseen())
        if not (len(inside.begin) or inside.home.any()):
            warn_if_far(case.read, hazard, context, self.feedback)
        return inside
