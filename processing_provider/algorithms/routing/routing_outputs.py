"""The numbers that ``routeevacuation`` gives back, what it says of them, and its layers and report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import QgsProcessingContext, QgsWkbTypes

from ....plugin.layers.writing import OutputLayer
from ....plugin.solvers.modes import BUS
from ....plugin.solvers.routing.shared.choices import INFORMED
from ...base import EvacuationAlgorithm
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.routing.case import CostChoice
    from ....plugin.layers.routing.outputs import RoutedCase
    from ....plugin.solvers.routing.result import RoutingResult

MOST_RINGS = 5  # that are named in the log
SEEN = 0.05  # percent less or more that a log can show


def routing_numbers(found: RoutedCase) -> dict[str, Any]:
    """Return the output numbers that are known."""
    from ....plugin.layers.routing.outputs import access_minutes, unrouted_people
    from ....plugin.solvers.routing.result import clearance_time

    result, floor = found.result, found.floor
    people, detours = result.problem.people, result.detours()
    numbers = {
        names.CAUGHT: int(round(result.people_caught)),
        names.TOTAL_TIME: result.total_time,
        names.FREE_FLOW_TIME: result.free_flow_time,
        names.INDIVIDUAL_TIME: result.individual_time,
        names.INDIVIDUAL_CAUGHT: int(round(result.individual_caught)),
        names.PERSON_TIME: result.person_time,
        names.REDUCTION: result.reduction,
        names.UNLIMITED_TIME: result.unlimited_time,
        names.LOWER_BOUND: result.lower_bound,
        names.GAP: result.gap,
        names.CLEARANCE_TIME: clearance_time(result.arrival, people, 1.0),
        names.CLEARANCE_FLOOR: None if floor is None else floor.seconds,
        names.CLEARANCE_90: clearance_time(result.arrival, people, 0.9),
        names.CLEARANCE_95: clearance_time(result.arrival, people, 0.95),
        names.ACCESS_MINUTES_95: access_minutes(found.case, result, 0.95),
        names.MAX_DETOUR: float(detours.max()) if len(detours) else None,
        names.DETOUR_95: float(np.percentile(detours, 95)) if len(detours) else None,
        names.DELAY_95: result.delay(0.95),
        names.LEAST_MARGIN: result.least_margin(),
        names.OVER_CAPACITY_ROADS: int(found.use.over_capacity.sum()),
        names.VEHICLES: result.problem.trips,
        names.ROUTED: int(round(float(people.sum()))),
        names.UNROUTED: unrouted_people(found.case, result),
        **_mode_numbers(found),
        **_queue_numbers(result),
    }
    return {name: value for name, value in numbers.items() if value is not None}


def _mode_numbers(found: RoutedCase) -> dict[str, Any]:
    """Return how many arrive by bus, where that is known."""
    return {names.BY_BUS: sum(each.people for each in found.modes if each.mode == BUS)} if found.modes else {}


def _queue_numbers(result: RoutingResult) -> dict[str, Any]:
    """Return what is known besides under ``queue``; times of arrival only where somebody travels."""
    queue = result.queue
    if queue is None:
        return {}
    numbers: dict[str, Any] = {
        names.INFORMED_TIME: queue.informed_time,
        names.INFORMED_CAUGHT: int(round(queue.informed_caught)),
        names.REDUCTION_INFORMED: result.reduction_informed,
        names.ORIGIN_WAIT: queue.origin_wait,
        names.FORCED: queue.run.forced,
        names.RINGS: queue.run.rings,
    }
    if result.problem.trips:
        bound = queue.clearance_bound
        numbers |= {
            names.INFORMED_CLEARANCE: queue.informed_clearance,
            names.CLEARANCE_LOW: queue.clearance_low,
            names.CLEARANCE_HIGH: queue.clearance_high,
            names.CLEARANCE_BOUND: None if bound is None else bound.seconds,
        }
    return numbers


def tell(algorithm: EvacuationAlgorithm, found: RoutedCase, numbers: dict[str, Any], warning: str) -> None:
    """Log what explains the result, and the ``warning`` of a plan that claims too little."""
    result, feedback = found.result, algorithm.feedback
    for text in result.warnings:
        feedback.pushWarning(text)
    _tell_caught(algorithm, found, numbers)
    _tell_queue(algorithm, found, numbers)
    method, model = result.names
    hours = result.total_time / 3600.0
    text = f"{method.capitalize()}, {model}: {numbers[names.VEHICLES]} vehicles, {hours:,.1f} vehicle-hours"
    if result.reduction is not None:
        text += f", {round(result.reduction, 1) + 0.0:.1f} % less than individual routes"
    feedback.pushInfo(f"{text}; {result.seconds:.1f} s.")
    if result.lower_bound is not None and result.gap is not None:
        feedback.pushInfo(f"No plan can save more than {result.gap:.2f} % of this total time ({result.bound_name}).")
    if names.MAX_DETOUR in numbers:
        what = "Route on empty roads" if result.queue else "Travel time"
        feedback.pushInfo(
            f"{what} over own fastest way: 95 % of the vehicles at most {numbers[names.DETOUR_95]:.2f}, at worst "
            f"{numbers[names.MAX_DETOUR]:.2f}."
        )
    if numbers[names.OVER_CAPACITY_ROADS]:
        over = "have a queue for 5 minutes and more" if result.queue else "carry more than their capacity"
        feedback.pushInfo(f"{numbers[names.OVER_CAPACITY_ROADS]} directed pieces of road {over}.")
    if numbers[names.UNROUTED]:
        text = algorithm.tr("{left} people have no route; see OUTPUT_UNROUTED.")
        feedback.pushWarning(text.format(left=numbers[names.UNROUTED]))
    if warning:
        feedback.pushWarning(warning)


def _tell_queue(algorithm: EvacuationAlgorithm, found: RoutedCase, numbers: dict[str, Any]) -> None:
    """Log what a plan under ``queue`` brings, and the range of its clearance; warn where rings were opened."""
    result, feedback = found.result, algorithm.feedback
    if result.queue is None or not result.problem.trips:
        return
    total, informed = result.total_time / 3600.0, result.queue.informed_time / 3600.0
    saved = result.reduction_informed
    if saved is None and result.method != INFORMED:
        text = algorithm.tr(
            "{total:,.1f} vehicle-hours; {informed:,.1f} of drivers with navigation and no plan, of whom others are "
            "caught, so that the two cannot be compared."
        )
    elif result.method == INFORMED or saved is None:
        text = algorithm.tr("Nobody plans: {informed:,.1f} vehicle-hours of drivers with navigation.")
    elif saved < -SEEN:
        text = algorithm.tr(
            "The routes take {more:.1f} % more time than drivers with navigation and no plan: {total:,.1f} "
            "vehicle-hours instead of {informed:,.1f}."
        )
    else:
        text = algorithm.tr(
            "The plan saves {saved:.1f} % of the time of drivers with navigation and no plan: {total:,.1f} "
            "vehicle-hours instead of {informed:,.1f}."
        )
    feedback.pushInfo(text.format(saved=max(saved or 0.0, 0.0), more=-(saved or 0.0), total=total, informed=informed))
    _tell_limit(algorithm, result)
    _tell_clearance(algorithm, result)
    if names.CLEARANCE_BOUND in numbers:
        text = algorithm.tr("No plan of these trips can have everybody out before {least:,.1f} min.")
        feedback.pushInfo(text.format(least=numbers[names.CLEARANCE_BOUND] / 60.0))
    _warn_of_rings(algorithm, found)


def _tell_clearance(algorithm: EvacuationAlgorithm, result: RoutingResult) -> None:
    """Log when the last of those who arrive does, and its range where as many do at other capacities."""
    queue, tr = result.queue, algorithm.tr
    if queue is None:
        return
    who = tr("Everybody") if not result.people_caught else tr("Everybody who is not caught")
    minutes = {"time": float(result.arrival.max()) / 60.0, "informed": queue.informed_clearance / 60.0}
    if queue.clearance_low is None or queue.clearance_high is None:
        text = tr(
            "{who} has arrived after {time:,.0f} min; where all capacities are 120 or 80 % of those taken, not as many "
            "people arrive; drivers with navigation and no plan after {informed:,.0f} min."
        )
    else:
        low, high = sorted((queue.clearance_low / 60.0, queue.clearance_high / 60.0))
        minutes |= {"low": low, "high": high}
        text = tr(
            "{who} has arrived after {time:,.0f} min; {low:,.0f} to {high:,.0f} min where all capacities are between "
            "120 and 80 % of those taken; drivers with navigation and no plan after {informed:,.0f} min."
        )
    algorithm.feedback.pushInfo(text.format(who=who, **minutes))


def _tell_caught(algorithm: EvacuationAlgorithm, found: RoutedCase, numbers: dict[str, Any]) -> None:
    """Warn of people who are caught, by reason, beside those caught without a plan; log the least margin."""
    from ....plugin.layers.routing.caught_rows import people_by_reason, people_staying

    result, feedback, tr = found.result, algorithm.feedback, algorithm.tr
    others = [tr("{people:,} if each takes its own way").format(people=numbers[names.INDIVIDUAL_CAUGHT])]
    if names.INFORMED_CAUGHT in numbers:
        text = tr("{people:,} of drivers with navigation and no plan")
        others.append(text.format(people=numbers[names.INFORMED_CAUGHT]))
    if result.people_caught:
        reasons = ", ".join(f"{people:,} ({reason})" for reason, people in people_by_reason(result))
        text = tr("{caught:,} people are caught: {reasons}; see OUTPUT_CAUGHT. Beside them: {others}.")
        feedback.pushWarning(text.format(caught=numbers[names.CAUGHT], reasons=reasons, others=", ".join(others)))
        staying = people_staying(result)
        if staying:
            text = tr(
                "{staying:,} of the people caught never leave: the plan has no way for them that arrives in time, and "
                "on the road they would stand in the way of others (OUTPUT_CAUGHT: stays = 1). Plan other help for "
                "them, or an earlier order."
            )
            feedback.pushWarning(text.format(staying=staying))
    elif result.problem.closings:
        feedback.pushInfo(tr("Nobody is caught. Beside that: {others}.").format(others=", ".join(others)))
    if names.LEAST_MARGIN in numbers:
        text = tr("Those who arrive leave each place at least {minutes:,.1f} min before the hazard is there.")
        feedback.pushInfo(text.format(minutes=numbers[names.LEAST_MARGIN] / 60.0))


def _tell_limit(algorithm: EvacuationAlgorithm, result: RoutingResult) -> None:
    """Log what MAX_ROUTES costs, and that it costs all the plan would bring where it does."""
    if result.unlimited_time is None or result.unlimited_time >= result.total_time:
        return
    text = algorithm.tr("Without MAX_ROUTES {total:,.1f} vehicle-hours were found, {share:.1f} % less.")
    share = 100.0 * (1.0 - result.unlimited_time / result.total_time)
    algorithm.feedback.pushInfo(text.format(total=result.unlimited_time / 3600.0, share=share))
    worse = (result.reduction_informed or 0.0) < -SEEN
    if worse and result.queue and result.unlimited_time < result.queue.informed_time:
        algorithm.feedback.pushWarning(
            algorithm.tr("MAX_ROUTES costs all that a plan would save against drivers with navigation; allow more.")
        )


def _warn_of_rings(algorithm: EvacuationAlgorithm, found: RoutedCase) -> None:
    """Say how many vehicles were let into full roads; warn where those stood in rings, with the roads' ids."""
    if found.result.queue is None or not found.result.queue.run.forced:
        return
    run, network = found.result.queue.run, found.case.read.network
    text = algorithm.tr(
        "{count} vehicle(s) were let into a full road that nobody had entered for STUCK_SECONDS: it stood still, or "
        "its queue moved more slowly than that."
    )
    algorithm.feedback.pushInfo(text.format(count=run.forced))
    if not run.rings:
        return
    roads = (" - ".join(dict.fromkeys(network.arc_road(arc) for arc in ring.tolist())) for ring in run.ring_roads)
    named = list(dict.fromkeys(roads))
    more = algorithm.tr(" and others") if len(named) > MOST_RINGS else ""
    text = algorithm.tr(
        "{count} time(s) full roads waited for each other in a ring, and a vehicle was let in after STUCK_SECONDS: "
        "{roads}{more}. There the traffic would stand until somebody directs it."
    )
    algorithm.feedback.pushWarning(text.format(count=run.rings, roads="; ".join(named[:MOST_RINGS]), more=more))


