"""``evacuation:routeevacuation``: by which streets everybody goes ([E] section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsWkbTypes

from ....plugin.solvers.errors import SolverError
from ...base import EvacuationAlgorithm
from ...effort_parameters import read_effort
from ..roads.network_parameters import NetworkParameters
from .routing_parameters import BACKGROUND_FIELDS, TRIP_FIELDS, add_routing_outputs, add_routing_parameters

if TYPE_CHECKING:
    from ....plugin.layers.routing.background import BackgroundRows
    from ....plugin.layers.routing.case import CostChoice, RoutingCase
    from ....plugin.solvers.routing.capacity_floor import CapacityFloor
    from ....plugin.solvers.routing.clearance import Clearance, Inside
    from ....plugin.solvers.routing.result import RoutingResult
    from ....plugin.solvers.routing.road_use import RoadUse

SYSTEM_OPTIMAL, PRESENT = 3, 0
DENSITY, BPR = 1, 2


class RouteEvacuation(EvacuationAlgorithm):
    """Finds routes for all vehicles together, so that the total travel time is small."""

    ID = "routeevacuation"
    TITLE = "Route the evacuation"
    TAGS = ("route", "routing", "traffic", "assignment", "congestion", "system optimum", "clearance", "path")
    SUMMARY = (
        "Finds by which streets everybody goes, so that the total travel time of all vehicles is as small as possible, "
        "and tells how far from the best possible plan it can be.\n"
        "The global optimal route problem of Xu et al. 2023 (Chinese Journal of Computers, doi "
        "10.11897/SP.J.1016.2023.01427), Definitions 5 to 8: individual routes, Algorithm 2 and Algorithm 3 of the "
        "paper, and a system-optimal method of our own (the default). The paper defines the flow on a road as the "
        "vehicles present on it (“present”); its reported figures fit the vehicles that ever use it (“cumulative”). "
        "Both are offered, and every result names its model.\n"
        "Faster with the Python package numba; works without."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_routing_parameters(self)
        add_routing_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        present = self.parameterAsEnum(parameters, "FLOW_MODEL", context) == PRESENT
        cost = self._cost_kind(parameters, context)
        if cost == DENSITY and not present:
            raise SolverError(self.tr("COST: density needs FLOW_MODEL present; with cumulative choose BPR or linear."))
        if cost == BPR and present:
            raise SolverError(self.tr("COST: BPR needs FLOW_MODEL cumulative; with present choose density or linear."))

    def _cost_kind(self, parameters: dict[str, Any], context: QgsProcessingContext) -> int:
        if parameters.get("COST") in (None, ""):
            return DENSITY if self.parameterAsEnum(parameters, "FLOW_MODEL", context) == PRESENT else BPR
        return self.parameterAsEnum(parameters, "COST", context)

    def _idle(self, parameters: dict[str, Any], context: QgsProcessingContext) -> dict[str, str]:
        """Return which road fields the congestion function leaves out, with what is said of each."""
        from ....plugin.solvers.routing.shared.choices import COST_NAMES, LINEAR

        cost = self._cost_kind(parameters, context)
        if cost == BPR:
            return {}
        text = self.tr(
            "plays no part in routes and times: congestion is {cost}. It only serves to see afterwards which roads are "
            "over capacity. (A capacity of 0 still closes a road.)"
        )
        idle = {"CAPACITY_FIELD": text.format(cost=COST_NAMES[cost])}
        if cost == LINEAR:
            text = self.tr("plays no part in routes and times: congestion is {cost}.")
            idle["LANES_FIELD"] = text.format(cost=COST_NAMES[cost])
        return idle

    # --- running ----------------------------------------------------------------------------------------------

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.routing.capacity import capacity_warning
        from ....plugin.solvers.routing.capacity_floor import capacity_floor
        from ....plugin.solvers.routing.clearance import clearance
        from ....plugin.solvers.routing.road_use import road_use
        from ....plugin.solvers.routing.solve import solve

        choice = self._choice(parameters, context)
        case = self._case(parameters, choice, context, feedback)
        control = self.control(feedback, 25.0, 90.0, read_effort(self, parameters, context))
        result = solve(
            case.problem,
            method=self.parameterAsEnum(parameters, "METHOD", context),
            flow_model=choice.flow_model,
            epsilon=self.parameterAsDouble(parameters, "EPSILON", context),
            certify=self.parameterAsBoolean(parameters, "CERTIFY", context),
            period=choice.period,
            control=control,
        )
        feedback.setProgressText(self.tr("Traffic on the roads"))
        use = road_use(result, case.read.network.is_road, control.unseen())
        curve = clearance(result, self._inside(parameters, case, result, context, feedback))
        floor = capacity_floor(result, case.read.network.capacity, control.unseen())
        numbers = {**self._numbers(case, result, use, floor), "STOPPED_EARLY": int(control.effort.stopped_early)}
        self._tell(numbers, result, feedback)
        warning = capacity_warning(case, result, floor)
        if warning:
            feedback.pushWarning(warning)
        outputs = self._write(parameters, context, case, result, use, curve)
        report = self._report(parameters, context, case, result, use, curve, numbers, choice, warning)
        return {**outputs, **report, **numbers}

    def _case(
        self,
        parameters: dict[str, Any],
        choice: CostChoice,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> RoutingCase:
        """Read trips, background and roads and join them."""
        from ....plugin.layers.moments import start_time
        from ....plugin.layers.routing.case import Departures, RoutingRows, routing_case
        from ....plugin.layers.routing.trips import TripFields, read_trips

        background = self._background(parameters, context, feedback)
        source = self.source(parameters, "TRIPS", context)
        fields = TripFields(*(self.field(parameters, name, source, context, feedback, False) for name in TRIP_FIELDS))
        rows = read_trips(source, fields, self.parameterAsDouble(parameters, "PEOPLE_PER_VEHICLE", context), feedback)
        if not len(rows):
            feedback.pushWarning(self.tr("TRIPS: there is nobody to route; the outputs are empty."))
        others = [] if background is None else [background.time]
        start = start_time(self.moment(parameters, "START_TIME", context), rows.moments, others, feedback)
        control = self.control(feedback, 0.0, 20.0)
        roads = NetworkParameters.read(
            self, parameters, context, feedback, self._idle(parameters, context), bool(len(rows))
        )
        read = roads.network(context, feedback, control)
        departures = Departures(
            60.0 * self.parameterAsDouble(parameters, "DEPARTURE_WINDOW", context),
            self.parameterAsEnum(parameters, "DEPARTURE_PROFILE", context),
            self.parameterAsInt(parameters, "SEED", context),
        )
        feedback.setProgressText(self.tr("Joining the trips to the roads"))
        given = RoutingRows(rows, start, background)
        return routing_case(read, given, departures, choice, roads.max_snap_distance, context, feedback)

    def _choice(self, parameters: dict[str, Any], context: QgsProcessingContext) -> CostChoice:
        from ....plugin.layers.routing.case import CostChoice

        given = parameters.get("ANALYSIS_PERIOD") not in (None, "")
        period = self.parameterAsDouble(parameters, "ANALYSIS_PERIOD" if given else "DEPARTURE_WINDOW", context)
        return CostChoice(
            self.parameterAsEnum(parameters, "FLOW_MODEL", context),
            self._cost_kind(parameters, context),
            self.parameterAsDouble(parameters, "ALPHA", context),
            self.parameterAsDouble(parameters, "BPR_A", context),
            self.parameterAsDouble(parameters, "BPR_B", context),
            60.0 * (period if period > 0 else 60.0),
        )

    def _background(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> BackgroundRows | None:
        from ....plugin.layers.routing.background import read_background

        source = self.source(parameters, "BACKGROUND", context)
        if source is None:
            return None
        fields = {
            key: str(self.field(parameters, name, source, context, feedback)) for key, name, _ in BACKGROUND_FIELDS
        }
        return read_background(source, fields, feedback)

    def _inside(
        self,
        parameters: dict[str, Any],
        case: RoutingCase,
        result: RoutingResult,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Inside | None:
        """Return what of the plan lies inside the hazard, None without a hazard."""
        from ....plugin.layers.hazard import read_hazard
        from ....plugin.layers.positions import box_around
        from ....plugin.layers.roads.distant import warn_if_far
        from ....plugin.layers.routing.inside import inside_of

        source = self.source(parameters, "HAZARD", context)
        if source is None:
            return None
        near = box_around(case.read.network.node_xy)
        hazard = read_hazard(source, 0.0, case.read.crs, context, feedback, near=near)
        inside = inside_of(hazard.area, case, result, context, self.control(feedback).unseen())
        if not (len(inside.begin) or inside.home.any()):
            warn_if_far(case.read, "HAZARD", source, context, feedback)
        return inside

    # --- results ----------------------------------------------------------------------------------------------

    def _numbers(
        self, case: RoutingCase, result: RoutingResult, use: RoadUse, floor: CapacityFloor | None
    ) -> dict[str, Any]:
        from ....plugin.layers.routing.outputs import unrouted_people
        from ....plugin.solvers.routing.result import clearance_time

        people, detours = result.problem.people, result.detours()
        numbers = {
            "TOTAL_TIME": result.total_time,
            "FREE_FLOW_TIME": result.free_flow_time,
            "INDIVIDUAL_TIME": result.individual_time,
            "PERSON_TIME": result.person_time,
            "REDUCTION": result.reduction,
            "LOWER_BOUND": result.lower_bound,
            "GAP": result.gap,
            "CLEARANCE_TIME": clearance_time(result.arrival, people, 1.0),
            "CLEARANCE_FLOOR": None if floor is None else floor.seconds,
            "CLEARANCE_95": clearance_time(result.arrival, people, 0.95),
            "MAX_DETOUR": float(detours.max()) if len(detours) else None,
            "DETOUR_95": float(np.percentile(detours, 95)) if len(detours) else None,
            "OVER_CAPACITY_ROADS": int(use.over_capacity.sum()),
            "VEHICLES": result.problem.trips,
            "ROUTED": int(round(float(people.sum()))),
            "UNROUTED": unrouted_people(case, result),
        }
        return {name: value for name, value in numbers.items() if value is not None}

    def _tell(self, numbers: dict[str, Any], result: RoutingResult, feedback: QgsProcessingFeedback) -> None:
        """Log what explains the result."""
        for warning in result.warnings:
            feedback.pushWarning(warning)
        method, model = result.names
        hours = result.total_time / 3600.0
        text = f"{method.capitalize()}, {model}: {numbers['VEHICLES']} vehicles, {hours:,.1f} vehicle-hours"
        if result.reduction is not None:
            text += f", {result.reduction:.1f} % less than individual routes"
        feedback.pushInfo(f"{text}; {result.seconds:.1f} s.")
        if result.lower_bound is not None and result.gap is not None:
            feedback.pushInfo(
                f"No plan can save more than {result.gap:.2f} % of this total time ({result.bound_name})."
            )
        if "MAX_DETOUR" in numbers:
            feedback.pushInfo(
                f"Travel time over own fastest way: 95 % of the vehicles at most {numbers['DETOUR_95']:.2f}, at worst "
                f"{numbers['MAX_DETOUR']:.2f}."
            )
        if numbers["OVER_CAPACITY_ROADS"]:
            feedback.pushInfo(
                f"{numbers['OVER_CAPACITY_ROADS']} directed pieces of road carry more than their capacity."
            )
        if numbers["UNROUTED"]:
            feedback.pushWarning(
                self.tr("{left} people have no route; see OUTPUT_UNROUTED.").format(left=numbers["UNROUTED"])
            )

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        case: RoutingCase,
        result: RoutingResult,
        use: RoadUse,
        curve: Clearance,
    ) -> dict[str, Any]:
        from ....plugin.layers.routing import outputs as rows

        crs, line = case.rows.crs, QgsWkbTypes.Type.LineString
        out = {}
        for name, columns, values, kind in (
            ("OUTPUT", rows.ROUTES, rows.route_rows(case, result, crs, context), line),
            ("OUTPUT_ROADS", rows.ROADS, rows.road_rows(case, result, use, crs, context), line),
            ("OUTPUT_CLEARANCE", rows.CLEARANCE, rows.clearance_rows(case, curve), None),
            ("OUTPUT_UNROUTED", rows.UNROUTED, rows.unrouted_rows(case, result), line),
        ):
            style = f"routeevacuation_{name.lower()}" if kind is not None else None
            target = crs if kind is not None else None
            destination = self.write(parameters, name, context, columns, values, kind, target, style)
            if destination is not None:
                out[name] = destination
        return out

    def _report(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        case: RoutingCase,
        result: RoutingResult,
        use: RoadUse,
        curve: Clearance,
        numbers: dict[str, Any],
        choice: CostChoice,
        warning: str,
    ) -> dict[str, Any]:
        path = self.parameterAsFileOutput(parameters, "OUTPUT_HTML", context)
        if not path:
            return {}
        from ....plugin.reports.routing import write_routing_report

        with self.reporting("OUTPUT_HTML", path):
            write_routing_report(path, case, result, use, curve, numbers, choice, warning)
        return {"OUTPUT_HTML": path}