def write_layers(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], found: RoutedCase, context: QgsProcessingContext
) -> dict[str, Any]:
    """Write the layers that were asked for, in the styles of ``routeevacuation``; return the destination of each."""
    from ....plugin.layers.routing import outputs as rows
    from ....plugin.layers.routing import plan_rows as plan
    from ....plugin.layers.routing import planned
    from ....plugin.layers.routing import route_rows as routes
    from ....plugin.layers.routing.caught_rows import CAUGHT, caught_rows
    from ....plugin.layers.routing.door_rows import DOORS, door_rows
    from ....plugin.layers.routing.flow_rows import FLOWS, flow_rows
    from ....plugin.layers.routing.junction_rows import JUNCTIONS, junction_rows
    from ....plugin.layers.routing.mode_rows import with_mode

    case, result = found.case, found.result
    crs, line, point = case.rows.crs, QgsWkbTypes.Type.LineString, QgsWkbTypes.Type.Point
    minutes = algorithm.parameterAsDouble(parameters, names.FLOW_MINUTES, context)
    closes = result.least_margin() is not None
    out = {}
    for name, columns, values, kind in (
        (names.OUTPUT, routes.ROUTES, routes.route_rows(case, result, crs, context), line),
        (names.OUTPUT_ROADS, rows.ROADS, rows.road_rows(found, crs, context), line),
        (
            names.OUTPUT_FLOWS,
            FLOWS,
            flow_rows(found, minutes, crs, context, algorithm.control(algorithm.feedback).unseen()),
            line,
        ),
        (names.OUTPUT_JUNCTIONS, JUNCTIONS, junction_rows(found, crs, context), point),
        (names.OUTPUT_DOORS, DOORS, door_rows(case, result, crs, context), point),
        (names.OUTPUT_CLEARANCE, rows.CLEARANCE, rows.clearance_rows(found), None),
        (names.OUTPUT_CAUGHT, CAUGHT, caught_rows(case, result, crs, context), point),
        (names.OUTPUT_VEHICLES, plan.VEHICLES, planned.planned_vehicle_rows(case, result), None),
        (names.OUTPUT_PATHS, plan.PATHS, planned.planned_path_rows(case, result), None),
        (names.OUTPUT_UNROUTED, rows.UNROUTED, rows.unrouted_rows(case, result), line),
    ):
        style = f"routeevacuation_{name.lower()}" if kind is not None else None
        if name == names.OUTPUT and closes:
            style = "routeevacuation_output_margin"
        target = crs if kind is not None else None
        if name not in (names.OUTPUT_VEHICLES, names.OUTPUT_PATHS):
            columns = with_mode(case, columns)
        destination = algorithm.write(parameters, name, context, OutputLayer(columns, values, kind, target, style))
        if destination is not None:
            out[name] = destination
    return out


def write_report(
    algorithm: EvacuationAlgorithm,
    path: str,
    found: RoutedCase,
    numbers: dict[str, Any],
    choice: CostChoice,
    warning: str,
) -> dict[str, Any]:
    """Write the report to ``path``, nothing where it is ""; ``warning`` is said first."""
    if not path:
        return {}
    from ....plugin.reports.routing import write_routing_report

    with algorithm.reporting(names.OUTPUT_HTML, path):
        write_routing_report(path, found, numbers, choice, warning)
    return {names.OUTPUT_HTML: path}
